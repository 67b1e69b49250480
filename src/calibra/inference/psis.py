"""Pareto smoothing of importance weights, and the shape k̂ that says whether to trust them.

Vehtari, Simpson, Gelman, Yao, Gabry (2024), JMLR 25(72); the fit of the generalised Pareto distribution is Zhang and
Stephens (2009), Technometrics 51, doi:10.1198/tech.2009.08017, with the weak prior on k̂ of the former.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

PARETO_K_LIMIT = 0.7
"""Above it the variance of the estimates is not under control (Vehtari et al. 2024, section 3)."""


def pareto_shape(exceedances: Floats) -> tuple[float, float]:
    """Shape k̂ and scale σ̂ of a generalised Pareto distribution fitted to sorted exceedances over a threshold."""
    n = len(exceedances)
    n_grid = 30 + int(np.sqrt(n))
    grid = 1.0 / exceedances[-1] + (1.0 - np.sqrt(n_grid / (np.arange(1, n_grid + 1) - 0.5))) / (
        3.0 * exceedances[int(n / 4 + 0.5) - 1]
    )
    shapes = np.log1p(-grid[:, None] * exceedances).mean(axis=1)
    profile = n * (np.log(-grid / shapes) - shapes - 1.0)
    posterior = np.exp(profile - profile.max())
    theta = float(np.sum(grid * posterior) / posterior.sum())
    shape = float(np.log1p(-theta * exceedances).mean())
    scale = -shape / theta
    return (n * shape + 5.0) / (n + 10.0), scale


def smooth_weights(log_weights: Floats) -> tuple[Floats, float]:
    """Replace the largest weights by expected order statistics of the fitted tail.

    Parameters
    ----------
    log_weights
        Unnormalised log importance weights, shape (n,).

    Returns
    -------
    Smoothed log weights whose exponentials sum to one, and k̂. k̂ is −inf where the tail is flat and +inf where a
    tail cannot be fitted (fewer than five weights in it).
    """
    logs = np.asarray(log_weights, dtype=float) - np.max(log_weights)
    n_tail = int(min(0.2 * len(logs), 3.0 * np.sqrt(len(logs))))
    shape = np.inf
    if n_tail >= 5:
        order = np.argpartition(logs, -n_tail - 1)[-n_tail - 1 :]
        order = order[np.argsort(logs[order], kind="stable")]
        tail, threshold = order[1:], logs[order[0]]
        threshold = max(threshold, np.log(np.finfo(float).tiny))
        exceedances = np.exp(logs[tail]) - np.exp(threshold)
        if exceedances[0] <= 0.0:
            exceedances = np.maximum(exceedances, np.finfo(float).tiny)
        if exceedances[-1] - exceedances[0] <= 1e-12 * np.exp(logs[tail[-1]]):
            shape = -np.inf
        else:
            shape, scale = pareto_shape(exceedances)
            quantiles = (np.arange(n_tail) + 0.5) / n_tail
            smoothed = (
                scale * np.expm1(-shape * np.log1p(-quantiles)) / shape if shape else -scale * np.log1p(-quantiles)
            )
            logs[tail] = np.minimum(np.log(smoothed + np.exp(threshold)), 0.0)
    return logs - np.log(np.exp(logs).sum()), shape
