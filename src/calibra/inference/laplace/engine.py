"""The `laplace` engine: nested Laplace with importance correction inside and out.

1. The likelihood made quadratic at typical outer parameters φ, each rep's block around its mode (see `linearise`): in
   closed form the scales' density, the coefficients given the scales, and the blocks given both (see `surrogate`).
2. From these come the proposals, scales first (see `outer`).
3. The target of their weights is the marginal corrected in every block: the log of the block's mean importance weight
   enters, so the outer Pareto k̂ sees the inner error (see `corrected`). Draws of all rounds count, weighted by the
   mixture of their proposals (deterministic mixture: Owen & Zhou 2000, doi:10.1080/01621459.2000.10473909).
4. Equally weighted draws: φ by systematic resampling of Pareto-smoothed weights, u_r | φ by importance resampling of
   fresh points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.blocks import Blocks
from calibra.inference.laplace.corrected import Corrected
from calibra.inference.laplace.linearise import linearise
from calibra.inference.laplace.outer import learn_offset, sample_outer
from calibra.inference.laplace.proposals import systematic_resample
from calibra.inference.laplace.surrogate import Surrogate
from calibra.inference.progress import Progress

type Floats = NDArray[np.float64]

_DRAWS_FOR_BLOCK_K, _DRAWS_FOR_SPREAD = 40, 16
_MANY_REPS = 200
"""From so many reps on what is missed of each adds up."""
_MOST_NOISE, _MOST_POINTS = 0.07, 16
"""How far off the target may be over a standard deviation of every scale; points of a block at which that is let be."""


@dataclass(frozen=True, slots=True, eq=False)
class LaplaceDraws:
    """What the engine found: equally weighted draws and how far to trust them."""

    phi: Floats
    """Outer draws, (draw, d), scales positive."""
    u: Floats
    """Block draws, (q, draw, rep)."""
    effective_sample: float
    """Effective number of outer draws behind the resampled ones."""
    outer_pareto_k: float
    """Pareto k̂ of the outer weights."""
    block_pareto_k: Floats
    """Pareto k̂ of the block weights of the most skewed reps, (rep,); NaN for the others."""


def sample_laplace(blocks: Blocks, *, seed: int, draws: int, progress: Progress) -> LaplaceDraws:
    """Draw from the posterior of a declaration by nested Laplace.

    Parameters
    ----------
    blocks
        The declaration as blocks.
    seed
        Same seed, same draws.
    draws
        How many equally weighted draws to return.
    """
    outer_seed, spread_seed, block_seed, check_seed = np.random.SeedSequence(seed).spawn(4)
    rng = np.random.default_rng(outer_seed)
    surrogate, mode, sd, typical = linearise(blocks)
    many_reps = blocks.n_reps > _MANY_REPS
    target = choose_target(surrogate, 8 if many_reps else 4, typical, sd, rng)
    if many_reps:
        learn_offset(target, mode, rng)
    found = sample_outer(target, mode, draws=draws, rng=rng, progress=progress)
    phi = rng.permutation(found.phi[systematic_resample(found.weights, draws, rng)])
    spread = target.spread(phi[: _DRAWS_FOR_SPREAD if surrogate.has_odd else 1], spread_seed)
    u = target.draw_blocks(phi, spread, block_seed)
    block_k = target.block_pareto_k(phi[:_DRAWS_FOR_BLOCK_K], spread, check_seed)
    return LaplaceDraws(phi, u, found.effective, found.pareto_k, block_k)


def choose_target(
    surrogate: Surrogate, fewest: int, typical: Floats, sd: Floats, rng: np.random.Generator
) -> Corrected:
    """The target with as few points a block as the data allow: twice as many, and again, while it is too noisy."""
    n_points = _MOST_POINTS if surrogate.few_reps else fewest
    target = Corrected(surrogate, n_points=n_points, rng=rng)
    farther = typical + np.concatenate([np.zeros(surrogate.p), sd])
    while n_points < _MOST_POINTS and not target.noise(np.stack([typical, farther])) <= _MOST_NOISE:  # or unknown
        n_points *= 2
        target = Corrected(surrogate, n_points=n_points, rng=rng)
    return target
