"""The command line on what was saved: `report` and `score`; tables by URL; logs of rank changes."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.chapters.thresholds.advice_words import VERDICTS
from calibra.cli.config import read_settings
from calibra.cli.main import main
from calibra.data.scoring.write_rows import _mark
from tests.calibrated import calibrated, read, world

CONFIG = """
as_of = 2026-09-30
timezone = "Asia/Tokyo"
horizons = [60]
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
exit_at = "exit_at"
[scale]
ranks = ["A", "B", "C"]
[fit]
seed = 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder: results as `fit` leaves them, and prospects."""
    (tmp_path / "results").mkdir()
    calibrated().save(tmp_path / "results" / "calibration.calibra")
    (tmp_path / "results" / "calibra.toml").write_text(CONFIG, encoding="utf-8")
    world().frame.to_csv(tmp_path / "open.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_score_writes_every_row_most_probable_of_its_days_first_and_says_what_it_could_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "results", "open.csv", "--as-of", "2026-09-30"]) == 0
    told = capsys.readouterr().out
    assert "of 300 rows, as of 2026-09-30: results/scored.csv" in told
    assert "not open: the event has come" in told
    found = pd.read_csv("results/scored.csv")
    assert len(found) == 300
    assert set(found["prospect"]) == set(world().frame["prospect"])
    assert "the most probable come first among those of the same score_within_days" in told
    known, cut = found["score_estimate"].notna(), found["score_note"].str.startswith("follow-up ends", na=False)
    part = np.where(~known, 2, np.where(cut, 1, 0))
    assert (np.diff(part) >= 0).all()
    assert set(part) == {0, 1, 2}
    whole, ended_sooner = found[part == 0], found[part == 1]
    assert whole["score_within_days"].unique().tolist() == [60, 90]  # the promises of A and B; C promises nothing
    assert ended_sooner["score_within_days"].is_monotonic_decreasing
    for rows in (whole, ended_sooner):
        assert (rows.groupby("score_within_days")["score_estimate"].diff().dropna() <= 0).all()


def test_one_horizon_may_be_asked_for_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["score", "results", "open.csv", "--as-of", "2026-09-30", "--within-days"]
    assert main([*asked, "90", "--quiet"]) == 0
    found = pd.read_csv("results/scored.csv")
    cut = found["score_note"].str.startswith("follow-up ends", na=False)
    whole = found[found["score_estimate"].notna() & ~cut]
    assert set(whole["score_within_days"]) == {90}
    assert whole["score_estimate"].is_monotonic_decreasing
    assert main([*asked, "45"]) == 2
    assert "`within_days` must be one of the horizons fitted (60, 90); got 45" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "marked"), [("営業 一郎", True), ("Abe", False)])
def test_scored_csv_is_marked_for_spreadsheets_where_it_is_more_than_ascii(
    name: str, marked: bool, folder: Path
) -> None:
    rows = pd.DataFrame({"prospect": ["p1", name], "rep": "Aoki", "rank": "A", "judged_at": "2026-09-01"})
    rows.to_csv("names.csv", index=False)
    assert main(["score", "results", "names.csv", "--as-of", "2026-09-30", "--out", "out.csv", "--quiet"]) == 0
    written = Path("out.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf") == marked
    assert written.count(b"\xef\xbb\xbf") == int(marked)
    assert set(pd.read_csv("out.csv")["prospect"]) == {"p1", name}
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_score_says_which_rows_name_no_rep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.DataFrame({"prospect": ["p1", "p2", "p3"], "rep": ["Aoki", None, "Nobody"], "rank": "A"})
    rows.assign(judged_at="2026-09-30").to_csv("names.csv", index=False)
    assert main(["score", "results", "names.csv", "--as-of", "2026-09-30", "--out", "out.csv"]) == 0
    found = pd.read_csv("out.csv").set_index("prospect")["score_note"]
    assert found["p2"] == "no rep named"
    assert found[["p1", "p3"]].isna().all()
    told = capsys.readouterr().out
    assert "- 1 row: rep never seen" in told
    assert "- 1 row: no rep named" in told


def test_score_warns_of_a_day_before_the_snapshot_of_the_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["score", "results", "open.csv", "--quiet", "--as-of"]
    assert main([*asked, world().as_of.isoformat()]) == 0
    assert capsys.readouterr().err == ""
    assert main([*asked, "2026-01-31"]) == 0
    said = f"note: --as-of 2026-01-31 lies before {world().as_of}, the snapshot date of the fit"
    assert said in capsys.readouterr().err


def test_check_says_what_fit_would_refuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "calibra.toml").write_text(CONFIG.replace("horizons = [60]\n", ""), encoding="utf-8")
    for command in (["check", "open.csv"], ["fit", "open.csv", "--out", "elsewhere"]):
        assert main(command) == 2
        told = capsys.readouterr()
        assert "A horizon is needed: the scale promises nothing." in told.err
        assert "write `horizons = [90]` in calibra.toml." in told.err
        assert ("judgments" in told.out) == (command[0] == "check")  # what is in them is shown nevertheless


def test_a_file_is_moved_over_another_only_when_both_are_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handles, moved, plain_open, plain_replace = [], [], Path.open, Path.replace

    def opening(path: Path, *how: object, **told: object) -> object:
        handles.append(plain_open(path, *how, **told))
        return handles[-1]

    def replacing(path: Path, target: Path) -> Path:
        moved.append(all(handle.closed for handle in handles))
        return plain_replace(path, target)

    rows = pl.DataFrame({"prospect": ["営業"], "note": [None]}, schema_overrides={"note": pl.String})
    monkeypatch.setattr(Path, "open", opening)
    monkeypatch.setattr(Path, "replace", replacing)
    _mark(_plain(rows, folder / "names.csv"))
    assert moved == [True]
    assert (folder / "names.csv").read_bytes().startswith(b"\xef\xbb\xbfprospect")


def _plain(rows: pl.DataFrame, path: Path) -> Path:
    rows.write_csv(path)
    return path


def test_the_help_of_score_explains_every_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["score", "--help"])
    told = capsys.readouterr().out
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "scoring.md").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        assert f"\n  {verdict}  " in told
        assert f"\n| `{verdict}` | " in page


def test_score_is_what_the_library_scores_and_json_counts_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world().frame.to_parquet("open.parquet")
    assert main(["score", "results", "open.parquet", "--as-of", "2026-09-30", "--out", "x.parquet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    own = calibrated().score(world().frame, as_of="2026-09-30")
    assert told == {"as_of": "2026-09-30", "counts": cb.count_notes(own), "files": ["x.parquet"]}
    written = pl.read_parquet("x.parquet").sort("prospect")["score_estimate"]
    assert written.equals(pl.from_pandas(own.sort_values("prospect")["score_estimate"]).rename("score_estimate"))


def test_a_calibra_file_a_config_and_a_table_by_url_do_as_well(folder: Path) -> None:
    with duckdb.connect("crm.duckdb") as connection:
        connection.execute("CREATE TABLE leads AS SELECT 'Aoki' AS owner, 'A' AS grade, DATE '2026-09-01' AS on_day")
    (folder / "own.toml").write_text(
        CONFIG.replace('rep = "rep"', 'rep = "owner"').replace('rank = "rank"', 'rank = "grade"')
        .replace('judged_at = "judged_at"', 'judged_at = "on_day"').replace('event_at = "event_at"\n', "")
        .replace('exit_at = "exit_at"\n', ""), encoding="utf-8",
    )  # fmt: skip
    asked = ["score", "results/calibration.calibra", "duckdb://crm.duckdb::leads", "--as-of", "2026-09-30"]
    assert main([*asked, "--config", "own.toml", "--quiet"]) == 0
    assert pl.read_parquet("results/scored.parquet")["score_known_rep"].to_list() == [True]


def test_scored_csv_holds_nothing_a_spreadsheet_runs_and_keeps_numbers(folder: Path) -> None:
    rows = [
        ("=HYPERLINK(1)", "Aoki", "A", "2026-09-01", "-5.5"), (" +81 3", "@evil", "B", "2026-09-01", "+1e3"),
        ("営業", "Aoki", "C", "2026-09-01", "-x"),
    ]  # fmt: skip
    pl.DataFrame(rows, schema=["prospect", "rep", "rank", "judged_at", "=v"], orient="row").write_csv("hostile.csv")
    assert main(["score", "results", "hostile.csv", "--as-of", "2026-09-30", "--out", "out.csv", "--quiet"]) == 0
    with (folder / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        found = {row["prospect"]: row for row in csv.DictReader(lines)}
    assert set(found) == {"'=HYPERLINK(1)", "' +81 3", "営業"}
    assert found["' +81 3"]["rep"] == "'@evil"
    told = {prospect: row["'=v"] for prospect, row in found.items()}
    assert told == {"'=HYPERLINK(1)": "-5.5", "' +81 3": "+1e3", "営業": "'-x"}


def test_report_writes_one_html_file_in_the_language_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "results", "--lang", "ja", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["results/report.ja.html"]
    assert '<html lang="ja"' in Path("results/report.ja.html").read_text(encoding="utf-8")
    Path("key.txt").write_text("a secret of the team\n", encoding="utf-8")
    asked = ["report", "results", "--out", "other.html", "--pseudonyms", "key.txt"]
    assert main(asked) == 0
    assert "Wrote other.html" in capsys.readouterr().out
    assert "Aoki" not in Path("other.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "absent", "open.csv", "--as-of", "2026-09-30"], "there is no file at 'absent'"),
        (["score", ".", "open.csv", "--as-of", "2026-09-30"], "it holds no calibration.calibra"),
        (["score", "results", "absent.csv", "--as-of", "2026-09-30"], "there is none at 'absent.csv'"),
        (["score", "results", "open.csv", "--as-of", "today"], "`as_of` (--as-of) must be a date"),
        (
            ["score", "results", "open.csv", "--as-of", "2026-09-30", "--out", "x.json"],
            "must end in .parquet, .csv or .xlsx",
        ),
        (["score", "results", "duckdb://nowhere.duckdb::x", "--as-of", "2026-09-30"], "there is none at"),
        (["report", "results", "--pseudonyms", "absent.txt"], "absent.txt"),
    ],
)
def test_bad_input_is_refused_in_words_with_status_2(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err


def test_score_needs_its_day(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["score", "results", "open.csv"])
    assert "--as-of" in capsys.readouterr().err


@pytest.mark.current
def test_score_loads_no_sampler_no_plots_and_no_pandas(folder: Path) -> None:
    heavy = ("pymc", "pytensor", "arviz", "nutpie", "xarray", "matplotlib", "scipy.stats", "pandas")
    code = (
        "import sys; from calibra.cli.main import main\n"
        "status = main(['score', 'results', 'open.csv', '--as-of', '2026-09-30', '--quiet'])\n"
        f"print('loaded:', *[m for m in {heavy!r} if m in sys.modules]); sys.exit(status)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "loaded:\n", "")


@pytest.mark.parametrize("command", ["demo", "init", "check", "fit", "report", "score"])
def test_help_of_every_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"example:\n  calibra {command} " in capsys.readouterr().out


def test_check_reads_a_table_by_url(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect("crm.duckdb") as connection:
        connection.execute("CREATE TABLE judged AS FROM read_csv('open.csv')")
    asked = ["check", "duckdb://crm.duckdb::judged", "--config", "results/calibra.toml", "--json"]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["n_judgments"] == read().n_judgments


HISTORY = """
as_of = 2026-09-30
horizons = [60]
[columns]
prospect = "id"
rep = "who"
rank = "to"
changed_at = "on"
[scale]
ranks = ["A", "B"]
[history]
outcomes = "outcomes.csv"
columns = { prospect = "id", event_at = "won" }
"""


def test_a_log_of_rank_changes_is_read_as_the_config_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.csv").write_text(
        "id,who,to,on\n1,Abe,B,2026-01-10\n1,Ito,A,2026-02-01\n2,Abe,B,2026-01-12\n", encoding="utf-8"
    )
    Path("outcomes.csv").write_text("id,won\n1,2026-02-20\n2,\n", encoding="utf-8")
    for mode, n in (("first", 2), ("every", 3)):
        Path("calibra.toml").write_text(f'{HISTORY}mode = "{mode}"\n', encoding="utf-8")
        assert main(["check", "log.csv", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["n_judgments"] == n


def test_faults_of_a_history_come_with_all_others(tmp_path: Path) -> None:
    path = tmp_path / "calibra.toml"
    path.write_text(
        f'check_duplicates = true\n{HISTORY}mod = "first"\n'.replace('outcomes = "outcomes.csv"\n', ""),
        encoding="utf-8",
    )
    with pytest.raises(cb.InputError) as caught:
        read_settings(path)
    for words in (
        "`history.mod` is no setting; write `history.mode`", "`history.outcomes` is missing",
        "`check_duplicates` is of judgments",
    ):  # fmt: skip
        assert words in str(caught.value)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_cards_are_a_page_for_each_rep_without_the_others_names(lang: str, folder: Path) -> None:
    assert main(["cards", "results", "--out", "cards", "--lang", lang, "--quiet"]) == 0
    reps = calibrated().judgments.reps
    pages = sorted(Path("cards").iterdir())
    assert [path.name for path in pages] == [f"card-{i}-{rep}.html" for i, rep in enumerate(reps, 1)]
    for path, rep in zip(pages, reps, strict=True):
        text = path.read_text(encoding="utf-8")
        assert text.count("<article") == 1
        assert f"<h3><bdi>{rep}</bdi></h3>" in text
        assert [other for other in reps if other != rep and other in text] == []
        assert "<script" not in text


def test_cards_under_pseudonyms_name_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("key").write_text("a secret key", encoding="utf-8")
    assert main(["cards", "results", "--out", "cards", "--pseudonyms", "key", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == len(calibrated().judgments.reps)
    for name in files:
        assert not [rep for rep in calibrated().judgments.reps if rep in name + Path(name).read_text(encoding="utf-8")]


def test_settings_are_read_in_python_as_in_the_shell(folder: Path) -> None:
    settings = cb.read_settings("results/calibra.toml", as_of="2026-09-15")
    mine = settings.judgments("open.csv")
    assert (str(mine.as_of), mine.scale.ranks, settings.fitting) == ("2026-09-15", ("A", "B", "C"), {"seed": 1})
    assert mine.n_judgments == read().at("2026-09-15").n_judgments
