"""What came in: a summary of the judgments, to be read before any fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.counts import EVENT, EXIT, OPEN, DurationCounts
from calibra.data.counting.doubts import (
    NONE_YOUNG,
    doubt,
    doubts_of_counts,
    doubts_of_export,
    doubts_of_scale,
    events_on_the_day,
)
from calibra.data.counting.set_aside import SetAside
from calibra.data.scale import RankScale
from calibra.findings import Finding
from calibra.tables import brief, make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


FEW_OPEN = 20
"""Fewer open judgments of one day may be chance."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgmentsSummary:
    """What came in, how old is it, and what was set aside?"""

    __repr__ = brief

    as_of: date | None
    """Snapshot date."""
    first_judged_at: date | None
    """Date of the oldest judgment."""
    reps: tuple[str, ...]
    """Rep labels, sorted."""
    scale: RankScale
    """Ranks, best first, and what is promised by each."""
    n: IntArray
    """Judgments, shape (R, K)."""
    n_events: IntArray
    """Those with an event by `as_of`, whatever their age, shape (R, K)."""
    n_exits: IntArray
    """Those with an exit by `as_of`, shape (R, K)."""
    n_open: IntArray
    """Those still open, or last seen open, shape (R, K)."""
    n_mature: Mapping[int, IntArray]
    """Horizon in days to judgments at least that old, shape (R, K)."""
    known: tuple[IntArray, IntArray]
    """Judgments old enough for the shortest horizon, and events within it, each (R, K); all where there is none."""
    touches: NDArray[np.float64] | None
    """Mean touches where known, shape (R, K), NaN where nothing is; None without the role `touches`."""
    set_aside: SetAside
    """What was left out of the counts."""
    noted: tuple[Finding, ...]
    """What was counted and is no problem, but should be known: in words, to number of rows."""
    n_event_day: IntArray
    """Events on the day of the judgment, shape (R, K)."""
    log_doubts: tuple[Finding, ...] = ()
    """What looked like a mistake in the log of rank changes the judgments were made from."""
    only_day: date | None = None
    """The day on which every open judgment was made; None where there are several, or few."""

    @property
    def ranks(self) -> tuple[str, ...]:
        """Rank labels, best first."""
        return self.scale.ranks

    @property
    def n_judgments(self) -> int:
        """Judgments in the counts."""
        return int(self.n.sum())

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """What looks like a mistake in what was given."""
        found = doubts_of_counts(self.reps, *self.known, has_events=bool(self.n_events.any()))
        found += [*self.log_doubts, *doubts_of_scale(self.scale)]
        found += events_on_the_day(self.ranks, self.n_event_day.sum(axis=0), self.n_events.sum(axis=0))
        found += doubts_of_export(
            self.n,
            self.n_exits,
            self.n_open,
            ranks=self.ranks,
            as_of=self.as_of,
            only_day=self.only_day,
            exits_mapped=any(found.values.get("role") == "exit_at" for found in self.noted),
        )
        youngest = min(self.n_mature, default=None)
        if youngest is not None and self.n_mature[youngest].sum() == self.n_judgments:
            found.append(doubt(NONE_YOUNG, days=youngest, as_of=self.as_of))
        return tuple(found)

    @property
    def rank_shares(self) -> NDArray[np.float64]:
        """Share of each rank among a rep's judgments, shape (R, K)."""
        return np.asarray(self.n / self.n.sum(axis=1, keepdims=True))

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep and rank: rep, rank, n, share, events, exits, open, mature_<days>, touches."""
        rep, rank = np.indices(self.n.shape).reshape(2, -1)
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[rep],
            "rank": np.array(self.ranks, dtype=object)[rank],
            "n": self.n.ravel(),
            "share": self.rank_shares.ravel(),
            "events": self.n_events.ravel(),
            "exits": self.n_exits.ravel(),
            "open": self.n_open.ravel(),
        }
        columns |= {f"mature_{days}": mature.ravel() for days, mature in self.n_mature.items()}
        return make_table(columns | ({} if self.touches is None else {"touches": self.touches.ravel()}))

    @property
    def by_rank(self) -> pd.DataFrame:
        """One row per rank, all reps together: rank, n, share, events, exits, open, mature_<days>."""
        return self._summed("rank", self.ranks, axis=0)

    @property
    def by_rep(self) -> pd.DataFrame:
        """One row per rep, all ranks together: rep, n, share, events, exits, open, mature_<days>."""
        return self._summed("rep", self.reps, axis=1)

    def _summed(self, label: str, labels: tuple[str, ...], *, axis: int) -> pd.DataFrame:
        parts = {"events": self.n_events, "exits": self.n_exits, "open": self.n_open}
        parts |= {f"mature_{days}": mature for days, mature in self.n_mature.items()}
        n = self.n.sum(axis=axis)
        columns: dict[str, ArrayLike] = {label: np.array(labels, dtype=object), "n": n, "share": n / n.sum()}
        return make_table(columns | {name: values.sum(axis=axis) for name, values in parts.items()})

    def __str__(self) -> str:
        """The summary, to be read."""
        since = "" if self.first_judged_at is None else f", judged from {self.first_judged_at}"
        span = since if self.as_of is None else f"{since}, as of {self.as_of}"
        mature = [f"{int(n.sum()):,} at least {days} days old" for days, n in self.n_mature.items()]
        lines = [
            f"{counted(self.n_judgments, 'judgment')} of {counted(len(self.reps), 'rep')}{span}.",
            *([f"Mature: {', '.join(mature)}."] if mature else []),
        ]
        lines += ["", self.by_rank.to_string(index=False, float_format=lambda share: f"{share:.3f}"), ""]
        lines += [str(found) for found in self.noted]
        lines += [f"Doubtful: {doubt}" for doubt in self.doubts]
        return "\n".join([*lines, str(self.set_aside)])


def summarise(
    counts: DurationCounts,
    set_aside: SetAside,
    noted: tuple[Finding, ...],
    *,
    scale: RankScale,
    log_doubts: tuple[Finding, ...] = (),
) -> JudgmentsSummary:
    """Add the duration counts up by rep and rank."""
    shape = (len(counts.reps), len(counts.ranks))
    cell = counts.rep * shape[1] + counts.rank

    def add_up(weights: IntArray) -> IntArray:
        return np.rint(np.bincount(cell, weights, shape[0] * shape[1])).astype(np.int64).reshape(shape)

    touches = None
    if counts.sum_touches is not None and counts.n_touches_known is not None:
        known, total = add_up(counts.n_touches_known), add_up(counts.sum_touches)
        touches = np.divide(total, known, out=np.full(shape, np.nan), where=known > 0)
    old, came = np.ones(counts.n.size, dtype=bool), counts.ending == EVENT
    if counts.horizons:
        old, came = counts.maturity > 0, came & (counts.days <= counts.horizons[0])
    return JudgmentsSummary(
        counts.as_of,
        counts.first_judged_at,
        counts.reps,
        scale,
        add_up(counts.n),
        add_up(counts.n * (counts.ending == EVENT)),
        add_up(counts.n * (counts.ending == EXIT)),
        add_up(counts.n * (counts.ending == OPEN)),
        {days: add_up(counts.n * (counts.maturity > i)) for i, days in enumerate(counts.horizons)},
        (add_up(counts.n * old), add_up(counts.n * (old & came))),
        touches,
        set_aside,
        noted,
        add_up(counts.n * ((counts.ending == EVENT) & (counts.days == 0))),
        log_doubts,
        _only_day(counts),
    )


def _only_day(counts: DurationCounts) -> date | None:
    """The day on which every open judgment was made, if it is one."""
    still = (counts.ending == OPEN) & (counts.n > 0)
    ages = np.unique(counts.days[still])
    if counts.as_of is None or counts.first_judged_at is None or len(ages) != 1 or counts.n[still].sum() < FEW_OPEN:
        return None
    day = counts.as_of - timedelta(days=int(ages[0]))
    return day if day == counts.first_judged_at else None
