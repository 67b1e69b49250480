"""The corrected target against quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.laplace.block_weights import log_mean_exp, log_mean_of_pairs
from calibra.inference.laplace.blocks import log_prior
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.corrected import Corrected
from calibra.inference.laplace.engine import choose_target
from calibra.inference.laplace.linearise import linearise
from tests.inference.worlds import binomial_world


def target_of(model, n_points=16, seed=0):
    """The corrected target around a surrogate at typical scales."""
    return Corrected(linearise(CellBlocks(model)).surrogate, n_points=n_points, rng=np.random.default_rng(seed))


def one_rep(events, size):
    return CellModel(
        Binomial(), np.array([[events]]), np.array([[size]]), ("solo",),
        (PopulationTerm("mean", "intercept", ("mean",), np.ones((1, 1)), Normal(-1.0, 1.5)),),
        (RepTerm("level", np.ones((1, 1)), HalfNormal(0.5)),),
    )  # fmt: skip


PHI = np.array([[1.5, 2.0], [-1.5, 0.2]])
"""Mean and scale at two places far apart: a wide, skewed block and a narrow one."""


def log_integral(events, size, mean, sigma):
    """The marginal likelihood of one rep by quadrature, up to a constant."""

    def integrand(u):
        eta = mean + u
        return np.exp(events * eta - size * np.logaddexp(0.0, eta) - 0.5 * (u / sigma) ** 2) / sigma

    return np.log(quad(integrand, -14 * sigma, 14 * sigma, epsabs=0, epsrel=1e-10, limit=500, points=[-3, -1])[0])


@pytest.mark.parametrize(("events", "size"), [(0.0, 3.0), (1.0, 4.0), (0.0, 20.0), (30.0, 60.0)])
def test_corrected_marginal_is_the_integral_over_the_block(events, size):
    # the corrected marginal leaves out one constant for all phi: differences are compared
    target = target_of(one_rep(events, size), n_points=100_000)
    likelihood = target.log_posterior(PHI) - log_prior(target.blocks, PHI)
    expected = log_integral(events, size, *PHI[0]) - log_integral(events, size, *PHI[1])
    assert likelihood[0] - likelihood[1] == pytest.approx(expected, abs=0.004)


def test_the_log_of_a_mean_of_few_weights_is_freed_of_its_bias():
    # pairs of weights 1 ± 0.3: E w = 1, and the log of the mean of two pairs is below 0 by half their variance
    rng = np.random.default_rng(0)
    log_weights = np.log(1.0 + 0.3 * rng.choice([-1.0, 1.0], (4, 200_000)))
    plain, freed = log_mean_exp(log_weights).mean(), log_mean_of_pairs(log_weights).mean()
    assert plain < -0.009
    assert abs(freed) < 0.002


def test_chunks_change_nothing(monkeypatch):
    target = target_of(binomial_world(60, 5, 40, seed=4))
    phi = np.repeat(target.blocks.start()[None], 300, axis=0) * np.linspace(0.9, 1.1, 300)[:, None]
    few = target.log_posterior(phi)
    monkeypatch.setattr("calibra.inference.laplace.batches._CHUNK_ELEMENTS", 50_000)
    np.testing.assert_allclose(target.log_posterior(phi), few, rtol=1e-12)


def test_gamma_precision_is_the_density_of_the_scale():
    # numeric change of variables from the gamma density of 1/sigma^2
    prior, sigma = GammaPrecision(2.0, 0.5), np.array([0.3, 0.7])

    def density_of_precision(t):
        return 2.0 * np.log(0.5) - gammaln(2.0) + (2.0 - 1.0) * np.log(t) - 0.5 * t

    expected = density_of_precision(sigma**-2.0) + np.log(2.0 * sigma**-3.0)
    found = prior.log_density(sigma)
    assert found[1] - found[0] == pytest.approx(expected[1] - expected[0])


@pytest.mark.parametrize("n_points", [4, 16])
def test_the_noise_of_the_points_is_what_other_points_show(n_points):
    found = linearise(CellBlocks(binomial_world(40, 3, 8, seed=1)))
    farther = found.phi + np.concatenate([np.zeros(found.surrogate.p), found.scales_sd])
    pair = np.stack([found.phi, farther])
    targets = [Corrected(found.surrogate, n_points=n_points, rng=np.random.default_rng(i)) for i in range(60)]
    moved = [np.diff(target.log_posterior(pair))[0] for target in targets]
    assert np.mean([target.noise(pair) for target in targets]) == pytest.approx(np.std(moved), rel=0.35)


def test_blocks_have_as_many_points_as_their_noise_asks_for():
    points = []
    for least, most in ((150, 400), (2, 5)):
        found = linearise(CellBlocks(binomial_world(60, least, most, seed=1)))
        rng = np.random.default_rng(1)
        points.append(choose_target(found.surrogate, 4, found.phi, found.scales_sd, rng).n_points)
    assert points[0] == 4
    assert points[1] > 4
