"""Advice starts from the probability reported of a rank; the threshold model says how it moves with the line."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.chapters.thresholds.residuals import residuals_of
from calibra.chapters.thresholds.targets import shifted
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.45, 90), "B": Promise(0.3, 90)})
N = np.tile([120, 160, 220], (8, 1))
EVENTS = np.tile([66, 48, 22], (8, 1))
EVENTS[0] = [48, 72, 30]
"""Of the first rep B brings more than A: no shift of normal signals says that."""


def counts(reps):
    rows = [(rep, rank, N[i, k], EVENTS[i, k]) for i, rep in enumerate(reps) for k, rank in enumerate(SCALE.ranks)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    return Judgments.from_counts(frame, scale=SCALE, within_days=90)


def fit(model, reps="abcdefgh", draws=2000):
    return model(within_days=90).fit(counts(reps), seed=1, engine="laplace", draws=draws, progress=False)


@pytest.fixture(scope="module")
def fits():
    return fit(RankModel), fit(ThresholdModel)


def test_what_a_rank_brings_today_is_what_is_reported_of_it(fits):
    rank_fit, threshold_fit = fits
    table = recommend_thresholds(threshold_fit, ranks=rank_fit).table
    best = table[table["rank"] == "A"].set_index("rep")
    gap = log_odds_gap(rank_fit.probability_draws()[:, :, 0], 0.45)
    beyond = np.maximum((gap > np.log(MARGIN_ODDS)).mean(axis=0), (gap < -np.log(MARGIN_ODDS)).mean(axis=0))
    told = best.loc[list(rank_fit.reps), "prob_beyond_margin"].to_numpy()
    assert told == pytest.approx(beyond, abs=1e-9)
    # of A 40 % came where 45 are promised, of B 45 % where 30 are: the threshold model takes both for its even signals
    own, alone = (
        recommend_thresholds(threshold_fit, ranks=ranks).table.set_index(["rep", "rank"]) for ranks in (rank_fit, None)
    )
    assert alone.loc[("a", "A"), "share_target"] > own.loc[("a", "A"), "share_target"] + 0.05
    assert alone.loc[("a", "B"), "share_target"] < alone.loc[("a", "B"), "share_now"]
    assert own.loc[("a", "B"), "share_target"] > own.loc[("a", "B"), "share_now"] + 0.1
    assert own.loc[("a", "B"), "prob_beyond_margin"] > 0.6 > 0.1 > alone.loc[("a", "B"), "prob_beyond_margin"]


def test_where_both_models_agree_the_advice_is_that_of_the_threshold_model(fits, monkeypatch):
    rank_fit, threshold_fit = fits
    monkeypatch.setattr("calibra.chapters.thresholds.advice.residuals_of", lambda *_: np.zeros((2000, 8, 3)))
    own, alone = (recommend_thresholds(threshold_fit, ranks=ranks).table for ranks in (rank_fit, None))
    pd.testing.assert_frame_equal(own, alone)


def test_the_residual_is_the_difference_on_the_log_odds(fits):
    rank_fit, threshold_fit = fits
    found = residuals_of(threshold_fit, rank_fit)
    wanted = logit(rank_fit.probability_draws()).mean(axis=0) - logit(threshold_fit.probability_draws()).mean(axis=0)
    assert found.shape == (2000, 8, 3)
    assert found.mean(axis=0) == pytest.approx(wanted, abs=1e-9)
    assert found[:, 0, 0].mean() < -0.1 < 0.2 < found[:, 0, 1].mean()


def test_a_shift_leaves_what_is_certain():
    assert shifted(np.array([0.0, 0.5, 1.0]), 1.0).tolist() == [0.0, float(expit(1.0)), 1.0]


def test_rank_models_of_others_are_refused(fits):
    rank_fit, threshold_fit = fits
    with pytest.raises(InputError, match="`ranks` must be of the same reps and ranks as `fit`"):
        recommend_thresholds(threshold_fit, ranks=fit(RankModel, "ijklmnop", 400))
    assert recommend_thresholds(threshold_fit, ranks={60: rank_fit}).table.equals(
        recommend_thresholds(threshold_fit).table
    )
