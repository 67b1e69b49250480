"""The simulator of joint ratings: its truth is what its reps do on a large pool."""

import numpy as np
import pytest

import calibra as cb


def test_reps_give_the_ranks_their_shares_say():
    world = cb.simulate_joint_ratings(n_prospects=20_000, seed=1, leniency=(0.9, 0.0, -0.9), n_reps=3)
    given = np.stack([(world.ratings.rated <= k).mean(axis=0) for k in range(4)], axis=1)
    assert given == pytest.approx(world.shares, abs=0.015)
    assert world.shares[1] == pytest.approx([0.15, 0.35, 0.6, 0.85])
    # by hand: odds of .15 are .1765; × e^.9 is .434, a share of .303
    assert world.shares[0, 0] == pytest.approx(0.303, abs=5e-4)


def test_two_reps_agree_as_reliability_says():
    world = cb.simulate_joint_ratings(n_prospects=20_000, n_reps=2, seed=2, leniency=(0, 0), reliability=0.6)
    ranks = world.ratings.rated.astype(float)
    assert np.corrcoef(ranks.T)[0, 1] == pytest.approx(0.6, abs=0.05)  # of five ranks, a little below .6


def test_blanks_and_choices():
    world = cb.simulate_joint_ratings(n_prospects=500, seed=3, missing=0.25, reps=("Ito", "Abe"))
    assert world.ratings.reps == ("Abe", "Ito")
    assert (world.ratings.rated < 0).mean() == pytest.approx(0.25, abs=0.03)
    assert len(world.frame) == (world.ratings.rated >= 0).sum()
    with pytest.raises(cb.InputError, match="one number a rep, 2 of them"):
        cb.simulate_joint_ratings(n_reps=2, seed=1, leniency=(0.0,))
