"""Amounts: by hand, at their limits, and against published and independent values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, special, stats as scipy_stats

import calibra as cb
from calibra.stats.amounts import (
    effective_deals,
    gamma_dispersion,
    limited_mean,
    log_dispersion,
    lognormal_mean,
    smearing_factor,
)

AMOUNTS = np.array([1.0, 2.0, 4.0])
"""Three wins, by hand: n 3, Σ log 2.0794, Σ log² 2.4023, Σa 7, Σa² 21."""


def test_three_wins_by_hand() -> None:
    logs = np.log(AMOUNTS)
    n, total, squares = 3, AMOUNTS.sum(), (AMOUNTS**2).sum()
    assert (logs.sum(), (logs**2).sum()) == pytest.approx((2.0794, 2.4023), abs=1e-4)
    assert float(effective_deals(total, squares)) == pytest.approx(49 / 21)
    # s² by maximum likelihood is .3203; ours has n − 1 below it: .3203 · 3/2
    spread = log_dispersion([n], [logs.sum()], [(logs**2).sum()], [logs.mean()], n_fitted=1)
    assert spread == pytest.approx(0.3203 * 1.5, abs=1e-4)
    assert float(lognormal_mean(logs.mean(), np.sqrt(0.3203))) == pytest.approx(2.347, abs=5e-4)
    assert gamma_dispersion([n], [total], [squares], [7 / 3], n_fitted=1) == pytest.approx(0.4286, abs=5e-5)
    assert 2.0 * smearing_factor([n], [total], [logs.mean()]) == pytest.approx(7 / 3)


def test_the_limited_mean_of_maven_is_the_integral() -> None:
    # V10: m 6.904620855, s 1.637410324, u 10,000 gives 2354.669835; the integral of P(a > x) up to u
    m, s, u = 6.904620855, 1.637410324, 10_000.0
    assert float(limited_mean(m, s, u)) == pytest.approx(2354.669835, abs=5e-7)
    tail = integrate.quad(lambda x: scipy_stats.lognorm.sf(x, s, scale=np.exp(m)), 0.0, u, limit=200)[0]
    assert float(limited_mean(m, s, u)) == pytest.approx(tail, rel=1e-7)


@given(m=st.floats(-3, 10), s=st.floats(0.05, 2.5), low=st.floats(-4, 4), more=st.floats(0.01, 4))
def test_the_limited_mean_grows_with_the_cap_from_the_cap_to_the_mean(
    m: float, s: float, low: float, more: float
) -> None:
    caps = np.exp(m + s * np.array([low, low + more]))
    first, second = limited_mean(m, s, caps)
    assert 0.0 < first <= second * (1 + 1e-12)
    assert np.all(limited_mean(m, s, caps) <= np.minimum(caps, lognormal_mean(m, s)) * (1 + 1e-9))
    assert float(limited_mean(m, s, np.exp(m + 12 * s))) == pytest.approx(float(lognormal_mean(m, s)), rel=1e-3)
    assert float(limited_mean(m, s, np.exp(m - 12 * s))) == pytest.approx(float(np.exp(m - 12 * s)), rel=1e-9)


def test_a_lognormal_mean_of_gamma_amounts_is_off_as_the_closed_form_says() -> None:
    # V11: e^(ψ(α) − log α + ψ'(α)/2) for α .5 .75 1 2 4; moments of log amounts from scipy's loggamma
    published = {0.5: 3.310, 0.75: 1.604, 1.0: 1.278, 2.0: 1.053, 4.0: 1.012}
    for shape, factor in published.items():
        mean, variance = scipy_stats.loggamma.stats(shape, moments="mv")
        assert float(lognormal_mean(mean, np.sqrt(variance))) / shape == pytest.approx(factor, abs=6e-4)
        assert float(np.exp(special.digamma(shape) - np.log(shape) + special.polygamma(1, shape) / 2)) == pytest.approx(
            factor, abs=6e-4
        )


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=40), st.floats(1e-3, 1e3))
def test_effective_deals_lie_between_one_and_all_and_know_no_currency(amounts: list[float], rate: float) -> None:
    values = np.array(amounts)
    deals = float(effective_deals(values.sum(), (values**2).sum()))
    assert 1.0 - 1e-9 <= deals <= len(values) * (1 + 1e-9)
    assert float(effective_deals(rate * values.sum(), rate**2 * (values**2).sum())) == pytest.approx(deals)
    assert float(effective_deals(0.0, 0.0)) == 0.0


def test_a_cap_that_is_none_is_refused() -> None:
    with pytest.raises(cb.InputError, match="`log_sd` and `cap` must be above 0"):
        limited_mean(0.0, 1.0, 0.0)
