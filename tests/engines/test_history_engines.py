"""Rank histories on every engine: the hand-worked log, bad rows, and the readers of exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from calibra.data.history.history import RankHistory
from calibra.data.history.readers import read_hubspot_history, read_salesforce_history
from calibra.errors import InputError
from tests.data.history.test_history import BAD, CHANGES, ENDS, LOG, columns_of, golden, read, results, typed
from tests.data.history.test_readers import SCALE, hubspot, salesforce
from tests.engines.frames import ENGINES

WAREHOUSES = ("Ibis on DuckDB", "Ibis on PostgreSQL", "PySpark")

every_warehouse = pytest.mark.parametrize("engine", WAREHOUSES)

KINDS = {
    "dates": lambda changes, outcomes: (changes, outcomes),
    "aware": lambda changes, outcomes: (
        changes.with_columns(pl.col("at").dt.replace_time_zone("Asia/Tokyo")),
        outcomes.with_columns(
            pl.col("opened", "left").cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Tokyo")
        ),
    ),
    "text": lambda changes, outcomes: (
        changes.with_columns(
            pl.col("at").dt.replace_time_zone("Asia/Tokyo").dt.convert_time_zone("UTC")
            .dt.to_string("%Y-%m-%dT%H:%M:%S.000+0000")
        ),
        outcomes.with_columns(pl.col("opened", "left").cast(pl.String)),
    ),
}  # fmt: skip


@every_warehouse
@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_gives_the_history_worked_by_hand(
    engine: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tables = KINDS[kind](*typed(columns_of()))
    changes, outcomes = (ENGINES[engine](table, tmp_path, request) for table in tables)
    assert results(read(changes, outcomes, timezone="Asia/Tokyo")) == golden()


@pytest.mark.parametrize("engine", ["Ibis on PostgreSQL"])
def test_an_earlier_snapshot_is_the_same_on_every_engine(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    changes, outcomes = (ENGINES[engine](table, tmp_path, request) for table in typed(columns_of()))
    assert results(read(changes, outcomes).at("2026-05-01")) == results(read().at("2026-05-01"))


@every_warehouse
def test_problems_are_named_and_set_aside_alike(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    polars = typed(columns_of(LOG + BAD, [*ENDS, (None, None, None, "x"), ("P1", "2026-03-25", None, "small")]))
    changes, outcomes = (ENGINES[engine](table, tmp_path, request) for table in polars)
    said = []
    for one, other in (polars, (changes, outcomes)):
        with pytest.raises(InputError, match="The rank history has 6 problems") as refused:
            read(one, other)
        said.append(str(refused.value))
    assert said[0] == said[1]
    found, known = (read(one, other, problems="set_aside") for one, other in ((changes, outcomes), polars))
    assert results(found) == results(known)
    assert str(found.set_aside) == str(known.set_aside)


@every_warehouse
def test_exports_are_read_where_they_lie(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    def counted(log: Any, outcomes: Any, roles: dict[str, str]) -> tuple[Any, ...]:
        history = RankHistory.from_frames(log, outcomes, scale=SCALE, as_of="2026-06-30", outcome_columns=roles)
        table = history.judgments("every").duration_counts().table
        return log.n_changes, dict(log.dropped), table.values.tolist(), str(history.transitions())

    def make(frame: pl.DataFrame) -> Any:
        return ENGINES[engine](frame, tmp_path, request)

    roles = {"prospect": "Id", "event_at": "Won"}
    history, records = salesforce()
    there = make(records)
    found = counted(
        read_salesforce_history(make(history), there, field="Rank__c", tracked_from="2026-01-12"), there, roles
    )
    assert found == counted(
        read_salesforce_history(history, records, field="Rank__c", tracked_from="2026-01-12"), records, roles
    )
    ends = pl.DataFrame({"id": [1, 2], "won": ["2026-03-20", None]})
    roles = {"prospect": "id", "event_at": "won"}
    found = counted(read_hubspot_history(make(hubspot())), make(ends), roles)
    assert found == counted(read_hubspot_history(hubspot()), ends, roles)


@pytest.mark.parametrize("engine", ["Ibis on PostgreSQL"])
def test_tables_of_two_engines_are_refused(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    changes, outcomes = typed(columns_of())
    with pytest.raises(InputError, match="must live in one engine to be joined there"):
        read(ENGINES[engine](changes, tmp_path, request), outcomes)


@pytest.mark.parametrize("engine", ["Ibis on PostgreSQL"])
def test_a_sequence_orders_changes_of_one_second(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    changes, outcomes = typed(columns_of())
    numbered = changes.with_columns(number=-pl.int_range(pl.len()))
    tables = (ENGINES[engine](table, tmp_path, request) for table in (numbered, outcomes))
    columns = CHANGES | {"sequence": "number"}
    assert results(read(*tables, columns=columns)) == results(read(numbered, outcomes, columns=columns))
