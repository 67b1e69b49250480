"""Histories in a warehouse: late copies, rows recorded late, kinds of exits, and days beyond any calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B"], {"A": Promise(0.5, 30)})
CHANGES = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
OUTCOMES = {"prospect": "id", "event_at": "won", "exit_at": "gone"}
LATE = {"version": "loaded", "recorded_at": "loaded"}
Made = Callable[[pl.DataFrame], Any]
LOCAL: dict[str, Made] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: frame.to_pandas(),
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
    "text": lambda frame: frame.with_columns(pl.selectors.temporal().cast(pl.String)),
}


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def table(names: str, *rows: tuple[Any, ...]) -> pl.DataFrame:
    columns = dict(zip(names.split(), map(list, zip(*rows, strict=True)), strict=True))
    days = {
        name: [day(value) for value in columns[name]] for name in columns if name in ("at", "won", "gone", "loaded")
    }
    return pl.DataFrame(columns | days, schema_overrides=dict.fromkeys(days, pl.Date))


LOG = table(
    "id who to at loaded",
    (1, "Abe", "A", "2026-01-05", "2026-01-06"),
    (2, "Abe", "A", "2026-01-05", "2026-01-06"),
    (2, "Abe", "B", "2026-01-05", "2026-01-09"),  # the same change, loaded again as it was meant
    (3, "Abe", "A", "2026-01-05", "2026-02-20"),  # loaded late
    (4, "Ito", "B", "2026-01-07", "2026-01-08"),
)
ENDS = table(
    "id won gone loaded",
    (1, None, None, "2026-01-06"),
    (1, "2026-01-25", None, "2026-03-01"),  # known in March alone
    (2, None, "2026-02-10", "2026-02-10"),
    (3, "2026-02-01", None, "2026-02-20"),
    (4, None, None, "2026-01-08"),
)


def read(changes: Any, ends: Any, *, more: dict[str, str] = LATE, **how: Any) -> RankHistory:
    told: dict[str, Any] = {"columns": CHANGES | more, "outcome_columns": OUTCOMES | more}
    return RankHistory.from_frames(changes, ends, scale=SCALE, as_of="2026-06-30", **(told | how))


def rows_of(found: Judgments) -> list[tuple[Any, ...]]:
    counts = found.duration_counts().table
    return sorted(counts[["rep", "rank", "days", "ending", "n"]].itertuples(index=False, name=None))


def check_late(make: Made) -> None:
    """What is known of LOG and ENDS on three days, worked by hand."""
    history = read(make(LOG), make(ENDS))
    # 1: A, event after 20 days; 2: B by its last version, exit after 36; 3: A, event after 27; 4: B, open for 174
    last = [("Abe", "A", 20, 1, 1), ("Abe", "A", 27, 1, 1), ("Abe", "B", 36, 2, 1), ("Ito", "B", 174, 3, 1)]
    assert rows_of(history.judgments()) == last
    assert (history.summary().n_changes, history.summary().n_outcomes, history.summary().n_replaced) == (4, 4, 2)
    assert noted_by_kind(history.summary())["log_replaced"] == 2
    # on 15 February the event of 1 and the whole of 3 were not recorded yet
    in_february = history.at("2026-02-15")
    assert rows_of(in_february.judgments()) == [("Abe", "A", 41, 3, 1), ("Abe", "B", 36, 2, 1), ("Ito", "B", 39, 3, 1)]
    assert (in_february.summary().n_not_yet, in_february.summary().n_replaced) == (1, 1)
    # on 8 January the rank of 2 was still an A
    assert rows_of(history.at("2026-01-08").judgments()) == [("Abe", "A", 3, 3, 2), ("Ito", "B", 1, 3, 1)]
    with pytest.raises(InputError, match="rows that differ come of the same one"):
        read(make(LOG), make(ENDS), more={})


@pytest.mark.parametrize("kind", LOCAL)
def test_the_last_version_counts_and_what_is_recorded_later_is_not_known(kind: str) -> None:
    """In a history: late copies of changes and of outcomes, and rows that came late."""
    check_late(LOCAL[kind])


def test_a_version_may_stand_in_one_table_alone() -> None:
    twice = pl.concat([LOG, LOG])
    once = LOG.filter(~((pl.col("id") == 2) & (pl.col("to") == "A")))
    history = read(twice, ENDS, columns=CHANGES, problems="set_aside")
    assert history.summary().n_corrected == 6  # without a version, copies are corrections of one moment
    history = read(once, ENDS, columns=CHANGES)
    assert (history.summary().n_replaced, history.judgments().n_judgments) == (1, 4)


def test_text_that_is_no_day_of_recording_is_refused_with_its_table() -> None:
    odd = ENDS.with_columns(loaded=pl.lit("yesterday"))
    with pytest.raises(InputError, match=r"outcomes: `recorded_at` \(column 'loaded'\) .* found 'yesterday'"):
        read(LOG, odd)
    with pytest.raises(InputError, match=r"changes: `version` .* must hold moments, days, numbers or text"):
        read(LOG.with_columns(loaded=pl.concat_list("loaded")), ENDS)


HOW = table(
    "id won gone how",
    (1, "2026-02-20", "2026-01-20", "back"),  # handed back, and the event came after
    (2, "2026-02-20", "2026-01-20", "junk"),
    (3, "2026-01-20", None, None),
    (4, None, "2026-01-20", "back"),
)
MEANS = {"back": "handed back", "junk": "disqualified"}


def check_kinds(make: Made) -> None:
    """An event after a hand-back counts within the horizon, after a disqualification it does not."""
    kinds = {"outcome_columns": OUTCOMES | {"exit_kind": "how"}, "exit_kinds": MEANS}
    once = LOG.filter(pl.col("loaded") != date(2026, 1, 9))
    found = read(make(once), make(HOW), columns=CHANGES, **kinds).judgments()
    cells = found.binomial_cells(within_days=60)
    assert (cells.n.sum(), cells.events.sum()) == (4, 2)
    assert found.binomial_cells(within_days=60, in_our_care=True).events.sum() == 1
    assert (found.exits().n_of("handed back"), found.exits().n_of("disqualified")) == (2, 1)


@pytest.mark.parametrize("kind", LOCAL)
def test_kinds_of_exits_are_read_in_a_history(kind: str) -> None:
    check_kinds(LOCAL[kind])


def test_a_kind_that_nobody_knows_is_refused_where_the_history_is_read() -> None:
    with pytest.raises(InputError, match=r"`exit_kind` must hold one of .*; found 'back', 'junk' in 3 rows"):
        read(LOG, HOW, columns=CHANGES, outcome_columns=OUTCOMES | {"exit_kind": "how"})
    told = {"prospect": "id", "exit_kind": "how"}
    with pytest.raises(InputError, match="`exit_at`, when it did, is missing"):
        read(LOG, HOW, columns=CHANGES, outcome_columns=told, exit_kinds=MEANS)


ENDLESS = {
    # what stands in place of an empty day to what is told of it; None where it is no day at all
    "infinity": None,
    "-infinity": "-infinity",
    "0044-03-15 (BC)": "before the year 1",
}


def check_endless(changes: Any, ends: Callable[[str], Any], *, told: str | None) -> None:
    """Outcomes whose empty days are endless: `ends` makes the table with what stands in their place."""
    columns = {"columns": CHANGES, "outcome_columns": {"prospect": "id", "event_at": "won"}}
    if told is None:
        history = read(changes, ends("won"), **columns)
        assert (history.summary().n_ranks, history.summary().n_hindsight()) == (40, 0)
        assert history.judgments().duration_counts().n[history.judgments().duration_counts().ending == 1].sum() == 10
        return
    message = rf"must lie in the years 1 to 9999; .* in 30 rows \(prospect 1 event_at {told};"
    with pytest.raises(InputError, match=message):
        read(changes, ends("won"), **columns)
    history = read(changes, ends("won"), problems="set_aside", **columns)
    assert (history.summary().n_ranks, history.summary().n_hindsight()) == (40, 0)
    judgments = history.judgments()
    assert (judgments.n_judgments, judgments.duration_counts().n[judgments.duration_counts().ending == 1].sum()) == (
        10, 10,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("none", ENDLESS)
def test_endless_days_of_outcomes_are_no_day_or_a_problem_of_the_row(kind: str, none: str) -> None:
    """In a history: −infinity was read as open, or as hindsight of every rank."""
    connection = duckdb.connect()
    rows = "FROM range(40) t(i)"
    changes = connection.sql(f"SELECT i AS id, 'Abe' AS who, 'A' AS to, DATE '2026-01-05' AS at {rows}")
    won = f"CASE WHEN i % 4 = 0 THEN DATE '2026-01-25' ELSE '{none}' END::{kind}"
    check_endless(changes, lambda _: connection.sql(f"SELECT i AS id, {won} AS won {rows}"), told=ENDLESS[none])


@pytest.mark.parametrize(("none", "told"), [("infinity", "must be known"), ("-infinity", "changed_at -infinity")])
def test_endless_days_of_changes_are_a_problem_of_the_row(none: str, told: str) -> None:
    connection = duckdb.connect()
    at = f"CASE WHEN i = 7 THEN '{none}' ELSE DATE '2026-01-05' END::TIMESTAMP"
    changes = connection.sql(f"SELECT i AS id, 'Abe' AS who, 'A' AS to, {at} AS at FROM range(40) t(i)")
    ends = connection.sql("SELECT i AS id, DATE '2026-02-01' AS won FROM range(40) t(i)")
    columns = {"columns": CHANGES, "outcome_columns": {"prospect": "id", "event_at": "won"}}
    with pytest.raises(InputError, match=f"{told}.* in 1 row|in 1 row .*{told}"):
        read(changes, ends, **columns)
    history = read(changes, ends, problems="set_aside", **columns)
    assert (history.summary().n_set_aside, history.judgments().n_judgments) == (1, 39)
