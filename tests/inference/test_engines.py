"""The engines against published values, each other, themselves, and what users may ask of them."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from calibra.errors import FitError, InputError
from calibra.inference import engines
from calibra.inference.declare.cells import CellModel, Correlation, PopulationTerm, RepTerm, with_own_axes
from calibra.inference.declare.families import Binomial, Poisson
from calibra.inference.declare.priors import LKJ, GammaPrecision, HalfNormal, Normal, RandomWalk
from calibra.inference.engines import sample_posterior
from calibra.inference.nuts import engine as nuts
from calibra.inference.nuts.engine import NutsDraws, OutOfTimeError
from calibra.inference.progress import Progress
from tests.inference.worlds import (
    binomial_world,
    correlated_world,
    lopsided_world,
    poisson_world,
    rank_declaration,
    silent_world,
)

# Surgical: 12 hospitals, infant cardiac surgery (BUGS examples volume 1); posterior by quadrature (ACCEPTANCE A1, A2)
OPERATIONS = np.array([47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360.0])
DEATHS = np.array([0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24.0])
A1_PROB = [0.0515, 0.1058, 0.0710, 0.0590, 0.0506, 0.0693, 0.0666, 0.1264, 0.0701, 0.0796, 0.1040, 0.0685]
A2_PROB = [0.0532, 0.1032, 0.0708, 0.0593, 0.0518, 0.0693, 0.0667, 0.1232, 0.0700, 0.0786, 0.1021, 0.0685]


def surgical(mean_prior, scale_prior):
    return CellModel(
        Binomial(), DEATHS[:, None], OPERATIONS[:, None], tuple("ABCDEFGHIJKL"),
        (PopulationTerm("mean", "intercept", ("mean",), np.ones((1, 1)), mean_prior),),
        (RepTerm("level", np.ones((1, 1)), scale_prior),),
    )  # fmt: skip


def check_surgical(posterior, *, mean, mean_sd, scale, scale_sd, prob, error):
    """Within the published rounding plus `error` posterior standard deviations of Monte Carlo error."""
    assert posterior["mean"].mean() == pytest.approx(mean, abs=error * mean_sd)
    assert posterior["mean"].std() == pytest.approx(mean_sd, rel=3 * error)
    assert posterior["level_scale"].mean() == pytest.approx(scale, abs=error * scale_sd)
    assert posterior["level_scale"].std() == pytest.approx(scale_sd, rel=3 * error)
    found = 1.0 / (1.0 + np.exp(-(posterior["mean"] + posterior["level"])))
    np.testing.assert_allclose(found.mean(axis=0), prob, atol=0.001)


def test_laplace_gives_the_surgical_posterior():
    posterior = sample_posterior(surgical(Normal(0, 1.5), HalfNormal(1)), seed=1, engine="laplace", draws=20_000)
    check_surgical(posterior, mean=-2.5316, mean_sd=0.1604, scale=0.4436, scale_sd=0.1639, prob=A1_PROB, error=0.03)
    np.testing.assert_allclose(
        np.quantile(posterior["level_scale"], [0.025, 0.5, 0.975]), [0.196, 0.417, 0.832], atol=0.02
    )


def test_laplace_gives_the_surgical_posterior_under_the_old_vague_priors():
    model = surgical(Normal(0, np.inf), GammaPrecision(0.001, 0.001))
    posterior = sample_posterior(model, seed=1, engine="laplace", draws=20_000)
    check_surgical(posterior, mean=-2.5538, mean_sd=0.1536, scale=0.4035, scale_sd=0.1583, prob=A2_PROB, error=0.03)


@pytest.mark.parametrize("exposure", [1.0, 10.0, 100.0, 1000.0])
def test_laplace_finds_hazards_of_which_no_event_tells(exposure):
    model = silent_world(8, exposure, seed=1)
    posterior = sample_posterior(model, seed=1, engine="laplace", draws=4000)
    assert posterior.diagnostics.problems == ()
    walk = np.random.default_rng(1)  # the same posterior by weighting draws of the prior
    steps = np.abs(0.5 * walk.standard_normal((400_000, 1))) * walk.standard_normal((400_000, 3))
    first = -6.0 + 2.0 * walk.standard_normal((400_000, 1))
    baseline = np.cumsum(np.concatenate([first, steps], axis=1), axis=1)
    level = np.abs(0.5 * walk.standard_normal((400_000, 1))) * walk.standard_normal((400_000, 8))
    weights = np.exp(-((np.exp(baseline) @ model.size.T) * np.exp(level)).sum(axis=1))
    low, middle = (np.quantile(first[:, 0], q, weights=weights, method="inverted_cdf") for q in (0.05, 0.5))
    np.testing.assert_allclose(np.quantile(posterior["baseline"][:, 0], [0.05, 0.5]), [low, middle], atol=0.12)


@pytest.mark.nuts
@pytest.mark.parametrize(("priors", "mean", "scale", "prob"), [
    ((Normal(0, 1.5), HalfNormal(1)), (-2.5316, 0.1604), (0.4436, 0.1639), A1_PROB),
    ((Normal(0, np.inf), GammaPrecision(0.001, 0.001)), (-2.5538, 0.1536), (0.4035, 0.1583), A2_PROB),
], ids=["A1", "A2"])  # fmt: skip
def test_nuts_gives_the_surgical_posterior(priors, mean, scale, prob):
    posterior = sample_posterior(surgical(*priors), seed=1, engine="nuts", draws=12_000)
    check_surgical(posterior, mean=mean[0], mean_sd=mean[1], scale=scale[0], scale_sd=scale[1], prob=prob, error=0.06)
    assert posterior.diagnostics.r_hat < 1.01


@pytest.mark.parametrize("model", [
    binomial_world(40, 20, 60, seed=1), binomial_world(40, 3, 8, seed=2), lopsided_world(),
    binomial_world(1, 5, 40, seed=4), binomial_world(3, 100, 200, seed=4), poisson_world(seed=5),
], ids=["rich", "sparse", "lopsided", "one rep", "three reps", "poisson"])  # fmt: skip
def test_auto_trusts_laplace_on_ordinary_worlds(model):
    diagnostics = sample_posterior(model, seed=3).diagnostics
    assert diagnostics.engine == "laplace"
    assert diagnostics.ok
    assert diagnostics.effective_sample >= 400


def test_a_rep_with_three_judgments_and_no_event_is_seen_and_survived():
    events, size = np.full((15, 5), 12.0), np.full((15, 5), 40.0)
    size[7], events[7] = [3, 0, 0, 0, 0], 0
    diagnostics = sample_posterior(rank_declaration(events, size), seed=3, engine="laplace").diagnostics
    assert np.isfinite(diagnostics.worst_block_k)
    assert f"worst block k {diagnostics.worst_block_k:.2f} (rep {diagnostics.worst_block_rep})" in str(diagnostics)
    assert diagnostics.ok


def test_three_judgments_without_an_event_agree_with_brute_force_integration():
    model = CellModel(
        Binomial(), np.array([[0.0]]), np.array([[3.0]]), ("solo",),
        (PopulationTerm("mean", "intercept", ("mean",), np.ones((1, 1)), Normal(-1.0, 1.5)),),
        (RepTerm("level", np.ones((1, 1)), HalfNormal(2.0)),),
    )  # fmt: skip
    posterior = sample_posterior(model, seed=1, engine="laplace", draws=20_000)
    axes = np.linspace(-9, 6, 121), np.linspace(0.01, 8, 100), np.linspace(-6, 6, 121)
    mean, scale, z = np.meshgrid(*axes, indexing="ij")
    prob = 1.0 / (1.0 + np.exp(-(mean + scale * z)))
    density = (1 - prob) ** 3 * np.exp(-0.5 * (((mean + 1) / 1.5) ** 2 + (scale / 2) ** 2 + z**2))
    found = 1.0 / (1.0 + np.exp(-(posterior["mean"][:, 0] + posterior["level"][:, 0])))
    assert found.mean() == pytest.approx((prob * density).sum() / density.sum(), abs=0.004)
    assert posterior["level_scale"].mean() == pytest.approx((scale * density).sum() / density.sum(), abs=0.03)


IN_DOUBT = pytest.mark.parametrize(("change", "doubt"), [
    ({"outer_pareto_k": 0.9}, "outer Pareto k 0.90"),
    ({"block_pareto_k": np.array([0.1, 0.8])}, "block Pareto k 0.80 for rep rep 1"),
    ({"effective_sample": 100.0}, "100 effective draws"),
])  # fmt: skip


def let_laplace_doubt(monkeypatch, change):
    honest = engines.sample_laplace
    monkeypatch.setattr(engines, "sample_laplace", lambda *model, **asked: replace(honest(*model, **asked), **change))


@IN_DOUBT
def test_auto_says_before_nuts_starts_why_and_for_about_how_long(monkeypatch, caplog, change, doubt):
    let_laplace_doubt(monkeypatch, change)
    told_before = []

    def sampled(model, *, seed, draws, progress, seconds):
        told_before.extend(caplog.messages)
        assert seconds == 90.0
        values = sample_posterior(model, seed=seed, engine="laplace", draws=draws).draws
        return NutsDraws(dict(values), effective_sample=900.0, r_hat=1.001, n_divergent=0)

    monkeypatch.setattr(engines, "sample_nuts", sampled)
    diagnostics = sample_posterior(binomial_world(2, 5, 40, seed=4), seed=3, nuts_seconds=90.0).diagnostics
    assert diagnostics.engine == "nuts"
    assert diagnostics.reason == f"auto: laplace had {doubt}"
    assert diagnostics.ok
    (told,) = told_before
    assert re.fullmatch(
        rf"laplace had {doubt}: nuts takes over, for about \d+ s, at most 2 minutes; engine='laplace' keeps to laplace",
        told,
    )


@IN_DOUBT
def test_auto_keeps_the_draws_of_laplace_with_their_doubt_where_nuts_is_not_done_in_time(monkeypatch, change, doubt):
    model = binomial_world(2, 5, 40, seed=4)
    expected = sample_posterior(model, seed=3, engine="laplace")
    let_laplace_doubt(monkeypatch, change)

    def slow(*_model, seconds, **_asked):
        raise OutOfTimeError(f"nuts was not done within {seconds} s.")

    monkeypatch.setattr(engines, "sample_nuts", slow)
    kept = sample_posterior(model, seed=3, nuts_seconds=2.5)
    np.testing.assert_array_equal(kept["level"], expected["level"])
    assert kept.diagnostics.engine == "laplace"
    assert kept.diagnostics.reason == f"auto: laplace had {doubt}, and nuts was not done within 2.5 s"
    first, second = map(str, kept.diagnostics.problems)
    said = {"outer": "Pareto k 0.90 (", "block": "Pareto k 0.80 for rep 1 (", "100": "only 100 effective draws ("}
    assert said[doubt.split()[0]] in first
    assert second == "nuts was not done within 2.5 s"
    assert kept.diagnostics.way_out == "Fit with engine='nuts', which has no time limit."


def test_where_laplace_broke_down_and_nuts_is_not_done_in_time_there_is_no_answer(monkeypatch):
    def break_down(*_args, **_kwargs):
        raise np.linalg.LinAlgError("Matrix is not positive definite")

    def slow(*_model, **_asked):
        raise OutOfTimeError("not done")

    monkeypatch.setattr(engines, "sample_laplace", break_down)
    monkeypatch.setattr(engines, "sample_nuts", slow)
    with pytest.raises(FitError, match=r"laplace failed: Matrix.* not done within 300 s.*no time limit"):
        sample_posterior(binomial_world(2, 5, 9, seed=1), seed=1)


def slow_model(seconds_per_gradient):
    """A standard normal whose gradient takes its time, compiled for nutpie without compiling anything."""
    from nutpie.compiled_pyfunc import from_pyfunc

    def log_density(x):
        time.sleep(seconds_per_gradient)
        return -0.5 * float(x @ x), -x

    def expand(*_seeds):
        return lambda x: {"level": x}

    return from_pyfunc(2, lambda *_seeds: log_density, expand, [np.dtype("float64")], [(2,)], ["level"])


SETTINGS = {"target_accept": 0.9, "seed": 1}
QUIET = Progress(shown=False)


def test_a_sampler_that_is_not_done_in_time_is_stopped_and_one_that_is_gives_its_draws():
    late = nuts.run_nuts(slow_model(0.02), SETTINGS, lengths=[1000], progress=QUIET, stop_at=time.monotonic() + 1.0)
    with pytest.raises(OutOfTimeError):  # 4 × 1,600 steps of 3 gradients of 20 ms would take minutes
        next(late)
    (tree,) = nuts.run_nuts(slow_model(0.0), SETTINGS, lengths=[1000], progress=QUIET)
    found = nuts.read_nuts(tree, ["level"], length=1000, draws=2000)
    assert found.variables["level"].shape == (2000, 2)
    assert found.variables["level"].std() == pytest.approx(1.0, abs=0.1)
    assert found.sound


def test_what_is_looked_at_on_the_way_is_the_beginning_of_the_whole():
    (whole,) = nuts.run_nuts(slow_model(0.0), SETTINGS, lengths=[600], progress=QUIET)
    looks = nuts.run_nuts(slow_model(0.0003), SETTINGS, lengths=[100, 200, 600], progress=QUIET)
    for length, tree in zip([100, 200, 600], looks, strict=True):
        seen, same = (nuts.read_nuts(one, ["level"], length=length, draws=4 * length) for one in (tree, whole))
        assert np.isfinite(seen.variables["level"]).all()
        np.testing.assert_array_equal(seen.variables["level"], same.variables["level"])


@pytest.mark.parametrize(("found", "looked"), [
    ([[(900.0, 1.002, 0)]], [(0.9, 1000)]),
    ([[(900.0, 1.002, 3)], [(900.0, 1.002, 0)]], [(0.9, 1000), (0.95, 1000)]),
    ([[(300.0, 1.002, 0), (900.0, 1.02, 0), (900.0, 1.02, 0)]], [(0.9, 1000), (0.9, 2000), (0.9, 4000)]),
    ([[(300.0, 1.002, 0), (900.0, 1.002, 1)], [(900.0, 1.002, 0)]], [(0.9, 1000), (0.9, 2000), (0.95, 1000)]),
    ([[(900.0, 1.002, 3)], [(900.0, 1.002, 1)], [(900.0, 1.002, 1)]], [(0.9, 1000), (0.95, 1000), (0.99, 1000)]),
    ([[(900.0, 1.002, 3)], ["late"]], [(0.9, 1000)]),
    ([[(300.0, 1.002, 0), "late"]], [(0.9, 1000)]),
])  # fmt: skip
def test_nuts_draws_on_while_its_checks_fail_and_anew_with_smaller_steps_after_divergences(monkeypatch, found, looked):
    runs, seen, ended = iter(found), [], []

    def run(_compiled, settings, *, lengths, **_limits):
        assert list(lengths) == [1000, 2000, 4000]
        try:
            for length, answer in zip(lengths, next(runs), strict=False):
                if answer == "late":
                    raise OutOfTimeError("late")
                seen.append((settings["target_accept"], length))
                yield NutsDraws({}, *answer)
        finally:
            ended.append(settings["target_accept"])

    monkeypatch.setattr(nuts, "compile_nuts", lambda *_model: None)
    monkeypatch.setattr(nuts, "run_nuts", run)
    monkeypatch.setattr(nuts, "read_nuts", lambda answer, *_names, **_asked: answer)
    last = nuts.sample_nuts(binomial_world(2, 5, 9, seed=1), seed=1, draws=500, progress=QUIET)
    assert seen == looked
    assert len(ended) == len(found)  # no chain is left running
    answers = [one for looks in found for one in looks if one != "late"]
    assert (last.effective_sample, last.r_hat, last.n_divergent) == answers[-1]


def test_where_not_even_the_first_draws_are_done_in_time_nuts_says_so(monkeypatch):
    monkeypatch.setattr(nuts, "compile_nuts", lambda *_model: slow_model(0.02))
    with pytest.raises(OutOfTimeError):
        nuts.sample_nuts(binomial_world(2, 5, 9, seed=1), seed=1, draws=500, progress=QUIET, seconds=0.5)


@pytest.mark.nuts
def test_auto_really_goes_to_nuts_where_laplace_is_in_doubt(monkeypatch):
    let_laplace_doubt(monkeypatch, {"outer_pareto_k": 0.9})
    model = binomial_world(2, 5, 40, seed=4)
    diagnostics = sample_posterior(model, seed=3).diagnostics
    assert diagnostics.engine == "nuts"
    assert diagnostics.ok
    stopped = sample_posterior(model, seed=3, nuts_seconds=0.001).diagnostics
    assert stopped.engine == "laplace"
    assert "nuts was not done within 0.001 s" in map(str, stopped.problems)


def test_where_laplace_breaks_down_auto_goes_to_nuts_and_laplace_says_so(monkeypatch):
    def break_down(*_args, **_kwargs):
        raise np.linalg.LinAlgError("Matrix is not positive definite")

    monkeypatch.setattr("calibra.inference.engines.sample_laplace", break_down)
    model = binomial_world(5, 10, 20, seed=1)
    with pytest.raises(FitError, match=r"laplace engine failed: Matrix is not positive definite.* engine='nuts'"):
        sample_posterior(model, seed=1, engine="laplace", progress=False)
    monkeypatch.setattr("calibra.inference.engines._by_nuts", lambda _run, reason, **_: reason)
    assert sample_posterior(model, seed=1, progress=False).startswith("auto: laplace failed: Matrix is not")


@pytest.mark.parametrize("seed", range(6))
def test_one_rep_with_plenty_of_exposure_is_fitted(seed):
    # weights of one Newton step with the curvature of the step before once gave an information that was not positive
    walk, clock = RandomWalk(HalfNormal(0.5), (1.0,), -6.0, 2.0), np.array([[-1.0], [1.0]])
    model = CellModel(
        Poisson(), np.array([[481.0, 320.0]]), np.array([[40_000.0, 25_300.0]]), ("Abe",),
        (PopulationTerm("baseline", "interval", ("a", "b"), np.eye(2), walk),),
        (RepTerm("level", np.ones((2, 1)), HalfNormal(0.5)), RepTerm("tempo", clock, HalfNormal(0.3))),
    )  # fmt: skip
    diagnostics = sample_posterior(model, seed=seed, engine="laplace", draws=200).diagnostics
    assert diagnostics.ok


def test_same_seed_same_numbers_and_another_seed_others():
    model = binomial_world(12, 5, 40, seed=6)
    first, again, other = (sample_posterior(model, seed=seed, engine="laplace") for seed in (1, 1, 2))
    for name in first.draws:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["level"], other["level"])


@pytest.mark.nuts
def test_same_seed_same_numbers_on_nuts():
    model = binomial_world(4, 5, 40, seed=6)
    first, again = (sample_posterior(model, seed=1, engine="nuts") for _ in range(2))
    np.testing.assert_array_equal(first["level"], again["level"])


def test_without_counts_the_posterior_is_the_prior():
    model = rank_declaration(np.zeros((4, 5)), np.zeros((4, 5)))
    posterior = sample_posterior(model, seed=1, engine="laplace", draws=4000)
    np.testing.assert_allclose(posterior["rank_mean"].mean(axis=0), -1.0, atol=0.12)
    np.testing.assert_allclose(posterior["rank_mean"].std(axis=0), 1.5, rtol=0.08)
    assert posterior["level_scale"].mean() == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.08)  # mean of a half-normal


def test_posterior_names_its_axes_and_becomes_a_datatree():
    posterior = sample_posterior(poisson_world(seed=5), seed=1, draws=200)
    assert posterior.dims["baseline"] == ("interval",)
    assert posterior["baseline"].shape == (200, 6)
    tree = posterior.to_datatree()
    assert dict(tree["posterior"].sizes)["draw"] == 200
    assert list(tree["posterior"]["team"].to_numpy()) == ["x", "y", "z"]
    assert tree["posterior"].attrs["engine"] == "laplace"


@pytest.mark.parametrize(("settings", "message"), [
    ({"engine": "mcmc"}, "`engine` must be one of auto, laplace, nuts; got 'mcmc'"),
    ({"seed": -1}, "`seed` must be a whole number of 0 or more; got -1"),
    ({"seed": 1.5}, "`seed` must be a whole number"),
    ({"draws": 10}, "`draws` must be a whole number of 100 or more; got 10"),
    ({"nuts_seconds": 0}, "`nuts_seconds` must be a number of seconds above 0; got 0"),
    ({"nuts_seconds": "60"}, "`nuts_seconds` must be a number of seconds above 0; got '60'"),
    ({"nuts_seconds": float("nan")}, "`nuts_seconds` must be a number of seconds above 0; got nan"),
])  # fmt: skip
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        sample_posterior(binomial_world(2, 5, 9, seed=1), **{"seed": 1, **settings})


@pytest.mark.parametrize(("change", "message"), [
    ({"events": np.full((2, 5), 99.0)}, "more events than trials"),
    ({"events": np.full((2, 5), -1.0)}, r"`events` must hold counts.*10 cells of 10.*'rep 0' cell 0: -1, .*cell 2"),
    ({"events": np.full((2, 5), 1.5)}, "`events` must hold counts, whole numbers of 0 or more.*: 1.5"),
    ({"events": np.full((2, 5), np.nan)}, "`events` must hold counts.*: nan"),
    ({"size": np.full((2, 5), np.nan)}, "`size` must hold counts.*: nan"),
    ({"size": np.full((2, 5), 20.5)}, "`size` must hold counts.*: 20.5"),
    ({"size": np.full((2, 5), np.inf)}, "`size` must hold counts.*: inf"),
    ({"size": np.zeros((2, 5)), "family": Poisson(), "events": np.ones((2, 5))}, "events without trials or exposure"),
    ({"size": np.full((2, 5), np.inf), "family": Poisson()}, "`size` must hold finite numbers of 0 or more.*: inf"),
    ({"size": np.full((2, 5), -0.5), "family": Poisson()}, "`size` must hold finite numbers of 0 or more.*: -0.5"),
    ({"size": np.ones((2, 4))}, "must agree"),
    ({"rep_terms": (RepTerm("rank_mean", np.ones((5, 1)), HalfNormal(1)),)},
     "names of their own; 'rank_mean' is a term and a term"),
    ({"rep_terms": (RepTerm("rank", np.ones((5, 1)), HalfNormal(1)),)}, "'rank' is a term and the axis of a term"),
    ({"rep_terms": (RepTerm("rep", np.ones((5, 1)), HalfNormal(1)),)}, "'rep' is a term and an axis that every model"),
    ({"rep_terms": (RepTerm("linpred", np.ones((5, 1)), HalfNormal(1)),)}, "'linpred' is a term and part of every"),
    ({"rep_terms": (RepTerm("level", np.ones((5, 1)), HalfNormal(1)), RepTerm("level_scale", np.ones((5, 1)),
      HalfNormal(1)))}, "'level_scale' is the scale of `level` and a term"),
    ({"population": (PopulationTerm("rank_mean", "cell", tuple("12345"), np.eye(5), Normal()),)},
     "'cell' is an axis that every model has and the axis of a term"),
    ({"population": (PopulationTerm("rank_mean", "level", tuple("12345"), np.eye(5), Normal()),)},
     "'level' is a term and the axis of a term"),
    ({"population": (PopulationTerm("rank_mean", "x", tuple("12345"), np.eye(5), Normal()),
                     PopulationTerm("other", "x", ("1",), np.ones((5, 1)), Normal()))},
     "'x' is the axis of other labels and the axis of a term"),
    ({"rep_terms": (RepTerm("level", np.ones((4, 1)), HalfNormal(1)),)}, "the design of `level` must be"),
])  # fmt: skip
def test_declarations_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(binomial_world(2, 5, 9, seed=1), **change)


@pytest.mark.parametrize("named", [("slope", "level"), ("level", "residual"), ("level", "none such")])
def test_a_correlation_of_anything_but_two_single_terms_in_order_is_refused(named):
    with pytest.raises(InputError, match="must name two rep terms of one column each, in their order"):
        replace(binomial_world(2, 5, 9, seed=1), correlation=Correlation(*named, LKJ(2.0)))


def test_a_declaration_knows_every_name_of_the_model_written_out_in_pymc():
    from calibra.inference.declare.cells import _names
    from calibra.inference.nuts.build_cells import build_pymc

    model = poisson_world(seed=5)
    old = (RepTerm("level", np.ones((6, 1)), GammaPrecision(1, 1)), RepTerm("both", np.ones((6, 2)), HalfNormal(1)))
    for declared in (model, replace(model, rep_terms=old), correlated_world(2, 5, 9, seed=1)):
        built = build_pymc(declared)
        assert {*built.named_vars, *built.coords} <= {name for name, _ in _names(declared)}


@pytest.mark.parametrize("name", [
    "rep", "cell", "rank", "level", "level_scale", "rank_mean", "linpred", "events", "size_seen", "residual_column",
    "chain", "draw", "segment", "区分", "a b", "rank_labels",
])  # fmt: skip
def test_an_axis_called_like_something_of_the_model_gets_another_name(name):
    model = binomial_world(3, 5, 9, seed=1)
    design = np.eye(5)[:, :2]
    effect = PopulationTerm(f"{name}_effect", name, ("x", "y"), design, Normal(0.0, 1.0))
    population = with_own_axes((*model.population, effect), model.rep_terms)
    posterior = sample_posterior(replace(model, population=population), seed=1, engine="laplace", draws=200)
    assert population[0].dim == "rank"
    (dim,) = posterior.dims[f"{name}_effect"]
    assert dim.startswith(name)
    assert posterior.coords[dim] == ("x", "y")
    assert posterior.to_xarray()[f"{name}_effect"].sizes[dim] == 2
    if name in {"segment", "区分", "a b", "rank_labels"}:
        assert dim == name


def test_a_prior_scale_of_zero_is_refused():
    with pytest.raises(InputError, match="must be above 0; got 0"):
        HalfNormal(0)
