"""What comes at a machine's score, read alone and with the rank or the percentage beside it, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, RANK
from calibra.chapters.added.rows import score_range
from calibra.errors import InputError, what_came
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, LINE, MUTED, dress, expect, legend_above, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 99


def plot_added(
    result: AddedFit, *, signal: str = RANK, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None
) -> Axes:
    """What comes at the same score by rank, or by percentage? The score alone in bold, the others with their intervals.

    Parameters
    ----------
    result : AddedFit
        `calibration.added[90]`, of judgments with a machine's score.
    signal : {"rank", "stated"}
        What is read beside the score.
    interval_prob : float
        Level of the intervals.
    """
    expect(result, "AddedFit")
    if not result.with_machine or signal not in result.signals:
        there = " or ".join(map(repr, result.signals)) if result.with_machine else "none: there is no machine's score"
        raise InputError(
            f"`signal` must be one that stands beside a machine's score ({there}); got {what_came(signal)}."
        )
    axes = make_axes(width=5.2, height=5.4) if ax is None else ax
    grid = np.linspace(*score_range(result), POINTS)
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1, linestyle="--", label="as the score says")
    levels = result.levels(signal)
    for place, (label, level) in enumerate(levels):
        found = equal_tailed(result.level_draws(signal, level, grid), interval_prob=interval_prob)
        shade = 1.0 - 0.7 * place / max(len(levels) - 1, 1)
        axes.fill_between(100 * grid, 100 * found.lower, 100 * found.upper, color=DATA_COLOUR, alpha=0.12 * shade, lw=0)
        axes.plot(100 * grid, 100 * found.estimate, color=DATA_COLOUR, alpha=shade, linewidth=1.5, label=label)
    alone = equal_tailed(result.level_draws(BASE, 0.0, grid), interval_prob=interval_prob)
    label, bands = f"score alone (n {int(result.n.sum()):,})", f"bands: {interval_prob:.0%} intervals"
    axes.fill_between(
        100 * grid, 100 * alone.lower, 100 * alone.upper, color=ALL_REPS_COLOUR, alpha=0.15, lw=0, label=bands
    )
    axes.plot(100 * grid, 100 * alone.estimate, color=ALL_REPS_COLOUR, linewidth=2.5, label=label)
    dress(axes)
    axes.set(
        xlim=(0, 100),
        ylim=(0, 100),
        aspect="equal",
        xlabel="the machine's score, per cent",
        ylabel=f"event within {result.within_days} days, per cent",
    )
    axes.grid(color=LINE, linewidth=0.6)
    legend_above(axes)
    return axes
