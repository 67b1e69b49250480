"""Which neighbouring ranks the data tell apart, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.granularity.merges import APART, MERGE, Granularity
from calibra.reading.means import WITHIN_REPS
from calibra.views.style import DATA_COLOUR, INK, LINE, dress, expect, folded_label, legend_above, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_granularity(granularity: Granularity, *, ax: Axes | None = None) -> Axes:
    """Which neighbouring ranks do the data tell apart? All reps' differences with intervals, and what merging loses."""
    expect(granularity, "Granularity")
    columns = granularity.columns
    mine = columns["rep"] == WITHIN_REPS
    at = {name: values[mine] for name, values in columns.items()}
    axes = make_axes(width=7.6, height=2.2 + 0.5 * int(mine.sum())) if ax is None else ax
    row = np.arange(int(mine.sum()), dtype=float)
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
    axes.plot(at["estimate"], row, linestyle="none", marker="o", color=DATA_COLOUR, label="difference within reps")
    dress(axes)
    words = {APART: "apart", MERGE: "merge"}
    names = []
    for better, worse, n_better, n_worse in zip(at["better"], at["worse"], at["n_better"], at["n_worse"], strict=True):
        link = words.get(granularity.verdicts[better, worse], "cannot tell")
        names.append(
            f"{folded_label(better, width=14)} − {folded_label(worse, width=14)}: {link}  n {n_better:,}, {n_worse:,}"
        )
    axes.set_yticks(row, names, parse_math=False, color=INK)
    axes.set(ylim=(len(row) - 0.4, -0.6))
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_xlabel("difference in the probability of an event, percentage points")
    legend_above(axes)
    return axes
