"""The reliability curve: other libraries, identities, ties, bands by construction."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from calibra.errors import InputError
from calibra.stats.forecasts.reliability import ReliabilityCurve, reliability_curve, reliability_curve_from_counts

forecasts = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1, max_size=60)


def simulated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Continuous, calibrated forecasts."""
    rng = np.random.default_rng(seed)
    prob = rng.random(n)
    return rng.random(n) < prob, prob


def flat(curve: ReliabilityCurve) -> list[np.ndarray]:
    """Every number of a curve."""
    records = (curve.cases, curve.bins, curve.consistency.edges, curve.confidence.edges)
    return [record.table.drop(columns="group").to_numpy(dtype=float) for record in records]


@given(forecasts, st.sampled_from(["corp", "quantile", "fixed"]))
def test_counts_along_the_curve_sum_to_n(rows: list, method: str) -> None:
    y, prob = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    curve = reliability_curve(y, prob / 20, method=method, n_bins=4, consistency="none", confidence="none")
    assert curve.cases.n.sum() == curve.bins.n.sum() == curve.n[0] == y.size
    assert np.sum(curve.bins.n * curve.bins.rate) == pytest.approx(y.sum())
    assert (np.diff(curve.cases.prob) > 0).all()


@given(forecasts, st.randoms(use_true_random=False))
def test_row_order_and_tie_order_change_nothing(rows: list, random: object) -> None:
    shuffled = random.sample(rows, len(rows))  # type: ignore[attr-defined]
    first, second = (
        reliability_curve([y for y, _ in one], [prob / 20 for _, prob in one], confidence="windows", seed=1)
        for one in (rows, shuffled)
    )
    for before, after in zip(flat(first), flat(second), strict=True):
        np.testing.assert_array_equal(before, after)


def test_fixed_bins_are_those_of_scikit_learn() -> None:
    y, prob = simulated(300)
    curve = reliability_curve(y, prob, method="fixed", n_bins=7)
    rate, mean = calibration_curve(y, prob, n_bins=7, strategy="uniform")
    np.testing.assert_allclose(curve.bins.rate, rate, atol=1e-12)
    np.testing.assert_allclose(curve.bins.prob_mean, mean, atol=1e-12)


def test_quantile_bins_are_those_of_scikit_learn_without_ties() -> None:
    y, prob = simulated(300)
    curve = reliability_curve(y, prob, method="quantile", n_bins=6)
    rate, mean = calibration_curve(y, prob, n_bins=6, strategy="quantile")
    np.testing.assert_allclose(curve.bins.rate, rate, atol=1e-12)
    np.testing.assert_allclose(curve.bins.prob_mean, mean, atol=1e-12)


def test_tied_forecasts_stay_in_one_quantile_bin() -> None:
    curve = reliability_curve([0, 1, 0, 1, 1, 1], [0.2] * 5 + [0.7], method="quantile", n_bins=3)
    assert curve.bins.n.tolist() == [5, 1]


def test_rows_and_counts_give_the_same_curve_and_bands() -> None:
    rng = np.random.default_rng(2)
    prob = rng.integers(0, 50, 2000) / 50
    y = rng.random(2000) < prob
    values, place = np.unique(prob, return_inverse=True)
    rows = reliability_curve(y, prob, seed=3)
    counts = reliability_curve_from_counts(values, np.bincount(place), np.bincount(place, y), seed=3)
    for first, second in zip(flat(rows), flat(counts), strict=True):
        np.testing.assert_array_equal(first, second)


def test_confidence_band_of_few_forecasts_is_clopper_pearson() -> None:
    curve = reliability_curve_from_counts([0.1, 0.3, 0.6], [40, 25, 30], [3, 9, 20])
    lower, upper = proportion_confint([3, 9, 20], [40, 25, 30], alpha=0.1, method="beta")
    assert curve.confidence.method == "exact"
    np.testing.assert_allclose(curve.confidence.edges.lower, lower, atol=1e-12)
    np.testing.assert_allclose(curve.confidence.edges.upper, upper, atol=1e-12)


def test_one_forecast_value_has_the_same_exact_window_and_honest_interval() -> None:
    """One cell: one run and one window; honest pays (1 − level)/(1 · 2) per side, which is the plain tail."""
    bands = [
        reliability_curve_from_counts([0.4], [50], [15], confidence=method).confidence.edges
        for method in ("exact", "windows", "honest")
    ]
    lower, upper = proportion_confint(15, 50, alpha=0.1, method="beta")
    for edges in bands:
        assert edges.lower[0] == pytest.approx(lower)
        assert edges.upper[0] == pytest.approx(upper)


