"""The answer of the chapter: the fitted model of contacts, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calibra.chapters.effort.advice import HandBackAdvice
from calibra.chapters.effort.fit import EffortFit
from calibra.chapters.granularity.merges import Granularity
from calibra.tables import brief


@dataclass(frozen=True, slots=True, eq=False)
class Effort:
    """Contacts against events: how much work is behind what comes, how much behind what never came, when to stop."""

    __repr__ = brief

    fit: EffortFit
    """The fitted model of contacts."""
    advice: HandBackAdvice
    """After how many contacts to hand back."""
    outcomes: Mapping[int | None, Granularity]
    """Horizon to how many ranks outcomes tell apart; empty where that was not answered."""
    come_anyway: float | None
    """Share of the prospects handed back that came all the same; None where no hand-back says it."""

    def hazard_from(self, contact: int, more: int) -> float:
        """Chance that a prospect comes within so many more contacts from this one on, if as good as who was kept."""
        draws, starts = self.fit.mean_hazards(), self.fit.cells.counted.starts
        place = np.searchsorted(starts, np.arange(contact, contact + more), side="right") - 1
        return float((1.0 - np.prod(1.0 - draws[:, place], axis=1)).mean())
