"""The chapter on joint ratings: what is found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.joint_ratings.daily import explain_outcomes
from tests.chapters.phrases import english_left, plain, told_in_all_forms, unlike_phrases


@cache
def judgments() -> cb.Judgments:
    world = cb.simulate_judgments(seed=1, n_reps=6, n_prospects=1200)
    return cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


@cache
def world() -> cb.SimulatedJointRatings:
    return cb.simulate_joint_ratings(n_prospects=30, reps=judgments().reps, seed=3, leniency=(1.4, -1.4, 0, 0, 0, 0))


@cache
def calibrated() -> cb.Calibration:
    return cb.calibrate(
        judgments(), seed=1, engine="laplace", parts=["joint ratings"], joint_ratings=world().ratings, progress=False
    )


def told() -> list:
    return [finding for finding in calibrated().findings if finding.chapter == "joint_ratings"]


def test_who_gives_more_and_who_fewer_is_found_of_the_right_reps() -> None:
    first, second = judgments().reps[:2]
    found = {(finding.rep, finding.key) for finding in told()}
    assert (first, "joint_ratings.more") in found
    assert (second, "joint_ratings.fewer") in found


def test_a_finding_states_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [finding for finding in told() if finding.key == "joint_ratings.more"]
    row = calibrated().joint_ratings.fit.leniency().query("rank == 'A'").set_index("rep").loc[found.rep]
    own, others = (f"{100 * row[name]:.0f}" for name in ("share", "others"))
    assert f"{own} of 100, the others {others} (30 prospects" in plain(str(found))
    assert f"100社中{own}社、ほかの担当者は{others}社です（30社" in found.say("ja")


def test_words_are_the_same_in_both_languages_and_leave_no_english() -> None:
    assert unlike_phrases("joint_ratings") == []
    say = calibrated().page(lang="ja").say
    names = [*judgments().reps, "AC"]
    assert english_left(told_in_all_forms(told(), say), known=names) == []


def test_a_loaded_calibration_says_and_shows_the_same(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    assert loaded.findings == calibrated().findings
    shown = [name for name in calibrated().tables() if name.startswith("joint_ratings")]
    assert shown == ["joint_ratings", "joint_ratings_agreement", "joint_ratings_prospects", "joint_ratings_daily"]
    for name in shown:
        pd.testing.assert_frame_equal(loaded.tables()[name], calibrated().tables()[name])
    assert np.array_equal(loaded.joint_ratings.fit.ratings.rated, world().ratings.rated)
    assert loaded.joint_ratings.fit.ratings.prospects == world().ratings.prospects


def test_section_and_card_stand_in_the_report_of_both_languages(tmp_path: Path) -> None:
    english = calibrated().report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Of 100 prospects such as these, how many would each rep call A?" in english
    assert "What to talk about first" in english
    page = calibrated().report(tmp_path / "report.ja.html", lang="ja").read_text(encoding="utf-8")
    assert "目線合わせ" in page
    assert "まず話し合いたい先" in page


def test_under_pseudonyms_neither_reps_nor_prospects_are_named(tmp_path: Path) -> None:
    page = calibrated().report(tmp_path / "report.html", pseudonyms="a secret key").read_text(encoding="utf-8")
    assert not [name for name in (*judgments().reps, "prospect 0") if name in page]


def test_metrics_hold_every_number_once() -> None:
    rows = calibrated().metrics().query("chapter == 'joint_ratings'")
    assert not rows.duplicated(["scope", "rep", "rank", "of", "metric", "within_days"]).any()
    assert "joint_ratings.share" in set(rows["metric"])


def test_without_a_joint_rating_there_is_no_chapter_and_no_note() -> None:
    bare = cb.calibrate(judgments(), seed=1, engine="laplace", draws=200, parts=["joint ratings"], progress=False)
    assert "joint_ratings" not in bare.answered
    assert not [note for note in bare.notes if note.chapter == "joint_ratings"]


def test_too_few_shared_prospects_are_noted_and_lose_nothing_else() -> None:
    few = cb.simulate_joint_ratings(n_prospects=3, reps=judgments().reps, seed=1).ratings
    bare = cb.calibrate(
        judgments(), seed=1, engine="laplace", draws=200, parts=["joint ratings"], joint_ratings=few, progress=False
    )
    assert [note.key for note in bare.notes if note.chapter == "joint_ratings"] == ["joint_ratings.too_few"]
    assert "ranks" in bare.answered


def test_names_without_judgments_are_doubted_and_other_ranks_refused() -> None:
    other = cb.simulate_joint_ratings(n_prospects=8, reps=(*judgments().reps[:2], "Nobody"), seed=1).ratings
    found = cb.calibrate(
        judgments(), seed=1, engine="laplace", draws=200, parts=["joint ratings"], joint_ratings=other, progress=False
    )
    assert [str(note) for note in found.notes if note.key == "joint_ratings.strangers"] == [
        "Only in the joint rating, without a judgment of their own: Nobody. Is a name written in two ways?"
    ]
    three = cb.simulate_joint_ratings(n_prospects=8, seed=1, scale=cb.RankScale(["A", "B", "C"])).ratings
    with pytest.raises(cb.InputError, match="`joint_ratings` must be of the ranks of the judgments"):
        cb.calibrate(judgments(), seed=1, joint_ratings=three)


def test_the_picture_shows_every_rank_given() -> None:
    axes = cb.plot_joint_ratings(calibrated().joint_ratings.fit)
    marks = sum(len(points.get_offsets()) for points in axes.collections)
    assert marks == 30 * 6
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels[0] == f"{judgments().reps[0]} (n 30)"
    assert labels[-1] == f"{judgments().reps[1]} (n 30)"


def test_an_outcome_gap_is_the_bars_only_where_the_bar_is_lower() -> None:
    # outcomes as they are; the same joint rating with and without a bar of the rep that explains them
    ranks = next(iter(calibrated().ranks.values()))
    n = ranks.posterior.n_draws
    reps = judgments().reps
    alike = np.ones((n, len(reps), 4))
    found = explain_outcomes(reps, alike, ranks, np.log(1.25))
    assert all(one["bar_below"] == one["bar_above"] == 0.0 for one in found.values())
    low = max(reps, key=lambda rep: found[rep]["not_bar_below"])
    moved = alike.copy()
    moved[:, reps.index(low)] -= 2.0
    again = explain_outcomes(reps, moved, ranks, np.log(1.25))[low]
    assert again["bar_below"] == pytest.approx(found[low]["not_bar_below"], abs=0.02)
    assert again["not_bar_below"] < 0.02
