"""calibra in the shell: `demo`, `init`, `check`, `fit`, `report`, `score`.

Exit status 0: good; 1: a fit that its own diagnostics speak against; 2: bad input or use; 4: a database that was not
reached, went away or refused. What is asked for goes to
standard output, errors and notes to standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.cli.show import as_json, harmless, judgments_json, page_words, say, show, show_briefly, show_judgments
from calibra.cli.words import ShellWords
from calibra.errors import CalibraError, CalibraWarning, EngineError, FitError, InputError
from calibra.version import __version__
from calibra.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calibra.calibration import Calibration
    from calibra.cli.config import Settings
    from calibra.data.counting.judgments import Judgments
    from calibra.data.simulation.simulate import SimulatedWorld

GOOD, FAILED_CHECK, BAD_INPUT, NO_ENGINE, STOPPED = 0, 1, 2, 4, 130
SAVED, SETTINGS = "calibration.calibra", "calibra.toml"
"""What `fit` leaves in its folder for `report` and `score`."""
DEMO_DRAWS = 400
"""Draws of the demo's fits: the fewest an answer may rest on, so that a newcomer need not wait."""

EXAMPLES = """\
examples:
  calibra demo                                   a simulated team of twenty reps: tables, pictures and the report
  calibra init judgments.csv                     write calibra.toml, with the roles its columns look like
  calibra check judgments.csv                    is the file sound? what is in it?
  calibra fit judgments.csv --out results        tables as CSV, a summary, pictures, the saved calibration
  calibra report results                         one HTML file to read and to talk about
  calibra score results open.csv --as-of 2026-09-30   how probable is an event now, prospect by prospect?

exit status: 0 good, 1 a fit that its own diagnostics speak against, 2 bad input or use,
  4 a database that was not reached, went away or refused: call again, or ask for the right to read
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    options.words = ShellWords(Path(getattr(options, "config", None) or SETTINGS).name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with _notes_on_stderr(options):
            status: int = options.run(options)
    except FitError as error:
        return _refuse(options.words(str(error)), FAILED_CHECK)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except EngineError as error:
        return _refuse(options.words(str(error)), NO_ENGINE)
    except (CalibraError, OSError) as error:
        return _refuse(options.words(str(error)), BAD_INPUT)
    except KeyboardInterrupt:
        return _refuse("stopped", STOPPED)
    return status


# commands -------------------------------------------------------------------------------------------------------------


def demo(options: argparse.Namespace) -> int:
    """Simulated or published judgments from end to end."""
    from calibra.calibration import calibrate

    out = _folder(options.out)
    world, judgments = (None, _published(options)) if options.data == "salvirt" else _simulated(out, options)
    calibration = calibrate(judgments, seed=options.seed, draws=DEMO_DRAWS, progress=not options.quiet)
    event = "win" if world is None else "opportunity"
    reports = [calibration.report(out / _report_name(lang), lang=lang, event=event) for lang in ("en", "ja")]
    pictures = calibration.save_pictures(out, formats=("png",))
    if options.json:
        _print_json(as_json(calibration, [*reports, *pictures]))
    elif not options.quiet:
        held = [] if world is None else [_held_against_truth(calibration, world).strip()]
        told = page_words(options.lang)("terminal.demo_rest", reports=", ".join(map(str, reports)))
        _show(calibration, options, lang=options.lang, event=event, rest=[*held, told])
    return _status(calibration, options.words)


def init(options: argparse.Namespace) -> int:
    """Write a commented calibra.toml."""
    from calibra.cli.init import read_head, write_template

    file = Path(options.file)
    if file.suffix == ".toml":
        written = write_template(file)
    else:
        written = write_template(Path(options.config), head=read_head(file))
    if options.json:
        _print_json({"written": str(written)})
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

    judgments = _settings(options).read_judgments(options.file)
    if options.json:
        _print_json(judgments_json(judgments))
    elif not options.quiet:
        show_judgments(judgments, options.words, each_rep=True)
    horizons_to_fit(judgments)  # what `fit` would refuse is said here
    return GOOD


def fit(options: argparse.Namespace) -> int:
    """Fit everything and write tables, summary and pictures."""
    from calibra.calibration import calibrate
    from calibra.views.files import write_csv

    settings = _settings(options)
    judgments = settings.read_judgments(options.file)
    fitting = {**settings.fitting, **({} if options.seed is None else {"seed": options.seed})}
    out = _folder(options.out)
    calibration = calibrate(judgments, progress=not options.quiet, **fitting)
    tables = calibration.tables()
    if "lead_times" in calibration.answered:
        tables["hand_back"] = calibration.lead_times.chasing(judgments)
    saved = _write_saved(calibration, out, Path(options.config))  # first: it is the last to ask the server anything
    files = [write_csv(table, out / f"{name}.csv") for name, table in tables.items()]
    files += [
        _write_text(out / "summary.txt", harmless(options.words(calibration.summary())) + "\n"),
        *calibration.save_pictures(out),
    ]
    files += saved
    if options.json:
        _print_json(as_json(calibration, files))
    elif not options.quiet:
        rest = page_words(settings.lang)("terminal.rest", files=f"{len(files):,}", out=str(out))
        _show(calibration, options, lang=settings.lang, event="opportunity", rest=[rest])
    return _status(calibration, options.words)


def report(options: argparse.Namespace) -> int:
    """Write the report of a fit: one HTML file, in English or Japanese."""
    calibration, folder = _saved(options.results)
    key = None if options.pseudonyms is None else Path(options.pseudonyms).read_text(encoding="utf-8").strip()
    path = calibration.report(
        options.out or folder / _report_name(options.lang),
        lang=options.lang,
        pseudonyms=key,
        standings=options.standings,
    )
    if options.json:
        _print_json({"ok": calibration.ok, "problems": list(calibration.problems), "files": [str(path)]})
    elif not options.quiet:
        say(f"Wrote {path}")
    return _status(calibration, options.words)


def score(options: argparse.Namespace) -> int:
    """Add to each open prospect the probability of an event now, its days, and the verdict on the rep's threshold.

    Probabilities are of an event within score_within_days from --as-of: what the rank promises, fewer where the
    follow-up ends sooner (score_note says so). Rows stand horizon by horizon, shortest first, the most probable first
    within each; then those whose days are cut; then those without a number. --within-days asks for one horizon.

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

    calibration, folder = _saved(options.results)
    config = Path(options.config) if options.config else folder / SETTINGS
    reading = read_settings(config).reading if options.config or config.is_file() else {}
    options.words = replace(options.words, columns=reading.get("columns", {}))
    how = {name: reading[name] for name in ("timezone", "encoding", "no_day") if name in reading}
    how |= {"columns": reading["columns"]} if options.config else {}
    how |= {} if options.within_days is None else {"within_days": options.within_days}
    _warn_of_earlier_day(calibration, options.as_of, how.get("timezone", "UTC"))
    scored = calibration.score(open_table(options.file), as_of=options.as_of, **how)
    kind = ".csv" if ".csv" in options.file.lower() else ".parquet"
    told = count_notes(scored)  # before anything is written: a server may go away
    path = write_rows(scored, options.out or folder / f"scored{kind}")
    if options.json:
        _print_json({"as_of": options.as_of, "counts": told, "files": [str(path)]})
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


