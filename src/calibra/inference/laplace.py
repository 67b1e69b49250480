"""The `laplace` engine: nested Laplace with importance correction inside and out.

1. The mode of the outer parameters φ, each rep's block integrated out by Laplace, with the exact gradient.
2. A split t there; where it falls short, draws that follow the funnel (see `outer`). All rounds count, weighted by
the mixture of
   their proposals (deterministic mixture: Owen & Zhou 2000, doi:10.1080/01621459.2000.10473909).
3. The target of these weights is the marginal corrected in every block: the log of the block's mean importance weight
enters,
   so the outer Pareto k̂ sees the inner error.
4. Equally weighted draws: φ by systematic resampling of Pareto-smoothed weights, u_r | φ by importance resampling of
fresh
   points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.inference.blocks import ROUGHLY_SETTLED, Blocks, block_weights, find_modes, log_mean_exp
from calibra.inference.marginal import Marginal, in_chunks
from calibra.inference.outer import sample_outer
from calibra.inference.progress import Progress
from calibra.inference.proposals import systematic_resample
from calibra.inference.psis import smooth_weights

type Floats = NDArray[np.float64]

_REPS_FOR_BLOCK_K = 10
_POINT_BUDGET = 160
_FEWEST_POINTS, _MOST_POINTS, _FEWEST_TO_DRAW_FROM = 4, 64, 8
_POINTS_FOR_BLOCK_K = 128


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
        Same seed, same draws, whatever the number of threads.
    draws
        How many equally weighted draws to return.
    """
    outer_seed, block_seed, check_seed = np.random.SeedSequence(seed).spawn(3)
    rng = np.random.default_rng(outer_seed)
    # errors of the blocks' corrections average out over reps: many reps need few points each
    n_points = int(np.clip(2 * (_POINT_BUDGET // (2 * blocks.n_reps)), _FEWEST_POINTS, _MOST_POINTS))
    marginal = Marginal(blocks, n_points=n_points, rng=rng)
    found = sample_outer(marginal, draws=draws, rng=rng, progress=progress)
    chosen = found.phi[systematic_resample(found.weights, draws, rng)]
    u = _draw_blocks(marginal, chosen, block_seed)
    shuffle = rng.permutation(draws)
    block_k = _block_pareto_k(marginal, chosen[shuffle[:20]], check_seed)
    return LaplaceDraws(chosen[shuffle], u[:, shuffle], found.effective, found.pareto_k, block_k)


def _draw_blocks(marginal: Marginal, phi: Floats, seed: np.random.SeedSequence) -> Floats:
    """One u_r | φ per outer draw and rep by importance resampling of fresh points; (q, draw, rep).

    Equal φ must stand together.
    """
    blocks = marginal.blocks
    seeds = seed.spawn(len(phi))
    n_points = max(marginal.n_points, _FEWEST_TO_DRAW_FROM)

    def draw(chunk: Floats, index: int) -> Floats:
        rng = np.random.default_rng(seeds[index])
        first = np.r_[True, np.any(chunk[1:] != chunk[:-1], axis=1)]
        modes = find_modes(blocks, chunk[first], marginal.likely_modes(chunk[first]), settled=ROUGHLY_SETTLED).take(
            np.cumsum(first) - 1
        )
        points, log_density = marginal.pool.pick(rng, (n_points, len(chunk), blocks.n_reps))
        candidates, log_weights = block_weights(blocks, modes, points, log_density)
        # Gumbel-max: the largest of log weight + Gumbel noise is a draw in proportion to the weights
        log_weights -= np.log(rng.standard_exponential(log_weights.shape))
        pick = np.argmax(log_weights, axis=0)
        return np.take_along_axis(candidates, pick[None, None], axis=1)[:, 0]

    each = blocks.n_reps * max(blocks.n_cells, blocks.n_block) * n_points
    return np.concatenate(in_chunks(draw, phi, each), axis=1)


def _block_pareto_k(marginal: Marginal, phi: Floats, seed: np.random.SeedSequence) -> Floats:
    """Pareto k̂ of the block weights of the most skewed reps, pooled over a few φ; NaN for the others."""
    blocks, rng = marginal.blocks, np.random.default_rng(seed)
    result = np.full(blocks.n_reps, np.nan)
    reps = np.arange(blocks.n_reps)
    if blocks.n_reps > _REPS_FOR_BLOCK_K:
        modes = find_modes(blocks, phi[:1], marginal.modes_at)
        points, log_density = marginal.pool.pick(rng, (32, 1, blocks.n_reps))
        _, log_weights = block_weights(blocks, modes, points, log_density)
        reps = np.sort(np.argsort(-log_weights[:, 0].std(axis=0))[:_REPS_FOR_BLOCK_K])
        blocks = blocks.take(reps)
    modes = find_modes(
        blocks, phi, marginal.modes_at[:, :, reps] if marginal.modes_at.shape[2] > 1 else marginal.modes_at
    )
    points, log_density = marginal.pool.pick(rng, (_POINTS_FOR_BLOCK_K, len(phi), len(reps)))
    _, log_weights = block_weights(blocks, modes, points, log_density)
    log_weights -= log_mean_exp(log_weights)
    result[reps] = [smooth_weights(log_weights[:, :, i].ravel())[1] for i in range(len(reps))]
    return result
