"""Cumulative incidences of two competing endings whose hazards are constant within intervals, in closed form.

With event hazard λ₁, exit hazard λ₂, λ = λ₁ + λ₂, and interval j of width w_j, so that L_j = λ_j w_j,

    S_j = S_{j−1} exp(−L_j),    F₁(H) = Σ_j S_{j−1} (λ₁/λ)(1 − exp(−L_j)),

the last interval in part where H lies inside it. Time is continuous and starts at the judgment.

References
----------
Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd edition. Wiley.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError

type Floats = NDArray[np.float64]


class Curves(NamedTuple):
    """Cumulative incidence of each ending at chosen times; times along the last axis."""

    event: Floats
    """Share that became events."""
    exit: Floats
    """Share that exited."""

    @property
    def open(self) -> Floats:
        """Share not ended."""
        return np.maximum(1.0 - self.event - self.exit, 0.0)


def incidence(event_hazard: Floats, exit_hazard: Floats | None, bounds: Floats, times: Floats) -> Curves:
    """What share has ended in each way by these times?

    Parameters
    ----------
    event_hazard, exit_hazard : array, shape (..., interval)
        Hazards per day, above 0; None for no exits.
    bounds : array, shape (interval + 1,)
        Where the intervals begin and end; the first begins at 0.
    times : array, shape (time,)
        From 0 to the last bound.
    """
    if times.size and (times.min() < 0 or times.max() > bounds[-1]):
        raise InputError(f"`times` must lie in 0 to {bounds[-1]:g}; got {times.min():g} to {times.max():g}.")
    given = [event_hazard] if exit_hazard is None else [event_hazard, exit_hazard]
    causes = [np.asfortranarray(hazard) for hazard in given]  # an interval, or a time, at a time: each fits the cache
    total = sum(causes[1:], causes[0])
    curves = [np.empty((*total.shape[:-1], len(times)), order="F") for _ in causes]
    ended = [np.zeros_like(total[..., 0]) for _ in causes]  # before the interval
    still_open = np.ones_like(total[..., 0])
    place = np.clip(np.searchsorted(bounds, times, side="left") - 1, 0, len(bounds) - 2)
    gone = np.empty_like(still_open)  # of those open at the start of the interval, minus the share that has ended
    for j, (begin, end) in enumerate(pairwise(bounds)):
        rate = -total[..., j]
        weights = [still_open * (hazard[..., j] / total[..., j]) for hazard in causes]
        for i in np.flatnonzero(place == j):
            np.expm1(np.multiply(rate, times[i] - begin, out=gone), out=gone)
            for curve, so_far, weight in zip(curves, ended, weights, strict=True):
                np.subtract(so_far, np.multiply(weight, gone, out=curve[..., i]), out=curve[..., i])
        np.expm1(np.multiply(rate, end - begin, out=gone), out=gone)
        ended = [so_far - weight * gone for so_far, weight in zip(ended, weights, strict=True)]
        still_open = still_open + still_open * gone
    return Curves(curves[0], curves[1] if len(curves) > 1 else np.zeros_like(curves[0]))


def time_of_share(curve: Floats, times: Floats, share: float | Floats) -> Floats:
    """When has this share of what the curve holds at its last time come? Linear between the times given.

    Parameters
    ----------
    curve : array, shape (..., time)
        Rising curve, above 0 at its last time; it is 0 at time 0.
    times : array, shape (time,)
        Rising, above 0.
    share : float or array
        Between 0 and 1.
    """
    target = np.asarray(share) * curve[..., -1]
    after = np.minimum((curve < target[..., None]).sum(axis=-1), len(times) - 1)
    before = np.maximum(after - 1, 0)
    upper = np.take_along_axis(curve, after[..., None], axis=-1)[..., 0]
    lower = np.where(after > 0, np.take_along_axis(curve, before[..., None], axis=-1)[..., 0], 0.0)
    start = np.where(after > 0, times[before], 0.0)
    fraction = (target - lower) / np.maximum(upper - lower, 1e-300)
    return np.asarray(start + np.clip(fraction, 0.0, 1.0) * (times[after] - start))


def fine_times(bounds: Floats, n_times: int = 40) -> Floats:
    """Times for reading quantiles and areas: every bound, and about so many in all, each interval split evenly."""
    pieces = max(1, round(n_times / (len(bounds) - 1)))
    inner = [np.linspace(lower, upper, pieces + 1)[1:] for lower, upper in pairwise(bounds)]
    return np.concatenate(inner)


def area_under(curve: Floats, times: Floats, *, start: float) -> Floats:
    """Area under a curve from time 0, where it is `start`, to the last time: the trapezoid rule."""
    widths = np.diff(times, prepend=0.0)
    weights = 0.5 * (widths + np.append(widths[1:], 0.0))
    return np.asarray(0.5 * widths[0] * start + np.einsum("...t,t->...", curve, weights))
