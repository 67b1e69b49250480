"""Funnels: exact limits, false alarms at the stated rate, over-dispersion."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from calibra.errors import InputError
from calibra.stats.funnel import WINSORISED_VARIANCE, funnel

counts = st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1)), min_size=1, max_size=15)


def false_alarm_rate(between_sd: float, *, adjusted: bool, level: float, n_sets: int = 400) -> float:
    """Share flagged among 60 reps of 30 to 400 judgments whose true shares vary on the arcsine scale."""
    rng = np.random.default_rng(21)
    flagged = []
    for _ in range(n_sets):
        n = rng.integers(30, 400, 60)
        angle = np.clip(np.arcsin(np.sqrt(0.3)) + between_sd * rng.standard_normal(60), 0, np.pi / 2)
        result = funnel(n, rng.binomial(n, np.sin(angle) ** 2), target=0.3)
        flagged.append(result.beyond(level, adjusted=adjusted).mean())
    return float(np.mean(flagged))


def test_identical_reps_are_flagged_at_the_stated_rate() -> None:
    assert false_alarm_rate(0.0, adjusted=False, level=0.95) == pytest.approx(0.05, abs=0.006)
    assert false_alarm_rate(0.0, adjusted=False, level=0.998) == pytest.approx(0.002, abs=0.001)


def test_adjusted_limits_do_not_flag_identical_reps_more_often() -> None:
    assert 0.03 < false_alarm_rate(0.0, adjusted=True, level=0.95) < 0.05


def test_over_dispersed_reps_are_flagged_at_the_stated_rate_by_adjusted_limits_only() -> None:
    assert false_alarm_rate(0.08, adjusted=False, level=0.95) > 0.2
    assert false_alarm_rate(0.08, adjusted=True, level=0.95) == pytest.approx(0.05, abs=0.015)


def test_winsorised_variance_is_that_of_a_standard_normal() -> None:
    low, high = stats.norm.ppf([0.1, 0.9])
    value = stats.norm.expect(lambda z: np.clip(z, low, high) ** 2, epsabs=1e-12)
    assert pytest.approx(value, abs=1e-6) == WINSORISED_VARIANCE


def test_z_is_the_normal_score_of_scipys_mid_p() -> None:
    result = funnel([40, 40, 250], [5, 14, 30], target=0.2)
    binomial = stats.binom([40, 40, 250], 0.2)
    mid_p = binomial.cdf([5, 14, 30]) - 0.5 * binomial.pmf([5, 14, 30])
    np.testing.assert_allclose(result.z, stats.norm.ppf(mid_p), atol=1e-10)


@given(counts, st.floats(0.02, 0.98), st.sampled_from([0.9, 0.95, 0.998]), st.booleans())
def test_a_share_is_flagged_exactly_where_it_lies_outside_the_drawn_limits(
    rows: list, target: float, level: float, adjusted: bool
) -> None:
    n = np.array([count for count, _ in rows])
    events = np.rint(n * [share for _, share in rows])
    result = funnel(n, events, target=target)
    lower, upper = result.limits(level, adjusted=adjusted)
    cut = stats.norm.ppf(0.5 + level / 2)
    clear = np.abs(np.abs(result.adjusted_z if adjusted else result.z) - cut) > 1e-9
    outside = (result.rate < lower - 1e-12) | (result.rate > upper + 1e-12)
    np.testing.assert_array_equal(outside[clear], result.beyond(level, adjusted=adjusted)[clear])


def test_limits_are_near_the_normal_ones_for_large_counts_and_at_any_count() -> None:
    lower, upper = funnel([100], [30], target=0.3).limits(0.95, n=[100_000.0])
    half = 1.959964 * np.sqrt(0.21 / 100_000)
    assert [lower[0], upper[0]] == pytest.approx([0.3 - half, 0.3 + half], abs=1e-5)


def test_target_is_the_pooled_share_where_none_is_given() -> None:
    result = funnel([10, 30], [5, 7], labels=["Mori", "Abe"])
    assert result.target == 12 / 40
    assert not result.target_given
    assert list(result.table["label"]) == ["Mori", "Abe"]


def test_no_events_at_all_flags_nobody() -> None:
    result = funnel([10, 30], [0, 0])
    assert not result.beyond(0.95).any()
    assert result.limits(0.95)[1].tolist() == [0.0, 0.0]


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="`n` must be whole numbers from 1; found 1 other values"):
        funnel([0, 3], [0, 1])
    with pytest.raises(InputError, match=r"`events` must be whole numbers from 0 to n.*row 1: 4"):
        funnel([5, 3], [0, 4])
    with pytest.raises(InputError, match="`target` must lie strictly between 0 and 1; got 30"):
        funnel([5], [1], target=30)
    with pytest.raises(InputError, match="`labels` must be one per count, 1; got 2"):
        funnel([5], [1], labels=["a", "b"])
    with pytest.raises(InputError, match="`limit_prob` must lie strictly between 0 and 1; got 95"):
        funnel([5], [1]).beyond(95)
    with pytest.raises(InputError, match="one length above 0; got 2 and 1"):
        funnel([5, 6], [1])
