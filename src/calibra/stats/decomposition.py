"""Score decomposition: miscalibration, discrimination and uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError, check_whole
from calibra.stats.forecasts import Floats, ForecastCells, check_choice, check_forecasts
from calibra.stats.intervals import INTERVAL_PROB, Interval, check_interval_prob
from calibra.stats.isotonic import coarsen, fit_isotonic
from calibra.stats.scores import (
    RULES,
    count_impossible,
    mean_and_error,
    mean_score,
    normal_interval,
    warn_if_infinite,
)
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("score", "miscalibration", "discrimination", "uncertainty")


class _Null(NamedTuple):
    expected: float
    p_value: float


class _Parts(NamedTuple):
    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@dataclass(frozen=True, slots=True, eq=False)
class ScoreDecomposition:
    """Mean score = miscalibration − discrimination + uncertainty, per group."""

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

    Intervals: the score's is normal, as in `score_forecasts`; the others come from a Bayesian bootstrap of the cells.
    Those of miscalibration and discrimination are moved so that their mean is the estimate less
    `miscalibration_expected` (what the curve overfits adds to both), cut at zero and stretched to hold the estimate;
    that of miscalibration begins at zero unless the p-value is below its tail. All are approximate;
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
    estimates = np.array([_split(one, RULES[rule]) for one in cells])
    nulls = [_if_calibrated(one, RULES[rule], n_resamples, rng) for one in cells]
    ends = [
        _ends(one, RULES[rule], interval_prob, null, n_resamples, rng) for one, null in zip(cells, nulls, strict=True)
    ]
    impossible = np.array([count_impossible(one) if rule == "log" else 0 for one in cells])
    warn_if_infinite(impossible)
    score = normal_interval(
        *np.array([mean_and_error(one, RULES[rule]) for one in cells]).T, interval_prob=interval_prob
    )
    miscalibration, discrimination, uncertainty = _intervals(estimates, np.array(ends))
    return ScoreDecomposition(
        rule=rule, groups=checked.groups, n=np.array([one.n.sum() for one in cells]), score=score,
        miscalibration=miscalibration, discrimination=discrimination, uncertainty=uncertainty,
        miscalibration_expected=np.array([null.expected for null in nulls]),
        p_value=np.array([null.p_value for null in nulls]),
        n_infinite=impossible, interval_prob=interval_prob,
    )  # fmt: skip


def _split(cells: ForecastCells, rule: Callable[[Floats], Floats]) -> _Parts:
    base_rate = np.full(cells.prob.size, cells.event_weight.sum() / cells.weight.sum())
    score = mean_score(cells, cells.prob, rule)
    best = mean_score(cells, fit_isotonic(cells).values, rule)
    uncertainty = mean_score(cells, np.clip(base_rate, 0.0, 1.0), rule)
    return _Parts(score, max(score - best, 0.0), max(uncertainty - best, 0.0), uncertainty)


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
    merged = coarsen(cells)
    centre = np.array(_split(merged, rule)[1:])
    draws = np.array([_split(_reweigh(merged, rng), rule)[1:] for _ in range(n_resamples)])
    draws = np.where(np.isfinite(draws), draws, 0.0)
    tail = (1.0 - interval_prob) / 2.0
    ends = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    ends[:, :2] += (centre - null.expected - draws.mean(axis=0))[:2]
    if null.p_value > tail:
        ends[0, 0] = 0.0
    ends = np.maximum([np.minimum(ends[0], centre), np.maximum(ends[1], centre)], 0.0)
    return np.where(np.isfinite(centre), ends, np.inf)


def _reweigh(cells: ForecastCells, rng: np.random.Generator) -> ForecastCells:
    """One Bayesian bootstrap: each row's weight times a standard exponential, summed per cell as a gamma variate."""
    events = _gamma_sum(cells.event_weight, cells.event_weight_sq, rng)
    others = _gamma_sum(cells.weight - cells.event_weight, cells.weight_sq - cells.event_weight_sq, rng)
    weight = np.maximum(events + others, np.finfo(float).tiny)
    return replace(cells, weight=weight, event_weight=np.minimum(events, weight))


def _gamma_sum(total: Floats, squares: Floats, rng: np.random.Generator) -> Floats:
    present = (total > 0) & (squares > 0)
    safe_total, safe_squares = np.where(present, total, 1.0), np.where(present, squares, 1.0)
    return np.where(present, rng.gamma(safe_total**2 / safe_squares, safe_squares / safe_total), 0.0)


def _if_calibrated(
    cells: ForecastCells, rule: Callable[[Floats], Floats], n_resamples: int, rng: np.random.Generator
) -> _Null:
    """Mean miscalibration of calibrated forecasts of these values, and the p-value of the one seen."""
    if n_resamples == 0:
        return _Null(np.nan, np.nan)
    merged = coarsen(cells)
    seen = _split(merged, rule).miscalibration
    count = np.maximum(np.rint(merged.effective_n), 1.0).astype(np.int64)
    rates = rng.binomial(count, np.clip(merged.prob, 0.0, 1.0), size=(n_resamples, count.size)) / count
    null = np.array([_split(replace(merged, event_weight=rate * merged.weight), rule).miscalibration for rate in rates])
    return _Null(float(null.mean()), float((1 + np.count_nonzero(null >= seen - 1e-15)) / (n_resamples + 1)))


def _intervals(estimates: Floats, ends: Floats) -> list[Interval]:
    return [Interval(estimates[:, part + 1], ends[:, 0, part], ends[:, 1, part]) for part in range(3)]
