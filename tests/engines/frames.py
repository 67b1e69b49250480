"""The small world of judgments as a frame of every engine, its dates as dates, moments and text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import polars as pl
import pytest

from tests.data.frames.worlds import DATE_COLUMNS, as_polars, moments, slashed

Columns = dict[str, list[Any]]

ZONE = "Asia/Tokyo"
"""In whose calendar the days of the world are."""


def as_zoned_text(columns: Columns) -> pl.DataFrame:
    """The same moments as `moments(columns, ZONE)`, as text in UTC."""
    utc = pl.col(*DATE_COLUMNS).dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    return moments(columns, ZONE).with_columns(utc)


KINDS: dict[str, Callable[[Columns], pl.DataFrame]] = {
    "dates": as_polars,
    "naive moments": lambda columns: moments(columns, None),
    "aware moments": lambda columns: moments(columns, ZONE),
    "text": lambda columns: as_polars(columns).with_columns(pl.col(*DATE_COLUMNS).cast(pl.String)),
    "text with slashes": slashed,
    "text with offsets": as_zoned_text,
}
"""How days are written down, to the maker of the polars frame that holds them so."""


def _parquet(frame: pl.DataFrame, folder: Path) -> Path:
    path = folder / f"{uuid4().hex}.parquet"
    frame.write_parquet(path)
    return path


def _ibis_table(fixture: str) -> Callable[[pl.DataFrame, Path, pytest.FixtureRequest], Any]:
    def make(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
        return request.getfixturevalue(fixture).create_table(f"judgments_{uuid4().hex}", frame.to_arrow())

    return make


def _spark_frame(frame: pl.DataFrame, folder: Path, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("spark").read.parquet(str(_parquet(frame, folder)))


ENGINES: dict[str, Callable[[pl.DataFrame, Path, pytest.FixtureRequest], Any]] = {
    "pandas": lambda frame, folder, request: frame.to_pandas(),
    "polars": lambda frame, folder, request: frame,
    "polars, lazy over Parquet": lambda frame, folder, request: pl.scan_parquet(_parquet(frame, folder)),
    "pyarrow": lambda frame, folder, request: frame.to_arrow(),
    "DuckDB": lambda frame, folder, request: duckdb.connect().from_arrow(frame.to_arrow()),
    "Ibis on DuckDB": _ibis_table("ibis_duckdb"),
    "Ibis on PostgreSQL": _ibis_table("postgres"),
    "PySpark": _spark_frame,
}
"""Engine to the maker of its frame from a polars frame."""
