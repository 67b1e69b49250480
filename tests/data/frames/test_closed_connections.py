"""A connection that its owner closed: an error of its own at every door, and of every further question."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.errors import EngineError
from tests.calibrated import calibrated

ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won"}
TOLD: dict[str, Any] = {"scale": cb.RankScale(["A"]), "as_of": "2026-06-30"}


def asked_of(table: duckdb.DuckDBPyRelation) -> dict[str, Any]:
    """Every door and every further question, of a table whose connection is open still."""
    logged = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
    outcomes = {"prospect": "id", "event_at": "won"}

    def judged() -> Judgments:
        return Judgments.from_frame(table, columns=ROLES, **TOLD)

    def history() -> RankHistory:
        return RankHistory.from_frames(table, table, columns=logged, outcome_columns=outcomes, **TOLD)

    def scored() -> Any:
        return calibrated().score(table, as_of="2026-06-30", columns={"rep": "who", "rank": "to", "judged_at": "at"})

    found, log, scores = judged(), history(), scored()
    return {
        "judgments": judged, "summary": found.summary, "another horizon": lambda: found.binomial_cells(within_days=60),
        "an earlier day": lambda: found.at("2026-03-01"), "weeks": found.weekly_counts,
        "a log": history, "judgments of a log": log.judgments, "a log's earlier day": lambda: log.at("2026-03-01"),
        "transitions": log.transitions, "scores": scored, "notes of scores": lambda: cb.count_notes(scores),
        "counts": lambda: Judgments.from_counts(table, scale=TOLD["scale"]),
        "cells": lambda: Judgments.from_cells(table, **TOLD),
    }  # fmt: skip


QUESTIONS = (
    "judgments", "summary", "another horizon", "an earlier day", "weeks", "a log", "judgments of a log",
    "a log's earlier day", "transitions", "scores", "notes of scores", "counts", "cells",
)  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_connection_that_was_closed_is_no_bad_input(question: str) -> None:
    """It was DuckDB's own exception wherever a query is put together."""
    connection = duckdb.connect()
    row = "i AS id, 'Aoki' AS who, 'A' AS \"to\", DATE '2026-01-05' AS at, DATE '2026-02-01' AS won"
    connection.execute(f"CREATE TABLE leads AS SELECT {row} FROM range(10) t(i)")
    asked = asked_of(connection.table("leads"))
    assert set(asked) == set(QUESTIONS)
    connection.close()
    with pytest.raises(EngineError, match=r"was closed\. Open the table anew"):
        asked[question]()
