"""The head of a CSV file: where its header stands, what separates its fields, and what its columns are called."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import TextIO

from calibra.errors import InputError
from calibra.words import counted, quoted

SEPARATORS = ",;\t|"
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)
"""What a damaged compressed file raises."""
_RECORDS_READ = 200
_MOST_ABOVE = 20
"""Records that may stand above a header; more of them are rows of another table."""
_DATE = re.compile(r"\s*\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}")


@dataclass(frozen=True, slots=True)
class CsvHead:
    """How is a CSV file to be read, and what are its columns called?"""

    separator: str
    """What separates the fields."""
    header: tuple[str, ...]
    """Names as they stand in the file, in its order."""
    n_above: int
    """Lines above the header, blank ones too; one with a break in quotes counts once."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names no two of which are alike to an engine that ignores case: the first keeps its own."""
        taken: set[str] = set()
        names = []
        for place, name in enumerate(self.header):
            free = name or f"column{place + 1}"
            while free.casefold() in taken:
                free += f"_{place + 1}"
            taken.add(free.casefold())
            names.append(free)
        return tuple(names)

    def ambiguous(self, path: Path) -> dict[str, str]:
        """Name that stands more than once in the header, case ignored, to what is wrong with it."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.header, start=1):
            places.setdefault(name.casefold(), []).append(place)
        return {
            self.header[place - 1]: f"{quoted(self.header[place - 1])} stands {counted(len(found), 'time')} in the "
            f"header of {quoted(path.name)}, in fields {', '.join(map(str, found))}; rename all but one."
            for found in places.values()
            if len(found) > 1
            for place in found
            if self.header[place - 1]
        }


def read_csv_head(path: Path, encoding: str) -> CsvHead:
    """Find the header of a CSV file, or say in words why it cannot be read.

    Raises
    ------
    InputError
        Text of another encoding; a broken archive; a quote that is never closed; no line.
    """
    shown = quoted(str(path))
    try:
        return find_header(path, encoding)
    except (UnicodeError, LookupError) as error:
        raise InputError(wrong_encoding(path, encoding, error)) from error
    except BROKEN as error:
        raise InputError(f"`frame` must be a whole file; {shown} is broken off or damaged ({error}).") from error
    except csv.Error as error:
        raise InputError(
            f"Every quote in a CSV file must be closed, and no field be longer than {csv.field_size_limit():,} "
            f"characters; in the first lines of {shown} a field is longer, or a quote stands open ({error}). Close it, "
            "or leave the column out."
        ) from error


def find_header(path: Path, encoding: str) -> CsvHead:
    """Find the header of a CSV file among its first lines.

    The header is the first line of names (two at least, no dates, more words than numbers) that is followed by a line
    of as many fields. Up to twenty lines above it are passed over where they are no table of their own. In a file
    without such a line the first line is the header.
    """
    read = {mark: _records(path, encoding, mark) for mark in _marks(path)}
    begun = {mark: start for mark, records in read.items() if (start := _begin(records)) is not None}
    if begun:
        mark = min(begun, key=lambda mark: (begun[mark], -len(read[mark][begun[mark]][1])))
    else:
        with open_text(path, plain(encoding)) as text:
            mark = separator_of(text.readline(), path)
    records, start = read[mark], begun.get(mark, 0)
    if not records:
        raise InputError(f"`frame` must hold a header and rows; the file {quoted(str(path))} is empty.")
    above, fields = records[start]
    return CsvHead(mark, tuple(fields), above)


def _marks(path: Path) -> Sequence[str]:
    return "\t" if ".tsv" in path.name.lower() else SEPARATORS


def _records(path: Path, encoding: str, mark: str) -> list[tuple[int, list[str]]]:
    """The first records that are not blank: how many stand above each, and its fields."""
    with open_text(path, plain(encoding)) as text:
        rows = enumerate(islice(csv.reader(text, delimiter=mark), _RECORDS_READ))
        return [(above, fields) for above, fields in rows if fields]


def _begin(records: list[tuple[int, list[str]]]) -> int | None:
    """Which record is the header? The first line of names at the width that most lines have, else the first of all."""
    widths = [len(fields) for _, fields in records]
    wide = Counter(width for width in widths if width > 1)
    if not wide:
        return None
    usual = max(wide, key=lambda width: (wide[width], width))
    starts = [
        i
        for i, (_, fields) in enumerate(records[: _MOST_ABOVE + 1])
        if widths[i] > 1
        and are_names(fields)
        and widths[i : i + 2] == widths[i : i + 1] * len(widths[i : i + 2])
        and _are_above(records, i)
    ]
    if not starts:
        return 0 if widths[0] > 1 else None
    start = starts[0]
    if not _are_table(widths, start):
        start = next((i for i in starts if widths[i] == usual), start)
    return next(i for i, (_, fields) in enumerate(records) if widths[i] == widths[start] and are_names(fields))


def are_names(fields: Sequence[str]) -> bool:
    """Whether a line could be a header: two names at least, no date, fewer numbers than words."""
    filled = [field for field in fields if field.strip()]
    numbers = sum(_is_number(field) for field in filled)
    dated = any(_DATE.match(field) for field in filled)
    return len(filled) > 1 and not dated and 2 * numbers < len(filled)


def _are_above(records: list[tuple[int, list[str]]], start: int) -> bool:
    """Whether the lines before one may be a title and notes, and no table of their own.

    None of them reads like a header of three columns or more. Two columns may be notes ("Exported by", "Abe") only
    where a blank line parts them from what follows.
    """
    above = records[:start]
    if any(len(fields) > 2 and are_names(fields) for _, fields in above):
        return False
    pairs = any(len(one) == len(two) == 2 and are_names(one) for (_, one), (_, two) in pairwise(above))
    return not pairs or records[start][0] - above[-1][0] > 1


def _are_table(widths: Sequence[int], start: int) -> bool:
    """Whether a header and two rows of three fields or more begin here."""
    here = widths[start : start + 3]
    return len(here) == 3 and here[0] > 2 and len(set(here)) == 1


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def separator_of(header: str, path: str | Path = "") -> str:
    """What separates the fields of a header line: a tab where the name says so, else the mark it holds most of."""
    if ".tsv" in str(path).lower():
        return "\t"
    return max(SEPARATORS, key=re.sub('"[^"]*"', "", header).count)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, however it is spelled."""
    return encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")


