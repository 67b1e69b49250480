"""The command line: what it prints, what it writes, how it refuses."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import calibra as cb
from calibra.cli.config import Settings, read_settings
from calibra.cli.init import write_template
from calibra.cli.main import main
from calibra.data.counting.judgments import Judgments

CONFIG = """
as_of = 2026-09-30
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
draws = 300
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with judgments.csv and calibra.toml."""
    world = cb.simulate_judgments(seed=5, n_reps=4, n_prospects=400, scale=cb.RankScale(["A", "B", "C"]))
    frame = world.frame
    frame["rep"] = frame["rep"].replace({"Aoki": "=1+1", "Bauer": "$x^2$ [red]\x1b[31m", "Chiba": "営業 一郎"})
    frame.to_csv(tmp_path / "judgments.csv", index=False)
    (tmp_path / "calibra.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longest, and are told of elsewhere."""
    monkeypatch.setattr("calibra.calibration.Calibration.save_pictures", lambda self, folder, **_: ())


def test_fit_writes_tables_summary_and_pictures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "judgments.csv", "--out", "out", "--verbose"]) == 0
    names = {path.name for path in (folder / "out").iterdir()}
    tables = (
        "judgments", "probabilities", "profiles", "order", "spread", "expected", "reverse", "incidence", "lead_times",
        "tempo", "chasing", "never", "hand_back", "bars", "detection", "styles", "thresholds", "promises",
    )  # fmt: skip
    drawn = ("probabilities-90", "profiles-90", "incidence", "lead-times", "bars", "thresholds")
    pictures = {f"{name}.{kind}" for name in drawn for kind in ("png", "svg")}
    assert names == {f"{name}.csv" for name in tables} | pictures | {
        "summary.txt", "calibration.calibra", "calibration_table.parquet", "calibra.toml",
    }  # fmt: skip
    printed = capsys.readouterr()
    assert printed.out.index("How far to trust it") < printed.out.index("What came in") < printed.out.index("All reps")
    assert "What was found" in printed.out
    assert "Lead time, all reps" in printed.out
    assert "worth a move this quarter. Aim: what each rank promises" in printed.out
    assert "could not be calculated: How many ranks, 90 days" in printed.out  # four reps are too few for five folds
    assert "draws, " in (folder / "out" / "summary.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_pictures")
def test_fit_is_inert_to_hostile_names_in_files_and_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "judgments.csv", "--out", "out", "--verbose"]) == 0
    with (folder / "out" / "profiles.csv").open(encoding="utf-8", newline="") as lines:
        assert "'=1+1" in {row["rep"] for row in csv.DictReader(lines)}
    printed = capsys.readouterr()
    for text in (printed.out, printed.err, (folder / "out" / "summary.txt").read_text(encoding="utf-8")):
        assert "\x1b" not in text
    assert "[red]" in printed.out
    assert "営業 一郎" in printed.out


@pytest.mark.usefixtures("no_pictures")
def test_the_same_seed_gives_the_same_tables(folder: Path) -> None:
    for out, seed in (("one", "7"), ("two", "7"), ("three", "8")):
        assert main(["fit", "judgments.csv", "--out", out, "--seed", seed, "--quiet"]) == 0
    one, two, three = (Path(out, "probabilities.csv").read_bytes() for out in ("one", "two", "three"))
    assert one == two
    assert one != three


@pytest.mark.usefixtures("no_pictures")
def test_json_is_all_there_is_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "judgments.csv", "--out", "out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert (told["fits"][0]["diagnostics"]["engine"], told["seed"]) == ("laplace", 4)
    assert [fit["name"] for fit in told["fits"]] == [
        "Rank model, 90 days", "Lead-time model, event", "Lead-time model, exit", "Threshold model, 90 days",
    ]  # fmt: skip
    assert all(fit["ok"] is True for fit in told["fits"])
    probabilities = told["tables"]["probabilities"]
    assert len(probabilities) == (4 + 1) * 3
    assert {row["within_days"] for row in probabilities} == {90}
    assert len(told["tables"]["thresholds"]) == 4  # four reps, one promise
    (delivered,) = (finding for finding in told["findings"] if finding["key"] == "ranks.delivered")
    assert delivered["values"]["within"] == {"days": 90}
    assert delivered["sentence"].startswith("All reps together, probability of an event within 90 days: A ")
    assert all(Path(name).is_file() for name in told["files"])
    assert main(["check", "judgments.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_judgments"] == 400


@pytest.mark.usefixtures("no_pictures")
def test_quiet_prints_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "judgments.csv", "--quiet"]) == 0
    assert main(["fit", "judgments.csv", "--out", "out", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_check_says_what_came_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "judgments.csv"]) == 0
    printed = capsys.readouterr().out
    assert "400 judgments of 4 reps" in printed
    assert "No row was set aside." in printed


