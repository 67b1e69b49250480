"""Columns declared so that text which differs is equal, on PostgreSQL, in Ibis on DuckDB and on Spark."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from tests.data.frames.test_collations import CHECKS, DECLARED, Make

INSENSITIVE = (
    "CREATE COLLATION IF NOT EXISTS insensitive (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
)


def on_postgres(connection: Any) -> Make:
    connection.raw_sql(INSENSITIVE).close()

    def make(frame: pl.DataFrame) -> Any:
        name = f"rows_{uuid4().hex}"
        connection.create_table(name, frame.to_arrow())
        for column in (column for column in DECLARED if column in frame.columns):
            connection.raw_sql(f'ALTER TABLE {name} ALTER "{column}" TYPE text COLLATE insensitive').close()
        return connection.table(name)

    return make


def on_ibis_duckdb(connection: Any) -> Make:
    def make(frame: pl.DataFrame) -> Any:
        name = f"rows_{uuid4().hex}"
        connection.create_table(f"{name}_plain", frame.to_arrow())
        told = [f'"{column}" COLLATE NOCASE AS "{column}"' for column in DECLARED if column in frame.columns]
        connection.raw_sql(f"CREATE TABLE {name} AS SELECT * REPLACE ({', '.join(told)}) FROM {name}_plain")
        return connection.table(name)

    return make


def on_spark(session: Any, folder: Any) -> Make:
    def make(frame: pl.DataFrame) -> Any:
        from pyspark.sql import functions

        path = folder / f"{uuid4().hex}.parquet"
        frame.write_parquet(path)
        rows = session.read.parquet(str(path))
        told = [column for column in DECLARED if column in frame.columns]
        return rows.withColumns({column: functions.collate(rows[column], "UTF8_LCASE") for column in told})

    return make


@pytest.mark.parametrize("what", CHECKS)
@pytest.mark.parametrize("engine", ["postgres", "ibis_duckdb", "spark"])
def test_text_is_compared_letter_by_letter_whatever_its_column_was_declared_as(
    engine: str, what: str, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    connection: Any = request.getfixturevalue(engine)
    made = {"postgres": on_postgres, "ibis_duckdb": on_ibis_duckdb}
    CHECKS[what](on_spark(connection, tmp_path) if engine == "spark" else made[engine](connection))
