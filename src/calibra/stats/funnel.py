"""Funnel: which shares lie further from the target than chance, given their counts?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from calibra.errors import InputError
from calibra.stats import binomial
from calibra.stats.forecasts import Floats, as_floats, refuse
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

LIMIT_PROBS = (0.95, 0.998)
"""The two pairs of limits that Spiegelhalter (2005) draws."""

WINSORISED_SHARE = 0.1
"""Share of the z-values drawn in at each end, Spiegelhalter (2005)."""

WINSORISED_VARIANCE = 0.6786546
"""Variance of a standard normal winsorised at its 10 % and 90 % quantiles: .8 − 2cφ(c) + .2c², c = 1.2816."""


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """Shares against a target, with exact limits and limits adjusted for over-dispersion."""

    __repr__ = brief

    labels: tuple[str, ...]
    """Who or what each share belongs to."""
    n: NDArray[np.int64]
    """Judgments."""
    events: NDArray[np.int64]
    """Events among them."""
    target: float
    """The target share; all of them pooled where none was given."""
    target_given: bool
    """Whether the target was given."""
    z: Floats
    """Normal score of the exact mid-p-value: beyond the limits exactly where |z| is."""
    adjusted_z: Floats
    """The same over √(1 + n-weighted extra variance): for limits adjusted for over-dispersion."""
    dispersion: float
    """φ: mean winsorised squared z, 1 if nothing but chance is at work."""
    between_sd: float
    """τ: standard deviation between the true shares on the arcsine scale; 0 where φ shows none."""

    @property
    def rate(self) -> Floats:
        """Shares of events."""
        return self.events / self.n

    def beyond(self, limit_prob: float = 0.998, *, adjusted: bool = True) -> NDArray[np.bool_]:
        """Which lie beyond the limits of this level?"""
        _check_level(limit_prob)
        cut = float(ndtri(0.5 + limit_prob / 2.0))
        return np.abs(self.adjusted_z if adjusted else self.z) > cut

    def limits(self, limit_prob: float, *, n: ArrayLike | None = None, adjusted: bool = True) -> tuple[Floats, Floats]:
        """Lower and upper limit of the share at counts n (default: those of the data)."""
        _check_level(limit_prob)
        counts = self.n.astype(float) if n is None else as_floats(n, "n")
        refuse("n", counts, ~(counts >= 1), "must be 1 or more", "Limits need a count.")
        cut = float(ndtri(0.5 + limit_prob / 2.0))
        scale = np.sqrt(1.0 + 4.0 * counts * self.between_sd**2) if adjusted else np.ones(counts.size)
        return (
            _share_at(-cut * scale, counts, self.target),
            _share_at(cut * scale, counts, self.target),
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row per share, with the adjusted 95 % and 99.8 % limits."""
        columns: dict[str, ArrayLike] = {
            "label": np.array(self.labels),
            "n": self.n,
            "events": self.events,
            "rate": self.rate,
            "z": self.z,
            "adjusted_z": self.adjusted_z,
        }
        for level in LIMIT_PROBS:
            lower, upper = self.limits(level)
            columns[f"lower_{level:g}"] = lower
            columns[f"upper_{level:g}"] = upper
        return make_table(columns)


def funnel(n: ArrayLike, events: ArrayLike, *, labels: ArrayLike | None = None, target: float | None = None) -> Funnel:
    r"""Which shares lie further from the target than chance explains, given how few judgments stand behind them?

    Limits are exact binomial, by the mid-p-value G(y) = P(Y < y) + ½ P(Y = y), read between whole counts linearly; a
    share is beyond its limit exactly where its mid-p-value is below the tail, so drawing and flag agree. Spiegelhalter
    interpolates P(Y ≤ y) instead, which is too strict at one side and too lax at the other.

    Over-dispersion (season, territory, case mix): with arcsine z-values winsorised at 10 % each end,

    .. math:: \hat\varphi = \frac{1}{I v} \sum z_i^2, \quad
        \hat\tau^2 = \max\Bigl(0, \frac{I\hat\varphi - (I - 1)}{\sum w - \sum w^2 / \sum w}\Bigr), \quad w_i = 4 n_i,

    where v = 0.679 is what winsorising leaves of a standard normal's variance. Without v, as published, limits
    adjusted for a real over-dispersion come out about a fifth too narrow. The adjusted limits are those of z-values
    divided by √(1 + τ² w). A funnel tells chance from more than chance; it does not say why.

    Parameters
    ----------
    n : array of int, shape (I,)
        Judgments, 1 or more.
    events : array of int, shape (I,)
    labels : array of str, shape (I,), optional
        Default "1", "2", …
    target : float in (0, 1), optional
        Default: all pooled.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24.
    https://doi.org/10.1002/sim.1970

    Examples
    --------
    >>> result = funnel([100, 100, 100, 20], [30, 28, 60, 9], target=0.3)
    >>> result.beyond(0.998, adjusted=False)
    array([False, False,  True, False])
    """
    counts, seen, names = _check(n, events, labels)
    goal = _check_target(target, counts, seen)
    if goal in (0.0, 1.0):
        z, dispersion, between_sd = np.zeros(counts.size), 1.0, 0.0
    else:
        z = _mid_z(seen, counts, goal)
        dispersion, between_sd = _over_dispersion(seen, counts, goal)
    return Funnel(
        labels=names,
        n=counts.astype(np.int64),
        events=seen.astype(np.int64),
        target=goal,
        target_given=target is not None,
        z=z,
        adjusted_z=z / np.sqrt(1.0 + 4.0 * counts * between_sd**2),
        dispersion=dispersion,
        between_sd=between_sd,
    )


