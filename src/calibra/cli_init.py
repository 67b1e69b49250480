"""The commented calibra.toml that `calibra init` writes, with what can be read off the file filled in."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from calibra.errors import InputError

TEMPLATE = """\
# What calibra needs to know about your judgments. One row a judgment, in a CSV or Parquet file.

# The day the data were taken: an event or exit of a later day counts as not yet known. Nothing reads the clock.
as_of = "?"

# What to do with rows that cannot be right: "raise" names them and stops; "set_aside" leaves them out and reports them.
problems = "raise"
# check_duplicates = false    # where one rep may judge one prospect twice on a day
# timezone = "Asia/Tokyo"    # in whose calendar moments with a time zone fall on a day
{encoding}         # of a CSV file that is not UTF-8
# horizons = [30, 180]       # further horizons in days, beside the promised ones

# Role = "your column". The first four are needed, and event_at for anything to be told of what came of the judgments;
# the others where you have them. Any other name is a grouping.
[columns]
{columns}

# The ranks, best first.{ranks_note}
[scale]
ranks = [{ranks}]

# What a rank promises: an event with this probability within so many days. Say what your organisation means by it: all
# advice leans on that. kind: "average" (the prospects of the rank together; so if it is left out) or "bar" (each of
# them at least that). One promise is needed; the other ranks may be left out.
[promises.{first}]
prob = "?"           # such as 0.6
within_days = "?"    # such as 90

# [promises.{second}]
# prob = 0.3
# within_days = 90
# kind = "bar"

# Other spellings of a rank in the data.
# [rank_labels]
# "a" = "A"

# Where the file is a log of rank changes (prospect, rep, rank, changed_at; name these under [columns]) instead:
# [history]
# outcomes = "outcomes.csv"    # one row a prospect: what came of it
# mode = "first"               # the entry rank; "every": each re-rank; "landmark": the rank held on a day
# columns = { prospect = "prospect", event_at = "event_at", exit_at = "exit_at" }

