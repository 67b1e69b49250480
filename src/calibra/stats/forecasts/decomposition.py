"""Score decomposition: miscalibration, discrimination and uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from calibra.errors import InputError, check_whole
from calibra.plotted import Plotted
from calibra.stats.forecasts.cells import Floats, ForecastCells, check_choice, check_forecasts
from calibra.stats.forecasts.isotonic import coarsen, fit_isotonic, fit_isotonic_rows
from calibra.stats.forecasts.scores import (
    RULES,
    count_impossible,
    mean_and_error,
    mean_score,
    score_interval,
    warn_if_infinite,
)
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("score", "miscalibration", "discrimination", "uncertainty")

ROWS_AT_ONCE = 500_000
"""Cells of resamples that are worked on together: bounds the memory."""


class _Null(NamedTuple):
    expected: float
    p_value: float
    upper: float  # beyond it the p-value is at most one tail of the interval
    lower: float  # the order statistic at the other end


class Parts(NamedTuple):
    """A mean score and what it is made of: score = miscalibration − discrimination + uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@dataclass(frozen=True, slots=True, eq=False)
class ScoreDecomposition(Plotted):
    """Mean score = miscalibration − discrimination + uncertainty, per group."""

    picture: ClassVar[str] = "plot_decomposition"

    __repr__ = brief

    rule: str
    """Scoring rule."""
    groups: tuple[str, ...]
    """Group labels; ("all",) without groups."""
    n: NDArray[np.int64]
    """Forecasts per group."""
    score: Interval
    """Mean score; small is good."""
    miscalibration: Interval
    """Score lost to miscalibration: what recalibration would save. Never negative; small is good. Above zero even
    for calibrated forecasts, because the curve overfits: compare with `miscalibration_expected`."""
    discrimination: Interval
    """Score gained by telling prospects apart. Never negative; great is good."""
    uncertainty: Interval
    """Score of the base rate for everybody: a property of the outcomes."""
    miscalibration_expected: Floats
    """Mean miscalibration of as many calibrated forecasts of the same values (simulated)."""
    p_value: Floats
    """Monte Carlo p-value of the miscalibration if the forecasts were calibrated."""
    n_infinite: NDArray[np.int64]
    """Forecasts per group with an infinite score (log only)."""
    interval_prob: float
    """Level of the intervals, which are approximate."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per group: each part with its interval."""
        columns: dict[str, ArrayLike] = {"group": np.array(self.groups), "n": self.n}
        for part in PARTS:
            interval: Interval = getattr(self, part)
            columns[part] = interval.estimate
            columns[f"{part}_lower"] = interval.lower
            columns[f"{part}_upper"] = interval.upper
        columns["miscalibration_expected"] = self.miscalibration_expected
        columns["p_value"] = self.p_value
        columns["n_infinite"] = self.n_infinite
        return make_table(columns)


