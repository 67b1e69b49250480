"""Signal detection for one table of counts, by maximum likelihood: the plain answer, without pooling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.stats.arrays import as_numbers
from calibra.stats.detection.curve import Floats
from calibra.stats.detection.likelihood import (
    cutpoints_of,
    detection_log_lik,
    detection_log_lik_value,
    params_of_shares,
)
from calibra.tables import brief

_MAX_STEPS, _MAX_HALVINGS = 100, 40
_SOLVED = 1e-10  # expected gain of one more step, in log-likelihood


@dataclass(frozen=True, slots=True, eq=False)
class DetectionFit:
    """Maximum-likelihood estimate of one rep's base rate, discrimination and cutpoints."""

    __repr__ = brief

    base_rate: float
    """Share of events among all judgments."""
    discrimination: float
    """Distance between the mean signals of events and non-events; negative where the ranks are inverted."""
    cutpoints: Floats
    """Lower edges of all ranks but the last, best first, shape (K − 1)."""
    log_lik: float
    """Log-likelihood of rank and outcome, multinomial constants left out."""
    params: Floats
    """Parameters u of `detection_likelihood` at the maximum, shape (K + 1)."""
    covariance: Floats
    """Inverse of the observed information in `params`, shape (K + 1, K + 1)."""


def fit_detection(n: ArrayLike, events: ArrayLike) -> DetectionFit:
    """Which base rate, discrimination and cutpoints explain these counts best?

    Newton's method on `detection_log_lik`. Few counts give wide, skewed uncertainty: this is for one rep with many
    judgments, for checks and for starting values.

    Parameters
    ----------
    n : array of int, shape (K,)
        Mature judgments per rank, best rank first.
    events : array of int, shape (K,)
        Events among them.

    Raises
    ------
    InputError
        Not two lists of one length, negative counts, more events than judgments.
    NotEnoughDataError
        Fewer than two ranks, a rank never used, no events, or only events.
    FitError
        The ranks separate the outcomes, so that no finite discrimination fits best.

    Examples
    --------
    >>> fit = fit_detection([50, 75, 75, 50, 30], [27, 22, 14, 5, 2])
    >>> round(fit.discrimination, 4), fit.cutpoints.round(4).tolist()
    (0.8981, [1.2123, 0.3566, -0.3911, -1.1005])
    """
    judged, arose = _check_counts(n, events)
    u = _start(judged, arose)
    for _ in range(_MAX_STEPS):
        now = detection_log_lik(u, judged, arose)
        step = _ascent(now.gradient, now.hessian, now.concave)
        if abs(float(step @ now.gradient)) < _SOLVED and float(np.abs(step).max()) < np.sqrt(_SOLVED):
            u = u + step
            return DetectionFit(
                base_rate=float(expit(u[0])),
                discrimination=float(u[1]),
                cutpoints=cutpoints_of(u),
                log_lik=float(detection_log_lik_value(u, judged, arose)),
                params=u,
                covariance=np.linalg.inv(-detection_log_lik(u, judged, arose).hessian),
            )
        u = u + _backtrack(u, step, float(now.value), judged, arose) * step
        if abs(u[1]) > 30.0:  # Φ(−15) beside Φ(15): no data can ask for it
            break
    raise FitError(
        f"The discrimination grew without bound (last {u[1]:.3g}): the ranks separate events from non-events. "
        "Use a model with priors, or more judgments."
    )


def _start(n: Floats, events: Floats) -> Floats:
    """Observed base rate and shares; discrimination from normal scores of the ranks."""
    share, base_rate = n / n.sum(), events.sum() / n.sum()
    score = ndtri(np.cumsum(share[::-1])[::-1] - 0.5 * share)
    gap = (events * score).sum() / events.sum() - ((n - events) * score).sum() / (n - events).sum()
    start = params_of_shares(share, base_rate=base_rate, discrimination=gap)
    start[0] = logit(base_rate)
    return start


def _ascent(gradient: Floats, hessian: Floats, concave: Floats) -> Floats:
    """Newton's step, or one with the concave part where the Hessian is not negative definite."""
    usable = np.linalg.eigvalsh(hessian).max() < -1e-12
    return np.asarray(np.linalg.solve(-(hessian if usable else concave - 1e-9 * np.eye(gradient.size)), gradient))


def _backtrack(u: Floats, step: Floats, value: float, n: Floats, events: Floats) -> float:
    size = min(1.0, 2.0 / float(np.abs(step).max()))
    for _ in range(_MAX_HALVINGS):
        if float(detection_log_lik_value(u + size * step, n, events)) >= value:
            break
        size /= 2.0
    return size


def _check_counts(n: ArrayLike, events: ArrayLike) -> tuple[Floats, Floats]:
    judged, arose = as_numbers(n, "n"), as_numbers(events, "events")
    if judged.ndim != 1 or judged.shape != arose.shape:
        raise InputError(f"`n` and `events` must be lists of one length; got shapes {judged.shape} and {arose.shape}.")
    bad = np.flatnonzero(~((arose >= 0.0) & (arose <= judged) & np.isfinite(judged)))
    if bad.size:
        rows = ", ".join(f"rank {row}: {arose[row]:g} of {judged[row]:g}" for row in bad[:3])
        raise InputError(f"`events` must lie between 0 and `n`; found {bad.size} that do not ({rows}).")
    unused = np.flatnonzero(judged == 0.0)
    if judged.size < 2 or unused.size:
        what = f"ranks {unused.tolist()} were never used" if unused.size else "there are fewer than two ranks"
        raise NotEnoughDataError(f"Cutpoints need two ranks or more, each used: {what}. Leave those ranks out.")
    if not 0.0 < arose.sum() < judged.sum():
        raise NotEnoughDataError(f"Both outcomes are needed; got {arose.sum():g} events among {judged.sum():g}.")
    return judged, arose
