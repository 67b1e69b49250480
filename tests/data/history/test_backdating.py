"""An earlier snapshot of a long log is exactly what was known then."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from calibra.data.history.history import RankHistory
from calibra.data.scale import Promise, RankScale
from tests.data.history.history_world import history_world

SCALE = RankScale(["A", "B", "C", "D", "E"], {"A": Promise(0.5, 90)})
COLUMNS = {name: name for name in ("prospect", "rep", "rank", "changed_at")}
OUTCOMES = {name: name for name in ("prospect", "event_at", "exit_at")}
AS_OF = date(2026, 6, 24)

World = tuple[pl.DataFrame, pl.DataFrame]


@pytest.fixture(scope="module")
def world() -> World:
    return history_world()


def read(changes: Any, outcomes: Any, as_of: date) -> RankHistory:
    return RankHistory.from_frames(
        changes, outcomes, scale=SCALE, as_of=as_of, columns=COLUMNS, outcome_columns=OUTCOMES
    )


@pytest.fixture(scope="module")
def whole(world: World) -> RankHistory:
    connection = duckdb.connect()
    changes, outcomes = (connection.from_arrow(frame.to_arrow()) for frame in world)
    return read(changes, outcomes, AS_OF)


def test_every_row_of_a_long_log_is_accounted_for(whole: RankHistory) -> None:
    found = whole.summary()
    parts = (found.n_not_yet, found.n_corrected, found.n_unchanged, found.n_cleared, found.n_after_exit, found.n_ranks)
    assert sum(parts) + found.n_hindsight() == found.n_changes == 200_000
    assert min(*parts, found.n_hindsight()) > 1000
    assert found.n_tied > 100
    moves = whole.transitions()
    assert moves.entries.sum() + moves.reentries.sum() + moves.moves.sum() == found.n_ranks


def test_an_old_as_of_on_the_whole_log_equals_the_log_cut_on_that_day(whole: RankHistory, world: World) -> None:
    as_of = date(2026, 3, 15)  # the whole log is counted by DuckDB, the one that was cut by polars
    changes, outcomes = world
    cut = read(
        changes.filter(pl.col("changed_at").cast(pl.Date) <= as_of),
        outcomes.with_columns(pl.when(pl.col(name) <= as_of).then(pl.col(name)) for name in ("event_at", "exit_at")),
        as_of,
    )
    back = whole.at(as_of)
    assert back.summary().n_not_yet == 200_000 - cut.summary().n_changes > 10_000
    assert back.summary().n_ranks == cut.summary().n_ranks
    assert str(back.transitions()) == str(cut.transitions())
    for mode, landmark in (("first", None), ("every", None), ("landmark", date(2026, 1, 31))):
        one, other = (history.judgments(mode, landmark=landmark) for history in (back, cut))  # type: ignore[arg-type]
        for through in (True, False) if mode == "every" else (True,):
            pd.testing.assert_frame_equal(
                one._count([], [], to_rerank=through).table, other._count([], [], to_rerank=through).table
            )
    assert one.n_judgments > 10_000
