"""A joint rating whose truth is known: several reps on the same prospects, each with shares of the ranks of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.data.history.joint_ratings import JointRatings
from calibra.data.scale import RankScale
from calibra.data.simulation.simulate import demo_scale
from calibra.errors import InputError, check_whole, check_within
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

USUAL_SHARES = (0.15, 0.20, 0.25, 0.25, 0.15)
"""Shares of five ranks on the pool; of another number of ranks all have the same."""
POOL = 20_000
"""Prospects of the pool on which a rep's shares are exactly what the truth says."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedJointRatings:
    """Ranks of shared prospects, and the truth behind them."""

    ratings: JointRatings
    """What was rated."""
    shares: Floats = field(repr=False)
    """Share of the pool to which each rep gives each rank or a better one, (rep, rank but the last)."""
    quality: Floats = field(repr=False)
    """How good each shared prospect is, (prospect,), standard deviation 1 over the pool."""

    @property
    def frame(self) -> pd.DataFrame:
        """One row a rank: prospect, rep, rank."""
        found = self.ratings
        place, rep = np.nonzero(found.rated >= 0)
        labels = [np.array(names, dtype=object) for names in (found.prospects, found.reps, found.ranks)]
        return make_table(
            {"prospect": labels[0][place], "rep": labels[1][rep], "rank": labels[2][found.rated[place, rep]]}
        )


def simulate_joint_ratings(
    *,
    n_prospects: int = 15,
    n_reps: int = 6,
    seed: int,
    scale: RankScale | None = None,
    reps: Sequence[str] | None = None,
    leniency: Sequence[float] | None = None,
    reliability: float = 0.5,
    missing: float = 0.0,
) -> SimulatedJointRatings:
    """What would several reps say of the same prospects? A joint rating to try the library on.

    A rep reads the quality of a prospect with an error, and gives the best rank to those that read best, as many of a
    large pool as the rep's share of it is, the next rank to the next.

    Parameters
    ----------
    n_prospects, n_reps : int
        Shared prospects, and reps who rank them.
    seed : int
        Same seed, same world.
    scale : RankScale, optional
        The ranks; by default those of `simulate_judgments`.
    reps : sequence of str, optional
        Names, in place of `n_reps`.
    leniency : sequence of float, optional
        Of each rep, what the odds of a rank or a better one are multiplied by, as a logarithm. By default drawn with
        standard deviation .6.
    reliability : float
        Correlation of what two reps read of the same prospects.
    missing : float
        Share of ranks that are left blank.

    Examples
    --------
    >>> world = simulate_joint_ratings(n_prospects=8, n_reps=3, seed=1)
    >>> world.ratings.rated.shape, world.shares.shape
    ((8, 3), (3, 4))
    """
    check_whole(n_prospects, "n_prospects", 1, mend="Give the number of shared prospects.")
    check_within(reliability, "reliability", 0, 1, ends="()", mend="0.5 is usual.")
    check_within(missing, "missing", 0, 1, ends="[)", mend="0.1 leaves one rank in ten blank.")
    scale = demo_scale() if scale is None else scale
    names = tuple(f"rep {i + 1:02d}" for i in range(n_reps)) if reps is None else tuple(reps)
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, 0.6, len(names)) if leniency is None else np.asarray(leniency, dtype=float)
    if moves.shape != (len(names),):
        raise InputError(f"`leniency` must hold one number a rep, {len(names)} of them; got {len(moves)}.")
    n_ranks = len(scale.ranks)
    usual = np.cumsum(USUAL_SHARES if n_ranks == len(USUAL_SHARES) else np.full(n_ranks, 1.0 / n_ranks))[:-1]
    odds = usual / (1.0 - usual) * np.exp(moves)[:, None]
    shares = odds / (1.0 + odds)
    noise = np.sqrt(1.0 / reliability - 1.0)
    pool = np.sort(rng.normal(size=POOL) + rng.normal(0.0, noise, POOL))[::-1]
    cuts = pool[np.minimum((shares * POOL).astype(int), POOL - 1)]
    quality = rng.normal(size=n_prospects)
    reading = quality[:, None] + rng.normal(0.0, noise, (n_prospects, len(names)))
    rated = (reading[:, :, None] < cuts).sum(axis=2)
    rated = np.where(rng.random(rated.shape) < missing, -1, rated)
    order = np.argsort(np.array(names))
    ratings = JointRatings(
        tuple(f"prospect {i + 1:02d}" for i in range(n_prospects)),
        ("",) * n_prospects,
        tuple(names[i] for i in order),
        tuple(scale.ranks),
        rated[:, order],
        int((rated < 0).sum()),
    )
    return SimulatedJointRatings(ratings, shares[order], quality)
