"""Step curves of a life table: read at days, at quantiles, as a restricted mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.arrays import as_numbers
from calibra.stats.intervals import Interval
from calibra.stats.survival.counts import Counts, Floats
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

Transform = Literal["log-log", "plain"]
Quantity = Literal["survival", "open", "event", "exit"]

ROUNDING = 1e-12
"""Closer than this to a level is at the level."""


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
        return make_table({name: getattr(self, name) for name in TABLE_COLUMNS})

    @property
    def _rising(self) -> bool:
        return self.quantity in ("event", "exit")

    def _first_days_at(self, ended: Floats, probs: Floats) -> Floats:
        reached = ended >= probs[..., None] - ROUNDING
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


def over(numerator: Floats, denominator: Floats) -> Floats:
    """The ratio, 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


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
    variance = own**2 * over(d * (n - d), n**3) + after**2 * over(any_way, n * (n - any_way))
    variance -= 2 * own * after * over(d, n * n)
    return (area if curve._rising else horizon - area), max(float(variance.sum()), 0.0)
