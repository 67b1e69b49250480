"""Stated percentages where half of the judgments are young: are the curves still covered, and are the draws calibrated?

A part of `python -m studies.stated`. Two kinds of worlds: rows with days, counted by the library as a user's are, and
counts drawn from the model itself, young cells and pace of late included, for simulation-based calibration.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel
from calibra.chapters.stated.shape import shape_of
from calibra.checks.recovery.rows import Row
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import YoungCells, slowing_effect
from calibra.data.scale import RankScale
from calibra.inference.engines import sample_posterior
from studies.stated_worlds import (
    GRID,
    SIZES,
    cells_of,
    count_world,
    coverage_of,
    covers,
    draw_truth,
    linpred_of,
    logistic,
    places,
)

type Floats = NDArray[np.float64]

WITHIN_DAYS, HISTORY_DAYS = 90, 183
"""Horizon, and days of history: half of the judgments are younger than the horizon."""
MEDIAN_DAYS, SIGMA = 35.0, 0.8
"""Log-normal days of events, cut at the horizon: no model's of the library."""
STATED = np.array([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])
"""What is stated, each as often as the others, so that each is a knot of its own."""
AS_OF = pd.Timestamp("2026-09-30")


def young_world(seed: int, index: int) -> Row:
    """One world of rows: coverage by a fit that counts the young judgments, and by one that leaves them out."""
    rng = np.random.default_rng([seed, index, 2])
    sizes = np.repeat(SIZES, 3)
    n = count_world(rng, sizes, STATED)
    shape = shape_of(cells_of(n, 0 * n, STATED))
    truth = draw_truth(rng, shape, len(sizes))
    prob = logistic(linpred_of(truth, shape, STATED))[:-1]
    judgments = _judgments(rng, n, prob)
    curves = logistic(linpred_of(truth, shape, GRID))
    lines = [(truth[name] + truth[f"rep_{name}"])[:-1] for name in ("intercept", "slope")]
    row: Row = {}
    for name in ("count", "leave out"):
        model = StatedModel(within_days=WITHIN_DAYS, young=name)
        fit = model.fit(judgments, seed=seed * 100_000 + index, engine="laplace", draws=400, progress=False)
        found = coverage_of(fit, sizes, lines, curves[:-1])
        found["new rep"] = float(np.mean(covers(fit.new_rep_draws(GRID), curves[-1])))
        drawn = fit.curve_draws(GRID)
        found["width"] = float(np.mean(np.diff(np.quantile(drawn, [0.05, 0.95], axis=0), axis=0)))
        row |= {f"{name}: {what}": value for what, value in found.items()}
    return row


def _judgments(rng: np.random.Generator, n: NDArray[np.int64], prob: Floats) -> Judgments:
    """Rows of these counts, judged evenly over the history; of events that are still to come nothing is seen."""
    rep, place = (np.repeat(at.ravel(), n.ravel()) for at in np.indices(n.shape))
    age = rng.integers(0, HISTORY_DAYS, rep.size)
    days = _days(rng, rep.size)
    came = (rng.random(rep.size) < prob[rep, place]) & (days <= age)
    judged = AS_OF - pd.to_timedelta(age, unit="D")
    frame = pd.DataFrame({"prospect": np.arange(rep.size), "rank": "A", "judged_at": judged})
    frame["rep"] = [f"rep {i + 1}" for i in rep]
    frame["stated_prob"] = STATED[place]
    frame["event_at"] = (judged + pd.to_timedelta(days, unit="D")).where(came)
    columns = {str(name): str(name) for name in frame}
    return Judgments.from_frame(
        frame, scale=RankScale(["A"]), as_of=AS_OF.date(), horizons=[WITHIN_DAYS], columns=columns
    )


def _days(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Days of events within the horizon: what lies beyond is drawn anew."""
    days = np.full(n, WITHIN_DAYS + 1, dtype=np.int64)
    while (late := days > WITHIN_DAYS).any():
        days[late] = np.ceil(MEDIAN_DAYS * np.exp(SIGMA * rng.standard_normal(late.sum()))).astype(np.int64)
    return days


def young_prior_world(seed: int, index: int) -> Row:
    """One world of the model itself: where the truth stands among draws, young cells and pace of late included."""
    rng = np.random.default_rng([seed, index, 3])
    sizes = np.repeat(SIZES, 3)
    n, n_young = count_world(rng, sizes, STATED), count_world(rng, sizes, STATED)
    together = cells_of(n + n_young, 0 * n, STATED)
    shape = shape_of(together)
    truth = draw_truth(rng, shape, len(sizes))
    truth["tempo_change"] = np.atleast_1d(rng.normal(0.0, StatedModel().priors.tempo_change.sd))
    linpred = linpred_of(truth, shape, STATED)[:-1]
    events = rng.binomial(n, logistic(linpred))
    reached, slowing = rng.uniform(0.15, 0.95, n.shape), rng.uniform(-0.9, -0.3, len(STATED))
    effect = slowing_effect(slowing, n.sum(axis=0), events.sum(axis=0))
    so_far = reached * logistic(linpred + effect * truth["tempo_change"])
    young = YoungCells(n_young, rng.binomial(n_young, so_far), np.where(n_young > 0, reached, 1.0), slowing)
    cells = replace(cells_of(n, events, STATED), young=young)
    declaration = StatedModel().declare(cells, shape)
    seed_of_fit = seed * 100_000 + index
    posterior = sample_posterior(declaration, seed=seed_of_fit, engine="laplace", draws=400, progress=False)
    fit = StatedFit(cells, shape, declaration, posterior)
    row = coverage_of(
        fit,
        sizes,
        [(truth[name] + truth[f"rep_{name}"])[:-1] for name in ("intercept", "slope")],
        logistic(linpred_of(truth, shape, GRID))[:-1],
    )
    change = {"@pace of late": places_of_change(fit, truth, seed, index)}
    return row | places(fit, truth, np.random.default_rng([seed, index, 4])) | change


def places_of_change(fit: StatedFit, truth: dict[str, Floats], seed: int, index: int) -> float:
    """Place of the true pace of late among 99 draws."""
    from calibra.checks.recovery.sbc import place_of, thin

    draws = thin(fit.posterior["tempo_change"][:, 0])
    return place_of(float(truth["tempo_change"][0]), draws, np.random.default_rng([seed, index, 5]))
