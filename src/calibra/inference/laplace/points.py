"""Points at which blocks are looked for: standard multivariate t, laid out by the proposal of each block."""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

BLOCK_TAIL_DF = 8.0
"""Degrees of freedom of the t proposal of a block: heavier than any block's posterior, whose prior is Gaussian."""


def log_standard_t(points: Floats) -> Floats:
    """Log density up to a constant of standard multivariate t points (q, …)."""
    return np.asarray(-0.5 * (BLOCK_TAIL_DF + len(points)) * np.log1p((points**2).sum(axis=0) / BLOCK_TAIL_DF))


class PointPool:
    """Standard multivariate t points for the blocks' proposals: made once, picked at random.

    Of each point the pool holds the opposite as well: its mean would else be off zero, the same way for every rep.

    Parameters
    ----------
    n_block
        Dimension q of a block.
    kinds
        Whether a point has one more coordinate, even on (0, 1), which picks a kind of rep; of the opposite it is the
        same.
    size
        Number of points in the pool.
    """

    def __init__(self, rng: np.random.Generator, n_block: int, *, kinds: bool = False, size: int = 1 << 13) -> None:
        radius = np.sqrt(BLOCK_TAIL_DF / (2.0 * rng.standard_gamma(BLOCK_TAIL_DF / 2.0, size // 2)))
        half = rng.standard_normal((n_block, size // 2)) * radius
        self.points = np.concatenate([half, -half], axis=1)
        self.log_density = log_standard_t(self.points)
        self.n_block, self._opposite = n_block, -np.ones(n_block + kinds)
        if kinds:
            self._opposite[-1] = 1.0
            self.points = np.concatenate([self.points, rng.random((1, size))])

    def pick(self, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Points (q, *shape) and their log-densities `shape`."""
        index = rng.integers(0, self.points.shape[1], shape)
        return np.take(self.points, index, axis=1), self.log_density[index]

    def pick_pairs(self, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """The same in antithetic pairs, for means; the first axis of `shape` is even and holds them."""
        half = shape[0] // 2
        points, log_density = self.pick(rng, (half, *shape[1:]))
        if len(points) > self.n_block:  # kinds are stratified
            points[-1] = (np.arange(half).reshape(-1, *[1] * len(shape[1:])) + rng.random((1, *shape[1:]))) / half
        opposite = points * self._opposite.reshape(-1, *[1] * len(shape))
        return np.concatenate([points, opposite], axis=1), np.concatenate([log_density, log_density])
