"""Funnels: exact limits, false alarms at the stated rate, over-dispersion."""

from fractions import Fraction
from math import comb, log

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from scipy import integrate, stats
from scipy.special import ndtri_exp

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


def test_one_odd_unit_of_few_is_found_and_does_not_hide_itself() -> None:
    """30 of 100 four times and 60 of 100: 4.9 standard errors off all pooled, the others 1.3 below it."""
    result = funnel([100] * 5, [30, 30, 30, 30, 60])
    assert result.beyond(0.95).tolist() == result.beyond(0.998).tolist() == [False] * 4 + [True]
    assert (result.between_sd_of_others[:4] > 2 * result.between_sd_of_others[4]).all()
    assert not funnel([100] * 5, [30, 30, 30, 30, 60], leave_out=False).beyond(0.998).any()


def test_two_odd_units_of_ten_are_found_both() -> None:
    result = funnel([200] * 10, [56, 60, 64, 58, 62, 60, 57, 63, 110, 112])
    assert np.flatnonzero(result.beyond(0.95)).tolist() == [8, 9]


def test_without_leaving_out_the_limits_are_the_published_formula() -> None:
    """Spiegelhalter's τ² = (Iφ − (I − 1))/(Σw − Σw²/Σw), φ over v, worked with plain sums."""
    n, events = np.array([120, 80, 60, 200, 150, 90]), np.array([30, 30, 9, 70, 25, 40])
    pooled = events.sum() / n.sum()
    z = [2 * k**0.5 * (np.arcsin((y / k) ** 0.5) - np.arcsin(pooled**0.5)) for k, y in zip(n, events, strict=True)]
    ordered = sorted(z)
    low, high = (ordered[0] + ordered[1]) / 2, (ordered[4] + ordered[5]) / 2  # 10 % of five steps: half-way
    phi = sum(min(max(one, low), high) ** 2 for one in z) / 6 / 0.6786546
    tau_sq = (6 * phi - 5) / (sum(4 * n) - sum((4 * n) ** 2) / sum(4 * n))
    result = funnel(n, events, leave_out=False)
    assert result.dispersion == pytest.approx(phi)
    assert result.between_sd == pytest.approx(tau_sq**0.5)
    np.testing.assert_allclose(result.adjusted_z, result.z / np.sqrt(1 + 4 * n * tau_sq), rtol=1e-12)


def test_own_limits_by_hand() -> None:
    """Three of 100: the others of the third are 30 and 40, pooled .35; its own share of the pool is a third."""
    result = funnel([100] * 3, [30, 40, 80])
    z = [20 * (np.arcsin(np.sqrt(rate)) - np.arcsin(np.sqrt(0.35))) for rate in (0.3, 0.4)]
    low, high = z[0] + 0.1 * (z[1] - z[0]), z[1] - 0.1 * (z[1] - z[0])
    mean_square = (low**2 + high**2) / 0.6786546  # two squares, one degree of freedom

    def weight(tau: float) -> float:
        ratio = 1 + 400 * tau**2  # Σw − Σw²/Σw = 800 − 400
        return np.exp(-(tau**2) / 0.02) * ratio**-0.6 * np.exp(-0.6 * mean_square / ratio)

    def tail(tau: float) -> float:
        return weight(tau) * stats.norm.sf(result.z[2] / np.sqrt(2 / 3 + 400 * tau**2 * (4 / 9 + 2 / 9)))

    mass = integrate.quad(lambda tau: np.exp(-(tau**2) / 0.02), 0, 0.5)[0]  # as much prior on all τ > 0 as on τ = 0
    above = [integrate.quad(part, 0, 0.5)[0] / mass for part in (tail, weight)]
    mean_tail = (tail(0) + above[0]) / (weight(0) + above[1])
    assert result.adjusted_z[2] == pytest.approx(stats.norm.isf(mean_tail), rel=0.01)


@pytest.mark.parametrize(("size", "least"), [(5, 0.01), (10, 0.02)])
def test_units_alike_are_flagged_by_their_own_limits_more_often_than_by_a_spread_of_all(
    size: int, least: float
) -> None:
    """A τ of all flags .5 and 2.0 % beyond 95 % limits (10,000 worlds in docs/studies/funnel.md)."""
    rng = np.random.default_rng(22)
    flagged = [funnel([100] * size, rng.binomial(100, 0.3, size)).beyond(0.95).mean() for _ in range(500)]
    assert least < np.mean(flagged) < 0.05


def test_winsorised_variance_is_that_of_a_standard_normal() -> None:
    low, high = stats.norm.ppf([0.1, 0.9])
    value = stats.norm.expect(lambda z: np.clip(z, low, high) ** 2, epsabs=1e-12)
    assert pytest.approx(value, abs=1e-6) == WINSORISED_VARIANCE


def test_z_is_the_normal_score_of_scipys_mid_p() -> None:
    result = funnel([40, 40, 250], [5, 14, 30], target=0.2)
    binomial = stats.binom([40, 40, 250], 0.2)
    mid_p = binomial.cdf([5, 14, 30]) - 0.5 * binomial.pmf([5, 14, 30])
    np.testing.assert_allclose(result.z, stats.norm.ppf(mid_p), atol=1e-10)


def test_z_goes_on_beyond_the_smallest_float() -> None:
    """Exact: P(Y < y) + ½ P(Y = y) in whole numbers, its logarithm turned into a normal score."""
    n, target = 250, Fraction(1, 64)
    tails = {}
    for events in (190, 225, 250):
        terms = [comb(n, k) * target**k * (1 - target) ** (n - k) for k in range(events, n + 1)]
        tail = sum(terms) - terms[0] / 2
        tails[events] = -ndtri_exp(log(tail.numerator) - log(tail.denominator))
    result = funnel([n] * 3, list(tails), target=1 / 64)
    np.testing.assert_allclose(result.z, list(tails.values()), rtol=1e-6)
    assert result.z[2] > result.z[1] > 37.6 > result.z[0] > 30


@given(counts, st.floats(0.02, 0.98), st.sampled_from([0.9, 0.95, 0.998]), st.booleans())
@example([(13, 1.0), (204, 1.0)], 0.0234375, 0.998, True)
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


def test_the_table_has_the_limits_of_every_level_asked_for() -> None:
    result = funnel([100, 40], [30, 20], target=0.4, limit_probs=(0.8, 0.9, 0.95))
    names = [name for name in result.table.columns if name.startswith(("lower", "upper"))]
    assert names == [f"{end}_{level}" for level in (0.8, 0.9, 0.95) for end in ("lower", "upper")]
    assert result.table["upper_0.9"].tolist() == pytest.approx(result.limits(0.9)[1].tolist())


@pytest.mark.parametrize(("levels", "words"), [((), "one level or more"), ((0.9, 95), "95")])
def test_limits_that_are_no_levels_are_refused(levels: tuple[float, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        funnel([100, 40], [30, 20], limit_probs=levels)
