"""Chances in periods ahead: by hand, identities, and draws that scatter as single prospects do."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, strategies as st

from calibra.chapters.lead_times.curves import Curves
from calibra.chapters.outlook.ahead import chances, deal_out, draw_open, in_weeks
from calibra.chapters.outlook.periods import month_ends_before, month_of, periods_ahead


def test_a_prospect_open_at_30_days_by_hand() -> None:
    """F₁(30) .10, F₁(60) .18, S(30) .80: (.18 − .10)/.80 = .10 in the next 30 days."""
    event, exit_ = np.array([[[0.10, 0.18]]]), np.array([[[0.10, 0.14]]])
    assert chances(event, exit_, np.ones((1, 1)))[0, 0, 0] == pytest.approx(0.10, abs=1e-12)


@given(st.lists(st.floats(0.001, 0.2), min_size=8, max_size=8), st.floats(0.3, 3.0))
def test_periods_add_up_and_effects_multiply_the_hazard(steps: list[float], effect: float) -> None:
    hazards = np.array(steps).reshape(2, 4)  # event and exit in four periods
    total = hazards.sum(axis=0)
    alive = np.exp(-np.cumsum(np.concatenate([[0.0], total])))
    event = np.concatenate([[0.05], 0.05 + 0.8 * np.cumsum(hazards[0] / total * -np.diff(alive))])
    exit_ = 1.0 - event - 0.8 * alive
    plain = chances(event[None, None], exit_[None, None], np.ones((1, 4)))[0, 0]
    assert plain.sum() == pytest.approx((event[-1] - event[0]) / 0.8, rel=1e-9)
    moved = chances(event[None, None], exit_[None, None], np.full((1, 4), effect))[0, 0]
    changed = effect * hazards[0] + hazards[1]
    still = np.exp(-np.cumsum(np.concatenate([[0.0], changed])))
    assert moved == pytest.approx(effect * hazards[0] / changed * -np.diff(still), rel=1e-9)


def test_draws_scatter_as_single_prospects_do() -> None:
    """Chances .2, .1, .05 in two periods of equal hazard: mean .35, variance .2975, P(none) .684 over both."""
    n_draws, chance = 40_000, np.array([0.2, 0.1, 0.05])
    alive = np.stack([np.ones(3), np.sqrt(1 - chance), 1 - chance], axis=1).ravel()
    curves = Curves(np.broadcast_to(1 - alive, (n_draws, 1, 1, 9)), np.zeros((n_draws, 1, 1, 9)))
    ages = np.arange(9).reshape(3, 3)
    cells = (np.zeros(3, dtype=int), np.zeros(3, dtype=int), np.ones(3, dtype=int), ages)
    drawn = draw_open(curves, np.arange(9) + 0.5, cells, np.ones((n_draws, 2)), np.random.default_rng(1))
    total = drawn.sum(axis=1).ravel()
    error = 1 / np.sqrt(n_draws)
    assert total.mean() == pytest.approx(0.35, abs=4 * np.sqrt(0.2975) * error)
    assert total.var() == pytest.approx(0.2975, abs=0.012)
    assert (total == 0).mean() == pytest.approx(0.684, abs=0.012)
    first = (1 - np.sqrt(1 - chance)).sum()
    assert drawn[:, 0].mean() == pytest.approx(first, abs=4 * np.sqrt(first) * error)


def test_what_is_dealt_out_is_dealt_out_whole() -> None:
    total, shares = np.array([7, 0, 100]), np.array([[0.2, 0.8], [0.5, 0.5], [0.0, 1.0]])
    found = deal_out(total, shares, np.random.default_rng(1))
    assert found.sum(axis=1).tolist() == [7, 0, 100]
    assert found[2, 0] == 0


def test_ages_are_read_by_week_once_they_are_old() -> None:
    assert in_weeks(np.array([0, 27, 28, 34, 35])).tolist() == [0, 27, 31, 31, 38]


def test_periods_are_those_of_the_calendar() -> None:
    def days(*ends: tuple[int, int, int]) -> list[int]:
        return [date(*end).toordinal() for end in ends]

    assert periods_ahead(date(2026, 9, 30), "month", 2).tolist() == days((2026, 10, 31), (2026, 11, 30))
    assert periods_ahead(date(2026, 10, 14), "month", 1).tolist() == days((2026, 10, 31))
    assert periods_ahead(date(2026, 9, 30), "quarter", 2).tolist() == days((2026, 12, 31), (2027, 3, 31))
    assert periods_ahead(date(2026, 11, 3), "quarter", 1).tolist() == days((2026, 12, 31))
    assert periods_ahead(date(2026, 9, 30), "week", 2).tolist() == days((2026, 10, 4), (2026, 10, 11))  # Sundays
    behind = month_ends_before(date(2026, 10, 14), date(2026, 6, 30).toordinal())
    assert behind.tolist() == days((2026, 7, 31), (2026, 8, 31), (2026, 9, 30))
    assert month_of(np.array(days((2026, 10, 31), (2027, 1, 3))), date(2026, 9, 30)).tolist() == [0, 3]
