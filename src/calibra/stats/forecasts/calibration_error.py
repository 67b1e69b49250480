"""How far from calibrated, in one number: debiased squared error, ICI, E50, E90."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chndtr

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.forecasts.cells import Floats, ForecastCells, pool_forecasts
from calibra.stats.forecasts.isotonic import fit_isotonic
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.tables import brief

DRAWN_IN = 2.0
"""Forecasts' worth by which an observed rate is drawn towards its forecast before its variance is taken: few hits in
few forecasts would else count as no variance at all."""


_SIMULATED = 1999


@dataclass(frozen=True, slots=True, eq=False)
class SquaredCalibrationError:
    """Mean squared distance between forecast and event probability, freed of the bias of finite counts."""

    __repr__ = brief

    raw: float
    """Σ w (ȳ − q)²: too large on average."""
    debiased: Interval
    """Unbiased; may be negative, and is then shown as it is. The interval lies at 0 or above, as the true error does,
    so that a negative estimate lies below it."""
    n: int
    """Forecasts used."""
    n_values: int
    """Distinct forecasts used."""
    n_left_out: int
    """Forecasts left out because no other of the same value was made."""
    interval_prob: float
    """Level of the interval."""

    @property
    def root(self) -> float:
        """√max(0, debiased): on the scale of probabilities."""
        return float(np.sqrt(max(0.0, float(self.debiased.estimate))))


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationDistance:
    """How far the forecasts lie from their recalibrated values."""

    __repr__ = brief

    mean: float
    """ICI: mean of |forecast − recalibrated|."""
    median: float
    """E50: its median."""
    ninetieth: float
    """E90: its 90 % quantile."""
    n: int
    """Forecasts."""


def squared_calibration_error(
    y: ArrayLike, prob: ArrayLike, *, interval_prob: float = INTERVAL_PROB
) -> SquaredCalibrationError:
    r"""How far are the forecasts from the truth on average, once chance is taken off?

    Over the distinct forecasts q_k, given n_k ≥ 2 times, with shares w_k,

    .. math:: \sum_k w_k \Bigl[(\bar y_k - q_k)^2 - \frac{\bar y_k (1 - \bar y_k)}{n_k - 1}\Bigr],

    which is the mean of (y_i − q_k)(y_j − q_k) over pairs: unbiased, and so at times negative. Forecasts given once are
    left out and counted; for forecasts that hardly repeat use `calibration_distance` or round them first.

    The interval is that of Σ n_k (ȳ_k − q_k)² as a scaled noncentral χ², whose first two moments it shares where the
    forecasts are calibrated: every error θ ≥ 0 under which the observed sum is in neither tail. Near θ = 0 the upper
    tail is taken relative to that at 0 (Read 2002), so that forecasts which fit better than chance would let them do
    not get an interval without length. Measured at 90 %, 4,000 simulated sets for each of 2, 5 and 10 values, 30, 100
    and 300 forecasts in all, calibrated and off in four ways: it holds the truth in 88 to 97 %, calibrated ones in 92
    to 95 %. It begins above 0 only where at most a tail of 1,999 simulated calibrated sets lie as far off, so that no
    event among forecasts of 1 % says nothing. It is for independent outcomes.

    References
    ----------
    Bröcker (2012), Climate Dynamics 39; Ferro and Fricker (2012), Quarterly J. Royal Meteorological Society 138.
    Read (2002), Presentation of search results: the CLs technique, Journal of Physics G 28, 2693.
    https://doi.org/10.1088/0954-3899/28/10/313

    Examples
    --------
    >>> round(float(squared_calibration_error([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]).debiased.estimate), 6)
    0.0
    """
    check_interval_prob(interval_prob)
    return squared_error_of_cells(pool_forecasts(y, prob), interval_prob=interval_prob)


def squared_error_of_cells(cells: ForecastCells, *, interval_prob: float = INTERVAL_PROB) -> SquaredCalibrationError:
    """The same from counts (`cells_from_counts`)."""
    if cells.weighted:
        raise InputError("The debiased error needs counts; cells with weights other than 1 have none.")
    used = cells.n >= 2
    if not used.any():
        raise NotEnoughDataError(
            f"Each forecast value must be given at least twice; all {cells.n.sum()} forecasts differ. "
            "Round them, or use `calibration_distance`."
        )
    n, rate = cells.weight[used], cells.rate[used]
    share = n / n.sum()
    gap_sq = (rate - cells.prob[used]) ** 2
    noise = rate * (1.0 - rate) * n / (n - 1.0)
    lower, upper = _error_ends(n, rate, cells.prob[used], interval_prob)
    return SquaredCalibrationError(
        raw=float((share * gap_sq).sum()),
        debiased=Interval(np.asarray((share * (gap_sq - noise / n)).sum()), np.asarray(lower), np.asarray(upper)),
        n=int(n.sum()),
        n_values=int(used.sum()),
        n_left_out=int(cells.n[~used].sum()),
        interval_prob=interval_prob,
    )


def _error_ends(n: Floats, rate: Floats, prob: Floats, interval_prob: float) -> tuple[float, float]:
    """Ends of the mean squared error, by inverting the noncentral χ² of Σ n (ȳ − q)²."""
    drawn_in = (n * rate + DRAWN_IN * prob) / (n + DRAWN_IN)
    variance = drawn_in * (1.0 - drawn_in)
    greatest = float((n * np.maximum(prob, 1.0 - prob) ** 2).sum() / n.sum())
    tail = (1.0 - interval_prob) / 2.0
    if not variance.any():  # nothing but certain forecasts that came true: what so many in a row leave open
        return 0.0, float((1.0 - tail ** (1.0 / n.sum())) ** 2)
    unit = float((variance**2).sum() / variance.sum())
    df = float(variance.sum() / unit)
    seen = float((n * (rate - prob) ** 2).sum() / unit)
    to_error = unit / n.sum()
    below_at_zero = float(chndtr(seen, df, 0.0))
    off = below_at_zero > 1.0 - tail and _share_as_far_off(n, rate, prob) <= tail
    lower = _noncentrality(seen, df, 1.0 - tail) if off else 0.0
    upper = _noncentrality(seen, df, tail * below_at_zero)
    return min(lower * to_error, greatest), min(upper * to_error, greatest)


def _share_as_far_off(n: Floats, rate: Floats, prob: Floats) -> float:
    """Share of calibrated sets that lie at least as far off, among simulated ones and this one.

    Where hardly an event is to be expected the χ² is far from the distribution of the sum: no event in fifty forecasts
    of 1 % is what usually comes.
    """
    rng = np.random.default_rng(0)
    simulated = rng.binomial(n.astype(np.int64), prob, (_SIMULATED, prob.size)) / n
    observed = (n * (rate - prob) ** 2).sum()
    further = ((n * (simulated - prob) ** 2).sum(axis=1) >= observed * (1.0 - 1e-12)).sum()
    return float((1 + further) / (1 + _SIMULATED))


def _noncentrality(seen: float, df: float, level: float) -> float:
    """The noncentrality under which `seen` or less has chance `level`, by bisection."""
    low, high = 0.0, 1.0
    while chndtr(seen, df, high) > level:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if chndtr(seen, df, middle) > level else (low, middle)
    return high


def calibration_distance(y: ArrayLike, prob: ArrayLike, *, weights: ArrayLike | None = None) -> CalibrationDistance:
    """How far would recalibration move a forecast: on average (ICI), for half (E50), for nine in ten (E90) at most?

    ICI = mean of |p − ĉ(p)| over the forecasts, with ĉ the isotonic curve. Austin and Steyerberg smooth by loess; the
    isotonic curve has nothing to tune, but overfits, so that calibrated forecasts have a distance above zero too.

    References
    ----------
    Austin and Steyerberg (2019), The Integrated Calibration Index (ICI) and related metrics, Statistics in
    Medicine 38. https://doi.org/10.1002/sim.8281

    Examples
    --------
    >>> round(calibration_distance([0, 1, 0, 1], [0.2, 0.3, 0.4, 0.9]).mean, 4)      # (.2 + .2 + .1 + .1) / 4
    0.15
    """
    cells = pool_forecasts(y, prob, weights=weights)
    distance = np.abs(cells.prob - fit_isotonic(cells).values)
    median, ninetieth = _weighted_quantiles(distance, cells.weight, np.array([0.5, 0.9]))
    mean = float((cells.weight * distance).sum() / cells.weight.sum())
    return CalibrationDistance(mean, float(median), float(ninetieth), int(cells.n.sum()))


def _weighted_quantiles(values: Floats, weight: Floats, levels: Floats) -> Floats:
    """Smallest value with at least the stated share of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    place = np.searchsorted(share, levels - 1e-12, side="left")
    return values[order][np.minimum(place, values.size - 1)]
