"""Judgments younger than the horizon: how many, what came of them so far, and what share of it should have come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import (
    LEAST_REACHED,
    LEAST_YOUNG,
    MOST_UNKNOWN,
    Reached,
    YoungCells,
    log_slowing,
    reached_by_week,
)
from calibra.data.counting.saved import has_rows
from calibra.data.counting.weekly import WeeklyCounts

type FloatArray = NDArray[np.float64]


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
    reached = reached_by_week(counts, days, float(cells.events.sum()))
    if reached is None or in_part > MOST_UNKNOWN * weeks.n[is_young].sum():
        return None
    found = _count_young(weeks, at, reached, by)
    return found if found.n.sum() >= LEAST_YOUNG * cells.n.sum() else None


def _count_young(weeks: WeeklyCounts, at: int, share: Reached, by: Sequence[str]) -> YoungCells:
    """The young judgments by cell, those too young to say anything left out."""
    young = weeks.n_young[at] > 0
    rank, week, n = weeks.rank[young], weeks.weeks_ago[young], weeks.n_young[at][young]
    reached = share.by_week[rank, week]
    n = np.where(reached >= LEAST_REACHED, n, 0)
    groups = [len(weeks.groups[name]) for name in by]
    shape, n_ranks = (len(weeks.reps), len(weeks.ranks), *groups), len(weeks.ranks)
    cell = np.ravel_multi_index((weeks.rep[young], rank, *(weeks.group_codes[name][young] for name in by)), shape)
    size = int(np.prod(shape))

    def add_up(values: NDArray[np.generic]) -> FloatArray:
        return np.bincount(cell, values.astype(float), size).reshape(shape)

    counted, expected = add_up(n), add_up(n * reached)
    of_rank = np.bincount(rank, n * reached, n_ranks), np.bincount(rank, n * share.slower[rank, week], n_ranks)
    mean = np.where(counted > 0, expected / np.maximum(counted, 1.0), 1.0)
    came = add_up(weeks.events_young[at][young] * (n > 0))
    return YoungCells(np.rint(counted).astype(np.int64), np.rint(came).astype(np.int64), mean, log_slowing(*of_rank))
