"""Infinity, days beyond any calendar, and days that a system writes where there is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from calibra.data.frames.urls import read_url
from calibra.errors import InputError
from tests.data.frames.test_plain_types import every_local
from tests.data.frames.typed_world import TRUTH, read, relation, select, totals
from tests.data.noted import noted_by_kind

KINDS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")


@pytest.mark.parametrize("kind", KINDS)
def test_infinity_is_no_day(kind: str) -> None:
    judgments = read(relation(won=f"coalesce({{}}, 'infinity')::{kind}"))
    assert totals(judgments) == TRUTH
    assert noted_by_kind(judgments.summary())["end_after"] == 39  # counted by SQL, infinity left out
    with pytest.raises(InputError, match="`judged_at` must be known; it is missing, in 6 rows"):
        read(relation(judged=f"CASE WHEN i % 500 = 0 THEN 'infinity' ELSE {{}} END::{kind}"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", ["database", "Parquet"])
def test_infinity_in_files_is_no_day(kind: str, door: str, tmp_path: Path) -> None:
    endless = f"coalesce({{}}, 'infinity')::{kind}"
    if door == "Parquet":
        relation(won=endless).write_parquet(str(tmp_path / "a.parquet"))
        assert totals(read(tmp_path / "a.parquet")) == TRUTH
        return
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"CREATE TABLE leads AS {select(won=endless)} FROM range(1, 3001) t(i)")
    assert totals(read(read_url(f"duckdb://{tmp_path}/a.duckdb::leads"))) == TRUTH


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("day", "told"), [("-infinity", "-infinity"), ("0044-03-15 (BC)", "before the year 1")])
def test_days_before_the_year_1_are_a_problem_of_the_row(kind: str, day: str, told: str) -> None:
    table = relation(won=f"coalesce({{}}, '{day}')::{kind}")
    with pytest.raises(InputError, match=rf"outside the calendar: .* in 2,250 rows \(prospect 1 event_at {told};"):
        read(table)
    judgments = read(table, problems="set_aside")
    assert judgments.set_aside.by_reason == {"day outside the calendar": 2250}
    assert totals(judgments)[:2] == (750, 729)


@pytest.mark.parametrize("role", ["entered_at", "reranked_at", "won_at"])
def test_every_role_of_days_is_looked_at(role: str) -> None:
    table = relation().project("*, CASE WHEN i = 7 THEN '-infinity'::DATE END AS odd")
    columns = {"prospect": "i", "rep": "rep", "rank": "rank", "judged_at": "judged", role: "odd"}
    judgments = read(table, columns=columns, problems="set_aside")
    assert judgments.set_aside.by_reason == {"day outside the calendar": 1}
    assert judgments.set_aside.examples == {"day outside the calendar": (f"prospect 7 {role} -infinity",)}


def test_a_judgment_after_the_year_9999_is_a_problem_and_an_end_is_open() -> None:
    frame = relation().pl()
    far = pl.date(2000, 1, 1).dt.offset_by("20000y")
    odd = pl.col("i") == 4
    assert totals(read(frame.with_columns(won=pl.when(odd).then(far).otherwise("won")))) == (3000, 728, 313, 1959)
    with pytest.raises(InputError, match=r"in 1 row \(prospect 4 judged_at in the year 22000"):
        read(frame.with_columns(judged=pl.when(odd).then(far).otherwise("judged")))


@every_local
@pytest.mark.parametrize("sql", ["coalesce({}, '1900-01-01')", "coalesce({}::varchar, '1900-01-01')"])
def test_one_day_in_most_impossible_rows_is_named_and_may_be_read_as_none(make: Any, sql: str) -> None:
    frame = make(relation(won=sql))
    said = r"1900-01-01 in 2,250 rows looks like an empty day of `event_at`: .* `no_day=\['1900-01-01'\]`"
    with pytest.raises(InputError, match=said):
        read(frame)
    assert totals(read(frame, no_day=["1900-01-01"])) == TRUTH
    assert totals(read(frame, no_day=[date(1900, 1, 1), "1970-01-01"])) == TRUTH


def test_a_day_that_does_not_exist_may_stand_for_none_in_text() -> None:
    table = relation(won="coalesce({}::varchar, '0000-00-00')")
    with pytest.raises(InputError, match=r"0000-00-00 in 2,250 rows looks like an empty day of `event_at`"):
        read(table)
    assert totals(read(table, no_day=["0000-00-00"])) == TRUTH


def test_days_that_differ_are_no_habit() -> None:
    with pytest.raises(InputError, match="event before judgment") as refused:
        read(relation(won="coalesce({}, DATE '1990-01-01' + (i % 700)::int)"))
    assert "looks like" not in str(refused.value)


@pytest.mark.parametrize("no_day", ["1900-01-01", ["1.1.1900"], [1900], 5])
def test_what_is_no_list_of_days_is_refused(no_day: Any) -> None:
    with pytest.raises(InputError, match="`no_day` must"):
        read(relation(), no_day=no_day)
