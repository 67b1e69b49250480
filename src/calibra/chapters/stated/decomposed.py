"""The score of stated percentages in its parts, rep by rep: pooled, from the counts alone, and freed of chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.stated.lines import line_columns
from calibra.errors import NotEnoughDataError
from calibra.stats.forecasts.calibration_error import squared_error_of_cells
from calibra.stats.forecasts.cells import ForecastCells, cells_from_counts
from calibra.stats.forecasts.decomposition import split_score
from calibra.stats.forecasts.scores import RULES
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.stated.fit import StatedFit

type Floats = NDArray[np.float64]

PARTS = ("score", "miscalibration", "discrimination", "uncertainty")


def decomposed_columns(fit: StatedFit, margin_odds: float, interval_prob: float) -> dict[str, Any]:
    """Columns of `StatedFit.decomposition`, which says what they mean; all reps first."""
    lines = line_columns(fit, margin_odds, interval_prob)
    columns: dict[str, Any] = {"rep": lines["rep"]}
    known = lines["n"] > 0
    for name, draws in zip(PARTS, _parts(fit), strict=True):
        found = equal_tailed(draws, interval_prob=interval_prob)
        for end, ends in zip(("", "_lower", "_upper"), found, strict=True):
            columns[f"{name}{end}"] = np.where(known, ends, np.nan)
    columns |= _of_counts(fit, interval_prob)
    for end in ("", "_lower", "_upper"):
        columns[f"delta{end}"] = np.exp(lines[f"intercept{end}"])
        columns[f"gamma{end}"] = lines[f"slope{end}"]
    return columns | {"prob_calibrated": lines["prob_calibrated"], "n": lines["n"]}


def _parts(fit: StatedFit) -> tuple[Floats, ...]:
    """Draws of score, miscalibration, discrimination and uncertainty, (draw, row) each; all reps together first."""
    n, stated, prob = fit.cells.n.astype(float), fit.cells.stated, fit.cell_draws()
    used = n.sum(axis=0)  # 0 where a percentage is stated of young prospects alone
    together = [(values * n).sum(axis=-2) / np.maximum(used, 1.0) for values in (prob, stated)]  # as one forecaster
    prob = np.concatenate([together[0][:, None], prob], axis=1)
    stated, n = np.vstack([together[1], stated]), np.vstack([used, n])
    total = np.maximum(n.sum(axis=1), 1.0)

    def mean(values: Floats) -> Floats:
        """Mean over the statements of each row, (draw, row)."""
        return np.asarray((values * n).sum(axis=-1) / total)

    miscalibration, rate = mean((prob - stated) ** 2), mean(prob)
    discrimination = mean(prob**2) - rate**2
    uncertainty = rate * (1.0 - rate)
    return miscalibration - discrimination + uncertainty, miscalibration, discrimination, uncertainty


def _of_counts(fit: StatedFit, interval_prob: float) -> dict[str, Floats]:
    """Parts of the score by isotonic regression, and the debiased error, of counts alone; NaN where there are none."""
    n, events, stated = fit.cells.n, fit.cells.events, fit.cells.stated
    together = n > 0
    rows = [_cells(stated[together], n[together], events[together])]
    rows += [_cells(stated[i, n[i] > 0], n[i, n[i] > 0], events[i, n[i] > 0]) for i in range(len(n))]
    found = np.array([_row(cells, interval_prob) for cells in rows])
    names = ("corp_miscalibration", "corp_discrimination", "debiased", "debiased_lower", "debiased_upper")
    return dict(zip(names, found.T, strict=True))


def _cells(stated: Floats, n: NDArray[np.int64], events: NDArray[np.int64]) -> ForecastCells | None:
    return cells_from_counts(stated, n, events) if n.size else None


def _row(cells: ForecastCells | None, interval_prob: float) -> tuple[float, ...]:
    if cells is None:
        return (np.nan,) * 5
    parts = split_score(cells, RULES["brier"])
    try:
        debiased = squared_error_of_cells(cells, interval_prob=interval_prob).debiased
    except NotEnoughDataError:  # every percentage is stated once
        return parts.miscalibration, parts.discrimination, np.nan, np.nan, np.nan
    ends = (float(end) for end in (debiased.estimate, debiased.lower, debiased.upper))
    return parts.miscalibration, parts.discrimination, *ends
