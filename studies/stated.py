"""Do the intervals of stated percentages hold the truth, and what becomes of reps whom no line fits?

`python -m studies.stated [FOLDER]` writes docs/studies/stated.md (about half an hour on one processor). Every world is
kept in FOLDER; a run that was stopped goes on where it stood, and `--seconds` stops it by itself. Truth and outcomes
are drawn here in plain numpy, by the definitions of docs/theory/stated.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.stated.findings import findings
from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel
from calibra.chapters.stated.rows import Stated
from calibra.chapters.stated.shape import Shape, shape_of
from calibra.checks.recovery.rows import Row, answered, cluster_mean, count, load_rows, run_worlds
from calibra.checks.recovery.sbc import gather, place_of, thin
from calibra.data.counting.stated import StatedCells
from calibra.inference.engines import sample_posterior
from calibra.stats.intervals import equal_tailed
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]
type Curve = Callable[[Floats], Floats]

STATED = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
"""What the reps of these worlds state, each as often as the others, but where .5 is a heap."""
GRID = np.arange(1, 10) / 10
SIZES = (10, 40, 200)
"""Statements of a rep; three reps of each in every world."""
HEAP = 5
"""Place of .5 among what is stated."""
_AT_ONCE = 25


def log_odds(prob: Floats) -> Floats:
    """Log-odds of a probability."""
    return np.asarray(np.log(prob / (1.0 - prob)))


def logistic(linpred: Floats) -> Floats:
    """Probability of a log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-linpred)))


def s_shape(stated: Floats) -> Floats:
    """Steep in the middle, flat outside: log-odds of an event."""
    return np.asarray(1.6 * np.tanh(1.5 * log_odds(stated)))


def heap_at_half(stated: Floats) -> Floats:
    """As stated, but for .5, which is said where nothing is known: there one in four comes."""
    return np.where(stated == 0.5, log_odds(np.array(0.25)), log_odds(stated))


BENDS: Mapping[str, tuple[Curve, float]] = {"S-shape": (s_shape, 1 / 11), "heap at .5": (heap_at_half, 0.3)}
"""Worlds that no line fits: log-odds of an event by what is stated, and the share of statements that say .5."""


def count_world(rng: np.random.Generator, sizes: NDArray[np.int64], *, heap: float = 1 / 11) -> NDArray[np.int64]:
    """How often each rep states each percentage, (rep, stated)."""
    shares = np.full(len(STATED), (1.0 - heap) / (len(STATED) - 1))
    shares[HEAP] = heap
    return rng.multinomial(sizes, shares)


def fit_counts(n: NDArray[np.int64], events: NDArray[np.int64], *, seed: int, draws: int = 400) -> StatedFit:
    """The default model fitted to counts by laplace."""
    stated = np.broadcast_to(STATED, n.shape).copy()
    reps = tuple(f"rep {i + 1}" for i in range(len(n)))
    cells = StatedCells(reps, n, events, stated, log_odds(stated), 90, date(2026, 6, 30), 0, 0)
    shape = shape_of(cells)
    declaration = StatedModel().declare(cells, shape)
    posterior = sample_posterior(declaration, seed=seed, engine="laplace", draws=draws, progress=False)
    return StatedFit(cells, shape, declaration, posterior)


def draw_truth(rng: np.random.Generator, shape: Shape, n_reps: int) -> dict[str, Floats]:
    """Everything the model learns, drawn from its priors; one rep more than judges, not yet seen."""
    priors = StatedModel().priors
    scale = {name: float(getattr(priors, name).sample(rng)) for name in ("rep_intercept", "rep_slope", "departure")}
    rho, z = float(priors.correlation.sample(rng)), rng.standard_normal((2, n_reps + 1))
    return {
        "intercept": np.atleast_1d(rng.normal(priors.intercept.mean, priors.intercept.sd)),
        "slope": np.atleast_1d(rng.normal(priors.slope.mean, priors.slope.sd)),
        "departure": scale["departure"] * rng.standard_normal(shape.size),
        "departure_scale": np.asarray(scale["departure"]),
        "rep_intercept": scale["rep_intercept"] * z[0],
        "rep_slope": scale["rep_slope"] * (rho * z[0] + np.sqrt(1.0 - rho**2) * z[1]),
        "rep_intercept_scale": np.asarray(scale["rep_intercept"]),
        "rep_slope_scale": np.asarray(scale["rep_slope"]),
        "rep_intercept_rep_slope_correlation": np.asarray(rho),
    }


def linpred_of(truth: Mapping[str, Floats], shape: Shape, stated: Floats) -> Floats:
    """Log-odds of an event, (rep, stated)."""
    at = log_odds(stated)
    own = (truth["intercept"] + truth["rep_intercept"])[:, None] + (truth["slope"] + truth["rep_slope"])[:, None] * at
    return np.asarray(own + shape.design(at) @ truth["departure"])


def covers(draws: Floats, truth: Floats) -> Floats:
    """1 where the 90 % interval of the draws holds the truth."""
    _, lower, upper = equal_tailed(draws)
    return ((lower <= truth) & (truth <= upper)).astype(float)


def is_told(fit: StatedFit) -> float:
    """Whether the doubt is uttered that no straight line holds."""
    return float(any(found.role == "doubt" for found in findings(Stated({90: fit}))))


