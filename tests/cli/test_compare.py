"""`calibra compare` and `fit --by team`: two fits beside one another, and each team alone."""

import json
from pathlib import Path

import pandas as pd
import pytest

import calibra as cb
import calibra.cli.compare
from calibra.cli.main import main
from calibra.data.counting.parts import labels_of, part_of
from calibra.errors import InputError
from tests.calibrated import calibrated, read, world

SETTINGS = """
as_of = 2026-09-30
horizons = [60]
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
exit_at = "exit_at"
{team}
[scale]
ranks = ["A", "B", "C"]
[promises.A]
prob = 0.5
within_days = 60
[fit]
engine = "laplace"
draws = 100
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calibrated().save(tmp_path / "old.calibra")
    world().frame.to_csv(tmp_path / "judgments.csv", index=False)
    (tmp_path / "calibra.toml").write_text(SETTINGS.format(team=""), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("calibra.calibration.Calibration.save_pictures", lambda self, folder, **_: ())
    return tmp_path


def test_a_fit_beside_itself_has_not_moved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "old.calibra", "old.calibra"]) == 0
    told = capsys.readouterr().out
    assert "probabilities moved" in told
    assert "About 100% of the judgments of one stand in the other." in told


def test_a_table_is_fitted_with_the_settings_of_the_old_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "old.calibra", "judgments.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shared"] == 1.0
    assert told["differences"] == []
    cells = {(row["within_days"], row["rep"], row["rank"]): row for row in told["cells"]}
    old = calibrated().ranks[60].probabilities().set_index(["rep", "rank"])
    assert cells[60, "Aoki", "A"]["estimate_before"] == pytest.approx(old.loc[("Aoki", "A"), "estimate"])
    assert cells[60, "Aoki", "A"]["change_points"] == pytest.approx(0.0, abs=1e-9)  # same counts, same seed


def test_of_judgments_apart_each_difference_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # the middle of the history parts the prospects: nobody is in both
    frame = world().frame
    middle = frame["judged_at"].sort_values().iloc[len(frame) // 2]
    for name, part in (("first", frame[frame["judged_at"] < middle]), ("last", frame[frame["judged_at"] >= middle])):
        judgments = cb.Judgments.from_frame(
            part, scale=calibrated().judgments.scale, as_of=world().as_of, columns=world().columns
        )
        fitted = cb.calibrate(judgments, seed=1, engine="laplace", draws=100, parts=(), progress=False)
        fitted.save(folder / f"{name}.calibra")
    assert main(["compare", "first.calibra", "last.calibra", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shared"] < 0.5
    assert len(told["differences"]) >= 3
    assert calibra.cli.compare.compare.__doc__


def test_fits_of_other_ranks_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scale = cb.RankScale(["A", "B", "C", "D", "E"])
    other = cb.simulate_judgments(seed=2, n_reps=3, n_prospects=300)
    judgments = cb.Judgments.from_frame(
        other.frame, scale=scale, as_of=other.as_of, columns=other.columns, horizons=[60]
    )
    cb.calibrate(judgments, seed=1, engine="laplace", draws=100, parts=(), progress=False).save(folder / "b.calibra")
    assert main(["compare", "old.calibra", "b.calibra"]) == 2
    assert "must be of the same ranks; they are of A, B, C and A, B, C, D, E" in capsys.readouterr().err


def test_each_team_has_a_folder_and_a_report_of_its_own_people(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = world().frame
    frame["site"] = frame["rep"].map({"Aoki": "東京/1", "Bauer": "Berlin", "Chiba": "東京/1"})
    frame.to_csv(folder / "judgments.csv", index=False)
    (folder / "calibra.toml").write_text(SETTINGS.format(team='team = "site"'), encoding="utf-8")
    assert main(["fit", "judgments.csv", "--out", "out", "--by", "team"]) == 0
    told = capsys.readouterr().out
    found = {path.name: path for path in (folder / "out").iterdir() if path.is_dir()}
    assert sorted(found) == ["1-Berlin", "2-東京-1"]
    assert "東京/1: out/2-東京-1" in told
    reps = pd.read_csv(found["2-東京-1"] / "judgments.csv")
    assert set(reps["rep"]) == {"Aoki", "Chiba"}
    assert reps["n"].sum() == (frame["site"] == "東京/1").sum()
    page = (found["2-東京-1"] / "report.html").read_text(encoding="utf-8")
    assert "Aoki" in page
    assert "Bauer" not in page
    assert set(pd.read_csv(folder / "out" / "judgments.csv")["rep"]) == {"Aoki", "Bauer", "Chiba"}


def test_a_grouping_that_is_none_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "judgments.csv", "--out", "out", "--by", "region"]) == 2
    assert "region" in capsys.readouterr().err


def test_parts_are_counted_anew_and_together_are_the_whole() -> None:
    whole = read()
    labels = labels_of(whole, "team")
    parts = [part_of(whole, "team", label) for label in labels]
    assert len(labels) >= 1
    assert sum(part.n_judgments for part in parts) == whole.n_judgments
    assert all(labels_of(part, "team") == (label,) for part, label in zip(parts, labels, strict=True))
    with pytest.raises(InputError, match="holds none"):
        part_of(whole, "team", "nobody's")
