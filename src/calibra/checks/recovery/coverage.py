"""With data like yours, how often do the intervals hold the truth? Worlds from the priors, on a design of your own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.design import Design, Reps
from calibra.checks.recovery.rows import Row, answered, cluster_mean, count, run_worlds
from calibra.checks.recovery.sbc import Model, fit_world
from calibra.reading.checked import ALL_REPS_SUFFIX
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CoverageStudy:
    """How often the intervals held the truth, one entry per quantity."""

    __repr__ = brief

    model: str
    """Name of the model."""
    reps: str
    """`priors`; `identical`; `extreme`: the two reps put 2.5 standard deviations out, and only they count."""
    judgments_per_rep: float
    """Mean judgments of a rep."""
    n_reps: int
    """Reps per world."""
    quantities: tuple[str, ...]
    """What the intervals are of."""
    covered: Floats
    """Share of the intervals that held the truth."""
    standard_error: Floats
    """Its standard error, worlds as clusters."""
    interval_prob: float
    """Level of the intervals."""
    n_worlds: int
    """Worlds fitted."""
    n_without: int
    """Worlds left out: no answer from the engine, or nobody followed to the last edge."""

    @property
    def is_nominal(self) -> NDArray[np.bool_]:
        """Within two points or three standard errors of the level; promised of `priors` alone."""
        return np.abs(self.covered - self.interval_prob) <= np.fmax(0.02, 3.0 * self.standard_error)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per quantity."""
        n = len(self.quantities)
        return make_table(
            {
                "model": [self.model] * n,
                "reps": [self.reps] * n,
                "judgments_per_rep": [self.judgments_per_rep] * n,
                "quantity": list(self.quantities),
                "covered": self.covered,
                "standard_error": self.standard_error,
                "is_nominal": self.is_nominal,
                "n_reps": [self.n_reps] * n,
                "n_worlds": [self.n_worlds] * n,
            }
        )

    def __str__(self) -> str:
        """In words."""
        each = "; ".join(f"{name} {100.0 * c:.1f} %" for name, c in zip(self.quantities, self.covered, strict=True))
        return (
            f"{self.model}, {self.n_worlds} worlds of {self.n_reps} reps ({self.reps}) with {self.judgments_per_rep:g} "
            f"judgments each: intervals of level {self.interval_prob:.0%} hold the truth: {each}."
        )


def coverage_study(
    model: Model,
    *,
    design: Design,
    n_worlds: int,
    seed: int,
    reps: Reps = "priors",
    interval_prob: float = INTERVAL_PROB,
    cache: Path | None = None,
) -> CoverageStudy:
    """With data like yours, how often do the intervals hold the truth?

    Nominal is promised for truth drawn from the priors, on average over reps. Identical reps are covered more often,
    reps fixed far out less often: their estimates are drawn toward the others, the more so the fewer their judgments.

    Parameters
    ----------
    model : RankModel, LeadTimeModel or ThresholdModel
    design : Design
        Reps, ranks and numbers of judgments; `Design.of(judgments)` for your own.
    n_worlds, seed : int
        World i is drawn from (seed, i) and fitted by laplace, its data as a user's come (whole days).
    reps : {"priors", "identical", "extreme"}
        How reps differ.
    cache : Path, optional
        File to keep the worlds in; a run goes on where it stopped.
    """

    def one(index: int) -> Row:
        return _one_world(model, design, seed, index, reps, interval_prob)

    rows = run_worlds(one, n_worlds=n_worlds, cache=cache)
    return gather_coverage(type(model).__name__, design, reps, interval_prob, rows)


def _one_world(model: Model, design: Design, seed: int, index: int, reps: Reps, interval_prob: float) -> Row:
    rng = np.random.default_rng([seed, index])
    world = model.draw_world(design, rng, exact=False, reps=reps)
    posteriors = fit_world(world, seed=seed * 100_000 + index, sampler=None, draws=400)
    drawn, true = (fit.checked().intervals() for fit in (world.fitted(posteriors), world.true_fit(posteriors)))
    row: Row = {}
    for name, values in drawn.items():
        of_all = name.endswith(ALL_REPS_SUFFIX)
        if reps == "extreme" and of_all:
            continue
        _, lower, upper = equal_tailed(values, interval_prob=interval_prob)
        held = (lower <= true[name][0]) & (true[name][0] <= upper)
        row[name] = float(np.mean(held[:2] if reps == "extreme" else held))
    return row


def gather_coverage(model: str, design: Design, reps: str, interval_prob: float, rows: Sequence[Row]) -> CoverageStudy:
    """The study of rows kept."""
    known = answered(rows)
    found = {name: cluster_mean(known, name) for name in known[0]}
    return CoverageStudy(
        model,
        reps,
        float(design.n.sum(axis=1).mean()),
        len(design.n),
        tuple(found),
        np.array([mean for mean, _ in found.values()]),
        np.array([error for _, error in found.values()]),
        interval_prob,
        len(known),
        count(rows, "#failed") + count(rows, "#refused"),
    )
