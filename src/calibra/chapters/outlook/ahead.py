"""From draws of a clock to draws of what comes in each period ahead, per rep and rank.

A prospect open at age a, on the clock a + ½, has in the period from b to b' the hazards H₁ and H₂ of event and exit,

    H = H₁ + H₂ = log S(b) / S(b'),    H₁ / H = (F₁(b') − F₁(b)) / (S(b) − S(b')),

of which H₁ is multiplied by the effect of the period; where that is 1, its chance is (F₁(b') − F₁(b)) / S(a) again.
Of the open prospects of a rep and rank the events in all periods together are binomial with the mean Σπ and the
variance Σπ(1 − π) of the single ones, and are dealt out to the periods by their chances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import Curves
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.stats.forecasts.months import MonthEffects

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

EXACT_DAYS = 28
"""Ages from here on are read in weeks."""
ARRIVE = (1.0 / 6.0, 0.5, 5.0 / 6.0)
"""What begins within a period is taken to begin at these parts of it."""
TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """A fit of days from one end to another, and how months swing around it."""

    fit: LeadTimeFit
    """The fit."""
    months: MonthEffects
    """What past months say of the swing."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Who is open, and of whom nothing is said."""

    n_open: int
    """Open."""
    n_unknown: int
    """Older than anything followed, and not in the numbers."""
    n_cut: int
    """In the numbers as far as follow-up reaches, which ends before the last period does."""


def left_out(fit: LeadTimeFit, days_ahead: int) -> LeftOut:
    """Count who is open, and of whom nothing is known so far ahead."""
    opened, last = fit.open_counts, fit.last_edge_days
    if fit.closed(last):
        return LeftOut(int(opened.n.sum()), 0, 0)
    unknown = opened.age_days >= last
    cut = ~unknown & (opened.age_days + days_ahead > last)
    return LeftOut(*(int(opened.n[rows].sum()) for rows in (np.ones_like(unknown), unknown, cut)))


def in_weeks(age_days: Ints) -> Ints:
    """Ages as they are read: by day while young, then the middle of their week."""
    return np.where(age_days < EXACT_DAYS, age_days, age_days // 7 * 7 + 3)


def open_ends(fit: LeadTimeFit, ends: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Rep, rank, number and ages (cell, 1 + period) of those open of whom anything is known."""
    opened, last = fit.open_counts, fit.last_edge_days
    known = opened.age_days < last
    keys = np.stack([opened.rep[known], opened.rank[known], np.minimum(in_weeks(opened.age_days[known]), last - 1)])
    cells, where = np.unique(keys, axis=1, return_inverse=True)
    n = np.bincount(where.ravel(), opened.n[known], cells.shape[1]).astype(np.int64)
    ages = np.minimum(cells[2][:, None] + np.concatenate([[0], ends]), last)
    return cells[0], cells[1], n, ages


def chances(event: Floats, exit_: Floats, effects: Floats) -> Floats:
    """π of each cell in each period, (draw, cell, period), from incidences (draw, cell, 1 + period).

    `effects` is (draw, period).
    """
    alive = np.maximum(1.0 - event - exit_, TINY)
    came, gone = np.diff(event, axis=2), -np.diff(alive, axis=2)
    share = np.where(gone > 0, came / np.maximum(gone, TINY), 0.0)
    hazard = -np.log(np.minimum(alive[..., 1:] / alive[..., :-1], 1.0))
    for_event = effects[:, None, :] * share * hazard
    total = for_event + (1.0 - share) * hazard
    ended = -np.expm1(-total)
    here = np.where(total > 0, for_event / np.maximum(total, TINY) * ended, 0.0)
    before = np.concatenate([np.zeros_like(total[..., :1]), np.cumsum(total, axis=2)[..., :-1]], axis=2)
    return np.asarray(np.exp(-before) * here)


def draw_open(
    curves: Curves, times: Floats, cells: tuple[Ints, Ints, Ints, Ints], effects: Floats, rng: np.random.Generator
) -> Ints:
    """Events of those open, (draw, period, rep, rank), from the curves of some reps; cells number reps from 0."""
    rep, rank, n, ages = cells
    n_draws, n_reps, n_ranks = curves.event.shape[:3]
    mean = np.zeros((n_draws, effects.shape[1], n_reps, n_ranks))
    squares = np.zeros((n_draws, n_reps, n_ranks))
    place = np.searchsorted(times, ages + 0.5)
    for cell in np.unique(rep * n_ranks + rank):
        rows = np.flatnonzero(rep * n_ranks + rank == cell)
        r, k = divmod(int(cell), n_ranks)
        pi = chances(curves.event[:, r, k][:, place[rows]], curves.exit[:, r, k][:, place[rows]], effects)
        mean[:, :, r, k] = np.einsum("scp,c->sp", pi, n[rows])
        squares[:, r, k] = pi.sum(axis=2) ** 2 @ n[rows]
    total = mean.sum(axis=1)
    size = np.ceil(np.where(total > 0, total**2 / np.maximum(squares, TINY), 0.0) - 1e-9)
    came = rng.binomial(size.astype(np.int64), np.clip(total / np.maximum(size, 1.0), 0.0, 1.0))
    return deal_out(came, mean, rng)


def deal_out(total: Ints, shares: Floats, rng: np.random.Generator) -> Ints:
    """So many (draw, …) dealt out to periods by their shares (draw, period, …), all of them."""
    n_periods = shares.shape[1]
    found = np.zeros(shares.shape, dtype=np.int64)
    left, rest = total.copy(), shares.sum(axis=1)
    for period in range(n_periods - 1):
        prob = np.clip(shares[:, period] / np.maximum(rest, TINY), 0.0, 1.0)
        found[:, period] = rng.binomial(left, prob)
        left, rest = left - found[:, period], rest - shares[:, period]
    found[:, n_periods - 1] = left
    return found


def begin_ages(ends: Ints, last: int) -> Floats:
    """Days since each beginning, (begun in period, part, 1 + period); 0 before it, and no more than is known."""
    bounds = np.concatenate([[0], ends]).astype(float)
    begun = bounds[:-1, None] + np.array(ARRIVE) * np.diff(bounds)[:, None]
    return np.asarray(np.clip(bounds - begun[..., None], 0.0, last + 0.5))


def draw_begun(
    curves: Curves, times: Floats, ages: Floats, begun: Ints, effects: Floats, rng: np.random.Generator
) -> Ints:
    """Events of what begins ahead, (draw, period, rep, rank): `begun` (draw, period, rep, rank), ages as above."""
    found = np.zeros_like(begun)
    n_draws, n_periods, n_reps, n_ranks = begun.shape
    place = np.searchsorted(times, ages)
    for start in range(n_periods):
        at = place[start]
        event = curves.event[:, :, :, at].reshape(n_draws, -1, n_periods + 1)
        exit_ = curves.exit[:, :, :, at].reshape(n_draws, -1, n_periods + 1)
        pi = chances(event, exit_, effects).reshape(n_draws, n_reps, n_ranks, len(ARRIVE), n_periods).mean(axis=3)
        pi = np.moveaxis(pi, 3, 1)
        came = rng.binomial(begun[:, start], np.clip(pi.sum(axis=1), 0.0, 1.0))
        found += deal_out(came, pi, rng)
    return found
