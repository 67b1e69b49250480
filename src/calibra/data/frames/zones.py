"""Moments in local time: zone-aware columns, and text with an offset from UTC, in the calendar of one stated zone.

narwhals converts between zones on polars alone: DuckDB, Ibis and Spark refuse it, or take their session's zone for the
one that was meant. So each says it in its own words here; nothing else in the counting is told engine by engine.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from calibra.data.frames.barrier import counted_once
from calibra.data.frames.dates import ZONED_TEXT, is_text, with_iso_text
from calibra.data.frames.roles import DATES
from calibra.errors import InputError

if TYPE_CHECKING:
    import duckdb

_LEAST_ZONED = len("2026-09-30T08:15:00Z")
_TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"


def localise(frame: nw.LazyFrame[Any], timezone: str) -> nw.LazyFrame[Any]:
    """The frame with the moments of its date columns at their local time in the zone; text stays text, but ISO."""
    schema = frame.collect_schema()
    texts = any(is_text(schema[name]) for name in schema.names() if name in DATES)
    frame = counted_once(with_iso_text(frame, DATES)) if texts else frame
    engine, native = frame.implementation, nw.to_native(frame)
    if engine.is_duckdb():
        native = _localise_relation(native, timezone)
    elif engine.is_ibis():
        native = _localise_ibis(native, timezone)
    elif engine.is_spark_like():
        native = _localise_spark(native, timezone)
    else:
        return _localise_plain(frame, timezone)
    local: nw.LazyFrame[Any] = nw.from_native(native)
    return counted_once(local)


def _localise_relation(relation: duckdb.DuckDBPyRelation, timezone: str) -> duckdb.DuckDBPyRelation:
    """By DuckDB's own `timezone`, whatever zone its session is in."""
    replaced = []
    for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
        if name in DATES and kind == "TIMESTAMP WITH TIME ZONE":
            replaced.append(f"timezone('{timezone}', {name}) AS {name}")
        elif name in DATES and kind == "VARCHAR":
            moment = f"strftime(timezone('{timezone}', TRY_CAST({name} AS TIMESTAMPTZ)), '{_TO_THE_SECOND}')"
            zoned = f"CASE WHEN regexp_matches({name}, '{ZONED_TEXT}') THEN coalesce({moment}, {name}) ELSE {name} END"
            replaced.append(f"CASE WHEN strlen({name}) < {_LEAST_ZONED} THEN {name} ELSE {zoned} END AS {name}")
    return _finite(relation.project(f"* REPLACE ({', '.join(replaced)})") if replaced else relation)


