"""The models of what is added as the checks see them: that which reads most, its cells, and what is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.added.left_out import linpred_in_chunks
from calibra.errors import InputError
from calibra.inference.posterior import Posterior
from calibra.reading.checked import Checked, PredictiveCells, Quantity, kept_draws
from calibra.reading.means import ALL_REPS, logistic

if TYPE_CHECKING:
    from calibra.chapters.added.fit import AddedFit

type Floats = NDArray[np.float64]


def checked_added(fit: AddedFit) -> Checked:
    """What the checks read of a fit."""

    def with_posteriors(posteriors: Mapping[str, Posterior]) -> AddedFit:
        return replace(fit, posteriors=dict(posteriors), _scores={})

    return Checked(
        declarations=fit.declarations,
        posteriors=fit.posteriors,
        with_posteriors=with_posteriors,
        cells=lambda _, by: _cells(fit, by),
        quantities=lambda: _quantities(fit),
        ranked=lambda: _ranked(fit),
        intervals=lambda: _intervals(fit),
    )


def _cells(fit: AddedFit, by: tuple[str, ...]) -> PredictiveCells:
    """Judgments per rep and rank, and draws of the share that comes, under the model that reads most."""
    if by:
        raise InputError(f"`by` must be empty: these judgments are counted by rep alone; got {', '.join(by)}.")
    last, cells = fit.layout.readings[-1], fit.cells
    kept = kept_draws(fit.posteriors[last].n_draws)
    labels: dict[str, list[str]] = {"rep": [], "rank": []}
    size, observed, draws = [], [], []
    for reps, linpred in linpred_in_chunks(fit.declarations[last], fit.posteriors[last]):
        prob = logistic(linpred[kept])
        for i, rep in enumerate(range(reps.start, reps.stop)):
            for k, rank in enumerate(cells.ranks):
                n = np.where(cells.rank[rep] == k, cells.n[rep], 0).astype(float)
                if n.sum():
                    size.append(n.sum())
                    observed.append(cells.events[rep][n > 0].sum())
                    draws.append(prob[:, i] @ n / n.sum())
                    labels["rep"].append(fit.reps[rep])
                    labels["rank"].append(rank)
    named = {name: np.array(values, dtype=object) for name, values in labels.items()}
    counts = np.array(size, dtype=float), np.array(observed, dtype=float)
    return PredictiveCells("rep × rank", named, *counts, np.stack(draws, axis=1))


def _quantities(fit: AddedFit) -> dict[str, Quantity]:
    labels = (ALL_REPS, *fit.reps)
    return {f"log-odds added by {signal}": Quantity(fit.contrast_draws(signal), labels) for signal in fit.signals}


def _ranked(fit: AddedFit) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for reading, posterior in fit.posteriors.items():
        scales = {name: draws for name, draws in posterior.draws.items() if name.endswith("_scale")}
        found |= {f"{reading}: {name}": np.asarray(draws).reshape(len(draws)) for name, draws in scales.items()}
    for signal in fit.signals:
        contrast = fit.contrast_draws(signal)
        found |= {f"{signal}: typical": contrast[:, 0], f"{signal}: first rep": contrast[:, 1]}
    return found


def _intervals(fit: AddedFit) -> dict[str, Floats]:
    return {f"log-odds added by {signal}": fit.contrast_draws(signal)[:, 1:] for signal in fit.signals}
