"""The door: any frame or file in, one lazy frame out whose columns are named by role and whose days are local."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError, NarwhalsError

from calibra.data.frames.calendars import UTC, Calendar, calendar_of, named_zone
from calibra.data.frames.empty_days import without_days
from calibra.data.frames.engine_errors import explain, explaining
from calibra.data.frames.files import read_path
from calibra.data.frames.mixed_columns import in_one_type, no_plain_type
from calibra.data.frames.plain_types import with_plain_types
from calibra.data.frames.postgres import fetch, is_postgres
from calibra.data.frames.rep_names import RepNames
from calibra.data.frames.roles import DATES, REQUIRED, Roles, read_roles
from calibra.data.frames.spark_names import with_plain_names
from calibra.data.frames.zones import localise
from calibra.errors import CalibraError, InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

NAMES_AS_THEY_ARE = RepNames()


@dataclass(frozen=True, slots=True, eq=False)
class OpenedFrame:
    """What came through the door?"""

    frame: nw.LazyFrame[Any]
    """The mapped columns alone, named by role, groupings `group_0`, `group_1`, …; in the frame's own engine."""
    schema: Mapping[str, nw.dtypes.DType]
    """Its columns and their types."""
    roles: Roles
    """Which of the user's columns plays which part."""
    faults: tuple[str, ...]
    """Faults of whole columns seen at the door; those columns are left out."""
    own: duckdb.DuckDBPyConnection | None = None
    """The connection that counts it, where it was made here."""
    calendar: Calendar = field(default_factory=lambda: Calendar(UTC, assumed=False))
    """In whose calendar its moments fall on a day."""

    def let_go(self) -> None:
        """Hand back what DuckDB's threads keep for the next query, some 200 MB, on a connection of our own."""
        if self.own is not None:
            self.own.execute("SET threads = 1")
            self.own.execute("RESET threads")


