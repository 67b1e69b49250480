"""A calibration table joined to prospects, in the prospects' own engine; every row and column of theirs is kept."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError, NarwhalsError
from numpy.typing import NDArray

from calibra.data.counting.doubts import doubts_of_scores
from calibra.data.counting.plan import column_faults
from calibra.data.frames.calendars import UTC, named_zone
from calibra.data.frames.dates import as_day, check_timezone, day_number, is_text, is_unreadable
from calibra.data.frames.empty_days import check_no_day, without_days
from calibra.data.frames.engine_errors import asks_an_engine, engine_errors, explain
from calibra.data.frames.files import read_path
from calibra.data.frames.open import (
    OpenedFrame,
    _mixed_zones,
    _naive_and_aware,
    _to_lazy,
    names_of,
    twice,
)
from calibra.data.frames.plain_types import with_plain_types
from calibra.data.frames.rep_names import RepNames, text_label
from calibra.data.frames.roles import DATES, ROLES, STATED_PROB, Roles
from calibra.data.frames.spark_names import with_plain_names
from calibra.data.frames.zones import localise
from calibra.data.scoring.small_tables import small_table
from calibra.data.scoring.stated_rows import STATED_OUTPUTS, StatedLookup, read_unit, with_stated
from calibra.errors import InputError, what_came
from calibra.words import quoted

LOG = logging.getLogger("calibra")

NEEDED = ("rep", "rank", "judged_at")
"""Roles a prospect is scored by."""
ENDS = ("event_at", "exit_at")
"""Roles that say whether a prospect is still open."""
NUMBERS = ("within_days", "estimate", "lower", "upper", "lead_days", "lead_days_lower", "lead_days_upper")
OUTPUTS = ("age_days", *NUMBERS, "verdict", "known_rep", "note")
"""Columns that scoring adds, before the prefix."""

UNNAMED = "no rep named"
"""What is noted of a row whose rep is blank: it is read as of a rep never seen."""
CUT = "follow-up ends"
"""How the note begins of a row whose `within_days` is cut."""
UNKNOWN_RANK, NO_DAY, NOT_YET, ENDED_EVENT, ENDED_EXIT, UNREADABLE_END = range(1, 7)
NOTES = {
    UNKNOWN_RANK: "no rank of the scale",
    NO_DAY: "judged_at is missing or no date",
    NOT_YET: "judged after as_of: not yet known",
    ENDED_EVENT: "not open: the event has come",
    ENDED_EXIT: "not open: it has exited",
    UNREADABLE_END: "event_at or exit_at is no date",
}
"""Why a row has no probability."""


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """What is joined: one row per rep (0: never seen), rank and week of age, in this order."""

    reps: tuple[str, ...]
    """Labels of the reps the fit knows."""
    ranks: tuple[str, ...]
    """Labels of the ranks."""
    rank_labels: Mapping[str, str]
    """Other spellings of a rank."""
    n_weeks: int
    """Weeks of age; the last holds all later ones."""
    columns: Mapping[str, NDArray[Any]]
    """The numbers, `verdict` and `note`."""
    rep_names: RepNames = field(default_factory=RepNames)
    """How the names of reps are read."""
    stated: StatedLookup | None = None
    """What percentages mean, where some answer knows."""

    @property
    def spellings(self) -> dict[str, int]:
        """Label of a rank as it may stand in the data to its place."""
        place = {rank: i for i, rank in enumerate(self.ranks)}
        return place | {label: place[rank] for label, rank in self.rank_labels.items() if rank in place}


@asks_an_engine
def score_rows(
    frame: Any,
    lookup: Lookup,
    *,
    columns: Mapping[str, str],
    optional: Mapping[str, str],
    as_of: Any,
    timezone: str | None,
    encoding: str,
    prefix: str,
    no_day: Sequence[str | date] = (),
) -> Any:
    """Join the lookup to a frame of prospects; returned in the frame's own type.

    Parameters
    ----------
    frame : frame or path
        Prospects, one row each.
    lookup : Lookup
        What is joined.
    columns, optional : mapping of role to column
        Where `rep`, `rank`, `judged_at`, `event_at`, `exit_at`, `stated_prob` stand. Those in `optional` may be absent.
    as_of, timezone, encoding, no_day
        As in `Judgments.from_frame`.
    prefix : str
        Set before the name of every column added.
    """
    check_timezone(timezone)
    native = read_path(frame, encoding) if isinstance(frame, (str, Path)) else frame
    try:
        opened: Any = nw.from_native(native)
    except DuplicateError as error:
        raise InputError(twice(native)) from error
    except (TypeError, NarwhalsError) as error:
        raise InputError(
            f"`frame` must be a frame or the path of a CSV or Parquet file; got {what_came(frame)}."
        ) from error
    none = check_no_day(no_day)
    names = names_of(opened)
    roles = _roles(columns, optional, names, read=_READ if lookup.stated is None else (*_READ, STATED_PROB))
    outputs = (*OUTPUTS, *STATED_OUTPUTS) if STATED_PROB in roles else OUTPUTS
    _check_names(names, prefix, outputs)
    dated = [column for role, column in roles.items() if role in DATES]
    zone = timezone or named_zone([(opened, dated)]) or UTC
    as_of_day = as_day(as_of, zone)
    opened, called = with_plain_names(opened, names, wanted=names)
    chosen = [nw.col(called[column]).alias(role) for role, column in roles.items()]
    if isinstance(opened, nw.LazyFrame):
        kept = [nw.col(called[name]).alias(f"user_{i}") for i, name in enumerate(names)]
        joined = _join(opened.select(*kept, *chosen), lookup, roles, as_of_day, zone, none)
        back = [nw.col(f"user_{i}").alias(name) for i, name in enumerate(names)]
        return nw.to_native(joined.select(*back, *(nw.col(name).alias(prefix + name) for name in outputs)))
    aside = opened.select(*chosen)
    faults = _mixed_zones(aside)
    if faults:
        raise InputError("\n".join(faults.values()))
    rows = _to_lazy(aside.with_row_index("row"), Roles(dict(roles), ()))
    joined = _join(rows, lookup, roles, as_of_day, zone, none)
    found = collect_small(joined.select("row", *outputs).sort("row"))
    for doubt in doubts_of_scores(count_notes(nw.to_native(found), prefix="")):
        LOG.warning("%s", doubt)
    return _beside(native, found, prefix, outputs)


@asks_an_engine
def count_notes(scored: Any, *, prefix: str = "score_") -> dict[str, int]:
    """How many rows were scored, how many of them of a rep never seen, and how many not, and why?

    Parameters
    ----------
    scored : frame
        What `Calibration.score` returned.
    prefix : str
        The prefix it was scored with.

    Returns
    -------
    dict of str to int
        `rows`, `scored`, `rep never seen` (scored by the predictive of all reps), and each note with its rows.
    """
    try:
        opened: Any = nw.from_native(scored)
        names = opened.collect_schema().names()
    except (TypeError, NarwhalsError) as error:
        raise InputError(f"`scored` must be what `calibration.score` returned; got {what_came(scored)}.") from error
    wanted = [prefix + name for name in ("known_rep", "note", "estimate")]
    if missing := [name for name in wanted if name not in names]:
        raise InputError(
            f"`scored` must be what `calibration.score` returned, with the `prefix` it was scored with; it has no "
            f"{', '.join(map(quoted, missing))}. Score the prospects first: `calibration.score(frame, as_of=...)`."
        )
    opened = opened.select(*wanted)
    opened = opened if isinstance(opened, nw.LazyFrame) else _to_lazy(opened, Roles({}, ()))
    known, note, estimate = (nw.col(prefix + name) for name in ("known_rep", "note", "estimate"))
    one = nw.lit(1)
    marked = opened.select(
        note.alias("note"),
        nw.when(estimate.is_null() | estimate.is_nan()).then(nw.lit(0)).otherwise(one).alias("told"),
        nw.when(known).then(nw.lit(0)).otherwise(one).alias("unseen"),
    )
    counted = collect_small(marked.group_by("note", "told", "unseen").agg(nw.len().cast(nw.Int64).alias("n")))
    rows = list(counted.iter_rows(named=True))
    found = {
        "rows": sum(row["n"] for row in rows),
        "scored": sum(row["n"] for row in rows if row["told"]),
        "rep never seen": sum(row["n"] for row in rows if row["told"] and row["unseen"] and not _is_unnamed(row)),
    }
    for row in sorted((row for row in rows if isinstance(row["note"], str)), key=lambda row: str(row["note"])):
        own = str(row["note"]).removesuffix(f"; {UNNAMED}")
        parts = [f"{CUT} sooner: within_days is cut" if own.startswith(CUT) else own]
        for words in [*parts, *([UNNAMED] if _is_unnamed(row) and own != UNNAMED else [])]:
            found[words] = found.get(words, 0) + int(row["n"])
    return found


def _is_unnamed(row: Mapping[str, Any]) -> bool:
    return str(row["note"]).endswith(UNNAMED)


def collect_small(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Run the query: polars stays polars, every other engine hands its result to pyarrow.

    Raises
    ------
    InputError
        What the engine refused, and the way round it where the right to make a temporary table is missing.
    """
    engine = frame.implementation
    try:
        return frame.collect() if engine.is_polars() else frame.collect(backend="pyarrow")
    except engine_errors(engine) as error:
        if re.search("temporary|read-only", str(error), re.IGNORECASE):
            raise InputError(f"{str(error).strip()} {NO_TEMPORARY}") from error
        raise explain(error) from error


