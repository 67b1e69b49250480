"""Odd reps: what is refused, what both engines find of a rep far out, and how odd reps are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

import calibra as cb
from calibra.chapters.design import Design
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.chapters.ranks.worlds import draw_rank_truth
from calibra.errors import InputError
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.declare.odd_reps import OddReps, odd_reps
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.linearise import linearise
from tests.chapters.ranks.worlds import counts
from tests.inference.worlds import correlated_world

FAR_OUT = np.array([4, 21, 19, 20, 22, 18, 20, 23, 17, 21, 19, 20.0])[:, None]
"""Events of 80 judgments of each of twelve reps."""
ODD = OddReps(("level",), (0.8,), 0.02)


def far_out(odd: OddReps | None) -> CellModel:
    return CellModel(
        Binomial(), FAR_OUT, np.full((12, 1), 80.0), tuple("abcdefghijkl"),
        (PopulationTerm("mean", "intercept", ("mean",), np.ones((1, 1)), Normal(0.0, 1.5)),),
        (RepTerm("level", np.ones((1, 1)), HalfNormal(0.5)),), odd_reps=odd,
    )  # fmt: skip


def first_rep(posterior):
    return 1.0 / (1.0 + np.exp(-(posterior["mean"][:, 0] + posterior["level"][:, 0])))


def brute_force():
    """Quantiles of the first rep's chance, mean and sd of the scale: each kind of rep on a grid of its own."""
    means, scales = (
        np.linspace(-1.7, -0.6, 45),
        np.concatenate([np.linspace(0.002, 0.2, 50), np.arange(0.22, 1.5, 0.02)]),
    )
    nodes, mass = np.polynomial.hermite_e.hermegauss(41)
    wide = np.linspace(-5.0, 1.5, 1_001)
    log_joint, first = np.empty((len(means), len(scales))), []
    for i, mean in enumerate(means):
        for j, scale in enumerate(scales):
            eta = np.concatenate([mean + scale * nodes, wide])
            log_prior = np.concatenate([
                np.log(0.98 * mass / mass.sum()),
                np.log(0.02 * (wide[1] - wide[0])) + norm.logpdf(wide, mean, np.hypot(scale, 0.8)),
            ])  # fmt: skip
            of_each = log_prior + FAR_OUT * eta - 80.0 * np.logaddexp(0.0, eta)
            log_joint[i, j] = logsumexp(of_each, axis=1).sum() - 0.5 * (mean / 1.5) ** 2 - 0.5 * (scale / 0.5) ** 2
            first.append((eta, of_each[0] - logsumexp(of_each[0])))
    log_joint += np.log(np.gradient(scales))
    chance = np.exp(log_joint - logsumexp(log_joint))
    eta = np.concatenate([at for at, _ in first])
    weight = np.concatenate([c * np.exp(of_first) for c, (_, of_first) in zip(chance.ravel(), first, strict=True)])
    order = np.argsort(eta)
    reached = np.cumsum(weight[order])
    expected = 1.0 / (1.0 + np.exp(-eta[order][np.searchsorted(reached, [0.05, 0.25, 0.5, 0.75, 0.95])]))
    by_scale = chance.sum(axis=0)
    mean_scale = (by_scale * scales).sum()
    return expected, mean_scale, np.sqrt((by_scale * scales**2).sum() - mean_scale**2)


LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def reached(posterior, quantiles):
    """Which share of the draws of the first rep lies below each quantile."""
    return (first_rep(posterior)[:, None] < quantiles).mean(axis=0)


@pytest.mark.nuts
def test_nuts_finds_of_a_rep_far_out_what_brute_force_integration_does():
    quantiles, mean_scale, sd_scale = brute_force()
    found = sample_posterior(far_out(ODD), seed=1, engine="nuts", draws=4_000)
    np.testing.assert_allclose(reached(found, quantiles), LEVELS, atol=0.04)
    assert found["level_scale"].mean() == pytest.approx(mean_scale, abs=0.15 * sd_scale)


