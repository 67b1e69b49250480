"""NUTS on many data sets of one design: the PyMC model is compiled once, and the counts are swapped."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.inference.cell_model import CellModel
from calibra.inference.detection_model import DetectionModel
from calibra.inference.detection_pymc import build_detection, centred_columns, detection_data
from calibra.inference.engines import Declaration, _named, _versions
from calibra.inference.nuts import N_CHAINS, TARGET_ACCEPT, TUNE, parameter_names
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.inference.pymc_build import build_pymc, cell_data, centred_terms

type Key = tuple[object, ...]


@dataclass(slots=True)
class RepeatedNuts:
    """Samples declarations that differ in nothing but their counts; compiled anew only where the spelling changes.

    What is centred follows the counts, as in the `nuts` engine, so a model may be compiled once for each pattern met.
    Fewer draws a chain than the engine makes: for studies, which thin them anyway.
    """

    draws_per_chain: int = 500
    """Draws of each of four chains after the same tuning as the engine's."""
    compiled: dict[Key, Any] = field(default_factory=dict)
    """What was compiled so far, by spelling, shape and design."""

    def sample(self, model: Declaration, *, seed: int, draws: int) -> Posterior:
        """So many draws, thinned evenly, with R-hat, effective sample and divergences of all."""
        import arviz_stats
        import nutpie

        began = time.perf_counter()
        names = parameter_names(model)
        ready = self._ready(model, names).with_data(**_data(model))
        tree = nutpie.sample(
            ready, draws=self.draws_per_chain, tune=TUNE, chains=N_CHAINS, seed=seed, target_accept=TARGET_ACCEPT,
            progress_bar=False, save_warmup=False,
        )  # fmt: skip
        posterior = tree["posterior"].to_dataset()[names]
        flat = {name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:]) for name in names}
        keep = np.linspace(0, N_CHAINS * self.draws_per_chain - 1, draws).round().astype(int)
        ess, r_hat = arviz_stats.ess(posterior, method="bulk"), arviz_stats.rhat(posterior)
        diagnostics = Diagnostics(
            engine="nuts", reason="compiled once for many data sets", seed=seed, n_draws=draws,
            effective_sample=min(float(ess[name].min()) for name in names),
            wall_seconds=time.perf_counter() - began, r_hat=max(float(r_hat[name].max()) for name in names),
            n_divergent=int(tree["sample_stats"]["diverging"].sum()),
            versions=_versions("numpy", "pymc", "nutpie", "pytensor"),
        )  # fmt: skip
        return _named(model, {name: values[keep] for name, values in flat.items()}, diagnostics)

    def _ready(self, model: Declaration, names: list[str]) -> Any:
        """The compiled model of this spelling."""
        import nutpie

        key = _key(model)
        if key not in self.compiled:
            built = build_detection(model) if isinstance(model, DetectionModel) else build_pymc(model)
            self.compiled[key] = nutpie.compile_pymc_model(built, var_names=names)
        return self.compiled[key]


def _data(model: Declaration) -> dict[str, NDArray[Any]]:
    return dict(detection_data(model) if isinstance(model, DetectionModel) else cell_data(model))


def _key(model: Declaration) -> Key:
    """What a compiled model depends on beside the counts: spelling, shape, design."""
    if isinstance(model, CellModel):
        designs = (model.population_design, model.rep_design)
        return (centred_terms(model), repr(model.scale_priors), *(design.tobytes() for design in designs))
    return (centred_columns(model), repr(model.mean_prior), repr(model.scale_priors), model.block_basis.tobytes())
