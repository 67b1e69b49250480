"""Signal detection on arrays: published values, another parametrisation, identities."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad
from scipy.special import log_ndtr

from calibra.errors import InputError
from calibra.stats.detection.curve import (
    auc,
    average_above,
    bar_at,
    cell_probabilities,
    cutpoint_at_bar,
    cutpoint_at_share,
    event_probabilities,
    log_cell_probabilities,
    log_normal_between,
    rank_shares,
    share_above,
    share_at_bar,
)

# ACCEPTANCE A7, best rank first: fitted by statsmodels' OrderedModel (probit) and by hand
A7_POOL = {"base_rate": 0.25, "discrimination": 0.89813}
A7_CUTPOINTS = np.array([1.2123, 0.35663, -0.39113, -1.10055])

base_rates = st.floats(0.005, 0.995)
discriminations = st.floats(-3.0, 3.0)
cutpoint_lists = st.lists(st.floats(-4.0, 4.0), min_size=1, max_size=6).map(lambda cuts: sorted(cuts, reverse=True))


def test_published_table_gives_its_published_readings():
    assert auc(0.89813) == pytest.approx(0.7373, abs=5e-5)
    assert rank_shares(A7_CUTPOINTS, **A7_POOL)[0] == pytest.approx(0.1787, abs=5e-5)
    assert event_probabilities(A7_CUTPOINTS, **A7_POOL)[0] == pytest.approx(0.5270, abs=5e-5)
    assert bar_at(A7_CUTPOINTS[0], **A7_POOL) == pytest.approx(0.3982, abs=5e-5)
    np.testing.assert_allclose(share_at_bar([0.5, 0.4, 0.6], **A7_POOL), [0.0903, 0.1767, 0.0402], atol=5e-5)


def test_cells_by_hand():
    # d = 0: rank and outcome are independent; one cut at 0 halves both: .25/2 and .75/2
    cells = cell_probabilities([0.0], base_rate=0.25, discrimination=0.0)
    np.testing.assert_allclose(cells, [[0.375, 0.125], [0.375, 0.125]])


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(-1, 2), (5, 6), (-30, -29.5), (30, 30.1), (-1e-6, 1e-6), (7, 7 + 1e-5), (7, 7 + 2e-4), (-20, 20), (36, 40)],
)
def test_normal_intervals_keep_their_digits_in_the_tails(lower, upper):
    nearest = 0.0 if lower < 0 < upper else min(abs(lower), abs(upper))
    scaled, _ = quad(lambda x: np.exp(0.5 * (nearest - x) * (nearest + x)), lower, upper, epsabs=0, epsrel=1e-12)
    reference = np.log(scaled) - 0.5 * nearest**2 - 0.5 * np.log(2 * np.pi)
    assert log_normal_between(lower, upper) == pytest.approx(reference, rel=1e-9, abs=1e-9)


def test_open_and_empty_intervals():
    low, high = [-np.inf, 3.0, -np.inf, np.inf, 2.0], [-3.0, np.inf, np.inf, np.inf, 2.0]
    expected = [log_ndtr(-3.0), log_ndtr(-3.0), 0.0, -np.inf, -np.inf]
    np.testing.assert_allclose(log_normal_between(low, high), expected)


@given(cutpoint_lists, base_rates, discriminations)
def test_cells_sum_to_one_and_agree_with_their_margins(cutpoints, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    cells = cell_probabilities(cutpoints, **pool)
    assert cells.sum() == pytest.approx(1.0, abs=1e-12)
    assert cells[:, 1].sum() == pytest.approx(base_rate, abs=1e-12)
    np.testing.assert_allclose(
        np.cumsum(rank_shares(cutpoints, **pool))[:-1], share_above(cutpoints, **pool), atol=1e-12
    )


@given(cutpoint_lists, base_rates, discriminations)
def test_bars_enclose_the_average_of_each_rank(cutpoints, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    bars, averages = bar_at(cutpoints, **pool), event_probabilities(cutpoints, **pool)
    sign = np.sign(discrimination)
    given_rank = ~np.isnan(averages)
    assert (sign * (averages[:-1] - bars)[given_rank[:-1]] >= -1e-9).all()
    assert (sign * (bars - averages[1:])[given_rank[1:]] >= -1e-9).all()
    assert (sign * np.diff(bars) <= 0).all()


@given(st.floats(1e-9, 1 - 1e-9), base_rates, st.floats(-8, 8))
def test_share_to_cutpoint_to_share_is_the_identity(share, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    assert share_above(cutpoint_at_share(share, **pool), **pool) == pytest.approx(share, rel=1e-11)


@given(st.floats(-5, 5), base_rates, st.floats(-3, 3))
def test_cutpoint_to_share_to_cutpoint_is_the_identity(cutpoint, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    share = share_above(cutpoint, **pool)
    ulp = np.finfo(float).eps / min(share, 1 - share)  # what rounding of the share alone does to its quantile
    assert cutpoint_at_share(share, **pool) == pytest.approx(cutpoint, abs=1e-11 + 10 * ulp)


@given(st.floats(0.001, 0.999), base_rates, st.floats(0.01, 4))
def test_bar_to_cutpoint_to_bar_is_the_identity(bar, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    assert bar_at(cutpoint_at_bar(bar, **pool), **pool) == pytest.approx(bar, rel=1e-9)


@given(cutpoint_lists, base_rates, discriminations)
def test_turning_the_ranks_around_turns_the_sign_of_discrimination(cutpoints, base_rate, discrimination):
    cells = cell_probabilities(cutpoints, base_rate=base_rate, discrimination=discrimination)
    turned = cell_probabilities(-np.array(cutpoints)[::-1], base_rate=base_rate, discrimination=-discrimination)
    np.testing.assert_allclose(turned[::-1], cells, atol=1e-14)


def test_draws_that_cannot_discriminate_advise_nobody_or_everybody():
    d = np.array([0.0, -0.7, -1e-300])
    np.testing.assert_array_equal(share_at_bar(0.4, base_rate=0.25, discrimination=d), 0.0)
    np.testing.assert_array_equal(share_at_bar(0.2, base_rate=0.25, discrimination=d), 1.0)
    barely = share_at_bar([0.4, 0.2], base_rate=0.25, discrimination=1e-12)
    np.testing.assert_array_equal(barely, [0.0, 1.0])


def test_shares_of_nobody_and_everybody_have_infinite_cutpoints():
    np.testing.assert_array_equal(cutpoint_at_share([0.0, 1.0], **A7_POOL), [np.inf, -np.inf])
    np.testing.assert_array_equal(cutpoint_at_bar([1.0, 0.0], **A7_POOL), [np.inf, -np.inf])


def test_bars_at_infinite_cutpoints_are_certain_unless_signals_mean_nothing():
    np.testing.assert_allclose(bar_at(np.inf, base_rate=0.25, discrimination=[1.0, 0.0, -1.0]), [1.0, 0.25, 0.0])


def test_a_rank_nobody_gets_has_no_event_probability():
    cuts = [np.inf, 0.5, 0.5, -np.inf]
    averages = event_probabilities(cuts, **A7_POOL)
    assert np.isnan(averages).tolist() == [True, False, True, False, True]
    assert cell_probabilities(cuts, **A7_POOL).sum() == pytest.approx(1.0)


def test_event_probabilities_of_tiny_ranks_are_finite():
    far = [37.5, 37.0, -37.0, -37.5]
    averages = event_probabilities(far, base_rate=0.3, discrimination=0.5)
    bars = bar_at(far, base_rate=0.3, discrimination=0.5)
    assert bars[0] > averages[1] > bars[1]
    assert bars[2] > averages[3] > bars[3]
    assert np.isfinite(log_cell_probabilities(far, base_rate=0.3, discrimination=0.5)).all()


def test_auc_is_the_area_under_the_curve_of_all_cutpoints():
    from scipy.stats import norm

    area, _ = quad(lambda c: norm.sf(c - 1.2) * norm.pdf(c), -12, 12)
    assert auc(1.2) == pytest.approx(area, abs=1e-9)


def test_leading_dimensions_are_draws_and_reps():
    rng = np.random.default_rng(1)
    phi, d = rng.uniform(0.1, 0.6, (7, 3)), rng.normal(0.5, 1, (7, 3))
    cuts = np.sort(rng.normal(size=(7, 3, 4)))[..., ::-1]
    cells = cell_probabilities(cuts, base_rate=phi, discrimination=d)
    assert cells.shape == (7, 3, 5, 2)
    np.testing.assert_array_equal(
        cells[4, 2], cell_probabilities(cuts[4, 2], base_rate=phi[4, 2], discrimination=d[4, 2])
    )
    assert cell_probabilities(cuts[0, 0], base_rate=phi, discrimination=d).shape == (7, 3, 5, 2)
    shares = cutpoint_at_share(0.2, base_rate=phi, discrimination=d)
    assert shares[3, 1] == cutpoint_at_share(0.2, base_rate=phi[3, 1], discrimination=d[3, 1])


def test_average_between_cutpoints_is_that_of_the_rank():
    ranks = event_probabilities(A7_CUTPOINTS, **A7_POOL)
    between = average_above(A7_CUTPOINTS[1], upper_cutpoint=A7_CUTPOINTS[0], **A7_POOL)
    assert between == pytest.approx(ranks[1], rel=1e-12)
    assert np.isnan(average_above(0.5, upper_cutpoint=0.5, **A7_POOL))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: bar_at(0.0, base_rate=[0.2, 1.0], discrimination=1),
            r"`base_rate` must lie strictly .*found 1 .*\(1\)",
        ),
        (lambda: bar_at(0.0, base_rate=np.nan, discrimination=1), "`base_rate` must lie strictly between 0 and 1"),
        (lambda: bar_at(0.0, base_rate=0.2, discrimination=np.inf), "`discrimination` must be finite"),
        (lambda: share_at_bar(60, base_rate=0.2, discrimination=1), r"`bar` must lie between 0 and 1; .*\(60\)"),
        (lambda: cutpoint_at_share(-0.1, base_rate=0.2, discrimination=1), "`share` must lie between 0 and 1"),
        (lambda: rank_shares([0, 1], base_rate=0.2, discrimination=1), r"must not increase .*best rank first.*\(1\)"),
        (lambda: rank_shares([0, np.nan], base_rate=0.2, discrimination=1), "`cutpoints` must be numbers"),
        (lambda: rank_shares(1.0, base_rate=0.2, discrimination=1), "boundaries along its last axis"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
