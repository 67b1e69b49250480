"""Calibration curves of people, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.rows import statements_of
from calibra.errors import InputError
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, INK, LINE, MUTED, dress, expect, legend_above, make_axes
from calibra.words import folded_label, folded_labels, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

type Floats = NDArray[np.float64]

POINTS = 99
LARGEST_DOT = 120.0
"""Area of the dot of the most used percentage, in points²."""


def plot_stated_curve(
    result: StatedFit, *, rep: str = ALL_REPS, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None
) -> Axes:
    """What came of each stated percentage? Curve with interval, and what was counted as dots, larger for more.

    Parameters
    ----------
    result : StatedFit
        `calibration.stated[90]`.
    rep : str
        Whose percentages; default all reps.
    interval_prob : float
        Level of the interval.
    """
    expect(result, "StatedFit")
    if rep != ALL_REPS and rep not in result.reps:
        known = ", ".join(folded_labels(result.reps)[:4])
        raise InputError(f"`rep` must be one of the reps in the result ({known}, …); got {quoted(rep)}.")
    axes = make_axes(width=5.2, height=5.4) if ax is None else ax
    colour = ALL_REPS_COLOUR if rep == ALL_REPS else DATA_COLOUR
    n, events, stated = _counted(result, rep)
    asked = stated if stated.size else result.cells.stated  # of a rep without a mature judgment, what the others state
    grid = np.linspace(max(asked.min(), 0.01), min(asked.max(), 0.99), POINTS)
    draws = result.all_reps_draws(grid) if rep == ALL_REPS else result.own_draws(rep, grid)
    found = equal_tailed(draws, interval_prob=interval_prob)
    _diagonal(axes)
    band = f"{interval_prob:.0%} interval"
    axes.fill_between(100 * grid, 100 * found.lower, 100 * found.upper, color=colour, alpha=0.15, lw=0, label=band)
    axes.plot(100 * grid, 100 * found.estimate, color=colour, linewidth=2, label="curve")
    share, size = 100 * events / n, LARGEST_DOT * n / n.max(initial=1.0)
    axes.scatter(100 * stated, share, s=size, color=colour, alpha=0.6, label="counted, larger for more")
    _frame(axes, result)
    axes.set_title(
        f"{folded_label(rep)} (n {int(n.sum()):,})", loc="left", fontsize=10, color=INK, parse_math=False, y=1.14
    )
    legend_above(axes)
    return axes


def plot_stated_reps(result: StatedFit, *, ax: Axes | None = None) -> Axes:
    """How do the curves of the reps differ? One line a rep over the percentages the rep uses, all reps' in bold.

    Parameters
    ----------
    result : StatedFit
        `calibration.stated[90]`.
    """
    expect(result, "StatedFit")
    axes = make_axes(width=5.2, height=5.4) if ax is None else ax
    _diagonal(axes)
    shown = np.flatnonzero(result.n > 0)
    for place, row in enumerate(shown):
        stated = result.cells.stated[row, result.cells.n[row] > 0]
        grid = np.linspace(stated.min(), stated.max(), POINTS)
        mean = result.curve_draws(grid)[:, row].mean(axis=0)
        label = f"{len(shown)} reps, each alone" if place == 0 else None
        axes.plot(100 * grid, 100 * mean, color=DATA_COLOUR, linewidth=1, alpha=0.5, label=label)
    used = result.cells.stated[result.cells.n > 0]
    grid = np.linspace(used.min(), used.max(), POINTS)
    everyone = equal_tailed(result.all_reps_draws(grid))
    label, band = f"all reps (n {int(result.n.sum()):,})", f"{INTERVAL_PROB:.0%} interval"
    ends = (100 * everyone.lower, 100 * everyone.upper)
    axes.fill_between(100 * grid, *ends, color=ALL_REPS_COLOUR, alpha=0.15, lw=0, label=band)
    axes.plot(100 * grid, 100 * everyone.estimate, color=ALL_REPS_COLOUR, linewidth=2.5, label=label)
    _frame(axes, result)
    legend_above(axes)
    return axes


def _counted(result: StatedFit, rep: str) -> tuple[Floats, Floats, Floats]:
    """Judgments, events and mean stated probability of each cell with any, of a rep or of all."""
    cells = result.cells
    rows = slice(None) if rep == ALL_REPS else [result.reps.index(rep)]
    events = cells.events[rows].sum(axis=0)[cells.n[rows].sum(axis=0) > 0]
    stated, n = statements_of(result, rep)
    return n, events.astype(float), stated


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1, linestyle="--", label="as stated")


def _frame(axes: Axes, result: StatedFit) -> None:
    dress(axes)
    axes.set(
        xlim=(0, 100),
        ylim=(0, 100),
        aspect="equal",
        xlabel="stated, per cent",
        ylabel=f"event within {result.within_days} days, per cent",
    )
    axes.grid(color=LINE, linewidth=0.6)
