"""Prior sensitivity by reweighting, held against fitting the model again under the changed prior."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from calibra.calibration import calibrate
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.priors import PriorSensitivity, _reweight, _stretch, prior_sensitivity
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError
from calibra.inference.declare.priors import GammaPrecision, HalfNormal


def counts_of(*, n_reps: int, n: int) -> Judgments:
    """Reps of two ranks, whose probabilities fan out a little."""
    rate = np.array([0.5, 0.2]) + np.linspace(-0.1, 0.1, n_reps)[:, None]
    frame = pd.DataFrame({
        "rep": np.repeat([f"rep {i}" for i in range(n_reps)], 2), "rank": ["A", "B"] * n_reps, "n": n,
        "events": np.rint(n * rate).astype(int).ravel(),
    })  # fmt: skip
    return Judgments.from_counts(frame, scale=RankScale(["A", "B"]), within_days=90)


@pytest.fixture(scope="module")
def few() -> Judgments:
    return counts_of(n_reps=5, n=10)


@pytest.fixture(scope="module")
def fit(few: Judgments) -> RankFit:
    return RankModel(within_days=90).fit(few, seed=1, engine="laplace", draws=2000)


@pytest.fixture(scope="module")
def found(fit: RankFit) -> PriorSensitivity:
    return prior_sensitivity(fit)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_reweighted_moves_are_those_of_real_refits(
    factor: float, fit: RankFit, few: Judgments, found: PriorSensitivity
) -> None:
    priors = RankPriors(level=HalfNormal(RankPriors().level.sd * factor))  # type: ignore[union-attr]
    again = RankModel(within_days=90, priors=priors).fit(few, seed=2, engine="laplace", draws=2000)
    old, new = fit.probability_draws(), again.probability_draws()
    move = (new.mean(axis=0) - old.mean(axis=0)) / old.std(axis=0)
    told = found.table.query(f"prior == 'level_scale' and factor == {factor} and quantity == 'probability'").iloc[0]
    rep, rank = told["moved"].split(", ")
    entry = fit.reps.index(rep), fit.ranks.index(rank)
    assert told["method"] == "reweighted"
    assert told["move_sd"] == pytest.approx(move[entry], abs=0.1)
    assert np.abs(move).max() < abs(told["move_sd"]) + 0.1
    assert told["sd_ratio"] == pytest.approx((new.std(axis=0) / old.std(axis=0))[entry], rel=0.1)


def test_weights_are_the_ratio_of_prior_densities() -> None:
    scale = np.abs(np.random.default_rng(1).normal(0.0, 0.4, 4000))
    weights, k = _reweight(HalfNormal(0.5), scale, 0.5)
    ratio = stats.halfnorm(scale=0.25).pdf(scale) / stats.halfnorm(scale=0.5).pdf(scale)
    assert k < 0.7
    assert np.corrcoef(weights, ratio)[0, 1] > 0.999
    assert weights.sum() == pytest.approx(1.0)
    stretched = _stretch(GammaPrecision(2.0, 0.3), 2.0).sample(np.random.default_rng(5), 200_000)
    plain = GammaPrecision(2.0, 0.3).sample(np.random.default_rng(6), 200_000)
    assert np.median(stretched) == pytest.approx(2.0 * np.median(plain), rel=0.02)


def test_with_few_judgments_a_prior_moves_more_than_with_many(found: PriorSensitivity) -> None:
    many = RankModel(within_days=90).fit(counts_of(n_reps=20, n=200), seed=1, engine="laplace", draws=1000)
    told = prior_sensitivity(many)
    assert told.largest_move_sd < 0.5 * found.largest_move_sd
    assert not told.matters
    assert told.sentence.startswith("Priors: halved or doubled, they move no reported number by 0.5 sd (most: ")
    assert len(told.table) == 2 * 2 * 3


def test_a_prior_that_matters_is_told_with_what_it_moves(found: PriorSensitivity) -> None:
    moved = replace(found, move_sd=np.where(np.arange(found.move_sd.size) == 4, -0.9, found.move_sd / 10))
    assert moved.matters
    words = (
        f"the prior of {found.prior[4]} moves {found.quantity[4]} ({found.moved[4]}) by 0.90 of its own standard dev"
    )
    assert words in str(moved)


def test_a_prior_that_matters_is_among_the_findings_of_a_calibration() -> None:
    frame = pd.DataFrame({
        "rep": ["Abe", "Abe", "Ito", "Ito"], "rank": ["A", "B"] * 2, "n": 12, "events": [11, 8, 5, 2]
    })  # fmt: skip
    judgments = Judgments.from_counts(frame, scale=RankScale(["A", "B"]), within_days=90)
    calibration = calibrate(judgments, seed=1, engine="laplace", draws=1000, parts=[])
    told = [sentence for sentence in map(str, calibration.findings) if sentence.startswith("Priors matter here")]
    assert len(told) == prior_sensitivity(calibration.ranks[90], refit=False).matters == 1
    assert "standard deviations" in calibration.summary()


def test_a_hopeless_reweighting_is_replaced_by_a_refit_or_left_unknown() -> None:
    frame = pd.DataFrame({"rep": ["r1", "r2", "r3"], "rank": "A", "n": 30, "events": [9, 12, 15]})
    judgments = Judgments.from_counts(frame, scale=RankScale(["A"]), within_days=90)
    fit = RankModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=150)  # fewer than are asked for
    unknown = prior_sensitivity(fit, refit=False)
    assert set(unknown.method) == {"not known"}
    assert unknown.table["move_sd"].isna().all()
    assert "cannot tell" in str(unknown)
    assert set(prior_sensitivity(fit).method) == {"refitted"}


def test_lead_times_and_thresholds_are_read_as_they_are_reported() -> None:
    world = simulate_judgments(seed=4, n_reps=4, n_prospects=400, scale=RankScale(["A", "B"]))
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    lead = LeadTimeModel(interval_edges_days=(45, 90)).fit(judgments, seed=1, engine="laplace", draws=300)
    told = prior_sensitivity(lead, refit=False)
    assert {"level_scale", "baseline_scale", "exit: tempo_scale"} <= set(told.prior)
    assert set(told.quantity) == {"share with an event"}
    bars = ThresholdModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=300)
    assert set(prior_sensitivity(bars, refit=False).quantity) == {"bar", "AUC"}


def test_anything_but_a_fit_is_refused() -> None:
    with pytest.raises(InputError, match="`fit` must be a ModelFit; got 3"):
        prior_sensitivity(3)  # type: ignore[arg-type]
