"""A comparison, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.drift.comparison import Comparison
from calibra.views.style import BAND, DATA_COLOUR, INK, LINE, dress, expect, folded_label, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        row,
        (result.margin_above - result.margin_below)[points],
        left=result.margin_below[points],
        height=0.8,
        color=BAND,
        zorder=0,
        label=f"margin: odds × or ÷ {result.margin_odds:g}",
    )
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
        f"{folded_label(result.quantity[i], width=40)} (n {result.n_first[i]:,}, {result.n_second[i]:,})"
        for i in points
    ]
    axes.set_yticks(row, names, parse_math=False)
    axes.set(ylim=(len(points) - 0.4, -0.6))
    axes.set_xlabel("difference in percentage points")
    title = f"{folded_label(result.first)} less {folded_label(result.second)}"
    axes.set_title(title, loc="left", fontsize=10, color=INK, parse_math=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.06), ncols=3, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes
