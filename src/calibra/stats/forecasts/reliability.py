"""The reliability curve: how often the event followed, against how likely it was called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError, check_whole
from calibra.plotted import Plotted
from calibra.stats.forecasts import bands
from calibra.stats.forecasts.cells import (
    ALL,
    Floats,
    ForecastCells,
    cells_from_counts,
    check_choice,
    check_edges,
    check_forecasts,
)
from calibra.stats.forecasts.curve_tables import ASSUMED, BandEdges, CalibrationBand, CurveBins, CurveCases
from calibra.stats.forecasts.isotonic import MAX_COARSE_CELLS, IsotonicFit, fit_isotonic, merge_cells
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

CURVE_METHODS = ("corp", "quantile", "fixed")
CONSISTENCY_METHODS = ("auto", "exact", "simulation", "none")
CONFIDENCE_METHODS = ("auto", "exact", "smooth", "windows", "honest", "resampling", "none")


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityCurve(Plotted):
    """How often the event followed each forecast, with the curve, its bins, its counts and its bands."""

    picture: ClassVar[str] = "plot_reliability"

    __repr__ = brief

    method: str
    """"corp" (isotonic), "quantile" or "fixed" bins."""
    groups: tuple[str, ...]
    """Group labels; ("all",) without groups."""
    n: NDArray[np.int64]
    """Forecasts per group."""
    cases: CurveCases
    """The curve at every distinct forecast."""
    bins: CurveBins
    """The bins behind the curve."""
    consistency: CalibrationBand | None
    """Band around the diagonal, or None where it was not asked for."""
    confidence: CalibrationBand | None
    """Band around the curve, or None where it was not asked for."""

    @property
    def table(self) -> pd.DataFrame:
        """The curve at every distinct forecast, with the ends of its bands there: `consistency_lower` and so on.

        Between the forecasts of a band's grid its ends are read linearly; a bin has one band for all its forecasts.
        """
        columns = {field.name: getattr(self.cases, field.name) for field in fields(self.cases)}
        for band in (self.consistency, self.confidence):
            if band is not None:
                lower, upper = self._ends_at_cases(band)
                columns |= {f"{band.kind}_lower": lower, f"{band.kind}_upper": upper}
        return make_table(columns)

    def _ends_at_cases(self, band: CalibrationBand) -> tuple[Floats, Floats]:
        """Lower and upper end of a band at every distinct forecast."""
        ends = np.full((2, self.cases.prob.size), np.nan)
        for group in self.groups:
            rows, grid = self.cases.group == group, band.edges.group == group
            at = self.cases.prob[rows]
            if self.method != "corp":  # the band stands at the mean forecast of each bin
                of_group = self.bins.group == group
                at = self.bins.prob_mean[of_group][np.searchsorted(self.bins.prob_max[of_group], at)]
            for place, values in enumerate((band.edges.lower, band.edges.upper)):
                ends[place, rows] = np.interp(at, band.edges.prob[grid], values[grid])
        return ends[0], ends[1]


def reliability_curve(
    y: ArrayLike,
    prob: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    method: str = "corp",
    n_bins: int = 10,
    bin_edges: ArrayLike | None = None,
    interval_prob: float = INTERVAL_PROB,
    consistency: str = "auto",
    confidence: str = "auto",
    seed: int = 0,
) -> ReliabilityCurve:
    """How often did the event follow each forecast, and is that what was said?

    The curve is the isotonic regression of the outcome on the forecast ("corp"); "quantile" and "fixed" give
    the classical bins. It assumes that a higher forecast never means a lower probability, and independent
    outcomes; with repeated judgments of one prospect the bands are too narrow.

    Parameters
    ----------
    y : array of 0/1, shape (n,)
    prob : array of float in [0, 1], shape (n,)
    weights : array of float, shape (n,), optional
        Importance weights; bands then use effective counts and are approximate. Counts go to
        `reliability_curve_from_counts`.
    groups : array of labels, shape (n,), optional
        One curve per group.
    method : {"corp", "quantile", "fixed"}
    n_bins : int
        Number of bins of "quantile" and "fixed".
    bin_edges : array of float, optional
        Your own bins of "fixed", in place of equal widths: rising from 0 to 1. A forecast on an edge belongs to the bin
        above it.
    interval_prob : float
        Level of both bands.
    consistency : {"auto", "exact", "simulation", "none"}
        "auto": "exact" up to 20 distinct forecasts (and for bins), else "simulation".
    confidence : {"auto", "exact", "smooth", "windows", "honest", "resampling", "none"}
        "auto": "exact" up to 20 distinct forecasts (and for bins), else "smooth", which has about its level for a
        smooth true curve and too little where that jumps. "windows" (each point) and "honest" (the whole curve at
        once) are guaranteed for any true curve that never falls, and wide. "resampling" covers too little.
    seed : int
        Seeds "simulation" and "resampling"; the other methods are deterministic.

    Returns
    -------
    ReliabilityCurve

    Raises
    ------
    InputError
        Where the arrays or the choices cannot be used.

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), https://doi.org/10.1073/pnas.2016191118; for the bands see
    `calibra.stats.forecasts.bands`.

    Examples
    --------
    >>> curve = reliability_curve([0, 1, 0, 1], [0.2, 0.3, 0.4, 0.9])
    >>> curve.cases.recalibrated
    array([0. , 0.5, 0.5, 1. ])
    """
    checked = check_forecasts(y, prob, weights=weights, groups=groups)
    edges = None if bin_edges is None else check_edges(bin_edges, method)
    choices = _Choices(method, n_bins, interval_prob, consistency, confidence, seed, edges)
    return _build(checked.cells(), checked.groups, choices)


def reliability_curve_from_counts(
    prob: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    *,
    interval_prob: float = INTERVAL_PROB,
    consistency: str = "auto",
    confidence: str = "auto",
    seed: int = 0,
) -> ReliabilityCurve:
    """The reliability curve of an aggregated table: forecast, times given, events that followed.

    The parameters are those of `reliability_curve`; the result is the same as from the rows.

    Examples
    --------
    >>> reliability_curve_from_counts([0.2, 0.6], [50, 20], [9, 13]).bins.rate
    array([0.18, 0.65])
    """
    choices = _Choices("corp", 10, interval_prob, consistency, confidence, seed)
    return _build([cells_from_counts(prob, n, events)], (ALL,), choices)


@dataclass(frozen=True, slots=True)
class _Choices:
    method: str
    n_bins: int
    interval_prob: float
    consistency: str
    confidence: str
    seed: int
    edges: Floats | None = None

    def __post_init__(self) -> None:
        check_choice("method", self.method, CURVE_METHODS)
        check_choice("consistency", self.consistency, CONSISTENCY_METHODS)
        check_choice("confidence", self.confidence, CONFIDENCE_METHODS)
        check_interval_prob(self.interval_prob)
        check_whole(self.seed, "seed", 0, mend="Any will do; the same gives the same numbers.")
        check_whole(self.n_bins, "n_bins", 1, mend="Ten are usual; for bins of your own pass `bin_edges`.")
        binned = self.method != "corp"
        if binned and (self.consistency == "simulation" or self.confidence in ASSUMED):
            raise InputError(
                f"Bins have exact bands only; got consistency={self.consistency!r}, confidence={self.confidence!r} "
                f"with method={self.method!r}. Use 'auto', 'exact' or 'none', or method='corp'."
            )


def _build(groups_cells: list[ForecastCells], groups: tuple[str, ...], choices: _Choices) -> ReliabilityCurve:
    rng = np.random.default_rng(choices.seed)
    fits = [fit_isotonic(cells) for cells in groups_cells] if choices.method == "corp" else []
    starts = [fit.starts[:-1] for fit in fits] or [_bin_starts(cells, choices) for cells in groups_cells]
    merged = [merge_cells(cells, first) for cells, first in zip(groups_cells, starts, strict=True)]
    banded = groups_cells if choices.method == "corp" else merged
    most_distinct = max(cells.prob.size for cells in banded)
    few = choices.method != "corp" or most_distinct <= bands.FEW_DISTINCT
    weighted = any(cells.weighted for cells in banded)
    inexact = weighted or choices.method != "corp"
    around_diagonal = _resolve(choices.consistency, few=few, otherwise="simulation")
    around_curve = _resolve(choices.confidence, few=few, otherwise="smooth")
    simulated_merged = around_diagonal == "simulation" and most_distinct > MAX_COARSE_CELLS
    return ReliabilityCurve(
        method=choices.method,
        groups=groups,
        n=np.array([cells.n.sum() for cells in groups_cells]),
        cases=_cases(groups_cells, _curve(groups_cells, fits, starts, merged), groups),
        bins=_bins(groups_cells, starts, merged, groups),
        consistency=_band("consistency", around_diagonal, banded, groups, choices, inexact or simulated_merged, rng),
        confidence=_band("confidence", around_curve, banded, groups, choices, inexact, rng),
    )


def _resolve(asked: str, *, few: bool, otherwise: str) -> str:
    if asked != "auto":
        return asked
    return "exact" if few else otherwise


def _bin_starts(cells: ForecastCells, choices: _Choices) -> NDArray[np.int64]:
    """First cell of every bin: equal counts (ties stay together) or equal widths."""
    if choices.method == "quantile":
        before = np.concatenate([[0.0], np.cumsum(cells.weight)[:-1]])
        bin_of = np.floor(before / cells.weight.sum() * choices.n_bins)
    elif choices.edges is not None:
        bin_of = np.searchsorted(choices.edges[1:-1], cells.prob, side="right")
    else:
        bin_of = np.minimum(np.floor(cells.prob * choices.n_bins), choices.n_bins - 1)
    return np.flatnonzero(np.diff(bin_of, prepend=-1.0)).astype(np.int64)


def _label(groups: tuple[str, ...], sizes: list[int]) -> NDArray[np.str_]:
    if len(groups) == 1:
        return np.broadcast_to(np.array(groups[0], dtype=np.str_), sizes[0])
    return np.repeat(np.array(groups, dtype=np.str_), sizes)


def _join[Number: np.generic](parts: Sequence[NDArray[Number]]) -> NDArray[Number]:
    """One array after the other, without a copy where there is only one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _curve(
    cells: list[ForecastCells],
    fits: list[IsotonicFit],
    starts: list[NDArray[np.int64]],
    merged: list[ForecastCells],
) -> list[Floats]:
    """The curve per cell: isotonic, or each bin's rate."""
    if fits:
        return [fit.values for fit in fits]
    sizes = [np.diff(first, append=one.prob.size) for first, one in zip(starts, cells, strict=True)]
    return [np.repeat(bins.rate, size) for bins, size in zip(merged, sizes, strict=True)]


