"""`calibra snapshot`: a table seen night by night gives the log that was written."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.cli.main import main

SCALE = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=10)})
FIRST_NIGHT, N_NIGHTS = date(2026, 9, 1), 30
CONFIG = """
as_of = 2026-09-30
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
changed_at = "changed_at"
[scale]
ranks = ["A", "B", "C"]
[promises.A]
prob = 0.5
within_days = 10
"""
LOG = ["prospect", "rep", "rank", "changed_at"]


def written() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A log of rank changes over thirty days, by a simulated team, and what came of the prospects."""
    last = FIRST_NIGHT + timedelta(days=N_NIGHTS - 1)
    world = cb.simulate_judgments(seed=2, n_reps=4, n_prospects=300, scale=SCALE, as_of=last, span_days=N_NIGHTS)
    rng, rows = np.random.default_rng(3), []
    for entry in world.frame.itertuples():
        day, rank, rep = entry.judged_at.date(), entry.rank, entry.rep
        rows.append((entry.prospect, rep, rank, day))
        while (day := day + timedelta(days=int(rng.integers(1, 15)))) <= last:
            rep = rng.choice([rep, "Endo"], p=[0.8, 0.2])  # hands change with and without the rank
            new = rng.choice(["A", "B", "C", ""], p=[0.3, 0.3, 0.3, 0.1])
            if new != rank:
                rows.append((entry.prospect, rep, new, day))
            rank = new
    log = pd.DataFrame(rows, columns=LOG).sort_values(["changed_at", "prospect"], ignore_index=True)
    return log, world.frame[["prospect", "event_at", "exit_at"]]


def table_on(log: pd.DataFrame, night: date) -> pd.DataFrame:
    """The system's table on a night: of each prospect the present owner and rank, and nothing of the past."""
    known = log[log["changed_at"] <= night]
    return known.groupby("prospect", sort=False).last().reset_index()[["prospect", "rep", "rank"]]


def nights() -> list[date]:
    return [FIRST_NIGHT + timedelta(days=i) for i in range(N_NIGHTS)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("calibra.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def night(table: pd.DataFrame, day: date, log: str = "log.csv", *more: str) -> int:
    table.sample(frac=1.0, random_state=day.toordinal()).to_csv("table.csv", index=False)
    return main(["snapshot", "table.csv", "--log", log, "--as-of", str(day), *(more or ["--quiet"])])


def read(name: str) -> pd.DataFrame:
    frame = pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name, dtype=str, keep_default_na=False)
    return frame.sort_values(["changed_at", "prospect"], ignore_index=True)


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_thirty_nights_of_a_table_give_the_log_that_was_written(name: str, folder: Path) -> None:
    log, outcomes = written()
    assert log["rank"].eq("").any()
    for day in nights():
        if len(table_on(log, day)):
            assert night(table_on(log, day), day, name) == 0
    wanted = log.assign(changed_at=log["changed_at"].astype(str))
    pd.testing.assert_frame_equal(read(name), wanted, check_dtype=False)
    roles = {role: role for role in LOG}
    ends = {role: role for role in outcomes}
    told = {"scale": SCALE, "as_of": nights()[-1], "columns": roles, "outcome_columns": ends}
    collected, written_log = (cb.RankHistory.from_frames(source, outcomes, **told) for source in (name, log))
    for mode in ("first", "every"):
        mine, theirs = (found.judgments(mode).duration_counts().table for found in (collected, written_log))
        pd.testing.assert_frame_equal(mine, theirs)


def test_a_night_may_be_run_again_and_no_earlier_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, _ = written()
    first, second = nights()[10], nights()[15]
    assert night(table_on(log, first), first) == 0
    assert night(table_on(log, first), second) == 0  # the table of another day by mistake
    assert night(table_on(log, second), second) == 0
    once = read("log.csv")
    assert night(table_on(log, second), second) == 0
    pd.testing.assert_frame_equal(read("log.csv"), once)
    assert set(once["changed_at"]) == {str(first), str(second)}
    assert night(table_on(log, first), first) == 2
    assert f"`as_of` (--as-of) must not be before the last night of the log, {second}" in capsys.readouterr().err


def test_json_counts_what_became_of_the_prospects(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"prospect": ["1", "2", "3"], "rep": "Abe", "rank": ["A", "B", "C"]})
    assert night(table, nights()[0]) == 0
    later = pd.DataFrame({"prospect": ["1", "2", "4"], "rep": ["Ito", "Ito", "Ito"], "rank": ["A", "", "B"]})
    assert night(later, nights()[1], "log.csv", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("new", "changed", "taken_away", "gone", "unknown", "rows")} == {
        "new": 1, "changed": 0, "taken_away": 1, "gone": 1, "unknown": 0, "rows": 5,
    }  # fmt: skip
    assert ("1", "Ito") not in set(zip(read("log.csv")["prospect"], read("log.csv")["rep"], strict=True))


@pytest.mark.parametrize(("broken", "words"), [
    (lambda table: table.assign(rank=""), "ranks are gone at once"),
    (lambda table: table.assign(rank=table["rank"].replace({"B": "Warm"})), "carry a label that is no rank of the"),
])  # fmt: skip
def test_a_broken_table_stops_and_leaves_the_log(broken, words, folder, capsys) -> None:
    log, _ = written()
    last = nights()[-1]
    whole = table_on(log[log["rank"] != ""], last)
    assert night(whole, last) == 0
    kept = Path("log.csv").read_bytes()
    assert night(broken(whole), last + timedelta(days=1)) == 3
    assert words in capsys.readouterr().err
    assert Path("log.csv").read_bytes() == kept


@pytest.mark.parametrize(("rows", "words"), [
    ([("1", "Abe", "A"), ("1", "Abe", "B")], "must stand in one row, or in rows that are alike; 1 prospect"),
    ([("", "Abe", "A")], "`prospect` (column 'prospect') must name whom a row is of; 1 row"),
    ([("1", "", "A")], "must have a rep where it has a rank; 1 prospect"),
])  # fmt: skip
def test_tables_that_cannot_be_right_are_refused(rows, words, folder, capsys) -> None:
    assert night(pd.DataFrame(rows, columns=LOG[:3]), nights()[0]) == 2
    assert words.replace(" (column 'prospect')", "") in capsys.readouterr().err
    assert not Path("log.csv").exists()


def test_a_file_that_is_no_log_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert night(pd.DataFrame([("1", "Abe", "A")], columns=LOG[:3]), nights()[0]) == 2
    assert "must be a log that `calibra snapshot` keeps" in capsys.readouterr().err
    assert night(pd.DataFrame([("1", "Abe", "A")], columns=LOG[:3]), nights()[0], "log.txt2") == 2