def test_the_engine_finds_of_a_rep_far_out_what_brute_force_integration_does():
    quantiles, mean_scale, sd_scale = brute_force()
    shares, mean_scales = [], []
    for seed in range(1, 7):
        found = sample_posterior(far_out(ODD), seed=seed, engine="laplace", draws=4_000)
        assert found.diagnostics.ok
        shares.append(reached(found, quantiles))
        mean_scales.append(found["level_scale"].mean())
    np.testing.assert_allclose(shares, np.tile(LEVELS, (6, 1)), atol=0.03)
    np.testing.assert_allclose(np.mean(shares, axis=0), LEVELS, atol=0.012)
    assert np.mean(mean_scales) == pytest.approx(mean_scale, abs=0.05 * sd_scale)
    # 5 % of events were counted; where nobody is odd the rep is drawn halfway to the others' 25 %
    nobody = sample_posterior(far_out(None), seed=1, engine="laplace")
    assert first_rep(found).mean() < first_rep(nobody).mean() - 0.05


@pytest.mark.parametrize(
    ("first", "others"),
    [(346, [4, 5, 6, 7, 6, 4, 4]), (669, [6, 4, 4, 5, 2, 5, 2]), (549, [1, 4, 6, 6, 2, 3, 4])],
)
def test_next_to_a_rep_with_most_of_the_judgments_the_engine_can_be_trusted(first, others):
    # the mean of all lies near that rep, or near the others with that rep odd
    judgments = counts(np.array([[2000]] + [[20]] * 7), np.array([[first], *([y] for y in others)]))
    for seed in range(1, 5):
        assert RankModel().fit(judgments, seed=seed, engine="laplace", progress=False).diagnostics.outer_pareto_k < 0.7


def test_where_hardly_an_event_comes_a_rep_of_whom_it_is_open_whether_odd_can_be_trusted():
    judgments = counts(np.full((8, 1), 100), np.array([[0], [1], [0], [2], [1], [0], [9], [0]]))
    for seed in range(1, 5):
        assert RankModel().fit(judgments, seed=seed, engine="laplace", progress=False).diagnostics.worst_block_k < 0.6


def test_blocks_of_some_reps_are_looked_for_where_they_are_among_all():
    found = linearise(CellBlocks(far_out(ODD)))
    reps = np.array([0, 3])
    whole = found.surrogate.propose_blocks(found.phi[None])
    part = found.surrogate.take(reps).propose_blocks(found.phi[None])
    np.testing.assert_allclose(part.chance, whole.chance[:, reps])
    for some, every in zip(part.centres, whole.centres, strict=True):
        np.testing.assert_allclose(some, every[:, :, reps])


def test_a_rep_far_out_is_drawn_to_the_others_less_in_the_rank_model():
    n = np.full((12, 2), 80)
    events = np.rint(n * np.array([0.5, 0.2])).astype(int)
    events[0] = [8, 2]
    found, nobody = (
        RankModel(priors=RankPriors(odd_share=share)).fit(counts(n, events), seed=1, draws=400, progress=False)
        for share in (0.02, 0.0)
    )
    assert (found.probability_draws()[:, 0].mean(axis=0) < nobody.probability_draws()[:, 0].mean(axis=0)).all()
    tables = [fit.probabilities().set_index(["rep", "rank"])["rep_share"] for fit in (found, nobody)]
    first, other = found.reps[0], found.reps[1]
    assert tables[0].loc[(first, "A")] > tables[1].loc[(first, "A")]
    assert tables[0].loc[(other, "A")] < tables[1].loc[(other, "A")]  # who are more alike than with the first
    assert found.spread()["estimate"].notna().all()