[fit]
seed = 1            # the same seed gives the same numbers
engine = "auto"     # "laplace" (seconds), "nuts" (PyMC), or "auto": laplace, and nuts where laplace cannot be trusted
"""

_COLUMN_NOTES = {
    "prospect": "who was judged", "rep": "who judged", "rank": "the rank given", "judged_at": "when",
    "event_at": "when the opportunity arose, else empty", "exit_at": "when disqualified or handed back, else empty",
    "touches": "contacts since the judgment", "segment": "a grouping",
}  # fmt: skip

_LIKELY = {
    "prospect": ("prospect", "lead", "account", "company", "contact", "見込み客", "リード", "案件id", "案件番号",
                 "案件名", "企業", "会社", "取引先"),
    "rep": ("rep", "owner", "agent", "seller", "担当", "営業", "所有者"),
    "rank": ("rank", "grade", "score", "label", "rating", "見込みランク", "ランク", "確度", "ヨミ", "読み"),
    "judged_at": ("judged", "created", "date", "判定日", "付与日", "記録日", "登録日", "作成日"),
    "event_at": ("event", "opportunity", "converted", "商談化日", "商談日", "商談"),
    "exit_at": ("exit", "disqualified", "closed", "lost", "対象外", "失注", "差し戻し"),
    "touches": ("touches", "calls", "activities", "接触", "架電", "活動"),
    "segment": ("segment", "industry", "size", "業種", "セグメント", "規模"),
}  # fmt: skip
"""Words that column names begin with, by role, in English and Japanese; the first that fits counts."""

_ROWS_READ = 50_000
_MOST_RANKS = 12


class FileHead(NamedTuple):
    """What the beginning of a file tells."""

    columns: list[str]
    """Names of its columns."""
    encoding: str = "utf-8"
    """In which it was read."""
    ranks: Sequence[str] = ()
    """Labels of the column that looks like the rank, in the order of their names; none where there are too many."""


def write_template(path: Path, *, head: FileHead | None = None) -> Path:
    """Write the commented calibra.toml; what a file's beginning tells is filled in.

    Raises
    ------
    InputError
        There is a file of that name already.
    """
    if path.exists():
        raise InputError(f"{path} is there already and is not overwritten. Name another, or remove it first.")
    encoding = "utf-8" if head is None else head.encoding
    ranks: tuple[str, ...] = ("A", "B", "C")
    note = ""
    if head is not None and head.ranks:
        ranks, note = tuple(head.ranks), " These are the labels in the file, by name: put them in order."
    filled = {
        "encoding": '# encoding = "cp932"' if encoding == "utf-8" else f'encoding = "{encoding}"',
        "columns": _columns_block(head and head.columns), "ranks_note": note,
        "ranks": ", ".join(map(_toml_text, ranks)), "first": _toml_key(ranks[0]), "second": _toml_key(ranks[-1]),
    }  # fmt: skip
    text = TEMPLATE
    for name, value in filled.items():
        text = text.replace(f"{{{name}}}", value)
    path.write_text(text, encoding="utf-8")
    return path


def read_head(path: Path) -> FileHead:
    """Read the column names of a CSV or Parquet file, and the rank labels of its first rows.

    Text is UTF-16 where it says so, else UTF-8, else cp932.

    Raises
    ------
    InputError
        No such file, no Parquet file, or text in neither encoding.
    """
    from calibra.data.files import BROKEN, check_file, is_utf16, open_text, separator_of

    wide = path.is_file() and is_utf16(path)
    check_file(path, "utf-16" if wide else "utf-8")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _head_of_parquet(path)
    for encoding in ("utf-16",) if wide else ("utf-8", "cp932"):
        try:
            with open_text(path, encoding.replace("utf-8", "utf-8-sig")) as lines:
                separator = separator_of(lines.readline(), path)
                lines.seek(0)
                rows = csv.reader(lines, delimiter=separator)
                names = next(rows, [])
                place = _place_of_rank(names)
                some = list(islice(rows, _ROWS_READ))  # the header alone may be plain
        except UnicodeDecodeError:
            continue
        except BROKEN as error:
            raise InputError(f"{path} is broken off or damaged ({error}).") from error
        labels = () if place is None else _labels(row[place] for row in some if len(row) > place)
        return FileHead(names, encoding, labels)
    raise InputError(f"{path} is text in neither UTF-8 nor cp932. Save it as UTF-8.")


def _head_of_parquet(path: Path) -> FileHead:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path)
        names = list(file.schema_arrow.names)
        place = _place_of_rank(names)
        first = None if place is None else next(file.iter_batches(_ROWS_READ, columns=[names[place]]), None)
    except ArrowInvalid as error:
        raise InputError(f"{path} is no Parquet file: {error}") from error
    return FileHead(names, ranks=() if first is None else _labels(map(str, first.column(0).drop_null().to_pylist())))


def _place_of_rank(names: Sequence[str]) -> int | None:
    found = _likely_column("rank", names)
    return None if found is None else list(names).index(found)


def _labels(values: Iterable[str]) -> Sequence[str]:
    """Labels but for blanks, whole numbers in their order; none where there are too many for ranks."""
    found = {value.strip() for value in values} - {""}
    numbers = all(label.isdecimal() for label in found)
    return sorted(found, key=int if numbers else None) if len(found) <= _MOST_RANKS else ()


def _columns_block(columns: Sequence[str] | None) -> str:
    """The lines under [columns]: guesses where the file's columns are known, else a pattern to fill in."""
    left, lines, guessed = list(columns or ()), [], False
    for role, note in _COLUMN_NOTES.items():
        found = _likely_column(role, left)
        needed = role in ("prospect", "rep", "rank", "judged_at")
        if found is not None:
            guessed = True
            left.remove(found)
            line = f"{role} = {_toml_text(found)}"
        else:
            line = f'{"" if needed else "# "}{role} = "{role if columns is None else "?"}"'
        lines.append(f"{line.ljust(32)}  # {note}")
    if columns:
        shown = ", ".join(_toml_text(name) for name in columns)
        told = "Guessed from these names: check each line." if guessed else "None of them says what it is: fill in."
        lines = [f"# The file has: {shown}", f"# {told}", *lines]
    return "\n".join(lines)


def _likely_column(role: str, columns: Sequence[str]) -> str | None:
    """The column whose name is the role's, else begins with a word often used for it."""
    named = [name for name in columns if name == role]
    alike = [name for word in _LIKELY[role] for name in columns if name.lower().startswith(word)]
    return next(iter([*named, *alike]), None)


def _toml_key(text: str) -> str:
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else _toml_text(text)


def _toml_text(text: str) -> str:
    """A TOML basic string: backslash, quote and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
