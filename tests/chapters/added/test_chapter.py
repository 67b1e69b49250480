"""The chapter on what is added to a score: found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from tests.chapters.added.worlds import read, team


@cache
def calibrated() -> cb.Calibration:
    frame = team(0.8)
    frame.loc[:49, "machine_prob"] = np.nan
    return cb.calibrate(read(frame), seed=1, engine="laplace", draws=400, parts=["added"], progress=False)


def test_that_the_rank_adds_is_said_with_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [found for found in calibrated().findings if found.key == "added.rank_adds"]
    fit = calibrated().added[90]
    rows = fit.predict(found.values["score"].share).set_index("level")
    low, high = (100 * rows.loc[rank, "estimate"] for rank in ("C", "A"))
    english = str(found).replace("\N{NO-BREAK SPACE}", " ")
    assert f"A means {high:.0f} % (" in english
    assert f"C means {low:.0f} % (" in english
    assert english.startswith("The rank adds to the machine's score: at a score of ")
    assert f"({int(fit.n.sum()):,} judgments, " in english
    japanese = found.say("ja")
    assert f"Aで{high:.0f}%" in japanese
    assert f"Cで{low:.0f}%" in japanese


def test_judgments_without_a_score_are_counted_in_a_note() -> None:
    told = [str(note) for note in calibrated().notes if note.key.startswith("added.")]
    assert told == [
        "Noted: 50 of 2,400 judgments at least 90 days old lack the machine's score, or the percentage that is "
        "compared with it: left out of what is said of what is added."
    ]


def test_without_a_score_or_percentages_nothing_is_asked() -> None:
    frame = team(0.8, n=400)
    calibration = cb.calibrate(
        read(frame, "machine_prob"), seed=1, engine="laplace", draws=100, parts=["added"], progress=False
    )
    assert "added" not in calibration.answered
    alone = team(0.8, n=400, stated=0.5).assign(rank="A")  # percentages and one rank: nothing to compare, no note
    calibration = cb.calibrate(
        read(alone, "machine_prob"), seed=1, engine="laplace", draws=100, parts=["added"], progress=False
    )
    assert "added" not in calibration.answered
    assert not [note for note in calibration.notes if note.key.startswith("added.")]


def test_a_score_without_a_value_is_a_note_and_the_rest_is_answered() -> None:
    frame = team(0.8, n=400).assign(machine_prob=None)
    calibration = cb.calibrate(read(frame), seed=1, engine="laplace", draws=100, parts=["added"], progress=False)
    assert [note.key for note in calibration.notes] == ["added.failed"]
    assert "has `machine_prob`" in str(calibration.notes[0])
    assert list(calibration.ranks) == [90]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("What the reps add to the machine's score", "Score alone", "score and rank, over score alone")),
        ("ja", ("AIスコアに担当者の読みが加える情報", "スコアのみ", "スコアとランク（スコアのみに対して）")),
    ],
)
def test_the_page_shows_the_curves_and_what_is_gained(lang: str, words: tuple[str, ...], tmp_path: Path) -> None:
    page = calibrated().report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8").replace("&#39;", "'")
    for word in words:
        assert word in page
    gains = calibrated().added[90].gains().iloc[0]
    assert f"{100 * gains['gain']:.2f}" in page


def test_a_file_gives_the_same_tables_and_findings(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    for name in ("gains", "by_rep"):
        pd.testing.assert_frame_equal(getattr(loaded.added[90], name)(), getattr(calibrated().added[90], name)())
    counts = (each.judgments.signal_counts().table for each in (loaded, calibrated()))
    pd.testing.assert_frame_equal(*counts)
    assert list(map(str, loaded.findings)) == list(map(str, calibrated().findings))
    with pytest.raises(cb.InputError, match="signal_counts of another horizon` needs rows"):
        loaded.judgments.signal_counts(horizons=[30])


def test_the_picture_draws_the_score_alone_and_every_rank() -> None:
    fit = calibrated().added[90]
    axes = cb.plot_added(fit)
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines)[:4] == ["as the score says", "A", "B", "C"]
    at = lines["A"].get_xdata()[50] / 100
    assert lines["A"].get_ydata()[50] == pytest.approx(100 * fit.predict(at).set_index("level").loc["A", "estimate"])
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["as the score says", "A", "B", "C", "bands: 90% intervals", "score alone (n 2,350)"]
    with pytest.raises(cb.InputError, match=r"This picture draws a AddedFit|This picture draws an AddedFit"):
        cb.plot_added(calibrated())


def test_metrics_hold_every_gain_and_every_rep_under_a_name_of_its_own() -> None:
    metrics = calibrated().metrics()
    own = metrics[metrics["chapter"] == "added"]
    gain = own[own["metric"] == "added_gains.gain"]
    assert gain["of"].tolist() == ["rank, base"]
    assert gain["lower"].item() == pytest.approx(calibrated().added[90].gains()["gain_lower"].item())
    assert (own["metric"] == "added_by_rep.odds").sum() == 7
    named = own[own["metric"].str.startswith("added_")]
    assert not named.duplicated(["metric", "rep", "within_days", "of"]).any()


def test_without_a_score_no_fit_and_no_note_speaks_of_one() -> None:
    frame = team(0.8, n=600, stated=0.5)
    frame.loc[:49, "stated_prob"] = np.nan
    found = cb.calibrate(
        read(frame, "machine_prob"), seed=1, engine="laplace", draws=100, parts=["added"], progress=False
    )
    fits = [str(name) for name, _ in found.named_fits() if "percentage" in str(name) or "score" in str(name)]
    assert fits == [
        "neither rank nor percentage within 90 days",
        "the percentage alone within 90 days",
        "rank and percentage within 90 days",
    ]
    (note,) = [note for note in found.notes if note.key.startswith("added.")]
    assert "50 of 600 judgments" in str(note)
    assert "score" not in str(note)
    assert "スコア" not in note.say("ja")


def test_why_there_is_no_answer_is_the_chapters_own_reason_or_the_column_it_lacks() -> None:
    frame = team(0.8, n=600)
    found = cb.calibrate(read(frame, "machine_prob"), seed=1, engine="laplace", draws=100, progress=False)
    with pytest.raises(cb.NotEnoughDataError, match="No column is mapped as `machine_prob` or `stated_prob`"):
        _ = found.added
    with pytest.raises(cb.NotEnoughDataError, match="No column is mapped as `amount`"):
        _ = found.value


@pytest.mark.parametrize(("lang", "lowest"), [("en", "−0."), ("ja", "−0.")])
def test_gains_below_nothing_have_the_minus_of_every_other_number(lang: str, lowest: str, tmp_path: Path) -> None:
    frame = team(0.0, n=600, stated=0.0)
    found = cb.calibrate(read(frame), seed=1, engine="laplace", draws=100, parts=["added"], progress=False)
    assert (found.added[90].gains()["gain_lower"] < -0.00005).any()
    page = found.report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
    section = page[page.index('id="added"') :]
    section = section[: section.index("</section>")]
    assert lowest in section
    assert "-0." not in section.partition("<table")[2]


@pytest.mark.parametrize("every", [False, True])
def test_where_nothing_comes_or_everything_it_cannot_be_told_what_the_rank_adds(every: bool) -> None:
    frame = team(0.0, n=600)
    frame["event_at"] = frame["judged_at"] + pd.Timedelta(days=20) if every else pd.NaT
    found = cb.calibrate(read(frame), seed=1, engine="laplace", draws=400, parts=["added"], progress=False)
    assert [said.key for said in found.findings if said.key.startswith("added.rank_")] == ["added.rank_unknown"]
