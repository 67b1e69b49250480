"""Incidences within intervals of constant hazards: by hand, by numerical integration, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad

from calibra.chapters.lead_times.curves import area_under, fine_times, incidence, time_of_share
from calibra.errors import InputError

BOUNDS = np.array([0.0, 10.0, 30.0])
EVENT, EXIT = np.array([0.02, 0.05]), np.array([0.03, 0.01])


def hazard(values, time):
    return values[0] if time <= BOUNDS[1] else values[1]


def still_open(time):
    return np.exp(-quad(lambda t: hazard(EVENT, t) + hazard(EXIT, t), 0, time, points=[10.0])[0])


def test_two_intervals_by_hand():
    # day 10: open e^(−0.5), two fifths of the others events; day 20: open e^(−0.5−0.6), five sixths of what fell events
    first, middle = 1 - np.exp(-0.5), np.exp(-0.5) * (1 - np.exp(-0.6))
    curves = incidence(EVENT, EXIT, BOUNDS, np.array([10.0, 20.0]))
    np.testing.assert_allclose(curves.event, [0.4 * first, 0.4 * first + 5 / 6 * middle], rtol=1e-12)
    np.testing.assert_allclose(curves.exit, [0.6 * first, 0.6 * first + 1 / 6 * middle], rtol=1e-12)


@pytest.mark.parametrize("time", [3.0, 10.0, 17.5, 30.0])
def test_incidence_is_the_integral_of_hazard_times_share_open(time):
    curves = incidence(EVENT, EXIT, BOUNDS, np.array([time]))
    for values, found in ((EVENT, curves.event), (EXIT, curves.exit)):
        by_quadrature = quad(lambda t, values=values: hazard(values, t) * still_open(t), 0, time, points=[10.0])[0]
        assert found[0] == pytest.approx(by_quadrature, abs=1e-9)
    assert curves.open[0] == pytest.approx(still_open(time), abs=1e-9)


hazards = st.lists(st.floats(1e-6, 0.5), min_size=3, max_size=3).map(np.array)


@given(hazards, hazards, st.lists(st.floats(0.0, 100.0), min_size=2, max_size=6))
def test_shares_sum_to_one_rise_and_stay_below_what_censoring_the_exits_gives(event, exit_, times):
    bounds, at = np.array([0.0, 20.0, 50.0, 100.0]), np.sort(np.array(times))
    both, alone = incidence(event, exit_, bounds, at), incidence(event, None, bounds, at)
    np.testing.assert_allclose(both.event + both.exit + both.open, 1.0, atol=1e-12)
    assert np.all(np.diff(both.event) >= -1e-12)
    assert np.all(both.event <= alone.event + 1e-12)
    assert np.all(alone.exit == 0)


def test_without_exits_it_is_one_minus_survival():
    at = np.array([5.0, 25.0])
    np.testing.assert_allclose(
        incidence(EVENT, None, BOUNDS, at).event, 1 - np.exp([-0.1, -0.2 - 15 * 0.05]), rtol=1e-12
    )


def test_nothing_is_said_past_the_last_bound():
    with pytest.raises(InputError, match=r"`times` must lie in 0 to 30; got 5 to 30\.1"):
        incidence(EVENT, EXIT, BOUNDS, np.array([5.0, 30.1]))


def test_quartiles_of_a_constant_hazard_are_those_of_the_cut_exponential():
    bounds = np.array([0.0, 100.0])
    times = fine_times(bounds, 400)
    curve = incidence(np.array([0.01]), None, bounds, times).event
    for share in (0.25, 0.5, 0.75):
        expected = -100.0 * np.log(1 - share * (1 - np.exp(-1.0)))
        assert time_of_share(curve[None], times, share)[0] == pytest.approx(expected, abs=1e-2)


def test_mean_days_open_of_a_constant_hazard():
    bounds = np.array([0.0, 100.0])
    times = fine_times(bounds, 400)
    curves = incidence(np.array([0.006]), np.array([0.004]), bounds, times)
    assert area_under(curves.open, times, start=1.0) == pytest.approx(100.0 * (1 - np.exp(-1.0)), rel=1e-5)


def test_fine_times_hold_every_bound():
    times = fine_times(BOUNDS, 10)
    assert len(times) == 10
    assert set(BOUNDS[1:]) <= set(times)
    assert times[0] > 0


def test_area_is_that_of_the_trapezoids_between_uneven_times():
    # from 1 to 0.8 on two days, to 0.5 on three more: 1.8 + 1.95
    curve = np.array([[0.8, 0.5], [0.6, 0.0]])
    np.testing.assert_allclose(area_under(curve, np.array([2.0, 5.0]), start=1.0), [3.75, 1.6 + 0.9], rtol=1e-12)
