"""Rows of a batch in chunks that stay in the processor's cache, the chunks in threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_CHUNK_ELEMENTS = 120_000


def in_chunks[T](function: Callable[[Floats, int], T], phi: Floats, elements_each: int) -> list[T]:
    """Apply `function(chunk, index)` over chunks of rows, in threads; chunks do not depend on their number."""
    n = max(1, _CHUNK_ELEMENTS // max(elements_each, 1))
    chunks = [phi[begin : begin + n] for begin in range(0, len(phi), n)]
    workers = min(len(chunks), os.cpu_count() or 1, 8)
    if workers < 2:
        return [function(chunk, index) for index, chunk in enumerate(chunks)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, chunks, range(len(chunks))))
