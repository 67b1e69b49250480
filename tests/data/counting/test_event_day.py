"""Ranks on the day of the event: one rule for judgments and for logs, by the clock where both sides have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.scale import RankScale
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B"])
RANKED = {"before": "2026-03-20 09:00:00", "same": "2026-03-20 12:00:00", "after": "2026-03-20 17:00:30"}
EVENT = "2026-03-20 12:00:00"
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won", "exit_at": "left"}
Made = Callable[[pl.DataFrame], Any]
AS_MOMENTS = pl.col("at", "won", "left").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
KINDS: dict[str, Made] = {
    "polars": lambda frame: frame.with_columns(AS_MOMENTS),
    "pandas": lambda frame: frame.with_columns(AS_MOMENTS).to_pandas(),
    "text": lambda frame: frame,
    "text, T": lambda frame: frame.with_columns(pl.col("at", "won", "left").str.replace(" ", "T")).to_pandas(),
    "moments beside text": lambda frame: frame.with_columns(pl.col("at").str.to_datetime("%Y-%m-%d %H:%M:%S")).lazy(),
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.with_columns(AS_MOMENTS).to_arrow()),
}


def table(ranked: list[str], won: str | None, left: str | None = None) -> pl.DataFrame:
    n = len(ranked)
    columns = {"id": list(range(n)), "who": ["Abe"] * n, "to": ["A"] * n, "at": ranked, "won": [won] * n}
    return pl.DataFrame(columns | {"left": [left] * n}, schema_overrides={"won": pl.String, "left": pl.String})


def judged(frame: Any, **how: Any) -> Judgments:
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=ROLES, problems="set_aside", **how)


def logged(frame: Any) -> RankHistory:
    changes = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
    outcomes = {"prospect": "id", "event_at": "won", "exit_at": "left"}
    return RankHistory.from_frames(
        frame, frame, scale=SCALE, as_of="2026-06-30", columns=changes, outcome_columns=outcomes
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("won", "left"), [(EVENT, None), (None, EVENT)])
def test_the_clock_decides_in_both_doors_where_both_sides_have_one(kind: str, won: Any, left: Any) -> None:
    frame = KINDS[kind](table(list(RANKED.values()), won, left))
    one = judged(frame)
    assert (one.n_judgments, one.duration_counts().days.tolist()) == (2, [0])
    name = "event before judgment" if won else "exit before judgment"
    assert one.set_aside.by_reason == {name: 1}
    assert "2026-03-20 17:00:30" in one.set_aside.examples[name][0].replace("T", " ")
    log = logged(frame)
    assert log.judgments().duration_counts().table.equals(one.duration_counts().table)
    found = log.summary()
    assert (found.n_hindsight(), found.n_after_exit) == ((1, 0) if won else (0, 1))
    assert (found.n_ranks, found.n_on_event_day) == (2, 2 if won else 0)


@pytest.mark.parametrize("won", ["2026-03-20", "2026-03-20 00:00:00"])
@pytest.mark.parametrize("kind", ["text", "pandas"])
def test_days_without_a_clock_are_kept_as_day_0_with_a_note(kind: str, won: str) -> None:
    whole = won if kind == "text" else "2026-03-20 00:00:00"
    frame = KINDS[kind](table(list(RANKED.values()), whole))
    for found in (judged(frame), logged(frame).judgments()):
        assert (found.n_judgments, found.duration_counts().days.tolist()) == (3, [0])
        noted = noted_by_kind(found.summary())
        assert noted["event_day"] == 3


def test_days_of_both_doors_are_one_count() -> None:
    # Sixty ranks: ten the day before the event, forty on its day, ten the day after.
    days = ["2026-03-19"] * 10 + ["2026-03-20"] * 40 + ["2026-03-21"] * 10
    frame = table(days, "2026-03-20")
    one, log = judged(frame), logged(frame)
    assert (one.n_judgments, log.judgments().n_judgments) == (50, 50)
    assert one.set_aside.n_rows == log.summary().n_hindsight() == 10
    assert log.summary().days_after_event.tolist() == [1]


def test_where_it_carries_a_rank_there_is_a_doubt() -> None:
    words = "40 of the 50 events at A came on the day of the judgment"
    days = ["2026-03-19"] * 10 + ["2026-03-20"] * 40
    for found in (judged(table(days, "2026-03-20")), logged(table(days, "2026-03-20")).judgments()):
        assert words in str(found.summary())
    few = judged(table(["2026-03-19"] * 40 + ["2026-03-20"] * 10, "2026-03-20")).summary()
    assert "on the day of the judgment: was" not in str(few)


def test_of_the_ranks_of_one_day_the_last_before_the_event_counts() -> None:
    changes = pl.DataFrame(
        [("P", "B", "2026-03-20 08:00:00"), ("P", "A", "2026-03-20 09:00:00"), ("P", "B", "2026-03-20 15:00:00")],
        schema=["id", "to", "at"],
        orient="row",
    ).with_columns(pl.col("at").str.to_datetime(), who=pl.lit("Abe"))
    ends = pl.DataFrame({"id": ["P"], "won": [EVENT]}).with_columns(pl.col("won").str.to_datetime())
    log = RankHistory.from_frames(
        changes,
        ends,
        scale=SCALE,
        as_of="2026-06-30",
        outcome_columns={"prospect": "id", "event_at": "won"},
        columns={"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"},
    )
    assert log.judgments("every").duration_counts().table[["rank", "days", "ending"]].values.tolist() == [["A", 0, 1]]
    found = log.summary()
    assert (found.n_corrected, found.n_hindsight(), found.n_ranks, found.n_changes) == (1, 1, 1, 3)


def test_an_event_before_the_rank_on_its_day_is_an_error_unless_set_aside() -> None:
    with pytest.raises(
        InputError, match=r"event before judgment.*judged_at 2026-03-20 17:00:30, event_at 2026-03-20 12"
    ):
        Judgments.from_frame(
            KINDS["polars"](table([RANKED["after"]], EVENT)), scale=SCALE, as_of="2026-06-30", columns=ROLES
        )


def test_many_ranked_prospects_without_an_outcome_are_a_doubt() -> None:
    changes = table(["2026-03-01"] * 92, None)
    roles = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}

    def read(n: int) -> RankHistory:
        return RankHistory.from_frames(
            changes, changes.head(n), scale=SCALE, as_of="2026-06-30", columns=roles, outcome_columns={"prospect": "id"}
        )

    words = "90 of 92 ranked prospects are not in the other table of the export"
    assert words in str(read(2).summary())
    assert any(words in str(doubt) for doubt in read(2).judgments().summary().doubts)
    assert any(words in str(doubt) for doubt in read(2).at("2026-05-31").judgments("every").summary().doubts)
    assert read(84).summary().doubts == ()  # 8 of 92
    assert len(read(82).summary().doubts) == 1  # 10 of 92
