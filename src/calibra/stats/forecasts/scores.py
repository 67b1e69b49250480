"""Proper scores of probability forecasts: small is good, for every rule here."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from calibra.errors import CalibraWarning, InputError
from calibra.stats.arrays import as_numbers
from calibra.stats.forecasts.cells import (
    ALL,
    Floats,
    ForecastCells,
    check_choice,
    check_forecasts,
)
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

SUM_TOLERANCE = 1e-6
"""How far the probabilities of one forecast of ordered categories may be from one in sum."""


def brier(chance: Floats) -> Floats:
    """(1 − q)², q the probability given to what happened. Brier (1950), Monthly Weather Review 78."""
    return (1.0 - chance) ** 2


def log_score(chance: Floats) -> Floats:
    """−log q; infinite where what happened was called impossible. Good (1952), JRSS B 14."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(chance))


def spherical(chance: Floats) -> Floats:
    """1 − q/√(q² + (1 − q)²): the spherical score turned so that 0 is best. Gneiting and Raftery (2007), JASA 102."""
    return np.asarray(1.0 - chance / np.hypot(chance, 1.0 - chance))


RULES: dict[str, Callable[[Floats], Floats]] = {"brier": brier, "log": log_score, "spherical": spherical}


@dataclass(frozen=True, slots=True, eq=False)
class ForecastScores:
    """Mean score per group; small is good."""

    __repr__ = brief

    rule: str
    """Scoring rule."""
    groups: tuple[str, ...]
    """Group labels; ("all",) without groups."""
    n: NDArray[np.int64]
    """Forecasts per group."""
    score: Interval
    """Mean score with a normal interval for independent forecasts; infinite where a forecast of 0 or 1 failed."""
    n_infinite: NDArray[np.int64]
    """Forecasts per group with an infinite score (log only)."""
    interval_prob: float
    """Level of the interval."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per group."""
        return make_table(
            {
                "group": np.array(self.groups),
                "n": self.n,
                "score": self.score.estimate,
                "lower": self.score.lower,
                "upper": self.score.upper,
                "n_infinite": self.n_infinite,
            }
        )


def score_forecasts(
    y: ArrayLike,
    prob: ArrayLike,
    *,
    rule: str = "brier",
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
) -> ForecastScores:
    """How good are the forecasts in all, calibration and discrimination together?

    The mean over forecasts of the rule's loss. Scores of different outcomes are not comparable: a rare event is
    easily forecast with a small score. The interval is normal, for independent forecasts, and cut to the range of the
    rule: no score is below 0.

    Parameters
    ----------
    y : array of 0/1, shape (n,)
    prob : array of float in [0, 1], shape (n,)
    rule : {"brier", "log", "spherical"}
    weights : array of float, shape (n,), optional
    groups : array of labels, shape (n,), optional
    interval_prob : float

    Returns
    -------
    ForecastScores

    Raises
    ------
    InputError
        Where the arrays or the rule cannot be used.

    Warns
    -----
    CalibraWarning
        Where a forecast of exactly 0 or 1 failed, so that the log score is infinite.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102.
    https://doi.org/10.1198/016214506000001437

    Examples
    --------
    >>> float(score_forecasts([1, 0], [0.8, 0.4]).score.estimate[0])
    0.1
    """
    check_choice("rule", rule, tuple(RULES))
    check_interval_prob(interval_prob)
    checked = check_forecasts(y, prob, weights=weights, groups=groups)
    cells = checked.cells()
    parts = [mean_and_error(one, RULES[rule]) for one in cells]
    impossible = np.array([count_impossible(one) if rule == "log" else 0 for one in cells])
    warn_if_infinite(impossible)
    score = score_interval(*np.array(parts).T, rule=rule, interval_prob=interval_prob)
    return ForecastScores(rule, checked.groups, np.array([c.n.sum() for c in cells]), score, impossible, interval_prob)


