"""Amounts of deals: on how many deals money rests, how they spread, and what a mean comes to under a cap."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from calibra.errors import InputError

type Floats = NDArray[np.float64]


def effective_deals(sum_amount: ArrayLike, sum_amount2: ArrayLike) -> Floats:
    """On how many deals of equal size would this money rest as surely? (Σa)²/Σa²; 0 of nothing.

    Kish, L. (1965). Survey Sampling. Wiley: the effective sample size under unequal weights.
    """
    total, squares = np.asarray(sum_amount, dtype=float), np.asarray(sum_amount2, dtype=float)
    return np.asarray(np.divide(total**2, squares, out=np.zeros(np.shape(total)), where=squares > 0))


def lognormal_mean(log_mean: ArrayLike, log_sd: ArrayLike) -> Floats:
    """What would the mean be if amounts were log-normal? e^(m + s²/2): a control, never the mean that is reported.

    Fitted to amounts of another shape it is off: for Gamma amounts of shape α by a factor e^(ψ(α) − log α + ψ'(α)/2).
    """
    return np.exp(np.asarray(log_mean, dtype=float) + 0.5 * np.asarray(log_sd, dtype=float) ** 2)


def limited_mean(log_mean: ArrayLike, log_sd: ArrayLike, cap: ArrayLike) -> Floats:
    """What does a deal bring on average where no more than the cap counts of it, amounts log-normal?

    E[min(a, u)] = e^(m + s²/2) Φ((log u − m − s²)/s) + u (1 − Φ((log u − m)/s)). Bounded by the cap, so that no tail
    that nobody has seen decides it (Klugman, Panjer & Willmot, Loss Models, 4th ed., appendix A.5.1.1).

    Parameters
    ----------
    log_mean, log_sd : array-like of float
        Mean and standard deviation of the log amount; sd above 0.
    cap : array-like of float
        Cap u, above 0.

    Examples
    --------
    >>> round(float(limited_mean(6.904620855, 1.637410324, 10_000)), 6)
    2354.669835
    """
    m, s, u = (np.asarray(values, dtype=float) for values in (log_mean, log_sd, cap))
    if np.any(~(s > 0)) or np.any(~(u > 0)):
        raise InputError("`log_sd` and `cap` must be above 0.")
    place = (np.log(u) - m) / s
    return np.asarray(lognormal_mean(m, s) * ndtr(place - s) + u * ndtr(-place))


def gamma_dispersion(
    n: ArrayLike, sum_amount: ArrayLike, sum_amount2: ArrayLike, mean: ArrayLike, *, n_fitted: float
) -> float:
    """How far do amounts spread around their means, in squares of the mean? Pearson's φ of a Gamma model.

    φ = Σ_c (Σa² − 2 μ Σa + n μ²)/μ² / (N − p). Not by maximum likelihood, which looks at small amounts and understates
    it (McCullagh & Nelder 1989, Generalized Linear Models, 2nd ed., 8.3.6).

    Parameters
    ----------
    n, sum_amount, sum_amount2, mean : array-like of float, one shape
        Number, sum and sum of squares of the amounts of each cell, and the mean fitted to it, above 0.
    n_fitted : float
        Degrees of freedom p that the means took.
    """
    count, total, squares, fitted = (np.asarray(each, dtype=float) for each in (n, sum_amount, sum_amount2, mean))
    pearson = np.sum((squares - 2.0 * fitted * total + count * fitted**2) / fitted**2)
    return float(max(pearson, 0.0) / max(float(count.sum()) - n_fitted, 1.0))


def log_dispersion(n: ArrayLike, sum_log: ArrayLike, sum_log2: ArrayLike, mean: ArrayLike, *, n_fitted: float) -> float:
    """How far do log amounts spread around their means? The variance s² within cells; arguments as above."""
    count, total, squares, fitted = (np.asarray(each, dtype=float) for each in (n, sum_log, sum_log2, mean))
    spread = np.sum(squares - 2.0 * fitted * total + count * fitted**2)
    return float(max(spread, 0.0) / max(float(count.sum()) - n_fitted, 1.0))


def smearing_factor(n: ArrayLike, sum_amount: ArrayLike, log_mean: ArrayLike) -> float:
    """By how much does the mean exceed the exponential of the mean log, of whatever shape amounts are?

    φ_D = Σ_c Σa_c e^(−η_c) / N (Duan 1983, doi:10.1080/01621459.1983.10478017). A cross-check of the mean.
    """
    count, total, fitted = (np.asarray(each, dtype=float) for each in (n, sum_amount, log_mean))
    return float(np.sum(total * np.exp(-fitted)) / count.sum())
