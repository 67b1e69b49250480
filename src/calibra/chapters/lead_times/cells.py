"""What the lead-time model counts: intervals, person-days and endings, and how far follow-up reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.chapters.lead_times.baseline import (
    KINDS,
    Columns,
    bend_columns,
    heap_columns,
    heap_days,
    heap_intervals,
    mend_exposure,
    trend_columns,
)
from calibra.data.counting.counts import EVENT, OPEN, DurationCounts, ExposureCells, check_edges
from calibra.data.scale import RankScale, RankScores
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.reading.cells import PackedCells, check_any, pack_cells
from calibra.tables import brief
from calibra.values import Count, Value

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

MOST_INTERVALS = 8
"""So many intervals by default, beside those that promises ask for."""
EVENTS_PER_INTERVAL = 10
"""So many events an interval has by default, about, before another one is opened."""
FEWEST_AT_RISK = 20
"""Follow-up counts by default as far as so many judgments (5 % of them, where that is fewer) are still followed."""
WIDEST = 1.25
"""No default interval ends later than this factor times its start: within it the hazard cannot fall."""
WIDEST_LATE = 1.15
"""The same from the day on by which three quarters of the events have come: by when nearly all have is read there."""
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
    all_ended_days: int | None = None
    """Day by which all who were followed long enough had ended; None where some were lost from sight while open.

    After it nobody is at risk, and every incidence stays what it is.
    """

    def known_from(self, days: int) -> date | None:
        """The first date on which any judgment, or one made on the snapshot date, can have been followed so long."""
        if self.as_of is None or days <= self.longest_days:
            return self.as_of
        return self.as_of + timedelta(days=days - (self.longest_open_days or 0))

    def refuse(self, days: int, key: str) -> NotEnoughDataError:
        """The error that says nobody has been followed so long yet, in the words of a key."""
        values: dict[str, Value] = {
            "days": days,
            "longest": self.longest_days,
            "as_of": self.as_of,
            "first": self.known_from(days),
        }
        return NotEnoughDataError(Finding(key, values, "note"))

    def refuse_age(self, age_days: int) -> NotEnoughDataError:
        """The error that says nobody was still open at such an age."""
        values: dict[str, Value] = {"age": age_days, "ended": self.all_ended_days}
        return NotEnoughDataError(Finding("lead_times.all_ended", values, "note"))


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
    heaps: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Ending to the intervals of one day on which such endings heap up, (interval,)."""

    @property
    def trend(self) -> Columns:
        """Slope, bend and tail of the baseline."""
        return trend_columns(self.clock)

    @property
    def bends(self) -> Columns:
        """Where ranks may take another slope."""
        return bend_columns(self.clock)

    def heap(self, cause: str) -> Columns:
        """The days on which endings of this kind heap up."""
        return heap_columns(self.heaps.get(cause, np.zeros(len(self.clock), dtype=bool)), self.exposure.edges_days)

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
        values: dict[str, Value] = {"n": Count(float(counts.n.sum()), "judgment"), "as_of": counts.as_of}
        raise NotEnoughDataError(Finding("lead_times.same_day", values, "note"))
    edges = default_edges(counts, scale.horizons) if edges_days is None else check_edges(edges_days)
    if edges[-1] > follow_up.longest_days:
        raise follow_up.refuse(int(edges[-1]), "lead_times.edges_not_followed")
    heaps = heap_intervals(counts, edges)
    exposure = mend_exposure(counts.exposure_cells(edges, by=by), heaps["event"] | heaps["exit"])
    n = _judgments(counts, by)
    ranks = n.sum(axis=(0, *range(2, n.ndim))).astype(float)
    clock = interval_clock(np.concatenate([[0.0], edges + 0.5]))
    return LeadTimeCells(exposure, n, pack_cells(n > 0, by), scale.scores(ranks), clock, follow_up, heaps)


