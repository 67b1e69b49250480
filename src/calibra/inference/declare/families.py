"""Log-likelihoods of a cell's counts as functions of the linear predictor η, with the derivatives Laplace needs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_FAR = 700.0
"""Log-odds beyond which e^η is no number."""


class Derivatives(NamedTuple):
    """Derivatives of a cell's log-likelihood ℓ in η."""

    score: Floats
    """∂ℓ/∂η."""
    weight: Floats
    """−∂²ℓ/∂η², never negative."""
    weight_slope: Floats
    """∂ weight/∂η."""


@dataclass(frozen=True, slots=True)
class Binomial:
    """events ~ Binomial(size, logit⁻¹ η)."""

    name = "binomial"
    size_is_count = True
    events_are = "counts"
    has_trials = True

    def of_reps(self, reps: NDArray[np.intp]) -> "Binomial":  # noqa: ARG002 (as of every family)
        """The same for any reps."""
        return self

    def log_likelihood(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Y η − n log(1 + e^η), the binomial coefficient left out; −inf where e^η overflows."""
        value = np.exp(eta)
        value += 1.0
        np.log(value, out=value)
        value *= -size
        value += events * eta
        return value

    def total(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Log-likelihood summed over the first axis."""
        return np.asarray(self.log_likelihood(eta, events, size).sum(axis=0))

    def derivatives(self, eta: Floats, events: Floats, size: Floats) -> Derivatives:
        """y − n p, n p (1 − p), n p (1 − p)(1 − 2p)."""
        prob = 1.0 / (1.0 + np.exp(-eta))
        expected = size * prob
        weight = expected * (1.0 - prob)
        return Derivatives(events - expected, weight, weight * (1.0 - 2.0 * prob))


@dataclass(frozen=True, slots=True, eq=False)
class DelayedBinomial:
    """events ~ Binomial(size, G logit⁻¹ η): of the events that come, the share G has come so far.

    The weight is the expected information, for the observed one is negative where p > (1 − √(1 − G))/G.
    With G = 1 it is `Binomial`.
    """

    reached: Floats
    """G of each cell, above 0 and up to 1, shape (rep, cell)."""

    name = "delayed_binomial"
    size_is_count = True
    events_are = "counts"
    has_trials = True

    def of_reps(self, reps: NDArray[np.intp]) -> "DelayedBinomial":
        """The same for some reps only."""
        return DelayedBinomial(self.reached[reps])

    def log_likelihood(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Y log p + (n − y) log(1 − G p), the binomial coefficient and y log G left out."""
        odds_against = _odds_against(eta)
        log_either = np.log1p(odds_against)
        none_yet = np.log(odds_against + (1.0 - self._reached(eta))) - log_either
        return np.asarray((size - events) * none_yet - events * log_either)

    def total(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Log-likelihood summed over the first axis."""
        return np.asarray(self.log_likelihood(eta, events, size).sum(axis=0))

    def derivatives(self, eta: Floats, events: Floats, size: Floats) -> Derivatives:
        """With q = 1 − G p: y(1 − p) − (n − y) G p(1 − p)/q, n G p(1 − p)²/q, weight (1 − 3p + G p(1 − p)/q)."""
        odds_against, reached = _odds_against(eta), self._reached(eta)
        prob = 1.0 / (1.0 + odds_against)
        none = odds_against * prob
        pull = reached * prob * odds_against / (odds_against + (1.0 - reached))  # 1 − G p is 0 in floats long before
        weight = size * pull * none
        slope = weight * (1.0 - 3.0 * prob + pull)
        return Derivatives(events * none - (size - events) * pull, weight, slope)

    def _reached(self, eta: Floats) -> Floats:
        """G laid out as η, (cell, …, rep)."""
        n_reps, n_cells = self.reached.shape
        return self.reached.T.reshape(n_cells, *[1] * (eta.ndim - 2), n_reps)


def _odds_against(eta: Floats) -> Floats:
    """(1 − p)/p, which neither overflows nor is 0."""
    return np.exp(-np.clip(eta, -_FAR, _FAR))


@dataclass(frozen=True, slots=True)
class Poisson:
    """events ~ Poisson(size · e^η), size an exposure."""

    name = "poisson"
    size_is_count = False
    events_are = "counts"
    has_trials = False

    def of_reps(self, reps: NDArray[np.intp]) -> "Poisson":  # noqa: ARG002 (as of every family)
        """The same for any reps."""
        return self

    def log_likelihood(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Y η − E e^η, terms free of η left out."""
        return events * eta - size * np.exp(eta)

    def total(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Log-likelihood summed over the first axis; a third of the time of the sum, for nothing is stored between."""
        seen = np.einsum("c...,c...->...", events, eta)
        return np.asarray(seen - np.einsum("c...,c...->...", size, np.exp(eta)))

    def derivatives(self, eta: Floats, events: Floats, size: Floats) -> Derivatives:
        """y − μ, μ, μ with μ = E e^η."""
        expected = size * np.exp(eta)
        return Derivatives(events - expected, expected, expected)


@dataclass(frozen=True, slots=True)
class ScaledPoisson(Poisson):
    """Sum of amounts with mean S e^η and variance φ times that, φ known: events = sum/φ, size = S/φ.

    A quasi-likelihood: the mean is right whatever the shape of the amounts (Wedderburn 1974,
    doi:10.1093/biomet/61.3.439).
    """

    name = "scaled_poisson"
    events_are = "amounts"

    def of_reps(self, reps: NDArray[np.intp]) -> "ScaledPoisson":  # noqa: ARG002 (as of every family)
        """The same for any reps."""
        return self


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Sum of n values with mean η and known variance s²: events = sum/s², which may be negative, size = n/s²."""

    name = "gaussian"
    size_is_count = False
    events_are = "numbers"
    has_trials = False

    def of_reps(self, reps: NDArray[np.intp]) -> "Gaussian":  # noqa: ARG002 (as of every family)
        """The same for any reps."""
        return self

    def log_likelihood(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """(S/s²) η − ½ (n/s²) η², terms free of η left out."""
        return (events - 0.5 * size * eta) * eta

    def total(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Log-likelihood summed over the first axis."""
        return np.asarray(self.log_likelihood(eta, events, size).sum(axis=0))

    def derivatives(self, eta: Floats, events: Floats, size: Floats) -> Derivatives:
        """S/s² − (n/s²) η, n/s², 0."""
        weight = np.broadcast_to(size, eta.shape)
        return Derivatives(events - size * eta, weight, np.zeros(eta.shape))


@dataclass(frozen=True, slots=True)
class Gamma:
    """Sum of n amounts with mean c e^η and known shape α: events = α n, size = α sum/c.

    As a quasi-likelihood it keeps the mean right whatever the shape of the amounts, where 1/α is their Pearson
    dispersion (Wedderburn 1974, doi:10.1093/biomet/61.3.439).
    """

    name = "gamma"
    size_is_count = False
    events_are = "amounts"
    has_trials = False

    def of_reps(self, reps: NDArray[np.intp]) -> "Gamma":  # noqa: ARG002 (as of every family)
        """The same for any reps."""
        return self

    def log_likelihood(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """−α n η − (α sum/c) e^−η, terms free of η left out."""
        return -events * eta - size * np.exp(-eta)

    def total(self, eta: Floats, events: Floats, size: Floats) -> Floats:
        """Log-likelihood summed over the first axis."""
        seen = np.einsum("c...,c...->...", events, eta)
        return np.asarray(-seen - np.einsum("c...,c...->...", size, np.exp(-eta)))

    def derivatives(self, eta: Floats, events: Floats, size: Floats) -> Derivatives:
        """μ − α n, μ, −μ with μ = (α sum/c) e^−η."""
        expected = size * np.exp(-eta)
        return Derivatives(expected - events, expected, -expected)


type Family = Binomial | DelayedBinomial | Poisson | ScaledPoisson | Gaussian | Gamma
