"""What is true in a simulated world, by brute force: many latent prospects sent through the mechanism of every rep."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.simulation.mechanism import (
    FloatArray,
    IntArray,
    Lives,
    RepTraits,
    Variates,
    World,
    draw_variates,
    live,
)
from calibra.errors import InputError
from calibra.tables import brief

TRUTH_DAYS = 1095
"""Latest day, counted from the judgment, at which the truth is known."""
TRUTH_STREAM = 3
"""Which of a seed's streams the latent prospects come from; the same for every rep, so equal reps have equal truth."""
MOST_LATENT, LATENT_IN_ALL, FEWEST_LATENT = 200_000, 4_000_000, 2_000

type Cause = Literal["event", "exit"]
type CountArray = NDArray[np.unsignedinteger]


def choose_n_latent(n_reps: int) -> int:
    """How many latent prospects per rep can be afforded? 200,000, or 4 million shared by many reps, at least 2,000."""
    return max(FEWEST_LATENT, min(MOST_LATENT, LATENT_IN_ALL // n_reps))


@dataclass(frozen=True, slots=True, eq=False)
class WorldTruth:
    """What is true of the reps, and of each prospect of the world whether or not it is known at `as_of`.

    The methods answer for all prospects the rep could be given over the world's span, not for those that happen to be
    in it: they send `n_latent` latent prospects per rep through the same mechanism, the same ones for every rep.
    `dataclasses.replace(truth, n_latent=...)` buys precision with time.
    """

    __repr__ = brief

    ranks: tuple[str, ...]
    """Labels of the ranks, best first."""
    reps: RepTraits
    """The parameters of each rep."""
    rep: IntArray
    """Shape (n_prospects,): code of the rep."""
    age_days: IntArray
    """Shape (n_prospects,): days from the judgment to `as_of`."""
    lives: Lives
    """Segment, readiness, rank and the days to event and exit of each prospect, known at `as_of` or not."""
    is_won: NDArray[np.bool_]
    """Shape (n_prospects,): whether the opportunity is won in the end."""
    won_days: FloatArray
    """Shape (n_prospects,): whole days from the judgment to the win; `inf` for never."""
    amount: FloatArray
    """Shape (n_prospects,): amount of the win; `nan` without one."""
    in_frame: NDArray[np.bool_]
    """Shape (n_prospects,): whether the prospect is a row of the frame (all are, unless `observed_from` was given)."""
    world: World = field(repr=False)
    """The settings."""
    seed: int
    """The seed of the world."""
    n_latent: int
    """Number of latent prospects per rep behind each probability."""
    _counts: dict[Cause | Literal["given"], CountArray] = field(init=False, repr=False, default_factory=dict)

    def probabilities(self, within_days: int) -> FloatArray:
        """How likely is an event within the horizon, for each rep and rank?

        Returns
        -------
        numpy.ndarray
            Shape (n_reps, n_ranks): share of the prospects given the rank whose event comes at `days <= within_days`
            and before any exit; `nan` where the rep never gives the rank.
        """
        return self.incidence([within_days])[:, :, 0]

    def incidence(self, days: ArrayLike, *, cause: Cause = "event") -> FloatArray:
        """How likely is an end of this cause by each day, the other cause competing?

        Parameters
        ----------
        days : array_like of int, shape (n_days,)
            Whole days from the judgment, 0 to 1095.
        cause : {"event", "exit"}
            Which end.

        Returns
        -------
        numpy.ndarray
            Shape (n_reps, n_ranks, n_days): true cumulative incidence.
        """
        wanted = self._check_days(days)
        if cause not in ("event", "exit"):
            raise InputError(f"`cause` must be 'event' or 'exit'; got {cause!r}.")
        ended, given = self._tables(cause)
        with np.errstate(invalid="ignore"):
            result: FloatArray = ended[:, :, wanted] / given[:, :, None]
        return result

    def monte_carlo_error(self, within_days: int) -> FloatArray:
        """How exact is `probabilities`? Its standard error, shape (n_reps, n_ranks).

        Reps share their latent prospects, so the errors of reps go together: differences between reps are more exact
        than this says, and means over reps no more exact.
        """
        prob = self.probabilities(within_days)
        with np.errstate(invalid="ignore"):
            error: FloatArray = np.sqrt(prob * (1.0 - prob) / self._tables("event")[1])
        return error

    def rank_shares(self) -> FloatArray:
        """What share of their prospects does each rep give each rank? Shape (n_reps, n_ranks); rows sum to one."""
        shares: FloatArray = self._tables("event")[1] / self.n_latent
        return shares

    def all_reps(self, within_days: int, *, n: ArrayLike | None = None) -> FloatArray:
        """How likely is an event within the horizon at each rank, over all reps?

        Parameters
        ----------
        within_days : int
            Horizon.
        n : array_like, shape (n_reps, n_ranks), optional
            Counts that weight the reps, such as the mature judgments of a fit; by default the numbers expected in the
            long run, workload × share of the rank.

        Returns
        -------
        numpy.ndarray
            Shape (n_ranks,): count-weighted mean of `probabilities` over the reps.
        """
        weights = self.reps.workload[:, None] * self.rank_shares() if n is None else np.asarray(n, dtype=float)
        expected = (len(self.reps.names), len(self.ranks))
        if weights.shape != expected:
            raise InputError(f"`n` must have shape {expected} (reps, ranks); got {weights.shape}.")
        prob = np.where(weights > 0, self.probabilities(within_days), 0.0)
        with np.errstate(invalid="ignore"):
            mean: FloatArray = (weights * prob).sum(axis=0) / weights.sum(axis=0)
        return mean

    def bars(self, within_days: int) -> FloatArray:
        """At which probability does each rep start to use a rank?

        The probability of an event within the horizon for a prospect seen exactly at the cut point: latent prospects
        weighted by how likely the rep is to see them there.

        Returns
        -------
        numpy.ndarray
            Shape (n_reps, n_ranks − 1): column k is the bar of rank k, best first.
        """
        day = int(self._check_days([within_days])[0])
        chance = self._draw_latent()
        result = np.empty_like(self.reps.cuts)
        for r, noise in enumerate(self.reps.noise):
            latent = live(self.world, self.reps, r, chance)
            is_hit = latent.is_event & (latent.event_days <= day)
            for k, cut in enumerate(self.reps.cuts[r]):
                weight = np.exp(-0.5 * ((cut - latent.seen) / noise + chance.seen_z) ** 2)
                result[r, k] = weight[is_hit].sum() / weight.sum()
        return result

    def _check_days(self, days: ArrayLike) -> IntArray:
        wanted = np.atleast_1d(np.asarray(days))
        if wanted.ndim != 1 or not np.issubdtype(wanted.dtype, np.integer):
            raise InputError(f"days must be whole numbers in one dimension; got {days!r}.")
        outside = wanted[(wanted < 0) | (wanted > TRUTH_DAYS)]
        if outside.size:
            raise InputError(
                f"days must lie in 0 to {TRUTH_DAYS}, the days the truth is computed for; "
                f"got {outside.size} outside ({', '.join(map(str, outside[:3]))})."
            )
        return wanted.astype(np.int64)

    def _draw_latent(self) -> Variates:
        stream = np.random.SeedSequence(self.seed, spawn_key=(TRUTH_STREAM,))
        return draw_variates(np.random.Generator(np.random.PCG64(stream)), self.world, self.n_latent)

    def _tables(self, cause: Cause) -> tuple[CountArray, CountArray]:
        """Count latent prospects ended by each day, (n_reps, n_ranks, 1096), and given each rank, (n_reps, n_ranks)."""
        if cause not in self._counts:
            self._count_latent()
        return self._counts[cause], self._counts["given"]

    def _count_latent(self) -> None:
        chance = self._draw_latent()
        n_reps, n_ranks, n_days = len(self.reps.names), len(self.ranks), TRUTH_DAYS + 1
        dtype = np.min_scalar_type(self.n_latent)
        events, exits = (np.zeros((n_reps, n_ranks, n_days), dtype=dtype) for _ in range(2))
        given = np.zeros((n_reps, n_ranks), dtype=dtype)
        for r in range(n_reps):
            latent = live(self.world, self.reps, r, chance)
            given[r] = np.bincount(latent.rank, minlength=n_ranks)
            ends = ((events, latent.is_event, latent.event_days), (exits, latent.is_exit, latent.exit_days))
            for table, is_end, end_days in ends:
                seen = is_end & (end_days <= TRUTH_DAYS)
                cell = latent.rank[seen] * n_days + end_days[seen].astype(np.int64)
                table[r] = np.bincount(cell, minlength=n_ranks * n_days).reshape(n_ranks, n_days).cumsum(axis=1)
        self._counts.update({"event": events, "exit": exits, "given": given})
