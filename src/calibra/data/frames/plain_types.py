"""Columns of types that narwhals does not know, or reads differently from engine to engine, as plain ones.

A label has one text on every engine: whole numbers without a point, exact decimals without trailing zeros or an
exponent, `uuid` as text, `char(n)` without its padding. Days of a domain or of nanoseconds with a zone become moments.
Text is compared letter by letter, whatever its column was declared as. What is left unknown is refused by
`column_faults`, under the engine's own name for the type.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from calibra.data.frames.collations import by_letter_in_ibis, by_letter_in_relation, by_letter_in_spark
from calibra.data.frames.roles import DATES, NUMBERS, PROBABILITIES

if TYPE_CHECKING:
    import duckdb

_DUCKDB_TEXTS = ("UUID", "BIGNUM", "VARINT", "HUGEINT", "UHUGEINT")
"""Types of DuckDB whose values are labels once they are text; Arrow knows none of them."""
_BASES = {
    "date": "date",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamp('UTC')",
    "text": "string",
    "character varying": "string",
    "character": "string",
    "bpchar": "string",
    "citext": "string",
    "uuid": "string",
    "numeric": "float64",
    "double precision": "float64",
    "real": "float64",
    "smallint": "int64",
    "integer": "int64",
    "bigint": "int64",
}
"""Base type of a domain of PostgreSQL's to the type that Ibis reads its values as."""


def with_plain_types(frame: nw.LazyFrame[Any], roles: Collection[str]) -> nw.LazyFrame[Any]:
    """The frame with these columns, which are named by role, in plain types; the others stay as they are.

    Names of prospects become text only where the engine's type is unknown, so that they join as they are.
    """
    engine = frame.implementation
    if engine.is_duckdb():
        frame = nw.from_native(_plain_relation(nw.to_native(frame), roles))
    elif engine.is_ibis():
        frame = nw.from_native(_plain_ibis(nw.to_native(frame), roles))
    elif engine.is_spark_like():
        frame = nw.from_native(_plain_spark(nw.to_native(frame), roles))
    schema = frame.collect_schema()
    labels = [name for name in roles if is_label(name) and name != "prospect"]
    replaced = [label.alias(name) for name in labels if (label := _one_text(name, schema[name])) is not None]
    return frame.with_columns(*replaced) if replaced else frame


def is_label(name: str) -> bool:
    """Whether a column holds labels: reps, ranks, groupings and names of prospects."""
    return name not in (*DATES, *NUMBERS, *PROBABILITIES)


def own_type(frame: nw.LazyFrame[Any], name: str) -> str:
    """The engine's own name for the type of a column."""
    native, engine = nw.to_native(frame), frame.implementation
    if engine.is_duckdb():
        return str(native.types[native.columns.index(name)])
    if engine.is_ibis():
        return _raw_name(native.schema()[name])
    if engine.is_spark_like():
        return str(native.schema[name].dataType.simpleString())
    return str(frame.collect_schema()[name])


def _one_text(name: str, dtype: nw.dtypes.DType) -> nw.Expr | None:
    """A label of an exact number, or of yes and no, as the text it has everywhere; None where it is plain already."""
    value = nw.col(name)
    if isinstance(dtype, nw.Boolean):
        return nw.when(value).then(nw.lit("True")).otherwise(nw.when(~value).then(nw.lit("False")))
    if isinstance(dtype, (nw.Int128, nw.UInt128)):
        return value.cast(nw.String)
    if not isinstance(dtype, nw.Decimal):
        return None
    text = value.cast(nw.String)
    text = nw.when(text != nw.lit("NaN")).then(text)  # PostgreSQL's exact numbers know one that is none
    trimmed = nw.when(text.str.contains("[.]")).then(text.str.replace_all("[.]?0+$", "")).otherwise(text)
    return nw.when(text.str.contains("^0E")).then(nw.lit("0")).otherwise(trimmed)  # as Spark writes zero: 0E-9


