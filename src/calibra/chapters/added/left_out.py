"""The log score of every judgment under the posterior of all others: importance sampling, cell by cell.

Judgments of one cell with one outcome are alike, so that each is left out once for all of them:

    1 / p(y | all others) = E[1 / p(y | θ)]   over draws θ of the posterior of all

References
----------
Gelfand, A. E., Dey, D. K. & Chang, H. (1992). Model determination using predictive distributions with
implementation via sampling-based methods. Bayesian Statistics 4, 147–167.
Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out cross-validation and
WAIC. Statistics and Computing 27, 1413–1432. doi:10.1007/s11222-016-9696-4
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Posterior

type Floats = NDArray[np.float64]

AT_ONCE = 4_000_000
"""Numbers of draws × cells that stand in memory at once."""


def linpred_in_chunks(declaration: CellModel, posterior: Posterior) -> Iterator[tuple[slice, Floats]]:
    """Reps a chunk at a time with draws of the log-odds in their cells, (draw, rep, cell)."""
    n_reps, n_cells = declaration.events.shape
    draws = posterior.draws
    chunk = max(1, AT_ONCE // max(1, posterior.n_draws * n_cells))
    for start in range(0, n_reps, chunk):
        reps = slice(start, min(start + chunk, n_reps))
        linpred = np.zeros((posterior.n_draws, reps.stop - start, n_cells))
        for term in declaration.population:
            linpred += np.einsum("sp,rcp->src", draws[term.name], term.design[reps], optimize=True)
        for own in declaration.rep_terms:  # each of one column
            linpred += draws[own.name][:, reps, None] * own.design[reps, :, 0]
        yield reps, linpred


def left_out_scores(declaration: CellModel, posterior: Posterior) -> tuple[Floats, Floats]:
    """Log score of a judgment without and of one with an event, in each cell, left out of the fit; (rep, cell) each."""
    without, with_event = np.zeros(declaration.events.shape), np.zeros(declaration.events.shape)
    for reps, linpred in linpred_in_chunks(declaration, posterior):
        np.clip(linpred, -30.0, 30.0, out=linpred)
        odds = np.exp(linpred)  # 1 / P(no event) = 1 + odds; 1 / P(event) = 1 + 1 / odds
        without[reps] = -np.log1p(odds.mean(axis=0))
        with_event[reps] = -np.log1p((1.0 / odds).mean(axis=0))
    return without, with_event
