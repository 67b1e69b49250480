"""The rows that were set aside, one by one: where each stands, why it was left out, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from calibra.data.counting.packed import SAME_JUDGMENT, prepare
from calibra.data.counting.problems import DUPLICATE, FINE, REASONS, reason_expression
from calibra.data.frames.open import collect
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

    from calibra.data.counting.plan import Plan
    from calibra.data.counting.rows import CheckedRows

ROW, REASON = "row", "reason"
NOT_OF_A_COPY = ("as_of_day", "recorded_day")
"""Days by which copies of one row may differ."""
_NUMBER, _CODE = "calibra_row", "calibra_reason"


def bad_rows(checked: CheckedRows) -> pd.DataFrame:
    """One row for each that was left out: `row`, counted from 1 below the header, `reason`, and every mapped column.

    Databases and Spark know no order of rows, so that `row` is empty there; empty rows and lines are not
    counted. Of copies that are alike the first is counted and the others are listed; of copies that differ, all.
    """
    opened = checked.plan.opened
    plan = replace(checked.plan, opened=replace(opened, frame=_numbered(opened.frame)))
    marked = prepare(plan, ()).with_columns(reason_expression(plan, checked.unknown_ranks).alias(_CODE))
    rows = _listed(marked.filter(nw.col(_CODE).is_in(list(REASONS))), plan)
    if checked.duplicated:
        rows += _spare_copies(marked.filter(nw.col(_CODE) == FINE), plan)
    rows.sort(key=lambda row: (row[_NUMBER] is None, row[_NUMBER] or 0))
    columns: dict[str, Any] = {ROW: [row[_NUMBER] for row in rows]}
    columns[REASON] = [REASONS[row[_CODE]].name for row in rows]
    columns |= {key: [_text(row[name]) for row in rows] for key, name in _shown(plan).items()}
    table = make_table(columns)
    return table.astype({ROW: "Int64"}) if len(table) else table


def _numbered(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The frame with the number of each row, where its engine keeps an order."""
    engine, native = frame.implementation, nw.to_native(frame)
    if engine.is_duckdb():
        made: Any = native.project(f"*, row_number() OVER () AS {_NUMBER}")
        numbered: nw.LazyFrame[Any] = nw.from_native(made)
        return numbered
    if engine.is_polars():
        found: nw.LazyFrame[Any] = nw.from_native(native.with_row_index(_NUMBER, offset=1))
        return found.with_columns(nw.col(_NUMBER).cast(nw.Int64))
    return frame.with_columns(nw.lit(None).cast(nw.Int64).alias(_NUMBER))


def _shown(plan: Plan) -> dict[str, str]:
    """Role or grouping to its name inside the counting; a grouping that is called as a column of ours is left out."""
    roles = plan.opened.roles
    there = set(plan.opened.schema)
    names = {key: roles.label_column(key) for key in roles.columns if key not in (ROW, REASON)}
    return {key: name for key, name in names.items() if name in there}


def _listed(frame: nw.LazyFrame[Any], plan: Plan) -> list[dict[str, Any]]:
    found = collect(frame.select(_NUMBER, _CODE, *dict.fromkeys(_shown(plan).values())))
    return list(found.iter_rows(named=True))


def _spare_copies(good: nw.LazyFrame[Any], plan: Plan) -> list[dict[str, Any]]:
    """Sound rows of which there are several: all but the first where they are alike, all where they differ."""
    named = good.filter(~nw.col("prospect").is_null())
    doubled = named.group_by(*SAME_JUDGMENT).agg(nw.len().alias("copies")).filter(nw.col("copies") > 1)
    keys = list(SAME_JUDGMENT)
    own = [name for name in named.collect_schema().names() if not name.endswith("_at")]
    told = [name for name in own if name not in (_NUMBER, _CODE, *NOT_OF_A_COPY)]
    names = list(dict.fromkeys([*_shown(plan).values(), *told]))
    found = collect(named.join(doubled.select(*keys), on=keys, how="semi").select(_NUMBER, *names))
    together: dict[Sequence[Any], list[dict[str, Any]]] = {}
    for row in sorted(found.iter_rows(named=True), key=lambda row: row[_NUMBER] or 0):
        together.setdefault(tuple(row[key] for key in keys), []).append(row | {_CODE: DUPLICATE})
    spare = []
    for copies in together.values():
        alike = all(row[name] == copies[0][name] for row in copies for name in told)
        spare += copies[1:] if alike else copies
    return spare


def _text(value: Any) -> str:
    """A value as text: nothing for nothing, days without an empty time."""
    return "" if value is None or value != value else str(value).removesuffix(" 00:00:00")
