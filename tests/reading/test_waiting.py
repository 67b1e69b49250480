"""By when a verdict is announced, against predictive simulation."""

from datetime import date

import numpy as np
import pytest
from scipy.special import ndtri

from calibra.data.counting.weekly import RecentCounts
from calibra.reading.waiting import HARDLY, judgments_until_verdict, verdict_by, waiting_for
from calibra.wording import choose_wording

MARGIN = float(np.log(1.25))
SURE = {"margin": MARGIN, "beyond_prob": 0.9, "within_prob": 0.9}


@pytest.mark.parametrize("each", [None, 0.5])
@pytest.mark.parametrize(("mean", "sd"), [(0.35, 0.2), (-0.6, 0.4), (0.0, 0.15), (0.30, 0.1)])
def test_a_verdict_comes_about_seven_times_in_ten_by_then(mean: float, sd: float, each: float | None) -> None:
    n = 150.0
    told = judgments_until_verdict(np.array([mean]), np.array([sd]), np.array([n]), **SURE, information=each)
    more = float(told[0])
    # each judgment tells so much of the gap: truth from the posterior, more judgments, Bayes anew
    information = more * (1.0 / sd**2 / n if each is None else each)
    rng = np.random.default_rng(1)
    truth = mean + sd * rng.standard_normal(40_000)
    seen = truth + rng.standard_normal(40_000) / np.sqrt(information)
    after_sd = 1.0 / np.sqrt(1.0 / sd**2 + information)
    after = (mean / sd**2 + seen * information) * after_sd**2
    beyond = np.abs(after) - MARGIN >= ndtri(0.9) * after_sd
    within = MARGIN - np.abs(after) >= ndtri(0.95) * after_sd
    assert (beyond | within).mean() == pytest.approx(0.7, abs=0.02)


def test_what_sits_on_the_margin_is_not_in_sight() -> None:
    needed = judgments_until_verdict(
        np.array([MARGIN, MARGIN]), np.array([0.05, 0.02]), np.array([150.0, 600.0]), **SURE
    )
    assert needed.tolist() == [HARDLY, HARDLY]


def test_the_day_is_at_the_reps_own_pace_and_at_most_two_years_off() -> None:
    # 65 in 13 weeks are 5 a week: 100 more take 140 days, 600 more 840
    recent = RecentCounts(("a", "b"), ("A", "B"), np.array([[25, 40], [5, 8]]), np.array([13, 13]))
    reps = ("a", "a", "a", "nobody")
    told = verdict_by(np.array([100, 600, 0, 100]), reps, recent, date(2026, 9, 30))
    assert told.tolist() == ["2027-02-17", "never", "", ""]


def test_what_is_waited_for_is_told_with_the_month_or_as_too_far_off() -> None:
    def told(n_more: int, verdict_by: str) -> str:
        return choose_wording("en", "opportunity").write(waiting_for({"n_more": n_more, "verdict_by": verdict_by}))

    assert told(117, "2027-02-17") == "about 120, by about February 2027"
    assert told(117, "never") == "not within two years at this pace"
    assert told(117, "") == "about 120"
    assert told(HARDLY, "") == "more than 2,000"
