"""The cell model written out in PyMC, for reading, for doubting and for the `nuts` engine.

A rep's deviation u ~ Normal(0, σ) is written as u = σ w/s with w ~ Normal(0, s), s² = 1 + σ² · known, where `known` is
what the counts say of it (1/variance). Where they say nothing, w is u/σ (non-centred); where they say much, w is u in
units of its error (centred); between the two its posterior hardly depends on σ, so that there is no funnel to sample.
The steps of a random walk are written in the same way. Of two correlated terms the later one is written given the
earlier: u₂ = σ₂ (ρ u₁/σ₁ + √(1 − ρ²) w₂/s₂), s₂² = 1 + σ₂² (1 − ρ²) · known. Where reps may be odd
each is written as of the kind that it looks like, and what the other kind adds is a potential: its density times one
plus the odds of the other kind. Prior predictive draws leave a potential out.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import DelayedBinomial, Gaussian, Poisson, ScaledPoisson
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal, Pooled, RandomWalk, ScalePrior
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.linearise import what_is_known

if TYPE_CHECKING:
    import pymc as pm
    from pytensor.tensor import TensorVariable


def build_pymc(model: CellModel) -> "pm.Model":
    """The model as a `pymc.Model` with named dims, ready for `pm.sample`, `pm.sample_prior_predictive` and the rest."""
    import pymc as pm

    n_cells = model.events.shape[1]
    coords: dict[str, list[str]] = {"rep": list(model.reps), "cell": [str(i) for i in range(n_cells)]}
    coords |= {term.dim: list(term.labels) for term in model.population}
    coords |= {f"{t.name}_column": [str(i) for i in range(t.n_columns)] for t in model.rep_terms if t.n_columns > 1}
    values = cell_data(model)
    with pm.Model(coords=coords) as built:
        events, size = (pm.Data(name, values[name], dims=("rep", "cell")) for name in ("events_seen", "size_seen"))
        linpred = sum(_population_part(term, values.get(f"{term.name}_known")) for term in model.population)
        for part in _rep_parts(model, values):
            linpred = linpred + part
        linpred = pm.Deterministic("linpred", linpred, dims=("rep", "cell"))
        if isinstance(model.family, DelayedBinomial):
            reached = pm.Data("reached_seen", values["reached_seen"], dims=("rep", "cell"))
            prob = reached * pm.math.sigmoid(linpred)
            pm.Binomial("events", n=size, p=prob, observed=events, dims=("rep", "cell"))
        elif model.family.has_trials:
            pm.Binomial("events", n=size, logit_p=linpred, observed=events, dims=("rep", "cell"))
        elif isinstance(model.family, ScaledPoisson):  # amounts have no distribution of their own here
            pm.Potential("events", (events * linpred - size * pm.math.exp(linpred)).sum())
        elif isinstance(model.family, Poisson):
            pm.Poisson("events", mu=size * pm.math.exp(linpred), observed=events, dims=("rep", "cell"))
        elif isinstance(model.family, Gaussian):
            pm.Normal("events", mu=size * linpred, sigma=pm.math.sqrt(size), observed=events, dims=("rep", "cell"))
        else:
            rate = pm.math.exp(-linpred)
            pm.Gamma("events", alpha=events, beta=rate, observed=size, dims=("rep", "cell"))  # of sums, given numbers
    return built


def cell_data(model: CellModel) -> dict[str, NDArray[np.generic]]:
    """What the built model holds as data, by name: swapped, it is the model of other counts of the same shape."""
    if model.family.has_trials:
        size: NDArray[np.generic] = model.size.astype(int)
    else:
        # an empty cell has no exposure: its rate is held at a number that no count of zero can tell from zero
        size = np.where(model.size > 0, model.size, 1e-12)
    designs = {f"{term.name}_design": np.ascontiguousarray(term.design) for term in model.terms}
    events: NDArray[np.generic] = model.events
    if model.family.events_are == "counts":
        events = model.events.astype(int)
    elif model.family.events_are == "amounts":
        events = np.where(model.events > 0, model.events, 1e-12)
    seen: dict[str, NDArray[np.generic]] = {"events_seen": events, "size_seen": size}
    if isinstance(model.family, DelayedBinomial):
        seen["reached_seen"] = model.family.reached
    return seen | designs | _known(model)


def _known(model: CellModel) -> dict[str, NDArray[np.generic]]:
    """What the counts know of each deviation, (rep,) or (rep, column), and of each step of a random walk, by term."""
    found = what_is_known(CellBlocks(model))
    known: dict[str, NDArray[np.generic]] = {}
    begin = 0
    for term in model.rep_terms:
        own = found.deviations[begin : begin + term.n_columns].T
        known[f"{term.name}_known"] = np.ascontiguousarray(own[:, 0] if term.n_columns == 1 else own)
        begin += term.n_columns
    begin = 0
    for walk in model.population:
        end = begin + len(walk.labels)
        if isinstance(walk.prior, RandomWalk):
            known[f"{walk.name}_known"] = _known_of_steps(np.diag(found.coefficients)[begin:end])
        begin = end
    if model.odd_reps is not None:
        known["odd_seen"] = (found.odd > 0.5).astype(float)
    return known


def _known_of_steps(of_coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Information on the differences of neighbours, from that on each of them as if they were independent."""
    before, after = of_coefficients[:-1], of_coefficients[1:]
    return before * after / np.maximum(before + after, 1e-300)


