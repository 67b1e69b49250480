"""How well are the outcomes of reps who are not in the fit predicted, with ranks taken as they are or some as one?"""

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.linearise import linearise
from calibra.reading.cells import indicator, residual_basis
from calibra.reading.means import logistic

type Floats = NDArray[np.float64]
type Groups = tuple[tuple[str, ...], ...]


def held_out_score(fit: RankFit, kept: NDArray[np.bool_], groups: Groups, n_folds: int) -> Floats:
    """Log score of the outcomes of each rep kept under a fit without that rep, summed over judgments, (rep,)."""
    index = {rank: i for i, rank in enumerate(fit.ranks)}
    n, events = (
        np.stack([values[:, [index[rank] for rank in group]].sum(axis=1) for group in groups], axis=1)
        for values in (fit.n, fit.events)
    )
    used = np.flatnonzero(kept & (n.sum(axis=1) > 0))
    score = np.zeros(len(n))
    for fold in range(n_folds):
        out = used[fold::n_folds]
        rest = np.setdiff1d(used, out)
        prob = _new_rep_probability(fit, n[rest], events[rest])
        score[out] = (events[out] * np.log(prob) + (n[out] - events[out]) * np.log1p(-prob)).sum(axis=1)
    return score[used]


def _new_rep_probability(fit: RankFit, n: Floats, events: Floats) -> Floats:
    """Probability at each rank for a rep not in the counts, at typical outer parameters, (rank,)."""
    n_ranks = n.shape[1]
    steps = -np.arange(n_ranks, dtype=float)
    scores = (steps - steps.mean()) / max(float(steps.std()), 1e-12)
    scales = {term.name: term.scale for term in fit.declaration.rep_terms}
    prior = fit.declaration.population[0].prior
    labels = tuple(str(i) for i in range(n_ranks))
    terms = [RepTerm("level", np.ones((n_ranks, 1)), scales["level"])]
    if n_ranks > 1:
        terms.append(RepTerm("slope", scores[:, None], scales["slope"]))
    if n_ranks > 2:
        terms.append(RepTerm("residual", residual_basis(scores), scales["residual"]))
    declaration = CellModel(
        family=Binomial(),
        events=events,
        size=n,
        reps=tuple(str(i) for i in range(len(n))),
        population=(PopulationTerm("rank_mean", "rank", labels, indicator(np.arange(n_ranks), n_ranks), prior),),
        rep_terms=tuple(terms),
        correlation=fit.declaration.correlation if n_ranks > 1 else None,
    )
    blocks = CellBlocks(declaration)
    phi = linearise(blocks).phi
    mean, design = phi[:n_ranks], declaration.rep_design
    covariance = blocks.block_prior(phi[None]).covariance()[0]
    variance = np.einsum("ki,ij,kj->k", design, covariance, design)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    over_reps = logistic(mean + np.sqrt(variance) * nodes[:, None])
    return np.asarray(weights @ over_reps / weights.sum())
