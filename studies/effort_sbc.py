"""Is the truth an ordinary draw of what is read of contacts? Simulation-based calibration of the model.

A part of `python -m studies.effort`. Everything the model learns is drawn from its priors, then prospects contact by
contact, in plain numpy; each is seen up to a contact of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.effort.cells import EffortCells
from calibra.chapters.effort.fit import EffortFit
from calibra.chapters.effort.model import EffortModel
from calibra.checks.recovery.rows import Row
from calibra.checks.recovery.sbc import gather, place_of, thin
from calibra.data.counting.contacts import ContactCounts
from calibra.inference.declare.cells import CellModel, PopulationTerm
from calibra.inference.declare.priors import Normal, RandomWalk
from calibra.inference.engines import sample_posterior
from studies.page import markdown_table

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

SIZES = np.repeat([20, 60, 120], 3)
"""Prospects of a rep."""
N_RANKS, LAST = 3, 6
EVENT, EXIT, OPEN = 1, 2, 3


def prior_world(index: int, *, seed: int = 1) -> Row:
    """One world from the priors: where the truth stands among 99 draws."""
    rng = np.random.default_rng([seed, index])
    rep = np.repeat(np.arange(len(SIZES)), SIZES)
    rank = np.concatenate([np.arange(size) % N_RANKS for size in SIZES])
    template = cells_of(rep, rank, np.full(rep.size, LAST), np.arange(rep.size) % 3 + 1)
    truth = {cause: draw_truth(declared, rng) for cause, declared in EffortModel().declare(template).items()}
    shape = (len(SIZES), N_RANKS, LAST)
    chance = {cause: 1.0 / (1.0 + np.exp(-odds.reshape(shape))) for cause, (_, odds) in truth.items()}
    cells = cells_of(rep, rank, *draw_endings(rng, chance["event"][rep, rank], chance["stop"][rep, rank]))
    declared = EffortModel().declare(cells)
    if "stop" not in declared:
        return {"#refused": 1.0}
    posteriors = {
        cause: sample_posterior(model, seed=seed * 100_000 + 2 * index + i, engine="laplace", draws=400, progress=False)
        for i, (cause, model) in enumerate(declared.items())
    }
    one = {
        cause: replace(
            found,
            draws={name: np.asarray(truth[cause][0][name])[None] for name in found.draws},
            diagnostics=replace(found.diagnostics, n_draws=1),
        )
        for cause, found in posteriors.items()
    }
    drawn, true = (EffortFit(cells, declared, draws).checked().ranked() for draws in (posteriors, one))
    ties = np.random.default_rng([seed, index, 1])
    places = {name: place_of(float(true[name][0]), thin(values), ties) for name, values in drawn.items()}
    return places | {"#doubted": float(any(found.diagnostics.problems for found in posteriors.values()))}


def cells_of(rep: Ints, rank: Ints, contacts: Ints, ending: Ints) -> EffortCells:
    """The cells of rows, at one class a contact whatever was seen."""
    rows, n = np.unique(np.stack([rep, rank, contacts, ending]), axis=1, return_counts=True)
    names, ranks = tuple(f"rep {i + 1}" for i in range(len(SIZES))), tuple("ABC")
    counts = ContactCounts(names, ranks, rows[0], rows[1], rows[2], rows[3], n, 0, date(2026, 6, 30))
    return EffortCells(counts, counts.at_contacts(range(1, LAST + 1)), np.arange(N_RANKS))


def draw_truth(declaration: CellModel, rng: np.random.Generator) -> tuple[dict[str, Floats], Floats]:
    """Everything a part of the model learns, from its priors, and the log-odds of its cells, (rep, cell)."""
    truth: dict[str, Floats] = {}
    linpred = np.zeros(declaration.events.shape)
    for term in declaration.population:
        truth |= draw_term(term, rng)
        linpred += term.design @ truth[term.name]
    for own in declaration.rep_terms:
        scale = float(own.scale.sample(rng))
        deviation = scale * rng.standard_normal(declaration.n_reps)
        truth |= {own.scale_name: np.asarray(scale), own.name: deviation}
        linpred += own.design[..., 0] * deviation[:, None]
    return truth, linpred


def draw_term(term: PopulationTerm, rng: np.random.Generator) -> dict[str, Floats]:
    """The coefficients of a term, and its learned scale."""
    prior = term.prior
    if isinstance(prior, Normal):
        return {term.name: rng.normal(prior.mean, prior.sd, len(term.labels))}
    if not isinstance(prior, RandomWalk):
        raise TypeError(f"no prior of {term.name} is drawn here")
    scale = float(prior.scale.sample(rng))
    steps = scale * np.sqrt(prior.step_widths) * rng.standard_normal(len(prior.step_widths))
    walk = rng.normal(prior.mean, prior.sd) + np.concatenate([[0.0], steps.cumsum()])
    return {f"{term.name}_scale": np.asarray(scale), term.name: walk}


def draw_endings(rng: np.random.Generator, event: Floats, stop: Floats) -> tuple[Ints, Ints]:
    """Contacts and ending of each row; each is seen up to a contact of its own, all of them equally likely."""
    n = len(event)
    seen = rng.integers(1, LAST + 1, n)
    contacts, ending = np.zeros(n, dtype=np.int64), np.full(n, OPEN)
    for contact in range(LAST):
        going = (ending == OPEN) & (contact < seen)
        contacts += going
        came = going & (rng.random(n) < event[:, contact])
        # An open prospect is undecided at the last contact it was seen at.
        stopped = going & ~came & (contact + 1 < seen) & (rng.random(n) < stop[:, contact])
        ending[came], ending[stopped] = EVENT, EXIT
    return contacts, ending


def sbc_part(rows: Sequence[Mapping[str, float]], *, seed: int = 1) -> str:
    """The table of all worlds."""
    run = gather("EffortModel", "laplace", [dict(row) for row in rows], seed)
    return markdown_table({str(name): list(run.table[name]) for name in run.table}) + f"\n\n{run}"
