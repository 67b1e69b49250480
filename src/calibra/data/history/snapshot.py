"""A log of rank changes collected night by night, for systems that keep none: tonight's table against what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.archive import replace_whole
from calibra.data.counting.labels import label_text
from calibra.data.frames.files import read_path
from calibra.data.frames.open import collect, open_frame
from calibra.errors import InputError
from calibra.words import counted, quoted

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("prospect", "rep", "rank", "changed_at")
"""Columns of the log, as `RankHistory.from_frames` reads them."""
_SHOWN = 3

type Change = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a table held on a night, beside what the log knew."""

    log: tuple[Change, ...]
    """The log with tonight's changes: prospect, rep, rank, day; an empty rank takes the rank away."""
    n_new: int
    """Prospects that were not in the log."""
    n_changed: int
    """Ranks that are another."""
    n_taken_away: int
    """Ranks that are none any more."""
    n_ranked: int
    """Prospects with a rank before tonight."""
    n_unknown: int
    """Prospects left out tonight, for their label is no rank of the scale."""
    n_gone: int
    """Prospects with a rank in the log that are not in the table; they keep it."""


def take_snapshot(
    table: Any,
    log: Sequence[Change],
    day: date,
    *,
    columns: Mapping[str, str],
    labels: Iterable[str],
    encoding: str = "utf-8",
) -> Snapshot:
    """Which ranks are new, another or gone since the last night?

    A rank that changed is given by whoever the prospect belongs to tonight; a prospect that only changes hands has no
    new judgment. Rows of the same day already in the log are made anew, so that a night may be run again.

    Parameters
    ----------
    table : frame or path
        Tonight's table, one row a prospect.
    log : sequence of (prospect, rep, rank, day)
        What is known, oldest first.
    day : date
        Tonight.
    columns : mapping of str to str
        Columns of the roles `prospect`, `rep` and `rank`; others are left alone.
    labels : iterable of str
        Every label that means a rank.
    encoding : str
        Encoding of a CSV file.

    Raises
    ------
    InputError
        A day before the last of the log; a prospect without name; one that stands in two rows with unlike ranks; a
        rank without rep.
    """
    tonight = day.isoformat()
    last_day = max((change[3] for change in log), default=tonight)
    if tonight < last_day:
        raise InputError(f"`as_of` must not be before the last night of the log, {last_day}; got {tonight}.")
    kept = [change for change in log if change[3] < tonight]
    known = {prospect: rank for prospect, _, rank, _ in kept}
    there = _read(table, columns, encoding)
    ranks = frozenset(labels)
    unknown = [prospect for prospect, (_, rank) in there.items() if rank and rank not in ranks]
    changes = [
        (prospect, rep, rank, tonight)
        for prospect, (rep, rank) in there.items()
        if rank != known.get(prospect, "") and (not rank or rank in ranks)
    ]
    ranked = {prospect for prospect, rank in known.items() if rank}
    return Snapshot(
        (*kept, *changes),
        n_new=sum(change[0] not in known for change in changes),
        n_changed=sum(change[0] in known and bool(change[2]) for change in changes),
        n_taken_away=sum(not change[2] for change in changes),
        n_ranked=len(ranked),
        n_unknown=len(unknown),
        n_gone=len(ranked - there.keys()),
    )


def _read(table: Any, columns: Mapping[str, str], encoding: str) -> dict[str, tuple[str, str]]:
    """Prospect to rep and rank, as text; empty where there is none."""
    wanted = {role: columns[role] for role in COLUMNS[:3] if role in columns}
    opened = open_frame(table, columns=wanted, timezone=None, encoding=encoding, required=COLUMNS[:3])
    rows = collect(opened.frame.select(*COLUMNS[:3]))
    found: dict[str, tuple[str, str]] = {}
    unlike, nameless, ownerless = [], 0, []
    for row in rows.iter_rows():
        prospect, rep, rank = (label_text(value) or "" for value in row)
        if not prospect:
            nameless += 1
        elif found.setdefault(prospect, (rep, rank)) != (rep, rank):
            unlike.append(prospect)
        elif rank and not rep:
            ownerless.append(prospect)
    faults = [] if not nameless else [f"`prospect` must name whom a row is of; {counted(nameless, 'row')} do not."]
    faults += _fault("must stand in one row, or in rows that are alike", unlike)
    faults += _fault("must have a rep where it has a rank", ownerless)
    if faults:
        raise InputError("\n".join(["The table has problems:", *(f"- {fault}" for fault in faults)]))
    return dict(sorted(found.items()))


def _fault(wanted: str, prospects: Sequence[str]) -> list[str]:
    if not prospects:
        return []
    shown = ", ".join(map(quoted, prospects[:_SHOWN])) + (", …" if len(prospects) > _SHOWN else "")
    return [f"A prospect {wanted}; {counted(len(prospects), 'prospect')} do not ({shown})."]


def read_log(path: Path) -> list[Change]:
    """The log in a file; none where there is no file yet.

    Raises
    ------
    InputError
        A file that holds no such log.
    """
    if not path.exists():
        return []
    relation = read_path(path, "utf-8")
    if sorted(relation.columns) != sorted(COLUMNS):
        raise InputError(
            f"{path} must be a log that `calibra snapshot` keeps, with the columns {', '.join(COLUMNS)}; it has "
            f"{', '.join(map(quoted, relation.columns[:10]))}. Name another file with --log."
        )
    listed = ", ".join(f"coalesce({name}::varchar, '')" for name in COLUMNS)
    return [(str(a), str(b), str(c), str(d)) for a, b, c, d in relation.project(listed).fetchall()]


def write_log(path: Path, log: Sequence[Change]) -> Path:
    """Write the log in one step, as CSV or Parquet, as the path ends."""
    import io

    table = _as_table(log)
    if path.suffix.lower() in (".parquet", ".pq"):
        held = io.BytesIO()
        table.to_parquet(held, index=False)
        return replace_whole(path, held.getvalue())
    if path.suffix.lower() != ".csv":
        raise InputError(f"A log must end in .csv or .parquet; got {quoted(str(path))}.")
    return replace_whole(path, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def _as_table(log: Sequence[Change]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(log), columns=list(COLUMNS), dtype=str)
