"""Do intervals of stated dates hold the truth? Worlds drawn from the priors, row by row, by code of this study's own.

Truth is read off hazards by summing over a fine grid; the library's curves are not used. A second set of worlds makes
the days of an event depend on the stated days otherwise than in proportion, which the classes of length must catch.
"""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibra.chapters.timing.cells import EDGES, wanted_edges
from calibra.chapters.timing.model import StatedTimingModel
from calibra.checks.recovery.rows import run_worlds
from calibra.data.counting.positions import LENGTHS, LENGTHS_DAYS, PositionCells
from calibra.data.scale import RankScale

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

RANKS = ("A", "B", "C")
SCORES = np.array([1.2247, 0.0, -1.2247])
PAGE = Path(__file__).resolve().parent.parent / "docs" / "studies" / "stated_timing.md"
NAMES = ("early", "on_time", "late", "exit", "open", "right_when", "factor")
BOUNDS = np.array([0.0, 0.4, 0.8, 1.2, 1.6, 2.2, 3.0])
GRID = np.linspace(0.0, 3.0, 1501)
PARTS = 5  # stated lengths within a class, where hazards depend on them
MIDDLE = 0.5 * (GRID[1:] + GRID[:-1])


def draw_hazards(rng: np.random.Generator, n_reps: int) -> Floats:
    """Hazards per stated length, (rep, rank, class, interval), from the model's priors."""
    n = len(BOUNDS) - 1
    walk = rng.normal(-1.0, 1.0) + np.concatenate([[0.0], np.cumsum(rng.normal(0, abs(rng.normal(0, 0.5)), n - 1))])
    log_middle = np.log(0.5 * (BOUNDS[1:] + BOUNDS[:-1]))
    clock = (log_middle - log_middle.mean()) / log_middle.std()
    rank, length = rng.normal(0, 0.8, len(RANKS)), rng.normal(0, 1.0, len(LENGTHS))
    level, slope, tempo = (abs(rng.normal(0, sd)) * rng.standard_normal(n_reps) for sd in (0.5, 0.3, 0.3))
    eta = walk + (rank - rank.mean())[:, None, None] + (length - length.mean())[:, None]
    own = level[:, None] + slope[:, None] * SCORES
    return np.asarray(np.exp(eta[None] + own[:, :, None, None] + tempo[:, None, None, None] * clock))


def at_grid(hazard: Floats) -> Floats:
    """Hazards in every step of the grid, (…, step)."""
    return hazard[..., np.minimum(np.searchsorted(BOUNDS, MIDDLE) - 1, hazard.shape[-1] - 1)]


def truth_of(event: Floats, exit_: Floats, mix: Floats) -> dict[str, Floats]:
    """Readings of each rep at the mix of ranks and classes, summed over the grid."""
    step = GRID[1] - GRID[0]
    both = at_grid(event) + at_grid(exit_)
    still = np.exp(-np.concatenate([np.zeros((*both.shape[:-1], 1)), np.cumsum(both, axis=-1) * step], axis=-1))
    gone = still[..., :-1] - still[..., 1:]
    came = np.einsum("rkbt,kb->rt", gone * at_grid(event) / both, mix).cumsum(axis=-1)
    left = np.einsum("rkbt,kb->rt", gone * at_grid(exit_) / both, mix).sum(axis=-1)
    first, last = (int(np.searchsorted(GRID, at - 1e-9)) - 1 for at in (0.8, 1.2))
    early, by_date, all_ = came[:, first], came[:, last], came[:, -1]
    half = (came < 0.5 * all_[:, None]).sum(axis=-1)
    found = {"early": early, "on_time": by_date - early, "late": all_ - by_date, "exit": left}
    found["open"] = 1.0 - all_ - left
    return found | {"right_when": (by_date - early) / all_, "factor": GRID[half + 1]}


def draw_position(rng: np.random.Generator, hazard: Floats) -> Floats:
    """A position at which each row ends, or beyond 3: the time at which the cumulative hazard reaches a unit draw."""
    widths = np.diff(BOUNDS)
    reached = np.concatenate([np.zeros((len(hazard), 1)), np.cumsum(hazard * widths, axis=1)], axis=1)
    unit = rng.exponential(size=len(hazard))
    place = np.minimum((reached[:, 1:] < unit[:, None]).sum(axis=1), len(widths) - 1)
    row = np.arange(len(hazard))
    return np.asarray(BOUNDS[place] + (unit - reached[row, place]) / hazard[row, place])


