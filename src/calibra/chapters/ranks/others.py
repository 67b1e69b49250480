"""The yardstick for a rep: the other reps, each counted once, whoever writes most."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.reading.flags import FEWEST_JUDGMENTS

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]


class Others(NamedTuple):
    """What the mean over the others is made of, for reps read a few at a time."""

    known: NDArray[np.bool_]
    """Reps with 30 judgments answered or more, (rep,)."""
    total: Floats
    """Sum of their probabilities, (draw, rank)."""

    def beside(self, reps: slice, prob: Floats) -> Floats:
        """Mean over the others of each of these reps, (draw, rep, rank); NaN where there are fewer than two."""
        own = self.known[reps]
        count = self.known.sum() - own
        mine = np.where(own[:, None], prob, 0.0)
        return np.asarray((self.total[:, None] - mine) / np.where(count > 1, count, np.nan)[:, None])


def read_others(fit: "RankFit", *, case_mix: str = "all reps", within_team: bool = False) -> Others:
    """Sum over the reps with 30 judgments answered or more."""
    known = fit.n_answered.sum(axis=1) >= FEWEST_JUDGMENTS
    total = np.zeros((fit.posterior.n_draws, len(fit.ranks)))
    for reps, prob in fit.in_chunks(case_mix=case_mix, within_team=within_team):
        total += prob[:, known[reps]].sum(axis=1)
    return Others(known, total)


def gap_to_others(fit: "RankFit", *, case_mix: str, within_team: bool = False) -> Floats:
    """Draws of each rep's outcomes less the others' at the same rank, (draw, rep), in points, at all reps' mix."""
    others = read_others(fit, case_mix=case_mix, within_team=within_team)
    gap = np.empty((fit.posterior.n_draws, len(fit.reps)))
    for reps, prob in fit.in_chunks(case_mix=case_mix, within_team=within_team):
        gap[:, reps] = 100.0 * (prob - others.beside(reps, prob)) @ fit.rank_mix
    return gap