@pytest.mark.parametrize("correlation", [-0.7, 0.4])
def test_the_odds_of_being_odd_are_those_of_two_normals(correlation):
    odd, scales = OddReps(("level", "slope"), (0.8, 0.4), 0.1), (0.3, 0.2)
    both = correlation * scales[0] * scales[1]
    most = np.array([[scales[0] ** 2, both], [both, scales[1] ** 2]])
    u = np.random.default_rng(0).normal(0.0, 1.0, (2, 6))
    expected = np.log(0.1 / 0.9) + multivariate_normal.logpdf(u.T, cov=most + np.diag([0.64, 0.16]))
    expected -= multivariate_normal.logpdf(u.T, cov=most)
    np.testing.assert_allclose(odd.log_odds_at(u, scales, correlation), expected)
    alone = OddReps(("level",), (0.8,), 0.1)
    expected = np.log(0.1 / 0.9) + norm.logpdf(u[0], scale=np.hypot(0.3, 0.8)) - norm.logpdf(u[0], scale=0.3)
    np.testing.assert_allclose(alone.log_odds_at(u[:1], scales[:1]), expected)


@pytest.mark.parametrize(
    ("terms", "sd", "words"),
    [
        (("nothing",), (0.8,), "must name rep terms"),
        (("residual",), (0.8,), "of one column"),
        (("slope", "level"), (0.4, 0.8), "in their order"),
        (("level",), (0.8,), "both terms that are correlated"),
    ],
)
def test_odd_reps_that_cannot_be_meant_are_refused(terms, sd, words):
    with pytest.raises(InputError, match=words):
        replace(correlated_world(4, 5, 40, seed=1), odd_reps=OddReps(terms, sd, 0.02))


@pytest.mark.parametrize(
    ("terms", "sd", "share", "words"),
    [
        ((), (), 0.02, "one or two terms"),
        (("level", "slope"), (0.8,), 0.02, "a standard deviation for each"),
        (("level",), (0.0,), 0.02, "`sd` of odd reps"),
        (("level",), (0.8,), 1.0, "`share` of odd reps"),
        (("level",), (0.8,), 0.0, "`share` of odd reps"),
        (("level",), ("much",), 0.02, "`sd` must be"),
    ],
)
def test_shares_and_deviations_that_are_none_are_refused(terms, sd, share, words):
    with pytest.raises(InputError, match=words):
        OddReps(terms, sd, share)


@pytest.mark.parametrize("share", ["many", -0.1, 1.0, float("nan"), True])
def test_a_share_that_is_none_is_refused_however_few_the_reps(share):
    with pytest.raises(InputError, match="`odd_share` must be"):
        odd_reps(("level",), (0.8,), share, 2)


@pytest.mark.parametrize("share", [0.0, 0.02])
@pytest.mark.parametrize("n_reps", [2, 20])
@pytest.mark.parametrize(("slope", "words"), [(0.0, "above 0"), (-0.4, "above 0"), ("much", "a number")])
def test_a_deviation_that_is_none_is_refused_by_the_name_of_the_prior(share, n_reps, slope, words):
    with pytest.raises(InputError, match=f"`odd_slope` must be {words}"):
        odd_reps(("level", "slope"), (0.8, slope), share, n_reps)


def test_of_two_reps_nobody_is_odd():
    assert odd_reps(("level",), (0.8, 0.4), 0.02, 2) is None
    assert odd_reps(("level",), (0.8, 0.4), 0.0, 20) is None
    assert odd_reps(("level",), (0.8, 0.4), 0.02, 3) == ODD


def test_worlds_are_drawn_with_odd_reps_as_the_model_has_them():
    model, rng = cb.RankModel(priors=RankPriors(odd_share=0.3)), np.random.default_rng(1)
    truth = draw_rank_truth(model, Design(n=np.full((100_000, 3), 5)), rng)
    for name, sd in (("level", 0.8), ("slope", 0.4)):
        scale = float(truth[f"{name}_scale"])
        expected = [
            0.7 * norm.cdf(x, scale=scale) + 0.3 * norm.cdf(x, scale=np.hypot(scale, sd)) for x in (-1.0, 0.2, 0.7)
        ]
        np.testing.assert_allclose([(truth[name] < x).mean() for x in (-1.0, 0.2, 0.7)], expected, atol=0.01)
