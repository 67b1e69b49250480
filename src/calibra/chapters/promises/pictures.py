"""Promised against delivered, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.promises.reliability import RankReliability
from calibra.errors import InputError
from calibra.reading.means import ALL_REPS
from calibra.views.style import DATA_COLOUR, INK, LINE, MUTED, dress, expect, folded_label, folded_labels, make_axes
from calibra.words import quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        known = ", ".join(folded_labels(dict.fromkeys(result.rep.tolist()))[:4])
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
        f"{folded_label(result.rank[i])} ({'bar' if result.kind[i] == 'bar' else f'average, n {result.n[i]:,}'})"
        for i in mine
    ]
    axes.set_yticks(row, names, parse_math=False)
    axes.set(
        ylim=(len(mine) - 0.4, -0.6),
        xlim=(0.0, 1.0),
        xlabel=f"probability of an event within {result.within_days} days",
    )
    axes.set_title(folded_label(rep), loc="left", fontsize=10, color=INK, parse_math=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.06), ncols=4, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes
