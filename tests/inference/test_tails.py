"""Reps with heavy tails: what is refused, what nuts finds of a rep far out, and how the t is drawn and integrated."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import t as student

import calibra as cb
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.errors import InputError
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm, Tails, heavy_tails
from calibra.inference.declare.families import Binomial
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.engines import sample_posterior
from tests.chapters.ranks.worlds import counts
from tests.inference.worlds import correlated_world

FAR_OUT = np.array([4, 21, 19, 20, 22, 18, 20, 23, 17, 21, 19, 20.0])[:, None]
"""Events of 80 judgments of each of twelve reps."""


def far_out(tails: Tails | None) -> CellModel:
    return CellModel(
        Binomial(), FAR_OUT, np.full((12, 1), 80.0), tuple("abcdefghijkl"),
        (PopulationTerm("mean", "intercept", ("mean",), np.ones((1, 1)), Normal(0.0, 1.5)),),
        (RepTerm("level", np.ones((1, 1)), HalfNormal(0.5)),), tails=tails,
    )  # fmt: skip


def first_rep(posterior):
    return 1.0 / (1.0 + np.exp(-(posterior["mean"][:, 0] + posterior["level"][:, 0])))


def brute_force():
    """Quantiles of the first rep's chance, mean and sd of the scale: reps summed on one grid, all else on another."""
    means, scales = np.linspace(-1.7, -0.6, 45), np.linspace(0.01, 1.6, 60)
    standard = np.sinh(np.linspace(-5.0, 5.0, 601))
    log_prior_of_rep = student.logpdf(standard, 3.0) + np.log(np.gradient(standard))
    log_joint, first = np.empty((45, 60)), np.empty((45, 60, 601))
    for i, mean in enumerate(means):
        for j, scale in enumerate(scales):
            eta = mean + scale * standard
            of_each = log_prior_of_rep + FAR_OUT * eta - 80.0 * np.logaddexp(0.0, eta)
            log_joint[i, j] = logsumexp(of_each, axis=1).sum() - 0.5 * (mean / 1.5) ** 2 - 0.5 * (scale / 0.5) ** 2
            first[i, j] = of_each[0] - logsumexp(of_each[0])
    chance = np.exp(log_joint - logsumexp(log_joint))
    prob = 1.0 / (1.0 + np.exp(-(means[:, None, None] + scales[:, None] * standard)))
    order = np.argsort(prob, axis=None)
    reached = np.cumsum((chance[:, :, None] * np.exp(first)).ravel()[order])
    expected = prob.ravel()[order][np.searchsorted(reached, [0.05, 0.25, 0.5, 0.75, 0.95])]
    by_scale = chance.sum(axis=0)
    mean_scale = (by_scale * scales).sum()
    return expected, mean_scale, np.sqrt((by_scale * scales**2).sum() - mean_scale**2)


@pytest.mark.nuts
def test_the_posterior_of_a_rep_far_out_is_that_of_brute_force_integration():
    expected, mean_scale, _ = brute_force()
    found = sample_posterior(far_out(Tails(("level",), 3.0)), seed=1, engine="nuts", draws=4_000)
    # within a fifth of a standard deviation: four standard errors of the outer quantiles of a thousand effective draws
    sd = (expected[-1] - expected[0]) / 3.29
    np.testing.assert_allclose(np.quantile(first_rep(found), [0.05, 0.25, 0.5, 0.75, 0.95]), expected, atol=0.2 * sd)
    assert found["level_scale"].mean() == pytest.approx(mean_scale, abs=0.02)
    # 5 % of events were counted; a normal population draws the rep halfway to the others' 25 %
    normal = sample_posterior(far_out(None), seed=1, engine="laplace")
    assert first_rep(found).mean() < first_rep(normal).mean() - 0.02


def test_heavy_tails_are_one_prior_of_the_rank_model():
    n = np.full((12, 2), 80)
    events = np.rint(n * np.array([0.5, 0.2])).astype(int)
    events[0] = [8, 2]
    model = RankModel(priors=RankPriors(tails=3.0))
    fit = model.fit(counts(n, events), seed=1, draws=400, progress=False)
    normal = RankModel().fit(counts(n, events), seed=1, draws=400, progress=False)
    own, drawn = fit.probability_draws()[:, 0].mean(axis=0), normal.probability_draws()[:, 0].mean(axis=0)
    assert (own < drawn).all()
    of_first, of_normal = (found.probabilities().set_index(["rep", "rank"]) for found in (fit, normal))
    first = fit.reps[0]
    assert of_first.loc[(first, "A"), "rep_share"] > of_normal.loc[(first, "A"), "rep_share"]
    assert fit.spread()["estimate"].notna().all()


@pytest.mark.parametrize(
    ("tails", "words"),
    [
        (Tails(("nothing",), 3.0), "must name rep terms"),
        (Tails((), 3.0), "must name rep terms"),
        (Tails(("level", "slope"), 0.0), "above 0 and finite"),
        (Tails(("level", "slope"), np.inf), "above 0 and finite"),
        (Tails(("level",), 3.0), "both terms that are correlated"),
        (Tails(("residual",), 3.0), "of one column"),
    ],
)
def test_tails_that_cannot_be_meant_are_refused(tails, words):
    with pytest.raises(InputError, match=words):
        replace(correlated_world(4, 5, 40, seed=1), tails=tails)


@pytest.mark.parametrize("df", ["3", 0.0, -1.0, float("inf"), float("nan"), True])
def test_degrees_of_freedom_that_are_none_are_refused_however_few_the_reps(df):
    with pytest.raises(InputError, match="`tails` must be"):
        heavy_tails(("level",), df, 2)


def test_of_two_reps_nobody_is_odd():
    assert heavy_tails(("level",), 3.0, 2) is None
    assert heavy_tails(("level",), None, 20) is None
    assert heavy_tails(("level",), 3.0, 3) == Tails(("level",), 3.0)


def test_draws_and_nodes_of_the_weight_are_those_of_the_t():
    tails, rng = Tails(("level",), 3.0), np.random.default_rng(0)
    drawn = tails.sample(rng, (200_000,)) * rng.standard_normal(200_000)
    np.testing.assert_allclose(
        np.quantile(drawn, [0.01, 0.1, 0.5, 0.9, 0.99]), student.ppf([0.01, 0.1, 0.5, 0.9, 0.99], 3.0), atol=0.1
    )
    weights, mass = tails.nodes()
    assert mass @ weights == pytest.approx(1.0, abs=1e-3)


def test_worlds_of_heavy_tails_are_drawn_as_the_model_has_them():
    from calibra.chapters.design import Design
    from calibra.chapters.ranks.worlds import draw_rank_truth

    model, rng = cb.RankModel(priors=RankPriors(tails=3.0)), np.random.default_rng(1)
    truth = draw_rank_truth(model, Design(n=np.full((100_000, 3), 5)), rng)
    standard = truth["level"] / truth["level_scale"]
    np.testing.assert_allclose(
        np.quantile(standard, [0.01, 0.1, 0.9, 0.99]), student.ppf([0.01, 0.1, 0.9, 0.99], 3.0), rtol=0.05
    )
