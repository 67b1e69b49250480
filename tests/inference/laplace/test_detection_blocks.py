"""The detection model's block: likelihood against scipy's normal, derivatives against differences."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from calibra.errors import InputError
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.laplace.blocks import find_modes
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.laplace.small_linalg import inverse
from calibra.stats.detection.likelihood import cutpoints_of

N = np.array([[19.0, 36, 80, 77, 110], [3, 9, 26, 57, 99], [0, 4, 0, 2, 1]])
EVENTS = np.array([[16.0, 18, 18, 7, 2], [3, 7, 12, 9, 2], [0, 0, 0, 0, 0]])


def declare(n=N, events=EVENTS, ranks=("A", "B", "C", "D", "E")):
    return DetectionModel(
        n=np.asarray(n, dtype=float),
        events=np.asarray(events, dtype=float),
        reps=tuple(f"rep {i}" for i in range(len(n))),
        ranks=tuple(ranks),
        base_mean=Normal(-1.0, 1.5),
        discrimination_mean=Normal(0.8, 0.6),
        share_mean=Normal(0.0, 1.5),
        base_scale=HalfNormal(0.5),
        discrimination_scale=HalfNormal(0.3),
        shift_scale=HalfNormal(0.5),
        spacing_scale=HalfNormal(0.3),
    )


@pytest.fixture(scope="module")
def blocks():
    return DetectionBlocks(declare())


@pytest.fixture(scope="module")
def phi(blocks):
    return blocks.start()[None] + 0.05 * np.sin(np.arange(blocks.n_outer))


def random_block(blocks, seed=3, size=0.3):
    return size * np.random.default_rng(seed).standard_normal((blocks.n_block, 1, blocks.n_reps))


def test_one_rank_is_refused_and_sent_to_the_rank_model():
    with pytest.raises(InputError, match="two ranks or more are needed; got 1"):
        declare(N[:, :1], EVENTS[:, :1], ("A",))


def test_more_events_than_judgments_are_refused():
    with pytest.raises(InputError, match="more events than judgments"):
        declare(EVENTS, N)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"must be \(3, 4\) \(rep, rank\)"):
        declare(N, EVENTS, ("A", "B", "C", "D"))


def test_two_ranks_have_no_spacing_to_vary():
    model = declare(N[:, :2], EVENTS[:, :2], ("A", "B"))
    assert list(model.scale_priors) == ["base_scale", "discrimination_scale", "shift_scale"]
    assert DetectionBlocks(model).n_outer == 3 + 3


def test_the_shift_moves_all_cutpoints_alike_and_downwards():
    model = declare()
    counts = model.n.sum(axis=0) + 0.5
    start = np.zeros((1, 6))
    start[0, 2:] = DetectionBlocks(model).start()[2:6]
    moved = start + 1e-4 * model.block_basis[:, 2]
    change = (cutpoints_of(moved) - cutpoints_of(start))[0] / 1e-4
    assert counts.size == 5
    np.testing.assert_allclose(change, -1.0, atol=0.02)  # the start's shares are the counts' but for the half counts


def test_the_likelihood_is_that_of_normal_signals(blocks, phi):
    u = random_block(blocks)
    params = blocks.model.rep_params(phi[:, :6], np.moveaxis(u, 0, -1))[0]
    base, cuts = 1.0 / (1.0 + np.exp(-params[:, 0])), cutpoints_of(params)
    expected = []
    for rep in range(3):
        edges = np.concatenate([[np.inf], cuts[rep], [-np.inf]])
        event = base[rep] * -np.diff(norm.cdf(edges - params[rep, 1]))
        none = (1 - base[rep]) * -np.diff(norm.cdf(edges))
        expected.append((EVENTS[rep] * np.log(event) + (N[rep] - EVENTS[rep]) * np.log(none)).sum())
    found = blocks.log_likelihood(blocks.context(phi), u)
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)


def test_gradient_and_hessian_are_those_of_the_likelihood(blocks, phi):
    context, u, step = blocks.context(phi), random_block(blocks), 1e-5
    gradient, hessian = blocks.gradient_hessian(context, u)
    for i in range(blocks.n_block):
        away = np.zeros_like(u)
        away[i] = step
        slope = blocks.log_likelihood(context, u + away) - blocks.log_likelihood(context, u - away)
        np.testing.assert_allclose(gradient[i], slope / (2 * step), rtol=1e-5, atol=1e-5)
        bend = blocks.gradient_hessian(context, u + away)[0] - blocks.gradient_hessian(context, u - away)[0]
        np.testing.assert_allclose(hessian[i], -bend / (2 * step), rtol=1e-4, atol=1e-3)


def test_where_an_observed_cell_is_impossible_only_the_prior_steers(blocks, phi):
    far = np.zeros((6, 1, 3))
    far[3] = 4000.0  # a spacing at which an observed rank has share 0
    context = blocks.context(phi)
    assert blocks.log_likelihood(context, far)[0, 0] == -np.inf
    gradient, hessian = blocks.gradient_hessian(context, far)
    np.testing.assert_array_equal(gradient[:, 0, 0], 0.0)
    np.testing.assert_array_equal(hessian[:, :, 0, 0], 0.0)


def test_a_rep_without_judgments_adds_nothing_but_the_prior(blocks, phi):
    alone = DetectionBlocks(replace(blocks.model, n=0 * N, events=0 * EVENTS), blocks.basis)
    modes = find_modes(alone, phi, np.zeros((6, 1, 1)))
    np.testing.assert_allclose(modes.u, 0.0, atol=1e-12)
    covariance = np.eye(6)[:, :, None, None] * np.ones(3) / modes.prior.diagonal
    np.testing.assert_allclose(inverse(modes.chol), covariance, atol=1e-12)


def test_some_reps_alone_are_the_same_blocks(blocks, phi):
    u, part = random_block(blocks), blocks.take(np.array([0, 2]))
    np.testing.assert_array_equal(
        part.log_likelihood(part.context(phi), u[:, :, [0, 2]]),
        blocks.log_likelihood(blocks.context(phi), u)[:, [0, 2]],
    )