# parts of commands ----------------------------------------------------------------------------------------------------


def _simulated(out: Path, options: argparse.Namespace) -> tuple[SimulatedWorld, Judgments]:
    """Twenty reps and 6,000 prospects, written to Parquet and counted from there by DuckDB."""
    from calibra.data.counting.judgments import Judgments
    from calibra.data.simulation.simulate import simulate_judgments

    world = simulate_judgments(seed=options.seed)
    path = out / "judgments.parquet"
    world.frame.to_parquet(path, index=False)
    if not (options.quiet or options.json):
        say(
            f"A simulated organisation, whose truth is known: 20 reps, 6,000 prospects, written to {path} and counted "
            "by DuckDB. The event is: the prospect becomes an opportunity.\n"
        )
    return world, Judgments.from_frame(path, scale=world.scale, as_of=world.as_of, columns=world.columns)


def _published(options: argparse.Namespace) -> Judgments:
    from calibra.data.published import SALVIRT_SOURCE, salvirt_judgments

    if not (options.quiet or options.json):
        say(f"{SALVIRT_SOURCE} The event is: the deal is won, at the end.\n")
    return salvirt_judgments()


def _show(calibration: Calibration, options: argparse.Namespace, *, lang: str, event: str, rest: Sequence[str]) -> None:
    """Everything with --verbose, else one screen."""
    if options.verbose:
        show(calibration, options.words, lang=lang)
        say("\n".join(rest))
    else:
        show_briefly(calibration, options.words, lang=lang, event=event, rest=rest)


