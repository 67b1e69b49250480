"""Forecasts of a yes/no outcome: checked at the door, then pooled to one cell per distinct forecast."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError
from calibra.stats.arrays import as_numbers, check_same_index, is_missing, unmasked

ALL = "all"
"""Name of the only group where no groups are given."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastCells:
    """One cell per distinct forecast, ascending: all that curves, scores and bands need to know of the rows."""

    prob: Floats
    """The distinct forecast probabilities, ascending; shape (K,)."""
    n: NDArray[np.int64]
    """Forecasts in the cell."""
    weight: Floats
    """Sum of the weights in the cell (n without weights)."""
    event_weight: Floats
    """Sum of the weights of the events in the cell."""
    weight_sq: Floats
    """Sum of the squared weights in the cell."""
    event_weight_sq: Floats
    """Sum of the squared weights of the events in the cell."""

    @property
    def rate(self) -> Floats:
        """Weighted share of events in each cell."""
        return self.event_weight / self.weight

    @property
    def effective_n(self) -> Floats:
        """Kish's effective count (Σw)²/Σw² of each cell; n without weights."""
        return self.weight**2 / self.weight_sq

    @property
    def weighted(self) -> bool:
        """Whether any weight differs from one."""
        if not np.array_equal(self.weight, self.n):
            return True
        return self.weight_sq is not self.weight and not np.array_equal(self.weight_sq, self.n)


@dataclass(frozen=True, slots=True, eq=False)
class CheckedForecasts:
    """Arrays of one length that have passed the door; rows of weight zero are left out."""

    y: NDArray[np.bool_]
    """Outcome, one row per forecast."""
    prob: Floats
    """Forecast probability of the outcome, in [0, 1]."""
    weights: Floats | None
    """Positive weights, or None."""
    group_codes: NDArray[np.int64] | None
    """Position of each row's group in `groups`, or None."""
    groups: tuple[str, ...]
    """Group labels, sorted; ("all",) without groups."""

    def cells(self) -> list[ForecastCells]:
        """One set of cells per group, in the order of `groups`."""
        if self.group_codes is None:
            return [_pool(self.y, self.prob, self.weights)]
        members = (np.flatnonzero(self.group_codes == code) for code in range(len(self.groups)))
        weights = self.weights
        return [_pool(self.y[rows], self.prob[rows], None if weights is None else weights[rows]) for rows in members]


def pool_forecasts(y: ArrayLike, prob: ArrayLike, *, weights: ArrayLike | None = None) -> ForecastCells:
    """What is known per distinct forecast? Counts and events of all rows that share one forecast value.

    Ties are pooled, so the order of the rows never matters.

    Parameters
    ----------
    y : array of 0/1, shape (n,)
    prob : array of float in [0, 1], shape (n,)
    weights : array of float, shape (n,), optional
        Importance weights, zero or more. They are not counts: the bands use Kish's effective count.

    Examples
    --------
    >>> pool_forecasts([1, 0, 1], [0.7, 0.2, 0.7]).n
    array([1, 2])
    """
    return check_forecasts(y, prob, weights=weights).cells()[0]


def cells_from_counts(prob: ArrayLike, n: ArrayLike, events: ArrayLike) -> ForecastCells:
    """The cells of an aggregated table: forecast, how often it was given, how often the event followed.

    Examples
    --------
    >>> cells_from_counts([0.6, 0.2], [10, 40], [5, 8]).rate
    array([0.2, 0.5])
    """
    check_same_index(prob=prob, n=n, events=events)
    values = as_floats(prob, "prob")
    counts, successes = as_floats(n, "n"), as_floats(events, "events")
    if not values.shape == counts.shape == successes.shape:
        raise InputError(
            f"`prob`, `n` and `events` must have one length; got {values.size}, {counts.size} and {successes.size}."
        )
    if values.size == 0:
        raise InputError("`prob`, `n` and `events` must hold one forecast or more; they are empty.")
    refuse("prob", values, ~((values >= 0) & (values <= 1)), "must lie in [0, 1]", "Give probabilities, not percent.")
    refuse("n", counts, ~((counts > 0) & (counts % 1 == 0)), "must be whole numbers above 0", "Drop empty cells.")
    wrong = ~((successes >= 0) & (successes <= counts) & (successes % 1 == 0))
    refuse("events", successes, wrong, "must be whole numbers from 0 to n", "Check the columns' order.")
    distinct, place = np.unique(values, return_inverse=True)
    total = np.bincount(place, counts)
    seen = np.bincount(place, successes)
    return ForecastCells(distinct, total.astype(np.int64), total, seen, total, seen)


