"""The commented calibra.toml that `calibra init` writes, with what can be read off the file filled in."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from calibra.cli.words import toml_text
from calibra.errors import InputError
from calibra.words import counted, normal_spelling

TEMPLATE = """\
# What calibra needs to know about your judgments. One row a judgment, in a CSV or Parquet file.

# The day the data were taken: an event or exit of a later day counts as not yet known. Nothing reads the clock.
as_of = "?"

# What to do with rows that cannot be right: "raise" names them and stops; "set_aside" leaves them out and reports them.
problems = "raise"
# check_duplicates = false    # where one rep may judge one prospect twice on a day
# timezone = "Asia/Tokyo"    # in whose calendar moments with a time zone fall on a day
# no_day = ["1900-01-01"]    # days that your system writes where there is none
{encoding}         # of a CSV file that is not UTF-8
# horizons = [30, 180]       # further horizons in days, beside the promised ones

# Role = "your column". The first four are needed, and event_at for anything to be told of what came of the judgments;
# the others where you have them: take the # off the line, and fill in the column. Any other name is a grouping.
[columns]
{columns}

# The ranks, best first.{ranks_note}
[scale]
ranks = [{ranks}]{strays}

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

# Other spellings of a rank in the data.{spellings_note}
{spellings}

# What the labels of exit_kind mean: "handed back" (an event after it still counts for the reading), "disqualified",
# "lost to a rival" or "other".
# [exit_kinds]
# "back to marketing" = "handed back"

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
    "prospect": "who was judged",
    "rep": "who judged",
    "rank": "the rank given",
    "judged_at": "when",
    "event_at": "when the opportunity arose, else empty",
    "exit_at": "when disqualified or handed back, else empty",
    "exit_kind": "how it ended then: handed back, disqualified, …",
    "touches": "contacts since the judgment",
    "segment": "a grouping",
}

_LIKELY = {
    "prospect": (
        "prospect",
        "lead",
        "account",
        "company",
        "contact",
        "見込み客",
        "リード",
        "案件id",
        "案件番号",
        "案件名",
        "企業",
        "会社",
        "取引先",
    ),
    "rep": ("rep", "owner", "agent", "seller", "担当", "営業", "所有者"),
    "rank": ("rank", "grade", "score", "label", "rating", "見込みランク", "ランク", "確度", "ヨミ", "読み"),
    "judged_at": ("judged", "created", "date", "判定日", "付与日", "記録日", "登録日", "作成日"),
    "event_at": ("event", "opportunity", "converted", "商談化日", "商談日", "商談"),
    "exit_at": ("exit", "disqualified", "closed", "lost", "対象外", "失注", "差し戻し"),
    "exit_kind": ("exit_kind", "exit kind", "終了区分", "終了理由"),
    "touches": ("touches", "calls", "activities", "接触", "架電", "活動"),
    "segment": ("segment", "industry", "size", "業種", "セグメント", "規模"),
}
"""Words that column names begin with, by role, in English and Japanese; the first that fits counts."""

_ROWS_READ = 50_000
_MOST_RANKS = 12
_FEW_ROWS, _SMALL_SHARE = 20, 0.01
"""A label of fewer rows than either is left out of the ranks, and named beside them."""
_MISTAKEN_SHARE = 0.05
"""Share of the rows up to which rare labels may be mistakes; beyond it they are what the column holds."""
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RankLabels:
    """What the labels of a column look like, taken as ranks."""

    ranks: Sequence[str] = ()
    """The ranks, by name, whole numbers in their order; none where there are too many."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Label that differs from a rank in case, width or blanks alone, to that rank."""
    strays: Mapping[str, int] = field(default_factory=dict)
    """Label that hardly any row carries to number of rows, most first."""
    n_rows: int = 0
    """Rows with a label."""


class FileHead(NamedTuple):
    """What the beginning of a file tells."""

    columns: list[str]
    """Names of its columns."""
    encoding: str = "utf-8"
    """In which it was read."""
    labels: RankLabels = RankLabels()
    """Labels of the column that looks like the rank."""


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
    labels = RankLabels() if head is None else head.labels
    ranks: Sequence[str] = ("A", "B", "C")
    note = ""
    if labels.ranks:
        ranks, note = labels.ranks, " These are the labels in the file, by name: put them in order."
    spelled = " These differ in case, width or blanks alone: check each line." if labels.spellings else ""
    filled = {
        "encoding": '# encoding = "cp932"' if encoding == "utf-8" else f'encoding = "{encoding}"',
        "columns": _columns_block(head and head.columns),
        "ranks_note": note,
        "spellings_note": spelled,
        "strays": _strays_block(labels),
        "spellings": _spellings_block(labels),
        "ranks": ", ".join(map(toml_text, ranks)),
        "first": _toml_key(ranks[0]),
        "second": _toml_key(ranks[-1]),
    }
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
    from calibra.data.frames.csv_head import BROKEN, find_header, open_text, plain
    from calibra.data.frames.files import check_file, is_utf16

    wide = path.is_file() and is_utf16(path)
    check_file(path, "utf-16" if wide else "utf-8")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _head_of_parquet(path)
    for encoding in ("utf-16",) if wide else ("utf-8", "cp932"):
        try:
            with open_text(path, plain(encoding)) as lines:
                head = find_header(path, encoding)
                place = _place_of_rank(head.header)
                some = list(islice(csv.reader(lines, delimiter=head.separator), head.n_above + 1, _ROWS_READ))
        except UnicodeDecodeError:
            continue
        except BROKEN as error:
            raise InputError(f"{path} is broken off or damaged ({error}).") from error
        labels = RankLabels() if place is None else _labels(row[place] for row in some if len(row) > place)
        return FileHead(list(head.header), encoding, labels)
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
    return FileHead(names, labels=RankLabels() if first is None else _labels(first.column(0).to_pylist()))


