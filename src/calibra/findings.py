"""Something to say, as data and in no language yet; the words stand in the toml files beside the code that finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import Any, Literal

from calibra.values import (
    Amount,
    Chance,
    Count,
    Estimate,
    Given,
    Listed,
    Month,
    More,
    Number,
    Phrase,
    Rank,
    Rep,
    Share,
    Value,
    Within,
)
from calibra.wording import choose_wording

type Role = Literal["found", "try", "unknown", "doubt", "problem", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say of all reps or of one, in no language yet."""

    key: str
    """`chapter.name`: where its words stand in the chapter's `en.toml` and `ja.toml`."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """What the words name."""
    role: Role = "found"
    """What was found, what to try, what is not known yet, what is doubtful, what speaks against a fit, a note."""
    rep: str | None = None
    """The rep it is about; None for all reps together."""
    rank: str | None = None
    """The rank it is about."""
    within_days: int | None = None
    """The horizon it is about."""
    prob: float | None = None
    """How sure it is."""
    side: Literal["", "below", "above"] = ""
    """Side of the others it lies on; views colour by it."""
    weight: float = 0.0
    """How much there is to talk about, for the first page."""
    replaces: tuple[str, ...] = ()
    """Keys of findings of earlier chapters that this one takes the place of."""

    @property
    def chapter(self) -> str:
        """Where it was found."""
        return self.key.partition(".")[0]

    def say(self, lang: str = "en", *, event: str = "event") -> str:
        """The sentence in a language; `event` is what the event is called, `event`, `opportunity` or `win`."""
        return choose_wording(lang, event).tell(self)

    def __str__(self) -> str:
        """The English sentence."""
        return self.say()

    def plain(self) -> dict[str, Any]:
        """Its fields and its English sentence as values that JSON knows."""
        names = ("key", "role", "rep", "rank", "within_days", "prob", "side", "weight")
        told = {name: getattr(self, name) for name in names}
        return told | {"values": {name: _plain(value) for name, value in self.values.items()}, "sentence": str(self)}


KINDS = (Estimate, Share, Given, Chance, Number, Amount, Count, Month, More, Rep, Rank, Within, Phrase, Listed, Finding)
"""Records that a saved finding is made of."""


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value != value:
        return None
    return value.isoformat() if isinstance(value, date) else value
