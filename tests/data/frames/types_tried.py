"""Types of columns that are tried on every back end; the table in docs/how-to/engines.md is made of these lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from calibra.errors import InputError
from tests.data.frames.typed_world import TRUTH, read, totals

DATED = ("judged", "won", "left_at")


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried on a back end: the name of a type to how a column becomes one."""

    days: dict[str, Any]
    """Columns of days, counted as dates are."""
    labels: dict[str, Any]
    """Columns of reps 0, 1 and 2, which read so, or of yes and no."""
    refused: dict[str, Any]
    """No days: refused with the column's name."""


def sql(kinds: str, form: str = "{{}}::{}") -> dict[str, str]:
    """Names of types to the cast, with `{}` for what is cast."""
    return {kind: form.format(kind) for kind in kinds.split(", ")}


PANDAS = Tried(
    days={
        **{kind: lambda s, kind=kind: s.astype(kind) for kind in (
            "datetime64[s]", "datetime64[ms]", "datetime64[us]", "datetime64[ns]", "date32[pyarrow]",
            "timestamp[us][pyarrow]",
        )},
        "datetime64[us, UTC]": lambda s: s.dt.tz_localize("UTC"),
        "object of dates": lambda s: pd.Series([None if pd.isna(day) else day.date() for day in s], dtype=object),
        "str": lambda s: s.dt.strftime("%Y-%m-%d"),
        "category": lambda s: s.dt.strftime("%Y-%m-%d").astype("category"),
    },
    labels={
        **{kind: lambda s, kind=kind: s.astype(kind) for kind in (
            "int8", "int64", "uint64", "Int64", "float32", "float64", "str", "string[pyarrow]", "int64[pyarrow]",
        )},
        "category": lambda s: s.astype(str).astype("category"),
        "object of Decimals": lambda s: pd.Series([Decimal(int(n)) for n in s], dtype=object),
        "bool": lambda s: s % 2 == 0,
    },
    refused={
        "timedelta64[ns]": lambda s: pd.Series([timedelta(1)] * len(s)),
        "int64": lambda s: pd.Series(range(len(s))), "float64": lambda s: pd.Series(range(len(s))).astype(float),
        "bool": lambda s: s.notna(), "object of lists": lambda s: pd.Series([[1]] * len(s)),
    },
)  # fmt: skip
POLARS = Tried(
    days={
        "Date": lambda x: x, "String": lambda x: x.cast(pl.String),
        "Categorical": lambda x: x.cast(pl.String).cast(pl.Categorical),
        **{f"Datetime({unit})": lambda x, unit=unit: x.cast(pl.Datetime(unit)) for unit in ("ms", "us", "ns")},
        "Datetime(us, UTC)": lambda x: x.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    },
    labels={
        **{str(kind): lambda x, kind=kind: x.cast(kind) for kind in (
            pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64,
            pl.String,
        )},
        "Decimal(18, 2)": lambda x: x.cast(pl.Decimal(18, 2)),
        "Categorical": lambda x: x.cast(pl.String).cast(pl.Categorical),
        "Enum": lambda x: x.cast(pl.String).cast(pl.Enum(["2", "1", "0"])), "Boolean": lambda x: x % 2 == 0,
    },
    refused={
        "Duration": lambda x: pl.duration(days=1), "Time": lambda x: pl.time(1), "Int64": lambda x: pl.lit(1),
        "Float64": lambda x: pl.lit(1.5), "Boolean": lambda x: pl.lit(value=True), "List": lambda x: pl.concat_list(x),
        "Struct": lambda x: pl.struct(x), "Binary": lambda x: pl.lit(b"1"),
    },
)  # fmt: skip
ARROW = Tried(
    days={
        **{str(kind): lambda a, kind=kind: a.cast(kind) for kind in (
            pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"),
            pa.timestamp("us", "UTC"), pa.string(),
        )},
        "large_string": lambda a: a.cast(pa.string()).cast(pa.large_string()),
        "dictionary of string": lambda a: a.cast(pa.string()).dictionary_encode(),
    },
    labels={
        **{str(kind): lambda a, kind=kind: a.cast(kind) for kind in (
            pa.int8(), pa.int32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(21, 2),
            pa.string(), pa.large_string(),
        )},
        "dictionary of string": lambda a: a.cast(pa.string()).dictionary_encode(),
        "bool": lambda a: pa.array([n.as_py() % 2 == 0 for n in a]),
    },
    refused={
        "duration[s]": lambda a: pa.array([timedelta(1)] * len(a), pa.duration("s")),
        "int64": lambda a: pa.array(range(len(a))),
        "double": lambda a: pa.array([1.5] * len(a)), "bool": lambda a: pa.array([True] * len(a)),
        "list": lambda a: pa.array([[1]] * len(a)), "struct": lambda a: pa.array([{"a": 1}] * len(a)),
        "binary": lambda a: pa.array([b"1"] * len(a)),
    },
)  # fmt: skip
DUCKDB = Tried(
    days={
        **sql("DATE, TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP, TIMESTAMP_NS, VARCHAR"),
        "TIMESTAMPTZ": "timezone('UTC', {}::TIMESTAMP)",
        "TIMESTAMPTZ_NS": "timezone('UTC', {}::TIMESTAMP)::TIMESTAMPTZ_NS",
    },
    labels={
        **sql("TINYINT, INTEGER, BIGINT, HUGEINT, UBIGINT, UHUGEINT, FLOAT, DOUBLE, VARCHAR, BIGNUM"),
        **{f"DECIMAL({places})": f"{{}}::DECIMAL({places})" for places in ("18, 0", "18, 2", "38, 9")},
        "ENUM": "{}::VARCHAR::ENUM('2', '1', '0')", "BOOLEAN": "{} % 2 = 0",
    },
    refused={
        "INTERVAL": "INTERVAL 1 DAY", "TIME": "TIME '08:00'", "INTEGER": "1", "DOUBLE": "1.5::DOUBLE",
        "BOOLEAN": "true",
        "BIT": "'101'::BIT", "BLOB": "'a'::BLOB", "UUID": "gen_random_uuid()", "VARIANT": "{}::VARIANT", "LIST": "[{}]",
        "STRUCT": "struct_pack(a := {})", "MAP": "MAP(['a'], [{}])", "UNION": "union_value(d := {})",
    },
)  # fmt: skip
POSTGRES = Tried(
    days={
        **sql("date, timestamp, timestamp(0), text, varchar, char(10)"),
        "timestamptz": "({}::timestamp AT TIME ZONE 'UTC')",
        "domain over date": "{}::k.ymd", "domain over timestamptz": "({}::timestamp AT TIME ZONE 'UTC')::k.moment",
    },
    labels={
        **sql("smallint, integer, bigint, real, double precision, numeric, text, varchar, char(5)"),
        "numeric(9, 3)": "{}::numeric(9, 3)", "domain over numeric": "{}::k.exact",
        "domain over text": "{}::text::k.code",
        "enum": "({}::text)::k.three", "boolean": "{} % 2 = 0",
    },
    refused={
        "interval": "interval '1 day'", "time": "time '08:00'", "integer": "1", "double precision": "1.5::float8",
        "boolean": "true", "bytea": "'a'::bytea", "uuid": "gen_random_uuid()", "json": "'[1]'::json",
        "array": "ARRAY[{}]", "daterange": "daterange(DATE '2026-01-01', NULL)",
        "point": "point(1, 2)", "money": "'5'::money",
    },
)  # fmt: skip
SPARK = Tried(
    days={
        **sql("DATE, TIMESTAMP_NTZ, STRING", "CAST({{}} AS {})"),
        "TIMESTAMP": "CAST(concat(CAST({} AS STRING), ' 00:00:00+00:00') AS TIMESTAMP)",
    },
    labels={
        **sql("TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, STRING", "CAST({{}} AS {})"),
        "DECIMAL(18, 0)": "CAST({} AS DECIMAL(18, 0))", "DECIMAL(18, 2)": "CAST({} AS DECIMAL(18, 2))",
        "BOOLEAN": "{} % 2 = 0",
    },
    refused={
        "INTERVAL DAY": "INTERVAL '1' DAY", "INT": "1", "DOUBLE": "1.5D", "BOOLEAN": "true",
        "BINARY": "CAST('a' AS BINARY)",
        "ARRAY": "array({})", "MAP": "map('a', {})", "STRUCT": "struct({})",
    },
)  # fmt: skip
BACK_ENDS: dict[str, Tried] = {
    "pandas": PANDAS, "polars": POLARS, "pyarrow": ARROW, "DuckDB": DUCKDB, "PostgreSQL": POSTGRES, "PySpark": SPARK,
}  # fmt: skip