NO_TEMPORARY = (
    "Scoring lends this engine a small temporary table, which it must be allowed to make. Or write "
    "`calibration.calibration_table()` to a table of your own, once, and join it with the query that "
    "`calibration.score_sql(as_of=..., dialect=...)` returns."
)


# the door -------------------------------------------------------------------------------------------------------------


_READ = (*NEEDED, *ENDS)


def _roles(
    columns: Mapping[str, str], optional: Mapping[str, str], names: list[str], *, read: Sequence[str]
) -> dict[str, str]:
    """Role to column: what was asked for and, where it is there, what the fit was read with."""
    strange = [role for role, column in columns.items() if role not in {*ROLES, *optional, column}]
    if strange:
        raise InputError(
            f"`columns` must lead from the roles {', '.join(read)} to columns; "
            f"{', '.join(map(quoted, strange[:3]))} {'is' if len(strange) == 1 else 'are'} none of them. Pass "
            "columns={'rep': ..., 'rank': ..., 'judged_at': ...}."
        )
    used = {role: columns[role] for role in read if role in columns}
    used |= {role: optional[role] for role in read if role not in used and optional.get(role) in names}
    missing = [f"`{role}`" for role in NEEDED if role not in used]
    absent = [f"`{role}` ({quoted(column)})" for role, column in used.items() if column not in names]
    if missing or absent:
        there = ", ".join(map(quoted, names[:20])) + (", …" if len(names) > 20 else "")
        raise InputError(
            f"`columns` must say which columns hold {', '.join(f'`{role}`' for role in NEEDED)}; "
            f"{', '.join([*missing, *absent])} not found among {there}. Pass columns={{'rep': ..., ...}}."
        )
    return used


