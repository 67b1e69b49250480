"""The chapter on stated percentages: what is found, said in both languages, shown, saved and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.stated.findings import findings
from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.rows import Stated
from calibra.reading.means import ALL_REPS
from calibra.values import Given
from tests.chapters.stated.test_model import s_shape
from tests.chapters.stated.worlds import LOG_ODDS, STATED, cells_of, fit_cells, logistic, team

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, 90), "B": cb.Promise(0.3, 90)})


def read(frame: pd.DataFrame, *, stated: bool = True) -> cb.Judgments:
    columns = {name: name for name in frame if stated or name != "stated_prob"}
    return cb.Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=columns)


@cache
def calibrated() -> cb.Calibration:
    return cb.calibrate(read(team()), seed=1, engine="laplace", parts=["stated"], progress=False)


def test_who_states_too_high_or_low_too_extreme_or_timid_is_found_of_the_right_reps() -> None:
    told = {(found.key, found.rep) for found in calibrated().findings if found.key.startswith("stated.") and found.rep}
    right = {
        ("stated.too_high", "rep 0"),
        ("stated.too_low", "rep 1"),
        ("stated.too_extreme", "rep 2"),
        ("stated.too_timid", "rep 3"),
    }
    assert right <= told
    honest = {f"rep {i}" for i in range(4, 8)}
    assert not {key for key, rep in told if rep in honest and key in ("stated.too_high", "stated.too_low")}


def test_a_finding_states_the_numbers_of_the_table_in_both_languages() -> None:
    (found,) = [found for found in calibrated().findings if found.key == "stated.too_high" and found.rep == "rep 0"]
    row = calibrated().stated[90].lines().set_index("rep").loc["rep 0"]
    names = ("stated", "actual", "actual_lower", "actual_upper")
    stated, actual, lower, upper = (f"{100 * row[name]:.0f}" for name in names)
    told = str(found).replace("\N{NO-BREAK SPACE}", " ")
    assert f"{stated} % on average, and {actual} % ({lower}–{upper}) had an event within 90 days" in told
    assert f"平均{stated}%に対して" in found.say("ja")
    assert f"割合は{actual}%（{lower}〜{upper}）です" in found.say("ja")
    frame = team()
    old = frame[(pd.Timestamp("2026-06-30") - frame["judged_at"]).dt.days >= 90].dropna(subset="stated_prob")
    own = old[old["rep"] == "rep 0"]
    assert int(row["n"]) == len(own)
    assert row["stated"] == pytest.approx(own["stated_prob"].str.rstrip("%").astype(float).mean() / 100)
    assert int(row["events"]) == own["event_at"].notna().sum()


def test_who_states_nothing_and_what_is_young_is_counted_in_a_note() -> None:
    frame = team()
    old = frame[(pd.Timestamp("2026-06-30") - frame["judged_at"]).dt.days >= 90]
    n = int(old["stated_prob"].isna().sum())
    counted = calibrated().stated[90].cells.young  # held against every row in tests/data/counting/test_stated.py
    assert counted is not None
    young, came = int(counted.n.sum()), int(counted.events.sum())
    assert 0 < young < len(frame) - len(old)
    told = [str(note) for note in calibrated().notes if "percentage" in str(note)]
    assert told == [
        f"Noted: {n} of {len(old):,} judgments at least 90 days old state no percentage: left out of what is said of "
        "stated percentages.",
        f"Noted: {young:,} judgments with a stated percentage whose outcome within 90 days is not known yet count as "
        f"well, as far as their answers are in: so far {came:,} have come to an event.",
    ]


def test_nobody_with_fewer_than_30_statements_is_named() -> None:
    n = np.array([[29], [400], [400]])
    fit = fit_cells(cells_of(n, np.array([[0], [200], [200]]), np.array([0.5])))
    assert fit.lines().set_index("rep").loc["r0", "prob_too_high"] > 0.9
    assert not [found for found in findings(Stated({90: fit})) if found.rep == "r0"]


def test_who_states_one_percentage_only_is_not_called_extreme_for_what_the_others_do() -> None:
    n = np.full((8, len(LOG_ODDS)), 60)
    n[0] = np.where(np.arange(len(LOG_ODDS)) == 5, 400, 0)  # all at 50 %
    fit = fit_cells(cells_of(n, np.rint(n * logistic(0.4 * LOG_ODDS)).astype(np.int64)))
    assert fit.lines().set_index("rep").loc["r0", "prob_too_extreme"] >= 0.9
    told = {found.rep for found in findings(Stated({90: fit})) if found.key == "stated.too_extreme"}
    assert told == {f"r{i}" for i in range(1, 8)}


def test_a_finding_weighs_as_many_prospects_as_were_stated_wrong() -> None:
    rows = calibrated().stated[90].lines().set_index("rep")
    weight = {(found.key, found.rep): found.weight for found in calibrated().findings}
    high, extreme = rows.loc["rep 0"], rows.loc["rep 2"]
    assert weight["stated.too_high", "rep 0"] == pytest.approx(high["n"] * abs(high["gap_points"]) / 100)
    assert weight["stated.too_extreme", "rep 2"] == pytest.approx(extreme["n"] * extreme["error_points"] / 100)


def test_where_no_line_holds_is_a_doubt_and_where_one_does_there_is_none() -> None:
    fit, _ = s_shape()
    (doubt,) = [found for found in findings(Stated({90: fit})) if found.role == "doubt"]
    at = doubt.values["stated"]
    assert isinstance(at, Given)
    bent = 1.6 * np.tanh(2.0 * LOG_ODDS)  # the curve of `s_shape`, and the straight line nearest to it
    off = bent - np.polyval(np.polyfit(LOG_ODDS, bent, 1), LOG_ODDS)
    is_above = np.interp(np.log(at.share / (1.0 - at.share)), LOG_ODDS, off) > 0.0
    assert doubt.key == ("stated.departs_above" if is_above else "stated.departs_below")
    assert str(doubt).startswith("No straight line holds: where ")
    assert not [found for found in calibrated().doubts if found.key.startswith("stated.")]


def test_without_the_column_there_is_no_answer_and_nothing_is_said() -> None:
    calibration = cb.calibrate(read(team(), stated=False), seed=1, engine="laplace", parts=["stated"], progress=False)
    assert "stated" not in calibration.answered
    with pytest.raises(cb.NotEnoughDataError, match=r"answer to `stated`\. No column is mapped as `stated_prob`\."):
        _ = calibration.stated
    assert not [note for note in calibration.notes if "stated" in note.key]


def test_a_column_without_a_value_is_a_note_and_the_rest_is_answered(tmp_path: Path) -> None:
    frame = team().assign(stated_prob=None)
    calibration = cb.calibrate(read(frame), seed=1, engine="laplace", parts=["stated"], progress=False)
    assert [note.key for note in calibration.notes] == ["stated.failed"]
    calibration.save(tmp_path / "team.calibra")
    assert list(map(str, cb.load(tmp_path / "team.calibra").notes)) == list(map(str, calibration.notes))
    assert "states a probability" in str(calibration.notes[0])
    assert list(calibration.ranks) == [90]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "Stated and actual percentages",
                "What your percentages meant",
                "70\N{NO-BREAK SPACE}% means",
                "A new rep",
            ),
        ),
        ("ja", ("読みの確度と実績", "あなたの確度の実績", "70%の実績", "新しい担当者")),
    ],
)
def test_the_page_shows_the_curve_the_table_and_the_cards(lang: str, words: tuple[str, ...], tmp_path: Path) -> None:
    page = calibrated().report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
    for word in words:
        assert word in page
    assert page.count(f"<figcaption>{words[1]}") == 8  # a card each


def test_a_file_gives_the_same_tables_and_findings(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    for name in ("lines", "curves"):
        pd.testing.assert_frame_equal(getattr(loaded.stated[90], name)(), getattr(calibrated().stated[90], name)())
    counts = (each.judgments.stated_counts().table for each in (loaded, calibrated()))
    pd.testing.assert_frame_equal(*counts)
    assert list(map(str, loaded.findings)) == list(map(str, calibrated().findings))
    with pytest.raises(cb.InputError, match="stated_counts of another horizon` needs rows"):
        loaded.judgments.stated_counts(horizons=[30])


def test_pictures_draw_the_curve_its_interval_and_what_was_counted() -> None:
    fit = calibrated().stated[90]
    axes = cb.plot_stated_curve(fit, rep="rep 2")
    curve = fit.predict([0.1, 0.9], rep="rep 2")
    line = next(line for line in axes.lines if line.get_label() == "curve")
    assert line.get_xdata()[[0, -1]].tolist() == pytest.approx([10, 90])
    assert line.get_ydata()[[0, -1]].tolist() == pytest.approx((100 * curve["estimate"]).tolist())
    dots = axes.collections[-1].get_offsets()
    own = fit.cells.table.query("rep == 'rep 2'")
    np.testing.assert_allclose(dots[:, 1], 100 * own["events"] / own["n"])
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["as stated", "90% interval", "curve", "counted, larger for more"]
    assert "n " in axes.get_title(loc="left")
    together = cb.plot_stated_reps(fit)
    assert len(together.lines) == 1 + 8 + 1
    everyone = cb.plot_stated_curve(fit)
    assert ALL_REPS in everyone.get_title(loc="left")
    with pytest.raises(cb.InputError, match="`rep` must be one of the reps in the result"):
        cb.plot_stated_curve(fit, rep="nobody")
    with pytest.raises(cb.InputError, match=r"This picture draws a StatedFit.*`calibration.stated\[days\]`"):
        cb.plot_stated_curve(calibrated())


def test_metrics_hold_the_findings_and_the_numbers_of_the_tables() -> None:
    metrics = calibrated().metrics()
    own = metrics[(metrics["chapter"] == "stated") & (metrics["rep"] == "rep 0")].set_index("metric")
    row = calibrated().stated[90].lines().set_index("rep").loc["rep 0"]
    assert own.loc["stated.too_high", "prob"] == pytest.approx(row["prob_too_high"])
    told = own.loc["stated_lines.gap_points", ["estimate", "lower", "upper", "n"]]
    assert told.tolist() == pytest.approx(row[["gap_points", "gap_points_lower", "gap_points_upper", "n"]].tolist())
    assert told["estimate"] < -8.0  # what was simulated: 0.9 on the log-odds too high


def test_a_heap_that_says_nothing_is_told_where_it_stands_and_on_its_side() -> None:
    # Thirty per cent of the statements say 50 %, of which a quarter comes; all else comes as stated.
    rng = np.random.default_rng(11)
    shares = np.array([0.07] * 5 + [0.3] + [0.07] * 5)
    n = rng.multinomial(300, shares, size=12)
    fit = fit_cells(cells_of(n, rng.binomial(n, np.where(STATED == 0.5, 0.25, STATED))))
    (doubt,) = [found for found in findings(Stated({90: fit})) if found.role == "doubt"]
    assert doubt.key == "stated.departs_below"
    assert doubt.values["stated"].share == 0.5
    assert doubt.values["actual"].estimate == pytest.approx(
        0.25, abs=0.04
    )  # 1,080 statements: sd .013, drawn in a little
    curve = fit.curves([0.5]).set_index("rep").loc[ALL_REPS]
    assert curve["upper"] < 0.35
    line = 1.0 / (1.0 + np.exp(-fit.lines().set_index("rep").loc[ALL_REPS, "intercept"]))
    assert line > curve["upper"]


def test_a_wider_margin_makes_every_fault_less_sure_and_calibrated_more() -> None:
    fit = calibrated().stated[90]
    narrow, wide = (fit.lines(margin_odds=margin).set_index("rep") for margin in (1.05, 1.6))
    for fault in ("too_high", "too_low", "too_extreme", "too_timid"):
        assert (wide[f"prob_{fault}"] <= narrow[f"prob_{fault}"]).all()
    assert (wide["prob_calibrated"] >= narrow["prob_calibrated"]).all()
    assert narrow.loc["rep 5", "prob_calibrated"] < 0.5 < wide.loc["rep 5", "prob_calibrated"]
    assert wide.loc["rep 0", "prob_calibrated"] < wide.loc["rep 5", "prob_calibrated"]


def certain_team(prob: Mapping[float, float], n: int = 150) -> StatedFit:
    """Six reps who state each of these values n times, of which their share comes, to the one."""
    stated = np.array(sorted(prob))
    counts = np.full((6, len(stated)), n)
    events = np.rint(counts * np.array([prob[value] for value in sorted(prob)])).astype(np.int64)
    cells = cells_of(counts, events, np.clip(stated, 0.01, 0.99))
    return fit_cells(replace(cells, stated=np.broadcast_to(stated, counts.shape).copy()))


@pytest.mark.parametrize("stated", [(0.0, 1.0), (0.0, 0.5, 1.0), (0.0, 0.3, 0.5, 0.7, 1.0), (0.3, 0.5, 0.7, 1.0)])
def test_nobody_is_too_timid_who_states_0_and_100_and_is_right(stated: tuple[float, ...]) -> None:
    # What is stated comes, to the judgment; 100 % is read as 99 %, and cannot mean more than it says.
    fit = certain_team({value: value for value in stated})
    assert {each.key for each in findings(Stated({90: fit}))} == {"stated.all"}
    assert fit.lines()["prob_too_timid"].max() < 0.9


def test_who_is_too_timid_between_the_ends_is_told_so_of_percentages_that_could_be_higher() -> None:
    fit = certain_team({0.0: 0.0, 0.3: 0.1, 0.5: 0.5, 0.7: 0.9, 1.0: 1.0})
    told = [each for each in findings(Stated({90: fit})) if each.key == "stated.too_timid"]
    assert len(told) == 6
    assert {(each.values["low_stated"], each.values["high_stated"]) for each in told} == {(Given(0.3), Given(0.7))}


@pytest.mark.parametrize("value", [0.9, 1.0])
def test_of_one_percentage_nothing_is_said_of_a_slope(value: float) -> None:
    fit = certain_team({value: 0.1})
    assert {each.key for each in findings(Stated({90: fit}))} == {"stated.all", "stated.too_high"}
    assert fit.lines()[["prob_too_extreme", "prob_too_timid"]].isna().all().all()


def test_who_states_one_percentage_that_comes_is_calibrated() -> None:
    assert certain_team({0.5: 0.5}).lines()["prob_calibrated"].min() > 0.8


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nobody_is_too_high_or_too_low_who_states_100_or_0_alone_and_is_right(value: float) -> None:
    fit = certain_team({value: value})
    assert {each.key for each in findings(Stated({90: fit}))} == {"stated.all"}
    assert fit.lines()["prob_calibrated"].min() > 0.9
    assert {each.key for each in findings(Stated({90: certain_team({value: 0.5})}))} > {"stated.all"}


def test_who_states_100_and_is_right_nine_times_in_ten_states_too_high() -> None:
    assert {each.key for each in findings(Stated({90: certain_team({1.0: 0.9})}))} == {"stated.all", "stated.too_high"}
    assert {each.key for each in findings(Stated({90: certain_team({0.0: 0.1})}))} == {"stated.all", "stated.too_low"}
