"""Reps who state dates, with a generator of the tests' own: every prospect is drawn by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

import calibra as cb

type Floats = NDArray[np.float64]

AS_OF = pd.Timestamp("2026-06-30")
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, 90), "B": cb.Promise(0.3, 90)})
EVENT, EXIT = 0, 1


def draw_team(
    rng: np.random.Generator,
    *,
    n_reps: int,
    each: int,
    factor: Floats | None = None,
    level: Floats | None = None,
    longest_days: int = 700,
) -> pd.DataFrame:
    """Judgments whose event comes at a log-normal multiple of the stated days, if it comes before an exit.

    `factor` multiplies the days of a rep's events, `level` the odds that an event comes at all.
    """
    rep = np.repeat(np.arange(n_reps), each)
    n = rep.size
    slow = np.ones(n_reps) if factor is None else factor
    lift = np.ones(n_reps) if level is None else level
    rank = rng.integers(0, 2, n)
    stated = np.maximum(np.rint(np.exp(rng.normal(np.log(60), 0.6, n))), 2).astype(int)
    odds = np.array([1.2, 0.4])[rank] * lift[rep]
    comes = rng.random(n) < odds / (1 + odds)
    event = np.where(comes, np.rint(stated * slow[rep] * np.exp(rng.normal(0.1, 0.5, n))), 10**6)
    leaves = np.rint(stated * rng.exponential(2.5, n))
    age = rng.integers(1, longest_days, n)
    judged = AS_OF - pd.to_timedelta(age, unit="D")
    is_event, is_exit = (event <= leaves) & (event <= age), (leaves < event) & (leaves <= age)
    frame = pd.DataFrame({"prospect": range(n), "rep": [f"rep {i:02d}" for i in rep]})
    frame["rank"], frame["judged_at"] = np.array(["A", "B"])[rank], judged
    frame["expected_at"] = judged + pd.to_timedelta(stated, unit="D")
    frame["event_at"] = (judged + pd.to_timedelta(np.where(is_event, event, 0), unit="D")).where(is_event)
    frame["exit_at"] = (judged + pd.to_timedelta(np.where(is_exit, leaves, 0), unit="D")).where(is_exit)
    return frame


def read(frame: object, **settings: object) -> cb.Judgments:
    names = frame.collect_schema().names() if isinstance(frame, pl.LazyFrame) else list(frame.columns)  # type: ignore[attr-defined]
    return cb.Judgments.from_frame(
        frame,
        scale=SCALE,
        as_of=AS_OF.date(),
        columns={name: name for name in names},
        **settings,  # type: ignore[arg-type]
    )
