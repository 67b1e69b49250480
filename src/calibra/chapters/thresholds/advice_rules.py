"""From when on advice on thresholds is given, and how bold it may be."""

from dataclasses import dataclass, fields

from calibra.errors import InputError, check_number
from calibra.reading.flags import LEAN_PROB
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds

MISFIT_P_VALUE = 0.05
"""A predictive check below it speaks against the threshold model: no aim is given."""


@dataclass(frozen=True, slots=True)
class AdviceRules:
    """From when on is advice given, and how bold may it be?

    Parameters
    ----------
    min_judgments, min_events, min_near : int
        Fewest mature judgments and events of a rep, and judgments in the two ranks beside the boundary.
    margin_odds : float
        A rank is fine as it is used where the odds of what it then brings lie within this factor of what is aimed at.
    act_prob, fine_prob : float
        Probability from which a move is advised, or a share called fine.
    lean_prob : float
        Probability from which a leaning is shown, in cards and tables, where nothing is sure yet.
    separate_prob : float
        Probability that better ranks bring more events, below which nothing is advised.
    reach_share, reach_prob : float
        A promise that fewer than this share could keep, with this probability, is out of reach.
    move_prob : float
        Level of the intervals of shares.
    step_fraction : float
        Largest part of the gap to be closed in one quarter.
    """

    min_judgments: int = 50
    """Fewest mature judgments of a rep."""
    min_events: int = 10
    """Fewest events of a rep."""
    min_near: int = 10
    """Fewest judgments in the two ranks beside the boundary."""
    margin_odds: float = MARGIN_ODDS
    """Factor on the odds within which what a rank brings, as it is used today, is fine."""
    act_prob: float = 0.9
    """Probability that what the rank brings lies beyond the margin, from which a move is advised."""
    fine_prob: float = 0.9
    """Probability that it lies within the margin, from which it is called fine."""
    lean_prob: float = LEAN_PROB
    """Probability from which a leaning is shown where nothing is sure yet."""
    separate_prob: float = 0.9
    """Probability that the rep's discrimination is positive, below which no threshold is advised."""
    reach_share: float = 0.02
    """A promise that fewer than this share of the prospects could keep is out of reach."""
    reach_prob: float = 0.9
    """Probability of that, from which it is said."""
    move_prob: float = 0.8
    """Level of the interval of the recommended share; the minimal move ends at its near edge."""
    step_fraction: float = 1.0 / 3.0
    """Largest part of the gap to be closed in one quarter."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a rule."""
        for rule in fields(self):
            check_number(getattr(self, rule.name), rule.name)
        for name in ("act_prob", "fine_prob", "lean_prob", "separate_prob", "reach_prob", "move_prob", "step_fraction"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise InputError(f"`{name}` must lie in (0, 1]; got {getattr(self, name)!r}.")
        for name in ("min_judgments", "min_events", "min_near"):
            if getattr(self, name) < 0:
                raise InputError(f"`{name}` must be 0 or more; got {getattr(self, name)!r}.")
        check_margin_odds(self.margin_odds)
        if not 0.0 < self.reach_share < 1.0:
            raise InputError(f"`reach_share` must lie inside (0, 1); got {self.reach_share!r}.")


DEFAULT_RULES = AdviceRules()
"""The rules where none are given."""