def plain(encoding: str) -> str:
    """The encoding in which Python passes over a byte-order mark."""
    return "utf-8-sig" if is_utf8(encoding) else encoding


def open_text(path: str | Path, encoding: str) -> TextIO:
    """A text file, compressed or not, its line ends as they are."""
    if str(path).lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return Path(path).open(encoding=encoding, newline="")


def unread_line(path: str | Path, encoding: str) -> int:
    """The first line of a file, counted from 1, that an encoding does not read.

    Decoded piece by piece, because the text files of Python's read ahead, and counted in what was decoded.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    n_lines, last = 1, ""
    with gzip.open(path, "rb") if str(path).lower().endswith(".gz") else Path(path).open("rb") as raw:
        try:
            for piece in raw:
                text = last + decoder.decode(piece)
                last = text[-1:]  # a line's end may come in two pieces
                n_lines += _line_ends(text) - _line_ends(last)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, errors="ignore")
            return n_lines + _line_ends(last + before)
    return n_lines


def _line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def wrong_encoding(path: Path, encoding: str, error: Exception) -> str:
    """What to do about text that its encoding does not read, and in which line it is."""
    where = f", in line {unread_line(path, plain(encoding))}" if isinstance(error, UnicodeError) else ""
    if is_utf8(encoding):
        return (
            f"A file must be UTF-8 text, or its `encoding` be given, such as encoding='cp932'; {quoted(str(path))} is "
            f"not UTF-8{where} ({error})."
        )
    return f"`encoding` must be that of the file; {encoding!r} does not read it: {quoted(str(path))}{where} ({error})."
