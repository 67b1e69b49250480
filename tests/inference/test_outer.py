"""Rounds of draws of the outer parameters."""

import numpy as np
from tests.inference.worlds import binomial_world

from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.corrected import Corrected
from calibra.inference.linearise import linearise
from calibra.inference.outer import learn_offset, sample_outer
from calibra.inference.progress import Progress


def share_effective(*, with_offset: bool) -> float:
    """Of the draws made for 800 reps of 3 to 8 judgments a rank, the share that is effective; mean of three runs."""
    surrogate, mode, _ = linearise(CellBlocks(binomial_world(800, 3, 8, seed=1)))
    shares = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        target = Corrected(surrogate, n_points=4, rng=rng)
        surrogate.offset[:] = 0.0
        if with_offset:
            learn_offset(target, mode, rng)
        found = sample_outer(target, mode, draws=400, rng=rng, progress=Progress(shown=False))
        shares.append(found.effective / len(found.phi))
    return float(np.mean(shares))


def test_many_reps_add_up_what_a_quadratic_misses_and_the_offset_makes_up_for_it():
    without, with_offset = (share_effective(with_offset=found) for found in (False, True))
    assert without < 0.6
    assert with_offset > 0.7
