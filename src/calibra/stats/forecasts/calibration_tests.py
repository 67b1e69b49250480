"""Is it calibrated? Tests and the linear log-odds line of calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaincc, logit, ndtr, xlog1py, xlogy

from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.stats import binomial
from calibra.stats.forecasts.cells import Floats, ForecastCells, pool_forecasts
from calibra.stats.forecasts.scores import normal_interval
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.tables import brief

MAX_NEWTON_STEPS = 50
SEPARATED = 30.0
"""A fitted log-odds beyond ± 30 is a maximum that runs away to infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class SpiegelhalterTest:
    """Spiegelhalter's Z of calibrated forecasts."""

    __repr__ = brief

    z: float
    """Standard normal if the forecasts are calibrated; positive: the Brier score is worse than it promised to be."""
    p_value: float
    """Two-sided p-value."""
    n: int
    """Forecasts."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationLine:
    """Linear log-odds line: logit P(event) = intercept + slope · logit forecast."""

    __repr__ = brief

    intercept: Interval
    """Log-odds of the event where the forecast is ½; 0 if calibrated. Not whether forecasts are too high or too low."""
    slope: Interval
    """Slope; 1 if calibrated, below 1: forecasts too extreme, above 1: too timid."""
    intercept_at_slope_one: Interval
    """Intercept where the slope is held at 1: above 0 the forecasts are too low on the whole, below 0 too high."""
    statistic: float
    """Likelihood-ratio statistic of intercept 0 and slope 1."""
    p_value: float
    """Its p-value (chi-squared, 2 degrees of freedom)."""
    prob_calibrated: float
    """Approximate posterior probability that the line is the diagonal (BIC, prior one half)."""
    n: int
    """Forecasts."""
    n_clipped: int
    """Forecasts that were moved to the clip."""
    interval_prob: float
    """Level of the intervals (normal approximation)."""

    @property
    def delta(self) -> Interval:
        """The odds of the event where the forecast is ½, e to the power of the intercept; 1 if calibrated.

        With γ, the slope, the recalibrated forecast is δ p^γ / (δ p^γ + (1 − p)^γ).
        """
        return Interval(*(np.exp(end) for end in self.intercept))


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationInTheLarge:
    """Events seen against events forecast, over all forecasts together."""

    __repr__ = brief

    n: int
    """Forecasts."""
    events: int
    """Events seen."""
    expected: float
    """Events forecast: the sum of the probabilities."""
    difference: Interval
    """Share of events less mean forecast."""
    ratio: Interval
    """Events seen over events forecast; infinite where none were forecast."""
    interval_prob: float
    """Level (Clopper–Pearson, conservative where the forecasts differ)."""


def spiegelhalter_test(y: ArrayLike, prob: ArrayLike) -> SpiegelhalterTest:
    r"""Is the Brier score what it should be if the forecasts were calibrated?

    .. math:: Z = \frac{\sum (y_i - p_i)(1 - 2 p_i)}{\sqrt{\sum (1 - 2 p_i)^2 p_i (1 - p_i)}}

    It sees forecasts that are too extreme or too timid, and is blind to misfit that leaves the Brier score alone;
    not defined where every forecast is 0, ½ or 1.

    References
    ----------
    Spiegelhalter (1986), Probabilistic prediction in patient management and clinical trials, Statistics in
    Medicine 5. https://doi.org/10.1002/sim.4780050506

    Examples
    --------
    >>> round(spiegelhalter_test([1, 0, 0, 1], [0.9, 0.2, 0.3, 0.6]).z, 4)
    -1.005
    """
    cells = pool_forecasts(y, prob)
    p, tilt = cells.prob, 1.0 - 2.0 * cells.prob
    variance = float((cells.weight * tilt**2 * p * (1.0 - p)).sum())
    if variance <= 0.0:
        raise NotEnoughDataError(
            "Spiegelhalter's Z needs a forecast other than 0, ½ and 1; all are. Use `calibration_in_the_large`."
        )
    z = float(((cells.event_weight - cells.weight * p) * tilt).sum() / np.sqrt(variance))
    return SpiegelhalterTest(z, float(2.0 * ndtr(-abs(z))), int(cells.n.sum()))


def calibration_line(
    y: ArrayLike, prob: ArrayLike, *, clip: float | None = None, interval_prob: float = INTERVAL_PROB
) -> CalibrationLine:
    r"""On the log-odds scale, are the forecasts too high, too low, too extreme or too timid?

    .. math:: \operatorname{logit} P(y = 1) = a + b \operatorname{logit} p,

    by maximum likelihood; calibrated: a = 0, b = 1. Whether the forecasts are too high or too low on the whole is read
    from `intercept_at_slope_one` (a where b is held at 1; above 0: too low). The intercept a itself is the log-odds of
    the event where ½ was said, and may be 0 for forecasts that are far too low and too extreme. The test compares with
    calibration; the probability of it is 1/(1 + e^{LR/2}/n) from BIC with even prior odds. Only deviations along such a
    line are seen.

    Parameters
    ----------
    y : array of 0/1, shape (n,)
    prob : array of float in [0, 1], shape (n,)
    clip : float, optional
        Forecasts are moved into [clip, 1 − clip]; needed where some are exactly 0 or 1.
    interval_prob : float

    Raises
    ------
    InputError
        Forecasts of 0 or 1 without `clip`.
    NotEnoughDataError
        One distinct forecast, no events, or nothing but events.
    FitError
        The forecasts separate events from non-events, so that no finite line is best.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression, Biometrika 45.
    Guthrie and Franck (2024), Boldness-recalibration for binary event predictions, The American Statistician.

    Examples
    --------
    >>> line = calibration_line([0, 1, 0, 1, 1, 0], [0.1, 0.4, 0.5, 0.6, 0.9, 0.8])
    >>> round(float(line.slope.estimate), 3)
    0.582
    """
    check_interval_prob(interval_prob)
    cells, n_clipped = _clip(pool_forecasts(y, prob), clip)
    n, events = cells.weight.sum(), cells.event_weight.sum()
    if cells.prob.size < 2 or events == 0 or events == n:
        raise NotEnoughDataError(
            f"A line needs two distinct forecasts, an event and a non-event; got {cells.prob.size} distinct forecasts "
            f"and {events:.0f} events in {n:.0f}. Use `calibration_in_the_large`."
        )
    said = logit(cells.prob)
    line, line_cov, best = _fit_logistic(cells, np.column_stack([np.ones_like(said), said]), np.zeros_like(said))
    shift, shift_cov, _ = _fit_logistic(cells, np.ones((said.size, 1)), said)
    statistic = max(2.0 * (best - _log_lik(cells, said)), 0.0)
    error = np.sqrt(np.diag(line_cov))
    return CalibrationLine(
        intercept=normal_interval(line[0], error[0], interval_prob=interval_prob),
        slope=normal_interval(line[1], error[1], interval_prob=interval_prob),
        intercept_at_slope_one=normal_interval(shift[0], np.sqrt(shift_cov[0, 0]), interval_prob=interval_prob),
        statistic=statistic,
        p_value=float(gammaincc(1.0, statistic / 2.0)),
        prob_calibrated=float(expit(np.log(n) - statistic / 2.0)),
        n=int(cells.n.sum()),
        n_clipped=n_clipped,
        interval_prob=interval_prob,
    )


def calibration_in_the_large(
    y: ArrayLike, prob: ArrayLike, *, interval_prob: float = INTERVAL_PROB
) -> CalibrationInTheLarge:
    """Over all forecasts together, did as many events come as were forecast?

    The share of events with its Clopper–Pearson interval, less the mean forecast and over it. Right on average can
    still be wrong at every forecast.

    Examples
    --------
    >>> large = calibration_in_the_large([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5])
    >>> large.events, large.expected
    (1, 2.0)
    """
    check_interval_prob(interval_prob)
    cells = pool_forecasts(y, prob)
    n, events, expected = int(cells.n.sum()), int(cells.event_weight.sum()), float((cells.weight * cells.prob).sum())
    tail = (1.0 - interval_prob) / 2.0
    lower, upper = binomial.lower_bound(events, n, tail=tail), binomial.upper_bound(events, n, tail=tail)
    share = np.array([events / n, lower, upper])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = share / (expected / n)
    return CalibrationInTheLarge(
        n, events, expected, Interval(*np.split(share - expected / n, 3)), Interval(*np.split(ratio, 3)), interval_prob
    )


def _clip(cells: ForecastCells, clip: float | None) -> tuple[ForecastCells, int]:
    if clip is None:
        certain = (cells.prob == 0) | (cells.prob == 1)
        if certain.any():
            raise InputError(
                f"`prob` must lie strictly between 0 and 1 for log-odds; {cells.n[certain].sum()} forecasts are "
                "exactly 0 or 1. Say how near they may come, as in clip=0.01."
            )
        return cells, 0
    if not 0.0 < clip < 0.5:
        raise InputError(f"`clip` must lie strictly between 0 and 0.5; got {clip!r}.")
    moved = np.clip(cells.prob, clip, 1.0 - clip)
    distinct, place = np.unique(moved, return_inverse=True)
    sums = [np.bincount(place, values) for values in (cells.n, cells.weight, cells.event_weight)]
    pooled = ForecastCells(distinct, sums[0].astype(np.int64), sums[1], sums[2], sums[1], sums[2])
    return pooled, int(cells.n[moved != cells.prob].sum())


def _log_lik(cells: ForecastCells, linpred: Floats) -> float:
    chance = expit(linpred)
    none = cells.weight - cells.event_weight
    return float((xlogy(cells.event_weight, chance) + xlog1py(none, -chance)).sum())


def _fit_logistic(cells: ForecastCells, design: Floats, offset: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients, covariance and log-likelihood by Newton with halved steps; the likelihood is concave."""
    coef = np.zeros(design.shape[1])
    if coef.size > 1:
        coef[1] = 1.0
    value = _log_lik(cells, offset + design @ coef)
    for _ in range(MAX_NEWTON_STEPS):
        chance = expit(offset + design @ coef)
        gradient = design.T @ (cells.event_weight - cells.weight * chance)
        information = (design * (cells.weight * chance * (1.0 - chance))[:, None]).T @ design
        if (
            np.linalg.cond(information) > 1e14
            or np.abs(offset + design @ coef).max() > SEPARATED + np.abs(offset).max()
        ):
            break
        step = np.linalg.solve(information, gradient)
        scale = 1.0
        while (proposal := _log_lik(cells, offset + design @ (coef + scale * step))) < value - 1e-12 * abs(value):
            scale /= 2.0
        coef, value = coef + scale * step, max(proposal, value)
        if gradient @ step < 1e-12 * max(1.0, abs(value)):
            return coef, np.linalg.inv(information), value
    raise FitError(
        "No finite calibration line is best: the forecasts separate the events from the rest. "
        "Look at `reliability_curve`, or wait for more outcomes."
    )
