"""Do the intervals of stated percentages hold the truth, and what becomes of reps whom no line fits?

`python -m studies.stated [FOLDER]` writes docs/studies/stated.md (about ten minutes on one processor). Every world is
kept in FOLDER; a run that was stopped goes on where it stood, and `--seconds` stops it by itself. Truth and outcomes
are drawn in plain numpy, by the definitions of docs/theory/stated.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from calibra.checks.recovery.rows import Row, answered, cluster_mean, count, load_rows, run_worlds
from calibra.checks.recovery.sbc import gather
from studies.page import markdown_table, write_page
from studies.stated_worlds import (
    BENDS,
    GRID,
    SIZES,
    STATED,
    SURE_FROM,
    count_world,
    covers,
    fit_counts,
    is_told,
    log_odds,
    logistic,
    prior_world,
)
from studies.stated_young import HISTORY_DAYS, WITHIN_DAYS, young_prior_world, young_world

_AT_ONCE = 25


def misfit_world(kind: str, seed: int, index: int, *, per_rep: int) -> Row:
    """One world of twelve reps whom no line fits, each with a level of their own: curve and line against the truth."""
    curve, heap = BENDS[kind]
    rng = np.random.default_rng([seed, index])
    own = 0.3 * rng.standard_normal((12, 1))
    n = count_world(rng, np.full(12, per_rep), heap=heap)
    fit = fit_counts(n, rng.binomial(n, logistic(own + curve(STATED))), seed=seed * 100_000 + index)
    truth = logistic(own + curve(GRID))
    intercept, slope = fit.line_draws()
    line = logistic(intercept[..., None] + slope[..., None] * log_odds(GRID))
    return {
        "curve": float(covers(fit.curve_draws(GRID), truth).mean()),
        "line": float(covers(line, truth).mean()),
        "curve at .5": float(covers(fit.curve_draws(0.5)[..., 0], truth[:, 4]).mean()),
        "line at .5": float(covers(line[..., 4], truth[:, 4]).mean()),
        "told": is_told(fit),
    }


def misfit_file(folder: Path, kind: str, per_rep: int) -> Path:
    """Where the worlds of one kind and size are kept."""
    return folder / f"stated_{kind.replace(' ', '_')}_{per_rep}.npz"


def coverage_table(rows: Sequence[Row], prefix: str = "") -> dict[str, list[str]]:
    """Coverage of 90 % intervals by what they are of and how much a rep states."""
    known = answered(rows)
    names = (name for name in known[0] if name.startswith(prefix) and not name.startswith(("@", "#")))
    means = {name.removeprefix(prefix): cluster_mean(known, name) for name in names}
    columns: dict[str, list[str]] = {"interval of": ["intercept", "slope", "curve at .1 … .9"]}
    for size in SIZES:
        found = [means[f"{name}, {size}"] for name in ("intercept", "slope", "curve")]
        columns[f"{size} statements"] = [f"{100 * mean:.1f} % ({100 * error:.1f})" for mean, error in found]
    mean, error = means["new rep"]
    columns = {name: [*values, "–"] for name, values in columns.items()}
    columns["interval of"][-1] = "curve of a rep not yet seen, .1 … .9"
    return columns | {"any": ["–", "–", "–", f"{100 * mean:.1f} % ({100 * error:.1f})"]}


def misfit_table(studies: Mapping[tuple[str, int], Sequence[Row]]) -> dict[str, list[str]]:
    """Coverage of curve and line, and how often the doubt is uttered."""
    names = ("curve", "line", "curve at .5", "line at .5", "told")
    columns: dict[str, list[str]] = {name: [] for name in ("world", "statements a rep", *names, "worlds")}
    for (kind, per_rep), rows in studies.items():
        known = answered(rows)
        columns["world"].append(kind)
        columns["statements a rep"].append(str(per_rep))
        for name in names:
            mean, error = cluster_mean(known, name)
            columns[name].append(f"{100 * mean:.1f} % ({100 * error:.1f})")
        columns["worlds"].append(f"{len(known):,}")
    return columns


def sbc_table(rows: Sequence[Row], model: str, *, seed: int = 1) -> str:
    """Is the truth an ordinary draw? Quantity by quantity."""
    places = [{name.removeprefix("@"): value for name, value in row.items() if name[0] in "@#"} for row in rows]
    run = gather(model, "laplace", [{"#doubted": 0.0, **row} for row in places], seed)
    table = run.table
    return markdown_table({str(name): list(table[name]) for name in table}) + f"\n\n{run}"


def sentence_table(rows: Sequence[Row]) -> dict[str, list[str]]:
    """How sure sentences of reps said they were, and how often they held."""
    columns: dict[str, list[str]] = {
        name: [] for name in ("said to be sure from", "sentences", "mean sureness", "true")
    }
    for least in SURE_FROM:
        said, sure, true = (
            sum(row[f"{what} from {least}"] for row in answered(rows)) for what in ("said", "sure", "true")
        )
        values = (f"{least:.0%}", f"{said:,.0f}", f"{100 * sure / said:.1f} %", f"{100 * true / said:.1f} %")
        for name, value in zip(columns, values, strict=True):
            columns[name].append(value)
    return columns


def young_part(rows: Sequence[Row]) -> tuple[str, ...]:
    """What is said of worlds half of whose judgments are young."""
    known = answered(rows)
    narrower = 1.0 - cluster_mean(known, "count: width")[0] / cluster_mean(known, "leave out: width")[0]
    return (
        "## Half of the judgments are young\n\nRows with days, counted by the library: nine reps as before, drawn from "
        f"the priors, judging evenly over {HISTORY_DAYS} days; events come within {WITHIN_DAYS} days after log-normal "
        f"days, and what has not come yet is not seen. {len(known):,} worlds, each read twice. Young ones counted:",
        markdown_table(coverage_table(rows, "count: ")),
        "The same worlds by the mature ones alone:",
        markdown_table(coverage_table(rows, "leave out: ")),
        f"With young judgments the intervals of the curves are {100 * narrower:.0f} % narrower.",
    )


def write_study(
    priors: Sequence[Row],
    misfits: Mapping[tuple[str, int], Sequence[Row]],
    young: Sequence[Row],
    young_priors: Sequence[Row],
) -> Path:
    """Write the page."""
    told, error = cluster_mean(answered(priors), "told")
    return write_page(
        "stated",
        "Stated percentages against known truth",
        "Written by `python -m studies.stated` (laplace engine, 400 draws, 90 % intervals; in brackets the standard "
        "error over worlds, in points). Percentages from 5 to 95 are stated.",
        f"## Reps drawn from the priors\n\n{len(answered(priors)):,} worlds of nine reps, three of each size; "
        "population, spread and departure from the line drawn from the priors. Fits that failed: "
        f"{count(priors, '#failed')}.",
        markdown_table(coverage_table(priors)),
        f"The doubt that no straight line holds is uttered in {100 * told:.1f} % ({100 * error:.1f}) of these worlds, "
        "whose curves do leave the line, mostly by little.",
        "Sentences of single reps (too high, too low, too extreme, too timid) in the same worlds, by how sure they say "
        "they are:",
        markdown_table(sentence_table(priors)),
        *young_part(young),
        "## Reps whom no line fits\n\nTwelve reps. *S-shape*: log-odds 1.6 tanh(1.5 x) of what is stated, x. *Heap at "
        ".5*: 30 % of the statements say 50 %, of which a quarter comes; all else comes as stated. *Line*: the same "
        "fit, read as a line. *Told*: a doubt says that no straight line holds.",
        markdown_table(misfit_table(misfits)),
        "## Simulation-based calibration\n\nThe same worlds as at first: where the truth stands among 99 draws.",
        sbc_table(priors, "StatedModel"),
        "With as many young judgments again, drawn from the model too, pace of late included:",
        sbc_table(young_priors, "StatedModel with young judgments"),
    )


def main() -> None:
    """Run what is left of the study, for so many seconds at most, and write its page when all is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--worlds", type=int, default=900)
    parser.add_argument("--misfit-worlds", type=int, default=300)
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds
    priors = run_until(partial(prior_world, 1), asked.worlds, asked.folder / "stated_priors.npz", until)
    misfits = {
        (kind, per_rep): run_until(
            partial(misfit_world, kind, 2, per_rep=per_rep),
            asked.misfit_worlds,
            misfit_file(asked.folder, kind, per_rep),
            until,
        )
        for kind in BENDS
        for per_rep in (40, 200)
    }
    young = run_until(partial(young_world, 3), asked.misfit_worlds, asked.folder / "stated_young.npz", until)
    young_priors = run_until(
        partial(young_prior_world, 4), asked.worlds, asked.folder / "stated_young_priors.npz", until
    )
    few = {len(rows) for rows in (*misfits.values(), young)}
    if {len(priors), len(young_priors)} == {asked.worlds} and few == {asked.misfit_worlds}:
        write_study(priors, misfits, young, young_priors)


def run_until(one: Callable[[int], Row], n_worlds: int, cache: Path, until: float) -> list[Row]:
    """Go on with a run until it is done or the time is up."""
    while len(load_rows(cache)) < n_worlds and time.monotonic() < until:
        run_worlds(one, n_worlds=min(n_worlds, len(load_rows(cache)) + _AT_ONCE), cache=cache)
    return load_rows(cache)[:n_worlds]


if __name__ == "__main__":
    main()