def _plain_relation(relation: duckdb.DuckDBPyRelation, roles: Collection[str]) -> duckdb.DuckDBPyRelation:
    """DuckDB's own types: moments to the nanosecond with a zone, and labels that Arrow has no type for."""
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    replaced = [f'{value} AS "{name}"' for name, value in by_letter_in_relation(kinds, roles).items()]
    for name, kind in ((role, kinds[role]) for role in roles):
        if name in DATES and kind in _NANOSECONDS:
            replaced.append(f'{_to_the_microsecond(name, *_NANOSECONDS[kind])} AS "{name}"')
        elif is_label(name) and kind in _DUCKDB_TEXTS and not (name == "prospect" and kind in _WHOLE):
            replaced.append(f'"{name}"::VARCHAR AS "{name}"')
    return relation.project(f"* REPLACE ({', '.join(replaced)})") if replaced else relation


_WHOLE = ("HUGEINT", "UHUGEINT")
_NANOSECONDS = {
    "TIMESTAMP_NS": ("make_timestamp", "TIMESTAMP"),
    "TIMESTAMPTZ_NS": ("make_timestamptz", "TIMESTAMPTZ"),
    "TIMESTAMP_NS WITH TIME ZONE": ("make_timestamptz", "TIMESTAMPTZ"),
}
"""Moments of DuckDB's to the nanosecond: what makes one of microseconds, and its type."""


def _to_the_microsecond(name: str, make: str, kind: str) -> str:
    """The moment without its last three digits: DuckDB rounds, and 23:59:59.999999999 becomes the next day.

    Infinity has no nanoseconds, and stays what it is.
    """
    whole = f'epoch_ns("{name}")'
    return f'coalesce({make}(({whole} - ({whole} % 1000 + 1000) % 1000) // 1000), "{name}"::{kind})'


def _plain_ibis(table: Any, roles: Collection[str]) -> Any:
    """PostgreSQL's domains as their base types, its `char(n)` without padding, `uuid` and the like as text."""
    import ibis

    table = _shapes_as_unknown(table, roles)
    by_letter = by_letter_in_ibis(table, roles)
    table = table.mutate(**by_letter) if by_letter else table
    schema = table.schema()
    if ibis.get_backend(table).name != "postgres":
        replaced = {name: table[name].cast("string") for name in roles if is_label(name) and schema[name].is_uuid()}
        fine = [name for name in roles if name in DATES and schema[name].is_timestamp() and schema[name].scale == _NANO]
        replaced |= {name: _to_the_microsecond_by_ibis(table[name]) for name in fine}
        return table.mutate(**replaced) if replaced else table
    exact = [name for name in roles if name in (*NUMBERS, *PROBABILITIES) and schema[name].is_decimal()]
    replaced = _floats(table, exact) if exact else {}
    for name in (name for name in roles if name not in exact):
        value, kind = table[name], schema[name]
        if is_label(name):
            if kind.is_unknown() and _base_of(ibis.get_backend(table), _raw_name(kind)) == _BASES["numeric"]:
                text = value.cast("string")
                replaced[name] = text.contains(".").ifelse(text.re_replace("[.]?0+$", ""), text)
            elif kind.is_unknown() or kind.is_uuid():
                replaced[name] = value.cast("string")
            elif kind.is_string() and kind.length is not None:
                replaced[name] = value.repeat(1)  # a function of text is handed char(n) without its padding
        elif kind.is_unknown() and (base := _base_of(ibis.get_backend(table), _raw_name(kind))):
            replaced[name] = value.cast(base)
    return table.mutate(**replaced) if replaced else table


def _shapes_as_unknown(table: Any, roles: Collection[str]) -> Any:
    """The table whose points and other shapes are of a type nobody knows: Ibis asks PostGIS for them in any query."""
    import ibis
    from ibis.expr import datatypes

    schema = table.schema()
    replaced = {}
    for name in (name for name in roles if schema[name].is_geospatial()):
        kinds = ((schema[name],), datatypes.Unknown(raw_type=_name_of_shape(schema[name])))
        replaced[name] = ibis.udf.scalar.builtin(_of_one, name="coalesce", signature=kinds)(table[name])
    return table.mutate(**replaced) if replaced else table


