"""Forecasts of totals, given as draws: how far off are they, and do their draws spread as what came does?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError
from calibra.stats.arrays import as_numbers

type Floats = NDArray[np.float64]


def crps_draws(draws: ArrayLike, actual: ArrayLike, *, is_fair: bool = False) -> Floats:
    """How far off is each forecast? The continuous ranked probability score of its draws, in the unit of the total.

        Σ|x − y| / n − Σ|x − x'| / (2 n²)

    Small is good; of a single draw it is the absolute error. Not valid for comparing totals of different size.

    Parameters
    ----------
    draws : array, shape (draw,) or (draw, case)
        Draws of each forecast.
    actual : number or array, shape (case,)
        What came.
    is_fair : bool
        Whether few draws are taken as a sample of a forecast (n (n − 1) in place of n²), not as the forecast itself.

    References
    ----------
    Gneiting, T. & Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the
    American Statistical Association 102, 359–378. doi:10.1198/016214506000001437

    Examples
    --------
    >>> float(crps_draws([1, 2, 4, 8], 3))
    0.8125
    """
    values, came = _checked(draws, actual)
    n = len(values)
    if is_fair and n < 2:
        raise InputError("`draws` must hold at least two draws for a fair score; got 1.")
    ordered = np.sort(values, axis=0)
    between = (2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered.reshape(n, -1)
    spread = between.reshape(ordered.shape[1:]) / (n * (n - 1.0) if is_fair else n * float(n))
    return np.asarray(np.abs(values - came).mean(axis=0) - spread)


def pit_draws(draws: ArrayLike, actual: ArrayLike, *, seed: int) -> Floats:
    """Where does what came lie among the draws? Uniform on [0, 1] where forecasts spread as they should.

    P(x < y) + v P(x = y) with v uniform: randomised, so that it is uniform for counts as well.

    Parameters
    ----------
    draws : array, shape (draw,) or (draw, case)
        Draws of each forecast.
    actual : number or array, shape (case,)
        What came.
    seed : int
        Seed of v.

    References
    ----------
    Czado, C., Gneiting, T. & Held, L. (2009). Predictive model assessment for count data. Biometrics 65, 1254–1261.
    doi:10.1111/j.1541-0420.2009.01191.x

    Examples
    --------
    >>> float(pit_draws([1.0, 2.0, 3.0, 4.0], 2.5, seed=1))
    0.5
    """
    values, came = _checked(draws, actual)
    share = np.random.default_rng(seed).random(came.shape)
    return np.asarray((values < came).mean(axis=0) + share * (values == came).mean(axis=0))


def _checked(draws: ArrayLike, actual: ArrayLike) -> tuple[Floats, Floats]:
    values, came = as_numbers(draws, "draws"), as_numbers(actual, "actual")
    if not len(np.atleast_1d(values)) or values.shape[1:] != came.shape:
        raise InputError(
            f"`draws` must be of the shape (draw, *case), `actual` of the shape (*case); got {values.shape} and "
            f"{came.shape}."
        )
    return values, came
