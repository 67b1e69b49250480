"""Reps who contact prospects, with a generator of the tests' own: every contact is drawn by itself.

A prospect is live or dead; a live one comes at a contact with a chance of its own. Reps sense, in part, which are dead,
and stop there sooner (private signals); some prospects call in by themselves (reverse causation); gifts do nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

import calibra as cb

type Floats = NDArray[np.float64]

AS_OF = pd.Timestamp("2026-06-30")
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, 90), "B": cb.Promise(0.3, 90)})
MOST = 60


def draw_team(
    rng: np.random.Generator,
    *,
    n_reps: int,
    each: int,
    found: Floats | None = None,
    quits: Floats | None = None,
    signal: float = 0.0,
    share_open: float = 0.2,
    live: tuple[float, float] = (0.6, 0.3),
) -> pd.DataFrame:
    """Judgments with their number of contacts.

    `found` multiplies the chance that a contact of the rep finds a live prospect, `quits` the odds of stopping after a
    contact without an event; with a `signal` these odds are higher by its exponential at dead prospects.
    """
    rep = np.repeat(np.arange(n_reps), each)
    n = rep.size
    rank = rng.integers(0, 2, n)
    is_live = rng.random(n) < np.array(live)[rank]
    chance = 0.2 * (np.ones(n_reps) if found is None else found)[rep]
    odds = 0.2 * (np.ones(n_reps) if quits is None else quits)[rep] * np.exp(signal * np.where(is_live, -0.5, 0.5))
    seen_for = np.where(rng.random(n) < share_open, rng.integers(0, 12, n), MOST)
    contacts, ending = np.zeros(n, dtype=int), np.full(n, "open", dtype=object)
    for _ in range(MOST):
        going = (ending == "open") & (contacts < seen_for)
        contacts += going
        came = going & is_live & (rng.random(n) < chance)
        stopped = going & ~came & (rng.random(n) < odds / (1.0 + odds))
        ending[came], ending[stopped] = "event", "exit"
    judged = AS_OF - pd.to_timedelta(rng.integers(120, 600, n), unit="D")
    end = judged + pd.to_timedelta(np.minimum(2 * contacts, 115), unit="D")
    frame = pd.DataFrame({"prospect": range(n), "rep": [f"rep {i:02d}" for i in rep]})
    frame["rank"], frame["judged_at"], frame["touches"] = np.array(["A", "B"])[rank], judged, contacts
    frame["event_at"] = pd.Series(end).where(ending == "event")
    frame["exit_at"] = pd.Series(end).where(ending == "exit")
    return frame


def read(frame: object, **settings: object) -> cb.Judgments:
    """Judgments of a frame whose columns are called by their roles."""
    names = frame.collect_schema().names() if isinstance(frame, pl.LazyFrame) else _names(frame)
    return cb.Judgments.from_frame(
        frame,
        scale=SCALE,
        as_of=AS_OF.date(),
        columns={name: name for name in names},
        **settings,  # type: ignore[arg-type]
    )


def _names(frame: object) -> list[str]:
    return list(getattr(frame, "column_names", None) or frame.columns)  # type: ignore[attr-defined]
