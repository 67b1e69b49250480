"""Life tables: published curves, statsmodels, hand-worked cases and exact limits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.survival.lifetable import aalen_johansen, kaplan_meier


def simulate_rows(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Whole days with many ties, two endings and censoring."""
    rng = np.random.default_rng(seed)
    times = rng.exponential([60.0, 90.0, 80.0], size=(n, 3)).astype(int)
    return times.min(axis=1), times.argmin(axis=1) + 1


@pytest.fixture(scope="module")
def lung(shared_data):
    return pd.read_csv(shared_data / "lung" / "lung.csv")


@pytest.fixture(scope="module")
def crm(shared_data):
    frame = pd.read_csv(shared_data / "maven_crm" / "judgements.csv").dropna(subset="opportunity_at")
    start, won, lost = (pd.to_datetime(frame[c]) for c in ("opportunity_at", "won_at", "disqualified_at"))
    end = won.fillna(lost).fillna(pd.Timestamp("2017-12-31"))
    ending = np.select([won.notna(), lost.notna()], [1, 2], 3)
    return (end - start).dt.days.to_numpy(), ending


def test_lung_curve_has_the_published_medians(lung):
    curve = kaplan_meier(lung.time_days, lung.died)
    assert (curve.n, curve.n_ended.sum(), curve.quantile().estimate) == (228, 165, 310)
    by_sex = {sex: kaplan_meier(rows.time_days, rows.died).quantile().estimate for sex, rows in lung.groupby("sex")}
    assert by_sex == {"male": 270, "female": 426}


def test_interval_of_the_median_is_that_of_statsmodels(lung):
    reference = SurvfuncRight(lung.time_days, lung.died)
    for prob in (0.25, 0.5, 0.75):
        for transform, method in (("log-log", "cloglog"), ("plain", "linear")):
            curve = kaplan_meier(lung.time_days, lung.died, interval_prob=0.95, transform=transform)
            _, lower, upper = curve.quantile(prob)
            assert (lower, upper) == reference.quantile_ci(prob, alpha=0.05, method=method)


