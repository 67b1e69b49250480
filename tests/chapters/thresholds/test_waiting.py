"""By when a verdict is announced, against predictive simulation."""

from datetime import date

import numpy as np
import pytest
from scipy.special import ndtri

from calibra.chapters.thresholds.advice import AdviceRules
from calibra.chapters.thresholds.waiting import HARDLY, judgments_until_verdict, verdict_by
from calibra.data.counting.weekly import RecentCounts

RULES = AdviceRules()
MARGIN = np.log(RULES.margin_odds)


@pytest.mark.parametrize(("mean", "sd"), [(0.35, 0.2), (-0.6, 0.4), (0.0, 0.15), (0.30, 0.1)])
def test_a_verdict_comes_about_seven_times_in_ten_by_then(mean: float, sd: float) -> None:
    n = 150.0
    more = float(judgments_until_verdict(np.array([mean]), np.array([sd]), np.array([n]), RULES)[0])
    # each judgment tells of the gap with a variance of n sd²: truth from the posterior, more judgments, Bayes anew
    rng = np.random.default_rng(1)
    truth = mean + sd * rng.standard_normal(40_000)
    seen = truth + np.sqrt(n * sd**2 / more) * rng.standard_normal(40_000)
    after_sd = sd / np.sqrt(1.0 + more / n)
    after = (mean / sd**2 + seen * more / (n * sd**2)) * after_sd**2
    beyond = np.abs(after) - MARGIN >= ndtri(0.9) * after_sd
    within = MARGIN - np.abs(after) >= ndtri(0.95) * after_sd
    assert (beyond | within).mean() == pytest.approx(0.7, abs=0.02)


def test_what_sits_on_the_margin_is_not_in_sight() -> None:
    needed = judgments_until_verdict(
        np.array([MARGIN, MARGIN]), np.array([0.05, 0.02]), np.array([150.0, 600.0]), RULES
    )
    assert needed.tolist() == [HARDLY, HARDLY]


def test_the_day_is_at_the_reps_own_pace_and_at_most_two_years_off() -> None:
    # 65 in 13 weeks are 5 a week: 100 more take 140 days, 600 more 840
    recent = RecentCounts(("a", "b"), ("A", "B"), np.array([[25, 40], [5, 8]]), np.array([13, 13]))
    reps = ("a", "a", "a", "nobody")
    told = verdict_by(np.array([100, 600, 0, 100]), reps, recent, date(2026, 9, 30))
    assert told.tolist() == ["2027-02-17", "never", "", ""]
