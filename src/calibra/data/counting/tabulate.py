"""From the engine's raw counts to duration counts in one order, whatever the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.amounts import SUMS_OF_AMOUNTS
from calibra.data.counting.counts import EVENT, DurationCounts
from calibra.data.counting.labels import Labels
from calibra.data.counting.packed import PackedCounts

IntArray = NDArray[np.int64]

MISSING = "(missing)"
"""Label of the judgments without one in a grouping."""
_BITS = 62
"""Most bits of one whole number that keys may share with the place of their row."""


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
    keys = [rep, kept(rank_codes), *(codes for codes, _ in grouped.values())]
    keys += [kept(packed.entry_days), kept(packed.code), kept(packed.maturity)]
    (rep, rank, *codes, entry_days, code, maturity), order, starts = sort_and_group(keys)
    days, ending = code >> 2, code & 3
    sums = {name: kept(values)[order] for name, values in packed.sums.items() if name in ("n", *_OF_TOUCHES, *_OF_WINS)}
    if starts.size < order.size:
        sums = {name: _OVER.get(name, np.add).reduceat(values, starts) for name, values in sums.items()}
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
_OF_WINS = ("n_won", *SUMS_OF_AMOUNTS)
_OVER = {"max_amount": np.maximum}
"""How equal cells are put together, where it is not by adding up."""


def used_labels(labels: Labels, keep: NDArray[np.bool_]) -> tuple[IntArray, tuple[str, ...]]:
    """Codes of the kept rows and the labels that occur among them, the missing ones last, as a label of their own."""
    values = labels.values if MISSING in labels.values else (*labels.values, MISSING)
    codes = labels.codes if keep.all() else labels.codes[keep]
    if codes.min(initial=0) < 0:
        codes = np.where(codes < 0, values.index(MISSING), codes)
    there = np.bincount(codes, minlength=len(values)) > 0
    used = tuple(value for value, is_used in zip(values, there, strict=True) if is_used)
    return (codes if there[: len(used)].all() else (np.cumsum(there) - 1)[codes]), used


def add_up(keys: list[IntArray], sums: dict[str, IntArray]) -> tuple[list[IntArray], dict[str, IntArray]]:
    """Rows sorted by the keys, first key first, equal ones added up: two spellings of a rank are one."""
    if not keys[0].size:
        return keys, sums
    distinct, order, starts = sort_and_group(keys)
    return distinct, {name: np.add.reduceat(n[order], starts) for name, n in sums.items()}


def sort_and_group(keys: Sequence[IntArray]) -> tuple[list[IntArray], IntArray, IntArray]:
    """Distinct rows of the keys in order, first key first; the order that sorts all rows; where each of them starts.

    The keys and the place of a row travel in the bits of one whole number, where they fit: such numbers are sorted in
    a quarter of the time, and the keys are read off them again without a look-up.
    """
    lows = [int(key.min(initial=0)) for key in keys]
    bits = [(int(key.max(initial=0)) - low).bit_length() for key, low in zip(keys, lows, strict=True)]
    n_rows = keys[0].size
    place_bits = n_rows.bit_length()
    if sum(bits) + place_bits > _BITS:
        order = np.lexsort(keys[::-1])
        starts = _starts([key[order] for key in keys])
        return [key[order[starts]] for key in keys], order, starts
    packed = np.zeros(n_rows, dtype=np.int64)
    for key, low, width in zip(keys, lows, bits, strict=True):
        if width:  # in place: memory that is new costs more than the arithmetic
            packed <<= width
            packed |= key - low if low else key
    packed <<= place_bits
    packed |= np.arange(n_rows)
    packed.sort()
    order, packed = packed & ((1 << place_bits) - 1), packed >> place_bits
    starts = _starts([packed])
    packed = packed if starts.size == n_rows else packed[starts]
    distinct = []
    for low, width in zip(reversed(lows), reversed(bits), strict=True):
        part = packed & ((1 << width) - 1) if width else np.zeros_like(packed)
        if low:
            part += low
        distinct.append(part)
        packed >>= width
    return distinct[::-1], order, starts


def _starts(ordered: Sequence[IntArray]) -> IntArray:
    """Where each run of equal rows starts."""
    is_new = np.zeros(ordered[0].size, dtype=bool)
    is_new[:1] = True
    for key in ordered:
        is_new[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(is_new)
