"""Do rates change from period to period, within the same strata? A stratified χ², and the period that stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from calibra.errors import InputError
from calibra.stats.margin import log_odds_gap
from calibra.tables import brief

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PeriodComparison:
    """How far the rates of each period lie from those of the other periods, in the same strata."""

    __repr__ = brief

    statistic: float
    """Generalised Mantel–Haenszel χ²; 0 where fewer than two periods can be compared."""
    df: int
    """Its degrees of freedom: periods that can be compared, less one."""
    p_value: float
    """Probability of a statistic at least as large where no rate changes."""
    z: Floats
    """Each period's events less those expected, in standard deviations, shape (Q,); NaN where it cannot be compared."""
    n: NDArray[np.int64]
    """Judgments of each period in strata that other periods share, shape (Q,)."""
    rate: Floats
    """Their share of events, shape (Q,)."""
    rate_elsewhere: Floats
    """The share that the same strata had in the other periods, weighted by this period's judgments, shape (Q,)."""

    @property
    def log_odds_gap(self) -> Floats:
        """Log-odds of each period's rate less that of the same strata elsewhere, shape (Q,)."""
        return log_odds_gap(self.rate, self.rate_elsewhere)


def compare_periods(n: ArrayLike, events: ArrayLike) -> PeriodComparison:
    """Do the rates of the same strata differ between periods?

    Given how many events each stratum has in all, the events of a period are hypergeometric where no rate changes. With
    O and E the events seen and expected of each period, summed over strata, and V their covariance,
    `χ² = (O − E)' V⁻ (O − E)`: the test of general association of Mantel and Haenszel (Landis, Heyman and Koch 1978).
    Strata of one period say nothing and do not enter. Sparse strata are welcome; judgments that share an outcome, such
    as several of one prospect, make the statistic too large.

    Parameters
    ----------
    n : array-like of int, shape (S, Q)
        Judgments of each stratum and period.
    events : array-like of int, shape (S, Q)
        Events among them.

    References
    ----------
    Landis, Heyman, Koch (1978), Average partial association in three-way contingency tables, International Statistical
    Review 46, 237–254, doi:10.2307/1402373.

    Examples
    --------
    >>> found = compare_periods([[100, 100], [50, 50]], [[40, 20], [20, 10]])
    >>> round(found.statistic, 2), found.rate.tolist()
    (14.19, [0.4, 0.2])
    """
    total, seen = np.asarray(n, dtype=np.int64), np.asarray(events, dtype=np.int64)
    if total.ndim != 2 or total.shape != seen.shape:
        raise InputError(f"`n` and `events` must have one shape (strata, periods); got {total.shape} and {seen.shape}.")
    if np.any((seen < 0) | (seen > total)):
        raise InputError("`events` must be whole numbers from 0 to `n`; some are not. Correct them.")
    shared = (total > 0).sum(axis=1) > 1
    size, came = total[shared].astype(np.float64), seen[shared].astype(np.float64)
    excess, covariance = _excess(size, came)
    there = np.flatnonzero(size.sum(axis=0) > 0)
    z = np.full(size.shape[1], np.nan)
    variance = np.diag(covariance)[there]
    z[there] = np.divide(excess[there], np.sqrt(variance), out=np.zeros(there.size), where=variance > 0)
    statistic, df = _quadratic(excess[there], covariance[np.ix_(there, there)])
    rate, elsewhere = _rates(size, came)
    p_value = float(chdtrc(df, statistic)) if df else 1.0
    return PeriodComparison(statistic, df, p_value, z, size.sum(axis=0).astype(np.int64), rate, elsewhere)


def _excess(n: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Events less those expected of each period, and their covariance: multivariate hypergeometric, over strata."""
    size, came = n.sum(axis=1), events.sum(axis=1)
    share = np.divide(n, size[:, None], out=np.zeros_like(n), where=size[:, None] > 0)
    excess = (events - came[:, None] * share).sum(axis=0)
    spread = np.divide(came * (size - came), size - 1.0, out=np.zeros_like(size), where=size > 1)
    covariance = np.diag(spread @ share) - (spread[:, None] * share).T @ share
    return excess, covariance


def _quadratic(excess: Floats, covariance: Floats) -> tuple[float, int]:
    """Quadratic form of the excess in the inverse of its singular covariance, and the rank of that."""
    if excess.size < 2:
        return 0.0, 0
    values, vectors = np.linalg.eigh(covariance)
    kept = values > values.max() * excess.size * 1e-12
    if not kept.any() or values.max() <= 0:
        return 0.0, 0
    along = vectors[:, kept].T @ excess
    return float((along**2 / values[kept]).sum()), int(kept.sum())


def _rates(n: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Share of events of each period, and what the other periods of the same strata would have made of it."""
    n_others = n.sum(axis=1, keepdims=True) - n
    other_rate = np.divide(
        events.sum(axis=1, keepdims=True) - events, n_others, out=np.zeros_like(n), where=n_others > 0
    )
    size = n.sum(axis=0)
    expected = (n * other_rate).sum(axis=0)
    none = np.full(size.shape, np.nan)
    rate = np.divide(events.sum(axis=0), size, out=none.copy(), where=size > 0)
    return rate, np.divide(expected, size, out=none, where=size > 0)
