"""Workbooks written: text stays text, numbers and days are such, and what a sheet cannot hold is told."""

import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from calibra.data.frames import write_workbook as module
from calibra.data.frames.files import read_path
from calibra.data.frames.write_workbook import SheetOfRows, plain_value, write_workbook
from calibra.errors import InputError


def moment(*parts: int) -> datetime:
    """A moment without a zone, as cells hold them."""
    return datetime(*parts)  # noqa: DTZ001


HOSTILE = ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1-2", "@SUM(A1)", " =1", "\t=1", "'=1", "plain", "阿部"]


def test_no_text_becomes_a_formula_and_each_is_read_back_as_it_was(tmp_path: Path) -> None:
    rows = [[text, n] for n, text in enumerate(HOSTILE)]
    path = write_workbook([SheetOfRows("x", ["=head", "n"], rows)], tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(path)["x"]
    assert [cell.value for cell in sheet["A"]] == ["=head", *HOSTILE]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert [cell.quotePrefix for cell in sheet["A"]][1:7] == [True] * 6
    with zipfile.ZipFile(path) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
    assert [row[0] for row in read_path(path, "utf-8").fetchall()] == HOSTILE


@pytest.mark.parametrize(("value", "cell"), [
    (None, None), (np.nan, None), (pd.NA, None), (pd.NaT, None), (np.float64(0.25), 0.25), (np.int64(3), 3),
    (np.True_, True), (Decimal("1.5"), 1.5), (np.inf, "inf"), (2**53 - 1, 2**53 - 1), (2**53, "9007199254740992"),
    (date(2026, 9, 30), date(2026, 9, 30)), (date(1899, 1, 1), "1899-01-01"),
    (moment(2026, 9, 30, 8, 15), moment(2026, 9, 30, 8, 15)),
    (pd.Timestamp("2026-09-30 08:15"), moment(2026, 9, 30, 8, 15)),
    (moment(2026, 9, 30, 8, 15).replace(tzinfo=UTC), "2026-09-30 08:15:00+00:00"), (timedelta(hours=36), 1.5),
])  # fmt: skip
def test_a_value_is_of_its_own_kind_in_the_cell(value: object, cell: object) -> None:
    assert plain_value(value) == cell
    assert type(plain_value(value)) is type(cell)


def test_text_that_xml_cannot_hold_or_a_cell_is_too_short_for(tmp_path: Path) -> None:
    path = write_workbook([SheetOfRows("x", ["a"], [["\x00b\x1bc"], ["d" * 40_000]])], tmp_path / "a.xlsx")
    shown = [cell.value for cell in openpyxl.load_workbook(path)["x"]["A"]]
    assert shown == ["a", "\ufffdb\ufffdc", "d" * 32_767]


def test_names_of_sheets_are_made_such_as_a_workbook_takes(tmp_path: Path) -> None:
    wanted = ["a/b:c", "A-b-c", "n" * 40, "n" * 40, "", "ranks"]
    path = write_workbook([SheetOfRows(name, ["a"], []) for name in wanted], tmp_path / "a.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == [
        "a-b-c", "A-b-c~2", "n" * 31, f"{'n' * 29}~2", "sheet", "ranks",
    ]  # fmt: skip


def test_more_rows_than_a_sheet_holds_are_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    write_workbook([SheetOfRows("x", ["a"], [[1], [2]])], tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=r"holds 3 rows at most, its header among them.*Write \.parquet or \.csv"):
        write_workbook([SheetOfRows("x", ["a"], [[1], [2], [3]])], tmp_path / "b.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
