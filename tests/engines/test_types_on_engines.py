"""Types of PostgreSQL's and Spark's own: counted as DuckDB counts them, or refused by name."""

from __future__ import annotations

from math import log
from typing import Any
from uuid import uuid4

import pytest

from calibra.data.scoring.score_rows import count_notes
from calibra.errors import InputError
from tests.calibrated import calibrated
from tests.data.frames.typed_world import ROLES, TRUTH, read, select, totals
from tests.data.history.test_history import columns_of, read as read_history, typed

SET_UP = """
    DROP SCHEMA IF EXISTS k CASCADE; CREATE SCHEMA k; CREATE DOMAIN k.ymd AS date; CREATE DOMAIN k."Later" AS k.ymd;
    CREATE DOMAIN k.moment AS timestamptz; CREATE DOMAIN k.exact AS numeric(10, 2); CREATE DOMAIN k.code AS text
"""


@pytest.fixture(scope="module")
def view(postgres: Any) -> Any:
    """Make a view of the table of PostgreSQL's with some columns changed."""
    postgres.raw_sql(SET_UP).close()

    def make(**changed: str) -> Any:
        name = f"view_{uuid4().hex}"
        postgres.raw_sql(f"CREATE VIEW {name} AS {select(**changed)} FROM generate_series(1, 3000) t(i)").close()
        return postgres.table(name)

    return make


@pytest.mark.parametrize("kind", ["date", "k.ymd", 'k."Later"', "k.moment", "timestamp", "text"])
def test_days_of_domains_are_those_of_their_base_type(view: Any, kind: str) -> None:
    changed = dict.fromkeys(("judged", "won", "left_at"), f"{{}}::{kind}")
    zone = "America/New_York" if kind == "k.moment" else "UTC"  # the session's, in which a date becomes a moment
    assert totals(read(view(**changed), timezone=zone)) == TRUTH


@pytest.mark.parametrize(
    ("sql", "kind"), [("int4range(1, i)", "int4range"), ("point(1, 2)", "point"), ("'5'::money", "Decimal")]
)
def test_days_of_another_type_are_refused_by_name(view: Any, sql: str, kind: str) -> None:
    with pytest.raises(
        InputError, match=rf"`exit_at` \(column 'left_at'\) must hold dates or moments; it holds {kind}"
    ):
        read(view(left_at=sql))


def test_a_column_of_an_unknown_type_without_any_value_counts_as_absent(view: Any) -> None:
    judgments = read(view(left_at="null::point"))
    assert totals(judgments) == (3000, 750, 0, 2250)
    assert "`exit_at`" in str(judgments.summary())


@pytest.mark.parametrize(
    "sql", ["(i % 3)::int", "(i % 3)::numeric", "(i % 3)::numeric(9, 3)", "(i % 3)::k.exact", "(i % 3)::float8",
            "(i % 3)::text::k.code", "(i % 3)::text::char(5)"],
)  # fmt: skip
def test_numbers_as_labels_read_alike(view: Any, sql: str) -> None:
    judgments = read(view(rep=sql))
    assert judgments.reps == ("0", "1", "2")
    assert totals(judgments) == TRUTH


def test_padded_ranks_and_uuids_are_counted(view: Any) -> None:
    assert totals(read(view(rank="{}::char(3)"))) == TRUTH
    judgments = read(view(rep="md5((i % 3)::text)::uuid", i="md5(i::text)::uuid"))
    assert totals(judgments) == TRUTH
    assert judgments.reps[0] == "c4ca4238-a0b9-2382-0dcc-509a6f75849b"


@pytest.mark.parametrize("kind", ["numeric", "numeric(9, 2)", "money", "float8", "text"])
def test_amounts_of_any_kind_of_number_are_summed_alike(postgres: Any, kind: str) -> None:
    counts = read(with_amounts(postgres, f"CASE WHEN i % 4 = 0 THEN 5.5::{kind} END"), columns=PAID).duration_counts()
    assert (counts.n_amounts.sum(), counts.sum_log_amount.sum()) == (729, pytest.approx(729 * log(5.5)))


def test_an_exact_number_that_is_infinite_or_none_is_read_as_a_float_is(postgres: Any, view: Any) -> None:
    endless = with_amounts(postgres, "CASE WHEN i % 8 = 0 THEN 'Infinity'::numeric WHEN i % 4 = 0 THEN 3 END")
    with pytest.raises(InputError, match=r"must be finite numbers; they are not, in 375 rows \(prospect 8 amount inf;"):
        read(endless, columns=PAID)
    for kind in ("numeric", "float8"):
        none = read(view(rep=f"CASE WHEN i % 5 = 0 THEN 'NaN'::{kind} ELSE i % 5 END"), problems="set_aside")
        assert none.set_aside.by_reason == {"missing rep": 600}