def _scale(name: str, prior: ScalePrior) -> "TensorVariable":
    import pymc as pm

    if isinstance(prior, HalfNormal):
        return pm.HalfNormal(name, prior.sd)
    if isinstance(prior, GammaPrecision):
        precision = pm.Gamma(f"{name}_precision", alpha=prior.shape, beta=prior.rate)
        return pm.Deterministic(name, precision**-0.5)
    raise TypeError(f"no PyMC spelling for {prior!r}")


def _population_part(term: PopulationTerm, known: NDArray[np.generic] | None) -> "TensorVariable":
    """x'β of one term, broadcastable to (rep, cell); `known` of the steps of a random walk."""
    import pymc as pm

    prior, dim = term.prior, term.dim
    if isinstance(prior, Normal):
        if np.isinf(prior.sd):
            beta = pm.Flat(term.name, dims=dim)
        else:
            beta = pm.Normal(term.name, prior.mean, prior.sd, dims=dim)
    elif isinstance(prior, Pooled):
        z = pm.Normal(f"{term.name}_standard", dims=dim)
        beta = pm.Deterministic(term.name, _scale(f"{term.name}_scale", prior.scale) * z, dims=dim)
    else:
        first = pm.Normal(f"{term.name}_first", prior.mean, prior.sd)
        sigma = _scale(f"{term.name}_scale", prior.scale) * np.sqrt(prior.step_widths)
        spread = pm.math.sqrt(1.0 + sigma**2 * pm.Data(f"{term.name}_known", known))
        steps = sigma * pm.Normal(f"{term.name}_step", 0.0, spread, shape=len(prior.step_widths)) / spread
        walk = pm.math.concatenate([first[None], first + steps.cumsum()])
        beta = pm.Deterministic(term.name, walk, dims=dim)
    return (pm.Data(f"{term.name}_design", term.design) * beta).sum(axis=-1)


def _rep_parts(model: CellModel, values: dict[str, NDArray[np.generic]]) -> Iterator["TensorVariable"]:
    """z'u_r of each term, (rep, cell)."""
    import pymc as pm

    correlation, standard, rho = model.correlation, dict[str, "TensorVariable"](), 0.0
    if correlation is not None:
        share = pm.Beta(f"{correlation.name}_share", correlation.prior.eta, correlation.prior.eta)
        rho = pm.Deterministic(correlation.name, 2.0 * share - 1.0)
    odd = model.odd_reps
    seen = 0.0 if odd is None else pm.Data("odd_seen", values["odd_seen"], dims="rep")
    added = {} if odd is None else dict(zip(odd.terms, odd.sd, strict=True))
    scales, written, deviations = (dict[str, "TensorVariable"]() for _ in range(3))
    for term in model.rep_terms:
        name, dims = term.name, _rep_dims(term)
        scales[name] = _scale(term.scale_name, term.scale)
        sigma = pm.math.sqrt(scales[name] ** 2 + seen * added[name] ** 2) if name in added else scales[name]
        written[name], own = sigma, 0.0
        is_later = correlation is not None and name == correlation.later
        if correlation is not None and is_later:
            own = rho * scales[correlation.earlier] * scales[name] / (written[correlation.earlier] * sigma)
        free = pm.math.sqrt(1.0 - own**2) if is_later else 1.0
        known = pm.Data(f"{name}_known", values[f"{name}_known"], dims=dims)
        spread = pm.math.sqrt(1.0 + (free * sigma) ** 2 * known)
        standard[name] = pm.Normal(f"{name}_standard", 0.0, spread, dims=dims) / spread
        if correlation is not None and is_later:
            standard[name] = own * standard[correlation.earlier] + free * standard[name]
        deviations[name] = u = pm.Deterministic(name, sigma * standard[name], dims=dims)
        columns = u[:, None, None] if term.n_columns == 1 else u[:, None, :]
        yield (pm.Data(f"{name}_design", term.design) * columns).sum(axis=-1)
    if odd is not None:
        own = rho if correlation is not None and correlation.later in odd.terms else 0.0
        log_odds = odd.log_odds_at(
            [deviations[name] for name in odd.terms], [scales[name] for name in odd.terms], own, pm.math.log
        )
        pm.Potential("odd_reps", pm.math.softplus((1.0 - 2.0 * seen) * log_odds), dims="rep")


def _rep_dims(term: RepTerm) -> tuple[str, ...]:
    return ("rep",) if term.n_columns == 1 else ("rep", f"{term.name}_column")
