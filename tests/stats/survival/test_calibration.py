"""Calibration under censoring: statsmodels, reductions, and unbiasedness by simulation."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.forecasts.scores import score_forecasts
from calibra.stats.survival.calibration import calibration_at_horizon, censored_brier


def simulate(n: int, rng: np.random.Generator, *, lost_by: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole days to event or exit (competing exponentials), lost uniformly by `lost_by`; true chance within 90 days."""
    event_rate = rng.choice([0.001, 0.003, 0.008], n)
    exit_rate = 0.003
    total = event_rate + exit_rate
    end = np.ceil(rng.exponential(1 / total))
    is_event = rng.random(n) < event_rate / total
    lost = np.ceil(rng.uniform(0, lost_by, n))
    days = np.minimum(end, lost)
    ending = np.where(end <= lost, np.where(is_event, 1, 2), 3)
    return days, ending, event_rate / total * (1 - np.exp(-total * 90))


def test_observed_share_is_the_cumulative_incidence_of_statsmodels() -> None:
    days, ending, prob = simulate(500, np.random.default_rng(1), lost_by=200)
    oracle = CumIncidenceRight(days, np.where(ending == 3, 0, ending))
    result = calibration_at_horizon(days, ending, prob, within_days=90)
    at_horizon = oracle.cinc[0][np.searchsorted(oracle.times, 90, side="right") - 1]
    assert result.observed.estimate[-1] == pytest.approx(at_horizon, abs=1e-10)


def test_counts_and_groups_by_prediction_add_up() -> None:
    days, ending, prob = simulate(500, np.random.default_rng(1), lost_by=200)
    result = calibration_at_horizon(days, ending, prob, within_days=90)
    assert len(result.groups) == 4  # three distinct predictions, and all
    for name in ("n", "n_events", "n_exits", "n_censored"):
        counts = getattr(result, name)
        assert counts[:-1].sum() == counts[-1]
    assert result.n_censored[-1] == np.sum((ending == 3) & (days < 90))
    assert list(result.table["group"]) == list(result.groups)


def test_without_censoring_observed_is_the_share_of_events() -> None:
    rng = np.random.default_rng(2)
    days, ending, prob = simulate(400, rng, lost_by=1e9)
    result = calibration_at_horizon(days, ending, prob, within_days=90, groups=np.arange(400) % 3)
    for code in range(3):
        mine = np.arange(400) % 3 == code
        assert result.observed.estimate[code] == pytest.approx(
            np.mean((days <= 90) & (ending == 1) & mine) / mine.mean()
        )


def test_under_forty_percent_censoring_observed_over_expected_is_unbiased_and_the_naive_ratio_is_not() -> None:
    rng = np.random.default_rng(3)
    ours, counted_as_none, left_out, censored, held = [], [], [], [], []
    for _ in range(200):
        days, ending, prob = simulate(1500, rng, lost_by=175)
        result = calibration_at_horizon(days, ending, prob, within_days=90)
        happened, lost = (ending == 1) & (days <= 90), (ending == 3) & (days < 90)
        ours.append(result.ratio.estimate[-1])
        held.append(result.ratio.lower[-1] <= 1 <= result.ratio.upper[-1])
        counted_as_none.append(happened.mean() / prob.mean())
        left_out.append(happened[~lost].mean() / prob[~lost].mean())
        censored.append(lost.mean())
    assert 0.36 < np.mean(censored) < 0.44
    standard_error = np.std(ours, ddof=1) / np.sqrt(200)
    assert abs(np.mean(ours) - 1) < 3 * standard_error
    assert np.mean(counted_as_none) < 0.85
    assert np.mean(left_out) > 1.1
    assert 0.86 < np.mean(held) < 0.94