PAID = ROLES | {"amount": "paid"}


def with_amounts(postgres: Any, sql: str) -> Any:
    name = f"view_{uuid4().hex}"
    postgres.raw_sql(f"CREATE VIEW {name} AS {select()}, {sql} AS paid FROM generate_series(1, 3000) t(i)").close()
    return postgres.table(name)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_infinity_is_no_day_and_days_before_all_are_a_problem(view: Any, kind: str) -> None:
    assert totals(read(view(won=f"coalesce({{}}, 'infinity')::{kind}"), timezone="America/New_York")) == TRUTH
    for day, told in (("-infinity", "-infinity"), ("0044-03-15 BC", "before the year 1")):
        table = view(won=f"coalesce({{}}, '{day}')::{kind}")
        with pytest.raises(InputError, match=rf"outside the calendar.* in 2,250 rows \(prospect 1 event_at {told};"):
            read(table)
        judgments = read(table, problems="set_aside", timezone="America/New_York")
        assert judgments.set_aside.by_reason == {"day outside the calendar": 2250}
        assert totals(judgments)[:2] == (750, 729)


def test_a_day_that_stands_for_none_is_named_and_read_as_none(view: Any) -> None:
    table = view(won="coalesce({}, '1900-01-01')")
    with pytest.raises(InputError, match="1900-01-01 in 2,250 rows looks like an empty day of `event_at`"):
        read(table)
    assert totals(read(table, no_day=["1900-01-01"])) == TRUTH


def test_outcomes_whose_days_are_of_a_domain_are_those_of_dates(postgres: Any, view: Any) -> None:
    changes, outcomes = (frame.to_arrow() for frame in typed(columns_of()))
    names = [f"history_{uuid4().hex}" for _ in range(2)]
    tables = [postgres.create_table(name, frame) for name, frame in zip(names, (changes, outcomes), strict=True)]
    dated = [name for name in ("opened", "left") if name in outcomes.column_names]
    cast = ", ".join(f'"{name}"::date::k.ymd AS "{name}"' for name in dated)
    others = ", ".join(name for name in outcomes.column_names if name not in dated)
    postgres.raw_sql(f"CREATE VIEW {names[1]}_domains AS SELECT {others}, {cast} FROM {names[1]}").close()
    of_domains = postgres.table(f"{names[1]}_domains")
    for mode in ("first", "every"):
        found, wanted = (
            read_history(tables[0], ends).judgments(mode).duration_counts().table for ends in (of_domains, tables[1])
        )
        assert found.equals(wanted)
        assert found.n.sum() > 3


def test_scores_know_reps_and_ranks_by_the_text_of_the_counts(view: Any) -> None:
    fit = calibrated()
    changed = {"rep": "CASE WHEN i % 2 = 0 THEN 'Aoki' ELSE 'Bauer' END::char(9)", "rank": "{}::char(4)"}
    scored = fit.score(view(**changed), as_of="2025-10-28", columns={r: ROLES[r] for r in ("rep", "rank", "judged_at")})
    notes = count_notes(scored)
    assert (notes["rep never seen"], notes.get("no rank of the scale", 0)) == (0, 0)
    assert notes["scored"] > 1000


@pytest.mark.parametrize(
    ("column", "sql", "told"),
    [("rep", "CAST(i % 3 AS DECIMAL(18, 2))", ("0", "1", "2")), ("rep", "CAST(i % 3 AS STRING)", ("0", "1", "2"))],
)
def test_spark_reads_labels_alike(spark: Any, column: str, sql: str, told: tuple[str, ...]) -> None:
    assert read(spark_table(spark, **{column: sql})).reps == told


def test_spark_refuses_days_of_another_type_by_name(spark: Any) -> None:
    with pytest.raises(InputError, match="must hold dates or moments; it holds interval day"):
        read(spark_table(spark, left_at="INTERVAL '1' DAY"))


def spark_table(spark: Any, **changed: str) -> Any:
    columns = {
        "i": "i", "rep": "concat('rep', i % 5)", "rank": "substr('ABC', 1 + i % 3, 1)",
        "judged": "date_add(DATE'2025-01-01', CAST(i % 300 AS INT))",
        "won": "IF(i % 4 = 0, date_add(DATE'2025-01-01', CAST(i % 300 + i % 80 AS INT)), NULL)",
        "left_at": "IF(i % 7 = 1, date_add(DATE'2025-01-01', CAST(i % 300 + i % 150 AS INT)), NULL)",
    }  # fmt: skip
    told = ", ".join(f"{changed.get(name, sql)} AS {name}" for name, sql in columns.items())
    return spark.sql(f"SELECT {told} FROM (SELECT id AS i FROM range(1, 3001))")
