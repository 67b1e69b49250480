"""What came of what was handed back, what came while it was in our care, and how reps end prospects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from calibra.chapters.exits.reps_apart import prob_beyond_others
from calibra.data.counting.exits import KINDS, ExitCounts
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.plan import HANDED_BACK
from calibra.plotted import Plotted
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.tables import brief, make_table
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

FEWEST_COMPARED = 30
"""Hand-backs of a rep, old enough, from which they are compared with those of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class HandBacks(Plotted):
    """What came of the prospects that were handed back? All reps first, then each rep; all ranks first, then each."""

    picture: ClassVar[str] = "plot_hand_backs"

    __repr__ = brief

    within_days: int
    """Days from the hand-back within which an event counts."""
    interval_prob: float
    """Level of the intervals."""
    columns: Mapping[str, NDArray[np.generic]]
    """`rep`; `rank`; `n_handed_back` in all; `n` of them at least `within_days` ago; `events` within these days after
    the hand-back; `estimate`, `lower`, `upper` of their share (Jeffreys' prior, each row alone); `median_days` from
    the hand-back to those events; `prob_more`, `prob_less`: that the share lies above or below that of the other reps
    together by more than the margin on the odds, the reps drawn from one population (`prob_beyond_others`), NaN with
    fewer than 30 on either side."""

    @property
    def table(self) -> pd.DataFrame:
        """The columns side by side."""
        return make_table(dict(self.columns))


def what_came_of_hand_backs(
    exits: ExitCounts, within_days: int, *, margin_odds: float, interval_prob: float = INTERVAL_PROB
) -> HandBacks | None:
    """What came of the prospects that were handed back, within so many days after? None where none was."""
    check_interval_prob(interval_prob)
    back = exits.rows_of(HANDED_BACK)
    if not back.any():
        return None
    old = back & (exits.maturity > exits.horizons.index(within_days))
    came = old & (exits.days_after > 0) & (exits.days_after <= within_days)
    rows = []
    for rep, rank in product([None, *range(len(exits.reps))], [None, *range(len(exits.ranks))]):
        of_cell = _of(exits.rep, rep) & _of(exits.rank, rank)
        if (back & of_cell).any():
            names = (ALL_REPS if rep is None else exits.reps[rep], ALL_RANKS if rank is None else exits.ranks[rank])
            numbers = (int(exits.n[rows_of & of_cell].sum()) for rows_of in (back, old, came))
            hit = came & of_cell
            rows.append((*names, *numbers, _median(exits.days_after[hit], exits.n[hit])))
    rep_names, rank_names, n_back, n, events, median_days = zip(*rows, strict=True)
    columns = {
        "rep": np.array(rep_names, dtype=object),
        "rank": np.array(rank_names, dtype=object),
        "n_handed_back": np.array(n_back, dtype=np.int64),
        "n": np.array(n, dtype=np.int64),
        "events": np.array(events, dtype=np.int64),
    }
    columns |= _share(columns["n"], columns["events"], interval_prob)
    columns["median_days"] = np.array(median_days, dtype=float)
    return HandBacks(within_days, interval_prob, columns | _against_the_others(columns, margin_odds))


def _of(codes: NDArray[np.int64], code: int | None) -> NDArray[np.bool_]:
    return np.ones(codes.shape, dtype=bool) if code is None else codes == code


def _share(n: NDArray[np.int64], events: NDArray[np.int64], interval_prob: float) -> dict[str, NDArray[np.float64]]:
    """Share and interval of each row alone, by Jeffreys' prior; NaN of nothing."""
    tail = (1.0 - interval_prob) / 2.0
    estimate = np.divide(events, n, out=np.full(n.shape, np.nan), where=n > 0)
    lower, upper = (betaincinv(events + 0.5, n - events + 0.5, prob) for prob in (tail, 1.0 - tail))
    return {"estimate": estimate, "lower": np.where(n > 0, lower, np.nan), "upper": np.where(n > 0, upper, np.nan)}


def _against_the_others(
    columns: Mapping[str, NDArray[np.generic]], margin_odds: float
) -> dict[str, NDArray[np.float64]]:
    """P(a rep's share lies beyond that of the other reps together by more than the margin), all ranks together."""
    more, less = np.full(len(columns["rep"]), np.nan), np.full(len(columns["rep"]), np.nan)
    rows = np.flatnonzero((columns["rank"] == ALL_RANKS) & (columns["rep"] != ALL_REPS))
    n, events = (np.asarray(columns[name], dtype=float)[rows] for name in ("n", "events"))
    compared = np.minimum(n, n.sum() - n) >= FEWEST_COMPARED
    if compared.any():
        probs = prob_beyond_others(n, events, margin_odds)
        more[rows[compared]], less[rows[compared]] = (prob[compared] for prob in probs)
    return {"prob_more": more, "prob_less": less}


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


def kinds_table(exits: ExitCounts, n_judgments: NDArray[np.float64]) -> pd.DataFrame:
    """How did judgments end without an event? One row per rep (all reps first) and kind of exit that occurs.

    `n` exits of the kind, `n_after` of them with an event after; `share`: of the rep's judgments, `n_judgments`.
    """
    n, after = (np.zeros((1 + len(exits.reps), len(KINDS)), dtype=np.int64) for _ in range(2))
    np.add.at(n[1:], (exits.rep, exits.kind), exits.n)
    np.add.at(after[1:], (exits.rep, exits.kind), exits.n * (exits.days_after > 0))
    n[0], after[0] = n[1:].sum(axis=0), after[1:].sum(axis=0)
    judged = np.concatenate([[n_judgments.sum()], n_judgments])
    rep, kind = np.nonzero((n > 0) | (np.arange(len(n)) == 0)[:, None] & (n[0] > 0))
    return make_table(
        {
            "rep": np.array([ALL_REPS, *exits.reps], dtype=object)[rep],
            "exit_kind": np.array(KINDS, dtype=object)[kind],
            "n": n[rep, kind],
            "n_after": after[rep, kind],
            "share": n[rep, kind] / np.maximum(judged[rep], 1),
            "n_judgments": judged[rep].astype(np.int64),
        }
    )


def _median(days: NDArray[np.int64], n: NDArray[np.int64]) -> float:
    """Median of days, each counted n times; NaN of none."""
    return float(np.median(np.repeat(days, n))) if n.sum() else float("nan")
