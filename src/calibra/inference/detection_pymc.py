"""The detection model written out in PyMC, for reading, for doubting and for the `nuts` engine."""

from typing import TYPE_CHECKING

import numpy as np

from calibra.inference.detection_model import DetectionModel
from calibra.inference.pymc_build import _scale as scale_variable
from calibra.stats.detection_likelihood import contrast_basis

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor import TensorVariable

_MANY = 60.0
"""Median judgments of a rep from which its deviations are better sampled centred; discrimination needs four times that."""


def build_detection(model: DetectionModel) -> "pm.Model":
    """The model as a `pymc.Model` with named dims; the counts enter as one `Potential`, stable in far tails."""
    import pymc as pm

    dims, coords = model.layout
    mean, sd = model.mean_prior
    labels = {dim: list(names) for dim, names in coords.items()} | {"rank": list(model.ranks)}
    with pm.Model(coords={**labels, "outcome": ["none", "event"]}) as built:
        population = pm.Normal("population", mean, sd, dims="parameter")
        scales = [scale_variable(name, prior) for name, prior in model.scale_priors.items()]
        deviation = pm.Deterministic("deviation", _deviations(model, scales), dims=dims["deviation"])
        params = pm.Deterministic("params", population + pm.math.dot(deviation, model.block_basis.T))
        log_cells = pm.Deterministic("log_cells", _log_cells(params, len(model.ranks)), dims=("rep", "rank", "outcome"))
        counts = np.stack([model.n - model.events, model.events], axis=-1)
        seen = counts > 0
        pm.Potential("counts", pm.math.sum(counts[seen] * log_cells[seen.nonzero()]))
    return built


def _deviations(model: DetectionModel, scales: list["TensorVariable"]) -> "TensorVariable":
    """u_r, (rep, column): centred where a rep's counts say more than the prior, else non-centred."""
    import pymc as pm

    per_rep = float(np.median(model.n.sum(axis=1)))
    columns = []
    for column, group in enumerate(model.scale_of_column):
        name = f"deviation_{model.layout[1]['column'][column]}"
        if per_rep > (4.0 if group == 1 else 1.0) * _MANY:
            columns.append(pm.Normal(name, 0.0, scales[group], dims="rep"))
        else:
            columns.append(scales[group] * pm.Normal(f"{name}_z", dims="rep"))
    return pm.math.stack(columns, axis=1)


def _log_cells(params: "TensorVariable", n_ranks: int) -> "TensorVariable":
    """Log P(rank, outcome), (rep, rank, outcome)."""
    import pymc as pm
    import pytensor.tensor as pt

    a, d, ratios = params[:, 0], params[:, 1], params[:, 2:]
    phi = pm.math.sigmoid(a)
    log_shares = pt.special.log_softmax(pm.math.dot(ratios, contrast_basis(n_ranks).T), axis=1)
    shares = pm.math.exp(log_shares)
    above = pt.cumsum(shares, axis=1)[:, :-1]
    below = pt.cumsum(shares[:, ::-1], axis=1)[:, ::-1][:, 1:]
    smaller = pm.math.minimum(above, below)
    quantile = np.sqrt(2.0) * pt.erfcinv(2.0 * smaller) * pt.switch(above < below, 1.0, -1.0)
    spread = pm.math.sqrt(1.0 + phi * (1.0 - phi) * d**2)
    cuts = (phi * d)[:, None] + spread[:, None] * quantile
    none, event = _log_rank_probs(cuts), _log_rank_probs(cuts - d[:, None])
    outcome = [none - pm.math.log1pexp(a)[:, None], event - pm.math.log1pexp(-a)[:, None]]
    return pm.math.stack(outcome, axis=2)


def _log_rank_probs(edges: "TensorVariable") -> "TensorVariable":
    """Log probability of each rank for a standard normal signal cut at decreasing edges, (rep, rank)."""
    import pymc as pm
    from pymc.distributions.dist_math import log_diff_normal_cdf, normal_lccdf, normal_lcdf

    best, worst = normal_lccdf(0.0, 1.0, edges[:, :1]), normal_lcdf(0.0, 1.0, edges[:, -1:])
    between = log_diff_normal_cdf(0.0, 1.0, edges[:, :-1], edges[:, 1:])
    return pm.math.concatenate([best, between, worst], axis=1)
