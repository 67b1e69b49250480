"""Tables drawn at random on PostgreSQL and Spark: counts of a plain query of the test's own, or an error.

On PostgreSQL 96 tables, on Spark 36, because each table costs a server a second; the local engines are given 540.
CALIBRA_FUZZ=6 draws six times as many.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np

from tests.data.frames.test_differential_types import AS_OF, Cells, check
from tests.fuzz.cases import TIMES

BATCHES = {"PostgreSQL": 96 * TIMES, "Spark": 36 * TIMES}
DATED = ("judged", "won", "gone")
LABELLED = ("rep", "rank")
NO_DAYS = ("whole numbers", "yes and no", "lengths of time")
"""Kinds of columns that are no days."""

POSTGRES_DAYS = {
    "dates": "{}",
    "moments": "{}::timestamp + hour * interval '1 hour'",
    "moments with a zone": "({}::timestamp + hour * interval '1 hour') AT TIME ZONE 'Asia/Tokyo'",
    "domain": "{}::differs.day",
    "text": "coalesce({}::text, '')",
    "text with slashes": "to_char({}, 'YYYY/FMMM/FMDD')",
    "text with dots and blanks": "to_char({}, ' YYYY.MM.DD ')",
    "text with offsets": """to_char({}::timestamp + hour * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS') || '+09:00'""",
    "text of two forms": "CASE WHEN id % 2 = 0 THEN {}::text ELSE to_char({}, 'FMYYYY/FMMM/FMDD') END",
    "infinity for none": "coalesce({}, 'infinity')",
    "no value": "CASE WHEN id < 0 THEN {} END",
    "whole numbers": "{} - DATE '2000-01-01'",
    "yes and no": "{} > DATE '2000-01-01'",
    "lengths of time": "{}::timestamp - TIMESTAMP '2000-01-01'",
}
SPARK_MOMENT = "CAST({} AS TIMESTAMP_NTZ) + make_dt_interval(0, hour)"
SPARK_DAYS = {
    "dates": "{}",
    "moments": SPARK_MOMENT,
    "moments with a zone": "to_timestamp(date_format(" + SPARK_MOMENT + ", 'yyyy-MM-dd HH:mm:ss') || '+09:00')",
    "text": "coalesce(CAST({} AS STRING), '')",
    "text with slashes": "date_format({}, 'yyyy/M/d')",
    "text with dots and blanks": "date_format({}, ' yyyy.MM.dd ')",
    "text with offsets": "replace(date_format(" + SPARK_MOMENT + ", 'yyyy-MM-dd HH:mm:ss'), ' ', 'T') || '+09:00'",
    "text of two forms": "IF(id % 2 = 0, CAST({} AS STRING), date_format({}, 'yyyy/M/d'))",
    "no value": "IF(id < 0, {}, NULL)",
    "whole numbers": "datediff({}, DATE'2000-01-01')",
    "yes and no": "{} > DATE'2000-01-01'",
    "lengths of time": "{} - DATE'2000-01-01'",
}
"""How days are written down, with `{}` for the plain day."""
POSTGRES_LABELS = ("int", "bigint", "numeric(9, 3)", "double precision", "text", "char(5)", "differs.label")
SPARK_LABELS = ("INT", "BIGINT", "DECIMAL(9, 3)", "DOUBLE", "STRING")

COUNTED = """
SELECT batch, CAST(rep AS {text}) AS rep, CAST(rank AS {text}) AS rank, {until} AS days, ending, count(*) AS n
FROM (
    SELECT batch, rep, rank, judged, least(won, gone, {as_of}) AS ended,
        CASE WHEN won <= {as_of} AND (gone IS NULL OR won <= gone) THEN 1
            WHEN gone <= {as_of} THEN 2 ELSE 3 END AS ending
    FROM {plain} AS rows WHERE judged <= {as_of}
) AS ends GROUP BY 1, 2, 3, 4, 5
"""
"""The plain query: an end after the snapshot is none, ties go to the event."""


def draw(n_batches: int, seed: int) -> tuple[list[dict[str, str]], str]:
    """What kind each column of each table is of, and the rows of all tables as a list of SQL's values."""
    rng = np.random.default_rng(seed)
    days, labels = (
        (POSTGRES_DAYS, POSTGRES_LABELS) if n_batches == BATCHES["PostgreSQL"] else (SPARK_DAYS, SPARK_LABELS)
    )
    kinds, rows = [], []
    for batch in range(n_batches):
        drawn = {name: str(rng.choice(list(days))) for name in DATED}
        while drawn["judged"] in ("no value", "infinity for none"):
            drawn["judged"] = str(rng.choice(list(days)))
        kinds.append(drawn | {name: str(rng.choice(labels)) for name in LABELLED})
        for i in range(int(rng.integers(1, 12))):
            judged = date(2026, 1, 1) + timedelta(int(rng.integers(0, 200)))  # some after the snapshot
            ends = [
                None
                if rng.random() > share or drawn[name] == "no value"
                else judged + timedelta(int(rng.integers(0, 120)))
                for name, share in (("won", 0.5), ("gone", 0.3))
            ]
            told = ", ".join("CAST(NULL AS DATE)" if day is None else f"DATE '{day}'" for day in (judged, *ends))
            rep, rank, hour = rng.integers(0, 12), rng.integers(1, 4), rng.integers(0, 24)
            rows.append(f"({batch}, {i}, {rep}, {rank}, {hour}, {told})")
    return kinds, ", ".join(rows)


