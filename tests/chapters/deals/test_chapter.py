"""The chapter on deals: what is found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.cli.main import main
from tests.chapters.deals.test_model import world
from tests.chapters.phrases import english_left, plain, told_in_all_forms, unlike_phrases

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, within_days=90), "B": cb.Promise(0.2, within_days=90)})


def judged() -> cb.Judgments:
    rows = [("Sato", "A", 10, 6), ("Sato", "B", 20, 4), ("Mori", "A", 12, 5), ("Mori", "B", 20, 2)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    return cb.Judgments.from_counts(frame, scale=SCALE, within_days=90)


@cache
def calibrated() -> cb.Calibration:
    deals = world()[1]
    return cb.calibrate(judged(), seed=1, engine="laplace", parts=["deals"], deals=deals, draws=400, progress=False)


def test_what_is_found_is_of_the_right_rep() -> None:
    told = {(found.rep, found.key) for found in calibrated().findings if found.chapter == "deals" and found.rep}
    (name,) = [rep for rep, factor in world()[0].overstated.items() if factor > 1.2]
    assert (name, "deals.too_much") in told
    assert {rep for rep, key in told if key == "deals.too_much"} == {name}


def test_a_finding_states_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [found for found in calibrated().findings if found.key == "deals.too_much"]
    row = calibrated().deals.fit.amounts().set_index("rep").loc[found.rep]
    each = "{:.0f} % ({:.0f}–{:.0f})".format(*(100 * row[f"typical_ratio{end}"] for end in ("", "_lower", "_upper")))
    assert (
        f"of 100 stated of a deal that is won typically {each} are paid, of the others' {100 * row['others']:.0f}"
        in plain(str(found))
    )
    assert "読みの金額が受注金額より大きめ" in found.say("ja")


def test_words_are_the_same_in_both_languages_and_leave_no_english() -> None:
    assert unlike_phrases("deals") == []
    say = calibrated().page(lang="ja").say
    told = told_in_all_forms([found for found in calibrated().findings if found.chapter == "deals"], say)
    assert english_left(told, known=tuple(world()[0].overstated)) == []


def test_a_loaded_calibration_says_the_same(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    names = [name for name in calibrated().tables() if name.startswith("deals")]
    assert names == ["deals", "deals_pushes", "deals_total", "deals_amounts", "deals_ratios"]
    for name in names:
        pd.testing.assert_frame_equal(loaded.tables()[name], calibrated().tables()[name])
    assert loaded.findings == calibrated().findings
    pd.testing.assert_frame_equal(loaded.deals.ask(world()[1]), calibrated().deals.ask(world()[1]))


def test_the_section_stands_in_the_report_and_hides_names_of_reps_who_judge_no_prospects(tmp_path: Path) -> None:
    english = calibrated().report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What becomes of a forecast by the close of its period, all reps" in english
    japanese = calibrated().report(tmp_path / "report.ja.html", lang="ja", pseudonyms="a secret key")
    text = japanese.read_text(encoding="utf-8")
    assert "今月の読み" in text
    assert not [rep for rep in world()[0].overstated if rep in text]


def test_metrics_hold_every_number_once() -> None:
    rows = calibrated().metrics().query("chapter == 'deals'")
    assert not rows.duplicated(["scope", "rep", "rank", "of", "metric", "within_days"]).any()
    assert {"deals.pushed", "deals_amounts.ratio_of_totals", "deals_total"} <= set(rows["metric"])


def test_what_was_left_out_is_noted() -> None:
    notes = {note.key: note for note in calibrated().notes}
    told = world()[1].told()
    assert notes["deals.told_hindsight"].values["n"] == told["n_hindsight"] > 0


def test_mass_updates_and_defaults_of_a_form_are_doubted() -> None:
    made = world()[0]
    ended = dict(zip(made.outcomes["deal"], made.outcomes["won_on"].fillna(made.outcomes["lost_on"]), strict=True))
    opened = made.statements[made.statements["said_on"] < "2026-03-31"].drop_duplicates("deal")
    opened = opened[[ended.get(deal, "9999") > "2026-04-01" for deal in opened["deal"]]]
    log = pd.concat([made.statements, opened.assign(said_on="2026-04-01", expected_on="2026-06-30")])
    deals = cb.Deals.from_frames(log, made.outcomes, **made.reading)
    found = cb.calibrate(judged(), seed=1, engine="laplace", parts=["deals"], deals=deals, draws=200, progress=False)
    assert [note.key for note in found.notes if note.chapter == "deals" and note.role == "doubt"] == ["deals.at_once"]


def test_without_deals_there_is_no_chapter_and_no_note() -> None:
    told = cb.calibrate(judged(), seed=1, engine="laplace", parts=["deals"], draws=200, progress=False)
    assert "deals" not in told.answered
    assert not [note for note in told.notes if note.chapter == "deals"]


def test_a_log_of_last_values_is_noted_and_is_no_answer() -> None:
    made = world()[0]
    deals = cb.Deals.from_frames(made.statements.drop_duplicates("deal", keep="last"), made.outcomes, **made.reading)
    told = cb.calibrate(judged(), seed=1, engine="laplace", parts=["deals"], deals=deals, draws=200, progress=False)
    assert "deals" not in told.answered
    assert any("the last values that a CRM writes at the close" in str(note) for note in told.notes)


def test_the_pictures_show_the_numbers_of_the_tables() -> None:
    answer = calibrated().deals
    axes = cb.plot_total(answer.total)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["90% interval", "50% interval", "likely", "stated"]
    table = answer.total.table().query("part == 'total' and rep != '(all reps)' and stated > 0")
    np.testing.assert_allclose(axes.collections[2].get_offsets()[:, 0], table["estimate"])
    np.testing.assert_allclose(axes.collections[3].get_offsets()[:, 0], table["stated"])
    moved = cb.plot_forecasts(answer.fit)
    shown = answer.fit.forecasts().query("category == '(all categories)'")
    np.testing.assert_allclose(moved.collections[1].get_offsets()[:, 0], 100 * shown["pushed"])
    with pytest.raises(cb.InputError, match="DealFit"):
        cb.plot_forecasts(answer)  # type: ignore[arg-type]


SETTINGS = """as_of = {day}
[columns]
prospect = "prospect"
rep = "rep"
rank = "rank"
judged_at = "judged_at"
event_at = "event_at"
[scale]
ranks = ["A", "B", "C", "D", "E"]
[promises.A]
prob = 0.6
within_days = 90
[fit]
engine = "laplace"
draws = 200
[deals]
statements = "statements.csv"
outcomes = "deals.csv"
columns = {{ deal = "deal", rep = "rep", judged_at = "said_on", expected_at = "expected_on", stated_amount = "amount" }}
outcome_columns = {{ deal = "deal", won_at = "won_on", lost_at = "lost_on", amount = "amount" }}
"""


def test_from_the_shell_deals_are_read_beside_the_judgments_and_whom_to_ask_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    judged, said = (
        cb.simulate_judgments(seed=1, n_reps=4, n_prospects=600),
        cb.simulate_deals(seed=1, n_reps=4, n_months=9),
    )
    judged.frame.to_csv("judgments.csv", index=False)
    said.statements.to_csv("statements.csv", index=False)
    said.outcomes.to_csv("deals.csv", index=False)
    Path("calibra.toml").write_text(SETTINGS.format(day=said.as_of), encoding="utf-8")
    assert main(["fit", "judgments.csv", "--out", "results", "--quiet"]) == 0
    asked = pd.read_csv("results/deals_to_ask_about.csv")
    still_open = set(said.statements["deal"]) - set(
        said.outcomes.dropna(subset=["won_on", "lost_on"], how="all")["deal"]
    )
    assert len(asked) > 0
    assert set(asked["deal"]) <= still_open
    assert asked["prob_won"].between(0.0, 1.0).all()
    assert main(["report", "results", "--quiet"]) == 0
    assert 'id="deals"' in Path("results/report.html").read_text(encoding="utf-8")
    Path("calibra.toml").write_text(
        SETTINGS.format(day=said.as_of).replace('outcomes = "deals.csv"', 'outcome = "deals.csv"'), encoding="utf-8"
    )
    assert main(["fit", "judgments.csv", "--out", "results", "--quiet"]) == 2
    assert "deals.outcomes" in capsys.readouterr().err
