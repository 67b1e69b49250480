"""Worlds drawn from the priors of the rank model: binomial counts of reps and ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.design import NO_DRAWS, Design, Floats, Ints, Reps, World, place_reps, refuse_groups
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.population import CORRELATION
from calibra.inference.declare.odd_reps import odd_reps
from calibra.reading.cells import pack_cells, residual_basis

if TYPE_CHECKING:
    from calibra.chapters.ranks.model import RankModel


def draw_rank_truth(model: RankModel, design: Design, rng: np.random.Generator) -> dict[str, Floats]:
    """Rank means, scales and deviations of a rank model."""
    priors, (n_reps, n_ranks) = model.priors, design.n.shape
    truth: dict[str, Floats] = {
        "rank_mean": np.asarray(rng.normal(priors.rank_mean.mean, priors.rank_mean.sd, n_ranks))
    }
    for name, prior, width in (
        ("level", priors.level, 1),
        ("slope", priors.slope, int(n_ranks > 1)),
        ("residual", priors.residual, n_ranks - 2),
    ):
        if width > 0:
            scale: Floats = np.array(float(prior.sample(rng)), dtype=np.float64)
            own = scale * rng.standard_normal((n_reps, width))
            truth |= {f"{name}_scale": scale, name: own[:, 0] if width == 1 else own}
    if n_ranks > 1:
        rho: Floats = np.asarray(priors.correlation.sample(rng))
        given_level = rho * truth["slope_scale"] / truth["level_scale"] * truth["level"]
        truth |= {CORRELATION: rho, "slope": given_level + np.sqrt(1.0 - rho**2) * truth["slope"]}
    terms = ("level", "slope")[: min(n_ranks, 2)]
    odd = odd_reps(terms, (priors.odd_level, priors.odd_slope), priors.odd_share, n_reps)
    if odd is not None:
        for name, added in zip(terms, odd.sample(rng, (n_reps,)).T, strict=True):
            truth[name] = truth[name] + added
    return truth


def rank_probabilities(truth: Mapping[str, Floats], scores: Floats) -> Floats:
    """P(event), (rep, rank), from the terms."""
    eta = truth["rank_mean"] + truth["level"][:, None]
    if "slope" in truth:
        eta = eta + truth["slope"][:, None] * scores
    if "residual" in truth:
        residual = truth["residual"].reshape(len(eta), -1)
        eta = eta + residual @ residual_basis(scores).T
    return np.asarray(1.0 / (1.0 + np.exp(-eta)))


def rank_frame(model: RankModel, design: Design, events: Ints) -> RankFit:
    """A rank fit of these counts that waits for its draws."""
    cells, packed = design.cells(design.n, events), pack_cells(design.n > 0, ())
    scores = design.scale.scores(design.n.sum(axis=0).astype(float))
    declaration = model.declare(cells, packed, scores)
    return RankFit(design.scale, (), None, cells, packed, scores, declaration, NO_DRAWS)


def draw_rank_world(model: RankModel, design: Design, rng: np.random.Generator, *, reps: Reps = "priors") -> World:
    """An organisation drawn from the priors of a rank model."""
    refuse_groups(model.adjust_for + ((model.team,) if model.team else ()))
    truth = place_reps(draw_rank_truth(model, design, rng), reps)
    scores = design.scale.scores(design.n.sum(axis=0).astype(float)).values
    frame = rank_frame(model, design, rng.binomial(design.n, rank_probabilities(truth, scores)))
    return World({"event": truth}, frame, frame)
