"""Workbooks: typed as their cells are, a sheet by its name, and whatever cannot be read told by its place."""

import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.files import read_path
from calibra.data.frames.sheet_marks import SheetMarks
from calibra.data.frames.workbooks import split_sheet
from calibra.errors import InputError
from tests.data.frames.worlds import AS_OF, COLUMNS, SCALE, world


def moment(*parts: int) -> datetime:
    """A moment without a zone, as cells hold them."""
    return datetime(*parts)  # noqa: DTZ001


HEAD = ["prospect", "rep", "rank", "judged_at"]
ROWS: list[Sequence[Any]] = [[1, "Abe", "A", moment(2026, 1, 5)], [2, "阿部", "B", moment(2026, 1, 6)]]


def write(path: Path, rows: Sequence[Sequence[Any]], dress: Callable[[Any], object] = lambda sheet: None) -> Path:
    """A workbook of one sheet, "Judgments"."""
    book = openpyxl.Workbook()
    book.active.title = "Judgments"
    for row in rows:
        book.active.append(list(row))
    dress(book.active)
    book.save(path)
    return path


def values(path: Path | str) -> list[tuple[Any, ...]]:
    return read_path(path, "utf-8").fetchall()


def with_parts(path: Path, change: Callable[[str], str]) -> Path:
    """The same workbook, the text of its sheet changed: openpyxl writes no values beside formulas."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    changed = change(parts[sheet].decode())
    assert changed != parts[sheet].decode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in {**parts, sheet: changed.encode()}.items():
            archive.writestr(name, part)
    return path


def test_cells_keep_their_types_and_a_title_and_empty_rows_are_no_rows(tmp_path: Path) -> None:
    above: list[Sequence[Any]] = [["Export of the team"], []]
    path = write(tmp_path / "a.xlsx", [*above, HEAD, *ROWS[:1], [], *ROWS[1:], [None, " "], [None]])
    relation = read_path(path, "utf-8")
    assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
        ("prospect", "BIGINT"), ("rep", "VARCHAR"), ("rank", "VARCHAR"), ("judged_at", "DATE"),
    ]  # fmt: skip
    assert relation.fetchall() == [(1, "Abe", "A", date(2026, 1, 5)), (2, "阿部", "B", date(2026, 1, 6))]


def test_moments_numbers_yes_and_no_and_mixed_cells(tmp_path: Path) -> None:
    head = ["moment", "amount", "won", "mixed", "none"]
    rows = [
        [moment(2026, 1, 5, 9, 30), 1.5, True, 3, None],
        [moment(2026, 1, 6), 2, False, moment(2026, 1, 7), None],
        [None, None, None, "2026/1/8", None],
    ]
    relation = read_path(write(tmp_path / "a.xlsx", [head, *rows]), "utf-8")
    assert list(map(str, relation.types)) == ["TIMESTAMP", "DOUBLE", "BOOLEAN", "VARCHAR", "VARCHAR"]
    assert relation.fetchall() == [
        (moment(2026, 1, 5, 9, 30), 1.5, True, "3", None),
        (moment(2026, 1, 6), 2.0, False, "2026-01-07", None),
        (None, None, None, "2026/1/8", None),
    ]


def test_numbers_shown_with_leading_zeros_are_the_text_that_is_shown(tmp_path: Path) -> None:
    def pad(sheet: Any) -> None:
        for cell in sheet["A"][1:]:
            cell.number_format = "00000"

    assert [row[0] for row in values(write(tmp_path / "a.xlsx", [HEAD, *ROWS], pad))] == ["00001", "00002"]


def test_days_of_the_other_calendar_are_the_same_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (HEAD, *ROWS):
        book.active.append(list(row))
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert "<v>44565</v>" in archive.read("xl/worksheets/sheet1.xml").decode()  # 1904-01-01 + 44565 days
    assert [row[3] for row in values(tmp_path / "a.xlsx")] == [date(2026, 1, 5), date(2026, 1, 6)]


def test_formulas_are_read_as_their_saved_values(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [HEAD, [1, "Abe", "=UPPER(A9)", moment(2026, 1, 5)]])
    saved = with_parts(path, lambda text: text.replace(
        '<c r="C2"><f>UPPER(A9)</f><v></v></c>', '<c r="C2" t="str"><f>UPPER(A9)</f><v>A</v></c>'
    ).replace('<c r="C2"><f>UPPER(A9)</f><v /></c>', '<c r="C2" t="str"><f>UPPER(A9)</f><v>A</v></c>'))  # fmt: skip
    assert values(saved) == [(1, "Abe", "A", date(2026, 1, 5))]


def test_formulas_without_a_saved_value_are_told_where_they_are_needed(tmp_path: Path) -> None:
    rows = [[n, "Abe", "A", f"=DATE(2026,1,{n})"] for n in (1, 2, 3)]
    path = write(tmp_path / "a.xlsx", [HEAD, *rows])
    with pytest.raises(
        InputError, match=r"'judged_at' holds formulas without a value \(D2 and 2 more\).*Open the work"
    ):
        values(path)
    assert len(read_path(path, "utf-8", wanted=["rep", "rank"])) == 3


def test_merged_cells_are_told_where_they_are_needed(tmp_path: Path) -> None:
    rows = [HEAD, [1, "Abe", "A", moment(2026, 1, 5)], [2, None, "B", moment(2026, 1, 6)]]
    path = write(tmp_path / "a.xlsx", rows, lambda sheet: sheet.merge_cells("B2:B3"))
    with pytest.raises(InputError, match=r"'rep' has merged cells below its header \(B2:B3\).*which rows their value"):
        values(path)
    assert len(read_path(path, "utf-8", wanted=["rank"])) == 2


def test_a_merged_header_names_no_column(tmp_path: Path) -> None:
    rows = [["prospect", "rep", "dates", None], [1, "Abe", moment(2026, 1, 5), moment(2026, 2, 1)]]
    path = write(tmp_path / "a.xlsx", rows, lambda sheet: sheet.merge_cells("C1:D1"))
    with pytest.raises(InputError, match=r"'dates' stands in merged cells \(C1:D1\).*Unmerge them"):
        values(path)


def test_a_merged_title_above_the_header_harms_nobody(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [["Team"], HEAD, *ROWS], lambda sheet: sheet.merge_cells("A1:D1"))
    assert len(values(path)) == 2


def test_a_header_that_stands_twice_is_told_where_it_is_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [[*HEAD, "Rep"], [*ROWS[0], "Bee"]])
    with pytest.raises(InputError, match=r"'rep' stands 2 times in the header of 'a\.xlsx', in fields 2, 5"):
        values(path)
    assert len(read_path(path, "utf-8", wanted=["rank"])) == 1


def several(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["prospect", "what was said"])
    second = book.create_sheet("判定 2026")
    for row in (HEAD, *ROWS):
        second.append(list(row))
    book.create_sheet("Empty")
    hidden = book.create_sheet("Lists")
    hidden.append(["A", "B"])
    hidden.sheet_state = "hidden"
    book.save(path)
    return path


def test_a_sheet_is_read_by_its_name_and_one_of_several_only_so(tmp_path: Path) -> None:
    path = several(tmp_path / "a.xlsx")
    assert len(values(f"{path}::判定 2026")) == 2
    with pytest.raises(InputError, match=r"'a.xlsx' has 'Notes', '判定 2026'. Write '.*a.xlsx::Notes'"):
        values(path)
    with pytest.raises(
        InputError, match=r"no sheet 'Judgments' in 'a.xlsx'; it has 'Notes', '判定 2026', 'Empty', 'Li"
    ):
        values(f"{path}::Judgments")


def test_only_a_workbook_has_sheets() -> None:
    assert split_sheet("a/b.xlsx::Rep::1") == (Path("a/b.xlsx::Rep::1"), None)
    assert split_sheet("a/b.XLSX::x") == (Path("a/b.XLSX"), "x")
    assert split_sheet("duckdb.csv::x") == (Path("duckdb.csv::x"), None)


def test_an_empty_sheet_and_a_damaged_workbook_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sheet 'Judgments' of .*a\.xlsx is empty"):
        values(write(tmp_path / "a.xlsx", []))
    whole = write(tmp_path / "b.xlsx", [HEAD, *ROWS]).read_bytes()
    (tmp_path / "b.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"must be a whole workbook; .*b\.xlsx' is broken off or damaged"):
        values(tmp_path / "b.xlsx")


def test_workbooks_of_a_folder_are_joined_by_name_with_one_type_a_column(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [HEAD, *ROWS])
    write(tmp_path / "b.xlsx", [["rank", "rep", "prospect", "judged_at"], [3, "Bee", "x9", "2026-01-08"]])
    (tmp_path / "~$a.xlsx").write_bytes(b"who has it open")
    relation = read_path(tmp_path, "utf-8")
    assert list(map(str, relation.types)) == ["VARCHAR"] * 4
    assert relation.fetchall() == [
        ("1", "Abe", "A", "2026-01-05"), ("2", "阿部", "B", "2026-01-06"), ("x9", "Bee", "3", "2026-01-08"),
    ]  # fmt: skip


def test_a_missing_package_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.xlsx", [HEAD, *ROWS])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        InputError, match=r"needs openpyxl: pip install 'calibra-sales\[xlsx\]'. Or save its sheet as CSV"
    ):
        values(path)


def test_a_workbook_counts_as_the_frame_it_was_made_of(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(world())
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    told = {"scale": SCALE, "as_of": AS_OF, "columns": COLUMNS}
    of_book, of_frame = (Judgments.from_frame(source, **told) for source in (tmp_path / "a.xlsx", frame))
    assert repr(of_book) == repr(of_frame)
    pd.testing.assert_frame_equal(of_book.duration_counts().table, of_frame.duration_counts().table)


def test_cells_are_named_as_spreadsheets_name_them() -> None:
    names = [f"c{n}" for n in range(1, 705)]
    found = SheetMarks([(27, 3, 703, 9)], []).faults(names, 1, "sheet 'x'")
    assert "(AA3:AAA9)" in found["c27"]
    assert sorted(found) == sorted(f"c{n}" for n in range(27, 704))


@pytest.mark.parametrize(("ids", "fault"), [
    ([1234567890123450, 9876543210987650], True), ([1.2345678901234568e19], True), ([1234567890123451], False),
    ([123456789012345], False),
])  # fmt: skip
def test_numbers_whose_last_digits_a_spreadsheet_did_not_keep_are_no_names(
    ids: list[float], fault: bool, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.xlsx", [HEAD, *([number, "Abe", "A", moment(2026, 1, 5)] for number in ids)])
    if not fault:
        assert [row[0] for row in values(path)] == ids
        return
    with pytest.raises(InputError, match=r"'prospect' holds numbers of 16 digits and more in sheet 'Judgments'"):
        values(path)
    assert len(read_path(path, "utf-8", wanted=["rep"])) == len(ids)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("how", ["cut", "absent", "attributes", "packed"])
def test_a_workbook_damaged_anywhere_is_one_error(part: str, how: str, tmp_path: Path) -> None:
    whole = write(tmp_path / "a.xlsx", [HEAD, *ROWS])
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = {
        "cut": lambda text: text[: len(text) // 2],
        "attributes": lambda text: text.replace(b' s="1"', b' s="999"').replace(b'numFmtId="', b'numFmtId="x'),
    }
    path = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            if name != part or how != "absent":
                archive.writestr(name, changed.get(how, bytes)(text) if name == part else text)
    if how == "packed":
        with zipfile.ZipFile(path) as archive:
            start = archive.getinfo(part).header_offset + 30 + len(part)
        content = bytearray(path.read_bytes())
        content[start : start + 40] = b"\xff" * 40
        path.write_bytes(bytes(content))
    if how == "attributes" and part == "xl/workbook.xml":
        assert len(values(path)) == 2  # it has none of them
        return
    with pytest.raises(InputError, match=r"whole workbook|is none|damaged"):
        values(path)
