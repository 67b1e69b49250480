"""Do both engines give the same incidences and tempo? Run it by `python -m studies.lead_time_engines`."""

import numpy as np

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import simulate_judgments
from studies.page import markdown_table, write_page

DAYS, EDGES = (30, 90, 180), (30, 60, 90, 180)
DRAWS = 24_000


def compare_engines(*, seed: int, n_reps: int, n_prospects: int) -> dict[str, list[object]]:
    """Largest differences of posterior means, in posterior sds, and the range of the ratios of sds."""
    scale = RankScale(["A", "B", "C"])
    world = simulate_judgments(seed=seed, n_reps=n_reps, n_prospects=n_prospects, scale=scale)
    judgments = Judgments.from_frame(world.frame, scale=scale, as_of=world.as_of, columns=world.columns)
    model = LeadTimeModel(interval_edges_days=EDGES)
    laplace, nuts = (
        model.fit(judgments, seed=seed, engine=engine, draws=DRAWS, progress=False) for engine in ("laplace", "nuts")
    )
    rows: dict[str, list[object]] = {name: [] for name in ("quantity", "n", "largest", "mean", "sd_low", "sd_high")}
    for name, ours in _quantities(laplace).items():
        theirs = _quantities(nuts)[name]
        gap = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0)
        ratio = ours.std(axis=0) / theirs.std(axis=0)
        found = (name, gap.size, float(gap.max()), float(gap.mean()), float(ratio.min()), float(ratio.max()))
        for column, value in zip(rows, found, strict=True):
            rows[column].append(value)
    counted: list[object] = [
        f"{fit.diagnostics.engine} {fit.diagnostics.effective_sample:.0f}" for fit in (laplace, nuts)
    ]
    rows["effective"] = counted + [""] * (len(rows["quantity"]) - 2)
    return rows


def _quantities(fit: LeadTimeFit) -> dict[str, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Reported quantities, (draw, quantity)."""
    named = {f"incidence, {days} days": fit.incidence_draws([days]).reshape(DRAWS, -1) for days in DAYS}
    return named | {f"tempo, {cause}": posterior["tempo"] for cause, posterior in fit.posteriors.items()}


def main() -> None:
    """Run it and write the page."""
    rows = compare_engines(seed=1, n_reps=6, n_prospects=1800)
    write_page(
        "lead_time_engines",
        "The lead-time model by both engines",
        "Made by `python -m studies.lead_time_engines`: 6 reps, 3 ranks, 1,800 prospects, four intervals, "
        f"events and exits, {DRAWS:,} draws of each engine. `largest` and `mean`: absolute difference of posterior "
        "means in posterior standard deviations, over all reps and ranks; `sd_low`, `sd_high`: range of the ratio of "
        "standard deviations, laplace over nuts; `effective`: least effective sample of either ending, by engine.",
        markdown_table(rows),
    )


if __name__ == "__main__":
    main()
