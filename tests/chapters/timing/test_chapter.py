"""The chapter on stated dates: what is found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.reading.means import ALL_REPS
from tests.chapters.timing.worlds import draw_team, read


@cache
def frame() -> pd.DataFrame:
    factor = np.array([1.9, 0.5, 1, 1, 1, 1, 1, 1])
    return draw_team(np.random.default_rng(3), n_reps=8, each=250, factor=factor, longest_days=1200)


@cache
def calibrated() -> cb.Calibration:
    return cb.calibrate(read(frame()), seed=1, engine="laplace", parts=["timing"], progress=False)


def test_whose_dates_run_over_and_whose_come_early_is_found_of_the_right_reps() -> None:
    told = {(found.rep, found.side) for found in calibrated().findings if found.chapter == "timing" and found.rep}
    assert told == {("rep 00", "below"), ("rep 01", "above")}


def test_a_finding_states_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [found for found in calibrated().findings if found.chapter == "timing" and found.rep == "rep 00"]
    row = calibrated().timing.bias().set_index("rep").loc["rep 00"]
    factor = "{:.2f} ({:.2f}–{:.2f})".format(*(row[f"factor{end}"] for end in ("", "_lower", "_upper")))
    said = str(found).replace("\N{NO-BREAK SPACE}", " ")
    assert f"take {factor} times the days stated or more, with the others {row['others']:.2f}" in said
    assert f"{row['factor']:.2f}（{row['factor_lower']:.2f}〜{row['factor_upper']:.2f}）倍以上" in found.say("ja")
    assert found.say("ja", event="opportunity").startswith("rep 00さん：")


def test_a_loaded_calibration_says_the_same(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    pd.testing.assert_frame_equal(loaded.timing.shares(), calibrated().timing.shares())
    pd.testing.assert_frame_equal(loaded.timing.bias(), calibrated().timing.bias())
    assert loaded.findings == calibrated().findings


def test_section_and_card_stand_in_the_report(tmp_path: Path) -> None:
    page = calibrated().report(tmp_path / "report.html", lang="ja").read_text(encoding="utf-8")
    assert "時期の読みと実績" in page
    assert "あなたの時期の読みの結果" in page
    english = calibrated().report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What became of stated dates, up to 3 times the days stated" in english
    assert "What became of your stated dates" in english


def test_who_states_no_date_is_counted_and_doubted_where_they_are_many() -> None:
    some = frame().copy()
    some.loc[some.index % 4 != 0, "expected_at"] = pd.NaT
    told = cb.calibrate(read(some), seed=1, engine="laplace", parts=["timing"], progress=False)
    notes = {note.key: note for note in told.notes}
    assert notes["timing.not_stated"].values["n"] == 1500
    assert "Only 500 of 2,000 judgments (25 %) state a date" in str(notes["timing.few_stated"]).replace("\xa0", " ")


def test_a_default_of_the_form_is_told_and_is_no_answer() -> None:
    same = frame().assign(expected_at=frame()["judged_at"] + pd.Timedelta(90, "D"))
    told = cb.calibrate(read(same), seed=1, engine="laplace", parts=["timing"], progress=False)
    assert "timing" not in told.answered
    assert any("a default of the form" in str(note) for note in told.notes)


def test_without_dates_there_is_no_chapter_and_no_note() -> None:
    told = cb.calibrate(read(frame().drop(columns="expected_at")), seed=1, engine="laplace", parts=["timing"])
    assert "timing" not in told.answered
    assert not [note for note in told.notes if note.chapter == "timing"]


def test_the_picture_shows_all_reps_and_a_rep_with_their_numbers() -> None:
    axes = cb.plot_stated_timing(calibrated().timing, rep="rep 00")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["on time", f"{ALL_REPS} (n 2,000, band 90% interval)", "rep 00 (n 250, band 90% interval)"]
    everyone, own = (line.get_ydata()[-1] for line in axes.lines)
    shares = calibrated().timing.bias().set_index("rep")["event_share"]
    assert [everyone, own] == pytest.approx([100 * shares[ALL_REPS], 100 * shares["rep 00"]], rel=1e-6)
    with pytest.raises(cb.InputError, match="`rep` must be one of the reps"):
        cb.plot_stated_timing(calibrated().timing, rep="nobody")