def _check_names(names: list[str], prefix: str, outputs: Sequence[str]) -> None:
    taken = [prefix + name for name in outputs if prefix + name in names]
    if taken:
        raise InputError(
            f"`frame` must have no columns named as scoring names its own; {', '.join(map(quoted, taken[:3]))} "
            f"{'is' if len(taken) == 1 else 'are'} there. Drop them, or pass another `prefix` than {prefix!r}."
        )


def _beside(native: Any, found: nw.DataFrame[Any], prefix: str, outputs: Sequence[str]) -> Any:
    """The user's own frame with the new columns beside its own, row by row."""
    opened: Any = nw.from_native(native, eager_only=True)
    if opened.implementation.is_polars():
        return native.with_columns(*(found[name].alias(prefix + name).to_native() for name in outputs))
    if opened.implementation.is_pyarrow():
        for name in outputs:
            native = native.append_column(prefix + name, found[name].to_native())
        return native
    values = {prefix + name: found[name].to_native().to_pandas().to_numpy() for name in outputs}
    return native.assign(**values)


# the join -------------------------------------------------------------------------------------------------------------


def _join(
    frame: nw.LazyFrame[Any],
    lookup: Lookup,
    roles: Mapping[str, str],
    as_of_day: int,
    timezone: str,
    no_day: Sequence[str],
) -> nw.LazyFrame[Any]:
    """Two joins on small tables: the rep's label to a number, then rep, rank and age to the numbers."""
    local, opened, present = _localised(frame, roles, timezone, no_day)
    local = lookup.rep_names.in_frame(local)
    schema = local.collect_schema()
    days = [role for role in ("judged_at", *ENDS) if role in present]
    if "judged_at" not in days:
        raise InputError("`judged_at` must be known for some prospect; it is missing in all.")
    told = local.with_columns(
        *(day_number(role, schema[role]).alias(f"{role[:-3]}_day") for role in days),
        nw.lit(as_of_day).cast(nw.Int64).alias("as_of_day"),
        text_label("rep", schema["rep"]).alias("rep_label"),
        _rank_code(schema["rank"], lookup.spellings).alias("rank_code"),
    )
    note = _note(days, schema)
    told = told.with_columns(
        note.alias("note_code"), (nw.col("as_of_day") - nw.col("judged_day")).cast(nw.Int64).alias("age")
    )
    reps = {"label": np.array([*lookup.reps, None], dtype=object)[:-1], "rep_code": np.arange(1, len(lookup.reps) + 1)}
    told = told.join(small_table(frame, reps), left_on="rep_label", right_on="label", how="left")
    if lookup.stated is not None and STATED_PROB in roles:
        unit = read_unit(opened, lookup.stated) if STATED_PROB in present else None
        told = with_stated(told, frame, lookup.stated, unit)
    told = told.with_columns(_key(len(lookup.ranks), lookup.n_weeks).alias("key"))
    numbers = {"lookup_key": np.arange(len(lookup.columns["estimate"]))}
    numbers |= {f"lookup_{name}": lookup.columns[name] for name in (*NUMBERS, "verdict", "note")}
    return _outputs(told.join(small_table(frame, numbers), left_on="key", right_on="lookup_key", how="left"))


