import numpy as np
import pytest

from calibra.errors import InputError
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap, margin_band, odds_beyond


@pytest.mark.parametrize(("prob", "points"), [(0.5, 5.6), (0.25, 4.4), (0.05, 1.2)])
def test_a_margin_on_the_odds_is_so_many_points(prob, points):
    # odds × 1.25, worked by hand: .5 → 1.25 / 2.25 = .5556; .25 → .41667 / 1.41667 = .2941; .05 → .065789 / 1.065789
    odds = MARGIN_ODDS * prob / (1 - prob)
    assert 100 * (odds / (1 + odds) - prob) == pytest.approx(points, abs=0.06)
    above = odds_beyond([odds / (1 + odds) + 1e-6], prob).above
    assert above == 1.0


def test_beyond_counts_draws_on_either_side():
    # odds 1, 1.5, 2/3 against 1: one within 1.25, one above, one below
    found = odds_beyond([0.5, 0.6, 0.4], 0.5)
    assert found.above == pytest.approx(1 / 3)
    assert found.below == pytest.approx(1 / 3)
    assert found.within == pytest.approx(1 / 3)


def test_draws_pair_and_broadcast():
    prob = np.array([[0.5, 0.5], [0.6, 0.5]])
    assert odds_beyond(prob, np.array([[0.5], [0.5]])).above.tolist() == [0.5, 0.0]


def test_certain_probabilities_have_a_finite_gap():
    assert np.isfinite(log_odds_gap([0.0, 1.0], [1.0, 0.0])).all()


@pytest.mark.parametrize("margin_odds", [1, 0.8, -2, "x", float("nan")])
def test_a_margin_that_is_no_factor_is_refused(margin_odds):
    with pytest.raises(InputError, match=r"`margin_odds` must be a number above 1"):
        odds_beyond([0.5], 0.5, margin_odds=margin_odds)


def test_a_band_holds_what_is_within_the_margin_of_a_probability():
    # .25: odds 1/3; × 1.25 → .41667 / 1.41667 = .294118; / 1.25 → .26667 / 1.26667 = .210526
    low, high = margin_band([0.25, 0.5])
    assert low == pytest.approx([0.210526 - 0.25, 1 / 2.25 - 0.5], abs=1e-6)
    assert high == pytest.approx([0.294118 - 0.25, 1.25 / 2.25 - 0.5], abs=1e-6)
