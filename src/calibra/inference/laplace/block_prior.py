"""The prior of a rep's block given the outer parameters: normal, independent but for at most one pair of columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


class BlockPrior(NamedTuple):
    """Normal(0, Q⁻¹) of a batch of φ, the same for every rep."""

    diagonal: Floats
    """Diagonal of the precision Q, (q, draw, 1)."""
    log_root: Floats
    """½ log |Q⁻¹|, (draw, 1)."""
    coupling: Floats | None = None
    """Entry of Q off the diagonal, at the columns `pair`, (draw, 1); None where all columns are independent."""
    pair: tuple[int, int] = (1, 0)
    """Columns of the coupling, the later one first."""

    def pull(self, u: Floats) -> Floats:
        """Q u of blocks (q, draw, rep)."""
        pulled = self.diagonal * u
        if self.coupling is not None:
            later, earlier = self.pair
            pulled[later] += self.coupling * u[earlier]
            pulled[earlier] += self.coupling * u[later]
        return pulled

    def add_to(self, precision: Floats) -> None:
        """Add Q to matrices (q, q, draw, rep), in place."""
        for j, own in enumerate(self.diagonal):
            precision[j, j] += own
        if self.coupling is not None:
            later, earlier = self.pair
            precision[later, earlier] += self.coupling
            precision[earlier, later] += self.coupling

    def covariance(self) -> Floats:
        """Q⁻¹, (draw, q, q)."""
        q, n_draws = self.diagonal.shape[:2]
        precision = np.zeros((q, q, n_draws, 1))
        self.add_to(precision)
        return np.linalg.inv(np.moveaxis(precision[..., 0], -1, 0))

    def subtract_from(self, log_target: Floats, u: Floats) -> None:
        """Subtract ½ u'Qu + ½ log |Q⁻¹| of blocks (q, …, draw, rep) from log-densities (…, draw, rep), in place."""
        for own, half in zip(u, 0.5 * self.diagonal, strict=True):
            log_target -= own * own * half
        if self.coupling is not None:
            later, earlier = self.pair
            log_target -= u[later] * u[earlier] * self.coupling
        log_target -= self.log_root


def independent(scales: Floats) -> BlockPrior:
    """Independent columns of standard deviations σ, (q, draw, 1)."""
    return BlockPrior(scales**-2.0, np.log(scales).sum(axis=0))


def correlated(scales: Floats, correlation: Floats, pair: tuple[int, int]) -> BlockPrior:
    """The same, two of the columns with a correlation ρ, (draw, 1); its square must be below 1."""
    later, earlier = pair
    left = 1.0 - correlation**2
    diagonal = scales**-2.0
    diagonal[[later, earlier]] /= left
    coupling = -correlation / (scales[later] * scales[earlier] * left)
    return BlockPrior(diagonal, np.log(scales).sum(axis=0) + 0.5 * np.log(left), coupling, pair)
