"""Intervals from posterior draws: equal-tailed, one definition for every floor above."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import check_within

INTERVAL_PROB = 0.9
"""Level of every interval unless the caller says otherwise."""


class Interval(NamedTuple):
    """Posterior mean and equal-tailed interval; arrays of one shape."""

    estimate: NDArray[np.float64]
    """Posterior mean."""
    lower: NDArray[np.float64]
    """Lower end: the (1 − interval_prob)/2 quantile."""
    upper: NDArray[np.float64]
    """Upper end: the (1 + interval_prob)/2 quantile."""


def equal_tailed(draws: ArrayLike, *, interval_prob: float = INTERVAL_PROB, axis: int = 0) -> Interval:
    """How sure is this number? Mean and equal-tailed interval of draws along one axis."""
    check_interval_prob(interval_prob)
    values = np.asarray(draws, dtype=float)
    tail = (1.0 - interval_prob) / 2.0
    ordered = np.array(np.moveaxis(values, axis, -1), order="C")
    ordered.sort(axis=-1)  # numpy's sort is three times as fast as the partition that np.quantile makes
    lower, upper = (_quantile_of_sorted(ordered, prob) for prob in (tail, 1.0 - tail))
    return Interval(values.mean(axis=axis), lower, upper)


def _quantile_of_sorted(ordered: NDArray[np.float64], prob: float) -> NDArray[np.float64]:
    """What np.quantile gives along the last axis, to the last bit; NaN where there is a NaN, which is sorted last."""
    place = prob * (ordered.shape[-1] - 1)
    before = int(place)
    fraction, after = place - before, min(before + 1, ordered.shape[-1] - 1)
    lower, upper = ordered[..., before], ordered[..., after]
    step = upper - lower
    found = lower + step * fraction if fraction < 0.5 else upper - step * (1.0 - fraction)
    return np.asarray(np.where(np.isnan(ordered[..., -1]), np.nan, found))[()]


def check_interval_prob(interval_prob: object) -> None:
    """Refuse what is no level of an interval."""
    check_within(interval_prob, "interval_prob", 0, 1, ends="()", mend="Write 90 % as 0.9.")
