"""`calibra init`, `check` and `fit`: from a file to its settings, its faults, its answers."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.cli.parts import (
    GOOD,
    SAVED,
    SETTINGS,
    make_folder,
    print_json,
    report_name,
    settings_of,
    show_result,
    status_of,
    write_text,
)
from calibra.cli.show import as_json, harmless, judgments_json, page_words, say, show_judgments
from calibra.errors import NotEnoughDataError

if TYPE_CHECKING:
    from calibra.calibration import Calibration
    from calibra.data.counting.judgments import Judgments

NAME_OF_FOLDER = 40
"""Characters of a team's name in the name of its folder."""


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
    """Fit everything and write tables, summary and pictures.

    --by GROUPING (a key under [columns], such as team) does so for each team alone, too, into a folder of its own with
    a report; the fit of all then takes the teams as a level of their own, unless [fit] says otherwise.
    """
    from calibra.data.counting.parts import labels_of, part_of

    settings = settings_of(options)
    judgments = settings.judgments(options.file)
    beside = settings.beside
    fitting = {**settings.fitting, **beside, **({} if options.seed is None else {"seed": options.seed})}
    out = make_folder(options.out)
    labels = labels_of(judgments, options.by) if options.by else ()
    calibration, files = _fit_into(
        out, judgments, {"team": options.by, **fitting} if labels else fitting, options, settings.lang
    )
    alone = {
        name: value for name, value in fitting.items() if (name != "team" or value != options.by) and name not in beside
    }
    told = []
    for folder, label in zip(_folders(out, labels), labels, strict=True):
        try:
            part, more = _fit_into(
                make_folder(str(folder)), part_of(judgments, options.by, label), alone, options, settings.lang
            )
        except NotEnoughDataError as error:
            told.append(f"{label}: {options.words(str(error))}")
            continue
        files += [*more, part.report(folder / report_name(settings.lang), lang=settings.lang)]
        told.append(f"{label}: {folder}")
    if options.json:
        print_json(as_json(calibration, files))
    elif not options.quiet:
        rest = page_words(settings.lang)("terminal.rest", files=f"{len(files):,}", out=str(out))
        show_result(calibration, options, lang=settings.lang, event="opportunity", rest=[rest, *told])
    return status_of(calibration, options.words)


def _folders(out: Path, labels: Sequence[str]) -> list[Path]:
    """A folder for each team, numbered, so that no label becomes a path."""
    plain = ["".join(char if char.isalnum() else "-" for char in label)[:NAME_OF_FOLDER] for label in labels]
    return [out / f"{number}-{name}" for number, name in enumerate(plain, 1)]


def _fit_into(
    out: Path, judgments: Judgments, fitting: Mapping[str, Any], options: argparse.Namespace, lang: str
) -> tuple[Calibration, list[Path]]:
    """One fit, and everything it leaves in its folder."""
    from calibra.calibration import calibrate
    from calibra.nightly.night import rows_aside
    from calibra.views.files import write_csv

    calibration = calibrate(judgments, progress=not options.quiet, **fitting)
    tables = calibration.tables()
    if "lead_times" in calibration.answered:
        tables["hand_back"] = calibration.lead_times.chasing(judgments)
    if "deals" in calibration.answered:
        tables["deals_to_ask_about"] = calibration.deals.ask(fitting["deals"])
    saved = _write_saved(calibration, out, Path(options.config))  # first: it is the last to ask the server anything
    files = [write_csv(table, out / f"{name}.csv") for name, table in tables.items()]
    files += [write_csv(rows_aside(judgments), out / "set_aside.csv")] if judgments.set_aside.n_rows else []
    files += [
        write_text(out / "summary.txt", harmless(options.words(calibration.summary())) + "\n"),
        *calibration.save_pictures(out),
    ]
    if options.xlsx:
        files.append(calibration.save_workbook(out / "results.xlsx", lang=lang, tables=tables))
    return calibration, files + saved


def _write_saved(calibration: Calibration, out: Path, config: Path) -> list[Path]:
    """What later commands need: the calibration, its tables for those who join in SQL, and the settings."""
    from calibra.nightly.night import write_score_tables

    saved, tables = calibration.save(out / SAVED), write_score_tables(calibration, out)
    return [saved, *tables, write_text(out / SETTINGS, config.read_text(encoding="utf-8"))]
