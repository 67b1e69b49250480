"""`calibra report`, `cards` and `score`: what is read off a saved calibration."""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import GOOD, SETTINGS, make_folder, print_json, report_name, saved_in, status_of
from calibra.cli.show import say
from calibra.errors import CalibraWarning
from calibra.words import counted

if TYPE_CHECKING:
    from calibra.calibration import Calibration


def report(options: argparse.Namespace) -> int:
    """Write the report of a fit: one HTML file, in English or Japanese."""
    calibration, folder = saved_in(options.results)
    key = None if options.pseudonyms is None else Path(options.pseudonyms).read_text(encoding="utf-8").strip()
    path = calibration.report(
        options.out or folder / report_name(options.lang),
        lang=options.lang,
        pseudonyms=key,
        standings=options.standings,
    )
    if options.json:
        print_json({"ok": calibration.ok, "problems": list(calibration.problems), "files": [str(path)]})
    elif not options.quiet:
        say(f"Wrote {path}")
    return status_of(calibration, options.words)


def cards(options: argparse.Namespace) -> int:
    """Write a page for each rep, to hand over: the rep's card alone, without the others' names.

    --joint-rating FILE writes the sheet of a joint rating instead: open prospects of FILE drawn at random, a page a rep
    to print, and a table to fill in (CSV and .xlsx), which [joint_ratings] in calibra.toml then names.
    """
    if options.joint_rating:
        return _joint_rating(options)
    calibration, _ = saved_in(options.results)
    key = None if options.pseudonyms is None else Path(options.pseudonyms).read_text(encoding="utf-8").strip()
    paths = calibration.save_cards(make_folder(options.out), lang=options.lang, pseudonyms=key)
    if options.json:
        print_json({"ok": calibration.ok, "problems": list(calibration.problems), "files": list(map(str, paths))})
    elif not options.quiet:
        say(f"Wrote {counted(len(paths), 'card')} to {options.out}")
    return status_of(calibration, options.words)


def _joint_rating(options: argparse.Namespace) -> int:
    """The sheet of a joint rating, of prospects that are open in a table of judgments."""
    from calibra import save_joint_rating_sheet
    from calibra.cli.config import read_settings

    _, folder = saved_in(options.results)
    judgments = read_settings(folder / SETTINGS).judgments(options.joint_rating)
    paths = save_joint_rating_sheet(
        judgments, make_folder(options.out), n_prospects=options.prospects, seed=options.seed, lang=options.lang
    )
    if options.json:
        print_json({"files": list(map(str, paths))})
    elif not options.quiet:
        say(f"Wrote {', '.join(map(str, paths))}")
    return GOOD


def score(options: argparse.Namespace) -> int:
    """Add to each open prospect the probability of an event now, its days, and the verdict on the rep's threshold.

    Probabilities are of an event within score_within_days from --as-of: what the rank promises, fewer where the
    follow-up ends sooner (score_note says so). Rows stand horizon by horizon, shortest first, the most probable first
    within each; then those whose days are cut; then those without a number. --within-days asks for one horizon.

    Where the judgments state percentages and the prospects do, score_stated_estimate with its interval is what the
    percentage means when this rep states it, within score_stated_within_days from the day of the judgment.

    score_verdict is the advice on where the rep begins to use the prospect's rank, not on the prospect:
      tighten               call fewer prospects this rank or better: begin later
      loosen                call more prospects this rank or better: begin earlier
      fine                  keep it as it is
      moved already         the line has moved since, as all judgments asked for: look again when they mature
      cannot tell yet       too few judgments, direction not sure, or ranks that do not separate outcomes
      promise out of reach  what the rank promises cannot be had by moving the threshold
      promise met by all    whatever is called so keeps the promise: there is nothing to aim at
      (empty)               no advice: the last rank, a rep never seen, or nothing to aim at
    """
    from calibra.cli.config import open_table, read_settings
    from calibra.data.counting.doubts import doubts_of_scores
    from calibra.data.scoring.score_rows import count_notes
    from calibra.data.scoring.write_rows import write_rows

    calibration, folder = saved_in(options.results)
    config = Path(options.config) if options.config else folder / SETTINGS
    reading = read_settings(config).reading if options.config or config.is_file() else {}
    options.words = replace(options.words, columns=reading.get("columns", {}))
    how = {name: reading[name] for name in ("timezone", "encoding", "no_day") if name in reading}
    how |= {"columns": reading["columns"]} if options.config else {}
    how |= {} if options.within_days is None else {"within_days": options.within_days}
    _warn_of_earlier_day(calibration, options.as_of, how.get("timezone", "UTC"))
    scored = calibration.score(open_table(options.file), as_of=options.as_of, **how)
    kind = next((kind for kind in (".csv", ".xlsx") if kind in options.file.lower()), ".parquet")
    told = count_notes(scored)  # before anything is written: a server may go away
    path = write_rows(scored, options.out or folder / f"scored{kind}")
    if options.json:
        print_json({"as_of": options.as_of, "counts": told, "files": [str(path)]})
    elif not options.quiet:
        doubts = [f"Doubtful: {doubt}" for doubt in doubts_of_scores(told)]
        words = [f"- {counted(n, 'row')}: {what}" for what, n in told.items() if what not in ("rows", "scored") and n]
        say(
            "\n".join(
                [
                    f"Scored {told['scored']:,} of {counted(told['rows'], 'row')}, as of {options.as_of}: {path}",
                    "In it the most probable come first among those of the same score_within_days.",
                    *words,
                    *doubts,
                ]
            )
        )
    return GOOD


def _warn_of_earlier_day(calibration: Calibration, as_of: str, timezone: str) -> None:
    """Say that the day of the scores lies before what the fit knows."""
    from calibra.data.frames.dates import as_day

    known = calibration.manifest["about"]["as_of"]
    if known is not None and as_day(as_of, timezone) < as_day(known, timezone):
        warnings.warn(
            f"--as-of {as_of} lies before {known}, the snapshot date of the fit: ages are counted to the earlier day, "
            "while what came later is in the probabilities already.",
            CalibraWarning,
            stacklevel=2,
        )
