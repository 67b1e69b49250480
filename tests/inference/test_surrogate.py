"""The quadratic posterior against the Laplace marginal it is made from, and against plain Gaussian algebra."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tests.inference.test_detection_blocks import declare
from tests.inference.worlds import binomial_world, poisson_world

from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.detection_blocks import DetectionBlocks
from calibra.inference.marginal import Marginal
from calibra.inference.small_linalg import inverse
from calibra.inference.surrogate import Surrogate

WORLDS = {
    "binomial": lambda: CellBlocks(binomial_world(8, 30, 60, seed=1)),
    "poisson, own designs": lambda: CellBlocks(poisson_world(seed=2)),
    "detection": lambda: DetectionBlocks(declare()),
}


@pytest.fixture(params=WORLDS, scope="module")
def at_mode(request):
    blocks = WORLDS[request.param]()
    marginal = Marginal(blocks)
    mode = marginal.mode()
    return marginal, mode, Surrogate(blocks, blocks.quadratic(marginal.modes_at(mode)))


def test_coefficients_given_the_modes_scales_are_centred_on_the_mode(at_mode):
    # the quadratic's slope in the coefficients is the exact slope of the Laplace marginal, which is nothing there
    _, mode, surrogate = at_mode
    given = surrogate.given_scales(mode[None, surrogate.p :])
    away = given.root[0].T @ (given.mean[0] - mode[: surrogate.p])  # in standard deviations
    assert np.abs(away).max() < 0.1


def test_their_spread_is_near_the_curvature_of_the_marginal(at_mode):
    marginal, mode, surrogate = at_mode
    step, p = 1e-3 * np.eye(len(mode))[: surrogate.p], surrogate.p
    slopes = marginal.laplace(mode + step)[1] - marginal.laplace(mode - step)[1]
    precision = surrogate.given_scales(mode[None, p:]).root[0]
    precision = precision @ precision.T
    np.testing.assert_allclose(precision, -slopes[:, :p] / 2e-3, atol=0.1 * np.abs(np.diag(precision)).max())


def test_blocks_at_the_mode_have_its_curvature(at_mode):
    marginal, mode, surrogate = at_mode
    proposals, modes = surrogate.propose_blocks(mode[None]), marginal.modes_at(mode)
    np.testing.assert_allclose(inverse(proposals.chol), inverse(modes.chol), rtol=0.02, atol=1e-3)


def test_the_density_of_the_scales_is_that_of_the_gaussian_posterior(at_mode, monkeypatch):
    # log p(θ) = log p(φ, u) − log p(φ, u | θ) at any φ and u: both in closed form for a quadratic likelihood
    _, mode, surrogate = at_mode
    monkeypatch.setattr(surrogate, "newton_steps", 0)  # blocks of the quadratic, not of the likelihood
    blocks, p, rng = surrogate.blocks, surrogate.p, np.random.default_rng(5)
    a, b, c, by_block, by_coefficient, _ = surrogate.quadratic
    found, expected = [], []
    for stretch in (0.7, 1.0, 1.5):
        scales = np.maximum(stretch * mode[p:], 0.05)
        given = surrogate.given_scales(scales[None])
        phi = np.concatenate([given.mean[0] + 0.1 * rng.standard_normal(p), scales])[None]
        u = 0.1 * rng.standard_normal((blocks.n_block, blocks.n_reps))
        beta, sigma = blocks.coefficients(phi)[0], blocks.block_scales(phi)[:, 0, 0]
        log_lik = by_coefficient @ beta - 0.5 * beta @ c @ beta + (by_block * u).sum()
        log_lik -= 0.5 * np.einsum("qr,qpr,pr->", u, a, u) + np.einsum("p,pqr,qr->", beta, b, u)
        joint = blocks.log_prior(phi)[0][0] + log_lik
        joint += sum(multivariate_normal.logpdf(column, cov=np.diag(sigma**2)) for column in u.T)
        proposals = surrogate.propose_blocks(phi)
        covariance = inverse(proposals.chol)[:, :, 0]
        joint -= sum(
            multivariate_normal.logpdf(u[:, r], proposals.centre[:, 0, r], covariance[:, :, r])
            for r in range(blocks.n_reps)
        )
        joint -= multivariate_normal.logpdf(
            phi[0, :p], given.mean[0], np.linalg.inv(given.root[0] @ given.root[0].T), allow_singular=False
        )
        expected.append(joint)
        found.append(given.log_density[0])
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=1e-6, atol=1e-5)
