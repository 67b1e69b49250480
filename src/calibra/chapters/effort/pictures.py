"""Contacts in a picture: what has come by each contact, and what a hand-back after it would have saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.effort.fit import EffortFit
from calibra.errors import InputError
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, dress, expect, legend_above, make_axes
from calibra.words import folded_label, folded_labels, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_yield(
    fit: EffortFit, *, rep: str | None = None, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None
) -> Axes:
    """What share has come by each contact: as prospects are worked, and if all had been worked?

    What so many contacts for everybody would bring lies between the two lines, if who was given up was no better than
    who was not.

    Parameters
    ----------
    fit : EffortFit
        `calibration.effort.fit`.
    rep : str, optional
        Whose prospects are drawn in place of those of all reps, at all reps' mix of ranks.
    interval_prob : float
        Level of the intervals.
    """
    expect(fit, "EffortFit")
    if rep is not None and rep not in fit.reps:
        known = ", ".join(folded_labels(fit.reps)[:4])
        raise InputError(f"`rep` must be one of the reps in the result ({known}, …); got {quoted(rep)}.")
    axes = make_axes(width=6.4, height=4.4) if ax is None else ax
    place = 0 if rep is None else 1 + fit.reps.index(rep)
    n = int(fit.n.sum() if rep is None else fit.n[place - 1])
    contacts = np.arange(1, fit.cells.last + 1)
    x = np.concatenate([[0], contacts])
    lines = {"as_worked": ("as worked", DATA_COLOUR), "if_all_worked": ("if all were worked, at most", ALL_REPS_COLOUR)}
    for name, draws in fit.yield_draws(contacts.tolist()).items():
        told, colour = lines[name]
        found = equal_tailed(draws[:, place], interval_prob=interval_prob)
        estimate, lower, upper = (100.0 * np.concatenate([[0.0], part]) for part in found)
        axes.fill_between(x, lower, upper, color=colour, alpha=0.15, lw=0)
        axes.plot(x, estimate, color=colour, linewidth=2, label=f"{told} (band {interval_prob:.0%} interval)")
    dress(axes)
    who = folded_label(ALL_REPS if rep is None else rep)
    ylabel = f"event so far, per cent of {n:,} prospects, {who}"
    axes.set(xlim=(0, fit.cells.last), ylim=(0, None), xlabel="contacts", ylabel=ylabel)
    legend_above(axes)
    return axes
