"""What looks like a mistake in what was given, though every row is sound: columns, names, dates, the order of ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.scale import RankScale
from calibra.words import counted, listed, normal_spelling, quoted

NO_EVENT, ALIKE_REPS, NONE_YOUNG = "no_event", "alike_reps", "none_young"
UPSIDE_DOWN, FEW_MATURE, RISING = "upside_down", "few_mature", "rising"

FEWEST_MATURE = 50
"""With fewer mature judgments in all, of all reps, hardly anything can be told."""
SURE_Z = 1.2816
"""Normal quantile of 0.9."""

ENGLISH: Mapping[str, str] = {
    NO_EVENT: (
        "no judgment has an event: is the column with its day named as the role `event_at`? Without events every "
        "probability below tells of that alone"
    ),
    ALIKE_REPS: (
        "{names} differ in case, width or blanks alone and count as different reps. If it is one person, write the "
        "name one way in what you give: calibra merges no names"
    ),
    NONE_YOUNG: "every judgment is {days} days old or older on {as_of}: is that the day the data were taken?",
    UPSIDE_DOWN: "each rank brings fewer events than the next: do the ranks stand best first?",
    RISING: "{worse} promises more than {better}, a better rank, and no later: do the ranks stand best first?",
    FEW_MATURE: (
        "only {judgments} with a known outcome{within}: intervals are wide, and of most reps nothing can be told yet"
    ),
}
"""Kind to what is said."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks like a mistake and that only its owner can judge."""

    kind: str
    """A key of `ENGLISH`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What its sentence names; several names as a tuple."""

    def __str__(self) -> str:
        names = {name: listed(map(quoted, value)) for name, value in self.values.items() if isinstance(value, tuple)}
        return ENGLISH[self.kind].format(**{**self.values, **names})


def doubts_of_counts(reps: Iterable[str], n: NDArray[Any], events: NDArray[Any]) -> list[Doubt]:
    """What the counts alone, each (rep, rank), give reason to ask."""
    found = alike(reps)
    found += [] if events.any() else [Doubt(NO_EVENT)]
    return found + ([Doubt(UPSIDE_DOWN)] if _stands_upside_down(n, events) else [])


def doubts_of_scale(scale: RankScale) -> list[Doubt]:
    """A worse rank that promises more; of several pairs the first."""
    return [Doubt(RISING, {"better": better, "worse": worse}) for better, worse in scale.rising[:1]]


def few_mature(n: float, within_days: int | None) -> list[Doubt]:
    """Too few judgments to tell much; `n` mature ones of all reps."""
    within = "" if within_days is None else f" within {within_days} days"
    told = {"judgments": counted(n, "judgment"), "n": int(n), "within": within, "days": within_days}
    return [Doubt(FEW_MATURE, told)] if n < FEWEST_MATURE else []


def _stands_upside_down(n: NDArray[Any], events: NDArray[Any]) -> bool:
    """Whether each rank surely brings fewer events than the next, at the same reps (Mantel-Haenszel)."""
    both = n[:, :-1] + n[:, 1:]
    weight = n[:, :-1] * n[:, 1:] / np.maximum(both, 1)
    rate, pooled = events / np.maximum(n, 1), (events[:, :-1] + events[:, 1:]) / np.maximum(both, 1)
    gap = (weight * (rate[:, :-1] - rate[:, 1:])).sum(axis=0)
    spread = np.sqrt((weight * pooled * (1.0 - pooled)).sum(axis=0))
    return gap.size > 0 and bool((gap < -SURE_Z * spread).all())


def alike(names: Iterable[str]) -> list[Doubt]:
    """Names that a person reads as the same; one doubt for each group of them."""
    ordered = sorted(names, key=lambda name: (normal_spelling(name), name))
    groups = [tuple(group) for _, group in groupby(ordered, key=normal_spelling)]
    return [Doubt(ALIKE_REPS, {"names": group}) for group in groups if len(group) > 1]
