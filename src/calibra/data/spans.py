"""Spans of time as people write them: "3 months", "1 quarter", 半年; counted in days, said as they were written."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

DAYS_OF = {"day": 1, "week": 7, "month": 30, "quarter": 90, "half": 180, "year": 365}
"""Unit to its days: a month is 30, so that three are a quarter of 90."""
_UNITS = {
    "日": "day",
    "週": "week",
    "週間": "week",
    "月": "month",
    "四半期": "quarter",
    "半期": "half",
    "年": "year",
    "half year": "half",
} | {unit: unit for unit in ("day", "week", "month", "quarter", "year")}
_WRITTEN = re.compile(
    r"(?P<n>\d+|an?|one)?\s*-?\s*(?:[かヶケカヵ箇]\s*)?"
    r"(?P<unit>日|週間?|月|四半期|半期|年|days?|weeks?|months?|quarters?|half years?|years?)(?:以内|間)?"
)
_HALVES = ("half a year", "a half year", "half year", "半年", "半年以内")


class Span(NamedTuple):
    """How long, as it was written."""

    n: int
    """How many."""
    unit: str
    """Of what: a key of DAYS_OF."""

    @property
    def days(self) -> int:
        """How many days that is."""
        return self.n * DAYS_OF[self.unit]


def read_span(text: str) -> Span | None:
    """The span that a text is, and None where it is none."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if plain in _HALVES:
        return Span(1, "half")
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        return None
    n = int(found["n"]) if (found["n"] or "").isdecimal() else 1
    unit = found["unit"]
    return Span(n, _UNITS.get(unit) or _UNITS[unit.removesuffix("s")]) if n else None