def _held_against_truth(calibration: Calibration, world: SimulatedWorld) -> str:
    """How many of the intervals hold the true probability?"""
    held = total = 0
    for days, rank_fit in getattr(calibration, "ranks", {}).items():
        if days is None:
            continue
        truth = world.truth.probabilities(days)[[world.truth.reps.names.index(rep) for rep in rank_fit.reps]]
        table = rank_fit.probabilities().iloc[len(rank_fit.ranks) :]
        inside = (table["lower"] <= truth.ravel()) & (truth.ravel() <= table["upper"])
        held, total = held + int(inside.sum()), total + len(inside)
    return f"The truth is known here: {held} of the {total} 90 % intervals of reps and ranks hold it.\n"


def _report_name(lang: str) -> str:
    return "report.html" if lang == "en" else f"report.{lang}.html"


def _write_saved(calibration: Calibration, out: Path, config: Path) -> list[Path]:
    """What later commands need: the calibration, its table for those who join in SQL, and the settings."""
    saved, table = calibration.save(out / SAVED), out / "calibration_table.parquet"
    calibration.calibration_table().to_parquet(table, index=False)
    return [saved, table, _write_text(out / SETTINGS, config.read_text(encoding="utf-8"))]


def _write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _saved(name: str) -> tuple[Calibration, Path]:
    """The calibration of a folder that `fit` wrote, or of a `.calibra` file, and where it lies."""
    from calibra.calibration import load

    path = Path(name)
    if path.is_dir() and not (path / SAVED).is_file():
        raise InputError(f"{name} must be a folder that `calibra fit` wrote; it holds no {SAVED}.")
    return (load(path / SAVED), path) if path.is_dir() else (load(path), path.parent)


def _settings(options: argparse.Namespace) -> Settings:
    from calibra.cli.config import read_settings

    settings = read_settings(Path(options.config), as_of=options.as_of)
    options.words = replace(
        options.words, columns=settings.reading["columns"], outcome_columns=(settings.history or {}).get("columns", {})
    )
    return settings


def _folder(name: str) -> Path:
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise InputError(f"`--out` must be a folder; {name} is a file. Name another.")
    path.mkdir(parents=True, exist_ok=True)
    return path


def _status(calibration: Calibration, words: ShellWords) -> int:
    """1, with the reason on standard error, where the diagnostics speak against a fit."""
    if calibration.ok:
        return GOOD
    told = "\n".join(f"a fit cannot be trusted: {found}" for found in calibration.problems)
    return _refuse(words(told), FAILED_CHECK)


# standard output and standard error -----------------------------------------------------------------------------------


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2))


@contextmanager
def _notes_on_stderr(options: argparse.Namespace) -> Iterator[None]:
    """Warnings and log lines as plain notes on standard error, each once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_NoteFormatter(options))
    logger = logging.getLogger("calibra")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            yield
        for words in dict.fromkeys(map(_note, caught)):
            print(f"note: {harmless(options.words(words))}", file=sys.stderr)
    finally:
        logger.removeHandler(handler)


class _NoteFormatter(logging.Formatter):
    """Log lines as notes a terminal cannot obey, in the words of the shell."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options

    def format(self, record: logging.LogRecord) -> str:
        """The message alone."""
        return f"note: {harmless(self.options.words(record.getMessage()))}"


