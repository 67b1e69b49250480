"""Tables to a workbook (.xlsx): one sheet each, nothing in it that a spreadsheet would run."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from calibra.data.frames.workbooks import load_openpyxl
from calibra.errors import InputError

MOST_ROWS = 1_048_576
"""Rows a sheet can hold, its header among them."""
MOST_TEXT = 32_767
"""Characters a cell can hold."""
_MOST_NAME = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML knows no way to write."""
_FORMULA_STARTS = ("=", "+", "-", "@")
_MISSING = ("NAType", "NaTType")
"""What pandas calls a value that is missing."""
_MOST_EXACT = 2**53
_FIRST_DAY = date(1900, 3, 1)
"""Before it spreadsheet programs count days in two ways."""
_WIDEST, _NARROWEST = 60, 8


@dataclass(frozen=True, slots=True)
class SheetOfRows:
    """What is to stand in one sheet?"""

    name: str
    """Its name; what a name may not hold is left out, and two of one name are told apart."""
    columns: Sequence[str]
    """Heads, in the first row."""
    rows: Iterable[Sequence[Any]]
    """Values, read once."""
    widths: Sequence[float] = ()
    """Widths of the columns in characters; by default from the heads."""


def write_workbook(sheets: Sequence[SheetOfRows], path: str | Path) -> Path:
    """Write sheets to a workbook, in one step; returns its path.

    Text is text, whatever it begins with: no cell is a formula, and text that looks like one is marked so that it stays
    text when the cell is edited. Numbers, days and moments are such; moments with a zone, days before March 1900 and
    whole numbers too long for a spreadsheet are text.

    Raises
    ------
    InputError
        openpyxl is not installed; more rows than a sheet holds.
    """
    target = Path(path)
    openpyxl = load_openpyxl(path)
    book = openpyxl.Workbook(write_only=True)
    names = _names([sheet.name for sheet in sheets])
    pages = [book.create_sheet(name) for name in names]
    try:
        for page, sheet in zip(pages, sheets, strict=True):
            _fill(page, sheet)
    except BaseException:
        for page in pages:
            page.close()  # what openpyxl has begun to write
        raise
    aside = target.with_name(f".{target.name}.{os.urandom(6).hex()}.tmp")
    try:
        book.save(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def _fill(page: Any, sheet: SheetOfRows) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    page.freeze_panes = "A2"
    widths = sheet.widths or [len(name) + 2 for name in sheet.columns]
    for place, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(place)].width = min(max(width, _NARROWEST), _WIDEST)
    heads = [_cell(page, name) for name in sheet.columns]
    for head in heads:
        head.font = Font(bold=True)
    page.append(heads)
    for number, row in enumerate(sheet.rows, start=2):
        if number > MOST_ROWS:
            raise InputError(
                f"A sheet holds {MOST_ROWS:,} rows at most, its header among them; here are more. Write .parquet or "
                ".csv."
            )
        page.append([_cell(page, value) for value in row])


def _cell(page: Any, value: Any) -> Any:
    """A value as a cell of its own kind; text as text."""
    from openpyxl.cell import WriteOnlyCell

    plain = plain_value(value)
    if not isinstance(plain, str):
        return plain
    cell = WriteOnlyCell(page, value=_UNWRITABLE.sub("\ufffd", plain)[:MOST_TEXT])
    cell.data_type = "s"
    if plain.lstrip().startswith(_FORMULA_STARTS):
        cell.quotePrefix = True
    return cell


def plain_value(value: Any) -> Any:
    """What a cell can hold of a value: a number, a truth value, a day, a moment, text, or nothing."""
    if hasattr(value, "item"):
        value = value.item()  # of numpy
    if value is None or type(value).__name__ in _MISSING:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        plain = value.tzinfo is None and value.date() >= _FIRST_DAY
        return datetime.combine(value.date(), value.time()) if plain else value.isoformat(" ")
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else value.isoformat()
    if isinstance(value, int):
        return value if abs(value) < _MOST_EXACT else str(value)
    if isinstance(value, float | Decimal):
        number = float(value)
        return None if math.isnan(number) else number if math.isfinite(number) else str(number)
    if isinstance(value, timedelta):
        return value.total_seconds() / 86_400
    return str(value)


def _names(wanted: Sequence[str]) -> list[str]:
    """Names that a workbook takes, no two alike but for case."""
    taken: set[str] = set()
    names = []
    for want in wanted:
        base = _UNWRITABLE.sub("", _FORBIDDEN.sub("-", want)).strip().strip("'") or "sheet"
        name, number = base[:_MOST_NAME], 1
        while name.casefold() in taken:
            number += 1
            end = f"~{number}"
            name = f"{base[: _MOST_NAME - len(end)]}{end}"
        taken.add(name.casefold())
        names.append(name)
    return names
