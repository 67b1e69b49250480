"""Rounds of draws of the outer parameters."""

import numpy as np
import pytest
from tests.inference.worlds import binomial_world, late_silence

from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.corrected import Corrected
from calibra.inference.linearise import linearise
from calibra.inference.outer import learn_offset, sample_outer
from calibra.inference.progress import Progress


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


def test_a_long_side_of_a_coefficient_is_followed():
    surrogate, mode, *_ = linearise(CellBlocks(late_silence()))
    tails = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        target = Corrected(surrogate, n_points=16, rng=rng)
        tails.append(sample_outer(target, mode, draws=1000, rng=rng, progress=Progress(shown=False)).pareto_k)
    assert max(tails) <= 0.6
