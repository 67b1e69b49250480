"""Reps who state a percentage, with a generator of the tests' own: no part of the library draws these outcomes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel, StatedPriors
from calibra.chapters.stated.shape import shape_of
from calibra.data.counting.stated import StatedCells
from calibra.inference.declare.priors import LKJ, HalfNormal, Normal
from calibra.inference.engines import Engine, sample_posterior

type Floats = NDArray[np.float64]

STATED = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
LOG_ODDS = np.log(STATED / (1.0 - STATED))
WEAK = StatedPriors(
    intercept=Normal(0.0, 10.0),
    slope=Normal(0.0, 10.0),
    rep_intercept=HalfNormal(5.0),
    rep_slope=HalfNormal(5.0),
    correlation=LKJ(1.0),
)
"""Priors that leave nearly everything to the counts, as maximum likelihood does."""


def logistic(linpred: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-linpred)))


def cells_of(n: NDArray[np.int64], events: NDArray[np.int64], stated: Floats = STATED) -> StatedCells:
    """Counts of reps called r0, r1, … at these stated probabilities."""
    rows = np.broadcast_to(stated, n.shape).copy()
    log_odds = np.log(rows / (1.0 - rows))
    reps = tuple(f"r{i}" for i in range(len(n)))
    return StatedCells(reps, n, events, rows, log_odds, 90, date(2026, 6, 30), 0, 0)


def fit_cells(
    cells: StatedCells, model: StatedModel | None = None, *, engine: Engine = "laplace", draws: int = 1000
) -> StatedFit:
    """The model fitted to counts."""
    shape = shape_of(cells)
    declaration = (model or StatedModel()).declare(cells, shape)
    posterior = sample_posterior(declaration, seed=1, engine=engine, draws=draws, progress=False)
    return StatedFit(cells, shape, declaration, posterior)


def counted(rng: np.random.Generator, prob: Floats, per_rep: Floats | int) -> StatedCells:
    """Outcomes of statements spread evenly over the stated probabilities, P(event) given per rep and probability."""
    sizes = np.broadcast_to(per_rep, len(prob))
    n = np.array([rng.multinomial(size, np.full(len(STATED), 1.0 / len(STATED))) for size in sizes])
    return cells_of(n, rng.binomial(n, prob))


def team(seed: int = 3, n: int = 4000) -> pd.DataFrame:
    """Eight reps: 0 states too high, 1 too low, 2 too extreme, 3 too timid, the others as it comes."""
    rng = np.random.default_rng(seed)
    rep, stated = rng.integers(0, 8, n), rng.choice([0.1, 0.2, 0.3, 0.5, 0.7, 0.9], n)
    intercept = np.array([-0.9, 0.8, 0, 0, 0, 0, 0, 0])[rep]
    slope = np.array([1, 1, 0.45, 1.8, 1, 1, 1, 1])[rep]
    prob = logistic(intercept + slope * np.log(stated / (1.0 - stated)))
    age, days = rng.integers(0, 500, n), rng.integers(1, 88, n)
    came = (rng.random(n) < prob) & (days <= age)
    as_of = pd.Timestamp("2026-06-30")
    frame = pd.DataFrame({"prospect": range(n), "rep": [f"rep {i}" for i in rep]})
    frame["rank"] = np.where(stated > 0.4, "A", "B")
    frame["judged_at"] = as_of - pd.to_timedelta(age, unit="D")
    frame["event_at"] = (frame["judged_at"] + pd.to_timedelta(days, unit="D")).where(came)
    frame["stated_prob"] = np.where(rng.random(n) < 0.02, None, [f"{100 * share:.0f}%" for share in stated])
    return frame
