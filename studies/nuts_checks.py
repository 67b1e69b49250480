"""How many fits by NUTS pass their own checks? Run it by `python -m studies.nuts_checks`.

Worlds of the simulator, which share no formula with the models, and of the other studies. A fit passes without a
divergent transition, with R̂ of at most 1.01 and 400 effective draws of every parameter. Each model is compiled once per
shape, as nothing else differs from one world to the next; the engine compiles it at each fit. Every world is kept in
a folder (`.study` by default); `--seconds` stops after a while, and the next call goes on from there.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.checks.recovery.rows import Row, answered, load_rows, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from calibra.inference.effective import effective_draws
from calibra.inference.engines import Declaration, sample_posterior
from calibra.inference.nuts.engine import MULTIPLES, N_CHAINS, parameter_names
from calibra.inference.nuts.repeated import RepeatedNuts
from calibra.inference.posterior import Posterior
from calibra.reading.cells import Floats
from studies.page import markdown_table, write_page

type Size = tuple[int, int]

SIZES: tuple[Size, ...] = ((6, 900), (12, 3000))
"""Reps and prospects of the simulator's worlds."""
N_WORLDS = 10
"""Worlds of each size."""
EDGES_DAYS = (14, 30, 60, 90, 150, 240, 365)
"""Intervals of the lead-time model, the same in every world."""
DRAWS_PER_CHAIN = 1000
WITHIN = 0.1
"""Means of the two engines are to lie within so many posterior standard deviations."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One posterior by NUTS: whether it passed, and how near it is to laplace's."""

    at_once: bool
    """It passes with the fewest draws."""
    passed: bool
    """It passes as the engine samples it, which draws on or anew while checks fail."""
    seconds: float
    """Processor time of the engine's way, tuning included; all was compiled before."""
    seconds_once: float
    """Processor time of the fewest draws and no more, in the same run."""
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


def check_fit(model: Declaration, sampler: RepeatedNuts, *, seed: int) -> Checked:
    """Sample one declaration as the engine does, and compare it with laplace."""
    draws = N_CHAINS * sampler.draws_per_chain
    sampler._ready(model, parameter_names(model))  # compiled before anything is timed
    began = time.process_time()
    first = replace(sampler, most_looks=1).sample(model, seed=seed, draws=draws)
    between = time.process_time()
    found = replace(sampler, most_looks=len(MULTIPLES)).sample(model, seed=seed, draws=draws)
    ended = time.process_time()
    laplace = sample_posterior(model, seed=seed, engine="laplace", draws=8000, progress=False)
    gaps, errors = _gaps(laplace, found)
    return Checked(
        first.diagnostics.ok,
        found.diagnostics.ok,
        ended - between,
        between - began,
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


def study_world(size: Size, sampler: RepeatedNuts, *, seed: int) -> Row:
    """Every model on one world, as figures that can be kept."""
    return {
        f"{name}: {figure}": float(getattr(found, figure))
        for name, model in declarations(*size, seed=seed).items()
        for found in [check_fit(model, sampler, seed=seed)]
        for figure in Checked.__dataclass_fields__
    }


def run(folder: Path, *, n_worlds: int, seconds: float) -> dict[Size, list[Row]]:
    """So many worlds of each size, one after the other as far as time allows; one compilation for each model and size.

    World i has seed i + 1. Those kept in the folder are not run again.
    """
    until = time.monotonic() + seconds
    samplers = {size: RepeatedNuts(draws_per_chain=DRAWS_PER_CHAIN) for size in SIZES}
    for size in SIZES * n_worlds:
        if time.monotonic() < until and (done := len(load_rows(_file(folder, size)))) < n_worlds:
            _run_to(done + 1, folder, size, samplers[size])
    return {size: answered(rows) for size in SIZES if (rows := load_rows(_file(folder, size)))}


def _run_to(n_worlds: int, folder: Path, size: Size, sampler: RepeatedNuts) -> None:
    run_worlds(lambda i: study_world(size, sampler, seed=i + 1), n_worlds=n_worlds, cache=_file(folder, size))


def _file(folder: Path, size: Size) -> Path:
    return folder / f"nuts_checks_{size[0]}_{size[1]}.npz"


def as_columns(rows_by_size: Mapping[Size, Sequence[Row]]) -> Mapping[str, list[object]]:
    """One line a model and size, ready to be written."""
    columns: dict[str, list[object]] = {}
    for (n_reps, n_prospects), rows in rows_by_size.items():
        for model in dict.fromkeys(name.split(": ")[0] for name in rows[0]):
            of = {name: np.array([row[f"{model}: {name}"] for row in rows]) for name in Checked.__dataclass_fields__}
            line = {
                "model": model,
                "world": f"{n_reps} reps, {n_prospects:,} prospects",
                "fits": len(rows),
                "passed at once": int(of["at_once"].sum()),
                "passed": int(of["passed"].sum()),
                "time over that of the fewest draws": float(of["seconds"].sum() / of["seconds_once"].sum()),
                "difference from laplace (sd)": float(np.sqrt(np.mean(of["gap"] ** 2))),
                "parameters apart": f"{of['n_apart'].sum():.0f} of {of['n_parameters'].sum():.0f}",
            }
            for name, value in line.items():
                columns.setdefault(name, []).append(value)
    return columns


def time_ratio(rows_by_size: Mapping[Size, Sequence[Row]]) -> float:
    """Processor time of all fits as the engine samples, over that of the fewest draws."""
    seconds, seconds_once = (
        sum(
            value for rows in rows_by_size.values() for row in rows for name, value in row.items() if name.endswith(end)
        )
        for end in (": seconds", ": seconds_once")
    )
    return seconds / seconds_once


def main() -> None:
    """Run the worlds that are still to be run, as far as time allows, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=np.inf, help="start no world after so long")
    asked = parser.parse_args()
    rows_by_size = run(asked.folder, n_worlds=N_WORLDS, seconds=asked.seconds)
    columns, ratio = as_columns(rows_by_size), time_ratio(rows_by_size)
    n_fits, n_passed = (sum(map(int, map(str, columns[name]))) for name in ("fits", "passed"))
    write_page(
        "nuts_checks",
        "How many fits by NUTS pass their own checks",
        "Made by `python -m studies.nuts_checks`: worlds of the simulator, seeds from 1 on. "
        f"{n_passed} of {n_fits} fits pass. A fit passes without a divergent transition, with an R-hat of at most 1.01 "
        f"and 400 effective draws of every parameter. `passed at once`: with {DRAWS_PER_CHAIN:,} draws of each chain; "
        "`passed`: as the engine samples, whose chains go on to twice or four times the draws while a check fails and "
        "start anew with smaller steps after divergent transitions. Its processor time stands beside, over all fits "
        f"{ratio:.2f} times that of {DRAWS_PER_CHAIN:,} draws in the same run; compilation is in neither. `difference "
        "from laplace`: root mean square over all parameters of the difference of means, in posterior standard "
        f"deviations; `parameters apart`: beyond {WITHIN} and three Monte Carlo standard errors.",
        markdown_table(columns),
    )


if __name__ == "__main__":
    main()
