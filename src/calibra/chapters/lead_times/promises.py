"""Can the promised days of a rank be judged yet, and if not, from when?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit

type State = Literal["nothing promised", "known", "past the last edge", "not yet"]


@dataclass(frozen=True, slots=True)
class PromiseAnswer:
    """Whether the share within the promised days of a rank is known."""

    state: State
    """Whether it is known; "past the last edge" where judgments are followed so long and the fit ends before."""
    days: int = 0
    """Days that the rank promises; 0 where it promises nothing."""
    last_edge_days: int = 0
    """Last whole day of the fit."""
    known_from: date | None = None
    """First day on which it can be known; None where it is known, or where no snapshot date is stated."""

    def __str__(self) -> str:
        """The entry of the column `promise_answer`."""
        if self.state == "past the last edge":
            return f"not in this fit: its last edge is {self.last_edge_days} days"
        return self.state if self.known_from is None else f"{self.state}: {self.known_from} at the earliest"


def promise_answers(fit: "LeadTimeFit") -> Mapping[str, PromiseAnswer]:
    """Tell for every rank whether its promised days can be judged; best rank first."""
    promised = [0 if promise is None else promise.within_days for promise in fit.scale.promise_by_rank]
    return {rank: _answer(fit, days) for rank, days in zip(fit.ranks, promised, strict=True)}


def _answer(fit: "LeadTimeFit", days: int) -> PromiseAnswer:
    if not days:
        return PromiseAnswer("nothing promised")
    if fit.reaches(days):
        return PromiseAnswer("known", days, fit.last_edge_days)
    if days <= fit.follow_up.longest_days:
        return PromiseAnswer("past the last edge", days, fit.last_edge_days)
    return PromiseAnswer("not yet", days, fit.last_edge_days, fit.follow_up.known_from(days))
