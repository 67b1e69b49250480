"""Months, quarters or periods of the user's own: which one a day lies in, for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.frames.dates import as_day
from calibra.errors import InputError

MONTHS = {"month": 1, "quarter": 3}
"""Periods that are known by name, to their length."""
FURTHER_MONTHS = 15
"""Months after the snapshot date of which statements are read."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods; each ends on the day before the next opens."""

    openings: tuple[int, ...]
    """First day of each as a day number, and after them the day after the last."""

    def __len__(self) -> int:
        return len(self.openings) - 1

    def opens(self, place: int) -> date:
        """First day of a period."""
        return date.fromordinal(self.openings[place])

    def closes(self, place: int) -> date:
        """Last day of a period."""
        return date.fromordinal(self.openings[place + 1] - 1)

    def n_closed(self, day: int) -> int:
        """How many of them have closed on a day."""
        return int(np.searchsorted(np.array(self.openings[1:]), day + 1, side="right"))

    def place(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which period each of these days lies in, as a place among them."""
        return np.searchsorted(np.array(self.openings), days, side="right") - 1

    def by_period(self, day: nw.Expr, values: Sequence[int]) -> nw.Expr:
        """The value of the period that a day lies in; null outside all. As many comparisons as halvings."""
        inside = (day >= self.openings[0]) & (day < self.openings[-1])
        return nw.when(inside).then(_halved(day, self.openings[:-1], values))


def _halved(day: nw.Expr, openings: Sequence[int], values: Sequence[int]) -> nw.Expr:
    if len(openings) == 1:
        return nw.lit(int(values[0])).cast(nw.Int64)
    middle = len(openings) // 2
    first = _halved(day, openings[:middle], values[:middle])
    second = _halved(day, openings[middle:], values[middle:])
    return nw.when(day < openings[middle]).then(first).otherwise(second)


def read_periods(period: str | Sequence[Any], first_day: int, as_of_day: int) -> Periods:
    """The periods from the one of the first day on.

    Raises
    ------
    InputError
        A name that is none; days of opening that do not rise, begin after the first day or end before `as_of`.
    """
    if isinstance(period, str):
        if period not in MONTHS:
            raise InputError(
                f'`period` must be "month", "quarter" or a list of days on which yours open; got {period!r}.'
            )
        return Periods(tuple(_months(date.fromordinal(first_day), date.fromordinal(as_of_day), MONTHS[period])))
    openings = [as_day(day, "UTC", "period") for day in period]
    if len(openings) < 2 or any(later <= day for day, later in pairwise(openings)):
        raise InputError("`period` must list at least two days of opening, each after the one before.")
    if openings[-1] <= as_of_day:
        last, known = date.fromordinal(openings[-1]), date.fromordinal(as_of_day)
        raise InputError(f"`period` must go on beyond `as_of`, {known}; its last opening is {last}. Add the next ones.")
    return Periods(tuple(openings))


def _months(first: date, last: date, step: int) -> list[int]:
    begin = first.year * 12 + (first.month - 1) // step * step
    end = last.year * 12 + last.month - 1 + FURTHER_MONTHS
    return [date(month // 12, month % 12 + 1, 1).toordinal() for month in range(begin, end + step, step)]
