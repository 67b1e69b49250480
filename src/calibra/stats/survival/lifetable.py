"""Life tables: how many are still open after so many days, and how many have ended, and how.

A row is one judgment, or a count of equal ones: the days followed, how it ended, and where needed the day from
which it was under observation. Nothing is said past the last day followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.arrays import as_numbers
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
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
from calibra.tables import brief

if TYPE_CHECKING:
    import pandas as pd

Transform = Literal["log-log", "plain"]
Quantity = Literal["survival", "open", "event", "exit"]

_ROUNDING = 1e-12  # closer than this to a level is at the level


class CurvePoints(NamedTuple):
    """A curve read at chosen days; arrays of one length."""

    days: Floats
    """Days since the judgment."""
    estimate: Floats
    """Share still open (survival, open) or ended this way (event, exit) by that day, that day included."""
    lower: Floats
    """Lower end of the pointwise interval; NaN where the estimate is 0 or 1 and the method gives none."""
    upper: Floats
    """Upper end of the pointwise interval."""
    n_at_risk: Counts
    """Judgments under observation just before that day."""


@dataclass(frozen=True, slots=True, eq=False)
class LifeCurve:
    """One step curve of a life table with pointwise intervals, one entry per day on which anything changed."""

    __repr__ = brief

    quantity: Quantity
    """`survival` or `open` (share not ended, falling), `event` or `exit` (share ended this way, rising)."""
    days: Floats
    """Days at which judgments ended or entered, increasing; the curve steps only at these."""
    estimate: Floats
    """Share at the end of each day."""
    standard_error: Floats
    """Standard error of the estimate; NaN where a falling curve has reached 0."""
    lower: Floats
    """Lower end of the pointwise interval; NaN where the method gives none."""
    upper: Floats
    """Upper end of the pointwise interval."""
    n_at_risk: Counts
    """Judgments under observation just before each day."""
    n_ended: Counts
    """Judgments that ended on each day in the way the curve counts."""
    n_other: Counts
    """Judgments that ended on each day by the competing ending (0 for `survival` and `open`)."""
    n_open: Counts
    """Judgments last seen open on each day."""
    open_before: Floats
    """Share not ended in any way just before each day."""
    n: int
    """Judgments that entered the table."""
    first_day: float
    """First day under observation: the curve speaks of judgments that were still open then (0 without late entry)."""
    interval_prob: float
    """Level of the intervals."""
    transform: Transform
    """Scale on which the interval is symmetric: `log-log` or `plain`."""

    @property
    def last_day(self) -> float:
        """Last day followed: nothing is said past it, unless nobody was left open."""
        return float(self.days[-1])

    def at(self, days: ArrayLike) -> CurvePoints:
        """What share by these days? Raises `NotEnoughDataError` past the last day followed."""
        wanted = np.atleast_1d(as_numbers(days, "days", days=True))
        self._refuse_beyond(wanted, name="days")
        step = np.searchsorted(self.days, wanted, side="right") - 1

        def read(curve: Floats, before: float) -> Floats:
            return np.where(step < 0, before, curve[np.maximum(step, 0)])

        n_at_risk = np.append(self.n_at_risk, 0)[np.searchsorted(self.days, wanted, side="left")]
        start = 0.0 if self._rising else 1.0
        return CurvePoints(
            wanted, read(self.estimate, start), read(self.lower, np.nan), read(self.upper, np.nan), n_at_risk
        )

    def quantile(self, prob: ArrayLike = 0.5) -> Interval:
        """By which day has this share ended (for `event`: become events)? Interval by inverting the pointwise one.

        The estimate is the first day at which the curve reaches `prob`; NaN where it does not reach it, or the
        interval's end is not reached, within the days followed. Of several shares each part of the interval is an
        array of their shape.

        References
        ----------
        Brookmeyer, R. and Crowley, J. (1982). A confidence interval for the median survival time. Biometrics 38.
        """
        wanted = as_numbers(prob, "prob")
        outside = ~((wanted > 0.0) & (wanted < 1.0))
        if outside.any():
            shown = ", ".join(f"{value:g}" for value in wanted[outside][:3])
            raise InputError(f"`prob` must lie strictly between 0 and 1; got {shown}.")
        ended = [1.0 - curve for curve in (self.estimate, self.upper, self.lower)]
        if self._rising:
            ended = [self.estimate, self.lower, self.upper]
        estimate, latest, earliest = (self._first_days_at(curve, wanted) for curve in ended)
        return Interval(estimate, earliest, latest)

    def restricted_mean(self, *, within_days: float) -> Interval:
        """How many of the first `within_days` days are spent open (falling curves) or lost to this ending (rising)?

        The area under the curve up to `within_days`, with a normal interval whose variance is the delta method's on
        the multinomial daily hazards. With F the share ended, τ the horizon, S₋ the share open before day i,
        g_i = ∫ (F(t) − F(t_i)) dt over (t_i, τ], n at risk, d ended this way, D ended in any way:
        var = Σ S₋²(τ − t_i)² d(n − d)/n³ + g_i² D/(n(n − D)) − 2 S₋(τ − t_i) g_i d/n².
        """
        horizon = as_numbers([within_days], "within_days", days=True)
        self._refuse_beyond(horizon, name="within_days")
        estimate, variance = _area_under(self, float(horizon[0]))
        half = float(ndtri(0.5 + self.interval_prob / 2.0)) * float(np.sqrt(variance))
        lower, upper = max(estimate - half, 0.0), min(estimate + half, float(horizon[0]))
        return Interval(np.asarray(estimate), np.asarray(lower), np.asarray(upper))

    @property
    def table(self) -> pd.DataFrame:
        """The curve as a frame, one row per day."""
        from calibra.tables import make_table

        return make_table({name: getattr(self, name) for name in TABLE_COLUMNS})

    @property
    def _rising(self) -> bool:
        return self.quantity in ("event", "exit")

    def _first_days_at(self, ended: Floats, probs: Floats) -> Floats:
        reached = ended >= probs[..., None] - _ROUNDING
        return np.asarray(np.where(reached.any(axis=-1), self.days[reached.argmax(axis=-1)], np.nan))

    def _refuse_beyond(self, days: Floats, *, name: str) -> None:
        if not (days >= 0.0).all():  # also refuses NaN
            raise InputError(f"`{name}` must be 0 or more; got {days[~(days >= 0.0)][:3].tolist()}.")
        all_ended = self.n_ended[-1] + self.n_other[-1] == self.n_at_risk[-1]  # nobody is left of whom to know more
        beyond = days[days > self.last_day]
        if beyond.size and not all_ended:
            raise NotEnoughDataError(
                f"`{name}` must be within the follow-up of {self.last_day:g} days; got {beyond[:3].tolist()}. "
                "Nothing is known past the last day followed: ask for an earlier day, or wait."
            )


TABLE_COLUMNS = (
    "days",
    "estimate",
    "standard_error",
    "lower",
    "upper",
    "n_at_risk",
    "n_ended",
    "n_other",
    "n_open",
)
"""Columns of `LifeCurve.table`."""


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


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """The ratio, 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _falling_curve(quantity: Quantity, counts: LifeCounts, interval_prob: float, transform: Transform) -> LifeCurve:
    ended = counts.n_events + counts.n_exits
    after, before = _hazard_parts(ended, counts)
    n = counts.n_at_risk.astype(float)
    greenwood = np.cumsum(_over(ended.astype(float), n * (n - ended)))
    standard_error = np.where(after > 0, after * np.sqrt(greenwood), np.nan)
    return _make_curve(quantity, counts, after, standard_error, ended, before, interval_prob, transform)


