"""The target: log posterior of φ with every rep's block integrated out, by importance around the surrogate's blocks."""

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.batches import in_chunks
from calibra.inference.laplace.block_weights import block_weights, log_mean_exp, log_mean_of_pairs
from calibra.inference.laplace.blocks import log_prior
from calibra.inference.laplace.points import PointPool
from calibra.inference.laplace.surrogate import Surrogate
from calibra.inference.psis import smooth_weights

type Floats = NDArray[np.float64]

_REPS_FOR_BLOCK_K = 10
_POINTS_FOR_SPREAD, _POINTS_FOR_BLOCK_K = 32, 48
_CANDIDATES = ((0.75, 4), (1.5, 8), (np.inf, 16))  # of each block draw, by the largest spread; a normal block's is 0.3

_ODD_CANDIDATES = ((0.2, 4), (0.4, 16), (np.inf, 64))  # the same of a rep by what the spread of a normal leaves


class Corrected:
    """Log posterior of φ corrected by importance in every block, and draws of the blocks given φ.

    Parameters
    ----------
    surrogate
        Where the blocks are looked for.
    n_points
        Importance points of each block, 4 or more and even: the same for every φ, so that their noise is smooth in φ.
    rng
        Makes the points.
    """

    def __init__(self, surrogate: Surrogate, *, n_points: int, rng: np.random.Generator) -> None:
        self.surrogate, self.blocks, self.n_points = surrogate, surrogate.blocks, n_points
        self.pool = PointPool(rng, self.blocks.n_block, kinds=surrogate.has_odd)
        self.points, self.log_density = self.pool.pick_pairs(rng, (n_points, 1, self.blocks.n_reps))

    def log_posterior(self, phi: Floats) -> Floats:
        """Up to a constant, (n,); −inf where it cannot be computed. Scales must be positive."""

        def evaluate(chunk: Floats, _index: int) -> Floats:
            with np.errstate(over="ignore", invalid="ignore"):  # far out e^η overflows: −inf, or NaN
                proposals = self.surrogate.propose_blocks(chunk)
                _, log_weights = block_weights(self.blocks, proposals, self.points, self.log_density, mixed=False)
                return log_prior(self.blocks, chunk) + log_mean_of_pairs(log_weights).sum(axis=1)

        values = np.concatenate(in_chunks(evaluate, phi, self._elements(self.n_points)))
        return np.where(np.isfinite(values), values, -np.inf)

    def noise(self, phi: Floats) -> float:
        """Standard error of the change in the log posterior from one φ to another, (2, d), as pairs of points disagree.

        The points are the same for every φ: this much the target is off, smoothly, for good.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            proposals = self.surrogate.propose_blocks(phi)
            _, log_weights = block_weights(self.blocks, proposals, self.points, self.log_density, mixed=False)
        n = self.n_points // 2
        weights = np.exp(log_weights - log_mean_exp(log_weights))
        of_pairs = 0.5 * (weights[:n] + weights[n:])
        return float(np.sqrt((of_pairs[:, 1] - of_pairs[:, 0]).var(axis=0, ddof=1).sum() / n))

    def spread(self, phi: Floats, seed: np.random.SeedSequence) -> Floats:
        """How far each rep's block is from its proposal at some φ: the variation coefficient of its weights, (rep,)."""
        log_weights = self._log_weights(self.surrogate, phi, _POINTS_FOR_SPREAD, np.random.default_rng(seed))
        weights = np.exp(log_weights - log_mean_exp(log_weights))
        return np.asarray(np.sqrt(weights.var(axis=0).mean(axis=0)))

    @property
    def _normal_spread(self) -> float:
        """The same of a normal block, whatever the φ."""
        standard = self.pool.points[: self.blocks.n_block]
        weights = np.exp(-0.5 * (standard**2).sum(axis=0) - self.pool.log_density)
        return float(weights.std() / weights.mean())

    def draw_blocks(self, phi: Floats, spread: Floats, seed: np.random.SeedSequence) -> Floats:
        """One u_r | φ per row of φ and rep by importance resampling of fresh points; (q, draw, rep).

        The farther a block may be from its proposal (`spread`), the more points are resampled from: of normal reps all
        have as many as the farthest, where some may be odd each has its own number.
        """
        if not self.surrogate.has_odd:
            n_points = next(n for limit, n in _CANDIDATES if not spread.max() > limit)
            return self._resample(self.surrogate, phi, n_points, seed)
        u, above = np.empty((self.blocks.n_block, len(phi), self.blocks.n_reps)), -np.inf
        spread = np.sqrt(np.maximum((1.0 + spread**2) / (1.0 + self._normal_spread**2) - 1.0, 0.0))
        for (limit, n_points), own_seed in zip(_ODD_CANDIDATES, seed.spawn(len(_ODD_CANDIDATES)), strict=True):
            reps = np.flatnonzero(~(spread <= above) & ((spread <= limit) | (limit == np.inf)))
            if len(reps):
                u[:, :, reps] = self._resample(self.surrogate.take(reps), phi, n_points, own_seed)
            above = limit
        return u

    def _resample(self, surrogate: Surrogate, phi: Floats, n_points: int, seed: np.random.SeedSequence) -> Floats:
        """The same for the reps of a surrogate, from so many points each."""

        def draw(chunk: Floats, index: int) -> Floats:
            rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, index)))
            points, log_density = self.pool.pick(rng, (n_points, len(chunk), surrogate.blocks.n_reps))
            proposals = surrogate.propose_blocks(chunk, newton=surrogate.few_reps)
            with np.errstate(over="ignore", invalid="ignore"):
                candidates, log_weights = block_weights(surrogate.blocks, proposals, points, log_density)
            # Gumbel-max: the largest of log weight + Gumbel noise is a draw in proportion to the weights
            log_weights -= np.log(rng.standard_exponential(log_weights.shape))
            pick = np.argmax(np.where(np.isnan(log_weights), -np.inf, log_weights), axis=0)
            return np.take_along_axis(candidates, pick[None, None], axis=1)[:, 0]

        elements = surrogate.blocks.n_reps * max(self.blocks.n_cells, self.blocks.n_block) * n_points
        return np.concatenate(in_chunks(draw, phi, elements), axis=1)

    def block_pareto_k(self, phi: Floats, spread: Floats, seed: np.random.SeedSequence) -> Floats:
        """Pareto k̂ of the block weights of the reps of largest spread, pooled over φ; (rep,), NaN for the others."""
        rng = np.random.default_rng(seed)
        reps = np.sort(np.argsort(-spread)[:_REPS_FOR_BLOCK_K])
        log_weights = self._log_weights(self.surrogate.take(reps), phi, _POINTS_FOR_BLOCK_K, rng)
        log_weights -= log_mean_exp(log_weights)
        result = np.full(self.blocks.n_reps, np.nan)
        result[reps] = [smooth_weights(log_weights[:, :, i].ravel())[1] for i in range(len(reps))]
        return result

    def _log_weights(self, surrogate: Surrogate, phi: Floats, n_points: int, rng: np.random.Generator) -> Floats:
        """Of fresh points, (point, draw, rep)."""
        points, log_density = self.pool.pick(rng, (n_points, len(phi), surrogate.blocks.n_reps))
        with np.errstate(over="ignore", invalid="ignore"):
            log_weights = block_weights(surrogate.blocks, surrogate.propose_blocks(phi), points, log_density)[1]
        return np.where(np.isnan(log_weights), -np.inf, log_weights)

    def _elements(self, n_points: int) -> int:
        return self.blocks.n_reps * max(self.blocks.n_cells, self.blocks.n_block) * n_points
