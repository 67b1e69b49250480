"""Workbooks (.xlsx) as a DuckDB relation: one sheet a table, typed as its cells are, headers found as in CSV files."""

from __future__ import annotations

import math
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from calibra.data.frames.csv_head import CsvHead, are_names
from calibra.data.frames.file_tables import FileTable, folder_keys, identifier, in_both, join_by_name, key_of, key_value
from calibra.data.frames.sheet_marks import marks_of
from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

WORKBOOKS = (".xlsx", ".xlsm")
SHEET = "::"
"""Stands between a workbook and the name of a sheet: `team.xlsx::Judgments`."""
_MOST_ABOVE = 20
_ROWS_READ = 200
_PADDED = re.compile("0{2,}")
"""A number format that shows leading zeros, as identifiers have them."""
_MOST_EXACT = 2**53
_KEPT_WHOLE = 10**15
"""Spreadsheet programs keep fifteen digits of a number and write zeros for the others."""
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, LookupError, EOFError, OSError, SyntaxError, ValueError, TypeError, AttributeError,
    ArithmeticError, RuntimeError,
)  # fmt: skip
"""What openpyxl and zipfile raise of a workbook that is broken: whatever its parts lead them to."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What does a sheet hold?"""

    path: Path
    """Its workbook."""
    head: CsvHead
    """Names of its columns."""
    columns: Sequence[Sequence[Any]]
    """Values of each column, in the order of the names."""
    faults: dict[str, str]
    """Column that cannot be read as it stands to why."""


def split_sheet(path: str | Path) -> tuple[Path, str | None]:
    """A path and the sheet named behind it, if it is one of a workbook."""
    before, mark, sheet = str(path).rpartition(SHEET)
    return (Path(before), sheet) if mark and before.lower().endswith(WORKBOOKS) else (Path(path), None)


def read_workbooks(paths: Sequence[Path], sheet: str | None, connection: duckdb.DuckDBPyConnection) -> FileTable:
    """Sheets, one below the other, columns matched by name and of one type in all of them.

    Without a name a workbook must have one sheet that holds cells. Formulas are read as the values last saved with
    them; an empty row is none.

    Raises
    ------
    InputError
        openpyxl is not installed; a broken workbook, or one with a password; no such sheet, or several without a name.
    """
    sheets = [_read_sheet(path, sheet) for path in paths]
    keys = folder_keys(paths)
    columns: dict[str, list[Any]] = {}
    for found in sheets:
        for name, values in zip(found.head.names, found.columns, strict=True):
            columns.setdefault(name, []).extend(values)
    types = {name: _type_of(values) for name, values in columns.items()}
    parts = []
    for found in sheets:
        own = {name: types[name] for name in found.head.names}
        table = _store(found, own, connection)
        named = "".join(f", {key_value(key_of(found.path, key))} AS {identifier(key)}" for key in keys)
        parts.append((f"(SELECT *{named} FROM {table})", [found.path], own | dict.fromkeys(keys, "VARCHAR")))
    faults = in_both(keys, [([found.path], found.head.names) for found in sheets])
    for found in sheets:
        faults = found.head.ambiguous(found.path) | found.faults | faults
    return join_by_name(connection, parts, faults)


def load_openpyxl(path: str | Path) -> ModuleType:
    """The package that reads and writes workbooks, or the error that says how to get it."""
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{quoted(str(path))} is a workbook, which needs openpyxl: pip install 'calibra-sales[xlsx]'. Or save its "
            "sheet as CSV (UTF-8)."
        ) from error
    module: ModuleType = openpyxl
    return module


def _read_sheet(path: Path, name: str | None) -> Sheet:
    openpyxl = load_openpyxl(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl, about parts of a workbook that hold no cells
            with Path(path).open("rb") as file:  # which is closed where the workbook is damaged, too
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)
                try:
                    found = _choose(book, path, name)
                    rows = _rows(found)
                    marks = marks_of(path, found)
                finally:
                    book.close()
    except _DAMAGED as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"`frame` must be a whole workbook; {quoted(str(path))} is broken off or damaged.") from error
    if not rows:
        raise InputError(f"`frame` must hold a header and rows; sheet {quoted(found.title)} of {path} is empty.")
    start = _find_header(rows)
    number, fields = rows[start]
    head = CsvHead("", tuple("" if value is None else text_of(value).strip() for value in fields), number - 1)
    width = max(len(values) for _, values in rows[start:])
    head = CsvHead("", (*head.header, *[""] * (width - len(head.header))), head.n_above)
    below = [(*values, *[None] * (width - len(values))) for _, values in rows[start + 1 :]]
    columns = [list(values) for values in zip(*below, strict=True)] if below else [[] for _ in range(width)]
    shown = f"sheet {quoted(found.title)} of {quoted(path.name)}"
    faults = marks.faults(head.names, number, shown)
    for name, values in zip(head.names, columns, strict=True):
        if _lost_digits(values):
            faults.setdefault(
                name,
                f"{quoted(name)} holds numbers of 16 digits and more in {shown}, of which spreadsheet programs keep "
                "15, so that different ones may have become one. Let them be written as text.",
            )
    return Sheet(path, head, columns, faults)


