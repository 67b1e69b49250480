"""Every type in the table of docs/how-to/engines.md, tried on PostgreSQL and Spark."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.data.frames.typed_world import select
from tests.data.frames.types_tried import cases, check_type
from tests.engines.test_types_on_engines import SET_UP, spark_table


@pytest.fixture(scope="module")
def schema(postgres: Any) -> Any:
    """PostgreSQL with the types of the test's own."""
    postgres.raw_sql("DROP SCHEMA IF EXISTS k CASCADE").close()
    postgres.raw_sql(SET_UP + "; CREATE TYPE k.three AS ENUM ('2', '1', '0')").close()
    return postgres


@pytest.mark.parametrize(("back_end", "part", "kind"), cases("PostgreSQL"))
def test_types_of_postgresql(back_end: str, part: str, kind: str, schema: Any) -> None:
    def make(changed: dict[str, str]) -> Any:
        name = f"view_{uuid4().hex}"
        told = {column: sql.replace("{}", "(i % 3)") if column == "rep" else sql for column, sql in changed.items()}
        schema.raw_sql(f"CREATE VIEW {name} AS {select(**told)} FROM generate_series(1, 3000) t(i)").close()
        return schema.table(name)

    check_type(back_end, part, kind, make)


PLAIN = {
    "judged": "date_add(DATE'2025-01-01', CAST(i % 300 AS INT))",
    "won": "IF(i % 4 = 0, date_add(DATE'2025-01-01', CAST(i % 300 + i % 80 AS INT)), NULL)",
    "left_at": "IF(i % 7 = 1, date_add(DATE'2025-01-01', CAST(i % 300 + i % 150 AS INT)), NULL)",
    "rep": "(i % 3)",
}


@pytest.mark.parametrize(("back_end", "part", "kind"), cases("PySpark"))
def test_types_of_spark(back_end: str, part: str, kind: str, spark: Any) -> None:
    check_type(
        back_end, part, kind,
        lambda changed: spark_table(spark, **{name: sql.replace("{}", PLAIN[name]) for name, sql in changed.items()}),
    )  # fmt: skip
