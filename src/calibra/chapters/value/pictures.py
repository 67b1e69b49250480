"""What is won, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.value.amount_fit import AmountFit
from calibra.chapters.value.fit import ValueFit
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, INK, LINE, MUTED, dress, expect, legend_above, make_axes
from calibra.words import folded_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OFFSET = 0.14
"""How far the mean and the typical deal stand from the line of their rank."""


def plot_amounts(result: AmountFit, *, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None) -> Axes:
    """How much does a win of each rank bring? Mean where it is to be trusted, typical deal, and the largest deal.

    Parameters
    ----------
    result : AmountFit
        `calibration.value.amounts`.
    interval_prob : float
        Level of the intervals.
    """
    expect(result, "AmountFit")
    table = result.amounts(interval_prob=interval_prob)
    rows = table[(table["rep"] == ALL_REPS) & table["rank"].isin(result.terms.ranks)]
    axes = make_axes(width=6.4, height=1.6 + 0.5 * len(rows)) if ax is None else ax
    place = np.arange(len(rows), dtype=float)
    shown = [
        ("estimate", "lower", "upper", "mean", ALL_REPS_COLOUR, -OFFSET),
        ("typical", "typical_lower", "typical_upper", "typical deal", DATA_COLOUR, OFFSET),
    ]
    for middle, low, high, label, colour, offset in shown:
        told = f"{label}, {interval_prob:.0%} interval"
        axes.hlines(place + offset, rows[low], rows[high], colors=colour, linewidth=2, label=told)
        axes.scatter(rows[middle], place + offset, color=colour, zorder=3)
    trust = result.trust()
    largest = np.array([trust.largest[trust.of_rank(rank)] for rank in rows["rank"]])
    known = largest > 0
    axes.scatter(largest[known], place[known], marker="x", color=MUTED, label="largest deal")
    dress(axes)
    labels = [f"{folded_label(rank)} (n {n:,})" for rank, n in zip(rows["rank"], rows["n_amounts"], strict=True)]
    axes.set_yticks(place, labels, parse_math=False)
    axes.set(xscale="log", ylim=(len(rows) - 0.4, -0.6), xlabel="amount of a win, currency of the data")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    legend_above(axes)
    return axes


def plot_rank_worth(result: ValueFit, *, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None) -> Axes:
    """What does a prospect of each rank bring, all reps together? Ranks without a mean to be trusted say so.

    Parameters
    ----------
    result : ValueFit
        `calibration.value`.
    interval_prob : float
        Level of the interval.
    """
    expect(result, "ValueFit")
    table = result.rank_worth(interval_prob=interval_prob)
    axes = make_axes(width=6.4, height=1.4 + 0.4 * len(table)) if ax is None else ax
    place = np.arange(len(table), dtype=float)
    colour, label = ALL_REPS_COLOUR, f"{interval_prob:.0%} interval"
    axes.hlines(place, table["worth_lower"], table["worth_upper"], colors=colour, linewidth=2, label=label)
    axes.scatter(table["worth"], place, color=colour, zorder=3, label="a prospect brings")
    for at, row in zip(place, table.itertuples(), strict=True):
        if not row.trusted:
            axes.annotate(
                "too few deals for a mean", (0.02, at), xycoords=("axes fraction", "data"), va="center", color=INK
            )
    dress(axes)
    labels = [f"{folded_label(row.rank)} (n {row.n:,})" for row in table.itertuples()]
    axes.set_yticks(place, labels, parse_math=False)
    within = f"opportunity within {result.within_days} days, won within {result.won_within_days}"
    axes.set(ylim=(len(table) - 0.4, -0.6), xlim=(0.0, None), xlabel=f"money per prospect ({within})")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    legend_above(axes)
    return axes