def _lost_digits(values: Sequence[Any]) -> bool:
    """Whether long numbers were rounded as they were read, or all end in 0, as those of spreadsheet programs do."""
    long = [v for v in values if type(v) in (int, float) and math.isfinite(v) and abs(v) >= _KEPT_WHOLE]
    rounded = any(type(value) is float and abs(value) >= _MOST_EXACT for value in long)
    return rounded or (bool(long) and all(int(value) % 10 == 0 for value in long))


def _choose(book: Any, path: Path, name: str | None) -> Any:
    """The sheet of that name, or the only one that holds cells."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None:
        if name not in sheets:
            raise InputError(
                f"There is no sheet {quoted(name)} in {quoted(path.name)}; it has {', '.join(map(quoted, sheets))}."
            )
        return sheets[name]
    shown = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"] or list(sheets.values())
    filled = [sheet for sheet in shown if _has_cells(sheet)]
    if len(filled) > 1:
        raise InputError(
            f"A workbook of several sheets must be read by the name of one; {quoted(path.name)} has "
            f"{', '.join(quoted(sheet.title) for sheet in filled)}. Write {f'{path}{SHEET}{filled[0].title}'!r}."
        )
    return (filled or shown)[0]


def _has_cells(sheet: Any) -> bool:
    sheet.reset_dimensions()
    return any(value is not None for row in sheet.iter_rows(values_only=True) for value in row)


def _rows(sheet: Any) -> list[tuple[int, list[Any]]]:
    """Rows that hold something, with their numbers, cells at the end that hold nothing left out."""
    sheet.reset_dimensions()  # some programs write wrong ones
    found = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        values = [_value(cell) for cell in row]
        while values and values[-1] is None:
            values.pop()
        if values:
            found.append((number, values))
    return found


def _value(cell: Any) -> Any:
    """The value of a cell; none where it holds blanks alone, text where the format pads a number with zeros."""
    value = cell.value
    if isinstance(value, str):
        return value if value.strip() else None
    if type(value) is int and _PADDED.fullmatch(cell.number_format):
        return str(value).zfill(len(cell.number_format))
    return value


def _find_header(rows: Sequence[tuple[int, Sequence[Any]]]) -> int:
    """Which row is the header? The first one of names that is about as wide as the table."""
    width = max(_n_filled(values) for _, values in rows[:_ROWS_READ])
    for place, (_, values) in enumerate(rows[: _MOST_ABOVE + 1]):
        n = _n_filled(values)
        if n >= min(width, 3) and 2 * n > width and are_names(["" if v is None else text_of(v) for v in values]):
            return place
    return 0


def _n_filled(values: Sequence[Any]) -> int:
    return sum(value is not None for value in values)


def _type_of(values: Sequence[Any]) -> str:
    """The type in SQL that holds every value of a column as it is; text where kinds or lengths differ."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds and kinds <= {int, float}:
        known = [value for value in values if value is not None]
        if not all(float(value).is_integer() for value in known):
            return "DOUBLE"
        return "BIGINT" if all(abs(value) < _MOST_EXACT for value in known) else "VARCHAR"
    if kinds and kinds <= {datetime, date}:
        return "DATE" if all(_is_midnight(value) for value in values if value is not None) else "TIMESTAMP"
    return "VARCHAR"


def _is_midnight(value: date | datetime) -> bool:
    return not isinstance(value, datetime) or value.time() == datetime.min.time()


def text_of(value: Any) -> str:
    """A value as text: days and moments as ISO 8601, whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if _is_midnight(value) else value.isoformat(" ")
    return str(value)


def _store(sheet: Sheet, types: dict[str, str], connection: duckdb.DuckDBPyConnection) -> str:
    """A table of the connection with the rows of a sheet; returns its name."""
    import pyarrow as pa

    turned: dict[str, Callable[[Any], Any]]
    kinds = {"BOOLEAN": pa.bool_(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32()}
    kinds |= {"TIMESTAMP": pa.timestamp("us"), "VARCHAR": pa.string()}
    turned = {"BIGINT": int, "DOUBLE": float, "DATE": lambda v: v.date() if isinstance(v, datetime) else v}
    turned |= {"VARCHAR": text_of}
    arrays = {}
    for name, values in zip(sheet.head.names, sheet.columns, strict=True):
        turn = turned.get(types[name], lambda value: value)
        arrays[name] = pa.array([None if v is None else turn(v) for v in values], kinds[types[name]])
    n_tables = connection.sql("SELECT count(*) FROM duckdb_tables()").fetchall()[0][0]
    table = identifier(f"calibra_sheet_{n_tables}")
    connection.register("calibra_sheet", pa.table(arrays))
    try:
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM calibra_sheet")
    finally:
        connection.unregister("calibra_sheet")
    return table
