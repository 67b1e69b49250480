"""Do both engines give the same incidences and tempo? Run it by `python -m studies.lead_time_engines`."""

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import simulate_judgments
from calibra.inference.engines import Engine
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

DAYS, EDGES = (30, 90, 180), (30, 60, 90, 180)
DRAWS = 24_000
ENGINES: tuple[Engine, ...] = ("laplace", "nuts")


def compare_engines(*, seeds: Sequence[int], n_reps: int, n_prospects: int) -> dict[str, list[object]]:
    """Largest differences of posterior means, in posterior sds, and the range of the ratios of sds."""
    worlds = [_fit_both(seed, n_reps=n_reps, n_prospects=n_prospects) for seed in seeds]
    gaps: dict[str, list[Floats]] = {}
    ratios: dict[str, list[Floats]] = {}
    for laplace, nuts in worlds:
        theirs_by_name = _quantities(nuts)
        for name, ours in _quantities(laplace).items():
            theirs = theirs_by_name[name]
            gaps.setdefault(name, []).append(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0))
            ratios.setdefault(name, []).append(ours.std(axis=0) / theirs.std(axis=0))
    joined = {name: (np.concatenate(gaps[name]), np.concatenate(ratios[name])) for name in gaps}
    rows: dict[str, list[object]] = {
        "quantity": list(joined),
        "n": [gap.size for gap, _ in joined.values()],
        "largest": [float(gap.max()) for gap, _ in joined.values()],
        "mean": [float(gap.mean()) for gap, _ in joined.values()],
        "sd_low": [float(ratio.min()) for _, ratio in joined.values()],
        "sd_high": [float(ratio.max()) for _, ratio in joined.values()],
    }
    by_engine = [
        f"{fits[0].diagnostics.engine} {min(fit.diagnostics.effective_sample for fit in fits):.0f}, "
        f"{sum(fit.diagnostics.ok for fit in fits)} of {len(fits)} without a problem"
        for fits in zip(*worlds, strict=True)
    ]
    rows["effective"] = [*by_engine, *[""] * (len(joined) - len(by_engine))]
    return rows


def _fit_both(seed: int, *, n_reps: int, n_prospects: int) -> tuple[LeadTimeFit, LeadTimeFit]:
    """One world of the simulator by laplace and by nuts."""
    scale = RankScale(["A", "B", "C"])
    world = simulate_judgments(seed=seed, n_reps=n_reps, n_prospects=n_prospects, scale=scale)
    judgments = Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)
    model = LeadTimeModel(interval_edges_days=EDGES)
    laplace, nuts = (model.fit(judgments, seed=seed, engine=engine, draws=DRAWS, progress=False) for engine in ENGINES)
    return laplace, nuts


def _quantities(fit: LeadTimeFit) -> dict[str, Floats]:
    """Reported quantities, (draw, quantity)."""
    named = {f"incidence, {days} days": fit.incidence_draws([days]).reshape(DRAWS, -1) for days in DAYS}
    return named | {f"tempo, {cause}": posterior["tempo"] for cause, posterior in fit.posteriors.items()}


def main() -> None:
    """Run it and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=5, help="worlds, seeds from 1 on")
    n_worlds = parser.parse_args().worlds
    rows = compare_engines(seeds=range(1, n_worlds + 1), n_reps=6, n_prospects=1800)
    write_page(
        "lead_time_engines",
        "The lead-time model by both engines",
        f"Made by `python -m studies.lead_time_engines --worlds {n_worlds}`: {n_worlds} worlds of the simulator "
        "(seeds from 1 on) with 6 reps, 3 ranks, 1,800 prospects, four intervals, "
        f"events and exits, {DRAWS:,} draws of each engine. `largest` and `mean`: absolute difference of posterior "
        "means in posterior standard deviations, over all worlds, reps and ranks; `sd_low`, `sd_high`: range of the "
        "ratio of standard deviations, laplace over nuts; `effective`: least effective sample of either ending over "
        "the worlds, by engine, and how many fits pass their own checks.",
        markdown_table(rows),
    )


if __name__ == "__main__":
    main()
