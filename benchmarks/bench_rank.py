"""The rank model: laplace against nutpie on the same counts and on rows, time to 400 effective draws, in one run.

Compile time is shown apart and is not in the ratios (see `clock`). `--quick` leaves out the 5,000 reps.
"""

import argparse
import subprocess
import sys
import time

import numpy as np
from clock import laplace_seconds, nutpie_seconds, show

from calibra.chapters.ranks.model import RankModel
from calibra.inference.declare.cells import CellModel
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.nuts.build_cells import build_pymc
from calibra.reading.cells import pack_cells
from studies.rank import SCALE, simulate_world

ROWS_CUT_OFF_SECONDS = 100.0


def declare(n_reps: int, n_per_rank: int) -> CellModel:
    """The rank model's declaration on a simulated organisation."""
    world = simulate_world(np.random.default_rng(1), n_reps=n_reps, n_per_rank=n_per_rank, truth="fixed scales")
    cells = world.judgments.binomial_cells(within_days=90)
    return RankModel().declare(cells, pack_cells(cells.n > 0, ()), SCALE.scores(np.ones(5)))


def names_of(model: CellModel) -> list[str]:
    """Parameters whose effective draws count."""
    return [*(t.name for t in model.population), *(t.name for t in model.rep_terms), *model.outer_names]


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
        share = pm.Beta("share", model.correlation.prior.eta, model.correlation.prior.eta)
        rho = pm.Deterministic(model.correlation.name, 2.0 * share - 1.0)
        earlier = None
        for term in model.rep_terms:
            sigma = pm.HalfNormal(term.scale_name, term.scale.sd)
            mean, free = 0.0, 1.0
            if term.name == model.correlation.later:
                mean, free = rho * sigma * earlier, pm.math.sqrt(1.0 - rho**2)
            u = pm.Normal(term.name, mean, free * sigma, shape=(model.n_reps, term.n_columns))
            if term.name == model.correlation.earlier:
                earlier = u / sigma
            linpred = linpred + (term.design * u[:, None, :]).sum(axis=-1)
        pm.Bernoulli("events", logit_p=linpred[rows_rep, rows_cell], observed=outcome)
    return by_row


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
    show(
        "40 reps x 5 ranks, counts", laplace_seconds(CellBlocks(forty)),
        nutpie_seconds(build_pymc(forty), names_of(forty)),
    )  # fmt: skip
    rows = rows_model(declare(200, 40))
    began = time.perf_counter()
    world = simulate_world(np.random.default_rng(1), n_reps=200, n_per_rank=40, truth="fixed scales")
    RankModel().fit(world.judgments, seed=1, engine="laplace", progress=False)
    ours = time.perf_counter() - began
    names = ["rank_mean", "level", "slope", "residual"]
    show(
        "200 reps, 40,000 judgments as rows", ours,
        nutpie_seconds(rows, names, draws=300, cut_off=ROWS_CUT_OFF_SECONDS),
    )  # fmt: skip
    if not quick:
        many = declare(5000, 10)
        show(
            "5,000 reps x 5 ranks, counts", laplace_seconds(CellBlocks(many), repeats=1),
            nutpie_seconds(build_pymc(many), names_of(many), draws=300),
        )  # fmt: skip


if __name__ == "__main__":
    main()
