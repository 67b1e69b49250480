"""Bands of a reliability curve: around the diagonal (consistency) and around the curve (confidence).

All run on cells, so their cost depends on the number of distinct forecasts and not on the number of rows.
A band is read at its grid of forecasts. Between two of them the lower end is that of the value below,
the upper end that of the value above.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import ndtri

from calibra.stats import binomial
from calibra.stats.forecasts.cells import Floats, ForecastCells
from calibra.stats.forecasts.isotonic import coarsen, fit_isotonic, merge_cells
from calibra.stats.forecasts.smooth_band import smooth_ends

FEW_DISTINCT = 20
"""Up to this many distinct forecasts (ranks, tenths) each is its own binomial."""

MAX_GRID = 1000
"""A band is computed at no more forecasts than this, spread over their order; all of them where they are fewer."""

HONEST_BINS = 100
"""The simultaneous band forms all runs of neighbouring bins out of at most this many."""

N_SIMULATIONS = 999
"""With 999 simulated curves the 2.5 % and 5 % ends are order statistics, exact at any number."""


class BandEnds(NamedTuple):
    """A band on its grid."""

    prob: Floats
    """Forecasts at which the band is computed, ascending."""
    lower: Floats
    """Lower end."""
    upper: Floats
    """Upper end."""


def consistency_exact(cells: ForecastCells, *, interval_prob: float) -> BandEnds:
    """Where would the observed rate of each distinct forecast lie if it were calibrated? Binomial quantiles.

    Holds each rate with at least the stated probability. With weights the count is the effective one, rounded.
    """
    count = np.maximum(np.rint(cells.effective_n), 1.0)
    tail = (1.0 - interval_prob) / 2.0
    lower = binomial.quantile(tail, count, cells.prob) / count
    upper = binomial.quantile(1.0 - tail, count, cells.prob) / count
    return BandEnds(cells.prob, lower, upper)


def consistency_simulated(cells: ForecastCells, *, interval_prob: float, rng: np.random.Generator) -> BandEnds:
    """Where would the curve lie if the forecasts were calibrated? Outcomes drawn from the forecasts, refitted.

    Given the forecasts this is a Monte Carlo test: the curve of calibrated forecasts and the simulated ones are
    exchangeable, so each point lies between the order statistics with at least the stated probability. More than
    2,000 distinct forecasts are merged with their neighbours (`coarsen`), which is an approximation.
    """
    merged = coarsen(cells)
    curves = _simulate_curves(merged, merged.prob, rng)
    lower, upper = _order_ends(curves, interval_prob)
    return BandEnds(merged.prob, lower, upper)


def confidence_exact(cells: ForecastCells, *, interval_prob: float) -> BandEnds:
    """Where may the true curve be, one distinct forecast at a time? Clopper–Pearson, no monotone truth assumed."""
    tail = (1.0 - interval_prob) / 2.0
    count = cells.effective_n
    lower = binomial.lower_bound(cells.rate * count, count, tail=tail)
    upper = binomial.upper_bound(cells.rate * count, count, tail=tail)
    return _hold_curve(cells, BandEnds(cells.prob, lower, upper))


def confidence_smooth(cells: ForecastCells, *, interval_prob: float) -> BandEnds:
    """Where may a smooth true curve be, point by point? See `smooth_band`; about its level, and less where it jumps.

    The isotonic curve is rougher than the true ones this band is for and may leave it.
    """
    at = cells.prob[_grid(cells)]
    return BandEnds(at, *smooth_ends(cells, at, interval_prob=interval_prob))


def confidence_windows(cells: ForecastCells, *, interval_prob: float) -> BandEnds:
    r"""Where may the true monotone curve be, point by point? Exact bounds on windows chosen from the forecasts.

    Let the true curve be monotone. Among the forecasts of a window that ends at x, every event probability is at
    most c(x), so the number of events Y is stochastically smaller than Binomial(n, c(x)), and

    .. math:: L(x) = \mathrm{Beta}^{-1}\bigl(\tfrac{1 - \mathrm{level}}{2};\; Y,\; n - Y + 1\bigr)

    (Clopper–Pearson) exceeds c(x) with probability at most (1 − level)/2, at any sample size. The window is the one
    whose bound would be highest if the forecasts were calibrated; it is chosen from the forecasts alone, never from
    the outcomes, so nothing has to be paid for the choice. The upper end is the same seen from the other side.
    The ends are then made monotone outwards and stretched to hold the curve; both only widen. The guarantee is
    for independent outcomes given the forecasts, at each point apart; for the whole curve at once see
    `confidence_honest`.
    """
    tail = (1.0 - interval_prob) / 2.0
    grid = _grid(cells)
    lower = _window_bound(cells, grid, tail)
    flipped = _flip(cells)
    upper = 1.0 - _window_bound(flipped, cells.prob.size - 1 - grid[::-1], tail)[::-1]
    lower = np.minimum.accumulate(lower[::-1])[::-1]
    upper = np.maximum.accumulate(upper)
    return _hold_curve(cells, BandEnds(cells.prob[grid], lower, upper))


def confidence_honest(cells: ForecastCells, *, interval_prob: float) -> BandEnds:
    r"""Where may the whole true monotone curve be? All of it lies inside with at least the stated probability.

    For bins j ≤ k the events in the run j..k bound the curve at the greatest forecast of bin k from below (as in
    `confidence_windows`). With B bins there are B(B+1)/2 runs; each is used at tail (1 − level)/(B(B+1)), so that
    all hold together (union bound), and

    .. math:: L(x) = \max \{ \mathrm{CP}_{jk} : j \le k,\; \text{greatest forecast of bin } k \le x \},

    U(x) likewise as a minimum over runs whose smallest forecast is at least x. This is the construction of
    Dimitriadis et al. (2023) on runs of at most 100 bins of equal counts in place of all runs of forecasts: still
    guaranteed, a little coarser inside a bin, a little sharper because fewer runs are paid for. Stretched to
    hold the curve, which only widens.

    References
    ----------
    Dimitriadis, Dümbgen, Henzi, Puke, Ziegel (2023), Honest calibration assessment for binary outcome predictions,
    Biometrika 110, 663–680. https://doi.org/10.1093/biomet/asac068
    """
    starts = _equal_count_starts(cells, HONEST_BINS)
    binned = merge_cells(cells, starts)
    n_bins = starts.size
    tail = (1.0 - interval_prob) / (n_bins * (n_bins + 1))
    last = cells.prob[np.append(starts[1:], cells.prob.size) - 1]
    first = cells.prob[starts]
    running_lower = _run_bound(binned, tail)
    running_upper = 1.0 - _run_bound(_flip(binned), tail)[::-1]
    at = cells.prob[_grid(cells)]
    lower = np.append(0.0, running_lower)[np.searchsorted(last, at, side="right")]
    upper = np.append(running_upper, 1.0)[np.searchsorted(first, at, side="left")]
    return _hold_curve(cells, BandEnds(at, lower, upper))


def confidence_resampled(cells: ForecastCells, *, interval_prob: float, rng: np.random.Generator) -> BandEnds:
    """Where do curves fitted to outcomes drawn from the curve lie? Approximate: it covers too little.

    Kept for comparison with other software; docs/studies/bands.md has the shortfall.
    """
    merged = coarsen(cells)
    curves = _simulate_curves(merged, fit_isotonic(merged).values, rng)
    lower, upper = _order_ends(curves, interval_prob)
    return _hold_curve(cells, BandEnds(merged.prob, lower, upper))


COMPUTED = {
    ("consistency", "exact"): consistency_exact,
    ("confidence", "exact"): confidence_exact,
    ("confidence", "smooth"): confidence_smooth,
    ("confidence", "windows"): confidence_windows,
    ("confidence", "honest"): confidence_honest,
}
"""Bands by kind and method that need no random numbers."""

DRAWN = {"simulation": consistency_simulated, "resampling": confidence_resampled}
"""Bands by method that do."""


def _simulate_curves(cells: ForecastCells, truth: Floats, rng: np.random.Generator) -> Floats:
    count = np.maximum(np.rint(cells.effective_n), 1.0).astype(np.int64)
    rates = rng.binomial(count, np.clip(truth, 0.0, 1.0), size=(N_SIMULATIONS, count.size)) / count
    for row in rates:
        row[:] = isotonic_regression(row, weights=cells.weight).x
    return rates


def _order_ends(curves: Floats, interval_prob: float) -> tuple[Floats, Floats]:
    """The order statistics between which one more exchangeable curve falls with the stated probability or more."""
    tail = (1.0 - interval_prob) / 2.0
    place = max(int(np.floor((curves.shape[0] + 1) * tail + 1e-9)), 1) - 1
    ordered = np.partition(curves, [place, curves.shape[0] - 1 - place], axis=0)
    return ordered[place], ordered[curves.shape[0] - 1 - place]


def _grid(cells: ForecastCells) -> NDArray[np.int64]:
    size = cells.prob.size
    return np.unique(np.rint(np.linspace(0, size - 1, min(size, MAX_GRID))).astype(np.int64))


def _window_bound(cells: ForecastCells, ends: NDArray[np.int64], tail: float) -> Floats:
    """Lower bound at the cells `ends`, each on the window that ends there and looks best before any outcome is seen."""
    before = {name: _cumulated(values) for name, values in _window_sums(cells).items()}
    upto = before["weight"][ends + 1]
    n_sizes = 2 * int(np.ceil(np.log2(cells.prob.size + 1))) + 2
    smallest = np.diff(before["weight"])[ends]
    ratio = np.maximum(upto / smallest, 1.0)
    sizes = smallest[:, None] * ratio[:, None] ** np.linspace(0.0, 1.0, n_sizes)
    starts = np.searchsorted(before["weight"], upto[:, None] - sizes * (1.0 - 1e-12), side="right") - 1
    starts = np.clip(starts, 0, ends[:, None])
    weight = upto[:, None] - before["weight"][starts]
    square = before["square"][ends + 1][:, None] - before["square"][starts]
    expected = (before["forecast"][ends + 1][:, None] - before["forecast"][starts]) / weight
    count = weight**2 / square
    best = np.argmax(_wilson_lower(np.clip(expected, 0.0, 1.0), count, -float(ndtri(tail))), axis=1)
    rows = np.arange(ends.size)
    chosen = starts[rows, best]
    events = before["events"][ends + 1] - before["events"][chosen]
    used = count[rows, best]
    return binomial.lower_bound(events / weight[rows, best] * used, used, tail=tail)


def _window_sums(cells: ForecastCells) -> dict[str, Floats]:
    forecast = cells.weight * cells.prob
    return {"weight": cells.weight, "events": cells.event_weight, "square": cells.weight_sq, "forecast": forecast}


def _cumulated(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _wilson_lower(rate: Floats, n: Floats, z: float) -> Floats:
    centre = rate + z**2 / (2.0 * n)
    return np.asarray((centre - z * np.sqrt(rate * (1.0 - rate) / n + (z / (2.0 * n)) ** 2)) / (1.0 + z**2 / n))


def _run_bound(bins: ForecastCells, tail: float) -> Floats:
    """Per bin k the greatest lower bound over all runs that end at k or before."""
    weight, events, square = _cumulated(bins.weight), _cumulated(bins.event_weight), _cumulated(bins.weight_sq)
    start, end = np.triu_indices(bins.prob.size)
    run_weight = weight[end + 1] - weight[start]
    count = run_weight**2 / (square[end + 1] - square[start])
    bound = binomial.lower_bound((events[end + 1] - events[start]) / run_weight * count, count, tail=tail)
    best = np.zeros(bins.prob.size)
    np.maximum.at(best, end, bound)
    return np.maximum.accumulate(best)


def _flip(cells: ForecastCells) -> ForecastCells:
    """The same data about the opposite event."""
    return ForecastCells(
        1.0 - cells.prob[::-1],
        cells.n[::-1],
        cells.weight[::-1],
        (cells.weight - cells.event_weight)[::-1],
        cells.weight_sq[::-1],
        (cells.weight_sq - cells.event_weight_sq)[::-1],
    )


def _equal_count_starts(cells: ForecastCells, n_bins: int) -> NDArray[np.int64]:
    before = np.concatenate([[0], np.cumsum(cells.n)[:-1]])
    bin_of = (before * n_bins) // int(cells.n.sum())
    return np.flatnonzero(np.diff(bin_of, prepend=-1)).astype(np.int64)


def _hold_curve(cells: ForecastCells, ends: BandEnds) -> BandEnds:
    curve = np.interp(ends.prob, cells.prob, fit_isotonic(cells).values)
    return BandEnds(ends.prob, np.minimum(ends.lower, curve), np.maximum(ends.upper, curve))
