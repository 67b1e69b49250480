"""Columns that are Student t together: their density, the normals that stand in for it, and the posterior of counts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t, t as student

from calibra.inference.declare.cells import Correlation, Tails
from calibra.inference.declare.priors import LKJ
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.block_prior import correlated, independent
from calibra.inference.laplace.blocks import PointPool
from calibra.inference.laplace.heavy import mean_normal, propose_heavy
from tests.inference.test_tails import brute_force, far_out, first_rep
from tests.inference.worlds import binomial_world

SCALES = np.array([[0.5, 0.2], [0.3, 0.9], [0.1, 0.4]])[:, :, None]
RHO = np.array([[-0.7], [0.4]])


def test_heavy_columns_are_multivariate_t_and_the_others_normal():
    prior = correlated(SCALES, RHO, (2, 0))._replace(heavy=(0, 2), df=3.0)
    u, log_density = np.random.default_rng(0).standard_normal((3, 2, 4)), np.zeros((2, 4))
    prior.subtract_from(log_density, u)
    for draw in range(2):
        first, other, last = SCALES[:, draw, 0]
        own = RHO[draw, 0] * first * last
        joint = multivariate_t(shape=[[first**2, own], [own, last**2]], df=3.0)
        expected = joint.logpdf(u[[0, 2], draw].T) + multivariate_normal.logpdf(u[1, draw], cov=other**2)
        constant = log_density[draw] - expected
        np.testing.assert_allclose(constant, constant[0], rtol=1e-10)


def test_the_normal_at_a_block_touches_the_t_from_below():
    prior = correlated(SCALES, RHO, (2, 0))._replace(heavy=(0, 2), df=3.0)
    rng = np.random.default_rng(1)
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


def log_marginal(prior, information, pull):
    """What the normal of the mean weight says of the rep's log-marginal, up to a constant."""
    normal = mean_normal(prior, information[:, :, None, None], pull[:, None, None])
    whole = np.zeros((len(pull), len(pull), 1, 1))
    normal.add_to(whole)
    whole = whole[:, :, 0, 0] + information
    value = 0.5 * pull @ np.linalg.solve(whole, pull) - 0.5 * np.linalg.slogdet(whole)[1]
    return value - normal.log_root[0, 0]


@pytest.mark.parametrize(("information", "pull"), [(0.5, 0.2), (7.0, -10.0), (60.0, 3.0)])
def test_of_one_column_the_marginal_and_the_points_are_those_of_the_t(information, pull):
    # a t of scale .15 or .3: a rep of no counts to speak of, one far out, one well known
    found = []
    for scale in (0.15, 0.3):

        def target(u, scale=scale):
            return np.exp(pull * u - 0.5 * information * u * u) * student.pdf(u / scale, 3.0) / scale

        def moment(power, target=target):
            return quad(lambda v: v**power * target(v), -12, 12, points=(0.0, pull / information), limit=400)[0]

        total = moment(0)
        prior = independent(np.full((1, 1, 1), scale))._replace(heavy=(0,), df=3.0)
        a, pulled = np.full((1, 1), information), np.array([pull])
        found.append(log_marginal(prior, a, pulled) - np.log(total))
        points, log_density = PointPool(np.random.default_rng(0), 1, weights=True).pick_pairs(
            np.random.default_rng(1), (4000, 1, 1)
        )
        proposals = propose_heavy(np.zeros((1, 1, 1)), prior, a[:, :, None, None], pulled[:, None, None])
        u, ratio = proposals.place(points)
        log_weight = ratio - log_density + pull * u[0] - 0.5 * information * u[0] ** 2
        weight = np.exp(log_weight - log_weight.max())[:, 0, 0]
        assert weight.std() / weight.mean() < 0.6  # laid wider than a quadratic needs
        mean = moment(1) / total
        sd = np.sqrt(moment(2) / total - mean**2)
        assert np.average(u[0, :, 0, 0], weights=weight) == pytest.approx(mean, abs=0.06 * sd)
        spread = np.sqrt(np.average((u[0, :, 0, 0] - mean) ** 2, weights=weight))
        assert spread == pytest.approx(sd, rel=0.06)
    assert found[0] == pytest.approx(found[1], abs=0.01)


