"""`calibra init`, `check` and `fit`: from a file to its settings, its faults, its answers."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import (
    GOOD,
    SAVED,
    SETTINGS,
    make_folder,
    print_json,
    settings_of,
    show_result,
    status_of,
    write_text,
)
from calibra.cli.show import as_json, harmless, judgments_json, page_words, say, show_judgments

if TYPE_CHECKING:
    from calibra.calibration import Calibration


def init(options: argparse.Namespace) -> int:
    """Write a commented calibra.toml."""
    from calibra.cli.init import read_head, write_template

    file = Path(options.file)
    if file.suffix == ".toml":
        written = write_template(file)
    else:
        written = write_template(Path(options.config), head=read_head(options.file))
    if options.json:
        print_json({"written": str(written)})
    elif not options.quiet:
        named = "FILE" if file.suffix == ".toml" else shlex.quote(options.file)
        say(
            f"Wrote {written}. Fill in each '?', in lines that begin with # only for what you have (take the # off "
            f"then, of event_at above all), and order the ranks; then: calibra check {named} --config {written}"
        )
    return GOOD


def check(options: argparse.Namespace) -> int:
    """Read the judgments and say what is in them; every problem in one message."""
    from calibra.data.counting.choices import horizons_to_fit
    from calibra.nightly.night import rows_aside
    from calibra.views.files import write_csv

    settings = settings_of(options)
    if options.set_aside:
        settings = replace(settings, reading={**settings.reading, "problems": "set_aside"})
    judgments = settings.judgments(options.file)
    if options.set_aside:
        write_csv(rows_aside(judgments), Path(options.set_aside))
    if options.json:
        print_json(judgments_json(judgments))
    elif not options.quiet:
        show_judgments(judgments, options.words, each_rep=True)
    horizons_to_fit(judgments)  # what `fit` would refuse is said here
    return GOOD


def fit(options: argparse.Namespace) -> int:
    """Fit everything and write tables, summary and pictures."""
    from calibra.calibration import calibrate
    from calibra.nightly.night import rows_aside
    from calibra.views.files import write_csv

    settings = settings_of(options)
    judgments = settings.judgments(options.file)
    fitting = {**settings.fitting, **({} if options.seed is None else {"seed": options.seed})}
    out = make_folder(options.out)
    calibration = calibrate(judgments, progress=not options.quiet, **fitting)
    tables = calibration.tables()
    if "lead_times" in calibration.answered:
        tables["hand_back"] = calibration.lead_times.chasing(judgments)
    saved = _write_saved(calibration, out, Path(options.config))  # first: it is the last to ask the server anything
    files = [write_csv(table, out / f"{name}.csv") for name, table in tables.items()]
    files += [write_csv(rows_aside(judgments), out / "set_aside.csv")] if judgments.set_aside.n_rows else []
    files += [
        write_text(out / "summary.txt", harmless(options.words(calibration.summary())) + "\n"),
        *calibration.save_pictures(out),
    ]
    if options.xlsx:
        files.append(calibration.save_workbook(out / "results.xlsx", lang=settings.lang, tables=tables))
    files += saved
    if options.json:
        print_json(as_json(calibration, files))
    elif not options.quiet:
        rest = page_words(settings.lang)("terminal.rest", files=f"{len(files):,}", out=str(out))
        show_result(calibration, options, lang=settings.lang, event="opportunity", rest=[rest])
    return status_of(calibration, options.words)


def _write_saved(calibration: Calibration, out: Path, config: Path) -> list[Path]:
    """What later commands need: the calibration, its table for those who join in SQL, and the settings."""
    saved, table = calibration.save(out / SAVED), out / "calibration_table.parquet"
    calibration.calibration_table().to_parquet(table, index=False)
    return [saved, table, write_text(out / SETTINGS, config.read_text(encoding="utf-8"))]