def _localised(
    frame: nw.LazyFrame[Any], roles: Mapping[str, str], timezone: str, no_day: Sequence[str]
) -> tuple[nw.LazyFrame[Any], OpenedFrame, tuple[str, ...]]:
    """The frame with local days, its roles alone, and those whose columns can be used; wrong types are refused."""
    frame = with_plain_types(frame, tuple(roles))
    local = without_days(localise(without_days(frame, no_day), timezone), no_day)
    alone = local.select(*roles)
    schema = alone.collect_schema()
    opened = OpenedFrame(alone, schema, Roles(dict(roles), ()), ())
    present, faults = column_faults(opened)
    faults += _naive_and_aware(frame.select(*roles).collect_schema())
    if faults:
        raise InputError("\n".join(["The prospects cannot be scored:", *(f"- {fault}" for fault in faults)]))
    return local, opened, present


def _rank_code(dtype: nw.dtypes.DType, spellings: Mapping[str, int]) -> nw.Expr:
    label, code = text_label("rank", dtype), nw.lit(-1)
    for spelling, place in spellings.items():
        code = nw.when(label == nw.lit(spelling)).then(nw.lit(place)).otherwise(code)
    return code.cast(nw.Int64)


def _note(days: list[str], schema: Mapping[str, nw.dtypes.DType]) -> nw.Expr:
    """Why the row has no probability, 0 where it has one; the first reason counts."""
    as_of, judged = nw.col("as_of_day"), nw.col("judged_day")
    tests = {UNKNOWN_RANK: nw.col("rank_code") < 0, NO_DAY: judged.is_null(), NOT_YET: judged > as_of}
    for role, reason in (("event_at", ENDED_EVENT), ("exit_at", ENDED_EXIT)):
        if role in days:
            tests[reason] = nw.col(f"{role[:-3]}_day") <= as_of
    unreadable = [is_unreadable(role) for role in days if role in ENDS and is_text(schema[role])]
    if unreadable:
        tests[UNREADABLE_END] = nw.any_horizontal(*unreadable, ignore_nulls=True)
    found: nw.Expr = nw.lit(0)
    for reason, hit in reversed(tests.items()):
        found = nw.when(hit).then(nw.lit(reason)).otherwise(found)
    return found.cast(nw.Int64)


def _key(n_ranks: int, n_weeks: int) -> nw.Expr:
    """Row of the lookup; null where there is a note."""
    week = ((nw.col("age") + 6) / 7).floor().cast(nw.Int64)
    week = nw.when(week < n_weeks).then(week).otherwise(nw.lit(n_weeks - 1))
    rep = nw.when(nw.col("rep_code").is_null()).then(nw.lit(0)).otherwise(nw.col("rep_code"))
    key = (rep * n_ranks + nw.col("rank_code")) * n_weeks + week
    return nw.when(nw.col("note_code") == 0).then(key.cast(nw.Int64))


def _outputs(joined: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    code, age = nw.col("note_code"), nw.col("age")
    note: nw.Expr = nw.col("lookup_note")
    for reason, words in NOTES.items():
        note = nw.when(code == reason).then(nw.lit(words)).otherwise(note)
    unnamed = (code == 0) & (nw.col("rep_label").is_null() | (nw.col("rep_label").str.strip_chars() == ""))
    with_own = nw.concat_str(note, nw.lit(f"; {UNNAMED}"))
    note = (
        nw.when(unnamed & note.is_null())
        .then(nw.lit(UNNAMED))
        .otherwise(nw.when(unnamed).then(with_own).otherwise(note))
    )
    return joined.with_columns(
        nw.when(age >= 0).then(age).alias("age_days"),
        *(nw.col(f"lookup_{name}").alias(name) for name in (*NUMBERS, "verdict")),
        (~nw.col("rep_code").is_null()).alias("known_rep"),
        note.alias("note"),
    )
