"""Score decomposition: published values, another library, identities."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from model_diagnostics.scoring import HomogeneousExpectileScore, LogLoss, decompose as oracle
from scipy.optimize import isotonic_regression

from calibra.errors import CalibraWarning, InputError
from calibra.stats.forecasts.cells import pool_forecasts
from calibra.stats.forecasts.decomposition import ScoreDecomposition, decompose
from calibra.stats.forecasts.isotonic import fit_isotonic, fit_isotonic_rows
from calibra.stats.forecasts.scores import score_forecasts

NIAMEY = [
    # Dimitriadis, Gneiting, Jordan (2021) to three digits; two independent codes to eight
    ("Logistic", "brier", 0.20574617, 0.01707606, 0.05554066, 0.24421078),
    ("EMOS", "brier", 0.23202518, 0.01828294, 0.03046854, 0.24421078),
    ("EMOS", "log", 0.65368215, 0.04873615, 0.07657763, 0.68152362),
]

forecasts = st.lists(st.tuples(st.booleans(), st.integers(1, 19), st.integers(1, 5)), min_size=2, max_size=60)
rules = st.sampled_from(["brier", "log", "spherical"])


def parts(result: ScoreDecomposition) -> list[float]:
    """The four estimates of the first group."""
    return [
        float(getattr(result, name).estimate[0])
        for name in ("score", "miscalibration", "discrimination", "uncertainty")
    ]


def columns(rows: list[tuple[bool, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the strategy as arrays."""
    y, prob, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return y, prob / 20, weights / 2


