"""Scored rows to a file: Parquet as they are, CSV with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

FORMULA = r"^\s*[=+\-@\t\r\n]"
"""How text begins that a spreadsheet runs (OWASP, "CSV Injection"); plain numbers begin so, too, and are left alone."""


def write_rows(frame: Any, path: str | Path, *, highest: str) -> Path:
    """Write a frame to Parquet or CSV, as the path ends, in one step; the highest values of one column first."""
    target = Path(path)
    if target.suffix.lower() not in (".parquet", ".csv"):
        raise InputError(f"A file of scores must end in .parquet or .csv; got {quoted(str(path))}.")
    names = ", ".join(_quoted(name) for name in nw.from_native(frame).collect_schema().names())
    relation = _relation(frame).order(f"{_quoted(highest)} DESC NULLS LAST, {names}")
    aside = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        if target.suffix.lower() == ".parquet":
            relation.write_parquet(str(aside))
        else:
            _inert(relation).write_csv(str(aside), header=True)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _relation(frame: Any) -> duckdb.DuckDBPyRelation:
    """A relation as it is; any other frame through Arrow."""
    import duckdb

    if isinstance(frame, duckdb.DuckDBPyRelation):
        return frame
    opened: Any = nw.from_native(frame)
    table = opened.collect(backend="pyarrow") if isinstance(opened, nw.LazyFrame) else opened
    return duckdb.connect().from_arrow(table.to_arrow())


def _inert(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Text that begins like a formula, and is no number, marked as text with a leading apostrophe."""
    from duckdb import CaseExpression, ColumnExpression, ConstantExpression, FunctionExpression

    kept = []
    for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
        column = ColumnExpression(name)
        if kind == "VARCHAR":
            runs = FunctionExpression("regexp_matches", column, ConstantExpression(FORMULA))
            is_number = FunctionExpression(
                "regexp_full_match", column, ConstantExpression(r"[+-]?[0-9.,]+([eE][+-]?[0-9]+)?")
            )
            marked = FunctionExpression("concat", ConstantExpression("'"), column)
            column = CaseExpression(runs & ~is_number, marked).otherwise(column)
        kept.append(column.alias(f"'{name}" if re.match(FORMULA, name) else name))
    return relation.select(*kept)
