"""The ordinal block: its likelihood by scipy, the threshold model as a case of it, R's clmm, engine against engine."""

import csv
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from calibra.errors import InputError
from calibra.inference.declare.ordinal import OrdinalModel, cutpoints
from calibra.inference.declare.priors import HalfNormal, Normal, Pooled
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace.ordinal_blocks import OrdinalBlocks
from calibra.inference.nuts.build_ordinal import build_ordinal
from calibra.stats.detection.likelihood import cutpoints_of, detection_log_lik
from calibra.stats.ordinal import log_prob_between, log_rank_probs


def declared(counts, *, effect=Pooled(HalfNormal(0.7)), basis=None, scale=2.0):
    """Shared prospects × raters: the block of a prospect moves all cutpoints together."""
    n, raters, ranks = counts.shape
    if basis is None:
        basis = np.zeros((ranks - 1 + raters, 1))
        basis[0] = -1.0
    return OrdinalModel(
        counts=counts,
        reps=tuple(f"p{i}" for i in range(n)),
        ranks=tuple("ABCDEFGH"[:ranks]),
        design=np.eye(raters),
        effects=tuple(f"r{i}" for i in range(raters)),
        basis=basis,
        scales={"prospect_scale": HalfNormal(scale)},
        scale_of_column=(0,) * basis.shape[1],
        first_cut=Normal(1.0, 2.0),
        log_gap=Normal(-0.3, 1.0),
        effect=effect,
        names=("standing", "prospect", "leniency", "rater"),
    )


def ratings(n, raters, seed, *, ranks=5):
    rng = np.random.default_rng(seed)
    reading = rng.normal(size=(n, 1)) + rng.normal(size=(n, raters)) + rng.normal(0.0, 0.5, raters)
    cuts = np.linspace(1.5, -1.0, ranks - 1)
    place = (reading[..., None] < cuts).sum(axis=-1)
    return (place[..., None] == np.arange(ranks)).astype(float)


def test_probabilities_of_ranks_are_those_of_the_normal_distribution():
    cuts, mean = np.array([1.2, 0.1, -0.4]), np.array([-9.0, -0.3, 0.0, 2.5, 7.0])
    edges = np.concatenate([[np.inf], cuts, [-np.inf]])
    by_hand = np.array(
        [
            # where both edges lie above the mean the upper tail keeps the digits
            [norm.sf(low - m) - norm.sf(high - m) if low > m else norm.cdf(high - m) - norm.cdf(low - m) for m in mean]
            for high, low in pairwise(edges)
        ]
    )
    expected = np.log(by_hand)
    found = log_rank_probs(np.repeat(cuts[:, None], 5, axis=1), mean)
    assert found == pytest.approx(expected, rel=1e-9)
    between = log_prob_between(edges[1:, None] - mean, edges[:-1, None] - mean)
    assert between == pytest.approx(expected, rel=1e-9)


def test_a_block_with_two_classes_is_the_threshold_model():
    rng = np.random.default_rng(4)
    n, events = np.array([30.0, 40, 50, 30, 20]), np.array([18.0, 15, 8, 3, 0])
    model = OrdinalModel(
        counts=np.stack([n - events, events])[None],
        reps=("Abe",),
        ranks=tuple("ABCDE"),
        design=np.array([[0.0], [1.0]]),
        effects=("d",),
        basis=np.eye(5),
        scales={"s": HalfNormal(1.0)},
        scale_of_column=(0,) * 5,
        first_cut=Normal(),
        log_gap=Normal(),
        effect=Normal(),
    )
    blocks, worst = OrdinalBlocks(model), 0.0
    for _ in range(20):
        u = np.concatenate([[-1.0, 0.8], rng.normal(0.0, 0.5, 4)])
        cuts, base = cutpoints_of(u), u[0]
        v = np.concatenate([cuts[:1], np.log(cuts[:-1] - cuts[1:]), [u[1]]])
        found = blocks.log_likelihood(np.zeros((5, 1, 1)), v[:, None, None]).item()
        rate = events.sum() * -np.log1p(np.exp(-base)) + (n - events).sum() * -np.log1p(np.exp(base))
        worst = max(worst, abs(found + rate - detection_log_lik(u, n, events).value.item()))
    assert worst < 1e-8


def test_steps_from_the_best_rank_down_multiply_to_the_multinomial():
    # P(rank k) = Π_{j<k} (1 − h_j) h_k: the step-by-step likelihood and that of all ranks at once
    counts, cuts = np.array([3.0, 5, 9, 4]), np.array([1.0, 0.2, -0.7])
    log_prob = log_rank_probs(cuts[:, None], np.array([0.3]))[:, 0]
    left = np.log(np.cumsum(np.exp(log_prob)[::-1])[::-1])
    step = log_prob[:-1] - left[:-1]
    remaining = np.cumsum(counts[::-1])[::-1][:-1]
    by_steps = (counts[:-1] * step + (remaining - counts[:-1]) * np.log1p(-np.exp(step))).sum()
    assert by_steps == pytest.approx((counts * log_prob).sum(), abs=1e-10)


