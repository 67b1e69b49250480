"""What the lead-time model counts: intervals, person-days and endings, and how far follow-up reaches."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counts import EVENT, OPEN, DurationCounts, ExposureCells, check_edges
from calibra.data.scale import RankScale, RankScores
from calibra.errors import NotEnoughDataError
from calibra.models.cells import PackedCells, check_any, pack_cells
from calibra.tables import brief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

MOST_INTERVALS = 8
"""So many intervals by default, beside those that promises ask for."""
EVENTS_PER_INTERVAL = 10
"""So many events an interval has by default, about, before another one is opened."""
FEWEST_AT_RISK = 20
"""Follow-up counts by default as far as so many judgments (5 % of them, where that is fewer) are still followed."""
_APART = 1.15  # an edge of the data's own keeps this factor away from one that was asked for


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How far does the follow-up reach, and when will it reach further?"""

    longest_days: int
    """Days of the judgment followed longest."""
    longest_open_days: int | None
    """Days of the judgment followed longest among those not ended; None where all have ended."""
    last_event_days: int | None
    """Day of the latest event; None without events."""
    as_of: date | None
    """Snapshot date."""

    def known_from(self, days: int) -> date | None:
        """The first date on which any judgment, or one made on the snapshot date, can have been followed so long."""
        if self.as_of is None or days <= self.longest_days:
            return self.as_of
        return self.as_of + timedelta(days=days - (self.longest_open_days or 0))

    def refuse(self, days: int, what: str) -> NotEnoughDataError:
        """The error that says nobody has been followed so long yet."""
        when = self.known_from(days)
        until = "" if when is None else f" The first answer can be had on {when}, if a judgment is still open then."
        return NotEnoughDataError(
            f"{what} {days} days is not known yet: the longest follow-up is {self.longest_days} days as of "
            f"{self.as_of}.{until} Ask for an earlier day; nothing is extrapolated."
        )


@dataclass(frozen=True, slots=True, eq=False)
class LeadTimeCells:
    """Person-days and endings per rep, rank (and group) and interval, and what the model's terms are read from."""

    __repr__ = brief

    exposure: ExposureCells
    """Person-days, events and exits."""
    n: Ints
    """Judgments, (rep, rank, *group)."""
    packed: PackedCells
    """How rep, rank and groups lie in the declaration; each of its cells holds all intervals."""
    scores: RankScores
    """Scores of the ranks, and where they come from."""
    clock: Floats
    """Log of each interval's middle, centred and scaled, (interval,); 0 where there is one interval."""
    follow_up: FollowUp
    """How far the follow-up reaches."""

    @property
    def bounds(self) -> Floats:
        """Where the intervals begin and end, in days since the judgment, (interval + 1,)."""
        return np.concatenate([[0.0], self.exposure.edges_days + 0.5])

    @property
    def last_edge_days(self) -> int:
        """Last whole day the model speaks of."""
        return int(self.exposure.edges_days[-1])

    @property
    def n_by_rank(self) -> Floats:
        """Judgments per rep and rank, (rep, rank)."""
        return self.n.sum(axis=tuple(range(2, self.n.ndim))).astype(float)

    @property
    def has_exits(self) -> bool:
        """Whether any judgment exited within the edges."""
        return bool(self.exposure.exits.any())

    @property
    def intervals(self) -> tuple[str, ...]:
        """Labels of the intervals, whole days."""
        edges = [-1, *self.exposure.edges_days.tolist()]
        return tuple(f"{lower + 1}–{upper}" for lower, upper in pairwise(edges))

    def pack(self, values: NDArray[np.generic]) -> Floats:
        """An array (rep, rank, *group, interval) as (rep, cell × interval)."""
        by_interval = [self.packed.pack(values[..., j]) for j in range(values.shape[-1])]
        return np.stack(by_interval, axis=-1).reshape(len(values), -1)


