"""`calibra run`: one night from the judgments to the report, with the exit status that a scheduler goes by."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import make_folder, print_json, settings_of
from calibra.cli.show import harmless

if TYPE_CHECKING:
    from calibra.cli.config import Settings
    from calibra.nightly.night import Plan


def run(options: argparse.Namespace) -> int:
    """One night: check, fit, what moved since the last, scores, report, metrics; stops where [limits] say so.

    Everything lies in DIR: report.html, scored.parquet, hand_back.csv, metrics.parquet (one row a number, all nights),
    calibration.calibra, set_aside.csv, summary.txt and run.json, which says what came of it. One line goes to standard
    output; a night that is stopped leaves all of it as it was, writes DIR/refused, and its line, with the reason, goes
    to standard error. Killed at any point, the same command goes on where it was.

    [limits] in calibra.toml says what stops a night (exit status 3):
      max_set_aside = 0.02      more than this share of the rows set aside
      min_rows_vs_last = 0.9    fewer of the judgments, events or exits of the last night still there
      stop_on = ["no_event"]    doubts by their key; by default those of a broken export
    [output] says where else it goes: url and table for the metrics, prospects for the table to score.
    """
    from calibra.nightly.night import run_night

    settings = settings_of(options)
    out = make_folder(options.out)
    quiet = options.quiet or options.json
    night = run_night(
        _plan(settings, options), out, (lambda _: None) if quiet else lambda step: sys.stderr.write(f"{step} …\n")
    )
    line = harmless(options.words(night.line))
    if night.status:
        sys.stderr.write(f"calibra: {line}\n")
    if options.json:
        print_json(dict(night.record))
    elif not (night.status or options.quiet):
        sys.stdout.write(f"{line}\n")
    return night.status


def _plan(settings: Settings, options: argparse.Namespace) -> Plan:
    from calibra.cli.config import open_table
    from calibra.nightly.night import Plan

    named = options.prospects or settings.output.get("prospects")
    prospects = named or (options.file if settings.history is None else None)
    scoring = {name: settings.reading[name] for name in ("timezone", "encoding", "no_day") if name in settings.reading}
    written = {name: settings.output[name] for name in ("url", "table") if name in settings.output}
    return Plan(
        lambda: settings.judgments(options.file),
        {**settings.fitting, **settings.beside},
        settings.limits,
        Path(options.config).read_text(encoding="utf-8"),
        settings.lang,
        None if prospects is None else lambda: open_table(prospects),
        scoring,
        **written,
    )
