"""One night: judgments checked, fitted, held against the last night's, scored, reported, kept; or stopped, and why."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.calibration import Calibration, calibrate, load
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.packed_judgments import fingerprint_of
from calibra.data.frames.write_back import write_day
from calibra.data.scoring.score_rows import count_notes
from calibra.data.scoring.write_rows import write_rows
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.metrics import COLUMNS
from calibra.nightly.folder import RECORD, begin, keep, once_fitted, read_record, refuse, write_json, write_text
from calibra.nightly.limits import CameIn, Limits, what_stops
from calibra.nightly.metrics_file import append_metrics, with_run
from calibra.values import Listed, Phrase, Value
from calibra.version import __version__
from calibra.views.files import write_csv
from calibra.wording import Wording, choose_wording

if TYPE_CHECKING:
    import pandas as pd

GOOD, NOT_TRUSTED, LIMIT_REACHED = 0, 1, 3
SAVED, BEFORE, METRICS, SCORED = "calibration.calibra", "before.calibra", "metrics.parquet", "scored.parquet"
"""Tonight's calibration, the last night's, the numbers of all nights, the prospects with their probabilities."""
METRICS_TYPES = dict.fromkeys((COLUMNS[0], "run_id", *COLUMNS[1:]), "text") | {
    "as_of": "date",
    "within_days": "bigint",
    "n": "double precision",
    **dict.fromkeys(("estimate", "lower", "upper", "prob"), "double precision"),
}
"""Columns of the metrics and their types in SQL."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a night is to do."""

    read: Callable[[], Judgments]
    """Reads the judgments."""
    fitting: Mapping[str, Any]
    """Keyword arguments of `calibrate`."""
    limits: Limits
    """What must stop it."""
    settings: str
    """The text of the settings, kept beside the results."""
    lang: str = "en"
    """Language of its line and its report."""
    prospects: Callable[[], Any] | None = None
    """Opens the prospects to be scored; None scores nobody."""
    scoring: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of `calibration.score`."""
    url: str | None = None
    """The database that the metrics are written to, too."""
    table: str = "calibra_metrics"
    """The table in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """What came of a night."""

    status: int
    """0 good, 1 a fit that its own diagnostics speak against, 3 a limit reached."""
    line: str
    """One line that says so."""
    record: Mapping[str, Any]
    """All that there is to tell, as values that JSON knows."""


def run_night(plan: Plan, out: Path, tell: Callable[[str], object]) -> Night:
    """Read, check, fit, compare, score, report; leave the results in a folder, or those of the last night as they were.

    Killed at any point, the next call goes on: what was fitted is not fitted again, and files are moved into place
    whole.

    Raises
    ------
    InputError
        What cannot be read; a day before that of the last night.
    EngineError
        A database that is not reached, goes away or refuses; nothing is kept then, and a later call goes on.
    """
    aside = begin(out)
    night, metrics = _make(plan, out, aside, tell)
    if night.status:
        return night
    if plan.url is not None:
        gc.collect()  # lets go of the last connection to a file that is written to now
        tell(f"writing the metrics to {plan.table}")
        write_day(plan.url, plan.table, metrics, columns=METRICS_TYPES, day="as_of")
    write_json(aside / RECORD, dict(night.record))
    files = sorted(path.name for path in aside.iterdir() if path.is_file() and path.name not in (RECORD, "run_id"))
    keep(out, [*files, RECORD])
    return night


def _make(plan: Plan, out: Path, aside: Path, tell: Callable[[str], object]) -> tuple[Night, Any]:
    """Tonight's files in the folder aside, and the metrics; or what is known of a night that is stopped."""
    say, last = choose_wording(plan.lang, "opportunity"), read_record(out)
    tell("reading the judgments")
    judgments = plan.read()
    before, earlier = _last_night(last, judgments, out)
    record: dict[str, Any] = {"as_of": str(judgments.as_of), "came_in": CameIn.of(judgments, _day(judgments)).plain()}
    record |= {"before": None if before is None else before.plain(), "set_aside": judgments.set_aside.by_reason}
    reasons = what_stops(judgments, plan.limits, before)
    if reasons:
        return _stopped(out, say, LIMIT_REACHED, record, reasons, judgments), None
    run_id = _run_id(judgments, plan)
    tell("fitting" if before is None else f"fitting; the last night was that of {before.as_of}")
    resumed = once_fitted(
        aside, run_id, SAVED, lambda path: calibrate(judgments, progress=False, **plan.fitting).save(path)
    )
    calibration = load(aside / SAVED)
    record |= {"run_id": run_id, "resumed": resumed, "doubts": [found.plain() for found in calibration.doubts]}
    if not calibration.ok:
        told = Finding("nightly.not_trusted", {"problems": "; ".join(calibration.problems)}, "problem")
        return _stopped(out, say, NOT_TRUSTED, record, [told], judgments), None
    if reasons := plan.limits.stopping(calibration.doubts):
        return _stopped(out, say, LIMIT_REACHED, record, reasons, judgments), None
    tell("scoring, reporting")
    moved = () if earlier is None else calibration.moved_since(earlier)
    notes = _write_files(plan, calibration, judgments, aside, earlier)
    metrics = with_run(calibration.metrics(), run_id)
    append_metrics(out / METRICS, metrics, aside / METRICS)
    record |= {
        "findings": [found.plain() for found in calibration.findings if found.role != "doubt"],
        "moved": [found.plain() for found in moved],
        "scored": notes,
    }
    values: dict[str, Value] = {
        "n_aside": judgments.set_aside.n_rows,
        "n_scored": notes.get("scored", 0),
        "moved": " ".join(map(say.tell, moved)) if earlier is not None else say("nightly.first"),
        "report": str(out / _report_name(plan.lang)),
    }
    told = Finding("nightly.good", {"as_of": str(judgments.as_of), "n": judgments.n_judgments, **values})
    line = say.tell(told)
    return Night(GOOD, line, {"status": GOOD, "ok": True, "line": line, "reasons": [], **record}), metrics


