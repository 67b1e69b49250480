"""Three thousand judgments as a table of DuckDB's, whose counts are known by SQL of their own."""

from __future__ import annotations

from typing import Any

import duckdb

import calibra as cb
from calibra.data.counting.judgments import Judgments

SCALE = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90)})
ROLES = {"prospect": "i", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won", "exit_at": "left_at"}
AS_OF = "2026-01-31"
JUDGED = "(DATE '2025-01-01' + (i % 300)::int)"
COLUMNS = {
    "i": "i",
    "rep": "'rep' || (i % 5)",
    "rank": "chr((66 + i % 3 - 1)::int)",
    "judged": JUDGED,
    "won": f"CASE WHEN i % 4 = 0 THEN {JUDGED} + (i % 80)::int END",
    "left_at": f"CASE WHEN i % 7 = 1 THEN {JUDGED} + (i % 150)::int END",
}
"""Column to its SQL, of DuckDB and PostgreSQL alike, over the numbers i from 1 to 3000."""
TRUTH = (3000, 729, 313, 1958)
"""Judgments, then events, exits and open ones by the snapshot date: counted by SQL, ties to the event."""


def select(**changed: str) -> str:
    """The query of the table; a column changed is an expression in which `{}` stands for what it was."""
    columns = {name: changed.get(name, "{}").replace("{}", f"({sql})") for name, sql in COLUMNS.items()}
    return "SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def relation(**changed: str) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().sql(f"{select(**changed)} FROM range(1, 3001) t(i)")


def read(frame: Any, **choices: Any) -> Judgments:
    return Judgments.from_frame(frame, **({"scale": SCALE, "as_of": AS_OF, "columns": ROLES} | choices))


def totals(judgments: Judgments) -> tuple[int, int, int, int]:
    """Judgments, events, exits and open ones."""
    found = judgments.summary()
    return found.n_judgments, int(found.n_events.sum()), int(found.n_exits.sum()), int(found.n_open.sum())
