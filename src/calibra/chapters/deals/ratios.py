"""The ratios that other tools show, exactly as these define them, beside the pooled reading with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.chapters.deals.fit import DealFit
from calibra.data.counting.forecasts import WON
from calibra.reading.rows import all_reps_first, flat_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

HAPPY, SANDBAG = 0.9, 1.1
"""Outside these b2b-revenue-forecasting labels a rep by the factor."""


def forecast_ratios(stated: ArrayLike, won: ArrayLike) -> dict[str, Floats]:
    """What do other tools make of a stated sum F and what was won A?

    Gong: F/A. HubSpot: max(0, 1 − |A − F|/A). b2b-revenue-forecasting: A/F. Clari, by what others say of it:
    1 − |F − A|/F. NaN where a divisor is 0: no such number is there.

    Examples
    --------
    >>> {name: round(float(value), 3) for name, value in forecast_ratios(350, 90).items()}
    {'ratio_gong': 3.889, 'accuracy_hubspot': 0.0, 'factor_b2b': 0.257, 'accuracy_clari': 0.257}
    """
    said, came = np.broadcast_arrays(np.asarray(stated, dtype=float), np.asarray(won, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "ratio_gong": said / came,
            "accuracy_hubspot": np.maximum(0.0, 1.0 - np.abs(came - said) / came),
            "factor_b2b": came / said,
            "accuracy_clari": 1.0 - np.abs(said - came) / said,
        }
    of = {"ratio_gong": came, "accuracy_hubspot": came, "factor_b2b": said, "accuracy_clari": said}
    return {name: np.where(of[name] > 0, value, np.nan) for name, value in found.items()}


def compare_ratios(fit: DealFit, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
    """What do other tools' ratios say of each rep, and what can be said of it?

    Parameters
    ----------
    fit : DealFit
        A fitted model of deals, with amounts.

    Returns
    -------
    pandas.DataFrame
        All reps first, over all closed periods: `stated` F and `won` A of the forecasts, the four ratios; `factor` with
        `_lower`, `_upper`: A/F by the model, at all reps' mix of categories, pushes and sizes by stated amount;
        `n` forecasts; `prob_labelled`: of identical reps with as many forecasts, the share whose `factor_b2b`, divided
        by all reps', lies outside 0.9 to 1.1: they would be labelled for nothing.
    """
    counts = fit.layout.counts
    said = all_reps_first(counts.total("stated", "rep"))
    won = all_reps_first(counts.total("paid", "rep", fate=WON))
    draws = _factors(fit)
    columns: dict[str, Any] = {"rep": fit.labels, "stated": said, "won": won, **forecast_ratios(said, won)}
    columns |= flat_columns("factor", equal_tailed(draws, interval_prob=interval_prob))
    columns["n"] = all_reps_first(fit.layout.n).astype(int)
    columns["prob_labelled"] = np.concatenate([[np.nan], _labelled(fit)])
    return fit.table(columns, interval_prob)


def _factors(fit: DealFit) -> Floats:
    """Draws of A/F, (draw, 1 + rep)."""
    mix = fit.layout.stated
    place = np.indices((len(fit.reps), *mix.shape)).reshape(4, -1)
    shape = (fit.n_draws, len(fit.reps), -1, mix.shape[2])
    prob = (1.0 / (1.0 + np.exp(-fit.log_odds("won", *place)))).reshape(shape)
    each = np.einsum("srxb,xb,srb->sr", prob, mix.reshape(-1, mix.shape[2]) / mix.sum(), fit.ratio_draws())
    stated = fit.layout.counts.total("stated", "rep")
    return np.column_stack([each @ (stated / stated.sum()), each])


def _labelled(fit: DealFit) -> Floats:
    """Share of identical reps outside the labels, by the normal approximation of a sum of deals won or not, (rep,)."""
    from scipy.special import ndtr

    counts = fit.layout.counts
    stated, n = counts.total("stated", "rep"), fit.layout.n
    every = stated.sum()
    share = counts.total("paid", "rep", fate=WON).sum() / every
    won = counts.total("n", fate=WON) / counts.total("n")
    by_size = fit.layout.stated.sum(axis=(0, 1)) / np.maximum(fit.layout.mix.sum(axis=(0, 1)), 1.0)
    weight = fit.layout.mix.sum(axis=(0, 1)) / fit.layout.mix.sum()
    spread = 1.0 + max((weight * by_size**2).sum() / (weight * by_size).sum() ** 2 - 1.0, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(spread * (1.0 - won) / won / n) if share > 0 else np.full(len(n), np.nan)
        return np.where(n > 0, ndtr((HAPPY - 1.0) / sd) + 1.0 - ndtr((SANDBAG - 1.0) / sd), np.nan)
