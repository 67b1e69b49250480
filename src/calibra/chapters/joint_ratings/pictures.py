"""A joint rating in a picture: the prospects by what all together say, a row a rep, each rank a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.joint_ratings.fit import JointRatingFit
from calibra.data.history.joint_ratings import NOT_RATED
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.views.style import INK, dress, expect, make_axes
from calibra.words import folded_label, short_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.4
"""Height of a row."""
_LIGHTEST, _DARKEST = 0.15, 0.95


def plot_joint_ratings(fit: JointRatingFit, *, interval_prob: float = INTERVAL_PROB, ax: Axes | None = None) -> Axes:
    """Whose A is whose B on the same prospects? Prospects from the best to the worst, a row a rep, each rank a mark.

    At the right of each row the rep's share of the best rank on the pool of such prospects, with its interval.

    Parameters
    ----------
    fit : JointRatingFit
        `calibration.joint_ratings.fit`.
    interval_prob : float
        Level of the intervals.
    """
    from matplotlib import colormaps

    expect(fit, "JointRatingFit")
    ratings, n_ranks = fit.ratings, len(fit.ratings.ranks)
    share = equal_tailed(fit.share_draws()[:, :, 0], interval_prob=interval_prob)
    order = np.argsort(-fit.posterior["standing"].mean(axis=0))
    rows = np.argsort(-share.estimate)
    width = min(12.0, 4.5 + 0.22 * len(order))
    axes = make_axes(width=width, height=1.4 + ROW_INCHES * len(rows)) if ax is None else ax
    colours = colormaps["cividis"](np.linspace(_DARKEST, _LIGHTEST, n_ranks))
    for k, rank in enumerate(ratings.ranks):
        here = np.argwhere(np.isin(ratings.rated[np.ix_(order, rows)].T, [k])).astype(float)
        y, x = here[:, 0], here[:, 1]
        axes.scatter(x, y, s=130, marker="s", color=[colours[k]], label=short_label(rank))
        for column, row in zip(x, y, strict=True):
            dark = sum(colours[k][:3]) < 1.6
            colour = "white" if dark else "black"
            axes.text(column, row, rank[:2], ha="center", va="center", fontsize=7, color=colour, parse_math=False)
    dress(axes)
    labels = [f"{folded_label(ratings.reps[r])} (n {int((ratings.rated[:, r] != NOT_RATED).sum())})" for r in rows]
    axes.set_yticks(np.arange(len(rows)), labels, parse_math=False)
    axes.set(
        xlim=(-0.7, len(order) - 0.3),
        ylim=(len(rows) - 0.4, -0.6),
        xlabel=f"{len(order)} shared prospects, from the best to the worst as all together see them",
    )
    axes.set_xticks([])
    own = [tuple(100.0 * part[r] for part in share) for r in rows]
    right = axes.secondary_yaxis("right")
    right.set_yticks(np.arange(len(rows)), [f"{one:.0f} % ({low:.0f}–{high:.0f})" for one, low, high in own])
    right.tick_params(length=0, labelsize=9, colors=INK)
    right.spines["right"].set_visible(False)
    right.set_ylabel(
        f"share of {short_label(ratings.ranks[0])} on one pool ({interval_prob:.0%} interval)", fontsize=8.5
    )
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=8, frameon=False, fontsize=8.5, labelcolor=INK)
    return axes
