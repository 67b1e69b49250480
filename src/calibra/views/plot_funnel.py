"""The funnel plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.stats.funnel import Funnel
from calibra.views.style import expect, folded_label, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID_SIZE = 200


def plot_funnel(result: Funnel, *, ax: Axes | None = None, adjusted: bool = True) -> Axes:
    """Which shares lie further from the target than chance? Shares against counts, with the target and its limits.

    Lines are limits of chance alone, or adjusted ones with the over-dispersion of all. Where each share is left out of
    its own over-dispersion, its adjusted limits are its own and drawn as dashes above and below it.

    Parameters
    ----------
    result : Funnel
    ax : Axes, optional
        Default: its own.
    adjusted : bool
        Whether the limits allow for over-dispersion.
    """
    expect(result, "Funnel")
    axes = make_axes(width=7, height=5) if ax is None else ax
    own_limits = adjusted and result.left_out
    _draw_lines(
        axes, result, adjusted=adjusted and not own_limits, kind="limits, chance only" if own_limits else "limits"
    )
    if own_limits:
        _draw_own_limits(axes, result)
    word = "target" if result.target_given else "all pooled"
    axes.axhline(result.target, color="tab:blue", linewidth=1, label=f"{word}: {result.target:.1%}")
    beyond = result.beyond(result.limit_probs[-1], adjusted=adjusted)
    axes.plot(result.n[~beyond], result.rate[~beyond], linestyle="none", marker="o", color="0.3")
    axes.plot(
        result.n[beyond],
        result.rate[beyond],
        linestyle="none",
        marker="o",
        color="tab:red",
        label=f"beyond the {result.limit_probs[-1]:.1%} limits: {beyond.sum()} of {beyond.size}",
    )
    for place in np.flatnonzero(beyond):
        at = (float(result.n[place]), float(result.rate[place]))
        name = folded_label(result.labels[place])
        axes.annotate(name, at, xytext=(4, 4), textcoords="offset points", fontsize="small", parse_math=False)
    word = "adjusted for over-dispersion" if result.dispersion > 1.0 else "chance only, no over-dispersion"
    allowance = f"{word}, φ = {result.dispersion:.2f}" if adjusted else "chance only"
    axes.set_xlabel(f"judgments (n); limits {allowance}")
    axes.set_ylabel("share of events")
    axes.set(xlim=(0, None), ylim=(-0.02, 1.02))
    axes.legend(loc="best", fontsize="small")
    return axes


def _draw_lines(axes: Axes, result: Funnel, *, adjusted: bool, kind: str) -> None:
    styles = [":"] * (len(result.limit_probs) - 2) + ["--", "-"]
    counts = np.unique(np.rint(np.geomspace(1, 1.05 * result.n.max() + 1, GRID_SIZE)))
    for level, style in zip(result.limit_probs, styles[-len(result.limit_probs) :], strict=True):
        lower, upper = result.limits(level, n=counts, adjusted=adjusted)
        axes.plot(counts, lower, color="0.4", linestyle=style, label=f"{level:.1%} {kind}")
        axes.plot(counts, upper, color="0.4", linestyle=style)


def _draw_own_limits(axes: Axes, result: Funnel) -> None:
    """Dashes at the limits of the flag, each share's own."""
    lower, upper = result.limits(result.limit_probs[-1])
    axes.plot(
        np.concatenate([result.n, result.n]),
        np.concatenate([lower, upper]),
        linestyle="none",
        marker="_",
        markersize=9,
        color="tab:orange",
        label=f"{result.limit_probs[-1]:.1%} limits of each, by the spread of the others",
    )
