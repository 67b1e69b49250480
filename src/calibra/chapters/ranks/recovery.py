"""What of a rank fit is held against the truth of simulated worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.population import CORRELATION
from calibra.reading.checked import ALL_REPS_SUFFIX, first_rep
from calibra.reading.means import concordance, log_odds, mean_over_reps

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]


def ranked_quantities(fit: RankFit) -> dict[str, Floats]:
    """Name to draws, (draw,), of what simulation-based calibration ranks."""
    draws, prob, mix = fit.posterior.draws, fit.probability_draws(), fit.rank_mix
    found = {f"rank mean {rank}": draws["rank_mean"][:, k] for k, rank in enumerate(fit.ranks)}
    for name in ("level", "slope", "residual"):
        if name in draws:
            found |= {f"{name} scale": draws[f"{name}_scale"], f"{name}, first rep": first_rep(draws[name])}
    if CORRELATION in draws:
        found["level–slope correlation"] = draws[CORRELATION]
    found["level, last rep"] = draws["level"][:, -1]
    chance, n, events = np.clip(prob, 1e-300, 1.0 - 1e-16), fit.n, fit.events
    found["log-likelihood"] = (events * np.log(chance) + (n - events) * np.log1p(-chance)).sum(axis=(1, 2))
    best, worst = fit.ranks[0], fit.ranks[-1]
    found |= {
        f"P(event) at {best}, first rep": prob[:, 0, 0],
        f"P(event) at {worst}, first rep": prob[:, 0, -1],
        f"P(event) at {best}, last rep": prob[:, -1, 0],
        f"P(event) at {worst}, last rep": prob[:, -1, -1],
    }
    together, gap = mean_over_reps(prob, n), fit.gap_draws()
    found |= {f"P(event) at {rank}, all reps": together[:, k] for k, rank in enumerate(fit.ranks)}
    optimism = (log_odds(together)[:, None] - log_odds(prob)) @ mix
    slope = log_odds(prob) @ (mix * fit.scores.values)
    found |= {
        "gap in points, first rep": gap[:, 0],
        "gap in points, last rep": gap[:, -1],
        "optimism, first rep": optimism[:, 0],
        "optimism, last rep": optimism[:, -1],
        "discrimination, first rep": slope[:, 0],
        "auc, last rep": concordance(prob, mix)[:, -1],
    }
    return found


def interval_quantities(fit: RankFit) -> dict[str, Floats]:
    """Draws of everything reported with an interval: (draw, rep, …), or (draw, …) for all reps."""
    prob, mix = fit.probability_draws(), fit.rank_mix
    together = mean_over_reps(prob, fit.n)
    return {
        "P(event) per rank": prob,
        f"P(event) per rank{ALL_REPS_SUFFIX}": together,
        "gap in points": fit.gap_draws(),
        "optimism": (log_odds(together)[:, None] - log_odds(prob)) @ mix,
        "discrimination": log_odds(prob) @ (mix * fit.scores.values),
    }
