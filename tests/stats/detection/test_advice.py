"""Where cuts should lie: published values, the bivariate-normal form, and what following the advice brings."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from calibra.errors import InputError
from calibra.stats.detection.advice import (
    best_average,
    capacity_bar,
    change_of_cut,
    payoff_bar,
    promised_cutpoint,
    promised_cutpoints,
)
from calibra.stats.detection.curve import average_above, bar_at, cutpoint_at_share, event_probabilities, share_above
from calibra.stats.detection.fit import fit_detection

A7_POOL = {"base_rate": 0.25, "discrimination": 0.89813}  # ACCEPTANCE A7

base_rates = st.floats(0.02, 0.9)
promise_lists = st.lists(st.floats(0.02, 0.98), min_size=1, max_size=4).map(lambda p: sorted(p, reverse=True))


def share_promised(promise, kind, pool):
    return share_above(promised_cutpoint(promise, kind=kind, **pool), **pool)


def test_published_shares_of_both_kinds_of_promise():
    assert share_promised(0.6, "average", A7_POOL) == pytest.approx(0.0968, abs=5e-5)
    assert share_promised(0.6, "bar", A7_POOL) == pytest.approx(0.0402, abs=5e-5)
    assert share_promised(0.5, "bar", A7_POOL) == pytest.approx(0.0903, abs=5e-5)
    assert share_promised(0.4, "bar", A7_POOL) == pytest.approx(0.1767, abs=5e-5)


# The bivariate-normal form: perceived quality u and latent outcome v standard normal with correlation rho,
# an event where v > -a. An independent description of the same ranks.


def bivariate_cells(rho, a, edges):
    """P(event and u between edges), P(none and u between edges), best rank first, by quadrature."""

    def event_given(u):
        return norm.cdf((a + rho * u) / np.sqrt(1 - rho**2))

    ends = [8.5, *edges, -8.5]
    events = [quad(lambda u: norm.pdf(u) * event_given(u), low, high)[0] for high, low in pairwise(ends)]
    return np.array(events), -np.diff(norm.cdf(ends)) - events


@pytest.mark.parametrize(("rho", "base_rate"), [(0.6, 0.25), (0.4, 0.25), (0.3, 0.1)])
def test_bivariate_normal_form_advises_nearly_the_same_shares(rho, base_rate):
    a = norm.ppf(base_rate)
    edges = norm.isf(np.cumsum([0.1, 0.2, 0.3, 0.25]))
    events, none = bivariate_cells(rho, a, edges)
    fit = fit_detection(1e4 * (events + none), 1e4 * events)
    pool = {"base_rate": fit.base_rate, "discrimination": fit.discrimination}
    for promise in (2.4 * base_rate, 1.5 * base_rate):
        bar_cut = (np.sqrt(1 - rho**2) * norm.ppf(promise) - a) / rho

        def average(cut):
            worked = bivariate_cells(rho, a, [cut])
            return worked[0][0] / (worked[0][0] + worked[1][0])

        average_cut = brentq(lambda cut, p=promise: average(cut) - p, -3, 4)
        assert share_promised(promise, "bar", pool) == pytest.approx(norm.sf(bar_cut), abs=0.015)
        assert share_promised(promise, "average", pool) == pytest.approx(norm.sf(average_cut), abs=0.015)


def test_a_bar_admits_less_than_half_of_what_an_average_admits():
    # base rate .25, correlation .6, promise .6: 7.2 % by the bar and 17 % by the average
    events, none = bivariate_cells(0.6, norm.ppf(0.25), norm.isf([0.1, 0.3, 0.6]))
    fit = fit_detection(1e4 * (events + none), 1e4 * events)
    pool = {"base_rate": fit.base_rate, "discrimination": fit.discrimination}
    assert share_promised(0.6, "bar", pool) == pytest.approx(0.072, abs=0.015)
    assert share_promised(0.6, "average", pool) == pytest.approx(0.17, abs=0.015)


@given(promise_lists, base_rates, st.floats(0.1, 3.0))
def test_average_promises_are_kept_by_every_rank_that_is_given(promises, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    cuts = promised_cutpoints(promises, **pool)
    assert (cuts[1:] <= cuts[:-1]).all()
    kept = event_probabilities(cuts, **pool)[:-1]
    above = np.append(np.inf, cuts[:-1])
    shares = -np.diff(np.append(share_above(above[0], **pool), share_above(cuts, **pool)))
    for promise, average, low, high, share in zip(promises, kept, cuts, above, -shares, strict=True):
        if np.isfinite(low) and low < high and share > 1e-9:
            assert average == pytest.approx(promise, rel=1e-7)
        elif low == -np.inf and high > -np.inf:  # even with all the rest in it the rank exceeds its promise
            assert average_above(-np.inf, upper_cutpoint=high, **pool) >= promise - 1e-9
        elif low == high and np.isfinite(high):  # even those just below the upper cut fall short of it
            assert bar_at(high, **pool) <= promise + 1e-9


@given(promise_lists, base_rates, st.floats(0.1, 3.0))
def test_bar_promises_put_the_bars_at_the_promises(promises, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    cuts = promised_cutpoints(promises, kinds="bar", **pool)
    np.testing.assert_allclose(bar_at(cuts, **pool), promises, rtol=1e-7)


@given(st.floats(0.02, 0.98), base_rates, st.floats(0.1, 3.0))
def test_an_average_never_asks_for_a_higher_cut_than_a_bar(promise, base_rate, discrimination):
    pool = {"base_rate": base_rate, "discrimination": discrimination}
    assert promised_cutpoint(promise, kind="average", **pool) <= promised_cutpoint(promise, kind="bar", **pool)


def test_promises_of_mixed_kinds_are_each_kept_given_the_cut_above():
    cuts = promised_cutpoints([0.6, 0.3, 0.2], kinds=["average", "bar", "average"], **A7_POOL)
    averages = event_probabilities(cuts, **A7_POOL)
    assert averages[0] == pytest.approx(0.6)
    assert bar_at(cuts[1], **A7_POOL) == pytest.approx(0.3)
    assert averages[2] == pytest.approx(0.2)


def test_promises_out_of_order_leave_the_lower_rank_empty():
    cuts = promised_cutpoints([0.3, 0.7], kinds="bar", **A7_POOL)
    assert cuts[0] == cuts[1]
    near = promised_cutpoints([0.6, 0.58], kinds="average", **A7_POOL)  # bar of A is below .58
    assert near[0] == near[1]


@pytest.mark.parametrize("kind", ["average", "bar"])
def test_draws_that_cannot_discriminate_promise_nobody_or_everybody(kind):
    d = np.array([-1.5, -0.2, 0.0])
    above, below = (share_promised(p, kind, {"base_rate": 0.25, "discrimination": d}) for p in (0.26, 0.25))
    np.testing.assert_array_equal(above, 0.0)
    np.testing.assert_array_equal(below, 1.0)
    cuts = promised_cutpoints([0.6, 0.3, 0.2], kinds=kind, base_rate=0.25, discrimination=d)
    np.testing.assert_array_equal(cuts, np.broadcast_to([np.inf, np.inf, -np.inf], (3, 3)))


def test_weak_discrimination_tends_to_the_same_advice():
    for d in (1e-3, 1e-8, 1e-200):
        pool = {"base_rate": 0.25, "discrimination": d}
        assert share_promised(0.4, "average", pool) == pytest.approx(0.0, abs=1e-12)
        assert share_promised(0.2, "average", pool) == 1.0


def test_certain_promises_admit_nobody_and_idle_ones_everybody():
    for kind in ("average", "bar"):
        assert share_promised(1.0, kind, A7_POOL) == 0.0
        assert share_promised(0.0, kind, A7_POOL) == 1.0


def test_below_a_cut_under_which_nobody_is_left_the_rank_stays_empty():
    cut = promised_cutpoint(1e-30, upper_cutpoint=[-50.0, -np.inf], **A7_POOL)
    np.testing.assert_array_equal(share_above([-50.0, -np.inf], **A7_POOL) - share_above(cut, **A7_POOL), 0.0)
    assert (cut <= [-50.0, -np.inf]).all()


def test_advice_on_draws_is_the_advice_on_each_draw():
    rng = np.random.default_rng(1)
    phi, d = rng.uniform(0.05, 0.6, (50, 4)), rng.normal(0.6, 0.6, (50, 4))
    cuts = promised_cutpoints([0.5, 0.3, 0.1], base_rate=phi, discrimination=d)
    assert cuts.shape == (50, 4, 3)
    for draw, rep in ((0, 0), (17, 2), (49, 3)):
        alone = promised_cutpoints([0.5, 0.3, 0.1], base_rate=phi[draw, rep], discrimination=d[draw, rep])
        np.testing.assert_allclose(cuts[draw, rep], alone, atol=1e-10)


def test_best_average_is_what_the_strongest_few_deliver():
    top = best_average(min_share=0.1787, **A7_POOL)
    assert top == pytest.approx(0.5270, abs=1e-4)  # A7: fitted P(event | A) at the A-share of .1787
    d = np.array([-1.0, 0.0])
    np.testing.assert_array_equal(best_average(min_share=0.05, base_rate=0.25, discrimination=d), 0.25)
    assert best_average(min_share=1.0, **A7_POOL) == pytest.approx(0.25)


def test_payoff_asks_for_cost_over_value():
    np.testing.assert_allclose(payoff_bar(cost=[30.0, 200.0, 0.0], value=100.0), [0.3, 1.0, 0.0])


REPS = {"base_rate": np.array([0.15, 0.3, 0.4]), "discrimination": np.array([0.6, 1.1, 1.8])}
PROSPECTS = np.array([200, 120, 80])


def events_above(cuts):
    return (PROSPECTS * REPS["base_rate"] * norm.sf(cuts - REPS["discrimination"])).sum()


def test_capacity_is_filled_at_one_marginal_probability():
    bar = capacity_bar(90, n_prospects=PROSPECTS, **REPS)
    cuts = promised_cutpoint(bar, kind="bar", **REPS)
    assert (PROSPECTS * share_above(cuts, **REPS)).sum() == pytest.approx(90, rel=1e-9)
    np.testing.assert_allclose(bar_at(cuts, **REPS), bar)


@given(st.integers(1, 399), st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))
def test_no_other_split_of_the_capacity_finds_more_events(capacity, split):
    cuts = promised_cutpoint(capacity_bar(capacity, n_prospects=PROSPECTS, **REPS), kind="bar", **REPS)
    worked = np.minimum(np.array(split) / max(sum(split), 1e-9) * capacity, PROSPECTS)
    other = cutpoint_at_share(worked / PROSPECTS, **REPS)
    assert events_above(cuts) >= events_above(other) - 1e-7


def test_capacity_for_all_asks_for_nothing_and_none_for_certainty():
    np.testing.assert_array_equal(capacity_bar([400.0, 500.0, 0.0], n_prospects=PROSPECTS, **REPS), [0.0, 0.0, 1.0])


def test_capacity_counts_reps_who_cannot_discriminate_as_one_lot():
    pool = {"base_rate": np.array([0.3, 0.5]), "discrimination": np.array([-0.5, 1.0])}
    bar = capacity_bar(60, n_prospects=[100, 100], **pool)
    assert bar > 0.3  # taking the first rep's hundred would exceed it
    assert 100 * share_promised(bar, "bar", {k: v[1] for k, v in pool.items()}) == pytest.approx(60, rel=1e-9)


def test_capacity_is_solved_draw_by_draw():
    rng = np.random.default_rng(2)
    pool = {"base_rate": rng.uniform(0.1, 0.5, (30, 3)), "discrimination": rng.uniform(0.2, 1.5, (30, 3))}
    bars = capacity_bar(90, n_prospects=PROSPECTS, **pool)
    shares = share_above(promised_cutpoint(bars[:, None], kind="bar", **pool), **pool)
    np.testing.assert_allclose((PROSPECTS * shares).sum(axis=1), 90, rtol=1e-8)


def test_moving_a_cut_changes_what_a_simulation_counts():
    rng = np.random.default_rng(3)
    n = 400_000
    event = rng.random(n) < 0.25
    signal = rng.normal(size=n) + 0.9 * event
    change = change_of_cut(0.4, 1.3, n_prospects=n, base_rate=0.25, discrimination=0.9)
    dropped = (signal > 0.4) & (signal <= 1.3)
    three_errors = 3 * np.sqrt(n) / 2
    assert change.n_above == pytest.approx(-dropped.sum(), abs=three_errors)
    assert change.n_events_above == pytest.approx(-(dropped & event).sum(), abs=three_errors)
    assert change.n_events_missed == -change.n_events_above
    assert change.average_now == pytest.approx(event[signal > 0.4].mean(), abs=0.006)
    assert change.average_after == pytest.approx(event[signal > 1.3].mean(), abs=0.009)


def test_moving_a_cut_to_nobody_misses_every_event():
    change = change_of_cut(-np.inf, np.inf, n_prospects=1000, **A7_POOL)
    assert (change.n_above, change.n_events_missed) == pytest.approx((-1000, 250))
    assert np.isnan(change.average_after)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: promised_cutpoint(60, **A7_POOL), r"`promise` must lie between 0 and 1; .*\(60\)"),
        (lambda: promised_cutpoint(0.6, kind="mean", **A7_POOL), "`kind` must be 'average' or 'bar'; got 'mean'"),
        (lambda: promised_cutpoints([0.6, 0.3], kinds=["bar"], **A7_POOL), r"one per promise \(2\); got 1"),
        (lambda: best_average(min_share=0.0, **A7_POOL), r"`min_share` must lie in \(0, 1\]; got 0.0"),
        (lambda: payoff_bar(cost=-1, value=10), "`cost` must be finite and 0 or more; got -1"),
        (lambda: payoff_bar(cost=1, value=0), "`value` must be finite and above 0; got 0"),
        (lambda: capacity_bar(-5, n_prospects=PROSPECTS, **REPS), r"`capacity` must be 0 or more; got \[-5.0\]"),
        (lambda: capacity_bar(5, n_prospects=[np.nan, 1, 1], **REPS), "`n_prospects` must be 0 or more"),
        (lambda: capacity_bar(5, n_prospects=10, **A7_POOL), "reps along its last axis"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