def selected(kinds: dict[str, str], days: dict[str, str], plain: str, batch: int) -> str:
    """The query that gives a table its columns of these kinds."""
    columns = ["concat('p', id) AS id", *(f"CAST({name} AS {kinds[name]}) AS {name}" for name in LABELLED)]
    columns += [f"{days[kinds[name]].replace('{}', name)} AS {name}" for name in DATED]
    return f"SELECT {', '.join(columns)} FROM {plain} WHERE batch = {batch}"


def check_all(
    kinds: list[dict[str, str]], counted: list[tuple[Any, ...]], has_value: Callable[[int, str], bool],
    table: Callable[[int], Any],
) -> None:  # fmt: skip
    """Hold each table against the counts of its batch; a column of no days is refused where it has any value."""
    expected: list[Cells] = [{} for _ in kinds]
    for batch, rep, rank, days, ending, n in counted:
        expected[batch][rep, rank, int(days), ending] = int(n)
    for batch, drawn in enumerate(kinds):
        dated = {name: drawn[name] for name in DATED}
        wrong = [name for name, kind in dated.items() if kind in NO_DAYS and has_value(batch, name)]
        check(table(batch), expected[batch], dated, wrong)
    refused = {kind for drawn in kinds for kind in drawn.values()} & set(NO_DAYS)
    assert refused == set(NO_DAYS)
    assert sum(bool(cells) for cells in expected) > len(kinds) // 2


def test_every_table_on_postgresql_is_counted_as_by_plain_sql_or_refused(postgres: Any) -> None:
    kinds, values = draw(BATCHES["PostgreSQL"], seed=3)
    for statement in (
        "DROP SCHEMA IF EXISTS differs CASCADE",
        "CREATE SCHEMA differs",
        "CREATE DOMAIN differs.day AS date",
        "CREATE DOMAIN differs.label AS numeric(9, 1)",
        "CREATE TABLE differs.plain (batch int, id int, rep int, rank int, hour int, judged date, won date, gone date)",
        f"INSERT INTO differs.plain VALUES {values}",
    ):
        postgres.raw_sql(statement).close()
    query = COUNTED.format(text="text", until="ended - judged", as_of=f"DATE '{AS_OF}'", plain="differs.plain")
    counted = rows_of(postgres, query)
    known = {tuple(row) for row in rows_of(postgres, known_columns("differs.plain"))}

    def table(batch: int) -> Any:
        query = selected(kinds[batch], POSTGRES_DAYS, "differs.plain", batch)
        postgres.raw_sql(f"CREATE VIEW differs.t{batch} AS {query}").close()
        return postgres.table(f"t{batch}", database="differs")

    check_all(kinds, counted, lambda batch, name: (batch, name) in known, table)


def test_every_table_on_spark_is_counted_as_by_plain_sql_or_refused(spark: Any) -> None:
    kinds, values = draw(BATCHES["Spark"], seed=4)
    columns = "batch, id, rep, rank, hour, judged, won, gone"
    spark.sql(f"SELECT * FROM VALUES {values} AS rows({columns})").createOrReplaceTempView("plain")
    query = COUNTED.format(text="STRING", until="datediff(ended, judged)", as_of=f"DATE '{AS_OF}'", plain="plain")
    counted = [tuple(row) for row in spark.sql(query).collect()]
    known = {tuple(row) for row in spark.sql(known_columns("plain")).collect()}

    def table(batch: int) -> Any:
        return spark.sql(selected(kinds[batch], SPARK_DAYS, "plain", batch))

    check_all(kinds, counted, lambda batch, name: (batch, name) in known, table)


def known_columns(plain: str) -> str:
    """The query for the batches and columns that hold any day."""
    parts = (f"SELECT DISTINCT batch, '{name}' AS held FROM {plain} WHERE {name} IS NOT NULL" for name in DATED)
    return " UNION ALL ".join(parts)


def rows_of(postgres: Any, query: str) -> list[tuple[Any, ...]]:
    with postgres.raw_sql(query) as cursor:
        return [tuple(row) for row in cursor.fetchall()]
