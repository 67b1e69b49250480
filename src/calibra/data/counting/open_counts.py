"""How many judgments are still open, by rep, rank and age."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.tables import brief

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OpenCounts:
    """How many judgments of each rep, rank and age are still open at the snapshot date? Arrays of one length."""

    __repr__ = brief

    rep: IntArray
    """Index into the judgments' reps."""
    rank: IntArray
    """Index into the ranks of the scale."""
    age_days: IntArray
    """Whole days from the judgment to the snapshot date."""
    n: IntArray
    """Judgments."""
