"""What the percentage of a prospect means, beside its scores: one more join on a small table."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.stated import NEAREST_TO_CERTAIN, PER_MILLE
from calibra.data.counting.stated_unit import PER_CENT, per_mille, read_prob_column, with_tidy_text
from calibra.data.frames.open import OpenedFrame
from calibra.data.frames.roles import STATED_PROB
from calibra.data.scoring.small_tables import small_table
from calibra.errors import InputError
from calibra.words import counted, quoted

LOG = logging.getLogger("calibra")

STATED_NUMBERS = ("estimate", "lower", "upper")
STATED_OUTPUTS = ("stated_within_days", *(f"stated_{name}" for name in STATED_NUMBERS))
"""Columns that a stated percentage adds, before the prefix."""
TENTHS = PER_MILLE // 100
"""Thousandths in a whole per cent."""
LEAST, MOST = NEAREST_TO_CERTAIN, PER_MILLE - NEAREST_TO_CERTAIN
N_ROWS = MOST // TENTHS - LEAST // TENTHS + 1
"""Rows of the table for each rep and horizon: one a whole per cent, 1 % to 99 %."""


@dataclass(frozen=True, slots=True, eq=False)
class StatedLookup:
    """What is joined: one row per rep (0: never seen), horizon and whole per cent, in this order."""

    of_ranks: Sequence[int | None]
    """Horizon that prospects of each rank are read at."""
    horizons: Sequence[int]
    """Horizons of the rows."""
    unit: float
    """What the column of the judgments was divided by."""
    columns: Mapping[str, NDArray[Any]]
    """`within_days`, `stated`, the numbers, and what else there is."""

    @property
    def place_of_rank(self) -> list[int]:
        """Place of each rank's horizon among the rows' horizons, −1 where it was not fitted."""
        return [self.horizons.index(days) if days in self.horizons else -1 for days in self.of_ranks]

    @property
    def rows(self) -> dict[str, NDArray[Any]]:
        """Log-odds of each whole per cent, those of the numbers there, and how fast these rise towards the next."""
        found: dict[str, NDArray[Any]] = {"stated_key": np.arange(len(self.columns["estimate"]))}
        found["stated_within_days"] = np.asarray(self.columns["within_days"], dtype=np.int64)
        found["stated_at"] = _log_odds(self.columns["stated"])
        width = np.diff(found["stated_at"].reshape(-1, N_ROWS), axis=1)
        for name in STATED_NUMBERS:
            values = _log_odds(self.columns[name])
            rise = np.diff(values.reshape(-1, N_ROWS), axis=1) / width
            found[f"from_stated_{name}"] = values
            found[f"rise_stated_{name}"] = np.pad(rise, ((0, 0), (0, 1))).ravel()
        return found


def read_unit(opened: OpenedFrame, lookup: StatedLookup) -> float:
    """What the column of prospects is divided by: as its values tell, else as the judgments' were.

    Raises
    ------
    InputError
        Two ways of writing in one column, or another way than in the judgments.
    """
    column = read_prob_column(opened, STATED_PROB, loses_values=True)
    if column.faults:
        raise InputError("\n".join(["The prospects cannot be scored:", *(f"- {fault}" for fault in column.faults)]))
    name = quoted(opened.roles.columns[STATED_PROB])
    if column.is_told and column.unit != PER_CENT and lookup.unit == PER_CENT:
        raise InputError(
            f"`{STATED_PROB}` (column {name}) must be written as in the judgments that were fitted, where it held per "
            "cent; it holds numbers from 0 to 1 alone, so that 0.5 may mean 50 % or half a per cent. Multiply the "
            "column by 100, or write '50%'."
        )
    if column.n_lost:
        LOG.warning(
            "%s of `%s` (column %s) can be read as no probability: what it means is left empty there",
            counted(column.n_lost, "value"),
            STATED_PROB,
            name,
        )
    return column.unit if column.is_told else lookup.unit


def with_stated(
    joined: nw.LazyFrame[Any], frame: nw.LazyFrame[Any], lookup: StatedLookup, unit: float | None
) -> nw.LazyFrame[Any]:
    """Rows with `rep_code`, `rank_code` and `note_code` beside what their percentage means; nothing where none is.

    Between two whole per cents the numbers run straight in log-odds, as a rep's line does. Without a unit the column
    holds no value.
    """
    if unit is None:
        return joined.with_columns(**{name: nw.lit(None).cast(nw.Float64) for name in STATED_OUTPUTS})
    tidy = with_tidy_text(joined, [STATED_PROB])
    stated = per_mille(STATED_PROB, tidy.collect_schema()[STATED_PROB], unit)
    stated = nw.when(stated < LEAST).then(nw.lit(LEAST)).otherwise(stated)
    stated = nw.when(stated > MOST).then(nw.lit(MOST)).otherwise(stated)
    horizon: nw.Expr = nw.lit(-1)
    for rank, place in enumerate(lookup.place_of_rank):
        horizon = nw.when(nw.col("rank_code") == rank).then(nw.lit(place)).otherwise(horizon)
    tidy = tidy.with_columns(stated.cast(nw.Int64).alias("per_mille"), horizon.cast(nw.Int64).alias("horizon_code"))
    per_cent = (nw.col("per_mille") / TENTHS).floor().cast(nw.Int64)
    tidy = tidy.with_columns(per_cent.alias("per_cent"))
    rep = nw.when(nw.col("rep_code").is_null()).then(nw.lit(0)).otherwise(nw.col("rep_code"))
    row = (rep * len(lookup.horizons) + nw.col("horizon_code")) * N_ROWS + nw.col("per_cent") - LEAST // TENTHS
    is_scored = (nw.col("note_code") == 0) & (nw.col("horizon_code") >= 0)
    tidy = tidy.with_columns(nw.when(is_scored).then(row.cast(nw.Int64)).alias("row_of_stated"))
    told = tidy.join(small_table(frame, lookup.rows), left_on="row_of_stated", right_on="stated_key", how="left")
    share = nw.col("per_mille") / PER_MILLE
    beyond = (share / (1 - share)).log() - nw.col("stated_at")
    found = {}
    for name in STATED_NUMBERS:
        at = nw.col(f"from_stated_{name}") + nw.col(f"rise_stated_{name}") * beyond
        found[f"stated_{name}"] = 1 / (1 + (0 - at).exp())
    return told.with_columns(**found)


def _log_odds(prob: NDArray[Any]) -> NDArray[np.float64]:
    share = np.asarray(prob, dtype=float)
    return np.asarray(np.log(share / (1.0 - share)))
