"""Scores against scikit-learn, by hand, and at the edges."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from calibra.errors import CalibraWarning, InputError
from calibra.stats.forecasts.scores import ranked_probability_score, score_forecasts


def simulated(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted forecasts with many ties."""
    rng = np.random.default_rng(seed)
    prob = rng.integers(1, 20, n) / 20
    return rng.random(n) < prob**1.3, prob, rng.gamma(2.0, 1.0, n)


@pytest.mark.parametrize("seed", range(5))
def test_brier_and_log_are_those_of_scikit_learn(seed: int) -> None:
    y, prob, weights = simulated(seed)
    brier = score_forecasts(y, prob, weights=weights).score.estimate[0]
    log = score_forecasts(y, prob, rule="log", weights=weights).score.estimate[0]
    assert brier == pytest.approx(brier_score_loss(y, prob, sample_weight=weights), abs=1e-10)
    assert log == pytest.approx(log_loss(y, prob, sample_weight=weights), abs=1e-10)


def test_spherical_by_hand() -> None:
    # p = .6 came true: 1 − .6/√(.36 + .16); p = .6 failed: 1 − .4/√.52
    score = score_forecasts([1, 0], [0.6, 0.6], rule="spherical").score.estimate[0]
    assert score == pytest.approx(1 - 0.5 / np.sqrt(0.52))


def test_interval_is_the_normal_one_of_the_row_scores() -> None:
    y, prob, _ = simulated(7)
    row_scores = (y - prob) ** 2
    interval = score_forecasts(y, prob, interval_prob=0.95).score
    half = 1.959964 * row_scores.std(ddof=1) / np.sqrt(y.size)
    assert interval.lower[0] == pytest.approx(row_scores.mean() - half, abs=1e-8)
    assert interval.upper[0] == pytest.approx(row_scores.mean() + half, abs=1e-8)


def test_a_certain_forecast_that_failed_gives_an_infinite_log_score_and_says_so() -> None:
    with pytest.warns(CalibraWarning, match="infinite: 2 forecasts of exactly 0 or 1 did not come true"):
        scores = score_forecasts([1, 0, 1, 0], [0.0, 1.0, 0.5, 0.0], rule="log")
    assert scores.score.estimate[0] == np.inf
    assert scores.n_infinite.tolist() == [2]


def test_certain_forecasts_that_came_true_cost_nothing() -> None:
    scores = score_forecasts([1, 0], [1.0, 0.0], rule="log")
    assert scores.score.estimate[0] == 0.0
    assert scores.n_infinite.tolist() == [0]


def test_groups_are_scored_apart() -> None:
    y, prob, weights = simulated(2)
    groups = np.where(np.arange(y.size) % 3 == 0, "b", "a")
    table = score_forecasts(y, prob, weights=weights, groups=groups).table.set_index("group")
    for name in "ab":
        alone = score_forecasts(y[groups == name], prob[groups == name], weights=weights[groups == name])
        assert table.loc[name, "score"] == pytest.approx(alone.score.estimate[0])
        assert table.loc[name, "n"] == alone.n[0]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=30))
def test_ranked_probability_score_of_two_categories_is_brier(rows: list[tuple[bool, float]]) -> None:
    y, prob = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    ranked = ranked_probability_score(y.astype(int), np.column_stack([1 - prob, prob])).score.estimate[0]
    assert ranked == pytest.approx(np.mean((y - prob) ** 2), abs=1e-12)


def test_ranked_probability_score_by_hand() -> None:
    # outcome 1 of 0, 1, 2: (.2 − 0)² + (.7 − 1)² = .13; outcome 2: .5² + .6² = .61
    assert ranked_probability_score([1, 2], [[0.2, 0.5, 0.3], [0.5, 0.1, 0.4]]).score.estimate[0] == pytest.approx(0.37)


def test_bad_choices_are_named() -> None:
    with pytest.raises(InputError, match="`rule` must be one of brier, log, spherical; got 'crps'"):
        score_forecasts([0, 1], [0.1, 0.9], rule="crps")
    with pytest.raises(InputError, match=r"sum to 1; 1 rows do not \(first: row 1, sum 0.9\)"):
        ranked_probability_score([0, 1], [[0.5, 0.5], [0.4, 0.5]])
    with pytest.raises(InputError, match=r"`category` must be a position from 0 to 1; 1 values are not \(first: row 0"):
        ranked_probability_score([2, 1], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(InputError, match="one row per outcome"):
        ranked_probability_score([0], [0.5, 0.5])
    with pytest.raises(InputError, match="`interval_prob` must lie strictly between 0 and 1; got 90"):
        score_forecasts([0, 1], [0.1, 0.9], interval_prob=90)
