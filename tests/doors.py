"""One small table through every door: what a polars frame becomes on each back end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import polars as pl
import pytest

from calibra.data.frames.urls import read_url

Door = Callable[[pl.DataFrame, Path, pytest.FixtureRequest], Any]


def parquet(frame: pl.DataFrame, folder: Path) -> Path:
    """The frame in a file of its own."""
    path = folder / f"{uuid4().hex}.parquet"
    frame.write_parquet(path)
    return path


def _csv(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Path:
    path = folder / f"{uuid4().hex}.csv"
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S" + ("%z" if _has_zone(frame) else ""))
    return path


def _workbook(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Path:
    """A workbook: a cell has no zone, so that moments with one are text with an offset, and decimals are numbers."""
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: calibra-sales[xlsx]")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    zoned = [n for n, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone is not None]
    cells = frame.with_columns(pl.col(*zoned).dt.to_string("%Y-%m-%dT%H:%M:%S%:z")) if zoned else frame
    sheet.append(frame.columns)
    for row in cells.iter_rows():
        sheet.append(row)
    path = folder / f"{uuid4().hex}.xlsx"
    book.save(path)
    return path


def _has_zone(frame: pl.DataFrame) -> bool:
    return any(isinstance(kind, pl.Datetime) and kind.time_zone is not None for kind in frame.dtypes)


def _file(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    path, lent = folder / f"{uuid4().hex}.duckdb", frame.to_arrow()
    with duckdb.connect(str(path)) as connection:
        connection.from_arrow(lent).create("rows")
    return read_url(f"duckdb://{path}::rows")


def _ibis_duckdb(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("ibis_duckdb").create_table(f"rows_{uuid4().hex}", frame.to_arrow())


def _ibis_postgres(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("postgres").table(_on_postgres(frame, request))


def _on_postgres(frame: pl.DataFrame, request: pytest.FixtureRequest) -> str:
    """The name of a table; its columns are named afterwards, because Ibis's INSERT takes %s for a placeholder."""
    name, connection = f"rows_{uuid4().hex}", request.getfixturevalue("postgres")
    plain = {column: f"c{i}" for i, column in enumerate(frame.columns)}
    connection.create_table(name, frame.rename(plain).to_arrow())
    with connection.con.transaction(), connection.con.cursor() as cursor:
        for column, told in plain.items():
            quoted = column.replace('"', '""')
            cursor.execute(f'ALTER TABLE {name} RENAME COLUMN {told} TO "{quoted}"')
    return name


def _postgres_url(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    url = request.getfixturevalue("postgres_url")
    name = _on_postgres(frame, request)
    # the two tables of a history live in one connection, which nothing but its tables keeps open
    return read_url(f"{url}::public.{name}", connection=_one_connection(request, url))


def _one_connection(request: pytest.FixtureRequest, url: str) -> Any:
    import ibis

    kept = request.node.__dict__.setdefault("_calibra_connection", None)
    if kept is None:
        kept = request.node.__dict__["_calibra_connection"] = ibis.connect(url)
        request.addfinalizer(kept.disconnect)
    return kept


def _spark_frame(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    fine = [name for name, kind in frame.schema.items() if kind == pl.Datetime("ns")]  # which Spark does not read
    coarse = frame.with_columns(pl.col(*fine).cast(pl.Datetime("us"))) if fine else frame
    return request.getfixturevalue("spark").read.parquet(str(parquet(coarse, folder)))


LOCAL: dict[str, Door] = {
    "pandas": lambda frame, folder, request: frame.to_pandas(),
    "polars": lambda frame, folder, request: frame,
    "polars, lazy over Parquet": lambda frame, folder, request: pl.scan_parquet(parquet(frame, folder)),
    "pyarrow": lambda frame, folder, request: frame.to_arrow(),
    "DuckDB": lambda frame, folder, request: duckdb.connect().from_arrow(frame.to_arrow()),
    "DuckDB file": _file,
    "Parquet": lambda frame, folder, request: parquet(frame, folder),
    "CSV": _csv,
    "workbook": _workbook,
}
"""Back ends on every machine."""
SERVERS: dict[str, Door] = {
    "Ibis on DuckDB": _ibis_duckdb,
    "Ibis on PostgreSQL": _ibis_postgres,
    "postgres:// URL": _postgres_url,
    "PySpark": _spark_frame,
}
"""Back ends that the tests start, or that need Java."""
DOORS = LOCAL | SERVERS
