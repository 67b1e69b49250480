"""The lines of the reps as columns: intercept and slope, what was stated against what came, how sure of which fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.reading.means import ALL_REPS, log_odds
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import odds_beyond

if TYPE_CHECKING:
    from calibra.chapters.stated.fit import StatedFit

type Floats = NDArray[np.float64]

SLOPE_AT = 0.9
"""Stated probability at which the margin is asked of a slope."""


def line_columns(fit: StatedFit, margin_odds: float, interval_prob: float) -> dict[str, Any]:
    """Columns of `StatedFit.lines`, which says what they mean; all reps first."""
    stated, actual, error = stated_and_actual(fit)
    intercept, slope = fit.line_draws()
    draws = fit.posterior.draws
    intercept = np.concatenate([draws["intercept"], intercept], axis=1)
    slope = np.concatenate([draws["slope"], slope], axis=1)
    n = np.concatenate([[fit.n.sum()], fit.n])
    known = n > 0
    beyond = odds_beyond(actual, np.where(known, stated, 0.5), margin_odds=margin_odds)
    margin = slope_margin(margin_odds)
    extreme, timid = slope < 1.0 - margin, slope > 1.0 + margin
    is_high = log_odds(actual) - log_odds(np.clip(stated, 1e-9, 1.0 - 1e-9))
    off = (np.abs(is_high) > np.log(margin_odds)) | extreme | timid
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
        "prob_too_high": np.where(known, beyond.below, np.nan),
        "prob_too_low": np.where(known, beyond.above, np.nan),
        "prob_too_extreme": extreme.mean(axis=0),
        "prob_too_timid": timid.mean(axis=0),
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


def slope_margin(margin_odds: float) -> float:
    """How far a slope may lie from 1 without moving the odds at a stated 90 % by more than the margin."""
    return float(np.log(margin_odds) / np.log(SLOPE_AT / (1.0 - SLOPE_AT)))
