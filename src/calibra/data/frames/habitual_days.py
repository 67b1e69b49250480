"""The one day that most rows of a problem hold: what a system writes where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import is_text, is_unreadable
from calibra.data.frames.empty_days import stands_for_none, within_calendar
from calibra.data.frames.open import collect

_ERA = r"'(?:明治|大正|昭和|平成|令和|[MTSHR])\.?(?:\d{1,2}|元)[年./-]"
_SERIAL = r"'[1-6]\d{4}(?:\.\d+)?'"
_OFFSET = r"'\d{4}-\d{2}-\d{2}[T ][\d:.]+(?: (?:UTC|GMT|Z|[+-]\d{2}:?\d{2})|z)'"
_WAYS_OF_WRITING = {
    _OFFSET: (
        "An offset from UTC stands behind the time without a blank, 2026-09-30 08:15:00Z or +09:00: write it so in the "
        "query that exports."
    ),
    _ERA: "Years of a Japanese era (和暦) are not read: write the year of the calendar, 2026 for 令和8年.",
    _SERIAL: (
        "A number of five digits is how Excel stores a day, counted from 1899-12-30: format the column as dates before "
        "it is saved."
    ),
}
"""How an unreadable day looks that is written in a known way, to what is said of it."""
FEWEST_EMPTY = 5
"""In fewer rows one day that comes again is no habit of a system's."""


def name_way_of_writing(examples: Sequence[str]) -> str:
    """In which known way are these unreadable days written? In words; "" for none."""
    said = [
        words for pattern, words in _WAYS_OF_WRITING.items() if any(re.search(pattern, shown) for shown in examples)
    ]
    return "".join(f" {words}" for words in said)


def name_empty_day(
    rows: nw.LazyFrame[Any], roles: Sequence[str], schema: Mapping[str, nw.dtypes.DType], *, unread: bool
) -> str:
    """Which one day fills most of these rows, as a system writes it for none? In words; "" where none does.

    Parameters
    ----------
    rows : LazyFrame
        Rows with an impossible day in one of the roles.
    unread : bool
        Whether what is wrong with them is text that is no day, so that other days of theirs stand for none nowhere.
    """
    for role in roles:
        text = is_text(schema[role])
        day = nw.col(role).cast(nw.String).str.slice(0, 10) if text else within_calendar(role).cast(nw.Date)
        wrong = (rows.filter(is_unreadable(role)) if unread else rows).select(day.alias("day"))
        known = wrong.filter(~nw.col("day").is_null())
        counted = known.group_by("day").agg(nw.len().cast(nw.Int64).alias("n"))
        top = collect(counted.sort("n", descending=True).head(2))
        numbers = dict(zip(map(str, top["day"].to_list()), map(int, top["n"].to_list()), strict=True))
        total = int(collect(rows.select(nw.len().cast(nw.Int64).alias("n")))["n"].to_list()[0])
        for told, n in numbers.items():
            if n >= FEWEST_EMPTY and n > total / 2 and stands_for_none(told):
                return (
                    f" {told} in {n:,} rows looks like an empty day of `{role}`: leave it empty, or read it as none "
                    f"with `no_day=[{told!r}]`."
                )
    return ""
