"""Two posteriors side by side: the one place that says which draw of one goes with which draw of the other.

Fits with one seed are made from one stream of random numbers. Paired by index, their draws move together as if one had
been learnt from the other: half of the uncertainty of a difference cancels. So each posterior of a model has a seed of
its own, spawned from the user's; and where draws of two fits are subtracted or multiplied, those of the second come in
an order of chance, whatever seeds the fits had.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.inference.posterior import Posterior

_PAIRING = 0x9A12
"""Keeps this stream apart from every stream that a seed of the user's starts."""


class Pairing(NamedTuple):
    """Which draws of two posteriors stand side by side; both index arrays have the length of the shorter posterior."""

    first: NDArray[np.intp]
    """Draws of the first, in their order."""
    second: NDArray[np.intp]
    """Draws of the second, in an order of chance."""


def pair_independent(first: Posterior, second: Posterior) -> Pairing:
    """Which draw of one posterior goes with which of another that knows nothing of it?

    The same two posteriors are always paired in the same way.
    """
    n_draws = min(first.n_draws, second.n_draws)
    seeds = [first.diagnostics.seed, second.diagnostics.seed]
    rng = np.random.default_rng([_PAIRING, *seeds])
    return Pairing(_evenly(first.n_draws, n_draws), rng.permutation(_evenly(second.n_draws, n_draws)))


def spawn_seed(seed: int, part: int) -> int:
    """A seed of its own for one of the several posteriors of a model, whose draws are then paired as they come."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1)[0])


def _evenly(n_draws: int, n_kept: int) -> NDArray[np.intp]:
    """So many draws, evenly spread."""
    return np.linspace(0, n_draws - 1, n_kept).round().astype(np.intp)
