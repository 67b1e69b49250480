"""Is it found that a rank adds to a machine's score where it does, and not where it does not?

`python -m studies.added [FOLDER]` writes docs/studies/added.md (about twenty minutes on one processor). Every world is
kept in FOLDER; a run that was stopped goes on where it stood, and `--seconds` stops it by itself.

In every world x ~ Normal(-1, 1) is the log-odds of the score, and what a rep sees is s ~ Normal(0, 1), correlated with
x. The rank is s cut in five; log-odds of the event are 1.2 x - 0.2 + level of the rep + b s'. Where s' is what s has
beyond x, the rank adds, b so that it is worth .01 log score a judgment; where b is 0 it adds nothing, although it goes
with the outcome.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.added.findings import findings
from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, RANK, layout_of
from calibra.chapters.added.model import AddedModel
from calibra.chapters.added.rows import Added, gain_between
from calibra.checks.recovery.rows import Row, answered, cluster_mean
from calibra.data.counting.signal_cells import SignalCells, lay_out
from calibra.data.frames.roles import MACHINE_PROB
from calibra.inference.engines import sample_posterior
from studies.added_sbc import READINGS, prior_world, sbc_parts
from studies.page import markdown_table, write_page
from studies.stated import run_until

type Floats = NDArray[np.float64]

CUTS = np.array([-1.0, -0.3, 0.3, 1.0])
ADDS = 0.39
"""b at which the rank is worth .01 log score a judgment, to within a tenth of that (`worth` of the page)."""
KINDS = {"adds": (ADDS, 0.0), "adds nothing": (0.0, 0.0), "adds nothing, score is S-shaped": (0.0, 1.0)}
"""b, and how far the machine's curve leaves a line: 1 turns x into 1.5 tanh(x + 1) - 1."""
N_REPS, N_PER_REP = 10, 200


def draw_world(rng: np.random.Generator, b: float, bend: float, *, n_reps: int, n_per_rep: int) -> dict[str, Floats]:
    """Rows of judgments: rep, rank, score, and the probabilities with and without what the rep saw."""
    n = n_reps * n_per_rep
    rep = np.repeat(np.arange(n_reps), n_per_rep)
    x = rng.normal(-1.0, 1.0, n)
    own = rng.standard_normal(n)
    seen = 0.6 * (x + 1.0) + 0.8 * own
    curve = 1.5 * np.tanh(x + 1.0) - 1.0 if bend else 1.2 * x - 0.2
    level = 0.3 * rng.standard_normal(n_reps)[rep]
    prob = 1.0 / (1.0 + np.exp(-(curve + level + b * own)))
    events = (rng.random(n) < prob).astype(float)
    rank = np.searchsorted(-CUTS[::-1], -seen).astype(float)
    return {"rep": rep.astype(float), "rank": rank, "score": 1.0 / (1.0 + np.exp(-x)), "prob": prob, "events": events}


def cells_of(rows: dict[str, Floats], *, n_reps: int) -> SignalCells:
    """The rows as the library counts them, but for the rounding of scores."""
    rep, rank = rows["rep"].astype(np.int64), rows["rank"].astype(np.int64)
    bins = {MACHINE_PROB: np.floor(1000 * rows["score"]).astype(np.int64)}
    one = np.ones(rep.size, dtype=np.int64)
    laid = lay_out((n_reps, 5), rep, rank, bins, {MACHINE_PROB: rows["score"]}, one, rows["events"].astype(np.int64))
    reps = tuple(f"rep {i + 1:02d}" for i in range(n_reps))
    return SignalCells(reps, tuple("ABCDE"), 90, date(2026, 6, 30), *laid, n_left_out=0)


def fit_cells(cells: SignalCells, *, seed: int, draws: int = 400) -> AddedFit:
    """The default models fitted to cells by laplace."""
    layout = layout_of(cells)
    declared = AddedModel().declare(cells, layout)
    posteriors = {
        name: sample_posterior(one, seed=seed + i, engine="laplace", draws=draws, progress=False)
        for i, (name, one) in enumerate(declared.items())
    }
    return AddedFit(cells, layout, declared, posteriors)


