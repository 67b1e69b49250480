"""The rank model in two pictures: what each rep's rank means, and where a rep's outcomes differ from all reps'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.stats.intervals import INTERVAL_PROB
from calibra.stats.margin import MARGIN_ODDS
from calibra.views.strips import PANEL_TOPS
from calibra.views.style import (
    ALL_REPS_COLOUR,
    BAND,
    DATA_COLOUR,
    FINDING_LOOKS,
    INK,
    LINE,
    MUTED,
    dress,
    expect,
    folded_label,
    folded_labels,
    make_axes,
)
from calibra.words import more_judgments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

PANEL, COUNT_AT = 0.74, 0.93
"""Width of a rank's panel, and where its n ends, of the distance between panels."""
NAMED_REPS = 60
"""So many reps get a named row; more become thin lines."""
TALLEST, TALLEST_UNNAMED = 14.0, 8.0
"""No picture is taller than this, in inches."""

type Floats = NDArray[np.float64]


def plot_probabilities(fit: RankFit, *, ax: Axes | None = None, interval_prob: float = INTERVAL_PROB) -> Axes:
    """What does each rep's rank mean? One row a rep, one panel a rank: estimate, interval, raw rate and n.

    The thin upright line of a panel is the mean of all reps, in the top row with its interval. Reps stand in the order
    of their labels up to 60; more are drawn as thin lines without names or n, ordered by the mean of their estimates.

    Parameters
    ----------
    fit : RankFit
        The fitted rank model.
    ax : Axes, optional
        Default: its own.
    interval_prob : float
        Level of the intervals.

    Returns
    -------
    matplotlib.axes.Axes
        Panel k begins at x = k; all panels have one scale, which the labels below state.
    """
    expect(fit, "RankFit")
    table = fit.probabilities(interval_prob=interval_prob)
    grid = {name: _by_rep(fit, table, name) for name in ("estimate", "lower", "upper", "raw_rate", "n")}
    n_reps, named = len(fit.reps), len(fit.reps) <= NAMED_REPS
    order = np.arange(n_reps) if named else np.argsort(grid["estimate"][1:].mean(axis=1), kind="stable")
    rows = np.concatenate([[1.0 - 1.6 * _row_step(n_reps)], np.argsort(order) + 1.0])
    highest = np.nanmax(np.concatenate([grid["upper"], grid["raw_rate"]]))
    top = next(limit for limit in PANEL_TOPS if limit >= min(highest, 1.0))
    at = {name: values if name == "n" else PANEL * values / top for name, values in grid.items()}
    width = 2.2 + 1.6 * len(fit.ranks)
    axes = make_axes(width=width, height=_height(n_reps)) if ax is None else ax
    for k in range(len(fit.ranks)):
        _draw_panel(
            axes, k, {name: values[:, k] for name, values in at.items()}, rows, named=named, interval_prob=interval_prob
        )
    _label_panels(axes, fit, rows, named=named, top=top)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=_below(axes, inches=0.6),
        ncols=4,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        borderaxespad=0.0,
    )
    return axes


def plot_profiles(
    fit: RankFit, *, ax: Axes | None = None, margin_odds: float = MARGIN_ODDS, interval_prob: float = INTERVAL_PROB
) -> Axes:
    """Whose outcomes lie below or above the others' at the same rank, how sure is that? One row a rep, lowest first.

    To the left outcomes lie below. Colour and marker say what the table's `finding` says. A finding is uttered where
    the probability of a gap beyond the margin (or within it: in line) reaches 90 %.

    Parameters
    ----------
    fit : RankFit
        The fitted rank model.
    ax : Axes, optional
        Default: its own.
    margin_odds : float
        Factor on the odds from which on a gap is worth talking about: the shaded band, in points at all reps'
        probability.
    interval_prob : float
        Level of the intervals.
    """
    expect(fit, "RankFit")
    table = fit.profiles(margin_odds=margin_odds, interval_prob=interval_prob)
    band = table.attrs["margin_band"]
    table = table.sort_values(["gap_points", "rep"], kind="stable").reset_index(drop=True)
    n_reps, named = len(table), len(table) <= NAMED_REPS
    axes = make_axes(width=8.4, height=_height(n_reps)) if ax is None else ax
    axes.axvspan(*band, color=BAND, zorder=0, label=f"margin: {margin_odds:g} times the odds")
    axes.axvline(0, color=LINE, linewidth=1, zorder=1)
    row, gap = np.arange(n_reps, dtype=float), table["gap_points"].to_numpy()
    ends = table["gap_points_lower"].to_numpy(), table["gap_points_upper"].to_numpy()
    for finding, look in FINDING_LOOKS.items():
        mine = (table["finding"] == finding).to_numpy()
        if not mine.any():
            continue
        axes.hlines(row[mine], ends[0][mine], ends[1][mine], color=look.colour, linewidth=2 if named else 0.8, zorder=2)
        axes.plot(
            gap[mine],
            row[mine],
            linestyle="none",
            marker=look.marker,
            markersize=7 if named else 3,
            color=look.colour,
            markerfacecolor=look.face,
            label=f"{finding}: {int(mine.sum())}",
            zorder=3,
        )
    dress(axes)
    if named:
        _name_rows(axes, row, table["rep"])
        _note_rows(axes, row, table)
    else:
        axes.set_yticks([])
        axes.set_ylabel(f"{n_reps:,} reps by size of gap (names in the table)")
    reach = max(1.15 * float(np.nanmax(np.abs([*np.concatenate(ends), 0.0]))), 1.5 * max(map(abs, band)))
    axes.set(xlim=(-reach, reach), ylim=(n_reps - 0.4, -0.6))
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_xlabel(
        "← outcomes below the others' at the same rank    outcomes above →\n"
        f"gap in percentage points, probability of an event {within_words(fit)}"
    )
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        title=f"line: {interval_prob:.0%} interval; n: mature judgments",
        title_fontsize=8.5,
        alignment="left",
    )
    return axes


