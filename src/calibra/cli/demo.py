"""`calibra demo`: simulated or published judgments from end to end."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.cli.parts import make_folder, print_json, report_name, show_result, status_of
from calibra.cli.show import as_json, page_words, say

if TYPE_CHECKING:
    from calibra.calibration import Calibration
    from calibra.data.counting.judgments import Judgments
    from calibra.data.history.deals import Deals
    from calibra.data.simulation.simulate import SimulatedWorld

DEMO_DRAWS = 400
"""Draws of the demo's fits: the fewest an answer may rest on, so that a newcomer need not wait."""


def demo(options: argparse.Namespace) -> int:
    """Simulated or published judgments from end to end."""
    from calibra.calibration import calibrate
    from calibra.views.files import write_csv

    out = make_folder(options.out)
    world, judgments = (None, _published(options)) if options.data == "salvirt" else _simulated(out, options)
    deals = _deals(out, options) if options.deals else None
    calibration = calibrate(judgments, seed=options.seed, draws=DEMO_DRAWS, deals=deals, progress=not options.quiet)
    event = "win" if world is None else "opportunity"
    reports = [calibration.report(out / report_name(lang), lang=lang, event=event) for lang in ("en", "ja")]
    pictures = [*calibration.save_pictures(out, formats=("png",))]
    if deals is not None:
        pictures.append(write_csv(calibration.deals.ask(deals), out / "deals_to_ask_about.csv"))
    if options.json:
        print_json(as_json(calibration, [*reports, *pictures]))
    elif not options.quiet:
        held = [] if world is None else [_held_against_truth(calibration, world, options.lang)]
        told = page_words(options.lang)("terminal.demo_rest", reports=", ".join(map(str, reports)))
        show_result(calibration, options, lang=options.lang, event=event, rest=[*held, told], above=1)
    return status_of(calibration, options.words)


def _simulated(out: Path, options: argparse.Namespace) -> tuple[SimulatedWorld, Judgments]:
    """Twenty reps and 6,000 prospects, written to Parquet and counted from there by DuckDB."""
    from calibra.data.counting.judgments import Judgments
    from calibra.data.simulation.simulate import simulate_judgments

    world = simulate_judgments(seed=options.seed)
    path = out / "judgments.parquet"
    world.frame.to_parquet(path, index=False)
    if not (options.quiet or options.json):
        say(page_words(options.lang)("terminal.demo_first", path=path))
    return world, Judgments.from_frame(path, scale=world.scale, as_of=world.as_of, columns=world.columns)


def _deals(out: Path, options: argparse.Namespace) -> Deals:
    """What twelve reps say of their deals in a year and a half, written to Parquet and counted from there."""
    from calibra.data.history.deals import Deals
    from calibra.data.simulation.deals import simulate_deals

    world = simulate_deals(seed=options.seed)
    paths = out / "statements.parquet", out / "outcomes.parquet"
    for path, frame in zip(paths, (world.statements, world.outcomes), strict=True):
        frame.to_parquet(path, index=False)
    return Deals.from_frames(*paths, **world.reading)


def _published(options: argparse.Namespace) -> Judgments:
    from calibra.data.published import SALVIRT_SOURCE, salvirt_judgments

    if not (options.quiet or options.json):
        say(f"{SALVIRT_SOURCE} The event is: the deal is won, at the end.")
    return salvirt_judgments()


def _held_against_truth(calibration: Calibration, world: SimulatedWorld, lang: str) -> str:
    """How many of the intervals hold the true probability?"""
    held = total = 0
    for days, rank_fit in getattr(calibration, "ranks", {}).items():
        if days is None:
            continue
        truth = world.truth.probabilities(days)[[world.truth.reps.names.index(rep) for rep in rank_fit.reps]]
        table = rank_fit.probabilities().iloc[len(rank_fit.ranks) :]
        inside = (table["lower"] <= truth.ravel()) & (truth.ravel() <= table["upper"])
        held, total = held + int(inside.sum()), total + len(inside)
    return page_words(lang)("terminal.demo_held", n=held, n_all=total)