def open_frame(
    frame: Any,
    *,
    columns: Mapping[str, str],
    timezone: str | None,
    encoding: str,
    no_day: Sequence[str] = (),
    required: Sequence[str] = REQUIRED,
    reps: RepNames = NAMES_AS_THEY_ARE,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> OpenedFrame:
    """Which judgments are in here? A lazy frame, in the frame's own engine, of the mapped columns alone.

    pandas and pyarrow frames and files are counted by DuckDB, each in a connection of its own unless one is given (two
    frames are joined in one); everything else by its own engine. Zone-aware moments, and text with an offset from UTC,
    become local moments of `timezone`: where it is None, of the zone that the columns name, else of UTC. Names of
    reps are read as `reps` says.
    """
    own = _connect() if connection is None and isinstance(frame, (str, Path)) else None
    wanted = tuple(columns.values()) if isinstance(columns, Mapping) else ()
    native = read_path(frame, encoding, connection or own, wanted=wanted) if isinstance(frame, (str, Path)) else frame
    try:
        opened: Any = nw.from_native(native)
    except DuplicateError as error:
        raise InputError(twice(native)) from error
    except (TypeError, NarwhalsError) as error:
        raise InputError(
            "`frame` must be a pandas, polars, pyarrow, Ibis or PySpark frame, a DuckDB relation or the path of a CSV "
            f"or Parquet file; got {type(frame).__name__}. {error}"
        ) from error
    available = names_of(opened)
    roles = read_roles(columns, available, required=required)
    opened, called = with_plain_names(opened, available, wanted=columns.values())
    chosen = opened.select(*(nw.col(called[column]).alias(roles.label_column(key)) for key, column in columns.items()))
    mixed = _mixed_zones(chosen) if isinstance(chosen, nw.DataFrame) else {}
    apart = _naive_and_aware(chosen.collect_schema())
    chosen = chosen.drop(*mixed)
    dated = [(chosen, [name for name in chosen.collect_schema().names() if name in DATES])]
    zone = timezone or named_zone(dated)
    if isinstance(chosen, nw.DataFrame):
        own = None if connection or chosen.implementation.is_polars() else _connect()
        chosen = _to_lazy(chosen, roles, connection or own)
    ordering = {roles.label_column(key) for key in ("sequence", "version") if key in columns}
    chosen = with_plain_types(chosen, [name for name in chosen.collect_schema().names() if name not in ordering])
    faults = [*mixed.values(), *(apart or _naive_and_aware(chosen.collect_schema()))]
    calendar = calendar_of(chosen, zone)
    local = reps.in_frame(without_days(localise(without_days(chosen, no_day), calendar.timezone), no_day))
    return OpenedFrame(local, local.collect_schema(), roles, tuple(faults), own, calendar)


def first_values(frame: Any, n_rows: int) -> tuple[list[str], Callable[[str], list[object]]]:
    """Names of the columns of a frame, file or table, and what reads the first values of one of them."""
    native = read_path(frame, "utf-8", wanted=()) if isinstance(frame, (str, Path)) else frame
    opened: Any = nw.from_native(native)
    lazy = opened.lazy() if isinstance(opened, nw.DataFrame) else opened

    def values_of(name: str) -> list[object]:
        found: list[object] = collect(lazy.select(nw.col(name)).head(n_rows))[name].to_list()
        return found

    return names_of(opened), values_of


def twice(native: Any) -> str:
    """What is said of a frame two of whose columns have one name."""
    names = list(getattr(native, "column_names", None) or native.columns)
    again = sorted({str(name) for name in names if names.count(name) > 1})
    return (
        f"`frame` must have columns of different names; {', '.join(map(quoted, again[:5]))} stands twice. Rename one."
    )


def names_of(opened: Any) -> list[str]:
    """Names of a frame's columns, which a lazy frame may have to ask its files for."""
    with explaining(opened.implementation):
        return list(opened.collect_schema().names())


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect()


def collect(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Run the query: polars stays polars, every other engine hands its (small) result over as Arrow."""
    engine = frame.implementation
    with explaining(engine):
        if is_postgres(frame):
            found: nw.DataFrame[Any] = nw.from_native(fetch(nw.to_native(frame)), eager_only=True)
            return found
        return frame.collect(engine="streaming") if engine.is_polars() else frame.collect(backend="pyarrow")


def _to_lazy(
    frame: nw.DataFrame[Any], roles: Roles, connection: duckdb.DuckDBPyConnection | None = None
) -> nw.LazyFrame[Any]:
    """Hand frames without a lazy engine of their own to DuckDB."""
    if frame.implementation.is_polars():
        return frame.lazy()
    import duckdb

    connection = connection or duckdb.connect()
    native = nw.to_native(frame)
    try:
        if frame.implementation.is_pyarrow():
            return nw.from_native(connection.from_arrow(native))
        pandas = in_one_type(native if frame.implementation.is_pandas() else frame.to_pandas(), roles)
        return nw.from_native(connection.from_df(pandas.copy() if _runs_backwards(pandas) else pandas))
    except duckdb.Error as error:
        raise _explain_columns(native, roles, error) from error


def _explain_columns(frame: Any, roles: Roles, error: Exception) -> CalibraError:
    """Which columns will DuckDB not take? Each is tried alone, as DuckDB reads it and as pyarrow, its helper, does."""
    import duckdb
    import pyarrow

    refused = []
    is_arrow = isinstance(frame, pyarrow.Table)
    for name in frame.column_names if is_arrow else frame.columns:
        try:
            if is_arrow:
                duckdb.connect().from_arrow(frame.select([name]))
            else:
                duckdb.connect().from_df(frame[[name]])
                pyarrow.array(frame[name], from_pandas=True)
        except (duckdb.Error, pyarrow.ArrowException):
            refused.append(no_plain_type(frame, name, roles))
    if not refused:
        return explain(error)
    return InputError("\n".join(["The judgments have problems:", *(f"- {fault}" for fault in refused)]))


def _runs_backwards(frame: pd.DataFrame) -> bool:
    """Whether a column lies back to front in memory, as after `frame[::-1]`: DuckDB 2.0 cannot read those."""
    plain = [name for name in frame.columns if isinstance(frame[name].dtype, np.dtype)]
    return any(frame[name].to_numpy().strides[0] < 0 for name in plain)


def _mixed_zones(frame: nw.DataFrame[Any]) -> dict[str, str]:
    """Object columns whose moments lie in several zones; only such columns can hold a mixture."""
    faults = {}
    for name in (name for name in frame.columns if name in DATES and isinstance(frame.schema[name], nw.Object)):
        moments = [value for value in frame[name].drop_nulls().to_list() if isinstance(value, datetime)]
        zones = sorted({str(moment.tzinfo) for moment in moments})
        if len(zones) > 1:
            faults[name] = (
                f"`{name}` must hold moments of one time zone; found mixed time zones ({', '.join(zones)}). Convert "
                "them first, e.g. pandas.to_datetime(column, utc=True)."
            )
    return faults


def _naive_and_aware(schema: Mapping[str, nw.dtypes.DType]) -> list[str]:
    """Date columns with a zone beside columns without, which cannot be compared."""
    kinds = {
        name: dtype.time_zone for name, dtype in schema.items() if name in DATES and isinstance(dtype, nw.Datetime)
    }
    aware, naive = ([f"`{name}`" for name in kinds if (kinds[name] is not None) is zoned] for zoned in (True, False))
    if not aware or not naive:
        return []
    return [
        f"Moments must all have a time zone or all have none; found mixed time zones: {', '.join(aware)} with, "
        f"{', '.join(naive)} without. Give the latter theirs, or make all of them dates."
    ]