def decompose(
    y: ArrayLike,
    prob: ArrayLike,
    *,
    rule: str = "brier",
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
    n_resamples: int = 999,
    seed: int = 0,
) -> ScoreDecomposition:
    r"""Is a bad score due to wrong probabilities, or to prospects that were not told apart?

    With the isotonic recalibration ĉ of the forecasts and the base rate ȳ,

    .. math:: S(p) = \underbrace{S(p) - S(\hat c)}_{\text{miscalibration}}
        - \underbrace{(S(\bar y) - S(\hat c))}_{\text{discrimination}} + \underbrace{S(\bar y)}_{\text{uncertainty}}

    Intervals: the score's is normal and cut to the range of its rule, as in `score_forecasts`; those of discrimination
    and uncertainty come from a Bayesian bootstrap of the cells, that of discrimination moved so that its mean is the
    estimate less `miscalibration_expected` (what the curve overfits adds), cut at zero and stretched to hold the
    estimate. The interval of miscalibration M inverts the test behind the p-value: with the mean E and the tail
    quantile Q of simulated calibrated forecasts, and V the variance that the bootstrap adds per unit of
    miscalibration, its lower end L solves

    .. math:: (M - E - L)^2 = (Q - E)^2 + z^2 V L,

    and is 0 where the p-value is above the tail, greater than 0 where it is not. All are approximate;
    docs/studies/bands.md has their measured coverage. Above 2,000 distinct forecasts, resampling and the p-value merge
    neighbours; the estimates never do.

    Parameters
    ----------
    y : array of 0/1, shape (n,)
    prob : array of float in [0, 1], shape (n,)
    rule : {"brier", "log", "spherical"}
    weights : array of float, shape (n,), optional
    groups : array of labels, shape (n,), optional
    interval_prob : float
    n_resamples : int
        Resamples for the intervals and simulations for the p-value; 0 leaves both out (NaN).
    seed : int

    Returns
    -------
    ScoreDecomposition

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), https://doi.org/10.1073/pnas.2016191118.
    Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9.

    Examples
    --------
    >>> parts = decompose([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.7], n_resamples=0)
    >>> parts.discrimination.estimate, parts.uncertainty.estimate
    (array([0.25]), array([0.25]))
    """
    check_choice("rule", rule, tuple(RULES))
    check_interval_prob(interval_prob)
    check_whole(seed, "seed", 0, mend="Any will do; the same gives the same numbers.")
    if n_resamples < 0:
        raise InputError(f"`n_resamples` must be 0 or more; got {n_resamples!r}.")
    checked = check_forecasts(y, prob, weights=weights, groups=groups)
    cells = checked.cells()
    rng = np.random.default_rng(seed)
    score_rule = RULES[rule]
    estimates = np.array([split_score(one, score_rule) for one in cells])
    merged = [coarsen(one) for one in cells]
    nulls = [_if_calibrated(one, score_rule, interval_prob, n_resamples, rng) for one in merged]
    ends = [
        _ends(one, score_rule, interval_prob, null, n_resamples, rng) for one, null in zip(merged, nulls, strict=True)
    ]
    impossible = np.array([count_impossible(one) if rule == "log" else 0 for one in cells])
    warn_if_infinite(impossible)
    score = score_interval(
        *np.array([mean_and_error(one, score_rule) for one in cells]).T, rule=rule, interval_prob=interval_prob
    )
    miscalibration, discrimination, uncertainty = _intervals(estimates, np.array(ends))
    return ScoreDecomposition(
        rule=rule,
        groups=checked.groups,
        n=np.array([one.n.sum() for one in cells]),
        score=score,
        miscalibration=miscalibration,
        discrimination=discrimination,
        uncertainty=uncertainty,
        miscalibration_expected=np.array([null.expected for null in nulls]),
        p_value=np.array([null.p_value for null in nulls]),
        n_infinite=impossible,
        interval_prob=interval_prob,
    )


def split_score(cells: ForecastCells, rule: Callable[[Floats], Floats]) -> Parts:
    """Mean score and its parts by isotonic regression (CORP), without intervals."""
    base_rate = np.full(cells.prob.size, cells.event_weight.sum() / cells.weight.sum())
    score = mean_score(cells, cells.prob, rule)
    best = mean_score(cells, fit_isotonic(cells).values, rule)
    uncertainty = mean_score(cells, np.clip(base_rate, 0.0, 1.0), rule)
    return Parts(score, max(score - best, 0.0), max(uncertainty - best, 0.0), uncertainty)


def _ends(
    cells: ForecastCells,
    rule: Callable[[Floats], Floats],
    interval_prob: float,
    null: _Null,
    n_resamples: int,
    rng: np.random.Generator,
) -> Floats:
    """Lower and upper end of miscalibration, discrimination and uncertainty; shape (2, 3)."""
    if n_resamples == 0:
        return np.full((2, 3), np.nan)
    centre = np.array(split_score(cells, rule)[1:])
    draws = _in_portions(n_resamples, cells, lambda size: _split_rows(cells, *_reweigh(cells, size, rng), rule))
    draws = np.where(np.isfinite(draws), draws, 0.0)
    tail = (1.0 - interval_prob) / 2.0
    ends = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    ends[:, 1] += centre[1] - null.expected - draws[:, 1].mean()
    ends[:, 0] = _invert_test(float(centre[0]), null, float(draws[:, 0].var()), tail)
    ends = np.maximum([np.minimum(ends[0], centre), np.maximum(ends[1], centre)], 0.0)
    return np.where(np.isfinite(centre), ends, np.inf)


def _invert_test(seen: float, null: _Null, variance: float, tail: float) -> tuple[float, float]:
    """Miscalibrations under which the one seen is in neither tail.

    Both tails of calibrated forecasts are simulated. With growing miscalibration their spread grows by a variance in
    proportion to it, taken from the bootstrap. The lower end is above 0 exactly where the p-value is at most `tail`.
    """
    if not np.isfinite(seen):
        return np.inf, np.inf
    debiased = seen - null.expected
    z = -float(ndtri(tail))
    spread_at_zero = ((null.upper - null.expected) / z) ** 2 if np.isfinite(null.upper) else variance
    growth = z**2 * max(variance - spread_at_zero, 0.0) / max(debiased, np.finfo(float).tiny) if debiased > 0 else 0.0
    half = debiased + growth / 2.0
    lower = half - np.sqrt(max(half**2 - debiased**2 + (null.upper - null.expected) ** 2, 0.0))
    upper = half + np.sqrt(max(half**2 - debiased**2 + (null.expected - null.lower) ** 2, 0.0))
    return max(float(lower), 0.0), max(float(upper), 0.0)


