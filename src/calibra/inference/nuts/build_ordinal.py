"""The ordinal model written out in PyMC, for reading, for doubting and for the `nuts` engine."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.declare.priors import Normal
from calibra.inference.laplace.linearise import what_is_known
from calibra.inference.laplace.ordinal_blocks import OrdinalBlocks
from calibra.inference.nuts.build_cells import _scale as scale_variable
from calibra.inference.nuts.build_detection import log_rank_probs

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor import TensorVariable


def build_ordinal(model: OrdinalModel) -> "pm.Model":
    """The model as a `pymc.Model` with named dims; the counts enter as one `Potential`, stable in far tails."""
    import pymc as pm

    _, coords = model.layout
    labels = {dim: list(names) for dim, names in coords.items()} | {"rank": list(model.ranks)}
    values = ordinal_data(model)
    with pm.Model(coords=labels) as built:
        first, gaps, effects = _population(model)
        moves = _deviations(model, values["known"])
        basis, n_edges = model.basis, len(model.ranks) - 1
        widths = pm.math.exp(gaps[None] + pm.math.dot(moves, basis[1:n_edges].T))
        starts = first + pm.math.dot(moves, basis[:1].T)
        cuts = pm.math.concatenate([starts, starts - widths.cumsum(axis=1)], axis=1)
        location = pm.math.dot(effects[None] + pm.math.dot(moves, basis[n_edges:].T), model.design.T)
        log_probs = log_rank_probs(cuts[:, :, None] - location[:, None, :])
        counts = pm.Data("counts_seen", values["counts_seen"])
        pm.Potential("counts", pm.math.sum(counts * log_probs))
    return built


def ordinal_data(model: OrdinalModel) -> dict[str, NDArray[np.float64]]:
    """What the built model holds as data: swapped, it is the model of other counts of the same shape."""
    known = np.ascontiguousarray(what_is_known(OrdinalBlocks(model)).deviations.T)
    return {"counts_seen": np.ascontiguousarray(np.swapaxes(model.counts, 1, 2)), "known": known}


def _population(model: OrdinalModel) -> tuple["TensorVariable", "TensorVariable", "TensorVariable"]:
    """First cutpoint, log gaps and effects."""
    import pymc as pm
    import pytensor.tensor as pt

    effect, of_effect = model.names[2:]
    first = pm.Normal("first_cut", model.first_cut.mean, model.first_cut.sd)
    gaps = pm.Normal("log_gap", model.log_gap.mean, model.log_gap.sd, dims="gap") if model.n_gaps else pt.zeros(0)
    if not model.effects:
        return first, gaps, pt.zeros(0)
    if isinstance(model.effect, Normal):
        return first, gaps, pm.Normal(effect, model.effect.mean, model.effect.sd, dims=of_effect)
    standard = pm.Normal("standard_effect", dims=of_effect)
    scale = scale_variable(f"{effect}_scale", model.effect.scale)
    return first, gaps, pm.Deterministic(effect, scale * standard, dims=of_effect)


def _deviations(model: OrdinalModel, known: NDArray[np.float64]) -> "TensorVariable":
    """u_r, (block, column), as σ w/s with w ~ Normal(0, s), s² = 1 + σ² · known: see `build_cells`."""
    import pymc as pm

    scales = [scale_variable(name, prior) for name, prior in model.scales.items()]
    sigma = pm.math.stack([scales[i] for i in model.scale_of_column])
    spread = pm.math.sqrt(1.0 + sigma**2 * pm.Data("known", known))
    moves = sigma * pm.Normal("standard", 0.0, spread, shape=known.shape) / spread
    deviation, of_block = model.names[:2]
    if len(model.scale_of_column) == 1:
        pm.Deterministic(deviation, moves[:, 0], dims=of_block)
    else:
        pm.Deterministic(deviation, moves, dims=(of_block, "column"))
    return moves
