"""Judgments by rank, machine's score and stated probability as cells of a model: only what is there, per rep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.heaps import heaped_bins
from calibra.data.counting.tabulate import IntArray, add_up
from calibra.tables import brief

type Floats = NDArray[np.float64]

PARTS = {1: 12, 2: 8}
"""Into so many parts one probability is parted, or each of two; heaps stay by themselves, and cells keep their mean."""
LEAST = 0.001
"""What is nearer to 0 or 1 counts as this near: 0 has no log-odds."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalCells:
    """Mature judgments and their events; the cells of a rep are those it uses, in any order, the rest is empty."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    within_days: int
    """Horizon in days."""
    as_of: date
    """Snapshot date."""
    n: IntArray
    """Mature judgments, shape (R, K); 0 in a cell that is not used."""
    events: IntArray
    """Those with an event within the horizon, shape (R, K)."""
    rank: IntArray
    """Rank of the cell, shape (R, K)."""
    mean: Mapping[str, Floats]
    """Role to the mean probability in the cell, shape (R, K); ½ in one that is not used."""
    n_left_out: int
    """Mature judgments without a value that is asked for."""

    def log_odds(self, role: str) -> Floats:
        """Log-odds of the mean probability of a role, shape (R, K)."""
        prob = np.clip(self.mean[role], LEAST, 1.0 - LEAST)
        return np.asarray(np.log(prob / (1.0 - prob)))


def lay_out(
    shape: tuple[int, int],
    rep: IntArray,
    rank: IntArray,
    bins: Mapping[str, IntArray],
    mean: Mapping[str, Floats],
    n: IntArray,
    events: IntArray,
) -> tuple[IntArray, IntArray, IntArray, dict[str, Floats]]:
    """Join bins of which there are many, and lay each rep's cells side by side: n, events, rank, means."""
    joined = [_join(found, n, PARTS[len(bins)]) for found in bins.values()]
    values: dict[str, Any] = {"n": n, "events": events} | {role: n * mean[role] for role in mean}
    (rep, rank, *_), sums = add_up([rep, rank, *joined], values)
    first = np.searchsorted(rep, np.arange(shape[0]))
    column = np.arange(rep.size) - first[rep]
    wide = (shape[0], int(column.max()) + 1)

    def placed(found: NDArray[Any], empty: float) -> NDArray[Any]:
        out = np.full(wide, empty, dtype=found.dtype)
        out[rep, column] = found
        return out

    means = {role: placed(sums[role] / sums["n"], 0.5) for role in mean}
    return placed(sums["n"], 0), placed(sums["events"], 0), placed(rank, 0), means


def _join(bins: IntArray, n: IntArray, parts: int) -> IntArray:
    """Coarser bins: each holds about one part of all, and a heap stays by itself."""
    _, place = np.unique(bins, return_inverse=True)
    return np.asarray(heaped_bins(np.bincount(place, n), parts=parts)[place], dtype=np.int64)
