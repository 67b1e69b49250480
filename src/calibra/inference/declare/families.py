"""Log-likelihoods of a cell's counts as functions of the linear predictor η, with the derivatives Laplace needs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class Poisson:
    """events ~ Poisson(size · e^η), size an exposure."""

    name = "poisson"
    size_is_count = False

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


type Family = Binomial | Poisson
