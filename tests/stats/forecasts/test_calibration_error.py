"""Distances from calibration: unbiasedness, by hand, edges."""

import numpy as np
import pytest
from scipy import stats

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.forecasts.calibration_error import (
    calibration_distance,
    squared_calibration_error,
    squared_error_of_cells,
)
from calibra.stats.forecasts.cells import cells_from_counts, pool_forecasts


def simulate(true: np.ndarray, stated: np.ndarray, counts: np.ndarray, n_sets: int) -> tuple[np.ndarray, np.ndarray]:
    """Debiased error of many sets, and whether the 90 % interval held the truth."""
    rng = np.random.default_rng(12)
    truth = np.average((true - stated) ** 2, weights=counts)
    values, held = [], []
    for _ in range(n_sets):
        result = squared_error_of_cells(cells_from_counts(stated, counts, rng.binomial(counts, true)))
        values.append(result.debiased.estimate)
        held.append(result.debiased.lower <= truth <= result.debiased.upper)
    return np.array(values), np.array(held)


def test_debiased_error_of_calibrated_ranks_is_zero_on_average() -> None:
    stated, counts = np.array([0.05, 0.1, 0.2, 0.35, 0.6]), np.array([9, 30, 25, 12, 4])
    values, _ = simulate(stated, stated, counts, 4000)
    assert abs(values.mean()) < 3 * values.std(ddof=1) / np.sqrt(values.size)
    assert values.min() < 0


def test_debiased_error_of_wrong_ranks_is_the_true_one_on_average_and_its_interval_holds_it() -> None:
    stated, true = np.array([0.05, 0.1, 0.2, 0.35, 0.6]), np.array([0.1, 0.1, 0.15, 0.2, 0.4])
    counts = np.array([50, 80, 100, 60, 40])
    values, held = simulate(true, stated, counts, 2000)
    truth = np.average((true - stated) ** 2, weights=counts)
    assert values.mean() == pytest.approx(truth, abs=3 * values.std(ddof=1) / np.sqrt(values.size))
    assert 0.84 < held.mean() < 0.96


def test_debiased_error_by_hand() -> None:
    # q .5: ȳ 3/4, n 4: (.25)² − (.75·.25)/3 = 0; q .2: ȳ 1/2, n 2: .3² − .25/1 = −.16; w 4/6, 2/6
    y, prob = [1, 1, 1, 0, 1, 0, 1], [0.5] * 4 + [0.2] * 2 + [0.9]
    result = squared_calibration_error(y, prob)
    assert result.debiased.estimate == pytest.approx(-0.16 / 3)
    assert result.raw == pytest.approx((4 * 0.0625 + 2 * 0.09) / 6)
    assert (result.n, result.n_values, result.n_left_out) == (6, 2, 1)
    assert result.root == 0.0


def test_distance_by_hand() -> None:
    # the curve is 0, .5, .5, 1 at .2, .3, .4, .9: distances .2 .2 .1 .1
    distance = calibration_distance([0, 1, 0, 1], [0.2, 0.3, 0.4, 0.9])
    assert (distance.mean, distance.median, distance.ninetieth) == pytest.approx((0.15, 0.1, 0.2))


def test_distance_of_recalibrated_forecasts_is_zero() -> None:
    distance = calibration_distance([0, 0, 1, 0, 1, 1], [0.0, 0.0, 0.5, 0.5, 1.0, 1.0])
    assert distance.ninetieth == 0.0


def test_weights_count_in_the_distance() -> None:
    doubled = calibration_distance([0, 1, 1, 0, 0], [0.2, 0.6, 0.6, 0.9, 0.9])
    weighted = calibration_distance([0, 1, 0], [0.2, 0.6, 0.9], weights=[1, 2, 2])
    assert doubled.mean == pytest.approx(weighted.mean)
    assert doubled.ninetieth == weighted.ninetieth


def test_forecasts_that_never_repeat_are_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="at least twice; all 2 forecasts differ"):
        squared_calibration_error([0, 1], [0.2, 0.4])
    with pytest.raises(InputError, match="needs counts"):
        squared_error_of_cells(pool_forecasts([0, 1], [0.2, 0.2], weights=[1, 3]))


