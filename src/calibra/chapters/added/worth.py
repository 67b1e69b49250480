"""What a rank or a percentage may be worth beside the score, as far as the posterior knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.added.layout import RANK
from calibra.chapters.added.left_out import linpred_in_chunks
from calibra.data.frames.roles import MACHINE_PROB
from calibra.reading.means import logistic

if TYPE_CHECKING:
    from calibra.chapters.added.fit import AddedFit

type Floats = NDArray[np.float64]

_OF_SIGNAL = {True: ("rank", "rep_rank"), False: ("stated", "stated_departure", "rep_stated")}
"""Names of the terms of a rank, and of a percentage."""


def worth_draws(fit: AddedFit, signal: str) -> Floats:
    """Draws of the gain in log score of a judgment if the effect were known, (draw,).

    Half the mean of p (1 − p) e², e the effect on the log-odds less what level and slope of the score hold of it, rep
    by rep. A gain that was measured is small as well where nothing is known; this is large then.
    """
    declaration, posterior = fit.declarations[signal], fit.posteriors[signal]
    names, draws = _OF_SIGNAL[signal == RANK], posterior.draws
    total = np.zeros(posterior.n_draws)
    for reps, linpred in linpred_in_chunks(declaration, posterior):
        prob = logistic(linpred).mean(axis=0)
        effect = np.zeros_like(linpred)
        for term in declaration.population:
            if term.name in names:
                effect += np.einsum("sp,rcp->src", draws[term.name], term.design[reps], optimize=True)
        for own in declaration.rep_terms:
            if own.name in names:
                effect += draws[own.name][:, reps, None] * own.design[reps, :, 0]
        weight = fit.cells.n[reps] * prob * (1.0 - prob)
        for i, row in enumerate(weight):
            total += 0.5 * (_beyond_the_score(fit, reps.start + i, effect[:, i], row) ** 2) @ row
    return total / fit.n.sum()


def _beyond_the_score(fit: AddedFit, rep: int, effect: Floats, weight: Floats) -> Floats:
    """The effect less its weighted regression on the score of this rep's judgments, (draw, cell)."""
    columns = [np.ones(len(weight))]
    if fit.with_machine:
        columns.append(fit.cells.log_odds(MACHINE_PROB)[rep])
    root = np.sqrt(weight)
    basis = np.stack(columns, axis=1) * root[:, None]
    fitted = np.linalg.lstsq(basis, (effect * root).T, rcond=None)[0]
    return np.asarray(effect - fitted.T @ np.stack(columns))
