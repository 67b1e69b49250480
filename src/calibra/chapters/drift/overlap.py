"""Are two fits of judgments that know nothing of each other, or of the same ones twice?"""

import numpy as np

from calibra.chapters.ranks.fit import RankFit
from calibra.data.counting.judged_weeks import share_known_again
from calibra.errors import InputError

MOST_SHARED = 0.5
"""Share of one fit's judgments from which on the two are refused."""


def shared_judgments(fit: RankFit, other: RankFit) -> float:
    """What share of the judgments of one fit does the other hold, whichever share is larger?

    By rep, rank and week of the judgment where both know the days; counts without days are the same or are not.
    """
    weeks, others = fit.judged_weeks(), other.judged_weeks()
    if weeks is None or others is None or fit.within_days is None:
        same = fit.reps == other.reps and fit.cells.n.shape == other.cells.n.shape
        same = (
            same and np.array_equal(fit.cells.n, other.cells.n) and np.array_equal(fit.cells.events, other.cells.events)
        )
        return float(same)
    return max(
        share_known_again(weeks, others, reps=(fit.reps, other.reps), within_days=fit.within_days),
        share_known_again(others, weeks, reps=(other.reps, fit.reps), within_days=fit.within_days),
    )


def refuse_shared_judgments(fit: RankFit, other: RankFit) -> None:
    """Refuse two fits of which one holds half or more of the other's judgments.

    Raises
    ------
    InputError
        It does.
    """
    share = shared_judgments(fit, other)
    if share >= MOST_SHARED:
        raise InputError(
            f"The two fits must be of judgments apart; about {share:.0%} of the judgments of one stand in the other "
            f"(as of {fit.cells.as_of} and {other.cells.as_of}). Cut them by the day of the judgment; what moved from "
            "one snapshot to the next is told by `calibra.replay('saved.calibra', judgments)`."
        )
