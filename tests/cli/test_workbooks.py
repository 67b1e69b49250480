"""The shell on workbooks: init, check, fit and score, from a sheet to a workbook."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import calibra as cb
from calibra.cli.main import main
from calibra.data.frames.files import read_path

SETTINGS = """
as_of = 2026-09-30
lang = "ja"
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
exit_at = "exit_at"
[scale]
ranks = ["A", "B", "C"]
[promises.A]
prob = 0.5
within_days = 90
[fit]
engine = "laplace"
draws = 200
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with team.xlsx, two sheets of it filled, and calibra.toml."""
    world = cb.simulate_judgments(seed=5, n_reps=3, n_prospects=300, scale=cb.RankScale(["A", "B", "C"]))
    frame = world.frame
    frame["rep"] = frame["rep"].replace({"Aoki": "=1+1", "Chiba": "営業 一郎"})
    frame["prospect"] = frame["prospect"].map(lambda name: f"-{name}")
    with pd.ExcelWriter(tmp_path / "team.xlsx") as book:
        pd.DataFrame({"note": ["read the other sheet"]}).to_excel(book, sheet_name="README", index=False)
        frame.to_excel(book, sheet_name="判定", index=False, startrow=2)
        for row in book.sheets["判定"].iter_rows():
            for cell in row:
                cell.data_type = "s" if cell.data_type == "f" else cell.data_type
    (tmp_path / "calibra.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("calibra.calibration.Calibration.save_pictures", lambda self, folder, **_: ())
    return tmp_path


def test_check_counts_a_sheet_and_asks_for_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "team.xlsx::判定", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_judgments"] == 300
    assert main(["check", "team.xlsx"]) == 2
    assert "'team.xlsx' has 'README', '判定'. Write 'team.xlsx::README'" in capsys.readouterr().err


def test_init_reads_the_head_of_a_sheet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "team.xlsx::判定", "--config", "new.toml"]) == 0
    written = (folder / "new.toml").read_text(encoding="utf-8")
    assert 'rep = "rep"' in written
    assert 'ranks = ["A", "B", "C"]' in written


def test_from_a_sheet_to_a_workbook_with_scores(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "team.xlsx::判定", "--out", "out", "--xlsx", "--quiet"]) == 0
    book = openpyxl.load_workbook(folder / "out" / "results.xlsx")
    assert book.sheetnames[0] == "月曜日に話すこと"
    assert {"probabilities", "hand_back"} <= set(book.sheetnames)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert main(["score", "out", "team.xlsx::判定", "--as-of", "2026-09-30"]) == 0
    scored = read_path(folder / "out" / "scored.xlsx", "utf-8").to_df()
    assert len(scored) == 300
    assert set(scored["rep"]) == {"=1+1", "Bauer", "営業 一郎"}
    assert scored["prospect"].str.startswith("-").all()
    assert main(["score", "out", "team.xlsx::判定", "--as-of", "2026-09-30", "--out", "out/scored.parquet"]) == 0
    other = pd.read_parquet(folder / "out" / "scored.parquet")
    assert list(scored["prospect"]) == list(other["prospect"])
    pd.testing.assert_series_equal(
        scored["score_estimate"], other["score_estimate"], check_exact=False, rtol=0, atol=5.1e-7
    )
