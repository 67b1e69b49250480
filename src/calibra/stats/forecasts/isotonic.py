"""Isotonic recalibration (CORP) on cells: the monotone curve nearest to what was observed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from calibra.stats.forecasts.cells import Floats, ForecastCells

MAX_COARSE_CELLS = 2000
"""Simulated curves run on at most about this many cells; above it neighbouring forecasts share a cell."""

FINEST_SHARE = 32
"""A coarse cell holds at most 1/32 of the forecasts between it and the nearer end, so the ends stay fine."""


class IsotonicFit(NamedTuple):
    """Recalibrated value per cell, and where the pooled blocks begin."""

    values: Floats
    """Recalibrated probability per cell, not decreasing."""
    starts: NDArray[np.int64]
    """First cell of every block of equal value, and the number of cells at the end."""


def fit_isotonic(cells: ForecastCells) -> IsotonicFit:
    r"""Which monotone curve is nearest to the observed rates? Pool-adjacent-violators on tie-pooled cells.

    .. math:: \hat c = \arg\min_{c_1 \le \dots \le c_K} \sum_k w_k (\bar y_k - c_k)^2

    One solution is optimal for every proper score at once. It overfits: the recalibrated forecasts
    always look at least a little better than the forecasts.

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), Stable reliability diagrams for probabilistic classifiers, PNAS 118(8).
    https://doi.org/10.1073/pnas.2016191118
    """
    fit = isotonic_regression(cells.rate, weights=cells.weight)
    return IsotonicFit(np.clip(fit.x, 0.0, 1.0), np.asarray(fit.blocks, dtype=np.int64))


def fit_isotonic_rows(rates: Floats, weights: Floats) -> Floats:
    """Fit one monotone curve per row, all in one pass.

    Each row is lifted by 2 above the row before it. Rates lie in [0, 1], so no block reaches from one row into the
    next, and the curve of the long row is the rows' own curves side by side.
    """
    lift = 2.0 * np.arange(rates.shape[0])[:, None]
    flat_weights = np.broadcast_to(weights, rates.shape).ravel()
    starts = np.asarray(isotonic_regression((rates + lift).ravel(), weights=flat_weights).blocks, dtype=np.int64)
    sums = np.add.reduceat(flat_weights * rates.ravel(), starts[:-1]) / np.add.reduceat(flat_weights, starts[:-1])
    return np.clip(np.repeat(sums, np.diff(starts)), 0.0, 1.0).reshape(rates.shape)


def recalibrate_at(prob: Floats, fitted: Floats, at: Floats) -> Floats:
    """The curve at any forecast: linear between distinct forecasts, constant beyond them."""
    return np.interp(at, prob, fitted)


def merge_cells(cells: ForecastCells, starts: NDArray[np.int64]) -> ForecastCells:
    """Neighbouring cells as one, from each start to the next; its forecast is their weighted mean."""

    def total(values: NDArray[np.float64]) -> Floats:
        return np.add.reduceat(values, starts)

    weight, events = total(cells.weight), total(cells.event_weight)
    mean_prob = total(cells.weight * cells.prob) / weight
    if cells.weight_sq is cells.weight:  # counts: the squares are the weights themselves
        squares, event_squares = weight, events
    else:
        squares, event_squares = total(cells.weight_sq), total(cells.event_weight_sq)
    return ForecastCells(mean_prob, np.add.reduceat(cells.n, starts), weight, events, squares, event_squares)


def coarsen(cells: ForecastCells, *, max_cells: int = MAX_COARSE_CELLS) -> ForecastCells:
    """The same cells where they are few; else neighbours merged, finely at both ends, where the curve turns fastest."""
    if cells.prob.size <= max_cells:
        return cells
    return merge_cells(cells, coarse_starts(cells.n, max_cells))


def coarse_starts(counts: NDArray[np.int64], max_cells: int) -> NDArray[np.int64]:
    """First cell of each coarse cell: equal counts inside, a share of the distance to the end near both ends."""
    total = int(counts.sum())
    widest = max(total / (0.75 * max_cells), 1.0)
    edges = [0.0]
    while edges[-1] < total / 2:
        edges.append(edges[-1] + min(max(1.0, edges[-1] / FINEST_SHARE), widest))
    left = np.array(edges[:-1])
    cuts = np.concatenate([left, total - left[::-1]])
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    starts = np.unique(np.searchsorted(before, cuts, side="left"))
    return starts[starts < counts.size].astype(np.int64)