def ranked_probability_score(
    category: ArrayLike, prob: ArrayLike, *, interval_prob: float = INTERVAL_PROB
) -> ForecastScores:
    r"""How good are forecasts of an ordered outcome, such as "within 30, 90, 180 days, later"?

    .. math:: \mathrm{RPS} = \sum_{k=1}^{K-1} (F_k - 1\{y \le k\})^2

    with F the cumulated probabilities; not divided by K − 1. For two categories it is the Brier score.

    Parameters
    ----------
    category : array of int, shape (n,)
        Position of the outcome, from 0 to K − 1.
    prob : array of float, shape (n, K)
        Probabilities of the categories in order; each row sums to one.

    References
    ----------
    Epstein (1969), A scoring system for probability forecasts of ranked categories, J. Applied Meteorology 8.

    Examples
    --------
    >>> float(ranked_probability_score([0], [[0.5, 0.3, 0.2]]).score.estimate[0])   # 0.5² + 0.2²
    0.29
    """
    check_interval_prob(interval_prob)
    chance, place = as_numbers(prob, "prob"), as_numbers(category, "category")
    if chance.ndim != 2 or place.shape != chance.shape[:1] or place.size == 0:
        raise InputError(
            f"`prob` must be one row per outcome and one column per category; got shapes {chance.shape} "
            f"for {place.shape} outcomes."
        )
    bad = ~((chance >= 0).all(axis=1) & (np.abs(chance.sum(axis=1) - 1.0) <= SUM_TOLERANCE))
    if bad.any():
        raise InputError(
            f"Each row of `prob` must hold probabilities that sum to 1; {bad.sum()} rows do not "
            f"(first: row {bad.argmax()}, sum {chance[bad.argmax()].sum():g}). Divide each row by its sum."
        )
    known = np.isin(place, np.arange(chance.shape[1]))
    if not known.all():
        raise InputError(
            f"`category` must be a position from 0 to {chance.shape[1] - 1}; {(~known).sum()} values are not "
            f"(first: row {(~known).argmax()}, {place[(~known).argmax()]:g}). Count from 0, as the columns do."
        )
    reached = np.arange(chance.shape[1] - 1) >= place[:, None]
    loss = ((np.cumsum(chance, axis=1)[:, :-1] - reached) ** 2).sum(axis=1)
    error = loss.std(ddof=1) / np.sqrt(loss.size) if loss.size > 1 else np.nan
    most = float(chance.shape[1] - 1)
    plain = normal_interval(np.array([loss.mean()]), np.array([error]), interval_prob=interval_prob)
    score = Interval(plain.estimate, np.maximum(plain.lower, 0.0), np.minimum(plain.upper, most))
    none = np.zeros(1, dtype=np.int64)
    return ForecastScores("ranked probability", (ALL,), np.array([loss.size]), score, none, interval_prob)


def mean_score(cells: ForecastCells, prob: Floats, rule: Callable[[Floats], Floats]) -> float:
    """Weighted mean loss of the forecasts `prob`, one per cell. What never happened costs nothing, not 0 · ∞."""
    none_weight = cells.weight - cells.event_weight
    total = _times(cells.event_weight, rule(prob)).sum() + _times(none_weight, rule(1.0 - prob)).sum()
    return float(total / cells.weight.sum())


def count_impossible(cells: ForecastCells) -> int:
    """Forecasts of exactly 0 that came true and of exactly 1 that failed."""
    came_true = (cells.prob == 0) & (cells.event_weight > 0)
    failed = (cells.prob == 1) & (cells.event_weight < cells.weight)
    share = np.where(came_true, cells.event_weight, cells.weight - cells.event_weight) / cells.weight
    wrong = came_true | failed
    return int(np.ceil((share * cells.n)[wrong].round(6)).sum())


def warn_if_infinite(n_infinite: NDArray[np.int64]) -> None:
    """Say that a log score is infinite, and why."""
    if n_infinite.sum():
        warnings.warn(
            f"The log score is infinite: {n_infinite.sum()} forecasts of exactly 0 or 1 did not come true. "
            "Use rule='brier', or say how far from 0 and 1 a forecast may go and clip it yourself.",
            CalibraWarning,
            stacklevel=3,
        )


def normal_interval(estimate: Floats, error: Floats, *, interval_prob: float) -> Interval:
    """Estimate ± z · standard error."""
    half = float(ndtri(0.5 + interval_prob / 2.0)) * error
    return Interval(estimate, estimate - half, estimate + half)


def score_interval(estimate: Floats, error: Floats, *, rule: str, interval_prob: float) -> Interval:
    """The normal interval, cut to the range of the rule: at 0, and but for the logarithmic one at 1."""
    interval = normal_interval(estimate, error, interval_prob=interval_prob)
    most = np.inf if rule == "log" else 1.0
    return Interval(estimate, np.maximum(interval.lower, 0.0), np.minimum(interval.upper, most))


def _times(weight: Floats, loss: Floats) -> Floats:
    return np.multiply(weight, loss, out=np.zeros_like(loss), where=weight > 0)


def mean_and_error(cells: ForecastCells, rule: Callable[[Floats], Floats]) -> tuple[float, float]:
    """Weighted mean loss and its standard error √(Σ w²(s − S)²)/Σw, with the n/(n − 1) of a plain mean."""
    mean = mean_score(cells, cells.prob, rule)
    n = int(cells.n.sum())
    if not np.isfinite(mean):
        return mean, 0.0
    if n < 2:
        return mean, np.nan
    none_sq = np.maximum(cells.weight_sq - cells.event_weight_sq, 0.0)
    spread = _times(cells.event_weight_sq, (rule(cells.prob) - mean) ** 2)
    spread_none = _times(none_sq, (rule(1.0 - cells.prob) - mean) ** 2)
    variance = (spread + spread_none).sum() / cells.weight.sum() ** 2
    return mean, float(np.sqrt(variance * n / (n - 1)))