def test_check_tells_of_a_role_without_any_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = Path("judgments.csv").read_text(encoding="utf-8").splitlines()
    place = rows[0].split(",").index("exit_at")
    empty = [",".join("" if i == place else field for i, field in enumerate(row.split(","))) for row in rows[1:]]
    Path("judgments.csv").write_text("\n".join([rows[0], *empty]) + "\n", encoding="utf-8")
    assert main(["check", "judgments.csv", "--config", "calibra.toml"]) == 0
    assert f"all {len(empty):,} without `exit_at`" in " ".join(capsys.readouterr().out.split())


def test_every_problem_of_a_file_comes_in_one_block_with_status_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "judgments.csv").read_text(encoding="utf-8").replace(",A,", ",S\x1b[1m,", 3)
    nobody = "P9,,A,2026-01-05" + "," * (text.split("\n")[0].count(",") - 3)
    (folder / "judgments.csv").write_text(f"{text}{nobody}\n", encoding="utf-8")
    assert main(["check", "judgments.csv"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("calibra: ")
    assert "unknown rank" in printed.err
    assert "missing rep" in printed.err
    assert "Traceback" not in printed.err
    assert "\x1b" not in printed.err


def test_rows_set_aside_are_reported_and_no_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "judgments.csv").read_text(encoding="utf-8").replace(",A,", ",S,", 3)
    (folder / "judgments.csv").write_text(text, encoding="utf-8")
    (folder / "calibra.toml").write_text('problems = "set_aside"\n' + CONFIG, encoding="utf-8")
    assert main(["check", "judgments.csv"]) == 0
    printed = capsys.readouterr()
    assert "3 rows were set aside" in printed.out
    assert printed.err.startswith("note: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "absent.csv"], "there is none at 'absent.csv'"),
        (
            ["check", "judgments.csv", "--config", "absent.toml"],
            r"There is no absent.toml. Write one with `calibra init",
        ),
        (["check", "judgments.csv", "--as-of", "yesterday"], "`as_of` (--as-of) must be a date"),
        (["fit", "judgments.csv", "--out", "out", "--as-of", "2025-05-01"], "No model could be fitted"),
        (["fit", "judgments.csv", "--out", "calibra.toml"], "calibra.toml"),
        (["init", "judgments.csv"], "calibra.toml is there already"),
        (["init", "absent.csv"], "there is none at 'absent.csv'"),
    ],
)
def test_bad_input_is_refused_in_words_with_status_2(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("arguments", [[], ["fly"], ["fit", "judgments.csv"], ["check", "x", "--json", "--quiet"]])
def test_bad_use_ends_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: calibra" in capsys.readouterr().err


@pytest.mark.usefixtures("no_pictures")
def test_a_fit_its_diagnostics_speak_against_ends_with_status_1_and_writes_all_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import calibra.inference.posterior as posterior

    doubted = property(lambda self: ("R-hat 1.200 (above 1.01)",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posterior.Diagnostics, "problems", doubted)
        assert main(["fit", "judgments.csv", "--out", "out", "--verbose"]) == 1
    printed = capsys.readouterr()
    assert "a fit cannot be trusted: Rank model, 90 days: R-hat 1.200" in printed.err
    assert "PROBLEM: R-hat 1.200" in printed.out
    assert (folder / "out" / "probabilities.csv").is_file()


def filled(path: str = "calibra.toml") -> Settings:
    """The settings of a file that `init` wrote, once its promise is filled in."""
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text.replace('prob = "?"', "prob = 0.6").replace('within_days = "?"', "within_days = 90"))
    return read_settings(Path(path), as_of="2026-09-30")


def test_init_guesses_columns_and_its_file_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crm.csv").write_text('lead_id,owner,"grade ""now""",judged_on,converted_at,misc\n', encoding="utf-8")
    assert main(["init", "crm.csv", "--quiet"]) == 0
    settings = filled()
    assert settings.reading["columns"] == {
        "prospect": "lead_id", "rep": "owner", "rank": 'grade "now"', "judged_at": "judged_on",
        "event_at": "converted_at",
    }  # fmt: skip
    assert settings.reading["scale"].horizons == (90,)


def test_what_only_the_organisation_knows_is_asked_for_and_not_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crm.csv").write_text("lead_id,owner,rank,judged_on\n1,x,A,2026-01-01\n", encoding="utf-8")
    assert main(["init", "crm.csv", "--quiet"]) == 0
    with pytest.raises(cb.InputError) as caught:
        read_settings(Path("calibra.toml"))
    for words in (
        '`as_of` is still "?"; write the day the data were taken',
        '`promises.A.prob` is still "?"; write the share you promise',
        '`promises.A.within_days` is still "?"; write within how many days',
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(("labels", "ranks"), [
    (["B", "A", "", "keep warm", "B"], ["A", "B", "keep warm"]), (["10", "9", "1"], ["1", "9", "10"]),
    ([f"prospect {i}" for i in range(13)], ["A", "B", "C"]), (['a "b"', "見込"], ['a "b"', "見込"]),
], ids=["text", "numbers", "too many", "odd"])  # fmt: skip
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_init_reads_the_ranks_off_the_file(
    kind: str, labels: list[str], ranks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ranked = pl.DataFrame({"lead": range(len(labels)), "rank": [label or None for label in labels]})
    frame = ranked.with_columns(rep=pl.lit("Abe"), judged_at=pl.lit("2026/9/1"))
    frame.write_csv("crm.csv") if kind == "csv" else frame.write_parquet("crm.parquet")
    assert main(["init", f"crm.{kind}", "--quiet"]) == 0
    scale = filled().reading["scale"]
    assert list(scale.ranks) == ranks
    assert list(scale.promises) == ranks[:1]


def test_init_reads_japanese_names_and_the_encoding_they_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crm.csv").write_text(
        "会社名,営業担当,見込みランク,判定日,商談化日,対象外日,備考\n,,高,,,,\n", encoding="cp932"
    )
    assert main(["init", "crm.csv", "--quiet"]) == 0
    reading = filled().reading
    assert reading["encoding"] == "cp932"
    assert reading["scale"].ranks == ("高",)
    assert reading["columns"] == {
        "prospect": "会社名", "rep": "営業担当", "rank": "見込みランク", "judged_at": "判定日", "event_at": "商談化日",
        "exit_at": "対象外日",
    }  # fmt: skip


def test_what_init_could_not_guess_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crm.csv").write_text("x1,x2\n", encoding="utf-8")
    assert main(["init", "crm.csv", "--quiet"]) == 0
    assert "None of them says what it is" in Path("calibra.toml").read_text(encoding="utf-8")
    with pytest.raises(cb.InputError, match=r'`columns.rep` is still "\?"; write the name of the column'):
        read_settings(Path("calibra.toml"), as_of="2026-09-30")


def test_init_writes_a_template_that_reads_back_without_a_file(tmp_path: Path) -> None:
    settings = filled(str(write_template(tmp_path / "team.toml")))
    assert list(settings.reading["columns"]) == ["prospect", "rep", "rank", "judged_at"]
    assert settings.fitting == {"seed": 1, "engine": "auto"}


def test_init_reads_the_columns_of_parquet(folder: Path) -> None:
    cb.simulate_judgments(seed=1, n_reps=2, n_prospects=20).frame.to_parquet("world.parquet")
    assert main(["init", "world.parquet", "--config", "other.toml", "--quiet"]) == 0
    columns = filled("other.toml").reading["columns"]
    assert columns == {role: role for role in columns}
    assert set(columns) == {"prospect", "rep", "rank", "judged_at", "event_at", "exit_at", "touches", "segment"}


def test_all_faults_of_a_config_come_in_one_message(tmp_path: Path) -> None:
    path = tmp_path / "calibra.toml"
    path.write_text(
        'as_off = 2026-01-01\ntimezone = 9\n[promises.A]\nprob = "high"\n[fit]\nsed = 1\n', encoding="utf-8"
    )
    with pytest.raises(cb.InputError) as caught:
        read_settings(path)
    told = str(caught.value)
    for words in (
        "`as_off` is no setting; write `as_of`", "`timezone` must be text in quotes; got 9", "`as_of` is missing",
        "`promises.A.prob` must be a number; got 'high'", "`promises.A.within_days` is missing",
        "`fit.sed` is no setting; write `fit.seed`", "`[columns]` is missing", "`scale.ranks` is missing",
    ):  # fmt: skip
        assert words in told


def test_a_config_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calibra.toml"
    path.write_text("as_of = \n", encoding="utf-8")
    with pytest.raises(cb.InputError, match=r"must be TOML in UTF-8; .*line 1"):
        read_settings(path)


def test_a_config_reads_the_judgments_the_library_reads(folder: Path) -> None:
    read = read_settings(Path("calibra.toml")).judgments("judgments.csv")
    roles = ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at")
    scale = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90)})
    direct = Judgments.from_frame("judgments.csv", scale=scale, as_of="2026-09-30", columns={r: r for r in roles})
    assert read.binomial_cells().events.tolist() == direct.binomial_cells().events.tolist()


def test_demo_of_published_counts_says_where_they_are_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--data", "salvirt", "--out", "shown", "--verbose"]) == 0
    printed = capsys.readouterr().out
    assert "CC BY 4.0" in printed
    assert "Seller 20" in printed
    assert {path.name for path in Path("shown").iterdir()} == {
        "probabilities.png", "profiles.png", "bars.png", "thresholds.png", "granularity.png", "report.html",
        "report.ja.html",
    }  # fmt: skip


@pytest.mark.slow
def test_demo_runs_from_simulation_to_pictures_without_a_sampler(tmp_path: Path) -> None:
    heavy = ("pymc", "pytensor", "arviz", "nutpie", "xarray", "scipy.stats", "matplotlib.pyplot", "polars", "IPython")
    code = (
        "import sys; from calibra.cli.main import main; status = main(['demo', '--out', sys.argv[1]]);"
        f"print('loaded:', *[m for m in {heavy!r} if m in sys.modules]); sys.exit(status)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "shown")], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "6,000 prospects ranked by 20 reps" in run.stdout
    assert "Of the 100 90 % intervals of reps and ranks " in run.stdout
    assert len(run.stdout.rstrip().split("\n")) <= 26  # a screen, and the line of this test
    assert run.stdout.rstrip().endswith("loaded:")
    written = {path.name for path in (tmp_path / "shown").iterdir()}
    assert written == {
        "judgments.parquet", "probabilities-90.png", "profiles-90.png", "incidence.png", "lead-times.png", "bars.png",
        "thresholds.png", "granularity-90.png", "report.html", "report.ja.html", "stated-timing.png", "amounts.png",
        "rank-worth.png", "viewpoints.png", "effort.png",
    }  # fmt: skip


def test_help_shows_an_example_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom calibra.cli.main import main\n"
        "try: main(['fit', '--help'])\nexcept SystemExit: pass\n"
        "print('loaded:', *[m for m in ('numpy', 'pandas', 'rich', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "example:\n  calibra fit judgments.parquet" in run.stdout
    assert run.stdout.rstrip().endswith("loaded:")


def test_a_closed_pipe_ends_quietly(folder: Path) -> None:
    run = subprocess.run(
        f"'{sys.executable}' -m calibra demo --data salvirt | head -1", shell=True, capture_output=True, text=True
    )
    assert "Salvirt" in run.stdout
    assert run.stderr == ""


def test_the_margin_is_a_setting_of_the_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("calibra.toml").write_text(CONFIG.replace("[fit]", "[fit]\nmargin_odds = 1.6"), encoding="utf-8")
    assert main(["fit", "judgments.csv", "--out", "out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["margin_odds"] == 1.6
