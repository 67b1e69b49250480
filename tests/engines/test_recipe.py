"""The SQL of docs/how-to/engines.md, run as it stands there on DuckDB and PostgreSQL: the counts of the rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.urls import read_url
from calibra.errors import EngineError, InputError
from tests.data.frames.worlds import AS_OF, SCALE, as_polars, world

ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened",
         "exit_at": "left_at"}  # fmt: skip


@pytest.fixture
def recipe(project: Path) -> str:
    page = (project / "docs" / "how-to" / "engines.md").read_text(encoding="utf-8")
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert isinstance(sql, str)
    return sql


@pytest.fixture
def rows() -> pl.DataFrame:
    return as_polars(world()).rename({"left": "left_at"})


def on_duckdb(sql: str, rows: pl.DataFrame, request: pytest.FixtureRequest) -> Any:
    connection = duckdb.connect()
    connection.from_arrow(rows.to_arrow()).create("judgments")
    return connection.sql(sql)


def on_postgres(sql: str, rows: pl.DataFrame, request: pytest.FixtureRequest) -> Any:
    connection = request.getfixturevalue("postgres")
    connection.create_table("judgments", rows.to_arrow(), overwrite=True)
    return connection.sql(sql)


@pytest.mark.parametrize("run", [on_duckdb, on_postgres])
def test_the_recipe_gives_the_duration_counts_of_the_rows(
    run: Any, recipe: str, rows: pl.DataFrame, request: pytest.FixtureRequest
) -> None:
    ready = Judgments.from_cells(run(recipe, rows, request), scale=SCALE, as_of=AS_OF, horizons=[30, 90])
    expected = Judgments.from_frame(rows, scale=SCALE, as_of=AS_OF, columns=ROLES)
    pd.testing.assert_frame_equal(ready.duration_counts().table, expected.duration_counts().table)
    np.testing.assert_array_equal(
        ready.binomial_cells(within_days=90).events, expected.binomial_cells(within_days=90).events
    )


def test_a_postgres_table_is_read_by_its_url(postgres_url: str, postgres: Any, rows: pl.DataFrame) -> None:
    postgres.create_table("by_url", rows.to_arrow(), overwrite=True)
    table = read_url(f"{postgres_url}::public.by_url")
    judgments = Judgments.from_frame(table, scale=SCALE, as_of=AS_OF, columns=ROLES)
    table.get_backend().disconnect()
    expected = Judgments.from_frame(rows, scale=SCALE, as_of=AS_OF, columns=ROLES)
    pd.testing.assert_frame_equal(judgments.duration_counts().table, expected.duration_counts().table)


@pytest.mark.usefixtures("postgres")
def test_a_server_without_the_table_or_no_server_is_told(postgres_url: str) -> None:
    with pytest.raises(InputError, match="has no 'nowhere'"):
        read_url(f"{postgres_url}::nowhere")
    with pytest.raises(EngineError, match=r"'postgres://abe:\*\*\*@127.0.0.1:1/db' could not be reached"):
        read_url("postgres://abe:hush@127.0.0.1:1/db::t")


def test_a_refusal_of_the_server_is_told_in_its_words(postgres: Any, rows: pl.DataFrame) -> None:
    postgres.create_table("to_divide", rows.to_arrow(), overwrite=True)
    broken = postgres.sql("SELECT *, 1 / (length(owner) - length(owner)) AS size_class FROM to_divide")
    with pytest.raises(InputError, match="could not be counted by its own engine: division by zero"):
        Judgments.from_frame(broken, scale=SCALE, as_of=AS_OF, columns=ROLES | {"class": "size_class"}).duration_counts(
            by=["class"]
        )
