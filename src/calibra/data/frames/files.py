"""Files: CSV, Parquet or workbooks as a DuckDB relation, and what else a file of that name may turn out to be."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.data.frames.csv_files import read_csvs
from calibra.data.frames.csv_head import is_utf8
from calibra.data.frames.engine_errors import explain
from calibra.data.frames.parquet_files import read_parquets
from calibra.data.frames.workbooks import WORKBOOKS, read_workbooks, split_sheet
from calibra.errors import InputError
from calibra.words import listed, quoted

if TYPE_CHECKING:
    import duckdb

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods")

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0"
_SAVE_AS_XLSX = "Save it as .xlsx, or its sheet as CSV (UTF-8)."
_BEGINNINGS = (
    (b"PAR1", "a Parquet file", "Give it a name that ends in .parquet."),
    (_ZIP, "a workbook or another zip archive", "Give a workbook a name that ends in .xlsx."),
    (_OLD, "an old workbook", _SAVE_AS_XLSX),
    (_GZIP, "compressed by gzip", "Give it a name that ends in .csv.gz."),
)
"""How a file begins that is no CSV, what it is then, and what to do."""
_NO_DATA = (".", "_", "~$")
"""How names begin that are no data: hidden ones, marks of a finished job, what Excel writes beside an open file."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_path(
    path: str | Path,
    encoding: str,
    connection: duckdb.DuckDBPyConnection | None = None,
    *,
    wanted: Collection[str] | None = None,
) -> duckdb.DuckDBPyRelation:
    """A file, the files a pattern fits, or those in a folder, as a relation, matched by the names of their columns.

    CSV columns stay text, so that nothing is guessed about dates and labels; cells of a workbook are what they are.

    Parameters
    ----------
    path : path
        A CSV, Parquet or .xlsx file; a pattern with `*`; a folder, read with all folders in it. A `~` is the home
        folder. `team.xlsx::Judgments` is a sheet. Names that begin with a dot, an underscore (`_SUCCESS`) or `~$` are
        no data where several are read.
    encoding : str
        Encoding of CSV files.
    connection : duckdb.DuckDBPyConnection, optional
        Where the relation is to live.
    wanted : collection of str, optional
        Columns that are needed: a fault of another one is none. By default all.

    Raises
    ------
    InputError
        No such file, or one of another kind: what it is, and what to do. A wanted column that stands
        twice in a header, is missing in some files or of unlike types in them.
    """
    import duckdb

    named, sheet = split_sheet(path)
    paths = find_files(named)
    for found in paths:
        check_file(found, encoding)
    connection = connection or duckdb.connect()
    try:
        match _kind(paths[0]):
            case "Parquet":
                table = read_parquets(paths, connection)
            case "workbook":
                table = read_workbooks(paths, sheet, connection)
            case _:
                table = read_csvs(paths, encoding, connection)
    except duckdb.Error as error:
        raise explain(error) from error
    faults = [fault for name, fault in table.faults.items() if wanted is None or name in wanted]
    if faults:
        raise InputError("\n".join(["The files have problems:", *(f"- {fault}" for fault in faults)]))
    return table.relation


def find_files(path: str | Path) -> list[Path]:
    """The files that are meant: one by its name, several by a pattern or by their folder; of one kind."""
    named = Path(path).expanduser()
    root = named.anchor or "."
    if named.is_file():
        return [named]
    if named.is_dir():
        found = [file for file in sorted(named.rglob("*")) if _is_data(file, named) and _is_table(file)]
        where = f"the folder {quoted(str(named))}"
    elif glob.has_magic(str(named)):
        found = [file for file in sorted(Path(root).glob(str(named.relative_to(root)))) if _is_data(file)]
        where = quoted(str(named))
    else:
        return [named]
    if not found:
        raise InputError(f"`frame` must name CSV, Parquet or .xlsx files; {where} holds none.")
    _refuse_lakes(named if named.is_dir() else None, found)
    kinds = {_kind(file): file for file in found}
    if len(kinds) > 1:
        each = listed(quoted(kinds[kind].name) for kind in sorted(kinds, reverse=True))
        raise InputError(
            f"`frame` must name files of one kind; {where} holds {each}. Name one kind by a pattern, such as "
            f"{str(named.parent / '*.parquet')!r}."
        )
    return found


