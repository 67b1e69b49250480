"""Equal-variance signal detection: how a rep's ranks relate to outcomes, on arrays.

A rep reads a signal s in every prospect. Where no event will come s ~ N(0, 1), where one will come s ~ N(d, 1);
a share φ of the prospects (`base_rate`) become events, d is the rep's `discrimination`. Ranks cut the signal: with
ranks best first, boundary k is the lower edge of rank k, so the K − 1 `cutpoints` decrease along the last axis and
"rank k or better" means s > c_k. The probability of an event at a signal is logit P = logit φ + d s − d²/2; read at
a cutpoint it is the `bar`. With d < 0 the ranks are inverted; everything here is defined for any finite d.

Shares and bars are those of the rep's own pool of prospects under the present way of working. The model is not valid
where the signal's spread differs between events and non-events.

All arguments are arrays with any leading dimensions (draws, reps) that broadcast. Functions that take `cutpoints`
(plural) use the last axis for the boundaries, and `base_rate` and `discrimination` have one axis less; functions of
one `cutpoint`, `bar` or `share` work element by element.

References
----------
Green, D. M. and Swets, J. A. (1966). Signal Detection Theory and Psychophysics. Wiley.
Macmillan, N. A. and Creelman, C. D. (2005). Detection Theory: A User's Guide, 2nd edition. Erlbaum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from calibra.errors import InputError
from calibra.stats.roots import solve_increasing

Floats = NDArray[np.float64]

_NARROW = 1e-4  # below this width the mid-point expansion beats the difference of two tails
_LOG_SQRT_TAU = 0.5 * np.log(2.0 * np.pi)


def log_normal_density(x: Floats) -> Floats:
    """Log density of the standard normal."""
    return np.asarray(-0.5 * x * x - _LOG_SQRT_TAU)


def log_normal_between(lower: ArrayLike, upper: ArrayLike, *, mean: ArrayLike = 0.0) -> Floats:
    """log P(lower < x < upper) for x ~ N(mean, 1), accurate in both tails and for narrow intervals.

    −inf where upper ≤ lower.
    """
    ends = np.broadcast_arrays(*(np.asarray(values, dtype=float) for values in (lower, upper, mean)))
    start, stop, centre = ends
    low, high = start - centre, stop - centre
    mirrored = low > -high  # read both ends in the half where the tail is small
    a, b = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_tail = log_ndtr(b)
        value = np.asarray(log_tail + np.log(-np.expm1(log_ndtr(a) - log_tail)))
        width = stop - start  # before the shift, which would round it
    narrow = (width < _NARROW) & (width > 0)
    if narrow.any():
        middle, w = 0.5 * (low[narrow] + high[narrow]), width[narrow]
        value[narrow] = log_normal_density(middle) + np.log(w) + np.log1p((middle**2 - 1.0) * w**2 / 24.0)
    return np.where(stop > start, value, -np.inf)


def cell_probabilities(cutpoints: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """With which probability does a prospect get this rank and this outcome? They sum to one over both.

    P(rank k, event) = φ [Φ(c_{k−1} − d) − Φ(c_k − d)], P(rank k, none) = (1 − φ) [Φ(c_{k−1}) − Φ(c_k)].

    Parameters
    ----------
    cutpoints : array of float, shape (..., K − 1)
        Lower edges of all ranks but the last, best rank first: not increasing. Infinite edges are allowed.
    base_rate : array of float, shape (...)
        Share of events among all prospects, inside (0, 1).
    discrimination : array of float, shape (...)
        Distance d between the mean signals of events and non-events.

    Returns
    -------
    array of float, shape (..., K, 2)
        Last axis: no event, event. The logarithms are `log_cell_probabilities`.

    Raises
    ------
    InputError
        Base rate outside (0, 1), discrimination not finite, cutpoints that increase.

    Examples
    --------
    >>> cells = cell_probabilities([1.0, 0.0], base_rate=0.25, discrimination=1.0)
    >>> cells.round(3).tolist()
    [[0.119, 0.125], [0.256, 0.085], [0.375, 0.04]]
    """
    return np.exp(log_cell_probabilities(cutpoints, base_rate=base_rate, discrimination=discrimination))


def log_cell_probabilities(cutpoints: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """Logarithms of `cell_probabilities`, stable where these are tiny."""
    phi, d = check_pool(base_rate, discrimination)
    edges = _check_cutpoints(cutpoints)
    log_none, log_event = _log_rank_given_outcome(edges, d)
    phi = phi[..., None]
    return np.stack(np.broadcast_arrays(np.log1p(-phi) + log_none, np.log(phi) + log_event), axis=-1)


def rank_shares(cutpoints: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """What share of the prospects gets each rank? Shape (..., K), best rank first."""
    return cell_probabilities(cutpoints, base_rate=base_rate, discrimination=discrimination).sum(axis=-1)


def event_probabilities(cutpoints: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """With which probability does a prospect of each rank become an event? Shape (..., K), best rank first.

    NaN for a rank nobody gets (equal cutpoints).
    """
    log_cells = log_cell_probabilities(cutpoints, base_rate=base_rate, discrimination=discrimination)
    with np.errstate(invalid="ignore"):  # −inf − −inf: a rank nobody gets
        return np.asarray(expit(log_cells[..., 1] - log_cells[..., 0]))


def bar_at(cutpoint: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """How likely is the event for a prospect just at this cutpoint? logit P = logit φ + d c − d²/2."""
    phi, d = check_pool(base_rate, discrimination)
    cut = np.asarray(cutpoint, dtype=float)
    with np.errstate(invalid="ignore"):
        slope = np.where(d == 0.0, 0.0, d * cut)  # also at an infinite cutpoint
    return np.asarray(expit(logit(phi) + slope - 0.5 * d * d))


def cutpoint_at_bar(bar: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """From which signal on is an event at least this likely? c = (logit p − logit φ)/d + d/2.

    Where d ≤ 0 no cutpoint serves: +inf (nobody) if the bar exceeds the base rate, else −inf (everybody).
    """
    phi, d = check_pool(base_rate, discrimination)
    target = check_probability(bar, name="bar")
    with np.errstate(over="ignore"):
        cut = (logit(target) - logit(phi)) / np.where(d > 0.0, d, 1.0) + 0.5 * d
    return np.where(d > 0.0, cut, np.where(target > phi, np.inf, -np.inf))


def share_above(cutpoint: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """What share of the prospects lies above this cutpoint? φ Φ(d − c) + (1 − φ) Φ(−c)."""
    phi, d = check_pool(base_rate, discrimination)
    cut = np.asarray(cutpoint, dtype=float)
    return np.asarray(phi * ndtr(d - cut) + (1.0 - phi) * ndtr(-cut))


def share_at_bar(bar: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """What share of the prospects is at least this likely to become an event, as far as the rep can tell?

    Where d ≤ 0: 0 if the bar exceeds the base rate, else 1.
    """
    cut = cutpoint_at_bar(bar, base_rate=base_rate, discrimination=discrimination)
    return share_above(cut, base_rate=base_rate, discrimination=discrimination)


def cutpoint_at_share(share: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """Above which signal does this share of the prospects lie? Inverse of `share_above`; share 0 gives +inf.

    Solved on the logarithm of the smaller tail, between the two normal quantiles that enclose the root.
    """
    phi, d = check_pool(base_rate, discrimination)
    share, phi, d = np.broadcast_arrays(check_probability(share, name="share"), phi, d)
    cut = np.where(share > 0.5, -np.inf, np.inf)
    inside = (share > 0.0) & (share < 1.0)
    cut[inside] = _mixture_cut(share[inside], phi[inside], d[inside])
    return cut


def auc(discrimination: ArrayLike) -> Floats:
    """How often does an event carry a stronger signal than a non-event? Φ(d/√2)."""
    return np.asarray(ndtr(np.asarray(discrimination, dtype=float) / np.sqrt(2.0)))


def average_above(
    cutpoint: ArrayLike,
    *,
    base_rate: ArrayLike,
    discrimination: ArrayLike,
    upper_cutpoint: ArrayLike = np.inf,
) -> Floats:
    """What share of the prospects with a signal between two cutpoints becomes events? NaN where there are none."""
    phi, d = check_pool(base_rate, discrimination)
    low, high = np.asarray(cutpoint, dtype=float), np.asarray(upper_cutpoint, dtype=float)
    with np.errstate(invalid="ignore"):
        log_ratio = log_normal_between(low, high, mean=d) - log_normal_between(low, high)
    return np.asarray(expit(logit(phi) + log_ratio))


def rank_edges(cutpoints: Floats) -> tuple[Floats, Floats]:
    """Lower and upper edge of every rank, best first: shapes (..., K)."""
    outside = np.full((*cutpoints.shape[:-1], 1), np.inf)
    return np.concatenate([cutpoints, -outside], axis=-1), np.concatenate([outside, cutpoints], axis=-1)


def _log_rank_given_outcome(cutpoints: Floats, d: Floats) -> tuple[Floats, Floats]:
    lower, upper = rank_edges(cutpoints)
    return log_normal_between(lower, upper), log_normal_between(lower, upper, mean=d[..., None])


def _mixture_cut(share: Floats, phi: Floats, d: Floats) -> Floats:
    """Root of share_above(c) = share for shares inside (0, 1), flat arrays."""
    side = np.where(share < 0.5, 1.0, -1.0)  # +1: work on the upper tail, −1: on the lower
    log_target = np.where(side > 0, np.log(share), np.log1p(-share))
    log_phi, log_rest = np.log(phi), np.log1p(-phi)
    quantile = -ndtri(share)

    def excess(c: Floats, i: NDArray[np.intp]) -> tuple[Floats, Floats]:
        log_tail = np.logaddexp(log_phi[i] + log_ndtr(side[i] * (d[i] - c)), log_rest[i] + log_ndtr(-side[i] * c))
        log_density = np.logaddexp(log_phi[i] + log_normal_density(c - d[i]), log_rest[i] + log_normal_density(c))
        return side[i] * (log_target[i] - log_tail), np.exp(log_density - log_tail)

    start = phi * d + quantile * np.sqrt(1.0 + phi * (1.0 - phi) * d * d)
    slack = 1e-6 * (1.0 + np.abs(quantile))
    lower, upper = quantile + np.minimum(d, 0.0) - slack, quantile + np.maximum(d, 0.0) + slack
    return solve_increasing(excess, lower=lower, upper=upper, start=start)


def check_pool(base_rate: ArrayLike, discrimination: ArrayLike) -> tuple[Floats, Floats]:
    """Base rate and discrimination as arrays; `InputError` where they cannot be."""
    phi, d = np.asarray(base_rate, dtype=float), np.asarray(discrimination, dtype=float)
    _refuse(~((phi > 0.0) & (phi < 1.0)), phi, "`base_rate` must lie strictly between 0 and 1")
    _refuse(~np.isfinite(d), d, "`discrimination` must be finite")
    return phi, d


def check_probability(values: ArrayLike, *, name: str) -> Floats:
    """Probabilities inside [0, 1] as an array; `InputError` names those that are not."""
    prob = np.asarray(values, dtype=float)
    _refuse(~((prob >= 0.0) & (prob <= 1.0)), prob, f"`{name}` must lie between 0 and 1")
    return prob


def _check_cutpoints(values: ArrayLike) -> Floats:
    cutpoints = np.asarray(values, dtype=float)
    if cutpoints.ndim == 0:
        raise InputError("`cutpoints` must have the boundaries along its last axis; got a single number.")
    _refuse(np.isnan(cutpoints), cutpoints, "`cutpoints` must be numbers")
    rising = cutpoints[..., 1:] > cutpoints[..., :-1]
    _refuse(rising, cutpoints[..., 1:], "`cutpoints` must not increase along the last axis (best rank first)")
    return cutpoints


def _refuse(bad: NDArray[np.bool_], values: Floats, expected: str) -> None:
    if bad.any():
        first = ", ".join(f"{value:g}" for value in values[bad][:3])
        raise InputError(f"{expected}; found {int(bad.sum())} that do not ({first}).")
