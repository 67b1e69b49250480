"""Days: the only unit of time, as whole numbers that agree on every engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import narwhals.stable.v2 as nw
import numpy as np

from calibra.data.frames.postgres import is_postgres, with_day_numbers
from calibra.errors import InputError

_EPOCH = date(1970, 1, 1).toordinal()
_BEFORE_THE_FIRST = "DATE '0001-12-31 (BC)'"
"""The day of number 0, as DuckDB writes it."""
_LEAP_YEARS = "[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00"
_MONTH_DAYS = (
    "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
)
_LOOSE_MONTH_DAYS = (
    "(?:0?[13578]|1[02])[-/.](?:0?[1-9]|[12][0-9]|3[01])|(?:0?[469]|11)[-/.](?:0?[1-9]|[12][0-9]|30)"
    "|0?2[-/.](?:0?[1-9]|1[0-9]|2[0-8])"
)
_ISO_DATE = f"(?:[1-9][0-9]{{3}}-(?:{_MONTH_DAYS})|(?:{_LEAP_YEARS})-02-29)"
_ISO_HOUR = "[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]"
LOCAL_TEXT = f"^{_ISO_DATE}(?:{_ISO_HOUR}(?::[0-5][0-9](?:[.][0-9]+)?)?)?$"
"""An ISO 8601 date, or date and time of day, that exists and names no time zone."""
ZONED_TEXT = f"^{_ISO_DATE}{_ISO_HOUR}:[0-5][0-9](?:[.][0-9]+)?(?:Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)$"
"""An ISO 8601 moment with its offset from UTC: 2026-09-30T08:15:00Z, 2026-09-30 08:15:00+09."""
_SLASHED = f"[1-9][0-9]{{3}}[-/.](?:{_LOOSE_MONTH_DAYS})|(?:{_LEAP_YEARS})[-/.]0?2[-/.]29"
_KANJI = f"[1-9][0-9]{{3}}年(?:{_LOOSE_MONTH_DAYS.replace('[-/.]', '月')})日|(?:{_LEAP_YEARS})年0?2月29日"
YEAR_FIRST_TEXT = f"^(?:{_SLASHED}|{_KANJI})(?: (?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?$"
"""A date that exists, year first, with a time of day or without: 2026/9/30, 2026.09.30 8:15, 2026年9月30日."""

FIRST_DAY = date(1901, 1, 1).toordinal()
"""The first day from which `day_number` is the proleptic Gregorian ordinal; it is up to the year 2100."""
LAST_DAY = date.max.toordinal() + 100
"""No day number of the years up to 9999 is larger; beyond 2100 `day_number` is up to 61 days ahead of the ordinal."""


def with_days(
    frame: nw.LazyFrame[Any], roles: Sequence[str], schema: Mapping[str, nw.dtypes.DType]
) -> nw.LazyFrame[Any]:
    """The frame with a day number `…_day` beside each of these `…_at`.

    DuckDB, the one engine whose rows are counted for everybody, subtracts dates, as PostgreSQL does: a third less work
    for the whole count than `day_number`, which narwhals can say on every engine.
    """
    plain = [role for role in roles if frame.implementation.is_duckdb() and not is_text(schema[role])]
    if plain:
        days = (f"{role}::DATE - {_BEFORE_THE_FIRST} AS {role[:-3]}_day" for role in plain)
        frame = nw.from_native(nw.to_native(frame).project(f"*, {', '.join(days)}"))
    elif is_postgres(frame):
        plain = [role for role in roles if not is_text(schema[role])]
        frame = with_day_numbers(frame, plain, _EPOCH) if plain else frame
    rest = [day_number(role, schema[role]).alias(f"{role[:-3]}_day") for role in roles if role not in plain]
    return frame.with_columns(*rest) if rest else frame


def day_number(column: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Which whole day is it? An integer expression; consecutive days have consecutive numbers.

    `⌊(year − 1) · 1461 / 4⌋ + ordinal day − 15`: the proleptic Gregorian ordinal from 1901 to 2100, and the only date
    arithmetic that agreed on every engine tried. The column holds dates, moments without zone, or text: null where
    that is no ISO 8601 (see `is_unreadable`).
    """
    moment = nw.col(column)
    if is_text(dtype):
        text = moment.cast(nw.String)
        moment = nw.when(text.str.contains(LOCAL_TEXT)).then(text.str.slice(0, 10)).str.to_date("%Y-%m-%d")
    year, ordinal = moment.dt.year().cast(nw.Int64), moment.dt.ordinal_day().cast(nw.Int64)
    return ((year - 1) * 365.25).floor().cast(nw.Int64) + ordinal - 15  # `//` becomes ten operations on DuckDB