def _name_of_shape(kind: Any) -> str:
    """What PostgreSQL and DuckDB call a type that Ibis counts among the shapes: point, geometry."""
    name = type(kind).__name__.lower()
    return "geometry" if name == "geospatial" else name


_NANO = 9
"""Decimal places of a second in a type of nanoseconds."""


def _to_the_microsecond_by_ibis(value: Any) -> Any:
    """The same by way of Ibis, whose division is one of floats: the type stays, its last three digits are 0."""
    import ibis

    kind, whole = value.type(), ibis.dtype("int64")
    number_of = ibis.udf.scalar.builtin(_of_one, name="epoch_ns", signature=((kind,), whole))(value)
    moment_of = ibis.udf.scalar.builtin(_of_one, name="make_timestamp_ns", signature=((whole,), kind))
    return ibis.coalesce(moment_of(number_of - (number_of % 1000 + 1000) % 1000), value)


def _of_one(value: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def _floats(table: Any, names: Sequence[str]) -> dict[str, Any]:
    """PostgreSQL's `numeric`, whose infinity Arrow's decimals do not know, as floats; `money` in units of one."""
    import ibis

    backend = ibis.get_backend(table)
    with backend.raw_sql(f"SELECT * FROM ({ibis.to_sql(table.select(*names))}) AS calibra_rows LIMIT 0") as cursor:
        of_money = [column.name for column in cursor.description if column.type_code == _MONEY]
    found = {}
    for name in names:
        value = table[name]
        if name in of_money:
            kind, number = value.type(), ibis.dtype("float64")
            one = ibis.udf.scalar.builtin(_of_one, name="money", signature=((ibis.dtype("int32"),), kind))(1)
            value = ibis.udf.scalar.builtin(_of_two, name="cash_div_cash", signature=((kind, kind), number))(value, one)
        found[name] = value.cast("float64")
    return found


_MONEY = 790
"""Number of the type `money` in any PostgreSQL."""


def _of_two(first: Any, second: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def _base_of(connection: Any, name: str) -> str | None:
    """The type that a domain of PostgreSQL's rests on, as Ibis reads it; None for what is no domain over a plain type.

    A domain may rest on another one; the last is no domain.
    """
    asked = name.replace("'", "''")
    query = (
        "WITH RECURSIVE steps AS (SELECT oid, typtype, typbasetype FROM pg_type "
        f"WHERE oid = to_regtype('{asked}') UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t "
        "JOIN steps s ON t.oid = s.typbasetype AND s.typtype = 'd') "
        "SELECT format_type(oid, NULL) FROM steps WHERE typtype <> 'd'"
    )
    cursor = connection.raw_sql(query)
    try:
        found = cursor.fetchone()
    finally:
        cursor.close()
    return None if found is None else _BASES.get(str(found[0]))


def _raw_name(kind: Any) -> str:
    """What the database calls a type that Ibis does not know; else what Ibis calls it."""
    raw = getattr(kind, "raw_type", None)
    if raw is None:
        return str(kind)
    return raw if isinstance(raw, str) else str(raw.args.get("kind") or raw.sql().lower())


def _plain_spark(frame: Any, roles: Collection[str]) -> Any:
    """Spark's `char(n)` without its padding; other text is as long as it was written."""
    from pyspark.sql import functions

    padded = [
        field.name
        for field in frame.schema.fields
        if field.name in roles and is_label(field.name) and str(field.metadata.get(_SPARK_TYPE, "")).startswith("char(")
    ]
    replaced = by_letter_in_spark(frame, roles) | {name: functions.rtrim(frame[name]) for name in padded}
    return frame.withColumns(replaced) if replaced else frame


_SPARK_TYPE = "__CHAR_VARCHAR_TYPE_STRING"
"""Where Spark keeps what a text column was declared as."""
