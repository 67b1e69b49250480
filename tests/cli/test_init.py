"""`calibra init`: the settings it writes for every source that `fit` takes, and what it leaves to be filled in."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

import calibra as cb
from calibra.cli.config import Settings, read_settings
from calibra.cli.main import main

ROWS = pd.DataFrame({
    "Lead ID": ["1", "2", "3"], "Lead Owner": ["Abe", "Ito", "Abe"], "Rating": ["Hot", "Warm", "Hot"],
    "Created Date": ["2026-01-05", "2026-01-06", "2026-01-07"], "Amount": [1, 2, 3],
})  # fmt: skip
COLUMNS = {"prospect": "Lead ID", "rep": "Lead Owner", "rank": "Rating", "judged_at": "Created Date"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(source: str) -> str:
    assert main(["init", source, "--quiet"]) == 0
    return Path("calibra.toml").read_text(encoding="utf-8")


def filled(text: str) -> Settings:
    text = text.replace('prob = "?"', "prob = 0.6").replace('within_days = "?"', "within_days = 90")
    Path("calibra.toml").write_text(text, encoding="utf-8")
    return read_settings(Path("calibra.toml"), as_of="2026-09-30")


def test_every_source_that_fit_takes_has_its_settings_written() -> None:
    Path("leads").mkdir()
    ROWS.to_parquet("leads/a.parquet")
    ROWS.to_csv("leads.csv", index=False)
    with duckdb.connect("team.duckdb") as connection:
        connection.register("lent", ROWS)
        connection.execute("CREATE TABLE leads AS SELECT * FROM lent")
    for source in ("leads", "leads/*.parquet", "leads/a.parquet", "leads.csv", "duckdb://team.duckdb::leads"):
        reading = filled(init(source)).reading
        assert reading["columns"] == COLUMNS, source
        assert reading["scale"].ranks == ("Hot", "Warm")
        Path("calibra.toml").unlink()


def test_what_it_does_not_use_and_what_may_mean_something_else_is_said() -> None:
    ROWS.rename(columns={"Created Date": "date"}).to_csv("leads.csv", index=False)
    text = init("leads.csv")
    assert '# Not used: "date", "Amount"' in text
    assert 'judged_at = "?"' in text
    assert 'perhaps "date"?' in text
    with pytest.raises(cb.InputError, match=r'`columns.judged_at` is still "\?"'):
        filled(text)


def test_the_day_a_record_was_made_is_asked_about() -> None:
    ROWS.to_csv("leads.csv", index=False)
    assert "made on that day, or was the rank given later?" in init("leads.csv")


def test_a_second_column_that_reads_alike_is_named_beside() -> None:
    ROWS.assign(**{"Deal ID": ["7", "8", "9"]}).to_csv("leads.csv", index=False)
    (line,) = (line for line in init("leads.csv").splitlines() if line.startswith("prospect = "))
    assert '"Lead ID"' in line
    assert 'or "Deal ID"?' in line


def test_a_log_of_changes_is_taken_as_a_history_whose_outcomes_are_asked_for() -> None:
    log = pd.DataFrame(
        {"案件番号": ["1"], "変更者": ["阿部"], "旧ランク": ["B"], "新ランク": ["A"], "変更日時": ["2026-01-05"]}
    )
    log.to_csv("log.csv", index=False)
    text = init("log.csv")
    with pytest.raises(cb.InputError, match=r'`history.outcomes` is still "\?"'):
        filled(text)
    settings = filled(text.replace('outcomes = "?"', 'outcomes = "outcomes.csv"'))
    assert settings.history is not None
    assert settings.history["outcomes"] == "outcomes.csv"
    assert settings.reading["columns"] == {
        "prospect": "案件番号", "rep": "変更者", "rank": "新ランク", "changed_at": "変更日時",
    }  # fmt: skip


def test_days_are_read_off_the_label_of_a_rank() -> None:
    labels = ["A(3ヶ月以内)", "B(6ヶ月以内)", "A(3ヶ月以内)"]
    ROWS.assign(Rating=labels).to_csv("leads.csv", index=False)
    text = init("leads.csv").replace('prob = "?"', "prob = 0.6")
    Path("calibra.toml").write_text(text, encoding="utf-8")
    scale = read_settings(Path("calibra.toml"), as_of="2026-09-30").reading["scale"]
    assert scale.promises["A(3ヶ月以内)"].within_days == 90
    assert "# within_days = 180" in text


def test_a_percentage_and_a_score_are_named_beside_the_roles_that_they_may_play() -> None:
    ROWS.assign(**{"確度 (%)": [10, 50, 90], "AIスコア": [0.1, 0.5, 0.9]}).to_csv("leads.csv", index=False)
    text = init("leads.csv")
    assert '# stated_prob = "?"' in text
    assert 'not one that the stage sets; perhaps "確度 (%)"?' in text
    assert '0 to 1 or per cent; perhaps "AIスコア"?' in text
    assert set(filled(text).reading["columns"]) == set(COLUMNS)


@pytest.mark.parametrize(("labels", "are_percentages"), [
    (["10%", "50 %", "90％"], True), (["10", "50", "90"], True), (["1", "2", "3"], False), (["A", "B", "C"], False),
    (["5", "10", "200"], False),
])  # fmt: skip
def test_a_rank_whose_labels_are_percentages_is_said_to_read_as_such(labels: list[str], are_percentages: bool) -> None:
    ROWS.assign(確度=labels).drop(columns="Rating").to_csv("leads.csv", index=False)
    text = init("leads.csv")
    assert 'rank = "確度"' in text
    assert ("name their column as stated_prob" in text) == are_percentages
    assert filled(text).reading["columns"]["rank"] == "確度"
