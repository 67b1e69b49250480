"""What is said to PostgreSQL in its own words: the days and the results are those of the general way."""

from typing import Any
from uuid import uuid4

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.packed import prepare
from calibra.data.frames.dates import day_number, with_days
from calibra.data.frames.postgres import fetch
from calibra.errors import InputError
from tests.data.frames.test_versions import LOADED, ROLES, late_copies, read
from tests.data.frames.worlds import AS_OF, COLUMNS as ROLES_OF_WORLD, SCALE, as_polars, moments, world
from tests.data.noted import noted_by_kind

DAYS = ("judged", "opened", "left")


def _dated(postgres: Any) -> Any:
    frame = as_polars(world()).select("lead", "calls", "value", *(pl.col(day).alias(f"{day}_at") for day in DAYS))
    return postgres.create_table(f"dated_{uuid4().hex}", frame.to_arrow())


def test_days_by_subtraction_are_those_of_the_calendar(postgres: Any) -> None:
    table = _dated(postgres)
    frame = nw.from_native(table)
    roles = [f"{day}_at" for day in DAYS]
    schema = frame.collect_schema()
    subtracted = with_days(frame, roles, schema)
    assert "EXTRACT" not in str(postgres.compile(nw.to_native(subtracted)))
    both = subtracted.with_columns(day_number(role, schema[role]).alias(f"{role}_slow") for role in roles)
    found = fetch(nw.to_native(both.sort("lead")))
    for role in roles:
        days = found[f"{role[:-3]}_day"].to_pylist()
        assert days == found[f"{role}_slow"].to_pylist()
        assert days == [day and day.toordinal() for day in found[role].to_pylist()]


def test_the_zone_of_a_moment_is_asked_for_where_its_row_is_read_and_nowhere_above(postgres: Any) -> None:
    table = postgres.create_table(f"zoned_{uuid4().hex}", moments(world(), "Asia/Tokyo").to_arrow())
    judgments = Judgments.from_frame(table, scale=SCALE, as_of=AS_OF, columns=ROLES_OF_WORLD, timezone="Asia/Tokyo")
    asked = nw.to_native(prepare(judgments._checked.plan, (30, 90)))
    with postgres.raw_sql(f"EXPLAIN (VERBOSE) {postgres.compile(asked.group_by('code').count())}") as cursor:
        plan = "\n".join(row[0] for row in cursor.fetchall())
    above, _, scan = plan.partition("Seq Scan")
    assert "timezone(" in scan.lower().replace("at time zone", "timezone(")
    assert "time zone '" not in above.lower()
    assert "timezone(" not in above.lower()


def test_results_fetched_at_once_are_those_of_ibis_and_so_are_their_types(postgres: Any) -> None:
    table = _dated(postgres).order_by("lead")
    for asked in (table, table.filter(table.lead == "nobody")):
        assert fetch(asked).equals(asked.to_pyarrow())


def test_of_late_copies_postgresql_counts_the_last_version(postgres: Any) -> None:
    table = postgres.create_table(f"late_{uuid4().hex}", late_copies().to_arrow())
    judgments = read(table, LOADED)
    counts = judgments.duration_counts()
    assert (judgments.n_judgments, int(counts.n[counts.ending == 1].sum())) == (3000, 750)
    assert noted_by_kind(judgments.summary())["replaced"] == 30


def test_rows_that_arrive_in_postgresql_between_two_questions_are_an_error(postgres: Any) -> None:
    name, frame = f"grows_{uuid4().hex}", late_copies().head(3000)
    judgments = read(postgres.create_table(name, frame.to_arrow()), ROLES)
    postgres.insert(name, frame.head(500).with_columns(pl.col("id") + 3000).to_arrow())
    with pytest.raises(InputError, match="3,000 judgments then, 3,500 now"):
        judgments.binomial_cells(within_days=60)
    with pytest.raises(InputError, match="3,000 rows then, 3,500 now"):
        judgments.at("2025-09-30")
