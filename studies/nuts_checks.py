"""How many fits by NUTS pass their own checks? Run it by `python -m studies.nuts_checks`.

Worlds of the simulator, which share no formula with the models, and of the other studies. A fit passes without a
divergent transition, with R̂ of at most 1.01 and 400 effective draws of every parameter. Each model is compiled once per
shape, as nothing else differs from one world to the next; the engine compiles it at each fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from calibra.inference.effective import effective_draws
from calibra.inference.engines import Declaration, sample_posterior
from calibra.inference.nuts.engine import MULTIPLES, N_CHAINS
from calibra.inference.nuts.repeated import RepeatedNuts
from calibra.inference.posterior import Posterior
from calibra.reading.cells import Floats
from studies.page import markdown_table, write_page

SIZES = ((6, 900), (12, 3000))
"""Reps and prospects of the simulator's worlds."""
EDGES_DAYS = (14, 30, 60, 90, 150, 240, 365)
"""Intervals of the lead-time model, the same in every world."""
DRAWS_PER_CHAIN = 1000
WITHIN = 0.1
"""Means of the two engines are to lie within so many posterior standard deviations."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One posterior by NUTS: whether it passed, and how near it is to laplace's."""

    model: str
    """`rank`, `threshold`, or `lead time` and an ending."""
    world: str
    """What it was fitted to."""
    at_once: bool
    """It passed at the first attempt."""
    passed: bool
    """It passed in the end."""
    problems: str
    """What its checks say in the end."""
    gap: float
    """Root mean square over parameters of the difference of means, laplace less NUTS, in posterior sds."""
    n_apart: int
    """Parameters whose means differ by more than 0.1 sd and three Monte Carlo standard errors."""
    n_parameters: int
    """Parameters compared."""


def declarations(n_reps: int, n_prospects: int, *, seed: int) -> dict[str, Declaration]:
    """The three models of one world of the simulator, as the engines see them."""
    world = simulate_judgments(seed=seed, n_reps=n_reps, n_prospects=n_prospects)
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    settings = {"seed": 1, "engine": "laplace", "draws": 100, "progress": False}
    rank = RankModel(within_days=90).fit(judgments, **settings)  # type: ignore[arg-type]
    threshold = ThresholdModel(within_days=90).fit(judgments, **settings)  # type: ignore[arg-type]
    times = LeadTimeModel(interval_edges_days=EDGES_DAYS).fit(judgments, **settings)  # type: ignore[arg-type]
    by_cause = {f"lead time, {cause}": model for cause, model in times.declarations.items()}
    return {"rank": rank.declaration, "threshold": threshold.declaration, **by_cause}


def check_fit(name: str, world: str, model: Declaration, sampler: RepeatedNuts, *, seed: int) -> Checked:
    """Sample one declaration as the engine does, and compare it with laplace."""
    draws = N_CHAINS * sampler.draws_per_chain
    once = replace(sampler, most_attempts=1)
    found = first = once.sample(model, seed=seed, draws=draws)
    if not first.diagnostics.ok:
        found = replace(sampler, most_attempts=len(MULTIPLES)).sample(model, seed=seed, draws=draws)
    laplace = sample_posterior(model, seed=seed, engine="laplace", draws=8000, progress=False)
    gaps, errors = _gaps(laplace, found)
    return Checked(
        name,
        world,
        first.diagnostics.ok,
        found.diagnostics.ok,
        "; ".join(map(str, found.diagnostics.problems)),
        float(np.sqrt(np.mean(gaps**2))),
        int((gaps > WITHIN + 3.0 * errors).sum()),
        gaps.size,
    )


def _gaps(laplace: Posterior, nuts: Posterior) -> tuple[Floats, Floats]:
    """Differences of means in sds, and their Monte Carlo standard errors, over all parameters."""
    gaps, errors = [], []
    for name, values in nuts.draws.items():
        theirs = values.reshape(len(values), -1)
        ours = laplace[name].reshape(len(laplace[name]), -1)
        n = np.array([effective_draws(column.reshape(N_CHAINS, -1)) for column in theirs.T])
        gaps.append(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0))
        errors.append(np.sqrt(1.0 / n + 1.0 / laplace.diagnostics.effective_sample))
    return np.concatenate(gaps), np.concatenate(errors)


def run(sizes: Sequence[tuple[int, int]], *, seeds: Sequence[int]) -> Iterator[Checked]:
    """Every model on every world, one compilation for each model and size."""
    for n_reps, n_prospects in sizes:
        sampler = RepeatedNuts(draws_per_chain=DRAWS_PER_CHAIN)
        for seed in seeds:
            for name, model in declarations(n_reps, n_prospects, seed=seed).items():
                yield check_fit(name, f"{n_reps} reps, {n_prospects:,} prospects", model, sampler, seed=seed)


def as_columns(rows: Sequence[Checked]) -> Mapping[str, list[object]]:
    """One line a model and size, ready to be written."""
    columns: dict[str, list[object]] = {}
    for key in dict.fromkeys((row.model, row.world) for row in rows):
        of = [row for row in rows if (row.model, row.world) == key]
        line = {
            "model": key[0],
            "world": key[1],
            "fits": len(of),
            "passed at once": sum(row.at_once for row in of),
            "passed": sum(row.passed for row in of),
            "difference from laplace (sd)": float(np.sqrt(np.mean([row.gap**2 for row in of]))),
            "parameters apart": f"{sum(row.n_apart for row in of)} of {sum(row.n_parameters for row in of)}",
        }
        for name, value in line.items():
            columns.setdefault(name, []).append(value)
    return columns


def main() -> None:
    """Run all worlds and write the page."""
    rows = list(run(SIZES, seeds=range(1, 11)))
    write_page(
        "nuts_checks",
        "How many fits by NUTS pass their own checks",
        "Made by `python -m studies.nuts_checks`: worlds of the simulator, seeds 1 to 10. A fit passes without "
        "a divergent transition, with an R-hat of at most 1.01 and 400 effective draws of every parameter. `passed at "
        "once`: at the first attempt; `passed`: after at most two more, with smaller steps and more draws. `difference "
        "from laplace`: root mean square over all parameters of the difference of means, in posterior standard "
        f"deviations; `parameters apart`: beyond {WITHIN} and three Monte Carlo standard errors.",
        markdown_table(as_columns(rows)),
    )


if __name__ == "__main__":
    main()
