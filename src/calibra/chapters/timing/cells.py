"""What the model of stated dates counts: intervals of the stated clock, and the kinds of judgments apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.positions import PositionCells
from calibra.data.scale import RankScale, RankScores
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import brief

type Floats = NDArray[np.float64]

EDGES = (0.4, 1.6, 2.2, 3.0)
"""Ends of intervals in stated lengths, beside those of what is on time."""
FEWEST_FOLLOWED = 20
"""The last edge is the last up to which so many judgments (5 % of them, where that is fewer) were followed."""
FEWEST_ENDED = 5
"""An interval with fewer events than this, of all reps, is joined to the one after it."""
NEARLY_ALL = 0.9
"""Where this share of the dates lies the same number of days ahead, or on the day of the event, nobody stated them."""


@dataclass(frozen=True, slots=True, eq=False)
class TimingCells:
    """Stated lengths under observation, events and exits per rep, kind of judgment and interval."""

    __repr__ = brief

    counted: PositionCells
    """The counts, at the edges that are used."""
    rank: NDArray[np.int64]
    """Rank of each kind of judgment: an index into the ranks, (kind,)."""
    length: NDArray[np.int64]
    """Class of its stated length, (kind,)."""
    scores: RankScores
    """Scores of the ranks."""

    @property
    def bounds(self) -> Floats:
        """Where the intervals begin and end, in stated lengths, (interval + 1,)."""
        return np.concatenate([[0.0], self.counted.edges])

    @property
    def last(self) -> float:
        """The last position the model speaks of."""
        return float(self.counted.edges[-1])

    @property
    def n(self) -> Floats:
        """Judgments per rep and kind, (rep, kind)."""
        return self.counted.n[:, self.rank, self.length].astype(float)

    @property
    def intervals(self) -> tuple[str, ...]:
        """Labels of the intervals."""
        return tuple(f"{lower:g}–{upper:g}" for lower, upper in pairwise(self.bounds))

    @property
    def clock(self) -> Floats:
        """Log of each interval's middle, mean 0 and standard deviation 1 over the intervals, (interval,)."""
        middle = np.log(0.5 * (self.bounds[1:] + self.bounds[:-1]))
        return np.asarray((middle - middle.mean()) / middle.std())

    def pack(self, values: NDArray[np.generic]) -> Floats:
        """An array (rep, rank, length, interval) as (rep, kind × interval)."""
        return np.asarray(values[:, self.rank, self.length], dtype=float).reshape(len(values), -1)


def wanted_edges(edges: Sequence[float], tolerance: float) -> tuple[float, ...]:
    """Every edge, and both ends of what is on time."""
    return tuple(sorted({*edges, round(1.0 - tolerance, 2), round(1.0 + tolerance, 2)}))


def lay_out_cells(counted: PositionCells, scale: RankScale, tolerance: float) -> TimingCells:
    """The cells at the edges that the data bear: both ends of what is on time always among them.

    Raises
    ------
    NotEnoughDataError
        Nobody, or hardly anybody, was followed past the end of what is on time; one length for nearly all dates; or
        nearly all events on the stated date, which was written after the event.
    """
    n = int(counted.n.sum())
    if not n:
        raise NotEnoughDataError(Finding("timing.none_stated", {"n": counted.n_at_once}, "note"))
    if counted.n_usual >= NEARLY_ALL * n and n >= FEWEST_FOLLOWED:
        values = {"n": n, "usual": counted.n_usual, "days": counted.usual_days}
        raise NotEnoughDataError(Finding("timing.a_default", values, "note"))
    events = int(counted.events.sum())
    if counted.n_on_the_day >= NEARLY_ALL * events and events >= FEWEST_FOLLOWED:
        told = {"n": counted.n_on_the_day, "of": events}
        raise NotEnoughDataError(Finding("timing.hindsight", told, "note"))
    on_time = (1.0 - tolerance, 1.0 + tolerance)
    enough = min(FEWEST_FOLLOWED, max(1.0, 0.05 * n))
    reached = counted.edges[counted.n_reached[1:] >= enough]
    if not reached.size or reached[-1] < on_time[1] - 1e-9:
        raise NotEnoughDataError(Finding("timing.too_young", {"n": n}, "note"))
    kept = _borne(counted, float(reached[-1]), on_time)
    rank, length = np.nonzero(counted.n.sum(axis=0))
    return TimingCells(counted.merged(kept), rank, length, scale.scores(counted.n.sum(axis=(0, 2)).astype(float)))


def _borne(counted: PositionCells, last: float, on_time: tuple[float, float]) -> list[float]:
    """Edges up to the last, those left out that end an interval with hardly an event."""
    events = counted.events.sum(axis=(0, 1, 2))
    kept: list[float] = []
    since = 0
    for edge, came in zip(counted.edges.tolist(), events.tolist(), strict=True):
        since += came
        if any(np.isclose(edge, end) for end in (*on_time, last)) or (edge < last and since >= FEWEST_ENDED):
            kept.append(edge)
            since = 0
        if np.isclose(edge, last):
            break
    return kept
