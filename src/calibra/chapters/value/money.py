"""Amounts as the engines take them: in units of a typical mean, with the spread of single deals fixed beforehand.

The spread is no part of the posterior: it is plugged in, and a mean by Pearson's dispersion keeps right whatever the
shape of the amounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.value.terms import Terms
from calibra.data.counting.deals import DealCells
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.inference.declare.cells import CellModel
from calibra.inference.laplace.settled import settle
from calibra.stats.amounts import gamma_dispersion, log_dispersion
from calibra.tables import brief

type Floats = NDArray[np.float64]

FEWEST_AMOUNTS = 20
"""Fewest known amounts from which anything is said of them."""
LEAST_SPREAD = 1e-4
"""Dispersion below which amounts are taken as all equal: α is at most 10⁴."""


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """The unit, and how far single amounts spread around what is expected."""

    __repr__ = brief

    unit: float
    """c: geometric mean of the cells' mean amounts."""
    dispersion: float
    """φ: variance of an amount in squares of its mean, Pearson's."""
    log_variance: float
    """s²: variance of a log amount."""

    @property
    def shape(self) -> float:
        """α = 1/φ."""
        return 1.0 / max(self.dispersion, LEAST_SPREAD)

    @property
    def log_sd(self) -> float:
        """s."""
        return float(np.sqrt(max(self.log_variance, LEAST_SPREAD)))

    def mean_counts(self, cells: DealCells) -> tuple[Floats, Floats]:
        """α n and α Σa/c: what the Gamma family takes."""
        n = cells.n_amounts.astype(float)
        return self.shape * n, self.shape * cells.sum_amount / self.unit

    def typical_counts(self, cells: DealCells) -> tuple[Floats, Floats]:
        """S₁/s² and n/s² of log a − log c: what the Gaussian family takes."""
        variance = self.log_sd**2
        total = cells.sum_log_amount - cells.n_amounts * np.log(self.unit)
        return total / variance, cells.n_amounts / variance


def measure(cells: DealCells, terms: Terms, declare: Callable[[Money], dict[str, CellModel]]) -> Money:
    """The unit and both spreads: first around the ranks' means, once more around where the models settle.

    Raises
    ------
    NotEnoughDataError
        Too few known amounts; amounts that are all equal.
    """
    n, total = cells.n_amounts.astype(float), cells.sum_amount
    check_amounts_known(cells)
    held = n > 0
    unit = float(np.exp(np.average(np.log(total[held] / n[held]), weights=n[held])))
    by_rank, ranks = terms.over_groups(n).sum(axis=0), max(int((terms.over_groups(n).sum(axis=0) > 0).sum()), 1)
    mean = terms.over_groups(total).sum(axis=0) / np.maximum(by_rank, 1.0)
    log_mean = terms.over_groups(cells.sum_log_amount).sum(axis=0) / np.maximum(by_rank, 1.0)
    shape = (1, -1, *[1] * (n.ndim - 2))
    first = _spread(cells, unit, np.where(mean > 0, mean, unit).reshape(shape), log_mean.reshape(shape), (ranks, ranks))
    settled = {part: settle(declaration) for part, declaration in declare(first).items()}
    packed = DealCellsPacked(cells, terms)
    eta = {part: found.linpred for part, found in settled.items()}
    taken = (settled["mean"].n_effective, settled["typical"].n_effective)
    return packed.spread(unit, unit * np.exp(eta["mean"]), np.log(unit) + eta["typical"], taken)


def check_amounts_known(cells: DealCells) -> None:
    """Refuse too few amounts, and amounts that do not vary."""
    n, total = int(cells.n_amounts.sum()), float(cells.sum_amount.sum())
    if n < FEWEST_AMOUNTS:
        raise NotEnoughDataError(Finding("value.few_amounts", {"n": n, "least": FEWEST_AMOUNTS}, "note"))
    spread = float(cells.sum_amount2.sum()) / n - (total / n) ** 2
    if spread <= 1e-9 * (total / n) ** 2:
        raise NotEnoughDataError(Finding("value.all_equal", {"amount": float(f"{total / n:.12g}")}, "note"))


@dataclass(frozen=True, slots=True, eq=False)
class DealCellsPacked:
    """The sums in the cells of the declarations."""

    cells: DealCells
    """The counts."""
    terms: Terms
    """Where they stand."""

    def spread(self, unit: float, mean: Floats, log_mean: Floats, n_fitted: tuple[float, float]) -> Money:
        """Both spreads around fitted means, (rep, cell)."""
        pack = self.terms.packed.pack
        n = pack(self.cells.n_amounts)
        phi = gamma_dispersion(n, pack(self.cells.sum_amount), pack(self.cells.sum_amount2), mean, n_fitted=n_fitted[0])
        sums = pack(self.cells.sum_log_amount), pack(self.cells.sum_log2_amount)
        return Money(unit, phi, log_dispersion(n, *sums, log_mean, n_fitted=n_fitted[1]))


def _spread(cells: DealCells, unit: float, mean: Floats, log_mean: Floats, n_fitted: tuple[float, float]) -> Money:
    phi = gamma_dispersion(cells.n_amounts, cells.sum_amount, cells.sum_amount2, mean, n_fitted=n_fitted[0])
    sums = cells.sum_log_amount, cells.sum_log2_amount
    return Money(unit, phi, log_dispersion(cells.n_amounts, *sums, log_mean, n_fitted=n_fitted[1]))
