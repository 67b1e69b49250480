"""The two tables of a rank history at the door: opened in one engine, their columns named by role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
from narwhals.exceptions import DuplicateError, NarwhalsError

from calibra.data.counting.exits import read_exit_kinds
from calibra.data.counting.plan import column_faults
from calibra.data.frames.calendars import Calendar, named_zone
from calibra.data.frames.dates import is_text, is_unreadable
from calibra.data.frames.engine_errors import explain
from calibra.data.frames.files import read_path
from calibra.data.frames.open import NAMES_AS_THEY_ARE, OpenedFrame, collect, open_frame, twice
from calibra.data.frames.rep_names import RepNames
from calibra.data.frames.roles import ROLES, VERSION
from calibra.data.frames.versions import RECORDED
from calibra.data.history.moments import of_one_type
from calibra.data.history.salesforce_ids import ids_of_one_form
from calibra.errors import InputError, what_came
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

CHANGE_ROLES = ("prospect", "rep", "rank", "changed_at")
"""Roles a rank-change log must have; `sequence` beside them orders changes of one moment."""
OUTCOME_DATES = ("event_at", "exit_at", "censored_at", "won_at")
"""Roles of the outcome table that hold dates."""
OUTCOME_ROLES = ("prospect", *OUTCOME_DATES, "amount", "exit_kind")
"""Roles of the outcome table that have a meaning of their own."""
LATE_ROLES = (RECORDED, VERSION)
"""Roles that either table may have, each of its own rows: late copies, and when a row came."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryFrames:
    """What came through the door?"""

    changes: nw.LazyFrame[Any]
    """One row per change: `prospect`, `rep`, `rank`, `changed_at`, maybe `sequence`, groupings `change_0`, …"""
    outcomes: nw.LazyFrame[Any]
    """One row per prospect: `prospect`, the roles there are, groupings `outcome_0`, …"""
    groups: Mapping[str, str]
    """Grouping to its column in one of the two."""
    present: tuple[str, ...]
    """Roles of the outcome table that can be used."""
    calendars: tuple[Calendar, Calendar]
    """In whose calendar the moments of either fall on a day: the same."""
    exit_kinds: Mapping[str, str]
    """What every label of `exit_kind` means."""
    reps: RepNames = NAMES_AS_THEY_ARE
    """How the names of reps were read."""

    @property
    def timezone(self) -> str:
        """The zone of that calendar."""
        return self.calendars[1].timezone


def open_history(
    changes: Any,
    outcomes: Any,
    *,
    columns: Mapping[str, str],
    outcome_columns: Mapping[str, str],
    timezone: str | None,
    encoding: str,
    local: Calendar | None,
    no_day: Sequence[str] = (),
    exit_kinds: Mapping[str, str] | None = None,
    reps: RepNames = NAMES_AS_THEY_ARE,
) -> HistoryFrames:
    """Both tables, lazily, in one engine; every fault of whole columns in one error.

    Parameters
    ----------
    local : Calendar, optional
        The calendar in which the moments of `changes` are local already, as a reader's are.

    Raises
    ------
    InputError
        Roles or columns that are not there or of a wrong type; tables of two engines that cannot be joined.
    """
    for name, mapping in (("columns", columns), ("outcome_columns", outcome_columns)):
        if not isinstance(mapping, Mapping):
            raise InputError(
                f"`{name}` must lead from roles to columns, such as {{'prospect': 'id'}}; got {what_came(mapping)}."
            )
    faults = [*_doubtful_roles(columns, outcome_columns)]
    wanted = (tuple(columns.values()), tuple(outcome_columns.values()))
    pair, connection = same_engine(changes, outcomes, encoding, wanted)
    zone = timezone or _zone_of_both(pair, columns, outcome_columns, local)
    opened: list[OpenedFrame | None] = []
    for side, native, mapping in (("changes", pair[0], columns), ("outcomes", pair[1], outcome_columns)):
        found, told = _open_side(
            side, native, mapping, timezone=zone, encoding=encoding, connection=connection, no_day=no_day, reps=reps
        )
        opened.append(found)
        faults += told
    log, ends = opened
    if log is not None and ends is not None:
        faults += _unlike(log, ends)
        faults += [] if local is not None else _zones_apart(pair[0], pair[1], columns, outcome_columns)
    if faults or log is None or ends is None:
        raise InputError("\n".join(["The rank history cannot be read:", *(f"- {fault}" for fault in faults)]))
    groups = {key: f"change_{i}" for i, key in enumerate(log.roles.groups) if key != "sequence"}
    groups |= {key: f"outcome_{i}" for i, key in enumerate(ends.roles.groups)}
    names = {log.roles.label_column(key): groups.get(key, "sequence") for key in log.roles.groups}
    for side, found in (("changes", log), ("outcomes", ends)):
        _refuse_unreadable(side, found)
    here = [name for name in ends.schema if name in OUTCOME_ROLES]
    kinds = read_exit_kinds(ends, here, exit_kinds or {})
    ids = log.roles.columns["prospect"], ends.roles.columns["prospect"]
    one, other = ids_of_one_form(*of_one_type(log.frame, ends.frame, "prospect", ids))
    return HistoryFrames(
        one.rename(names | {"judged_at": "changed_at"}),
        other.rename({ends.roles.label_column(key): groups[key] for key in ends.roles.groups}),
        groups,
        tuple(here),
        (replace(log.calendar, names={"judged_at": "changed_at"}) if local is None else local, ends.calendar),
        kinds,
        reps,
    )