def _in_portions(n_rows: int, cells: ForecastCells, work: Callable[[int], Floats]) -> Floats:
    """`work` on all rows, no more than `ROWS_AT_ONCE` cells at a time."""
    most = max(ROWS_AT_ONCE // cells.prob.size, 1)
    return np.concatenate([work(min(most, n_rows - first)) for first in range(0, n_rows, most)])


def _split_rows(cells: ForecastCells, weight: Floats, event_weight: Floats, rule: Callable[[Floats], Floats]) -> Floats:
    """Miscalibration, discrimination and uncertainty of many resamples of the same cells; shape (B, 3)."""
    total = weight.sum(axis=-1)
    others = weight - event_weight

    def mean(loss: Floats, loss_of_none: Floats) -> Floats:
        cost = _costs(event_weight, loss) + _costs(others, loss_of_none)
        return np.asarray(cost.sum(axis=-1) / total)

    curve = fit_isotonic_rows(event_weight / weight, weight)
    best = mean(rule(curve), rule(1.0 - curve))
    base_rate = np.clip(event_weight.sum(axis=-1) / total, 0.0, 1.0)[:, None]
    uncertainty = mean(rule(base_rate), rule(1.0 - base_rate))
    with np.errstate(invalid="ignore"):
        lost = mean(rule(cells.prob), rule(1.0 - cells.prob)) - best
    return np.column_stack([np.maximum(lost, 0.0), np.maximum(uncertainty - best, 0.0), uncertainty])


def _costs(weight: Floats, loss: Floats) -> Floats:
    """Weight times loss, where what never happened costs nothing, not 0 · ∞."""
    return np.multiply(weight, loss, out=np.zeros(np.broadcast_shapes(weight.shape, loss.shape)), where=weight > 0)


def _reweigh(cells: ForecastCells, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Bayesian bootstraps: each row's weight times a standard exponential, summed per cell as a gamma variate."""
    events = _gamma_sum(cells.event_weight, cells.event_weight_sq, size, rng)
    others = _gamma_sum(cells.weight - cells.event_weight, cells.weight_sq - cells.event_weight_sq, size, rng)
    weight = np.maximum(events + others, np.finfo(float).tiny)
    return weight, np.minimum(events, weight)


def _gamma_sum(total: Floats, squares: Floats, size: int, rng: np.random.Generator) -> Floats:
    present = (total > 0) & (squares > 0)
    sums = np.zeros((size, total.size))
    total, squares = total[present], squares[present]
    sums[:, present] = rng.gamma(total**2 / squares, squares / total, size=(size, total.size))
    return sums


def _if_calibrated(
    cells: ForecastCells,
    rule: Callable[[Floats], Floats],
    interval_prob: float,
    n_resamples: int,
    rng: np.random.Generator,
) -> _Null:
    """Miscalibration of calibrated forecasts of these values: mean and tails, and the p-value of the one seen."""
    if n_resamples == 0:
        return _Null(np.nan, np.nan, np.nan, np.nan)
    seen = split_score(cells, rule).miscalibration
    count = np.maximum(np.rint(cells.effective_n), 1.0).astype(np.int64)
    chance = np.clip(cells.prob, 0.0, 1.0)

    def simulate(size: int) -> Floats:
        rates = rng.binomial(count, chance, size=(size, count.size)) / count
        return _split_rows(cells, np.broadcast_to(cells.weight, rates.shape), rates * cells.weight, rule)[:, 0]

    null = np.sort(_in_portions(n_resamples, cells, simulate))
    as_great = n_resamples - int(np.searchsorted(null, seen - 1e-12, side="left"))
    n_beyond = int((n_resamples + 1) * (1.0 - interval_prob) / 2.0 + 1e-9)  # so many as great: p is at most the tail
    upper = float(null[n_resamples - n_beyond]) + 1e-12 if n_beyond > 0 else np.inf
    lower = float(null[max(n_beyond - 1, 0)])
    return _Null(float(null.mean()), (1 + as_great) / (n_resamples + 1), upper, lower)


def _intervals(estimates: Floats, ends: Floats) -> list[Interval]:
    return [Interval(estimates[:, part + 1], ends[:, 0, part], ends[:, 1, part]) for part in range(3)]
