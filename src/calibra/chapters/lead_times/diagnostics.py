"""How far to trust a lead-time fit: the diagnostics of each ending together."""

from collections.abc import Mapping
from dataclasses import dataclass

from calibra.inference.posterior import Diagnostics


@dataclass(frozen=True, slots=True)
class LeadTimeDiagnostics:
    """How far to trust the fit of each ending; shown with every result."""

    by_cause: Mapping[str, Diagnostics]
    """Ending to its diagnostics."""

    @property
    def ok(self) -> bool:
        """Nothing speaks against the fit of any ending."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against the fit, in words; empty if nothing does."""
        return tuple(f"{cause}: {problem}" for cause, found in self.by_cause.items() for problem in found.problems)

    @property
    def engine(self) -> str:
        """The engine that made the draws; both where they differ."""
        return " and ".join(dict.fromkeys(found.engine for found in self.by_cause.values()))

    @property
    def seed(self) -> int:
        """Seed of the fit."""
        return self.by_cause["event"].seed

    @property
    def effective_sample(self) -> float:
        """Effective number of independent draws, the least of the endings."""
        return min(found.effective_sample for found in self.by_cause.values())

    @property
    def wall_seconds(self) -> float:
        """Wall time of the fit."""
        return sum(found.wall_seconds for found in self.by_cause.values())

    def __str__(self) -> str:
        """One readable line per ending."""
        return "\n".join(f"{cause}: {found}" for cause, found in self.by_cause.items())
