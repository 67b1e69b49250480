"""Rounds of draws of the outer parameters."""

import numpy as np
import pytest

from calibra.inference.laplace import outer
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.corrected import Corrected
from calibra.inference.laplace.linearise import linearise
from calibra.inference.laplace.outer import learn_offset, sample_outer
from calibra.inference.progress import Progress
from tests.inference.worlds import binomial_world, late_silence


@pytest.mark.slow
def test_many_reps_add_up_what_a_quadratic_misses_and_the_offset_makes_up_for_it():
    surrogate, mode, *_ = linearise(CellBlocks(binomial_world(3000, 3, 8, seed=1)))
    shares = []
    for with_offset in (False, True):
        rng = np.random.default_rng(1)
        target = Corrected(surrogate, n_points=8, rng=rng)
        if with_offset:
            learn_offset(target, mode, rng)
        found = sample_outer(target, mode, draws=400, rng=rng, progress=Progress(shown=False))
        shares.append(found.effective / len(found.phi))
    assert shares[0] < 0.5
    assert shares[1] > 0.6


def test_a_long_side_of_a_coefficient_is_followed(monkeypatch):
    surrogate, mode, *_ = linearise(CellBlocks(late_silence()))

    def found(seed, draws):
        rng = np.random.default_rng(seed)
        target = Corrected(surrogate, n_points=16, rng=np.random.default_rng(0))
        return sample_outer(target, mode, draws=draws, rng=rng, progress=Progress(shown=False))

    def last_hazard(one):
        return np.quantile(one.phi[:, 5], [0.05, 0.5], weights=one.weights, method="inverted_cdf")

    runs = [found(seed, 1000) for seed in range(12)]
    assert max(one.pareto_k for one in runs) <= 0.6
    monkeypatch.setattr(outer, "MAX_ROUNDS", 1)  # one round of t's alone, many draws
    np.testing.assert_allclose(
        np.mean([last_hazard(one) for one in runs], axis=0), last_hazard(found(99, 80_000)), atol=0.15
    )
