"""The commands with their arguments, as `calibra --help` lists them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

from calibra.cli.compare import compare
from calibra.cli.demo import demo
from calibra.cli.fit import check, fit, init
from calibra.cli.read import cards, report, score
from calibra.cli.run import run
from calibra.cli.snapshot import snapshot
from calibra.version import __version__

EXAMPLES = """\
examples:
  calibra demo                                   a simulated team of twenty reps: tables, pictures and the report
  calibra init judgments.csv                     write calibra.toml, with the roles its columns look like
  calibra check judgments.csv                    is the file sound? what is in it?
  calibra fit judgments.csv --out results        tables as CSV, a summary, pictures, the saved calibration
  calibra report results                         one HTML file to read and to talk about
  calibra cards results --out cards              a page for each rep, to hand over
  calibra compare results-q1 results-q2          what moved?
  calibra score results open.csv --as-of 2026-09-30   how probable is an event now, prospect by prospect?
  calibra run judgments.csv --out results --as-of 2026-09-30   all of it, every night, stopped by [limits]

exit status: 0 good, 1 a fit that its own diagnostics speak against, 2 bad input or use,
  3 doubts or limits that the settings say must stop `calibra run`,
  4 a database that was not reached, went away or refused: call again, or ask for the right to read
"""


def make_parser() -> argparse.ArgumentParser:
    """Every command, each with its own help."""
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
    add("--deals", action="store_true", help="with statements of deals: this month's forecast, its total, whom to ask")
    add("--out", default="demo-out", metavar="DIR", help="where to write (default: demo-out)")
    add("--seed", type=int, default=1, help="same seed, same numbers (default: 1)")
    add("--lang", choices=("en", "ja"), default="en", help="language of what is printed (default: en)")
    add("--verbose", action="store_true", help="print every table and sentence")

    add = _command(commands, init, "calibra init judgments.csv")
    add("file", metavar="FILE", help="your CSV, Parquet or .xlsx file, or the .toml to write")
    _add_config(add)

    add = _command(commands, check, "calibra check judgments.csv --config calibra.toml")
    add(
        "file",
        metavar="FILE",
        help="CSV, Parquet or .xlsx (book.xlsx::sheet), or duckdb://…, postgres://…; one row a judgment",
    )
    _add_config(add, with_as_of=True)
    add(
        "--set-aside",
        metavar="CSV",
        help="leave bad rows out, as fit does where told to, and write each with its reason",
    )

    add = _command(commands, fit, "calibra fit judgments.parquet --config calibra.toml --out results --json")
    add(
        "file",
        metavar="FILE",
        help="CSV, Parquet or .xlsx (book.xlsx::sheet), or duckdb://…, postgres://…; one row a judgment",
    )
    _add_config(add, with_as_of=True)
    add("--out", required=True, metavar="DIR", help="where to write tables, summary and pictures")
    add("--seed", type=int, help="instead of the seed in the file")
    add("--by", metavar="GROUPING", help="also each team alone: a folder and a report for each label of this grouping")
    add("--xlsx", action="store_true", help="write results.xlsx, too: the lines for Monday, then a sheet a table")
    add("--verbose", action="store_true", help="print every table and sentence")

    add = _command(commands, report, "calibra report results --lang ja --out report.html")
    add("results", metavar="DIR", help="a folder that `calibra fit` wrote, or a .calibra file")
    add("--lang", choices=("en", "ja"), default="en", help="language (default: en)")
    add("--out", metavar="HTML", help="where to write (default: report.html or report.ja.html in DIR)")
    add("--standings", action="store_true", help="add the reps' standings, with their intervals")
    add("--pseudonyms", metavar="FILE", help="pseudonyms for reps, made with the secret key this file holds")

    add = _command(commands, cards, "calibra cards results --out cards --lang ja")
    add("results", metavar="DIR", help="a folder that `calibra fit` wrote, or a .calibra file")
    add("--lang", choices=("en", "ja"), default="en", help="language (default: en)")
    add("--out", required=True, metavar="DIR", help="where to write them")
    add("--pseudonyms", metavar="FILE", help="pseudonyms for reps, made with the secret key this file holds")
    add(
        "--joint-rating",
        metavar="FILE",
        help="in place of cards: the sheet of a joint rating of open prospects of FILE",
    )
    add("--prospects", type=int, default=15, metavar="N", help="how many of them (default: 15)")
    add("--seed", type=int, default=0, help="another seed, other prospects (default: 0)")

    add = _command(commands, compare, "calibra compare results-q1 results-q2")
    add("old", metavar="OLD", help="a folder that `calibra fit` or `run` wrote, or a .calibra file")
    add("new", metavar="NEW", help="another, or a table of judgments to fit with the settings of OLD")
    _add_config(add, with_as_of=True)

    add = _command(commands, score, "calibra score results open.parquet --as-of 2026-09-30 --out scored.parquet")
    add("results", metavar="DIR", help="a folder that `calibra fit` wrote, or a .calibra file")
    add(
        "file",
        metavar="FILE",
        help="CSV, Parquet or .xlsx (book.xlsx::sheet), or duckdb://…, postgres://…; one row a prospect",
    )
    add("--as-of", required=True, metavar="DATE", help="the day ages are counted to; nothing reads the clock")
    add("--out", metavar="FILE", help="Parquet, CSV or .xlsx to write (default: scored.parquet, .csv or .xlsx in DIR)")
    add("--within-days", type=int, metavar="DAYS", help="one horizon for all, of those fitted (default: the promised)")
    add("--config", metavar="TOML", help="columns, time zone and encoding of FILE (default: as it was fitted)")

    add = _command(commands, run, "calibra run judgments.parquet --out results --as-of 2026-09-30")
    add(
        "file",
        metavar="FILE",
        help="CSV, Parquet or .xlsx (book.xlsx::sheet), or duckdb://…, postgres://…; one row a judgment",
    )
    _add_config(add, with_as_of=True)
    add("--out", required=True, metavar="DIR", help="the folder of results, the same every night")
    add("--prospects", metavar="FILE", help="whom to score (default: [output] prospects, else FILE)")

    add = _command(commands, snapshot, "calibra snapshot leads.csv --log changes.csv --as-of 2026-09-30")
    add("file", metavar="FILE", help="tonight's table, one row a prospect: CSV or Parquet, or duckdb://…, postgres://…")
    _add_config(add, with_as_of=True)
    add("--log", required=True, metavar="FILE", help="the log to add to, .csv or .parquet; made where there is none")
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
