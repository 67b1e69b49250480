"""The `nuts` engine: the same declaration through PyMC and nutpie."""

import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.errors import FitError
from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.nuts.build_cells import build_pymc
from calibra.inference.nuts.build_detection import build_detection
from calibra.inference.posterior import MIN_EFFECTIVE, MOST_R_HAT
from calibra.inference.progress import Progress

if TYPE_CHECKING:
    import xarray

type Floats = NDArray[np.float64]

N_CHAINS = 4
"""Chains, whatever the number of cores: the same seed gives the same draws everywhere."""
TUNE = 600
"""Tuning steps of each chain."""
TARGET_ACCEPTS = (0.9, 0.99, 0.995)
"""Acceptance probability that the step size is tuned to: at first, and each time anew after divergent transitions."""
MULTIPLES = (1, 2, 4)
"""Multiples of the draws, one attempt after the other until the sampler's own checks pass."""
_FEWEST_PER_CHAIN = 1000
_COMPILE_SECONDS, _LEAPFROGS = 20.0, 20
_GRADIENT_SECONDS, _CELL_SECONDS = 20e-6, {"cell": 0.1e-6, "detection": 1e-6}
_LOOK_SECONDS = 0.1


class OutOfTimeError(FitError):
    """The sampler was not done within its time limit."""


@dataclass(frozen=True, slots=True, eq=False)
class NutsDraws:
    """Draws by variable, thinned to the number asked for, and the sampler's own diagnostics on all of them."""

    variables: dict[str, Floats]
    """Name → (draw, …)."""
    effective_sample: float
    """Smallest bulk effective sample over all parameters, of all draws made."""
    r_hat: float
    """Largest split R̂ over all parameters."""
    n_divergent: int
    """Divergent transitions."""

    @property
    def sound(self) -> bool:
        """The sampler's own checks pass."""
        return self.effective_sample >= MIN_EFFECTIVE and self.r_hat <= MOST_R_HAT and not self.n_divergent


