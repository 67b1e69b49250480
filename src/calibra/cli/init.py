"""The commented calibra.toml that `calibra init` writes, with what can be read off the file filled in."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from calibra.cli.config import UNFILLED
from calibra.cli.guess import NEEDED, Guess, days_within, guess_columns
from calibra.cli.words import toml_text
from calibra.errors import InputError
from calibra.words import counted, normal_spelling

TEMPLATE = """\
# What calibra needs to know about your judgments. One row a judgment, in a CSV, Parquet or .xlsx file.

# The day the data were taken: an event or exit of a later day counts as not yet known. Nothing reads the clock.
as_of = "?"

# What to do with rows that cannot be right: "raise" names them and stops; "set_aside" leaves them out and reports them.
problems = "raise"
# check_duplicates = false    # where one rep may judge one prospect twice on a day
# timezone = "Asia/Tokyo"    # in whose calendar moments with a time zone fall on a day
# no_day = ["1900-01-01"]    # days that your system writes where there is none
# normalise_names = true     # names of reps in one form: full and half width, single blanks
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
within_days = {first_days}

# [promises.{second}]
# prob = 0.3
# within_days = {second_days}
# kind = "bar"

# Other spellings of a rank in the data.{spellings_note}
{spellings}

# Other names of a rep.
# [rep_labels]
# "Abe (old account)" = "Abe"

# What the labels of exit_kind mean: "handed back" (an event after it still counts for the reading), "disqualified",
# "lost to a rival" or "other".
# [exit_kinds]
# "back to marketing" = "handed back"

