"""Ready-made duration counts: the small table a warehouse made with three lines of SQL, instead of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import NarwhalsError
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, EXIT, OPEN, DurationCounts
from calibra.data.counting.labels import Labels, encode
from calibra.data.counting.packed import PackedCounts
from calibra.data.counting.ready_counts import CALLED_ALL, as_floats, is_number
from calibra.data.counting.tabulate import tabulate
from calibra.data.frames.engine_errors import asks_an_engine
from calibra.data.frames.open import collect
from calibra.data.frames.plain_types import with_plain_types
from calibra.data.frames.roles import RESERVED
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.words import ALL_REPS, quoted

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

NEEDED = ("rep", "rank", "n")
WHOLE = ("n", "code", "days", "ending", "maturity", "entry_days")
"""Columns of whole numbers."""
ENDINGS = {"event": EVENT, "exit": EXIT, "open": OPEN}
_MOST = 2.0**53


@dataclass(frozen=True, slots=True, eq=False)
class ReadyCells:
    """A ready-made table, checked, to be summed over the groupings that are not asked for."""

    packed: PackedCounts
    """The table as the engine would have counted it."""
    ranks: IntArray
    """Place of each row's rank in the scale."""
    scale: RankScale
    """The scale."""
    horizons: tuple[int, ...]
    """Horizons in days that `maturity` speaks of."""
    as_of_day: int
    """Snapshot date as a day number."""
    columns: Mapping[str, str]
    """Role or grouping to the frame's column."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groupings of the table."""
        return tuple(self.packed.groups)

    def counts(self, by: Sequence[str], horizons: tuple[int, ...]) -> DurationCounts:
        """The duration counts by these groupings; of the horizons of the table alone."""
        if horizons != self.horizons:
            more = ", ".join(str(days) for days in horizons if days not in self.horizons)
            raise InputError(
                f"The ready-made table must tell maturity for every horizon asked for; {more} is not among its "
                f"{', '.join(map(str, self.horizons)) or '(none)'}. Count `maturity` for it too, and name all "
                "of them in `horizons`."
            )
        kept = PackedCounts(
            self.packed.rep,
            self.packed.rank,
            {name: self.packed.groups[name] for name in by},
            self.packed.code,
            self.packed.maturity,
            self.packed.entry_days,
            self.packed.problem,
            self.packed.sums,
        )
        every = np.ones(self.ranks.shape, dtype=bool)
        return tabulate(
            kept, self.ranks, every, ranks=self.scale.ranks, horizons=self.horizons, as_of_day=self.as_of_day
        )


@asks_an_engine
def read_cells(
    frame: Any, *, scale: RankScale, as_of_day: int, horizons: tuple[int, ...], columns: Mapping[str, str] | None
) -> ReadyCells:
    """Check a ready-made table of duration counts; rows of the same cell are added up.

    Raises
    ------
    InputError
        A column that is not there; all faulty rows, in one message.
    """
    opened = _open(frame)
    names = _read_roles(columns, opened.collect_schema().names())
    chosen = opened.select(*(nw.col(column).alias(key) for key, column in names.items()))
    if isinstance(chosen, nw.LazyFrame):
        chosen = collect(with_plain_types(chosen, [key for key in names if key not in WHOLE]))
    table = chosen
    if not len(table):
        raise InputError("`frame` must hold at least one row of duration counts; it holds none.")
    wrong = [f"`{name}` holds {table.schema[name]}" for name in WHOLE if name in names and not _is_number(table, name)]
    if wrong:
        raise InputError(f"Counts and days must be whole numbers; {', '.join(wrong)}. Convert the columns first.")
    numbers = {name: _floats(table[name]) for name in WHOLE if name in names and name != "ending"}
    if "ending" in names:
        numbers["ending"] = _endings(table["ending"])
    rep, rank = encode(table["rep"]), encode(table["rank"])
    place = np.array([*(_place(label, scale) for label in rank.values), -1], dtype=np.int64)[rank.codes]
    code = numbers["code"] if "code" in numbers else 4 * numbers["days"] + numbers["ending"]
    zeros = np.zeros(len(table))
    horizons = horizons if "maturity" in numbers else ()
    maturity, entry = numbers.get("maturity", zeros), numbers.get("entry_days", zeros)
    called_all = [CALLED_ALL] if ALL_REPS in rep.values else []
    faults = called_all + _faults(rep, rank, place, code, maturity, entry, numbers["n"], horizons, scale)
    if faults:
        raise InputError("\n".join(["The duration counts have problems:", *(f"- {fault}" for fault in faults)]))
    keys = [np.rint(values).astype(np.int64) for values in (code, maturity, entry, zeros)]
    n = np.rint(numbers["n"]).astype(np.int64)
    groups = {key: encode(table[key]) for key in names if key not in (*NEEDED, *WHOLE)}
    packed = PackedCounts(rep, rank, groups, keys[0], keys[1], keys[2], keys[3], {"n": n})
    return ReadyCells(packed, place, scale, horizons, as_of_day, names)