def _zone_of_both(
    pair: tuple[Any, Any], columns: Mapping[str, str], ends: Mapping[str, str], local: Calendar | None
) -> str | None:
    """The one zone that the columns of days name in either table, or in which a reader has read the changes."""
    sides = zip(pair, (columns, ends), (("changed_at",), OUTCOME_DATES), strict=True)
    named = named_zone(
        (nw.from_native(native), [mapping[role] for role in roles if role in mapping])
        for native, mapping, roles in sides
    )
    if local is None:
        return named
    if named is not None and local.assumed:
        raise InputError(
            f"The outcomes name the zone {named}, while the log was read in UTC. Pass `timezone={named!r}` to the "
            "reader and to RankHistory.from_frames."
        )
    return local.timezone_known


def _doubtful_roles(columns: Mapping[str, str], outcome_columns: Mapping[str, str]) -> list[str]:
    """Roles that are missing, belong to judgments, or come in both tables."""
    faults = [f"changes: the role `{role}` is missing from `columns`." for role in CHANGE_ROLES if role not in columns]
    if "prospect" not in outcome_columns:
        faults.append("outcomes: the role `prospect` is missing from `outcome_columns`.")
    of_outcomes = [role for role in columns if role in ROLES and role not in (*CHANGE_ROLES, *LATE_ROLES)]
    faults += [
        f"changes: `{role}` is no role of a change; map it in `outcome_columns` if it is one of a prospect."
        for role in of_outcomes
    ]
    known = (*OUTCOME_ROLES, *LATE_ROLES)
    of_judgments = [role for role in outcome_columns if role in (*ROLES, "changed_at") and role not in known]
    faults += [f"outcomes: `{role}` belongs to a judgment, not to a prospect; leave it out." for role in of_judgments]
    twice = [key for key in columns if key in outcome_columns and key not in ("prospect", *LATE_ROLES)]
    return faults + [f"`{key}` is mapped in both tables; keep one, or give them two names." for key in twice]


def _open_side(
    side: str,
    native: Any,
    mapping: Mapping[str, str],
    *,
    timezone: str | None,
    encoding: str,
    connection: duckdb.DuckDBPyConnection | None,
    no_day: Sequence[str],
    reps: RepNames,
) -> tuple[OpenedFrame | None, list[str]]:
    """One table, or what keeps it from being opened; for the door a change is a judgment."""
    if not mapping:  # every role is missing, as was said
        return None, []
    inner = {"judged_at" if key == "changed_at" else key: column for key, column in mapping.items()}
    required = [key for key in inner if key in ROLES]
    try:
        opened = open_frame(
            native,
            columns=inner,
            timezone=timezone,
            encoding=encoding,
            required=required,
            connection=connection,
            no_day=no_day,
            reps=reps if side == "changes" else NAMES_AS_THEY_ARE,
        )
        present, faults = column_faults(opened)
    except InputError as error:
        return None, [_in_words_of(side, str(error))]
    told = [_in_words_of(side, fault) for fault in (*opened.faults, *faults)]
    needed = ("prospect", "rep", "rank", "judged_at") if side == "changes" else ("prospect",)
    empty = [role for role in needed if role in inner and role not in present and not told]
    told += [_in_words_of(side, f"`{role}` must be known for every row; it is missing in all.") for role in empty]
    return None if told else OpenedFrame(
        opened.frame.select(*present),
        {name: opened.schema[name] for name in present},
        opened.roles,
        (),
        calendar=opened.calendar,
    ), told


def _refuse_unreadable(side: str, opened: OpenedFrame) -> None:
    """Refuse text in `recorded_at` that is no day: which rows were known when could not be told."""
    if RECORDED not in opened.schema or not is_text(opened.schema[RECORDED]):
        return
    wrong = collect(opened.frame.filter(is_unreadable(RECORDED)).select(RECORDED).sort(RECORDED).head(3))[RECORDED]
    if len(wrong):
        column = quoted(opened.roles.columns[RECORDED])
        raise InputError(
            f"{side}: `{RECORDED}` (column {column}) given as text must be days that exist, written 2026-09-30 (ISO "
            f"8601) or 2026/9/30; found {', '.join(map(quoted, wrong.to_list()))}. Correct them, or leave them empty."
        )


def _in_words_of(side: str, fault: str) -> str:
    words = fault.replace("\n- ", " ").replace("`judged_at`", "`changed_at`").replace("'judged_at'", "'changed_at'")
    return f"{side}: " + (words.replace("`columns`", "`outcome_columns`") if side == "outcomes" else words)


