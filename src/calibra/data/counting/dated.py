"""Judgments by day: when each was made, when it ended, and whether an event came; one more count, from rows.

Duration counts know ages; what comes in a month needs the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, OPEN
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.rows import ONE_AT_A_TIME, rank_codes
from calibra.data.frames.open import collect
from calibra.tables import brief

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

NEVER = 2**40
"""A day that never comes."""
_DAYS = ("reranked_at", "entered_at", "recorded_at", "won_at", "lost_at")


@dataclass(frozen=True, slots=True, eq=False)
class DatedCounts:
    """How many judgments of each rep and rank were made and ended on which days? Arrays of one length.

    Days are ordinals, as in `date.fromordinal`.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    as_of_day: int
    """Snapshot date."""
    rep: Ints
    """Index into the reps."""
    rank: Ints
    """Index into the ranks of the scale."""
    judged: Ints
    """Day of the judgment."""
    known: Ints
    """Day from which it was there and under observation."""
    closed: Ints
    """Day from which it was no longer open: event, exit, loss from sight or re-rank; never, of those still open."""
    event: Ints
    """Day of the event, which follows the prospect through re-ranks; never, where there was none."""
    n: Ints
    """Judgments."""
    won: Ints
    """Day of the win of the opportunity that arose, not before it; never, where there was none."""
    lost: Ints
    """Day of its loss; never, where there was none."""
    amount: Floats
    """Sum of their known amounts; 0 where none is mapped."""

    def is_open(self, day: int) -> NDArray[np.bool_]:
        """Which were open at the end of a day."""
        return (self.known <= day) & (self.closed > day)

    def came(self, first: int, last: int) -> NDArray[np.bool_]:
        """Of which the event came after one day and until another."""
        return (self.event > first) & (self.event <= last)

    def deals(self) -> DatedCounts:
        """The opportunities that arose, on the clock from opportunity to win."""
        kept = np.flatnonzero(self.event < NEVER)
        took = {f.name: getattr(self, f.name)[kept] for f in fields(self) if f.name not in ("reps", "as_of_day")}
        arose, won = took["event"], took["won"]
        took |= {"judged": arose, "known": np.maximum(arose, took["known"]), "event": won}
        return replace(self, **took | {"closed": np.minimum(won, took["lost"])})


def count_dated(judgments: Judgments) -> DatedCounts:
    """Count judgments by their days; one scan of the rows that were counted.

    Raises
    ------
    InputError
        Ready-made counts, which hold no days.
    """
    checked = judgments._rows("outlook")
    plan = replace(checked.plan, to_rerank=False)
    later = [f"{role[:-3]}_day" for role in _DAYS if role in plan.present]
    keys, sums = ["rep", "rank", "judged_day", "code", *later], {"n": nw.len().cast(nw.Int64)}
    if "amount" in plan.present:
        paid = nw.col("amount_value")
        sums["amount"] = nw.when(paid > 0).then(paid).otherwise(nw.lit(0.0)).sum().cast(nw.Float64)
    with ONE_AT_A_TIME:
        counted = collect(checked.good_rows(plan, ()).group_by(keys).agg(**sums))
        plan.opened.let_go()
    labels, place = encode(counted["rep"]), {rep: i for i, rep in enumerate(judgments.reps)}
    rep = np.array([place[label] for label in labels.values], dtype=np.int64)[labels.codes]
    days: dict[str, Any] = {name: _days(counted[name]) for name in later}
    judged, code = whole_numbers(counted["judged_day"]), whole_numbers(counted["code"])
    end, ending = judged + (code >> 2), code & 3
    lost = (ending == OPEN) & (end < plan.as_of_day)
    closed = np.where((ending != OPEN) | lost, end, NEVER)
    reranked = days.get("reranked_day", np.full(judged.shape, NEVER))
    closed = np.minimum(closed, np.where((reranked >= judged) & (reranked <= plan.as_of_day), reranked, NEVER))
    known = judged
    for name in ("entered_day", "recorded_day"):
        if name in days:
            known = np.maximum(known, np.where(days[name] == NEVER, 0, days[name]))
    amount = np.asarray(counted["amount"].to_numpy(), dtype=float) if "amount" in sums else np.zeros(judged.shape)
    event = np.where(ending == EVENT, end, NEVER)
    won, lost_day = (_after(days.get(name), event, plan.as_of_day) for name in ("won_day", "lost_day"))
    return DatedCounts(
        judgments.reps,
        plan.as_of_day,
        rep,
        rank_codes(encode(counted["rank"]), checked.choices),
        judged,
        known,
        closed,
        event,
        whole_numbers(counted["n"]),
        won,
        lost_day,
        amount,
    )


def _after(days: Ints | None, start: Ints, as_of_day: int) -> Ints:
    """Days of what follows the opportunity, not before it; never, where none is known by the snapshot."""
    if days is None:
        return np.full(start.shape, NEVER)
    return np.where((start < NEVER) & (days <= as_of_day), np.maximum(days, start), NEVER)


def _days(values: nw.Series[Any]) -> Ints:
    """Days, with never where there is none."""
    return whole_numbers(values.fill_null(NEVER))