def sample_nuts(
    model: CellModel | DetectionModel, *, seed: int, draws: int, progress: Progress, seconds: float | None = None
) -> NutsDraws:
    """Draw from the posterior of a declaration with nutpie, again with smaller steps and more draws if checks fail.

    Parameters
    ----------
    draws
        Draws returned. Each of four chains makes at least 1,000 and the result is thinned evenly.
    seconds
        Time limit; None for none. Compilation counts, but cannot be stopped.

    Raises
    ------
    OutOfTimeError
        Not even the first attempt was done in time.
    """
    stop_at = None if seconds is None else time.monotonic() + seconds
    progress.update("nuts: compiling")
    names = parameter_names(model)
    compiled = compile_nuts(model, names)
    per_chain = max(_FEWEST_PER_CHAIN, -(-draws // N_CHAINS))
    return attempt_nuts(
        compiled, names, draws_per_chain=per_chain, draws=draws, seed=seed, progress=progress, stop_at=stop_at
    )


def attempt_nuts(
    compiled: Any,
    names: list[str],
    *,
    draws_per_chain: int,
    draws: int,
    seed: int,
    progress: Progress,
    stop_at: float | None = None,
    most_attempts: int = len(MULTIPLES),
) -> NutsDraws:
    """Sample a compiled model until its checks pass or the attempts are over; the last that was done in time.

    Every further attempt makes twice the draws, for R̂ and effective draws; after divergences with smaller steps.

    Raises
    ------
    OutOfTimeError
        Not even the first attempt was done by `stop_at`.
    """

    def sample(multiple: int, n_times_divergent: int) -> NutsDraws:
        target = TARGET_ACCEPTS[n_times_divergent]
        settings = {"draws": multiple * draws_per_chain, "target_accept": target, "seed": seed}
        return read_nuts(run_nuts(compiled, settings, progress=progress, stop_at=stop_at), names, draws)

    found, n_times_divergent = sample(MULTIPLES[0], 0), 0
    for multiple in MULTIPLES[1:most_attempts]:
        if found.sound:
            break
        n_times_divergent += found.n_divergent > 0
        try:
            found = sample(multiple, n_times_divergent)
        except OutOfTimeError:
            break  # what was found before stays, with its problems
    return found


def foresee_seconds(model: CellModel | DetectionModel, draws: int) -> float:
    """About how long nuts takes, from the size of the model: an order of magnitude."""
    size = model.n.size if isinstance(model, DetectionModel) else model.events.size
    per_gradient = (
        _GRADIENT_SECONDS + size * _CELL_SECONDS["detection" if isinstance(model, DetectionModel) else "cell"]
    )
    steps = TUNE + max(_FEWEST_PER_CHAIN, draws / N_CHAINS)
    rounds = np.ceil(N_CHAINS / min(N_CHAINS, os.cpu_count() or 1))
    return float(_COMPILE_SECONDS + rounds * steps * _LEAPFROGS * per_gradient)


def about_seconds(seconds: float) -> str:
    """A duration in round words: `40 s`, `5 minutes`, `2 hours`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds < 10 else f"{round(seconds, -1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"


def compile_nuts(model: CellModel | DetectionModel, names: list[str]) -> Any:
    """The model as nutpie compiles it."""
    import nutpie

    built = build_detection(model) if isinstance(model, DetectionModel) else build_pymc(model)
    with warnings.catch_warnings():
        _without_their_deprecations()
        return nutpie.compile_pymc_model(built, var_names=names)


def run_nuts(
    compiled: Any, settings: Mapping[str, Any], *, progress: Progress, stop_at: float | None = None
) -> "xarray.DataTree":
    """Sample a compiled model.

    Raises
    ------
    OutOfTimeError
        It was not done by `stop_at` (of the monotonic clock).
    """
    import nutpie

    with warnings.catch_warnings():
        _without_their_deprecations()
        running = nutpie.sample(
            compiled, tune=TUNE, chains=N_CHAINS, progress_bar=False, save_warmup=False, blocking=False, **settings
        )
        try:
            while True:
                try:
                    tree: xarray.DataTree = running.wait(timeout=_LOOK_SECONDS)
                except TimeoutError:  # not done yet
                    progress.update(f"nuts: {N_CHAINS} chains of {TUNE + settings['draws']:,} steps")
                else:
                    return tree
                if stop_at is not None and time.monotonic() > stop_at:
                    raise OutOfTimeError("The sampler was not done in time.")
        except BaseException:
            running.cancel()
            raise


def read_nuts(tree: "xarray.DataTree", names: list[str], draws: int) -> NutsDraws:
    """Draws thinned evenly, and the diagnostics of all of them."""
    import arviz_stats

    posterior = tree["posterior"].to_dataset()[names]
    flat = {name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:]) for name in names}
    n_made = posterior.sizes["chain"] * posterior.sizes["draw"]
    keep = np.linspace(0, n_made - 1, draws).round().astype(int)
    ess, r_hat = arviz_stats.ess(posterior, method="bulk"), arviz_stats.rhat(posterior)
    return NutsDraws(
        variables={name: values[keep] for name, values in flat.items()},
        effective_sample=min(float(ess[name].min()) for name in names),
        r_hat=max(float(r_hat[name].max()) for name in names),
        n_divergent=int(tree["sample_stats"]["diverging"].sum()),
    )


def parameter_names(model: CellModel | DetectionModel) -> list[str]:
    """Variables of the PyMC build that are draws of the declaration's terms and scales."""
    if isinstance(model, DetectionModel):
        return list(model.layout[0])
    population, own = (term.name for term in model.population), (term.name for term in model.rep_terms)
    return [*population, *own, *model.outer_names]


def _without_their_deprecations() -> None:
    for kind in (FutureWarning, DeprecationWarning):
        warnings.filterwarnings("ignore", category=kind)
