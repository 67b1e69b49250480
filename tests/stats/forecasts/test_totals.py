"""Scores of totals against published closed forms, and where what came lies among the draws."""

import numpy as np
import pytest
from scipy import stats

import calibra as cb
from calibra.errors import InputError

MIDDLES = (np.arange(400_000) + 0.5) / 400_000


@pytest.mark.parametrize(
    ("quantile", "actual", "expected"),
    [
        (stats.norm.ppf, 0.0, 0.233695),
        (stats.lognorm(s=1.0).ppf, 1.0, 0.267405),
        (stats.lognorm(s=1.0).ppf, 3.0, 1.196516),
        (stats.poisson(5.0).ppf, 2.0, 1.848851),
        (stats.poisson(5.0).ppf, 5.0, 0.509194),
        (stats.poisson(5.0).ppf, 12.0, 5.760598),
        (stats.gamma(2.0).ppf, 1.0, 0.457277),
    ],
)
def test_the_score_of_evenly_spread_draws_is_the_closed_form(quantile, actual, expected) -> None:
    """scoringrules, closed forms; 400,000 quantiles in place of the distribution, whose tails end a little early."""
    assert float(cb.crps_draws(quantile(MIDDLES), actual)) == pytest.approx(expected, abs=3e-6)


def test_the_score_of_four_draws_by_hand() -> None:
    """(2 + 1 + 1 + 5)/4 − 2 (1 + 3 + 7 + 2 + 6 + 4)/(2 · 16) = 2.25 − 1.4375; fair: 2.25 − 46/24."""
    assert float(cb.crps_draws([1, 2, 4, 8], 3)) == 0.8125
    assert float(cb.crps_draws([1, 2, 4, 8], 3, is_fair=True)) == pytest.approx(1 / 3, abs=1e-12)
    assert cb.crps_draws([[4.0, 1.0]], [1.0, 3.0]).tolist() == [3.0, 2.0]  # a point: the absolute error


def test_where_what_came_lies_is_uniform_for_counts_too() -> None:
    rng = np.random.default_rng(1)
    draws, actual = rng.poisson(3.0, (2_000, 3_000)), rng.poisson(3.0, 3_000)
    pit = cb.pit_draws(draws, actual, seed=2)
    assert stats.kstest(pit, "uniform").pvalue > 0.01
    assert stats.kstest(cb.pit_draws(draws, rng.poisson(4.0, 3_000), seed=2), "uniform").pvalue < 1e-6


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(draw, \*case\)"):
        cb.crps_draws([[1.0, 2.0]], [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="at least two draws for a fair score; got 1"):
        cb.crps_draws([1.0], 2.0, is_fair=True)
