"""Exact binomial ends: Clopper–Pearson bounds and quantiles, vectorised, for real-valued (effective) counts too."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrik, betaincc, betaincinv

from calibra.stats.forecasts.cells import Floats


def lower_bound(events: ArrayLike, n: ArrayLike, *, tail: float) -> Floats:
    """One-sided exact lower bound: the probability at which `events` or more out of n has chance `tail`.

    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404. With an effective count in place of n
    it is the interval of Korn and Graubard (1998, Survey Methodology 24), and approximate.

    Examples
    --------
    >>> lower_bound(10, 10, tail=0.05).round(4)      # 0.05 ** (1 / 10)
    np.float64(0.7411)
    """
    seen, count = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    positive = seen > 0
    others = np.maximum(count - seen, 0.0)
    return np.where(positive, betaincinv(np.where(positive, seen, 1.0), others + 1.0, tail), 0.0)[()]


def upper_bound(events: ArrayLike, n: ArrayLike, *, tail: float) -> Floats:
    """One-sided exact upper bound: the probability at which `events` or fewer out of n has chance `tail`."""
    seen, count = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    return np.asarray(1.0 - lower_bound(np.maximum(count - seen, 0.0), count, tail=tail))[()]


def quantile(level: float, n: ArrayLike, prob: ArrayLike) -> Floats:
    """Smallest count whose binomial distribution function reaches `level`."""
    count, chance = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(prob, dtype=float))
    inside = (chance > 0) & (chance < 1)
    safe = np.where(inside, chance, 0.5)
    guess = np.clip(np.ceil(bdtrik(level, count, safe)), 0, count)
    guess = np.where((guess > 0) & (distribution(guess - 1, count, safe) >= level), guess - 1, guess)
    guess = np.where(distribution(guess, count, safe) < level, np.minimum(guess + 1, count), guess)
    return np.where(inside, guess, np.where(chance > 0, count, 0.0))


def distribution(events: ArrayLike, n: ArrayLike, prob: ArrayLike) -> Floats:
    """Chance of `events` or fewer out of n; below 0 events none, from n on all."""
    seen, count, chance = np.broadcast_arrays(*(np.asarray(values, dtype=float) for values in (events, n, prob)))
    inside = (seen >= 0) & (seen < count)
    below = betaincc(np.where(inside, seen, 0.0) + 1.0, np.where(inside, count - seen, 1.0), chance)
    return np.where(inside, below, np.where(seen < 0, 0.0, 1.0))
