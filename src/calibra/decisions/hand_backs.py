"""What came of what was handed back, what came while it was in our care, and exits whose kind nobody stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from calibra.data.doubts import EVENTS_AFTER_EXITS, Doubt
from calibra.data.exits import NOT_STATED, ExitCounts
from calibra.data.judgments import Judgments
from calibra.data.packed import HANDED_BACK
from calibra.data.saved_judgments import has_rows
from calibra.models.lead_time_check import ALL_RANKS
from calibra.models.reading import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

FEWEST_AFTER, SHARE_AFTER = 10, 0.05
"""So many exits with an event after them, and such a share of all exits, give reason to ask what kind they are."""


@dataclass(frozen=True, slots=True, eq=False)
class HandBacks:
    """What came of the prospects that were handed back? All reps first, then each rep; all ranks first, then each."""

    __repr__ = brief

    within_days: int
    """Days from the hand-back within which an event counts."""
    interval_prob: float
    """Level of the intervals."""
    columns: Mapping[str, NDArray[np.generic]]
    """`rep`; `rank`; `n_handed_back` in all; `n` of them at least `within_days` ago; `events` within these days after
    the hand-back; `estimate`, `lower`, `upper` of their share (Jeffreys' prior, each row alone); `median_days` from
    the hand-back to those events."""

    @property
    def table(self) -> pd.DataFrame:
        """The columns side by side."""
        return make_table(dict(self.columns))


def what_came_of_hand_backs(
    exits: ExitCounts, within_days: int, *, interval_prob: float = INTERVAL_PROB
) -> HandBacks | None:
    """What came of the prospects that were handed back, within so many days after? None where none was."""
    check_interval_prob(interval_prob)
    back = exits.rows_of(HANDED_BACK)
    if not back.any():
        return None
    old = exits.maturity > exits.horizons.index(within_days)
    came = (exits.days_after > 0) & (exits.days_after <= within_days)
    reps, ranks = [None, *range(len(exits.reps))], [None, *range(len(exits.ranks))]
    rows = []
    for rep, rank in product(reps, ranks):
        of_cell = back & (True if rep is None else exits.rep == rep) & (True if rank is None else exits.rank == rank)
        if of_cell.any():
            seen = of_cell & old
            hit = seen & came
            numbers = (exits.n[of_cell].sum(), exits.n[seen].sum(), exits.n[hit].sum())
            names = (ALL_REPS if rep is None else exits.reps[rep], ALL_RANKS if rank is None else exits.ranks[rank])
            rows.append((*names, *numbers, _median(exits.days_after[hit], exits.n[hit])))
    rep_names, rank_names, n_back, n, events, median_days = zip(*rows, strict=True)
    of, hits = np.array(n, dtype=np.int64), np.array(events, dtype=np.int64)
    tail = (1.0 - interval_prob) / 2.0
    lower, upper = (betaincinv(hits + 0.5, of - hits + 0.5, prob) for prob in (tail, 1.0 - tail))
    estimate = np.divide(hits, of, out=np.full(of.shape, np.nan), where=of > 0)
    columns = {
        "rep": np.array(rep_names, dtype=object),
        "rank": np.array(rank_names, dtype=object),
        "n_handed_back": np.array(n_back, dtype=np.int64),
        "n": of,
        "events": hits,
        "estimate": estimate,
        "lower": np.where(of > 0, lower, np.nan),
        "upper": np.where(of > 0, upper, np.nan),
        "median_days": np.array(median_days, dtype=float),
    }
    return HandBacks(within_days, interval_prob, columns)


def care_table(judgments: Judgments, within_days: int) -> pd.DataFrame:
    """Events within the horizon in all, and while the prospect was in our care, per rep and rank.

    `rate` is what the rank model reads: was the rank right? `rate_in_care` is what came before any hand-back.
    """
    every = judgments.binomial_cells(within_days=within_days)
    care = judgments.binomial_cells(within_days=within_days, in_our_care=True)
    n = np.concatenate([every.n.sum(axis=0)[None], every.n])
    rep, rank = np.indices(n.shape).reshape(2, -1)
    events, in_care = (np.concatenate([cells.sum(axis=0)[None], cells]) for cells in (every.events, care.events))
    rates = [np.divide(hits, n, out=np.full(n.shape, np.nan), where=n > 0) for hits in (events, in_care)]
    return make_table(
        {
            "rep": np.array([ALL_REPS, *every.reps], dtype=object)[rep],
            "rank": np.array(every.ranks, dtype=object)[rank],
            "n": n.ravel(),
            "events": events.ravel(),
            "rate": rates[0].ravel(),
            "events_in_care": in_care.ravel(),
            "rate_in_care": rates[1].ravel(),
        }
    )


def exits_with_events_after(judgments: Judgments) -> list[Doubt]:
    """A sizeable share of exits of no stated kind has an event after: were they hand-backs?"""
    if not has_rows(judgments):
        return []
    exits = judgments.exits()
    n, after = exits.n_of(NOT_STATED), exits.n_of(NOT_STATED, event_after=True)
    if after < FEWEST_AFTER or after < SHARE_AFTER * n:
        return []
    return [Doubt(EVENTS_AFTER_EXITS, {"n": n, "n_after": after})]


def _median(days: NDArray[np.int64], n: NDArray[np.int64]) -> float:
    """Median of days, each counted n times; NaN of none."""
    if not n.sum():
        return float("nan")
    return float(np.median(np.repeat(days, n)))
