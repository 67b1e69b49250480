import numpy as np
import pytest

from calibra.inference.laplace.proposals import Mixture, SplitT, climb, folded_log_density, split_t, systematic_resample


@pytest.mark.parametrize("proposal", [
    SplitT(np.array([0.5, 0.3]), np.array([[1.0, 0.0], [0.4, 0.8]]), np.array([[1.0, 2.0], [0.7, 1.0]])),
    Mixture(np.array([[0.0, 0.2], [1.0, 1.5]]), np.array([[1.0, 0.0], [0.3, 0.6]])),
], ids=["split t", "mixture"])  # fmt: skip
def test_folded_density_integrates_to_one_over_positive_scales(proposal):
    axis = np.linspace(0.0, 30.0, 601)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(folded_log_density(proposal, grid)).reshape(len(axis), len(axis))
    assert np.trapezoid(np.trapezoid(density, axis, axis=1), axis) == pytest.approx(1.0, abs=0.01)


def test_draws_follow_the_split():
    proposal = SplitT(np.zeros(2), np.eye(2), np.array([[2.0, 1.0], [1.0, 1.0]]))
    draws = proposal.sample(np.random.default_rng(0), 40_000)
    assert (draws[:, 0] > 0).mean() == pytest.approx(2 / 3, abs=0.01)
    assert (draws[:, 1] > 0).mean() == pytest.approx(1 / 2, abs=0.01)


def test_split_t_finds_the_skew_of_its_target():
    def target(x):  # standard normal to the left of 9, twice as wide to the right, in the first coordinate
        first, second = (x - 9.0).T
        return -0.5 * np.where(first > 0, first / 2, first) ** 2 - 0.5 * second**2

    found = split_t(target, np.full(2, 9.0), np.eye(2))
    right, left = found.spread[:, 0]
    assert right > 1.5 * left


def test_climbing_finds_a_normal_and_its_precision():
    mean, precision = np.array([0.9, 0.4]), np.array([[30.0, 12.0], [12.0, 80.0]])

    def target(x):
        return -0.5 * np.einsum("ni,ij,nj->n", x - mean, precision, x - mean)

    mode, hessian = climb(target, np.array([0.1, 1.5]))
    assert np.abs(mode - mean).max() < 0.02
    np.testing.assert_allclose(hessian, precision, rtol=1e-6)


def test_a_density_flat_at_its_mode_still_shows_its_width():
    def target(x):
        return -((x[:, 0] / 0.3) ** 4)

    _, hessian = climb(target, np.array([0.001]))
    assert 0.1 < hessian[0, 0] ** -0.5 < 0.4


def test_systematic_resampling_keeps_expected_counts():
    weights = np.array([0.5, 0.25, 0.25])
    counts = np.bincount(systematic_resample(weights, 8, np.random.default_rng(1)))
    np.testing.assert_array_equal(counts, [4, 2, 2])
