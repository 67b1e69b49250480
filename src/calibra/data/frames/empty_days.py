"""Days that are none: infinity, what a system writes for a missing day, and days beyond any calendar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import LAST_DAY, is_text
from calibra.data.frames.roles import DATES
from calibra.errors import InputError

BEFORE_ALL = -4700
"""Years before it stand for minus infinity, which `localise` makes a day in 4713 BC."""
FIRST_OF_ALL = -14
"""Day number of 0001-01-01, by the formula that every engine shares."""
ENDLESS = 10**9
"""Day numbers beyond it are those that DuckDB gives to infinity."""
DAY_TEXT = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""How a day is written, existing or not: some systems write 0000-00-00 for none."""


def stands_for_none(text: str) -> bool:
    """Whether a text may stand for a missing day: a day, or a word such as NULL or infinity."""
    return bool(re.fullmatch(DAY_TEXT, text)) or bool(text.strip() and not re.search("[0-9]", text))


def check_no_day(no_day: object) -> tuple[str, ...]:
    """Days that stand for a missing one, as ISO text, or the error that says what they must be."""
    if isinstance(no_day, (str, date)) or not isinstance(no_day, Iterable):
        raise InputError(f"`no_day` must be a list of days, such as ['1900-01-01']; got {no_day!r}.")
    days = tuple(str(day)[:10] if isinstance(day, date) else day for day in no_day)
    for day in days:
        if not isinstance(day, str) or not stands_for_none(day):
            raise InputError(f"`no_day` must hold days written as '1900-01-01', or words such as 'NULL'; got {day!r}.")
    return tuple(day[:_DAY_CHARS] for day in days)


def without_days(frame: nw.LazyFrame[Any], no_day: Sequence[str]) -> nw.LazyFrame[Any]:
    """The frame whose date columns hold none of these days; text begins with them, moments fall on them."""
    schema = frame.collect_schema()
    there = [name for name in schema.names() if name in DATES] if no_day else []
    replaced = []
    for name in there:
        value, dtype = nw.col(name), schema[name]
        if is_text(dtype):
            text = value.cast(nw.String)
            replaced.append(nw.when(~text.str.slice(0, _DAY_CHARS).is_in(list(no_day))).then(text).alias(name))
        elif isinstance(dtype, (nw.Date, nw.Datetime)):
            zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
            days = [] if zoned else [date.fromisoformat(day) for day in no_day if _exists(day)]
            if days:
                kept = value.cast(nw.Date) != _literal(days[0], frame)
                for day in days[1:]:
                    kept = kept & (value.cast(nw.Date) != _literal(day, frame))
                replaced.append(nw.when(kept).then(value).alias(name))
    return frame.with_columns(*replaced) if replaced else frame


_DAY_CHARS = len("1900-01-01")


def _literal(day: date, frame: nw.LazyFrame[Any]) -> nw.Expr:
    """A day in a query; by way of text on Spark, whose driver writes the year 1 with one digit."""
    return nw.lit(day.isoformat()).cast(nw.Date) if frame.implementation.is_spark_like() else nw.lit(day)


def _exists(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def is_outside(role: str) -> nw.Expr:
    """Whether the day number of a role lies before the year 1, or, of a judgment, after 9999.

    Ends after the year 9999 are read as any after `as_of`: systems write the last day they know for what is open.
    """
    day = nw.col(f"{role[:-3]}_day")
    return (day < FIRST_OF_ALL) | ((day > LAST_DAY) & (day < ENDLESS)) if role == "judged_at" else day < FIRST_OF_ALL


def year_of_outside(role: str) -> nw.Expr:
    """The year of a day outside the years 1 to 9999, null for any other: Python has no dates to show it as."""
    year = nw.col(role).dt.year().cast(nw.Int64).fill_null(BEFORE_ALL - 1)  # DuckDB's infinity has no year
    return nw.when(is_outside(role)).then(year)


def within_calendar(role: str) -> nw.Expr:
    """The day or moment of a role where Python can show it, else null."""
    year = nw.col(role).dt.year()
    return nw.when((year >= 1) & (year <= date.max.year)).then(nw.col(role))


def say_outside(year: int) -> str:
    """A day outside the calendar in words that are the same on every engine, whose years before 1 differ by one."""
    if year < BEFORE_ALL:
        return "-infinity"
    return "before the year 1" if year < 1 else f"in the year {year}"
