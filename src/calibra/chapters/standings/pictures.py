"""Standings with their intervals, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.standings.places import RepStandings
from calibra.views.style import DATA_COLOUR, INK, LINE, dress, expect, folded_labels, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


ROW_INCHES = 0.3
"""Height of a row."""


def plot_standings(result: RepStandings, *, ax: Axes | None = None) -> Axes:
    """Where does each rep stand, and how sure is that? The title says whether a league table is warranted.

    Parameters
    ----------
    result : RepStandings
        From `rep_standings`.
    """
    expect(result, "RepStandings")
    from matplotlib.ticker import MaxNLocator

    order = np.argsort(result.standing, kind="stable")
    axes = make_axes(width=7.2, height=1.6 + ROW_INCHES * len(order)) if ax is None else ax
    row = np.arange(len(order), dtype=float)
    axes.hlines(
        row,
        result.lower[order],
        result.upper[order],
        color=DATA_COLOUR,
        linewidth=2,
        label=f"{result.interval_prob:.0%} interval",
    )
    axes.plot(result.standing[order], row, "o", color=DATA_COLOUR, markersize=5, label="mean standing")
    dress(axes)
    labels = folded_labels(result.reps)
    axes.set_yticks(row, [f"{labels[i]} (n {result.n[i]:,})" for i in order], parse_math=False)
    axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(0.5, len(order) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("standing by outcomes at the same rank (1: highest)")
    axes.set_title(_wrapped(result.sentence), loc="left", fontsize=9.5, color=INK)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.12), ncols=2, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes


def _wrapped(sentence: str, width: int = 90) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(sentence, width))
