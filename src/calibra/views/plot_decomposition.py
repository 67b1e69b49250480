"""The score decomposition, group beside group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.errors import InputError
from calibra.stats.forecasts.decomposition import ScoreDecomposition
from calibra.views.style import expect, folded_label, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_decomposition(result: ScoreDecomposition, *, ax: Axes | None = None) -> Axes:
    """Who is calibrated, and who tells prospects apart? One cross per group.

    Miscalibration to the right, discrimination upwards: good is up and to the left. Below the thin line a forecast
    of the base rate for everybody would have scored better. Crosses are the intervals.

    Parameters
    ----------
    result : ScoreDecomposition
    ax : Axes, optional
        Default: its own.
    """
    expect(result, "ScoreDecomposition")
    across, up = result.miscalibration, result.discrimination
    shown = np.isfinite(across.estimate)
    if not shown.any():
        raise InputError("Every group has an infinite miscalibration; nothing can be drawn. Use rule='brier'.")
    axes = make_axes(width=6, height=5) if ax is None else ax
    with_ends = shown & np.isfinite(across.lower)
    label = f"{result.interval_prob:.0%} interval (approximate)"
    axes.hlines(up.estimate[with_ends], across.lower[with_ends], across.upper[with_ends], color="0.6", label=label)
    axes.vlines(across.estimate[with_ends], up.lower[with_ends], up.upper[with_ends], color="0.6")
    axes.plot(across.estimate[shown], up.estimate[shown], linestyle="none", marker="o", color="tab:red")
    order = np.flatnonzero(shown)[np.argsort(up.estimate[shown], kind="stable")]
    for i, place in enumerate(order):  # names of neighbours in height stand on either side of their marks
        name = f"{folded_label(result.groups[place])} (n = {result.n[place]:,})"
        side: dict[str, Any] = {"xytext": (4, 4)} if i % 2 else {"xytext": (4, -4), "va": "top"}
        at = (across.estimate[place], up.estimate[place])
        axes.annotate(name, at, textcoords="offset points", fontsize="small", parse_math=False, **side)
    axes.axline((0, 0), slope=1, color="0.4", linewidth=1, linestyle="--", label="no better than the base rate")
    hidden = int((~shown).sum())
    note = f"; {hidden} groups with an infinite score not shown" if hidden else ""
    axes.set_xlabel(f"miscalibration ({result.rule} score{note})")
    axes.set_ylabel(f"discrimination ({result.rule} score)")
    axes.set(xlim=(0, None), ylim=(0, None))
    axes.legend(loc="best", fontsize="small")
    return axes
