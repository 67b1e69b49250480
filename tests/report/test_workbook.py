"""The workbook beside the report: its lines, and every table as it is."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from calibra.errors import InputError
from calibra.report.glance import first_page
from calibra.report.workbook import write_tables
from tests.calibrated import calibrated


def cells(path: Path, sheet: str) -> list[str]:
    found = openpyxl.load_workbook(path)[sheet]
    return [str(cell.value) for row in found.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize(("lang", "sheet", "who"), [("en", "For Monday", "Who"), ("ja", "月曜日に話すこと", "だれ")])
def test_the_first_sheet_holds_the_lines_of_the_first_page(tmp_path: Path, lang: str, sheet: str, who: str) -> None:
    path = calibrated().save_workbook(tmp_path / "a.xlsx", lang=lang)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == sheet
    told = cells(path, sheet)
    page, found = calibrated().page(lang=lang), calibrated()
    glance = first_page(found.judgments, found.on_the_page(), found.findings, page, is_good=True)
    assert who in told
    assert glance.lines
    assert all(line.text in told and line.who in told for line in glance.lines)
    assert glance.footing in told


def test_no_label_is_run_as_a_formula(tmp_path: Path) -> None:
    page, found = calibrated().page(), calibrated()
    glance = first_page(found.judgments, found.on_the_page(), found.findings, page, is_good=True)
    table = pd.DataFrame({"rep": ["=1+1", "Abe"], "n": [1, 2]})
    path = write_tables(glance, {"t": table}, page, tmp_path / "a.xlsx")
    assert openpyxl.load_workbook(path)["t"]["A2"].data_type == "s"


def test_every_table_is_a_sheet_and_read_back_as_it_was(tmp_path: Path) -> None:
    path = calibrated().save_workbook(tmp_path / "a.xlsx")
    tables = calibrated().tables()
    assert openpyxl.load_workbook(path).sheetnames[1:] == list(tables)
    for name, table in ((name, table.reset_index(drop=True)) for name, table in tables.items()):
        back = pd.read_excel(path, sheet_name=name, keep_default_na=False, na_values=[""])
        assert list(back.columns) == list(table.columns)
        for column in table.select_dtypes("number"):
            pd.testing.assert_series_equal(
                back[column].astype(float), table[column].astype(float), atol=5.1e-7, rtol=0, check_names=False
            )
        assert len(back) == len(table)


def test_a_workbook_must_be_called_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.xlsx; got .*a\.csv"):
        calibrated().save_workbook(tmp_path / "a.csv")
