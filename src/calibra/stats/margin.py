"""The smallest difference worth talking about: one definition for every probability the library compares, one for days.

A margin in points means little at 5 % and much at 50 %. A factor on the odds means the same everywhere: 1.25 is 5.6
points at 50 %, 4.4 at 25 %, 1.2 at 5 %.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import check_within

MARGIN_ODDS = 1.25
"""Factor on the odds below which a difference of probabilities is not worth talking about."""
MARGIN_RATIO = 1.2
"""Factor on days or money below which a difference is not worth talking about."""
_NEVER = 1e-12


class Beyond(NamedTuple):
    """Share of draws in which one probability lies beyond a margin from another; arrays of one shape."""

    above: NDArray[np.float64]
    """P(odds > reference odds × margin)."""
    below: NDArray[np.float64]
    """P(odds < reference odds / margin)."""

    @property
    def within(self) -> NDArray[np.float64]:
        """P(neither): the two are as good as equal."""
        return np.clip(1.0 - self.above - self.below, 0.0, 1.0)


def odds_beyond(prob: ArrayLike, reference: ArrayLike, *, margin_odds: float = MARGIN_ODDS, axis: int = 0) -> Beyond:
    """How sure is it that one probability differs from another by more than the margin?

    Parameters
    ----------
    prob, reference : array-like of float in [0, 1]
        Draws, paired along `axis`; shapes broadcast. A fixed reference is one number.
    margin_odds : float
        Factor on the odds, above 1.
    axis : int
        Axis of the draws.
    """
    check_margin_odds(margin_odds)
    gap = log_odds_gap(prob, reference)
    margin = np.log(margin_odds)
    return Beyond((gap > margin).mean(axis=axis), (gap < -margin).mean(axis=axis))


def log_odds_gap(prob: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Log-odds of the first less log-odds of the second; 0 and 1 count as one in a million millions off."""
    first, second = (np.clip(np.asarray(value, dtype=float), _NEVER, 1.0 - _NEVER) for value in (prob, reference))
    return np.asarray(np.log(first) - np.log1p(-first) - np.log(second) + np.log1p(-second))


def margin_band(reference: ArrayLike, *, margin_odds: float = MARGIN_ODDS) -> NDArray[np.float64]:
    """How far below and above a probability does the margin reach? Both ends less the probability, along axis 0."""
    check_margin_odds(margin_odds)
    prob = np.asarray(reference, dtype=float)
    low = prob / (prob + (1.0 - prob) * margin_odds)
    high = prob * margin_odds / (prob * margin_odds + 1.0 - prob)
    return np.stack([low - prob, high - prob])


def check_margin_odds(margin_odds: object) -> None:
    """Refuse what is no factor above 1."""
    check_within(margin_odds, "margin_odds", 1, ends="()", mend="Give a factor on the odds, such as 1.25.")


def check_margin_ratio(margin_ratio: object) -> None:
    """Refuse what is no factor above 1."""
    check_within(margin_ratio, "margin_ratio", 1, ends="()", mend="Give a factor on the days, such as 1.2.")