@pytest.mark.parametrize(("method", "rule", "score", "miscalibration", "discrimination", "uncertainty"), NIAMEY)
def test_niamey_decompositions_are_the_published_ones(
    shared_data: Path,
    method: str,
    rule: str,
    score: float,
    miscalibration: float,
    discrimination: float,
    uncertainty: float,
) -> None:
    rain = np.genfromtxt(shared_data / "precip_niamey" / "precip_Niamey_2016.csv", delimiter=",", names=True)
    result = decompose(rain["obs"], rain[method], rule=rule, n_resamples=0)
    assert parts(result) == pytest.approx([score, miscalibration, discrimination, uncertainty], abs=5.1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rule", ["brier", "log"])
def test_parts_are_those_of_model_diagnostics_on_weighted_data_with_ties(seed: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    prob = rng.integers(1, 30, 500) / 30
    y, weights = rng.random(500) < prob**1.5, rng.gamma(2.0, 1.0, 500)
    scoring = HomogeneousExpectileScore(degree=2, level=0.5) if rule == "brier" else LogLoss()
    expected = oracle(y.astype(float), prob, weights, scoring_function=scoring, functional="mean")
    ours = parts(decompose(y, prob, rule=rule, weights=weights, n_resamples=0))
    theirs = [expected[name][0] for name in ("score", "miscalibration", "discrimination", "uncertainty")]
    assert ours == pytest.approx(theirs, abs=1e-10)


@given(forecasts, rules)
def test_score_is_miscalibration_less_discrimination_plus_uncertainty(rows: list, rule: str) -> None:
    y, prob, weights = columns(rows)
    score, miscalibration, discrimination, uncertainty = parts(
        decompose(y, prob, rule=rule, weights=weights, n_resamples=0)
    )
    assert score == pytest.approx(miscalibration - discrimination + uncertainty, abs=1e-12)
    assert miscalibration >= 0
    assert discrimination >= 0


@given(forecasts, rules)
def test_recalibrated_forecasts_have_no_miscalibration(rows: list, rule: str) -> None:
    y, prob, weights = columns(rows)
    cells = pool_forecasts(y, prob, weights=weights)
    recalibrated = fit_isotonic(cells).values[np.searchsorted(cells.prob, prob)]
    before = parts(decompose(y, prob, rule=rule, weights=weights, n_resamples=0))
    after = parts(decompose(y, recalibrated, rule=rule, weights=weights, n_resamples=0))
    assert after[1] == pytest.approx(0.0, abs=1e-12)
    assert after[2] == pytest.approx(before[2], abs=1e-12)


@given(forecasts, rules, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows: list, rule: str, random: object) -> None:
    y, prob, weights = columns(rows)
    order = np.array(random.sample(range(y.size), y.size))  # type: ignore[attr-defined]
    before = parts(decompose(y, prob, rule=rule, weights=weights, n_resamples=0))
    after = parts(decompose(y[order], prob[order], rule=rule, weights=weights[order], n_resamples=0))
    assert after == pytest.approx(before, abs=1e-13)


def test_intervals_hold_their_estimates_and_groups_stand_alone() -> None:
    rng = np.random.default_rng(11)
    prob = rng.integers(1, 10, 600) / 10
    y, groups = rng.random(600) < prob, np.repeat(["a", "b"], 300)
    result = decompose(y, prob, groups=groups, n_resamples=99)
    for name in ("score", "miscalibration", "discrimination", "uncertainty"):
        interval = getattr(result, name)
        assert (interval.lower <= interval.estimate).all()
        assert (interval.estimate <= interval.upper).all()
        assert (interval.upper > interval.lower).all()
    alone = decompose(y[300:], prob[300:], n_resamples=0)
    assert parts(alone) == pytest.approx([result.table[part][1] for part in result.table.columns[2:14:3]])


def test_p_value_is_small_for_wrong_and_not_for_calibrated_forecasts() -> None:
    rng = np.random.default_rng(5)
    prob = rng.random(800)
    calibrated = decompose(rng.random(800) < prob, prob, n_resamples=199)
    wrong = decompose(rng.random(800) < prob / 2, prob, n_resamples=199)
    assert calibrated.p_value[0] > 0.02
    assert wrong.p_value[0] == pytest.approx(1 / 200)
    assert wrong.miscalibration.estimate[0] > 5 * wrong.miscalibration_expected[0]


def test_one_seed_gives_one_answer() -> None:
    y, prob = [0, 1, 0, 1, 1], [0.1, 0.4, 0.3, 0.8, 0.6]
    first, second = (decompose(y, prob, n_resamples=50, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.miscalibration.upper, second.miscalibration.upper)


def test_a_failed_certainty_makes_score_and_miscalibration_infinite_and_says_so() -> None:
    with pytest.warns(CalibraWarning, match="log score is infinite: 1 forecasts"):
        result = decompose([0, 1, 0, 1], [1.0, 0.5, 0.5, 0.9], rule="log", n_resamples=20)
    assert parts(result)[:2] == [np.inf, np.inf]
    assert np.isfinite(parts(result)[2:]).all()
    assert result.n_infinite.tolist() == [1]


def test_all_events_is_a_valid_input_with_no_uncertainty() -> None:
    assert parts(decompose([1, 1], [0.5, 0.9], n_resamples=20)) == pytest.approx([0.13, 0.13, 0.0, 0.0])


def test_negative_resamples_are_refused() -> None:
    with pytest.raises(InputError, match="`n_resamples` must be 0 or more; got -1"):
        decompose([0, 1], [0.2, 0.4], n_resamples=-1)


def test_the_interval_of_miscalibration_begins_above_zero_exactly_where_the_test_rejects() -> None:
    rng = np.random.default_rng(41)
    begins, p_values = [], []
    for _ in range(60):
        prob = rng.integers(1, 10, 120) / 10
        result = decompose(rng.random(120) < 0.75 * prob, prob, n_resamples=199, seed=int(rng.integers(99)))
        begins.append(result.miscalibration.lower[0] > 0)
        p_values.append(result.p_value[0])
    rejected = np.array(p_values) <= 0.05
    assert 10 < rejected.sum() < 55
    np.testing.assert_array_equal(begins, rejected)


@pytest.mark.parametrize("rule", ["brier", "log", "spherical"])
def test_intervals_lie_within_the_range_of_a_score(rule: str) -> None:
    good = decompose([0, 0, 0, 1], [0.01, 0.02, 0.4, 0.8], rule=rule, n_resamples=99)
    bad = decompose([1, 1, 1, 0], [0.01, 0.02, 0.1, 0.8], rule=rule, n_resamples=99)
    for result in (good, bad):
        for name in ("score", "miscalibration", "discrimination", "uncertainty"):
            assert getattr(result, name).lower[0] >= 0.0
            assert rule == "log" or getattr(result, name).upper[0] <= 1.0
    assert score_forecasts([0, 0, 0, 1], [0.01, 0.02, 0.4, 0.8], rule=rule).score.lower[0] == 0.0


def test_curves_of_many_rows_are_those_of_each_row_alone() -> None:
    rng = np.random.default_rng(42)
    rates, weights = rng.random((30, 17)), rng.gamma(2.0, 1.0, (30, 17))
    rates[3], rates[4] = 0.0, 1.0
    alone = [isotonic_regression(rate, weights=weight).x for rate, weight in zip(rates, weights, strict=True)]
    np.testing.assert_allclose(fit_isotonic_rows(rates, weights), alone, atol=1e-14)


def test_portions_of_resamples_make_no_difference_to_what_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    prob = np.linspace(0.05, 0.95, 40)
    y = np.random.default_rng(8).random(40) < prob
    whole = decompose(y, prob, n_resamples=199)
    monkeypatch.setattr("calibra.stats.forecasts.decomposition.ROWS_AT_ONCE", 90)
    np.testing.assert_array_equal(decompose(y, prob, n_resamples=199).p_value, whole.p_value)
