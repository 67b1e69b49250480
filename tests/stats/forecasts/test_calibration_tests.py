"""Tests and lines of calibration: statsmodels, published data, by hand."""

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.stats.forecasts.calibration_tests import calibration_in_the_large, calibration_line, spiegelhalter_test


def simulated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts that are too extreme."""
    rng = np.random.default_rng(seed)
    prob = rng.uniform(0.03, 0.97, n)
    return rng.random(n) < 1 / (1 + np.exp(-(0.3 + 0.6 * np.log(prob / (1 - prob))))), prob


def test_physicians_survival_forecasts_are_too_extreme(shared_data: Path) -> None:
    """SUPPORT2, two months: intercept .3692, slope .7089; stated exactly ½: 1,057 patients, .5658 alive."""
    table = np.genfromtxt(
        shared_data / "support2" / "judgements.csv", delimiter=",", names=True, usecols=("p", "outcome"), encoding=None
    )
    table = table[~np.isnan(table["p"])]
    alive = table["outcome"] == 0
    line = calibration_line(alive, table["p"], clip=0.01)
    assert line.n == 7456
    assert line.intercept.estimate == pytest.approx(0.3692, abs=5e-5)
    assert line.slope.estimate == pytest.approx(0.7089, abs=5e-5)
    assert line.slope.upper < 1
    assert line.prob_calibrated < 1e-6
    half = table["p"] == 0.5
    assert half.sum() == 1057
    assert alive[half].mean() == pytest.approx(0.5658, abs=5e-5)


@pytest.mark.parametrize("seed", range(4))
def test_line_is_the_logistic_regression_of_statsmodels(seed: int) -> None:
    y, prob = simulated(300, seed)
    said = np.log(prob / (1 - prob))
    oracle = sm.Logit(y, sm.add_constant(said)).fit(disp=0, tol=1e-12)
    shift = sm.GLM(y, np.ones(300), family=sm.families.Binomial(), offset=said).fit(tol=1e-12)
    line = calibration_line(y, prob, interval_prob=0.9)
    low, high = oracle.conf_int(alpha=0.1).T
    assert [line.intercept.estimate, line.slope.estimate] == pytest.approx(list(oracle.params), abs=1e-8)
    assert [line.intercept.lower, line.slope.lower] == pytest.approx(list(low), abs=1e-7)
    assert [line.intercept.upper, line.slope.upper] == pytest.approx(list(high), abs=1e-7)
    assert line.intercept_at_slope_one.estimate == pytest.approx(shift.params[0], abs=1e-8)
    null = (y * np.log(prob) + ~y * np.log(1 - prob)).sum()
    statistic = 2 * (oracle.llf - null)
    assert line.statistic == pytest.approx(statistic, abs=1e-7)
    assert line.p_value == pytest.approx(stats.chi2.sf(statistic, 2), abs=1e-9)
    bic_line, bic_diagonal = 2 * np.log(300) - 2 * oracle.llf, -2 * null
    assert line.prob_calibrated == pytest.approx(1 / (1 + np.exp(0.5 * (bic_diagonal - bic_line))), abs=1e-9)


def test_likelihood_ratio_test_keeps_its_level() -> None:
    rng = np.random.default_rng(8)
    prob = rng.uniform(0.05, 0.95, 200)
    rejected = np.mean([calibration_line(rng.random(200) < prob, prob).p_value < 0.1 for _ in range(400)])
    assert 0.06 < rejected < 0.15


def test_spiegelhalters_z_by_hand() -> None:
    # Σ(y−p)(1−2p) = −.08 −.12 −.12 −.08 = −.40; Σ(1−2p)²p(1−p) = .0576 + .0576 + .0336 + .0096 = .1584
    test = spiegelhalter_test([1, 0, 0, 1], [0.9, 0.2, 0.3, 0.6])
    assert test.z == pytest.approx(-0.40 / np.sqrt(0.1584))
    assert test.p_value == pytest.approx(2 * stats.norm.sf(0.40 / np.sqrt(0.1584)))


def test_spiegelhalters_z_is_standard_normal_for_calibrated_forecasts() -> None:
    rng = np.random.default_rng(9)
    prob = rng.beta(2, 5, 300)
    z = [spiegelhalter_test(rng.random(300) < prob, prob).z for _ in range(500)]
    assert abs(np.mean(z)) < 4 / np.sqrt(500)
    assert np.std(z) == pytest.approx(1, abs=0.12)


def test_in_the_large_by_hand() -> None:
    large = calibration_in_the_large([1, 0, 0, 0, 1], [0.5, 0.5, 0.5, 0.25, 0.25])
    interval = stats.binomtest(2, 5).proportion_ci(0.9, method="exact")
    assert (large.n, large.events, large.expected) == (5, 2, 2.0)
    assert [float(part[0]) for part in large.ratio] == pytest.approx([1.0, interval.low / 0.4, interval.high / 0.4])
    assert [float(part[0]) for part in large.difference] == pytest.approx([0, interval.low - 0.4, interval.high - 0.4])


def test_events_that_nobody_forecast_have_an_infinite_ratio() -> None:
    assert calibration_in_the_large([1, 0], [0.0, 0.0]).ratio.estimate[0] == np.inf


def test_clipped_forecasts_are_counted() -> None:
    line = calibration_line([1, 0, 1, 0, 1], [1.0, 0.0, 0.6, 0.4, 0.001], clip=0.05)
    assert line.n_clipped == 3


def test_what_cannot_be_answered_says_why() -> None:
    with pytest.raises(InputError, match=r"strictly between 0 and 1 for log-odds; 2 forecasts.*clip=0\.01"):
        calibration_line([1, 0, 1], [1.0, 0.0, 0.4])
    with pytest.raises(InputError, match=r"`clip` must lie strictly between 0 and 0\.5; got 0\.7"):
        calibration_line([1, 0], [0.3, 0.4], clip=0.7)
    with pytest.raises(NotEnoughDataError, match="1 distinct forecasts and 1 events in 2"):
        calibration_line([1, 0], [0.3, 0.3])
    with pytest.raises(NotEnoughDataError, match="0 events in 2"):
        calibration_line([0, 0], [0.3, 0.4])
    with pytest.raises(FitError, match="separate the events"):
        calibration_line([0, 0, 1, 1], [0.2, 0.3, 0.6, 0.7])
    with pytest.raises(NotEnoughDataError, match="other than 0, ½ and 1"):
        spiegelhalter_test([1, 0], [0.5, 0.5])


def test_too_low_is_read_from_the_intercept_at_slope_one_and_not_from_the_intercept() -> None:
    """logit P = ½ logit p and forecasts near 12 %: the intercept is about 0 although twice as many events came."""
    rng = np.random.default_rng(61)
    prob = 1 / (1 + np.exp(2.0 - 0.3 * rng.standard_normal(20_000)))
    y = rng.random(20_000) < 1 / (1 + np.sqrt((1 - prob) / prob))
    line = calibration_line(y, prob)
    assert y.mean() > 2 * prob.mean()
    assert line.intercept.lower < 0 < line.intercept.upper
    assert line.intercept_at_slope_one.lower > 0.9


def test_delta_and_the_slope_recalibrate_as_the_line_does() -> None:
    rng = np.random.default_rng(5)
    prob = rng.uniform(0.05, 0.95, 400)
    line = calibration_line(rng.random(400) < prob**2, prob)
    delta, gamma = float(line.delta.estimate), float(line.slope.estimate)
    by_odds = delta * 0.3**gamma / (delta * 0.3**gamma + 0.7**gamma)
    by_line = 1 / (1 + np.exp(-(float(line.intercept.estimate) + gamma * np.log(0.3 / 0.7))))
    assert by_odds == pytest.approx(by_line)
    assert line.delta.lower < delta < line.delta.upper