def test_of_two_columns_the_marginal_and_the_points_are_those_of_the_t_on_a_grid():
    information, pull = np.array([[7.0, 2.0], [2.0, 9.0]]), np.array([-9.0, 2.0])
    axis = np.linspace(-4.0, 3.0, 1401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"))
    log_lik = np.tensordot(pull, grid, 1) - 0.5 * np.einsum("iab,ij,jab->ab", grid, information, grid)
    found = []
    for own in (np.array([0.21, 0.14]), np.array([0.42, 0.28])):
        shape = [[own[0] ** 2, 0.5 * own.prod()], [0.5 * own.prod(), own[1] ** 2]]
        log_target = log_lik + multivariate_t(shape=shape, df=3.0).logpdf(np.moveaxis(grid, 0, -1))
        prior = correlated(own[:, None, None], np.array([[0.5]]), (1, 0))._replace(heavy=(0, 1), df=3.0)
        found.append(log_marginal(prior, information, pull) - logsumexp(log_target))
        chance = np.exp(log_target - logsumexp(log_target))
        mean = (grid * chance).sum(axis=(1, 2))
        variance = (grid**2 * chance).sum(axis=(1, 2)) - mean**2
        points, log_density = PointPool(np.random.default_rng(0), 2, weights=True).pick_pairs(
            np.random.default_rng(1), (8000, 1, 1)
        )
        proposals = propose_heavy(np.zeros((1, 1, 1)), prior, information[:, :, None, None], pull[:, None, None])
        u, ratio = (part[..., 0, 0] for part in proposals.place(points))
        log_weight = ratio - log_density[:, 0, 0]
        log_weight += pull @ u - 0.5 * np.einsum("ip,ij,jp->p", u, information, u)
        weight = np.exp(log_weight - log_weight.max())
        assert weight.std() / weight.mean() < 0.6
        np.testing.assert_allclose(np.average(u, axis=1, weights=weight), mean, atol=0.06 * np.sqrt(variance.min()))
        np.testing.assert_allclose(np.average((u.T - mean) ** 2, axis=0, weights=weight), variance, rtol=0.1)
    assert found[0] == pytest.approx(found[1], abs=0.01)


def test_columns_that_are_not_heavy_are_placed_given_those_that_are():
    # two columns, the second heavy: candidates against the joint normal at one weight alone
    information, pull = np.array([[5.0, 1.5], [1.5, 4.0]]), np.array([2.0, -1.0])
    prior = independent(np.array([0.5, 0.3])[:, None, None])._replace(heavy=(1,), df=1e9)
    points, log_density = PointPool(np.random.default_rng(0), 2, weights=True).pick_pairs(
        np.random.default_rng(1), (8000, 1, 1)
    )
    proposals = propose_heavy(np.zeros((1, 1, 1)), prior, information[:, :, None, None], pull[:, None, None])
    u, ratio = proposals.place(points)
    log_weight = ratio - log_density + np.einsum("i,ipbr->pbr", pull, u)
    log_weight -= 0.5 * np.einsum("ipbr,ij,jpbr->pbr", u, information, u)
    proposals.prior.subtract_others_from(log_weight, u)
    weight = np.exp(log_weight - log_weight.max())[:, 0, 0]
    precision = information + np.diag([4.0, 1.0 / 0.09])
    np.testing.assert_allclose(
        np.average(u[:, :, 0, 0], axis=1, weights=weight), np.linalg.solve(precision, pull), atol=0.02
    )


def test_the_posterior_of_a_rep_far_out_is_that_of_brute_force_integration():
    expected, mean_scale, sd_scale = brute_force()
    sd, quantiles, mean_scales = (expected[-1] - expected[0]) / 3.29, [], []
    for seed in range(1, 7):
        found = sample_posterior(far_out(Tails(("level",), 3.0)), seed=seed, engine="laplace", draws=4_000)
        quantiles.append(np.quantile(first_rep(found), [0.05, 0.25, 0.5, 0.75, 0.95]))
        mean_scales.append(found["level_scale"].mean())
    np.testing.assert_allclose(quantiles, np.tile(expected, (6, 1)), atol=0.2 * sd)
    np.testing.assert_allclose(np.mean(quantiles, axis=0), expected, atol=0.1 * sd)
    assert np.mean(mean_scales) == pytest.approx(mean_scale, abs=0.1 * sd_scale)


def test_tails_need_no_correlation():
    model = replace(binomial_world(12, 20, 60, seed=1), tails=Tails(("level", "slope"), 3.0))
    same = replace(model, correlation=Correlation("level", "slope", LKJ(1e6)))
    one, other = (sample_posterior(m, seed=1, engine="laplace", draws=4000) for m in (model, same))
    assert one.diagnostics.ok
    np.testing.assert_allclose(one["level"].mean(axis=0), other["level"].mean(axis=0), atol=0.05)
    np.testing.assert_allclose(one["slope"].mean(axis=0), other["slope"].mean(axis=0), atol=0.05)