def test_crm_incidences_are_the_published_ones(crm):
    days, ending = crm
    shares = aalen_johansen(days, ending)
    assert shares.event.n == 8300
    horizons = [30, 60, 90, 138]
    np.testing.assert_allclose(shares.event.at(horizons).estimate, [0.2190, 0.2647, 0.3970, 0.5194], atol=5e-5)
    np.testing.assert_allclose(shares.exit.at(horizons).estimate, [0.1622, 0.1855, 0.2521, 0.3017], atol=5e-5)
    assert shares.open.at(138).estimate[0] == pytest.approx(0.1788, abs=5e-5)
    assert shares.open.quantile().estimate == 69


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_survival_and_its_standard_error_agree_with_statsmodels(seed):
    days, ending = simulate_rows(seed)
    reference = SurvfuncRight(days, ending == 1)
    curve = kaplan_meier(days, ending == 1)
    at_events = curve.n_ended > 0
    np.testing.assert_array_equal(curve.days[at_events], reference.surv_times)
    np.testing.assert_allclose(curve.estimate[at_events], reference.surv_prob, atol=1e-12)
    np.testing.assert_allclose(curve.standard_error[at_events], reference.surv_prob_se, atol=1e-12)
    np.testing.assert_array_equal(curve.n_at_risk[at_events], reference.n_risk)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_incidences_and_their_standard_errors_agree_with_statsmodels(seed):
    days, ending = simulate_rows(seed)
    days, ending = np.append(days, days.max() + 1), np.append(ending, 3)  # statsmodels divides by zero without it
    reference = CumIncidenceRight(days, ending % 3)
    shares = aalen_johansen(days, ending)
    for ours, theirs, error in zip((shares.event, shares.exit), reference.cinc, reference.cinc_se, strict=True):
        np.testing.assert_array_equal(ours.days, reference.times)
        np.testing.assert_allclose(ours.estimate, theirs, atol=1e-12)
        np.testing.assert_allclose(ours.standard_error, error, atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_late_entry_agrees_with_statsmodels(seed):
    rng = np.random.default_rng(seed)
    days, ending = simulate_rows(seed, n=900)
    entry = rng.integers(1, 40, size=days.size)
    seen = days > entry
    days, ending, entry = np.append(days[seen], 200), np.append(ending[seen], 3), np.append(entry[seen], 0.5)
    reference = SurvfuncRight(days, ending == 1, entry=entry)
    curve = kaplan_meier(days, ending == 1, entry_days=entry)
    at_events = curve.n_ended > 0
    np.testing.assert_allclose(curve.estimate[at_events], reference.surv_prob, atol=1e-12)
    np.testing.assert_allclose(curve.standard_error[at_events], reference.surv_prob_se, atol=1e-12)
    np.testing.assert_array_equal(curve.n_at_risk[at_events], reference.n_risk)
    assert curve.first_day == 0.5


def test_counted_rows_give_the_curves_of_the_rows_they_stand_for():
    days, ending = simulate_rows(4)
    cells, n = np.unique(np.stack([days, ending]), axis=1, return_counts=True)
    rows, counted = aalen_johansen(days, ending), aalen_johansen(cells[0], cells[1], weights=n)
    for name, curve in rows.curves.items():
        for field in ("days", "estimate", "standard_error", "lower", "upper", "n_at_risk"):
            np.testing.assert_array_equal(getattr(curve, field), getattr(counted.curves[name], field))


def test_censoring_exits_overstates_the_share_of_events():
    days, ending = simulate_rows(5)
    within = 60
    truth_like = aalen_johansen(days, ending).event.at(within)
    naive = 1 - kaplan_meier(days, ending == 1).at(within).estimate
    assert naive[0] > truth_like.upper[0]


def test_without_exits_incidence_is_one_minus_kaplan_meier():
    days, ending = simulate_rows(6)
    no_exit = np.where(ending == 2, 3, ending)
    shares, curve = aalen_johansen(days, no_exit), kaplan_meier(days, no_exit == 1)
    np.testing.assert_allclose(shares.event.estimate, 1 - curve.estimate, atol=1e-12)
    np.testing.assert_allclose(shares.event.standard_error, curve.standard_error, atol=1e-9)
    assert not shares.exit.estimate.any()


def test_without_censoring_curves_are_plain_proportions_with_binomial_errors():
    days, ending = simulate_rows(7)
    ending = np.where(ending == 3, 1, ending)
    points = aalen_johansen(days, ending).event
    share = np.mean((days <= 40) & (ending == 1))
    assert points.at(40).estimate[0] == pytest.approx(share)
    at_40 = points.standard_error[np.searchsorted(points.days, 40, side="right") - 1]
    assert at_40 == pytest.approx(np.sqrt(share * (1 - share) / days.size))


def test_restricted_means_without_censoring_are_plain_means_with_plain_errors():
    days, ending = simulate_rows(8)
    ending = np.where(ending == 3, 2, ending)
    shares = aalen_johansen(days, ending)
    spent_open = np.minimum(days, 70)
    lost_to_event = np.where(ending == 1, np.maximum(70 - days, 0), 0)
    for curve, values in ((shares.open, spent_open), (shares.event, lost_to_event)):
        mean = curve.restricted_mean(within_days=70)
        assert mean.estimate == pytest.approx(values.mean())
        half = 1.6448536269514722 * values.std() / np.sqrt(values.size)  # normal 95 % quantile
        assert mean.upper - mean.estimate == pytest.approx(half)
        assert mean.estimate - mean.lower == pytest.approx(half)


def test_restricted_mean_error_under_censoring_is_that_of_the_jackknife():
    days, ending = simulate_rows(9, n=300)
    mean = aalen_johansen(days, ending).event.restricted_mean(within_days=60)
    keep = ~np.eye(days.size, dtype=bool)
    left_out = [aalen_johansen(days[k], ending[k]).event.restricted_mean(within_days=60).estimate for k in keep]
    jackknife = np.std(left_out) * np.sqrt(days.size - 1)
    assert (mean.upper - mean.estimate) / 1.6448536269514722 == pytest.approx(jackknife, rel=0.02)


def test_three_rows_by_hand():
    # days 2 event, 5 exit, 9 open: at risk 3, 2, 1; F_event = 1/3; F_exit = (2/3)(1/2) = 1/3; open 1/3
    shares = aalen_johansen([2, 5, 9], [1, 2, 3])
    np.testing.assert_allclose(shares.event.estimate, [1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(shares.exit.estimate, [0, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(shares.open.at([0, 2, 2.5, 9]).n_at_risk, [3, 3, 2, 1])
    assert shares.open.restricted_mean(within_days=9).estimate == pytest.approx(2 + 3 * 2 / 3 + 4 / 3)
    assert shares.event.restricted_mean(within_days=9).estimate == pytest.approx(7 / 3)


def test_judgments_on_which_nothing_ended_yet_give_no_interval():
    points = aalen_johansen([10, 20], [3, 3]).event.at([15])
    assert (points.estimate[0], points.n_at_risk[0]) == (0.0, 1)
    assert np.isnan([points.lower[0], points.upper[0]]).all()


def test_same_day_events_count_on_day_zero():
    assert kaplan_meier([0, 0, 3], [1, 0, 0]).at(0).estimate[0] == pytest.approx(2 / 3)


def test_zero_exposure_and_zero_weight_add_nothing():
    with_them = kaplan_meier([5, 8, 4, 30], [1, 0, 0, 1], entry_days=[0, 0, 4, 0], weights=[1, 1, 1, 0])
    without = kaplan_meier([5, 8], [1, 0])
    np.testing.assert_array_equal(with_them.estimate, without.estimate)
    assert with_them.n == 2


def test_a_quantile_is_reached_on_the_day_the_share_is_just_met():
    # 10 judgments, 7 ended one by one: .7 is met on day 7, though 1 - (9/10)(8/9)...(3/4) rounds below it
    curve = kaplan_meier(np.arange(1, 11), [1] * 7 + [0] * 3)
    assert [curve.quantile(prob).estimate for prob in (0.1, 0.3, 0.6, 0.7)] == [1, 3, 6, 7]
    assert aalen_johansen(np.arange(1, 11), [1] * 7 + [3] * 3).event.quantile(0.7).estimate == 7


def test_quantile_not_reached_is_missing():
    median = kaplan_meier([5, 8, 9, 10], [1, 0, 0, 0]).quantile()
    assert np.isnan([median.estimate, median.upper]).all()


def test_nothing_is_said_past_the_follow_up():
    curve = kaplan_meier([5, 8], [1, 0])
    with pytest.raises(NotEnoughDataError, match=r"follow-up of 8 days; got \[9.0\]"):
        curve.at([3, 9])
    with pytest.raises(NotEnoughDataError, match="`within_days` must be within the follow-up of 8 days"):
        curve.restricted_mean(within_days=90)


def test_a_complete_history_may_be_read_past_its_end():
    shares = aalen_johansen([5, 8], [1, 2])
    assert shares.event.at(100).estimate[0] == 0.5
    assert shares.open.restricted_mean(within_days=100).estimate == pytest.approx(6.5)


def test_table_has_one_row_per_day():
    table = kaplan_meier([5, 8, 8], [1, 1, 0]).table
    assert table["days"].tolist() == [5, 8]
    assert table["n_open"].tolist() == [0, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from([1, 2, 3]), st.integers(1, 5)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_shares_sum_to_one_are_monotone_and_ignore_row_order(rows):
    days, ending, weights = np.array(rows).T
    shares = aalen_johansen(days, ending, weights=weights)
    total = sum(curve.estimate for curve in shares.curves.values())
    np.testing.assert_allclose(total, 1.0, atol=1e-12)
    assert (np.diff(shares.open.estimate) <= 0).all()
    assert (np.diff(shares.event.estimate) >= 0).all()
    assert (shares.event.standard_error >= 0).all()
    for curve in shares.curves.values():
        inside = ~np.isnan(curve.lower)
        assert (curve.lower[inside] <= curve.estimate[inside]).all()
        assert (curve.upper[inside] >= curve.estimate[inside]).all()
    backwards = aalen_johansen(days[::-1], ending[::-1], weights=weights[::-1])
    np.testing.assert_array_equal(backwards.event.estimate, shares.event.estimate)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"days": [1, -2], "ending": [1, 1]}, r"`days` must be finite and 0 or more; found 1 .*\(row 1: -2\)"),
        ({"days": [1, np.nan], "ending": [1, 1]}, "`days` must be finite"),
        ({"days": [1, 2], "ending": [1, 0]}, r"`ending` must hold only 1, 2, 3; found 1 other \(row 1 0\)"),
        ({"days": [1], "ending": [1, 1]}, "`days` and `ending` must have one length"),
        ({"days": [1], "ending": [[1]]}, "`ending` must be one-dimensional"),
        ({"days": [1], "ending": [1], "weights": [0.5]}, "`weights` must be counts"),
        ({"days": [1], "ending": [1], "weights": [0]}, "at least one judgment"),
        ({"days": [], "ending": []}, "at least one judgment"),
        ({"days": [5], "ending": [1], "entry_days": [5]}, r"`entry_days` must lie before the day .* \(row 0: 5\)"),
        ({"days": [5], "ending": [1], "interval_prob": 90}, "`interval_prob` must lie strictly between 0 and 1"),
        ({"days": [5], "ending": [1], "transform": "log"}, "`transform` must be 'log-log' or 'plain'; got 'log'"),
    ],
)  # fmt: skip
def test_bad_rows_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        aalen_johansen(**arguments)


def test_kaplan_meier_wants_events_as_zero_or_one():
    with pytest.raises(InputError, match=r"`event` must hold only 0, 1; found 1 other \(row 1 2\)"):
        kaplan_meier([1, 2], [1, 2])


@pytest.mark.parametrize(("days", "entry"), [([3, 9, 12], [1, 5, 5]), ([3, 4, 12], [0, 0, 4])])
def test_a_gap_left_by_late_entries_is_refused(days, entry):
    with pytest.raises(NotEnoughDataError, match="nobody open under observation on day"):
        kaplan_meier(days, [1, 1, 1], entry_days=entry)


@pytest.mark.parametrize("prob", [0.0, 1.0, np.nan])
def test_a_quantile_needs_a_probability_inside(prob):
    with pytest.raises(InputError, match="`prob` must lie strictly between 0 and 1"):
        kaplan_meier([1, 2], [1, 1]).quantile(prob)


def test_negative_days_are_refused_when_reading():
    with pytest.raises(InputError, match="`days` must be 0 or more"):
        kaplan_meier([1, 2], [1, 1]).at(-1)
