"""Tables by URL: DuckDB's own, every other engine's through Ibis, and what is said where there is none."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import duckdb
import pytest

from calibra.data.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.data.urls import is_url, read_url
from calibra.errors import InputError

ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "team.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute(
            "CREATE TABLE crm.judgments AS SELECT 1 AS lead, 'Abe' AS owner, 'A' AS label,"
            " DATE '2026-01-01' AS judged, DATE '2026-01-03' AS opened"
        )
    return tmp_path / "team.duckdb"


def test_a_duckdb_table_is_read_in_its_own_engine(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    for place in (str(database), "/team.duckdb", "team.duckdb"):
        frame = read_url(f"duckdb://{place}::crm.judgments")
        judgments = Judgments.from_frame(frame, scale=RankScale(["A"]), as_of="2026-06-30", columns=ROLES)
        assert judgments.duration_counts().days.tolist() == [2]


def test_a_database_is_opened_for_reading_only(database: Path) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        read_url(f"duckdb://{database}::crm.judgments").insert_into("crm.judgments")


def test_urls_are_told_from_paths() -> None:
    assert is_url("postgres://host/db::table")
    assert not is_url("C:\\data\\judgments.csv")
    assert not is_url("data/judgments.parquet")


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("duckdb://team.duckdb", r"must read `<engine>://<database>::<table>`.*got 'duckdb://team.duckdb'"),
        ("postgres://abe:hush@host/db", r"got 'postgres://abe:\*\*\*@host/db'"),
        ("duckdb:///nowhere/team.duckdb::t", "a file that exists; there is none at '/nowhere/team.duckdb'"),
        ("abacus://abe:hush@host/db::t", r"Ibis knows no way to 'abacus://abe:\*\*\*@host/db'"),
    ],
)
def test_a_url_that_leads_nowhere_says_so_and_keeps_the_password(url: str, match: str) -> None:
    if url.startswith("abacus"):
        pytest.importorskip("ibis")
    with pytest.raises(InputError, match=match) as refused:
        read_url(url)
    assert "hush" not in str(refused.value)


def test_an_unknown_table_and_a_file_that_is_no_database_are_named(database: Path) -> None:
    with pytest.raises(InputError, match="has no 'judgements'"):
        read_url(f"duckdb://{database}::judgements")
    (database.parent / "notes.txt").write_text("no database " * 1000, encoding="utf-8")
    with pytest.raises(InputError, match="could not be read as a DuckDB database"):
        read_url(f"duckdb://{database.parent / 'notes.txt'}::t")


def test_without_ibis_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "ibis":
            raise ModuleNotFoundError("No module named 'ibis'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"needs Ibis; install it with pip install 'calibra-sales\[postgres\]'"):
        read_url("postgres://host/db::t")
