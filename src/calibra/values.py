"""What sentences name: estimates, shares, counts, names; each of its own kind, so that a language can write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

type Unit = Literal[
    "percent", "share", "points", "signed_points", "days", "tenth", "hundredth", "signed_hundredth", "amount"
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its interval."""

    estimate: float
    """The estimate."""
    lower: float
    """Lower end of its interval."""
    upper: float
    """Upper end of its interval."""
    unit: Unit = "percent"
    """How it is written: shares in [0, 1] as per cent, anything else as the number it is."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share in [0, 1], written as per cent."""

    share: float
    """The share."""
    fine: bool = False
    """Whether a share below 10 % has a decimal."""


@dataclass(frozen=True, slots=True)
class Given:
    """A share in [0, 1] that somebody chose, such as a promise: per cent with the digits it was given with."""

    share: float
    """The share."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability from draws, never said to be certain."""

    prob: float
    """The probability."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number without an interval, to so many decimals."""

    number: float
    """The number."""
    decimals: int
    """Decimals that are written."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money in the currency of the data, which is not named."""

    amount: float
    """The amount."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many of a thing."""

    n: float
    """How many."""
    thing: str = ""
    """A key of the section `count` of the wording: "judgment", "event", …; empty for the number alone."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a year."""

    day: date
    """Any day of it."""


@dataclass(frozen=True, slots=True)
class More:
    """About how many more judgments."""

    n: float
    """How many."""


@dataclass(frozen=True, slots=True)
class Rep:
    """A rep; shown under a pseudonym where the page has them."""

    name: str
    """Label of the rep."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank of the scale."""

    label: str
    """Label of the rank."""


@dataclass(frozen=True, slots=True)
class Within:
    """A horizon."""

    days: int | None
    """Days, or None where counts state none."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence that has words of its own."""

    key: str
    """Key of its words."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """What the words name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Several values, one after the other."""

    parts: tuple[Value, ...]
    """The values."""
    between: Literal["and", "or", "comma", "semicolon"] = "and"
    """What stands between them."""
    limit: int = 60
    """The rest is counted."""


type Value = (
    Estimate
    | Share
    | Given
    | Chance
    | Number
    | Amount
    | Count
    | Month
    | More
    | Rep
    | Rank
    | Within
    | Phrase
    | Listed
    | date
    | int
    | float
    | str
    | None
)