def count_rows(rep: Ints, rank: Ints, length: Ints, end: Floats, how: Ints, n_reps: int) -> PositionCells:
    """The counts of rows, row by row."""
    edges = np.array(wanted_edges(EDGES, 0.2))
    shape = (n_reps, len(RANKS), len(LENGTHS))
    n = np.zeros(shape, dtype=np.int64)
    np.add.at(n, (rep, rank, length), 1)
    exposure = np.zeros((*shape, len(edges)))
    ended = np.zeros((2, *shape, len(edges)), dtype=np.int64)
    for j, (lower, upper) in enumerate(zip([0.0, *edges[:-1]], edges, strict=True)):
        np.add.at(exposure[..., j], (rep, rank, length), np.clip(np.minimum(end, upper) - lower, 0.0, None))
        for i in (0, 1):
            at = (how == i) & (end > lower) & (end <= upper)
            np.add.at(ended[i][..., j], (rep[at], rank[at], length[at]), 1)
    reached = np.array([(end > lower).sum() for lower in [-1.0, *edges]])
    names = tuple(f"rep {i}" for i in range(n_reps))
    as_of = date(2026, 6, 30)
    return PositionCells(names, RANKS, edges, n, exposure, ended[0], ended[1], reached, 0, 0, 1, 1, 0, as_of)


def one_world(index: int, *, n_reps: int, each: int, power: float, seed: int = 1) -> dict[str, float]:
    """Share of reps whose intervals hold the truth, by reading; `power` other than 1 makes hazards follow D^power."""
    rng = np.random.default_rng([seed, index, each, round(10 * power)])
    event, exit_ = draw_hazards(rng, n_reps), draw_hazards(rng, n_reps)
    rep = np.repeat(np.arange(n_reps), each)
    rank = rng.integers(0, len(RANKS), rep.size)
    stated = np.maximum(np.exp(rng.normal(np.log(80.0), 0.7, rep.size)), 1.0)
    length = np.searchsorted(LENGTHS_DAYS, stated, side="left").astype(np.int64)
    bend = (stated / 80.0) ** (1.0 - power)
    rows_event = event[rep, rank, length] * bend[:, None]
    rows_exit = exit_[rep, rank, length]
    came, left = draw_position(rng, rows_event), draw_position(rng, rows_exit)
    seen = rng.uniform(1.0, 365.0, rep.size) / stated
    end = np.minimum(np.minimum(came, left), seen)
    how = np.where(end == came, 0, np.where(end == left, 1, 2))
    counted = count_rows(rep, rank, length, end, how, n_reps)
    model = StatedTimingModel()
    laid_out = model.lay_out_counts(counted, RankScale(list(RANKS)))
    fit = laid_out.fit(seed=index, engine="laplace", draws=600, progress=False)
    if abs(fit.cells.last - 3.0) > 1e-9:
        return {}
    mix = counted.n.sum(axis=0) / counted.n.sum()
    within = np.ones((len(LENGTHS), PARTS))
    for b in range(len(LENGTHS)):
        if (length == b).any():
            within[b] = np.quantile(bend[length == b], (np.arange(PARTS) + 0.5) / PARTS)
    spread_event = np.repeat(event, PARTS, axis=2) * within.reshape(-1, 1)
    truth = truth_of(spread_event, np.repeat(exit_, PARTS, axis=2), np.repeat(mix / PARTS, PARTS, axis=1))
    readings = fit.readings()
    readings = readings | {"right_when": readings["on_time"] / readings["event"]}
    found = {}
    for name in NAMES:
        lower, upper = np.quantile(readings[name][:, 1:], [0.05, 0.95], axis=0)
        found[name] = float(((truth[name] >= lower) & (truth[name] <= upper)).mean())
    return found


SIZES = ((30, 60, 1.0), (30, 15, 1.0), (30, 60, 0.8))


def run(n_worlds: int, cache: Path) -> pd.DataFrame:
    """Coverage by reading in each set of worlds, with its standard error."""
    rows = []
    for n_reps, each, power in SIZES:
        kept = cache / f"stated_timing_{n_reps}_{each}_{power:g}.npz"
        one = partial(one_world, n_reps=n_reps, each=each, power=power)
        found = run_worlds(one, n_worlds=n_worlds, cache=kept)
        known = [row for row in found if "on_time" in row]
        for name in NAMES:
            held = np.array([row[name] for row in known], dtype=float)
            error = held.std(ddof=1) / np.sqrt(len(held))
            rows.append((each, power, name, held.mean(), error, len(held)))
    return pd.DataFrame(rows, columns=["stated_dates_a_rep", "power", "reading", "held", "standard_error", "worlds"])


def write_page(table: pd.DataFrame) -> None:
    """The page of the documentation."""
    lines = [
        "# Do the intervals of stated dates hold?",
        "",
        "Worlds drawn from the priors, row by row, by code of the study's own: 30 reps, three ranks, days stated",
        "around 80, follow-up uniform to 365 days. Power 0.8: the days that events take follow the days stated to that",
        "power, which the model does not know. Held: share of the reps' 90 % intervals that hold the truth; right_when",
        "is the share of the events that come on time. `python -m studies.stated_timing` writes this page.",
        "",
        "| stated dates a rep | power | reading | held | standard error | worlds |",
        "|---|---|---|---|---|---|",
    ]
    for row in table.itertuples(index=False):
        cells = (
            row.stated_dates_a_rep,
            f"{row.power:g}",
            row.reading,
            f"{row.held:.3f}",
            f"{row.standard_error:.3f}",
            row.worlds,
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_page(run(int(os.environ.get("CALIBRA_WORLDS", "200")), Path(".study")))
