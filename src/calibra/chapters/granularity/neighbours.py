"""How far apart are neighbouring ranks, and how sure is it that they are apart by more than the margin?"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.reading.flags import FLAG_PROB
from calibra.reading.means import ALL_REPS, WITHIN_REPS, rep_shares
from calibra.reading.rows import label_columns
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import log_odds_gap

type Floats = NDArray[np.float64]


class WithinReps(NamedTuple):
    """Ranks compared within reps, so that who uses which rank does not enter."""

    log_odds: Floats
    """Log-odds of an event at each rank, (draw, rep, rank)."""
    n: Floats
    """Mature judgments, (rep, rank)."""
    kept: NDArray[np.bool_]
    """Reps whose ranks do not stand the wrong way round, (rep,)."""

    def gap(self, better: int, worse: int) -> Floats:
        """Log-odds by which one rank lies above another, (draw,): mean over reps, each by n₁n₂/(n₁ + n₂)."""
        n = np.where(self.kept[:, None], self.n, 0.0)
        shares = rep_shares(n[:, better] * n[:, worse] / np.maximum(n[:, better] + n[:, worse], 1.0))
        return np.asarray((self.log_odds[:, :, better] - self.log_odds[:, :, worse]) @ shares)

    def prob_apart(self, better: int, worse: int, margin_odds: float) -> float:
        """Probability that two ranks lie apart by more than the margin, whichever brings more."""
        return float((np.abs(self.gap(better, worse)) > np.log(margin_odds)).mean())


def within_reps(fit: RankFit) -> WithinReps:
    """Ranks within reps; those whose better ranks surely bring fewer events are set apart, unless all are so."""
    inverted = fit.profiles()["prob_inverted"].to_numpy() >= FLAG_PROB
    kept = np.ones_like(inverted) if inverted.all() else ~inverted
    return WithinReps(log_odds_gap(fit.probability_draws(), 0.5), fit.n, kept)


def pair_columns(fit: RankFit, within: WithinReps, margin_odds: float, interval_prob: float) -> dict[str, NDArray[Any]]:
    """Difference of neighbours in points, for all reps, within reps and of each rep; `prob_apart` on the odds."""

    def tell(prob: Floats) -> dict[str, Floats]:
        points = 100.0 * (prob[:, :, :-1] - prob[:, :, 1:])
        apart = (np.abs(log_odds_gap(prob[:, :, :-1], prob[:, :, 1:])) > np.log(margin_odds)).mean(axis=0)
        return {**equal_tailed(points, interval_prob=interval_prob)._asdict(), "prob_apart": apart}

    n_pairs = len(fit.ranks) - 1
    prob = fit.probability_draws()
    n = np.where(within.kept[:, None], fit.n, 0.0)
    shares = rep_shares(n[:, :-1] * n[:, 1:] / np.maximum(n[:, :-1] + n[:, 1:], 1.0))
    points = 100.0 * np.einsum("srk,rk->sk", prob[:, :, :-1] - prob[:, :, 1:], shares)
    mean = equal_tailed(points, interval_prob=interval_prob)._asdict()
    mean["prob_apart"] = np.array([within.prob_apart(k, k + 1, margin_odds) for k in range(n_pairs)])
    together, rows = tell(fit.all_reps_draws()[:, None]), fit.read(lambda _, of_reps: tell(of_reps))
    counts = np.concatenate([fit.n.sum(axis=0)[None], n.sum(axis=0)[None], fit.n]).astype(int)
    labels = (ALL_REPS, WITHIN_REPS, *fit.reps)
    return {
        **label_columns(labels, better=fit.ranks[:-1], worse=fit.ranks[1:]),
        **{name: np.concatenate([together[name], mean[name][None], rows[name]]).ravel() for name in together},
        "n_better": counts[:, :-1].ravel(),
        "n_worse": counts[:, 1:].ravel(),
    }
