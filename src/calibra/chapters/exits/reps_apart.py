"""How sure is it that a rep's share lies beyond that of the others?

Reps are drawn from a population, so that chance among many reps is not taken for a difference:
events_r ~ Binomial(n_r, p_r), logit p_r ~ N(mu, tau²), mu flat, tau half-normal of scale 0.5 (Gelman et al., Bayesian
Data Analysis, 3rd ed., 5.4–5.5), by quadrature over mu, tau and each rep's place in the population.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit, ndtr

type Floats = NDArray[np.float64]

SPREAD_SCALE = 0.5
"""Scale of the half-normal prior of tau, the sd of reps on the log odds."""
_SPREADS = (np.arange(24) + 0.5) / 24 * 4 * SPREAD_SCALE
_STEPS = np.linspace(-7.0, 7.0, 29)
"""Places of mu around its estimate at one tau, in standard errors."""
_PLACES = np.linspace(-5.0, 5.0, 301)
"""A rep's place in the population, in tau."""
_NEGLIGIBLE = 1e-4
"""Cells of mu and tau of less weight than this, beside the heaviest, are left out."""


def prob_beyond_others(n: Floats, events: Floats, margin_odds: float) -> tuple[Floats, Floats]:
    """P(odds of each rep's share > margin × odds of the share of the others together), and P(that of the others' so).

    `n` and `events` are (rep,). The others' share weighs each by its `n`, and its log odds, given mu and tau, are taken
    for normal. NaN where there are no others.
    """
    more, less, total = np.zeros(n.shape), np.zeros(n.shape), 0.0
    density = np.exp(-0.5 * _PLACES**2)
    density /= density.sum()
    cells = _cells(n, events, density)
    others = n.sum() - n
    for weight, mu, tau in cells:
        log_odds = mu + tau * _PLACES
        places = _places(n, events, log_odds, density)
        places /= places.sum(axis=1, keepdims=True)
        share = expit(log_odds)
        mean = places @ share
        variance = np.maximum(places @ share**2 - mean**2, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            of_others = ((n * mean).sum() - n * mean) / others
            sd = np.sqrt((n**2 * variance).sum() - n**2 * variance) / others / (of_others * (1.0 - of_others))
            centre = logit(of_others) + 0.5 * sd**2 * (2.0 * of_others - 1.0)  # of the log odds, to second order
            sd = np.maximum(sd, 1e-9)[:, None]
            above, margin = (log_odds - centre[:, None]) / sd, np.log(margin_odds) / sd
        more += weight * (places * ndtr(above - margin)).sum(axis=1)
        less += weight * (places * ndtr(-above - margin)).sum(axis=1)
        total += weight
    return more / total, less / total


def _cells(n: Floats, events: Floats, density: Floats) -> list[tuple[float, float, float]]:
    """Weight, mu and tau of the cells that carry the posterior."""
    came, stayed = events + 0.5, n - events + 0.5
    log_odds, variance = np.log(came / stayed), 1.0 / came + 1.0 / stayed
    found = []
    for tau in _SPREADS:
        precision = 1.0 / (tau**2 + variance)
        step = 1.0 / np.sqrt(precision.sum())
        for mu in (precision * log_odds).sum() / precision.sum() + step * _STEPS:
            places = _places(n, events, mu + tau * _PLACES, density)
            likelihood = np.log(places.sum(axis=1)) + _best(n, events)
            found.append((likelihood.sum() - 0.5 * (tau / SPREAD_SCALE) ** 2 + np.log(step), mu, tau))
    highest = max(weight for weight, _, _ in found)
    told = [(float(np.exp(weight - highest)), float(mu), float(tau)) for weight, mu, tau in found]
    return [cell for cell in told if cell[0] > _NEGLIGIBLE]


def _places(n: Floats, events: Floats, log_odds: Floats, density: Floats) -> Floats:
    """Density of each rep's place times its likelihood relative to the best there can be, (rep, place)."""
    stayed = (n - events)[:, None]
    each = events[:, None] * log_expit(log_odds) + stayed * log_expit(-log_odds) - _best(n, events)[:, None]
    return density * np.exp(np.maximum(each, -600.0))


def _best(n: Floats, events: Floats) -> Floats:
    """Log-likelihood of the share as counted."""
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [np.where(k > 0, k * np.log(k / n), 0.0) for k in (events, n - events)]
    return parts[0] + parts[1]