def clock(column: str, dtype: nw.dtypes.DType) -> nw.Expr | None:
    """What time of day is it, in seconds? Null where the value names none, None where the column can name none.

    Midnight stands for a date without a time: most tables of moments hold such.
    """
    moment = nw.col(column)
    if is_text(dtype):
        text = moment.cast(nw.String)
        longer = nw.when(text.str.len_chars() > _DATE_CHARS).then(text)  # patterns cost more than all else
        padded: nw.Expr = nw.when(longer.str.contains(LOCAL_TEXT)).then(nw.concat_str(longer, nw.lit(":00")))
        hours, minutes, seconds = (padded.str.slice(at, 2).cast(nw.Int64) for at in (11, 14, 17))
    elif isinstance(dtype, nw.Datetime):
        hours, minutes, seconds = (
            part.cast(nw.Int64) for part in (moment.dt.hour(), moment.dt.minute(), moment.dt.second())
        )
    else:
        return None
    of_day = hours * 3600 + minutes * 60 + seconds
    return nw.when(of_day > 0).then(of_day)


def is_earlier_that_day(
    one: str, other: str, schema: Mapping[str, nw.dtypes.DType], days: tuple[nw.Expr, nw.Expr]
) -> nw.Expr | None:
    """Does one moment lie before another on the same day? By the clock where both have one; None where neither can.

    Null of two days that differ or are not known, so that no engine reads the clock of any but equal days.
    """
    clocks = clock(one, schema[one]), clock(other, schema[other])
    if clocks[0] is None or clocks[1] is None:
        return None
    return nw.when(days[0] == days[1]).then(clocks[0] < clocks[1])


_DATE_CHARS = len("2026-09-30")


def with_iso_text(frame: nw.LazyFrame[Any], roles: Iterable[str]) -> nw.LazyFrame[Any]:
    """The frame with dates written year first rewritten to ISO 8601: 2026/9/1 8:05, 2026-9-1, 2026.09.01, 2026年9月1日.

    They can be read in one way only. Blanks around them go, and digits of full width count as others; other text stays
    as it is.
    """
    schema = frame.collect_schema()
    texts = [name for name in schema.names() if name in set(roles) and is_text(schema[name])]
    frame = _narrow(frame, texts) if texts else frame
    engine = frame.implementation
    group = "${{{}}}" if engine.is_polars() else "${}" if engine.is_spark_like() else r"\{}"
    return frame.with_columns(*(_iso_text(name, group) for name in texts)) if texts else frame


_WIDE, _NARROW = "０１２３４５６７８９／：．－　", "0123456789/:.- "


