"""Time to 400 effective draws, of laplace and of warm nutpie on the same declaration.

nutpie: four chains on two cores, 400 tuning steps. Tuning is timed on its own; only the seconds of drawing are scaled
to 400 effective draws of the worst parameter. Compilation is timed apart and is in no ratio. Runs of a few seconds are
repeated, on both sides, and the best counts.
"""

import time
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from calibra.inference.laplace.blocks import Blocks
from calibra.inference.laplace.engine import sample_laplace
from calibra.inference.progress import Progress

TARGET = 400.0
REPEATS = 3
QUICK_SECONDS = 5.0


def laplace_seconds(blocks: Blocks, *, repeats: int = REPEATS) -> float:
    """Wall seconds to 400 effective draws, the best of a few."""
    best = np.inf
    for seed in range(repeats):
        began = time.perf_counter()
        found = sample_laplace(blocks, seed=seed, draws=400, progress=Progress(shown=False))
        best = min(best, time.perf_counter() - began)
        assert found.effective_sample >= TARGET
        assert found.outer_pareto_k <= 0.7
    return best


class Nutpie(NamedTuple):
    """What warm nutpie took."""

    compile_seconds: float
    seconds: float
    """To 400 effective draws of every parameter, or the cut-off."""
    least: float
    """Effective draws of the worst parameter seen; NaN if cut off."""


def nutpie_seconds(built, names: Sequence[str], *, draws: int = 4000, cut_off: float = 600.0) -> Nutpie:
    """Sample a PyMC model with nutpie until the cut-off at most."""
    import arviz_stats
    import nutpie

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        compiled = nutpie.compile_pymc_model(built)
        nutpie.sample(compiled, draws=10, tune=10, chains=2, seed=1, progress_bar=False)  # warm
        compile_seconds = time.perf_counter() - began
        settings = {"tune": 400, "chains": 4, "cores": 2, "progress_bar": False}
        tuning = timed_out(nutpie.sample(compiled, draws=1, blocking=False, seed=0, **settings), cut_off)
        if tuning.tree is None:
            return Nutpie(compile_seconds, cut_off, float("nan"))
        for seed in range(1, REPEATS) if tuning.seconds < QUICK_SECONDS else ():
            again = timed_out(nutpie.sample(compiled, draws=1, blocking=False, seed=seed, **settings), cut_off)
            tuning = min(tuning, again, key=lambda timed: timed.seconds)
        whole = timed_out(nutpie.sample(compiled, draws=draws, blocking=False, seed=0, **settings), cut_off)
        if whole.tree is None:
            return Nutpie(compile_seconds, cut_off, float("nan"))
        ess = arviz_stats.ess(whole.tree["posterior"].to_dataset()[list(names)], method="bulk")
    least = min(float(ess[name].min()) for name in ess.data_vars)
    drawing = max(whole.seconds - tuning.seconds, 0.0)
    return Nutpie(compile_seconds, tuning.seconds + drawing * TARGET / least, least)


class Timed(NamedTuple):
    """A run of the sampler: seconds, and its draws unless it was cut off."""

    seconds: float
    tree: object


def timed_out(sampler, cut_off: float) -> Timed:
    """Wait for a sampler that is running, until the cut-off at most."""
    began = time.perf_counter()
    try:
        tree = sampler.wait(timeout=cut_off)
    except TimeoutError:
        sampler.abort()
        return Timed(cut_off, None)
    return Timed(time.perf_counter() - began, tree)


def show(name: str, ours: float, theirs: Nutpie) -> None:
    """One line of the table."""
    cut = np.isnan(theirs.least)
    reached = "cut off" if cut else f"to 400; least effective {theirs.least:.0f}"
    print(
        f"{name:44s} laplace {ours:7.3f} s | nutpie {theirs.seconds:8.2f} s ({reached}; compiled in "
        f"{theirs.compile_seconds:.1f} s) | ratio {'more than ' if cut else ''}{theirs.seconds / ours:.0f}",
        flush=True,
    )
