"""The `nuts` engine: the same declaration through PyMC and nutpie."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.inference.cell_model import CellModel
from calibra.inference.detection_model import DetectionModel
from calibra.inference.detection_pymc import build_detection
from calibra.inference.progress import Progress
from calibra.inference.pymc_build import build_pymc

type Floats = NDArray[np.float64]

N_CHAINS = 4
"""Chains, whatever the number of cores: the same seed gives the same draws everywhere."""
TUNE = 600
_FEWEST_PER_CHAIN = 1000
TARGET_ACCEPT = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class NutsDraws:
    """Draws by variable, thinned to the number asked for, and the sampler's own diagnostics on all of them."""

    variables: dict[str, Floats]
    """Name → (draw, …)."""
    effective_sample: float
    """Smallest bulk effective sample over all parameters, capped at the number of draws returned."""
    r_hat: float
    """Largest split R̂ over all parameters."""
    n_divergent: int
    """Divergent transitions."""


def sample_nuts(model: CellModel | DetectionModel, *, seed: int, draws: int, progress: Progress) -> NutsDraws:
    """Draw from the posterior of a declaration with nutpie.

    Parameters
    ----------
    draws
        Draws returned. Each of four chains makes at least 1,000 and the result is thinned evenly.
    """
    import arviz_stats
    import pymc as pm

    progress.update("nuts: compiling and sampling")
    per_chain = max(_FEWEST_PER_CHAIN, -(-draws // N_CHAINS))
    names = parameter_names(model)
    built = build_detection(model) if isinstance(model, DetectionModel) else build_pymc(model)
    with built, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        tree = pm.sample(
            draws=per_chain, tune=TUNE, chains=N_CHAINS, random_seed=seed, nuts_sampler="nutpie",
            target_accept=TARGET_ACCEPT, progressbar=False, quiet=True, compute_convergence_checks=False,
            var_names=names,
        )  # fmt: skip
    posterior = tree["posterior"].to_dataset()[names]
    flat = {name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:]) for name in names}
    keep = np.linspace(0, N_CHAINS * per_chain - 1, draws).round().astype(int)
    ess = arviz_stats.ess(posterior, method="bulk")
    r_hat = arviz_stats.rhat(posterior)
    return NutsDraws(
        variables={name: values[keep] for name, values in flat.items()},
        effective_sample=min(float(draws), min(float(ess[name].min()) for name in names)),
        r_hat=max(float(r_hat[name].max()) for name in names),
        n_divergent=int(tree["sample_stats"]["diverging"].sum()),
    )


def parameter_names(model: CellModel | DetectionModel) -> list[str]:
    """Variables of the PyMC build that are draws of the declaration's terms and scales."""
    if isinstance(model, DetectionModel):
        return list(model.layout[0])
    population, own = (term.name for term in model.population), (term.name for term in model.rep_terms)
    return [*population, *own, *model.scale_priors]