def _open(frame: Any) -> Any:
    try:
        return nw.from_native(frame)
    except (TypeError, NarwhalsError) as error:
        raise InputError(f"`frame` must be a frame of duration counts; got {type(frame).__name__}. {error}") from error


def _read_roles(columns: Mapping[str, str] | None, available: Sequence[str]) -> dict[str, str]:
    """Role or grouping to column; without a mapping, every column of a known name is what it is called."""
    names = {name: name for name in available if name in (*NEEDED, *WHOLE)} if columns is None else dict(columns)
    missing = [name for name in NEEDED if name not in names]
    if "code" not in names:
        missing += [name for name in ("days", "ending") if name not in names]
    absent = [f"{quoted(column)} (for `{key}`)" for key, column in names.items() if column not in available]
    odd = [key for key in names if key in RESERVED and key not in WHOLE]
    faults = []
    if missing:
        faults.append(f"the roles {', '.join(missing)} are missing")
    if absent:
        faults.append(f"the frame lacks {', '.join(absent)}")
    if odd:
        faults.append(f"{', '.join(map(quoted, odd))} cannot be a grouping, it is the name of a count")
    if faults:
        raise InputError(
            "`frame` must have the columns rep, rank, n and code (or days and ending), and may have maturity, "
            f"entry_days and groupings; {'; '.join(faults)}. It has {', '.join(map(quoted, available))}. Name them in "
            "`columns`."
        )
    if "code" in names:
        names = {key: column for key, column in names.items() if key not in ("days", "ending")}
    return names


def _is_number(table: nw.DataFrame[Any], name: str) -> bool:
    kind = table.schema[name]
    if isinstance(kind, nw.Object):
        return all(value is None or is_number(value) for value in table[name].to_list())
    return kind.is_numeric() or (name == "ending" and isinstance(kind, nw.String))


def _floats(series: nw.Series[Any]) -> FloatArray:
    """Numbers as floats, NaN where missing."""
    if isinstance(series.dtype, nw.Object):  # exact decimals in a pandas frame
        return as_floats(series.to_list())
    return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _endings(series: nw.Series[Any]) -> FloatArray:
    if series.dtype.is_numeric() or isinstance(series.dtype, nw.Object):
        return _floats(series)
    return np.array([ENDINGS.get(str(value).strip().lower(), np.nan) for value in series.to_list()])


def _place(label: str, scale: RankScale) -> int:
    return scale.ranks.index(label) if label in scale.ranks else -1


def _faults(
    rep: Labels,
    rank: Labels,
    place: IntArray,
    code: FloatArray,
    maturity: FloatArray,
    entry: FloatArray,
    n: FloatArray,
    horizons: tuple[int, ...],
    scale: RankScale,
) -> list[str]:
    """Every kind of fault, with its number of rows and the first three."""
    whole = _is_whole(code)
    days, ending = np.floor(code / 4), np.mod(code, 4)
    least = np.searchsorted(np.array(horizons, dtype=np.float64), np.where(whole, days, 0.0), side="right")
    spoken = f"0 to {len(horizons)}, how many of the horizons {', '.join(map(str, horizons)) or '(none)'} fit"
    checks = (
        ("`rep` must be named; it is missing", rep.codes < 0),
        (f"`rank` must be one of {', '.join(scale.ranks)}; it is not", place < 0),
        ("`n` must be a whole number, not negative; it is not", ~_is_whole(n)),
        (
            "whole days followed must be known and not negative, and the ending 1 (event), 2 (exit) or 3 (open); they "
            "are not (a negative code is an event or exit before the judgment, or a judgment after `as_of`)",
            ~whole | (ending == 0),
        ),
        (
            f"`maturity` must be a whole number from {spoken}; it is not",
            ~_is_whole(maturity) | (maturity > len(horizons)),
        ),
        ("`maturity` must count every horizon up to the days followed; it is too low", whole & (maturity < least)),
        (
            "`entry_days` must be a whole number from 0 to the days followed; it is not",
            ~_is_whole(entry) | (entry > days),
        ),
    )
    labels = ("", *rep.values), ("", *rank.values)
    return [
        _said(words, np.flatnonzero(bad), labels[0], rep.codes, labels[1], rank.codes, code, n)
        for words, bad in checks
        if np.any(bad)
    ]


def _is_whole(values: FloatArray) -> NDArray[np.bool_]:
    return np.asarray((values >= 0) & (values < _MOST) & (values == np.floor(values)))


def _said(
    words: str,
    rows: IntArray,
    reps: Sequence[str],
    rep: IntArray,
    ranks: Sequence[str],
    rank: IntArray,
    code: FloatArray,
    n: FloatArray,
) -> str:
    shown = "; ".join(
        f"row {i}: rep {quoted(reps[rep[i] + 1])}, rank {quoted(ranks[rank[i] + 1])}, code {code[i]:g}, n {n[i]:g}"
        for i in rows[:3]
    )
    return f"{words}, in {len(rows)} row{'s' if len(rows) > 1 else ''} ({shown}). Correct them."
