"""Stamps of exports: epoch milliseconds become moments, and two tables' days and ids become one type."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import is_text
from calibra.data.frames.open import OpenedFrame, collect
from calibra.data.frames.zones import localise
from calibra.errors import InputError
from calibra.words import quoted

EARLIEST_MS, LATEST_MS = 100_000_000_000, 4_133_980_800_000
"""Milliseconds since 1970 of a day in 1973 and of the end of 2100: seconds and microseconds lie outside."""
_DIGITS = "^[0-9]{9,16}(?:[.]0+)?$"
"""Text of a stamp; with a point where pandas wrote a column with gaps into a file."""


def with_moments(opened: OpenedFrame, name: str, timezone: str) -> nw.LazyFrame[Any]:
    """The frame with a column of epoch milliseconds, as HubSpot writes stamps, as local moments of the zone.

    Whole numbers, with gaps or without, and text of digits alone. Any other column stays as it is.

    Raises
    ------
    InputError
        Whole numbers that are no milliseconds of the years 1973 to 2100, such as seconds.
    """
    frame, dtype, value = opened.frame, opened.schema[name], nw.col(name)
    if is_text(dtype):
        digits = value.cast(nw.String).str.contains(_DIGITS)
        number = nw.when(digits).then(value.cast(nw.String)).str.replace_all("[.]0+$", "").cast(nw.Int64)
        there = nw.when(~value.is_null() & (value.cast(nw.String) != nw.lit(""))).then(nw.lit(1)).count()
    elif dtype.is_integer() or dtype.is_float():
        known = ~value.is_null() & ~value.is_nan() if dtype.is_float() else ~value.is_null()
        number = nw.when(known).then(value).cast(nw.Int64)
        there = number.count()
    else:
        return frame
    seen = collect(
        frame.select(
            there.cast(nw.Int64).alias("n"),
            number.count().cast(nw.Int64).alias("n_numbers"),
            number.min().alias("least"),
            number.max().alias("most"),
        )
    )
    n, n_numbers, least, most = (seen[part].to_list()[0] for part in ("n", "n_numbers", "least", "most"))
    if not n or n_numbers < n:
        return frame
    if least < EARLIEST_MS or most > LATEST_MS:
        column = opened.roles.columns[opened.roles.key(name)]
        raise InputError(
            f"{quoted(column)} must hold dates, moments or milliseconds since 1970; it holds the numbers {least} to "
            f"{most}, which are no milliseconds of the years 1973 to 2100. Make moments of them first."
        )
    return localise(_from_milliseconds(frame.with_columns(number.alias(name)), name), timezone)


def _from_milliseconds(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """Whole numbers of milliseconds since 1970 as moments in UTC, in the words of each engine."""
    engine, native = frame.implementation, nw.to_native(frame)
    if engine.is_duckdb():
        made: Any = native.project(f"* REPLACE (timezone('UTC', epoch_ms({name})) AS {name})")
    elif engine.is_ibis():
        made = native.mutate(**{name: _moment_by_ibis(native, name)})
    elif engine.is_spark_like():
        from pyspark.sql import functions

        made = native.withColumn(name, functions.expr(f"timestamp_millis({name})"))
    else:
        import polars as pl

        made = native.with_columns(pl.from_epoch(name, "ms").dt.replace_time_zone("UTC"))
    found: nw.LazyFrame[Any] = nw.from_native(made)
    return found


def _moment_by_ibis(table: Any, name: str) -> Any:
    """By the database's own function where Ibis has no word for milliseconds; in UTC."""
    import ibis

    backend, moment = ibis.get_backend(table).name, ibis.dtype("timestamp('UTC')")
    if backend not in _FROM_NUMBER:
        return table[name].as_timestamp("ms").cast(moment)
    function, kind, factor = _FROM_NUMBER[backend]
    made = ibis.udf.scalar.builtin(_of_one, name=function, signature=((ibis.dtype(kind),), moment))
    return made((table[name] * factor).cast(kind))


_FROM_NUMBER: dict[str, tuple[str, str, float]] = {
    "duckdb": ("make_timestamptz", "int64", 1000),
    "postgres": ("to_timestamp", "float64", 0.001),
}
"""Back end of Ibis to what makes a moment of a number, that number's type, and how many of it a millisecond is."""


def _of_one(value: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def of_one_type(
    one: nw.LazyFrame[Any], other: nw.LazyFrame[Any], name: str, columns: tuple[str, str]
) -> tuple[nw.LazyFrame[Any], nw.LazyFrame[Any]]:
    """Two tables whose column of this name has one type in both: text, 64 bits, or moments to the microsecond.

    Moments beside text become text, so that text that is no moment is named later, row by row.

    Parameters
    ----------
    one, other : LazyFrame
        The tables.
    name : str
        The column's name in both.
    columns : pair of str
        What the user calls it in each.

    Raises
    ------
    InputError
        Types that have no meaning in common; the message names columns and types.
    """
    kinds = one.collect_schema()[name], other.collect_schema()[name]
    if kinds[0] == kinds[1] and not isinstance(kinds[0], (nw.Categorical, nw.Enum)):
        return one, other
    dated = [isinstance(kind, (nw.Date, nw.Datetime)) for kind in kinds]
    texts = [is_text(kind) for kind in kinds]
    value = nw.col(name)
    if (any(isinstance(kind, nw.Unknown) for kind in kinds) and any(texts)) or all(texts):  # of no value at all
        made = [value.cast(nw.String)] * 2
    elif all(kind.is_integer() for kind in kinds):
        made = [value.cast(nw.Int64)] * 2
    elif all(dated):
        made = [value.cast(nw.Datetime("us"))] * 2
    elif all(text or moment for text, moment in zip(texts, dated, strict=True)):
        made = [
            value.cast(nw.String) if text else (_iso(value) if isinstance(kind, nw.Datetime) else value.cast(nw.String))
            for text, kind in zip(texts, kinds, strict=True)
        ]
    else:
        raise InputError(
            f"{quoted(columns[0])} and {quoted(columns[1])} must be of one type to be read together; they are "
            f"{kinds[0]} and {kinds[1]}. Cast one."
        )
    return one.with_columns(made[0].alias(name)), other.with_columns(made[1].alias(name))


def _iso(moment: nw.Expr) -> nw.Expr:
    """A moment as ISO text; in two parts, because a T is a word to PostgreSQL's formats."""
    return nw.concat_str(moment.dt.to_string("%Y-%m-%d"), nw.lit("T"), moment.dt.to_string("%H:%M:%S"))


def as_label(frame: nw.LazyFrame[Any], name: str) -> nw.Expr:
    """A column as text: whole numbers that came as floats, because others are missing, without their ".0"."""
    value = nw.col(name)
    if not frame.collect_schema()[name].is_float():
        return value.cast(nw.String)
    known = nw.when(~value.is_nan()).then(value)
    whole = nw.when(known == known.floor()).then(known).cast(nw.Int64).cast(nw.String)
    return nw.when(~whole.is_null()).then(whole).otherwise(known.cast(nw.String))
