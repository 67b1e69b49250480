"""What the trust studies look at: parameters, scales, the log-likelihood, and the quantities users read off a fit."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calibra.inference.families import Poisson
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.lead_time_tables import median_days_draws, monthly_exits_draws
from calibra.models.rank_fit import RankFit
from calibra.models.rank_population import CORRELATION
from calibra.models.reading import concordance, log_odds, mean_over_reps
from calibra.models.threshold_fit import ThresholdFit
from calibra.stats.detection import auc, share_above
from calibra.stats.detection_advice import promised_cutpoints
from calibra.stats.detection_likelihood import detection_log_lik
from calibra.studies.trust_worlds import Fit

type Floats = NDArray[np.float64]


def read_quantities(fit: Fit) -> dict[str, Floats]:
    """One draw axis each: what simulation-based calibration ranks.

    Of reps, the first and the last of the design stand for all: reps are exchangeable, but they may judge more or less.
    """
    if isinstance(fit, RankFit):
        return _of_rank(fit)
    return _of_lead_time(fit) if isinstance(fit, LeadTimeFit) else _of_threshold(fit)


def _of_rank(fit: RankFit) -> dict[str, Floats]:
    draws, prob, mix = fit.posterior.draws, fit.probability_draws(), fit.rank_mix
    found = {f"rank mean {rank}": draws["rank_mean"][:, k] for k, rank in enumerate(fit.ranks)}
    for name in ("level", "slope", "residual"):
        if name in draws:
            found |= {f"{name} scale": draws[f"{name}_scale"], f"{name}, first rep": _first(draws[name])}
    if CORRELATION in draws:
        found["level–slope correlation"] = draws[CORRELATION]
    found["level, last rep"] = draws["level"][:, -1]
    chance, n, events = np.clip(prob, 1e-300, 1.0 - 1e-16), fit.n, fit.events
    found["log-likelihood"] = (events * np.log(chance) + (n - events) * np.log1p(-chance)).sum(axis=(1, 2))
    best, worst = fit.ranks[0], fit.ranks[-1]
    found |= {
        f"P(event) at {best}, first rep": prob[:, 0, 0], f"P(event) at {worst}, first rep": prob[:, 0, -1],
        f"P(event) at {best}, last rep": prob[:, -1, 0], f"P(event) at {worst}, last rep": prob[:, -1, -1],
    }  # fmt: skip
    together, gap = mean_over_reps(prob, n), fit.gap_draws()
    found |= {f"P(event) at {rank}, all reps": together[:, k] for k, rank in enumerate(fit.ranks)}
    optimism = (log_odds(together)[:, None] - log_odds(prob)) @ mix
    slope = log_odds(prob) @ (mix * fit.scores.values)
    found |= {
        "gap in points, first rep": gap[:, 0], "gap in points, last rep": gap[:, -1],
        "optimism, first rep": optimism[:, 0], "optimism, last rep": optimism[:, -1],
        "discrimination, first rep": slope[:, 0], "auc, last rep": concordance(prob, mix)[:, -1],
    }  # fmt: skip
    return found


def _of_lead_time(fit: LeadTimeFit) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for cause, posterior in fit.posteriors.items():
        draws = posterior.draws
        baseline = fit.draws.baseline(cause)
        found |= {f"{cause}: first hazard": baseline[:, 0], f"{cause}: last hazard": baseline[:, -1]}
        for name in ("baseline", "level", "slope", "residual", "tempo"):
            if f"{name}_scale" in draws:
                found[f"{cause}: {name} scale"] = draws[f"{name}_scale"]
        named = [name for name in ("level", "residual", "tempo") if name in draws]
        found |= {f"{cause}: {name}, first rep": _first(draws[name]) for name in named}
        if "rank_contrast" in draws:
            found |= {
                f"{cause}: rank contrast": draws["rank_contrast"][:, 0],
                f"{cause}: slope, last rep": draws["slope"][:, -1],
            }
        if "trend" in draws:
            found |= {f"{cause}: {name}": draws["trend"][:, i] for i, name in enumerate(fit.cells.trend.labels)}
        if "rank_tempo" in draws:
            found[f"{cause}: rank tempo"] = draws["rank_tempo"][:, 0]
        if "rank_bend" in draws:
            found[f"{cause}: rank bend"] = draws["rank_bend"].reshape(len(baseline), -1)[:, 0]
        exposure = fit.cells.exposure
        seen = (exposure.events if cause == "event" else exposure.exits).astype(float)
        cells = fit.draws.log_hazards(cause)
        found[f"{cause}: log-likelihood"] = (
            Poisson().log_likelihood(cells, seen, exposure.exposure_days).sum(axis=(1, 2, 3))
        )
    early, last = int(fit.cells.exposure.edges_days[0]), fit.last_edge_days
    best, worst = fit.ranks[0], fit.ranks[-1]
    times = np.array([early, last]) + 0.5
    own, together = fit.draws.curves(times), fit.draws.all_reps(times)
    found |= {
        f"events by day {early} at {best}, first rep": own.event[:, 0, 0, 0],
        f"events by day {last} at {best}, first rep": own.event[:, 0, 0, 1],
        f"events by day {last} at {worst}, last rep": own.event[:, -1, -1, 1],
        f"exits by day {last} at {best}, last rep": own.exit[:, -1, 0, 1],
        f"events by day {early} at {best}, all reps": together.event[:, 0, 0],
        f"events by day {last} at {best}, all reps": together.event[:, 0, 1],
        f"still open on day {last} at {worst}, all reps": together.open[:, -1, 1],
    }  # fmt: skip
    ratio = tempo_ratios(fit)
    found |= {
        "median lead time over all reps', first rep": ratio[:, 0],
        "median lead time over all reps', last rep": ratio[:, -1],
    }
    if "exit" in fit.posteriors:
        found["monthly exits, last rep"] = monthly_exits_draws(fit)[:, -1]
    return found


def tempo_ratios(fit: LeadTimeFit) -> Floats:
    """Draws of each rep's median lead time over that of all reps, from the event hazards alone, (draw, rep)."""
    median = median_days_draws(fit)
    return median[:, 1:] / median[:, :1]


