"""calibra.toml: what it may say, how it is read, and the commented one that `calibra init` writes."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.errors import InputError

if TYPE_CHECKING:
    from calibra.data.judgments import Judgments
    from calibra.data.scale import RankScale

READING = {
    "as_of": (str, date, datetime), "problems": (str,), "timezone": (str,), "encoding": (str,), "horizons": (list,),
    "check_duplicates": (bool,),
}  # fmt: skip
"""Top-level settings, passed on to `Judgments.from_frame`, and the types they may have."""

FITTING = {"seed": (int,), "engine": (str,), "draws": (int,)}
"""Settings of `[fit]`, passed on to `calibrate`."""

HISTORY = {"outcomes": (str,), "mode": (str,), "landmark": (str, date, datetime), "columns": (dict,)}
"""Settings of `[history]`: the file is then a log of rank changes, read by `RankHistory`."""

TABLES = ("columns", "scale", "promises", "rank_labels", "fit", "history")
PROMISE = {"prob": (int, float), "within_days": (int,), "kind": (str,)}

TEMPLATE = """\
# What calibra needs to know about your judgments. One row a judgment, in a CSV or Parquet file.

# The day the data were taken: an event or exit of a later day counts as not yet known. Nothing reads the clock.
as_of = "YYYY-MM-DD"

# What to do with rows that cannot be right: "raise" names them and stops; "set_aside" leaves them out and reports them.
problems = "raise"
# timezone = "Asia/Tokyo"    # in whose calendar moments with a time zone fall on a day
{encoding}         # of a CSV file that is not UTF-8
# horizons = [30, 180]       # further horizons in days, beside the promised ones

# Role = "your column". The first four are needed; the others where you have them. Any other name is a grouping.
[columns]
{columns}

# The ranks, best first.
[scale]
ranks = ["A", "B", "C"]

# What each rank promises: an event with this probability within so many days. kind: "average" (the prospects of the
# rank together) or "bar" (each of them at least that). Ranks without a promise may be left out.
[promises.A]
prob = 0.6
within_days = 90
kind = "average"

[promises.B]
prob = 0.3
within_days = 90

[promises.C]
prob = 0.1
within_days = 90

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
    "prospect": ("prospect", "lead", "account", "company", "contact", "見込み客", "リード", "企業", "会社", "取引先"),
    "rep": ("rep", "owner", "agent", "seller", "担当", "営業", "所有者"),
    "rank": ("rank", "grade", "score", "label", "rating", "見込みランク", "ランク", "確度", "ヨミ", "読み"),
    "judged_at": ("judged", "created", "date", "判定日", "付与日", "記録日", "登録日", "作成日"),
    "event_at": ("event", "opportunity", "converted", "商談化日", "商談日", "商談"),
    "exit_at": ("exit", "disqualified", "closed", "lost", "対象外", "失注", "差し戻し"),
    "touches": ("touches", "calls", "activities", "接触", "架電", "活動"),
    "segment": ("segment", "industry", "size", "業種", "セグメント", "規模"),
}
"""Words that column names begin with, by role, in English and Japanese; the first that fits counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What a calibra.toml says."""

    reading: Mapping[str, Any]
    """Keyword arguments of `Judgments.from_frame`."""
    fitting: Mapping[str, Any]
    """Keyword arguments of `calibrate`."""
    history: Mapping[str, Any] | None = None
    """What `[history]` says, where the file is a log of rank changes."""

    def read_judgments(self, file: str) -> Judgments:
        """The judgments of a file, or of a table named by a URL, as the settings say."""
        from calibra.data.judgments import Judgments

        if self.history is None:
            return Judgments.from_frame(open_table(file), **self.reading)
        from calibra.data.history import RankHistory

        told = self.history
        log = RankHistory.from_frames(
            open_table(file), open_table(told["outcomes"]), outcome_columns=told["columns"], **self.reading
        )
        return log.judgments(told.get("mode", "first"), landmark=told.get("landmark"))


def open_table(name: str) -> Any:
    """A path as it is; a table named by a URL, such as duckdb://team.duckdb::judgments, in its own engine."""
    from calibra.data.urls import is_url, read_url

    return read_url(name) if is_url(name) else name


