"""Calendar periods ahead and behind, as ordinals of their last days, and what came and was expected in past months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.dated import DatedCounts
from calibra.errors import InputError
from calibra.stats.forecasts.months import MonthEffects, learn_months

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Period = Literal["week", "month", "quarter"]

PERIODS: tuple[str, ...] = get_args(Period.__value__)
MOST_MONTHS = 24
"""So many past months, at most, say how far months swing."""


def month_end(day: date, months: int = 0) -> date:
    """Last day of a day's month, or of a month so many after it."""
    month = day.year * 12 + day.month + months
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


def periods_ahead(as_of: date, by: str, n: int) -> Ints:
    """Last days of the next periods; the first is what is left of the one that the day falls in."""
    if by not in PERIODS:
        raise InputError(f"`by` must be one of {', '.join(map(repr, PERIODS))}; got {by!r}.")
    tomorrow = as_of + timedelta(days=1)
    if by == "week":  # from Monday to Sunday
        sunday = tomorrow.toordinal() + 6 - tomorrow.weekday()
        return sunday + 7 * np.arange(n)
    to_end = (2 - (tomorrow.month - 1) % 3) if by == "quarter" else 0
    step = 3 if by == "quarter" else 1
    return np.array([month_end(tomorrow, to_end + step * i).toordinal() for i in range(n)], dtype=np.int64)


def month_ends_before(day: date, first_day: int) -> Ints:
    """Last days of the whole months that begin after one day and end by another, the oldest first."""
    ends: list[int] = []
    end = day if month_end(day) == day else month_end(day, -1)
    while month_end(end, -1).toordinal() >= first_day and len(ends) < 240:
        ends.append(end.toordinal())
        end = month_end(end, -1)
    return np.array(ends[::-1], dtype=np.int64)


def month_of(days: Ints, as_of: date) -> Ints:
    """How many months after that of tomorrow each day lies."""
    tomorrow = as_of + timedelta(days=1)
    dates = [date.fromordinal(int(day)) for day in days]
    return np.array([12 * (d.year - tomorrow.year) + d.month - tomorrow.month for d in dates], dtype=np.int64)


def learn(dated: DatedCounts, fit: LeadTimeFit, as_of: date) -> MonthEffects:
    """How far past months swung around what the fit expects of their exposure; days past its last edge left out."""
    ends = month_ends_before(as_of, int(dated.judged.min()))[-MOST_MONTHS:]
    if not ends.size:
        return learn_months(np.zeros(0), np.zeros(0))
    starts = np.array([month_end(date.fromordinal(int(end)), -1).toordinal() for end in ends])
    hazard, last = cumulative_hazard(fit), fit.last_edge_days
    place = {rep: i for i, rep in enumerate(fit.reps)}
    known = np.array([place.get(rep, -1) for rep in dated.reps])[dated.rep]
    rows = np.flatnonzero((known >= 0) & (dated.known <= ends[-1]))
    rep, rank, judged = known[rows], dated.rank[rows], dated.judged[rows]
    closed, n = dated.closed[rows], dated.n[rows]
    event = np.where(dated.event[rows] <= closed, dated.event[rows], np.iinfo(np.int64).max)

    def reached(day: int) -> Floats:
        until = np.maximum(np.minimum(closed, day), dated.known[rows])
        return np.asarray(hazard[rep, rank, np.clip(until - judged, 0, last)])

    at_start, expected, observed = reached(int(starts[0])), [], []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        at_end = reached(end)
        expected.append(float((at_end - at_start) @ n))
        hit = (event > start) & (event <= end) & (event - judged <= last) & (event > dated.known[rows])
        observed.append(float(n[hit].sum()))
        at_start = at_end
    return learn_months(np.array(observed), np.array(expected))


def cumulative_hazard(fit: LeadTimeFit) -> Floats:
    """Posterior mean of the hazard of the event up to the end of each day, (rep, rank, day)."""
    bounds, days = fit.cells.bounds, np.arange(fit.last_edge_days + 1) + 0.5
    n_reps, n_ranks = fit.n.shape
    found = np.empty((n_reps, n_ranks, len(days)))
    for start in range(0, n_reps, 20):
        part = slice(start, min(start + 20, n_reps))
        mean = np.exp(fit.draws.log_hazards("event", part)).mean(axis=0)
        reached = np.concatenate([np.zeros((*mean.shape[:2], 1)), np.cumsum(mean * np.diff(bounds), axis=2)], axis=2)
        before = np.clip(np.searchsorted(bounds, days, side="right") - 1, 0, len(bounds) - 2)
        found[part] = reached[..., before] + mean[..., before] * (days - bounds[before])
    return found
