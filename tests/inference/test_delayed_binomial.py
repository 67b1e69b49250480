"""Events of judgments whose answers are in only in part: the likelihood, and a posterior by quadrature."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, norm

from calibra.errors import InputError
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial, DelayedBinomial
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.engines import sample_posterior

ETA = np.linspace(-3.0, 2.5, 12)[:, None]
EVENTS, SIZE = np.tile([0.0, 2.0, 5.0], 4)[:, None], np.full((12, 1), 9.0)
REACHED = np.tile([0.2, 0.5, 0.9, 1.0], 3)[:, None]


def test_the_likelihood_is_that_of_a_binomial_of_the_share_that_has_come():
    family = DelayedBinomial(REACHED.T)
    here, there = (family.log_likelihood(ETA + shift, EVENTS, SIZE) for shift in (0.0, 0.7))
    probs = (REACHED / (1.0 + np.exp(-(ETA + shift))) for shift in (0.0, 0.7))
    first, second = (binom.logpmf(EVENTS, SIZE, prob) for prob in probs)
    np.testing.assert_allclose(there - here, second - first, rtol=1e-10)


def test_the_score_is_the_slope_and_the_weight_the_expected_information():
    family, step = DelayedBinomial(REACHED.T), 1e-5
    found = family.derivatives(ETA, EVENTS, SIZE)
    up, down = (family.log_likelihood(ETA + shift, EVENTS, SIZE) for shift in (step, -step))
    np.testing.assert_allclose(found.score, (up - down) / (2.0 * step), atol=1e-7)
    every = np.arange(10.0)
    prob = binom.pmf(every, SIZE, REACHED / (1.0 + np.exp(-ETA)))
    squared = np.concatenate([family.derivatives(ETA, np.full_like(ETA, y), SIZE).score ** 2 for y in every], axis=1)
    np.testing.assert_allclose(found.weight[:, 0], (prob * squared).sum(axis=1), rtol=1e-10)
    right, left = (family.derivatives(ETA + shift, EVENTS, SIZE).weight for shift in (step, -step))
    np.testing.assert_allclose(found.weight_slope, (right - left) / (2.0 * step), atol=1e-7)


def test_a_young_judgment_by_hand():
    # 4 events of 20 with half of them in: p = .4. A judgment says .5 · .4 · .36/.8 = .09 of η there, a mature one .24
    eta, family = np.log([[0.4 / 0.6]]), DelayedBinomial(np.array([[0.5]]))
    found = family.derivatives(eta, np.array([[4.0]]), np.array([[20.0]]))
    assert found.score[0, 0] == pytest.approx(0.0, abs=1e-12)
    assert found.weight[0, 0] / 20.0 == pytest.approx(0.09)


def test_where_all_answers_are_in_it_is_the_binomial():
    plain, delayed = Binomial(), DelayedBinomial(np.ones((1, 12)))
    np.testing.assert_allclose(
        delayed.log_likelihood(ETA, EVENTS, SIZE), plain.log_likelihood(ETA, EVENTS, SIZE), rtol=1e-12
    )
    for mine, theirs in zip(delayed.derivatives(ETA, EVENTS, SIZE), plain.derivatives(ETA, EVENTS, SIZE), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("reached", [1.0, 0.6])
def test_far_out_nothing_overflows_and_the_certain_costs_nothing(reached: float):
    # log q = log(1 − G + G/(1 + e^η)) and log p by logaddexp, in which 1 − p is never 0.
    eta = np.array([-800.0, -60.0, 38.0, 60.0, 800.0])[:, None]
    events, size = np.full((5, 1), 3.0), np.full((5, 1), 9.0)
    family = DelayedBinomial(np.full((1, 5), reached))
    with np.errstate(all="raise", under="ignore"):
        found, slopes = family.log_likelihood(eta, events, size), family.derivatives(eta, events, size)
    near = slice(1, 4)
    rest = np.log(1.0 - reached) if reached < 1.0 else -np.inf
    none_yet = np.logaddexp(-eta, rest) - np.logaddexp(-eta, 0.0)
    np.testing.assert_allclose(found[near], (6.0 * none_yet - 3.0 * np.logaddexp(-eta, 0.0))[near], rtol=1e-12)
    assert all(np.isfinite(values).all() for values in (found, *slopes))
    # Of 9 with an event for certain 3 have it: each of the 6 others pulls by G p(1 − p)/q, which is p where G is 1.
    assert slopes.score[3, 0] == pytest.approx(-6.0 if reached == 1.0 else 0.0, abs=1e-12)


SEEN = np.array([[9.0, 4.0], [2.0, 1.0], [0.0, 6.0]])
TRIALS = np.array([[20.0, 20.0], [15.0, 10.0], [0.0, 20.0]])
COME = np.array([[1.0, 0.5], [1.0, 0.4], [1.0, 0.6]])


def declared() -> CellModel:
    """Three reps, one rank, mature judgments beside young ones."""
    return CellModel(
        DelayedBinomial(COME),
        SEEN,
        TRIALS,
        ("Abe", "Bo", "Chi"),
        (PopulationTerm("rank_mean", "rank", ("A",), np.ones((2, 1)), Normal(-1.0, 1.5)),),
        (RepTerm("level", np.ones((2, 1)), HalfNormal(0.5)),),
    )


def by_quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and standard deviation of each rep's log-odds, on a grid of mean, scale and deviation."""
    mean, scale, z = np.linspace(-3.5, 3.0, 131), np.linspace(0.0125, 2.2, 88), np.linspace(-5.0, 5.0, 161)
    eta = mean[:, None, None] + scale[:, None] * z
    prob = 1.0 / (1.0 + np.exp(-eta))
    outer = norm.pdf(mean, -1.0, 1.5)[:, None] * norm.pdf(scale, 0.0, 0.5)
    weights = norm.pdf(z) / norm.pdf(z).sum()
    mass, first, second = [], [], []
    for seen, trials, come in zip(SEEN, TRIALS, COME, strict=True):
        lik = weights * np.prod([binom.pmf(y, n, g * prob) for y, n, g in zip(seen, trials, come, strict=True)], axis=0)
        mass.append(lik.sum(axis=-1))
        first.append((lik * eta).sum(axis=-1))
        second.append((lik * eta**2).sum(axis=-1))
    joint = outer * np.prod(mass, axis=0)
    moments = [[(joint * part[r] / mass[r]).sum() / joint.sum() for part in (first, second)] for r in range(3)]
    means, squares = np.array(moments).T
    return means, np.sqrt(squares - means**2)


