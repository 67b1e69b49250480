"""Exact binomial ends against scipy.stats and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from calibra.stats import binomial

N = np.repeat([1, 2, 7, 40, 1000], 5)
EVENTS = np.concatenate([np.rint(np.linspace(0, n, 5)) for n in (1, 2, 7, 40, 1000)])


def test_bounds_are_the_clopper_pearson_interval_of_statsmodels() -> None:
    lower, upper = proportion_confint(EVENTS, N, alpha=0.1, method="beta")
    np.testing.assert_allclose(binomial.lower_bound(EVENTS, N, tail=0.05), lower, atol=1e-12)
    np.testing.assert_allclose(binomial.upper_bound(EVENTS, N, tail=0.05), upper, atol=1e-12)


@pytest.mark.parametrize("level", [0.001, 0.025, 0.05, 0.5, 0.95, 0.975, 0.999])
def test_quantiles_are_those_of_scipy(level: float) -> None:
    n, prob = (part.ravel() for part in np.meshgrid([1, 3, 25, 400, 10_000_000], [0.0, 1e-6, 0.03, 0.5, 0.9, 1.0]))
    np.testing.assert_array_equal(binomial.quantile(level, n, prob), stats.binom.ppf(level, n, prob))


def test_distribution_is_that_of_scipy() -> None:
    events, prob = (part.ravel() for part in np.meshgrid([-1, 0, 1, 5, 19, 20], [0.0, 0.02, 0.5, 1.0]))
    np.testing.assert_allclose(binomial.distribution(events, 20, prob), stats.binom.cdf(events, 20, prob), atol=1e-13)
