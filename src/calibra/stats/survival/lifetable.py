"""Life tables: how many are still open after so many days, and how many have ended, and how.

A row is one judgment, or a count of equal ones: the days followed, how it ended, and where needed the day from
which it was under observation. Nothing is said past the last day followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from calibra.errors import InputError
from calibra.stats.arrays import check_same_index
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.stats.survival.counts import (
    EVENT,
    EXIT,
    OPEN,
    Counts,
    Floats,
    LifeCounts,
    check_codes,
    check_rows,
    count_at_risk,
)
from calibra.stats.survival.curve import ROUNDING, LifeCurve, Quantity, Transform, over
from calibra.tables import brief

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeIncidence:
    """What became of the judgments over time, competing exits respected: the three shares sum to one on each day."""

    __repr__ = brief

    event: LifeCurve
    """Share that became events."""
    exit: LifeCurve
    """Share that exited."""
    open: LifeCurve
    """Share not ended yet."""

    @property
    def curves(self) -> Mapping[str, LifeCurve]:
        """The three curves by name."""
        return MappingProxyType({"event": self.event, "exit": self.exit, "open": self.open})


def kaplan_meier(
    days: ArrayLike,
    event: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    entry_days: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
    transform: Transform = "log-log",
) -> LifeCurve:
    """What share is still without the event after so many days?

    S(t) = Π over t_i ≤ t of (1 − d_i/n_i), with Greenwood's standard error S √Σ d_i/(n_i(n_i − d_i)).
    Not valid as "1 − S = share of events" where exits compete: it then overstates. Use `aalen_johansen`.

    Parameters
    ----------
    days : array of float, shape (n,)
        Days followed; 0 is the day of the judgment.
    event : array of bool or 0/1, shape (n,)
        1: the event was seen on that day; 0: last seen without it.
    weights : array of int, shape (n,), optional
        How many judgments each row stands for. Default 1.
    entry_days : array of float, shape (n,), optional
        Day from which the judgment was under observation (left truncation): it is at risk on days after that one;
        0 means from the start, day 0 included.
    interval_prob : float
        Level of the pointwise intervals.
    transform : {"log-log", "plain"}
        Scale on which the intervals are symmetric.

    Raises
    ------
    InputError
        Unequal lengths, negative days, other codes, weights that are no counts, days before the entry.
    NotEnoughDataError
        Late entries leave a gap in which nobody is under observation.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.
    Greenwood, M. (1926). The natural duration of cancer. Reports on Public Health and Medical Subjects 33.

    Examples
    --------
    >>> kaplan_meier([5, 8, 8, 12], [1, 1, 0, 0]).at([5, 10]).estimate.tolist()
    [0.75, 0.5]
    """
    check_same_index(days=days, event=event, weights=weights, entry_days=entry_days)
    codes = np.where(check_codes(event, name="event", allowed=(0, 1)) == 1, EVENT, OPEN)
    counts = count_at_risk(*check_rows(days, codes, weights, entry_days, name="event"))
    return _falling_curve("survival", counts, *_check_interval(interval_prob, transform))


def aalen_johansen(
    days: ArrayLike,
    ending: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    entry_days: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
    transform: Transform = "log-log",
) -> CumulativeIncidence:
    """What share has become an event, and what share an exit, by each day?

    F_c(t) = Σ over t_i ≤ t of S(t_i−) d_ci/n_i, with S the share not ended in any way. The standard error is the
    delta method's on multinomial daily hazards.

    Parameters
    ----------
    days : array of float, shape (n,)
        Days followed; 0 is the day of the judgment.
    ending : array of int, shape (n,)
        1 event, 2 exit, 3 still open when last seen.
    weights, entry_days, interval_prob, transform
        As in `kaplan_meier`.

    Raises
    ------
    InputError, NotEnoughDataError
        As in `kaplan_meier`.

    References
    ----------
    Aalen, O. O. and Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
    censored observations. Scandinavian Journal of Statistics 5.
    Dinse, G. E. and Larson, M. G. (1986). A note on semi-Markov models for partially censored data. Biometrika 73.

    Examples
    --------
    >>> shares = aalen_johansen([5, 8, 8, 12], [1, 2, 3, 1])
    >>> [float(curve.at(10).estimate[0]) for curve in shares.curves.values()]
    [0.25, 0.25, 0.5]
    """
    check_same_index(days=days, ending=ending, weights=weights, entry_days=entry_days)
    codes = check_codes(ending, name="ending", allowed=(EVENT, EXIT, OPEN))
    counts = count_at_risk(*check_rows(days, codes, weights, entry_days, name="ending"))
    level = _check_interval(interval_prob, transform)
    return CumulativeIncidence(
        event=_rising_curve("event", counts, *level),
        exit=_rising_curve("exit", counts, *level),
        open=_falling_curve("open", counts, *level),
    )


def _hazard_parts(ended: Counts, counts: LifeCounts) -> tuple[Floats, Floats]:
    """Share not ended after and just before each day, for the given endings."""
    at_risk = np.maximum(counts.n_at_risk, 1).astype(float)
    after = np.cumprod(1.0 - ended / at_risk)
    return after, np.concatenate([[1.0], after[:-1]])


def _falling_curve(quantity: Quantity, counts: LifeCounts, interval_prob: float, transform: Transform) -> LifeCurve:
    ended = counts.n_events + counts.n_exits
    after, before = _hazard_parts(ended, counts)
    n = counts.n_at_risk.astype(float)
    greenwood = np.cumsum(over(ended.astype(float), n * (n - ended)))
    standard_error = np.where(after > 0, after * np.sqrt(greenwood), np.nan)
    return _make_curve(quantity, counts, after, standard_error, ended, before, interval_prob, transform)


def _rising_curve(
    quantity: Literal["event", "exit"], counts: LifeCounts, interval_prob: float, transform: Transform
) -> LifeCurve:
    ended = counts.n_events if quantity == "event" else counts.n_exits
    all_ended = counts.n_events + counts.n_exits
    _, before = _hazard_parts(all_ended, counts)
    n, d = counts.n_at_risk.astype(float), ended.astype(float)
    share = np.minimum(np.cumsum(before * over(d, n)), 1.0)
    # var F(t) = Σ (F(t) − F_i)² D/(n(n − D)) + S₋² d(n − d)/n³ − 2 (F(t) − F_i) S₋ d/n², squares multiplied out
    any_way, own, cross = over(all_ended.astype(float), n * (n - all_ended)), d * (n - d), before * over(d, n * n)
    variance = share**2 * np.cumsum(any_way) - 2 * share * np.cumsum(share * any_way) + np.cumsum(share**2 * any_way)
    variance += np.cumsum(before**2 * over(own, n**3)) - 2 * share * np.cumsum(cross) + 2 * np.cumsum(share * cross)
    standard_error = np.sqrt(np.maximum(variance, 0.0))
    return _make_curve(quantity, counts, share, standard_error, ended, before, interval_prob, transform)


def _make_curve(
    quantity: Quantity,
    counts: LifeCounts,
    estimate: Floats,
    standard_error: Floats,
    ended: Counts,
    before: Floats,
    interval_prob: float,
    transform: Transform,
) -> LifeCurve:
    lower, upper = _limits(estimate, standard_error, interval_prob, transform)
    return LifeCurve(
        quantity=quantity,
        days=counts.days,
        estimate=estimate,
        standard_error=standard_error,
        lower=lower,
        upper=upper,
        n_at_risk=counts.n_at_risk,
        n_ended=ended,
        n_other=counts.n_events + counts.n_exits - ended,
        n_open=counts.n_open,
        open_before=before,
        n=counts.n,
        first_day=counts.first_day,
        interval_prob=interval_prob,
        transform=transform,
    )


def _limits(estimate: Floats, standard_error: Floats, prob: float, transform: Transform) -> tuple[Floats, Floats]:
    """Pointwise limits; log-log: p^exp(± z se/(p log p)), NaN at 0 and 1."""
    z = float(ndtri(0.5 + prob / 2.0))
    inside = (estimate > ROUNDING) & (estimate < 1 - ROUNDING) & np.isfinite(standard_error)
    p, se = np.where(inside, estimate, 0.5), np.where(inside, standard_error, np.nan)
    if transform == "plain":
        return np.clip(p - z * se, 0.0, 1.0), np.clip(p + z * se, 0.0, 1.0)
    width = z * se / (p * -np.log(p))
    return p ** np.exp(width), p ** np.exp(-width)


def _check_interval(interval_prob: float, transform: Transform) -> tuple[float, Transform]:
    check_interval_prob(interval_prob)
    if transform not in ("log-log", "plain"):
        raise InputError(f"`transform` must be 'log-log' or 'plain'; got {transform!r}.")
    return interval_prob, transform
