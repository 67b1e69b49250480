"""The chapter on contacts: what is found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from tests.chapters.effort.worlds import draw_team, read
from tests.chapters.phrases import english_left, plain, told_in_all_forms, unlike_phrases

PARTS = ["granularity", "effort"]


@cache
def frame() -> pd.DataFrame:
    found = np.array([0.35, 2.2, 1, 1, 1, 1, 1, 1])
    return draw_team(np.random.default_rng(3), n_reps=8, each=250, found=found, quits=np.full(8, 0.7))


def calibrate(given: pd.DataFrame) -> cb.Calibration:
    return cb.calibrate(read(given), seed=1, engine="laplace", parts=PARTS, progress=False)


@cache
def calibrated() -> cb.Calibration:
    return calibrate(frame())


def test_who_takes_more_and_who_fewer_contacts_is_found_of_the_right_reps() -> None:
    told = {(found.rep, found.side) for found in calibrated().findings if found.chapter == "effort" and found.rep}
    assert told == {("rep 00", "below"), ("rep 01", "above")}


def test_a_finding_states_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [found for found in calibrated().findings if found.key == "effort.more"]
    row = calibrated().effort.fit.activity().set_index("rep").loc["rep 00"]
    each = "{:.1f} ({:.1f}–{:.1f})".format(*(row[f"contacts_per_event{end}"] for end in ("", "_lower", "_upper")))
    assert f"for one of the events: {each}, the others {row['others']:.0f} (" in plain(str(found))
    assert f"{row['contacts_per_event']:.1f}（" in found.say("ja")


def test_the_hand_back_that_is_told_is_that_of_the_table() -> None:
    (found,) = [found for found in calibrated().findings if found.key == "effort.hand_back"]
    row = calibrated().effort.advice.table.iloc[0]
    assert found.values["cap"] == row["stop_after"]
    told = plain(str(found))
    assert f"brought {row['events_lost']} of {row['events']} events" in told
    assert f"would have saved {row['contacts_saved']:,} contacts" in told


def test_what_more_contacts_would_bring_is_never_promised() -> None:
    (pilot,) = [found for found in calibrated().findings if found.key == "effort.pilot"]
    assert pilot.role == "unknown"
    size, better = pilot.values["size"], pilot.values["most"].share  # type: ignore[union-attr]
    assert size == cb.pilot_size(0.02, better)
    assert str(pilot).startswith("What more contacts would bring is not known")


def test_words_are_the_same_in_both_languages_and_leave_no_english() -> None:
    assert unlike_phrases("effort") == []
    say = calibrated().page(lang="ja").say
    told = told_in_all_forms([found for found in calibrated().findings if found.chapter == "effort"], say)
    assert english_left(told, known=("rep",)) == []


def test_a_loaded_calibration_says_the_same(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    for name, table in calibrated().tables().items():
        if name.startswith("effort"):
            pd.testing.assert_frame_equal(loaded.tables()[name], table)
    assert loaded.findings == calibrated().findings


def test_section_and_card_stand_in_the_report(tmp_path: Path) -> None:
    page = calibrated().report(tmp_path / "report.html", lang="ja").read_text(encoding="utf-8")
    assert "行動量と商談化" in page
    assert "商談化1件あたりのあなたの接触" in page
    english = calibrated().report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What a hand-back after so many contacts would have done" in english
    assert "contacts for one of your opportunities, of all reps" in english


def test_metrics_hold_every_number_once() -> None:
    rows = calibrated().metrics().query("chapter == 'effort'")
    assert not rows.duplicated(["scope", "rep", "rank", "of", "metric", "within_days"]).any()
    assert {"effort.contacts_per_event", "effort_caps.share_lost"} <= set(rows["metric"])


def test_whose_contacts_are_not_known_is_counted_and_doubted_where_they_are_many() -> None:
    some = frame().copy()
    some["touches"] = some["touches"].where(some.index % 4 == 0)
    notes = {note.key: note for note in calibrate(some).notes}
    assert notes["effort.not_known"].values["n"] == 1500
    assert "Only of 500 of 2,000 judgments (25 %)" in plain(str(notes["effort.few_known"]))


def test_a_default_of_the_form_is_told_and_is_no_answer() -> None:
    told = calibrate(frame().assign(touches=3))
    assert "effort" not in told.answered
    assert any("a default of a form" in str(note) for note in told.notes)


def test_without_contacts_there_is_no_chapter_and_no_note() -> None:
    told = calibrate(frame().drop(columns="touches"))
    assert "effort" not in told.answered
    assert not [note for note in told.notes if note.chapter == "effort"]
    assert any(found.chapter == "granularity" for found in told.findings)


def test_where_nobody_was_given_up_that_is_noted() -> None:
    notes = [note.key for note in calibrate(frame().drop(columns="exit_at")).notes]
    assert "effort.never_stopped" in notes


def test_the_picture_shows_both_lines_with_their_numbers() -> None:
    fit = calibrated().effort.fit
    axes = cb.plot_yield(fit, rep="rep 00")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["as worked (band 90% interval)", "if all were worked, at most (band 90% interval)"]
    table = fit.yields([6]).set_index("rep").loc["rep 00"]
    told = [line.get_ydata()[6] for line in axes.lines]
    assert told == pytest.approx([100 * table["as_worked"], 100 * table["if_all_worked"]], rel=1e-6)
    with pytest.raises(cb.InputError, match="`rep` must be one of the reps"):
        cb.plot_yield(fit, rep="nobody")
