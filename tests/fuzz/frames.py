"""Frames nobody would wish for: every dtype, odd labels, extreme dates and numbers, on every kind of frame."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from calibra.data.scale import Promise, RankScale

SCALE = RankScale(["A", "B", "7"], {"A": Promise(0.6, 30), "B": Promise(0.3, 90)})
NAMES = {
    "prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened",
    "exit_at": "left", "entered_at": "entered", "censored_at": "lost", "won_at": "won", "expected_at": "stated",
    "amount": "value", "touches": "calls", "segment": "size",
}  # fmt: skip
"""Role to column."""
DATE_ROLES = ("judged_at", "event_at", "exit_at", "entered_at", "censored_at", "won_at", "expected_at")
AS_OF = date(2026, 6, 30)

DAYS = [date(2026, 1, 1) + timedelta(days=days) for days in (0, 1, 29, 30, 31, 89, 90, 91, 180, 181, 400)]
EXTREME_DAYS = [
    date(1, 1, 1), date(1582, 10, 10), date(1677, 9, 21), date(1900, 2, 28), date(1900, 3, 1), date(1901, 1, 1),
    date(2000, 2, 29), date(2100, 12, 31), date(2262, 4, 12), date(9999, 12, 31),
]  # fmt: skip
TOKYO = ZoneInfo("Asia/Tokyo")
ODD_LABELS = [
    "", " ", "A ", "a", "Ａ", "\u3000", "nan", "None", "NaN", "<NA>", "NaT", "null", "(missing)", "all reps", "7",
    "7.0", "-0", "é", "e\u0301", "木村", "🙂", "x\u200fy", "tab\there", "line\nbreak", "=1+1", "'; DROP TABLE x; --",
    "a" * 3000, "\ufeffA", "True", "1e3", "[red]", "\x1b[31m", '"', "\\", "%s", "{}",
]  # fmt: skip
ODD_NUMBERS = [
    0, 1, -1, 3, 2.5, -0.0, 1e-300, 5e-324, 1e300, 1.7e308, float("inf"), float("-inf"), float("nan"), 2**31, 2**53 + 1,
    2**62, 2**63 - 1, -(2**63),
]  # fmt: skip
TEXT_DATES = [
    "2026-01-10", "2026-01-10T08:15", "2026-01-10 23:59:59.999999", "2026-01-10T23:30:00Z", "2026-01-10T23:30:00+09:00",
    "2026-01-10T23:30:00-1200", "", " ", "2026-02-30", "2025-02-29", "2026-13-01", "10/01/2026", "0000-00-00",
    "9999-12-31", "0001-01-01", "2026-1-1", "２０２６-01-01", "2026-01-10T24:00:00", "2026-01-10T23:30:00+25:00", "now",
    "2026-01-10T23:59:60Z", "2026-W02-1", "20260110", "NaT", "infinity", "9999-12-31T23:59:59-12:00",
]  # fmt: skip
TEXT_NUMBERS = ["1", "1.5", "-3", "1e5", "1e999", "1,000", "１", "", "nan", "inf", "0x10", "1_000", " 1", "+.5", "1e99"]

type Column = list[Any]


def _some(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


def _moments(zones: list[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda day, hour, zone: datetime(day.year, day.month, day.day, hour, 59, 59, 999999, tzinfo=zone),
        st.sampled_from(DAYS), st.sampled_from([0, 14, 15, 23]), st.sampled_from(zones),
    )  # fmt: skip


DATE_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "dates": _some(DAYS),
    "extreme dates": _some(DAYS + EXTREME_DAYS),
    "naive moments": st.none() | _moments([None]),
    "aware moments": st.none() | _moments([UTC]),
    "Tokyo moments": st.none() | _moments([TOKYO]),
    "mixed zones": st.none() | _moments([None, UTC, TOKYO, timezone(timedelta(hours=-11))]),
    "text": _some(TEXT_DATES),
    "all null": st.none(),
}
"""What a column of dates may hold."""
LABEL_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "ranks": st.sampled_from(["A", "B", "7"]),
    "ranks and none": _some(["A", "B", "7"]),
    "odd labels": _some(ODD_LABELS),
    "any text": st.none() | st.text(max_size=8),
    "whole numbers": _some([7, -7, 0, 2**40]),
    "floats": _some([7.0, 7.5, float("nan"), float("inf"), 1e300]),
    "booleans": st.none() | st.booleans(),
    "all null": st.none(),
}
"""What a column of labels may hold."""
NUMBER_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "whole": _some([0, 1, 2, 30]),
    "odd numbers": _some(ODD_NUMBERS),
    "any floats": st.none() | st.floats(),
    "any whole": st.none() | st.integers(-(2**63), 2**63 - 1),
    "text": _some(TEXT_NUMBERS),
    "all null": st.none(),
}
"""What a column of numbers may hold."""
FOREIGN_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "lists": _some([[1], [], ["A"]]),
    "dicts": _some([{"a": 1}]),
    "bytes": _some([b"A", b"\xff"]),
    "durations": _some([timedelta(days=3)]),
    "decimals": _some([Decimal("1.5"), Decimal("7")]),
    "dates": _some(DAYS),
    "numbers": _some([1, 2]),
    "floats": _some([1.5, 2.0]),
    "text": _some(["A", "2026-01-10"]),
    "booleans": st.booleans(),
    "mixture": st.one_of(st.none(), st.integers(-3, 3), st.text(max_size=3), st.sampled_from(DAYS), st.booleans()),
    "objects": st.sampled_from([object, len, ...]),
}
"""What no column of judgments should hold, but any might."""


def kinds_for(role: str) -> dict[str, st.SearchStrategy[Any]]:
    """Kinds of content that make sense for a role."""
    if role in DATE_ROLES:
        return DATE_KINDS
    return NUMBER_KINDS if role in ("amount", "touches") else LABEL_KINDS


def values_for(role: str, *, foreign: bool) -> st.SearchStrategy[st.SearchStrategy[Any]]:
    """One kind of content for the column of a role; with `foreign`, of any type at all."""
    own = kinds_for(role)
    kinds = {**own, **{f"foreign {name}": kind for name, kind in FOREIGN_KINDS.items()}} if foreign else own
    return st.sampled_from(sorted(kinds)).map(kinds.__getitem__)


@st.composite
def columns_of(draw: st.DrawFn, *, foreign: bool = True, max_rows: int = 12) -> tuple[dict[str, Column], list[str]]:
    """Columns by role, sound but for up to three, and the roles whose content was drawn at large."""
    n = draw(st.integers(0, max_rows))
    optional = draw(st.sets(st.sampled_from([role for role in NAMES if role not in ("prospect", "rep", "rank")])))
    roles = [role for role in NAMES if role in {"prospect", "rep", "rank", "judged_at"} | optional]
    wild = draw(st.lists(st.sampled_from(roles), max_size=3, unique=True))
    columns = {role: draw(_sound(role, n)) for role in roles if role not in wild}
    for role in wild:
        columns[role] = draw(st.lists(draw(values_for(role, foreign=foreign)), min_size=n, max_size=n))
    return {role: columns[role] for role in roles}, wild


def _sound(role: str, n: int) -> st.SearchStrategy[Column]:
    """A column with nothing wrong in itself."""
    if role == "prospect":
        return st.just([f"p{i}" for i in range(n)])
    if role == "judged_at":
        return st.lists(st.sampled_from(DAYS[:6]), min_size=n, max_size=n)
    if role in DATE_ROLES:
        return st.lists(_some(DAYS[5:]), min_size=n, max_size=n)
    pool = {"rep": ["Abe", "Ito"], "rank": ["A", "B", "7"], "segment": ["small", "large", None]}.get(role, [None, 0, 3])
    return st.lists(st.sampled_from(pool), min_size=n, max_size=n)


# kinds of frames ------------------------------------------------------------------------------------------------------


def as_pandas(columns: dict[str, Column]) -> pd.DataFrame:
    """Types inferred, as users get them."""
    return pd.DataFrame({NAMES[role]: values for role, values in columns.items()})


def as_objects(columns: dict[str, Column]) -> pd.DataFrame:
    """Every column of Python objects."""
    return pd.DataFrame({NAMES[role]: np.array([*values, None], dtype=object)[:-1] for role, values in columns.items()})


def as_categories(columns: dict[str, Column]) -> pd.DataFrame:
    """Labels as categories."""
    frame = as_pandas(columns)
    labels = [NAMES[role] for role in ("rep", "rank", "segment") if role in columns]
    return frame.astype(dict.fromkeys(labels, "category"))


def as_nullable(columns: dict[str, Column]) -> pd.DataFrame:
    """pandas on pyarrow."""
    return as_pandas(columns).convert_dtypes(dtype_backend="pyarrow")


def as_polars(columns: dict[str, Column]) -> pl.DataFrame:
    """polars, strict where it can be."""
    return pl.DataFrame({NAMES[role]: values for role, values in columns.items()}, strict=False)


def as_arrow(columns: dict[str, Column]) -> pa.Table:
    """pyarrow, as it infers."""
    return pa.table({NAMES[role]: values for role, values in columns.items()})


def as_relation(columns: dict[str, Column]) -> duckdb.DuckDBPyRelation:
    """DuckDB, from pyarrow."""
    return duckdb.connect().from_arrow(as_arrow(columns))


def as_csv(columns: dict[str, Column], folder: Path) -> str:
    """A CSV file, as pandas writes it."""
    as_pandas(columns).to_csv(folder / "fuzz.csv", index=False)
    return str(folder / "fuzz.csv")


def as_parquet(columns: dict[str, Column], folder: Path) -> str:
    """A Parquet file, as polars writes it."""
    as_polars(columns).write_parquet(folder / "fuzz.parquet")
    return str(folder / "fuzz.parquet")


KINDS: dict[str, Callable[[dict[str, Column], Path], Any]] = {
    "pandas": lambda columns, _: as_pandas(columns),
    "pandas objects": lambda columns, _: as_objects(columns),
    "pandas categories": lambda columns, _: as_categories(columns),
    "pandas on arrow": lambda columns, _: as_nullable(columns),
    "polars": lambda columns, _: as_polars(columns),
    "polars, lazy": lambda columns, _: as_polars(columns).lazy(),
    "pyarrow": lambda columns, _: as_arrow(columns),
    "DuckDB": lambda columns, _: as_relation(columns),
    "CSV": as_csv,
    "Parquet": as_parquet,
}
"""Kind of frame to its maker."""

CANNOT_HOLD = (
    TypeError, ValueError, OverflowError, pa.ArrowException, duckdb.Error, pl.exceptions.PolarsError,
)  # fmt: skip
"""What a library raises that cannot hold such columns; then there is no frame to be read."""
