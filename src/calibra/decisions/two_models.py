"""Do the rank model and the threshold model say the same of P(event) at a rank of a rep?"""

import numpy as np
from numpy.typing import NDArray

from calibra.data.doubts import Doubt, models_apart
from calibra.models.rank_fit import RankFit
from calibra.models.threshold_fit import ThresholdFit
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap

type Floats = NDArray[np.float64]


def doubt_of_two_models(
    rank_fit: RankFit, threshold_fit: ThresholdFit, *, margin_odds: float = MARGIN_ODDS
) -> list[Doubt]:
    """A doubt where the two models are further apart than their joint spread; nothing where they agree.

    Both read the same counts; the threshold model has no residual of a rep at a rank, and its probabilities are pulled
    to what its normal signals can give.
    """
    return models_apart(
        (rank_fit.reps, rank_fit.ranks), rank_fit.n, rank_fit.events, one=_log_odds(rank_fit.probability_draws()),
        other=_log_odds(threshold_fit.probability_draws()), within_days=rank_fit.within_days,
        margin=float(np.log(margin_odds)),
    )  # fmt: skip


def _log_odds(prob: Floats) -> Floats:
    """Mean and variance of the log-odds of each cell, (2, rep, rank)."""
    draws = log_odds_gap(prob, 0.5)
    return np.stack([draws.mean(axis=0), draws.var(axis=0)])
