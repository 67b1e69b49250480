"""Funnel: which shares lie further from the target than chance, given their counts?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr, ndtri, ndtri_exp, xlog1py, xlogy

from calibra.errors import InputError
from calibra.plotted import Plotted
from calibra.stats import binomial
from calibra.stats.arrays import check_same_index
from calibra.stats.forecasts.cells import Floats, as_floats, refuse
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

LIMIT_PROBS = (0.95, 0.998)
"""The two pairs of limits that Spiegelhalter (2005) draws."""

WINSORISED_SHARE = 0.1
"""Share of the z-values drawn in at each end, Spiegelhalter (2005)."""

WINSORISED_VARIANCE = 0.6786546
"""Variance of a standard normal winsorised at its 10 % and 90 % quantiles: .8 − 2cφ(c) + .2c², c = 1.2816."""

WINSORISED_DF = 0.7
"""Degrees of freedom of a winsorised variance per unit beyond the first: 2.7, 6.1, 20.5 of 3, 8, 28 (simulated)."""

SPREADS = np.linspace(0.0, 0.5, 101)
"""Values of τ that a unit's own limits average over."""

SPREAD_SD = 0.1
"""Prior of a τ above 0: half-normal. On the arcsine scale 0.1 is a spread of 9 points near 30 %, of 4 near 5 %."""

FAR_TAIL = 1e-290
"""Mid-p-values below this are worked on the log scale: a float ends at 1e-308, and z would stop at 37."""

NO_SPREAD = 0.5
"""Prior probability that τ is 0: even odds between a calm and an over-dispersed world."""


@dataclass(frozen=True, slots=True, eq=False)
class Funnel(Plotted):
    """Shares against a target, with exact limits and limits adjusted for over-dispersion."""

    picture: ClassVar[str] = "plot_funnel"

    __repr__ = brief

    labels: tuple[str, ...]
    """Who or what each share belongs to."""
    n: NDArray[np.int64]
    """Judgments."""
    events: NDArray[np.int64]
    """Events among them."""
    target: float
    """The target share; all of them pooled where none was given."""
    target_given: bool
    """Whether the target was given."""
    z: Floats
    """Normal score of the exact mid-p-value: beyond the limits exactly where |z| is."""
    adjusted_z: Floats
    """Normal score of z, over-dispersion allowed for: beyond the adjusted limits exactly where |adjusted_z| is."""
    dispersion: float
    """φ of all together: mean winsorised squared z, 1 if nothing but chance is at work."""
    between_sd: float
    """τ of all together: standard deviation between the true shares on the arcsine scale; 0 where φ shows none."""
    left_out: bool
    """Whether each share was left out of the τ that its own limits allow for."""
    between_sd_of_others: Floats
    """Mean of the τ that each share's own limits allow for; `between_sd` where none is left out."""
    spread_weights: Floats
    """Weight of each τ of the grid in the own limits of each share; shape (I, G), rows sum to 1."""
    adjusted_scales: Floats
    """What z is divided by under each τ of the grid; shape (I, G)."""
    limit_probs: tuple[float, ...] = LIMIT_PROBS
    """Levels of the limits in table and picture; the last is that of the flag in the picture."""

    @property
    def rate(self) -> Floats:
        """Shares of events."""
        return self.events / self.n

    def __post_init__(self) -> None:
        """Refuse limits that are none."""
        if not self.limit_probs:
            raise InputError("`limit_probs` must hold one level or more, such as (0.95, 0.998).")
        for level in self.limit_probs:
            _check_level(level)

    def beyond(self, limit_prob: float = 0.998, *, adjusted: bool = True) -> NDArray[np.bool_]:
        """Which lie beyond the limits of this level?"""
        _check_level(limit_prob)
        cut = float(ndtri(0.5 + limit_prob / 2.0))
        return np.abs(self.adjusted_z if adjusted else self.z) > cut

    def limits(self, limit_prob: float, *, n: ArrayLike | None = None, adjusted: bool = True) -> tuple[Floats, Floats]:
        """Lower and upper limit of the share, per share of the data or at other counts n.

        Adjusted limits of the data are each share's own. At other counts they allow for the τ of all together.
        """
        _check_level(limit_prob)
        counts = self.n.astype(float) if n is None else as_floats(n, "n")
        refuse("n", counts, ~(counts >= 1), "must be 1 or more", "Limits need a count.")
        if not adjusted:
            cut = np.full(counts.size, ndtri(0.5 + limit_prob / 2.0))
        elif n is None:
            cut = _mixture_cut((1.0 - limit_prob) / 2.0, self.spread_weights, self.adjusted_scales)
        else:
            cut = ndtri(0.5 + limit_prob / 2.0) * np.sqrt(1.0 + 4.0 * counts * self.between_sd**2)
        return _share_at(-cut, counts, self.target), _share_at(cut, counts, self.target)

    @property
    def table(self) -> pd.DataFrame:
        """One row per share, with the adjusted limits of every level asked for."""
        columns: dict[str, ArrayLike] = {
            "label": np.array(self.labels),
            "n": self.n,
            "events": self.events,
            "rate": self.rate,
            "z": self.z,
            "adjusted_z": self.adjusted_z,
        }
        for level in self.limit_probs:
            lower, upper = self.limits(level)
            columns[f"lower_{level:g}"] = lower
            columns[f"upper_{level:g}"] = upper
        return make_table(columns)


