"""What looks like a mistake in what was given, though every row is sound: columns, names, dates, the order of ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from calibra.words import normal_spelling

NO_EVENT, ALIKE_REPS, NONE_YOUNG, UPSIDE_DOWN = "no_event", "alike_reps", "none_young", "upside_down"

ENGLISH: Mapping[str, str] = {
    NO_EVENT: (
        "no judgment has an event: is the column with its day named as the role `event_at`? Without events every "
        "probability below tells of that alone"
    ),
    ALIKE_REPS: "{names} differ in case, width or blanks alone and count as different reps: is it one?",
    NONE_YOUNG: "every judgment is {days} days old or older on {as_of}: is that the day the data were taken?",
    UPSIDE_DOWN: "each rank brings fewer events than the next: do the ranks stand best first?",
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
        told = {
            name: " and ".join(map(repr, value)) if isinstance(value, tuple) else value
            for name, value in self.values.items()
        }
        return ENGLISH[self.kind].format(**told)


def alike(names: Iterable[str]) -> list[Doubt]:
    """Names that a person reads as the same; one doubt for each group of them."""
    ordered = sorted(names, key=lambda name: (normal_spelling(name), name))
    groups = [tuple(group) for _, group in groupby(ordered, key=normal_spelling)]
    return [Doubt(ALIKE_REPS, {"names": group}) for group in groups if len(group) > 1]
