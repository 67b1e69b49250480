"""What does a joint rating of 8, 15 or 30 prospects show, and does it settle whether it is the bar or the territory?

Meetings: six reps, bars moved by a normal of .35 standard deviations of a reading, two reps' readings correlated .5;
ranks of the usual shares. Differences are of B or better, rep less the mean of all six. Worlds of twelve reps: outcomes
of 300 judgments each, one rep whose prospects look like the others' and become opportunities at e^−.9 of the odds (a
poor territory), or who gives the same prospects better ranks (a low bar). Drawn by code of this study's own.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import calibra as cb
from calibra.checks.recovery.rows import run_worlds
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

NORMAL = NormalDist()
RANKS = ("A", "B", "C", "D", "E")
CUTS = np.array([NORMAL.inv_cdf(1.0 - share) for share in (0.15, 0.35, 0.60, 0.85)])
SIZES, N_REPS, SEVERITY = (8, 15, 30), 6, 0.35
DIFFERENCE, SMALL = 10.0, 2.5
LIKELY = {8: 0.54, 15: 0.80, 30: 0.97}
"""Share of true differences above 10 points whose direction a prototype told."""
TEAM, EACH, SHARED, POOR, LOW = 12, 300, 30, -0.9, 0.8
SCALE = cb.RankScale(list(RANKS))


def rate(rng: np.random.Generator, quality: Floats, moved: Floats) -> NDArray[np.int64]:
    """Ranks of prospects (prospect,) by reps whose bars are moved up, (prospect, rep); half of a reading is error."""
    reading = quality[:, None] + rng.normal(0.0, np.sqrt(0.5), (len(quality), len(moved)))
    return (reading[:, :, None] < CUTS + moved[None, :, None]).sum(axis=2)


def ratings_of(rated: NDArray[np.int64]) -> cb.JointRatings:
    """Ranks (prospect, rep) as ratings."""
    n, reps = rated.shape
    names = (tuple(f"p{i:03d}" for i in range(n)), ("",) * n, tuple(f"rep {i:02d}" for i in range(reps)))
    return cb.JointRatings(*names, RANKS, rated, 0)


def meeting(index: int, *, n: int) -> dict[str, float]:
    """One meeting: what was told of the true differences."""
    rng = np.random.default_rng([index, n])
    moved = rng.normal(0.0, SEVERITY, N_REPS)
    rated = rate(rng, rng.normal(0.0, np.sqrt(0.5), n), moved)
    fit = cb.JointRatingModel().fit(ratings_of(rated), seed=index, draws=1000, progress=False)
    truth = np.array([100.0 * (1.0 - NORMAL.cdf(CUTS[1] + move)) for move in moved])
    shares = 100.0 * fit.share_draws()[:, :, 1]
    draws, true_gap = shares - shares.mean(axis=1, keepdims=True), truth - truth.mean()
    above = (draws > 0).mean(axis=0)
    sure = np.where(true_gap > 0, above, 1.0 - above)
    lower, upper = np.quantile(draws, [0.05, 0.95], axis=0)
    table = fit.leniency().query("rank == 'B'")
    named = table["finding"].isin(["more", "fewer"]).to_numpy()
    right = np.where(table["finding"] == "more", true_gap > 0, true_gap < 0)
    large, small = np.abs(true_gap) > DIFFERENCE, np.abs(true_gap) < SMALL
    return {
        "large": large.sum(),
        "direction": (large & (sure >= 0.9)).sum(),
        "wrong": (sure <= 0.1).sum(),
        "named": named.sum(),
        "named_right": (named & right).sum(),
        "named_small": (named & small).sum(),
        "small": small.sum(),
        "inside": ((lower <= true_gap) & (true_gap <= upper)).sum(),
        "width": (upper - lower).sum(),
        "seconds": fit.diagnostics.wall_seconds,
        "by_nuts": float(fit.diagnostics.engine == "nuts"),
    }


def team_world(index: int, *, kind: str) -> dict[str, float]:
    """Twelve reps with outcomes and a joint rating; what is said of the first, and of the others."""
    rng = np.random.default_rng([index, 99 + ("poor", "low bar").index(kind)])
    moved, shift = np.zeros(TEAM), np.zeros(TEAM)
    if kind == "poor":
        shift[0] = POOR
    else:
        moved[0] = -LOW
    rows = []
    for rep in range(TEAM):
        quality = rng.normal(0.0, np.sqrt(0.5), EACH)
        rank = rate(rng, quality, moved[rep : rep + 1])[:, 0]
        came = rng.random(EACH) < 1.0 / (1.0 + np.exp(-(-1.4 + 1.6 * quality + shift[rep])))
        rows += [(f"rep {rep:02d}", RANKS[k], int((rank == k).sum()), int(came[rank == k].sum())) for k in range(5)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    judgments = cb.Judgments.from_counts(frame[frame["n"] > 0], scale=SCALE)
    joint = ratings_of(rate(rng, rng.normal(0.0, np.sqrt(0.5), SHARED), moved))
    found = cb.calibrate(
        judgments,
        seed=index,
        draws=1000,
        engine="laplace",
        parts=["joint ratings"],
        joint_ratings=joint,
        progress=False,
    )
    said = {(one.rep, one.key.partition(".")[2]) for one in found.findings if one.chapter == "joint_ratings"}
    others = [key for rep, key in said if rep != "rep 00" and rep is not None and "bar" in key]
    own = found.joint_ratings.explained["rep 00"]
    below = own["bar_below"] + own["not_bar_below"]
    return {
        "not_bar": float(("rep 00", "not_bar_below") in said),
        "bar": float(("rep 00", "bar_below") in said),
        "seen": float(below >= 0.9),
        "not_bar_if": float(own["not_bar_below"] >= 0.9 * below),
        "bar_if": float(own["bar_below"] >= 0.9 * below),
        "of_others": float(len(others)),
    }


def meetings_table(n_worlds: int, cache: Path) -> dict[str, list[object]]:
    """A row a size."""
    columns: dict[str, list[object]] = {}
    for n in SIZES:
        rows = run_worlds(partial(meeting, n=n), n_worlds=n_worlds, cache=cache / f"joint_ratings_{n}.npz")
        total = pd.DataFrame(rows).sum()
        row = {
            "shared prospects": n,
            "true differences above 10 points": int(total["large"]),
            "direction told": total["direction"] / total["large"],
            "prototype": LIKELY[n],
            "wrong side": f"{int(total['wrong'])} of {N_REPS * len(rows)}",
            "named": total["named"] / (N_REPS * len(rows)),
            "of the named, right": total["named_right"] / max(total["named"], 1),
            "named, below 2.5 points": f"{int(total['named_small'])} of {int(total['small'])}",
            "intervals hold": total["inside"] / (N_REPS * len(rows)),
            "width, points": total["width"] / (N_REPS * len(rows)),
            "seconds": total["seconds"] / len(rows),
            "turned to nuts": f"{int(total['by_nuts'])} of {len(rows)}",
        }
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def teams_table(n_worlds: int, cache: Path) -> dict[str, list[object]]:
    """A row a kind of world."""
    columns: dict[str, list[object]] = {}
    for kind in ("poor", "low bar"):
        path = cache / f"joint_ratings_{kind.replace(' ', '_')}.npz"
        mean = pd.DataFrame(run_worlds(partial(team_world, kind=kind), n_worlds=n_worlds, cache=path)).mean()
        row = {
            "the first rep has": "a poor territory" if kind == "poor" else "a low bar",
            "outcomes are seen to lie lower": mean["seen"],
            "if they do, 90 % sure: hardly the bar": mean["not_bar_if"],
            "if they do, 90 % sure: the bar": mean["bar_if"],
            "said: hardly the bar": mean["not_bar"],
            "said: the bar": mean["bar"],
            "said of one of the eleven others, a world": mean["of_others"],
        }
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def main(n_meetings: int, n_teams: int, cache: Path) -> None:
    """Run what has not been run, and write the page."""
    cache.mkdir(exist_ok=True)
    words = (__doc__ or "").split("\n\n", 1)[1].replace("\n", " ").strip()
    meetings = meetings_table(n_meetings, cache)
    held = [100.0 * float(str(share)) for share in meetings["intervals hold"]]
    write_page(
        "joint_ratings",
        "What does a joint rating show?",
        words + " `python -m studies.joint_ratings` writes this page.",
        f"Six reps, {n_meetings} meetings a size. *Direction told*: of true differences above 10 points the right side "
        "is at least 90 % sure. *Named*: what the page says, beyond the margin of 1.25 on the odds.",
        markdown_table(meetings),
        "Read with care: with these true bars, which are drawn at one fixed spread and not from the priors, intervals "
        f"of 90 % hold the truth in {min(held):.0f} to {max(held):.0f} % of the reps, and directions are told less "
        "often than the prototype of the method did.",
        f"Twelve reps, {SHARED} shared prospects, {n_teams} worlds a row. A low bar is {LOW} standard deviations of a "
        "reading. What is said is at least 90 % sure, the gap and its reason together.",
        markdown_table(teams_table(n_teams, cache)),
    )


if __name__ == "__main__":
    main(int(os.environ.get("CALIBRA_WORLDS", "150")), int(os.environ.get("CALIBRA_TEAMS", "60")), Path(".study"))