def _narrow(frame: nw.LazyFrame[Any], texts: Sequence[str]) -> nw.LazyFrame[Any]:
    """Digits and signs of full width as those of ASCII, without blanks around; one function of each engine's own."""
    engine, native = frame.implementation, nw.to_native(frame)
    narrow: Any
    if engine.is_duckdb():
        plain = (  # what an ISO date is written as is narrow already
            f"CASE WHEN TRY_CAST({name}::VARCHAR AS DATE)::VARCHAR = {name}::VARCHAR THEN {name}::VARCHAR "
            f"ELSE trim(translate({name}::VARCHAR, '{_WIDE}', '{_NARROW}')) END AS {name}"
            for name in texts
        )
        narrow = native.project(f"* REPLACE ({', '.join(plain)})")
    elif engine.is_ibis():
        narrow = native.mutate(**{name: native[name].translate(_WIDE, _NARROW).strip() for name in texts})
    elif engine.is_spark_like():
        from pyspark.sql import functions

        narrow = native
        for name in texts:
            narrow = narrow.withColumn(name, functions.trim(functions.translate(name, _WIDE, _NARROW)))
    elif engine.is_polars():
        import polars as pl

        texts_of = (pl.col(name).cast(pl.String) for name in texts)
        narrow = native.with_columns(x.str.replace_many(list(_WIDE), list(_NARROW)).str.strip_chars() for x in texts_of)
    else:
        return frame
    found: nw.LazyFrame[Any] = nw.from_native(narrow)
    return found


def _iso_text(column: str, group: str) -> nw.Expr:
    """Each step names its text once: written out wherever it is used, as servers do, it would outgrow their memory.

    `group` is how an engine writes what a group of a pattern matched.
    """
    text = nw.col(column).cast(nw.String)
    first, second = group.format(1), group.format(2)
    iso = text.str.replace_all("[年月.-]", "/").str.replace_all("日", "", literal=True)
    for _ in range(2):  # month, then day, of two digits
        iso = iso.str.replace_all("/([0-9])(/| |$)", f"/0{first}{second}")
    iso = iso.str.replace_all(" ([0-9]):", f" 0{first}:").str.replace_all("/", "-", literal=True)
    written = nw.when(text.str.contains(YEAR_FIRST_TEXT)).then(iso).otherwise(text)
    return nw.when(text.str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}")).then(text).otherwise(written).alias(column)


def is_text(dtype: nw.dtypes.DType) -> bool:
    """Whether a column holds text, as categories or plain."""
    return isinstance(dtype, (nw.String, nw.Categorical, nw.Enum))


def is_unreadable(column: str) -> nw.Expr:
    """Is there text that is no ISO 8601 date? Empty text is a missing date."""
    text = nw.col(column).cast(nw.String)
    return ~text.is_null() & ~text.str.contains(LOCAL_TEXT) & (text != nw.lit(""))


def as_day(as_of: object, timezone: str, name: str = "as_of") -> int:
    """Which day number is a day that is given by name? ISO text, dates and moments; zone-aware ones in `timezone`."""
    moment: object = as_of
    if isinstance(moment, np.datetime64) and not np.isnat(moment):
        moment = moment.astype("datetime64[D]").item()
    if isinstance(moment, str):
        moment = moment.translate(str.maketrans(_WIDE, _NARROW)).strip()
        try:
            numbers = re.findall("[0-9]+", moment)[:3] if re.fullmatch(YEAR_FIRST_TEXT, moment) else []
            moment = date(*map(int, numbers)) if numbers else datetime.fromisoformat(moment)
        except ValueError as error:
            raise InputError(f"`{name}` must be a date such as '2026-09-30'; got {as_of!r}.") from error
    if isinstance(moment, datetime) and moment == moment:  # not NaT, which is a datetime and unequal to itself
        moment = (moment.astimezone(ZoneInfo(timezone)) if moment.tzinfo else moment).date()
    if not isinstance(moment, date) or isinstance(moment, datetime):
        raise InputError(f"`{name}` must be a date such as '2026-09-30'; got {as_of!r}.")
    if not 1901 <= moment.year <= 2100:
        raise InputError(f"`{name}` must lie between the years 1901 and 2100; got {moment}.")
    return moment.toordinal()


def check_timezone(timezone: str | None) -> None:
    """Refuse a time zone that is not in the database; None, for none given, is none to refuse."""
    if timezone is None:
        return
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise InputError(f"`timezone` must be an IANA name such as 'Asia/Tokyo'; got {timezone!r}.") from error
