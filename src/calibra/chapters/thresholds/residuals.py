"""How far the threshold model lies from the rank model at each rank of each rep, so that both give one probability.

The threshold model has no term for a rep at a rank: six numbers of a rep give all of its shares and rates. The rank
model has one, and is read wherever a probability is reported. The advice follows it: on the log-odds, draw by draw,

    P(event | rank, line) = threshold model at the line + (rank model − threshold model) at the line of the judgments

so that today's line brings what the rank model says, and the threshold model says how that moves with the line.
"""

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.inference.pairing import pair_independent
from calibra.stats.margin import log_odds_gap

type Floats = NDArray[np.float64]


def residuals_of(threshold_fit: ThresholdFit, rank_fit: RankFit) -> Floats:
    """Log-odds of the rank model less those of the threshold model, (draw, rep, rank)."""
    second = pair_independent(threshold_fit.posterior, rank_fit.posterior).second
    order = np.resize(second, threshold_fit.posterior.n_draws)
    return log_odds_gap(rank_fit.probability_draws()[order], threshold_fit.probability_draws())
