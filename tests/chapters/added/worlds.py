"""Reps who rank and state percentages beside a machine's score; a generator of the tests' own draws the outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

import calibra as cb
from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.model import AddedModel

SCALE = cb.RankScale(["A", "B", "C"], {rank: cb.Promise(p, 90) for rank, p in zip("ABC", (0.5, 0.3, 0.1), strict=True)})


def team(
    b: float, *, seed: int = 1, n: int = 2400, n_reps: int = 6, stated: float | None = None, reversed_rep: bool = False
) -> pd.DataFrame:
    """Ranks by what a rep sees, which goes with the score (correlation .6) and is worth `b` beyond it.

    `stated`: how much of what is seen percentages hold, beside noise; None states none. `reversed_rep`: the ranks of
    rep 0 speak against the outcome.
    """
    rng = np.random.default_rng(seed)
    rep, x, own = rng.integers(0, n_reps, n), rng.normal(-1.0, 1.0, n), rng.standard_normal(n)
    seen = 0.6 * (x + 1.0) + 0.8 * own
    weight = np.where(reversed_rep & (rep == 0), -b, b)
    prob = 1.0 / (1.0 + np.exp(-(0.8 * x + 0.2 + 0.3 * (rep - 2) / n_reps + weight * own)))
    judged = pd.Timestamp("2026-01-10") + pd.to_timedelta(rng.integers(0, 40, n), unit="D")
    frame = pd.DataFrame({"prospect": range(n), "rep": [f"rep {i}" for i in rep], "judged_at": judged})
    frame["rank"] = np.array(list("CBA"))[np.searchsorted([-0.4, 0.6], seen)]
    frame["event_at"] = (judged + pd.Timedelta(days=20)).where(rng.random(n) < prob)
    frame["machine_prob"] = 1.0 / (1.0 + np.exp(-x))
    if stated is not None:
        said = stated * own + np.sqrt(1.0 - stated**2) * rng.standard_normal(n)
        frame["stated_prob"] = np.array([0.1, 0.3, 0.5, 0.7, 0.9])[np.searchsorted([-1.0, -0.3, 0.3, 1.0], said)]
    return frame


def read(frame: pd.DataFrame, *without: str) -> cb.Judgments:
    columns = {name: name for name in frame if name not in without}
    return cb.Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=columns)


def fitted(frame: pd.DataFrame, *without: str, draws: int = 1000) -> AddedFit:
    return AddedModel(within_days=90).fit(read(frame, *without), seed=1, engine="laplace", draws=draws, progress=False)
