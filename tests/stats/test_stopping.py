"""The stopping index: worked by hand, against backward induction on random problems, at its limits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import calibra as cb

type Floats = NDArray[np.float64]


def goes_on_by_backward_induction(hazards: Floats, gain: Floats, cost: Floats) -> NDArray[np.bool_]:
    """Whether another contact pays, from each on: V_n = max(0, h v − c + (1 − h) V_{n+1}), from the last back."""
    later = np.zeros(len(hazards))
    pays = np.zeros(hazards.shape, dtype=bool)
    for contact in range(hazards.shape[1] - 1, -1, -1):
        here = hazards[:, contact] * gain - cost + (1.0 - hazards[:, contact]) * later
        pays[:, contact] = here >= 0.0
        later = np.maximum(here, 0.0)
    return pays


def random_problems(n: int, n_contacts: int) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(20)
    hazards = rng.beta(0.7, 8.0, (n, n_contacts))
    gain = np.exp(rng.normal(0.0, 0.5, n))
    return hazards, gain, gain * rng.beta(2.0, 20.0, n)


def test_the_index_decides_as_backward_induction_in_20_000_random_problems() -> None:
    hazards, gain, cost = random_problems(20_000, 10)
    by_index = cb.stopping_index(hazards) * gain[:, None] >= cost[:, None]
    by_induction = goes_on_by_backward_induction(hazards, gain, cost)
    assert (by_index == by_induction).all()
    assert ((hazards * gain[:, None] >= cost[:, None]) != by_induction).any(axis=1).mean() > 0.1  # myopia errs


def test_rising_hazards_by_hand() -> None:
    # From the first: (.02 + .98 · .02 + .9604 · .2) / (1 + .98 + .9604) = .23168/2.9404 = .07879.
    assert cb.stopping_index([0.02, 0.02, 0.2]) == pytest.approx([0.0787920, 0.1090909, 0.2], abs=1e-6)


def test_live_or_dead_by_hand() -> None:
    # A share .3 is live and found with .4 a contact: h = .12, .0818, .0535; with 100 to gain and 6 a contact two pay.
    n = np.arange(1, 7)
    hazard = 0.3 * 0.4 * 0.6 ** (n - 1) / (0.7 + 0.3 * 0.6 ** (n - 1))
    assert hazard[:3].round(4).tolist() == [0.12, 0.0818, 0.0535]
    assert (100 * cb.stopping_index(hazard) >= 6).tolist() == [True, True, False, False, False, False]


def test_where_hazards_never_rise_the_index_is_the_hazard() -> None:
    falling = 1.0 / (1.0 + 9.0 + np.arange(12))  # a chance each of Beta(1, 9): a/(a + b + n − 1)
    assert falling[:4].round(4).tolist() == [0.1, 0.0909, 0.0833, 0.0769]
    assert cb.stopping_index(falling) == pytest.approx(falling)
    assert cb.stopping_index(np.full(5, 0.07), goes_on=True) == pytest.approx(np.full(5, 0.07))


def test_the_index_lies_between_the_hazards_to_come_and_never_below_the_next() -> None:
    hazards = random_problems(500, 8)[0]
    index = cb.stopping_index(hazards)
    assert (index >= hazards - 1e-15).all()
    most = np.maximum.accumulate(hazards[:, ::-1], axis=1)[:, ::-1]
    assert (index <= most + 1e-15).all()


def test_a_last_hazard_that_goes_on_is_the_limit_of_many_contacts() -> None:
    short, last = [0.01, 0.03, 0.02], 0.06
    long = cb.stopping_index([*short, *[last] * 2000])[:4]
    assert cb.stopping_index([*short, last], goes_on=True) == pytest.approx(long, abs=1e-9)
    assert cb.stopping_index([0.1, 0.0], goes_on=True) == pytest.approx([0.1, 0.0])


def test_published_sizes_of_a_pilot() -> None:
    # Two-sided 5 %, power 80 %, normal approximation, unpooled: 585.2, 203.2, 134.4, 431.7, up to fives.
    sizes = [cb.pilot_size(*pair) for pair in ((0.02, 0.05), (0.02, 0.08), (0.02, 0.1), (0.05, 0.1))]
    assert sizes == [590, 205, 135, 435]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(cb.InputError, match=r"must lie in 0 to 1; got 1\.2"):
        cb.stopping_index([0.1, 1.2])
    with pytest.raises(cb.InputError, match="it holds none"):
        cb.stopping_index([])
    with pytest.raises(cb.InputError, match=r"both are 0\.05"):
        cb.pilot_size(0.05, 0.05)
    with pytest.raises(cb.InputError, match="`power` must lie"):
        cb.pilot_size(0.05, 0.1, power=1.0)
