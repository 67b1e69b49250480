"""A night in the shell: good, stopped, run again, killed; what it prints, leaves and writes to a database."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import calibra as cb
from calibra.cli.main import main

CONFIG = """
as_of = 2026-09-30
problems = "set_aside"
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
seed = 4
engine = "laplace"
draws = 200
"""
FIRST, SECOND = "2026-09-20", "2026-09-30"
LEFT = {
    "before.calibra", "calibra.toml", "calibration.calibra", "calibration_table.parquet", "hand_back.csv",
    "metrics.parquet", "report.html", "run.json", "scored.parquet", "set_aside.csv", "summary.txt",
}  # fmt: skip


def frame() -> pd.DataFrame:
    return cb.simulate_judgments(seed=5, n_reps=4, n_prospects=400, scale=cb.RankScale(["A", "B", "C"])).frame


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two nights ran, ten days apart, with what they printed."""
    folder = tmp_path_factory.mktemp("nights")
    frame().to_csv(folder / "judgments.csv", index=False)
    (folder / "calibra.toml").write_text(CONFIG, encoding="utf-8")
    for day in (FIRST, SECOND):
        shell = [sys.executable, "-m", "calibra", "run", "judgments.csv", "--out", "out", "--as-of", day, "--json"]
        ran = subprocess.run(shell, cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        (folder / f"{day}.json").write_text(ran.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def folder(two_nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    shutil.copytree(two_nights, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_two_nights_leave_every_file_and_nothing_aside(two_nights: Path) -> None:
    assert {path.name for path in (two_nights / "out").iterdir()} == LEFT
    first, second = (cb.load(two_nights / "out" / name) for name in ("before.calibra", "calibration.calibra"))
    assert (str(first.judgments.as_of), str(second.judgments.as_of)) == (FIRST, SECOND)


def test_the_json_of_a_night_says_what_came_of_it(two_nights: Path) -> None:
    first, second = (json.loads((two_nights / f"{day}.json").read_text(encoding="utf-8")) for day in (FIRST, SECOND))
    assert (first["status"], first["ok"], first["reasons"], first["before"]) == (0, True, [], None)
    assert second["before"] == first["came_in"]
    assert second["came_in"]["n_judgments"] == 400
    assert second["set_aside"] == {}
    assert [found["key"] for found in second["moved"]] in (["ranks.moved_none"], ["ranks.moved"])
    assert second["scored"]["rows"] == 400
    assert second["findings"]
    assert first["moved"] == []
    assert first["line"].startswith(f"{FIRST}: good. ")
    assert json.loads((two_nights / "out" / "run.json").read_text(encoding="utf-8")) == second


def test_metrics_are_appended_by_day_and_say_of_which_run(two_nights: Path) -> None:
    found = pd.read_parquet(two_nights / "out" / "metrics.parquet")
    assert list(found["as_of"].unique()) == [FIRST, SECOND]
    assert list(found.columns)[:3] == ["as_of", "run_id", "chapter"]
    assert found.groupby("as_of")["run_id"].nunique().tolist() == [1, 1]
    tonight = found[(found["as_of"] == SECOND) & (found["metric"] == "probabilities") & (found["rep"] == "(all reps)")]
    fitted = cb.load(two_nights / "out" / "calibration.calibra").ranks[90].probabilities()
    assert tonight["estimate"].tolist() == fitted[fitted["rep"] == "(all reps)"]["estimate"].tolist()
    assert found["finding"].notna().tolist() == found["prob"].notna().tolist()


def renamed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(rank=rows["rank"].replace({"B": "Warm"}))


def empty_events(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(event_at=None)


def truncated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.head(150)


def half_gone(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[::2]


@pytest.mark.parametrize(("broken", "words"), [
    (renamed, "rows were set aside"),
    (empty_events, "No judgment has an event."),
    (truncated, "150 of the 400 judgments known on 30 September 2026 are in the table now"),
    (half_gone, "200 of the 400 judgments known on 30 September 2026 are in the table now"),
])  # fmt: skip
def test_a_broken_export_ends_with_status_3_one_line_and_the_results_of_the_last_night(
    broken: Callable[[pd.DataFrame], pd.DataFrame],
    words: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken(frame()).to_csv("judgments.csv", index=False)
    kept = contents(folder / "out")
    asked = ["run", "judgments.csv", "--out", "out", "--as-of", "2026-10-01"]
    assert main([*asked, "--quiet"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    told = [line for line in printed.err.splitlines() if line.startswith("calibra: ")]
    assert len(told) == 1
    assert told[0].startswith("calibra: 2026-10-01: stopped. ")
    assert words in told[0]
    assert contents(folder / "out") == kept
    assert main([*asked, "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert (record["status"], record["ok"], len(record["reasons"])) == (3, False, 1)
    assert json.loads((folder / "out" / "refused" / "run.json").read_text(encoding="utf-8")) == record
    assert (folder / "out" / "refused" / "set_aside.csv").read_text(encoding="utf-8").startswith("row,reason,prospect,")


def test_the_line_is_in_the_language_of_the_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truncated(frame()).to_csv("judgments.csv", index=False)
    Path("calibra.toml").write_text('lang = "ja"\n' + CONFIG, encoding="utf-8")
    assert main(["run", "judgments.csv", "--out", "out", "--quiet"]) == 3
    assert "停止しました。2026年9月20日時点の判定" in capsys.readouterr().err


def test_a_night_before_the_last_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "judgments.csv", "--out", "out", "--as-of", "2026-09-25"]) == 2
    assert "`as_of` (--as-of) must not be before the last night in out, 2026-09-30" in capsys.readouterr().err


def test_a_night_run_again_gives_the_same_and_writes_each_number_once(folder: Path) -> None:
    """Into the file of DuckDB that the judgments are read from, too."""
    with duckdb.connect("team.duckdb") as connection:
        connection.register("lent", frame())
        connection.execute("CREATE TABLE judgments AS SELECT * FROM lent")
    output = '[output]\nurl = "duckdb://team.duckdb"\ntable = "metrics"\n'
    Path("calibra.toml").write_text(CONFIG + output, encoding="utf-8")
    was = pd.read_parquet("out/metrics.parquet")
    for _ in range(2):
        assert main(["run", "duckdb://team.duckdb::judgments", "--out", "out", "--quiet"]) == 0
        gc.collect()
    found = pd.read_parquet("out/metrics.parquet")
    numbers = ["as_of", "rep", "rank", "metric", "estimate", "n"]
    pd.testing.assert_frame_equal(found[numbers], was[numbers])
    with duckdb.connect("team.duckdb") as connection:
        told = connection.execute("SELECT count(*), min(as_of)::text, sum(estimate) FROM metrics").fetchone()
    tonight = found[found["as_of"] == SECOND]
    assert told == (len(tonight), SECOND, pytest.approx(tonight["estimate"].sum()))
    assert json.loads(Path("out/run.json").read_text(encoding="utf-8"))["before"]["as_of"] == FIRST


def test_a_fit_that_cannot_be_trusted_ends_with_status_1_and_keeps_the_last_night(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from calibra.inference.posterior import Diagnostics

    monkeypatch.setattr(Diagnostics, "problems", property(lambda self: ("R-hat 1.200 (above 1.01)",)))
    kept = contents(folder / "out")
    assert main(["run", "judgments.csv", "--out", "out", "--as-of", "2026-10-01", "--quiet"]) == 1
    assert "stopped. a fit cannot be trusted: Rank model, 90 days: R-hat 1.200" in capsys.readouterr().err
    assert contents(folder / "out") == kept


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("seen", ["reading", "fitting", "scoring"])
def test_killed_for_good_the_next_call_goes_on(seen: str, folder: Path) -> None:
    kept = contents(folder / "out")
    shell = [sys.executable, "-m", "calibra", "run", "judgments.csv", "--out", "out", "--as-of", "2026-10-01"]
    with subprocess.Popen(shell, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
        assert running.stderr is not None
        assert any(line.startswith(seen) for line in running.stderr)
        time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    assert contents(folder / "out") == kept
    again = subprocess.run([*shell, "--json"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["resumed"] is (seen == "scoring")
    assert {path.name for path in (folder / "out").iterdir()} == LEFT
    assert set(pd.read_parquet("out/metrics.parquet")["as_of"]) == {FIRST, SECOND, "2026-10-01"}