def one_world(kind: str, index: int, *, seed: int = 1) -> Row:
    """What is said of one world."""
    b, bend = KINDS[kind]
    rng = np.random.default_rng([seed, list(KINDS).index(kind), index])
    fit = fit_cells(cells_of(draw_world(rng, b, bend, n_reps=N_REPS, n_per_rep=N_PER_REP), n_reps=N_REPS), seed=index)
    keys = [found.key for found in findings(Added({90: fit}))]
    gain = gain_between(fit, RANK, BASE)
    return {
        "adds": float("added.rank_adds" in keys),
        "hardly": float("added.rank_hardly" in keys),
        "unknown": float("added.rank_unknown" in keys),
        "reversed": float("added.rank_reversed" in keys),
        "of reps": float(any(key.endswith("_of_rep") for key in keys)),
        "gain": gain.mean,
    }


def worth(kind: str, n: int = 200_000) -> float:
    """Log score that knowing the true probability gains over the score and the rep alone, in the long run.

    A curve of the score is fitted within narrow bins of a very large sample, by counting.
    """
    b = KINDS[kind][0]
    if b == 0.0:
        return 0.0
    rng = np.random.default_rng(99)
    x = np.repeat(rng.normal(-1.0, 1.0, n // 100), 100)
    own = rng.standard_normal(n)
    seen = 0.6 * (x + 1.0) + 0.8 * own
    prob = 1.0 / (1.0 + np.exp(-(1.2 * x - 0.2 + b * own)))
    alone = prob.reshape(-1, 100).mean(axis=1).repeat(100)
    rank = np.searchsorted(-CUTS[::-1], -seen)
    place = np.repeat(np.arange(n // 100), 100) * 5 + rank
    with_rank = (np.bincount(place, prob, 5 * n // 100) / np.maximum(np.bincount(place, minlength=5 * n // 100), 1))[
        place
    ]
    score = [prob * np.log(p) + (1.0 - prob) * np.log1p(-p) for p in (with_rank, alone)]
    return float((score[0] - score[1]).mean())


def table(studies: Mapping[str, Sequence[Row]]) -> dict[str, list[str]]:
    """What was said, in shares of the worlds."""
    names = ("adds", "hardly", "unknown", "reversed", "of reps")
    columns: dict[str, list[str]] = {name: [] for name in ("the rank", *names, "gain", "worth", "worlds")}
    for kind, rows in studies.items():
        known = answered(rows)
        columns["the rank"].append(kind)
        for name in names:
            columns[name].append(f"{100 * cluster_mean(known, name)[0]:.1f} %")
        columns["gain"].append(f"{cluster_mean(known, 'gain')[0]:.4f}")
        columns["worth"].append(f"{worth(kind):.4f}")
        columns["worlds"].append(f"{len(known):,}")
    return columns


def main() -> None:
    """Run what is left of the study, for so many seconds at most, and write its page when all is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--sbc-worlds", type=int, default=1000)
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds
    studies = {
        kind: run_until(partial(one_world, kind), asked.worlds, asked.folder / f"added_{place}.npz", until)
        for place, kind in enumerate(KINDS)
    }
    ranked = {
        reading: run_until(
            partial(prior_world, reading, 1), asked.sbc_worlds, asked.folder / f"added_sbc_{reading}.npz", until
        )
        for reading in READINGS
    }
    enough = {asked.worlds: studies, asked.sbc_worlds: ranked}
    if all(len(rows) == n for n, found in enough.items() for rows in found.values()):
        write_page(
            "added",
            "What a rank adds to a machine's score, against known truth",
            f"Written by `python -m studies.added` (laplace engine, 400 draws). Worlds of {N_REPS} reps of {N_PER_REP} "
            "judgments, five ranks, a third of which come; ranks go with the score (correlation .6).",
            markdown_table(table(studies)),
            "*adds*: it is said that the rank adds to the score; *hardly*: that it adds hardly anything; *unknown*: "
            "that it cannot be told yet; *reversed*: that better ranks come less at the same score; *of reps*: that "
            "somebody's rank adds nothing or is reversed. *Gain*: mean log score of a judgment left out, with the rank "
            "over without; *worth*: that of the true probabilities given score, rep and rank, in the long run.",
            "## Simulation-based calibration\n\nNine reps of 20 to 200 judgments, five ranks, twelve scores and five "
            "percentages that go with one another; everything that a reading learns is drawn from its priors. Where "
            "the truth stands among 99 draws:",
            *sbc_parts(ranked),
        )


if __name__ == "__main__":
    main()
