"""The model of contacts as the checks see it: its cells with what is expected in them, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.reading.checked import ALL_REPS_SUFFIX, Checked, PredictiveCells, Quantity, kept_draws, occupied_cells

if TYPE_CHECKING:
    from calibra.chapters.effort.fit import EffortFit

type Floats = NDArray[np.float64]

_NAMES = ("contacts_per_event", "contacts", "events", "spent")


def checked_effort(fit: EffortFit) -> Checked:
    """What the checks read of a fit of contacts."""
    return Checked(
        declarations=fit.declarations,
        posteriors=fit.posteriors,
        with_posteriors=lambda posteriors: replace(fit, posteriors=posteriors, _kept={}),
        cells=lambda _, by: _cells(fit, by),
        quantities=lambda: _quantities(fit),
        ranked=lambda: _ranked(fit),
        intervals=lambda: _intervals(fit),
    )


def _cells(fit: EffortFit, by: tuple[str, ...]) -> PredictiveCells:
    """Rep × rank × class of contacts, events and stops under one another."""
    if by:
        raise InputError(f"`by` must be empty: contacts are counted by rep and rank alone; got {', '.join(by)}.")
    keep, parts, counted = kept_draws(fit.n_draws), [], fit.cells.counted
    axes = {"rep": fit.reps, "rank": fit.cells.ranks, "contact": fit.cells.classes}
    of = {"event": (counted.events, counted.at_risk), "stop": (counted.stops, counted.may_stop)}
    for cause in fit.posteriors:
        seen, size = (values[:, fit.cells.used].astype(float) for values in of[cause])
        parts.append((cause, occupied_cells(axes, size, seen, fit.hazards(cause)[keep])))
    labels = {name: np.concatenate([part.labels[name] for _, part in parts]) for name in axes}
    causes = np.concatenate([np.full(part.size.size, cause, dtype=object) for cause, part in parts])
    return PredictiveCells(
        "ending × rep × rank × contact",
        {"ending": causes, **labels},
        np.concatenate([part.size for _, part in parts]),
        np.concatenate([part.observed for _, part in parts]),
        np.concatenate([part.draws for _, part in parts], axis=1),
    )


def _quantities(fit: EffortFit) -> dict[str, Quantity]:
    readings = fit.readings()
    return {
        "contacts per event": Quantity(readings["contacts_per_event"][:, 1:], fit.reps),
        "share of contacts on what never comes": Quantity(readings["spent"][:, 1:], fit.reps),
    }


def _ranked(fit: EffortFit) -> dict[str, Floats]:
    readings = fit.readings()
    found = {f"{name}, first rep": readings[name][:, 1] for name in _NAMES}
    for cause, posterior in fit.posteriors.items():
        declared = fit.declarations[cause]
        found |= {f"{cause} {term.name}": np.ravel(posterior[term.scale_name]) for term in declared.rep_terms}
        found[f"{cause} baseline, first"] = posterior["baseline"][:, 0]
        odds = fit.log_odds(cause).reshape(posterior.n_draws, len(fit.reps), -1)
        likelihood = declared.events * odds - declared.size * np.logaddexp(0.0, odds)
        found[f"{cause} log-likelihood"] = likelihood.sum(axis=(1, 2))
    return found


def _intervals(fit: EffortFit) -> dict[str, Floats]:
    readings = fit.readings()
    told = {name: readings[name][:, 1:] for name in _NAMES}
    return told | {f"{name}{ALL_REPS_SUFFIX}": readings[name][:, 0] for name in _NAMES}
