"""Calibration at a horizon where some are censored before it and some exit: nobody's outcome is guessed.

Leaving out the censored, or counting them as "no event", is biased: who had the event early is always known, who
did not is often not. Here the observed share is the Aalen–Johansen cumulative incidence, and scores are weighted by
the inverse probability of being followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats import binomial
from calibra.stats.arrays import as_numbers, check_same_index, unmasked
from calibra.stats.forecasts.cells import ALL, Floats, as_floats, refuse, refuse_unlabelled
from calibra.stats.forecasts.scores import normal_interval
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.stats.survival.counts import EVENT, EXIT, OPEN, check_codes
from calibra.stats.survival.lifetable import aalen_johansen, kaplan_meier
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class HorizonCalibration:
    """Observed against predicted share of events within a horizon, per group and over all."""

    __repr__ = brief

    within_days: float
    """Horizon: events on that day count."""
    groups: tuple[str, ...]
    """Group labels; the last is "all"."""
    n: NDArray[np.int64]
    """Judgments per group."""
    n_events: NDArray[np.int64]
    """Events seen within the horizon."""
    n_exits: NDArray[np.int64]
    """Exits seen within the horizon."""
    n_censored: NDArray[np.int64]
    """Judgments lost from sight before the horizon, still open."""
    expected: Floats
    """Mean predicted probability of an event within the horizon."""
    observed: Interval
    """Aalen–Johansen share of events with pointwise interval; NaN where nobody of the group is followed so far."""
    ratio: Interval
    """Observed over expected; the interval is that of `observed`."""
    interval_prob: float
    """Level of the intervals."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per group."""
        return make_table(
            {
                "group": np.array(self.groups),
                "n": self.n,
                "n_events": self.n_events,
                "n_exits": self.n_exits,
                "n_censored": self.n_censored,
                "expected": self.expected,
                "observed": self.observed.estimate,
                "lower": self.observed.lower,
                "upper": self.observed.upper,
                "ratio": self.ratio.estimate,
                "ratio_lower": self.ratio.lower,
                "ratio_upper": self.ratio.upper,
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class CensoredBrier:
    """Brier score at a horizon under censoring."""

    __repr__ = brief

    within_days: float
    """Horizon: events on that day count."""
    score: Interval
    """Weighted mean squared error; normal interval, a little too wide (the weights are taken as known)."""
    reference: float
    """The same for the overall share of events as everybody's forecast."""
    n: int
    """Judgments."""
    n_censored: int
    """Judgments lost from sight before the horizon; they enter through the weights of the others."""
    interval_prob: float
    """Level of the interval."""


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    days: Floats
    ending: NDArray[np.int64]
    prob: Floats
    within_days: float

    @property
    def censored(self) -> NDArray[np.bool_]:
        return np.asarray((self.ending == OPEN) & (self.days < self.within_days))

    def ended(self, code: int) -> NDArray[np.bool_]:
        return np.asarray((self.ending == code) & (self.days <= self.within_days))


def calibration_at_horizon(
    days: ArrayLike,
    ending: ArrayLike,
    prob: ArrayLike,
    *,
    within_days: float,
    groups: ArrayLike | None = None,
    n_groups: int = 10,
    interval_prob: float = INTERVAL_PROB,
) -> HorizonCalibration:
    """Did as many become events within the horizon as was predicted, though not all were followed that long?

    Per group the observed share is the Aalen–Johansen cumulative incidence F₁(H), with exits as a competing ending,
    against the mean prediction. Valid where, inside a group, being lost from sight says nothing about what comes.

    Parameters
    ----------
    days : array of float, shape (n,)
        Days followed.
    ending : array of int, shape (n,)
        1 event, 2 exit, 3 still open when last seen.
    prob : array of float in [0, 1], shape (n,)
        Predicted probability of an event within the horizon.
    within_days : float
        Horizon, above 0.
    groups : array of labels, shape (n,), optional
        Such as the rank; default: groups of equal size by prediction, equal predictions kept together.
    n_groups : int
        How many groups by prediction.
    interval_prob : float

    Raises
    ------
    InputError
        Where the arrays cannot be used.
    NotEnoughDataError
        Where nobody at all has been followed to the horizon.

    References
    ----------
    Austin, Harrell, van Klaveren (2020), Graphical calibration curves and the integrated calibration index for
    survival models, Statistics in Medicine 39. https://doi.org/10.1002/sim.8570

    Examples
    --------
    >>> seen = calibration_at_horizon([10, 40, 90, 90], [1, 3, 1, 3], [0.6, 0.6, 0.6, 0.6], within_days=90)
    >>> seen.observed.estimate        # 1/4 on day 10, half of the other 3/4 on day 90
    array([0.625, 0.625])
    """
    check_interval_prob(interval_prob)
    followed = _check(days, ending, prob, within_days)
    labels, codes = _group(followed.prob, groups, n_groups)
    everybody = np.ones(codes.size, dtype=bool)
    members = [codes == code for code in range(len(labels))] + [everybody]
    observed = np.array([_observe(followed, rows, interval_prob) for rows in members])
    if np.isnan(observed[-1, 0]):
        raise NotEnoughDataError(
            f"Nobody has been followed to {within_days:g} days; the longest follow-up is {followed.days.max():g}. "
            "Ask for a shorter horizon, or wait."
        )
    expected = np.array([followed.prob[rows].mean() for rows in members])

    def count(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.array([np.count_nonzero(flags & rows) for rows in members])

    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = observed / expected[:, None]
    return HorizonCalibration(
        within_days=followed.within_days,
        groups=(*labels, ALL),
        n=count(everybody),
        n_events=count(followed.ended(EVENT)),
        n_exits=count(followed.ended(EXIT)),
        n_censored=count(followed.censored),
        expected=expected,
        observed=Interval(*observed.T),
        ratio=Interval(*ratio.T),
        interval_prob=interval_prob,
    )


def censored_brier(
    days: ArrayLike,
    ending: ArrayLike,
    prob: ArrayLike,
    *,
    within_days: float,
    groups: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
) -> CensoredBrier:
    r"""How good are predictions of an event within the horizon, though not all were followed that long?

    .. math:: \frac1n \sum_i \frac{(1\{T_i \le H, \text{event}\} - p_i)^2 \; 1\{\text{known at } H\}}
        {\hat G(\min(T_i, H)-)}

    with Ĝ(t−) the Kaplan–Meier probability of not being lost from sight before t. An exit before the horizon is a
    known "no event". Events and exits come before losses of the same day.

    Parameters
    ----------
    days, ending, prob, within_days
        As in `calibration_at_horizon`.
    groups : array of labels, shape (n,), optional
        Groups with censoring of their own (such as rep or rank); the default takes it to be the same for all.
    interval_prob : float

    Raises
    ------
    InputError, NotEnoughDataError
        As in `calibration_at_horizon`; also where a group has nobody followed to the horizon.

    References
    ----------
    Graf, Schmoor, Sauerbrei, Schumacher (1999), Assessment and comparison of prognostic classification schemes for
    survival data, Statistics in Medicine 18.

    Examples
    --------
    >>> score = censored_brier([10, 95, 90], [1, 1, 3], [0.8, 0.4, 0.1], within_days=90).score
    >>> round(float(score.estimate), 4)              # (.04 + .16 + .01) / 3
    0.07
    """
    check_interval_prob(interval_prob)
    followed = _check(days, ending, prob, within_days)
    labels, codes = _group(followed.prob, groups, 1)
    weight = np.zeros(followed.days.size)
    for code, label in enumerate(labels):
        rows = codes == code
        weight[rows] = _inverse_chance_known(followed, rows, label if groups is not None else "")
    loss = weight * (followed.ended(EVENT) - followed.prob) ** 2
    overall = float((weight * followed.ended(EVENT)).sum() / weight.sum())
    reference = weight * (followed.ended(EVENT) - overall) ** 2
    error = loss.std(ddof=1) / np.sqrt(loss.size) if loss.size > 1 else np.nan
    return CensoredBrier(
        within_days=followed.within_days,
        score=normal_interval(np.asarray(loss.mean()), np.asarray(error), interval_prob=interval_prob),
        reference=float(reference.mean()),
        n=loss.size,
        n_censored=int(followed.censored.sum()),
        interval_prob=interval_prob,
    )


def _check(days: ArrayLike, ending: ArrayLike, prob: ArrayLike, within_days: float) -> _Followed:
    check_same_index(days=days, ending=ending, prob=prob)
    followed, forecast = as_floats(days, "days", days=True), as_floats(prob, "prob")
    codes = check_codes(ending, name="ending", allowed=(EVENT, EXIT, OPEN))
    if not followed.shape == forecast.shape == codes.shape or codes.size == 0:
        raise InputError(
            "`days`, `ending` and `prob` must have one length above 0; got "
            f"{followed.size}, {codes.size} and {forecast.size}."
        )
    horizon = as_numbers(within_days, "within_days", days=True)
    if horizon.shape or not horizon > 0:
        raise InputError(f"`within_days` must be above 0; got {within_days!r}.")
    wrong = ~(np.isfinite(followed) & (followed >= 0))
    refuse("days", followed, wrong, "must be finite and 0 or more", "Drop those rows.")
    refuse("prob", forecast, ~((forecast >= 0) & (forecast <= 1)), "must lie in [0, 1]", "Give probabilities.")
    return _Followed(followed, codes, forecast, float(horizon))


def _group(prob: Floats, groups: ArrayLike | None, n_groups: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if groups is not None:
        labels = unmasked(groups, "groups")
        if labels.shape != prob.shape:
            raise InputError(f"`groups` must be one label per row, {prob.size}; its shape is {labels.shape}.")
        refuse_unlabelled(labels)
        values, codes = np.unique(labels.astype(str), return_inverse=True)
        if ALL in values:
            raise InputError(f"`groups` must not hold the label {ALL!r}: it names the row over all. Rename it.")
        return tuple(str(value) for value in values), codes.astype(np.int64)
    if n_groups < 1:
        raise InputError(f"`n_groups` must be 1 or more; got {n_groups!r}.")
    distinct, place, counts = np.unique(prob, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    bin_of = np.arange(distinct.size) if distinct.size <= n_groups else before * n_groups // prob.size
    used, bin_of = np.unique(bin_of, return_inverse=True)
    ends = [distinct[bin_of == code][[0, -1]] for code in range(used.size)]
    names = (f"{low:.3g}" if low == high else f"{low:.3g}–{high:.3g}" for low, high in ends)
    return tuple(names), bin_of[place].astype(np.int64)


def _observe(followed: _Followed, rows: NDArray[np.bool_], interval_prob: float) -> tuple[float, float, float]:
    """Share of events at the horizon with its ends; exact binomial on those followed where nothing or all happened."""
    curve = aalen_johansen(followed.days[rows], followed.ending[rows], interval_prob=interval_prob).event
    try:
        point = curve.at(followed.within_days)
    except NotEnoughDataError:
        return np.nan, np.nan, np.nan
    estimate, lower, upper = (float(values[0]) for values in (point.estimate, point.lower, point.upper))
    if np.isnan(lower):
        known = np.count_nonzero(rows & ~followed.censored)
        tail = (1.0 - interval_prob) / 2.0
        lower = float(binomial.lower_bound(estimate * known, known, tail=tail))
        upper = float(binomial.upper_bound(estimate * known, known, tail=tail))
    return estimate, lower, upper


def _inverse_chance_known(followed: _Followed, rows: NDArray[np.bool_], label: str) -> Floats:
    """1/Ĝ(min(T, H)−) for those whose state at the horizon is known, 0 for the others."""
    days, horizon = followed.days[rows], followed.within_days
    known = ~followed.censored[rows]
    last_lost = (followed.ending[rows] == OPEN)[days == days.max()].any()
    if not known.any() or (days.max() < horizon and last_lost):
        named = f" in group {label!r}" if label else ""
        raise NotEnoughDataError(
            f"Nobody{named} has been followed to {horizon:g} days; the longest follow-up is {days.max():g}. "
            "Ask for a shorter horizon, or wait."
        )
    # Losses stand half a step after the endings of their day, on a clock that counts the distinct days.
    clock = np.unique(np.append(days, horizon))
    step = np.searchsorted(clock, days).astype(float)
    lost = followed.ending[rows] == OPEN
    last = float(np.searchsorted(clock, horizon))
    curve = kaplan_meier(step + 0.5 * lost, lost.astype(int))
    chance = curve.at(np.minimum(step, last)).estimate
    return np.where(known, 1.0 / np.where(chance > 0, chance, 1.0), 0.0)
