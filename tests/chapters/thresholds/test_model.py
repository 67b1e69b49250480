"""ThresholdModel: published values at the one-rep limit, unusual input, and what its tables say."""

import numpy as np
import pytest

from calibra.chapters.thresholds.model import ThresholdModel, ThresholdPriors
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError, NotEnoughDataError
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.worlds import counts

# ACCEPTANCE A7 (statsmodels OrderedModel, probit): counts A to E
A7_N, A7_EVENTS = [50, 75, 75, 50, 30], [27, 22, 14, 5, 2]
WEAK = ThresholdPriors(
    base_mean=Normal(0.0, 10.0), discrimination_mean=Normal(0.0, 10.0), share_mean=Normal(0.0, 10.0),
    base_scale=HalfNormal(1e-3), discrimination_scale=HalfNormal(1e-3), shift_scale=HalfNormal(1e-3),
    spacing_scale=HalfNormal(1e-3),
)  # fmt: skip


@pytest.fixture(scope="module")
def one_rep():
    return ThresholdModel(priors=WEAK).fit(counts([A7_N], [A7_EVENTS]), seed=1, draws=4000)


@pytest.fixture(scope="module")
def world():
    return simulate_judgments(seed=1, n_reps=10, n_prospects=3000)


@pytest.fixture(scope="module")
def judgments(world):
    return Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


@pytest.fixture(scope="module")
def fit(judgments):
    return ThresholdModel().fit(judgments, seed=1)


def test_one_rep_with_weak_priors_is_the_published_fit(one_rep):
    # 280 judgments: posterior sd of d is .13, of the share .02, of the bar .04
    profile = one_rep.profiles().iloc[0]
    assert profile["d_prime"] == pytest.approx(0.89813, abs=0.03)
    assert profile["binormal_auc"] == pytest.approx(0.7373, abs=0.01)
    bar = one_rep.bars().query("rank == 'A'").iloc[1]
    assert bar["share"] == pytest.approx(0.1787, abs=0.004)
    assert bar["estimate"] == pytest.approx(0.3982, abs=0.01)
    assert one_rep.probability_draws()[:, 0, 0].mean() == pytest.approx(0.5270, abs=0.01)
    found = one_rep.draws()
    standard = np.median(found.cutpoints[:, 0], axis=0)
    np.testing.assert_allclose(standard, [1.2123, 0.35663, -0.39113, -1.10055], atol=0.03)


def test_a_scale_of_one_rank_has_no_thresholds():
    with pytest.raises(InputError, match="two ranks or more are needed"):
        ThresholdModel().fit(counts([[20]], [[5]]), seed=1)


def test_bars_of_a_world_made_otherwise_are_found(world, fit):
    true = world.truth.bars(90)
    table = fit.bars().query("rep != @ALL_REPS", local_dict={"ALL_REPS": ALL_REPS})
    found = table["estimate"].to_numpy().reshape(true.shape)
    raw_error = np.abs(true - true.mean(axis=0)).mean()
    assert np.abs(found - true).mean() < 0.6 * raw_error  # better than saying all reps are alike
    assert np.corrcoef(found[:, 0], true[:, 0])[0, 1] > 0.8
    held = (table["lower"].to_numpy() <= true.ravel()) & (true.ravel() <= table["upper"].to_numpy())
    assert held.mean() > 0.75


def test_bars_fall_and_shares_rise_from_rank_to_rank_for_positive_discrimination(fit):
    found = fit.draws()
    positive = found.discrimination > 0
    assert (np.diff(found.cutpoints, axis=2) < 0).all()
    assert (np.diff(found.shares, axis=2) > 0).all()
    assert (np.diff(found.bars, axis=2)[positive] < 0).all()


def test_the_table_of_bars_says_what_it_rests_on(fit, judgments):
    table = fit.bars(interval_prob=0.5)
    assert list(table.columns) == [
        "rep", "rank", "estimate", "lower", "upper", "share", "share_lower", "share_upper", "raw_share", "n", "n_rank",
        "engine",
    ]  # fmt: skip
    assert table.attrs["interval_prob"] == 0.5
    assert table.attrs["within_days"] == 90
    assert table.attrs["pool"] == "all prospects"
    assert table["rep"].iloc[0] == ALL_REPS
    assert table["n"].iloc[0] == judgments.binomial_cells(within_days=90).n.sum()
    narrow = (table["upper"] - table["lower"]).to_numpy()
    wide = fit.bars()
    assert (narrow < (wide["upper"] - wide["lower"]).to_numpy()).all()


def test_an_inverted_rep_is_found_and_flagged():
    n = [[40, 40, 40]] * 4
    events = [[30, 20, 8], [28, 18, 10], [31, 21, 9], [2, 15, 36]]
    wide = ThresholdPriors(discrimination_scale=HalfNormal(1.0))
    profiles = ThresholdModel(priors=wide).fit(counts(n, events), seed=1).profiles()
    assert profiles["prob_inverted"].iloc[3] > 0.99
    assert (profiles["prob_inverted"].iloc[:3] < 0.01).all()
    assert profiles["d_prime"].iloc[3] < -0.5


def test_no_events_at_all_and_an_unused_rank_are_valid_fits():
    fit = ThresholdModel().fit(counts([[10, 0, 20], [5, 0, 25]], [[0, 0, 0], [0, 0, 0]]), seed=1)
    bars = fit.bars()
    assert np.isfinite(bars[["estimate", "lower", "upper", "share"]].to_numpy()).all()
    assert (bars["estimate"] < 0.35).all()
    assert fit.profiles()["binormal_auc_upper"].max() > 0.75  # nothing was learned of the discrimination


def test_segments_are_fitted_apart_and_lose_nobody(judgments):
    fits = ThresholdModel().fit_by(judgments, by="segment", seed=1)
    assert sum(fit.n.sum() for fit in fits.values()) == judgments.binomial_cells(within_days=90).n.sum()
    assert {fit.bars().attrs["pool"] for fit in fits.values()} == {f"segment: {label}" for label in fits}


def test_nobody_mature_says_when():
    young = simulate_judgments(seed=2, n_reps=2, n_prospects=60, span_days=30)
    frame = Judgments.from_frame(young.frame, scale=young.scale, as_of=young.as_of, columns=young.columns)
    with pytest.raises(NotEnoughDataError, match="the first will be on"):
        ThresholdModel().fit(frame, seed=1)


def test_same_seed_same_numbers(judgments, fit):
    again = ThresholdModel().fit(judgments, seed=1)
    np.testing.assert_array_equal(again.draws().cutpoints, fit.draws().cutpoints)


def test_the_summary_leads_with_the_diagnostics_and_names_the_pool(fit):
    text = fit.summary()
    assert text.index("Diagnostics") < text.index("(all reps)")
    assert "own pool of prospects" in text
