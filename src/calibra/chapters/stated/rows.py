"""The fits of every horizon, and what is read off them for a reader: whose percentages mean what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.lines import LEAST
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import MARGIN_ODDS
from calibra.tables import brief
from calibra.values import Estimate

type Floats = NDArray[np.float64]

END_SHARE = 0.1
"""Share of a rep's statements that lie beyond what is called their high and their low percentages."""


class Stated(ByHorizon[StatedFit]):
    """Horizon in days to fit, and the margin from which a difference is worth talking about."""

    __repr__ = brief

    def __init__(self, fits: Mapping[int | None, StatedFit], margin_odds: float = MARGIN_ODDS) -> None:
        """Fits of every horizon."""
        super().__init__(fits)
        self.margin_odds = margin_odds


def statements_of(fit: StatedFit, rep: str) -> tuple[Floats, Floats]:
    """What a rep, or all reps, stated, and how often, in order of what was stated."""
    cells = fit.cells
    if rep == ALL_REPS:
        n = cells.n.sum(axis=0).astype(float)
        used = n > 0  # a percentage may be stated of young prospects alone
        return (cells.stated * cells.n).sum(axis=0)[used] / n[used], n[used]
    row = fit.reps.index(rep)
    used = cells.n[row] > 0
    return cells.stated[row, used], cells.n[row, used].astype(float)


def low_and_high(fit: StatedFit, rep: str, *, between_ends: bool = False) -> tuple[float, float]:
    """A low and a high percentage of a rep's own: those a tenth of the statements lie at or beyond.

    `between_ends` asks those above 1 % and below 99 % alone, where there are any: 100 % cannot mean more than it says.
    """
    stated, n = statements_of(fit, rep)
    between = (stated > LEAST) & (stated < 1.0 - LEAST)
    if between_ends and between.any():
        stated, n = stated[between], n[between]
    below = np.cumsum(n) / n.sum()
    low = np.searchsorted(below, END_SHARE)
    high = min(int(np.searchsorted(below, 1.0 - END_SHARE)), len(stated) - 1)
    return round(float(stated[low]), 2), round(float(stated[high]), 2)


def most_used(fit: StatedFit, rep: str, *, most: int) -> list[tuple[float, int]]:
    """A rep's most used percentages with how often, in order of what was stated."""
    stated, n = statements_of(fit, rep)
    kept = np.sort(np.argsort(-n, kind="stable")[:most])
    return [(round(float(stated[i]), 3), int(n[i])) for i in kept]


def meaning(fit: StatedFit, rep: str, stated: float) -> Estimate:
    """What such a percentage of a rep, or of all reps, means."""
    draws = fit.all_reps_draws(stated) if rep == ALL_REPS else fit.own_draws(rep, stated)
    found = equal_tailed(draws[:, 0])
    return Estimate(float(found.estimate), float(found.lower), float(found.upper))
