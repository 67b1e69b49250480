"""The prior of a block against scipy's multivariate normal."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from calibra.inference.declare.priors import LKJ
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.block_prior import correlated, independent
from calibra.inference.laplace.cell_blocks import CORRELATION_ORIGIN, CellBlocks
from tests.inference.worlds import correlated_world

SCALES = np.array([[0.5, 0.2], [0.3, 0.9], [0.1, 0.4]])[:, :, None]
RHO = np.array([[-0.7], [0.4]])


@pytest.mark.parametrize(
    ("prior", "rho"), [(independent(SCALES), 0 * RHO), (correlated(SCALES, RHO, (2, 0)), RHO)], ids=["alone", "pair"]
)
def test_a_block_prior_is_the_normal_with_its_scales_and_correlation(prior, rho):
    u = np.random.default_rng(0).standard_normal((3, 2, 4))
    log_density, matrices = np.zeros((2, 4)), np.zeros((3, 3, 2, 4))
    prior.subtract_from(log_density, u)
    prior.add_to(matrices)
    for draw in range(2):
        correlation = np.eye(3)
        correlation[0, 2] = correlation[2, 0] = rho[draw, 0]
        covariance = correlation * np.outer(SCALES[:, draw], SCALES[:, draw])
        expected = multivariate_normal.logpdf(u[:, draw].T, cov=covariance) + 1.5 * np.log(2 * np.pi)
        np.testing.assert_allclose(log_density[draw], expected, rtol=1e-10)
        np.testing.assert_allclose(prior.covariance()[draw], covariance, atol=1e-12)
        np.testing.assert_allclose(matrices[:, :, draw, 0], np.linalg.inv(covariance), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(prior.pull(u)[:, draw], np.linalg.solve(covariance, u[:, draw]), rtol=1e-9)


@pytest.mark.parametrize("eta", [1.0, 2.0, 5.0])
def test_draws_of_a_correlation_have_its_density_and_its_spread(eta):
    rho = LKJ(eta).sample(np.random.default_rng(0), 400_000)
    assert rho.std() == pytest.approx(1.0 / np.sqrt(2.0 * eta + 1.0), rel=5e-3)
    edges = np.linspace(-1.5, 1.5, 31)
    counts, _ = np.histogram(np.arctanh(rho), edges)
    density = np.exp(LKJ(eta).log_density(0.5 * (edges[1:] + edges[:-1])))
    np.testing.assert_allclose(counts / counts.sum(), density / density.sum(), atol=3e-3)


def test_a_correlation_is_never_folded_at_zero_as_scales_are():
    # a negative correlation is found negative, and its draws stay far from where the engine folds what φ holds
    model = correlated_world(60, 60, 100, seed=1)
    blocks = CellBlocks(model)
    phi = blocks.start()
    assert blocks.correlation(phi[None])[0] == 0.0
    draws = sample_posterior(model, seed=1, engine="laplace").draws["level_slope_correlation"]
    assert -1.0 < draws.min() < draws.max() < 1.0
    assert np.abs(np.arctanh(draws)).max() < 0.5 * CORRELATION_ORIGIN


@pytest.mark.parametrize("rho", [-0.8, 0.8])
def test_the_correlation_of_level_and_slope_is_found(rho):
    rng = np.random.default_rng(3)
    pairs = rng.multivariate_normal([0.0, 0.0], [[0.36, 0.24 * rho], [0.24 * rho, 0.16]], 80)
    scores = np.array([1.4, 0.7, 0.0, -0.7, -1.4])
    eta = np.array([0.1, -0.6, -1.0, -1.2, -1.4]) + pairs[:, :1] + pairs[:, 1:] * scores
    model, size = correlated_world(80, 200, 200, seed=1), np.full((80, 5), 200.0)
    events = rng.binomial(200, 1.0 / (1.0 + np.exp(-eta))).astype(float)
    found = sample_posterior(replace(model, events=events, size=size), seed=1, engine="laplace")
    draws = found.draws["level_slope_correlation"]
    assert found.diagnostics.ok
    assert np.quantile(draws, 0.01) < np.corrcoef(pairs.T)[0, 1] < np.quantile(draws, 0.99)
    assert draws.std() < 0.1
