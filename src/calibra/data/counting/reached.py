"""What share of the events within a horizon has come by an age? Read from mature judgments, rank by rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, DurationCounts
from calibra.data.counting.weekly import WEEK_DAYS
from calibra.tables import brief

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]

FEWEST_EVENTS = 30
"""Mature events whose days are known, below which the share that comes by an age is not known well enough."""
LEAST_YOUNG = 0.1
"""Young judgments for each mature one, below which they would hardly say more."""
LEAST_REACHED = 0.1
"""Share of the events by an age, below which a judgment of that age says nothing yet."""
MOST_UNKNOWN = 0.02
"""Share of events without a day, or of young judgments seen in part, up to which the rest stands for all."""
SLOWER = 0.1
"""Step in the logarithm of the days by which the effect of a slower pace is measured."""
_OF_ALL_RANKS = 20.0
"""Events of all ranks that each rank's own days of events are joined by."""


@dataclass(frozen=True, slots=True, eq=False)
class YoungCells:
    """Young judgments, per rep, rank (and group) or whatever cell: each has an event so far with the probability G p.

    p is the probability within the horizon and G the share of those events that come by its age, whatever the exits.
    """

    __repr__ = brief

    n: IntArray
    """Judgments younger than the horizon, shape (R, K, *G)."""
    events: IntArray
    """Those with an event so far, shape (R, K, *G)."""
    reached: FloatArray
    """Mean of G over them, 1 where there are none, shape (R, K, *G)."""
    slowing: FloatArray
    """How the logarithm of G changes with that of the days events take, per rank, shape (K,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Share of the events within a horizon that come by an age, per rank and week of age, shape (K, weeks)."""

    by_week: FloatArray
    """At the pace of the mature judgments."""
    slower: FloatArray
    """If events took a tenth longer, on the scale of logarithms."""


def reached_by_week(counts: DurationCounts, within_days: int, came: float) -> Reached | None:
    """The share, from mature judgments; None where the days of `came` events are not known well enough."""
    per_day = event_days(counts, within_days)
    if per_day.sum() < max(FEWEST_EVENTS, (1.0 - MOST_UNKNOWN) * came):
        return None
    shares = shares_by_age(per_day)
    return Reached(_weekly(shares), _weekly(_at_slower_pace(shares)))


def shares_in(counts: DurationCounts, within_days: int) -> Reached | None:
    """The share, from all mature judgments and all of their events."""
    came = (counts.maturity > counts.horizons.index(within_days)) & (counts.ending == EVENT)
    return reached_by_week(counts, within_days, float(counts.n[came & (counts.days <= within_days)].sum()))


def log_slowing(expected: FloatArray, if_slower: FloatArray) -> FloatArray:
    """How the logarithm of G changes with that of the days events take, from the events that either pace expects."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, np.log(if_slower / expected) / SLOWER, 0.0)


def slowing_effect(slowing: FloatArray, n: NDArray[Any], events: NDArray[Any]) -> FloatArray:
    """Effect of a slower pace on the log-odds of an event so far: that on log G over 1 − p, p the raw rate; (K,)."""
    return np.asarray(slowing * (n + 1.0) / (n - events + 0.5))


def event_days(counts: DurationCounts, within_days: int) -> IntArray:
    """Events of mature judgments per rank and day since the judgment, shape (K, within_days + 1)."""
    mature = counts.maturity > counts.horizons.index(within_days)
    hit = mature & (counts.ending == EVENT) & (counts.days <= within_days) & (counts.entry_days == 0)
    per_day = np.zeros((len(counts.ranks), within_days + 1), dtype=np.int64)
    np.add.at(per_day, (counts.rank[hit], counts.days[hit]), counts.n[hit])
    return per_day


def shares_by_age(per_day: IntArray) -> FloatArray:
    """Share of the events within the horizon that come by each day, per rank, shape (K, within_days + 1)."""
    by_day = per_day.cumsum(axis=1).astype(float)
    together = by_day.sum(axis=0) / by_day.sum(axis=0)[-1]
    return np.asarray((by_day + _OF_ALL_RANKS * together) / (by_day[:, -1:] + _OF_ALL_RANKS))


def _weekly(shares: FloatArray) -> FloatArray:
    """Mean share over the ages of each week below the horizon, (rank, week)."""
    below = shares[:, :-1]
    starts = np.arange(0, below.shape[1], WEEK_DAYS)
    return np.asarray(np.add.reduceat(below, starts, axis=1) / np.diff([*starts, below.shape[1]]))


def _at_slower_pace(shares: FloatArray) -> FloatArray:
    """The shares by each day if events took a tenth longer, shape as given."""
    day = np.arange(shares.shape[1]) + 1.0
    at = np.concatenate([[0.0], day])
    return np.stack([np.interp(day * np.exp(-SLOWER), at, np.concatenate([[0.0], row])) for row in shares])
