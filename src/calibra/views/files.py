"""Tables as CSV: text that a spreadsheet would run as a formula is made inert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CSV_DECIMALS = 6
"""Decimals of the numbers in a file."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """A value no spreadsheet runs: text that begins like a formula is marked as text with a leading apostrophe.

    References
    ----------
    OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_FORMULA_STARTS) or value.lstrip().startswith(_FORMULA_STARTS) else value


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV, numbers to six decimals; text that a spreadsheet would run as a formula is made inert.

    UTF-8, with a byte-order mark where there is more than ASCII: without it spreadsheets read another encoding.
    """
    decimals = dict.fromkeys(table.select_dtypes("float").columns, CSV_DECIMALS)
    text = table.round(decimals).map(safe_cell).rename(columns=safe_cell).to_csv(index=False, lineterminator="\n")
    path.write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig", newline="")
    return path
