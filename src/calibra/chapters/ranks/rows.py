"""The rank models of all horizons, and the rows that are told of each, read off its draws once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calibra.chapters.ranks.first_answers import first_answers
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.profiles import FINDINGS
from calibra.chapters.ranks.strengths import Strengths, find_strengths
from calibra.chapters.ranks.translation import beside_the_others
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import INTERVAL_PROB
from calibra.views.strips import ByRank, Record, by_rank, by_rep, rows_of_rep

if TYPE_CHECKING:
    import pandas as pd

type Days = int | None
type Verdict = Literal["below", "above", "in_line"]

SIDES: Mapping[str, Verdict] = {
    FINDINGS["prob_below"]: "below",
    FINDINGS["prob_above"]: "above",
    FINDINGS["prob_within"]: "in_line",
}
"""Finding of `RankFit.profiles` to the name of its phrases."""
PROBS: Mapping[Verdict, str] = {"below": "prob_below", "above": "prob_above", "in_line": "prob_within"}
"""That name to the column that says how sure the finding is."""


@dataclass(frozen=True, eq=False)
class RankRows:
    """What is read of one rank model."""

    fit: RankFit
    """The rank model."""
    margin_odds: float
    """Factor on the odds below which a difference is not worth talking about."""

    @property
    def days(self) -> Days:
        """Its horizon."""
        return self.fit.within_days

    @cached_property
    def probabilities(self) -> ByRank:
        """Rep, all reps too, to rank to row of `RankFit.probabilities`, with the day of its `first_answer`."""
        known = {} if self.fit.judgments is None else first_answers(self.fit.judgments, self.days)
        return {
            rep: {rank: {**row, "first_answer": known.get((rep, rank))} for rank, row in ranks.items()}
            for rep, ranks in by_rank(self.fit.probabilities()).items()
        }

    @cached_property
    def profiles(self) -> Mapping[str, Record]:
        """Rep to row of `RankFit.profiles`."""
        return by_rep(self._profile_table)

    @cached_property
    def margin_band(self) -> tuple[float, float]:
        """The margin around no difference, in points."""
        low, high = self._profile_table.attrs["margin_band"]
        return low, high

    @cached_property
    def order(self) -> Mapping[str, list[Record]]:
        """Rep, all reps and within reps too, to rows of `RankFit.order`."""
        return rows_of_rep(self.fit.order())

    @cached_property
    def beside(self) -> Mapping[str, Any]:
        """Each rep beside the others: arrays (rep, rank) and (rep,), see `beside_the_others`."""
        return beside_the_others(self.fit, margin=float(np.log(self.margin_odds)), interval_prob=INTERVAL_PROB)

    @cached_property
    def strengths(self) -> Strengths:
        """Who reads as meant and tells prospects apart as well as the others."""
        aims = [self.aim(rank) for rank in self.fit.ranks]
        promised = np.array([np.nan if aim is None else aim for aim in aims])
        return find_strengths(self.fit, promised, margin=float(np.log(self.margin_odds)))

    @cached_property
    def highest(self) -> Mapping[str, float]:
        """Rank to the highest end of an interval at it, or the average it promises where that is higher."""
        ends = {rank: max(rows[rank]["upper"] for rows in self.probabilities.values()) for rank in self.fit.ranks}
        return {rank: max(end, self.aim(rank) or 0.0) for rank, end in ends.items()}

    @cached_property
    def has_events(self) -> bool:
        """Whether anybody has an event."""
        return any(row["events"] for row in self.probabilities[ALL_REPS].values())

    @cached_property
    def seen_too_little(self) -> frozenset[str]:
        """Reps of whose judgments too many are left out for any comparison."""
        reps = zip(self.fit.reps, self.fit.cells.seen_too_little.tolist(), strict=True)
        return frozenset(rep for rep, hardly_seen in reps if hardly_seen)

    @cached_property
    def is_compared(self) -> bool:
        """Whether there are reps enough for anybody to be compared with the others."""
        return any(row["gap_points"] is not None for row in self.profiles.values())

    def aim(self, rank: str) -> float | None:
        """The average promised by a rank, where it is promised within this horizon."""
        promise = self.fit.scale.promises.get(rank)
        if promise is None or promise.kind != "average" or self.days not in (None, promise.within_days):
            return None
        return promise.prob

    def side(self, rep: str) -> Verdict | None:
        """On which side of the others' a rep's outcomes lie; None where that cannot be told."""
        return SIDES.get(self.profiles[rep]["finding"]) if rep in self.profiles else None

    def separation(self, rep: str) -> Literal["separates", "tells_nothing", "inverted"] | None:
        """How a rep's ranks tell outcomes apart; None where there are too few judgments, one rank, or no event."""
        row = self.profiles.get(rep)
        if row is None or row["n_answered"] < FEWEST_JUDGMENTS or len(self.fit.ranks) < 2 or not self.has_events:
            return None
        if row["prob_inverted"] >= FLAG_PROB:
            return "inverted"
        return "tells_nothing" if row["prob_ranks_tell_nothing"] >= FLAG_PROB else "separates"

    @cached_property
    def _profile_table(self) -> pd.DataFrame:
        return self.fit.profiles(margin_odds=self.margin_odds)


class Ranks(ByHorizon[RankFit]):
    """Horizon in days to the rank model, shortest first; None for ready-made counts that state none."""

    def __init__(self, fits: Mapping[Days, RankFit], margin_odds: float) -> None:
        super().__init__(fits)
        self.margin_odds = margin_odds
        """Factor on the odds below which a difference is not worth talking about."""
        self._rows: dict[Days, RankRows] = {}

    def rows(self, days: Days) -> RankRows:
        """What is read of the rank model of a horizon."""
        if days not in self._rows:
            self._rows[days] = RankRows(self[days], self.margin_odds)
        return self._rows[days]

    def all_rows(self) -> Iterable[RankRows]:
        """What is read of each rank model, shortest horizon first."""
        return map(self.rows, self)

    @property
    def first_days(self) -> Days:
        """The shortest horizon: of it most judgments are mature."""
        return next(iter(self))

    @property
    def reps(self) -> tuple[str, ...]:
        """Every rep of any horizon."""
        return tuple(dict.fromkeys(rep for fit in self.values() for rep in fit.reps))

    def days_of(self, rank: str) -> Days:
        """The horizon a rank is read at: that of its promise where it was fitted, else the shortest."""
        promise = next(iter(self.values())).scale.promises.get(rank)
        return promise.within_days if promise is not None and promise.within_days in self else self.first_days
