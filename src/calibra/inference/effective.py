"""Effective number of draws of one quantity, for comparisons between engines."""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


def effective_draws(chains: Floats) -> float:
    """How many independent draws are chains (chain, draw) worth for a mean? Bulk effective sample size, by ArviZ."""
    from arviz_stats.base import array_stats

    return float(array_stats.ess(np.asarray(chains), chain_axis=0, draw_axis=1))
