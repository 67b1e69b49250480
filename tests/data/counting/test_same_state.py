"""A table that changes between two questions to one `Judgments` is an error that names both numbers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import open_judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.5, 90)})
ROLES = {
    "prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won", "exit_at": "out",
    "half": "half",
}  # fmt: skip


def some_rows(first: int, last: int) -> str:
    return f"""SELECT i AS id, 'rep' || i % 5 AS rep, ('ABC'::text)[1 + i % 3] AS rank, i % 2 AS half,
        DATE '2025-01-01' + (i % 300)::int AS judged,
        CASE WHEN i % 4 = 0 THEN DATE '2025-01-01' + (i % 300 + i % 80)::int END AS won,
        CASE WHEN i % 7 = 1 THEN DATE '2025-01-01' + (i % 300 + i % 150)::int END AS out
        FROM range({first}, {last + 1}) AS numbers(i)"""


@pytest.fixture
def table() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE base AS {some_rows(1, 3000)}")
    return connection


def read(connection: duckdb.DuckDBPyConnection, **choices: Any) -> Judgments:
    told = {"scale": SCALE, "as_of": "2026-01-31", "columns": ROLES}
    return Judgments.from_frame(connection.table("base"), **(told | choices))


QUESTIONS: dict[str, tuple[Callable[[Judgments], Any], str]] = {
    "another horizon": (lambda judgments: judgments.binomial_cells(within_days=60), "3,000 judgments then, 3,500 now"),
    "groups": (lambda judgments: judgments.duration_counts(by=["half"]), "3,000 judgments then, 3,500 now"),
    "an earlier day": (lambda judgments: judgments.at("2025-06-30"), "3,000 rows then, 3,500 now"),
    "weeks": (lambda judgments: judgments.weekly_counts(), "3,000 judgments then, 3,500 now"),
    "summary": (lambda judgments: judgments.summary(), "3,000 judgments then, 3,500 now"),
    "endings": (lambda judgments: judgments.weekly_endings(), "729 events then, 847 now"),
    "exits": (lambda judgments: judgments.exits(), "313 exits then, 370 now"),
    "the open": (open_judgments, "1,958 open judgments then, 2,283 now"),
}
"""What is asked, and what of the base table of 3,000 rows and 500 more is said; the numbers by SQL below."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_rows_that_arrive_between_two_questions_are_an_error(question: str, table: duckdb.DuckDBPyConnection) -> None:
    ask, words = QUESTIONS[question]
    judgments = read(table)
    table.execute(f"INSERT INTO base {some_rows(3001, 3500)}")
    with pytest.raises(InputError, match=f"The table changed while it was read: {words}"):
        ask(judgments)


def test_the_numbers_of_both_states_are_those_of_sql(table: duckdb.DuckDBPyConnection) -> None:
    endings = """SELECT count(*) FILTER (event AND (NOT exit OR won <= out)),
        count(*) FILTER (exit AND (NOT event OR out < won)), count(*) FILTER (NOT event AND NOT exit)
        FROM (SELECT *, coalesce(won <= DATE '2026-01-31', false) AS event,
            coalesce(out <= DATE '2026-01-31', false) AS exit FROM base)"""
    assert table.execute(endings).fetchone() == (729, 313, 1958)
    table.execute(f"INSERT INTO base {some_rows(3001, 3500)}")
    assert table.execute(endings).fetchone() == (847, 370, 2283)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("problems", [False, True])
def test_a_table_that_stays_as_it_is_answers_every_question(
    question: str, problems: bool, table: duckdb.DuckDBPyConnection
) -> None:
    if problems:  # copies, rows that contradict each other, an unknown rank, a judgment in the future
        table.execute("INSERT INTO base SELECT * FROM base WHERE id % 100 = 0")
        table.execute("INSERT INTO base SELECT * REPLACE ('B' AS rank) FROM base WHERE id % 300 = 3")
        table.execute("UPDATE base SET rank = 'S' WHERE id % 500 = 7")
        table.execute("UPDATE base SET judged = DATE '2026-03-01', won = NULL, out = NULL WHERE id % 500 = 9")
    QUESTIONS[question][0](read(table, problems="set_aside"))


def test_an_ending_that_moves_is_an_error_though_the_number_of_rows_stays(table: duckdb.DuckDBPyConnection) -> None:
    judgments = read(table)
    table.execute("UPDATE base SET won = won + 1 WHERE id = 2000")
    with pytest.raises(InputError, match="3,000 judgments then and now, but their days or endings differ"):
        judgments.duration_counts(by=["half"])


def test_the_day_of_an_earlier_snapshot_is_read_in_the_zone_of_the_judgments(table: duckdb.DuckDBPyConnection) -> None:
    late = "2025-09-30T23:30+00:00"
    moment = datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
    there = read(table, timezone="Asia/Tokyo")
    assert there.at(late).as_of == there.at(moment).as_of == date(2025, 10, 1)
    assert read(table).at(late).as_of == date(2025, 9, 30)