def _height(n_reps: int) -> float:
    """Inches for so many rows."""
    return min(TALLEST, 2.2 + 0.26 * n_reps) if n_reps <= NAMED_REPS else TALLEST_UNNAMED


def _row_step(n_reps: int) -> float:
    """Height of a line of text, in rows."""
    return 1.0 if n_reps <= NAMED_REPS else n_reps / 30


def _below(axes: Axes, *, inches: float) -> Transform:
    """Axes coordinates moved down by inches, whatever the size of the axes."""
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(0.0, -inches, axes.figure.dpi_scale_trans)


def _by_rep(fit: RankFit, table: pd.DataFrame, name: str) -> Floats:
    """A column of `probabilities()` as (1 + rep, rank), all reps first."""
    return np.asarray(table[name], dtype=float).reshape(1 + len(fit.reps), len(fit.ranks))


def _draw_panel(axes: Axes, k: int, of: dict[str, Floats], rows: Floats, *, named: bool, interval_prob: float) -> None:
    """Panel k: frame, line of all reps, intervals, estimates, raw rates, n. Labels for the legend once."""

    def once(text: str) -> str:
        return text if k == 0 else "_"

    axes.fill_betweenx(
        [rows.max() + 0.5, rows[0] - 0.5 * _row_step(len(rows) - 1)], k, k + PANEL, color=BAND, linewidth=0, zorder=0
    )
    place = {name: k + of[name] for name in ("estimate", "lower", "upper", "raw_rate")}
    axes.vlines(place["estimate"][0], rows[0], rows.max() + 0.5, color=ALL_REPS_COLOUR, linewidth=0.8, zorder=1)
    axes.hlines(
        rows[1:],
        place["lower"][1:],
        place["upper"][1:],
        color=DATA_COLOUR,
        alpha=0.45,
        linewidth=2.2 if named else 0.7,
        zorder=2,
        label=once(f"{interval_prob:.0%} interval"),
    )
    axes.hlines(rows[:1], place["lower"][:1], place["upper"][:1], color=ALL_REPS_COLOUR, linewidth=2.2, zorder=2)
    axes.plot(
        place["raw_rate"],
        rows,
        linestyle="none",
        marker="|",
        markersize=8 if named else 2,
        color=MUTED,
        label=once("raw rate"),
        zorder=3,
    )
    axes.plot(
        place["estimate"][1:],
        rows[1:],
        linestyle="none",
        marker="o",
        markersize=5 if named else 1.5,
        color=DATA_COLOUR,
        label=once("estimate"),
        zorder=4,
    )
    axes.plot(
        place["estimate"][:1],
        rows[:1],
        linestyle="none",
        marker="D",
        markersize=4,
        color=ALL_REPS_COLOUR,
        label=once("all reps"),
        zorder=4,
    )
    for row, n in zip(rows, of["n"], strict=True):
        if named or row == rows[0]:
            axes.text(
                k + COUNT_AT,
                row,
                f"{int(n):,}",
                ha="right",
                va="center",
                fontsize=7,
                color=MUTED,
                in_layout=False,
            )


def _label_panels(axes: Axes, fit: RankFit, rows: Floats, *, named: bool, top: float) -> None:
    """Names of reps on the left, of ranks on top, percentages below, each panel its own."""
    dress(axes)
    step = _row_step(len(fit.reps))
    head = rows.min() - 0.5 * step
    for k, rank in enumerate(fit.ranks):
        axes.text(
            k,
            head - 0.25 * step,
            folded_label(rank, width=12),
            ha="left",
            va="bottom",
            fontsize=11,
            weight="bold",
            color=INK,
            parse_math=False,
        )
        axes.text(k + COUNT_AT, head - 0.25 * step, "n", ha="right", va="bottom", fontsize=7, color=MUTED)
    ticks = [k + PANEL * share for k in range(len(fit.ranks)) for share in (0.0, 0.5, 1.0)]
    axes.set_xticks(ticks, ["0", f"{50 * top:g}", f"{100 * top:g} %"] * len(fit.ranks))
    if named:
        _name_rows(axes, rows, ["all reps", *fit.reps])
    else:
        _name_rows(axes, rows[:1], ["all reps"])
        axes.set_ylabel(f"{len(fit.reps):,} reps by mean estimate (names in the table)")
    axes.set(xlim=(-0.03, len(fit.ranks)), ylim=(rows.max() + 0.5, head - 0.2 * step))
    axes.set_xlabel(f"probability of an event {within_words(fit)}, by rank; n: mature judgments")
    axes.tick_params(axis="x", labelsize=7.5)


def _name_rows(axes: Axes, rows: Floats, labels: object) -> None:
    """Labels of the user's on the y axis: never read as mathematics."""
    axes.set_yticks(rows, folded_labels(labels), parse_math=False)  # type: ignore[arg-type]
    for text in axes.get_yticklabels():
        text.set_color(INK)


def _note_rows(axes: Axes, row: Floats, table: pd.DataFrame) -> None:
    """To the right of each row: n, and where nothing can be told yet, about how many more it takes."""
    for place, n, more in zip(row, table["n"], table["n_more"], strict=True):
        note = f"n {n:,}" + (f", {more_judgments(more)} more needed" if more else "")
        axes.annotate(
            note,
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=7.5,
            color=MUTED,
            annotation_clip=False,
        )


def within_words(fit: RankFit) -> str:
    """The horizon of a fit, in words."""
    return "(horizon not stated)" if fit.within_days is None else f"within {fit.within_days} days"