def prior_world(seed: int, index: int) -> Row:
    """One world drawn from the priors: what is covered, and where the truth stands among draws."""
    rng = np.random.default_rng([seed, index])
    sizes = np.repeat(SIZES, 3)
    n = count_world(rng, sizes)
    stated = np.broadcast_to(STATED, n.shape).copy()
    labels = tuple(map(str, sizes))
    cells = StatedCells(labels, n, 0 * n, stated, log_odds(stated), 90, date(2026, 6, 30), 0, 0)
    shape = shape_of(cells)
    truth = draw_truth(rng, shape, len(sizes))
    events = rng.binomial(n, logistic(linpred_of(truth, shape, STATED)[:-1]))
    fit = fit_counts(n, events, seed=seed * 100_000 + index)
    curves = logistic(linpred_of(truth, shape, GRID))
    lines = [(truth[name] + truth[f"rep_{name}"])[:-1] for name in ("intercept", "slope")]
    row = _coverage(fit, sizes, lines, curves[:-1])
    row["new rep"] = float(np.mean(covers(fit.new_rep_draws(GRID), curves[-1])))
    row["told"] = is_told(fit)
    return row | _places(fit, truth, np.random.default_rng([seed, index, 1]))


def _coverage(fit: StatedFit, sizes: NDArray[np.int64], lines: Sequence[Floats], curves: Floats) -> Row:
    intercept, slope = fit.line_draws()
    read = {
        "intercept": covers(intercept, lines[0]),
        "slope": covers(slope, lines[1]),
        "curve": covers(fit.curve_draws(GRID), curves).mean(axis=1),
    }
    return {f"{name}, {size}": float(held[sizes == size].mean()) for name, held in read.items() for size in SIZES}


def _places(fit: StatedFit, truth: Mapping[str, Floats], ties: np.random.Generator) -> Row:
    """Place of the truth among 99 draws, of everything that `StatedFit.checked` ranks."""
    known = {name: value[:-1] if name in ("rep_intercept", "rep_slope") else value for name, value in truth.items()}
    posterior = fit.posterior
    one = replace(posterior, draws={name: np.asarray(known[name])[None] for name in posterior.draws})
    true = replace(fit, posterior=one).checked().ranked()
    return {
        f"@{name}": place_of(float(true[name][0]), thin(values), ties)
        for name, values in fit.checked().ranked().items()
    }


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


def coverage_table(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Coverage of 90 % intervals by what they are of and how much a rep states."""
    known = answered(rows)
    means = {name: cluster_mean(known, name) for name in known[0] if not name.startswith(("@", "#"))}
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


def sbc_table(rows: Sequence[Row], *, seed: int = 1) -> str:
    """Is the truth an ordinary draw? Quantity by quantity."""
    places = [{name[1:]: value for name, value in row.items() if name.startswith("@")} for row in answered(rows)]
    run = gather("StatedModel", "laplace", [{**row, "#doubted": 0.0} for row in places], seed)
    table = run.table
    return markdown_table({str(name): list(table[name]) for name in table}) + f"\n\n{run}"


def write_study(priors: Sequence[Row], misfits: Mapping[tuple[str, int], Sequence[Row]]) -> Path:
    """Write the page."""
    told, error = cluster_mean(answered(priors), "told")
    return write_page(
        "stated",
        "Stated percentages against known truth",
        "Written by `python -m studies.stated` (laplace engine, 400 draws, 90 % intervals; in brackets the standard "
        "error over worlds, in points). Eleven percentages from 5 to 95 are stated.",
        f"## Reps drawn from the priors\n\n{len(answered(priors)):,} worlds of nine reps, three of each size; "
        "population, spread and departure from the line drawn from the priors. Fits that failed: "
        f"{count(priors, '#failed')}.",
        markdown_table(coverage_table(priors)),
        f"The doubt that no straight line holds is uttered in {100 * told:.1f} % ({100 * error:.1f}) of these worlds, "
        "whose curves do leave the line, mostly by little.",
        "## Reps whom no line fits\n\nTwelve reps. *S-shape*: log-odds 1.6 tanh(1.5 x) of what is stated, x. *Heap at "
        ".5*: 30 % of the statements say 50 %, of which a quarter comes; all else comes as stated. *Line*: the same "
        "fit, read as a line. *Told*: a doubt says that no straight line holds.",
        markdown_table(misfit_table(misfits)),
        "## Simulation-based calibration\n\nThe same worlds as at first: where the truth stands among 99 draws.",
        sbc_table(priors),
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
    priors = run_until(lambda i: prior_world(1, i), asked.worlds, asked.folder / "stated_priors.npz", until)
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
    if len(priors) == asked.worlds and all(len(rows) == asked.misfit_worlds for rows in misfits.values()):
        write_study(priors, misfits)


def run_until(one: Callable[[int], Row], n_worlds: int, cache: Path, until: float) -> list[Row]:
    """Go on with a run until it is done or the time is up."""
    while len(load_rows(cache)) < n_worlds and time.monotonic() < until:
        run_worlds(one, n_worlds=min(n_worlds, len(load_rows(cache)) + _AT_ONCE), cache=cache)
    return load_rows(cache)[:n_worlds]


if __name__ == "__main__":
    main()