def default_edges(counts: DurationCounts, horizons: tuple[int, ...]) -> Ints:
    """Which intervals, if nobody says? Promises reached by the follow-up, its end, quantiles of event days, and no gap.

    The end is the last day on which at least 20 judgments (or 5 % of them) were still followed, or the last reached
    promise; where all of these ended, the day of the last ending. A day on which events or exits heap up is an interval
    of its own (`heap_days`). Between, edges hold about as many events each, at most eight intervals and ten
    events an interval; the last event is an edge where follow-up goes on for long without one. Where an interval's
    worth of events comes on the day of the judgment, that day is an interval of its own. Intervals wider than a
    quarter of their start, or 15 % of it once three quarters of the events have come, are cut in pieces, as far as each
    holds the person-days in which ten events would come at the mean hazard: few events in many person-days say as much
    as many events in few.
    """
    longest = int(counts.days.max())
    at_risk = count_at_risk(counts)
    promised = [days for days in horizons if days <= longest]
    end = max([1, *promised, _all_ended(counts) or last_followed(at_risk, float(counts.n.sum()))])
    seen = (counts.ending == EVENT) & (counts.days <= end)
    days, n = counts.days[seen], counts.n[seen]
    heaps = [day for cause in KINDS for day in heap_days(counts, cause, end=end).tolist()]
    wanted = {*promised, end, *heaps, *(day - 1 for day in heaps if day > 0)}
    if days.size and days.max() * _APART < end:
        wanted.add(max(1, int(days.max())))
    n_intervals = int(np.clip(n.sum() // EVENTS_PER_INTERVAL, 1, MOST_INTERVALS))
    order = np.argsort(days, kind="stable")
    reached = np.cumsum(n[order])
    for share in np.arange(1, n_intervals) / n_intervals:
        edge = int(days[order][np.searchsorted(reached, share * reached[-1])])
        if all(not (other / _APART < edge < other * _APART) for other in wanted if other != edge):
            wanted.add(edge)
    edges = sorted(edge for edge in wanted if edge <= end)
    most_come = int(days[order][np.searchsorted(reached, 0.75 * reached[-1])]) if days.size else end
    return _cut_wide(edges, np.cumsum(at_risk), int(n.sum()), most_come)


def last_followed(at_risk: Floats, n: float) -> int:
    """The last day on which at least 20 judgments, or 5 % of them where that is fewer, were still followed; or 0."""
    enough = min(FEWEST_AT_RISK, max(1.0, 0.05 * n))
    return int(np.flatnonzero(at_risk >= enough)[-1:].sum())


def _cut_wide(edges: list[int], person_days: Floats, n_events: int, most_come: int) -> Ints:
    """Edges with no interval wider than it may be for its start, as far as the person-days up to each day allow."""
    if n_events == 0:
        return np.array(edges, dtype=np.int64)
    enough = EVENTS_PER_INTERVAL * person_days[edges[-1]] / n_events
    wanted = set(edges)
    for start, stop in pairwise(edges):
        widest = WIDEST_LATE if stop > most_come else WIDEST
        if start == 0 or stop <= widest * start:
            continue
        most = int(np.ceil(np.log(stop / start) / np.log(widest)))
        for n_pieces in range(most, 1, -1):
            cut = np.unique(np.rint(np.geomspace(start, stop, n_pieces + 1)).astype(int))
            if np.diff(person_days[cut]).min() >= enough:
                wanted.update(cut.tolist())
                break
    return np.array(sorted(wanted), dtype=np.int64)


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
        all_ended_days=_all_ended(counts),
    )


def _all_ended(counts: DurationCounts) -> int | None:
    """Day of the last ending, where all who were followed on the last well followed day ended; None else."""
    last = last_followed(count_at_risk(counts), float(counts.n.sum()))
    is_lost = (counts.ending == OPEN) & (counts.days >= last) & (counts.n > 0)
    return None if is_lost.any() else int(counts.days.max())


def count_at_risk(counts: DurationCounts, chosen: NDArray[np.bool_] | None = None) -> Floats:
    """Judgments (or some rows of the counts) followed on each whole day from 0 to the longest follow-up, (day,)."""
    rows = slice(None) if chosen is None else chosen
    n_days = int(counts.days.max()) + 1
    ended, entered = (
        np.bincount(days[rows], counts.n[rows], n_days + 1)[:n_days] for days in (counts.days, counts.entry_days)
    )
    return np.asarray(np.cumsum(entered) - (np.cumsum(ended) - ended))


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