Make = Callable[[dict[str, Any]], Any]
"""Makes the table of 3,000 judgments with some columns changed: name of the column to how."""


def cases(*back_ends: str) -> list[Any]:
    """Back end, what is tried, and the type, for a test to be given."""
    return [
        pytest.param(name, part, kind, id=f"{name} {part} {kind}")
        for name in back_ends
        for part in ("days", "labels", "refused")
        for kind in getattr(BACK_ENDS[name], part)
    ]


def check_type(back_end: str, part: str, kind: str, make: Make) -> None:
    """Count the table with columns of this type as the plain one is counted, or have it refused by name."""
    how = getattr(BACK_ENDS[back_end], part)[kind]
    if part == "refused":
        with pytest.raises(InputError, match=r"`event_at` \(column 'won'\) must hold"):
            read(make({"won": how}))
        _check_as_label(lambda: make({"rep": how}))
        return
    found = read(make(dict.fromkeys(DATED if part == "days" else ("rep",), how)))
    assert totals(found) == TRUTH
    if part == "labels":
        assert found.reps == (("False", "True") if "bool" in kind.lower() else ("0", "1", "2"))


def _check_as_label(make: Callable[[], Any]) -> None:
    """What is no day may name reps, and is then counted whole, or is refused by the column's name, too."""
    try:
        found = read(make())
    except InputError as error:
        assert "`rep` (column 'rep') must hold" in str(error)  # noqa: PT017 (either is right)
    else:
        assert totals(found) == TRUTH


def table() -> str:
    """The table of the docs."""
    rows = ["| back end | days | labels | no days: refused by name |", "|---|---|---|---|"]
    for name, tried in BACK_ENDS.items():
        parts = (", ".join(f"`{kind}`" for kind in part) for part in (tried.days, tried.labels, tried.refused))
        rows.append(f"| {name} | {' | '.join(parts)} |")
    return "\n".join(rows)