def _finite(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """No day for infinity, which DuckDB's dates and microseconds know.

    Of judgments and their ends the count sees to it: their infinite day numbers lie after any `as_of`, while another
    expression in every row would make it half as long again.
    """
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    replaced = [
        f"nullif({name}, 'infinity'::{kind}) AS {name}"
        for name, kind in kinds.items()
        if name in _LATER_ROLES and kind in ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS")
    ]
    return relation.project(f"* REPLACE ({', '.join(replaced)})") if replaced else relation


_LATER_ROLES = ("entered_at", "reranked_at", "won_at", "lost_at", "expected_at")


def _localise_ibis(table: Any, timezone: str) -> Any:
    """By the database's own function: `timezone` on PostgreSQL and DuckDB, `DATETIME` on BigQuery."""
    import ibis

    schema = table.schema()
    aware = [name for name in table.columns if name in DATES and _is_aware(schema[name])]
    texts = [name for name in table.columns if name in DATES and schema[name].is_string()]
    backend = ibis.get_backend(table).name
    if not aware and not texts:
        return _finite_ibis(table, backend)
    if backend not in _LOCAL_TIME:
        if not aware:
            return _finite_ibis(table, backend)
        raise InputError(
            f"Moments with a time zone are not converted on {backend}; {', '.join(f'`{name}`' for name in aware)} have "
            "one. Make them dates, or moments without a zone, in a view."
        )
    moment, zone = ibis.dtype("timestamp('UTC')"), ibis.dtype("string")
    function, zone_first = _LOCAL_TIME[backend]
    kinds = (zone, moment) if zone_first else (moment, zone)

    local_time = ibis.udf.scalar.builtin(_of_two, name=function, signature=(kinds, ibis.dtype("timestamp")))

    def local(value: Any) -> Any:
        return local_time(timezone, value) if zone_first else local_time(value, timezone)

    replaced = {name: local(table[name]) for name in aware}
    for name in texts:
        zoned = table[name].re_search(ZONED_TEXT)
        there = local(zoned.ifelse(table[name], ibis.null("string")).cast(moment))
        told = there.strftime("%Y-%m-%d") + "T" + there.strftime("%H:%M:%S")  # a T is a word to PostgreSQL's formats
        replaced[name] = zoned.ifelse(told, table[name])
    return _finite_ibis(table.mutate(**replaced), backend)


def _finite_ibis(table: Any, backend: str) -> Any:
    """No day for infinity, where the database knows it."""
    import ibis

    schema = table.schema()
    names = [
        name for name in table.columns if name in DATES and (schema[name].is_date() or schema[name].is_timestamp())
    ]
    if backend not in ("postgres", "duckdb") or not names:
        return table
    replaced = {}
    for name in names:
        kind = schema[name]
        is_finite = ibis.udf.scalar.builtin(_of_one, name="isfinite", signature=((kind,), ibis.dtype("boolean")))
        before_all = ibis.udf.scalar.builtin(
            _of_three, name="make_date", signature=((ibis.dtype("int32"),) * 3, ibis.dtype("date"))
        )(-4713, 1, 1).cast(kind)
        value = table[name]
        endless = (value > ibis.literal(_ANY_DAY).cast(kind)).ifelse(ibis.null(kind), before_all)
        replaced[name] = is_finite(value).ifelse(value, value.isnull().ifelse(ibis.null(kind), endless))
    return table.mutate(**replaced)


_ANY_DAY = date(2000, 1, 1)


def _of_one(value: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def _of_three(first: Any, second: Any, third: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def _of_two(first: Any, second: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


_LOCAL_TIME = {"duckdb": ("timezone", True), "postgres": ("timezone", True), "bigquery": ("DATETIME", False)}
"""Back end of Ibis to the function that gives local time, and whether the zone is its first argument."""


def _is_aware(dtype: Any) -> bool:
    return bool(dtype.is_timestamp() and dtype.timezone is not None)


def _localise_spark(frame: Any, timezone: str) -> Any:
    """By instants since 1970 in UTC, because Spark shows a `TIMESTAMP` in its session's zone."""
    from pyspark.sql import functions

    for name in (name for name in frame.columns if name in DATES):
        kind = frame.schema[name].dataType.typeName()
        if kind == "timestamp":
            frame = frame.withColumn(name, functions.expr(_spark_local(name, timezone)))
        elif kind == "string":
            local = _spark_local(f"try_to_timestamp({name})", timezone)
            told = f"date_format({local}, \"yyyy-MM-dd'T'HH:mm:ss\")"
            zoned = f"if({name} rlike '{ZONED_TEXT}', coalesce({told}, {name}), {name})"
            frame = frame.withColumn(name, functions.expr(zoned))
    return frame


def _spark_local(moment: str, timezone: str) -> str:
    utc = f"timestampadd(MICROSECOND, unix_micros({moment}), TIMESTAMP_NTZ'1970-01-01 00:00:00')"
    return f"convert_timezone('UTC', '{timezone}', {utc})"


def _localise_plain(frame: nw.LazyFrame[Any], timezone: str) -> nw.LazyFrame[Any]:
    """By narwhals, for the engines that convert between zones."""
    schema = frame.collect_schema()
    replaced = []
    for name in (name for name in schema.names() if name in DATES):
        dtype = schema[name]
        if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
            replaced.append(_local(nw.col(name), timezone).alias(name))
        elif is_text(dtype):
            text = nw.col(name).cast(nw.String)
            zoned = nw.when(text.str.contains(ZONED_TEXT)).then(text)
            plain = zoned.str.replace_all("Z", "+00:00", literal=True).str.replace_all("[.][0-9]+", "")
            plain = plain.str.replace_all("([+-][0-9]{2})$", "${1}:00")  # as databases write whole hours
            moment = plain.str.replace_all(" ", "T", literal=True).str.to_datetime(format=f"{_TO_THE_SECOND}%z")
            local = _local(moment, timezone).dt.to_string(_TO_THE_SECOND)
            replaced.append(nw.when(text.str.contains(ZONED_TEXT)).then(local).otherwise(text).alias(name))
    return frame.with_columns(*replaced) if replaced else frame


def _local(moment: nw.Expr, timezone: str) -> nw.Expr:
    return moment.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
