"""The wording of one language: phrases found by their key, and how numbers, names and days are written."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, Protocol, get_args

from calibra.errors import InputError
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
from calibra.words import ALL_REPS, MOST_PLANNED, points, round_up, short_label

type Lang = Literal["en", "ja"]
type EventKind = Literal["event", "opportunity", "win"]

LANGS: tuple[str, ...] = get_args(Lang.__value__)
EVENT_KINDS: tuple[str, ...] = get_args(EventKind.__value__)
PAGES, CHAPTERS = "calibra.report", "calibra.chapters"
OWN_HOMES = {name: f"calibra.{name}" for name in ("data", "inference", "checks", "nightly")}
"""Prefix of a key to the package that holds its words, where it is no chapter."""
SURENESS = ((0.99, "nearly_certain"), (0.95, "very_likely"), (0.9, "likely"), (0.75, "leaning"))
"""Probability from which on a word of sureness is said, and the name of the word."""
FORMS = ("card", "line", "head", "figure", "tile")
"""What a finding may have words for beside, or in place of, the plain sentence."""
BARE_FORMS = ("card", "line", "tile")
"""Forms whose numbers stand without their intervals: those are in tables and hover text."""
LONG_DAYS, DAYS_A_YEAR = 730, 365.25
"""From so many days on a horizon is said in years, too."""
LABEL_WIDTH, RANK_WIDTH = 28, 16
"""Characters of a rep's and a rank's label on one line."""


@cache
def load_phrases(lang: str, package: str = PAGES) -> Mapping[str, str]:
    """Every phrase of a package's file of a language, under `section.name`."""
    text = files(package).joinpath(f"{lang}.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {f"{section}.{name}": phrase for section, table in tables.items() for name, phrase in table.items()}


@cache
def _home(lang: str, prefix: str) -> Mapping[str, str]:
    """The phrases of a chapter, or of what is no chapter and has words of its own; nothing where there are none."""
    package = OWN_HOMES.get(prefix, f"{CHAPTERS}.{prefix}")
    try:
        return load_phrases(lang, package)
    except (ModuleNotFoundError, FileNotFoundError):
        return {}


class Sayable(Protocol):
    """What has words somewhere: a finding, or a phrase in one."""

    @property
    def key(self) -> str:
        """Key of its words."""
        ...

    @property
    def values(self) -> Mapping[str, Value]:
        """What the words name."""
        ...


@dataclass(frozen=True, slots=True)
class Wording:
    """A language, and what the event is called in it."""

    lang: str
    """`en` or `ja`."""
    phrases: Mapping[str, str]
    """`section.name` to phrase."""
    event_words: Mapping[str, str]
    """Forms of the event's name, for every phrase."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Rep to the name shown, where it is another."""
    several: bool = False
    """Whether there are several horizons, so that a finding has to say within which it holds."""
    bare: bool = False
    """Whether estimates are written without their intervals."""
    spans: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """Horizon in days to how many of which unit it was written as, where that was not days."""

    def __call__(self, key: str, **values: object) -> str:
        """The phrase with its values; labels of the user's are values and never read as a phrase."""
        return self.fill(self.phrase(key), **values)

    def fill(self, phrase: str, **values: object) -> str:
        """A phrase with its values and the words for the event."""
        return phrase.format(**{**self.event_words, **values})

    def tell(self, finding: Sayable, *, form: str = "") -> str:
        """The sentence of a finding; of several forms (`card`, `line`) the one asked for, else the plain one."""
        key = f"{finding.key}_{form}" if form and self.has(f"{finding.key}_{form}") else finding.key
        if finding.values.get("n") == 1 and self.has(f"{key}_one"):
            key = f"{key}_one"
        prob = getattr(finding, "prob", None)
        how_sure = "" if prob is None else self.sureness(prob)
        say = replace(self, bare=True) if form in BARE_FORMS else self
        told = self(key, how_sure=how_sure, **{name: say.write(value) for name, value in finding.values.items()})
        days = getattr(finding, "within_days", None)
        if not self.several or days is None or "within" in finding.values:
            return told
        within = self.within(days)
        return self("format.colon", head=within[:1].upper() + within[1:], rest=told)

    def write(self, value: Value) -> str:
        """A value of a finding in words."""
        write = _WRITERS.get(type(value))
        return str(value) if write is None else write(self, value)

    def rep(self, name: str) -> str:
        """A rep on one short line, under the name shown."""
        if name == ALL_REPS:
            return self("format.all_reps")
        return short_label(self.names.get(name, name), width=LABEL_WIDTH)

    def person(self, name: str) -> str:
        """A rep in a sentence: in Japanese with さん, but for a number, a pseudonym, a team or who has it already."""
        shown, pseudonym = self.rep(name), self("format.rep", code="")
        bare = name == ALL_REPS or shown.isdecimal() or shown.startswith(pseudonym)
        if bare or shown.endswith(tuple(self("format.no_person").split())):
            return shown
        return self("format.person", name=shown)

    def count(self, n: float, thing: str = "") -> str:
        """So many of a thing."""
        if not thing:
            return f"{n:,.0f}"
        return self(f"count.{thing}" if n == 1 else f"count.{thing}s", n=f"{n:,.0f}")

    def estimate(self, value: Estimate) -> str:
        """An estimate with its interval, in its unit."""
        row = {"estimate": value.estimate, "lower": value.lower, "upper": value.upper}
        if value.unit == "signed_points":
            return self.signed(value.estimate, value.lower, value.upper)
        if value.unit == "signed_hundredth":
            ends = (value.estimate, value.lower, value.upper)
            return self._signed([f"{end:.2f}" for end in ends])
        if value.unit == "points":
            texts = points(value.estimate, value.lower, value.upper)
            return self.interval(*(text.replace("-", "−") for text in texts))
        if value.unit == "amount":
            return self.interval(*(self.amount(end) for end in (value.estimate, value.lower, value.upper)))
        return self.read(row, unit={"days": "whole"}.get(value.unit, value.unit))

    def _list(self, value: Listed) -> str:
        parts = [self.write(part) for part in value.parts]
        if value.between == "and":
            return self.listed(parts, limit=value.limit)
        if len(parts) > value.limit:
            parts = [*parts[: value.limit], self("format.more_names", n=f"{len(parts) - value.limit:,}")]
        if value.between == "or":
            return self("format.or_comma").join(
                [self("format.comma").join(parts[:-1]), parts[-1]] if parts[1:] else parts
            )
        return self(f"format.{value.between}").join(parts)

    def phrase(self, key: str) -> str:
        """The phrase of a key, from the words of the chapter it is of or from the page's."""
        of_chapter = _home(self.lang, key.partition(".")[0])
        return of_chapter[key] if key in of_chapter else self.phrases[key]

    def first_capital(self, key: str, **values: object) -> str:
        """The phrase as it begins a line."""
        told = self(key, **values)
        return told[:1].upper() + told[1:]

    def has(self, key: str) -> bool:
        """Whether there is such a phrase."""
        return key in self.phrases or key in _home(self.lang, key.partition(".")[0])

    # numbers ----------------------------------------------------------------------------------------------------------

    def percent(self, share: float, *, decimals: int = 0) -> str:
        """A share as per cent."""
        return self("format.percent", x=f"{100.0 * share:.{decimals}f}")

    def given(self, share: float) -> str:
        """A share that somebody chose as per cent, with the digits it was given with."""
        return self("format.percent", x=f"{100.0 * share:g}")

    def share(self, share: float) -> str:
        """A share of prospects as per cent: one decimal below 10 %."""
        return self("format.percent", x=self.share_digits(share))

    def share_digits(self, share: float) -> str:
        """The digits of `share`."""
        return f"{100.0 * share:.{1 if abs(share) < 0.0995 else 0}f}"

    def amount(self, amount: float) -> str:
        """An amount to three digits, in thousands and millions, or in 万 and 億."""
        if not math.isfinite(amount):
            return self("format.none")
        rounded = float(f"{amount:.3g}")
        for name in ("large", "middle"):
            unit = float(self(f"format.amount_{name}_unit"))
            if abs(rounded) >= unit:
                return self(f"format.amount_{name}", x=_three_digits(rounded / unit)).replace("-", "−")
        return f"{rounded:,.4g}".replace("-", "−") if abs(rounded) < 1000 else f"{rounded:,.0f}".replace("-", "−")

    def interval(self, estimate: str, lower: str, upper: str) -> str:
        """An estimate with its interval, or alone."""
        if self.bare:
            return estimate
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
        return self._signed(points(estimate, lower, upper))

    def _signed(self, numbers: Sequence[str]) -> str:
        texts = [f"+{text}".replace("+-", "−") for text in numbers]
        texts = [text[1:] if float(text[1:]) == 0.0 else text for text in texts]
        if self.bare:
            return texts[0]
        return self("format.signed_interval", estimate=texts[0], lower=texts[1], upper=texts[2])

    def chance(self, prob: float) -> str:
        """A probability from draws: never said to be certain."""
        if prob > 0.99:
            return self("format.chance_high")
        return self("format.chance_low") if prob < 0.01 else self.percent(prob)

    def sureness(self, prob: float) -> str:
        """How sure something is, in a word: from 99, 95, 90 and 75 % on."""
        return self(next((f"sure.{name}" for least, name in SURENESS if prob >= least), "sure.cannot_tell"))

    def more(self, n: float) -> str:
        """About how many more judgments."""
        if n > MOST_PLANNED:
            return self("format.more_than", n=f"{MOST_PLANNED:,}")
        return self("format.about", n=f"{round_up(n):,}")

    def date(self, day: date) -> str:
        """A calendar day."""
        months = self("format.months").split(" ")
        return self("format.date", day=day.day, month=months[day.month - 1], year=day.year)

    def month(self, value: Month) -> str:
        """A month of a year."""
        months = self("format.months").split(" ")
        return self("format.month", month=months[value.day.month - 1], year=value.day.year)

    def within(self, days: int | None) -> str:
        """A horizon, as it was written."""
        if days is not None and days in self.spans:
            n, unit = self.spans[days]
            key = f"format.span_{unit}"
            span = self(f"{key}_one" if n == 1 and self.has(f"{key}_one") else key, n=n)
            return self("format.within_span", span=span)
        if days is not None and days >= LONG_DAYS:
            return self("format.within_years", days=f"{days:,}", years=f"{days / DAYS_A_YEAR:.1f}")
        return self("format.within_unstated") if days is None else self("format.within", days=days)

    def listed(self, parts: Sequence[str], *, limit: int = 60) -> str:
        """Names in a sentence, and how many more."""
        shown = list(parts[:limit])
        if len(parts) > limit:
            shown.append(self("format.more_names", n=f"{len(parts) - limit:,}"))
        if len(shown) < 2:
            return "".join(shown)
        return self("format.comma").join(shown[:-1]) + self("format.last_comma") + shown[-1]


def _three_digits(value: float) -> str:
    """A number of three digits without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


_WRITERS: Mapping[type, Callable[[Wording, Any], str]] = {
    Estimate: Wording.estimate,
    Share: lambda say, value: say.share(value.share) if value.fine else say.percent(value.share),
    Given: lambda say, value: say.given(value.share),
    Chance: lambda say, value: say.chance(value.prob),
    Number: lambda _, value: f"{value.number:.{value.decimals}f}".replace("-", "−"),
    Amount: lambda say, value: say.amount(value.amount),
    Count: lambda say, value: say.count(value.n, value.thing),
    Month: Wording.month,
    More: lambda say, value: say.more(value.n),
    Rep: lambda say, value: say.person(value.name),
    Rank: lambda _, value: short_label(value.label, width=RANK_WIDTH),
    Within: lambda say, value: say.within(value.days),
    Phrase: Wording.tell,
    Listed: Wording._list,
    date: Wording.date,
    type(None): lambda say, _: say("format.none"),
    int: lambda _, value: f"{value:,}",
    float: lambda _, value: f"{value:g}",
}
"""Kind of value to how it is written; anything else as it stands."""


@cache
def placeholders(lang: str, key: str) -> frozenset[str] | None:
    """What the plain phrase of a key names beside the event and how sure it is; None where it has no words."""
    say = choose_wording(lang, EVENT_KINDS[0])
    if not say.has(key):
        return frozenset() if any(say.has(f"{key}_{form}") for form in FORMS) else None
    named = {name for _, name, _, _ in Formatter().parse(say.phrase(key)) if name}
    return frozenset(named - set(say.event_words) - {"how_sure"})


def choose_wording(
    lang: str,
    event: str,
    names: Mapping[str, str] = MappingProxyType({}),
    *,
    several: bool = False,
    spans: Mapping[int, tuple[int, str]] = MappingProxyType({}),
) -> Wording:
    """The wording of a language, or the error that names those there are; `names` are those shown of reps."""
    if lang not in LANGS:
        raise InputError(f"`lang` must be one of {', '.join(map(repr, LANGS))}; got {lang!r}.")
    if event not in EVENT_KINDS:
        raise InputError(f"`event` must be one of {', '.join(map(repr, EVENT_KINDS))}; got {event!r}.")
    phrases = load_phrases(lang)
    forms = {key.removeprefix(f"{event}."): word for key, word in phrases.items() if key.startswith(f"{event}.")}
    return Wording(lang, phrases, forms, names, several, spans=spans)