def test_laplace_gives_the_posterior_of_a_quadrature():
    found = sample_posterior(declared(), seed=1, engine="laplace", draws=4000)
    eta = found["rank_mean"] + found["level"]
    means, sds = by_quadrature()
    np.testing.assert_allclose((eta.mean(axis=0) - means) / sds, 0.0, atol=0.07)
    np.testing.assert_allclose(eta.std(axis=0) / sds, 1.0, atol=0.05)


@pytest.mark.nuts
def test_nuts_gives_the_posterior_of_a_quadrature():
    found = sample_posterior(declared(), seed=1, engine="nuts", draws=4000, progress=False)
    eta = found["rank_mean"] + found["level"]
    means, sds = by_quadrature()
    np.testing.assert_allclose((eta.mean(axis=0) - means) / sds, 0.0, atol=0.07)
    np.testing.assert_allclose(eta.std(axis=0) / sds, 1.0, atol=0.05)


@pytest.mark.parametrize("reached", [np.ones((3, 1)), np.full((3, 2), 0.0), np.full((3, 2), 1.2)])
def test_a_share_that_is_none_is_refused(reached):
    with pytest.raises(InputError, match=r"`reached` must be above 0 and up to 1, of shape \(3, 2\)"):
        replace(declared(), family=DelayedBinomial(reached))
