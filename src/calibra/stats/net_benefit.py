"""What is working by a forecast worth? Net benefit and decision curves, for researchers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError
from calibra.stats.arrays import as_numbers
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit at each threshold: by the forecast, of working all, of working none."""

    __repr__ = brief

    threshold: Floats
    """Cost of one worked in vain over the value of one that comes, as a probability, (threshold,)."""
    by_forecast: Floats
    """Work those whose probability is at least the threshold."""
    work_all: Floats
    """Work everybody."""
    avoided_per_100: Floats
    """How many fewer of 100 are worked in vain than if all were, at as many that come."""
    n: int
    """Cases."""
    events: int
    """Events among them."""

    @property
    def table(self) -> pd.DataFrame:
        """The arrays side by side; working none is worth 0."""
        names = ("threshold", "by_forecast", "work_all", "avoided_per_100")
        return make_table({name: getattr(self, name) for name in names} | {"n": np.full(len(self.threshold), self.n)})


def net_benefit(prevalence: ArrayLike, threshold: ArrayLike, *, hits: ArrayLike, alarms: ArrayLike) -> Floats:
    """What is a way of working worth, in events per case?

        NB = TP − FP · p_t / (1 − p_t),        TP = π · hits,    FP = (1 − π) · alarms

    Parameters
    ----------
    prevalence : number or array
        Share of events π among all cases.
    threshold : number or array
        p_t, from 0 to below 1: with cost c of working one and value V of an event, c/V.
    hits, alarms : number or array
        Share of the events, and of the others, that are worked; 1 and 1 is working all.

    References
    ----------
    Vickers, A. J. & Elkin, E. B. (2006). Decision curve analysis: a novel method for evaluating prediction models.
    Medical Decision Making 26, 565–574. doi:10.1177/0272989X06295361

    Examples
    --------
    >>> round(float(net_benefit(0.3, 0.2, hits=1, alarms=1)), 3)
    0.125
    """
    share, cut = as_numbers(prevalence, "prevalence"), _thresholds(threshold)
    hit, alarm = as_numbers(hits, "hits"), as_numbers(alarms, "alarms")
    for name, values in (("prevalence", share), ("hits", hit), ("alarms", alarm)):
        if ((values < 0) | (values > 1)).any():
            raise InputError(f"`{name}` must be shares from 0 to 1; got {values!r}.")
    return np.asarray(share * hit - (1.0 - share) * alarm * cut / (1.0 - cut))


def decision_curve(y: ArrayLike, prob: ArrayLike, thresholds: ArrayLike) -> DecisionCurve:
    """Is it better to work by this forecast, to work all, or none, at each ratio of cost to value?

    Parameters
    ----------
    y : array, shape (case,)
        1 where the event came, else 0.
    prob : array, shape (case,)
        Probabilities.
    thresholds : array
        As in `net_benefit`, above 0.
    """
    came, stated, cut = as_numbers(y, "y"), as_numbers(prob, "prob"), np.atleast_1d(_thresholds(thresholds))
    if came.ndim != 1 or came.shape != stated.shape or not came.size:
        raise InputError(f"`y` and `prob` must be equally long; got {came.shape} and {stated.shape}.")
    if not np.isin(came, (0.0, 1.0)).all() or (cut <= 0).any():
        raise InputError("`y` must hold 0 and 1 alone, `thresholds` numbers above 0 and below 1.")
    worked = stated >= cut[:, None]
    share, n_events = float(came.mean()), int(came.sum())
    hits = (worked & (came == 1)).sum(axis=1) / max(n_events, 1)
    alarms = (worked & (came == 0)).sum(axis=1) / max(came.size - n_events, 1)
    by_forecast = net_benefit(share, cut, hits=hits, alarms=alarms)
    work_all = net_benefit(share, cut, hits=1.0, alarms=1.0)
    avoided = avoided_per_100(by_forecast, work_all, cut)
    return DecisionCurve(cut, by_forecast, work_all, avoided, came.size, n_events)


def avoided_per_100(by_forecast: ArrayLike, work_all: ArrayLike, threshold: ArrayLike) -> Floats:
    """How many fewer of 100 are worked in vain than if all were, at as many events?"""
    cut = _thresholds(threshold)
    return np.asarray(100.0 * (np.asarray(by_forecast) - np.asarray(work_all)) * (1.0 - cut) / cut)


def _thresholds(threshold: ArrayLike) -> Floats:
    cut = as_numbers(threshold, "threshold")
    if ((cut < 0) | (cut >= 1)).any():
        raise InputError(f"`threshold` must be from 0 to below 1; got {threshold!r}.")
    return cut
