"""The quadratic posterior against the Laplace marginal it is made from, and against plain Gaussian algebra."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from calibra.inference.laplace.blocks import find_modes, log_prior
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.laplace.linearise import linearise
from calibra.inference.laplace.small_linalg import inverse
from tests.inference.laplace.test_detection_blocks import declare
from tests.inference.worlds import binomial_world, correlated_world, poisson_world

WORLDS = {
    "binomial": lambda: CellBlocks(binomial_world(8, 30, 60, seed=1)),
    "binomial, level and slope correlated": lambda: CellBlocks(correlated_world(8, 30, 60, seed=1)),
    "poisson, own designs": lambda: CellBlocks(poisson_world(seed=2)),
    "detection": lambda: DetectionBlocks(declare()),
}


def laplace_marginal(blocks, phi):
    """Log posterior of one φ with every block integrated out by Laplace's method, up to a constant."""
    modes = find_modes(blocks, phi[None], np.zeros((blocks.n_block, 1, 1)))
    precision = np.linalg.inv(modes.prior.covariance()[0])
    hessian = np.moveaxis(blocks.gradient_hessian(modes.context, modes.u)[1], (0, 1), (-2, -1))[0]
    hessian = hessian + precision
    value = blocks.log_likelihood(modes.context, modes.u) - 0.5 * np.einsum(
        "qdr,qp,pdr->dr", modes.u, precision, modes.u
    )
    value = value + 0.5 * np.linalg.slogdet(precision)[1] - 0.5 * np.linalg.slogdet(hessian)[1]
    return log_prior(blocks, phi[None])[0] + value.sum()


@pytest.fixture(params=WORLDS, scope="module")
def linearised(request):
    return linearise(WORLDS[request.param]())


def slope_in_coefficients(surrogate, phi, step=1e-3):
    """Of the Laplace marginal, by central differences, (p,)."""
    away = step * np.eye(len(phi))[: surrogate.p]
    ahead, behind = (
        np.array([laplace_marginal(surrogate.blocks, phi + side * row) for row in away]) for side in (1, -1)
    )
    return (ahead - behind) / (2 * step)


def test_coefficients_given_the_scales_are_centred_where_the_marginal_is_flat(linearised):
    # the quadratic's slope in the coefficients is that of the Laplace marginal where it was made
    surrogate, _, _, phi = linearised
    given = surrogate.given_scales(phi[None, surrogate.p :])
    at_mean = np.concatenate([given.mean[0], phi[surrogate.p :]])
    away = np.linalg.solve(given.root[0], slope_in_coefficients(surrogate, at_mean))  # in standard deviations
    assert np.abs(away).max() < 0.1


def test_their_spread_is_near_the_curvature_of_the_marginal(linearised):
    surrogate, _, _, phi = linearised
    step, p = 1e-2 * np.eye(len(phi))[: surrogate.p], surrogate.p
    bend = [slope_in_coefficients(surrogate, phi + row) - slope_in_coefficients(surrogate, phi - row) for row in step]
    root = surrogate.given_scales(phi[None, p:]).root[0]
    precision = root @ root.T
    np.testing.assert_allclose(precision, -np.array(bend) / 2e-2, atol=0.1 * np.abs(np.diag(precision)).max())


def test_blocks_where_it_was_made_have_their_modes_curvature(linearised):
    surrogate, _, _, phi = linearised
    modes = find_modes(surrogate.blocks, phi[None], np.zeros((surrogate.blocks.n_block, 1, 1)))
    found = surrogate.propose_blocks(phi[None])
    np.testing.assert_allclose(inverse(found.chol), inverse(modes.chol), rtol=0.02, atol=1e-3)


def test_the_density_of_the_scales_is_that_of_the_gaussian_posterior(linearised):
    # log p(θ) = log p(φ, u) − log p(φ, u | θ) at any φ and u: both in closed form for a quadratic likelihood
    surrogate, _, _, mode = linearised
    blocks, p, rng = surrogate.blocks, surrogate.p, np.random.default_rng(5)
    a, b, c, by_block, by_coefficient, _ = surrogate.quadratic
    found, expected = [], []
    for stretch in (0.7, 1.0, 1.5):
        scales = np.maximum(stretch * mode[p:], 0.05)
        given = surrogate.given_scales(scales[None])
        phi = np.concatenate([given.mean[0] + 0.1 * rng.standard_normal(p), scales])[None]
        u = 0.1 * rng.standard_normal((blocks.n_block, blocks.n_reps))
        beta, prior = blocks.coefficients(phi)[0], blocks.block_prior(phi).covariance()[0]
        log_lik = by_coefficient @ beta - 0.5 * beta @ c @ beta + (by_block * u).sum()
        log_lik -= 0.5 * np.einsum("qr,qpr,pr->", u, a, u) + np.einsum("p,pqr,qr->", beta, b, u)
        joint = log_prior(blocks, phi)[0] + log_lik
        joint += sum(multivariate_normal.logpdf(column, cov=prior) for column in u.T)
        proposals = surrogate.propose_blocks(phi, newton=False)  # blocks of the quadratic, not of the likelihood
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
