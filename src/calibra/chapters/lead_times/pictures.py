"""The lead-time model in pictures: what has come by when, per rank and per rep, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import fine_times
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.counts import OPEN
from calibra.errors import InputError, NotEnoughDataError
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, Interval
from calibra.stats.margin import MARGIN_RATIO
from calibra.stats.survival.lifetable import aalen_johansen
from calibra.views.style import (
    ALL_REPS_COLOUR,
    INK,
    LINE,
    MUTED,
    PALE,
    dress,
    expect,
    folded_label,
    folded_labels,
    make_axes,
)
from calibra.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]

RANK_COLOURS = ("#0b6e4f", "#1f6fb2", "#7a5195", "#c2540a", "#52606d", "#8a6d1d", "#b03060")
"""Colours of the ranks, best first; more ranks begin again."""
LABELLED_DAYS = 5
"""Days under the axis at which the numbers still followed stand."""
FINDING_COLOURS = {
    "slower than all reps": "#c2540a",
    "faster than all reps": "#1f6fb2",
    "in line": "#52606d",
    "cannot tell yet": PALE,
}
"""Finding of `LeadTimeFit.tempo()` to its colour."""
NAMED_REPS, TALLEST, PANELS = 60, 14.0, 24
"""Rows with a name; inches of the tallest picture; panels of the small multiples."""


def plot_cumulative_incidence(
    fit: LeadTimeFit, *, ax: Axes | None = None, rep: str | None = None, interval_prob: float = INTERVAL_PROB
) -> Axes:
    """What share has become an event by each day, per rank? The model's band over the Aalen–Johansen steps.

    Under the axis stand the numbers still followed. The model's lines end at its last edge; nothing is extrapolated.

    Parameters
    ----------
    fit : LeadTimeFit
        The fitted lead-time model.
    ax : Axes, optional
        Default: its own.
    rep : str, optional
        One rep; default all reps.
    interval_prob : float
        Level of the bands.
    """
    expect(fit, "LeadTimeFit")
    place = _place(fit, rep)
    times, shares = _shares(fit, interval_prob)
    axes = make_axes(width=8.0, height=4.6 + 0.22 * len(fit.ranks)) if ax is None else ax
    for k, rank in enumerate(fit.ranks):
        colour = RANK_COLOURS[k % len(RANK_COLOURS)]
        rows = (fit.counts.rank == k) & (
            np.ones(fit.counts.rep.size, dtype=bool) if place == 0 else fit.counts.rep == place - 1
        )
        n = int(fit.counts.n[rows].sum())
        _draw_band(axes, times, shares, (place, k), colour, f"{folded_label(rank, width=12)} (n {n:,})")
        _draw_steps(axes, fit, rows, colour, label="Aalen–Johansen" if k == 0 else "_")
        _note_followed(axes, fit, rows, k)
    dress(axes)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set(xlim=(0, fit.last_edge_days + 0.5), ylim=(0, None))
    axes.set_xlabel("days since the judgment" + "\n" * (len(fit.ranks) + 2))
    axes.set_ylabel("share that became an event, exits competing")
    axes.legend(
        title=f"{folded_label(rep or 'all reps')}; band: {interval_prob:.0%} interval",
        frameon=False,
        fontsize=8.5,
        title_fontsize=8.5,
        labelcolor=INK,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        alignment="left",
        ncols=4,
        borderaxespad=0.2,
    )
    return axes


def plot_incidence_by_rep(fit: LeadTimeFit, *, interval_prob: float = INTERVAL_PROB) -> Figure:
    """What share has become an event by each day, rep by rep? Small multiples over the thin lines of all reps.

    The reps with most judgments, up to 24, stand in the order of their labels; the others are in the tables.
    """
    expect(fit, "LeadTimeFit")
    from calibra.views.fonts import LabelledFigure

    times, shares = _shares(fit, interval_prob)
    most = np.sort(np.argsort(-fit.n.sum(axis=1), kind="stable")[:PANELS])
    n_columns = min(4, len(most))
    n_rows = -(-len(most) // n_columns)
    size = (2.6 * n_columns + 0.6, 2.1 * n_rows + 0.8)
    figure = LabelledFigure(figsize=size, layout="constrained", facecolor="white")
    panels = np.atleast_1d(figure.subplots(n_rows, n_columns, sharex=True, sharey=True)).ravel()
    for axes, r in zip(panels, most, strict=False):
        for k, rank in enumerate(fit.ranks):
            colour = RANK_COLOURS[k % len(RANK_COLOURS)]
            axes.plot(times, shares.estimate[0, k], color=colour, linewidth=0.7, alpha=0.6)
            _draw_band(axes, times, shares, (int(r) + 1, k), colour, folded_label(rank, width=12))
        dress(axes)
        title = f"{folded_label(fit.reps[r], width=20)} (n {int(fit.n[r].sum()):,})"
        axes.set_title(title, fontsize=8.5, color=INK, loc="left", parse_math=False)
    panels[0].set(xlim=(0, fit.last_edge_days + 0.5), ylim=(0, 1.04 * float(shares.upper[[0, *(most + 1)]].max())))
    for axes in panels[len(most) - n_columns : len(most)]:
        axes.tick_params(labelbottom=True)
    for axes in panels[len(most) :]:
        axes.set_visible(False)
    figure.supxlabel("days since the judgment", fontsize=9.5, color=INK)
    figure.supylabel("share that became an event", fontsize=9.5, color=INK)
    handles, labels = panels[0].get_legend_handles_labels()
    title = f"band: {interval_prob:.0%} interval; thin line: all reps"
    figure.legend(
        handles,
        labels,
        title=title,
        loc="outside upper left",
        ncols=len(labels),
        frameon=False,
        fontsize=8.5,
        title_fontsize=8.5,
    )
    return figure


def plot_lead_times(
    fit: LeadTimeFit,
    *,
    ax: Axes | None = None,
    margin_ratio: float = MARGIN_RATIO,
    interval_prob: float = INTERVAL_PROB,
) -> Axes:
    """How long does it take each rep? Median lead time from the event hazards alone, at one mix of ranks for everyone.

    Colour says what `tempo()` finds; the shaded band is the margin round all reps, within which nobody is called slow.

    Parameters
    ----------
    fit : LeadTimeFit
        The fitted lead-time model.
    ax : Axes, optional
        Default: its own.
    margin_ratio : float
        Factor on the days of all reps from which a difference is worth talking about.
    interval_prob : float
        Level of the intervals.
    """
    expect(fit, "LeadTimeFit")
    table = fit.tempo(margin_ratio=margin_ratio, interval_prob=interval_prob)
    table = table.sort_values(["median_days", "rep"], ascending=[False, True], kind="stable").reset_index(drop=True)
    middle = float(np.median(table["median_days"] / table["ratio"]))
    named = len(table) <= NAMED_REPS
    axes = make_axes(width=8.0, height=min(TALLEST, 1.7 + 0.26 * (len(table) + 1))) if ax is None else ax
    axes.axvspan(
        middle / margin_ratio,
        middle * margin_ratio,
        color="#eef2f6",
        zorder=0,
        label=f"{ALL_REPS}, a factor of {margin_ratio:g} either way",
    )
    axes.axvline(middle, color=ALL_REPS_COLOUR, linewidth=0.8, zorder=1)
    for finding, colour in FINDING_COLOURS.items():
        mine = np.flatnonzero(table["finding"] == finding)
        if mine.size:
            rows = table.iloc[mine]
            axes.hlines(mine, rows["median_days_lower"], rows["median_days_upper"], color=colour, linewidth=2, zorder=2)
            axes.plot(rows["median_days"], mine, "o", color=colour, label=f"{finding}: {mine.size}", zorder=3)
    dress(axes)
    if named:
        labels = [
            f"{folded_label(rep)}  n {n:,}, {counted(events, 'event')}"
            for rep, n, events in zip(table["rep"], table["n"], table["events"], strict=True)
        ]
        axes.set_yticks(np.arange(len(table)), folded_labels(labels, width=60), parse_math=False)
    else:
        axes.set_yticks([])
        axes.set_ylabel(f"{len(table):,} reps by median lead time (names in the table)")
    axes.set(ylim=(len(table) - 0.4, -0.6), xlim=(0, None))
    axes.set_xlabel(
        f"median days from judgment to event, of what comes within {fit.last_edge_days} days if nobody exits"
    )
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        title=f"line: {interval_prob:.0%} interval",
        title_fontsize=8.5,
        alignment="left",
    )
    return axes


def _place(fit: LeadTimeFit, rep: str | None) -> int:
    """Row of a rep among all reps and each."""
    if rep is None:
        return 0
    if rep not in fit.reps:
        raise InputError(f"`rep` must be one of the {len(fit.reps)} reps of the fit; got {rep!r}.")
    return 1 + fit.reps.index(rep)


def _shares(fit: LeadTimeFit, interval_prob: float) -> tuple[Floats, Interval]:
    """Times from 0, and the share that became an event by each, (1 + rep, rank, time)."""
    times = fine_times(fit.cells.bounds)
    found = fit.draws.read(times, lambda curves: {"share": curves.event}, interval_prob=interval_prob)["share"]
    start = np.zeros((*found.estimate.shape[:2], 1))
    return np.concatenate([[0.0], times]), Interval(*(np.concatenate([start, values], axis=-1) for values in found))


def _draw_band(axes: Axes, times: Floats, shares: Interval, cell: tuple[int, int], colour: str, label: str) -> None:
    axes.fill_between(times, shares.lower[cell], shares.upper[cell], color=colour, alpha=0.18, linewidth=0)
    axes.plot(times, shares.estimate[cell], color=colour, linewidth=1.8, label=label)


def _draw_steps(axes: Axes, fit: LeadTimeFit, rows: Flags, colour: str, *, label: str) -> None:
    """Aalen–Johansen of these rows up to the last edge; nothing where late entries leave a gap."""
    counts = fit.counts
    rows = rows & ~((counts.entry_days > 0) & (counts.days == counts.entry_days) & (counts.ending != OPEN))
    if not counts.n[rows].any():
        return
    try:
        curve = aalen_johansen(
            counts.days[rows], counts.ending[rows], weights=counts.n[rows], entry_days=counts.entry_days[rows]
        ).event
    except NotEnoughDataError:
        return
    shown = curve.days <= fit.last_edge_days
    axes.step(
        np.r_[0.0, curve.days[shown]],
        np.r_[0.0, curve.estimate[shown]],
        where="post",
        color=colour,
        linewidth=0.9,
        linestyle=":",
        label=label,
    )


def _note_followed(axes: Axes, fit: LeadTimeFit, rows: Flags, line: int) -> None:
    """Numbers still followed, one line a rank under the axis."""
    days = np.unique(np.linspace(0, fit.last_edge_days, LABELLED_DAYS).round().astype(int))
    counts, colour = fit.counts, RANK_COLOURS[line % len(RANK_COLOURS)]
    for day in days:
        followed = int(counts.n[rows & (counts.days >= day) & (counts.entry_days <= day)].sum())
        axes.annotate(
            f"{followed:,}",
            (day, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -30 - 11 * line),
            textcoords="offset points",
            fontsize=7.5,
            color=colour,
            ha="center",
            va="top",
            annotation_clip=False,
        )
    if line == 0:
        axes.annotate(
            "still followed",
            (0, 0),
            xycoords="axes fraction",
            xytext=(-34, -19),
            textcoords="offset points",
            fontsize=7.5,
            color=MUTED,
            va="top",
            annotation_clip=False,
        )