def test_weighted_brier_is_unbiased_under_censoring_and_the_naive_one_is_not() -> None:
    rng = np.random.default_rng(4)
    ours, naive, true = [], [], []
    for _ in range(150):
        seed = rng.integers(2**32)
        days, ending, prob = simulate(1500, np.random.default_rng(seed), lost_by=175)
        full_days, full_ending, _ = simulate(1500, np.random.default_rng(seed), lost_by=1e9)
        ours.append(censored_brier(days, ending, prob, within_days=90).score.estimate)
        known = ~((ending == 3) & (days < 90))
        naive.append(np.mean((((ending == 1) & (days <= 90)) - prob)[known] ** 2))
        true.append(np.mean((((full_ending == 1) & (full_days <= 90)) - prob) ** 2))
    difference = np.array(ours) - true
    assert abs(difference.mean()) < 3 * difference.std(ddof=1) / np.sqrt(150)
    assert np.mean(naive) > 1.05 * np.mean(true)


def test_without_censoring_the_weighted_brier_is_the_brier_score() -> None:
    days, ending, prob = simulate(300, np.random.default_rng(5), lost_by=1e9)
    happened = (ending == 1) & (days <= 90)
    ours = censored_brier(days, ending, prob, within_days=90)
    plain = score_forecasts(happened, prob)
    assert ours.score.estimate == pytest.approx(plain.score.estimate[0])
    assert ours.score.upper == pytest.approx(plain.score.upper[0])
    assert ours.reference == pytest.approx(happened.mean() * (1 - happened.mean()))


def test_weighted_brier_by_hand() -> None:
    # lost on day 5: Ĝ(5) = 1 − 1/3 (the event of day 5 has left), so the two known later weigh 1.5, the event 1
    score = censored_brier([5, 5, 20, 30], [1, 3, 1, 3], [0.6, 0.5, 0.8, 0.2], within_days=25)
    assert score.score.estimate == pytest.approx((0.16 + 1.5 * 0.04 + 1.5 * 0.04) / 4)
    assert score.n_censored == 1


def test_groups_with_censoring_of_their_own_are_weighted_apart() -> None:
    days, ending, prob, groups = [5, 9, 20, 30, 30, 30], [3, 1, 1, 3, 3, 1], [0.5] * 6, ["a"] * 3 + ["b"] * 3
    score = censored_brier(days, ending, prob, within_days=25, groups=groups)
    assert score.score.estimate == pytest.approx(0.25 * (1.5 + 1.5 + 3) / 6)


def test_a_group_nobody_follows_to_the_horizon_has_no_observed_share() -> None:
    result = calibration_at_horizon([10, 20, 95, 95], [3, 3, 3, 1], [0.2] * 4, within_days=90, groups=list("aabb"))
    assert np.isnan(result.observed.estimate[0])
    assert result.observed.estimate[1] == 0.0
    assert result.observed.upper[1] == pytest.approx(1 - 0.05 ** (1 / 2))


def test_what_cannot_be_answered_says_why() -> None:
    with pytest.raises(NotEnoughDataError, match="Nobody has been followed to 90 days; the longest follow-up is 20"):
        calibration_at_horizon([10, 20], [3, 3], [0.2, 0.2], within_days=90)
    with pytest.raises(NotEnoughDataError, match="Nobody has been followed to 90 days"):
        censored_brier([10, 20], [1, 3], [0.2, 0.2], within_days=90)
    with pytest.raises(NotEnoughDataError, match="Nobody in group 'a' has been followed to 90 days"):
        censored_brier([10, 20, 95], [1, 3, 3], [0.2] * 3, within_days=90, groups=["a", "a", "b"])
    with pytest.raises(InputError, match="`ending` must hold only 1, 2, 3"):
        calibration_at_horizon([10], [0], [0.2], within_days=90)
    with pytest.raises(InputError, match="`within_days` must be above 0; got 0"):
        calibration_at_horizon([10], [1], [0.2], within_days=0)
    with pytest.raises(InputError, match="must not hold the label 'all'"):
        calibration_at_horizon([10], [1], [0.2], within_days=5, groups=["all"])
    with pytest.raises(InputError, match="one length above 0; got 1, 1 and 2"):
        calibration_at_horizon([10], [1], [0.2, 0.4], within_days=5)
