"""What the baseline of the lead-time model has beside its walk: a trend over the log time, and days of heaps."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, EXIT, SAME_DAY, DurationCounts, ExposureCells

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

HEAP_SHARE, HEAP_FACTOR, HEAP_FEWEST = 0.05, 3.0, 10
"""A heap: a day with ten endings of a kind, this share of all, and so many times what the days beside it hold."""
RANK_BENDS = (-0.4, 0.8)
"""Where on the clock a rank may take another slope than the others."""
KINDS = {"event": EVENT, "exit": EXIT}
"""Ending to its code in the counts."""


class Columns(NamedTuple):
    """Columns of a term that all reps and ranks share."""

    labels: tuple[str, ...]
    """One label a column; none where the term has nothing to say."""
    design: Floats
    """Shape (interval, column)."""


def trend_columns(clock: Floats) -> Columns:
    """Slope, bend and tail, counted from the first interval; no more of them than steps.

    The clock, its square, and how far it has gone past the last bend of the ranks: without the last, few late endings
    are drawn up to what the many before them say.
    """
    labels = ("slope", "bend", "tail")[: max(len(clock) - 1, 0)]
    design = np.stack([clock, clock**2, np.maximum(clock - RANK_BENDS[-1], 0.0)], axis=-1)[:, : len(labels)]
    return Columns(labels, design - design[0])


def bend_columns(clock: Floats) -> Columns:
    """How far the clock has gone past each bend, 0 before; no more bends than intervals beyond two."""
    bends = RANK_BENDS[: max(len(clock) - 2, 0)]
    design = np.maximum(clock[:, None] - np.array(bends), 0.0)
    return Columns(tuple(f"from {bend:g} sd" for bend in bends), design)


def heap_columns(heaps: NDArray[np.bool_], edges_days: Ints) -> Columns:
    """An indicator for each interval that is a day of a heap."""
    chosen = np.flatnonzero(heaps)
    return Columns(tuple(f"day {day}" for day in edges_days[chosen].tolist()), np.eye(len(heaps))[:, chosen])


def heap_days(counts: DurationCounts, cause: str, *, end: int) -> Ints:
    """On which days up to this one do endings of a kind heap up: fixed closing days, reports at the month's end?"""
    seen = (counts.ending == KINDS[cause]) & (counts.days <= end)
    by_day = np.bincount(counts.days[seen], counts.n[seen], end + 2)
    beside = 0.5 * (np.concatenate([[0.0], by_day[:-1]]) + np.append(by_day[1:], 0.0))
    is_heap = (by_day > HEAP_FACTOR * beside) & (by_day > HEAP_SHARE * by_day.sum()) & (by_day >= HEAP_FEWEST)
    return np.flatnonzero(is_heap)


def heap_intervals(counts: DurationCounts, edges_days: Ints) -> dict[str, NDArray[np.bool_]]:
    """Which intervals are the day of a heap, by ending, (interval,); only an interval of one day can be."""
    is_day = np.diff(edges_days, prepend=-1) == 1
    return {cause: is_day & np.isin(edges_days, heap_days(counts, cause, end=int(edges_days[-1]))) for cause in KINDS}


def mend_exposure(exposure: ExposureCells, heaps: NDArray[np.bool_]) -> ExposureCells:
    """Person-days on the days of heaps, such that a constant hazard gives back the share ended that day.

    Endings are counted at the middle of their day. Where much of a rank ends on one day, a constant hazard puts them
    earlier: of N judgments D end with the hazard −log(1 − D/N), in D over that hazard person-days.
    """
    days = exposure.exposure_days.copy()
    ranks = (0, *range(2, days.ndim - 1))
    for interval in np.flatnonzero(heaps):
        width = float(exposure.widths_days[interval])
        middle = SAME_DAY if exposure.edges_days[interval] == 0 else 0.5
        ended = (exposure.events + exposure.exits)[..., interval].sum(axis=ranks).astype(float)
        counted = days[..., interval].sum(axis=ranks)
        n = counted / width + ended * (1.0 - middle / width)
        some = ended > 0
        share = np.minimum(ended[some] / n[some], 1.0 - 0.5 / np.maximum(n[some], 1.0))
        factor = np.ones(len(n))
        factor[some] = ended[some] * width / -np.log1p(-share) / counted[some]
        days[..., interval] *= factor.reshape(-1, *(1 for _ in range(days.ndim - 3)))
    return replace(exposure, exposure_days=days)
