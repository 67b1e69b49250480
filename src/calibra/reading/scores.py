"""What is asked of a chapter for the tables that prospects are scored by, and how one answer is laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Days = int | None
type Columns = Mapping[str, NDArray[Any]]
"""Name to values, (1 + rep, rank, week of age), a rep never seen first; NaN and None say nothing."""

NUMBERS = (
    "age_days",
    "within_days",
    "estimate",
    "lower",
    "upper",
    "lead_days",
    "lead_days_lower",
    "lead_days_upper",
)
WEEK = 7
"""Days of a row: week 0 is the day of the judgment, week w days 7 w − 6 to 7 w, the last all later."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the calibration table asks of a chapter."""

    reps: tuple[str, ...]
    """Reps of the table."""
    ranks: tuple[str, ...]
    """Ranks, best first."""
    horizons: tuple[Days, ...]
    """Horizon that each rank is read at."""
    interval_prob: float
    """Level of the intervals."""
    n_weeks: int | None
    """Weeks of age that an earlier chapter has filled; None where none has."""


PER_CENTS = np.arange(1, 100) / 100.0
"""Stated probabilities of the rows of a rep: every whole per cent. Below 1 % and above 99 % curves are flat."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedOfStated:
    """What the table of stated percentages asks of a chapter."""

    reps: tuple[str, ...]
    """Reps of the table."""
    horizons: tuple[int, ...]
    """Horizons in days that some rank is read at."""
    interval_prob: float
    """Level of the intervals."""


def empty(shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    """Columns that say nothing yet."""
    columns: dict[str, NDArray[Any]] = {name: np.full(shape, np.nan) for name in NUMBERS}
    return columns | {"note": np.full(shape, None, dtype=object)}


def n_column(n: NDArray[np.float64]) -> NDArray[np.int64]:
    """Judgments per rank of a rep never seen, which are those of all reps, and of every rep."""
    return np.concatenate([n.sum(axis=0)[None], n]).astype(np.int64)[..., None]


def lay_over(below: Columns, above: Columns) -> dict[str, NDArray[Any]]:
    """What a later chapter says in place of what an earlier one said, in the weeks that it speaks of.

    In these weeks a note is replaced where the later chapter gives an estimate, for then it speaks of another reading.
    """
    if not below:
        return dict(above)
    columns = {name: np.array(values) for name, values in below.items()}
    estimates = above.get("estimate")
    for name, values in above.items():
        weeks = values.shape[2]
        if name not in columns:
            columns[name] = values
            continue
        part = columns[name][:, :, :weeks]
        said = values != None if values.dtype == object else ~np.isnan(values)  # noqa: E711 (elementwise)
        if name == "note" and estimates is not None:
            said = ~np.isnan(estimates)
        part[said] = values[said]
    return columns
