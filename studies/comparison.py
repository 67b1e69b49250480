"""Is a comparison of two periods in which nothing changed as sure as it says?

`python -m studies.comparison [FOLDER]` writes docs/studies/comparison.md. Reps differ by their level alone; both
periods are drawn from the same rates and fitted with the same seed, as nightly files are. Worlds are kept in the
folder (`.study` by default); `--seconds` begins nothing new after a while, and the next call goes on.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibra.chapters.drift.comparison import compare
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.checks.recovery.rows import Row, answered, cluster_mean, load_rows, run_worlds
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from studies.page import markdown_table, write_page

N_WORLDS = 1000
"""Pairs of periods: a standard error of one point where nine in ten hold."""
SCALE = RankScale(["A", "B", "C"], {})
RANK_LOG_ODDS = np.array([0.2, -1.0, -2.2])
"""Of a rep in the middle, by rank."""
LEVEL_SD, N_REPS, N_PER_CELL, SEED, WITHIN_DAYS = 0.5, 10, 60, 1, 90
"""How far reps differ on the log-odds, reps, judgments of each at each rank, seed of every fit, horizon."""
STEP = 25
"""Worlds between two looks at the clock."""


def study_world(index: int) -> Row:
    """Whether each line's interval holds 0 in one world."""
    rng = np.random.default_rng(index)
    rates = 1.0 / (1.0 + np.exp(-(RANK_LOG_ODDS + rng.normal(0.0, LEVEL_SD, (N_REPS, 1)))))
    first, second = (_fit(rates, rng) for _ in range(2))
    found = compare(first, second)
    held = (found.lower <= 0.0) & (found.upper >= 0.0)
    return dict(zip(map(str, found.quantity), held.astype(float).tolist(), strict=True))


def _fit(rates: NDArray[np.float64], rng: np.random.Generator) -> RankFit:
    """One period's fit."""
    n = np.full(rates.shape, N_PER_CELL)
    rep, rank = (codes.ravel() for codes in np.indices(rates.shape))
    frame = pd.DataFrame(
        {
            "rep": np.char.add("rep ", rep.astype(str)).astype(object),
            "rank": np.array(SCALE.ranks, dtype=object)[rank],
            "n": n.ravel(),
            "events": rng.binomial(n, rates).ravel(),
        }
    )
    judgments = Judgments.from_counts(frame, scale=SCALE, within_days=WITHIN_DAYS)
    return RankModel(within_days=WITHIN_DAYS).fit(judgments, seed=SEED, engine="laplace", draws=400, progress=False)


def run(cache: Path, *, n_worlds: int, seconds: float) -> list[Row]:
    """So many worlds as far as time allows; those kept are not run again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (done := len(load_rows(cache))) < n_worlds:
        run_worlds(study_world, n_worlds=min(done + STEP, n_worlds), cache=cache)
    return answered(load_rows(cache))


def as_columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """One line of the comparison each, ready to be written."""
    columns: dict[str, list[object]] = {"line": [], "interval holds 0": [], "standard error": [], "N": []}
    for name in rows[0]:
        share, error = cluster_mean(rows, name)
        for column, value in zip(columns, (name, f"{share:.1%}", f"{error:.1%}", len(rows)), strict=True):
            columns[column].append(value)
    return columns


def main() -> None:
    """Run what is still to be run, as far as time allows, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=np.inf, help="begin nothing new after so long")
    asked = parser.parse_args()
    rows = run(asked.folder / "comparison.npz", n_worlds=N_WORLDS, seconds=asked.seconds)
    write_page(
        "comparison",
        "Two periods in which nothing changed",
        f"Made by `python -m studies.comparison`: {len(rows):,} pairs of periods. {N_REPS} reps have {N_PER_CELL} "
        "judgments each at each of three ranks in each period; levels differ by a standard deviation of "
        f"{LEVEL_SD} on the log-odds, and a rep's rates are the same in both. Engine `laplace`, 400 draws, seed {SEED} "
        "for both fits. How often the 90 % interval of each line of `compare` holds 0, the difference there is.",
        markdown_table(as_columns(rows)),
    )


if __name__ == "__main__":
    main()
