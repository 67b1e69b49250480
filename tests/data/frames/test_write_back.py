"""Rows written into a table: those of a day in place of what it held, in one transaction."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

import calibra as cb
from calibra.data.frames.write_back import write_day

COLUMNS = {"as_of": "date", "rep": "text", "n": "bigint", "estimate": "double precision"}


def rows(day: str, *values: float | None) -> pd.DataFrame:
    return pd.DataFrame(
        {"as_of": day, "rep": "Abe 'x' \"y\"", "n": pd.array([1] * len(values), "Int64"), "estimate": values}
    )


def write(url: str, day: str, *values: float | None, table: str = "metrics") -> None:
    write_day(url, table, rows(day, *values), columns=COLUMNS, day="as_of")


def read(file: Path, table: str = "metrics") -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            f"SELECT as_of::text, rep, n, estimate FROM {table} ORDER BY 1, 4 NULLS LAST"
        ).fetchall()


@pytest.mark.parametrize("table", ["metrics", 'main."My ""Metrics"""'])
def test_a_day_replaces_what_was_there_of_it(table: str, tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/team.duckdb"
    write(url, "2026-09-28", 0.5, table=table)
    write(url, "2026-09-29", 0.1, 0.2, table=table)
    write(url, "2026-09-29", 0.3, None, table=table)
    name = "Abe 'x' \"y\""
    assert read(tmp_path / "team.duckdb", table) == [
        ("2026-09-28", name, 1, 0.5), ("2026-09-29", name, 1, 0.3), ("2026-09-29", name, 1, None),
    ]  # fmt: skip


def test_what_cannot_be_written_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/team.duckdb"
    write(url, "2026-09-29", 0.1)
    with pytest.raises(cb.InputError, match="could not be written to"):
        write_day(url, "metrics", rows("2026-09-29", 0.2).assign(estimate="much"), columns=COLUMNS, day="as_of")
    assert [row[3] for row in read(tmp_path / "team.duckdb")] == [0.1]


def test_a_file_this_process_reads_is_named_as_that(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/team.duckdb"
    write(url, "2026-09-29", 0.1)
    with (
        duckdb.connect(str(tmp_path / "team.duckdb"), read_only=True),
        pytest.raises(cb.InputError, match="This process has it open already"),
    ):
        write(url, "2026-09-29", 0.1)


@pytest.mark.parametrize("url", ["team.duckdb", "bigquery://project", "duckdb://team.duckdb::metrics", "duckdb://"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(cb.InputError, match=r"`output.url` must name a database, such as 'duckdb://team.duckdb'"):
        write(url, "2026-09-29", 0.1)
