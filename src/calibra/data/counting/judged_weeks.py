"""Mature judgments by the calendar week they were made in: how two sets of counts are known to be of the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.tables import brief

type IntArray = NDArray[np.int64]

_TOLERANCE = 0.5
"""In square roots of a count: rows written later or struck out move a cell by less, another sample by more."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedWeeks:
    """One row per rep, rank and calendar week; arrays of the shape (M,), those by horizon (H, M).

    The weeks are those of the calendar, the same for every snapshot date.
    """

    __repr__ = brief

    horizons: tuple[int, ...]
    """Horizons in days, shortest first: axis 0 of `n_mature` and `events`."""
    rep: IntArray
    """Index of the rep, in the order of the labels."""
    rank: IntArray
    """Index of the rank, best first."""
    week: IntArray
    """Calendar week of the judgment, Monday first, counted from the year 1."""
    n_mature: IntArray
    """Judgments old enough for the horizon and followed through it, shape (H, M)."""
    events: IntArray
    """Those with an event within the horizon, shape (H, M)."""


def share_known_again(
    one: JudgedWeeks, other: JudgedWeeks, *, reps: tuple[Sequence[str], Sequence[str]], within_days: int
) -> float:
    """What share of the mature judgments of one stand in weeks that the other has counted alike?

    A rep's judgments of one rank in one week count as known again where both have about as many of them, and of their
    events: the two differ by at most half a square root. Rows that both hold agree; counts of other rows agree so well
    by chance for about a quarter of the judgments at most.

    Parameters
    ----------
    reps : pair of sequences of str
        Rep labels of both.
    within_days : int
        Horizon in days.
    """
    labels = {rep: i for i, rep in enumerate(dict.fromkeys([*reps[0], *reps[1]]))}
    (key, n, events), (theirs, their_n, their_events) = (
        _rows(side, np.array([labels[rep] for rep in known], dtype=np.int64), within_days)
        for side, known in zip((one, other), reps, strict=True)
    )
    if not n.sum() or not theirs.size:
        return 0.0
    order = np.argsort(theirs)
    match = order[np.searchsorted(theirs, key, sorter=order).clip(max=theirs.size - 1)]
    again = theirs[match] == key
    again &= np.abs(their_n[match] - n) <= _TOLERANCE * np.sqrt(n)
    again &= np.abs(their_events[match] - events) <= _TOLERANCE * np.sqrt(events)
    return float(n[again].sum() / n.sum())


def _rows(side: JudgedWeeks, labels: IntArray, within_days: int) -> tuple[IntArray, IntArray, IntArray]:
    """Rep, rank and week as one number, and the mature judgments and events of each."""
    at = side.horizons.index(within_days)
    key = (labels[side.rep] * 1_000 + side.rank) * 1_000_000 + side.week
    held = side.n_mature[at] > 0
    return key[held], side.n_mature[at][held], side.events[at][held]