def _check(n: ArrayLike, events: ArrayLike, labels: ArrayLike | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    counts, seen = as_floats(n, "n"), as_floats(events, "events")
    if counts.shape != seen.shape or counts.size == 0:
        raise InputError(f"`n` and `events` must have one length above 0; got {counts.size} and {seen.size}.")
    refuse("n", counts, ~((counts >= 1) & (counts % 1 == 0)), "must be whole numbers from 1", "Drop empty rows.")
    wrong = ~((seen >= 0) & (seen <= counts) & (seen % 1 == 0))
    refuse("events", seen, wrong, "must be whole numbers from 0 to n", "Check the order of the arguments.")
    names = (
        [str(place + 1) for place in range(counts.size)] if labels is None else [str(one) for one in np.asarray(labels)]
    )
    if len(names) != counts.size:
        raise InputError(f"`labels` must be one per count, {counts.size}; got {len(names)}.")
    return counts, seen, tuple(names)


def _check_target(target: float | None, counts: Floats, seen: Floats) -> float:
    if target is None:
        return float(seen.sum() / counts.sum())
    if not 0.0 < target < 1.0:
        raise InputError(f"`target` must lie strictly between 0 and 1; got {target!r}.")
    return float(target)


def _check_level(limit_prob: float) -> None:
    if not 0.0 < limit_prob < 1.0:
        raise InputError(f"`limit_prob` must lie strictly between 0 and 1; got {limit_prob!r}.")


def _mid_p(events: Floats, n: Floats, prob: float) -> Floats:
    """P(Y < y) + ½ P(Y = y)."""
    below, upto = binomial.distribution(events - 1.0, n, prob), binomial.distribution(events, n, prob)
    return 0.5 * (below + upto)


def _mid_z(events: Floats, n: Floats, prob: float) -> Floats:
    """Normal score of the mid-p-value, from whichever tail is small."""
    low = _mid_p(events, n, prob)
    high = _mid_p(n - events, n, 1.0 - prob)
    smallest = np.maximum(np.minimum(low, high), np.finfo(float).tiny)
    return np.where(low <= high, ndtri(smallest), -ndtri(smallest))


def _share_at(z: Floats, n: Floats, prob: float) -> Floats:
    """The share whose mid-p normal score is z, linear between whole counts; 0 or 1 where no count reaches it."""
    if prob in (0.0, 1.0):
        return np.full(n.size, prob)
    n_whole = np.rint(n)
    low, high = np.zeros(n.size), n_whole.copy()
    while (high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        under = _mid_z(middle, n_whole, prob) <= z
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    z_low, z_high = _mid_z(low, n_whole, prob), _mid_z(high, n_whole, prob)
    part = np.clip((z - z_low) / np.where(z_high > z_low, z_high - z_low, 1.0), 0.0, 1.0)
    return np.asarray((low + part * (high - low)) / n_whole)


def _over_dispersion(events: Floats, n: Floats, target: float) -> tuple[float, float]:
    """φ and τ of the arcsine z-values."""
    z = 2.0 * np.sqrt(n) * (np.arcsin(np.sqrt(events / n)) - np.arcsin(np.sqrt(target)))
    size = z.size
    if size < 2:
        return 1.0, 0.0
    ends = np.quantile(z, [WINSORISED_SHARE, 1.0 - WINSORISED_SHARE])
    dispersion = float((np.clip(z, *ends) ** 2).mean() / WINSORISED_VARIANCE)
    weight = 4.0 * n
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return dispersion, float(np.sqrt(max(0.0, (size * dispersion - (size - 1)) / scale)))
