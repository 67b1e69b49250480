"""The prior of a rep's block given the outer parameters: independent but for at most one pair of columns.

Normal, or of two kinds of reps: of the odd ones some columns have less precision.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

type Floats = NDArray[np.float64]


class Odd(NamedTuple):
    """What sets the odd reps of a batch of φ apart."""

    columns: tuple[int, ...]
    """One column or two, the pair or none of it."""
    less: tuple[Floats, ...]
    """By how much the diagonal of the precision is less in each, (draw, 1)."""
    coupling: Floats
    """The same of the entry off the diagonal, (draw, 1)."""
    log_odds: Floats
    """Log odds of being odd, less ½ log of how much larger the determinant of their covariance is, (draw, 1)."""

    def of_draws(self, draws: NDArray[np.intp]) -> "Odd":
        """The same of single blocks, each at one of the φ; (block,)."""
        less = tuple(values[draws, 0] for values in self.less)
        return Odd(
            self.columns, less, np.broadcast_to(self.coupling, self.log_odds.shape)[draws, 0], self.log_odds[draws, 0]
        )

    def log_odds_at(self, u: Floats) -> Floats:
        """Log odds that reps of blocks (q, …) are odd."""
        total = sum((0.5 * less * u[j] ** 2 for j, less in zip(self.columns, self.less, strict=True)), self.log_odds)
        if len(self.columns) == 2:
            total = total + u[self.columns[0]] * u[self.columns[1]] * self.coupling
        return np.asarray(total)


class BlockPrior(NamedTuple):
    """Normal(0, Q⁻¹) of a batch of φ, contaminated where some reps are odd."""

    diagonal: Floats
    """Diagonal of the precision Q, (q, draw, rep or 1)."""
    log_root: Floats
    """½ log |Q⁻¹|, (draw, rep or 1)."""
    coupling: Floats | None = None
    """Entry of Q off the diagonal, at the columns `pair`, (draw, rep or 1); None where all columns are independent."""
    pair: tuple[int, int] = (1, 0)
    """Columns of the coupling, the later one first."""
    odd: Odd | None = None
    """What sets odd reps apart; None where all are of one kind."""

    def at(self, u: Floats) -> "BlockPrior":
        """The normal with the slope of this prior at blocks (q, draw, rep); scaled to touch it, nowhere above."""
        return self if self.odd is None else self.mixed(expit(self.odd.log_odds_at(u)))

    def mixed(self, chance: Floats) -> "BlockPrior":
        """Normal, with the mean precision of reps that are odd with these chances, (draw, rep or 1)."""
        if self.odd is None:
            return self
        diagonal = np.repeat(self.diagonal, chance.shape[-1], axis=-1)
        for column, less in zip(self.odd.columns, self.odd.less, strict=True):
            diagonal[column] -= chance * less
        coupling = self.coupling
        if coupling is not None and self.pair[0] in self.odd.columns:
            coupling = coupling - chance * self.odd.coupling
        return self._replace(diagonal=diagonal, coupling=coupling, odd=None)

    def with_columns(self, columns: tuple[int, ...], precision: Floats, log_root: Floats) -> "BlockPrior":
        """Normal, with another precision (h, h, draw, rep) of one or two columns, the pair or none of it."""
        diagonal = np.repeat(self.diagonal, precision.shape[-1], axis=-1)
        for i, column in enumerate(columns):
            diagonal[column] = precision[i, i]
        changed = self._replace(diagonal=diagonal, log_root=log_root, odd=None)
        if len(columns) == 1:
            return changed
        return changed._replace(coupling=precision[0, 1], pair=(columns[1], columns[0]))

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
        """Add the log prior of blocks (q, …, draw, rep) to log-densities (…, draw, rep), in place; up to a constant."""
        self.subtract_normal_from(log_target, u)
        if self.odd is not None:
            log_target += np.logaddexp(0.0, self.odd.log_odds_at(u))

    def subtract_normal_from(self, log_target: Floats, u: Floats) -> None:
        """Add that of a rep that is not odd, −½ u'Qu − ½ log |Q⁻¹|."""
        for own, half in zip(u, 0.5 * self.diagonal, strict=True):
            log_target -= own * own * half
        if self.coupling is not None:
            later, earlier = self.pair
            log_target -= u[later] * u[earlier] * self.coupling
        log_target -= self.log_root


def check_odd(prior: BlockPrior) -> Odd:
    """What sets odd reps apart, of a prior that has them."""
    if prior.odd is None:
        raise TypeError("this prior has no odd reps.")
    return prior.odd


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
