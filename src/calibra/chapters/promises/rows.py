"""What was promised at each horizon and what came of it, with the rank models and thresholds it is held against."""

from __future__ import annotations

from collections.abc import Mapping

from calibra.chapters.promises.reliability import RankReliability
from calibra.chapters.ranks.rows import Ranks
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.reading.by_horizon import ByHorizon
from calibra.views.strips import ByRank, by_rank

type Days = int | None


class Promises(ByHorizon[RankReliability]):
    """Horizon in days to promised against delivered, for the horizons at which something is promised.

    Where there is a rank model and nothing is promised it holds no horizon, and is an answer all the same: true.
    """

    def __init__(
        self, reliability: Mapping[Days, RankReliability], ranks: Ranks, thresholds: ByHorizon[ThresholdFit]
    ) -> None:
        super().__init__(reliability)
        self.ranks = ranks
        """The rank models."""
        self.thresholds = thresholds
        """Horizon to the threshold model, where there is one."""
        self._rows: dict[Days, ByRank] = {}
        self._bars: dict[Days, ByRank] = {}

    def __bool__(self) -> bool:
        """Whether there is a rank model to hold promises against."""
        return bool(self.ranks)

    def rows(self, days: Days) -> ByRank:
        """Rep, all reps too, to promised rank to row of `RankReliability.table`; none where nothing is promised."""
        if days not in self._rows:
            self._rows[days] = by_rank(self[days].table) if days in self else {}
        return self._rows[days]

    def bars(self, days: Days) -> ByRank:
        """Rep, all reps too, to rank to row of `ThresholdFit.bars`; none where there is no threshold model."""
        if days not in self._bars:
            self._bars[days] = by_rank(self.thresholds[days].bars()) if days in self.thresholds else {}
        return self._bars[days]
