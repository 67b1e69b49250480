"""Which neighbouring ranks the data tell apart, drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.granularity.merges import Granularity
from calibra.reading.means import ALL_REPS
from calibra.views.style import BAND, DATA_COLOUR, INK, LINE, dress, expect, legend_above, make_axes, short_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_granularity(granularity: Granularity, *, ax: Axes | None = None) -> Axes:
    """Which neighbouring ranks do the data tell apart? All reps' differences with intervals, and what merging loses."""
    expect(granularity, "Granularity")
    columns = granularity.columns
    mine = columns["rep"] == ALL_REPS
    at = {name: values[mine] for name, values in columns.items()}
    axes = make_axes(width=7.6, height=2.2 + 0.5 * int(mine.sum())) if ax is None else ax
    row = np.arange(int(mine.sum()), dtype=float)
    margin = granularity.margin_points
    axes.axvspan(-margin, margin, color=BAND, zorder=0, label=f"margin of {margin:g} points")
    axes.axvline(0, color=LINE, linewidth=1)
    axes.hlines(
        row,
        at["lower"],
        at["upper"],
        color=DATA_COLOUR,
        linewidth=2.2,
        alpha=0.45,
        label=f"{granularity.settings['interval_prob']:.0%} interval",
    )
    axes.plot(at["estimate"], row, linestyle="none", marker="o", color=DATA_COLOUR, label="difference, all reps")
    dress(axes)
    together = {pair for group in granularity.groups for pair in pairwise(group)}
    names = []
    for better, worse, n_better, n_worse in zip(at["better"], at["worse"], at["n_better"], at["n_worse"], strict=True):
        link = "merge" if (better, worse) in together else "apart"
        names.append(
            f"{short_label(better, width=14)} − {short_label(worse, width=14)}: {link}  n {n_better:,}, {n_worse:,}"
        )
    axes.set_yticks(row, names, parse_math=False, color=INK)
    axes.set(ylim=(len(row) - 0.4, -0.6))
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_xlabel("difference in the probability of an event, percentage points")
    legend_above(axes)
    return axes
