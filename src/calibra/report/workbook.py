"""A workbook beside the report: the first page's lines in its first sheet, then a sheet a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.data.frames.write_workbook import SheetOfRows, write_workbook
from calibra.report.glance import Glance
from calibra.views.files import CSV_DECIMALS
from calibra.views.page import Page

if TYPE_CHECKING:
    import pandas as pd

_LINES_WIDTHS = (22, 100, 18, 12)
_MEASURED = 200
"""Rows whose values say how wide a column is."""


def write_tables(glance: Glance, tables: Mapping[str, pd.DataFrame], page: Page, path: str | Path) -> Path:
    """Write the lines of the first page and every table to one workbook; numbers to six decimals, as in CSV."""
    return write_workbook([_lines_sheet(glance, page), *(_sheet(name, table) for name, table in tables.items())], path)


def _lines_sheet(glance: Glance, page: Page) -> SheetOfRows:
    """Whom to talk to about what, below what the page is of, above what it is for."""
    say = page.say
    head = [glance.title, " · ".join(glance.facts), "", ""]
    above = [("", text, "", "") for text in (glance.warning, *glance.doubts) if text]
    told = [(line.who, line.text, line.sure, line.chance) for line in glance.lines]
    names = tuple(say(f"workbook.{name}") for name in ("who", "what", "sure", "chance"))
    below = [(tile.head, f"{tile.figure}: {tile.text}", "", "") for tile in glance.tiles]
    closing = [("", text, "", "") for text in (glance.rest, glance.footing) if text]
    rows: list[Any] = [*above, names, *told, *below, *closing]
    return SheetOfRows(say("glance.monday"), head, rows, _LINES_WIDTHS)


def _sheet(name: str, table: pd.DataFrame) -> SheetOfRows:
    shown = table.round(dict.fromkeys(table.select_dtypes("float").columns, CSV_DECIMALS))
    widths = [
        2 + max(map(len, [str(column), *(str(value) for value in shown[column].head(_MEASURED))]), default=0)
        for column in shown.columns
    ]
    return SheetOfRows(name, [str(column) for column in shown.columns], shown.itertuples(index=False), widths)
