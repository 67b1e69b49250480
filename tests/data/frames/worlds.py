"""One small world of judgments as columns, and as every kind of frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from calibra.data.scale import Promise, RankScale

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.6, 30), "B": Promise(0.3, 90), "C": Promise(0.1, 90)})
COLUMNS = {
    "prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened", "exit_at": "left",
    "entered_at": "entered", "won_at": "won", "amount": "value", "touches": "calls", "segment": "size",
}  # fmt: skip
AS_OF = "2026-06-30"
DATE_COLUMNS = ("judged", "opened", "left", "entered", "won")


def world(n: int = 800, seed: int = 7) -> dict[str, list[Any]]:
    """Columns of plain Python values: dates, text, numbers, None."""
    rng = np.random.default_rng(seed)
    judged = np.datetime64("2025-11-01") + rng.integers(0, 270, n).astype("m8[D]")
    none = np.datetime64("NaT", "D")

    def later(share: float, longest: int) -> np.ndarray:
        return np.where(rng.random(n) < share, judged + rng.integers(0, longest, n).astype("m8[D]"), none)

    opened, left, entered = later(0.5, 150), later(0.3, 150), later(0.1, 10)
    entered = np.where(np.fmin(opened, left) < entered, none, entered)  # none ended before it was under observation
    won = np.where(rng.random(n) < 0.4, opened + np.timedelta64(20, "D"), none)
    amount = np.round(np.exp(rng.normal(10, 1, n)), 2)
    columns = {
        "lead": [f"P{i:04d}" for i in range(n)],
        "owner": rng.choice(["Aoki", "Bauer", "木村"], n).tolist(),
        "label": rng.choice(["A", "B", "C"], n, p=[0.2, 0.3, 0.5]).tolist(),
        "value": [float(a) if not np.isnat(w) else None for a, w in zip(amount, won, strict=True)],
        "calls": [int(c) if c else None for c in rng.integers(0, 6, n)],
        "size": [None if s == "?" else s for s in rng.choice(["small", "large", "?"], n).tolist()],
    }
    dates = {"judged": judged, "opened": opened, "left": left, "entered": entered, "won": won}
    return columns | {name: values.astype(object).tolist() for name, values in dates.items()}


def as_pandas(columns: dict[str, list[Any]], unit: Literal["us", "ns"] = "us") -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.assign(**{name: pd.to_datetime(frame[name]).dt.as_unit(unit) for name in DATE_COLUMNS})


def as_polars(columns: dict[str, list[Any]]) -> pl.DataFrame:
    return pl.DataFrame(columns).with_columns(pl.col(*DATE_COLUMNS).cast(pl.Date))


def as_csv(columns: dict[str, list[Any]], folder: Path) -> str:
    as_polars(columns).write_csv(folder / "judgments.csv")
    return str(folder / "judgments.csv")


def as_parquet(columns: dict[str, list[Any]], folder: Path) -> Path:
    as_polars(columns).write_parquet(folder / "judgments.parquet")
    return folder / "judgments.parquet"


def as_arrow(columns: dict[str, list[Any]]) -> pa.Table:
    table: pa.Table = as_polars(columns).to_arrow()
    return table


def as_relation(columns: dict[str, list[Any]]) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(as_arrow(columns))


def moments(columns: dict[str, list[Any]], zone: str | None) -> pl.DataFrame:
    """The same dates as moments late in the evening, of that day in the zone."""
    evening = pl.col(*DATE_COLUMNS).cast(pl.Datetime("us")) + pl.duration(hours=23, minutes=30)
    return as_polars(columns).with_columns(evening.dt.replace_time_zone(zone) if zone else evening)


def slashed(columns: dict[str, list[Any]]) -> pl.DataFrame:
    """The same dates as Japanese spreadsheets write them: 2026/9/1 8:05, 2026/09/01 and 2026年9月1日 in turns."""
    third, days = pl.col(*DATE_COLUMNS).dt.day() % 3, pl.col(*DATE_COLUMNS).dt
    return as_polars(columns).with_columns(
        pl.when(third == 0).then(days.to_string("%Y/%-m/%-d 8:05"))
        .when(third == 1).then(days.to_string("%Y/%m/%d"))
        .otherwise(days.to_string("%Y年%-m月%-d日"))
    )  # fmt: skip


FRAMES: dict[str, Callable[[dict[str, list[Any]], Path], Any]] = {
    "pandas of microseconds": lambda columns, _: as_pandas(columns),
    "pandas of nanoseconds": lambda columns, _: as_pandas(columns, "ns"),
    "pandas of date objects": lambda columns, _: pd.DataFrame(columns),
    "pandas of categories": lambda columns, _: as_pandas(columns).astype({"owner": "category", "label": "category"}),
    "pandas on arrow": lambda columns, _: as_pandas(columns).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, aware": lambda columns, _: moments(columns, "Asia/Tokyo").to_pandas(),
    "polars": lambda columns, _: as_polars(columns),
    "polars, lazy": lambda columns, _: as_polars(columns).lazy(),
    "polars, naive": lambda columns, _: moments(columns, None),
    "polars, aware": lambda columns, _: moments(columns, "Asia/Tokyo").lazy(),
    "polars of categories": lambda columns, _: as_polars(columns).cast(
        {"owner": pl.Categorical, "label": pl.Categorical}
    ),
    "polars of text": lambda columns, _: as_polars(columns).with_columns(pl.col(*DATE_COLUMNS).cast(pl.String)),
    "polars of text with slashes": lambda columns, _: slashed(columns).lazy(),
    "DuckDB of text with slashes": lambda columns, _: duckdb.connect().from_arrow(slashed(columns).to_arrow()),
    "pyarrow": lambda columns, _: as_arrow(columns),
    "pyarrow, naive": lambda columns, _: moments(columns, None).to_arrow(),
    "pyarrow, aware": lambda columns, _: moments(columns, "Asia/Tokyo").to_arrow(),
    "DuckDB": lambda columns, _: as_relation(columns),
    "DuckDB, aware": lambda columns, _: duckdb.connect().from_arrow(moments(columns, "Asia/Tokyo").to_arrow()),
    "CSV": as_csv,
    "Parquet": as_parquet,
}
"""Kind of frame to its maker; the aware ones are to be read in Tokyo's calendar."""