def _unlike(log: OpenedFrame, ends: OpenedFrame) -> list[str]:
    """Prospects that are text in one table and numbers in the other."""
    if "prospect" not in log.schema or "prospect" not in ends.schema:
        return []
    one, other = log.schema["prospect"], ends.schema["prospect"]
    if (is_text(one) and is_text(other)) or (one.is_integer() and other.is_integer()) or one == other:
        return []
    return [f"`prospect` must be of one type in both tables; it is {one} in changes and {other} in outcomes. Cast one."]


def _zones_apart(changes: Any, outcomes: Any, columns: Mapping[str, str], ends: Mapping[str, str]) -> list[str]:
    """Moments with a zone in one table and without in the other, which cannot be compared."""
    dated = ((changes, [columns.get("changed_at")]), (outcomes, [ends[role] for role in OUTCOME_DATES if role in ends]))
    aware: list[set[bool]] = []
    for native, names in dated:
        schema = nw.from_native(native).collect_schema()
        kinds = [schema[name] for name in names if name in schema]
        aware.append({kind.time_zone is not None for kind in kinds if isinstance(kind, nw.Datetime)})
    if {len(kinds) for kinds in aware} == {1} and aware[0] != aware[1]:
        with_zone, without = ("changes", "outcomes") if True in aware[0] else ("outcomes", "changes")
        return [
            f"Moments must all have a time zone or all have none; those of {with_zone} have one, those of {without} "
            "have not. Give the latter theirs, or make all of them dates."
        ]
    return []


def same_engine(
    changes: Any, outcomes: Any, encoding: str, wanted: tuple[Collection[str], Collection[str]]
) -> tuple[tuple[Any, Any], duckdb.DuckDBPyConnection | None]:
    """Both tables where they can be joined: polars, a warehouse, or one DuckDB connection for all else.

    `wanted` are the columns of each that are needed, for files with faults in others.
    """
    engines = [_engine(native) for native in (changes, outcomes)]
    if engines[0] == engines[1] and engines[0] not in ("local", "duckdb"):
        return (changes, outcomes), None
    foreign = sorted({engine for engine in engines if engine not in ("local", "duckdb", "polars")})
    if foreign:
        raise InputError(
            f"Changes and outcomes must live in one engine to be joined there; they are of {' and '.join(engines)}. "
            "Bring both into the same one."
        )
    import duckdb

    if "duckdb" not in engines:
        connection = duckdb.connect()
        pair = zip((changes, outcomes), wanted, strict=True)
        one, two = (_as_relation(native, encoding, connection, columns) for native, columns in pair)
        return (one, two), connection
    if engines[0] == engines[1]:
        return _of_one_connection(changes, outcomes), None
    relation, other, columns = (
        (changes, outcomes, wanted[1]) if engines[0] == "duckdb" else (outcomes, changes, wanted[0])
    )
    moved = into_relation(relation, _as_relation(other, encoding, duckdb.connect(), columns))
    return ((relation, moved) if engines[0] == "duckdb" else (moved, relation)), None


def _engine(native: Any) -> str:
    """`local` for what is handed to DuckDB, else the engine's name."""
    if isinstance(native, (str, Path)):
        return "local"
    try:
        frame: Any = nw.from_native(native)
    except DuplicateError as error:
        raise InputError(twice(native)) from error
    except (TypeError, NarwhalsError) as error:
        raise InputError(
            f"Changes and outcomes must be frames or paths; got {type(native).__name__}. {error}"
        ) from error
    name = str(frame.implementation.name).lower()
    return name if name == "polars" or isinstance(frame, nw.LazyFrame) else "local"


def _as_relation(native: Any, encoding: str, connection: duckdb.DuckDBPyConnection, wanted: Collection[str]) -> Any:
    """Paths and polars frames in this connection; pandas and pyarrow frames as they are, for the door to look into."""
    if isinstance(native, (str, Path)):
        return read_path(native, encoding, connection, wanted=wanted)
    frame: Any = nw.from_native(native)
    if frame.implementation.is_polars():
        return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    return native


def _of_one_connection(
    changes: duckdb.DuckDBPyRelation, outcomes: duckdb.DuckDBPyRelation
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Both relations as they are where they can be joined, else the outcomes brought to the changes' connection."""
    import duckdb

    try:
        changes.project("1 AS one").limit(0).union(outcomes.project("1 AS one").limit(0))
    except duckdb.Error:
        return changes, into_relation(changes, outcomes)
    return changes, outcomes


def into_relation(relation: duckdb.DuckDBPyRelation, other: Any) -> duckdb.DuckDBPyRelation:
    """A local table in the connection of a relation, which DuckDB finds by the name of the variable here."""
    import duckdb

    if isinstance(other, duckdb.DuckDBPyRelation):
        other = other.to_arrow_table()
    try:
        moved = relation.query("calibra_other", "SELECT * FROM other")
    except duckdb.Error as error:
        raise explain(error) from error
    if moved is None:
        raise InputError(
            "The other table could not be brought to the relation's connection. Make both relations of one."
        )
    return moved
