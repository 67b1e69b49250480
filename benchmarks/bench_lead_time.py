"""The lead-time model on laplace against warm nutpie on the same cells, both endings, and its cost in reps and rows.

Run it with `python benchmarks/bench_lead_time.py [--no-nuts]`. Compile time is in no ratio (see `clock`).
"""

from __future__ import annotations

import sys

import numpy as np
from clock import Nutpie, laplace_seconds, nutpie_seconds, show

from calibra.chapters.lead_times.cells import lay_out
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.data.counting.counts import OPEN, DurationCounts
from calibra.data.scale import RankScale
from calibra.inference.declare.cells import CellModel
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.nuts.build_cells import build_pymc

EDGES = np.linspace(15, 360, 12).astype(int)
RANKS = ("A", "B", "C", "D", "E")


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
    return LeadTimeModel().declare(cells)


def by_laplace(declarations: dict[str, CellModel], *, repeats: int = 3) -> float:
    """Seconds for both endings to 400 effective draws."""
    return sum(laplace_seconds(CellBlocks(declaration), repeats=repeats) for declaration in declarations.values())


def by_nutpie(declarations: dict[str, CellModel]) -> Nutpie:
    """The same for nutpie, one ending after the other."""
    found = []
    for declaration in declarations.values():
        parts = (declaration.population, declaration.rep_terms)
        names = [*(term.name for terms in parts for term in terms), *declaration.scale_priors]
        found.append(nutpie_seconds(build_pymc(declaration), names, draws=1000))
    return Nutpie(
        sum(one.compile_seconds for one in found), sum(one.seconds for one in found), min(one.least for one in found)
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    declarations = declare(make_counts(40, 50, seed=1))
    ours = by_laplace(declarations)
    if "--no-nuts" not in sys.argv:
        show("40 reps x 5 ranks x 12 intervals, both", ours, by_nutpie(declarations))
    more = by_laplace(declare(make_counts(40, 1000, seed=1)))
    print(f"the same reps, 20 times the rows: {more:.2f} s, {more / ours:.2f} times the seconds of the fewer rows")
    many = by_laplace(declare(make_counts(1000, 20, seed=2)), repeats=1)
    print(f"1,000 reps x 5 ranks x 12 intervals, both: {many:.2f} s")


if __name__ == "__main__":
    main()