DESIGNS = [(2, 30), (2, 100), (5, 30), (5, 300), (10, 30), (10, 100)]


@pytest.mark.parametrize(("n_values", "n"), DESIGNS)
@pytest.mark.parametrize("kind", ["calibrated", "shifted", "too high"])
def test_interval_of_the_error_holds_the_truth_with_few_values_and_few_forecasts(
    n_values: int, n: int, kind: str
) -> None:
    """4,000 sets a design gave 88 to 97 %; a normal interval 71 to 78 % where 30 forecasts are far off."""
    stated = {2: np.array([0.2, 0.6]), 5: np.array([0.05, 0.15, 0.3, 0.45, 0.6]), 10: np.linspace(0.05, 0.95, 10)}
    q = stated[n_values]
    true = {"calibrated": q, "shifted": np.minimum(q + 0.1, 1.0), "too high": 0.4 * q}[kind]
    _, held = simulate(true, q, np.full(n_values, n // n_values), 600)
    assert held.mean() > 0.9 - 0.02 - 3 * np.sqrt(0.09 / 600)


def test_interval_of_one_value_is_the_noncentral_chi_square_of_scipy() -> None:
    """12 of 40 where 50 % was said: the variance is that of (12 + 1)/(40 + 2), the sum 40 · .2² = 1.6."""
    result = squared_error_of_cells(cells_from_counts([0.5], [40], [12]))
    unit = 13 / 42 * 29 / 42
    lower, upper = float(result.debiased.lower) * 40 / unit, float(result.debiased.upper) * 40 / unit
    assert stats.ncx2.sf(1.6 / unit, 1, lower) == pytest.approx(0.05)
    assert stats.ncx2.cdf(1.6 / unit, 1, upper) == pytest.approx(0.05 * stats.chi2.cdf(1.6 / unit, 1))


def test_interval_lies_within_the_range_of_the_error_and_has_a_length() -> None:
    """A perfect fit: the estimate is negative, the interval from 0 to something. All certain and wrong: it is 1."""
    perfect = squared_error_of_cells(cells_from_counts([0.5, 0.25], [8, 8], [4, 2])).debiased
    assert perfect.estimate < 0 == perfect.lower
    assert 0 < perfect.upper < 0.2
    wrong = squared_error_of_cells(cells_from_counts([0.0, 1.0], [50, 50], [50, 0])).debiased
    assert 0.8 < wrong.lower < wrong.upper <= 1.0
    certain = squared_error_of_cells(cells_from_counts([0.0, 1.0], [50, 50], [0, 50])).debiased
    assert (certain.estimate, certain.lower) == (0.0, 0.0)
    assert certain.upper == pytest.approx((1 - 0.05 ** (1 / 100)) ** 2)


@pytest.mark.parametrize(("y", "prob"), [
    ([0] * 50, [0.01] * 50), ([1] * 50, [0.98] * 50), ([0] * 100, [0.002] * 40 + [0.005] * 30 + [0.01] * 30),
])  # fmt: skip
def test_what_usually_comes_of_calibrated_forecasts_is_no_error(y, prob):
    # by hand: P(no event in 50 at .01) = .61, P(all of 50 at .98) = .36, P(none of the 100) = .59
    assert squared_calibration_error(y, prob).debiased.lower == 0.0


@pytest.mark.parametrize("values", [(0.005,), (0.02, 0.05), (0.002, 0.005, 0.01)])
@pytest.mark.parametrize("n", [50, 100, 400])
def test_few_calibrated_sets_of_rare_events_are_called_off(values, n):
    rng = np.random.default_rng(7)
    off = 0
    for _ in range(200):
        prob = np.repeat(values, n // len(values))
        off += float(squared_calibration_error(rng.random(prob.size) < prob, prob).debiased.lower) > 0
    assert off <= 22  # one tail of 5 %: P(Binomial(200, .05) > 22) < .001


def test_an_error_that_is_there_is_still_seen():
    assert squared_calibration_error([1] * 12 + [0] * 88, [0.01] * 100).debiased.lower > 0
