"""What PostgreSQL does faster when it is told in its own words: days from dates, and small results fetched at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_A_TIME = 100_000


def is_postgres(frame: nw.LazyFrame[Any]) -> bool:
    """Whether a frame is a table of PostgreSQL's, by way of Ibis."""
    if not frame.implementation.is_ibis():
        return False
    import ibis

    backend: str = ibis.get_backend(nw.to_native(frame)).name
    return backend == "postgres"


def with_day_numbers(frame: nw.LazyFrame[Any], roles: Sequence[str], epoch: int) -> nw.LazyFrame[Any]:
    """The frame with a day number `…_day` beside each of these `…_at`, by subtracting dates.

    The planner writes a day out wherever it is used, six times for the day of a judgment; a subtraction costs a
    quarter of the arithmetic with years and days of the year. `epoch` is the day number of 1970-01-01.
    """
    import ibis

    day, whole = ibis.dtype("date"), ibis.dtype("int32")
    days_between = ibis.udf.scalar.builtin(_of_two, name="date_mi", signature=((day, day), whole))
    table: Any = nw.to_native(frame)
    start = ibis.literal(date(1970, 1, 1))
    days = {f"{role[:-3]}_day": days_between(table[role].cast("date"), start).cast("int64") + epoch for role in roles}
    found: nw.LazyFrame[Any] = nw.from_native(table.mutate(**days))
    return found


def n_different_rows(table: Any, keys: Sequence[str]) -> tuple[int, int]:
    """How many hashes of these columns there are, and how many rows; one that has no value counts as a copy.

    Hashes are of the values as text, each the seed of the next, so that columns keep the collation they have.
    """
    import ibis

    text, whole = ibis.dtype("string"), ibis.dtype("int64")
    hash_of = ibis.udf.scalar.builtin(_of_two, name="hashtextextended", signature=((text, whole), whole))
    hashed = ibis.literal(0, "int64")
    for key in keys:
        hashed = hash_of(table[key].cast("string"), hashed)
    row = fetch(table.aggregate(n=table.count(), n_different=hashed.nunique())).to_pylist()[0]
    return int(row["n_different"]), int(row["n"])


def _of_two(first: Any, second: Any) -> Any:  # what Ibis is told of a function of the database's own
    """Have no body here."""


def fetch(table: Any) -> pa.Table:
    """The rows of a small result, all at once.

    Ibis reads Arrow through a cursor on the server, and of a cursor's query PostgreSQL scans nothing in parallel and
    expects that a tenth of the rows will do. What Ibis takes for a float the server may work out as `numeric`.
    """
    import ibis
    import pyarrow as pa

    backend = ibis.get_backend(table)
    schema = table.schema()
    kind, batches = schema.as_struct().to_pyarrow(), []
    floats = frozenset(i for i, found in enumerate(schema.types) if found.is_floating())
    backend._run_pre_execute_hooks(table)
    with backend.con.transaction(), backend.con.cursor() as cursor:
        cursor.execute(backend.compile(table))
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            told = [_with_floats(row, floats) for row in rows] if floats else rows
            batches.append(pa.RecordBatch.from_struct_array(pa.array(told, type=kind)))
    return pa.Table.from_batches(batches, schema.to_pyarrow())


def _with_floats(row: Sequence[Any], floats: frozenset[int]) -> tuple[Any, ...]:
    """The row with numbers in these places as floats."""
    return tuple(float(v) if i in floats and isinstance(v, Decimal) else v for i, v in enumerate(row))
