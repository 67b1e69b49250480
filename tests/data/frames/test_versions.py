"""Late copies of a judgment: the last version counts, and what came late is not known before it came."""

from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.5, 90)})
ROLES = {"prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won"}
LOADED = ROLES | {"version": "loaded"}
WORLD = """SELECT i AS id, 'rep' || i % 5 AS rep, ('ABC'::text)[1 + i % 3] AS rank,
        DATE '2025-01-01' + (i % 300)::int AS judged,
        CASE WHEN i % 4 = 0 THEN DATE '2025-01-01' + (i % 300 + i % 80)::int END AS won,
        DATE '2025-01-01' + (i % 300 + 1)::int AS loaded
        FROM range(1, 3001) AS numbers(i)"""
"""3,000 judgments, each loaded on the day after; 750 events."""
LATER = "SELECT * REPLACE (NULL AS won, loaded - 1 AS loaded) FROM world WHERE id % 100 = 0"
"""What 30 of the winners looked like a day before they were won, in another row."""


def late_copies() -> pl.DataFrame:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE world AS {WORLD}")
    return connection.sql(f"(FROM world) UNION ALL ({LATER})").pl()


def read(frame: Any, columns: dict[str, str], **choices: Any) -> Judgments:
    told = {"scale": SCALE, "as_of": "2026-01-31", "columns": columns}
    return Judgments.from_frame(frame, **(told | choices))


KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars, lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
    "text": lambda frame: frame.with_columns(pl.col("loaded").cast(pl.String)),
    "numbers, none for the earlier": lambda frame: frame.with_columns(
        loaded=pl.when(pl.col("won").is_null() & (pl.col("id") % 100 == 0)).then(None).otherwise(1)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check_duplicates", [True, False])
def test_of_late_copies_the_last_version_counts_and_the_replaced_are_told(kind: str, check_duplicates: bool) -> None:
    frame = KINDS[kind](late_copies())
    judgments = read(frame, LOADED, check_duplicates=check_duplicates)
    counts = judgments.duration_counts()
    assert (judgments.n_judgments, int(counts.n[counts.ending == 1].sum())) == (3000, 750)
    assert judgments.set_aside.n_rows == 0
    assert noted_by_kind(judgments.summary())["replaced"] == 30


def test_without_a_version_copies_that_differ_are_an_error() -> None:
    with pytest.raises(InputError, match=r"duplicate judgment: .* in 30 rows"):
        read(late_copies(), ROLES)


def test_what_came_late_is_not_known_before_it_came() -> None:
    rows = {
        "id": [1, 2, 2, 3],
        "rep": ["Abe"] * 4,
        "rank": ["A"] * 4,
        "judged": ["2025-01-01", "2025-01-02", "2025-01-02", "2025-01-03"],
        "won": [None, None, "2025-01-20", None],
        "loaded": ["2025-01-01", "2025-01-02", "2025-02-01", "2025-03-01"],
    }
    dates = pl.col("judged", "won", "loaded").str.to_date()
    judgments = read(pl.DataFrame(rows).with_columns(dates), LOADED | {"recorded_at": "loaded"})

    def seen(at: str) -> tuple[int, int]:
        counts = judgments.at(at).duration_counts()
        return int(counts.n.sum()), int(counts.n[counts.ending == 1].sum())

    assert seen("2026-01-31") == (3, 1)
    assert seen("2025-02-15") == (2, 1)  # the third was loaded in March
    assert seen("2025-01-25") == (2, 0)  # the event of the second had come, but was not yet in the table
    assert seen("2025-01-01") == (1, 0)


def test_copies_that_differ_by_the_day_they_came_alone_are_one_judgment() -> None:
    frame = late_copies().filter(pl.col("id") <= 10)
    twice = pl.concat([frame, frame.with_columns(pl.col("loaded") + pl.duration(days=3))])
    judgments = read(twice, ROLES | {"recorded_at": "loaded"}, problems="set_aside")
    assert judgments.n_judgments == 10


def test_a_version_that_cannot_be_sorted_is_refused() -> None:
    frame = late_copies().with_columns(loaded=pl.concat_list("loaded"))
    with pytest.raises(InputError, match=r"`version` .* must hold moments, days, numbers or text"):
        read(frame, LOADED)
