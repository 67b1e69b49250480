"""Late copies, kinds of exits and endless days of histories on the warehouses."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.data.history.test_late import ENDLESS, check_endless, check_kinds, check_late
from tests.engines.frames import ENGINES

WAREHOUSES = ("Ibis on DuckDB", "Ibis on PostgreSQL", "PySpark")


@pytest.mark.parametrize("engine", WAREHOUSES)
def test_late_copies_and_kinds_of_exits(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    check_late(lambda frame: ENGINES[engine](frame, tmp_path, request))
    check_kinds(lambda frame: ENGINES[engine](frame, tmp_path, request))


@pytest.mark.parametrize("fixture", ["postgres", "ibis_duckdb"])
@pytest.mark.parametrize("kind", ["date", "timestamp"])
@pytest.mark.parametrize("none", ENDLESS)
def test_endless_days_of_outcomes(fixture: str, kind: str, none: str, request: pytest.FixtureRequest) -> None:
    connection = request.getfixturevalue(fixture)
    day = none.replace("(BC)", "BC") if fixture == "postgres" else none

    def view(sql: str) -> Any:
        name = f"view_{uuid4().hex}"
        made = connection.raw_sql(f"CREATE VIEW {name} AS SELECT i AS id, {sql} FROM generate_series(0, 39) t(i)")
        if fixture == "postgres":
            made.close()
        return connection.table(name)

    won = f"CASE WHEN i % 4 = 0 THEN DATE '2026-01-25' ELSE {kind} '{day}' END::{kind} AS won"
    changes = view("'Abe' AS who, 'A' AS to, DATE '2026-01-05' AS at".replace(" to,", ' "to",'))
    check_endless(changes, lambda _: view(won), told=ENDLESS[none])
