"""How things look: colours, one dress for every axes; how labels are shown stands in `words`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from calibra.errors import INSIDE_A_CALIBRATION, InputError, what_came
from calibra.words import folded_label as folded_label, folded_labels as folded_labels, printable as printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, LINE, BAND = "#1f2933", "#7b8794", "#d9dee5", "#eef2f6"
"""Text and data, secondary text, thin lines, shaded bands."""

PALE = "#9aa5b1"
"""What the data cannot tell yet."""


class Look(NamedTuple):
    """How a finding is drawn and printed: colour and shape say the same, so that neither is needed alone."""

    colour: str
    """Colour in pictures; told apart by the colour-blind."""
    marker: str
    """Marker in pictures."""
    face: str
    """Colour inside the marker; white says: nothing to see yet."""
    terminal: str
    """Style in a terminal."""


FINDING_LOOKS: Mapping[str, Look] = {
    "below the others": Look("#c2540a", "<", "#c2540a", "bold dark_orange3"),
    "above the others": Look("#1f6fb2", ">", "#1f6fb2", "bold dodger_blue2"),
    "in line": Look("#52606d", "o", "#52606d", ""),
    "cannot tell yet": Look(PALE, "o", "white", "dim"),
}
"""Finding of `RankFit.profiles()` to its look."""

DATA_COLOUR, ALL_REPS_COLOUR = "#1f6fb2", INK


def expect(result: object, kind: str) -> None:
    """Refuse a result of another kind than a picture draws, and say where the right one is."""
    if kind in (known.__name__ for known in type(result).__mro__):
        return
    inside = INSIDE_A_CALIBRATION.get(kind)
    held = f" A calibration holds it: `calibration.{inside}`." if inside else ""
    raise InputError(f"This picture draws a {kind}; got {type(result).__name__}.{held}")


def make_axes(*, width: float, height: float) -> Axes:
    """An axes of its own, on a figure that no global state knows."""
    from calibra.views.fonts import LabelledFigure, ShownAxes

    figure = LabelledFigure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure.add_subplot(axes_class=ShownAxes)


def dress(axes: Axes) -> None:
    """Restrained: no frame, thin muted ticks, everything behind the data."""
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=MUTED, labelsize=9)
    axes.xaxis.label.set(color=INK, size=9.5)
    axes.yaxis.label.set(color=INK, size=9.5)


def legend_above(axes: Axes) -> None:
    """The legend above the picture, from its left edge."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        borderaxespad=0.2,
    )


def check_formats(formats: object) -> None:
    """Refuse what is no list of formats that pictures can be written in."""
    from matplotlib.backend_bases import FigureCanvasBase

    if isinstance(formats, str) or not isinstance(formats, Sequence):
        written = f"({formats!r},)" if isinstance(formats, str) else "('png', 'svg')"
        raise InputError(f"`formats` must be a tuple of formats; got {what_came(formats)}. Write {written}.")
    known = FigureCanvasBase.get_supported_filetypes()
    unknown = [kind for kind in formats if kind not in known]
    if unknown:
        raise InputError(
            f"`formats` must be some of {', '.join(known)}; got {', '.join(map(repr, unknown[:3]))}. Write "
            "('png', 'svg')."
        )


def save_picture(axes: Axes, path: Path) -> Path:
    """Write the figure of an axes; SVG keeps its text as text, and the same figure gives the same file."""
    import matplotlib

    from calibra.views.fonts import PNG_DPI

    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes belong to no figure")
    options: dict[str, Any] = {"metadata": {"Date": None}} if path.suffix == ".svg" else {}
    if path.suffix == ".png":
        options = {"dpi": PNG_DPI, "pil_kwargs": {"compress_level": 3}}  # speed over size
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "calibra"}):
        figure.savefig(path, **options)
    return path
