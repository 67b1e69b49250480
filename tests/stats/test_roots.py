"""Vectorised roots."""

import numpy as np
import pytest
from scipy.optimize import brentq

from calibra.stats.roots import solve_increasing


@pytest.mark.parametrize("start", [-4.9, 0.0, 4.9])
def test_roots_agree_with_brent_from_any_start(start):
    targets = np.array([-3.0, 0.2, 50.0])

    def cubic(x, i):
        return x**3 + x - targets[i], 3 * x**2 + 1

    roots = solve_increasing(cubic, lower=np.full(3, -5.0), upper=np.full(3, 5.0), start=np.full(3, start))
    expected = [brentq(lambda x, t=t: x**3 + x - t, -5, 5, xtol=1e-14) for t in targets]
    np.testing.assert_allclose(roots, expected, atol=1e-12)


def test_a_slope_that_misleads_falls_back_to_bisection():
    def step_like(x, i):
        return np.tanh(50 * (x - 0.3)), np.full_like(x, 1e-9)  # Newton's step would leave the bracket each time

    root = solve_increasing(step_like, lower=np.array([-40.0]), upper=np.array([40.0]), start=np.array([-39.0]))
    assert root[0] == pytest.approx(0.3, abs=1e-11)


def test_no_functions_have_no_roots():
    none = np.empty(0)
    assert solve_increasing(lambda x, i: (x, x), lower=none, upper=none, start=none).size == 0
