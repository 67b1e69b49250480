"""Rates from period to period: against published and other libraries' tests, permutations, limits, bad input."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.contingency_tables import StratifiedTable

from calibra.errors import InputError
from calibra.stats.periods import compare_periods

# Admissions to Berkeley, six departments: men and women asked, men and women admitted (Bickel et al. 1975).
ASKED = np.array([[825, 108], [560, 25], [325, 593], [417, 375], [191, 393], [373, 341]])
ADMITTED = np.array([[512, 89], [353, 17], [120, 202], [138, 131], [53, 94], [22, 24]])


def random_strata(seed: int, n_strata: int = 8, n_periods: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 30, (n_strata, n_periods))
    return n, rng.binomial(n, rng.uniform(0.1, 0.7, (n_strata, 1)))


def test_two_periods_are_the_mantel_haenszel_test_of_berkeley() -> None:
    found = compare_periods(ASKED, ADMITTED)
    tables = [
        [[a, n - a] for a, n in zip(came, asked, strict=True)] for came, asked in zip(ADMITTED, ASKED, strict=True)
    ]
    reference = StratifiedTable([np.array(table) for table in tables]).test_null_odds(correction=False)
    assert (found.statistic, found.df) == (pytest.approx(reference.statistic), 1)
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.z[0] == pytest.approx(-found.z[1])


@pytest.mark.parametrize("seed", range(3))
def test_one_stratum_is_pearsons_chi_square_with_n_less_one(seed: int) -> None:
    n, events = random_strata(seed, n_strata=1, n_periods=5)
    pearson = chi2_contingency(np.concatenate([events, n - events]), correction=False)
    found = compare_periods(n, events)
    assert found.df == pearson.dof
    assert found.statistic == pytest.approx(pearson.statistic * (n.sum() - 1) / n.sum())


def test_events_less_expected_spread_as_under_permutation() -> None:
    n, events = random_strata(7, n_strata=3)
    rng = np.random.default_rng(1)
    shuffled = np.zeros((20_000, n.shape[1]))
    for size, came in zip(n, events.sum(axis=1), strict=True):
        shuffled += rng.multivariate_hypergeometric(size, came, 20_000)
    z = (events.sum(axis=0) - shuffled.mean(axis=0)) / shuffled.std(axis=0)
    found = compare_periods(n, events)
    np.testing.assert_allclose(found.z, z, atol=0.05)
    excess = (shuffled - shuffled.mean(axis=0))[:, :-1]
    inverse = np.linalg.inv(np.cov(excess.T))
    own = (events.sum(axis=0) - shuffled.mean(axis=0))[:-1]
    assert found.statistic == pytest.approx(own @ inverse @ own, rel=0.05)
    statistics = np.einsum("ij,jk,ik->i", excess, inverse, excess)
    assert found.p_value == pytest.approx((statistics >= found.statistic).mean(), abs=0.02)


def test_rates_by_hand_and_strata_of_one_period_say_nothing() -> None:
    # Stratum 1: 10/40 and 30/60; stratum 2: 5/10 and 0/10; stratum 3 is judged in the second period alone.
    # Period 1: 15 of 50; elsewhere 40 · 30/60 + 10 · 0 = 20 of 50. Period 2: 30 of 70; 60 · 10/40 + 10 · 5/10 = 20.
    found = compare_periods([[40, 60], [10, 10], [0, 900]], [[10, 30], [5, 0], [0, 900]])
    assert found.n.tolist() == [50, 70]
    np.testing.assert_allclose(found.rate, [0.3, 30 / 70])
    np.testing.assert_allclose(found.rate_elsewhere, [0.4, 20 / 70])
    np.testing.assert_allclose(np.exp(found.log_odds_gap), [(3 / 7) / (4 / 6), (3 / 4) / (2 / 5)])


def test_a_period_without_judgments_is_left_out() -> None:
    n, events = random_strata(3)
    gap = np.insert(n, 2, 0, axis=1), np.insert(events, 2, 0, axis=1)
    found, whole = compare_periods(*gap), compare_periods(n, events)
    assert (found.statistic, found.df) == (pytest.approx(whole.statistic), whole.df)
    assert np.isnan(found.z[2])
    assert np.isnan(found.rate[2])


@pytest.mark.parametrize("events", [[[0, 0], [0, 0]], [[9, 9], [4, 4]]])
def test_where_nothing_or_everything_comes_nothing_differs(events: list[list[int]]) -> None:
    found = compare_periods([[9, 9], [4, 4]], events)
    assert (found.statistic, found.df, found.p_value) == (0.0, 0, 1.0)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 1), (3, 0)])
def test_nothing_to_compare_is_no_difference(shape: tuple[int, int]) -> None:
    found = compare_periods(np.ones(shape, dtype=int), np.zeros(shape, dtype=int))
    assert (found.statistic, found.df, found.p_value) == (0.0, 0, 1.0)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"must have one shape \(strata, periods\); got \(2,\) and \(2,\)"):
        compare_periods([1, 2], [1, 2])
    with pytest.raises(InputError, match="`events` must be whole numbers from 0 to `n`; some are not"):
        compare_periods([[1, 2]], [[1, 3]])
