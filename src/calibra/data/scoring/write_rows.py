"""Scored rows to a file: Parquet as they are, CSV or a workbook with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import os
import re
import shutil
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from calibra.data.frames.engine_errors import explain
from calibra.data.frames.write_workbook import SheetOfRows, write_workbook
from calibra.data.scoring.score_rows import CUT, collect_small
from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

FORMULA = r"^\s*[=+\-@\t\r\n]"
"""How text begins that a spreadsheet runs (OWASP, "CSV Injection"); plain numbers begin so, too, and are left alone."""

DECIMALS = 6
"""Decimals of the numbers that scoring adds, in CSV and workbooks."""
_CHUNK = 1 << 20
_ROWS_FETCHED = 10_000


def write_rows(frame: Any, path: str | Path, *, prefix: str = "score_") -> Path:
    """Write scored rows to Parquet, CSV or .xlsx, as the path ends, in one step; see `_order` for what comes first.

    CSV is UTF-8, with a byte-order mark where there is more than ASCII: without it spreadsheets read another encoding.

    Raises
    ------
    InputError
        Another ending; a fault of the file that was scored, in a column that scoring had no need of.
    """
    import duckdb

    target = Path(path)
    if target.suffix.lower() not in (".parquet", ".csv", ".xlsx"):
        raise InputError(f"A file of scores must end in .parquet, .csv or .xlsx; got {quoted(str(path))}.")
    names = ", ".join(_quoted(name) for name in nw.from_native(frame).collect_schema().names())
    relation = _relation(frame).order(f"{_order(prefix)}, {names}")
    if target.suffix.lower() != ".parquet":
        relation = _rounded(relation, prefix)
    aside = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        if target.suffix.lower() == ".xlsx":
            return write_workbook([SheetOfRows("scored", relation.columns, _rows(relation))], target)
        if target.suffix.lower() == ".parquet":
            relation.write_parquet(str(aside))
        else:
            _inert(relation).write_csv(str(aside), header=True)
            _mark(aside)
        aside.replace(target)
    except duckdb.Error as error:
        raise explain(error) from error
    finally:
        aside.unlink(missing_ok=True)
    return target


def _rounded(relation: duckdb.DuckDBPyRelation, prefix: str) -> duckdb.DuckDBPyRelation:
    """Numbers of ours to as many decimals as tables have in files; the user's own as they are."""
    from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

    columns = []
    for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
        column = ColumnExpression(name)
        is_ours = name.startswith(prefix) and kind in ("DOUBLE", "FLOAT")
        rounded = FunctionExpression("round", column, ConstantExpression(DECIMALS)) if is_ours else column
        columns.append(rounded.alias(name))
    return relation.select(*columns)


def _rows(relation: duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    """The rows of a relation, some thousands at a time."""
    for batch in relation.to_arrow_table().to_batches(max_chunksize=_ROWS_FETCHED):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _order(prefix: str) -> str:
    """Horizon by horizon, shortest first, the most probable first; then what was cut, longest first; then no number.

    Probabilities of different days stand in no order: 40 % within 30 days may be more than 50 % within 180.
    """
    estimate, days, note = (_quoted(prefix + name) for name in ("estimate", "within_days", "note"))
    cut = f"coalesce(starts_with({note}, '{CUT}'), false)"
    return (
        f"{estimate} IS NULL, {cut}, CASE WHEN {cut} THEN -{days} ELSE {days} END NULLS LAST, "
        f"{estimate} DESC NULLS LAST"
    )


def _mark(path: Path) -> None:
    """Put a byte-order mark before the text of a file, where it is not ASCII."""
    with path.open("rb") as text:
        if all(chunk.isascii() for chunk in iter(lambda: text.read(_CHUNK), b"")):
            return
    marked = path.with_name(f"{path.name}.marked")
    try:
        with path.open("rb") as text, marked.open("wb") as out:
            out.write(BOM_UTF8)
            shutil.copyfileobj(text, out, _CHUNK)
        marked.replace(path)  # once both are closed: Windows replaces no open file
    finally:
        marked.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _relation(frame: Any) -> duckdb.DuckDBPyRelation:
    """A relation as it is; any other frame through Arrow."""
    import duckdb

    if isinstance(frame, duckdb.DuckDBPyRelation):
        return frame
    opened: Any = nw.from_native(frame)
    table = collect_small(opened) if isinstance(opened, nw.LazyFrame) else opened
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
