"""Counts by the week of the judgment and by the week of its end: what changes from one quarter to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.counts import check_groups
from calibra.data.counting.judged_weeks import JudgedWeeks
from calibra.errors import InputError
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]

WEEK_DAYS = 7
"""Weeks are counted back from the snapshot date, so that the youngest is whole: week 0 holds ages of 0 to 6 days."""
RECENT_WEEKS = 13
"""Weeks that hold the last 90 days: ages of 0 to 90."""
RECENT_JUDGMENTS = 50
"""As many weeks as hold so many judgments of a rep are recent, where 13 hold fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class RecentCounts:
    """How often does each rep use each rank now? Young judgments included, for a share needs no outcome."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0 of the arrays."""
    ranks: tuple[str, ...]
    """Rank labels, best first: axis 1."""
    n: IntArray
    """Recent judgments, shape (R, K)."""
    n_weeks: IntArray
    """Weeks before the snapshot date that they fall in, of each rep, shape (R,)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep and rank: rep, rank, n, n_weeks."""
        rep, rank = np.indices(self.n.shape).reshape(2, -1)
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[rep],
            "rank": np.array(self.ranks, dtype=object)[rank],
            "n": self.n.ravel(),
            "n_weeks": self.n_weeks[rep],
        }
        return make_table(columns)


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyCounts:
    """How many judgments did each rep make in which week, and how many of them had an event within each horizon?

    One row per rep, rank (and group), week and maturity; all arrays have the shape (M,), those by horizon (H, M). The
    outcome follows the prospect through re-ranks, as in `binomial_cells`, and what is left out of its cells as seen in
    part only is left out of `n_mature` and `events` here.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping to its sorted labels."""
    horizons: tuple[int, ...]
    """Horizons in days, shortest first: axis 0 of `n_mature` and `events`."""
    as_of: date
    """Snapshot date."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    group_codes: Mapping[str, IntArray]
    """Grouping to indices into its labels."""
    weeks_ago: IntArray
    """Whole weeks from the judgment to the snapshot date: 0 for the last seven days, `as_of` among them."""
    maturity: IntArray
    """How many of the horizons fit in `as_of − judged_at`, whatever came of the judgment."""
    n: IntArray
    """Judgments, of any age."""
    n_mature: IntArray
    """Judgments old enough for the horizon and followed through it, shape (H, M)."""
    events: IntArray
    """Those of them with an event within the horizon, shape (H, M)."""
    n_young: IntArray
    """Judgments not yet old enough for the horizon and followed to the snapshot date, shape (H, M)."""
    events_young: IntArray
    """Those of them with an event so far, shape (H, M)."""
    judged: JudgedWeeks
    """The mature ones by calendar week, all groups together: to know the same rows again at another snapshot date."""

    @property
    def judged_week(self) -> NDArray[np.datetime64]:
        """First day of the week of each row, shape (M,)."""
        return first_days(self.as_of, self.weeks_ago)

    @property
    def quarters(self) -> tuple[str, ...]:
        """Calendar quarters from the oldest judgment to the youngest, such as "2026 Q1"; some may hold none."""
        if not self.weeks_ago.size:
            return ()
        first, last = int(self._quarter_numbers.min()), int(self._quarter_numbers.max())
        return tuple(f"{number // 4} Q{number % 4 + 1}" for number in range(first, last + 1))

    @property
    def quarter(self) -> IntArray:
        """Index into `quarters` of each row: the quarter in which the middle day of its week falls, shape (M,)."""
        numbers = self._quarter_numbers
        return numbers - numbers.min(initial=numbers[0] if numbers.size else 0)

    @property
    def _quarter_numbers(self) -> IntArray:
        months = (self.judged_week + np.timedelta64(WEEK_DAYS // 2, "D")).astype("datetime64[M]").astype(np.int64)
        return np.asarray(months // 3 + 4 * 1970)

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, groups, judged_week, maturity, n, then mature_<days> and events_<days>."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
        }
        columns |= {name: np.array(self.groups[name], dtype=object)[codes] for name, codes in self.group_codes.items()}
        columns |= {"judged_week": self.judged_week, "maturity": self.maturity, "n": self.n}
        for i, days in enumerate(self.horizons):
            columns |= {f"mature_{days}": self.n_mature[i], f"events_{days}": self.events[i]}
        return make_table(columns)

    def quarterly(self, within_days: int, *, by: Sequence[str] = ()) -> tuple[IntArray, IntArray]:
        """Mature judgments, and events within the horizon, per rep, rank, quarter (and group).

        Parameters
        ----------
        within_days : int
            One of `horizons`.
        by : sequence of str
            Groupings among `groups` that get axes of their own, after the quarter; the others are summed over.

        Returns
        -------
        n, events : arrays of int, shape (R, K, Q, *G)
            Q as in `quarters`.

        Raises
        ------
        InputError
            An unknown horizon or grouping.
        """
        if within_days not in self.horizons:
            known = ", ".join(map(str, self.horizons)) or "none"
            raise InputError(f"`within_days` must be one of the counted horizons ({known}); got {within_days!r}.")
        check_groups(by, tuple(self.groups))
        groups = [len(self.groups[name]) for name in by]
        shape = (len(self.reps), len(self.ranks), len(self.quarters), *groups)
        codes = (self.rep, self.rank, self.quarter, *(self.group_codes[name] for name in by))
        i = self.horizons.index(within_days)
        n, events = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        np.add.at(n, codes, self.n_mature[i])
        np.add.at(events, codes, self.events[i])
        return n, events

    def recent(self) -> RecentCounts:
        """How often does each rep use each rank now?

        The last 90 days, or as many weeks as hold 50 judgments of the rep, young ones included. A rep with
        fewer than 50 in all is shown with all of them.
        """
        n_reps, n_weeks = len(self.reps), int(self.weeks_ago.max(initial=0)) + 1
        per_week = np.zeros((n_reps, max(n_weeks, RECENT_WEEKS)), dtype=np.int64)
        np.add.at(per_week, (self.rep, self.weeks_ago), self.n)
        held = np.cumsum(per_week, axis=1)
        needed = np.minimum(RECENT_JUDGMENTS, held[:, -1])
        weeks = np.maximum(RECENT_WEEKS, (held < needed[:, None]).sum(axis=1) + 1)
        within = self.weeks_ago < weeks[self.rep]
        n = np.zeros((n_reps, len(self.ranks)), dtype=np.int64)
        np.add.at(n, (self.rep[within], self.rank[within]), self.n[within])
        return RecentCounts(self.reps, self.ranks, n, weeks)


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyEndings:
    """How many events and exits came in which week? One row per rep, rank and week; arrays of the shape (M,).

    As in `duration_counts`: the earlier of event and exit, and no event after a re-rank, so that each comes in once.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments, whether anything of theirs ended or not."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    as_of: date
    """Snapshot date."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    weeks_ago: IntArray
    """Whole weeks from the end to the snapshot date: 0 for the last seven days, `as_of` among them."""
    events: IntArray
    """Judgments that ended with the event in the week."""
    exits: IntArray
    """Judgments that ended with the exit in the week."""

    @property
    def ended_week(self) -> NDArray[np.datetime64]:
        """First day of the week of each row, shape (M,)."""
        return first_days(self.as_of, self.weeks_ago)

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, ended_week, events, exits."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
            "ended_week": self.ended_week,
            "events": self.events,
            "exits": self.exits,
        }
        return make_table(columns)


def first_days(as_of: date, weeks_ago: IntArray) -> NDArray[np.datetime64]:
    """First day of weeks counted back from the snapshot date."""
    days = np.timedelta64(1, "D") * (WEEK_DAYS * weeks_ago + WEEK_DAYS - 1)
    return np.asarray(np.datetime64(as_of, "D") - days)
