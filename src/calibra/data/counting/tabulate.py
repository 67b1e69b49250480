"""From the engine's raw counts to duration counts in one order, whatever the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, DurationCounts
from calibra.data.counting.packed import Labels, PackedCounts

IntArray = NDArray[np.int64]

MISSING = "(missing)"
"""Label of the judgments without one in a grouping."""
_LIMIT = 2**62


def tabulate(
    packed: PackedCounts,
    rank_codes: IntArray,
    keep: NDArray[np.bool_],
    *,
    ranks: tuple[str, ...],
    horizons: tuple[int, ...],
    as_of_day: int,
    event_is_win: bool = False,
) -> DurationCounts:
    """Good rows of the raw counts as duration counts: labels in place, equal cells added up, sorted.

    Where the event is the win, an event after the exit is none.
    """
    every = bool(keep.all())

    def kept(values: NDArray[Any]) -> NDArray[Any]:
        return values if every else values[keep]

    rep, reps = used_labels(packed.rep, keep)
    grouped = {name: used_labels(labels, keep) for name, labels in packed.groups.items()}
    code = kept(packed.code)
    keys = [rep, kept(rank_codes), *(codes for codes, _ in grouped.values())]
    keys += [kept(packed.entry_days), code >> 2, code & 3, kept(packed.maturity)]
    order, starts = sort_and_group(keys)
    firsts = order[starts]
    rep, rank, *codes, entry_days, days, ending, maturity = (key[firsts] for key in keys)
    sums = {name: kept(values)[order] for name, values in packed.sums.items() if name in ("n", *_OF_TOUCHES, *_OF_WINS)}
    if starts.size < order.size:
        sums = {name: np.add.reduceat(values, starts) for name, values in sums.items()}
    first = kept(packed.sums["first_judged"]) if "first_judged" in packed.sums else np.zeros(0, dtype=np.int64)
    if event_is_win:
        sums |= {name: values * (ending == EVENT) for name, values in sums.items() if name in _OF_WINS}
    return DurationCounts(
        reps,
        ranks,
        {name: labels for name, (_, labels) in grouped.items()},
        horizons,
        date.fromordinal(as_of_day),
        date.fromordinal(int(first.min())) if first.size else None,
        rep,
        rank,
        dict(zip(grouped, codes, strict=True)),
        entry_days,
        days,
        ending,
        maturity,
        **sums,
    )


_OF_TOUCHES = ("n_touches_known", "sum_touches")
_OF_WINS = ("n_won", "n_amounts", "sum_log_amount", "sum_log2_amount")


def used_labels(labels: Labels, keep: NDArray[np.bool_]) -> tuple[IntArray, tuple[str, ...]]:
    """Codes of the kept rows and the labels that occur among them, the missing ones last, as a label of their own."""
    values = labels.values if MISSING in labels.values else (*labels.values, MISSING)
    codes = np.where(labels.codes < 0, values.index(MISSING), labels.codes)[keep]
    there = np.bincount(codes, minlength=len(values)) > 0
    return (np.cumsum(there) - 1)[codes], tuple(value for value, used in zip(values, there, strict=True) if used)


def add_up(keys: list[IntArray], sums: dict[str, IntArray]) -> tuple[list[IntArray], dict[str, IntArray]]:
    """Rows sorted by the keys, first key first, equal ones added up: two spellings of a rank are one."""
    order, starts = sort_and_group(keys)
    if not order.size:
        return keys, sums
    return [key[order[starts]] for key in keys], {name: np.add.reduceat(n[order], starts) for name, n in sums.items()}


def sort_and_group(keys: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Order that sorts rows by the keys, first key first, and where each run of equal rows starts."""
    combined, size = np.zeros(keys[0].shape, dtype=np.int64), 1
    for key in keys:
        low = int(key.min(initial=0))
        width = int(key.max(initial=0)) - low + 1
        if size * width > _LIMIT:
            distinct, combined = np.unique(combined, return_inverse=True)
            size = distinct.size
        combined, size = combined * width + (key - low), size * width
    order = np.argsort(combined)
    combined = combined[order]
    return order, np.flatnonzero(np.concatenate([[True], combined[1:] != combined[:-1]])[: combined.size])
