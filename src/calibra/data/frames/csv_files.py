"""CSV files as a DuckDB relation: every field stays text, columns are joined by name, and no line is lost.

DuckDB is told the header, the separator and the quote of each file, so that it guesses nothing: a line of another width
or a quote out of place is an error that names the line. Left to its own detection, it drops whatever stands before a
change of shape.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.data.frames.csv_head import (
    BROKEN,
    CsvHead,
    is_utf8,
    open_text,
    plain,
    read_csv_head,
    wrong_encoding,
)
from calibra.data.frames.engine_errors import explain
from calibra.data.frames.file_tables import (
    FileTable,
    escape_glob,
    folder_keys,
    identifier,
    in_both,
    join_by_name,
    key_of,
    key_value,
    literal,
)
from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb

_CHUNK = 1 << 20


def read_csvs(paths: Sequence[Path], encoding: str, connection: duckdb.DuckDBPyConnection) -> FileTable:
    """CSV files, one below the other, columns matched by name.

    Files of one header and dialect are one scan. Text that is not UTF-8 is turned into it first, and then lies in the
    connection's own memory.
    """
    heads = {path: read_csv_head(path, encoding) for path in paths}
    keys = folder_keys(paths)
    alike: dict[tuple[CsvHead, tuple[str, ...]], list[Path]] = {}
    for path, head in heads.items():
        alike.setdefault((head, tuple(key_of(path, key) for key in keys)), []).append(path)
    parts = []
    for (head, values), found in alike.items():
        scan = _scan(head, found) if is_utf8(encoding) else _copy(head, found, encoding, connection)
        named = "".join(f", {key_value(value)} AS {identifier(key)}" for key, value in zip(keys, values, strict=True))
        parts.append((f"(SELECT *{named} FROM {scan})", found, dict.fromkeys((*head.names, *keys), "VARCHAR")))
    faults = in_both(keys, [(found, head.names) for (head, _), found in alike.items()])
    for path, head in heads.items():
        faults = {**head.ambiguous(path), **faults}
    return join_by_name(connection, parts, faults)


def _scan(head: CsvHead, paths: Sequence[Path]) -> str:
    """The reader of files that share a header and a dialect."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in head.names)
    files = ", ".join(literal(escape_glob(str(path))) for path in paths)
    return (
        f"read_csv([{files}], auto_detect=false, header=true, skip={head.n_above}, delim={literal(head.separator)}, "
        f"""quote='"', escape='"', columns={{{columns}}})"""
    )


def _copy(head: CsvHead, paths: Sequence[Path], encoding: str, connection: duckdb.DuckDBPyConnection) -> str:
    """A table in the connection with the rows of files in another encoding."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        turned = {_turn(path, Path(folder) / f"{i}.csv", encoding): path for i, path in enumerate(paths)}
        n_tables = connection.sql("SELECT count(*) FROM duckdb_tables()").fetchall()[0][0]
        table = identifier(f"calibra_csv_{n_tables}")
        try:
            connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM {_scan(head, list(turned))}")
        except duckdb.Error as error:
            said = str(error)
            for copy, path in turned.items():
                said = said.replace(str(copy), str(path))
            raise explain(type(error)(said)) from error
    return table


def _turn(path: Path, into: Path, encoding: str) -> Path:
    """Write the file as UTF-8; an error names the line that its encoding does not read."""
    try:
        with open_text(path, plain(encoding)) as text, into.open("w", encoding="utf-8", newline="") as out:
            while chunk := text.read(_CHUNK):
                out.write(chunk)
    except (UnicodeError, LookupError) as error:
        raise InputError(wrong_encoding(path, encoding, error)) from error
    except BROKEN as error:
        raise InputError(
            f"`frame` must be a whole file; {quoted(str(path))} is broken off or damaged ({error})."
        ) from error
    return into
