"""Types that narwhals does not know, and labels whose text differs from engine to engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.labels import label_text
from calibra.errors import InputError
from tests.data.frames.typed_world import AS_OF, COLUMNS, TRUTH, read, relation, totals

LOCAL: dict[str, Any] = {
    "pandas": lambda table: table.df(),
    "polars": lambda table: table.pl(),
    "pyarrow": lambda table: table.to_arrow_table(),
    "DuckDB": lambda table: table,
}
every_local = pytest.mark.parametrize("make", LOCAL.values(), ids=LOCAL)


def test_the_truth_is_that_of_sql_of_its_own() -> None:
    day = f"least({COLUMNS['won']}, {COLUMNS['left_at']}, DATE '{AS_OF}')"
    event, leave = (f"coalesce({day} = {COLUMNS[name]}, false)" for name in ("won", "left_at"))
    query = f"""SELECT count(*), count(*) FILTER ({event}), count(*) FILTER (NOT {event} AND {leave}),
        count(*) FILTER (NOT {event} AND NOT {leave}) FROM range(1, 3001) t(i)"""
    assert duckdb.sql(query).fetchall() == [TRUTH]


def test_moments_to_the_nanosecond_with_a_zone_are_counted() -> None:
    nanoseconds = "{}::TIMESTAMPTZ_NS"
    assert totals(read(relation(won=nanoseconds, left_at=nanoseconds))) == TRUTH


@every_local
@pytest.mark.parametrize("zoned", [False, True])
def test_the_last_nanosecond_of_a_day_is_of_that_day(make: Any, zoned: bool) -> None:
    last = "make_timestamp_ns(epoch_ns({}::TIMESTAMP_NS) + 86399999999999)"
    kind = f"timezone('UTC', {last})" if zoned else last
    changed = dict.fromkeys(("judged", "won", "left_at"), kind)
    assert totals(read(make(relation(**changed)), timezone="UTC")) == TRUTH
    text = relation(judged=kind).project("judged::VARCHAR").limit(1).fetchall()[0][0]
    assert text.startswith("2025-01-02 23:59:59.999999999")


@pytest.mark.parametrize(
    ("role", "column", "sql", "kind"),
    [
        ("exit_at", "left_at", "{}::VARIANT", "VARIANT"),
        ("exit_at", "left_at", "union_value(d := {})", r"UNION\(d DATE\)"),
        ("event_at", "won", "'101'::BIT", "BIT"),
        ("judged_at", "judged", "{}::VARIANT", "VARIANT"),
        ("rep", "rep", "{}::VARIANT", "VARIANT"),
    ],
)
def test_a_column_of_an_unknown_type_is_refused_under_the_engines_own_name(
    role: str, column: str, sql: str, kind: str
) -> None:
    with pytest.raises(InputError, match=rf"`{role}` \(column '{column}'\) must hold .*; it holds {kind}\."):
        read(relation(**{column: sql}))


@every_local
def test_a_role_without_any_value_counts_as_absent_and_is_told(make: Any) -> None:
    for sql in ("NULL", "NULL::DATE", "NULL::VARCHAR"):
        judgments = read(make(relation(left_at=sql)))
        assert totals(judgments) == (3000, 750, 0, 2250)
        (noted,) = (found for found in judgments.summary().noted if found.key == "data.noted_no_value")
        assert noted.values == {"n": 3000, "role": "exit_at"}
        assert "all 3,000 without `exit_at`: its column has no value in any row" in str(judgments.summary())


@every_local
@pytest.mark.parametrize(
    "sql",
    ["(i % 3)::int", "(i % 3)::double", "(i % 3)::decimal(18, 0)", "(i % 3)::decimal(18, 2)", "(i % 3)::varchar"],
)
def test_reps_that_are_numbers_read_alike_whatever_their_type(make: Any, sql: str) -> None:
    judgments = read(make(relation(rep=sql)))
    assert judgments.reps == ("0", "1", "2")
    assert totals(judgments) == TRUTH


@pytest.mark.parametrize(
    ("sql", "reps"),
    [
        ("((i % 3) / 4)::decimal(9, 4)", ("0", "0.25", "0.5")),
        ("(i % 3 * 100)::decimal(9, 2)", ("0", "100", "200")),
        ("(i % 3)::bignum", ("0", "1", "2")),
        ("(i % 3)::hugeint", ("0", "1", "2")),
        ("i % 2 = 0", ("False", "True")),
        ("('00000000-0000-0000-0000-00000000000' || (i % 2))::uuid",
         ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001")),
    ],
)  # fmt: skip
def test_labels_of_duckdbs_own_types_have_one_text(sql: str, reps: tuple[str, ...]) -> None:
    judgments = read(relation(rep=sql))
    assert judgments.reps == reps
    assert totals(judgments) == TRUTH


@every_local
def test_ranks_that_are_exact_decimals_are_those_of_a_scale_of_whole_numbers(make: Any) -> None:
    scale = cb.RankScale([1, 2, 3], {1: cb.Promise(0.5, within_days=90)})
    judgments = read(make(relation(rank="(1 + i % 3)::decimal(18, 2)")), scale=scale)
    assert totals(judgments) == TRUTH


def test_a_label_is_written_without_trailing_zeros_or_exponent() -> None:
    texts = {"1.00": "1", "0E-9": "0", "1E+3": "1000", "0.50": "0.5", "-2.0": "-2", "1E-7": "0.0000001"}
    assert {value: label_text(Decimal(value)) for value in texts} == texts
    assert label_text(Decimal("NaN")) is None


SUMS = {
    "DuckDB": lambda: duckdb.sql("SELECT 1.00::decimal(9, 2) AS rep, 'A' AS rank, sum(5) AS n, sum(2) AS events"),
    "decimals of DuckDB": lambda: duckdb.sql(
        "SELECT 1 AS rep, 'A' AS rank, 5.00::decimal(9, 2) AS n, 2::decimal(38, 0) AS events"
    ),
    "polars": lambda: pl.DataFrame({"rep": [1], "rank": ["A"], "n": [Decimal("5")], "events": [Decimal("2.00")]}),
    "pyarrow": lambda: pa.table({"rep": [1], "rank": ["A"], "n": pa.array([Decimal("5.0")]), "events": [2]}),
    "pandas": lambda: pd.DataFrame({"rep": [Decimal("1.0")], "rank": ["A"], "n": [Decimal("5")], "events": [2]}),
}


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS)
def test_ready_made_counts_may_be_sums_and_exact_decimals(make: Any) -> None:
    cells = Judgments.from_counts(make(), scale=cb.RankScale(["A", "B"])).binomial_cells()
    assert (cells.reps, cells.n.tolist(), cells.events.tolist()) == (("1",), [[5, 0]], [[2, 0]])


def test_ready_made_cells_may_be_sums_and_exact_decimals() -> None:
    sums = duckdb.sql("SELECT 1.00::decimal(9, 2) AS rep, 'A' AS rank, sum(5) AS n, 9 AS code")
    exact = pd.DataFrame({"rep": [Decimal("1.0")], "rank": ["A"], "n": [Decimal("5")], "code": [Decimal("9.0")]})
    for frame in (sums, exact):
        made = Judgments.from_cells(frame, scale=cb.RankScale(["A"]), as_of="2026-01-31", horizons=[])
        assert made.reps == ("1",)
        assert made.n_judgments == 5


def test_a_count_that_is_none_is_shown_as_it_came() -> None:
    frame = pd.DataFrame({"rep": ["a", "b"], "rank": ["A", "A"], "n": ["5", None], "events": [2, 1]})
    with pytest.raises(InputError, match=r"n '5', events 2; row 1: rep b, rank A, n missing, events 1"):
        Judgments.from_counts(frame, scale=cb.RankScale(["A"]))
