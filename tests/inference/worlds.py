"""Small worlds of counts for the engines' tests, simulated here in plain numpy."""

from dataclasses import replace

import numpy as np

from calibra.inference.declare.cells import CellModel, Correlation, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial, Poisson
from calibra.inference.declare.priors import LKJ, HalfNormal, Normal, Pooled, RandomWalk

RANKS = ("A", "B", "C", "D", "E")
SCORES = np.array([1.4, 0.7, 0.0, -0.7, -1.4])
RESIDUALS = np.linalg.qr(np.concatenate([np.stack([np.ones(5), SCORES], 1), np.eye(5)], axis=1))[0][:, 2:5]


def binomial_world(n_reps: int, fewest: int, most: int, *, seed: int, spread=(0.5, 0.3, 0.2)) -> CellModel:
    """Rank counts of reps who differ in level, slope and residual; `fewest` to `most` judgments per rep and rank."""
    rng = np.random.default_rng(seed)
    size = rng.integers(fewest, most + 1, (n_reps, 5)).astype(float)
    eta = np.array([0.1, -0.6, -1.3, -2.0, -2.6]) + spread[0] * rng.standard_normal((n_reps, 1))
    eta = eta + spread[1] * rng.standard_normal((n_reps, 1)) * SCORES
    eta = eta + spread[2] * rng.standard_normal((n_reps, 3)) @ RESIDUALS.T
    events = rng.binomial(size.astype(int), 1.0 / (1.0 + np.exp(-eta))).astype(float)
    return rank_declaration(events, size)


def correlated_world(n_reps: int, fewest: int, most: int, *, seed: int) -> CellModel:
    """The same with a correlation of level and slope to be learned."""
    return replace(binomial_world(n_reps, fewest, most, seed=seed), correlation=Correlation("level", "slope", LKJ(2.0)))


def rank_declaration(events: np.ndarray, size: np.ndarray) -> CellModel:
    """Rank means, levels, slopes and residuals with the library's usual priors."""
    return CellModel(
        Binomial(), events, size, tuple(f"rep {i}" for i in range(len(events))),
        (PopulationTerm("rank_mean", "rank", RANKS, np.eye(5), Normal(-1.0, 1.5)),),
        (
            RepTerm("level", np.ones((5, 1)), HalfNormal(0.5)), RepTerm("slope", SCORES[:, None], HalfNormal(0.5)),
            RepTerm("residual", RESIDUALS, HalfNormal(0.3)),
        ),
    )  # fmt: skip


def lopsided_world() -> CellModel:
    """Twelve reps, from a handful of judgments per rank to some hundreds, ranks used very unevenly."""
    rng = np.random.default_rng(3)
    size = np.round(np.exp(rng.uniform(0.0, 5.5, (12, 5)))) * (rng.random((12, 5)) < 0.9)
    eta = np.array([0.1, -0.6, -1.3, -2.0, -2.6]) + 0.7 * rng.standard_normal((12, 1))
    return rank_declaration(rng.binomial(size.astype(int), 1.0 / (1.0 + np.exp(-eta))).astype(float), size)


def poisson_world(n_reps: int = 12, *, seed: int) -> CellModel:
    """Events on exposure in six intervals: a random walk, teams, a design of each rep's own, a level and a tempo."""
    rng = np.random.default_rng(seed)
    exposure = rng.uniform(20.0, 200.0, (n_reps, 6))
    walk = np.cumsum(np.concatenate([[-3.0], rng.normal(0.0, 0.3, 5)]))
    level, team = 0.3 * rng.standard_normal((n_reps, 1)), np.arange(n_reps) % 3
    rate = np.exp(walk + level + np.array([-0.2, 0.0, 0.3])[team][:, None])
    events = rng.poisson(rate * exposure).astype(float)
    teams = np.broadcast_to(np.eye(3)[team][:, None, :], (n_reps, 6, 3))
    tempo = np.linspace(-1.0, 1.0, 6)[:, None]
    walk_prior = RandomWalk(HalfNormal(0.5), (1, 1, 2, 1, 1), -3, 2)
    return CellModel(
        Poisson(), events, exposure, tuple(f"rep {i}" for i in range(n_reps)),
        (
            PopulationTerm("baseline", "interval", tuple("123456"), np.eye(6), walk_prior),
            PopulationTerm("team_level", "team", ("x", "y", "z"), teams, Pooled(HalfNormal(0.3))),
        ),
        (RepTerm("level", np.ones((6, 1)), HalfNormal(0.5)), RepTerm("tempo", tempo, HalfNormal(0.3))),
    )  # fmt: skip


def silent_world(n_reps: int, exposure: float, *, seed: int) -> CellModel:
    """No event at all in four intervals, on little exposure: far from where hazards are guessed, and skewed."""
    rng = np.random.default_rng(seed)
    size = exposure * rng.uniform(0.2, 1.0, (n_reps, 4))
    walk = RandomWalk(HalfNormal(0.5), (1, 1, 1), -6, 2)
    return CellModel(
        Poisson(), np.zeros((n_reps, 4)), size, tuple(f"rep {i}" for i in range(n_reps)),
        (PopulationTerm("baseline", "interval", tuple("1234"), np.eye(4), walk),),
        (RepTerm("level", np.ones((4, 1)), HalfNormal(0.5)),),
    )  # fmt: skip


def late_silence(n_reps: int = 20) -> CellModel:
    """Events in five intervals and none in a long last one, whose hazard has a long side."""
    rng = np.random.default_rng(1)
    rate, level = np.array([0.02, 0.03, 0.01, 0.02, 0.015, 0.0]), 0.2 * rng.standard_normal((n_reps, 1))
    size = np.tile(np.array([750.0, 625.0, 500.0, 375.0, 250.0, 100.0]), (n_reps, 1))
    walk = RandomWalk(HalfNormal(1.0), (1, 1, 1, 1, 4), -4, 2)
    return CellModel(
        Poisson(), rng.poisson(rate * size * np.exp(level)).astype(float), size,
        tuple(f"rep {i}" for i in range(n_reps)),
        (PopulationTerm("baseline", "interval", tuple("123456"), np.eye(6), walk),),
        (RepTerm("level", np.ones((6, 1)), HalfNormal(0.5)),),
    )  # fmt: skip
