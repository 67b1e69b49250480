"""How PostgreSQL joins a log with its outcomes: never every change with every outcome, whatever days are written as."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from calibra.data.history.history import RankHistory
from calibra.data.scale import Promise, RankScale
from tests.data.history.history_world import history_world
from tests.data.noted import noted_by_kind

SCALE = RankScale(list("ABCDE"), {"A": Promise(0.5, 90)})
CHANGES = ("prospect", "rep", "rank", "changed_at")
OUTCOMES = ("prospect", "event_at", "exit_at")


@pytest.fixture(scope="module")
def tables(postgres: Any) -> dict[str, Any]:
    """20,000 prospects, their days as moments and as text."""
    changes, outcomes = history_world(80_000)
    as_text = changes.with_columns(pl.col("changed_at").dt.to_string("%Y-%m-%dT%H:%M:%S"))
    ends_as_text = outcomes.with_columns(pl.col("event_at", "exit_at").cast(pl.String).fill_null(""))
    made = {"changes": changes, "outcomes": outcomes, "text_changes": as_text, "text_outcomes": ends_as_text}
    made["copied_outcomes"] = pl.concat(
        [outcomes, outcomes.head(10), outcomes.head(5).with_columns(event_at=pl.date(2026, 1, 1))]
    )
    return {name: postgres.create_table(f"plan_{name}", table.to_arrow(), temp=True) for name, table in made.items()}


def read(changes: Any, outcomes: Any) -> RankHistory:
    return RankHistory.from_frames(
        changes,
        outcomes,
        scale=SCALE,
        as_of="2026-06-30",
        problems="set_aside",
        columns={name: name for name in CHANGES},
        outcome_columns={name: name for name in OUTCOMES},
    )


def plan_of(postgres: Any, history: RankHistory) -> str:
    import ibis

    with postgres.raw_sql(f"EXPLAIN {ibis.to_sql(nw.to_native(history._log.spells()))}") as cursor:
        return "\n".join(row[0] for row in cursor.fetchall())


def counted(history: RankHistory) -> list[Any]:
    counts = [history.judgments(mode).duration_counts().table.values.tolist() for mode in ("first", "every")]
    return [*counts, noted_by_kind(history.summary())]


def test_no_plan_joins_every_change_with_every_outcome_and_text_reads_as_moments_do(
    postgres: Any, tables: dict[str, Any]
) -> None:
    found = {}
    for kind in ("", "text_"):
        history = read(tables[f"{kind}changes"], tables[f"{kind}outcomes"])
        found[kind] = counted(history)
        assert "Nested Loop" not in plan_of(postgres, history)
    assert found[""] == found["text_"]


def test_outcomes_that_come_again_are_not_joined_pair_by_pair_either(postgres: Any, tables: dict[str, Any]) -> None:
    history = read(tables["changes"], tables["copied_outcomes"])
    assert history.set_aside.by_reason["outcome told twice"] == 5
    assert "Nested Loop" not in plan_of(postgres, history)
