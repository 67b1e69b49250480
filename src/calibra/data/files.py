"""Files: a CSV or Parquet file as a DuckDB relation, and what else a file of that name may turn out to be."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from calibra.data.engine_errors import explain
from calibra.errors import InputError
from calibra.words import quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")
SEPARATORS = ",;\t|"

_GZIP = b"\x1f\x8b"
_SAVE_AS_CSV = "Save its sheet as CSV (UTF-8)."
_BEGINNINGS = (
    (b"PAR1", "a Parquet file", "Give it a name that ends in .parquet."),
    (b"PK\x03\x04", "a workbook or another zip archive", _SAVE_AS_CSV),
    (b"\xd0\xcf\x11\xe0", "an old workbook", _SAVE_AS_CSV),
    (_GZIP, "compressed by gzip", "Give it a name that ends in .csv.gz."),
)
"""How a file begins that is no CSV, what it is then, and what to do."""
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)
"""What a damaged compressed file raises."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_path(
    path: str | Path, encoding: str, connection: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyRelation:
    """A file as a relation; CSV columns stay text, so that nothing is guessed about dates and labels.

    Raises
    ------
    InputError
        No such file, or one that is no CSV or Parquet file: what it is, and what to do.
    """
    import duckdb

    name = str(path).lower()
    if "*" not in name:
        check_file(Path(path), encoding)
    elif not is_utf8(encoding):
        raise InputError(
            f"Files read together by `*` must be UTF-8; got encoding={encoding!r}. Read one file at a time."
        )
    connection = connection or duckdb.connect()
    try:
        if name.endswith(PARQUET):
            return connection.read_parquet(str(path))
        if is_utf8(encoding):
            relation = connection.read_csv(str(path), all_varchar=True, header=True)
            _refuse_ragged(path, relation.columns)
            return relation
        return connection.from_df(_read_encoded(path, encoding))
    except duckdb.Error as error:
        raise explain(error) from error


def check_file(path: Path, encoding: str = "utf-8") -> None:
    """Refuse what cannot be read, and say what it is."""
    name, shown = str(path).lower(), quoted(str(path))
    if path.is_dir():
        raise InputError(f"`frame` must be a file; {shown} is a folder. Name the file in it, or all: {path / '*.csv'}.")
    if name.endswith(WORKBOOKS):
        raise InputError(f"`frame` must be a CSV or Parquet file; {shown} is a workbook. {_SAVE_AS_CSV}")
    if not name.endswith(PARQUET + CSV):
        raise InputError(f"`frame` must be a path ending in {', '.join(PARQUET + CSV)}; got {shown}.")
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


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, however it is spelled."""
    return encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")


def separator_of(header: str, path: str | Path = "") -> str:
    """What separates the fields of a header line: a tab where the name says so, else the mark it holds most of."""
    if ".tsv" in str(path).lower():
        return "\t"
    return max(SEPARATORS, key=re.sub('"[^"]*"', "", header).count)


def open_text(path: str | Path, encoding: str) -> TextIO:
    """A text file, compressed or not, its line ends as they are."""
    if str(path).lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return Path(path).open(encoding=encoding, newline="")


def _refuse_ragged(path: str | Path, columns: Sequence[str]) -> None:
    """Name the line that keeps DuckDB from seeing columns at all, and takes the whole header for one name."""
    separator = separator_of(columns[0])
    if len(columns) > 1 or separator not in columns[0] or not Path(path).is_file():
        return
    with open_text(path, "utf-8") as text:
        lines = csv.reader(text, delimiter=separator)
        width = len(next(lines))
        for line in lines:
            if line and len(line) != width:
                raise InputError(
                    f"Every line of a CSV file must have as many fields as its header, here {width}; line "
                    f"{lines.line_num} has {len(line)}. Quote the fields that hold {separator!r}, or mend the line."
                )


def _read_encoded(path: str | Path, encoding: str) -> pd.DataFrame:
    import pandas as pd

    try:
        with open_text(path, encoding) as text:
            separator = separator_of(text.readline(), path)
        return pd.read_csv(path, encoding=encoding, dtype=str, keep_default_na=False, na_values=[""], sep=separator)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(f"`encoding` must be that of the file; {encoding!r} does not read it ({error}).") from error
    except BROKEN as error:
        raise InputError(
            f"`frame` must be a whole file; {quoted(str(path))} is broken off or damaged ({error})."
        ) from error
    except ValueError as error:  # ragged lines, or none
        raise InputError(f"`frame` must be a CSV file with one header line; {error}") from error
