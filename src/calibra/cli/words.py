"""What the library says, in the words of the shell: settings of calibra.toml and columns of the file.

The library speaks to those who call it from Python. Here, in one place, its arguments become settings, and the roles it
names get the columns they stand for. What follows no rule below stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from calibra.words import quoted


@dataclass(frozen=True, slots=True)
class ShellWords:
    """The words of one command: which file of settings it reads, and which columns play which role."""

    config: str = "calibra.toml"
    """Name of the file of settings."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role to column of the file."""
    outcome_columns: Mapping[str, str] = field(default_factory=dict)
    """Role to column of the outcomes, where the file is a log of rank changes."""

    def __call__(self, text: str) -> str:
        """The text in the words of the shell."""
        for pattern, said in _PHRASES:
            text = pattern.sub(said.replace("CONFIG", self.config.replace("\\", r"\\")), text)
        text = _RANK_LABELS.sub(self._rank_labels, text)
        text = _QUOTED_OR_SETTING.sub(lambda found: self._setting(found) if found["name"] else found[0], text)
        return "\n".join(map(self._with_columns, text.split("\n")))

    def _setting(self, found: re.Match[str]) -> str:
        """An argument such as `problems="set_aside"` as the line of TOML it is in the settings."""
        name, read = found["name"], _literal(found["value"])
        if read is None:
            return found[0]
        value = toml_value(read)
        table = "" if name not in _TABLE_OF else f"under [{_TABLE_OF[name]}] "
        return f"`{name} = {value}` {table}in {self.config}"

    def _rank_labels(self, found: re.Match[str]) -> str:
        pairs = [tuple(map(_literal, pair)) for pair in _PAIR.findall(found["pairs"])]
        if any(None in pair for pair in pairs):
            return found[0]
        lines = ", ".join(f"`{toml_text(str(label))} = {toml_text(str(rank))}`" for label, rank in pairs)
        return f"under [rank_labels] in {self.config}, a line each: {lines}{found['more'] or ''}"

    def _with_columns(self, line: str) -> str:
        """A line with the column beside each role it names, and in place of it in the examples."""
        of_outcomes = bool(re.match(r"-? ?(outcomes?\b|unreadable outcome)", line))
        known = {**self.columns, **self.outcome_columns} if of_outcomes else {**self.outcome_columns, **self.columns}
        named = {
            role: column
            for role, column in known.items()
            if isinstance(column, str) and column != role and quoted(column) not in line
        }
        head, begun, examples = _split_examples(line)
        for role, column in named.items():
            head = head.replace(f"`{role}`", f"`{role}` (column {quoted(column)})", 1)
            in_example = rf"(?<![\w'\"`]){re.escape(role)}(?= ['\"\d]| unknown\b)"
            examples = re.sub(in_example, column.replace("\\", r"\\"), examples)
        return head + begun + examples


def toml_text(text: str) -> str:
    """A TOML basic string: backslash, quote and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() or c == "\u3000" else f"\\U{ord(c):08x}" for c in escaped) + '"'


def toml_value(value: object) -> str:
    """A plain value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    return toml_text(value) if isinstance(value, str) else str(value)


def _literal(text: str) -> object:
    """What Python reads here; None where it reads nothing, for a name of the user's may look like anything."""
    try:
        value: object = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value


def _split_examples(line: str) -> tuple[str, str, str]:
    """What is said of the rows, and from "in 3 rows (" on the rows themselves."""
    found = re.search(r"\bin [\d,]+ (?:row|prospect)s? \(", line)
    return (line, "", "") if found is None else (line[: found.start()], found[0], line[found.end() :])


_TEXT = r"(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
_PAIR = re.compile(rf"({_TEXT}): ({_TEXT})")
_RANK_LABELS = re.compile(rf"with `rank_labels=\{{(?P<pairs>{_TEXT}: {_TEXT}(?:, {_TEXT}: {_TEXT})*)(?P<more>, …)?\}}`")
_TABLE_OF = {"engine": "fit", "draws": "fit", "seed": "fit", "mode": "history"}
"""Setting to its table; the others stand at the top."""
_QUOTED_OR_SETTING = re.compile(
    rf"(?<!\w){_TEXT}(?!\w)|"  # first what stands in quotes: it is the user's own and stays as it is
    r"`?\b(?P<name>problems|encoding|timezone|no_day|check_duplicates|horizons|engine|draws|seed|mode)="
    rf"(?P<value>{_TEXT}|True|False|\d+|\[[\d, ]*\]|\[{_TEXT}(?:, {_TEXT})*\])`?"
)
_PHRASES = [
    (re.compile(pattern), said)
    for pattern, said in (
        (r"`set_aside` says which", "`calibra check` says which"),
        (r"Pass columns=\{'rep': \.\.\., \.\.\.\}", "Name them under [columns] in a file given with --config"),
        (r"Drop them, or pass another `prefix` than [^.]*\.", "Drop them."),
        (r"add `'(\w+)': <column>`", r'write `\1 = "your column"` under [columns] in CONFIG'),
        (
            r"A horizon is needed, within .* Read them with horizons=\[90\], or promise something: .*\.",
            "A horizon is needed: the scale promises nothing. Promise something under [promises], or write "
            "`horizons = [90]` in CONFIG.",
        ),
        (r"add to the scale what they promise", "write what they promise under [promises] in CONFIG"),
        (r"parse the columns? into (?:dates|moments)", "write the year first"),
        (r"Map `won_at`", "Name the column of `won_at` under [columns]"),
        (r"`columns`", "[columns]"),
        (r"`outcome_columns`", "`columns` under [history]"),
        (r"`(rank_labels|rep_labels|exit_kinds|promises)` must", r"[\1] must"),
        (
            r"Say what they mean with `exit_kinds=\{('[^']*'): 'handed back'[^}]*\}`",
            r"Say under [exit_kinds] in CONFIG what they mean, such as `\1 = 'handed back'`",
        ),
        (r"`as_of` must", "`as_of` (--as-of) must"),
        (
            r"is the day of mode='landmark' and of no other; got mode='landmark', landmark=None\.",
            "is missing: it is the day of `mode`, and stands beside it under [history] in CONFIG.",
        ),
        (r" A label that means no rank is mapped to None\.", ""),
        (r"`path` must be a file written by `calibration\.save`;", "DIR must be what `calibra fit` wrote;"),
        (r"`calibration\.save`", "`calibra fit`"),
        (r"`frame` must", "FILE must"),
        (r"`frame`", "FILE"),
        (r"which the frame lacks", "which the file lacks"),
    )
]
"""What is said in Python, and what in the shell; CONFIG stands for the file of settings."""
