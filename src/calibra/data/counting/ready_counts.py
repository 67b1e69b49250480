"""Ready-made counts: a table of rep, rank, n and events instead of rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import NarwhalsError
from numpy.typing import NDArray

from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.labels import label_order, label_text
from calibra.data.frames.engine_errors import asks_an_engine
from calibra.data.frames.open import collect
from calibra.data.frames.plain_types import with_plain_types
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.words import ALL_REPS, quoted

CALLED_ALL = (
    f"`rep` must name a rep; {quoted(ALL_REPS)} is what all reps together are called in every table. Leave it out if "
    "it is a row of totals, else write the name otherwise."
)
COLUMNS = ("rep", "rank", "n", "events")


@asks_an_engine
def read_counts(frame: Any, *, scale: RankScale, within_days: int | None) -> BinomialCells:
    """Rep, rank, n and events of a small frame as cells; rows of the same rep and rank are added up.

    Raises
    ------
    InputError
        A column that is not there; all faulty rows, in one message.
    """
    columns = _read_columns(frame)
    reps = [label_text(value) for value in columns["rep"]]
    ranks = [label_text(value) for value in columns["rank"]]
    if not reps:
        raise InputError("`frame` must hold at least one row of counts; it holds none.")
    numbers = {name: as_floats(columns[name]) for name in ("n", "events")}
    faults = _faults(reps, ranks, numbers["n"], numbers["events"], scale, columns)
    if faults:
        raise InputError("\n".join(["The counts have problems:", *(f"- {fault}" for fault in faults)]))
    if ALL_REPS in reps:
        raise InputError(CALLED_ALL)
    names = tuple(sorted({rep for rep in reps if rep is not None}, key=label_order))
    shape = (len(names), len(scale.ranks))
    place = ([names.index(str(rep)) for rep in reps], [scale.ranks.index(str(rank)) for rank in ranks])
    n, events = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(n, place, numbers["n"].astype(np.int64))
    np.add.at(events, place, numbers["events"].astype(np.int64))
    return BinomialCells(names, scale.ranks, {}, n, events, np.zeros_like(n), within_days)


def check_horizon(within_days: int | None, cells: BinomialCells) -> None:
    """Refuse any horizon but that of the counts."""
    if within_days not in (None, cells.within_days):
        stated = cells.within_days
        raise InputError(
            f"`within_days` must be the horizon of the counts, {'which state none' if stated is None else stated}; "
            f"got {within_days!r}. Pass it to Judgments.from_counts, or read rows with Judgments.from_frame."
        )


def _read_columns(frame: Any) -> dict[str, list[Any]]:
    try:
        opened: Any = nw.from_native(frame)
        available = opened.collect_schema().names()
    except (TypeError, NarwhalsError) as error:
        raise InputError(f"`frame` must be a frame of counts; got {type(frame).__name__}. {error}") from error
    missing = [name for name in COLUMNS if name not in available]
    if missing:
        raise InputError(
            f"`frame` must have the columns {', '.join(COLUMNS)}; {', '.join(missing)} missing, it has "
            f"{', '.join(map(quoted, available))}. Rename them."
        )
    chosen = opened.select(*COLUMNS)
    if isinstance(chosen, nw.LazyFrame):
        chosen = collect(with_plain_types(chosen, ("rep", "rank")))
    counted = chosen
    return {name: counted[name].to_list() for name in COLUMNS}


def as_floats(values: list[Any]) -> NDArray[np.float64]:
    """Numbers of any type as floats, exact ones, too; NaN for what is none."""
    return np.array([float(value) if is_number(value) else np.nan for value in values])


def is_number(value: object) -> bool:
    """Whether it is a number of any type, yes and no excepted."""
    return isinstance(value, (Real, Decimal)) and not isinstance(value, (bool, np.bool_))


def _faults(
    reps: list[str | None],
    ranks: list[str | None],
    n: NDArray[np.float64],
    events: NDArray[np.float64],
    scale: RankScale,
    columns: Mapping[str, list[Any]],
) -> list[str]:
    """Every kind of fault, with its number of rows and the first three, as they came."""
    listed = ", ".join(scale.ranks)
    checks = (
        ("`rep` must be named; it is missing", [rep is None for rep in reps]),
        (f"`rank` must be one of {listed}; it is not", [rank not in scale.ranks for rank in ranks]),
        ("`n` must be a whole number, not negative; it is not", ~((n >= 0) & (n == np.floor(n)))),
        ("`events` must be a whole number, not negative; it is not", ~((events >= 0) & (events == np.floor(events)))),
        ("`events` must be at most `n`; it is more", events > n),
        ("`n` must be less than 2⁵³, up to which counts are exact; it is not", n >= 2.0**53),
    )
    came = [reps, ranks, *([_as_came(value) for value in columns[name]] for name in ("n", "events"))]
    return [_said(words, np.flatnonzero(bad), *came) for words, bad in checks if np.any(bad)]


def _as_came(value: object) -> str:
    """A count as it stands in the table, text in quotes."""
    if isinstance(value, str):
        return quoted(value)
    return "missing" if label_text(value) is None else f"{value}"


def _said(words: str, rows: NDArray[np.int64], *columns: Any) -> str:
    shown = "; ".join(
        f"row {i}: " + ", ".join(f"{name} {column[i]}" for name, column in zip(COLUMNS, columns, strict=True))
        for i in rows[:3]
    )
    return f"{words}, in {len(rows)} row{'s' if len(rows) > 1 else ''} ({shown}). Correct them."