def funnel(
    n: ArrayLike,
    events: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    target: float | None = None,
    leave_out: bool = True,
    limit_probs: Sequence[float] = LIMIT_PROBS,
) -> Funnel:
    r"""Which shares lie further from the target than chance explains, given how few judgments stand behind them?

    Limits are exact binomial, by the mid-p-value G(y) = P(Y < y) + ½ P(Y = y), read between whole counts linearly; a
    share is beyond its limit exactly where its mid-p-value is below the tail, so drawing and flag agree. Spiegelhalter
    interpolates P(Y ≤ y) instead, which is too strict at one side and too lax at the other.

    Over-dispersion (season, territory, case mix): with arcsine z-values winsorised at 10 % each end,

    .. math:: \hat\varphi = \frac{1}{I v} \sum z_i^2, \quad
        \hat\tau^2 = \max\Bigl(0, \frac{I\hat\varphi - (I - 1)}{\sum w - \sum w^2 / \sum w}\Bigr), \quad w_i = 4 n_i,

    where v = 0.679 is what winsorising leaves of a standard normal's variance. Without v, as published, limits
    adjusted for a real over-dispersion come out about a fifth too narrow.

    **Each share is left out of its own τ.** An odd share widens limits that count it, so that among few it hides
    itself: of 100 judgments each, 30, 30, 30, 30 and 60 events, the 60 lies inside limits that allow for the τ of all
    five. Its own limits use what the others show of τ, round their pooled share. A few others leave τ uncertain, so no
    single value is put in: tails are averaged over τ with weights

    .. math:: p(\tau) \propto \pi(\tau) \, r^{-d/2} e^{-d \hat\varphi / (2 r)}, \quad
        r = 1 + \bar w \tau^2, \quad d = 0.7 (I - 2) + 0.5,

    d being the degrees of freedom of the winsorised φ of the others, and π half on τ = 0, half a half-normal of
    standard deviation 0.1. Under each τ, with h = n/N the part of the pool
    that is the share's own (0 where a target is given), z is divided by

    .. math:: s_i = \sqrt{(1 - h_i) + w_i \tau^2 \bigl[(1 - h_i)^2 + \textstyle\sum_{j \ne i} h_j^2\bigr]}.

    How often this flags where nobody is odd is measured in docs/studies/funnel.md. `leave_out=False` gives limits
    z √(1 + τ² w) with the one τ of all, Spiegelhalter's.

    A funnel tells chance from more than chance; it does not say why. Several odd shares among few still hide each
    other in part.

    Parameters
    ----------
    n : array of int, shape (I,)
        Judgments, 1 or more.
    events : array of int, shape (I,)
    labels : array of str, shape (I,), optional
        Default "1", "2", …
    target : float in (0, 1), optional
        Default: all pooled.
    leave_out : bool
        Whether each share is left out of the over-dispersion that its own limits allow for.
    limit_probs : sequence of float
        Levels of the limits in `table` and picture, the flag's last; `limits` and `beyond` take any.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24.
    https://doi.org/10.1002/sim.1970

    Examples
    --------
    >>> result = funnel([100, 100, 100, 20], [30, 28, 60, 9], target=0.3)
    >>> result.beyond(0.998, adjusted=False)
    array([False, False,  True, False])
    >>> funnel([100] * 5, [30, 30, 30, 30, 60]).beyond(0.998)
    array([False, False, False, False,  True])
    """
    counts, seen, names = _check(n, events, labels)
    goal = _check_target(target, counts, seen)
    nothing = np.zeros(counts.size)
    if goal in (0.0, 1.0):
        z, dispersion, between_sd = nothing, 1.0, 0.0
    else:
        z = _mid_z(seen, counts, goal)
        dispersion, between_sd = _over_dispersion(seen, counts, goal)
    if leave_out and counts.size > 1 and 0.0 < goal < 1.0:
        weights = _spread_weights(seen, counts, target)
        scales, others_sd = _own_scales(counts, pooled=target is None), weights @ SPREADS
    else:
        weights, others_sd = np.ones((counts.size, 1)), np.full(counts.size, between_sd)
        scales = np.sqrt(1.0 + 4.0 * counts * between_sd**2)[:, None]
    return Funnel(
        labels=names,
        n=counts.astype(np.int64),
        events=seen.astype(np.int64),
        target=goal,
        target_given=target is not None,
        z=z,
        adjusted_z=_mixture_score(z, weights, scales),
        dispersion=dispersion,
        between_sd=between_sd,
        left_out=leave_out,
        between_sd_of_others=others_sd,
        spread_weights=weights,
        adjusted_scales=scales,
        limit_probs=tuple(limit_probs),
    )


