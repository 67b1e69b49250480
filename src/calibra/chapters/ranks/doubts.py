"""What speaks against reading the rank models: reps left out, too few judgments in all, a pace that has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calibra.data.counting.doubts import few_mature, reps_left_out
from calibra.findings import Finding
from calibra.values import Chance, Value, Within

if TYPE_CHECKING:
    from calibra.chapters.ranks.chapter import Ranks
    from calibra.chapters.ranks.fit import RankFit

PACE_PROB = 0.975
"""Probability of a slower pace, or of a faster one, from which it is doubted: either is said in vain 1 time in 40."""


def doubts(ranks: Ranks) -> list[Finding]:
    """Reps left out at any horizon, and whether the shortest horizon holds too few mature judgments."""
    fits, first = list(ranks.values()), next(iter(ranks.values()))
    changed = [found for fit in fits for found in _pace(fit)]
    few = few_mature(first.n_answered.sum(), first.within_days)
    return [*reps_left_out(fit.cells for fit in fits), *few, *changed[:1]]


def _pace(fit: RankFit) -> list[Finding]:
    """Whether fewer or more events have come of the young judgments than the mature ones say."""
    if fit.young is None:
        return []
    slower = float((fit.posterior["tempo_change"] > 0.0).mean())
    if max(slower, 1.0 - slower) < PACE_PROB:
        return []
    young = fit.young
    expected = float((young.n * young.reached * fit.raw_rates).sum())
    values: dict[str, Value] = {
        "within": Within(fit.within_days),
        "n": int(young.n.sum()),
        "came": int(young.events.sum()),
        "expected": round(expected),
        "sure": Chance(max(slower, 1.0 - slower)),
    }
    key = "ranks.pace_slower" if slower >= PACE_PROB else "ranks.pace_faster"
    return [Finding(key, values, "doubt", within_days=fit.within_days)]
