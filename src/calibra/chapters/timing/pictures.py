"""Stated dates in a picture: what has come by when, on the clock that the reps set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.timing.fit import StatedTimingFit
from calibra.errors import InputError
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, PALE, dress, expect, legend_above, make_axes
from calibra.words import folded_label, folded_labels, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 60


def plot_stated_timing(
    fit: StatedTimingFit, *, rep: str | None = None, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None
) -> Axes:
    """What has come by each multiple of the stated time? All reps with interval, and a rep beside them.

    Parameters
    ----------
    fit : StatedTimingFit
        `calibration.timing`.
    rep : str, optional
        Whose dates stand beside those of all reps, at all reps' mix of ranks and stated lengths.
    interval_prob : float
        Level of the intervals.
    """
    expect(fit, "StatedTimingFit")
    if rep is not None and rep not in fit.reps:
        known = ", ".join(folded_labels(fit.reps)[:4])
        raise InputError(f"`rep` must be one of the reps in the result ({known}, …); got {quoted(rep)}.")
    axes = make_axes(width=6.4, height=4.4) if ax is None else ax
    positions = np.linspace(0.0, fit.cells.last, POINTS)[1:]
    shown = {ALL_REPS: (fit.all_reps_curves(positions).event, int(fit.n.sum()), ALL_REPS_COLOUR)}
    if rep is not None:
        row = fit.reps.index(rep)
        shown[rep] = (fit.curves(positions, slice(row, row + 1)).event[:, 0], int(fit.n[row]), DATA_COLOUR)
    axes.axvspan(1.0 - fit.tolerance_share, 1.0 + fit.tolerance_share, color=PALE, lw=0, label="on time")
    for name, (draws, n, colour) in shown.items():
        found = equal_tailed(draws, interval_prob=interval_prob)
        x = np.concatenate([[0.0], positions])
        estimate, lower, upper = (100.0 * np.concatenate([[0.0], part]) for part in found)
        axes.fill_between(x, lower, upper, color=colour, alpha=0.15, lw=0)
        label = f"{folded_label(name)} (n {n:,}, band {interval_prob:.0%} interval)"
        axes.plot(x, estimate, color=colour, linewidth=2, label=label)
    dress(axes)
    axes.set(
        xlim=(0, fit.cells.last), ylim=(0, None), xlabel="days, over the days stated", ylabel="event so far, per cent"
    )
    legend_above(axes)
    return axes