def _cases(cells: list[ForecastCells], curve: list[Floats], groups: tuple[str, ...]) -> CurveCases:
    return CurveCases(
        group=_label(groups, [one.prob.size for one in cells]),
        prob=_join([one.prob for one in cells]),
        n=_join([one.n for one in cells]),
        rate=_join([one.rate for one in cells]),
        recalibrated=_join(curve),
    )


def _bins(
    cells: list[ForecastCells],
    starts: list[NDArray[np.int64]],
    merged: list[ForecastCells],
    groups: tuple[str, ...],
) -> CurveBins:
    last = [np.append(first[1:], one.prob.size) - 1 for first, one in zip(starts, cells, strict=True)]
    return CurveBins(
        group=_label(groups, [bins.prob.size for bins in merged]),
        prob_min=_join([one.prob[first] for first, one in zip(starts, cells, strict=True)]),
        prob_max=_join([one.prob[end] for end, one in zip(last, cells, strict=True)]),
        prob_mean=_join([bins.prob for bins in merged]),
        n=_join([bins.n for bins in merged]),
        rate=_join([bins.rate for bins in merged]),
    )


def _band(
    kind: str,
    method: str,
    cells: list[ForecastCells],
    groups: tuple[str, ...],
    choices: _Choices,
    inexact: bool,  # noqa: FBT001
    rng: np.random.Generator,
) -> CalibrationBand | None:
    if method == "none":
        return None
    ends = [_band_ends(kind, method, one, choices.interval_prob, rng) for one in cells]
    edges = BandEdges(
        group=_label(groups, [one.prob.size for one in ends]),
        prob=_join([one.prob for one in ends]),
        lower=_join([one.lower for one in ends]),
        upper=_join([one.upper for one in ends]),
    )
    coverage = "simultaneous" if method == "honest" else "pointwise"
    approximate = inexact or method in ("smooth", "resampling")
    return CalibrationBand(kind, method, coverage, choices.interval_prob, approximate, edges)


def _band_ends(
    kind: str, method: str, cells: ForecastCells, interval_prob: float, rng: np.random.Generator
) -> bands.BandEnds:
    if method in bands.DRAWN:
        return bands.DRAWN[method](cells, interval_prob=interval_prob, rng=rng)
    return bands.COMPUTED[kind, method](cells, interval_prob=interval_prob)
