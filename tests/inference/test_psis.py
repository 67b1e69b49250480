import numpy as np
import pytest
from arviz_stats.base import array_stats

from calibra.inference.psis import smooth_weights


@pytest.mark.parametrize("n", [30, 200, 226, 1000, 5000])
@pytest.mark.parametrize("spread", [0.2, 1.0, 3.0])
def test_smoothed_weights_and_k_agree_with_arviz(n, spread):
    logs = spread * np.random.default_rng(n).standard_normal(n)
    ours, k = smooth_weights(logs)
    theirs, their_k = array_stats.psislw(-logs)  # arviz takes log-likelihoods: the sign is turned
    np.testing.assert_allclose(np.exp(ours), np.exp(theirs) / np.exp(theirs).sum(), rtol=1e-8, atol=1e-12)
    assert k == pytest.approx(float(their_k), abs=1e-8)


def test_flat_weights_have_no_tail():
    logs, k = smooth_weights(np.zeros(100))
    np.testing.assert_allclose(np.exp(logs), 0.01)
    assert k == -np.inf


def test_too_few_weights_for_a_tail_say_so():
    _, k = smooth_weights(np.arange(10.0))
    assert k == np.inf


def test_a_heavier_tail_has_a_larger_k():
    # weights 1/U^a are Pareto with shape a exactly
    uniform = np.random.default_rng(0).random(20_000)
    ks = [smooth_weights(-shape * np.log(uniform))[1] for shape in (0.3, 0.6, 0.9)]
    np.testing.assert_allclose(ks, [0.3, 0.6, 0.9], atol=0.08)
