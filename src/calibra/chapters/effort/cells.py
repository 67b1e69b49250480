"""What the model of contacts counts: classes of contacts, and what keeps their number from telling anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.contacts import ContactCells, ContactCounts
from calibra.data.counting.counts import EVENT
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import brief
from calibra.values import Share

type Floats = NDArray[np.float64]

STARTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 23, 31, 41)
"""First contact of each class: one by one up to the tenth, then a third wider from class to class."""
FEWEST_AT_RISK = 20
"""A class begins only where so many prospects, of all reps, had that contact."""
FEWEST_EQUAL = 20
"""From so many judgments on one and the same number of contacts for all is a default of a form."""
MOST_WITHOUT = 0.5
"""Where a larger share of the events had no contact before them, contacts say little of events."""


@dataclass(frozen=True, slots=True, eq=False)
class EffortCells:
    """Contacts at risk, events and stops per rep, rank and class of contacts, and the counts they are sums of."""

    __repr__ = brief

    counts: ContactCounts
    """Judgments by their number of contacts."""
    counted: ContactCells
    """The same at the classes that the data bear."""
    used: NDArray[np.int64]
    """Ranks with a judgment that was contacted, as indices into the ranks, (rank,)."""

    @property
    def ranks(self) -> tuple[str, ...]:
        """Labels of these ranks, best first."""
        return tuple(self.counted.ranks[k] for k in self.used)

    @property
    def n(self) -> Floats:
        """Judgments with a contact, (rep, rank)."""
        return self.counted.n[:, self.used].astype(float)

    @property
    def last(self) -> int:
        """First contact of the last class, from which on hazards are taken as lasting."""
        return int(self.counted.starts[-1])

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the classes."""
        starts = self.counted.starts.tolist()
        ends = [start - 1 for start in starts[1:]]
        inner = [str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=False)]
        return (*inner, f"{starts[-1]} and more")

    @property
    def clock(self) -> Floats:
        """Log of each class's first contact, mean 0 and standard deviation 1 over the classes, (class,)."""
        place = np.log(self.counted.starts.astype(float))
        return np.asarray((place - place.mean()) / max(place.std(), 1e-12))

    def pack(self, values: NDArray[np.generic]) -> Floats:
        """An array (rep, rank, class) as (rep, used rank × class)."""
        return np.asarray(values[:, self.used], dtype=float).reshape(len(values), -1)

    def contacts_by_ending(self) -> NDArray[np.int64]:
        """Contacts made with prospects that came, that ended otherwise, and that are open, (rep, 3)."""
        made = np.zeros((len(self.counts.reps), 3), dtype=np.int64)
        known = self.counts.of(least=1)
        place = (self.counts.rep[known], self.counts.ending[known] - 1)
        np.add.at(made, place, self.counts.contacts[known] * self.counts.n[known])
        return made


def lay_out_cells(counts: ContactCounts) -> EffortCells:
    """The cells at the classes that the data bear.

    Raises
    ------
    NotEnoughDataError
        No number of contacts is known; the same number for all, which is a default of a form; no event after a contact;
        more than half of the events without any contact before them.
    """
    known = counts.of()
    n = int(counts.n[known].sum())
    if not n:
        raise NotEnoughDataError(Finding("effort.none_known", {"n": int(counts.n.sum())}, "note"))
    _refuse_one_number(counts, known, n)
    _refuse_events_without(counts)
    reached = [int(counts.n[counts.of(least=start)].sum()) for start in STARTS]
    starts = [start for start, many in zip(STARTS, reached, strict=True) if start == 1 or many >= FEWEST_AT_RISK]
    counted = counts.at_contacts(starts)
    return EffortCells(counts, counted, np.flatnonzero(counted.n.sum(axis=0)))


def _refuse_one_number(counts: ContactCounts, known: NDArray[np.bool_], n: int) -> None:
    """All numbers the same: filled in by a form, not counted."""
    numbers = np.unique(counts.contacts[known & (counts.n > 0)])
    if numbers.size == 1 and n >= FEWEST_EQUAL:
        values = {"n": n, "contacts": int(numbers[0])}
        raise NotEnoughDataError(Finding("effort.a_default", values, "note"))


def _refuse_events_without(counts: ContactCounts) -> None:
    """Events that came without a contact, or none that came after one."""
    events = int(counts.n[counts.of(ending=EVENT)].sum())
    after = int(counts.n[counts.of(ending=EVENT, least=1)].sum())
    if events and events - after > MOST_WITHOUT * events:
        share = Share((events - after) / events)
        raise NotEnoughDataError(Finding("effort.events_without", {"share": share, "of": events}, "note"))
    if not after:
        told = {"n": int(counts.n[counts.of(least=1)].sum())}
        raise NotEnoughDataError(Finding("effort.no_events", told, "note"))
