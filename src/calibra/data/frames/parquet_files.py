"""Parquet files as a DuckDB relation: schemas compared file by file, columns matched by name, keys read off folders.

DuckDB takes the schema of the first file: a column that is empty there would be empty in all of them, and moments
beside days would fall on the days of the machine's own zone. Here an empty column takes the type the other files give
it, and types that are unlike are an error that names both files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.data.frames.file_tables import (
    NO_KEY,
    NO_TYPE,
    FileTable,
    escape_glob,
    folder_keys,
    identifier,
    in_both,
    join_by_name,
    literal,
)
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

type Schema = Mapping[str, str]
"""Column to DuckDB's type, in the order of the file."""

_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_DAYS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_TEXTS = ("VARCHAR", "ENUM")


def read_parquets(paths: Sequence[Path], connection: duckdb.DuckDBPyConnection) -> FileTable:
    """Parquet files, one below the other; a folder called `key=value` gives every row in it that value of `key`."""
    keys = folder_keys(paths)
    groups = _by_schema(paths, connection)
    faults = in_both(keys, groups) | _twice(groups, connection)
    of_folder = dict.fromkeys(keys, "VARCHAR")
    parts = [
        (_scan(found, keys), found, _without_types(schema, found, groups, connection) | of_folder)
        for found, schema in groups
    ]
    unlike = _unlike([(found, own) for _, found, own in parts])
    kept = [(sql, found, {name: own[name] for name in own if name not in unlike}) for sql, found, own in parts]
    return join_by_name(connection, kept, faults | unlike)


def _scan(paths: Sequence[Path], keys: Sequence[str]) -> str:
    """The reader of files that share a schema."""
    files = ", ".join(literal(escape_glob(str(path))) for path in paths)
    if not keys:
        return f"read_parquet([{files}], hive_partitioning=false)"
    named = ", ".join(f"nullif({identifier(key)}, {literal(NO_KEY)}) AS {identifier(key)}" for key in keys)
    return (
        f"(SELECT * REPLACE ({named}) FROM read_parquet([{files}], hive_partitioning=true, hive_types_autocast=false))"
    )


def _twice(groups: Sequence[tuple[list[Path], Schema]], connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Name that stands more than once in a file to what is wrong with it: DuckDB calls the second another name."""
    found: dict[str, str] = {}
    for paths, schema in groups:
        asked = f"SELECT name, num_children FROM parquet_schema({literal(escape_glob(str(paths[0])))})"
        names = _top_level(connection.sql(asked).fetchall())
        again = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < len(names) else []
        found |= {
            name: f"{quoted(name)} stands {names.count(name)} times among the columns of {quoted(paths[0].name)}; "
            "rename all but one."
            for name in again
            if name in schema
        }
    return found


def _top_level(rows: Sequence[tuple[str, int | None]]) -> list[str]:
    """Names of the columns in a footer, which lists every node before those below it."""
    names, place = [], 1
    while place < len(rows):
        names.append(rows[place][0])
        below = 1
        while below:
            below += (rows[place][1] or 0) - 1
            place += 1
    return names


def _by_schema(paths: Sequence[Path], connection: duckdb.DuckDBPyConnection) -> list[tuple[list[Path], Schema]]:
    """Files by what their footers say of their columns, which one query reads; each schema as DuckDB understands it."""
    files = ", ".join(literal(escape_glob(str(path))) for path in paths)
    said: dict[str, list[object]] = {}
    rows = connection.sql(
        f"SELECT file_name, name, type, converted_type, logical_type, num_children FROM parquet_schema([{files}])"
    ).fetchall()
    for name, *column in rows:
        said.setdefault(str(name), []).append(tuple(column[1:]) if not said.get(str(name)) else tuple(column))
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(repr(said[str(path)]), []).append(path)
    return [(found, _schema(found[0], connection)) for found in groups.values()]


def _schema(path: Path, connection: duckdb.DuckDBPyConnection) -> Schema:
    rows = connection.sql(f"DESCRIBE SELECT * FROM {_scan([path], ())}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _without_types(
    schema: Schema,
    paths: Sequence[Path],
    groups: Sequence[tuple[list[Path], Schema]],
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, str]:
    """The schema; a column of another kind than elsewhere has no type where it holds no value in these files."""
    own = dict(schema)
    for name, kind in schema.items():
        others = {_family(other[name]) for _, other in groups if name in other and other[name] != NO_TYPE}
        if kind != NO_TYPE and len(others) > 1:
            counted = connection.sql(f"SELECT count({identifier(name)}) FROM {_scan(paths, ())}").fetchall()
            own[name] = kind if counted[0][0] else NO_TYPE
    return own


def _unlike(groups: Sequence[tuple[Sequence[Path], Schema]]) -> dict[str, str]:
    """Column whose type in one file is unlike that in another, to both files and types."""
    first: dict[str, tuple[Path, str]] = {}
    faults: dict[str, str] = {}
    for paths, schema in groups:
        for name, kind in schema.items():
            if kind == NO_TYPE:
                continue
            path, known = first.setdefault(name, (paths[0], kind))
            if _family(known) != _family(kind):
                faults.setdefault(
                    name,
                    f"{quoted(name)} must be of one type in all files; it is {known} in {quoted(path.name)} and "
                    f"{kind} in {quoted(paths[0].name)}. Write one of them anew, or read them apart.",
                )
    return faults


def _family(kind: str) -> str:
    """Types that hold one another's values."""
    bare = kind.partition("(")[0]
    for name, members in (("a number", _NUMBERS), ("a day", _DAYS), ("text", _TEXTS)):
        if bare in members:
            return name
    return kind
