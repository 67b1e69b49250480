"""Values that are used often stay by themselves; those between them are binned."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def heaped_bins(n: ArrayLike, *, parts: int) -> NDArray[np.int64]:
    """To which bin does each of so many sorted distinct values belong? At most twice as many bins as parts, in order.

    No binning where there are no more values than parts. Else a value that holds one part of all, 1/parts, is a heap
    and a bin of its own, and between heaps neighbours are joined until they hold a part.

    Parameters
    ----------
    n : array-like of float, shape (K,)
        How often each value is used, in the order of the values.
    parts : int
        Into how many parts all is to be parted, at least 1.
    """
    counts = np.asarray(n, dtype=float)
    if counts.size <= parts:
        return np.arange(counts.size)
    part = counts.sum() / parts
    bins = np.zeros(counts.size, dtype=np.int64)
    current, held = 0, 0.0
    for i, count in enumerate(counts):
        if i and (count >= part or held >= part):  # a heap, or after one, or enough is held
            current, held = current + 1, 0.0
        bins[i] = current
        held += count
    return bins
