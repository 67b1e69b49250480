"""The shell on tables named by URLs: a log and its outcomes in one database, and a server that is not there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from calibra.cli.main import main

HISTORY = """\
as_of = "2026-06-30"
horizons = [90]

[columns]
prospect = "id"
rep = "who"
rank = "label"
changed_at = "day"

[scale]
ranks = ["A", "B"]

[history]
outcomes = "duckdb://w.duckdb::crm.outcomes"
columns = { prospect = "id", event_at = "won" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute(
            "CREATE TABLE crm.changes AS SELECT i AS id, 'rep' || i % 3 AS who, 'AB'[1 + i % 2] AS label,"
            " DATE '2026-01-01' + (i % 30)::INTEGER AS day FROM range(300) t(i)"
        )
        connection.execute(
            "CREATE TABLE crm.outcomes AS SELECT id, CASE WHEN id % 4 = 0 THEN day + 20 END AS won FROM crm.changes"
        )
    (tmp_path / "h.toml").write_text(HISTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_log_and_its_outcomes_may_be_tables_of_one_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "duckdb://w.duckdb::crm.changes", "--config", "h.toml"]) == 0
    assert "300 judgments of 3 reps" in capsys.readouterr().out


def test_a_server_that_is_not_reached_ends_with_status_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ibis", reason="Ibis is not installed: calibra-sales[postgres]")
    pytest.importorskip("psycopg", reason="psycopg is not installed: calibra-sales[postgres]")
    assert main(["check", "postgres://abe:hush@127.0.0.1:1/db::t", "--config", "h.toml"]) == 4
    said = capsys.readouterr().err
    assert said.startswith("calibra: 'postgres://abe:***@127.0.0.1:1/db' could not be reached")
    assert "hush" not in said
