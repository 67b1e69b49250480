"""Tables by URL: DuckDB's own, every other engine's through Ibis, and what is said where there is none."""

from __future__ import annotations

import builtins
import gc
from pathlib import Path
from typing import Any

import duckdb
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.urls import is_url, parts_of, read_url
from calibra.data.history.history import RankHistory
from calibra.data.scale import RankScale
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


def test_tables_of_one_file_share_a_connection_while_they_are_in_use(database: Path) -> None:
    url = f"duckdb://{database}::crm.judgments"
    one, other = read_url(url), read_url(url)
    assert one.union(other).aggregate("count(*)").fetchall() == [(2,)]
    del one, other
    gc.collect()
    with duckdb.connect(str(database)) as connection:  # nobody holds the file any more
        connection.execute("INSERT INTO crm.judgments SELECT * FROM crm.judgments")


def test_a_connection_of_ones_own_is_used_to_write_beside_reading(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        with pytest.raises(InputError, match=r"open already: pass that connection, read_url\(url, connection="):
            read_url(f"duckdb://{database}::crm.judgments")
        frame = read_url(f"duckdb://{database}::crm.judgments", connection=connection)
        frame.insert_into("crm.judgments")
        assert connection.execute("SELECT count(*) FROM crm.judgments").fetchone() == (2,)
        with pytest.raises(InputError, match="has no 'judgements'"):
            read_url(f"duckdb://{database}::judgements", connection=connection)
    with pytest.raises(InputError, match="`connection` must be a connection of DuckDB or Ibis; got 3"):
        read_url(f"duckdb://{database}::crm.judgments", connection=3)


def test_a_log_and_its_outcomes_may_lie_in_one_database_or_in_two(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute(
                "CREATE TABLE changes AS SELECT 1 AS id, 'Abe' AS who, 'A' AS at, DATE '2026-01-01' AS day"
            )
            connection.execute("CREATE TABLE outcomes AS SELECT 1 AS id, DATE '2026-01-03' AS won")
    for other in ("one", "two"):
        history = RankHistory.from_frames(
            read_url(f"duckdb://{tmp_path / 'one.duckdb'}::changes"),
            read_url(f"duckdb://{tmp_path / f'{other}.duckdb'}::outcomes"),
            scale=RankScale(["A"]),
            as_of="2026-06-30",
            outcome_columns={"prospect": "id", "event_at": "won"},
            columns={"prospect": "id", "rep": "who", "rank": "at", "changed_at": "day"},
        )
        assert history.judgments().duration_counts().days.tolist() == [2]


def test_names_with_dots_and_quotes_stand_in_double_quotes() -> None:
    assert parts_of('k."dotted.name"') == ["k", "dotted.name"]
    assert parts_of('k."Mixed Case ""T"""') == ["k", 'Mixed Case "T"']
    assert parts_of("crm.judgments") == ["crm", "judgments"]
    assert parts_of("base.crm.judgments") == ["base", "crm", "judgments"]
    assert parts_of("judgments") == ["judgments"]


def test_urls_are_told_from_paths() -> None:
    assert is_url("postgres://host/db::table")
    assert is_url("DuckDB://team.duckdb::table")
    assert not is_url("C:\\data\\judgments.csv")
    assert not is_url("data/judgments.parquet")


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("duckdb://team.duckdb", r"must read `<engine>://<database>::<table>`.*got 'duckdb://team.duckdb'"),
        ("postgres://abe:hush@host/db", r"got 'postgres://abe:\*\*\*@host/db'"),
        ("duckdb:///nowhere/team.duckdb::t", "a file that exists; there is none at '/nowhere/team.duckdb'"),
        ("DuckDB:///nowhere/team.duckdb::t", "a file that exists; there is none at '/nowhere/team.duckdb'"),
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
