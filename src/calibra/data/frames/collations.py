"""Text that its engine takes for equal where it differs: compared letter by letter, as every other engine does.

A column may be declared so that Abe and abe, or é and e, are equal. Grouped so, the judgments of two reps fall to
whichever name comes first in each cell; joined so, a prospect is scored twice.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.engine_errors import explaining
from calibra.data.frames.postgres import fetch

EQUAL_TO_SOME = (("a", "A"), ("é", "e"), ("か\u3099", "が"), ("a", "a "))
"""Pairs of text that differ: by case, by a mark, by how it is composed, by a blank at its end."""
_DUCKDB, _POSTGRES = "duckdb", "postgres"


def by_letter_in_relation(kinds: dict[str, str], roles: Collection[str]) -> dict[str, str]:
    """Columns of text of DuckDB's as SQL that compares letter by letter, which costs nothing where it did before."""
    return {name: f'"{name}" COLLATE C' for name in roles if kinds[name] == "VARCHAR"}


def by_letter_in_ibis(table: Any, roles: Collection[str]) -> dict[str, Any]:
    """The same on PostgreSQL and DuckDB by way of Ibis, of the columns alone that do not: it costs a pass over each."""
    import ibis

    backend, schema = ibis.get_backend(table), table.schema()
    texts = [name for name in roles if schema[name].is_string()]
    if not texts or backend.name not in _ENCODED:
        return {}
    encode, decode = _ENCODED[backend.name]
    text, octets = ibis.dtype("string"), ibis.dtype("binary")
    found = {}
    for name in _not_by_letter(table, texts):
        value = table[name].cast("string")
        if backend.name == _DUCKDB:
            there = ibis.udf.scalar.builtin(_of_one, name=encode, signature=((text,), octets))(value)
            found[name] = ibis.udf.scalar.builtin(_of_one, name=decode, signature=((octets,), text))(there)
        else:
            there = ibis.udf.scalar.builtin(_of_two, name=encode, signature=((text, text), octets))(value, "UTF8")
            found[name] = ibis.udf.scalar.builtin(_of_two, name=decode, signature=((octets, text), text))(there, "UTF8")
    return found


_ENCODED = {_DUCKDB: ("encode", "decode"), _POSTGRES: ("convert_to", "convert_from")}
"""What makes octets of text, and text of octets, which is then as the database has text by itself."""


def _not_by_letter(table: Any, names: Collection[str]) -> list[str]:
    """Columns that are equal to what differs: asked of no row, for how a column compares is known without."""
    import ibis

    backend = ibis.get_backend(table)
    rows = ibis.to_sql(table.select(*names), dialect=backend.name)

    def is_equal(name: str, one: str, other: str) -> str:
        return f"coalesce((SELECT \"{name}\" FROM ({rows}) AS calibra_rows WHERE false), '{one}') = '{other}'"

    asked = ", ".join(f'({" OR ".join(is_equal(name, *pair) for pair in EQUAL_TO_SOME)}) AS "{name}"' for name in names)
    with explaining(nw.Implementation.IBIS):
        query = backend.sql(f"SELECT {asked}", schema=dict.fromkeys(names, "boolean"))
        found = fetch(query) if backend.name == _POSTGRES else query.to_pyarrow()
    answer = found.to_pylist()[0]
    return [name for name in names if answer[name]]


def by_letter_in_spark(frame: Any, roles: Collection[str]) -> dict[str, Any]:
    """The same on Spark, of the columns that are declared otherwise; before Spark 4 there are none."""
    from pyspark.sql import functions
    from pyspark.sql.types import StringType

    declared = {
        field.name: getattr(field.dataType, "collation", _BY_LETTER)
        for field in frame.schema.fields
        if field.name in roles and isinstance(field.dataType, StringType)
    }
    return {name: functions.collate(frame[name], _BY_LETTER) for name, kind in declared.items() if kind != _BY_LETTER}


_BY_LETTER = "UTF8_BINARY"


def _of_one(value: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def _of_two(first: Any, second: Any) -> Any:  # likewise
    """Have no body here."""