def _last_night(
    last: Mapping[str, Any] | None, judgments: Judgments, out: Path
) -> tuple[CameIn | None, Calibration | None]:
    """What came in on the night before this one, and its calibration; of a night run again that before it."""
    if last is None:
        return None, None
    if str(judgments.as_of) < last["as_of"]:
        raise InputError(
            f"`as_of` must not be before the last night in {out}, {last['as_of']}; got {judgments.as_of}. Name another "
            "folder with --out for earlier days."
        )
    again = str(judgments.as_of) == last["as_of"]
    came_in = last["before"] if again else last["came_in"]
    saved = out / (BEFORE if again else SAVED)
    return (None if came_in is None else CameIn.from_plain(came_in)), (load(saved) if saved.is_file() else None)


def _day(judgments: Judgments) -> date:
    if judgments.as_of is None:
        raise InputError("A night needs judgments with days; these are ready-made counts.")
    return judgments.as_of


def _run_id(judgments: Judgments, plan: Plan) -> str:
    """The same for the same counts, settings and version, and for nothing else."""
    told = [fingerprint_of(judgments), str(judgments.as_of), __version__, plan.settings, sorted(plan.fitting.items())]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


def rows_aside(judgments: Judgments) -> pd.DataFrame:
    """The rows set aside with their reasons; of outcomes without days and of logs how many, and of whom."""
    if judgments.as_of is None:
        return judgments.set_aside.table
    rows = judgments.set_aside_rows()
    return rows if len(rows) == judgments.set_aside.n_rows else judgments.set_aside.table


def _stopped(
    out: Path, say: Wording, status: int, record: dict[str, Any], reasons: Sequence[Finding], judgments: Judgments
) -> Night:
    listed = Listed(tuple(Phrase(found.key, found.values) for found in reasons), "semicolon")
    values: dict[str, Value] = {"as_of": str(judgments.as_of), "reasons": listed}
    line = say.tell(Finding("nightly.stopped", values, "problem"))
    told = {"status": status, "ok": False, "line": line, "reasons": [found.plain() for found in reasons], **record}
    refuse(out, told, lambda folder: write_csv(rows_aside(judgments), folder / "set_aside.csv"))
    return Night(status, line, told)


def _write_files(
    plan: Plan, calibration: Calibration, judgments: Judgments, aside: Path, earlier: Calibration | None
) -> dict[str, int]:
    """Everything but the metrics; returns how many prospects were scored, and why others were not."""
    if earlier is not None:
        earlier.save(aside / BEFORE)
    write_score_tables(calibration, aside)
    calibration.report(aside / _report_name(plan.lang), lang=plan.lang, before=earlier)
    write_text(aside / "calibra.toml", plan.settings)
    write_text(aside / "summary.txt", f"{calibration.summary()}\n")
    write_csv(rows_aside(judgments), aside / "set_aside.csv")
    if "lead_times" in calibration.answered:
        write_csv(calibration.lead_times.chasing(judgments), aside / "hand_back.csv")
    if plan.prospects is None:
        return {}
    scored = calibration.score(plan.prospects(), as_of=_day(judgments), **plan.scoring)
    notes = count_notes(scored)
    write_rows(scored, aside / SCORED)
    return notes


def write_score_tables(calibration: Calibration, folder: Path) -> list[Path]:
    """The tables that prospects are scored by, for those who join in SQL."""
    tables = {"calibration_table": calibration.calibration_table()}
    if "stated" in calibration.answered:
        tables["stated_table"] = calibration.stated_table()
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return [folder / f"{name}.parquet" for name in tables]


def _report_name(lang: str) -> str:
    return "report.html" if lang == "en" else f"report.{lang}.html"
