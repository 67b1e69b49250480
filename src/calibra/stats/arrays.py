"""Numbers at the door of the mathematics: what numpy would read silently as something else is converted or refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.errors import InputError

Floats = NDArray[np.float64]

_DAY = np.timedelta64(1, "D")
_MISSING = ("NAType", "NaTType", "NoneType")
"""Types of the values by which pandas and Python say that there is none."""


def as_numbers(values: ArrayLike, name: str, *, days: bool = False) -> Floats:
    """The values as floats, NaN where one is missing; durations become days where days are asked for.

    Left to numpy, a duration is its nanoseconds, a date is its nanoseconds since 1970, and a masked value is whatever
    lies under the mask.

    Parameters
    ----------
    days : bool
        Whether the numbers are days, so that durations can be read.

    Raises
    ------
    InputError
        Dates, masked values, text or other objects that are no numbers; durations where no days are asked for.
    """
    array = unmasked(values, name)
    if array.dtype.kind == "O":
        array = _of_objects(array)
    if array.dtype.kind == "m":
        if not days:
            raise InputError(f"`{name}` must be numbers; it holds durations. Convert them first.")
        return np.asarray(array / _DAY, dtype=float)
    if array.dtype.kind == "M":
        expected = "days, as numbers or durations" if days else "numbers"
        raise InputError(f"`{name}` must be {expected}; it holds dates. Subtract the day to count from first.")
    if array.dtype.kind == "c":
        raise InputError(f"`{name}` must be real numbers; it holds complex ones.")
    try:
        return np.asarray(array, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"`{name}` must be numbers; {error}. Drop or fill missing values first.") from None


def check_same_index(**given: object) -> None:
    """Refuse pandas columns whose indexes differ: they would be paired by position.

    Raises
    ------
    InputError
        Two Series that are not in one order, or not of one set of rows.
    """
    series = {name: value for name, value in given.items() if type(value).__module__.partition(".")[0] == "pandas"}
    indexed = [(name, index) for name, value in series.items() if (index := getattr(value, "index", None)) is not None]
    for name, index in indexed[1:]:
        first, other = indexed[0]
        if len(index) == len(other) and not index.equals(other):
            raise InputError(
                f"`{first}` and `{name}` must have one index; theirs differ, and rows would be paired by position. "
                f"Bring them into one order, `{name}.loc[{first}.index]`, or pass arrays: `{name}.to_numpy()`."
            )


def unmasked(values: ArrayLike, name: str) -> NDArray[Any]:
    """The values as an array, or an `InputError` with the name where some are masked or rows differ in length."""
    if np.ma.isMaskedArray(values):
        hidden = np.flatnonzero(np.ma.getmaskarray(values))
        if hidden.size:
            rows = ", ".join(f"row {row}" for row in hidden[:3])
            raise InputError(
                f"`{name}` must have no masked values; found {hidden.size} ({rows}). Drop those rows from "
                "every array, by one mask."
            )
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(f"`{name}` must have one value per row; {error}.") from None


def is_missing(value: object) -> bool:
    """Whether a value is one by which Python, numpy or pandas says that there is none."""
    return type(value).__name__ in _MISSING or (isinstance(value, float) and value != value)


def _of_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Objects as durations or dates where there is any, else as they are; missing ones as NaN or NaT."""
    missing = np.array([is_missing(value) for value in array.ravel()], dtype=bool)
    there = array.ravel()[~missing]
    if there.size and all(isinstance(value, (timedelta, np.timedelta64)) for value in there):
        found = np.full(array.size, np.timedelta64("NaT", "us"))
        found[~missing] = [np.timedelta64(value, "us") for value in there]
        return found.reshape(array.shape)
    if any(isinstance(value, (date, np.datetime64)) for value in there):
        return np.full(array.shape, np.datetime64("NaT", "D"))
    filled = array.copy()
    filled[missing.reshape(array.shape)] = np.nan
    return filled
