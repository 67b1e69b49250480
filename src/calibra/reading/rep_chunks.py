"""What is read off draws, a few reps at a time: draws × reps × ranks × days never stand in memory together.

A thousand draws of five ranks and 200 ages are 8 MB a rep, and 16 GB of two thousand reps; what a table holds of
them is a few numbers a rep. Each reader of draws walks the chunks, keeps the numbers and lets the draws go.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK_ELEMENTS = 1_000_000
"""Numbers of one array of a chunk: 8 MB, a few of which are in use at once."""


def rep_chunks(n_reps: int, elements_each: int) -> Iterator[slice]:
    """Chunks of reps, each at least one, so that an array of so many numbers a rep stays small."""
    each = max(1, CHUNK_ELEMENTS // max(elements_each, 1))
    for begin in range(0, n_reps, each):
        yield slice(begin, min(begin + each, n_reps))


def read_reps(
    n_reps: int, elements_each: int, read: Callable[[slice], Mapping[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Arrays with the reps along the first axis, filled chunk by chunk.

    Parameters
    ----------
    n_reps : int
        How many reps there are; of none the reader is asked once, for its columns.
    elements_each : int
        Numbers a rep in the largest array that the reader makes, such as draws × ranks.
    read : callable
        From the reps of a chunk to its rows of every array.
    """
    chunks = rep_chunks(n_reps, elements_each) if n_reps else iter([slice(0, 0)])
    filled: dict[str, NDArray[Any]] = {}
    for reps in chunks:
        for name, rows in read(reps).items():
            if name not in filled:
                filled[name] = np.empty((n_reps, *rows.shape[1:]), dtype=rows.dtype)
            filled[name][reps] = rows
    return filled
