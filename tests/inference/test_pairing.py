"""Two posteriors side by side: what one seed has in common must not be taken for knowledge."""

from dataclasses import replace

import numpy as np
import pytest

from calibra.chapters.ranks.model import RankModel
from calibra.inference.pairing import pair_independent, spawn_seed
from tests.chapters.ranks.worlds import counts


@pytest.fixture(scope="module")
def posterior():
    """A fit of four reps."""
    return RankModel().fit(counts(np.full((4, 2), 100), np.tile([50, 20], (4, 1))), seed=1, draws=800).posterior


def test_draws_of_equal_seeds_are_not_paired_by_index(posterior):
    pairing = pair_independent(posterior, posterior)
    assert sorted(pairing.second) == sorted(pairing.first) == list(range(800))
    level = posterior["rank_mean"][:, 0]
    assert np.corrcoef(level, level)[0, 1] == pytest.approx(1.0)  # what pairing by index would give
    assert abs(np.corrcoef(level[pairing.first], level[pairing.second])[0, 1]) < 0.12  # 3.4 standard errors
    again = pair_independent(posterior, posterior)
    np.testing.assert_array_equal(pairing.second, again.second)


def test_the_shorter_posterior_meets_draws_spread_over_the_longer(posterior):
    few = replace(posterior, diagnostics=replace(posterior.diagnostics, n_draws=100))
    pairing = pair_independent(few, posterior)
    assert len(pairing.first) == len(pairing.second) == 100
    assert len(set(pairing.second.tolist())) == 100
    assert pairing.second.max() == 799


def test_parts_of_a_model_have_seeds_of_their_own():
    assert len({spawn_seed(seed, part) for seed in range(20) for part in range(3)}) == 60
