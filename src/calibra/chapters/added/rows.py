"""The fits of every horizon, and what is read off them for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import RANK
from calibra.data.frames.roles import MACHINE_PROB
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.means import logistic
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import MARGIN_ODDS
from calibra.tables import brief, plain_rows
from calibra.values import Estimate


class Added(ByHorizon[AddedFit]):
    """Horizon in days to fit, and the margin from which a difference is worth talking about."""

    __repr__ = brief

    def __init__(self, fits: Mapping[int | None, AddedFit], margin_odds: float = MARGIN_ODDS) -> None:
        """Fits of every horizon."""
        super().__init__(fits)
        self.margin_odds = margin_odds


class Gain(NamedTuple):
    """How much better one way of reading predicts judgments left out than another."""

    mean: float
    """Mean difference of the log score of a judgment."""
    lower: float
    """Lower end of its interval."""
    upper: float
    """Upper end."""
    prob: float
    """Probability that it is above 0 in the long run."""
    total: float
    """Its sum over all judgments."""
    n: int
    """Judgments."""


def gain_between(fit: AddedFit, reading: str, against: str) -> Gain:
    """The row of `AddedFit.gains` that compares these two."""
    (row,) = [row for row in plain_rows(fit.gains()) if (row["reading"], row["against"]) == (reading, against)]
    return Gain(row["gain"], row["gain_lower"], row["gain_upper"], row["prob"], row["total"], row["n"])


def ends(fit: AddedFit, signal: str) -> tuple[float, tuple[str | float, Estimate], tuple[str | float, Estimate]]:
    """The middle score, and what comes there of a good and of a poor judgment of a typical rep."""
    score = middle_score(fit)
    if signal == RANK:
        best, worst = fit.layout.rank_ends
        named: list[tuple[str | float, float]] = [(fit.cells.ranks[k], float(k)) for k in (best, worst)]
    else:
        low, high = fit.layout.stated_ends
        named = [(high, high), (low, low)]
    good, poor = ((label, estimate(fit, signal, level, score)) for label, level in named)
    return score, good, poor


def estimate(fit: AddedFit, signal: str, level: float, score: float) -> Estimate:
    """What comes at a score of a judgment like this."""
    found = equal_tailed(fit.level_draws(signal, level, score)[:, 0])
    return Estimate(float(found.estimate), float(found.lower), float(found.upper))


def middle_score(fit: AddedFit) -> float:
    """The machine's score in the middle of all, in whole per cents where it is above one."""
    return round(float(logistic(np.array(fit.layout.mean_machine))), 2) or 0.01


def score_range(fit: AddedFit) -> tuple[float, float]:
    """Between which scores all but a hundredth of the judgments lie, on either side."""
    mean, n = fit.cells.mean[MACHINE_PROB].ravel(), fit.cells.n.ravel()
    order = np.argsort(mean)
    below = np.cumsum(n[order]) / n.sum()
    low, high = (mean[order][min(int(np.searchsorted(below, at)), len(order) - 1)] for at in (0.01, 0.99))
    return float(low), float(high)
