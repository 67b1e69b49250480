"""What of a threshold fit is held against the truth of simulated worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.reading.checked import ALL_REPS_SUFFIX
from calibra.stats.detection.advice import promised_cutpoints
from calibra.stats.detection.curve import auc, share_above
from calibra.stats.detection.likelihood import detection_log_lik

if TYPE_CHECKING:
    from calibra.chapters.thresholds.fit import ThresholdFit

type Floats = NDArray[np.float64]


def ranked_quantities(fit: ThresholdFit) -> dict[str, Floats]:
    """Name to draws, (draw,), of what simulation-based calibration ranks."""
    draws, found_draws = fit.posterior.draws, fit.draws()
    population, deviation = draws["population"], draws["deviation"]
    labels = fit.declaration.layout[1]
    found = {f"typical {name}": population[:, i] for i, name in enumerate(labels["parameter"])}
    found |= {name.replace("_", " "): draws[name] for name in fit.declaration.scale_priors}
    found |= {f"{name}, first rep": deviation[:, 0, i] for i, name in enumerate(labels["column"])}
    params = fit.declaration.rep_params(population, deviation)
    found["log-likelihood"] = detection_log_lik(params, fit.n, fit.events).value.sum(axis=1)
    bars, shares, aims = found_draws.bars, found_draws.shares, _recommended_shares(fit)
    top = fit.ranks[0]
    for place, rep in ((0, "first rep"), (-1, "last rep")):
        found |= {
            f"base rate, {rep}": found_draws.base_rate[:, place],
            f"bar of {top}, {rep}": bars[:, place, 0],
            f"share of {top}, {rep}": shares[:, place, 0],
            f"recommended share of {top}, {rep}": aims[:, place, 0],
        }
    prob = fit.probability_draws()
    return found | {
        f"bar of {fit.ranks[-2]}, last rep": bars[:, -1, -1],
        f"bar of {top}, all reps": fit.all_reps_bar_draws()[:, 0],
        f"recommended share down to {fit.ranks[-2]}, last rep": aims[:, -1, -1],
        "auc, last rep": auc(found_draws.discrimination)[:, -1],
        f"P(event) at {top}, last rep": prob[:, -1, 0],
    }


def interval_quantities(fit: ThresholdFit) -> dict[str, Floats]:
    """Draws of everything reported with an interval: (draw, rep, …), or (draw, …) for all reps."""
    found = fit.draws()
    return {
        "bar": found.bars,
        f"bar{ALL_REPS_SUFFIX}": fit.all_reps_bar_draws(),
        "share of rank or better": found.shares,
        "recommended share": _recommended_shares(fit),
        "base rate": found.base_rate,
        "auc": np.asarray(auc(found.discrimination)),
        "P(event) per rank": fit.probability_draws(),
    }


def _recommended_shares(fit: ThresholdFit) -> Floats:
    """Draws of the share of the prospects at which each promise is met, (draw, rep, boundary)."""
    found = fit.draws()
    probs = [promise.prob for promise in fit.scale.promise_by_rank[:-1] if promise is not None]
    cuts = promised_cutpoints(probs, base_rate=found.base_rate, discrimination=found.discrimination)
    return np.asarray(
        share_above(cuts, base_rate=found.base_rate[..., None], discrimination=found.discrimination[..., None])
    )
