"""Prior declarations: what is believed before the counts are seen.

Each prior states its log-density on the scale the engines work on, so that the nested-Laplace engine and the PyMC build
read one declaration.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError

type Floats = NDArray[np.float64]


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise InputError(f"`{name}` must be above 0; got {value!r}. A prior scale of 0 leaves nothing to learn.")


@dataclass(frozen=True, slots=True)
class HalfNormal:
    """σ ~ HalfNormal(sd): zero is allowed, values far above `sd` are not expected."""

    sd: float
    """Scale of the half-normal, in units of the linear predictor."""

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)

    def log_density(self, scale: Floats) -> Floats:
        """Log-density of σ, up to a constant."""
        return -0.5 * (scale / self.sd) ** 2

    def typical(self) -> float:
        """A value to start from (the median)."""
        return 0.6745 * self.sd

    def sample(self, rng: np.random.Generator, size: int | None = None) -> Floats:
        """Draw σ from the prior."""
        return np.abs(rng.normal(0.0, self.sd, size))


@dataclass(frozen=True, slots=True)
class GammaPrecision:
    """1/σ² ~ Gamma(shape, rate): for agreement with older published analyses, not a recommendation."""

    shape: float
    """Shape of the gamma on the precision."""
    rate: float
    """Rate of the gamma on the precision."""

    def __post_init__(self) -> None:
        _require_positive("shape", self.shape)
        _require_positive("rate", self.rate)

    def log_density(self, scale: Floats) -> Floats:
        """Log-density of σ (the Jacobian included), up to a constant."""
        return -(2.0 * self.shape + 1.0) * np.log(scale) - self.rate * scale**-2.0

    def typical(self) -> float:
        """A value to start from."""
        return 0.3

    def sample(self, rng: np.random.Generator, size: int | None = None) -> Floats:
        """Draw σ from the prior."""
        return 1.0 / np.sqrt(rng.gamma(self.shape, 1.0 / self.rate, size))


type ScalePrior = HalfNormal | GammaPrecision


@dataclass(frozen=True, slots=True)
class LKJ:
    """ρ with density in proportion to (1 − ρ²)^(η − 1): η 1 is uniform, the larger η the nearer to 0."""

    eta: float
    """η, above 0; the standard deviation of ρ is 1/√(2η + 1)."""

    def __post_init__(self) -> None:
        _require_positive("eta", self.eta)

    def log_density(self, atanh: Floats) -> Floats:
        """Log-density of artanh ρ (the Jacobian 1 − ρ² included), up to a constant."""
        return -2.0 * self.eta * np.logaddexp(atanh, -atanh)

    def sample(self, rng: np.random.Generator, size: int | None = None) -> Floats:
        """Draw ρ from the prior."""
        return np.asarray(2.0 * rng.beta(self.eta, self.eta, size) - 1.0)


class OuterPrior(Protocol):
    """What the nested-Laplace engine asks of the prior of a scale or of a correlation, each as φ holds it."""

    def log_density(self, scale: Floats, /) -> Floats:
        """Log-density up to a constant."""
        ...

    def typical(self) -> float:
        """A value to start from."""
        ...


@dataclass(frozen=True, slots=True)
class Normal:
    """Coefficients ~ Normal(mean, sd), independent; `sd=inf` is a flat prior."""

    mean: float = 0.0
    """Prior mean of each coefficient."""
    sd: float = 1.5
    """Prior standard deviation of each coefficient."""

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)


@dataclass(frozen=True, slots=True)
class Pooled:
    """Coefficients ~ Normal(0, τ), τ learned: a level such as the user's team column."""

    scale: ScalePrior
    """Prior of τ."""


@dataclass(frozen=True, slots=True)
class RandomWalk:
    """First coefficient ~ Normal(mean, sd); each step ~ Normal(0, τ √width), τ learned."""

    scale: ScalePrior
    """Prior of τ, the standard deviation of a step of width 1."""
    step_widths: tuple[float, ...]
    """Width of each step (one fewer than coefficients); for intervals: mid-point distances over their median."""
    mean: float = 0.0
    """Prior mean of the first coefficient."""
    sd: float = 1.5
    """Prior standard deviation of the first coefficient."""


type PopulationPrior = Normal | Pooled | RandomWalk
