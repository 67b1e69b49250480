"""Write what the product says of seven inputs, to be held while the half that says it is rebuilt.

From the root of the project, after a change that is meant to move numbers or words::

    python -m tests.goldens.make

Then read the difference (`git diff tests/goldens`) and commit it with the change. Another folder may be named after it.
"""

import contextlib
import io
import json
import logging
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import calibra as cb
from calibra.calibration import Calibration
from calibra.cli.show import as_json, show
from calibra.cli.words import ShellWords
from calibra.data.scoring.score_rows import count_notes
from tests.goldens.worlds import WORLDS

FOLDER = Path(__file__).parent
SEED, DRAWS = 1, 200
"""Of every fit."""
DIGITS = 12
"""Significant digits of the numbers kept."""
SCORED_ROWS = 120
"""About so many prospects of each input are scored."""
MASKED = {"wall_seconds", "versions"}
"""Entries of the JSON that differ from run to run or release to release."""
FIRST_WEEKS, EVERY = 3, 26
"""Of the calibration table these first weeks of age are kept, then every 26th, and the last of each rep and rank."""
LINE_OF = {"p", "li", "tr", "h1", "h2", "h3", "h4", "figure", "figcaption", "summary", "title", "svg", "text", "label"}
"""Elements of the report that begin a line."""


def facts(name: str) -> dict[str, str]:
    """File name to content of everything that is said of one of the inputs."""
    with _kept_quiet() as heard:
        judgments, prospects = WORLDS[name]()
        calibration = cb.calibrate(judgments, seed=SEED, draws=DRAWS, engine="laplace", progress=False)
        tables = calibration.tables()
        if "lead_times" in calibration.answered and judgments.as_of is not None:
            tables["hand_back"] = calibration.lead_times.chasing(judgments)
        scores = calibration.calibration_table()
        scored = _scored(calibration, prospects)
        texts = {
            "summary.txt": calibration.summary(),
            "terminal.txt": _terminal(calibration),
            "report.en.txt": _report(calibration, "en"),
            "report.ja.txt": _report(calibration, "ja"),
            "summary.json": _json_text(as_json(calibration, [])),
        }
    tables |= {"calibration_table": _thinned(scores), "scored": scored}
    found = {f"{table}.csv": _csv(rows) for table, rows in tables.items()}
    found["columns.json"] = _json_text({table: _columns(rows) for table, rows in tables.items()})
    found |= texts | {"told.txt": _told(calibration, [*heard, *_counted(scored)])}
    return {file: mask(text) for file, text in found.items()}


def mask(text: str) -> str:
    """The text without what differs from run to run or release to release: wall time and versions."""
    text = re.sub(r"\b\d+\.\d\d s: ", "# s: ", text)
    return text.replace(f"calibra {cb.__version__}", "calibra #")


@contextlib.contextmanager
def _kept_quiet() -> Iterator[list[str]]:
    """Warnings and log lines, kept as text in place of shown."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(f"log: {record.getMessage()}")  # type: ignore[method-assign]
    logger = logging.getLogger("calibra")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield heard
        heard += [f"warning: {warning.message}" for warning in caught]
    finally:
        logger.removeHandler(handler)


def _told(calibration: Calibration, heard: list[str]) -> str:
    """What is said in single sentences, kind by kind; the findings stand in the JSON, each with its sentence."""
    kinds = {
        "ok": [str(calibration.ok)],
        "result": [repr(calibration)],
        "problems": calibration.problems,
        "diagnostics": calibration.diagnostics,
        "notes": calibration.notes,
        "doubts": [f"{doubt.key}: {doubt}" for doubt in calibration.doubts],
        "heard": heard,
    }
    return "".join(f"{kind}\n" + "".join(f"- {line}\n" for line in lines) for kind, lines in kinds.items())


def _counted(scored: pd.DataFrame) -> list[str]:
    return [f"score: {n} {note}" for note, n in count_notes(scored).items()]


def _scored(calibration: Calibration, prospects: pd.DataFrame) -> pd.DataFrame:
    """Some of the prospects with what `score` adds to them."""
    some = prospects.iloc[:: max(1, len(prospects) // SCORED_ROWS)]
    roles = None if calibration.judgments.columns else {role: role for role in ("rep", "rank", "judged_at", "event_at")}
    found = calibration.score(some, as_of="2026-09-30", columns=roles)
    added = [column for column in found.columns if column not in prospects.columns]
    return found[["prospect", "rep", "rank", *added]]


def _thinned(scores: pd.DataFrame) -> pd.DataFrame:
    """The calibration table at some weeks of age; all of it would be a megabyte."""
    week = scores["age_week"]
    last = week == scores.groupby(["rep", "rank"], sort=False)["age_week"].transform("max")
    return scores[(week < FIRST_WEEKS) | (week % EVERY == 0) | last]


def _report(calibration: Calibration, lang: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = calibration.report(Path(folder) / "report.html", lang=lang, standings=True)
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
    return reader.text()


class _Reader(HTMLParser):
    """The words of a page, a line for each paragraph, row or label; no style, no script, no picture but its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped += tag in {"style", "script"}
        if tag in LINE_OF:
            self.lines.append([])
        self.lines[-1] += [f"[{value}]" for key, value in attrs if key in {"aria-label", "alt", "title"} and value]

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in {"style", "script"}
        if tag in LINE_OF:
            self.lines.append([])

    def handle_data(self, data: str) -> None:
        if not self.skipped and data.strip():
            self.lines[-1].append(" ".join(data.split()))

    def text(self) -> str:
        """All lines that say something; pieces of a line between bars."""
        return "".join(" | ".join(line) + "\n" for line in self.lines if line)


def _terminal(calibration: Calibration) -> str:
    """What `calibra fit` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        show(calibration, ShellWords())
    return "".join(f"{line.rstrip()}\n" for line in printed.getvalue().splitlines())


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    """What a CSV loses of a table: types of columns, and what stands beside it."""
    types = {name: "text" if str(kind) in {"object", "str"} else str(kind) for name, kind in table.dtypes.items()}
    return {"types": types, "attrs": table.attrs}


def _json_text(value: Any) -> str:
    """JSON with a line for each record of plain values, so that a difference is a few lines."""
    return _lines_of(json.loads(json.dumps(_rounded(value), default=str)), "") + "\n"


def _lines_of(value: Any, indent: str) -> str:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(part, dict | list) for part in inner) or not inner:
        return json.dumps(value, ensure_ascii=False)
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_lines_of(part, deeper)}" for key, part in value.items()]
    else:
        parts = [_lines_of(part, deeper) for part in value]
    open_, close = "{}" if isinstance(value, dict) else "[]"
    return f"{open_}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{close}"


def _rounded(value: Any) -> Any:
    """Plain values, floats to as many digits as are kept, without what is masked."""
    if isinstance(value, dict):
        return {str(key): "#" if key in MASKED else _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def write(under: Path = FOLDER, *, report: Callable[[str], Any] = sys.stdout.write) -> None:
    """Write the goldens of all inputs anew, a folder each."""
    for name in WORLDS:
        folder = under / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        found = facts(name)
        for file, text in found.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        report(f"{name}: {len(found)} files, {sum(map(len, found.values())):,} characters\n")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:2]))