def _rising_curve(
    quantity: Literal["event", "exit"], counts: LifeCounts, interval_prob: float, transform: Transform
) -> LifeCurve:
    ended = counts.n_events if quantity == "event" else counts.n_exits
    all_ended = counts.n_events + counts.n_exits
    _, before = _hazard_parts(all_ended, counts)
    n, d = counts.n_at_risk.astype(float), ended.astype(float)
    share = np.minimum(np.cumsum(before * _over(d, n)), 1.0)
    # var F(t) = Σ (F(t) − F_i)² D/(n(n − D)) + S₋² d(n − d)/n³ − 2 (F(t) − F_i) S₋ d/n², squares multiplied out
    any_way, own, cross = _over(all_ended.astype(float), n * (n - all_ended)), d * (n - d), before * _over(d, n * n)
    variance = share**2 * np.cumsum(any_way) - 2 * share * np.cumsum(share * any_way) + np.cumsum(share**2 * any_way)
    variance += np.cumsum(before**2 * _over(own, n**3)) - 2 * share * np.cumsum(cross) + 2 * np.cumsum(share * cross)
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
    inside = (estimate > _ROUNDING) & (estimate < 1 - _ROUNDING) & np.isfinite(standard_error)
    p, se = np.where(inside, estimate, 0.5), np.where(inside, standard_error, np.nan)
    if transform == "plain":
        return np.clip(p - z * se, 0.0, 1.0), np.clip(p + z * se, 0.0, 1.0)
    width = z * se / (p * -np.log(p))
    return p ** np.exp(width), p ** np.exp(-width)


def _area_under(curve: LifeCurve, horizon: float) -> tuple[float, float]:
    """Area under the curve up to the horizon, and its variance."""
    share = curve.estimate if curve._rising else 1.0 - curve.estimate
    used = curve.days <= horizon
    days, share = curve.days[used], share[used]
    n, d, other = (counts[used].astype(float) for counts in (curve.n_at_risk, curve.n_ended, curve.n_other))
    ends = np.append(days[1:], horizon)
    pieces = share * (ends - days)
    area = float(pieces.sum())
    to_go = horizon - days
    after = area - (np.cumsum(pieces) - pieces) - share * to_go  # ∫ (F(t) − F_i) dt over (t_i, τ]
    own, any_way = curve.open_before[used] * to_go, d + other
    variance = own**2 * _over(d * (n - d), n**3) + after**2 * _over(any_way, n * (n - any_way))
    variance -= 2 * own * after * _over(d, n * n)
    return (area if curve._rising else horizon - area), max(float(variance.sum()), 0.0)


def _check_interval(interval_prob: float, transform: Transform) -> tuple[float, Transform]:
    check_interval_prob(interval_prob)
    if transform not in ("log-log", "plain"):
        raise InputError(f"`transform` must be 'log-log' or 'plain'; got {transform!r}.")
    return interval_prob, transform
