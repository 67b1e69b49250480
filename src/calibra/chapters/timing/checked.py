"""The model of stated dates as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.reading.checked import ALL_REPS_SUFFIX, Checked, PredictiveCells, Quantity, kept_draws, occupied_cells

if TYPE_CHECKING:
    from calibra.chapters.timing.fit import StatedTimingFit

type Floats = NDArray[np.float64]


def checked_timing(fit: StatedTimingFit) -> Checked:
    """What the checks read of a fit of stated dates."""
    return Checked(
        declarations=fit.declarations,
        posteriors=fit.posteriors,
        with_posteriors=lambda posteriors: replace(fit, posteriors=posteriors, _kept={}),
        cells=lambda _, by: _cells(fit, by),
        quantities=lambda: _quantities(fit),
        ranked=lambda: _ranked(fit),
        intervals=lambda: _intervals(fit),
    )


def _cells(fit: StatedTimingFit, by: tuple[str, ...]) -> PredictiveCells:
    """Rep × rank × interval, all stated lengths together, both endings under one another."""
    if by:
        raise InputError(f"`by` must be empty: stated dates are counted by rep and rank alone; got {', '.join(by)}.")
    counted, keep, parts = fit.cells.counted, kept_draws(fit.posteriors["event"].n_draws), []
    size = counted.exposure.sum(axis=2)
    of_rank = np.eye(len(counted.ranks))[:, fit.cells.rank]
    axes = {"rep": fit.reps, "rank": counted.ranks, "interval": fit.cells.intervals}
    exposure = counted.exposure[:, fit.cells.rank, fit.cells.length]
    for cause in fit.posteriors:
        seen = (counted.events if cause == "event" else counted.exits).sum(axis=2).astype(float)
        expected = np.einsum("srkj,rkj,ak->sraj", np.exp(fit.log_hazards(cause)[keep]), exposure, of_rank)
        parts.append((cause, occupied_cells(axes, size, seen, expected)))
    labels = {name: np.concatenate([part.labels[name] for _, part in parts]) for name in axes}
    causes = np.concatenate([np.full(part.size.size, cause, dtype=object) for cause, part in parts])
    return PredictiveCells(
        "ending × rep × rank × interval",
        {"ending": causes, **labels},
        np.concatenate([part.size for _, part in parts]),
        np.concatenate([part.observed for _, part in parts]),
        np.concatenate([part.draws for _, part in parts], axis=1),
        poisson=True,
    )


def _quantities(fit: StatedTimingFit) -> dict[str, Quantity]:
    readings, labels = fit.readings(), (*fit.reps,)
    return {
        "share on time": Quantity(readings["on_time"][:, 1:], labels),
        "days beside those stated": Quantity(readings["factor"][:, 1:], labels),
    }


def _ranked(fit: StatedTimingFit) -> dict[str, Floats]:
    readings = fit.readings()
    found = {f"{name}, first rep": readings[name][:, 1] for name in ("early", "on_time", "late", "exit", "factor")}
    for cause, posterior in fit.posteriors.items():
        found |= {f"{cause} {name}": np.ravel(posterior[f"{name}_scale"]) for name in ("level", "tempo")}
        found[f"{cause} baseline, first"] = posterior["baseline"][:, 0]
        hazard = fit.log_hazards(cause).reshape(posterior.n_draws, len(fit.reps), -1)
        declared = fit.declarations[cause]
        likelihood = declared.events * hazard - declared.size * np.exp(hazard)
        found[f"{cause} log-likelihood"] = likelihood.sum(axis=(1, 2))
    return found


def _intervals(fit: StatedTimingFit) -> dict[str, Floats]:
    readings = fit.readings()
    names = ("early", "on_time", "late", "exit", "open", "factor")
    told = {name: readings[name][:, 1:] for name in names}
    return told | {f"{name}{ALL_REPS_SUFFIX}": readings[name][:, 0] for name in names}