def _place_of_rank(names: Sequence[str]) -> int | None:
    found = _likely_column("rank", names)
    return None if found is None else list(names).index(found)


def _labels(values: Iterable[object]) -> RankLabels:
    """What the values of a column look like, taken as ranks."""
    from calibra.data.counting.packed import label_text

    n_of = Counter(label for value in values if (label := label_text(value)) is not None)
    spelled: dict[str, list[str]] = {}
    for label, _ in n_of.most_common():
        spelled.setdefault(normal_spelling(label), []).append(label)
    meant = {normal: labels[0].strip() for normal, labels in spelled.items()}
    n_meant = {normal: sum(n_of[label] for label in labels) for normal, labels in spelled.items()}
    rare = _rare(n_meant)
    kept = [meant[normal] for normal in spelled if normal not in rare]
    if not 0 < len(kept) <= _MOST_RANKS:
        return RankLabels()
    numbers = all(label.isdecimal() for label in kept)
    return RankLabels(
        sorted(kept, key=int if numbers else None),
        {
            label: meant[normal]
            for normal, labels in spelled.items()
            for label in labels
            if normal not in rare and label != meant[normal]
        },
        {meant[normal]: n for normal, n in n_meant.items() if normal in rare},
        n_of.total(),
    )


def _rare(n_of: Mapping[str, int]) -> set[str]:
    """Labels that hardly any row carries, whatever they are."""
    total = sum(n_of.values())
    rare = {label for label, n in n_of.items() if n < min(_FEW_ROWS, _SMALL_SHARE * total)}
    return rare if sum(n_of[label] for label in rare) <= _MISTAKEN_SHARE * total else set()  # so many are no mistakes


def _strays_block(labels: RankLabels) -> str:
    """The labels left out of the ranks, and what to do about them, as comments."""
    if not labels.strays:
        return ""
    most = list(labels.strays.items())
    shown = ", ".join(f"{toml_text(label)} ({counted(n, 'row')})" for label, n in most[:_MOST_SHOWN])
    more = f", and {len(most) - _MOST_SHOWN:,} more" if len(most) > _MOST_SHOWN else ""
    return (
        f"\n# Left out, for hardly any of the {counted(labels.n_rows, 'row')} read carries it: {shown}{more}."
        "\n# A rank after all? Add it above. Another spelling of one? Name it under [rank_labels]. A mistake? Correct"
        '\n# the rows, which `calibra check` names, or leave them out with problems = "set_aside".'
    )


def _spellings_block(labels: RankLabels) -> str:
    """The lines under [rank_labels]: what was found, else a pattern."""
    if not labels.spellings:
        return '# [rank_labels]\n# "a" = "A"'
    return "\n".join(["[rank_labels]", *(f"{toml_text(a)} = {toml_text(b)}" for a, b in labels.spellings.items())])


def _columns_block(columns: Sequence[str] | None) -> str:
    """The lines under [columns]: guesses where the file's columns are known, else a pattern to fill in."""
    left, lines, guessed = list(columns or ()), [], False
    for role, note in _COLUMN_NOTES.items():
        found = _likely_column(role, left)
        needed = role in ("prospect", "rep", "rank", "judged_at")
        if found is not None:
            guessed = True
            left.remove(found)
            line = f"{role} = {toml_text(found)}"
        else:
            line = f'{"" if needed else "# "}{role} = "{role if columns is None else "?"}"'
        lines.append(f"{line.ljust(32)}  # {note}")
    if columns:
        shown = ", ".join(toml_text(name) for name in columns)
        told = "Guessed from these names: check each line." if guessed else "None of them says what it is: fill in."
        lines = [f"# The file has: {shown}", f"# {told}", *lines]
    return "\n".join(lines)


def _likely_column(role: str, columns: Sequence[str]) -> str | None:
    """The column whose name is the role's, else begins with a word often used for it."""
    named = [name for name in columns if name == role]
    alike = [name for word in _LIKELY[role] for name in columns if name.lower().startswith(word)]
    return next(iter([*named, *alike]), None)


def _toml_key(text: str) -> str:
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else toml_text(text)
