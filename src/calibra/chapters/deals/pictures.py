"""Deals in pictures: what each rep's total will be beside what is stated, and what becomes of forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.deals.fit import DealFit
from calibra.chapters.deals.total import PeriodTotal
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, INK, dress, expect, folded_label, legend_above, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.3
"""Height of a row."""


def plot_total(result: PeriodTotal, *, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None) -> Axes:
    """What will each rep's total of the period be, beside what is stated for it?

    Parameters
    ----------
    result : PeriodTotal
        `calibration.deals.total`.
    interval_prob : float
        Level of the thin lines; the thick ones hold one half.
    """
    expect(result, "PeriodTotal")
    shown = np.flatnonzero(result.stated > 0)
    rows = shown[(shown > 0)]
    axes = make_axes(width=6.4, height=1.3 + ROW_INCHES * max(1, len(rows))) if ax is None else ax
    place, draws = np.arange(len(rows), dtype=float), result.draws["total"][:, rows]
    for level, width in ((interval_prob, 1.5), (0.5, 4.0)):
        middle, lower, upper = equal_tailed(draws, interval_prob=level)
        axes.hlines(place, lower, upper, colors=DATA_COLOUR, linewidth=width, label=f"{level:.0%} interval")
    axes.scatter(middle, place, color=DATA_COLOUR, zorder=3, label="likely")
    axes.scatter(result.stated[rows], place, marker="|", s=120, color=INK, zorder=4, label="stated")
    dress(axes)
    n = np.bincount(result.rows.rep, minlength=len(result.fit.reps))
    labels = [f"{folded_label(result.fit.labels[row])} (n {n[row - 1]:,})" for row in rows]
    axes.set_yticks(place, labels, parse_math=False)
    xlabel = f"won in the period from {result.rows.opens}, currency of the data"
    axes.set(ylim=(max(len(rows), 1) - 0.4, -0.6), xlim=(0.0, None), xlabel=xlabel)
    legend_above(axes)
    return axes


def plot_forecasts(fit: DealFit, *, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None) -> Axes:
    """What share of each rep's forecasts is moved to a later period?

    Parameters
    ----------
    fit : DealFit
        `calibration.deals.fit`.
    interval_prob : float
        Level of the intervals.
    """
    expect(fit, "DealFit")
    table = fit.forecasts(interval_prob=interval_prob)
    table = table[(table["category"] == "(all categories)") & (table["n"] > 0)]
    axes = make_axes(width=6.4, height=1.3 + ROW_INCHES * max(1, len(table))) if ax is None else ax
    place = np.arange(len(table), dtype=float)
    colours = [ALL_REPS_COLOUR if rep == ALL_REPS else DATA_COLOUR for rep in table["rep"]]
    lower, upper, middle = (100.0 * table[f"pushed{end}"].to_numpy() for end in ("_lower", "_upper", ""))
    axes.hlines(place, lower, upper, colors=colours, linewidth=2, label=f"{interval_prob:.0%} interval")
    axes.scatter(middle, place, c=colours, zorder=3, label="moved")
    dress(axes)
    labels = [f"{folded_label(rep)} (n {n:,})" for rep, n in zip(table["rep"], table["n"], strict=True)]
    axes.set_yticks(place, labels, parse_math=False)
    xlabel = "per cent of the forecasts for a period that are still open at its close"
    axes.set(ylim=(len(table) - 0.4, -0.6), xlim=(0.0, None), xlabel=xlabel)
    legend_above(axes)
    return axes
