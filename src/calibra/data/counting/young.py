"""Judgments younger than the horizon: how many, what came of them so far, and what share of it should have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, BinomialCells, DurationCounts
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.saved import has_rows
from calibra.data.counting.weekly import WEEK_DAYS, WeeklyCounts
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
_OF_ALL_RANKS = 20.0
"""Events of all ranks that each rank's own days of events are joined by."""
_SLOWER = 0.1
"""Step in the logarithm of the days by which the effect of a slower pace is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class YoungCells:
    """Young judgments, per rep, rank (and group): each has an event so far with the probability G p.

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


def young_cells(judgments: Judgments, cells: BinomialCells, *, by: Sequence[str] = ()) -> YoungCells | None:
    """The young judgments beside the mature ones; None where they are few, or too little is known of the days.

    G is read from the mature judgments alone: their events by rank, joined by 20 of all ranks.
    """
    days = cells.within_days
    if days is None or not has_rows(judgments):
        return None
    weeks = judgments.weekly_counts(by=by, horizons=[days])
    counts = judgments.duration_counts(horizons=[days])
    at, is_young = weeks.horizons.index(days), weeks.maturity <= weeks.horizons.index(days)
    in_part = weeks.n[is_young].sum() - weeks.n_young[at].sum()
    per_day = event_days(counts, days)
    known, came = per_day.sum(), cells.events.sum()
    if known < FEWEST_EVENTS or known < (1.0 - MOST_UNKNOWN) * came or in_part > MOST_UNKNOWN * weeks.n[is_young].sum():
        return None
    found = _count_young(weeks, at, shares_by_age(per_day), by)
    return found if found.n.sum() >= LEAST_YOUNG * cells.n.sum() else None


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


def _count_young(weeks: WeeklyCounts, at: int, shares: FloatArray, by: Sequence[str]) -> YoungCells:
    """The young judgments by cell, those too young to say anything left out."""
    by_week, slower = _weekly(shares), _weekly(_at_slower_pace(shares))
    young = weeks.n_young[at] > 0
    rank, week, n = weeks.rank[young], weeks.weeks_ago[young], weeks.n_young[at][young]
    reached = by_week[rank, week]
    n = np.where(reached >= LEAST_REACHED, n, 0)
    groups = [len(weeks.groups[name]) for name in by]
    shape, n_ranks = (len(weeks.reps), len(weeks.ranks), *groups), len(weeks.ranks)
    cell = np.ravel_multi_index((weeks.rep[young], rank, *(weeks.group_codes[name][young] for name in by)), shape)
    size = int(np.prod(shape))

    def add_up(values: NDArray[np.generic]) -> FloatArray:
        return np.bincount(cell, values.astype(float), size).reshape(shape)

    counted, expected = add_up(n), add_up(n * reached)
    of_rank = np.bincount(rank, n * reached, n_ranks), np.bincount(rank, n * slower[rank, week], n_ranks)
    with np.errstate(divide="ignore", invalid="ignore"):
        slowing = np.where(of_rank[0] > 0, np.log(of_rank[1] / of_rank[0]) / _SLOWER, 0.0)
        mean = np.where(counted > 0, expected / counted, 1.0)
    came = add_up(weeks.events_young[at][young] * (n > 0))
    return YoungCells(np.rint(counted).astype(np.int64), np.rint(came).astype(np.int64), mean, slowing)


def _weekly(shares: FloatArray) -> FloatArray:
    """Mean share over the ages of each week below the horizon, (rank, week)."""
    below = shares[:, :-1]
    starts = np.arange(0, below.shape[1], WEEK_DAYS)
    return np.asarray(np.add.reduceat(below, starts, axis=1) / np.diff([*starts, below.shape[1]]))


def _at_slower_pace(shares: FloatArray) -> FloatArray:
    """The shares by each day if events took a tenth longer, shape as given."""
    day = np.arange(shares.shape[1]) + 1.0
    at = np.concatenate([[0.0], day])
    return np.stack([np.interp(day * np.exp(-_SLOWER), at, np.concatenate([[0.0], row])) for row in shares])