# {history_note}
{#}[history]
{#}outcomes = "{outcomes}"    # one row a prospect: what came of it
{#}mode = "first"               # the entry rank; "every": each re-rank; "landmark": the rank held on a day
{#}columns = { prospect = "prospect", event_at = "event_at", exit_at = "exit_at" }

# What stops `calibra run` (exit status 3); with problems = "set_aside" above, so that a bad row alone does not.
# [limits]
# max_set_aside = 0.02         # of the rows
# min_rows_vs_last = 0.9       # of the judgments, events and exits of the last night

[fit]
seed = 1            # the same seed gives the same numbers
engine = "auto"     # "laplace" (seconds), "nuts" (PyMC), or "auto": laplace, and nuts where laplace cannot be trusted
"""

_IF_A_LOG = (
    "Where the file is a log of rank changes (prospect, rep, rank, changed_at; name these under [columns]) instead:"
)
_NEEDED = (*NEEDED, "changed_at")
_COLUMN_NOTES = {
    "prospect": "who was judged",
    "rep": "who judged",
    "rank": "the rank given",
    "judged_at": "when",
    "event_at": "when the opportunity arose, else empty",
    "event": "whether it arose, yes or no, where no day is known: in place of judged_at and event_at",
    "exit_at": "when disqualified or handed back, else empty",
    "exit_kind": "how it ended then: handed back, disqualified, …",
    "touches": "contacts since the judgment",
    "stated_prob": "the percentage a rep stated of the prospect, not one that the stage sets",
    "machine_prob": "a machine's score as it was at the judgment, 0 to 1 or per cent",
    "segment": "a grouping",
}
_LOG_NOTES = {role: _COLUMN_NOTES[role] for role in ("prospect", "rep")} | {
    "rank": "the new rank; empty takes it away",
    "changed_at": "when it changed",
}
"""Roles of a log of rank changes; those of its outcomes stand under [history]."""

_PERCENTAGES_NOTE = (
    " They read as\n# percentages: where the rep states them, name their column as stated_prob, and as the rank another"
    " or\n# one that holds one value."
)
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
    guess = None if head is None else guess_columns(head.columns)
    ranks: Sequence[str] = ("A", "B", "C")
    note = ""
    if labels.ranks:
        ranks, note = labels.ranks, " These are the labels in the file, by name: put them in order."
        note += _PERCENTAGES_NOTE if _are_percentages(labels.ranks) else ""
    spelled = " These differ in case, width or blanks alone: check each line." if labels.spellings else ""
    filled = {
        "encoding": '# encoding = "cp932"' if encoding == "utf-8" else f'encoding = "{encoding}"',
        "columns": _columns_block(guess, [] if head is None else head.columns),
        "ranks_note": note,
        "spellings_note": spelled,
        "strays": _strays_block(labels),
        "spellings": _spellings_block(labels),
        "ranks": ", ".join(map(toml_text, ranks)),
        "first": _toml_key(ranks[0]),
        "second": _toml_key(ranks[-1]),
        "first_days": _days_line(ranks[0]),
        "second_days": str(days_within(ranks[-1]) or 90),
        "#": "" if guess is not None and guess.is_log else "# ",
        "history_note": "A row of the file is a change of a rank." if guess is not None and guess.is_log else _IF_A_LOG,
        "outcomes": UNFILLED if guess is not None and guess.is_log else "outcomes.csv",
    }
    text = TEMPLATE
    for name, value in filled.items():
        text = text.replace(f"{{{name}}}", value)
    path.write_text(text, encoding="utf-8")
    return path


def read_head(name: str) -> FileHead:
    """Read the column names of whatever `fit` takes, and the rank labels of its first rows.

    Of a pattern or a folder the first file is read. Text is UTF-16 where it says so, else UTF-8, else cp932.

    Raises
    ------
    InputError
        No such file or table, no Parquet file or workbook, or text in neither encoding.
    """
    from calibra.data.frames.files import CSV, find_files
    from calibra.data.frames.urls import is_url
    from calibra.data.frames.workbooks import SHEET, split_sheet

    if is_url(name):
        return _head_of_table(name)
    named, sheet = split_sheet(name)
    path = find_files(named)[0]
    if path.name.lower().endswith(CSV):
        return _head_of_text(path)
    return _head_of_table(path if sheet is None else f"{path}{SHEET}{sheet}")


def _head_of_text(path: Path) -> FileHead:
    from calibra.data.frames.csv_head import BROKEN, find_header, open_text, plain
    from calibra.data.frames.files import check_file, is_utf16

    wide = path.is_file() and is_utf16(path)
    check_file(path, "utf-16" if wide else "utf-8")
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


def _head_of_table(table: str | Path) -> FileHead:
    """Of a Parquet file, a workbook, or a table in a database: its columns, and the ranks of its first rows."""
    from calibra.cli.config import open_table
    from calibra.data.frames.open import first_values

    names, values_of = first_values(open_table(table), _ROWS_READ)
    place = _place_of_rank(names)
    return FileHead(names, labels=RankLabels() if place is None else _labels(values_of(names[place])))


def _place_of_rank(names: Sequence[str]) -> int | None:
    guess = guess_columns(names)
    found = guess.columns.get("rank") or guess.unsure.get("rank")
    return None if found is None else list(names).index(found)


def _labels(values: Iterable[object]) -> RankLabels:
    """What the values of a column look like, taken as ranks."""
    from calibra.data.counting.labels import label_text

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


def _are_percentages(ranks: Sequence[str]) -> bool:
    """Whether labels read as percentages: with their sign, or three or more round numbers up to 100."""
    texts = [unicodedata.normalize("NFKC", rank).replace(" ", "") for rank in ranks]
    if all(re.fullmatch(r"[0-9]+(\.[0-9]+)?%", text) for text in texts):
        return True
    numbers = [int(text) for text in texts if text.isdecimal()]
    is_round = len(numbers) == len(texts) and all(n % 5 == 0 and n <= 100 for n in numbers)
    return is_round and len(numbers) > 2


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


def _columns_block(guess: Guess | None, names: Sequence[str]) -> str:
    """The lines under [columns]: guesses where the file's columns are known, else a pattern to fill in."""
    found, unsure, also = (guess.columns, guess.unsure, guess.also) if guess else ({}, {}, {})
    of_log = guess is not None and guess.is_log
    lines = []
    for role, note in (_LOG_NOTES if of_log else _COLUMN_NOTES).items():
        needed = role in _NEEDED
        column = toml_text(found[role]) if role in found else toml_text(role if guess is None else UNFILLED)
        line = f"{'' if needed or role in found else '# '}{role} = {column}"
        perhaps = [unsure[role]] if role in unsure else []
        read = "perhaps" if perhaps else "or"
        others = ", ".join(map(toml_text, [*perhaps, *also.get(role, ())]))
        more = f"; {read} {others}?" if others else ""
        if role == "judged_at" and guess is not None and guess.created:
            more += "; made on that day, or was the rank given later?"
        lines.append(f"{line.ljust(32)}  # {note}{more}")
    if guess is None:
        return "\n".join(lines)
    told = "Guessed from these names: check each line." if found else "None of them says what it is: fill in."
    left = [name for name in names if name not in found.values()]
    unused = [f"# Not used: {', '.join(map(toml_text, left))}"] if left and found else []
    return "\n".join([f"# The file has: {', '.join(map(toml_text, names))}", f"# {told}", *unused, *lines])


def _days_line(rank: str) -> str:
    """The days that a rank's label speaks of, else what is to be filled in."""
    days = days_within(rank)
    return '"?"    # such as 90' if days is None else f"{days}    # as its label says"


def _toml_key(text: str) -> str:
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else toml_text(text)
