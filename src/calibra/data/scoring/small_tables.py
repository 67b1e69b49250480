"""A small table of ours in the engine of a user's frame, by means that need no rights there beyond reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.codecs import to_arrow

if TYPE_CHECKING:
    import pyarrow as pa


def small_table(frame: nw.LazyFrame[Any], columns: Mapping[str, NDArray[Any]]) -> nw.LazyFrame[Any]:
    """A small table in the engine of a frame.

    PostgreSQL and Spark get it within the query: temporary tables need a right that many roles lack and no replica
    grants, and rows that come from Python need a Python worker on every executor.
    """
    import pyarrow as pa

    small = pa.table({name: to_arrow(_with_gaps(name, values)) for name, values in columns.items()})
    native: Any = nw.to_native(frame)
    if frame.implementation.is_duckdb():
        made: Any = native.query("calibra_rows", "SELECT * FROM small")  # DuckDB finds the local variable
    elif frame.implementation.is_polars():
        import polars as pl

        made = pl.DataFrame(small).lazy()
    elif frame.implementation.is_ibis():
        made = _for_ibis(native, small)
    else:
        made = _for_spark(native.sparkSession, small)
    found: nw.LazyFrame[Any] = nw.from_native(made)
    return found


def _for_ibis(table: Any, small: pa.Table) -> Any:
    """On PostgreSQL within the query; elsewhere by Ibis's own means."""
    import ibis

    backend = ibis.get_backend(table)
    if backend.name != "postgres":
        return ibis.memtable(small)
    kinds = {name: _POSTGRES[str(kind)][1] for name, kind in zip(small.column_names, small.schema.types, strict=True)}
    return backend.sql(postgres_rows(small), schema=kinds)


_POSTGRES = {"int64": ("bigint", "int64"), "double": ("double precision", "float64"), "string": ("text", "string")}
"""Arrow type to PostgreSQL's and to Ibis's."""


def postgres_rows(small: pa.Table) -> str:
    """A query that is the table: one array literal a column.

    The server reads 100,000 rows of it in a fraction of the time that as many VALUES take, and so does Ibis, which
    parses the query; the planner knows how many rows there are.
    """
    arrays = ", ".join(
        f"CAST({_literal(_array_text(small[name].to_pylist()))} AS {_POSTGRES[str(small[name].type)][0]}[])"
        for name in small.column_names
    )
    return f"SELECT * FROM unnest({arrays}) AS small({', '.join(small.column_names)})"


def _array_text(values: list[Any]) -> str:
    """How PostgreSQL writes an array: text in quotes, so that no label is taken for NULL or for a brace."""
    return "{" + ",".join("NULL" if value is None else _element(value) for value in values) + "}"


def _element(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _for_spark(session: Any, small: pa.Table) -> Any:
    """One JSON text, which the JVM takes apart."""
    from pyspark.sql import functions

    text, kind = spark_rows(small)
    rows = functions.from_json(functions.lit(text), kind, {"mode": "FAILFAST"})
    return session.range(1).select(functions.inline(rows))


def spark_rows(small: pa.Table) -> tuple[str, str]:
    """The table as JSON, and the type that Spark's `from_json` is to read it as."""
    kinds = {"int64": "bigint", "double": "double", "string": "string"}
    fields = ", ".join(f"{field.name}: {kinds[str(field.type)]}" for field in small.schema)
    return json.dumps(small.to_pylist(), allow_nan=False), f"array<struct<{fields}>>"


def _with_gaps(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Numbers with None for NaN, which an engine would take for a number; whole where they are days ahead."""
    if values.dtype.kind != "f":
        return values
    kind = int if name == "lookup_within_days" else float
    return np.array([*(None if value != value else kind(value) for value in values.tolist()), None], dtype=object)[:-1]
