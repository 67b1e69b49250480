"""The wording of one language, and how it writes numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from calibra.decisions.advice_words import MOST_PLANNED, round_up
from calibra.errors import InputError
from calibra.words import points

type Lang = Literal["en", "ja"]
type EventKind = Literal["opportunity", "win"]

LANGS: tuple[str, ...] = get_args(Lang.__value__)
EVENT_KINDS: tuple[str, ...] = get_args(EventKind.__value__)


@cache
def load_phrases(lang: str) -> Mapping[str, str]:
    """Every phrase of a language under `section.name`."""
    text = files("calibra.views.report").joinpath(f"{lang}.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {f"{section}.{name}": phrase for section, table in tables.items() for name, phrase in table.items()}


@dataclass(frozen=True, slots=True)
class Wording:
    """A language, and what the event is called in it."""

    lang: str
    """`en` or `ja`."""
    phrases: Mapping[str, str]
    """`section.name` to phrase."""
    event_words: Mapping[str, str]
    """Forms of the event's name, for every phrase."""

    def __call__(self, key: str, **values: object) -> str:
        """The phrase with its values; labels of the user's are values and never read as a phrase."""
        return self.phrases[key].format(**{**self.event_words, **values})

    def first_capital(self, key: str, **values: object) -> str:
        """The phrase as it begins a line."""
        told = self(key, **values)
        return told[:1].upper() + told[1:]

    def has(self, key: str) -> bool:
        """Whether there is such a phrase."""
        return key in self.phrases

    # numbers ----------------------------------------------------------------------------------------------------------

    def percent(self, share: float, *, decimals: int = 0) -> str:
        """A share as per cent."""
        return self("format.percent", x=f"{100.0 * share:.{decimals}f}")

    def share(self, share: float) -> str:
        """A share of prospects as per cent: one decimal below 10 %."""
        return self("format.percent", x=self.share_digits(share))

    def share_digits(self, share: float) -> str:
        """The digits of `share`."""
        return f"{100.0 * share:.{1 if abs(share) < 0.0995 else 0}f}"

    def interval(self, estimate: str, lower: str, upper: str) -> str:
        """An estimate with its interval."""
        return self("format.interval", estimate=estimate, lower=lower, upper=upper)

    def read(self, row: Mapping[str, Any], name: str = "", *, unit: str = "percent") -> str:
        """`name` with `name_lower`, `name_upper` of a row (`estimate`, `lower`, `upper` for no name)."""
        names = (name, f"{name}_lower", f"{name}_upper") if name else ("estimate", "lower", "upper")
        estimate, lower, upper = (row[each] for each in names)
        if any(value is None for value in (estimate, lower, upper)):
            return self("format.none")
        if unit == "share":
            return self.interval(self.share(estimate), *(self.share_digits(end) for end in (lower, upper)))
        if unit == "percent":
            return self.interval(self.percent(estimate), f"{100 * lower:.0f}", f"{100 * upper:.0f}")
        decimals = {"whole": 0, "tenth": 1, "hundredth": 2}[unit]
        return self.interval(*(f"{value:.{decimals}f}" for value in (estimate, lower, upper)))

    def signed(self, estimate: float, lower: float, upper: float) -> str:
        """A signed number with its interval."""
        texts = [f"+{text}".replace("+-", "−") for text in points(estimate, lower, upper)]
        texts = [text[1:] if float(text[1:]) == 0.0 else text for text in texts]
        return self("format.signed_interval", estimate=texts[0], lower=texts[1], upper=texts[2])

    def chance(self, prob: float) -> str:
        """A probability from draws: never said to be certain."""
        if prob > 0.99:
            return self("format.chance_high")
        return self("format.chance_low") if prob < 0.01 else self.percent(prob)

    def more(self, n: float) -> str:
        """About how many more judgments."""
        if n > MOST_PLANNED:
            return self("format.more_than", n=f"{MOST_PLANNED:,}")
        return self("format.about", n=f"{round_up(n):,}")

    def date(self, day: date) -> str:
        """A calendar day."""
        months = self("format.months").split(" ")
        return self("format.date", day=day.day, month=months[day.month - 1], year=day.year)

    def within(self, days: int | None) -> str:
        """A horizon."""
        return self("format.within_unstated") if days is None else self("format.within", days=days)

    def listed(self, parts: Sequence[str], *, limit: int = 60) -> str:
        """Names in a sentence, and how many more."""
        shown = list(parts[:limit])
        if len(parts) > limit:
            shown.append(self("format.more_names", n=f"{len(parts) - limit:,}"))
        if len(shown) < 2:
            return "".join(shown)
        return self("format.comma").join(shown[:-1]) + self("format.last_comma") + shown[-1]


def choose_wording(lang: str, event: str) -> Wording:
    """The wording of a language, or the error that names those there are."""
    if lang not in LANGS:
        raise InputError(f"`lang` must be one of {', '.join(map(repr, LANGS))}; got {lang!r}.")
    if event not in EVENT_KINDS:
        raise InputError(f"`event` must be one of {', '.join(map(repr, EVENT_KINDS))}; got {event!r}.")
    phrases = load_phrases(lang)
    forms = {key.removeprefix(f"{event}."): word for key, word in phrases.items() if key.startswith(f"{event}.")}
    return Wording(lang, phrases, forms)