@pytest.mark.parametrize("move", ["together", "everything"])
def test_slopes_are_those_of_differences(move):
    counts = ratings(4, 3, 1)
    basis = None if move == "together" else np.random.default_rng(2).normal(size=(7, 3))
    blocks = OrdinalBlocks(declared(counts, basis=basis))
    phi = np.array([[1.2, -0.1, -0.4, 0.1, 0.3, -0.4, 0.2, *([0.9] * blocks.n_scales)]])
    context, u = blocks.context(phi), np.random.default_rng(3).normal(0.0, 0.3, (blocks.n_block, 1, 4))
    gradient, curvature = blocks.gradient_hessian(context, u)
    for i in range(blocks.n_block):
        step = np.zeros((blocks.n_block, 1, 1))
        step[i] = 1e-5
        ends = [blocks.log_likelihood(context, u + side * step) for side in (1.0, -1.0)]
        assert gradient[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-6)
        if move == "together":
            slopes = [blocks.gradient_hessian(context, u + side * step)[0] for side in (1.0, -1.0)]
            assert curvature[i] == pytest.approx(-(slopes[0] - slopes[1]) / 2e-5, abs=1e-6)
    assert np.linalg.eigvalsh(np.moveaxis(curvature, (0, 1), (-2, -1))).min() > -1e-12


def test_ranks_given_alone_are_the_same_likelihood_as_all_cells():
    counts = ratings(6, 4, 7)
    counts[0, 0] = 0.0  # not rated
    blocks = OrdinalBlocks(declared(counts))
    whole = OrdinalBlocks(declared(counts))
    whole._shifts_alone = False
    phi = np.random.default_rng(1).normal(size=(3, blocks.n_outer)) * 0.3 + 0.5
    context, u = blocks.context(np.abs(phi)), np.random.default_rng(2).normal(size=(1, 5, 3, 6))
    fast, slow = (found.log_likelihood(context[:, None], u) for found in (blocks, whole))
    assert fast == pytest.approx(slow, rel=1e-12)


def test_five_readers_of_114_cases_are_those_of_clmm(shared_data):
    with (shared_data / "vandyke_readers" / "judgements.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["occasion"] == "1"]
    counts = np.zeros((114, 5, 5))
    for row in rows:
        counts[int(row["prospect"]) - 1, int(row["rep"]) - 1, 5 - int(row["rank"])] += 1
    found = sample_posterior(declared(counts, effect=Normal(0.0, 2.0)), seed=1, engine="laplace", draws=4000)
    leniency = found["leniency"]
    own = leniency - leniency.mean(axis=1, keepdims=True)
    cuts = cutpoints(found["first_cut"], found["log_gap"]) - leniency.mean(axis=1)[:, None]
    # R ordinal::clmm, probit; posterior sd of the readers .10–.11, of the cuts .19, of the scale .16
    assert own.mean(axis=0) == pytest.approx([-0.2081, 0.5496, 0.4565, -0.4376, -0.3604], abs=0.02)
    assert own.std(axis=0) == pytest.approx(0.105, abs=0.01)
    assert cuts.mean(axis=0) == pytest.approx([1.1991, 0.6921, 0.1863, -1.1248], abs=0.04)
    assert found["prospect_scale"].mean() == pytest.approx(1.7384, abs=0.06)
    assert found.diagnostics.ok


@pytest.mark.parametrize("n", [5, 8, 30])
def test_prospects_all_called_the_best_do_not_break_laplace(n):
    counts = ratings(n, 6, n)
    counts[:2] = np.eye(5)[0]  # all six say A
    found = sample_posterior(declared(counts), seed=1, engine="laplace").diagnostics
    assert found.ok, str(found)
    assert found.worst_block_k < 0.5


@pytest.mark.nuts
def test_laplace_and_nuts_agree_on_shared_prospects():
    counts = ratings(8, 6, 12)
    counts[0] = np.eye(5)[0]
    laplace, nuts = (
        sample_posterior(declared(counts), seed=1, engine=engine, draws=4000, progress=False)
        for engine in ("laplace", "nuts")
    )
    effective = min(nuts.diagnostics.effective_sample, laplace.diagnostics.effective_sample)
    for name in ("leniency", "standing", "first_cut", "log_gap", "prospect_scale", "leniency_scale"):
        one, other = laplace[name], nuts[name]
        bound = (0.2 if name.endswith("scale") else 0.1) + 3.0 * np.sqrt(2.0 / effective)
        assert np.max(np.abs(one.mean(axis=0) - other.mean(axis=0)) / other.std(axis=0)) < bound
        assert one.std(axis=0) / other.std(axis=0) == pytest.approx(1.0, abs=0.05 + 3.0 / np.sqrt(effective))


def test_the_model_is_written_out_in_pymc():
    counts = ratings(4, 3, 1)
    model, blocks = declared(counts, effect=Normal(0.0, 1.0)), OrdinalBlocks(declared(counts, effect=Normal(0.0, 1.0)))
    built = build_ordinal(model)
    point = {name: np.zeros(np.shape(value)) for name, value in built.initial_point().items()}
    potential = built.compile_logp(vars=built.potentials)(point)
    phi = np.array([[0.0] * 7 + [1.0]])
    expected = blocks.log_likelihood(blocks.context(phi), np.zeros((1, 1, 4))).sum()
    assert float(potential) == pytest.approx(expected, rel=1e-9)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"`counts` must be \(4, 3, 5\)"):
        OrdinalModel(
            **{name: getattr(declared(ratings(4, 3, 1)), name) for name in OrdinalModel.__dataclass_fields__}
            | {"counts": np.zeros((4, 3, 4))}
        )
    with pytest.raises(InputError, match="two ranks or more"):
        declared(ratings(4, 3, 1)[:, :, :1])
