"""Rows of a batch in chunks that stay in the processor's cache."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_CHUNK_ELEMENTS = 300_000
_LARGEST_KEPT = (32 << 20) - 8192


def in_chunks[T](function: Callable[[Floats, int], T], phi: Floats, elements_each: int) -> list[T]:
    """Apply `function(chunk, index)` over chunks of rows.

    One after the other: threads were no faster, because numpy's calls on arrays of this size are short and queue for
    the interpreter's lock.
    """
    _keep_freed_memory()
    n = max(1, _CHUNK_ELEMENTS // max(elements_each, 1))
    return [function(phi[begin : begin + n], index) for index, begin in enumerate(range(0, len(phi), n))]


def _keep_freed_memory() -> None:
    """Let glibc keep up to 64 MB of freed memory for the next chunk, whose pages it would otherwise fault in anew.

    Its thresholds follow the largest block freed so far (mallopt(3), M_MMAP_THRESHOLD); other allocators don't mind.
    The block is never touched and costs a microsecond.
    """
    np.empty(_LARGEST_KEPT, dtype=np.uint8)
