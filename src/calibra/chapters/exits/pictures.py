"""What came of what was handed back, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.exits.hand_backs import HandBacks
from calibra.reading.means import ALL_REPS
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, INK, LINE, dress, expect, folded_label, make_axes
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.3
"""Height of a row."""


def plot_hand_backs(result: HandBacks, *, ax: Axes | None = None) -> Axes:
    """What share of each rep's hand-backs became events after all? Dot and line: share and interval; n at the label.

    Parameters
    ----------
    result : HandBacks
        `calibration.exits.hand_backs[90]`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default a picture of its own.
    """
    expect(result, "HandBacks")
    at = result.columns
    rows = np.flatnonzero((at["rank"] == ALL_RANKS) & (np.asarray(at["n"], dtype=int) > 0))
    axes = make_axes(width=6.4, height=1.3 + ROW_INCHES * max(1, len(rows))) if ax is None else ax
    place = np.arange(len(rows), dtype=float)
    colours = [ALL_REPS_COLOUR if at["rep"][row] == ALL_REPS else DATA_COLOUR for row in rows]
    percent = {name: 100.0 * np.asarray(at[name], dtype=float)[rows] for name in ("estimate", "lower", "upper")}
    axes.hlines(
        place,
        percent["lower"],
        percent["upper"],
        colors=colours,
        linewidth=2,
        label=f"{result.interval_prob:.0%} interval, each row alone",
    )
    axes.scatter(percent["estimate"], place, c=colours, zorder=3, label="share")
    dress(axes)
    axes.set_yticks(place, [f"{folded_label(at['rep'][row])} (n {at['n'][row]:,})" for row in rows], parse_math=False)
    axes.set(
        ylim=(len(rows) - 0.4, -0.6),
        xlim=(0.0, None),
        xlabel=f"per cent with an event within {result.within_days} days after the hand-back",
    )
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=2, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes
