"""The lines of the reps as columns: intercept and slope, what was stated against what came, how sure of which fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.stated import NEAREST_TO_CERTAIN, PER_MILLE
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import check_margin_odds, log_odds_gap

if TYPE_CHECKING:
    from calibra.chapters.stated.fit import StatedFit

type Floats = NDArray[np.float64]

SLOPE_AT = 0.9
"""Stated probability at which the margin is asked of a slope."""

LEAST = NEAREST_TO_CERTAIN / PER_MILLE
"""What is stated at or below this, or as near to 1, is read as this: an end of the line."""


def line_columns(fit: StatedFit, margin_odds: float, interval_prob: float) -> dict[str, Any]:
    """Columns of `StatedFit.lines`, which says what they mean; all reps first."""
    check_margin_odds(margin_odds)
    stated, actual, error = stated_and_actual(fit)
    intercept, slope = fit.line_draws()
    draws = fit.posterior.draws
    intercept = np.concatenate([draws["intercept"], intercept], axis=1)
    slope = np.concatenate([draws["slope"], slope], axis=1)
    n = np.concatenate([[fit.n.sum()], fit.n])
    known = n > 0
    said = np.where(known, stated, 0.5)
    # Read as 1 % or 99 %: 0 and 100 % are surer than any posterior, and who states them and is right is not at fault.
    too_high = log_odds_gap(actual, np.minimum(said, 1.0 - LEAST)) < -np.log(margin_odds)
    too_low = log_odds_gap(actual, np.maximum(said, LEAST)) > np.log(margin_odds)
    margin = slope_margin(margin_odds)
    has_slope = sees_slope(fit)
    extreme = has_slope & (slope < 1.0 - margin)
    timid = has_slope & (np.minimum(slope, slope_between_ends(fit, slope)) > 1.0 + margin)
    off = too_high | too_low | extreme | timid
    columns: dict[str, Any] = {"rep": np.array([ALL_REPS, *fit.reps], dtype=object)}
    numbers = {
        "intercept": intercept,
        "slope": slope,
        "actual": actual,
        "gap_points": 100.0 * (actual - stated),
        "error_points": 100.0 * error,
    }
    for name, values in numbers.items():
        found = equal_tailed(values, interval_prob=interval_prob)
        shown = (found.estimate, found.lower, found.upper)
        of_statements = name not in ("intercept", "slope")
        for end, ends in zip(("", "_lower", "_upper"), shown, strict=True):
            columns[f"{name}{end}"] = np.where(known, ends, np.nan) if of_statements else ends
    return columns | {
        "stated": np.where(known, stated, np.nan),
        "prob_too_high": np.where(known, too_high.mean(axis=0), np.nan),
        "prob_too_low": np.where(known, too_low.mean(axis=0), np.nan),
        "prob_too_extreme": np.where(has_slope, extreme.mean(axis=0), np.nan),
        "prob_too_timid": np.where(has_slope, timid.mean(axis=0), np.nan),
        "prob_calibrated": np.where(known, 1.0 - off.mean(axis=0), np.nan),
        "n": n.astype(int),
        "events": np.concatenate([[fit.events.sum()], fit.events]).astype(int),
    }


def stated_and_actual(fit: StatedFit) -> tuple[Floats, Floats, Floats]:
    """Mean stated, (row,), draws of the mean probability and of the mean distance, (draw, row); all reps first."""
    cells, prob = fit.cells, fit.cell_draws()
    total = cells.n.sum(axis=1).astype(float)
    weights = cells.n / np.maximum(total, 1.0)[:, None]
    shares = total / total.sum()
    stated = (weights * cells.stated).sum(axis=1)
    actual = np.einsum("srk,rk->sr", prob, weights)
    error = np.einsum("srk,rk->sr", np.abs(prob - cells.stated), weights)
    actual = np.where(total > 0, actual, 0.5)
    return (
        np.concatenate([[stated @ shares], stated]),
        np.concatenate([(actual @ shares)[:, None], actual], axis=1),
        np.concatenate([(error @ shares)[:, None], error], axis=1),
    )


def sees_slope(fit: StatedFit) -> bool:
    """Whether more than one percentage is stated; of one alone a slope is what was believed before."""
    log_odds_stated = fit.cells.log_odds[fit.cells.n > 0]
    return log_odds_stated.size > 0 and float(np.ptp(log_odds_stated)) > 0.0


def slope_between_ends(fit: StatedFit, slope: Floats) -> Floats:
    """Slope of the curve over what is stated above 1 % and below 99 %, (draw, row); all reps first.

    Nobody can state more than 100 %: it is read as 99 %, so that the line is steep where it always comes. Of a row
    without such statements this is the slope of the line, and minus infinity where there is one value or none between.
    """
    cells = fit.cells
    is_end = (cells.stated <= LEAST) | (cells.stated >= 1.0 - LEAST)
    if not (is_end & (cells.n > 0)).any():
        return slope
    departure, found = fit.departure_draws(cells.log_odds), slope.copy()
    for row in range(slope.shape[1]):
        kept = np.s_[:] if row == 0 else np.s_[row - 1 : row]
        n, ends = cells.n[kept], is_end[kept]
        if (n[ends] > 0).any():
            weight = np.where(ends, 0, n) / max(float(n[~ends].sum()), 1.0)
            x = cells.log_odds[kept] - (weight * cells.log_odds[kept]).sum()
            spread = float((weight * x**2).sum())
            bent = np.einsum("src,rc->s", departure[:, kept], weight * x)
            found[:, row] = slope[:, row] + bent / spread if spread > 1e-9 else -np.inf
    return found


def slope_margin(margin_odds: float) -> float:
    """How far a slope may lie from 1 without moving the odds at a stated 90 % by more than the margin."""
    return float(np.log(margin_odds) / np.log(SLOPE_AT / (1.0 - SLOPE_AT)))
