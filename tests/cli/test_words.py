"""The shell speaks of settings and columns, where the library speaks of arguments and roles."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from calibra.cli.main import main
from calibra.cli.words import ShellWords, toml_text

COLUMNS = {"prospect": "案件ID", "rep": "担当者", "rank": "ランク", "judged_at": "判定日", "event_at": "商談化日"}
SETTINGS = """
as_of = 2026-09-30
problems = "{problems}"
columns = {{ prospect = "案件ID", rep = "担当者", rank = "ランク", judged_at = "判定日", event_at = "商談化日" }}
scale = {{ ranks = ["A", "B"] }}
promises = {{ A = {{ prob = 0.5, within_days = 30 }} }}
"""


@pytest.fixture
def mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty sound rows, and one each: a wide spelling, a label nobody knows, two odd days, a row twice."""
    n = 60
    rows = {
        "案件ID": [f"案件{i}" for i in range(n)], "担当者": ["鈴木\u3000健", "Abe"] * (n // 2),
        "ランク": ["A", "B"] * (n // 2), "判定日": ["2026-01-05"] * n, "商談化日": ["2026-02-01", None] * (n // 2),
    }  # fmt: skip
    rows["ランク"][2], rows["ランク"][4] = "Ａ\u3000", 'quite "hot"'
    rows["判定日"][6], rows["商談化日"][8] = "5.1.2026", "2025-12-31"
    frame = pd.DataFrame(rows)
    pd.concat([frame, frame.iloc[[10]]]).to_csv(tmp_path / "crm.csv", index=False)
    for problems in ("raise", "set_aside"):
        (tmp_path / f"{problems}.toml").write_text(SETTINGS.format(problems=problems), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_problems_of_rows_are_told_by_columns_and_settings(mistakes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "crm.csv", "--config", "raise.toml"]) == 2
    told = capsys.readouterr().err
    for words in (
        "`rank` (column 'ランク') must be one of A, B",
        "案件ID '案件2' 'Ａ\u3000'",
        r"""Map them under [rank_labels] in raise.toml, a line each: `"quite \"hot\"" = "?"`, `"Ａ　" = "A"`, with""",
        "案件ID '案件6' 判定日 '5.1.2026', 商談化日 '2026-02-01'",
        "where the year comes last, write the year first",
        "`event_at` (column '商談化日') must not be before `judged_at` (column '判定日')",
        "案件ID '案件10' by '鈴木\u3000健' on 2026-01-05",
        "can be left out with `check_duplicates = false` in raise.toml.",
        'Or leave such rows out with `problems = "set_aside"` in raise.toml:',
    ):
        assert words in told
    for python in ("rank_labels={", 'problems="', "=False", r"\u3000", "judged_at '"):
        assert python not in told


def test_rows_set_aside_are_told_by_columns_and_point_to_check(
    mistakes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "crm.csv", "--config", "set_aside.toml"]) == 0
    printed = capsys.readouterr()
    assert printed.err.rstrip().endswith("; `calibra check` says which")
    told = printed.out.replace("\n", " ")
    assert "under [rank_labels] in set_aside.toml" in told
    assert "判定日 '5.1.2026'" in told


def test_the_lines_the_shell_proposes_for_rank_labels_are_toml(
    mistakes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", "crm.csv", "--config", "raise.toml"])
    told = capsys.readouterr().err.split("a line each: ")[1].split(", with the rank")[0]
    lines = "\n".join(told.strip("`").split("`, `"))
    assert tomllib.loads(lines) == {'quite "hot"': "?", "Ａ\u3000": "A"}


@pytest.mark.parametrize(
    ("python", "shell"),
    [
        ("Fit with engine='nuts'.", 'Fit with `engine = "nuts"` under [fit] in team.toml.'),
        ("Fit with more draws (draws=4000) and", "Fit with more draws (`draws = 4000` under [fit] in team.toml) and"),
        ("be given, such as encoding='cp932'.", 'be given, such as `encoding = "cp932"` in team.toml.'),
        ("`columns` must say", "[columns] must say"),
        ("outcomes: `outcome_columns` must say", "outcomes: `columns` under [history] must say"),
        (
            "`landmark` is the day of mode='landmark' and of no other; got mode='landmark', landmark=None.",
            "`landmark` is missing: it is the day of `mode`, and stands beside it under [history] in team.toml.",
        ),
        ("the role `rep` is missing; add `'rep': <column>`.",
         'the role `rep` is missing; write `rep = "your column"` under [columns] in team.toml.'),
        ("nothing to mend here: a = b", "nothing to mend here: a = b"),
        ("prospect 'seed=7', horizons=[,]", "prospect 'seed=7', horizons=[,]"),  # a name may look like anything
        ('the rep\'s "draws=9" of seed=7', 'the rep\'s "draws=9" of `seed = 7` under [fit] in team.toml'),
        (r"with `rank_labels={'\x': 'A'}`", r"with `rank_labels={'\x': 'A'}`"),
    ],
)  # fmt: skip
def test_arguments_become_settings(python: str, shell: str) -> None:
    assert ShellWords("team.toml")(python) == shell


def test_roles_of_outcomes_stand_for_columns_of_the_outcomes() -> None:
    words = ShellWords(columns={"prospect": "lead"}, outcome_columns={"prospect": "id", "event_at": "won"})
    assert words("- missing changed_at: x, in 1 row (prospect 'p1')") == "- missing changed_at: x, in 1 row (lead 'p1')"
    told = words("- outcome told twice: x, in 1 row (prospect 'p1' event_at '1')")
    assert told == "- outcome told twice: x, in 1 row (id 'p1' won '1')"
    assert words("- outcome told twice: x, in 2 prospects (prospect 'p1')").endswith("in 2 prospects (id 'p1')")


def test_a_column_called_as_its_role_is_not_named_twice() -> None:
    assert ShellWords(columns={"rep": "rep"})("`rep` must name who judged") == "`rep` must name who judged"
    said = "`rank` (column 'Rang') must hold text"
    assert ShellWords(columns={"rank": "Rang"})(said) == said


@pytest.mark.parametrize("label", ["plain", 'a "b" \\ c', "Ａ\u3000", "new\nline\x1b[31m\u202e"])
def test_labels_are_written_as_toml_that_reads_back(label: str) -> None:
    written = toml_text(label)
    assert tomllib.loads(f"label = {written}") == {"label": label}
    assert written.isprintable() or written.replace("\u3000", "").isprintable()


@pytest.mark.parametrize("module", ["calibra", "calibra.cli.main"])
def test_both_ways_of_running_the_module_print_help(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: calibra")


# init -----------------------------------------------------------------------------------------------------------------


def proposed(labels: dict[str, int], folder: Path) -> tuple[dict[str, object], str]:
    """What `init` proposes for a file with so many rows of each label: its settings, and its text."""
    rows = [label for label, n in labels.items() for _ in range(n)]
    pd.DataFrame({"lead": range(len(rows)), "rank": rows}).to_csv(folder / "crm.csv", index=False)
    path = folder / "calibra.toml"
    assert main(["init", str(folder / "crm.csv"), "--config", str(path), "--quiet"]) == 0
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(text), text


def test_init_leaves_labels_that_hardly_any_row_carries_out_of_the_scale(tmp_path: Path) -> None:
    settings, text = proposed({"A": 300, "B": 500, "C": 700, "X": 3, "?": 1}, tmp_path)
    assert settings["scale"] == {"ranks": ["A", "B", "C"]}
    assert list(settings["promises"]) == ["A"]
    assert 'hardly any of the 1,504 rows read carries it: "X" (3 rows), "?" (1 row).' in text
    assert "# A rank after all? Add it above." in text
    assert "rank_labels" not in settings


@pytest.mark.parametrize(
    ("labels", "ranks"),
    [
        ({"A": 500, "B": 700, "C": 600, "D": 400, "E": 300, "S": 5}, list("ABCDE")),  # S might stand before A
        ({"A": 2, "B": 5, "C": 500, "D": 900}, ["C", "D"]),
        ({"A+": 4, "A": 500, "B": 900}, ["A", "B"]),
        ({"1": 3, "2": 700, "3": 700, "9": 3}, ["2", "3"]),
    ],
    ids=["S", "run", "plus", "numbers"],
)
def test_init_names_every_rare_label_with_its_count_whatever_it_is(
    labels: dict[str, int], ranks: list[str], tmp_path: Path
) -> None:
    settings, text = proposed(labels, tmp_path)
    assert settings["scale"] == {"ranks": ranks}
    assert list(settings["promises"]) == [ranks[0]]
    for label in labels.keys() - set(ranks):
        assert f'"{label}" ({labels[label]} rows)' in text
        assert f"[promises.{label}]" not in text


@pytest.mark.parametrize(
    ("labels", "ranks"),
    [
        ({"A": 5000, "B": 5000, "later": 20}, ["A", "B", "later"]),  # 20 rows are no slip, few though they are
        ({"A": 20, "B": 20, "X": 1}, ["A", "B", "X"]),  # 1 of 41: too few rows to call anything rare
    ],
    ids=["twenty", "small"],
)
def test_init_keeps_labels_that_are_not_rare(labels: dict[str, int], ranks: list[str], tmp_path: Path) -> None:
    assert proposed(labels, tmp_path)[0]["scale"] == {"ranks": ranks}


def test_init_says_what_to_do_and_names_the_file_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"lead": ["x"], "rank": ["A"]}).to_csv("our leads.csv", index=False)
    assert main(["init", "our leads.csv"]) == 0
    told = capsys.readouterr().out.replace("\n", " ")
    assert "then: calibra check 'our leads.csv' --config calibra.toml" in told
    assert "take the # off then, of event_at above all" in " ".join(told.split())
    assert '# event_at = "?"' in Path("calibra.toml").read_text(encoding="utf-8")
    assert "take the # off the line" in Path("calibra.toml").read_text(encoding="utf-8")
    assert main(["init", "other.toml"]) == 0
    assert "calibra check FILE --config other.toml" in capsys.readouterr().out.replace("\n", " ")


def test_init_proposes_other_spellings_of_a_rank_as_rank_labels(tmp_path: Path) -> None:
    settings, text = proposed({"A": 300, "B": 500, "Ａ": 4, "b ": 90}, tmp_path)
    assert settings["scale"] == {"ranks": ["A", "B"]}
    assert settings["rank_labels"] == {"Ａ": "A", "b ": "B"}
    assert "differ in case, width or blanks alone: check each line" in text
