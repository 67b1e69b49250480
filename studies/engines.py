"""Do both engines give the same posterior? Reported quantities of the rank model from laplace and from long NUTS runs.

`python -m studies.engines` writes docs/studies/engine_study.md (long: about ten minutes of sampling).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judgments import Judgments
from calibra.inference.effective import effective_draws
from calibra.reading.means import log_odds, mean_over_reps
from studies.page import markdown_table, write_page
from studies.rank import SCALE, World, simulate_world

type Floats = NDArray[np.float64]

MEAN_TOLERANCE = {"reported": 0.1, "scales": 0.2}
"""Largest difference of means, in posterior standard deviations (DESIGN §4)."""
SD_TOLERANCE = 0.05
"""Largest departure of the ratio of standard deviations from 1."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two engines are apart in one kind of quantity; the worst of its many."""

    world: str
    """The simulated organisation."""
    quantity: str
    """What was compared."""
    n_compared: int
    """How many numbers."""
    mean_gap: float
    """Largest |difference of means| in posterior sds."""
    mean_allowed: float
    """What DESIGN §4 allows it: the tolerance and three Monte Carlo standard errors, at that number."""
    sd_ratio: float
    """The ratio of sds (laplace over nuts) farthest from 1."""
    sd_allowed: float
    """How far from 1 it may be: the tolerance and three Monte Carlo standard errors."""
    n_outside: int
    """Numbers outside either."""
    least_effective: float
    """Smallest effective number of draws of either engine over the numbers."""


def reported_quantities(fit: RankFit) -> dict[str, Floats]:
    """What users read, as draws (draw, number)."""
    prob = fit.probability_draws()
    everyone = mean_over_reps(prob, fit.n)
    gap = 100.0 * (everyone[:, None] - prob) @ fit.rank_mix
    scales = np.stack([fit.posterior[name] for name in fit.declaration.outer_names], axis=1)
    return {
        "probability, rep × rank": prob.reshape(len(prob), -1),
        "probability, all reps": everyone,
        "gap in points": gap,
        "discrimination": log_odds(prob) @ (fit.rank_mix * fit.scores.values),
        "scales": scales,
    }


def compare(
    world: str, ours: Mapping[str, Floats], theirs: Mapping[str, Floats], *, ours_effective: float, n_chains: int
) -> list[Agreement]:
    """Compare draws of two engines, quantity by quantity.

    Parameters
    ----------
    ours, theirs : mapping of str to array, shape (draw, number)
        Draws of laplace (independent, `ours_effective` of them) and of nuts (chains one after the other).
    """
    rows = []
    for name, a in ours.items():
        b = theirs[name]
        effective = np.array([effective_draws(column.reshape(n_chains, -1)) for column in b.T])
        error = np.sqrt(1.0 / ours_effective + 1.0 / effective)
        sd = b.std(axis=0)
        gap = np.abs(a.mean(axis=0) - b.mean(axis=0)) / sd
        ratio = a.std(axis=0) / sd
        allowed = MEAN_TOLERANCE.get(name, MEAN_TOLERANCE["reported"]) + 3.0 * error
        sd_allowed = SD_TOLERANCE + 3.0 * error / np.sqrt(2.0)
        outside = (gap > allowed) | (np.abs(ratio - 1.0) > sd_allowed)
        worst, worst_sd = int(np.argmax(gap / allowed)), int(np.argmax(np.abs(ratio - 1.0) / sd_allowed))
        rows.append(
            Agreement(
                world,
                name,
                a.shape[1],
                float(gap[worst]),
                float(allowed[worst]),
                float(ratio[worst_sd]),
                float(sd_allowed[worst_sd]),
                int(outside.sum()),
                float(min(ours_effective, effective.min())),
            )
        )
    return rows


def study_engines(world: str, judgments: Judgments, *, seed: int, draws: int) -> list[Agreement]:
    """Fit by laplace and by nuts and compare what users read."""
    laplace = RankModel().fit(judgments, seed=seed, engine="laplace", draws=24_000, progress=False)
    nuts = RankModel().fit(judgments, seed=seed + 1, engine="nuts", draws=draws, progress=False)
    return compare(
        world,
        reported_quantities(laplace),
        reported_quantities(nuts),
        ours_effective=laplace.diagnostics.effective_sample,
        n_chains=4,
    )


def worlds() -> dict[str, Callable[[], Judgments]]:
    """Three organisations: plenty, lopsided, sparse."""

    def rich() -> Judgments:
        return simulate_world(np.random.default_rng(1), n_reps=40, n_per_rank=40, truth="fixed scales").judgments

    def uneven(smallest: int, largest: int, n_reps: int, seed: int) -> Judgments:
        rng = np.random.default_rng(seed)
        world = simulate_world(rng, n_reps=n_reps, n_per_rank=1, truth="fixed scales")
        n = np.round(np.exp(rng.uniform(np.log(smallest), np.log(largest), world.prob.shape))).astype(int)
        return World(world.prob, n, rng.binomial(n, world.prob)).judgments

    return {
        "rich: 40 reps, 40 judgments per rank": rich,
        "lopsided: 12 reps, 1 to 300 judgments per rank": lambda: uneven(1, 300, 12, 2),
        "sparse: 40 reps, 3 to 8 judgments per rank": lambda: uneven(3, 8, 40, 3),
    }


def main() -> None:
    """Run all worlds and write the page."""
    rows = [row for name, world in worlds().items() for row in study_engines(name, world(), seed=1, draws=80_000)]
    fields = tuple(Agreement.__dataclass_fields__)
    write_page(
        "engine_study",
        "Two engines, one posterior",
        f"Rank model on {len(SCALE.ranks)} ranks; made by `python -m studies.engines`. Gaps: posterior "
        "standard deviations. "
        "Allowed: 0.1 (scales and correlation 0.2), sd ratio 1 ± 0.05, each plus three Monte Carlo standard errors.",
        markdown_table({field: [getattr(row, field) for row in rows] for field in fields}),
    )


if __name__ == "__main__":
    main()
