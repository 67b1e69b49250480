"""The `nuts` engine: the same declaration through PyMC and nutpie."""

import os
import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.errors import FitError
from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.nuts.build_cells import build_pymc
from calibra.inference.nuts.build_detection import build_detection
from calibra.inference.nuts.build_ordinal import build_ordinal
from calibra.inference.posterior import MIN_EFFECTIVE, MOST_R_HAT
from calibra.inference.progress import Progress

if TYPE_CHECKING:
    import xarray

type Floats = NDArray[np.float64]

N_CHAINS = 4
"""Chains, whatever the number of cores: the same seed gives the same draws everywhere."""
TUNE = 600
"""Tuning steps of each chain."""
TARGET_ACCEPTS = (0.9, 0.95, 0.99)
"""Acceptance probability that the step size is tuned to: at first, and each time anew after divergent transitions."""
ADAPTATION = "low_rank"
"""What the chains learn of the posterior's shape: scales, and a few directions in which parameters correlate.

A baseline of hazards and its trend can hardly be told apart. Knowing the scales alone, the chains crept along the two:
a third of the effective draws from 2.5 times the leapfrog steps, at 12 reps with 3,000 prospects.
"""
MULTIPLES = (1, 2, 4)
"""Multiples of the draws at which the sampler's own checks are looked at, until they pass."""
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
    model: CellModel | DetectionModel | OrdinalModel,
    *,
    seed: int,
    draws: int,
    progress: Progress,
    seconds: float | None = None,
) -> NutsDraws:
    """Draw from the posterior of a declaration with nutpie, more while its checks fail.

    Parameters
    ----------
    draws
        Draws returned. Each of four chains makes at least 1,000 and the result is thinned evenly.
    seconds
        Time limit; None for none. Compilation counts, but cannot be stopped.

    Raises
    ------
    OutOfTimeError
        Not even the first draws were done in time.
    """
    stop_at = None if seconds is None else time.monotonic() + seconds
    progress.update("nuts: compiling")
    names = parameter_names(model)
    compiled = compile_nuts(model, names)
    per_chain = max(_FEWEST_PER_CHAIN, -(-draws // N_CHAINS))
    return draw_until_sound(
        compiled, names, draws_per_chain=per_chain, draws=draws, seed=seed, progress=progress, stop_at=stop_at
    )


def draw_until_sound(
    compiled: Any,
    names: list[str],
    *,
    draws_per_chain: int,
    draws: int,
    seed: int,
    progress: Progress,
    stop_at: float | None = None,
    most_looks: int = len(MULTIPLES),
) -> NutsDraws:
    """Sample a compiled model until its checks pass or its draws are used up; what was seen last in time.

    The chains go on, to twice and four times the draws, while R̂ or effective draws fail: they are tuned once. After
    divergent transitions all is drawn anew with smaller steps. `most_looks` bounds both: 1 is what the first draws are.

    Raises
    ------
    OutOfTimeError
        Not even the first draws were done by `stop_at`.
    """
    lengths = [multiple * draws_per_chain for multiple in MULTIPLES[:most_looks]]
    targets = TARGET_ACCEPTS[:most_looks]

    def look() -> Generator[NutsDraws]:
        for target in targets:
            settings = {"target_accept": target, "adaptation": ADAPTATION, "seed": seed}
            with closing(run_nuts(compiled, settings, lengths=lengths, progress=progress, stop_at=stop_at)) as chains:
                for length, tree in zip(lengths, chains, strict=True):
                    seen = read_nuts(tree, names, length=length, draws=draws)
                    yield seen
                    if seen.n_divergent:
                        break
                else:
                    return

    with closing(look()) as looks:
        found = next(looks)
        while not found.sound:
            try:
                found = next(looks)
            except (StopIteration, OutOfTimeError):
                break  # what was seen last stays, with its problems
    return found


def foresee_seconds(model: CellModel | DetectionModel | OrdinalModel, draws: int) -> float:
    """About how long nuts takes, from the size of the model: an order of magnitude."""
    if isinstance(model, CellModel):
        per_gradient = _GRADIENT_SECONDS + model.events.size * _CELL_SECONDS["cell"]
    else:
        size = model.n.size if isinstance(model, DetectionModel) else model.counts.size
        per_gradient = _GRADIENT_SECONDS + size * _CELL_SECONDS["detection"]
    steps = TUNE + max(_FEWEST_PER_CHAIN, draws / N_CHAINS)
    rounds = np.ceil(N_CHAINS / min(N_CHAINS, os.cpu_count() or 1))
    return float(_COMPILE_SECONDS + rounds * steps * _LEAPFROGS * per_gradient)


def about_seconds(seconds: float) -> str:
    """A duration in round words: `40 s`, `5 minutes`, `2 hours`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds < 10 else f"{round(seconds, -1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"


def compile_nuts(model: CellModel | DetectionModel | OrdinalModel, names: list[str]) -> Any:
    """The model as nutpie compiles it."""
    import nutpie

    if isinstance(model, OrdinalModel):
        built = build_ordinal(model)
    else:
        built = build_detection(model) if isinstance(model, DetectionModel) else build_pymc(model)
    return _quietly(nutpie.compile_pymc_model, built, var_names=names)


def run_nuts(
    compiled: Any,
    settings: Mapping[str, Any],
    *,
    lengths: Sequence[int],
    progress: Progress,
    stop_at: float | None = None,
) -> Generator["xarray.DataTree"]:
    """Sample a compiled model: what there is whenever every chain has drawn the next of the lengths, or more.

    The chains are tuned once and run side by side, so that none waits for another to end. They rest while what they
    drew is looked at, go on when the next is asked for, and end with the iterator.

    Raises
    ------
    OutOfTimeError
        The next length was not reached by `stop_at` (of the monotonic clock).
    """
    import nutpie

    shortest = 0

    def count(chains: Sequence[Any]) -> None:
        nonlocal shortest
        shortest = min(chain.finished_draws for chain in chains) - TUNE

    running = _quietly(
        nutpie.sample,
        compiled,
        draws=lengths[-1],
        tune=TUNE,
        chains=N_CHAINS,
        cores=N_CHAINS,
        progress_bar=False,
        progress_callback=count,
        progress_rate=int(1000 * _LOOK_SECONDS),
        save_warmup=False,
        blocking=False,
        **settings,
    )
    whole: xarray.DataTree | None = None
    try:
        for length in lengths:
            while whole is None and shortest < length:
                try:
                    whole = _quietly(running.wait, timeout=_LOOK_SECONDS)
                except TimeoutError:  # not done yet
                    progress.update(f"nuts: {max(shortest, 0):,} of {length:,} draws of each of {N_CHAINS} chains")
                if whole is None and stop_at is not None and time.monotonic() > stop_at:
                    raise OutOfTimeError("The sampler was not done in time.")
            if whole is not None:
                yield whole
                continue
            running.pause()
            yield _quietly(running.inspect)
            running.resume()
    finally:
        running.cancel()


def read_nuts(tree: "xarray.DataTree", names: list[str], *, length: int, draws: int) -> NutsDraws:
    """The first `length` draws of each chain, thinned evenly, and the diagnostics of all of them."""
    import arviz_stats

    posterior = tree["posterior"].to_dataset()[names].isel(draw=slice(length))
    flat = {name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:]) for name in names}
    n_made = posterior.sizes["chain"] * posterior.sizes["draw"]
    keep = np.linspace(0, n_made - 1, draws).round().astype(int)
    ess, r_hat = arviz_stats.ess(posterior, method="bulk"), arviz_stats.rhat(posterior)
    return NutsDraws(
        variables={name: values[keep] for name, values in flat.items()},
        effective_sample=min(float(ess[name].min()) for name in names),
        r_hat=max(float(r_hat[name].max()) for name in names),
        n_divergent=int(tree["sample_stats"]["diverging"].isel(draw=slice(length)).sum()),
    )


def parameter_names(model: CellModel | DetectionModel | OrdinalModel) -> list[str]:
    """Variables of the PyMC build that are draws of the declaration's terms and scales."""
    if not isinstance(model, CellModel):
        return list(model.layout[0])
    population, own = (term.name for term in model.population), (term.name for term in model.rep_terms)
    return [*population, *own, *model.outer_names]


def _quietly(call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """What the call gives, without the deprecations of those who wrote it."""
    with warnings.catch_warnings():
        for kind in (FutureWarning, DeprecationWarning):
            warnings.filterwarnings("ignore", category=kind)
        return call(*arguments, **settings)
