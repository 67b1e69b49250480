"""Where does each rep stand among the reps, how sure is that, and may one make a league table of it?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.errors import check_kind, check_within
from calibra.plotted import Plotted
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

SURE = 0.9
"""Probability from which the order of two reps counts as known."""


@dataclass(frozen=True, slots=True, eq=False)
class RepStandings(Plotted):
    """Standing of each rep by outcomes at the same rank; 1 is the rep whose outcomes lie highest."""

    picture: ClassVar[str] = "plot_standings"

    def __repr__(self) -> str:
        return f"<RepStandings: {counted(len(self.reps), 'rep')}; {self.sentence} {self.engine}>"

    reps: tuple[str, ...]
    """Rep labels."""
    standing: Floats
    """Posterior mean standing, 1 to the number of reps."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    prob_worst: Floats
    """Probability of standing among the worst `worst_share`."""
    prob_beyond: Floats
    """Probability that outcomes lie more than `cut_points` below all reps' at the same rank."""
    n: NDArray[np.int64]
    """Mature judgments."""
    worst_share: float
    """Share of the reps called worst."""
    cut_points: float
    """The cut, in percentage points."""
    share_of_pairs_known: float
    """Share of all pairs of reps whose order is at least 90 % sure."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the fit."""

    @property
    def is_league_table_warranted(self) -> bool:
        """At least half of all pairs of reps have a known order."""
        return self.share_of_pairs_known >= 0.5

    @property
    def sentence(self) -> str:
        """What may be said of the standings as a whole."""
        known = f"the order of {self.share_of_pairs_known:.0%} of all pairs of reps is at least {SURE:.0%} sure"
        if self.is_league_table_warranted:
            return f"Most reps can be told apart ({known}); show standings only with their intervals."
        return f"A league table is not warranted: {known}. Neighbouring places are chance."

    @property
    def table(self) -> "pd.DataFrame":
        """One row per rep.

        `standing`: mean place by outcomes at the same rank, 1 the highest, with `lower`, `upper`; `prob_worst`: that
        the rep is among the worst `worst_share`; `prob_beyond`: that outcomes lie more than `cut_points` below all
        reps'; `n`: mature judgments.
        """
        table = make_table(
            {
                "rep": np.array(self.reps, dtype=object),
                "standing": self.standing,
                "lower": self.lower,
                "upper": self.upper,
                "prob_worst": self.prob_worst,
                "prob_beyond": self.prob_beyond,
                "n": self.n,
                "engine": np.full(len(self.n), self.engine, dtype=object),
            }
        )
        table.attrs.update(
            {
                "interval_prob": self.interval_prob,
                "worst_share": self.worst_share,
                "cut_points": self.cut_points,
                "sentence": self.sentence,
            }
        )
        return table


def rep_standings(
    fit: RankFit, *, worst_share: float = 0.1, cut_points: float = 5.0, interval_prob: float = INTERVAL_PROB
) -> RepStandings:
    """Where does each rep stand by outcomes at the same rank, and how sure is that?

    Per draw the reps are ordered by their gap to all reps at the all-reps mix of ranks and of cases; standings are
    read off all draws (Goldstein & Spiegelhalter 1996, doi:10.2307/2983325). For finding reps far out, the
    probability of lying beyond a stated cut classifies better than any standing (Lin, Louis, Paddock & Ridgeway 2006,
    doi:10.1214/06-BA130).

    Parameters
    ----------
    fit : RankFit
        The rank model.
    worst_share : float
        Share of the reps whose places count as worst, in (0, 1); at least one place.
    cut_points : float
        Cut in percentage points, 0 or more.
    interval_prob : float
        Level of the intervals.
    """
    check_kind(fit, "fit", RankFit)
    check_within(worst_share, "worst_share", 0, 1, ends="()", mend="Write 10 % as 0.1.")
    check_within(cut_points, "cut_points", 0, mend="Give it in percentage points, such as 5.")
    gap = fit.gap_draws()
    n_reps = gap.shape[1]
    standing = np.argsort(np.argsort(-gap, axis=1, kind="stable"), axis=1, kind="stable") + 1.0
    summary = equal_tailed(standing, interval_prob=interval_prob)
    n_worst = max(1, round(worst_share * n_reps))
    return RepStandings(
        fit.reps,
        summary.estimate,
        summary.lower,
        summary.upper,
        (standing > n_reps - n_worst).mean(axis=0),
        (gap < -cut_points).mean(axis=0),
        fit.n.sum(axis=1).astype(np.int64),
        worst_share,
        cut_points,
        _share_of_pairs_known(gap),
        interval_prob,
        fit.diagnostics.engine,
    )


def _share_of_pairs_known(gap: Floats, *, most_reps: int = 400) -> float:
    """Share of pairs whose order is sure; of an even choice of reps where there are very many."""
    n_reps = gap.shape[1]
    if n_reps < 2:
        return 0.0
    chosen = gap[:, np.unique(np.linspace(0, n_reps - 1, min(n_reps, most_reps)).astype(int))]
    known = 0
    for i in range(chosen.shape[1] - 1):
        above = (chosen[:, i : i + 1] > chosen[:, i + 1 :]).mean(axis=0)
        known += int(np.sum((above >= SURE) | (above <= 1.0 - SURE)))
    return float(known / (chosen.shape[1] * (chosen.shape[1] - 1) / 2))
