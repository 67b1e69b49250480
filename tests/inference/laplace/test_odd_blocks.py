"""Blocks of reps that may be odd: their density, the normals that stand in for it, and where blocks are looked for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from calibra.inference.declare.cells import Correlation
from calibra.inference.declare.odd_reps import OddReps
from calibra.inference.declare.priors import LKJ
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.block_prior import Odd, correlated, independent
from calibra.inference.laplace.odd_blocks import mean_normal, of_columns, propose_odd
from calibra.inference.laplace.points import PointPool
from tests.inference.worlds import binomial_world

SCALES = np.array([[0.5, 0.2], [0.3, 0.9], [0.1, 0.4]])[:, :, None]
RHO = np.array([[-0.7], [0.4]])
ODD = OddReps(("level", "slope"), (0.8, 0.4), 0.1)


def contaminated(scales=SCALES, rho=RHO, columns=(0, 2), odd=ODD):
    """The prior of three columns, the first and the last correlated, in which some reps are odd."""
    lost = odd.precisions([scales[j] for j in columns], rho)
    prior = correlated(scales, rho, columns[::-1]) if len(columns) == 2 else independent(scales)
    return prior._replace(odd=Odd(columns, lost.diagonal, lost.coupling, odd.log_odds - lost.log_root))


def covariances(draw):
    """Of most reps and of odd ones at one φ, by hand."""
    most = np.diag(SCALES[:, draw, 0] ** 2)
    most[0, 2] = most[2, 0] = RHO[draw, 0] * SCALES[0, draw, 0] * SCALES[2, draw, 0]
    return most, most + np.diag([0.64, 0.0, 0.16])


def log_mixture(u, draw):
    most, odd = (multivariate_normal.logpdf(u, cov=cov) for cov in covariances(draw))
    return np.logaddexp(np.log(0.9) + most, np.log(0.1) + odd)


def test_the_prior_is_the_mixture_of_two_normals():
    u, log_density = np.random.default_rng(0).standard_normal((3, 2, 4)), np.zeros((2, 4))
    contaminated().subtract_from(log_density, u)
    for draw in range(2):
        constant = log_density[draw] - log_mixture(u[:, draw].T, draw)
        np.testing.assert_allclose(constant, constant[0], rtol=1e-10)


def test_the_normal_at_a_block_touches_the_mixture_from_below():
    prior, rng = contaminated(), np.random.default_rng(1)
    u, step = rng.standard_normal((3, 2, 4)), 1e-5 * rng.standard_normal((3, 2, 4))
    local = prior.at(u)

    def density(of, at):
        value = np.zeros((2, 4))
        of.subtract_from(value, at)
        return value

    slope = density(prior, u + step) - density(prior, u - step)
    np.testing.assert_allclose(slope, -2.0 * (local.pull(u) * step).sum(axis=0), rtol=1e-4, atol=1e-12)
    for _ in range(20):
        other = u + rng.standard_normal(u.shape)
        fall = density(local, other) - density(local, u)
        assert (density(prior, other) - density(prior, u) >= fall - 1e-10).all()


INFORMATION = np.array([[7.0, 1.0, 2.0], [1.0, 6.0, -1.0], [2.0, -1.0, 9.0]])
PULL = np.array([-9.0, 1.0, 2.0])


def exact(draw):
    """Log marginals of both kinds, with the shares; mean of the block over both; of the quadratic above."""
    logs, means = [], []
    for cov, share in zip(covariances(draw), (0.9, 0.1), strict=True):
        whole = INFORMATION + np.linalg.inv(cov)
        means.append(np.linalg.solve(whole, PULL))
        log_root = 0.5 * np.linalg.slogdet(cov)[1] + 0.5 * np.linalg.slogdet(whole)[1]
        logs.append(np.log(share) + 0.5 * PULL @ means[-1] - log_root)
    chance = np.exp(logs - logsumexp(logs))
    return logsumexp(logs), chance @ np.array(means), chance[1]


def test_the_normal_that_stands_for_a_rep_has_the_marginal_and_the_mean_of_the_mixture():
    prior = contaminated()
    information, pull = (
        np.broadcast_to(INFORMATION[:, :, None, None], (3, 3, 2, 1)),
        np.tile(PULL[:, None, None], (1, 2, 1)),
    )
    normal = mean_normal(prior, *of_columns(prior, information, pull))
    found = []
    for draw in range(2):
        precision = np.diag(normal.diagonal[:, draw, 0])
        precision[0, 2] = precision[2, 0] = normal.coupling[draw, 0]
        whole = INFORMATION + precision
        value = 0.5 * PULL @ np.linalg.solve(whole, PULL) - 0.5 * np.linalg.slogdet(whole)[1] - normal.log_root[draw, 0]
        log_marginal, mean, _ = exact(draw)
        np.testing.assert_allclose(np.linalg.solve(whole, PULL), mean, rtol=1e-9)
        found.append(value - log_marginal)
    assert found[0] == pytest.approx(found[1], abs=1e-9)


class Quadratics:
    """Blocks whose log-likelihood is the quadratic above."""

    def gradient_hessian(self, context, u):
        gradient = PULL[:, None, None] - np.einsum("ij,jdr->idr", INFORMATION, u)
        return gradient, np.broadcast_to(INFORMATION[:, :, None, None], (3, 3, *u.shape[1:]))

    def log_likelihood(self, context, u):
        return np.einsum("i,idr->dr", PULL, u) - 0.5 * np.einsum("idr,ij,jdr->dr", u, INFORMATION, u)


@pytest.mark.parametrize("mixed", [True, False])
def test_points_and_weights_have_the_moments_of_the_mixture(mixed):
    prior = contaminated()
    information, pull = (
        np.broadcast_to(INFORMATION[:, :, None, None], (3, 3, 2, 1)),
        np.tile(PULL[:, None, None], (1, 2, 1)),
    )
    proposals = propose_odd(Quadratics(), np.zeros((1, 2, 1)), prior, information, pull, 0.0)
    pool = PointPool(np.random.default_rng(0), 3, kinds=True)
    points, log_density = pool.pick_pairs(np.random.default_rng(1), (20_000, 2, 1))
    u, log_weight = proposals.place(points, log_density, mixed=mixed)
    log_weight += np.einsum("i,ipdr->pdr", PULL, u) - 0.5 * np.einsum("ipdr,ij,jpdr->pdr", u, INFORMATION, u)
    prior.subtract_normal_from(log_weight, u)
    log_means = []
    for draw in range(2):
        weight = np.exp(log_weight[:, draw, 0] - log_weight[:, draw, 0].max())
        log_marginal, mean, chance = exact(draw)
        assert proposals.chance[draw, 0] == pytest.approx(chance, abs=0.03)
        assert weight.std() / weight.mean() < 0.5
        np.testing.assert_allclose(np.average(u[:, :, draw, 0], axis=1, weights=weight), mean, atol=0.01)
        log_means.append(logsumexp(log_weight[:, draw, 0]) - log_marginal)
    assert log_means[0] == pytest.approx(log_means[1], abs=0.01)


def test_odd_reps_need_no_correlation():
    world = binomial_world(12, 20, 60, seed=1)
    model = replace(world, odd_reps=replace(ODD, share=0.02))
    same = replace(model, correlation=Correlation("level", "slope", LKJ(1e6)))
    one, other = (sample_posterior(m, seed=1, engine="laplace", draws=4000) for m in (model, same))
    assert one.diagnostics.ok
    np.testing.assert_allclose(one["level"].mean(axis=0), other["level"].mean(axis=0), atol=0.05)
    np.testing.assert_allclose(one["slope"].mean(axis=0), other["slope"].mean(axis=0), atol=0.05)
    alone = replace(model, odd_reps=OddReps(("level",), (0.8,), 1e-9))
    nobody = sample_posterior(world, seed=1, engine="laplace", draws=4000)
    of_level = sample_posterior(alone, seed=1, engine="laplace", draws=4000)
    np.testing.assert_allclose(of_level["level"].mean(axis=0), nobody["level"].mean(axis=0), atol=0.03)