def _of_threshold(fit: ThresholdFit) -> dict[str, Floats]:
    draws, found_draws = fit.posterior.draws, fit.draws()
    population, deviation = draws["population"], draws["deviation"]
    labels = fit.declaration.layout[1]
    found = {f"typical {name}": population[:, i] for i, name in enumerate(labels["parameter"])}
    found |= {name.replace("_", " "): draws[name] for name in fit.declaration.scale_priors}
    found |= {f"{name}, first rep": deviation[:, 0, i] for i, name in enumerate(labels["column"])}
    params = fit.declaration.rep_params(population, deviation)
    found["log-likelihood"] = detection_log_lik(params, fit.n, fit.events).value.sum(axis=1)
    bars, shares, aims = found_draws.bars, found_draws.shares, recommended_shares(fit)
    top = fit.ranks[0]
    for place, rep in ((0, "first rep"), (-1, "last rep")):
        found |= {
            f"base rate, {rep}": found_draws.base_rate[:, place], f"bar of {top}, {rep}": bars[:, place, 0],
            f"share of {top}, {rep}": shares[:, place, 0], f"recommended share of {top}, {rep}": aims[:, place, 0],
        }  # fmt: skip
    prob = fit.probability_draws()
    return found | {
        f"bar of {fit.ranks[-2]}, last rep": bars[:, -1, -1], f"bar of {top}, all reps": fit.all_reps_bar_draws()[:, 0],
        f"recommended share down to {fit.ranks[-2]}, last rep": aims[:, -1, -1],
        "auc, last rep": auc(found_draws.discrimination)[:, -1], f"P(event) at {top}, last rep": prob[:, -1, 0],
    }  # fmt: skip


def recommended_shares(fit: ThresholdFit) -> Floats:
    """Draws of the share of the prospects at which each promise is met, (draw, rep, boundary)."""
    found = fit.draws()
    probs = [promise.prob for promise in fit.scale.promise_by_rank[:-1] if promise is not None]
    cuts = promised_cutpoints(probs, base_rate=found.base_rate, discrimination=found.discrimination)
    return np.asarray(
        share_above(cuts, base_rate=found.base_rate[..., None], discrimination=found.discrimination[..., None])
    )


def _first(values: Floats) -> Floats:
    """The first rep's only or first column."""
    return values[:, 0] if values.ndim == 2 else values[:, 0, 0]


def reported_only(quantities: Mapping[str, Floats]) -> dict[str, Floats]:
    """Without what has another meaning where a threshold model takes its shift from the counts."""
    own = ("shift, first rep", "spacing_", "discrimination, first rep", "base, first rep", "typical log_ratio")
    return {name: values for name, values in quantities.items() if not name.startswith(own)}
