"""Promised against delivered, standings and comparisons, each drawn from its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.decisions.comparison import Comparison
from calibra.decisions.promises import RankReliability
from calibra.decisions.standings import RepStandings
from calibra.errors import InputError
from calibra.models.reading import ALL_REPS
from calibra.views.style import BAND, DATA_COLOUR, INK, LINE, MUTED, dress, expect, make_axes, short_label, short_labels
from calibra.words import quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

type Floats = NDArray[np.float64]

ROW_INCHES = 0.3
"""Height of a row."""


def plot_rank_reliability(result: RankReliability, *, rep: str = ALL_REPS, ax: Axes | None = None) -> Axes:
    """Does each rank deliver what it promises? Delivered with its interval, raw rate as a tick, promise as a diamond.

    Of a rank that promises a bar the probability from which on it is used is drawn instead, as a square.

    Parameters
    ----------
    result : RankReliability
        From `rank_reliability`.
    rep : str
        Whose ranks; default all reps.
    """
    expect(result, "RankReliability")
    mine = np.flatnonzero(result.rep == rep)
    if not len(mine):
        known = ", ".join(short_labels(dict.fromkeys(result.rep.tolist()))[:4])
        raise InputError(f"`rep` must be one of the reps in the result ({known}, …); got {quoted(rep)}.")
    axes = make_axes(width=6.4, height=1.6 + 0.42 * len(mine)) if ax is None else ax
    row = np.arange(len(mine), dtype=float)
    raw = np.where(result.n > 0, result.events / np.maximum(result.n, 1), np.nan)[mine]
    is_bar = result.kind[mine] == "bar"
    axes.hlines(
        row,
        np.where(is_bar, result.bar_lower[mine], result.lower[mine]),
        np.where(is_bar, result.bar_upper[mine], result.upper[mine]),
        color=DATA_COLOUR,
        linewidth=2,
        label=f"{result.interval_prob:.0%} interval",
    )
    axes.plot(result.estimate[mine][~is_bar], row[~is_bar], "o", color=DATA_COLOUR, label="delivered")
    axes.plot(raw[~is_bar], row[~is_bar], "|", color=MUTED, markersize=11, label="raw rate")
    if is_bar.any():
        axes.plot(result.bar[mine][is_bar], row[is_bar], "s", color=DATA_COLOUR, label="used from")
    axes.plot(result.promised[mine], row, "D", color=INK, markerfacecolor="white", markersize=7, label="promised")
    dress(axes)
    names = [
        f"{short_label(result.rank[i])} ({'bar' if result.kind[i] == 'bar' else f'average, n {result.n[i]:,}'})"
        for i in mine
    ]
    axes.set_yticks(row, names, parse_math=False)
    axes.set(
        ylim=(len(mine) - 0.4, -0.6),
        xlim=(0.0, 1.0),
        xlabel=f"probability of an event within {result.within_days} days",
    )
    axes.set_title(short_label(rep), loc="left", fontsize=10, color=INK, parse_math=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.06), ncols=4, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes


def plot_standings(result: RepStandings, *, ax: Axes | None = None) -> Axes:
    """Where does each rep stand, and how sure is that? The title says whether a league table is warranted.

    Parameters
    ----------
    result : RepStandings
        From `rep_standings`.
    """
    expect(result, "RepStandings")
    from matplotlib.ticker import MaxNLocator

    order = np.argsort(result.standing, kind="stable")
    axes = make_axes(width=7.2, height=1.6 + ROW_INCHES * len(order)) if ax is None else ax
    row = np.arange(len(order), dtype=float)
    axes.hlines(
        row,
        result.lower[order],
        result.upper[order],
        color=DATA_COLOUR,
        linewidth=2,
        label=f"{result.interval_prob:.0%} interval",
    )
    axes.plot(result.standing[order], row, "o", color=DATA_COLOUR, markersize=5, label="mean standing")
    dress(axes)
    labels = short_labels(result.reps)
    axes.set_yticks(row, [f"{labels[i]} (n {result.n[i]:,})" for i in order], parse_math=False)
    axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(0.5, len(order) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("standing by outcomes at the same rank (1: highest)")
    axes.set_title(_wrapped(result.sentence), loc="left", fontsize=9.5, color=INK)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.12), ncols=2, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes


def plot_comparison(result: Comparison, *, ax: Axes | None = None) -> Axes:
    """How far is the first above the second, rank by rank, and how sure is that? In points; the margin is shaded.

    Parameters
    ----------
    result : Comparison
        From `compare`.
    """
    expect(result, "Comparison")
    points = np.flatnonzero(result.unit == "points")
    axes = make_axes(width=6.8, height=1.7 + 0.42 * len(points)) if ax is None else ax
    row = np.arange(len(points), dtype=float)
    axes.barh(
        row, (result.margin_above - result.margin_below)[points], left=result.margin_below[points], height=0.8,
        color=BAND, zorder=0, label=f"margin: odds × or ÷ {result.margin_odds:g}",
    )  # fmt: skip
    axes.axvline(0, color=LINE, linewidth=1, zorder=1)
    axes.hlines(
        row,
        result.lower[points],
        result.upper[points],
        color=DATA_COLOUR,
        linewidth=2,
        label=f"{result.interval_prob:.0%} interval",
    )
    axes.plot(result.estimate[points], row, "o", color=DATA_COLOUR, label="difference")
    dress(axes)
    names = [
        f"{short_label(result.quantity[i], width=40)} (n {result.n_first[i]:,}, {result.n_second[i]:,})" for i in points
    ]
    axes.set_yticks(row, names, parse_math=False)
    axes.set(ylim=(len(points) - 0.4, -0.6))
    axes.set_xlabel("difference in percentage points")
    title = f"{short_label(result.first)} less {short_label(result.second)}"
    axes.set_title(title, loc="left", fontsize=10, color=INK, parse_math=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.06), ncols=3, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes


def _draw_intervals(axes: Axes, estimate: Floats, lower: Floats, upper: Floats, *, level: float, name: str) -> None:
    """One dot and its interval a row, from the top."""
    row = np.arange(len(estimate), dtype=float)
    axes.hlines(row, lower, upper, color=DATA_COLOUR, linewidth=2, zorder=2, label=f"{level:.0%} interval")
    axes.plot(estimate, row, "o", color=DATA_COLOUR, markersize=6, zorder=3, label=name)


def _wrapped(sentence: str, width: int = 90) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(sentence, width))
