"""When is a mean of amounts not to be trusted? Told before any mean is.

Intervals of a mean that rests on few deals of equal size, or on one, miss far more often than they say, and mostly the
truth lies above them: a mean without its whale yet is too low.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.reading.means import ALL_REPS
from calibra.stats.amounts import effective_deals, lognormal_mean
from calibra.tables import brief, make_table
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

    from calibra.chapters.value.amount_fit import AmountFit
    from calibra.data.counting.deals import DealCells

type Floats = NDArray[np.float64]

FEWEST_DEALS, FEW_DEALS = 20.0, 40.0
"""Deals of equal size below which no mean is given, and below which it is given with a doubt."""
MOST_SHARE, MUCH_SHARE = 0.2, 0.1
"""Share of the largest deal above which no mean is given, and above which there is a doubt."""
SHAPE_RATIO = 1.25
"""Factor between the log-normal mean and the mean from which on deals are of two kinds, or the tail is heavy."""
FINE, FEW, LARGE, ON_FEW, ON_LARGE = "", "few deals", "one deal is most of it", "rests on few deals", "one large deal"
"""What the note says: nothing, why there is no mean, or what the doubt is."""


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """What the money rests on; rows: all reps at all ranks, then at each rank, then each rep at all ranks."""

    __repr__ = brief

    rep: NDArray[np.object_]
    """Rep of each row."""
    rank: NDArray[np.object_]
    """Rank of each row."""
    n_won: NDArray[np.int64]
    """Wins."""
    n_amounts: NDArray[np.int64]
    """Those whose amount is known."""
    n_zero: NDArray[np.int64]
    """Those whose amount is 0."""
    effective_deals: Floats
    """On how many deals of equal size the money rests."""
    largest: Floats
    """Largest amount; 0 where there is none."""
    largest_share: Floats
    """Its share of the money; NaN of none."""
    raw_mean: Floats
    """Mean of the known amounts; NaN of none."""
    without_largest: Floats
    """The same without the largest; NaN of fewer than two."""
    shape_ratio: Floats
    """Mean of log-normals fitted to each rank and case, over the mean; NaN of reps, and of fewer than two."""
    trusted: NDArray[np.bool_]
    """Whether a mean is given; reps follow all reps."""
    note: NDArray[np.object_]
    """Why not, or what the doubt is."""

    @property
    def table(self) -> pd.DataFrame:
        """One row each."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        columns["n_missing"] = self.n_won - self.n_amounts - self.n_zero
        return make_table(columns)

    def of_rank(self, rank: str) -> int:
        """Row of all reps at a rank."""
        return int(np.flatnonzero((self.rep == ALL_REPS) & (self.rank == rank))[0])


def trust_of(fit: AmountFit) -> Trust:
    """What the money of these wins rests on."""
    cells, over = fit.cells, fit.terms.over_groups

    def rows(values: NDArray[np.generic], *, largest: bool = False) -> Floats:
        by_cell = values.astype(float)
        if largest:
            by_cell = by_cell.reshape(*by_cell.shape[:2], -1).max(axis=2)
            return np.concatenate([[by_cell.max()], by_cell.max(axis=0), by_cell.max(axis=1)])
        by_cell = over(by_cell)
        return np.concatenate([[by_cell.sum()], by_cell.sum(axis=0), by_cell.sum(axis=1)])

    n, total = rows(cells.n_amounts), rows(cells.sum_amount)
    squares, largest = rows(cells.sum_amount2), rows(cells.max_amount, largest=True)
    deals, known = effective_deals(total, squares), n > 0
    share = np.divide(largest, total, out=np.full(n.shape, np.nan), where=known)
    mean = np.divide(total, n, out=np.full(n.shape, np.nan), where=known)
    without = np.divide(total - largest, n - 1.0, out=np.full(n.shape, np.nan), where=n > 1)
    ratio = np.concatenate([_shape_ratios(cells), np.full(len(cells.reps), np.nan)])
    trusted, note = _verdict(deals, share)
    n_ranks = len(cells.ranks)
    trusted[1 : 1 + n_ranks] &= trusted[0]
    trusted[1 + n_ranks :] = trusted[0]
    return Trust(
        rep=np.array([ALL_REPS] * (1 + n_ranks) + list(cells.reps), dtype=object),
        rank=np.array([ALL_RANKS, *cells.ranks] + [ALL_RANKS] * len(cells.reps), dtype=object),
        n_won=rows(cells.won).astype(np.int64),
        n_amounts=n.astype(np.int64),
        n_zero=rows(cells.n_zero).astype(np.int64),
        effective_deals=deals,
        largest=largest,
        largest_share=share,
        raw_mean=mean,
        without_largest=without,
        shape_ratio=ratio,
        trusted=trusted,
        note=note,
    )


def _shape_ratios(cells: DealCells) -> Floats:
    """What log-normals would say over what came, of all ranks together and of each, within cases of the mix."""
    n, total, logs, squares = (
        values.sum(axis=0).reshape(len(cells.ranks), -1).astype(float)
        for values in (cells.n_amounts, cells.sum_amount, cells.sum_log_amount, cells.sum_log2_amount)
    )
    log_mean = np.divide(logs, n, out=np.zeros_like(n), where=n > 0)
    variance = np.maximum(np.divide(squares, n, out=np.zeros_like(n), where=n > 0) - log_mean**2, 0.0)
    expected = n * lognormal_mean(log_mean, np.sqrt(variance))
    both = [np.concatenate([[each.sum()], each.sum(axis=1)]) for each in (n, expected, total)]
    found: Floats = np.divide(both[1], both[2], out=np.full(len(both[0]), np.nan), where=both[0] > 1)
    return found


def _verdict(deals: Floats, share: Floats) -> tuple[NDArray[np.bool_], NDArray[np.object_]]:
    """Whether a mean is given, and why not or with what doubt."""
    too_few, too_large = deals < FEWEST_DEALS, share > MOST_SHARE
    cases = [too_large, too_few, share > MUCH_SHARE, deals < FEW_DEALS]
    note = np.select(cases, [LARGE, FEW, ON_LARGE, ON_FEW], FINE).astype(object)
    return ~(too_few | too_large), note
