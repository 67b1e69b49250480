"""What speaks against reading the rank models: reps of whom too much is left out, too few judgments in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calibra.data.counting.doubts import few_mature, reps_left_out
from calibra.findings import Finding

if TYPE_CHECKING:
    from calibra.chapters.ranks.chapter import Ranks


def doubts(ranks: Ranks) -> list[Finding]:
    """Reps left out at any horizon, and whether the shortest horizon holds too few mature judgments."""
    first = next(iter(ranks.values()))
    return [*reps_left_out(fit.cells for fit in ranks.values()), *few_mature(first.n.sum(), first.within_days)]
