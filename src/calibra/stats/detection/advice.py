"""Where cuts should lie: promises, payoff, capacity, and what a moved cut brings. On arrays, draw by draw.

The model, the order of ranks (best first) and the shapes are those of `calibra.stats.detection.curve`. Where d ≤ 0
the ranks carry no information to cut on: a target above the base rate advises share 0 (cutpoint +inf), any other
share 1. Nothing is divided by d and averaged: summarise shares over draws, never cutpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr

from calibra.errors import InputError
from calibra.stats.detection.curve import (
    Floats,
    average_above,
    check_pool,
    check_probability,
    cutpoint_at_bar,
    cutpoint_at_share,
    log_normal_between,
    log_normal_density,
    share_above,
)
from calibra.stats.roots import solve_increasing

PromiseKind = Literal["average", "bar"]

_FAR = 38.0  # Φ(−38) is below the smallest double: beyond it lies nobody
_CAPACITY_LOGIT, _CAPACITY_HALVINGS = 40.0, 50  # bars within 1e-17 of 0 and 1; bracket ends below 1e-13


def promised_cutpoint(
    promise: ArrayLike,
    *,
    base_rate: ArrayLike,
    discrimination: ArrayLike,
    kind: PromiseKind = "average",
    upper_cutpoint: ArrayLike = np.inf,
) -> Floats:
    """From which signal on should a rank be given, so that it keeps its promise?

    `bar`: every prospect of the rank is at least that likely: bar(c) = p.
    `average`: the prospects of the rank together become events at that rate: P(event | c < s ≤ upper) = p, given the
    cut above. Where even those just below the upper cut fall short, nobody gets the rank (c = upper); where all the
    rest together exceed the promise, everybody does (c = −inf). A bar and an average of one number are different
    promises: with base rate .25 and good discrimination a bar of .6 admits less than half as many.

    Parameters
    ----------
    promise : array of float
        Promised probability, inside [0, 1].
    base_rate, discrimination : array of float
        The rep's pool, as in `detection`.
    kind : {"average", "bar"}
        What the promise means.
    upper_cutpoint : array of float
        Cutpoint of the next better rank; +inf for the best.

    Returns
    -------
    array of float
        The cutpoint, never above `upper_cutpoint`.

    Examples
    --------
    >>> pool = {"base_rate": 0.25, "discrimination": 0.89813}
    >>> [float(share_above(promised_cutpoint(0.6, kind=kind, **pool), **pool).round(4)) for kind in ("average", "bar")]
    [0.0968, 0.0402]
    """
    phi, d = check_pool(base_rate, discrimination)
    target, high = check_probability(promise, name="promise"), np.asarray(upper_cutpoint, dtype=float)
    if kind not in ("average", "bar"):
        raise InputError(f"`kind` must be 'average' or 'bar'; got {kind!r}.")
    at_bar = cutpoint_at_bar(target, base_rate=phi, discrimination=d)
    if kind == "bar":
        return np.asarray(np.minimum(at_bar, high))
    target, phi, d, high, at_bar = np.broadcast_arrays(target, phi, d, high, at_bar)
    cut: Floats = np.array(np.minimum(at_bar, high))  # right for d ≤ 0, an empty rank, promises of 0 and 1
    solve = (d > 0.0) & (at_bar < high) & (high > -_FAR) & (target > 0.0) & (target < 1.0)
    if solve.any():
        log_ratio = logit(target[solve]) - logit(phi[solve])
        cut[solve] = _average_cut(log_ratio, d[solve], high[solve], at_bar[solve])
    return cut


def promised_cutpoints(
    promises: ArrayLike,
    *,
    base_rate: ArrayLike,
    discrimination: ArrayLike,
    kinds: PromiseKind | Sequence[PromiseKind] = "average",
) -> Floats:
    """Where should all boundaries lie, solved from the best rank down, each given the cut above?

    Parameters
    ----------
    promises : array of float, shape (..., K − 1)
        Promised probabilities of all ranks but the last, best first: boundary k is read at its better rank's promise.
    base_rate, discrimination : array of float, shape (...)
        The rep's pool.
    kinds : {"average", "bar"} or one of them per boundary
        What the promises mean.

    Returns
    -------
    array of float, shape (..., K − 1)
        Cutpoints, not increasing.
    """
    wanted = np.atleast_1d(np.asarray(promises, dtype=float))
    each: Sequence[PromiseKind] = (kinds,) * wanted.shape[-1] if isinstance(kinds, str) else tuple(kinds)
    if len(each) != wanted.shape[-1]:
        raise InputError(f"`kinds` must be one kind or one per promise ({wanted.shape[-1]}); got {len(each)}.")
    cuts: list[Floats] = []
    above: Floats = np.asarray(np.inf)
    for boundary, kind in enumerate(each):
        above = promised_cutpoint(
            wanted[..., boundary],
            base_rate=base_rate,
            discrimination=discrimination,
            kind=kind,
            upper_cutpoint=above,
        )
        cuts.append(above)
    return np.stack(cuts, axis=-1)


def best_average(*, base_rate: ArrayLike, discrimination: ArrayLike, min_share: float) -> Floats:
    """How good can a rank be at most, if it must hold at least this share of the prospects?

    The average of the strongest `min_share`; the base rate where d ≤ 0. A promise above it is out of reach for this
    rep with present information.
    """
    phi, d = check_pool(base_rate, discrimination)
    if not 0.0 < min_share <= 1.0:
        raise InputError(f"`min_share` must lie in (0, 1]; got {min_share!r}.")
    cut = cutpoint_at_share(min_share, base_rate=phi, discrimination=d)
    return np.asarray(np.maximum(average_above(cut, base_rate=phi, discrimination=d), phi))


def payoff_bar(*, cost: ArrayLike, value: ArrayLike) -> Floats:
    """From which probability on does working a prospect pay? cost / value, at most 1.

    `cost` per prospect worked and `value` per event, in one currency.

    References
    ----------
    Elkan, C. (2001). The foundations of cost-sensitive learning. IJCAI 17.
    """
    spent, won = np.asarray(cost, dtype=float), np.asarray(value, dtype=float)
    if not ((spent >= 0.0) & np.isfinite(spent)).all():
        raise InputError(f"`cost` must be finite and 0 or more; got {cost!r}.")
    if not ((won > 0.0) & np.isfinite(won)).all():
        raise InputError(f"`value` must be finite and above 0; got {value!r}.")
    return np.asarray(np.minimum(spent / won, 1.0))


def capacity_bar(
    capacity: ArrayLike, *, n_prospects: ArrayLike, base_rate: ArrayLike, discrimination: ArrayLike
) -> Floats:
    """At which common bar do just so many prospects get worked?

    Capacity is used best when the last prospect worked is equally likely to become an event with every rep: the
    smallest bar p with Σ_r N_r share_r(p) ≤ capacity. Equal shares or equal averages would not do.
    Where a rep's d ≤ 0, all of that rep's prospects stand or fall together at the base rate.

    Parameters
    ----------
    capacity : array of float, shape (...)
        Prospects that can be worked, 0 or more.
    n_prospects, base_rate, discrimination : array of float, shape (..., R)
        Prospects per rep, and the rep's pool; the reps along the last axis.

    Returns
    -------
    array of float, shape (...)
        The bar; 0 where there is capacity for all. Combine with `payoff_bar` by the maximum of both.

    References
    ----------
    Simoiu, C., Corbett-Davies, S. and Goel, S. (2017). The problem of infra-marginality in outcome tests for
    discrimination. Annals of Applied Statistics 11.
    """
    phi, d = check_pool(base_rate, discrimination)
    limit, n = np.asarray(capacity, dtype=float), np.asarray(n_prospects, dtype=float)
    for name, counts in (("capacity", limit), ("n_prospects", n)):
        if not (counts >= 0.0).all():  # also refuses NaN
            raise InputError(f"`{name}` must be 0 or more; got {counts[~(counts >= 0.0)][:3].tolist()}.")
    by_rep = np.broadcast_shapes(n.shape, phi.shape, d.shape)
    if not by_rep:
        raise InputError("`n_prospects` must have the reps along its last axis; got a single number.")
    shape = np.broadcast_shapes(limit.shape, by_rep[:-1])
    low, high = np.full(shape, -_CAPACITY_LOGIT), np.full(shape, _CAPACITY_LOGIT)
    for _ in range(_CAPACITY_HALVINGS):
        middle = 0.5 * (low + high)
        fits = _n_worked(middle, n, phi, d) <= limit
        low, high = np.where(fits, low, middle), np.where(fits, middle, high)
    return np.where(limit >= np.broadcast_to(n, by_rep).sum(axis=-1), 0.0, expit(high))


class CutChange(NamedTuple):
    """What a moved cut is expected to change, among `n_prospects` prospects; arrays of one shape."""

    n_above: Floats
    """Change in the number of prospects above the cut."""
    n_events_above: Floats
    """Change in the number of events above the cut."""
    n_events_missed: Floats
    """Change in the number of events below the cut."""
    average_now: Floats
    """Share of events above the cut today; NaN where nobody is."""
    average_after: Floats
    """Share of events above the moved cut; NaN where nobody is."""


def change_of_cut(
    cutpoint_now: ArrayLike,
    cutpoint_after: ArrayLike,
    *,
    n_prospects: ArrayLike,
    base_rate: ArrayLike,
    discrimination: ArrayLike,
) -> CutChange:
    """What does moving this cut bring? Changes in prospects and events above it, and in events missed below it."""
    phi, d = check_pool(base_rate, discrimination)
    now, after, n = (np.asarray(values, dtype=float) for values in (cutpoint_now, cutpoint_after, n_prospects))
    pool = {"base_rate": phi, "discrimination": d}
    events = np.asarray(n * phi * (ndtr(d - after) - ndtr(d - now)))
    return CutChange(
        n_above=np.asarray(n * (share_above(after, **pool) - share_above(now, **pool))),
        n_events_above=events,
        n_events_missed=-events,
        average_now=average_above(now, **pool),
        average_after=average_above(after, **pool),
    )


def _average_cut(log_ratio: Floats, d: Floats, high: Floats, at_bar: Floats) -> Floats:
    """Root of log[P(c < s ≤ high | event) / P(c < s ≤ high | none)] = log_ratio, for d > 0; flat arrays.

    The average exceeds the bar, so the root lies below the cutpoint at which the bar equals the promise.
    """

    def excess(c: Floats, i: NDArray[np.intp]) -> tuple[Floats, Floats]:
        log_event = log_normal_between(c, high[i], mean=d[i])
        log_none = log_normal_between(c, high[i])
        slope = np.exp(log_normal_density(c) - log_none) - np.exp(log_normal_density(c - d[i]) - log_event)
        return log_event - log_none - log_ratio[i], slope

    every = np.arange(d.size)
    lower, upper = np.full(d.size, -_FAR), np.clip(at_bar, -_FAR, _FAR + d)
    takes_all = excess(lower, every)[0] >= 0.0
    takes_none = ~takes_all & (excess(upper, every)[0] < 0.0) & (upper < at_bar)
    cut = np.where(takes_all, -np.inf, at_bar)
    index = np.flatnonzero(~takes_all & ~takes_none)
    cut[index] = solve_increasing(
        lambda c, i: excess(c, index[i]), lower=lower[index], upper=upper[index], start=at_bar[index] - 1.0
    )
    return np.asarray(np.minimum(cut, high))


def _n_worked(bar_logit: Floats, n: Floats, phi: Floats, d: Floats) -> Floats:
    """Prospects of all reps above a common bar given as log-odds."""
    bar = bar_logit[..., None]
    with np.errstate(over="ignore"):
        cut = (bar - logit(phi)) / np.where(d > 0.0, d, 1.0) + 0.5 * d
    share = np.where(d > 0.0, share_above(cut, base_rate=phi, discrimination=d), np.where(bar > logit(phi), 0.0, 1.0))
    return np.asarray((n * share).sum(axis=-1))
