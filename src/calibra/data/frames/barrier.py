"""Queries that PostgreSQL works out once, where it would otherwise write them out wherever they are used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import LOCAL_TEXT, is_text


def merges_queries(frame: nw.LazyFrame[Any]) -> bool:
    """Whether the engine is PostgreSQL.

    It merges a query with those around it and then works a column out wherever it is named: days read from text, a
    dozen patterns each, once for every pair of a join.
    """
    if not frame.implementation.is_ibis():
        return False
    import ibis
    from ibis.expr import operations

    table: Any = nw.to_native(frame)
    return ibis.get_backend(table).name == "postgres" and not table.op().find(operations.InMemoryTable)


def counted_once(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The same rows, whose columns PostgreSQL works out before it joins or filters them further.

    `OFFSET 0` keeps a query from being merged with others, and needs no right to write. Other engines need no such
    thing, and their frames come back as they are.
    """
    if not merges_queries(frame):
        return frame
    import ibis

    table: Any = nw.to_native(frame)
    query = f"SELECT * FROM ({ibis.to_sql(table)}) AS calibra_rows OFFSET 0"
    fenced: nw.LazyFrame[Any] = nw.from_native(ibis.get_backend(table).sql(query, schema=table.schema()))
    return fenced


def texts_as_moments(frame: nw.LazyFrame[Any], names: Iterable[str]) -> dict[str, nw.Expr]:
    """On PostgreSQL, columns of ISO text as moments, each value read once: column to expression; null for other text.

    Other engines keep the text.
    """
    schema = frame.collect_schema()
    texts = [name for name in names if name in schema and is_text(schema[name])]
    if not texts or not merges_queries(frame):
        return {}
    return {
        name: nw.when(nw.col(name).str.contains(LOCAL_TEXT)).then(nw.col(name)).cast(nw.Datetime("us"))
        for name in texts
    }
