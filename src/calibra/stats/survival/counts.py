"""From rows of durations to the counts of a life table: checks, who is at risk, who ended and how."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError, NotEnoughDataError
from calibra.stats.arrays import as_numbers

EVENT, EXIT, OPEN = 1, 2, 3
"""Ending codes of duration counts: event, competing exit, still open when last seen."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class LifeCounts(NamedTuple):
    """Counts on the days on which anything changes; arrays of one length."""

    days: Floats
    """Days at which judgments ended or entered, increasing."""
    n_at_risk: Counts
    """Under observation just before each day."""
    n_events: Counts
    """Became events on that day."""
    n_exits: Counts
    """Exited on that day."""
    n_open: Counts
    """Last seen open on that day."""
    n: int
    """Judgments in all."""
    first_day: float
    """First day under observation."""


def count_at_risk(days: Floats, codes: Counts, weights: Counts, entry: Floats) -> LifeCounts:
    """At-risk and ending counts on the grid of days on which anything changes."""
    late = entry > 0
    grid, place = np.unique(np.concatenate([days, entry[late]]), return_inverse=True)
    place_ended, place_entered = place[: days.size], place[days.size :]

    def total(index: NDArray[np.intp], counts: Counts) -> Counts:
        sums = np.zeros(grid.size, dtype=np.int64)
        np.add.at(sums, index, counts)
        return sums

    events, exits, left_open = (
        total(place_ended[codes == code], weights[codes == code]) for code in (EVENT, EXIT, OPEN)
    )
    ended, entered = events + exits + left_open, total(place_entered, weights[late])
    # under observation just before day t: entered before t (entry 0: from the start) and not ended before t
    n_at_risk = weights[~late].sum() + (np.cumsum(entered) - entered) - (np.cumsum(ended) - ended)
    counts = LifeCounts(grid, n_at_risk, events, exits, left_open, n=int(weights.sum()), first_day=float(entry.min()))
    _refuse_gap(counts)
    return counts


def _refuse_gap(counts: LifeCounts) -> None:
    last_ending = np.flatnonzero(counts.n_events + counts.n_exits + counts.n_open).max()
    left = counts.n_at_risk - counts.n_events - counts.n_exits
    started = np.flatnonzero(counts.n_at_risk > 0).min()
    gap = np.flatnonzero((left <= 0) & (np.arange(left.size) >= started) & (np.arange(left.size) < last_ending))
    if gap.size:
        raise NotEnoughDataError(
            f"Late entries leave nobody open under observation on day {counts.days[gap[0]]:g}, while judgments that "
            f"entered later are followed to day {counts.days[last_ending]:g}: the curve cannot be carried across. "
            "Leave out the judgments that end by that day, and read the rest as given open then."
        )


def check_codes(values: ArrayLike, *, name: str, allowed: tuple[int, ...]) -> Counts:
    """Ending codes as integers; `InputError` names the first that are none of the allowed."""
    codes = as_numbers(values, name)
    if codes.ndim != 1:
        raise InputError(f"`{name}` must be one-dimensional; got shape {codes.shape}.")
    bad = ~np.isin(codes, allowed)
    if bad.any():
        rows = ", ".join(f"row {row} {codes[row]:g}" for row in np.flatnonzero(bad)[:3])
        raise InputError(
            f"`{name}` must hold only {', '.join(map(str, allowed))}; found {int(bad.sum())} other ({rows}). "
            "Map them to these codes or drop those rows."
        )
    return codes.astype(np.int64)


def check_rows(
    days: ArrayLike, codes: Counts, weights: ArrayLike | None, entry_days: ArrayLike | None, *, name: str
) -> tuple[Floats, Counts, Counts, Floats]:
    """Days, codes, weights and entry days of the rows that were ever under observation (weight and exposure > 0)."""
    followed = _check_numbers(days, name="days", length=codes.size, beside=name)
    counts = np.ones(codes.size) if weights is None else _check_numbers(weights, name="weights", length=codes.size)
    entry = (
        np.zeros(codes.size) if entry_days is None else _check_numbers(entry_days, name="entry_days", length=codes.size)
    )
    _refuse(
        counts != np.round(counts), counts, "`weights` must be counts (whole numbers)", "Give one row per judgment."
    )
    too_late = (entry > 0) & ((followed < entry) | ((followed == entry) & (codes != OPEN)))
    _refuse(
        too_late,
        entry,
        "`entry_days` must lie before the day a judgment ended",
        "What ended before it came under observation was never seen: drop those rows.",
    )
    seen = (counts > 0) & ((entry == 0) | (followed > entry))
    if not seen.any():
        raise InputError("`days` must hold at least one judgment under observation; got none.")
    return followed[seen], codes[seen], counts[seen].astype(np.int64), entry[seen]


def _check_numbers(values: ArrayLike, *, name: str, length: int, beside: str = "days") -> Floats:
    numbers = as_numbers(values, name, days=name != "weights")
    if numbers.shape != (length,):
        raise InputError(f"`{name}` and `{beside}` must have one length; got shape {numbers.shape} and {length} rows.")
    _refuse(
        ~(np.isfinite(numbers) & (numbers >= 0)), numbers, f"`{name}` must be finite and 0 or more", "Drop those rows."
    )
    return numbers


def _refuse(bad: NDArray[np.bool_], values: Floats, expected: str, mend: str) -> None:
    if bad.any():
        rows = ", ".join(f"row {row}: {values[row]:g}" for row in np.flatnonzero(bad)[:3])
        raise InputError(f"{expected}; found {int(bad.sum())} that are not ({rows}). {mend}")
