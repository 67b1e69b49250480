"""Files below one another as one relation: columns matched by name, and what cannot be read told by column and file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class FileTable:
    """What came out of the files?"""

    relation: duckdb.DuckDBPyRelation
    """All their rows, columns in the order of the first file and then of the others."""
    faults: Mapping[str, str]
    """Column that cannot be read as it stands to why; an error for those who need it."""


NO_KEY = "__HIVE_DEFAULT_PARTITION__"
"""How Hive and Spark write the value of a key that is missing."""
NO_TYPE = '"NULL"'
"""DuckDB's type of a column in which no file holds a value."""

type Part = tuple[str, Sequence[Path], Mapping[str, str]]
"""What follows FROM in SQL, the files it reads, and its columns with their types."""


def join_by_name(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], faults: Mapping[str, str]) -> FileTable:
    """All parts below one another, columns matched by name.

    A column that some files lack is empty there, and a fault: whether nothing happened in them or nothing was written
    down cannot be known.
    """
    columns: dict[str, str] = {}
    for _, _, own in parts:
        columns |= {name: kind for name, kind in own.items() if columns.get(name, NO_TYPE) == NO_TYPE}
    every_file = [path for _, paths, _ in parts for path in paths]
    found = dict(faults)
    for name in columns:
        lacking = [path for _, paths, own in parts if name not in own for path in paths]
        if lacking:
            found.setdefault(name, _lacking(name, lacking, every_file))
    if not columns:
        return FileTable(connection.sql("SELECT NULL AS nothing WHERE false"), found)
    selects = [
        f"SELECT {', '.join(_select(name, kind, own) for name, kind in columns.items())} FROM {source}"
        for source, _, own in parts
    ]
    return FileTable(connection.sql(" UNION ALL ".join(selects)), found)


def _select(name: str, kind: str, own: Mapping[str, str]) -> str:
    """The column as it stands, or no value of the type that other parts give it."""
    value = identifier(name)
    return value if name in own and own[name] != NO_TYPE else f"CAST(NULL AS {kind}) AS {value}"


def _lacking(name: str, lacking: Sequence[Path], every_file: Sequence[Path]) -> str:
    return (
        f"{quoted(name)} must be in every file; it is missing in {quoted(lacking[0].name)}, "
        f"{len(lacking)} of {len(every_file)} files. Add it there, empty where nothing is known, or read these apart."
    )


def folder_keys(paths: Sequence[Path]) -> tuple[str, ...]:
    """Names of the keys that every path has a folder `key=value` for.

    Raises
    ------
    InputError
        Two folders of one path with the same key: which of them gives the value cannot be known.
    """
    found = [[part.partition("=")[0] for part in path.parts[:-1] if "=" in part[1:]] for path in paths]
    for path, names in zip(paths, found, strict=True):
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            raise InputError(
                f"A folder's key must stand once in a path; {quoted(again)} stands {names.count(again)} times in "
                f"{quoted(str(path))}. Rename all but one of these folders."
            )
    return tuple(name for name in found[0] if all(name in others for others in found))


def key_of(path: Path, key: str) -> str:
    """The value of a key as the path's folder writes it."""
    return next(part.partition("=")[2] for part in path.parts[:-1] if part.startswith(f"{key}="))


def key_value(written: str) -> str:
    """The value of a key in SQL: marks decoded as Hive and Spark write them, a missing one null."""
    return "NULL" if written == NO_KEY else literal(unquote(written))


def in_both(keys: Sequence[str], groups: Sequence[tuple[Sequence[Path], Collection[str]]]) -> dict[str, str]:
    """Key that some files hold as a column, too, to what is wrong with that."""
    return {
        key: f"{quoted(key)} must come from the file or from its folder; {quoted(str(paths[0]))} has both. Rename one."
        for paths, names in groups
        for key in keys
        if key in names
    }


def identifier(name: str) -> str:
    """A name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL quotes it."""
    return "'" + text.replace("'", "''") + "'"


def escape_glob(path: str) -> str:
    """A path that DuckDB takes as it stands, whatever marks it holds."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in path)