@pytest.mark.parametrize("method", ["windows", "honest", "resampling"])
def test_confidence_bands_hold_the_curve_and_do_not_fall(method: str) -> None:
    y, prob = simulated(1500)
    curve = reliability_curve(y, prob, confidence=method)
    edges = curve.confidence.edges
    fitted = np.interp(edges.prob, curve.cases.prob, curve.cases.recalibrated)
    assert (edges.lower <= fitted + 1e-12).all()
    assert (fitted <= edges.upper + 1e-12).all()
    assert (np.diff(edges.lower) >= -1e-12).all()
    assert (np.diff(edges.upper) >= -1e-12).all()
    assert edges.prob.size <= 2000


def test_the_opposite_event_has_the_mirrored_bands() -> None:
    y, prob = simulated(400)
    for method in ("windows", "honest"):
        edges = reliability_curve(y, prob, confidence=method).confidence.edges
        mirrored = reliability_curve(~y, 1 - prob, confidence=method).confidence.edges
        np.testing.assert_allclose(mirrored.lower[::-1], 1 - edges.upper, atol=0.02)
        np.testing.assert_allclose(mirrored.upper[::-1], 1 - edges.lower, atol=0.02)


def test_honest_bands_are_wider_than_pointwise_ones() -> None:
    y, prob = simulated(2000)
    honest, windows = (
        reliability_curve(y, prob, confidence=method).confidence.edges for method in ("honest", "windows")
    )
    assert (honest.upper - honest.lower).mean() > 1.2 * (windows.upper - windows.lower).mean()


def test_bands_carry_their_name_level_and_method() -> None:
    y, prob = simulated(100)
    curve = reliability_curve(y, prob, interval_prob=0.8, confidence="honest")
    assert curve.consistency.label == "80% consistency band (simulation, pointwise)"
    assert curve.confidence.label == (
        "80% confidence band (honest, simultaneous; assumes that the true curve never falls)"
    )
    resampled = reliability_curve(y, prob, confidence="resampling").confidence
    assert resampled.label.startswith("about 90% confidence band (resampling, pointwise; assumes")
    assert reliability_curve(y, prob, weights=np.arange(1, 101)).confidence.approximate


def test_bands_can_be_left_out() -> None:
    curve = reliability_curve([0, 1], [0.2, 0.6], consistency="none", confidence="none")
    assert curve.consistency is None
    assert curve.confidence is None


def test_groups_have_their_own_curves() -> None:
    y, prob = simulated(200)
    groups = np.where(np.arange(200) < 80, "later", "early")
    curve = reliability_curve(y, prob, groups=groups, confidence="windows")
    alone = reliability_curve(y[80:], prob[80:], confidence="windows")
    assert curve.groups == ("early", "later")
    assert curve.n.tolist() == [120, 80]
    mine = curve.cases.group == "early"
    np.testing.assert_array_equal(curve.cases.recalibrated[mine], alone.cases.recalibrated)
    early = curve.confidence.edges.group == "early"
    np.testing.assert_array_equal(curve.confidence.edges.upper[early], alone.confidence.edges.upper)


def test_weights_scale_freely() -> None:
    y, prob = simulated(200)
    weights = np.random.default_rng(1).gamma(2.0, 1.0, 200)
    first, second = (reliability_curve(y, prob, weights=scale * weights, seed=1) for scale in (1.0, 8.0))
    np.testing.assert_allclose(first.cases.recalibrated, second.cases.recalibrated, atol=1e-12)
    np.testing.assert_allclose(first.confidence.edges.lower, second.confidence.edges.lower, atol=1e-9)


def test_all_events_and_certain_forecasts_are_valid() -> None:
    curve = reliability_curve([1, 1, 1], [0.0, 0.5, 1.0], confidence="honest")
    assert curve.cases.recalibrated.tolist() == [1.0, 1.0, 1.0]
    assert (curve.confidence.edges.upper == 1.0).all()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "loess"}, "`method` must be one of corp, quantile, fixed; got 'loess'"),
        (
            {"confidence": "bootstrap"},
            "`confidence` must be one of auto, exact, smooth, windows, honest, resampling, none",
        ),
        ({"consistency": "honest"}, "`consistency` must be one of auto, exact, simulation, none"),
        ({"method": "fixed", "confidence": "honest"}, "Bins have exact bands only"),
        ({"n_bins": 0}, "`n_bins` must be a whole number, 1 or more; got 0"),
        ({"interval_prob": 1.0}, "`interval_prob` must lie strictly between 0 and 1; got 1.0"),
    ],
)
def test_bad_choices_are_named(choices: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        reliability_curve([0, 1], [0.2, 0.6], **choices)
