"""What a period will bring: what is stated for it, what is likely by what became of earlier statements, the range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.deals.fit import DealFit
from calibra.data.counting.forecasts import SIZES, OpenForecasts
from calibra.errors import InputError, check_number
from calibra.inference.pairing import spawn_seed
from calibra.reading.means import logistic
from calibra.reading.rows import all_reps_first, flat_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

PARTS = ("forecast", "new", "total")
"""Deals stated for the period at its opening; deals won in it without that; both."""
_TOTAL_STREAM = 101
_TYPICAL_SWING = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class PeriodTotal:
    """What a period brings, per rep and all reps, as draws."""

    __repr__ = brief

    fit: DealFit
    """The models it rests on."""
    rows: OpenForecasts
    """The forecasts of the period."""
    draws: Mapping[str, Floats]
    """Part (`forecast`, `new`, `total`) to draws, (draw, 1 + rep), all reps first."""

    @property
    def stated(self) -> Floats:
        """Stated amounts, (1 + rep,), all reps first."""
        return all_reps_first(np.bincount(self.rows.rep, self.rows.stated, minlength=len(self.fit.reps)))

    def table(
        self, *, target: float | Mapping[str, float] | None = None, interval_prob: float = INTERVAL_PROB
    ) -> pd.DataFrame:
        """What is stated, what is likely, and in which range?

        Parameters
        ----------
        target : float or mapping of str to float, optional
            Amount to reach: of all reps together, or rep to amount, "(all reps)" among them.

        Returns
        -------
        pandas.DataFrame
            Per rep, all reps first, and `part` ("forecast", "new", "total"): `stated`, `estimate` (the mean),
            `median`, `lower`, `upper`, `lower_50`, `upper_50`, `prob_target` where there is a target, `n` forecasts.
        """
        n_rows, targets = 1 + len(self.fit.reps), self._targets(target)
        n = all_reps_first(np.bincount(self.rows.rep, minlength=len(self.fit.reps)).astype(float))
        columns: dict[str, Any] = {"rep": np.repeat(self.fit.labels, len(PARTS))}
        columns["part"] = np.tile(np.array(PARTS, dtype=object), n_rows)
        stacked = np.stack([self.draws[part] for part in PARTS], axis=2)
        columns["stated"] = np.where(columns["part"] == "new", np.nan, np.repeat(self.stated, len(PARTS)))
        columns["estimate"] = stacked.mean(axis=0).ravel()
        found = equal_tailed(stacked, interval_prob=interval_prob)
        half = equal_tailed(stacked, interval_prob=0.5)
        columns |= {"median": found[0].ravel(), "lower": found[1].ravel(), "upper": found[2].ravel()}
        columns |= {"lower_50": half[1].ravel(), "upper_50": half[2].ravel()}
        reached = (stacked >= np.where(np.isfinite(targets), targets, np.inf)[None, :, None]).mean(axis=0)
        known = np.isfinite(targets)[:, None] & (np.array(PARTS) == "total")
        columns["prob_target"] = np.where(known, reached, np.nan).ravel()
        columns["n"] = np.repeat(n, len(PARTS)).astype(int)
        return self.fit.table(columns, interval_prob, period=self.rows.opens.isoformat())

    def _targets(self, target: float | Mapping[str, float] | None) -> Floats:
        found = np.full(1 + len(self.fit.reps), np.nan)
        if target is None:
            return found
        asked = dict(target) if isinstance(target, Mapping) else {self.fit.labels[0]: target}
        place = {label: i for i, label in enumerate(self.fit.labels)}
        for label, amount in asked.items():
            if label not in place:
                raise InputError(f"`target` must name reps of the deals, or {self.fit.labels[0]!r}; got {label!r}.")
            check_number(amount, "target")
            found[place[label]] = float(amount)
        return found

    def deals(self, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """How likely is each forecast to be won in the period? In the order of the rows, without names of deals."""
        rows, fit = self.rows, self.fit
        columns: dict[str, Any] = {"rep": np.array(fit.reps, dtype=object)[rows.rep]}
        columns["category"] = np.array(fit.layout.counts.categories, dtype=object)[rows.category]
        columns |= {"pushes": rows.pushes, "stated": rows.stated}
        columns |= flat_columns("prob_won", equal_tailed(fit.prob_won(rows), interval_prob=interval_prob))
        return fit.table(columns, interval_prob, period=rows.opens.isoformat())


def period_total(fit: DealFit, rows: OpenForecasts, *, seed: int | None = None) -> PeriodTotal:
    """What will this period bring, by what became of earlier forecasts?

    Each draw wins or loses every forecast by its chance, in one draw of how the period turns out for everybody, and one
    for each rep; pays for what is won by the ratio of totals; and adds new business. The period is taken as at its
    opening: what has been won in it since is not used.

    Parameters
    ----------
    fit : DealFit
        A fitted model of deals.
    rows : OpenForecasts
        Forecasts of one period.
    seed : int, optional
        Seed of the draws; default: one that follows from the fit's.
    """
    rng = np.random.default_rng(spawn_seed(fit.diagnostics.seed, _TOTAL_STREAM) if seed is None else seed)
    n_draws, n_reps = fit.n_draws, len(fit.reps)
    odds = fit.log_odds("won", rows.rep, rows.category, rows.pushes, rows.size)
    turn = _period(fit, "won", rng)[:, None] + _swings(_swing_won(fit), fit, rng)[:, rows.rep]
    won = rng.random(odds.shape) < logistic(odds + turn)
    place = rows.rep * len(SIZES) + rows.size
    amounts = np.zeros((len(place), n_reps * len(SIZES)))
    amounts[np.arange(len(place)), place] = rows.stated
    stated = (won.astype(float) @ amounts).reshape(n_draws, n_reps, len(SIZES))
    forecast = _paid(fit, stated, rng)
    new = _new_business(fit, rng)
    parts = {"forecast": forecast, "new": new, "total": forecast + new}
    draws = {name: np.column_stack([values.sum(axis=1), values]) for name, values in parts.items()}
    return PeriodTotal(fit, rows, draws)


def _paid(fit: DealFit, stated: Floats, rng: np.random.Generator) -> Floats:
    """What is paid for what is won: Gamma of the mean by the ratio of totals and of variance φ times it."""
    if not fit.knows_amounts:
        return stated.sum(axis=2)
    turn = _period(fit, "ratio", rng)[:, None] + _swings(_swing_ratio(fit), fit, rng)
    mean = (stated * fit.ratio_draws()).sum(axis=2) * np.exp(turn)
    phi = fit.layout.dispersion
    return np.where(mean > 0, rng.gamma(np.maximum(mean, 1e-12 * phi) / phi, phi), 0.0)


def _new_business(fit: DealFit, rng: np.random.Generator) -> Floats:
    """Deals won without a forecast: their number by rep, their amounts as those of all reps were, (draw, rep)."""
    draws, counted = fit.posteriors["new"], fit.layout.counts.new
    logs = draws["mean"] + draws["level"] + _period(fit, "new", rng)[:, None]
    number = rng.poisson(np.exp(logs)) * (fit.layout.active[:, -FEW_LAST:].sum(axis=1) > 0)
    n, paid, square = (float(counted[name].sum()) for name in ("n", "paid", "square"))
    if n < 1 or paid <= 0:
        return np.zeros(number.shape)
    mean = paid / n
    spread = max(square / n / mean**2 - 1.0, 0.05)
    of_mean = mean * np.exp(rng.normal(0.0, np.sqrt(spread / n), (len(number), 1)))
    return np.where(number > 0, rng.gamma(np.maximum(number, 1) / spread, spread * of_mean), 0.0)


FEW_LAST = 3
"""A rep without a forecast or a win in so many closed periods brings no new business."""


def _period(fit: DealFit, part: str, rng: np.random.Generator) -> Floats:
    """How the coming period turns out for everybody, (draw,): drawn once, from the spread between periods."""
    draws = fit.posteriors[part]
    if "period_scale" not in draws.dims:
        return np.zeros(fit.n_draws)
    return np.asarray(np.ravel(draws["period_scale"]) * rng.normal(size=fit.n_draws), dtype=float)


def _swings(spread: float, fit: DealFit, rng: np.random.Generator) -> Floats:
    """How it turns out for each rep, (draw, rep); the level, too, rests on periods that swung."""
    n_periods = np.maximum(fit.layout.active.sum(axis=1), 1.0)
    return spread * np.sqrt(1.0 + 1.0 / n_periods) * rng.normal(size=(fit.n_draws, len(fit.reps)))


def _swing_won(fit: DealFit) -> float:
    """Standard deviation of a rep's log-odds from period to period, by moments of what is left of the fit."""
    laid, n_periods = fit.layout.laid, fit.layout.counts.n_periods
    rep = np.broadcast_to(np.arange(len(fit.reps))[:, None], laid.n.shape)
    period = (
        fit.posteriors["won"]["period"].mean(axis=0) if "period" in fit.posteriors["won"].dims else np.zeros(n_periods)
    )
    chosen = laid.n > 0
    places = (rep[chosen], laid.category[chosen], laid.pushes[chosen], laid.size[chosen])
    prob = logistic(fit.log_odds("won", *places).mean(axis=0) + period[laid.period[chosen]])
    excess, variance = np.zeros((2, len(fit.reps), n_periods))
    at = (rep[chosen], laid.period[chosen])
    np.add.at(excess, at, laid.won[chosen] - laid.n[chosen] * prob)
    np.add.at(variance, at, laid.n[chosen] * prob * (1.0 - prob))
    held = variance > 0
    lost = 1.0 - (len(fit.reps) + n_periods) / max(int(held.sum()), len(fit.reps) + n_periods + 1)
    left = (excess[held] ** 2).sum() / max(lost, 0.2) - variance[held].sum()
    return float(np.sqrt(max(left / (variance[held] ** 2).sum(), 0.0)))


def _swing_ratio(fit: DealFit) -> float:
    """The same of a rep's log ratio of totals: cells weigh by what their deals tell and a typical swing."""
    stated, paid = (fit.layout.paired(name) for name in ("stated_paired", "paid_paired"))
    draws = fit.posteriors["ratio"]
    logs = draws["size"].mean(axis=0)[None, :, None] + draws["level"].mean(axis=0)[:, None, None]
    period = draws["period"].mean(axis=0) if "period" in draws.dims else np.zeros(stated.shape[2])
    mean = (stated * np.exp(logs + period)).sum(axis=1)
    held = mean > 0
    apart = (paid.sum(axis=1)[held] / mean[held] - 1.0) ** 2
    noise = fit.layout.dispersion / mean[held]
    weight = (noise + _TYPICAL_SWING**2) ** -2.0
    lost = 1.0 - (len(fit.reps) + stated.shape[2]) / max(int(held.sum()), len(fit.reps) + stated.shape[2] + 1)
    return float(np.sqrt(max((weight * (apart / max(lost, 0.2) - noise)).sum() / weight.sum(), 0.0)))
