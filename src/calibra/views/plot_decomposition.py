"""The score decomposition, group beside group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.errors import InputError
from calibra.stats.decomposition import ScoreDecomposition
from calibra.views.style import expect

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
    axes = _own_axes() if ax is None else ax
    with_ends = shown & np.isfinite(across.lower)
    label = f"{result.interval_prob:.0%} interval (approximate)"
    axes.hlines(up.estimate[with_ends], across.lower[with_ends], across.upper[with_ends], color="0.6", label=label)
    axes.vlines(across.estimate[with_ends], up.lower[with_ends], up.upper[with_ends], color="0.6")
    axes.plot(across.estimate[shown], up.estimate[shown], linestyle="none", marker="o", color="tab:red")
    for place in np.flatnonzero(shown):
        axes.annotate(
            f"{result.groups[place]} (n = {result.n[place]:,})",
            (across.estimate[place], up.estimate[place]),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize="small",
        )
    axes.axline((0, 0), slope=1, color="0.4", linewidth=1, linestyle="--", label="no better than the base rate")
    hidden = int((~shown).sum())
    note = f"; {hidden} groups with an infinite score not shown" if hidden else ""
    axes.set_xlabel(f"miscalibration ({result.rule} score{note})")
    axes.set_ylabel(f"discrimination ({result.rule} score)")
    axes.set(xlim=(0, None), ylim=(0, None))
    axes.legend(loc="best", fontsize="small")
    return axes


def _own_axes() -> Axes:
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 5), layout="constrained").add_subplot()