def check_forecasts(
    y: ArrayLike, prob: ArrayLike, *, weights: ArrayLike | None = None, groups: ArrayLike | None = None
) -> CheckedForecasts:
    """Arrays in, or an `InputError` that names what is wrong, where and how to mend it."""
    check_same_index(y=y, prob=prob, weights=weights, groups=groups)
    outcome, forecast = as_floats(y, "y"), as_floats(prob, "prob")
    if outcome.size == 0:
        raise InputError("`y` must hold at least one outcome; it is empty.")
    _check_length("prob", forecast.size, outcome.size)
    refuse("y", outcome, ~((outcome == 0) | (outcome == 1)), "must be 0 or 1", "Drop rows without an outcome.")
    outside = ~((forecast >= 0) & (forecast <= 1))
    refuse("prob", forecast, outside, "must lie in [0, 1]", "Give probabilities, not percent, and no missing values.")
    happened, checked_weights, kept = outcome == 1, None, None
    if weights is not None:
        checked_weights = as_floats(weights, "weights")
        _check_length("weights", checked_weights.size, outcome.size)
        bad = ~(np.isfinite(checked_weights) & (checked_weights >= 0))
        refuse("weights", checked_weights, bad, "must be finite and not negative", "Weight 0 leaves a row out.")
        kept = np.flatnonzero(checked_weights)
        if kept.size == 0:
            raise InputError("`weights` must not all be zero.")
    codes, labels = _group_codes(groups, outcome.size)
    if kept is not None and checked_weights is not None and kept.size < outcome.size:
        happened, forecast, checked_weights = happened[kept], forecast[kept], checked_weights[kept]
        if codes is not None:
            present, codes = np.unique(codes[kept], return_inverse=True)
            labels = tuple(labels[code] for code in present)
    return CheckedForecasts(happened, forecast, checked_weights, codes, labels)


def as_floats(values: ArrayLike, name: str, *, days: bool = False) -> Floats:
    """One-dimensional float array, durations as days where days are asked for, or an `InputError` with the name."""
    array = as_numbers(values, name, days=days)
    if array.ndim != 1:
        raise InputError(f"`{name}` must have one dimension; it has {array.ndim} (shape {array.shape}).")
    return array


def refuse(name: str, values: Floats, bad: NDArray[np.bool_], expected: str, remedy: str) -> None:
    """Raise for offending values: what was expected, the first three, how many, how to mend it."""
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return
    shown = ", ".join(f"row {row}: {values[row]:g}" for row in rows[:3])
    raise InputError(f"`{name}` {expected}; found {rows.size} other values ({shown}). {remedy}")


def check_edges(edges: ArrayLike, method: str) -> Floats:
    """Edges of bins, rising from 0 to 1, or an `InputError`."""
    found = as_floats(edges, "bin_edges")
    if method != "fixed":
        raise InputError(f"`bin_edges` are those of method='fixed'; got method={method!r}.")
    if found.size < 2 or found[0] != 0.0 or found[-1] != 1.0 or np.any(np.diff(found) <= 0.0):
        raise InputError(f"`bin_edges` must rise from 0 to 1, such as [0, 0.2, 0.5, 1]; got {found.tolist()}.")
    return found


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse a word that is not one of the choices."""
    if value not in choices:
        raise InputError(f"`{name}` must be one of {', '.join(choices)}; got {value!r}.")


def _check_length(name: str, size: int, expected: int) -> None:
    if size != expected:
        raise InputError(f"`{name}` must have as many values as `y`, {expected}; it has {size}.")


def _group_codes(groups: ArrayLike | None, n_rows: int) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    if groups is None:
        return None, (ALL,)
    array = unmasked(groups, "groups")
    if array.ndim != 1 or array.size != n_rows:
        raise InputError(f"`groups` must be one label per row, {n_rows}; its shape is {array.shape}.")
    if array.dtype.kind not in "OUSiufb":
        raise InputError(f"`groups` must be text or numbers; its dtype is {array.dtype}.")
    refuse_unlabelled(array)
    values, codes = np.unique(array.astype(str) if array.dtype.kind == "O" else array, return_inverse=True)
    return codes.astype(np.int64), tuple(str(value) for value in values)


def refuse_unlabelled(labels: NDArray[Any]) -> None:
    """Raise where a group has no name: NaN, None or what pandas writes for them."""
    if labels.dtype.kind not in "Of":
        return
    missing = np.array([is_missing(label) for label in labels], dtype=bool)
    if missing.any():
        raise InputError(
            f"`groups` must not be missing; {missing.sum()} rows have no label (first: row {missing.argmax()}). "
            "Name them or drop those rows."
        )


def _pool(y: NDArray[np.bool_], prob: Floats, weights: Floats | None) -> ForecastCells:
    if weights is None:
        return _pool_counts(y, prob)
    distinct, place = np.unique(prob, return_inverse=True)

    def total(values: Floats) -> Floats:
        return np.bincount(place, values, minlength=distinct.size)

    squares = weights**2
    count = np.bincount(place, minlength=distinct.size).astype(np.int64)
    return ForecastCells(distinct, count, total(weights), total(weights * y), total(squares), total(squares * y))


def _pool_counts(y: NDArray[np.bool_], prob: Floats) -> ForecastCells:
    """One direct sort: doubles in [0, 1] order like their bits, and the last bit has room for the outcome."""
    keys = np.ascontiguousarray(prob).view(np.uint64) << np.uint64(1)  # drops the sign of −0 as well
    keys |= y
    keys.sort()
    starts = np.concatenate([[0], np.flatnonzero((keys[1:] ^ keys[:-1]) > 1) + 1])
    as_event = np.add.reduceat(keys & np.uint64(1), starts).astype(float)
    count = np.diff(starts, append=keys.size)
    as_weight = count.astype(float)
    distinct = (keys[starts] >> np.uint64(1)).view(np.float64)
    return ForecastCells(distinct, count, as_weight, as_event, as_weight, as_event)
