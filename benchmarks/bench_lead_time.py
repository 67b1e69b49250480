"""The lead-time model on laplace against warm nutpie on the same cells, both endings, and its cost in reps and rows.

Run it with `python benchmarks/bench_lead_time.py [--no-nuts]`. nutpie is timed without its compilation: a first, short
run compiles; seconds are those of sampling, per 400 effective draws of the worst parameter.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

from calibra.data.counts import OPEN, DurationCounts
from calibra.data.scale import RankScale
from calibra.inference.cell_model import CellModel
from calibra.inference.engines import sample_posterior
from calibra.inference.pymc_build import build_pymc
from calibra.models.lead_time import LeadTimeModel
from calibra.models.lead_time_cells import lay_out

EDGES = np.linspace(15, 360, 12).astype(int)
RANKS, WANTED = ("A", "B", "C", "D", "E"), 400.0


def make_counts(n_reps: int, per_cell: int, *, seed: int) -> DurationCounts:
    """Duration counts of reps with levels, slopes and tempos of their own; ages even up to 500 days."""
    rng = np.random.default_rng(seed)
    rep, rank = (codes.ravel().repeat(per_cell) for codes in np.indices((n_reps, len(RANKS))))
    level, slope, late = (sd * rng.standard_normal(n_reps) for sd in (0.4, 0.15, 0.15))
    scale = np.exp(4.6 + (0.5 + slope[rep]) * (rank - 2.0) - level[rep])
    event, exit_ = (
        days * rng.standard_exponential(rep.size) ** np.exp(late[rep]) for days in (scale, 250.0 * np.exp(level[rep]))
    )
    age = rng.uniform(1, 500, rep.size)
    days = np.minimum(np.minimum(event, exit_), age).astype(np.int64)
    ending = np.select([event <= np.minimum(exit_, age), exit_ <= age], [1, 2], OPEN).astype(np.int64)
    zeros = np.zeros_like(days)
    names = tuple(f"rep {i:04d}" for i in range(n_reps))
    return DurationCounts(
        names, RANKS, {}, (), None, None, rep, rank, {}, zeros, days, ending, zeros, np.ones_like(days)
    )


def declare(counts: DurationCounts) -> dict[str, CellModel]:
    """The declarations of both endings on twelve intervals."""
    cells = lay_out(counts, RankScale(RANKS), edges_days=EDGES, by=())
    return LeadTimeModel()._declare(cells)


def by_laplace(declarations: dict[str, CellModel]) -> float:
    """Seconds for both endings to 400 effective draws; the fits' own diagnostics are printed."""
    seconds = 0.0
    for cause, declaration in declarations.items():
        began = time.perf_counter()
        found = sample_posterior(declaration, seed=1, engine="laplace", draws=1000, progress=False).diagnostics
        taken = time.perf_counter() - began
        seconds += taken
        print(
            f"    laplace {cause:5}  {taken:7.2f} s  effective {found.effective_sample:5.0f}"
            f"  outer k {found.outer_pareto_k:.2f}"
        )
    return seconds


def by_nutpie(declarations: dict[str, CellModel]) -> float:
    """Seconds of sampling for both endings, per 400 effective draws of the worst parameter; compilation left out."""
    import arviz_stats
    import nutpie

    seconds = 0.0
    for cause, declaration in declarations.items():
        compiled = nutpie.compile_pymc_model(build_pymc(declaration))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            settings = {"chains": 4, "seed": 1, "progress_bar": False, "target_accept": 0.9}
            nutpie.sample(compiled, draws=10, tune=10, **settings)
            began = time.perf_counter()
            tree = nutpie.sample(compiled, draws=1000, tune=600, **settings)
            taken = time.perf_counter() - began
        kept = [name for name in tree["posterior"].data_vars if name != "linpred"]
        ess = arviz_stats.ess(tree["posterior"].to_dataset()[kept], method="bulk")
        least = min(float(ess[name].min()) for name in kept)
        seconds += taken * WANTED / min(least, 4000.0)
        print(f"    nutpie  {cause:5}  {taken:7.2f} s  effective {least:5.0f} of 4000")
    return seconds


def main() -> None:
    """Print seconds and ratios."""
    print("40 reps × 5 ranks × 12 intervals, both endings")
    counts = make_counts(40, 50, seed=1)
    declarations = declare(counts)
    ours = by_laplace(declarations)
    if "--no-nuts" not in sys.argv:
        theirs = by_nutpie(declarations)
        print(f"  laplace {ours:.2f} s, nutpie warm {theirs:.2f} s per 400 effective draws: {theirs / ours:.1f} times")
    print("the same reps, 20 times the rows")
    more = by_laplace(declare(make_counts(40, 1000, seed=1)))
    print(f"  {more:.2f} s, {more / ours:.2f} times the seconds of the fewer rows")
    print("1,000 reps × 5 ranks × 12 intervals, both endings")
    print(f"  {by_laplace(declare(make_counts(1000, 20, seed=2))):.2f} s")


if __name__ == "__main__":
    main()
