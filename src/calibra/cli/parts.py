"""What the commands share: statuses, settings, what was saved, and how a result leaves the shell."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.show import harmless, say, show, show_briefly
from calibra.cli.words import ShellWords
from calibra.errors import InputError

if TYPE_CHECKING:
    from calibra.calibration import Calibration
    from calibra.cli.config import Settings

GOOD, FAILED_CHECK, BAD_INPUT, LIMIT_REACHED, NO_ENGINE, STOPPED = 0, 1, 2, 3, 4, 130
SAVED, SETTINGS = "calibration.calibra", "calibra.toml"
"""What `fit` leaves in its folder for `report` and `score`."""


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that a command was given, whose columns its messages name from then on."""
    from calibra.cli.config import read_settings

    settings = read_settings(Path(options.config), as_of=options.as_of)
    options.words = replace(
        options.words, columns=settings.reading["columns"], outcome_columns=(settings.history or {}).get("columns", {})
    )
    return settings


def saved_in(name: str) -> tuple[Calibration, Path]:
    """The calibration of a folder that `fit` wrote, or of a `.calibra` file, and where it lies."""
    from calibra.calibration import load

    path = Path(name)
    if path.is_dir() and not (path / SAVED).is_file():
        raise InputError(f"{name} must be a folder that `calibra fit` wrote; it holds no {SAVED}.")
    return (load(path / SAVED), path) if path.is_dir() else (load(path), path.parent)


def make_folder(name: str) -> Path:
    """The folder of `--out`, made where there is none."""
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise InputError(f"`--out` must be a folder; {name} is a file. Name another.")
    path.mkdir(parents=True, exist_ok=True)
    return path


def status_of(calibration: Calibration, words: ShellWords) -> int:
    """1, with the reason on standard error, where the diagnostics speak against a fit."""
    if calibration.ok:
        return GOOD
    told = "\n".join(f"a fit cannot be trusted: {found}" for found in calibration.problems)
    return refuse(words(told), FAILED_CHECK)


def refuse(reason: str, status: int) -> int:
    """One readable block on standard error."""
    sys.stderr.write(f"calibra: {harmless(reason)}\n")
    return status


def show_result(
    calibration: Calibration, options: argparse.Namespace, *, lang: str, event: str, rest: Sequence[str], above: int = 0
) -> None:
    """Everything with --verbose, else one screen."""
    if options.verbose:
        show(calibration, options.words, lang=lang)
        say("\n".join(rest))
    else:
        show_briefly(calibration, options.words, lang=lang, event=event, rest=rest, above=above)


def report_name(lang: str) -> str:
    """What the report of a language is called."""
    return "report.html" if lang == "en" else f"report.{lang}.html"


def write_text(path: Path, text: str) -> Path:
    """Write a text file; returns its path."""
    path.write_text(text, encoding="utf-8")
    return path


def print_json(value: object) -> None:
    """JSON for a pipeline, and nothing else on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
