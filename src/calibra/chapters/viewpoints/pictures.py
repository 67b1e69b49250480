"""The three viewpoints, drawn side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.viewpoints.gaps import Viewpoints
from calibra.reading.flags import FEWEST_JUDGMENTS
from calibra.views.style import DATA_COLOUR, INK, LINE, MUTED, dress, expect, make_axes
from calibra.words import folded_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADS = {
    "how_many_gap_points": "how many",
    "how_long_gap_points": "how long: in time",
    "how_much_gap_percent": "how much",
}
"""Column of each panel to its title."""


def plot_viewpoints(result: Viewpoints, *, ax: Axes | None = None) -> Axes:
    """How do reps compare with the others in number, time and money? Three panels, never sorted by money.

    Parameters
    ----------
    result : Viewpoints
        `calibration.viewpoints`, or `viewpoints(lead_fit, value_fit)`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a picture of its own. Each gap is drawn in a third of its width, scaled to its own reach.
    """
    expect(result, "Viewpoints")
    table = result.table
    table = table[table["n"] >= FEWEST_JUDGMENTS]
    axes = make_axes(width=8.6, height=1.6 + 0.3 * max(1, len(table))) if ax is None else ax
    place, ticks, labels = np.arange(len(table), dtype=float), [], []
    for panel, (column, head) in enumerate(HEADS.items()):
        values = table[[column, f"{column}_lower", f"{column}_upper"]].to_numpy(float)
        reach = max(float(np.nanmax(np.abs(values), initial=1.0)), 1.0)
        middle = 2.4 * panel
        axes.axvline(middle, color=MUTED, linewidth=1)
        label = f"{result.interval_prob:.0%} interval" if panel == 0 else "_nolegend_"
        axes.hlines(
            place, middle + values[:, 1] / reach, middle + values[:, 2] / reach, colors=DATA_COLOUR, label=label
        )
        axes.scatter(middle + values[:, 0] / reach, place, color=DATA_COLOUR, zorder=3)
        unit = "per cent" if column.endswith("percent") else "points"
        axes.text(middle, -1.0, f"{head}, {unit}", ha="center", va="bottom", color=INK, fontsize=9)
        ticks += [middle - 1.0, middle, middle + 1.0]
        labels += [f"−{reach:.0f}", "0", f"+{reach:.0f}"]
    dress(axes)
    axes.set_xticks(ticks, labels)
    names = [f"{folded_label(row.rep)} (n {row.n:,})" for row in table.itertuples()]
    axes.set_yticks(place, names, parse_math=False)
    axes.set(ylim=(len(table) - 0.4, -1.6), xlim=(-1.15, 5.95), xlabel="rep less the others, at the same ranks")
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), frameon=False, fontsize=8.5, labelcolor=INK)
    return axes
