"""What a line cannot say: knots over what was stated, and a basis of the shapes that leave the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.heaps import heaped_bins
from calibra.data.counting.stated import StatedCells
from calibra.reading.cells import residual_basis

type Floats = NDArray[np.float64]

KNOT_PARTS = 8
"""Parts of all statements, each of which has a knot where the curve may leave the line."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Where the curve may leave the line; between knots it runs straight, beyond the last it keeps its distance."""

    knots: Floats
    """Log-odds of the knots, increasing, (knot,): mean of what was stated in each bin."""
    stated: Floats
    """Mean stated probability in each bin, (knot,)."""
    basis: Floats
    """Orthonormal basis of what no line can say, (knot, knot − 2)."""

    @property
    def size(self) -> int:
        """Number of coefficients; 0 with fewer than three knots."""
        return int(self.basis.shape[1])

    def design(self, log_odds: Floats) -> Floats:
        """What every coefficient adds at these log-odds, (…, coefficient)."""
        weights = np.stack([np.interp(log_odds, self.knots, row) for row in np.eye(len(self.knots))], axis=-1)
        return np.asarray(weights @ self.basis)


def shape_of(cells: StatedCells) -> Shape:
    """The shape that these statements allow: heaps are knots, the others are binned."""
    used = cells.n_used
    n = used.sum(axis=0).astype(float)
    bins = heaped_bins(n, parts=KNOT_PARTS)
    total = np.bincount(bins, n)
    knots = np.bincount(bins, (used * cells.log_odds).sum(axis=0)) / total
    stated = np.bincount(bins, (used * cells.stated).sum(axis=0)) / total
    basis = residual_basis(knots) if len(knots) > 2 else np.zeros((len(knots), 0))
    return Shape(knots, stated, basis)
