"""Proposals for the scales: a split t around their mode, and mixtures grown from weighted draws.

Scales are positive. A proposal is laid out on the whole line and folded at zero: where a scale may be zero the
posterior is finite there, and a folded density meets it without a tail to chase.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

TAIL_DF = 8.0
"""Degrees of freedom of every proposal."""
_FAR_FROM_ZERO = 8.0
AXIS_STEPS = (1.0, 2.5, 4.0)
"""Standard deviations from the mode at which a split t looks how far its target has fallen."""
_NARROWEST, _WIDEST = 0.6, 4.0
_FLATTEST = 0.05
_PROBES = 0.03 * 2.5 ** np.arange(6)
_LONGEST_CLIMB = 20


@dataclass(frozen=True, slots=True, eq=False)
class SplitT:
    """Multivariate t with its own spread to either side along each axis (Geweke 1989, doi:10.2307/1913710)."""

    centre: Floats
    """Mode, (d,)."""
    axes: Floats
    """Columns are axes, one posterior standard deviation long; (d, d)."""
    spread: Floats
    """Factor of the upper and the lower side of each axis, (2, d)."""

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """Draws, not yet folded; (n, d)."""
        standard = np.abs(_standard_t(rng, n, len(self.centre)))
        upper = rng.random(standard.shape) < self.spread[0] / self.spread.sum(axis=0)
        drawn = np.where(upper, standard * self.spread[0], -standard * self.spread[1])
        return np.asarray(self.centre + drawn @ self.axes.T)

    def log_density(self, phi: Floats) -> Floats:
        """Normalised log-density; (n,)."""
        d = len(self.centre)
        v = (phi - self.centre) @ np.linalg.inv(self.axes).T
        distance = (np.where(v > 0, v / self.spread[0], v / self.spread[1]) ** 2).sum(axis=1)
        volume = np.log(self.spread.sum(axis=0) / 2.0).sum() + np.linalg.slogdet(self.axes)[1]
        return np.asarray(_log_t(distance, d) - volume)


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Equal mixture of t distributions with one shape, centred on earlier draws (kernel with shrinkage, West 1993)."""

    centres: Floats
    """(component, d)."""
    axes: Floats
    """Cholesky factor of the common shape, (d, d)."""

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """Draws, not yet folded; the components in turn; (n, d)."""
        centres = self.centres[np.arange(n) % len(self.centres)]
        return centres + _standard_t(rng, n, centres.shape[1]) @ self.axes.T

    def log_density(self, phi: Floats) -> Floats:
        """Normalised log-density; (n,)."""
        whiten = np.linalg.inv(self.axes).T
        points, centres = phi @ whiten, self.centres @ whiten
        distance = (points**2).sum(1)[:, None] - 2.0 * points @ centres.T + (centres**2).sum(1)
        terms = _log_t(np.maximum(distance, 0.0), phi.shape[1])
        top = terms.max(axis=1)
        volume = np.linalg.slogdet(self.axes)[1]
        return np.asarray(top + np.log(np.exp(terms - top[:, None]).mean(axis=1)) - volume)


@dataclass(frozen=True, slots=True)
class StandardT:
    """t around zero, the same in every direction."""

    d: int
    """Dimensions."""
    df: float
    """Degrees of freedom."""

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """Draws, (n, d)."""
        return _standard_t(rng, n, self.d, self.df)

    def log_density(self, standard: Floats) -> Floats:
        """Normalised log-density; (n,)."""
        return _log_t((standard**2).sum(axis=1), self.d, self.df)


type Proposal = SplitT | Mixture


def split_t(
    target: Callable[[Floats], Floats], mode: Floats, hessian: Floats, steps: tuple[float, ...] = AXIS_STEPS
) -> SplitT:
    """Fit a split t to a log-density from its mode, its curvature and its fall along each axis to both sides.

    Parameters
    ----------
    target
        Log-density of a batch of scales (n, d) → (n,), even in each.
    mode, hessian
        A mode of an approximation to `target` and the negative Hessian there; the centre is moved to the target's own.
    steps
        How far out to look, in standard deviations.
    """
    values, vectors = np.linalg.eigh(hessian)
    centre, axes = mode.copy(), np.linalg.cholesky((vectors / np.maximum(values, 1e-3)) @ vectors.T)
    d = len(centre)
    values = target(np.concatenate([centre[None], centre + axes.T, centre - axes.T]))
    here, plus, minus = values[0], values[1 : d + 1], values[d + 1 :]
    bend = np.maximum(2.0 * here - plus - minus, 0.5)
    stays_positive = (centre[:, None] > np.abs(axes)).all(axis=0)
    shift = np.where(stays_positive, np.clip((plus - minus) / (2.0 * bend), -1.5, 1.5), 0.0)
    moved = centre + axes @ shift
    there = target(moved[None])[0]
    if there > here:
        centre, here = moved, there
    return SplitT(centre, axes, _spread(target, centre, axes, here, np.array(steps)))


