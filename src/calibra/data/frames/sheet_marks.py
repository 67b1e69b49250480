"""What a sheet holds beside its values and would be read wrongly: merged cells, formulas nobody has worked out yet."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibra.words import quoted

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A cell with a formula and no value; text that is empty (`t="str"`) is a value."""
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_TEXT = re.compile(rb'\bt="str"')
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """Which cells of a sheet are merged, and which hold a formula without a value?"""

    merged: Sequence[tuple[int, int, int, int]]
    """First column, first row, last column and last row, counted from 1."""
    unworked: Sequence[tuple[int, int]]
    """Column and row."""

    def faults(self, names: Sequence[str], header: int, sheet: str) -> dict[str, str]:
        """Column to what is wrong with it, for those who need it."""
        found: dict[str, str] = {}
        for left, top, right, bottom in self.merged:
            if bottom < header or left > len(names):
                continue
            place = f"{_cell(left, top)}:{_cell(right, bottom)}"
            what = "stands in merged cells" if top <= header else "has merged cells below its header"
            why = "which column or row its name is of" if top <= header else "which rows their value is of"
            for name in names[left - 1 : right]:
                found.setdefault(
                    name,
                    f"{quoted(name)} {what} ({place}) in {sheet}, so that it cannot be known {why}. Unmerge them, and "
                    "fill each cell.",
                )
        empty: dict[int, list[int]] = {}
        for column, row in self.unworked:
            if row > header and column <= len(names):
                empty.setdefault(column, []).append(row)
        for column, rows in empty.items():
            more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            found.setdefault(
                names[column - 1],
                f"{quoted(names[column - 1])} holds formulas without a value ({_cell(column, rows[0])}{more}) in "
                f"{sheet}. Open the workbook in a spreadsheet program, save it, and read it again.",
            )
        return found


def marks_of(path: Path, sheet: Any) -> SheetMarks:
    """Look for merged cells and formulas without values in the sheet's part of the workbook."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(sheet._worksheet_path.lstrip("/"))
    merged = [
        (_column(left), int(top), _column(right), int(bottom)) for left, top, right, bottom in _MERGED.findall(text)
    ]
    return SheetMarks(merged, list(_unworked(text)))


def _unworked(text: bytes) -> Iterator[tuple[int, int]]:
    for (marks,) in ((found.group(1),) for found in _FORMULA.finditer(text)):
        place = _PLACE.search(marks)
        if place and not _TEXT.search(marks):
            yield _column(place.group(1)), int(place.group(2))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _cell(column: int, row: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"
