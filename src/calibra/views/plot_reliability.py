"""The reliability diagram."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.stats.forecasts.curve_tables import CalibrationBand
from calibra.stats.forecasts.reliability import ReliabilityCurve
from calibra.views.style import expect, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNT_BINS = 40
"""Bars of the counts along the axis."""

COUNT_HEIGHT = 0.12
"""Height of the tallest of them, on the axis of the rates."""

LABEL_WIDTH = 56
"""Letters of a line of the legend."""

BAND_COLOURS = {"consistency": "0.75", "confidence": "tab:blue"}


def plot_reliability(result: ReliabilityCurve, *, ax: Axes | None = None, group: str | None = None) -> Axes:
    """How often did the event follow each forecast? The curve, its bands, the diagonal, and counts along the axis.

    Parameters
    ----------
    result : ReliabilityCurve
    ax : Axes, optional
        Default: its own.
    group : str, optional
        Which group; needed where there are several.

    Returns
    -------
    matplotlib.axes.Axes
    """
    expect(result, "ReliabilityCurve")
    chosen = _choose(result, group)
    axes = make_axes(width=6.0, height=6.0) if ax is None else ax
    axes.plot([0, 1], [0, 1], color="0.4", linewidth=1, linestyle="--", label="calibrated")
    for band in (result.consistency, result.confidence):
        if band is not None:
            _fill(axes, band, _rows(band.edges.group, chosen, result.groups))
    mine = _rows(result.cases.group, chosen, result.groups)
    in_bins = _rows(result.bins.group, chosen, result.groups)
    if result.method == "corp":
        corners = np.column_stack([result.bins.prob_min[in_bins], result.bins.prob_max[in_bins]]).ravel()
        axes.plot(corners, np.repeat(result.bins.rate[in_bins], 2), color="tab:red", label="isotonic curve")
    axes.plot(
        result.bins.prob_mean[in_bins],
        result.bins.rate[in_bins],
        linestyle="none",
        marker="o",
        markersize=4,
        color="tab:red",
        label=f"{result.method} bins",
    )
    n = int(result.n[result.groups.index(chosen)])
    _draw_counts(axes, result.cases.prob[mine], result.cases.n[mine])
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_xlabel(f"forecast probability (n = {n:,}, bars: forecasts)")
    axes.set_ylabel("share of events")
    axes.legend(loc="upper left", fontsize="small")
    return axes


def _choose(result: ReliabilityCurve, group: str | None) -> str:
    if group is None and len(result.groups) == 1:
        return result.groups[0]
    if group not in result.groups:
        raise InputError(
            f"`group` must be one of {', '.join(result.groups)}; got {group!r}. One diagram shows one group."
        )
    return group


def _rows(group: NDArray[np.str_], chosen: str, groups: tuple[str, ...]) -> NDArray[np.bool_] | slice:
    """Rows of the chosen group; no million comparisons where there is only one."""
    return slice(None) if len(groups) == 1 else group == chosen


def _fill(axes: Axes, band: CalibrationBand, mine: NDArray[np.bool_] | slice) -> None:
    prob, lower, upper = band.edges.prob[mine], band.edges.lower[mine], band.edges.upper[mine]
    colour, label = BAND_COLOURS[band.kind], fill(band.label, LABEL_WIDTH)
    if band.method == "exact":
        axes.vlines(prob, lower, upper, color=colour, linewidth=3, alpha=0.6, label=label)
    else:
        axes.fill_between(prob, lower, upper, color=colour, alpha=0.35, linewidth=0, label=label)


def _draw_counts(axes: Axes, prob: NDArray[np.float64], n: NDArray[np.int64]) -> None:
    place = np.minimum((prob * COUNT_BINS).astype(np.int64), COUNT_BINS - 1)
    counts = np.bincount(place, n, minlength=COUNT_BINS)
    edges = np.arange(COUNT_BINS + 1) / COUNT_BINS
    axes.stairs(counts / counts.max() * COUNT_HEIGHT, edges, fill=True, color="0.6", zorder=0)