def lay_out(
    counts: DurationCounts, scale: RankScale, *, edges_days: ArrayLike | None, by: tuple[str, ...]
) -> LeadTimeCells:
    """Cells of the lead-time model; edges from the data and the promises where none are given.

    Raises
    ------
    NotEnoughDataError
        There is no judgment; everybody was last seen on the day of the judgment; edges past the longest follow-up.
    """
    check_any(counts.n)
    follow_up = _follow_up(counts)
    if follow_up.longest_days < 1:
        raise NotEnoughDataError(
            f"All {int(counts.n.sum())} judgments ended or were last seen on the day they were made, as of "
            f"{counts.as_of}: nothing can be said of a lead time. Wait a day, or read a newer snapshot."
        )
    edges = default_edges(counts, scale.horizons) if edges_days is None else check_edges(edges_days)
    if edges[-1] > follow_up.longest_days:
        raise follow_up.refuse(int(edges[-1]), "`interval_edges_days` up to")
    exposure = counts.exposure_cells(edges, by=by)
    n = _judgments(counts, by)
    ranks = n.sum(axis=(0, *range(2, n.ndim))).astype(float)
    clock = interval_clock(np.concatenate([[0.0], edges + 0.5]))
    return LeadTimeCells(exposure, n, pack_cells(n > 0, by), scale.scores(ranks), clock, follow_up)


def default_edges(counts: DurationCounts, horizons: tuple[int, ...]) -> Ints:
    """Which intervals, if nobody says? Promises reached by the follow-up, its end, and quantiles of the event days.

    The end is the last day on which at least 20 judgments (or 5 % of them) were still followed, or the last reached
    promise. Between, edges hold about as many events each, at most eight intervals and ten events an interval; the
    last event is an edge where follow-up goes on for long without one. Where an interval's worth of events comes on the
    day of the judgment, that day is an interval of its own.
    """
    longest = int(counts.days.max())
    at_risk = _at_risk(counts, longest)
    enough = min(FEWEST_AT_RISK, max(1.0, 0.05 * counts.n.sum()))
    promised = [days for days in horizons if days <= longest]
    end = max([1, *promised, *np.flatnonzero(at_risk >= enough)[-1:].tolist()])
    seen = (counts.ending == EVENT) & (counts.days <= end)
    days, n = counts.days[seen], counts.n[seen]
    wanted = {*promised, end}
    if days.size and days.max() * _APART < end:
        wanted.add(max(1, int(days.max())))
    n_intervals = int(np.clip(n.sum() // EVENTS_PER_INTERVAL, 1, MOST_INTERVALS))
    order = np.argsort(days, kind="stable")
    reached = np.cumsum(n[order])
    for share in np.arange(1, n_intervals) / n_intervals:
        edge = int(days[order][np.searchsorted(reached, share * reached[-1])])
        if all(not (other / _APART < edge < other * _APART) for other in wanted if other != edge):
            wanted.add(edge)
    return np.array(sorted(edge for edge in wanted if edge <= end), dtype=np.int64)


def rank_contrasts(n_ranks: int) -> Floats:
    """Orthonormal basis, (rank, rank − 1), of differences between ranks: what the baseline cannot say."""
    full = np.linalg.qr(np.concatenate([np.ones((n_ranks, 1)), np.eye(n_ranks)], axis=1))[0]
    return np.asarray(full[:, 1:n_ranks])


def _follow_up(counts: DurationCounts) -> FollowUp:
    is_open, is_event = counts.ending == OPEN, counts.ending == EVENT
    return FollowUp(
        longest_days=int(counts.days.max()),
        longest_open_days=int(counts.days[is_open].max()) if is_open.any() else None,
        last_event_days=int(counts.days[is_event].max()) if is_event.any() else None,
        as_of=counts.as_of,
    )


def _at_risk(counts: DurationCounts, longest: int) -> Floats:
    """Judgments followed on each whole day from 0 to the longest follow-up, (day,)."""
    ended = np.bincount(counts.days, counts.n, longest + 2)[: longest + 1]
    entered = np.bincount(counts.entry_days, counts.n, longest + 2)[: longest + 1]
    return np.cumsum(entered) - (np.cumsum(ended) - ended)


def _judgments(counts: DurationCounts, by: tuple[str, ...]) -> Ints:
    """Judgments per rep, rank and group."""
    shape = (len(counts.reps), len(counts.ranks), *(len(counts.groups[name]) for name in by))
    n = np.zeros(shape, dtype=np.int64)
    np.add.at(n, (counts.rep, counts.rank, *(counts.group_codes[name] for name in by)), counts.n)
    return n


def interval_clock(bounds: Floats) -> Floats:
    """Log of the intervals' middles, mean 0 and sd 1 over the intervals; 0 where there is one.

    Middles within the first day count as a day, or the day of the judgment would stand far from all others.
    """
    middle = np.log(np.maximum(0.5 * (bounds[1:] + bounds[:-1]), 1.0))
    centred = middle - middle.mean()
    return np.asarray(centred / centred.std()) if len(middle) > 1 else centred
