"""Outcomes that are yes or no: the counts of plain Python, every spelling, and what is refused."""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.cli.main import main

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=90)})
ROLES = {"rep": "owner", "rank": "grade", "event": "converted"}


def rows(n: int = 400) -> pd.DataFrame:
    return pd.DataFrame({
        "owner": [f"r{i % 4}" for i in range(n)], "grade": ["AB"[i // 4 % 2] for i in range(n)],
        "converted": [int(i * 7 % 10 < (6 if i // 4 % 2 == 0 else 2)) for i in range(n)],
    })  # fmt: skip


def cells(frame: object, **choices: object) -> tuple[list[list[int]], list[list[int]]]:
    found = cb.Judgments.from_outcomes(frame, scale=SCALE, columns=ROLES, **choices).binomial_cells()
    assert found.within_days == 90
    return found.n.tolist(), found.events.tolist()


def test_every_engine_and_spelling_gives_the_counts_of_plain_python(tmp_path: Path) -> None:
    frame = rows()
    wanted = [
        [
            [int(how(frame[(frame["owner"] == rep) & (frame["grade"] == rank)]["converted"])) for rank in "AB"]
            for rep in ("r0", "r1", "r2", "r3")
        ]
        for how in (len, sum)
    ]
    spelled = [("Yes", "no"), ("TRUE", "False"), ("○", "×"), ("はい", "いいえ"), ("１", "０")]
    frames = [frame.assign(converted=frame["converted"].map({1: yes, 0: no})) for yes, no in spelled]
    frames += [frame, frame.astype({"converted": bool}), frame.astype({"converted": float})]
    frame.to_csv(tmp_path / "leads.csv", index=False)
    others = [pl.from_pandas(frame), duckdb.from_df(frame), tmp_path / "leads.csv"]
    for each in (*frames, *others):
        assert list(cells(each)) == wanted


def test_what_is_neither_is_refused_with_its_rows_or_left_out_with_its_number() -> None:
    frame = rows().astype({"converted": object})
    frame.loc[:2, "converted"] = ["maybe", None, "open"]
    frame.loc[3, "grade"] = "C"
    with pytest.raises(cb.InputError, match=r"(?s)rank.*must be one of A, B; .*in 1 row.*`event` must say .*in 3 rows"):
        cells(frame)
    judgments = cb.Judgments.from_outcomes(frame, scale=SCALE, columns=ROLES, problems="set_aside")
    assert judgments.set_aside.by_reason == {"unknown rank": 1, "event neither yes nor no": 3}
    assert judgments.n_judgments == 396


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(cb.InputError, match="the role `event` is missing"):
        cb.Judgments.from_outcomes(rows(), scale=SCALE, columns={"rep": "owner", "rank": "grade"})


def test_the_shell_fits_a_table_of_yes_and_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(1200).to_csv("leads.csv", index=False)
    Path("calibra.toml").write_text(
        '[columns]\nrep = "owner"\nrank = "grade"\nevent = "converted"\n[scale]\nranks = ["A", "B"]\n'
        '[promises.A]\nprob = 0.5\nwithin_days = 90\n[fit]\nengine = "laplace"\ndraws = 200\n',
        encoding="utf-8",
    )
    assert main(["check", "leads.csv"]) == 0
    assert "1,200 judgments of 4 reps" in capsys.readouterr().out
    monkeypatch.setattr("calibra.calibration.Calibration.save_pictures", lambda self, folder, **_: ())
    assert main(["fit", "leads.csv", "--out", "out", "--quiet"]) == 0
    assert main(["report", "out", "--quiet"]) == 0
    found = cb.load("out/calibration.calibra")
    assert found.judgments.n_judgments == 1200
    table = found.ranks[90].probabilities().set_index(["rep", "rank"])
    assert table.loc[("(all reps)", "A"), "n"] == 600
    assert table.loc[("(all reps)", "A"), "events"] == int(rows(1200).query("grade == 'A'")["converted"].sum())
