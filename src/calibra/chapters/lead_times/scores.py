"""What the lead-time model says in the calibration table: what comes of prospects still open after some weeks.

A prospect open after a days has the probability (F₁(a + h) − F₁(a)) / S(a) of an event within the h days from now,
exits competing. Nothing is extrapolated: where the follow-up ends before a + h, the days are cut to what is known, and
the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import Curves
from calibra.chapters.lead_times.new_rep import new_rep_draws
from calibra.data.scoring.score_rows import CUT
from calibra.reading.scores import WEEK, Asked, Columns, empty, n_column
from calibra.stats.intervals import equal_tailed
from calibra.words import counted

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit

type Floats = NDArray[np.float64]

OLDER = "older than anything followed: nothing is known"


def scores(fit: LeadTimeFit, asked: Asked) -> Columns:
    """Probability and days to the event per rep, rank and week of age, the rep never seen first."""
    horizons, interval_prob = asked.horizons, asked.interval_prob
    last = fit.last_edge_days
    n_weeks = (last + WEEK - 1) // WEEK + 2
    ages = np.minimum(np.maximum(WEEK * np.arange(n_weeks - 1) - 3, 0), last)
    columns = empty((1 + len(fit.reps), len(horizons), n_weeks))
    columns["age_days"][..., :-1] = ages
    columns["age_days"][..., -1] = last + 1
    columns["note"][..., -1] = OLDER
    until = np.stack([np.minimum(ages + (last if days is None else days), last) for days in horizons])
    left = until - ages
    columns["within_days"][..., :-1] = left
    wanted = np.array([last if days is None else days for days in horizons])[:, None]
    cut = left < wanted
    if fit.closed(last):  # nobody is open after the last edge: nothing is cut off
        cut, columns["within_days"][..., :-1] = np.zeros_like(cut), wanted
    columns["note"][..., :-1][:, cut] = _cut_words(left[cut])
    times = np.unique(np.concatenate([fit.cells.bounds[1:], ages + 0.5, until.ravel() + 0.5]))
    unseen = new_rep_draws(fit).curves(times, reps=slice(0, 1))
    _fill(columns, slice(0, 1), unseen, times, ages, until, interval_prob)
    for reps, curves in fit.draws.in_chunks(times):  # each is filled and let go: all of them are gigabytes
        _fill(columns, slice(reps.start + 1, reps.stop + 1), curves, times, ages, until, interval_prob)
    return columns | {"n": n_column(fit.n)}


def _cut_words(days: NDArray[Any]) -> NDArray[Any]:
    return np.array(
        [f"{CUT} {counted(day, 'day')} from now: within_days is cut" if day else OLDER for day in days.tolist()],
        dtype=object,
    )


def _fill(
    columns: Mapping[str, NDArray[Any]],
    rows: slice,
    curves: Curves,
    times: Floats,
    ages: NDArray[np.int64],
    until: NDArray[np.int64],
    interval_prob: float,
) -> None:
    """One chunk of reps: probabilities by draw, days to the event by the mean curve."""
    here = np.searchsorted(times, ages + 0.5)
    begun = curves.event[..., here]
    still_open = np.maximum(1.0 - begun - curves.exit[..., here], 0.0)
    for place in range(until.shape[0]):
        later = curves.event[:, :, place][..., np.searchsorted(times, until[place] + 0.5)] - begun[:, :, place]
        prob = later / np.maximum(still_open[:, :, place], 1e-300)
        for name, values in zip(
            ("estimate", "lower", "upper"), equal_tailed(prob, interval_prob=interval_prob), strict=True
        ):
            columns[name][rows, place, :-1] = np.where(until[place] > ages, values, np.nan)
    mean = curves.event.mean(axis=0)
    tail = (1.0 - interval_prob) / 2.0
    for name, share in (("lead_days", 0.5), ("lead_days_lower", tail), ("lead_days_upper", 1.0 - tail)):
        columns[name][rows, :, :-1] = _days_to(mean, times, here, ages, share)


def _days_to(mean: Floats, times: Floats, here: NDArray[np.intp], ages: NDArray[np.int64], share: float) -> Floats:
    """Days from each age until this share of the events still to come by the last edge have come, (rep, rank, age)."""
    total, begun = mean[..., -1:], mean[..., here]
    target = begun + share * (total - begun)
    found = np.empty_like(target)
    for index in np.ndindex(target.shape[:2]):
        found[index] = np.interp(target[index], mean[index], times) - (ages + 0.5)
    return np.where(total - begun > 0, np.maximum(found, 0.0), np.nan)
