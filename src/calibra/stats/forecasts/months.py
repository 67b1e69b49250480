"""Good and bad months for everybody: how far do they swing, and what does that leave open of the months to come?

    O_m ~ Poisson(E_m e^{ξ_m}),    ξ_m = τ z_m − τ²/2,    z stationary AR(1) with correlation φ,
    τ ~ HalfNormal(0.3),    φ ~ Beta(2, 2),

so that e^ξ has mean 1. τ and φ are on a grid, z on another: the filter is exact up to the grids.

References
----------
Kitagawa, G. (1987). Non-Gaussian state-space modeling of nonstationary time series. Journal of the American
Statistical Association 82, 1032–1041. doi:10.1080/01621459.1987.10478534
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError
from calibra.stats.arrays import as_numbers
from calibra.tables import brief

type Floats = NDArray[np.float64]

SWING_SD = 0.3
"""Scale of the prior of τ: one standard deviation of months is seldom above 30 %."""
SWINGS = np.concatenate([np.arange(0.0, 0.5, 0.05), np.arange(0.5, 1.25, 0.1)])
PERSISTENCE = np.array([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92])
STATES = np.linspace(-4.5, 4.5, 136)


@dataclass(frozen=True, slots=True, eq=False)
class MonthEffects:
    """What past months say of the swing of months; a month's effect multiplies what is expected of it."""

    __repr__ = brief

    weight: Floats
    """Posterior of the grid of τ and φ, (swing, persistence)."""
    last: Floats
    """Where z was in the last month, given τ and φ, (swing, persistence, state)."""
    n_months: int
    """Months it was learned from."""

    @property
    def swing(self) -> float:
        """Posterior mean of τ."""
        return float(self.weight.sum(axis=1) @ SWINGS)

    def draw(self, n_draws: int, n_ahead: int, rng: np.random.Generator) -> Floats:
        """Draws of the effects e^ξ of the months to come, (draw, month).

        What months averaged to in the past is itself known from so many of them alone, which is in the draws.
        """
        chosen = rng.choice(self.weight.size, size=n_draws, p=self.weight.ravel())
        swing, persistence = SWINGS[chosen // len(PERSISTENCE)], PERSISTENCE[chosen % len(PERSISTENCE)]
        reached = np.cumsum(self.last.reshape(-1, len(STATES))[chosen], axis=1)
        place = (reached < rng.random((n_draws, 1)) * reached[:, -1:]).sum(axis=1)
        z = STATES[np.minimum(place, len(STATES) - 1)]
        level = swing * np.sqrt((1 + persistence) / (1 - persistence) / max(self.n_months, 1))
        level = np.minimum(level, swing) * rng.standard_normal(n_draws)
        found = np.empty((n_draws, n_ahead))
        for month in range(n_ahead):
            z = persistence * z + np.sqrt(1.0 - persistence**2) * rng.standard_normal(n_draws)
            found[:, month] = np.exp(swing * z - 0.5 * swing**2 + level)
        return found


def learn_months(observed: ArrayLike, expected: ArrayLike) -> MonthEffects:
    """How far do months swing around what was expected of them?

    Parameters
    ----------
    observed : array, shape (month,)
        Events of each past month, the oldest first.
    expected : array, shape (month,)
        What was expected of it; scaled here to the same total. Months of which nothing was expected are left out.
    """
    came, mean = as_numbers(observed, "observed"), as_numbers(expected, "expected")
    if came.ndim != 1 or came.shape != mean.shape or (came < 0).any() or (mean < 0).any():
        raise InputError("`observed` and `expected` must be equally long, with numbers of 0 or more.")
    came, mean = came[mean > 0], mean[mean > 0]
    mean = mean * (came.sum() / mean.sum()) if came.sum() > 0 else mean
    xi = SWINGS[:, None] * STATES - 0.5 * SWINGS[:, None] ** 2
    start = _normalised(np.exp(-0.5 * STATES**2))
    moves = np.stack([_transition(persistence) for persistence in PERSISTENCE])
    state = np.broadcast_to(start, (len(SWINGS), len(PERSISTENCE), len(STATES))).copy()
    log_likelihood = np.zeros(state.shape[:2])
    for n, rate in zip(came.tolist(), mean.tolist(), strict=True):
        fits = n * xi - rate * np.expm1(xi)
        highest = fits.max(axis=1, keepdims=True)
        state = np.einsum("tpz,pzy->tpy", state, moves) * np.exp(fits - highest)[:, None]
        total = state.sum(axis=2)
        log_likelihood += np.log(total) + highest
        state /= total[..., None]
    log_weight = log_likelihood + np.log(_prior())
    return MonthEffects(_normalised(np.exp(log_weight - log_weight.max())), state, len(came))


def _prior() -> Floats:
    """Prior mass of the grid."""
    swings = np.exp(-0.5 * (SWINGS / SWING_SD) ** 2) * np.gradient(SWINGS)
    swings[0] *= 0.5
    persistence = PERSISTENCE * (1.0 - PERSISTENCE) * np.gradient(PERSISTENCE)
    return np.asarray(_normalised(swings)[:, None] * _normalised(persistence))


def _transition(persistence: float) -> Floats:
    """Probability of moving from each state to each, (from, to)."""
    sd = np.sqrt(1.0 - persistence**2)
    moved = np.exp(-0.5 * ((STATES[None, :] - persistence * STATES[:, None]) / sd) ** 2)
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


def _normalised(values: Floats) -> Floats:
    return np.asarray(values / values.sum())
