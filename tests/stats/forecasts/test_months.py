"""Month effects: learned where they are, near nothing where they are not, mean 1, and remembered where they last."""

import numpy as np
import pytest

from calibra.errors import InputError
from calibra.stats.forecasts.months import learn_months


def simulated(swing: float, persistence: float, *, seed: int, n: int = 24, rate: float = 70.0):
    rng = np.random.default_rng(seed)
    z = np.empty(n)
    z[0] = rng.standard_normal()
    for i in range(1, n):
        z[i] = persistence * z[i - 1] + np.sqrt(1 - persistence**2) * rng.standard_normal()
    return rng.poisson(rate * np.exp(swing * z - swing**2 / 2)), np.full(n, rate)


def test_the_swing_of_months_is_found() -> None:
    found = [np.mean([learn_months(*simulated(s, 0.0, seed=i)).swing for i in range(20)]) for s in (0.0, 0.2, 0.4)]
    assert found[0] < 0.08
    assert found[1] == pytest.approx(0.2, abs=0.06)
    assert found[2] == pytest.approx(0.4, abs=0.1)


def test_effects_have_mean_one_and_intervals_that_hold_the_next_month() -> None:
    """Of 150 histories with swing 0.25 the 90 % interval of the next month; the error of such a share is 2.4 points."""
    held, means = [], []
    for seed in range(150):
        observed, expected = simulated(0.25, 0.0, seed=seed, n=25)
        rng = np.random.default_rng(seed)
        effect = learn_months(observed[:-1], expected[:-1]).draw(2_000, 1, rng)[:, 0]
        drawn = rng.poisson(70.0 * effect)
        low, high = np.quantile(drawn, [0.05, 0.95])
        held.append(low <= observed[-1] <= high)
        means.append(effect.mean())
    assert 0.83 <= np.mean(held) <= 0.97
    assert np.mean(means) == pytest.approx(1.0, abs=0.03)


def test_a_good_spell_that_lasts_is_carried_on() -> None:
    observed = np.array([50] * 12 + [100] * 12)
    assert learn_months(observed, np.full(24, 75.0)).draw(4_000, 1, np.random.default_rng(1)).mean() > 1.1


def test_without_any_month_the_prior_is_left() -> None:
    found = learn_months([], [])
    assert found.n_months == 0
    assert found.swing == pytest.approx(0.3 * np.sqrt(2 / np.pi), abs=0.02)  # mean of a half-normal


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="equally long"):
        learn_months([1.0], [1.0, 2.0])
