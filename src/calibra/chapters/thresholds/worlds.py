"""Worlds drawn from the priors of the threshold model: an outcome, a signal, a rank for every judgment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.design import NO_DRAWS, Design, Floats, Ints, Reps, World, place_reps
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.inference.declare.detection import DetectionModel
from calibra.stats.detection.likelihood import cutpoints_of

if TYPE_CHECKING:
    from calibra.chapters.thresholds.model import ThresholdModel


@dataclass(frozen=True, slots=True, eq=False)
class DeclaredShift(DetectionModel):
    """A detection model whose shift has a direction declared before the counts are seen."""

    direction: Floats
    """The block basis, (K + 1, K + 1)."""

    @property
    def block_basis(self) -> Floats:
        """The basis declared."""
        return self.direction


def declare_shift(model: DetectionModel, shares: Floats) -> DeclaredShift:
    """The same model with the shift's direction at these rank shares."""
    at_shares = replace(model, n=np.tile(np.rint(1e6 * shares), (model.n_reps, 1)), events=np.zeros_like(model.n))
    fields = {name: getattr(model, name) for name in DetectionModel.__dataclass_fields__}
    return DeclaredShift(**fields, direction=at_shares.block_basis)


def signal_counts(
    rng: np.random.Generator, n_each: Ints, base_rate: Floats, discrimination: Floats, cutpoints: Floats
) -> tuple[Ints, Ints]:
    """Judgments and events, (rep, rank), from the definition: outcome, then signal, then rank."""
    n_reps, n_ranks = cutpoints.shape[0], cutpoints.shape[1] + 1
    n, events = np.zeros((n_reps, n_ranks), dtype=np.int64), np.zeros((n_reps, n_ranks), dtype=np.int64)
    for r, size in enumerate(n_each):
        outcome = rng.random(size) < base_rate[r]
        signal = rng.standard_normal(size) + outcome * discrimination[r]
        rank = (signal[:, None] <= cutpoints[r]).sum(axis=1)
        n[r], events[r] = np.bincount(rank, minlength=n_ranks), np.bincount(rank[outcome], minlength=n_ranks)
    return n, events


def threshold_frame(model: ThresholdModel, design: Design, n: Ints, events: Ints) -> ThresholdFit:
    """A threshold fit of these counts that waits for its draws."""
    cells = design.cells(n, events)
    return ThresholdFit(cells, design.scale, None, model.declare(cells), NO_DRAWS)


def draw_threshold_world(
    model: ThresholdModel, design: Design, rng: np.random.Generator, *, exact: bool = True, reps: Reps = "priors"
) -> World:
    """An organisation drawn from the priors of a threshold model; `exact`: the shift's direction is declared."""
    n_reps, n_ranks = design.n.shape
    nothing = threshold_frame(model, design, design.n, np.zeros_like(design.n))
    mean, sd = nothing.declaration.mean_prior
    population = rng.normal(mean, sd)
    scales = {name: np.asarray(float(p.sample(rng))) for name, p in nothing.declaration.scale_priors.items()}
    spread = np.array(list(scales.values()))[nothing.declaration.scale_of_column]
    deviation = spread * rng.standard_normal((n_reps, n_ranks + 1))
    shares = np.full(n_ranks, 1.0 / n_ranks) if exact else _nominal_shares(population)
    truth = place_reps({"population": population, "deviation": deviation, **scales}, reps)
    deviation = truth["deviation"]
    declared = declare_shift(nothing.declaration, shares)
    params = declared.rep_params(population[None], deviation[None])[0]
    base_rate = 1.0 / (1.0 + np.exp(-params[:, 0]))
    n, events = signal_counts(rng, design.n.sum(axis=1), base_rate, params[:, 1], cutpoints_of(params))
    frame = threshold_frame(model, design, n, events)
    known = replace(frame, declaration=declare_shift(frame.declaration, shares))
    return World({"event": truth}, known if exact else frame, known)


def _nominal_shares(population: Floats) -> Floats:
    """Nominal rank shares of a typical rep: the softmax of its log-ratios (Helmert contrasts)."""
    n_ranks = len(population) - 1
    log_share = np.zeros(n_ranks)
    for column, value in enumerate(population[2:]):
        unit = np.array([1.0] * (column + 1) + [-(column + 1.0)] + [0.0] * (n_ranks - column - 2))
        log_share += value * unit / np.linalg.norm(unit)
    share = np.maximum(np.exp(log_share - log_share.max()), 1e-6)
    return np.asarray(share / share.sum())
