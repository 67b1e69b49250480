"""Tables as CSV: every name and number, and nothing a spreadsheet runs."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from calibra.chapters.ranks.fit import RankFit
from calibra.views.files import safe_cell, write_csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_text_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


def test_numbers_and_plain_text_are_left_as_they_are() -> None:
    assert [safe_cell(value) for value in (-1.5, 3, "Aoki", "a=b", "")] == [-1.5, 3, "Aoki", "a=b", ""]


def test_csv_reads_back_with_formulas_disarmed(hostile_fit: RankFit, tmp_path: Path) -> None:
    path = write_csv(hostile_fit.profiles(), tmp_path / "profiles.csv")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["rep"] for row in rows] == [
        rep.replace("=", "'=", 1) if rep[0] == "=" else rep for rep in hostile_fit.reps
    ]
    assert float(rows[0]["gap_points"]) == round(hostile_fit.profiles()["gap_points"].iloc[0], 6)


def test_csv_says_its_encoding_where_it_is_not_plain_ascii(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rep": ["Aoki"], "p": [0.12345678901]})
    assert write_csv(frame, tmp_path / "plain.csv").read_bytes().split() == [b"rep,p", b"Aoki,0.123457"]
    told = write_csv(frame.assign(rep="青木"), tmp_path / "wide.csv").read_bytes()
    assert told.startswith(b"\xef\xbb\xbfrep")
    assert pd.read_csv(tmp_path / "wide.csv")["rep"].tolist() == ["青木"]
