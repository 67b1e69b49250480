"""NUTS on many data sets of one design: the PyMC model is compiled once, and what it holds as data is swapped."""

import time
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.engines import Declaration, _named, _versions
from calibra.inference.nuts.build_cells import cell_data
from calibra.inference.nuts.build_detection import detection_data
from calibra.inference.nuts.build_ordinal import ordinal_data
from calibra.inference.nuts.engine import compile_nuts, draw_until_sound, parameter_names
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.inference.progress import Progress

type Key = tuple[object, ...]


@dataclass(slots=True)
class RepeatedNuts:
    """Samples declarations of one shape and its priors as the engine does; compiled once for all of them."""

    draws_per_chain: int = 500
    """Draws of each of four chains at the first look: fewer than the engine's, for studies that thin them anyway."""
    most_looks: int = 1
    """How often, at most, its checks are looked at while they fail; the engine's is `len(MULTIPLES)`."""
    compiled: dict[Key, Any] = field(default_factory=dict)
    """What was compiled so far, by priors and shapes."""

    def sample(self, model: Declaration, *, seed: int, draws: int) -> Posterior:
        """So many draws, thinned evenly, with R-hat, effective sample and divergences of all."""
        began = time.perf_counter()
        names = parameter_names(model)
        ready = self._ready(model, names).with_data(**_data(model))
        found = draw_until_sound(
            ready,
            names,
            draws_per_chain=self.draws_per_chain,
            draws=draws,
            seed=seed,
            most_looks=self.most_looks,
            progress=Progress(shown=False),
        )
        diagnostics = Diagnostics(
            engine="nuts",
            reason="compiled once for many data sets",
            seed=seed,
            n_draws=draws,
            effective_sample=found.effective_sample,
            wall_seconds=time.perf_counter() - began,
            r_hat=found.r_hat,
            n_divergent=found.n_divergent,
            versions=_versions("numpy", "pymc", "nutpie", "pytensor"),
        )
        return _named(model, found.variables, diagnostics)

    def _ready(self, model: Declaration, names: list[str]) -> Any:
        """The compiled model of these priors and shapes."""
        key = _key(model)
        if key not in self.compiled:
            self.compiled[key] = compile_nuts(model, names)
        return self.compiled[key]


def _data(model: Declaration) -> dict[str, NDArray[Any]]:
    if isinstance(model, OrdinalModel):
        return dict(ordinal_data(model))
    return dict(detection_data(model) if isinstance(model, DetectionModel) else cell_data(model))


def _key(model: Declaration) -> Key:
    """What a compiled model depends on beside its data: priors and shapes."""
    if isinstance(model, CellModel):
        priors = (*(term.prior for term in model.population), *(term.scale for term in model.rep_terms))
        return (
            model.family.name,
            model.events.shape,
            repr((priors, model.correlation, model.odd_reps)),
            *(term.design.shape for term in model.terms),
        )
    if isinstance(model, OrdinalModel):
        fixed = (model.mean_prior, model.scale_priors, model.design.tolist(), model.basis.tolist())
        return (model.counts.shape, repr(fixed))
    return (model.n.shape, repr(model.mean_prior), repr(model.scale_priors))