def climb(target: Callable[[Floats], Floats], start: Floats) -> tuple[Floats, Floats]:
    """Near the mode of a log-density, and its negative Hessian there; (d,) and (d, d).

    Steps of a geometric grid along each axis, first to the best of each: all axes together until that fails, then the
    best alone. Then second differences over those steps at which the density has fallen nearest to what it does one
    standard deviation from the middle of a normal: where a density is flat at its mode, its width still shows.
    """
    d = len(start)
    units = np.eye(d)
    probes = np.concatenate([sign * step * units for sign in (1.0, -1.0) for step in _PROBES])
    mode, alone, best, together = start, start, -np.inf, True
    for _ in range(_LONGEST_CLIMB):
        values = target(np.concatenate([mode[None], mode + probes]))
        if together and values[0] < best:
            mode, together = alone, False
            continue
        each = np.argmax(values[1:].reshape(-1, d), axis=0)
        gain = values[1:].reshape(-1, d)[each, np.arange(d)] - values[0]
        if not (gain > 0).any():
            break
        steps, best = probes.reshape(-1, d, d)[each, np.arange(d)], values[0] + gain.max()
        alone = np.abs(mode + steps[np.argmax(gain)])
        mode = np.abs(mode + steps[gain > 0].sum(axis=0)) if together else alone
    fall = np.maximum(values[0] - values[1:].reshape(2, len(_PROBES), d).mean(axis=0), 1e-6)
    chosen = np.argmin(np.abs(np.log(fall / 0.5)), axis=0)
    steps, fall = _PROBES[chosen], fall[chosen, np.arange(d)]
    rows, columns = np.tril_indices(d, -1)
    both = steps[rows, None] * units[rows] + steps[columns, None] * units[columns]
    pairs = target(np.concatenate([mode + both, mode - both])).reshape(2, -1).mean(axis=0) if len(rows) else fall[:0]
    unit = steps / np.sqrt(2.0 * fall)  # one standard deviation
    scaled = np.eye(d)
    mixed = (values[0] - pairs - fall[rows] - fall[columns]) * (unit[rows] * unit[columns])
    scaled[rows, columns] = scaled[columns, rows] = mixed / (steps[rows] * steps[columns])
    lengths, vectors = np.linalg.eigh(scaled)
    return mode, (vectors * np.maximum(lengths, _FLATTEST)) @ vectors.T / np.outer(unit, unit)


def grow_mixture(
    phi: Floats,
    weights: Floats,
    rng: np.random.Generator,
    *,
    prior_covariance: Floats | None = None,
    n_components: int = 40,
) -> Mixture:
    """A kernel mixture on a weighted sample: what a single t cannot follow, a funnel or a long side, followed.

    A prior covariance counts as much as two draws a direction do: of many directions a few draws say little.
    """
    d = phi.shape[1]
    effective = min(1.0 / np.sum(weights**2), 4.0 * n_components)
    mean = weights @ phi
    covariance = ((phi - mean).T * weights) @ (phi - mean)
    if prior_covariance is not None:
        covariance = (effective * covariance + 2.0 * d * prior_covariance) / (effective + 2.0 * d)
    width = (4.0 / ((d + 2.0) * max(effective, 2.0))) ** (1.0 / (d + 4.0))
    shrink = np.sqrt(max(1.0 - width**2, 0.0))
    picks = systematic_resample(weights, n_components, rng)
    ridge = 1e-9 * np.diag(np.maximum(np.diag(covariance), 1e-12))
    return Mixture(shrink * phi[picks] + (1.0 - shrink) * mean, width * np.linalg.cholesky(covariance + ridge))


def folded_log_density(proposal: Proposal, scales: Floats) -> Floats:
    """Log-density of a proposal once every scale has been replaced by its absolute value."""
    spread = np.sqrt(np.diag(proposal.axes @ proposal.axes.T))
    centres = np.atleast_2d(proposal.centre if isinstance(proposal, SplitT) else proposal.centres)
    near = (centres.min(axis=0) < _FAR_FROM_ZERO * spread) & (
        scales.min(axis=0, initial=np.inf) < _FAR_FROM_ZERO * spread
    )
    signs = np.array(list(itertools.product(*[(1.0, -1.0) if fold else (1.0,) for fold in near])))
    at_once = len(signs) if isinstance(proposal, SplitT) else 1  # a mixture's memory is that of its components already
    terms = [
        proposal.log_density((scales * some[:, None]).reshape(-1, scales.shape[1])).reshape(len(some), -1)
        for some in np.split(signs, len(signs) // at_once)
    ]
    return np.asarray(np.logaddexp.reduce(np.concatenate(terms), axis=0))


def systematic_resample(weights: Floats, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Indices of n equally weighted draws from a weighted sample, with the least resampling noise."""
    positions = (np.arange(n) + rng.random()) / n
    return np.minimum(np.searchsorted(np.cumsum(weights), positions), len(weights) - 1)


def _spread(target: Callable[[Floats], Floats], centre: Floats, axes: Floats, here: float, steps: Floats) -> Floats:
    """Per side and axis, the widest standard deviation that a normal would need to fall as the target does."""
    d = len(centre)
    points = centre + np.stack([sign * step * axes.T for sign in (1.0, -1.0) for step in steps]).reshape(-1, d)
    fall = np.maximum(here - target(points), 1e-3).reshape(2, len(steps), d)
    inside = (points > 0).all(axis=1).reshape(fall.shape)
    ratio = np.where(inside, steps[:, None] / np.sqrt(2.0 * fall), 0.0).max(axis=1)
    ratio = np.where(ratio > 0, ratio, ratio[::-1])
    return np.where(ratio > 0, np.clip(ratio, _NARROWEST, _WIDEST), 1.0)


def _standard_t(rng: np.random.Generator, n: int, d: int, df: float = TAIL_DF) -> Floats:
    radius = np.sqrt(df / (2.0 * rng.standard_gamma(df / 2.0, (n, 1))))
    return rng.standard_normal((n, d)) * radius


def _log_t(distance: Floats, d: int, df: float = TAIL_DF) -> Floats:
    constant = lgamma((df + d) / 2.0) - lgamma(df / 2.0) - 0.5 * d * log(df * pi)
    return constant - 0.5 * (df + d) * np.log1p(distance / df)
