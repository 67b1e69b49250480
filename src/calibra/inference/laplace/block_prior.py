"""The prior of a rep's block given the outer parameters: independent but for at most one pair of columns.

Normal, or for some columns a multivariate t: a normal whose precision is multiplied by a weight of the rep's own,
w ~ Gamma(ν/2, ν/2).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


class BlockPrior(NamedTuple):
    """Normal(0, Q⁻¹) of a batch of φ; the columns `heavy` are t with the scale matrix that Q has there."""

    diagonal: Floats
    """Diagonal of the precision Q, (q, draw, rep or 1)."""
    log_root: Floats
    """½ log |Q⁻¹|, (draw, rep or 1)."""
    coupling: Floats | None = None
    """Entry of Q off the diagonal, at the columns `pair`, (draw, rep or 1); None where all columns are independent."""
    pair: tuple[int, int] = (1, 0)
    """Columns of the coupling, the later one first."""
    heavy: tuple[int, ...] = ()
    """Columns that are t together, the pair both or neither; empty where all are normal."""
    df: float = np.inf
    """Degrees of freedom ν of the t."""

    def at(self, u: Floats) -> "BlockPrior":
        """The normal that touches this prior from below at blocks (q, draw, rep): equal slope, and nowhere above."""
        return self.weighted((self.df + len(self.heavy)) / (self.df + self.distance(u))) if self.heavy else self

    def weighted(self, weight: Floats) -> "BlockPrior":
        """Normal, the precision of the heavy columns multiplied by weights (draw, rep)."""
        diagonal = np.repeat(self.diagonal, weight.shape[-1], axis=-1)
        diagonal[list(self.heavy)] *= weight
        coupling = None if self.coupling is None else self.coupling * (weight if self.pair[0] in self.heavy else 1.0)
        return self._replace(diagonal=diagonal, coupling=coupling, heavy=(), df=np.inf)

    def distance(self, u: Floats) -> Floats:
        """u'Qu of the heavy columns of blocks (q, …, draw, rep); (…, draw, rep)."""
        total = sum((u[j] ** 2 * self.diagonal[j] for j in self.heavy), np.zeros(()))
        if self.coupling is not None and self.pair[0] in self.heavy:
            later, earlier = self.pair
            total = total + 2.0 * u[later] * u[earlier] * self.coupling
        return total

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
        self.subtract_others_from(log_target, u)
        if self.heavy:
            log_target -= 0.5 * (self.df + len(self.heavy)) * np.log1p(self.distance(u) / self.df)

    def subtract_others_from(self, log_target: Floats, u: Floats) -> None:
        """The same but for the heavy columns' own part, ½ (ν + h) log(1 + u'Qu/ν)."""
        for j, (own, half) in enumerate(zip(u, 0.5 * self.diagonal, strict=True)):
            if j not in self.heavy:
                log_target -= own * own * half
        if self.coupling is not None and self.pair[0] not in self.heavy:
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
