"""What must stop a night: too many rows set aside, rows or endings gone since the last, doubts that settings name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from calibra.checks.row_doubts import doubts_of_rows
from calibra.data.counting.counts import EVENT, EXIT
from calibra.data.counting.judgments import Judgments
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.stats.margin import MARGIN_ODDS
from calibra.values import Given, Listed, Phrase, Share, Value
from calibra.wording import choose_wording
from calibra.words import quoted

STOP_ON = ("no_event", "no_exit", "none_open", "one_day", "total_row", "no_name", "strangers")
"""Doubts that stop a night unless the settings name others: what a broken export looks like."""
FEWEST_ENDINGS = 20
"""With fewer events or exits the last time, a fall of their number may be a correction."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What `[limits]` says."""

    max_set_aside: float = 0.02
    """Largest share of rows set aside."""
    min_rows_vs_last: float = 0.9
    """Least share of the judgments, events and exits of the last night that must still be there."""
    stop_on: tuple[str, ...] = STOP_ON
    """Doubts that stop a night: `no_event`, or with their chapter, `ranks.tempo`."""

    def __post_init__(self) -> None:
        """Refuse shares that are none, and doubts nobody knows."""
        for name in ("max_set_aside", "min_rows_vs_last"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(
                    f"`limits.{name}` must be a share from 0 to 1, such as 0.02; got {getattr(self, name)!r}."
                )
        say = choose_wording("en", "event")
        for name in self.stop_on:
            if not say.has(name if "." in name else f"data.{name}"):
                raise InputError(
                    f"`limits.stop_on` must name doubts; got {name!r}. Known are {', '.join(STOP_ON)}, and the key of "
                    "every doubt that `calibra check --json` and `calibra run --json` print."
                )

    def stopping(self, doubts: Iterable[Finding]) -> list[Finding]:
        """Those of the doubts that stop a night."""
        named = {name if "." in name else f"data.{name}" for name in self.stop_on}
        return [found for found in doubts if found.key in named]


@dataclass(frozen=True, slots=True)
class CameIn:
    """How much came in on a night; the next one is held against it."""

    as_of: str
    """Snapshot date, ISO 8601."""
    n_judgments: int
    """Judgments that were counted."""
    n_events: int
    """Those that ended with an event."""
    n_exits: int
    """Those that ended with an exit."""

    @classmethod
    def of(cls, judgments: Judgments, as_of: date) -> Self:
        """What there is of judgments on a day."""
        counts = judgments.duration_counts()
        of = {ending: int(counts.n[counts.ending == ending].sum()) for ending in (EVENT, EXIT)}
        return cls(as_of.isoformat(), judgments.n_judgments, of[EVENT], of[EXIT])

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """What `plain` gave."""
        return cls(str(told["as_of"]), *(int(told[name]) for name in ("n_judgments", "n_events", "n_exits")))

    def plain(self) -> dict[str, Any]:
        """As values that JSON knows."""
        return asdict(self)


def what_stops(judgments: Judgments, limits: Limits, before: CameIn | None) -> list[Finding]:
    """Why the night must end before anything is fitted; nothing where all is well."""
    doubts = [*judgments.summary().doubts, *doubts_of_rows(judgments, margin_odds=MARGIN_ODDS)]
    aside = _set_aside(judgments, limits.max_set_aside)
    found = [*aside, *limits.stopping(doubts)]
    if before is None:
        return found
    said = {told.key for told in found} | ({f"data.no_{what}" for what in ("event", "exit")} if aside else set())
    return [*found, *_gone(judgments, limits.min_rows_vs_last, before, said)]


def _set_aside(judgments: Judgments, most: float) -> list[Finding]:
    aside = judgments.set_aside
    n_all = judgments.n_judgments + aside.n_rows
    if aside.n_rows <= most * n_all:
        return []
    reasons = sorted(aside.by_reason.items(), key=lambda reason: -reason[1])
    told = Listed(tuple(Phrase("nightly.reason", {"reason": reason_phrase(name), "n": n}) for name, n in reasons))
    values: dict[str, Value] = {
        "n": aside.n_rows,
        "n_all": n_all,
        "share": Share(aside.n_rows / n_all),
        "limit": Given(most),
    }
    return [Finding("nightly.set_aside", values | {"reasons": told}, "problem")]


def reason_phrase(name: str) -> Phrase | str:
    """A reason for setting rows aside as the report calls it."""
    key = f"intro.reason_{name.replace(' ', '_').replace('-', '_')}"
    return Phrase(key, {}) if choose_wording("ja", "event").has(key) else quoted(name)


def _gone(judgments: Judgments, least: float, before: CameIn, said: Collection[str]) -> list[Finding]:
    """What was known on the last night's day and is not there any more, counted on that day; each cause once.

    A row that was set aside is not gone; endings go with their judgments, and are not told of where those are.
    """
    day = date.fromisoformat(before.as_of)
    now = _as_of(judgments, day)
    there = now.n_judgments + judgments.set_aside.n_rows
    if there < least * before.n_judgments:
        return [_fewer("judgments", before.n_judgments, there, least, day)]
    least *= min(1.0, now.n_judgments / max(before.n_judgments, 1))
    endings = (("event", before.n_events, now.n_events), ("exit", before.n_exits, now.n_exits))
    return [
        _fewer(f"{what}s", then, left, least, day)
        for what, then, left in endings
        if then >= FEWEST_ENDINGS and left < least * then and f"data.no_{what}" not in said
    ]


def _as_of(judgments: Judgments, day: date) -> CameIn:
    try:
        return CameIn.of(judgments if day == judgments.as_of else judgments.at(day), day)
    except InputError:  # none of them was made by then
        return CameIn(day.isoformat(), 0, 0, 0)


def _fewer(what: str, then: int, now: int, least: float, day: date) -> Finding:
    values: dict[str, Value] = {"n": now, "n_then": then, "day": day, "limit": Given(round(least, 3))}
    return Finding(f"nightly.{what}_gone", values, "problem")
