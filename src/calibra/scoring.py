"""The calibration table: what a prospect's rep, rank and age mean, as numbers to join to prospects.

Each chapter that knows something of a prospect says it in turn; a later one may say it better.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.contract import Chapter
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.reading.scores import NUMBERS, PER_CENTS, Asked, AskedOfStated, Columns, lay_over
from calibra.stats.intervals import INTERVAL_PROB
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Days = int | None

UNSEEN_REP = "(a rep never seen)"
"""Label of the rows for reps the fit does not know."""
ORDER = (*NUMBERS, "note", "verdict")
"""Columns that chapters fill, in the order of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationTable:
    """Rep × rank × week of age → numbers; rows in this order, the rep never seen first."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Reps the fit knows."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    n_weeks: int
    """Rows of each rep and rank: week 0 is the day of the judgment, week w days 7 w − 6 to 7 w, the last all later."""
    columns: Mapping[str, NDArray[Any]]
    """Column name to values; see `Calibration.calibration_table`."""
    interval_prob: float
    """Level of the intervals."""
    rests_on: Mapping[str, object]
    """Engine and seed."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep, rank and week of age."""
        table = make_table(dict(self.columns))
        table.attrs.update(self.rests_on, interval_prob=self.interval_prob)
        return table


@dataclass(frozen=True, slots=True, eq=False)
class StatedTable:
    """Rep × horizon × whole per cent → what it means; rows in this order, the rep never seen first."""

    __repr__ = brief

    of_ranks: tuple[Days, ...]
    """Horizon that prospects of each rank are read at, best rank first."""
    horizons: tuple[int, ...]
    """Horizons in days of the rows."""
    unit: float
    """What the column of the judgments was divided by: 1, or 100 where it held per cent."""
    columns: Mapping[str, NDArray[Any]]
    """Column name to values; see `Calibration.stated_table`."""
    interval_prob: float
    """Level of the intervals."""
    rests_on: Mapping[str, object]
    """Engine and seed."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep, horizon and per cent."""
        table = make_table(dict(self.columns))
        table.attrs.update(self.rests_on, interval_prob=self.interval_prob)
        return table


def make_calibration_table(
    answers: Sequence[tuple[Chapter[Any], Any]],
    scale: RankScale,
    reps: tuple[str, ...],
    *,
    fitted: tuple[Days, ...],
    counted: tuple[int, ...],
    within_days: int | None,
    seed: int,
    interval_prob: float = INTERVAL_PROB,
) -> CalibrationTable:
    """Read the calibration table off the answers of the chapters, in the order they were given.

    Parameters
    ----------
    answers : sequence of chapter and answer
        What was answered.
    fitted, counted : tuple of int
        Horizons of the rank model, and those that were counted.
    within_days : int, optional
        A horizon that was fitted; by default what each rank promises, else the shortest.

    Raises
    ------
    InputError
        A horizon that no rank model was fitted for.
    """
    horizons = horizons_of_ranks(scale, fitted=fitted, counted=counted, within_days=within_days)
    columns: Columns = {}
    for chapter, answer in answers:
        n_weeks = columns["estimate"].shape[2] if columns else None
        columns = lay_over(columns, chapter.scores(answer, Asked(reps, scale.ranks, horizons, interval_prob, n_weeks)))
    shape = columns["estimate"].shape
    rep, rank, week = np.indices(shape).reshape(3, -1)
    none = np.full((1, 1, 1), None, dtype=object)
    filled = {name: np.broadcast_to(columns.get(name, none), shape).ravel() for name in ORDER}
    labels = np.array([UNSEEN_REP, *reps], dtype=object)
    told: dict[str, NDArray[Any]] = {
        "rep": labels[rep],
        "rank": np.array(scale.ranks, dtype=object)[rank],
        "age_week": week,
        **filled,
        "known_rep": rep > 0,
        "n": np.broadcast_to(columns["n"], shape).ravel(),
    }
    return CalibrationTable(reps, scale.ranks, shape[2], told, interval_prob, _rests_on(answers[:1], seed))


def make_stated_table(
    answers: Sequence[tuple[Chapter[Any], Any]],
    horizons: tuple[Days, ...],
    reps: tuple[str, ...],
    *,
    unit: float,
    seed: int,
    interval_prob: float = INTERVAL_PROB,
) -> StatedTable | None:
    """Read what stated percentages mean off the answers of the chapters; None where no answer knows of any."""
    days = tuple(sorted({days for days in horizons if days is not None}))
    asked = AskedOfStated(reps, days, interval_prob)
    found = [(chapter, answer, chapter.scores_of_stated(answer, asked)) for chapter, answer in answers]
    told = [(chapter, answer, columns) for chapter, answer, columns in found if columns]
    if not told:
        return None
    by_days: dict[int, Columns] = dict(told[-1][2])
    names = next(iter(by_days.values()))
    stacked = {name: np.stack([columns[name] for columns in by_days.values()], axis=1) for name in names}
    rep, horizon, row = np.indices(stacked["estimate"].shape).reshape(3, -1)
    columns = {
        "rep": np.array([UNSEEN_REP, *reps], dtype=object)[rep],
        "within_days": np.array(list(by_days), dtype=np.int64)[horizon],
        "stated": PER_CENTS[row],
        **{name: stacked[name].ravel() for name in ("estimate", "lower", "upper")},
        "known_rep": rep > 0,
        "n": stacked["n"].ravel(),
    }
    rests_on = _rests_on([(chapter, answer) for chapter, answer, _ in told], seed)
    return StatedTable(horizons, tuple(by_days), unit, columns, interval_prob, rests_on)


def _rests_on(answers: Sequence[tuple[Chapter[Any], Any]], seed: int) -> dict[str, object]:
    engines = [found.engine for chapter, answer in answers for _, found in chapter.fits(answer)]
    return {"engine": " and ".join(dict.fromkeys(engines)), "seed": seed}


def horizons_of_ranks(
    scale: RankScale, *, fitted: tuple[Days, ...], counted: tuple[int, ...], within_days: int | None
) -> tuple[Days, ...]:
    """The horizon that each rank is read at.

    Raises
    ------
    InputError
        A horizon that no rank model was fitted for.
    """
    if within_days is not None and not (isinstance(within_days, Hashable) and within_days in fitted):
        listed = ", ".join(str(days) for days in fitted if days is not None) or "none"
        raise InputError(f"`within_days` must be one of the horizons fitted ({listed}); got {within_days!r}.")
    return tuple(_horizon(scale, place, fitted, counted, within_days) for place in range(len(scale.ranks)))


def _horizon(
    scale: RankScale, place: int, fitted: tuple[Days, ...], counted: tuple[int, ...], asked: int | None
) -> Days:
    """The days asked for; else what the rank promises; else the shortest horizon there is."""
    promise = scale.promise_by_rank[place]
    if asked is not None:
        return asked
    if promise is not None and (promise.within_days in fitted or not fitted):
        return promise.within_days
    return next(iter([*fitted, *counted]), None)
