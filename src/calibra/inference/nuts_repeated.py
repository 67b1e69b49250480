"""NUTS on many data sets of one design: the PyMC model is compiled once, and what it holds as data is swapped."""

import time
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from calibra.inference.cell_model import CellModel
from calibra.inference.detection_model import DetectionModel
from calibra.inference.detection_pymc import detection_data
from calibra.inference.engines import Declaration, _named, _versions
from calibra.inference.nuts import TARGET_ACCEPT, compile_nuts, parameter_names, read_nuts, run_nuts
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.inference.progress import Progress
from calibra.inference.pymc_build import cell_data

type Key = tuple[object, ...]


@dataclass(slots=True)
class RepeatedNuts:
    """Samples declarations that differ in nothing but their counts; compiled anew only where the design changes.

    Fewer draws a chain than the engine makes: for studies, which thin them anyway.
    """

    draws_per_chain: int = 500
    """Draws of each of four chains after the same tuning as the engine's."""
    compiled: dict[Key, Any] = field(default_factory=dict)
    """What was compiled so far, by priors, shape and design."""

    def sample(self, model: Declaration, *, seed: int, draws: int) -> Posterior:
        """So many draws, thinned evenly, with R-hat, effective sample and divergences of all."""
        began = time.perf_counter()
        names = parameter_names(model)
        ready = self._ready(model, names).with_data(**_data(model))
        settings = {"draws": self.draws_per_chain, "target_accept": TARGET_ACCEPT, "seed": seed}
        found = read_nuts(run_nuts(ready, settings, progress=Progress(shown=False)), names, draws)
        diagnostics = Diagnostics(
            engine="nuts", reason="compiled once for many data sets", seed=seed, n_draws=draws,
            effective_sample=found.effective_sample, wall_seconds=time.perf_counter() - began, r_hat=found.r_hat,
            n_divergent=found.n_divergent, versions=_versions("numpy", "pymc", "nutpie", "pytensor"),
        )  # fmt: skip
        return _named(model, found.variables, diagnostics)

    def _ready(self, model: Declaration, names: list[str]) -> Any:
        """The compiled model of this design."""
        key = _key(model)
        if key not in self.compiled:
            self.compiled[key] = compile_nuts(model, names)
        return self.compiled[key]


def _data(model: Declaration) -> dict[str, NDArray[Any]]:
    return dict(detection_data(model) if isinstance(model, DetectionModel) else cell_data(model))


def _key(model: Declaration) -> Key:
    """What a compiled model depends on beside the counts: priors, shape, design."""
    if isinstance(model, CellModel):
        designs = (model.population_design, model.rep_design)
        return (model.events.shape, repr(model.scale_priors), *(design.tobytes() for design in designs))
    return (model.n.shape, repr(model.mean_prior), repr(model.scale_priors), model.block_basis.tobytes())
