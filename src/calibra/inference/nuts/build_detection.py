"""The detection model written out in PyMC, for reading, for doubting and for the `nuts` engine."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.detection import DetectionModel
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.laplace.linearise import what_is_known
from calibra.inference.nuts.build_cells import _scale as scale_variable
from calibra.stats.detection.likelihood import contrast_basis

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor import TensorVariable

_FAR, _SMALLEST = 38.0, 1e-300  # beyond 38 standard deviations lies nobody


def build_detection(model: DetectionModel) -> "pm.Model":
    """The model as a `pymc.Model` with named dims; the counts enter as one `Potential`, stable in far tails."""
    import pymc as pm

    dims, coords = model.layout
    mean, sd = model.mean_prior
    labels = {dim: list(names) for dim, names in coords.items()} | {"rank": list(model.ranks)}
    values = detection_data(model)
    with pm.Model(coords={**labels, "outcome": ["none", "event"]}) as built:
        population = pm.Normal("population", mean, sd, dims="parameter")
        scales = [scale_variable(name, prior) for name, prior in model.scale_priors.items()]
        deviation = pm.Deterministic("deviation", _deviations(model, scales, values["known"]), dims=dims["deviation"])
        basis = pm.Data("basis", values["basis"], dims=("parameter", "column"))
        log_cells = _log_cells(population + pm.math.dot(deviation, basis.T), len(model.ranks))
        counts = pm.Data("counts_seen", values["counts_seen"], dims=("rep", "rank", "outcome"))
        pm.Potential("counts", pm.math.sum(counts * log_cells))
    return built


def detection_data(model: DetectionModel) -> dict[str, NDArray[np.float64]]:
    """What the built model holds as data: swapped, it is the model of other counts of the same shape."""
    counts = np.stack([model.n - model.events, model.events], axis=-1)
    known = np.ascontiguousarray(what_is_known(DetectionBlocks(model)).deviations.T)
    return {"counts_seen": counts, "basis": model.block_basis, "known": known}


def _deviations(model: DetectionModel, scales: list["TensorVariable"], known: NDArray[np.float64]) -> "TensorVariable":
    """u_r, (rep, column), as σ w/s with w ~ Normal(0, s), s² = 1 + σ² · known: see `pymc_build`."""
    import pymc as pm

    sigma = pm.math.stack([scales[group] for group in model.scale_of_column])
    dims = model.layout[0]["deviation"]
    spread = pm.math.sqrt(1.0 + sigma**2 * pm.Data("known", known, dims=dims))
    return sigma * pm.Normal("standard", 0.0, spread, dims=dims) / spread


def _log_cells(params: "TensorVariable", n_ranks: int) -> "TensorVariable":
    """Log P(rank, outcome), (rep, rank, outcome)."""
    import pymc as pm

    a, d, ratios = params[:, 0], params[:, 1], params[:, 2:]
    cuts = _cutpoints(pm.math.sigmoid(a), d, pm.math.dot(ratios, contrast_basis(n_ranks).T), n_ranks)
    edges = pm.math.stack([cuts, cuts - d[:, None]], axis=2)
    outcome = -pm.math.log1pexp(pm.math.stack([a, -a], axis=1))
    return log_rank_probs(edges) + outcome[:, None, :]


def _cutpoints(
    phi: "TensorVariable", d: "TensorVariable", log_ratios: "TensorVariable", n_ranks: int
) -> "TensorVariable":
    """Decreasing cutpoints, (rep, boundary): normal quantiles of the nominal shares at the signal's mean and spread."""
    import pymc as pm
    import pytensor.tensor as pt

    shares = pt.special.softmax(log_ratios, axis=1)
    better = np.triu(np.ones((n_ranks, n_ranks - 1)))
    above, below = pm.math.dot(shares, better), pm.math.dot(shares, 1.0 - better)
    quantile = np.sqrt(2.0) * pt.erfcinv(2.0 * pm.math.minimum(above, below)) * pt.sign(below - above)
    spread = pm.math.sqrt(1.0 + phi * (1.0 - phi) * d**2)
    return (phi * d)[:, None] + spread[:, None] * quantile


def log_rank_probs(edges: "TensorVariable") -> "TensorVariable":
    """Log probability of each rank for a standard normal signal, (rep, rank, outcome), from edges one rank shorter.

    Both ends are read in the half where the tail is small: Φ(b) − Φ(a) = ½ erfc(a/√2) − ½ erfc(b/√2) for a + b > 0.
    """
    import pymc as pm
    import pytensor.tensor as pt

    end = pt.full_like(edges[:, :1], _FAR)
    lower, upper = pm.math.concatenate([edges, -end], axis=1), pm.math.concatenate([end, edges], axis=1)
    side = pt.switch(lower + upper > 0.0, 1.0, -1.0)
    middle, half = side * (lower + upper) / 2.0, (upper - lower) / 2.0
    prob = 0.5 * (pm.math.erfc((middle - half) / np.sqrt(2.0)) - pm.math.erfc((middle + half) / np.sqrt(2.0)))
    return pm.math.log(pm.math.maximum(prob, _SMALLEST))
