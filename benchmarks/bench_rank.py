"""The rank model: laplace against nutpie on the same counts and on rows, time to 400 effective draws, in one run.

Compile time is shown apart and is not in the ratios. `--quick` leaves out the 5,000 reps.
"""

import argparse
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np

from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.cell_model import CellModel
from calibra.inference.engines import sample_posterior
from calibra.inference.laplace import sample_laplace
from calibra.inference.progress import Progress
from calibra.inference.pymc_build import build_pymc
from calibra.models.cells import pack_cells
from calibra.models.rank import RankModel
from calibra.studies.rank_study import SCALE, simulate_world

TARGET = 400.0
CUT_OFF_SECONDS = 600.0
ROWS_CUT_OFF_SECONDS = 100.0


def declare(n_reps: int, n_per_rank: int) -> CellModel:
    """The rank model's declaration on a simulated organisation."""
    world = simulate_world(np.random.default_rng(1), n_reps=n_reps, n_per_rank=n_per_rank, truth="fixed scales")
    cells = world.judgments.binomial_cells(within_days=90)
    return RankModel()._declare(cells, pack_cells(cells.n > 0, ()), SCALE.scores(np.ones(5)))


def laplace_seconds(model: CellModel, repeats: int = 3) -> float:
    """Wall seconds to 400 effective draws, the best of a few."""
    best = np.inf
    for seed in range(repeats):
        began = time.perf_counter()
        found = sample_laplace(CellBlocks(model), seed=seed, draws=400, progress=Progress(shown=False))
        seconds = time.perf_counter() - began
        assert found.effective_sample >= TARGET
        best = min(best, seconds)
    return best


def nutpie_seconds(
    model: CellModel, *, draws: int = 4000, built=None, cut_off: float = CUT_OFF_SECONDS
) -> tuple[float, float, float]:
    """Compile seconds, seconds to 400 effective draws of every parameter, effective draws seen.

    Tuning is timed once, on its own; only the seconds of drawing are scaled to 400 effective draws.
    """
    import arviz_stats
    import nutpie

    began = time.perf_counter()
    compiled = nutpie.compile_pymc_model(built or build_pymc(model))
    nutpie.sample(compiled, draws=10, tune=10, chains=2, seed=1, progress_bar=False)  # warm
    compile_seconds = time.perf_counter() - began
    settings = {"tune": 400, "chains": 4, "cores": 2, "seed": 1, "progress_bar": False}
    tuning = timed_out(nutpie.sample(compiled, draws=1, blocking=False, **settings), cut_off)
    if tuning.tree is None:
        return compile_seconds, cut_off, float("nan")
    whole = timed_out(nutpie.sample(compiled, draws=draws, blocking=False, **settings), cut_off)
    if whole.tree is None:
        return compile_seconds, cut_off, float("nan")
    names = [*(t.name for t in model.population), *(t.name for t in model.rep_terms), *model.scale_priors]
    posterior = whole.tree["posterior"].to_dataset()
    ess = arviz_stats.ess(posterior[[name for name in names if name in posterior]])
    least = min(float(ess[name].min()) for name in ess.data_vars)
    drawing = max(whole.seconds - tuning.seconds, 0.0)
    return compile_seconds, tuning.seconds + drawing * TARGET / least, least


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


def rows_model(model: CellModel):
    """The same posterior spelled on one Bernoulli row a judgment."""
    import pymc as pm

    rep, cell = np.nonzero(model.size > 0)
    n, events = model.size[rep, cell].astype(int), model.events[rep, cell].astype(int)
    rows_rep, rows_cell = np.repeat(rep, n), np.repeat(cell, n)
    outcome = np.concatenate([np.arange(size) < hits for size, hits in zip(n, events, strict=True)]).astype(int)
    with pm.Model(coords=build_pymc(model).coords) as by_row:
        mean = pm.Normal("rank_mean", -1.0, 1.5, dims="rank")
        linpred = (model.population[0].design * mean).sum(axis=-1)
        for term in model.rep_terms:
            sigma = pm.HalfNormal(term.scale_name, term.scale.sd)
            u = pm.Normal(term.name, 0.0, sigma, shape=(model.n_reps, term.n_columns))
            linpred = linpred + (term.design * u[:, None, :]).sum(axis=-1)
        pm.Bernoulli("events", logit_p=linpred[rows_rep, rows_cell], observed=outcome)
    return by_row


def show(name: str, ours: float, compile_seconds: float, theirs: float, least: float) -> None:
    """One line of the table."""
    reached = "cut off" if np.isnan(least) else f"to 400; least effective {least:.0f}"
    more = "more than " if np.isnan(least) else ""
    print(
        f"{name:34s} laplace {ours:7.2f} s | nutpie {theirs:8.1f} s ({reached}; compiled in {compile_seconds:.1f} s) | "
        f"ratio {more}{theirs / ours:.0f}",
        flush=True,
    )


def import_seconds() -> float:
    """Seconds of `import calibra` in a fresh process, the best of five."""
    code = "import time; t = time.perf_counter(); import calibra; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print(f"import calibra: {import_seconds():.3f} s")
    forty = declare(40, 20)
    show("40 reps x 5 ranks, counts", laplace_seconds(forty), *nutpie_seconds(forty))
    two_hundred = declare(200, 40)
    began = time.perf_counter()
    world = simulate_world(np.random.default_rng(1), n_reps=200, n_per_rank=40, truth="fixed scales")
    RankModel().fit(world.judgments, seed=1, engine="laplace", progress=False)
    ours = time.perf_counter() - began
    show(
        "200 reps, 40,000 judgments as rows",
        ours,
        *nutpie_seconds(two_hundred, draws=300, built=rows_model(two_hundred), cut_off=ROWS_CUT_OFF_SECONDS),
    )
    if not quick:
        five_thousand = declare(5000, 10)
        show(
            "5,000 reps x 5 ranks, counts",
            laplace_seconds(five_thousand, repeats=1),
            *nutpie_seconds(five_thousand, draws=300),
        )
    sample_posterior(forty, seed=1)


if __name__ == "__main__":
    main()