def _check(n: ArrayLike, events: ArrayLike, labels: ArrayLike | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    check_same_index(n=n, events=events, labels=labels)
    counts, seen = as_floats(n, "n"), as_floats(events, "events")
    if counts.shape != seen.shape or counts.size == 0:
        raise InputError(f"`n` and `events` must have one length above 0; got {counts.size} and {seen.size}.")
    refuse("n", counts, ~((counts >= 1) & (counts % 1 == 0)), "must be whole numbers from 1", "Drop empty rows.")
    wrong = ~((seen >= 0) & (seen <= counts) & (seen % 1 == 0))
    refuse("events", seen, wrong, "must be whole numbers from 0 to n", "Check the order of the arguments.")
    names = (
        [str(place + 1) for place in range(counts.size)] if labels is None else [str(one) for one in np.asarray(labels)]
    )
    if len(names) != counts.size:
        raise InputError(f"`labels` must be one per count, {counts.size}; got {len(names)}.")
    return counts, seen, tuple(names)


def _check_target(target: float | None, counts: Floats, seen: Floats) -> float:
    if target is None:
        return float(seen.sum() / counts.sum())
    if not 0.0 < target < 1.0:
        raise InputError(f"`target` must lie strictly between 0 and 1; got {target!r}.")
    return float(target)


def _check_level(limit_prob: float) -> None:
    if not 0.0 < limit_prob < 1.0:
        raise InputError(f"`limit_prob` must lie strictly between 0 and 1; got {limit_prob!r}.")


def _mid_p(events: Floats, n: Floats, prob: float) -> Floats:
    """P(Y < y) + ½ P(Y = y)."""
    below, upto = binomial.distribution(events - 1.0, n, prob), binomial.distribution(events, n, prob)
    return 0.5 * (below + upto)


def _mid_z(events: Floats, n: Floats, prob: float) -> Floats:
    """Normal score of the mid-p-value, from whichever tail is small."""
    low = _mid_p(events, n, prob)
    high = _mid_p(n - events, n, 1.0 - prob)
    sign = np.where(low <= high, 1.0, -1.0)
    smallest = np.minimum(low, high)
    z = ndtri(np.maximum(smallest, FAR_TAIL))
    far = smallest < FAR_TAIL
    if far.any():
        below = (sign > 0)[far]
        seen = np.where(below, events[far], (n - events)[far])
        z[far] = ndtri_exp(_log_far_mid_p(seen, n[far], np.where(below, prob, 1.0 - prob)))
    return np.asarray(sign * z)


def _log_far_mid_p(events: Floats, n: Floats, prob: Floats) -> Floats:
    """Logarithm of a mid-p-value below what a float holds: from the last term, those before it nearly geometric."""
    log_choose = gammaln(n + 1.0) - gammaln(events + 1.0) - gammaln(n - events + 1.0)
    ratio = events * (1.0 - prob) / ((n - events + 1.0) * prob)
    log_last = log_choose + xlogy(events, prob) + xlog1py(n - events, -prob)
    return np.asarray(log_last + np.log(0.5 + ratio / (1.0 - ratio)))


def _share_at(z: Floats, n: Floats, prob: float) -> Floats:
    """The share whose mid-p normal score is z, linear between whole counts; 0 or 1 where no count reaches it."""
    if prob in (0.0, 1.0):
        return np.full(n.size, prob)
    n_whole = np.rint(n)
    low, high = np.zeros(n.size), n_whole.copy()
    while (high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        under = _mid_z(middle, n_whole, prob) <= z
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    z_low, z_high = _mid_z(low, n_whole, prob), _mid_z(high, n_whole, prob)
    part = np.clip((z - z_low) / np.where(z_high > z_low, z_high - z_low, 1.0), 0.0, 1.0)
    return np.asarray((low + part * (high - low)) / n_whole)


def _over_dispersion(events: Floats, n: Floats, target: float) -> tuple[float, float]:
    """φ and τ of the arcsine z-values, as published but for v."""
    size = n.size
    if size < 2:
        return 1.0, 0.0
    dispersion = _dispersion(events, n, target)
    weight = 4.0 * n
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return dispersion, float(np.sqrt(max(0.0, (size * dispersion - (size - 1)) / scale)))


def _dispersion(events: Floats, n: Floats, target: float) -> float:
    z = 2.0 * np.sqrt(n) * (np.arcsin(np.sqrt(events / n)) - np.arcsin(np.sqrt(target)))
    ends = np.quantile(z, [WINSORISED_SHARE, 1.0 - WINSORISED_SHARE])
    return float((np.clip(z, *ends) ** 2).mean() / WINSORISED_VARIANCE)


def _spread_weights(events: Floats, n: Floats, target: float | None) -> Floats:
    """Per share the weights of `SPREADS`, from all others: round their own pooled share, or the target."""
    log_weights = np.empty((n.size, SPREADS.size))
    for place in range(n.size):
        others = np.arange(n.size) != place
        log_weights[place] = _log_likelihood(events[others], n[others], target)
    prior = np.exp(-(SPREADS**2) / (2.0 * SPREAD_SD**2))
    prior[1:] *= (1.0 - NO_SPREAD) / NO_SPREAD / prior[1:].sum()
    weights = prior * np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _log_likelihood(events: Floats, n: Floats, target: float | None) -> Floats:
    """Of τ: the winsorised φ is about (1 + w̄τ²) χ²/d, one degree of freedom lost where they are pooled."""
    free = n.size - (target is None)
    if free == 0:
        return np.zeros(SPREADS.size)
    weight = 4.0 * n
    own_mean = (weight**2).sum() / weight.sum() if target is None else 0.0
    ratio = 1.0 + (weight.sum() - own_mean) / free * SPREADS**2
    centre = float(events.sum() / n.sum()) if target is None else target
    mean_square = n.size * _dispersion(events, n, centre) / free
    df = WINSORISED_DF * free + 0.5
    return np.asarray(-0.5 * df * (np.log(ratio) + mean_square / ratio))


def _own_scales(n: Floats, *, pooled: bool) -> Floats:
    """What each z is divided by under each of `SPREADS`."""
    total = n.sum()
    own = (n / total if pooled else np.zeros(n.size))[:, None]
    rest = (((n**2).sum() - n**2) / total**2 if pooled else np.zeros(n.size))[:, None]
    extra = 4.0 * n[:, None] * SPREADS**2 * ((1.0 - own) ** 2 + rest)
    return np.asarray(np.sqrt(1.0 - own + extra))


def _mixture_tail(z: Floats, weights: Floats, scales: Floats) -> Floats:
    return np.asarray((weights * ndtr(-z[:, None] / scales)).sum(axis=1))


def _mixture_score(z: Floats, weights: Floats, scales: Floats) -> Floats:
    """The standard normal value with the tail that z has on average over the scales."""
    tail = np.maximum(_mixture_tail(np.abs(z), weights, scales), np.finfo(float).tiny)
    return np.asarray(-np.sign(z) * ndtri(np.minimum(tail, 0.5)))


def _mixture_cut(tail: float, weights: Floats, scales: Floats) -> Floats:
    """The z with this upper tail on average over the scales, by bisection."""
    low, high = np.zeros(weights.shape[0]), -float(ndtri(tail)) * scales.max(axis=1)
    for _ in range(60):
        middle = (low + high) / 2.0
        beyond = _mixture_tail(middle, weights, scales) > tail
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return high
