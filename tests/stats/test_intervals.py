"""Equal-tailed intervals: the quantiles of NumPy, to the last bit."""

import numpy as np
import pytest

from calibra.stats.intervals import equal_tailed


@pytest.mark.parametrize("n_draws", [1, 2, 3, 100, 1000, 1001])
@pytest.mark.parametrize("interval_prob", [0.123, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_ends_are_the_quantiles_that_numpy_gives(n_draws: int, interval_prob: float, axis: int) -> None:
    draws = np.random.default_rng(n_draws).normal(size=(n_draws, 4, 3)).round(1)  # with ties
    draws[n_draws // 2, 0, 0] = np.nan
    draws[0, 2, 1] = -0.0
    moved = np.moveaxis(draws, 0, axis)
    given = moved.copy()
    found = equal_tailed(moved, interval_prob=interval_prob, axis=axis)
    tail = (1.0 - interval_prob) / 2.0
    expected = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    assert np.array_equal([found.lower, found.upper], expected, equal_nan=True)
    assert np.array_equal(found.estimate, draws.mean(axis=0), equal_nan=True)
    assert np.array_equal(moved, given, equal_nan=True)  # the caller's draws stay as they were


def test_draws_of_one_number_give_three_numbers() -> None:
    estimate, lower, upper = equal_tailed([3.0, 1.0, 2.0, 5.0, 4.0], interval_prob=0.5)
    assert (estimate, lower, upper) == (3.0, 2.0, 4.0)
