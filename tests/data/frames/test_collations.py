"""Columns declared so that text which differs is equal: DuckDB's, in counts, in a log and in scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest

import calibra as cb
from tests.data.entries.tables import SCALE, endings, export, read

REPS = ["Abe", "abe", "Itó", "Ito"]
TODAY = "2026-06-30"
DECLARED = ("who", "to", "id")
"""Columns that are declared so; the others stay as they are."""
OPEN = pl.DataFrame(
    {"id": ["1", "2", "3", "4", "5"], "who": [*REPS, "ABE"], "to": ["A", "B", "A", "B", "a"]}
).with_columns(at=pl.lit(TODAY).str.to_date())
Make = Callable[[pl.DataFrame], Any]


def judged() -> pl.DataFrame:
    """Fifteen judgments of each of four reps, whose names differ by case or by a mark alone."""
    return export(who=REPS * 15)


@cache
def calibrated() -> cb.Calibration:
    return cb.calibrate(read(judged()), seed=1, engine="laplace", draws=200, parts=(), progress=False)


def check_counts(make: Make) -> None:
    """Each rep's own, by a table that is compared letter by letter."""
    found = read(make(judged()))
    assert found.reps == ("Abe", "Ito", "Itó", "abe")
    assert found.summary().n.sum(axis=1).tolist() == [15.0] * 4
    assert endings(found) == (10, 10, 40)
    by_hand = judged().group_by("who", "to").len().sort("who", "to")["len"].to_list()
    assert found.summary().n.astype(int).ravel().tolist() == by_hand


def check_log(make: Make) -> None:
    """Every change of a prospect whose name differs from another's by case alone."""
    changes = pl.DataFrame({"id": ["p1", "P1"] * 4, "who": "Abe", "to": ["A", "B", "B", "A"] * 2})
    days = [f"2026-0{1 + i // 2}-10" for i in range(8)]
    outcomes = pl.DataFrame({"id": ["p1", "P1"], "won": ["2026-05-01", ""]}).with_columns(
        pl.col("won").str.to_date(strict=False)
    )
    history = cb.RankHistory.from_frames(
        make(changes.with_columns(at=pl.Series(days).str.to_date())),
        make(outcomes),
        scale=SCALE,
        as_of=TODAY,
        columns={"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"},
        outcome_columns={"prospect": "id", "event_at": "won"},
    )
    assert endings(history.judgments("first")) == (1, 0, 1)


def check_scores(make: Make) -> None:
    """A row for each prospect, with the numbers of its own rep; "a" is no rank."""
    fit, columns = calibrated(), {"rep": "who", "rank": "to", "judged_at": "at"}
    names = ["id", "score_estimate", "score_known_rep", "score_note"]
    right = fit.score(OPEN, as_of=TODAY, columns=columns).select(names)
    opened: Any = nw.from_native(fit.score(make(OPEN), as_of=TODAY, columns=columns))
    found = pl.DataFrame(opened.collect(backend="pyarrow").to_arrow()).sort("id").select(names)
    assert found["id"].to_list() == OPEN["id"].to_list()
    assert right["score_known_rep"].to_list() == [True] * 4 + [False]
    exact = pl.exclude("score_estimate")
    assert found.select(exact).equals(right.select(exact))
    assert found["score_estimate"].to_list() == pytest.approx(right["score_estimate"].to_list(), nan_ok=True)


CHECKS = {"counts": check_counts, "a log": check_log, "scores": check_scores}


def declare(collation: str) -> Make:
    """Tables of one connection whose text columns have the collation."""
    connection = duckdb.connect()

    def make(frame: pl.DataFrame) -> Any:
        connection.register("lent", frame.to_arrow())
        name = f"t{len(connection.execute('SHOW TABLES').fetchall())}"
        told = [f'"{column}" COLLATE {collation} AS "{column}"' for column in DECLARED if column in frame.columns]
        connection.execute(f"CREATE TABLE {name} AS SELECT * REPLACE ({', '.join(told)}) FROM lent")
        return connection.table(name)

    return make


@pytest.mark.parametrize("collation", ["NOCASE", "NOCASE.NOACCENT"])
@pytest.mark.parametrize("what", CHECKS)
def test_text_is_compared_letter_by_letter_whatever_its_column_was_declared_as(what: str, collation: str) -> None:
    CHECKS[what](declare(collation))


def test_the_tables_of_this_test_are_equal_where_they_differ() -> None:
    assert declare("NOCASE")(judged()).query("t", "SELECT count(DISTINCT who) FROM t").fetchall() == [(3,)]


def test_sql_of_ones_own_scores_each_prospect_once() -> None:
    leads, known = declare("NOCASE")(OPEN), calibrated().calibration_table()
    columns = {"rep": "who", "rank": "to", "judged_at": "at"}
    query = calibrated().score_sql(dialect="duckdb", as_of=TODAY, columns=columns, prospects="leads", table="known")
    assert len(known)
    found = leads.query("leads", f"SELECT id, score_known_rep, score_note FROM ({query}) ORDER BY id").fetchall()
    assert found == [(str(i + 1), i < 4, "no rank of the scale" if i == 4 else None) for i in range(5)]