def _note(warning: warnings.WarningMessage) -> str:
    words = str(warning.message)
    if words.startswith("Glyph "):
        return (
            "the font of the PNG pictures lacks some characters of the labels; SVG pictures leave them to the reader's."
        )
    return words


def _refuse(reason: str, status: int) -> int:
    """One readable block on standard error."""
    print(f"calibra: {harmless(reason)}", file=sys.stderr)
    return status


# the arguments --------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="calibra",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="How far does each rep's ranking of prospects agree with what comes of them?",
    )
    parser.add_argument("--version", action="version", version=f"calibra {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    add = _command(commands, demo, "calibra demo --data salvirt --out demo-out")
    add("--data", choices=("simulated", "salvirt"), default="simulated", help="simulated, or published counts")
    add("--out", default="demo-out", metavar="DIR", help="where to write (default: demo-out)")
    add("--seed", type=int, default=1, help="same seed, same numbers (default: 1)")
    add("--lang", choices=("en", "ja"), default="en", help="language of what is printed (default: en)")
    add("--verbose", action="store_true", help="print every table and sentence")

    add = _command(commands, init, "calibra init judgments.csv")
    add("file", metavar="FILE", help="your CSV or Parquet file, or the .toml to write")
    _add_config(add)

    add = _command(commands, check, "calibra check judgments.csv --config calibra.toml")
    add("file", metavar="FILE", help="CSV or Parquet file, or duckdb://…, postgres://…; one row a judgment")
    _add_config(add, with_as_of=True)

    add = _command(commands, fit, "calibra fit judgments.parquet --config calibra.toml --out results --json")
    add("file", metavar="FILE", help="CSV or Parquet file, or duckdb://…, postgres://…; one row a judgment")
    _add_config(add, with_as_of=True)
    add("--out", required=True, metavar="DIR", help="where to write tables, summary and pictures")
    add("--seed", type=int, help="instead of the seed in the file")
    add("--verbose", action="store_true", help="print every table and sentence")

    add = _command(commands, report, "calibra report results --lang ja --out report.html")
    add("results", metavar="DIR", help="a folder that `calibra fit` wrote, or a .calibra file")
    add("--lang", choices=("en", "ja"), default="en", help="language (default: en)")
    add("--out", metavar="HTML", help="where to write (default: report.html or report.ja.html in DIR)")
    add("--standings", action="store_true", help="add the reps' standings, with their intervals")
    add("--pseudonyms", metavar="FILE", help="pseudonyms for reps, made with the secret key this file holds")

    add = _command(commands, score, "calibra score results open.parquet --as-of 2026-09-30 --out scored.parquet")
    add("results", metavar="DIR", help="a folder that `calibra fit` wrote, or a .calibra file")
    add("file", metavar="FILE", help="CSV or Parquet file, or duckdb://…, postgres://…; one row a prospect")
    add("--as-of", required=True, metavar="DATE", help="the day ages are counted to; nothing reads the clock")
    add("--out", metavar="FILE", help="Parquet or CSV to write (default: scored.parquet or .csv in DIR)")
    add("--within-days", type=int, metavar="DAYS", help="one horizon for all, of those fitted (default: the promised)")
    add("--config", metavar="TOML", help="columns, time zone and encoding of FILE (default: as it was fitted)")
    return parser


def _add_config(add: Callable[..., Any], *, with_as_of: bool = False) -> None:
    add("--config", default="calibra.toml", metavar="TOML", help="settings (default: calibra.toml)")
    if with_as_of:
        add("--as-of", metavar="DATE", help="snapshot date, instead of the one in the file")


def _command(commands: Any, run: Callable[[argparse.Namespace], int], example: str) -> Callable[..., Any]:
    """A subcommand named and described by its function; returns its `add_argument`."""
    words = cleandoc(run.__doc__ or "")
    parser = commands.add_parser(
        run.__name__,
        help=words.partition("\n")[0],
        description=words,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print JSON, for pipelines")
    shown.add_argument("--quiet", action="store_true", help="print nothing but errors and notes")
    add: Callable[..., Any] = parser.add_argument
    return add


if __name__ == "__main__":
    sys.exit(main())
