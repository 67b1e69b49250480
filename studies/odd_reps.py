"""Are all reps of one kind? A population that is normal, or in which some reps are odd, and one rep far out.

`python -m studies.odd_reps` writes docs/studies/odd_reps.md (about ten minutes on one processor). Truth is drawn here
in plain numpy; no world has its odd reps drawn as the model has them.
"""

import sys
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.checks.recovery.sbc import simulation_based_calibration
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.tables import make_table
from studies.page import markdown_table, write_page
from studies.trust_pieces import SMALL

type Floats = NDArray[np.float64]

TRIED = (0.0, 0.02, 0.05)
"""Shares of reps that are odd; of the first nobody is."""
MARGIN_ODDS = 1.25


@dataclass(frozen=True, slots=True)
class Kind:
    """Organisations of one kind."""

    name: str
    """What they are."""
    n_worlds: int
    """How many are drawn."""
    n_reps: int
    """Reps of each."""
    n_each: int
    """Judgments of each rep."""
    prob: tuple[float, ...]
    """Chance at each rank of a typical rep."""
    level: float
    """Standard deviation of the reps' levels, log-odds."""
    others: float
    """The same of slopes and, three quarters of it, of what is left."""
    far: float | None
    """Level of the first rep where it is far out."""


RANKS = (0.5, 0.3, 0.2, 0.1, 0.04)
KINDS = (
    Kind("one rank, 19 reps alike, one 1.6 below", 400, 20, 120, (0.25,), 0.15, 0.0, -1.6),
    Kind("five ranks, 19 reps alike, one 1.6 below", 200, 20, 120, RANKS, 0.15, 0.2, -1.6),
    Kind("40 reps that differ, one 1.2 below", 100, 40, 400, RANKS, 0.3, 0.2, -1.2),
    Kind("20 reps that differ, normal", 200, 20, 120, RANKS, 0.3, 0.2, None),
    Kind("20 reps that differ, 20 judgments each", 200, 20, 20, RANKS, 0.3, 0.2, None),
    Kind("40 reps all alike", 100, 40, 120, RANKS, 0.0, 0.0, None),
)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One organisation."""

    prob: Floats
    """True chance of each rep and rank."""
    n: NDArray[np.int64]
    """Judgments."""
    events: NDArray[np.int64]
    """Events among them."""


def draw(kind: Kind, rng: np.random.Generator) -> Drawn:
    """An organisation of a kind."""
    centre, n_ranks = np.log(np.array(kind.prob) / (1.0 - np.array(kind.prob))), len(kind.prob)
    level = kind.level * rng.standard_normal((kind.n_reps, 1))
    if kind.far is not None:
        level[0] = kind.far
    steps = np.linspace(1.4, -1.4, n_ranks) if n_ranks > 1 else np.zeros(1)
    eta = centre + level + kind.others * rng.standard_normal((kind.n_reps, 1)) * steps
    prob = 1.0 / (1.0 + np.exp(-(eta + 0.75 * kind.others * rng.standard_normal((kind.n_reps, n_ranks)))))
    shares = np.array([0.1, 0.2, 0.3, 0.25, 0.15]) if n_ranks > 1 else np.ones(1)
    n = rng.multinomial(kind.n_each, shares, size=kind.n_reps)
    return Drawn(prob, n, rng.binomial(n, prob))


def fit_of(world: Drawn, share: float, seed: int) -> RankFit:
    """The rank model with this share of odd reps on an organisation."""
    n_reps, n_ranks = world.n.shape
    ranks = list("ABCDE")[:n_ranks]
    frame = make_table(
        {
            "rep": np.repeat([f"rep {i:03d}" for i in range(n_reps)], n_ranks),
            "rank": np.tile(ranks, n_reps),
            "n": world.n.ravel(),
            "events": world.events.ravel(),
        }
    )
    scale = RankScale(ranks, {rank: Promise(0.2, within_days=90) for rank in ranks})
    model = RankModel(priors=replace(RankPriors(), odd_share=share))
    return model.fit(
        Judgments.from_counts(frame, scale=scale, within_days=90), seed=seed, engine="laplace", progress=False
    )


def measure(kind: Kind, share: float, *, seed: int) -> dict[str, float]:
    """Coverage of first rep, others and all such reps, widths, flags, and time, over the worlds of a kind."""
    rows = []
    for index in range(kind.n_worlds):
        world = draw(kind, np.random.default_rng([seed, index]))
        began = time.process_time()
        fit = fit_of(world, share, index)
        took = time.process_time() - began
        drawn, mix = fit.probability_draws(), world.n.sum(axis=0) / world.n.sum()
        held, _ = _held(drawn, world.prob)
        gap = (drawn.mean(axis=1, keepdims=True) - drawn) @ mix
        of_gap, width = _held(gap, (world.prob.mean(axis=0) - world.prob) @ mix)
        typical = float(drawn.mean(axis=(0, 1)) @ mix)
        beyond = typical * (1.0 - typical) * np.log(MARGIN_ODDS)
        told = np.maximum((gap > beyond).mean(axis=0), (gap < -beyond).mean(axis=0)) >= 0.95
        bad = fit.diagnostics.worst_block_k is not None and fit.diagnostics.worst_block_k > 0.7
        rows.append(
            (
                held[0].mean(),
                held[1:].mean(),
                of_gap[0],
                of_gap[1:].mean(),
                width[1:].mean(),
                *_population(fit, kind),
                told[1:].mean(),
                bad,
                took,
            )
        )
    return dict(zip(FIGURES, np.mean(rows, axis=0).tolist(), strict=True))


FIGURES = (
    "first rep",
    "other reps",
    "gap, first rep",
    "gap, other reps",
    "width of the others' gaps",
    "spread of all such reps",
    "spread over the true one",
    "others flagged",
    "block k above .7",
    "CPU seconds",
)


@cache
def _true_spread(kind: Kind) -> Floats:
    """Standard deviation of the chance at each rank over many reps of the kind."""
    many = draw(replace(kind, n_reps=100_000, far=None), np.random.default_rng(0))
    return np.asarray(many.prob.std(axis=0))


def _population(fit: RankFit, kind: Kind) -> tuple[float, float]:
    """How often the interval of the spread of all such reps holds the true one, and the estimate over that.

    The true one leaves out the rep far out.
    """
    many = _true_spread(kind)
    table = fit.spread()
    rows = table[(table["of"] == "population") & table["quantity"].str.startswith("probability at")]
    held = (rows["lower"].to_numpy() <= 100.0 * many) & (100.0 * many <= rows["upper"].to_numpy())
    ratio = (rows["estimate"].to_numpy() / (100.0 * many)).mean() if many.all() else np.nan
    return float(held.mean()), float(ratio)


def _held(draws: Floats, true: Floats) -> tuple[NDArray[np.bool_], Floats]:
    lower, upper = np.quantile(draws, [0.05, 0.95], axis=0)
    return (lower <= true) & (true <= upper), upper - lower


def calibrated(share: float, folder: Path) -> dict[str, object]:
    """Simulation-based calibration of the model with this share of odd reps, truth drawn from its own priors."""
    model = RankModel(priors=replace(RankPriors(), odd_share=share))
    cache = folder / f"odd_reps_sbc_{share:g}.npz"
    run = simulation_based_calibration(model, design=SMALL, n_worlds=1_000, seed=1, cache=cache)
    return {
        "share of odd reps": share,
        "worlds": run.n_worlds,
        "quantities": len(run.p_values),
        "smallest p": float(run.p_values.min()),
        "fails below": run.threshold,
        "failing": ", ".join(run.failing) or "none",
    }


def main() -> None:
    """Run everything and write the page; ranks of the calibration are kept in the folder given, or for this run."""
    with TemporaryDirectory() as own:
        ranked = [calibrated(share, Path(sys.argv[1] if sys.argv[1:] else own)) for share in (0.02, 0.3)]
    rows = [
        {"world": kind.name, "worlds": kind.n_worlds, "share of odd reps": share} | measure(kind, share, seed=1)
        for kind in KINDS
        for share in TRIED
    ]
    write_page(
        "odd_reps",
        "Are all reps of one kind?",
        "Engine `laplace`, made by `python -m studies.odd_reps`. 90 % intervals of each rep's chances and of the "
        "gap to all reps; the first rep is the one far out, where there is one. Spread: the "
        "standard deviation over all such reps, the one far out left aside.",
        markdown_table({name: [row[name] for row in rows] for name in rows[0]}),
        "A rep is flagged where the gap lies beyond the margin (1.25 times the odds) with a probability of .95.",
        "## Is the posterior right?",
        "Simulation-based calibration: eight reps with 9 to 60 judgments at three ranks, truth from the priors.",
        markdown_table({name: [row[name] for row in ranked] for name in ranked[0]}),
    )


if __name__ == "__main__":
    main()
