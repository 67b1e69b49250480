"""Late copies of a row: of several versions the last counts, and what was recorded later is not yet known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import with_days
from calibra.data.frames.roles import VERSION

RECORDED = "recorded_at"
"""Role whose column says when a row came into its table."""


def last_versions(frame: nw.LazyFrame[Any], key: Sequence[str], is_known: nw.Expr) -> nw.LazyFrame[Any]:
    """The frame without rows that a later version of the same key replaced, of those that are known.

    Rows in which part of the key is missing are no versions of each other. One without version is older than any with.
    """
    frame = frame.with_columns(nw.when(is_known).then(nw.col(VERSION)).alias("known_version"))
    frame = frame.with_columns(nw.col("known_version").max().over(*key).alias("last_version"))
    has_key = is_known
    for name in key:
        has_key = has_key & ~nw.col(name).is_null()
    older = nw.col(VERSION).is_null() | (nw.col(VERSION) < nw.col("last_version"))
    replaced = nw.when(has_key & older & ~nw.col("last_version").is_null()).then(nw.lit(1)).otherwise(nw.lit(0))
    kept = frame.with_columns(replaced.alias("replaced")).filter(nw.col("replaced") == 0)
    return kept.drop("known_version", "last_version", "replaced")


def as_known(frame: nw.LazyFrame[Any], key: Sequence[str], as_of_day: int) -> nw.LazyFrame[Any]:
    """The rows of a table of a history as on a day, with `late`: 1 where a row was recorded after it.

    Of several versions of one key the last counts, of those recorded by then. The columns of both roles are gone.
    """
    schema = frame.collect_schema()
    late = nw.lit(0)
    if RECORDED in schema:
        frame = with_days(frame, [RECORDED], schema)
        late = nw.when(nw.col("recorded_day") > as_of_day).then(nw.lit(1)).otherwise(nw.lit(0))
    frame = frame.with_columns(late.cast(nw.Int64).alias("late"))
    if VERSION in schema:
        frame = last_versions(frame, key, nw.col("late") == 0)
    gone = [name for name in (RECORDED, "recorded_day", VERSION) if name in frame.collect_schema().names()]
    return frame.drop(*gone)
