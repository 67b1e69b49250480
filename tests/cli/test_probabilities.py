"""The shell on reps who state a percentage beside a score: settings name both roles, results stand in files."""

from pathlib import Path

import pandas as pd
import pytest

import calibra as cb
from calibra.cli.main import main
from tests.chapters.added.worlds import team

SETTINGS = """
as_of = 2026-06-30
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
stated_prob = "Probability (%)"
machine_prob = "score"
[scale]
ranks = ["A", "B", "C"]
[promises.A]
prob = 0.5
within_days = 90
[fit]
seed = 1
engine = "laplace"
draws = 200
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which percentages are whole per cent, as a CRM has them, and scores text."""
    frame = team(0.8, stated=0.9, n=600, n_reps=3)
    frame["Probability (%)"] = (100 * frame.pop("stated_prob")).round().astype(int)
    frame["score"] = [f"{100 * score:.1f}%" for score in frame.pop("machine_prob")]
    frame.to_csv(tmp_path / "judgments.csv", index=False)
    (tmp_path / "calibra.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("calibra.calibration.Calibration.save_pictures", lambda self, folder, **_: ())
    return tmp_path


def test_fit_writes_what_percentages_mean_and_what_is_added_to_the_score(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "judgments.csv", "--out", "out", "--verbose"]) == 0
    told = capsys.readouterr().out
    assert "What the reps add to the machine's score" in told
    assert "Stated and actual percentages" in told
    lines, gains, by_rep = (
        pd.read_csv(folder / "out" / f"{name}.csv") for name in ("stated_lines", "added_gains", "added_by_rep")
    )
    rows = pd.read_csv(folder / "judgments.csv")
    assert lines.loc[0, "n"] == len(rows)
    assert lines.loc[0, "stated"] == pytest.approx(rows["Probability (%)"].mean() / 100)
    assert gains[["reading", "against"]].drop_duplicates().shape[0] == 6
    assert set(by_rep["signal"]) == {"rank", "stated"}
    loaded = cb.load(folder / "out" / "calibration.calibra").added[90]
    assert loaded.gains()["gain"].tolist() == pytest.approx(gains["gain"].tolist(), abs=1e-5)


def test_a_percentage_that_is_none_is_refused_with_its_column(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.read_csv(folder / "judgments.csv")
    rows.loc[3, "score"] = "high"
    rows.to_csv(folder / "judgments.csv", index=False)
    assert main(["check", "judgments.csv"]) == 2
    told = capsys.readouterr().err
    assert "`machine_prob` (column 'score') must be a number from 0 to 1" in told
    assert "'high'" in told
