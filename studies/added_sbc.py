"""Is the truth an ordinary draw of what is read beside a machine's score? Simulation-based calibration of each reading.

A part of `python -m studies.added`. Who judged, ranked and stated what is drawn first; then everything that a reading
learns, from its priors, and the outcomes, in plain numpy by the definitions of docs/theory/added.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, BOTH, RANK, STATED, layout_of
from calibra.chapters.added.model import AddedModel
from calibra.checks.recovery.rows import Row
from calibra.checks.recovery.sbc import gather, place_of, thin
from calibra.data.counting.signal_cells import SignalCells, lay_out
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.priors import Normal, Pooled
from calibra.inference.engines import sample_posterior
from calibra.inference.posterior import Posterior
from studies.page import markdown_table

type Floats = NDArray[np.float64]

READINGS = (BASE, RANK, STATED, BOTH)
SIZES = np.repeat([20, 60, 200], 3)
"""Judgments of a rep."""
SCORES = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
STATEMENTS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


def prior_world(reading: str, seed: int, index: int) -> Row:
    """One world drawn from the priors of a reading: where the truth stands among 99 draws."""
    rng = np.random.default_rng([seed, READINGS.index(reading), index])
    cells = _cells(rng)
    layout = layout_of(cells)
    truth, linpred = draw_truth(AddedModel().declare(cells, layout)[reading], rng)
    cells = replace(cells, events=rng.binomial(cells.n, 1.0 / (1.0 + np.exp(-linpred))))
    declared = AddedModel().declare(cells, layout)
    seed_of_fit = seed * 100_000 + index
    posterior = sample_posterior(declared[reading], seed=seed_of_fit, engine="laplace", draws=400, progress=False)
    one = replace(posterior, draws={name: np.asarray(truth[name])[None] for name in posterior.draws})
    drawn, true = (_ranked(AddedFit(cells, layout, declared, {reading: found}), reading) for found in (posterior, one))
    ties = np.random.default_rng([seed, READINGS.index(reading), index, 1])
    places = {f"@{name}": place_of(float(true[name][0]), thin(values), ties) for name, values in drawn.items()}
    return places | {"#doubted": float(bool(posterior.diagnostics.problems))}


def _cells(rng: np.random.Generator) -> SignalCells:
    """Who ranked and stated what at which score; what a rep sees goes with the score."""
    rep = np.repeat(np.arange(len(SIZES)), SIZES)
    score = rng.integers(0, len(SCORES), rep.size)
    seen = score / len(SCORES) + 0.4 * rng.standard_normal(rep.size)
    rank = np.searchsorted([0.1, 0.4, 0.7, 1.0], -seen + 1.0)
    stated = np.searchsorted([0.0, 0.3, 0.6, 0.9], seen + 0.3 * rng.standard_normal(rep.size))
    bins = {MACHINE_PROB: score, STATED_PROB: stated}
    means = {MACHINE_PROB: SCORES[score], STATED_PROB: STATEMENTS[stated]}
    one = np.ones(rep.size, dtype=np.int64)
    laid = lay_out((len(SIZES), 5), rep, rank.astype(np.int64), bins, means, one, 0 * one)
    reps = tuple(f"rep {i + 1}" for i in range(len(SIZES)))
    return SignalCells(reps, tuple("ABCDE"), 90, date(2026, 6, 30), *laid, n_left_out=0)


def draw_truth(declaration: CellModel, rng: np.random.Generator) -> tuple[dict[str, Floats], Floats]:
    """Everything a reading learns, from its priors, and the log-odds of its cells, (rep, cell)."""
    truth: dict[str, Floats] = {}
    linpred = np.zeros(declaration.events.shape)
    for term in declaration.population:
        prior, size = term.prior, len(term.labels)
        if isinstance(prior, Normal):
            truth[term.name] = rng.normal(prior.mean, prior.sd, size)
        elif isinstance(prior, Pooled):
            scale = float(prior.scale.sample(rng))
            truth |= {f"{term.name}_scale": np.asarray(scale), term.name: scale * rng.standard_normal(size)}
        linpred += term.design @ truth[term.name]
    for own in declaration.rep_terms:
        scale = float(own.scale.sample(rng))
        deviation = scale * rng.standard_normal(declaration.n_reps)
        truth |= {own.scale_name: np.asarray(scale), own.name: deviation}
        linpred += own.design[..., 0] * deviation[:, None]
    return truth, linpred


def _ranked(fit: AddedFit, reading: str) -> dict[str, Floats]:
    """What is ranked: the first of each term, each scale, what users read, and the log-likelihood."""
    posterior, declaration = fit.posteriors[reading], fit.declarations[reading]
    found = {name: draws.reshape(len(draws), -1)[:, 0] for name, draws in posterior.draws.items()}
    if reading in (RANK, STATED):
        contrast = fit.contrast_draws(reading)
        found |= {"log-odds from poor to good": contrast[:, 0], "the same, first rep": contrast[:, 1]}
        score = fit.level_draws(reading, 0.0 if reading == RANK else 0.7, 0.3)
        found["P(event) of a good judgment at a score of 30 %"] = score[:, 0]
    found["log-likelihood"] = _log_likelihood(declaration, posterior)
    return found


def _log_likelihood(declaration: CellModel, posterior: Posterior) -> Floats:
    linpred = np.zeros((posterior.n_draws, *declaration.events.shape))
    for term in declaration.population:
        linpred += np.einsum("sp,rcp->src", posterior.draws[term.name], term.design)
    for own in declaration.rep_terms:
        linpred += posterior.draws[own.name][:, :, None] * own.design[..., 0]
    misses = declaration.size - declaration.events
    each = -declaration.events * np.logaddexp(0.0, -linpred) - misses * np.logaddexp(0.0, linpred)
    return np.asarray(each.sum(axis=(1, 2)))


def sbc_parts(studies: Mapping[str, Sequence[Row]], *, seed: int = 1) -> tuple[str, ...]:
    """A table for each reading."""
    parts = []
    for reading, rows in studies.items():
        places = [{name.removeprefix("@"): value for name, value in row.items()} for row in rows]
        run = gather(f"AddedModel, reading {reading}", "laplace", places, seed)
        parts.append(markdown_table({str(name): list(run.table[name]) for name in run.table}) + f"\n\n{run}")
    return tuple(parts)
