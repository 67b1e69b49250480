"""The cell model written out in PyMC, for reading, for doubting and for the `nuts` engine."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.cell_model import CellModel, PopulationTerm, RepTerm
from calibra.inference.linearise import linearise
from calibra.inference.priors import GammaPrecision, HalfNormal, Normal, Pooled, ScalePrior

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor import TensorVariable

_INFORMATIVE = 2.0
"""Information per rep, in units of the fitted scale, from which a rep term is better sampled centred than non-centred:
of a scale that may be zero, the centred deviations are a funnel, however much is known of each rep."""


def build_pymc(model: CellModel) -> "pm.Model":
    """The model as a `pymc.Model` with named dims, ready for `pm.sample`, `pm.sample_prior_predictive` and the rest."""
    import pymc as pm

    n_cells = model.events.shape[1]
    coords: dict[str, list[str]] = {"rep": list(model.reps), "cell": [str(i) for i in range(n_cells)]}
    coords |= {term.dim: list(term.labels) for term in model.population}
    coords |= {f"{t.name}_column": [str(i) for i in range(t.n_columns)] for t in model.rep_terms if t.n_columns > 1}
    centred = centred_terms(model)
    with pm.Model(coords=coords) as built:
        events, size = (pm.Data(name, values, dims=("rep", "cell")) for name, values in cell_data(model).items())
        linpred = sum(_population_part(term) for term in model.population)
        for term, is_centred in zip(model.rep_terms, centred, strict=True):
            linpred = linpred + _rep_part(term, centred=is_centred)
        linpred = pm.Deterministic("linpred", linpred, dims=("rep", "cell"))
        if model.family.name == "binomial":
            pm.Binomial("events", n=size, logit_p=linpred, observed=events, dims=("rep", "cell"))
        else:
            pm.Poisson("events", mu=size * pm.math.exp(linpred), observed=events, dims=("rep", "cell"))
    return built


def cell_data(model: CellModel) -> dict[str, NDArray[np.generic]]:
    """What the built model holds as data, by name: swapped, it is the model of other counts of the same design."""
    if model.family.name == "binomial":
        size: NDArray[np.generic] = model.size.astype(int)
    else:
        # an empty cell has no exposure: its rate is held at a number that no count of zero can tell from zero
        size = np.where(model.size > 0, model.size, 1e-12)
    return {"events_seen": model.events.astype(int), "size_seen": size}


def centred_terms(model: CellModel) -> tuple[bool, ...]:
    """Which rep terms are sampled centred: those of which the counts say enough."""
    scales = _fitted_scales(model)
    informed = (_information(model, term) * scales[term.scale_name] ** 2 for term in model.rep_terms)
    return tuple(information > _INFORMATIVE for information in informed)


def _scale(name: str, prior: ScalePrior) -> "TensorVariable":
    import pymc as pm

    if isinstance(prior, HalfNormal):
        return pm.HalfNormal(name, prior.sd)
    if isinstance(prior, GammaPrecision):
        precision = pm.Gamma(f"{name}_precision", alpha=prior.shape, beta=prior.rate)
        return pm.Deterministic(name, precision**-0.5)
    raise TypeError(f"no PyMC spelling for {prior!r}")


def _population_part(term: PopulationTerm) -> "TensorVariable":
    """x'β of one term, broadcastable to (rep, cell)."""
    import pymc as pm

    prior, dim = term.prior, term.dim
    if isinstance(prior, Normal):
        if np.isinf(prior.sd):
            beta = pm.Flat(term.name, dims=dim)
        else:
            beta = pm.Normal(term.name, prior.mean, prior.sd, dims=dim)
    elif isinstance(prior, Pooled):
        z = pm.Normal(f"{term.name}_z", dims=dim)
        beta = pm.Deterministic(term.name, _scale(f"{term.name}_scale", prior.scale) * z, dims=dim)
    else:
        first = pm.Normal(f"{term.name}_first", prior.mean, prior.sd)
        z = pm.Normal(f"{term.name}_step", shape=len(prior.step_widths))
        steps = _scale(f"{term.name}_scale", prior.scale) * np.sqrt(prior.step_widths) * z
        walk = pm.math.concatenate([first[None], first + steps.cumsum()])
        beta = pm.Deterministic(term.name, walk, dims=dim)
    return (term.design * beta).sum(axis=-1)


def _rep_part(term: RepTerm, *, centred: bool) -> "TensorVariable":
    """z'u_r of one term, (rep, cell)."""
    import pymc as pm

    sigma = _scale(term.scale_name, term.scale)
    dims = ("rep",) if term.n_columns == 1 else ("rep", f"{term.name}_column")
    if centred:
        u = pm.Normal(term.name, 0.0, sigma, dims=dims)
    else:
        z = pm.Normal(f"{term.name}_z", dims=dims)
        u = pm.Deterministic(term.name, sigma * z, dims=dims)
    columns = u[:, None, None] if term.n_columns == 1 else u[:, None, :]
    return (term.design * columns).sum(axis=-1)


def _fitted_scales(model: CellModel) -> dict[str, float]:
    """Every scale near the mode of their density, or where the prior puts it if none is found."""
    names = model.scale_priors
    try:
        mode = linearise(CellBlocks(model)).scales_mode
    except np.linalg.LinAlgError:
        return {name: prior.typical() for name, prior in names.items()}
    return dict(zip(names, mode.tolist(), strict=True))


def _information(model: CellModel, term: RepTerm) -> float:
    """Median over reps of the data's information on one deviation."""
    total = model.size.sum()
    mean = model.events.sum() / total if total else 0.0
    weight = model.size * (mean * (1.0 - mean) if model.family.name == "binomial" else mean)
    design = np.broadcast_to(term.design, (*model.size.shape, term.n_columns))
    return float(np.median(np.einsum("rc,rcq->rq", weight, design**2)))
