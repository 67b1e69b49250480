"""What PostgreSQL refuses or breaks off is an error of its own that says what to do; names with dots are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.urls import read_url
from calibra.data.scale import RankScale
from calibra.errors import EngineError, InputError

ROLES = {"prospect": "id", "rep": "who", "rank": "label", "judged_at": "day", "event_at": "won"}


def judgments_of(table: Any) -> Judgments:
    return Judgments.from_frame(table, scale=RankScale(["A"]), as_of="2026-06-30", columns=ROLES)


@pytest.fixture
def schema(postgres: Any) -> Iterator[str]:
    """A schema with a table under three names."""
    name = f"k{uuid4().hex}"
    postgres.raw_sql(f"CREATE SCHEMA {name}").close()
    row = "SELECT 1 AS id, 'Abe' AS who, 'A' AS label, DATE '2026-01-01' AS day, DATE '2026-01-03' AS won"
    for table in ("only_here", '"dotted.name"', '"Mixed Case ""T"""'):
        postgres.raw_sql(f"CREATE TABLE {name}.{table} AS {row}").close()
    yield name
    postgres.raw_sql(f"DROP SCHEMA {name} CASCADE").close()


@pytest.mark.parametrize("table", ["only_here", '"dotted.name"', '"Mixed Case ""T"""'])
def test_any_name_can_be_written_in_a_url(table: str, schema: str, postgres_url: str, postgres: Any) -> None:
    assert judgments_of(read_url(f"{postgres_url}::{schema}.{table}")).duration_counts().days.tolist() == [2]
    mine = read_url(f"{postgres_url}::{schema}.{table}", connection=postgres)
    assert judgments_of(mine).duration_counts().days.tolist() == [2]


def test_a_table_in_another_schema_is_hinted_at(schema: str, postgres_url: str) -> None:
    with pytest.raises(InputError, match=rf"It is in another schema: write {schema}\.only_here"):
        read_url(f"{postgres_url}::only_here")


def test_a_user_without_rights_is_told_what_to_ask_for(schema: str, postgres_url: str, postgres: Any) -> None:
    role = f"r{uuid4().hex}"
    postgres.raw_sql(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}").close()
    try:
        url = postgres_url.replace("calibra@", f"{role}@")
        with pytest.raises(EngineError, match="Ask for GRANT SELECT ON only_here TO"):
            judgments_of(read_url(f"{url}::{schema}.only_here"))
    finally:
        postgres.raw_sql(f"DROP OWNED BY {role}; DROP ROLE {role}").close()


def test_a_lost_connection_says_to_call_again(schema: str, postgres_url: str, postgres: Any) -> None:
    table = read_url(f"{postgres_url}::{schema}.only_here")
    judgments = judgments_of(table)
    with table._find_backend().con.cursor() as cursor:
        (process,) = cursor.execute("SELECT pg_backend_pid()").fetchone()
    postgres.raw_sql(f"SELECT pg_terminate_backend({process})").close()
    with pytest.raises(EngineError, match="Call again"):
        judgments.summary()


def test_a_query_that_the_server_stops_is_no_bad_input(postgres_url: str, postgres: Any) -> None:
    many = postgres.create_table(f"many_{uuid4().hex}", pl.DataFrame({"id": range(100_000)}).to_arrow())
    postgres.raw_sql(f"ALTER TABLE {many.get_name()} ADD who text DEFAULT 'Abe', ADD label text DEFAULT 'A'").close()
    postgres.raw_sql(f"ALTER TABLE {many.get_name()} ADD day date DEFAULT '2026-01-01', ADD won date").close()
    url = postgres_url + "?options=-cstatement_timeout%3D1"
    with pytest.raises(EngineError, match="The server stopped the query"):
        judgments_of(read_url(f"{url}::{many.get_name()}"))
