"""The stated model as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.reading.checked import ALL_REPS_SUFFIX, Checked, PredictiveCells, Quantity, at_cells, thin

if TYPE_CHECKING:
    from calibra.chapters.stated.fit import StatedFit

type Floats = NDArray[np.float64]

CHECKED_AT = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Stated probabilities whose meaning is held against the truth of simulated worlds."""


def checked_stated(fit: StatedFit) -> Checked:
    """What the checks read of a fit of stated percentages."""
    return Checked(
        declarations={"stated": fit.declaration},
        posteriors={"stated": fit.posterior},
        with_posteriors=lambda posteriors: replace(fit, posterior=posteriors["stated"]),
        cells=lambda _, by: _cells(fit, by),
        quantities=lambda: _quantities(fit),
        ranked=lambda: _ranked(fit),
        intervals=lambda: _intervals(fit),
    )


def _cells(fit: StatedFit, by: tuple[str, ...]) -> PredictiveCells:
    """The occupied cells and draws of their probability."""
    if by:
        raise InputError(f"`by` must be empty: stated percentages are counted by rep alone; got {', '.join(by)}.")
    rep, value = kept = np.nonzero(fit.cells.n > 0)
    labels = {
        "rep": np.array(fit.reps, dtype=object)[rep],
        "stated": np.array([f"{share:.3g}" for share in fit.cells.stated[kept]], dtype=object),
    }
    n, events = fit.cells.n[rep, value].astype(float), fit.cells.events[rep, value].astype(float)
    return PredictiveCells("rep × stated", labels, n, events, at_cells(thin(fit.cell_draws()), kept))


def _quantities(fit: StatedFit) -> dict[str, Quantity]:
    curves, everyone = fit.curve_draws(CHECKED_AT), fit.all_reps_draws(CHECKED_AT)
    at = tuple(f"{share:.0%}" for share in CHECKED_AT)
    labels = tuple(f"{rep}, {share}" for rep in fit.reps for share in at)
    return {
        "probability": Quantity(curves.reshape(len(curves), -1), labels),
        "all reps' probability": Quantity(everyone, at),
    }


def _ranked(fit: StatedFit) -> dict[str, Floats]:
    draws, (intercept, slope) = fit.posterior.draws, fit.line_draws()
    prob = np.clip(fit.cell_draws(), 1e-300, 1.0 - 1e-16)
    n, events = fit.cells.n, fit.cells.events
    return {
        "intercept": draws["intercept"][:, 0],
        "slope": draws["slope"][:, 0],
        "intercept scale": draws["rep_intercept_scale"],
        "slope scale": draws["rep_slope_scale"],
        "intercept, first rep": intercept[:, 0],
        "slope, first rep": slope[:, 0],
        "slope, last rep": slope[:, -1],
        "P(event) at 70 %, first rep": fit.curve_draws(0.7)[:, 0, 0],
        "log-likelihood": (events * np.log(prob) + (n - events) * np.log1p(-prob)).sum(axis=(1, 2)),
    }


def _intervals(fit: StatedFit) -> dict[str, Floats]:
    intercept, slope = fit.line_draws()
    return {
        "intercept": intercept,
        "slope": slope,
        "P(event) by what was stated": fit.curve_draws(CHECKED_AT),
        f"P(event) by what was stated{ALL_REPS_SUFFIX}": fit.all_reps_draws(CHECKED_AT),
    }
