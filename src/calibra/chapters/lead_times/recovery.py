"""What of a lead-time fit is held against the truth of simulated worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.tables import median_days_draws, monthly_exits_draws
from calibra.inference.declare.families import Poisson
from calibra.reading.checked import ALL_REPS_SUFFIX, first_rep

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit

type Floats = NDArray[np.float64]


def ranked_quantities(fit: LeadTimeFit) -> dict[str, Floats]:
    """Name to draws, (draw,), of what simulation-based calibration ranks."""
    found: dict[str, Floats] = {}
    for cause, posterior in fit.posteriors.items():
        draws = posterior.draws
        baseline = fit.draws.baseline(cause)
        found |= {f"{cause}: first hazard": baseline[:, 0], f"{cause}: last hazard": baseline[:, -1]}
        for name in ("baseline", "level", "slope", "residual", "tempo"):
            if f"{name}_scale" in draws:
                found[f"{cause}: {name} scale"] = draws[f"{name}_scale"]
        named = [name for name in ("level", "residual", "tempo") if name in draws]
        found |= {f"{cause}: {name}, first rep": first_rep(draws[name]) for name in named}
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
    }
    ratio = _tempo_ratios(fit)
    found |= {
        "median lead time over all reps', first rep": ratio[:, 0],
        "median lead time over all reps', last rep": ratio[:, -1],
    }
    if "exit" in fit.posteriors:
        found["monthly exits, last rep"] = monthly_exits_draws(fit)[:, -1]
    return found


def interval_quantities(fit: LeadTimeFit) -> dict[str, Floats]:
    """Draws of everything reported with an interval: (draw, rep, …), or (draw, …) for all reps."""
    times = np.array([fit.last_edge_days + 0.5])
    own, everyone = fit.draws.curves(times), fit.draws.all_reps(times)
    return {
        "events by the last edge": own.event[..., 0],
        "exits by the last edge": own.exit[..., 0],
        f"events by the last edge{ALL_REPS_SUFFIX}": everyone.event[..., 0],
        "median lead time over all reps'": _tempo_ratios(fit),
    }


def _tempo_ratios(fit: LeadTimeFit) -> Floats:
    """Draws of each rep's median lead time over that of all reps, from the event hazards alone, (draw, rep)."""
    median = median_days_draws(fit)
    return median[:, 1:] / median[:, :1]
