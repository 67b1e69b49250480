"""No probability of fewer than five judgments is shown; the day of the first answer stands in its place."""

import re
from datetime import date, timedelta

import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.ranks.first_answers import first_answers
from calibra.cli.show import show
from calibra.reading.means import ALL_REPS

AS_OF = date(2026, 9, 30)
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=90)})


def rows(rep, rank, ages, *, events=0):
    """One judgment an age; the first of them have an event ten days later."""
    judged = [AS_OF - timedelta(days=age) for age in ages]
    ended = [day + timedelta(days=10) if i < events else None for i, day in enumerate(judged)]
    names = [f"{rep}-{rank}-{i}" for i in range(len(ages))]
    return pd.DataFrame({"prospect": names, "rep": rep, "rank": rank, "judged_at": judged, "event_at": ended})


@pytest.fixture(scope="module")
def judgments():
    old = [200 + i for i in range(60)]
    # of Abe's As three are old enough; the fifth oldest is 60 days old
    frame = pd.concat([
        rows("Abe", "A", [120, 110, 100, 70, 60, 10], events=1), rows("Abe", "B", old, events=12),
        rows("Baba", "A", old, events=30), rows("Baba", "B", [95, 20], events=0),
    ])  # fmt: skip
    columns = {name: name for name in ("prospect", "rep", "rank", "judged_at", "event_at")}
    return cb.Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns=columns)


@pytest.fixture(scope="module")
def calibration(judgments):
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=[])


def test_the_first_answer_comes_when_the_fifth_judgment_is_as_old_as_the_horizon(judgments):
    # the fifth oldest A of Abe is 60 days old, in the ninth week (56 to 62 days): 90 days old in 34 days at the latest
    found = first_answers(judgments, 90)
    assert found == {("Abe", "A"): AS_OF + timedelta(days=90 - 56)}  # of Baba's Bs there are only two


def test_counts_without_days_have_no_first_answer():
    frame = pd.DataFrame({"rep": ["a"], "rank": ["A"], "n": [3], "events": [1]})
    assert first_answers(cb.Judgments.from_counts(frame, scale=SCALE), 90) == {}


def test_no_probability_of_a_handful_is_shown_in_report_terminal_or_card(calibration, tmp_path, capsys):
    table = calibration.ranks[90].probabilities().set_index(["rep", "rank"])
    few = table.loc[("Abe", "A")]
    assert (few["n"], few["events"]) == (3, 1)  # the table keeps the estimate
    told = f"{100 * few['estimate']:.0f} ({100 * few['lower']:.0f}–{100 * few['upper']:.0f})"
    show(calibration, str)
    shown = capsys.readouterr().out
    assert told not in shown
    assert "1/3; enough of them on 3 November 2026" in shown.replace("\u00a0", " ")
    for lang, day in (("en", "enough of them on 3 November 2026"), ("ja", "2026年11月3日に件数がそろいます")):
        page = calibration.report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
        text = re.sub(r"<[^>]+>", "", page).replace("\u00a0", " ")
        assert told not in text
        assert text.count(day) == 2  # in the picture of all reps, and on the card


def test_of_all_reps_together_a_handful_has_no_number_either():
    ages = [200 + i for i in range(60)]
    frame = pd.concat(
        [rows("Abe", "A", ages, events=20), rows("Baba", "A", ages, events=20), rows("Abe", "B", [95, 94])]
    )
    columns = {name: name for name in ("prospect", "rep", "rank", "judged_at", "event_at")}
    judgments = cb.Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns=columns)
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=[])
    (said,) = [
        sentence for sentence in map(str, found.findings) if sentence.startswith("All reps together, probability")
    ]
    assert said.endswith("; B – (n 2).")
    assert first_answers(judgments, 90) == {}
    assert (ALL_REPS, "B") not in first_answers(judgments, 90)