def read_settings(path: Path, *, as_of: str | None = None) -> Settings:
    """Read and check a calibra.toml; `as_of` given here counts more than the file's.

    Raises
    ------
    InputError
        No such file, no TOML, or settings that are missing, unknown or of the wrong type: all of them in one message.
    """
    config = _load(path)
    faults = [
        *_faults(config, {**READING, **dict.fromkeys(TABLES, (dict,))}, ""),
        *_faults(_part(config, "fit"), FITTING, "fit."),
        *_faults(_part(config, "scale"), {"ranks": (list,)}, "scale."),
        *_history_faults(config),
        *_needed(config, as_of),
    ]
    promises = _part(config, "promises")
    for rank, promise in promises.items():
        faults += _faults(promise, PROMISE, f"promises.{rank}.") if isinstance(promise, dict) else []
        absent = [name for name in ("prob", "within_days") if not isinstance(promise, dict) or name not in promise]
        faults += [f"`promises.{rank}.{name}` is missing; write it under [promises.{rank}]." for name in absent]
    if faults:
        raise InputError("\n".join([f"{path} has problems:", *(f"- {fault}" for fault in faults)]))
    reading = {name: config[name] for name in READING if name in config}
    reading |= {"scale": _scale(config), "columns": config["columns"]}
    reading |= {"rank_labels": config["rank_labels"]} if "rank_labels" in config else {}
    reading |= {"as_of": as_of} if as_of is not None else {}
    return Settings(reading, {"seed": 1, **_part(config, "fit")}, _part(config, "history") or None)


def write_template(path: Path, *, columns: Sequence[str] | None = None, encoding: str = "utf-8") -> Path:
    """Write the commented calibra.toml; with a file's column names, the roles they look like are filled in.

    Raises
    ------
    InputError
        There is a file of that name already.
    """
    if path.exists():
        raise InputError(f"{path} is there already and is not overwritten. Name another, or remove it first.")
    said = '# encoding = "cp932"' if encoding == "utf-8" else f'encoding = "{encoding}"'
    filled = TEMPLATE.replace("{columns}", _columns_block(columns)).replace("{encoding}", said)
    path.write_text(filled, encoding="utf-8")
    return path


def read_column_names(path: Path) -> tuple[list[str], str]:
    """Column names of a CSV or Parquet file, and the encoding they were read in: UTF-8, else cp932.

    Raises
    ------
    InputError
        No such file, no Parquet file, or text in neither encoding.
    """
    if not path.is_file():
        raise InputError(f"There is no file {str(path)!r}. Give a CSV or Parquet file, or a name ending in .toml.")
    if path.suffix.lower() in (".parquet", ".pq"):
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import read_schema

        try:
            return list(read_schema(path).names), "utf-8"
        except ArrowInvalid as error:
            raise InputError(f"{path} is no Parquet file: {error}") from error
    for encoding in ("utf-8", "cp932"):
        try:
            with path.open(encoding=encoding.replace("utf-8", "utf-8-sig"), newline="") as lines:
                names = next(csv.reader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ","), [])
                lines.read(1_000_000)  # the header alone may be plain
        except UnicodeDecodeError:
            continue
        return names, encoding
    raise InputError(f"{path} is text in neither UTF-8 nor cp932. Save it as UTF-8.")


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


def _toml_text(text: str) -> str:
    """A TOML basic string: backslash, quote and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no {path}. Write one with `calibra init FILE`, or name yours with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be TOML in UTF-8; {error}.") from error


def _scale(config: Mapping[str, Any]) -> RankScale:
    from calibra.data.scale import Promise, RankScale

    return RankScale(
        config["scale"]["ranks"], {rank: Promise(**promise) for rank, promise in _part(config, "promises").items()}
    )


def _part(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of the file, empty where it is absent or none."""
    part = config.get(name, {})
    return part if isinstance(part, dict) else {}


def _history_faults(config: Mapping[str, Any]) -> list[str]:
    if "history" not in config:
        return []
    told = _part(config, "history")
    faults = _faults(told, HISTORY, "history.")
    faults += [
        f"`history.{name}` is missing; write it under [history]."
        for name in ("outcomes", "columns")
        if name not in told
    ]
    if "check_duplicates" in config:
        faults.append("`check_duplicates` is of judgments, not of a log of rank changes; leave it out.")
    return faults


def _needed(config: Mapping[str, Any], as_of: str | None) -> list[str]:
    faults = [] if as_of is not None or "as_of" in config else ["`as_of` is missing; write the day of the data."]
    faults += [] if config.get("columns") else ["`[columns]` is missing; it says which column plays which role."]
    unfilled = [role for role, name in _part(config, "columns").items() if name == "?"]
    faults += [f'`columns.{role}` is still "?"; write the name of the column.' for role in unfilled]
    return faults + ([] if "ranks" in _part(config, "scale") else ["`scale.ranks` is missing; list them, best first."])


def _faults(found: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], prefix: str) -> list[str]:
    """Unknown names, with the nearest known one, and values of the wrong type."""
    faults = []
    for name, value in found.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"write `{prefix}{near[0]}`" if near else f"known are {', '.join(known)}"
            faults.append(f"`{prefix}{name}` is no setting; {hint}.")
        elif not isinstance(value, known[name]) or (isinstance(value, bool) and bool not in known[name]):
            wanted = " or ".join(_TYPE_NAMES[kind] for kind in known[name] if kind is not datetime)
            faults.append(f"`{prefix}{name}` must be {wanted}; got {value!r}.")
    return faults


_TYPE_NAMES = {
    str: "text in quotes", date: "a date", bool: "true or false", list: "a list", int: "a whole number",
    float: "a number", dict: "a table",
}  # fmt: skip
