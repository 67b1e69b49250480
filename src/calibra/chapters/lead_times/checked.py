"""The lead-time model as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.lead_times.recovery import interval_quantities, ranked_quantities
from calibra.errors import InputError
from calibra.reading.checked import Checked, PredictiveCells, Quantity, kept_draws, occupied_cells

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit
    from calibra.data.counting.judgments import Judgments


def checked_lead_times(fit: LeadTimeFit) -> Checked:
    """What the checks read of a lead-time fit."""

    def cells(_: Judgments | None, by: tuple[str, ...]) -> PredictiveCells:
        if by:
            raise InputError(
                "`by` needs the rank model and its `judgments`, to count the cells again by these groupings."
            )
        return _cells(fit)

    return Checked(
        declarations=fit.declarations,
        posteriors=fit.posteriors,
        with_posteriors=lambda posteriors: replace(fit, posteriors=posteriors),
        cells=cells,
        quantities=lambda: _quantities(fit),
        ranked=lambda: ranked_quantities(fit),
        intervals=lambda: interval_quantities(fit),
    )


def _cells(fit: LeadTimeFit) -> PredictiveCells:
    """Rep × rank × interval, both endings under one another, and draws of the expected endings."""
    exposure, parts = fit.cells.exposure, []
    groups = tuple(range(2, exposure.events.ndim - 1))
    days = exposure.exposure_days
    flat = days.reshape(*days.shape[:2], -1, days.shape[-1])
    keep = kept_draws(fit.draws.n_draws)
    for cause in fit.posteriors:
        seen = (exposure.events if cause == "event" else exposure.exits).sum(axis=groups).astype(float)
        multiplier = np.exp(fit.draws.group_effects(cause)[keep]).reshape(len(keep), -1)
        expected = np.exp(fit.draws.log_hazards(cause)[keep]) * np.einsum("rkgj,sg->srkj", flat, multiplier)
        axes = {"rep": fit.reps, "rank": fit.ranks, "interval": fit.cells.intervals}
        part = occupied_cells(axes, days.sum(axis=groups), seen, expected)
        parts.append((np.full(len(part.size), cause, dtype=object), part))
    labels = {name: np.concatenate([part.labels[name] for _, part in parts]) for name in ("rep", "rank", "interval")}
    return PredictiveCells(
        "ending × rep × rank × interval",
        {"ending": np.concatenate([cause for cause, _ in parts]), **labels},
        np.concatenate([part.size for _, part in parts]),
        np.concatenate([part.observed for _, part in parts]),
        np.concatenate([part.draws for _, part in parts], axis=1),
        poisson=True,
    )


def _quantities(fit: LeadTimeFit) -> dict[str, Quantity]:
    """The share with an event by each promised horizon, else by the last edge."""
    horizons = [days for days in fit.scale.horizons if days <= fit.last_edge_days] or [fit.last_edge_days]
    draws = fit.incidence_draws(horizons)
    labels = tuple(f"{rep}, {rank}, {days} days" for rep in fit.reps for rank in fit.ranks for days in horizons)
    return {"share with an event": Quantity(draws.reshape(len(draws), -1), labels)}