def _refuse_lakes(folder: Path | None, found: Sequence[Path]) -> None:
    """Refuse the files of a table that keeps those of its earlier versions beside them."""
    inside = [] if folder is None else [child for child in folder.rglob("*") if child.is_dir()]
    around = {above for file in found for above in (file.parent, *file.parent.parents[:_LEVELS])}
    for place in (*inside, *(above / mark for above in sorted(around) for mark in _LAKES)):
        kind = _LAKES.get(place.name)
        if kind and place.is_dir() and (kind != "Iceberg" or any(place.glob("*.metadata.json"))):
            raise InputError(
                f"`frame` must name files that all count; {quoted(str(place.parent))} is a table of {kind}, which "
                "keeps files of earlier versions. Read it by its own reader, such as polars.scan_delta or "
                "polars.scan_iceberg, and pass the frame."
            )


_LAKES = {"_delta_log": "Delta Lake", ".hoodie": "Hudi", "metadata": "Iceberg"}
"""Folder that a table of versions keeps its log in, to what made it."""
_LEVELS = 3
"""Folders above a file among which the log of its table is looked for: those of keys lie between."""


def _is_data(file: Path, below: Path | None = None) -> bool:
    """A file whose name, and the folders' below the one that was given, begin with neither dot nor underscore.

    `~$team.xlsx` is what a spreadsheet program leaves beside a workbook that is open.
    """
    parts = file.relative_to(below).parts if below else (file.name,)
    return file.is_file() and not any(part.startswith(_NO_DATA) and "=" not in part for part in parts)


def _is_table(file: Path) -> bool:
    return file.name.lower().endswith(PARQUET + CSV + WORKBOOKS)


def _kind(file: Path) -> str:
    name = file.name.lower()
    return "Parquet" if name.endswith(PARQUET) else "workbook" if name.endswith(WORKBOOKS) else "CSV"


def check_file(path: Path, encoding: str = "utf-8") -> None:
    """Refuse what cannot be read, and say what it is."""
    name, shown = str(path).lower(), quoted(str(path))
    if path.is_dir():
        raise InputError(f"`frame` must be a file; {shown} is a folder. Name the file in it, or all: {path / '*.csv'}.")
    if name.endswith(OTHER_WORKBOOKS):
        raise InputError(
            f"`frame` must be a CSV, Parquet or .xlsx file; {shown} is a workbook of another kind. {_SAVE_AS_XLSX}"
        )
    if not name.endswith(PARQUET + CSV + WORKBOOKS):
        raise InputError(f"`frame` must be a path ending in {', '.join(PARQUET + CSV + WORKBOOKS)}; got {shown}.")
    if not path.is_file():
        raise InputError(f"`frame` must be a file that exists; there is none at {shown}.")
    with path.open("rb") as opened:
        _check_beginning(opened.read(4), name, shown, encoding)


def _check_beginning(head: bytes, name: str, shown: str, encoding: str) -> None:
    """Refuse a file whose first bytes are not those of its name."""
    if not head:
        raise InputError(f"`frame` must hold a header and rows; the file {shown} is empty.")
    if name.endswith(PARQUET):
        if head != b"PAR1":
            raise InputError(f"`frame` must be a Parquet file where its name says so; {shown} is none.")
        return
    if name.endswith(WORKBOOKS):
        if head == _OLD:
            raise InputError(
                f"`frame` must be a workbook without a password; {shown} has one, or is of an old kind. {_SAVE_AS_XLSX}"
            )
        if head != _ZIP:
            raise InputError(f"`frame` must be a workbook where its name says so; {shown} is none.")
        return
    if name.endswith(".gz"):
        if not head.startswith(_GZIP):
            raise InputError(f"`frame` must be compressed by gzip where its name says so; {shown} is not.")
        return
    for beginning, what, advice in _BEGINNINGS:
        if head.startswith(beginning):
            raise InputError(f"`frame` must be a CSV file where its name says so; {shown} is {what}. {advice}")
    if head.startswith(_UTF16) and is_utf8(encoding):
        raise InputError(f"A CSV file must be UTF-8, or its `encoding` be given; {shown} is UTF-16: encoding='utf-16'.")


def is_utf16(path: Path) -> bool:
    """Whether a file says by its byte-order mark that it is UTF-16."""
    with path.open("rb") as opened:
        return opened.read(2) in _UTF16
