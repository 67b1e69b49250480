"""A simulated log of rank changes, with everything that makes logs hard, as plain arrays."""

from __future__ import annotations

import numpy as np
import polars as pl

FIRST_DAY, DAYS = np.datetime64("2025-01-01T00:00:00"), 540


def history_world(n_changes: int = 200_000, seed: int = 11) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Changes and outcomes: saves that change nothing, cleared ranks, ties, days of several changes, hindsight."""
    rng = np.random.default_rng(seed)
    n_prospects = n_changes // 4
    prospect = rng.integers(0, n_prospects, n_changes)
    born = rng.integers(0, DAYS - 60, n_prospects)
    day = born[prospect] + np.floor(rng.exponential(60, n_changes)).astype(int)
    hour = rng.integers(8, 19, n_changes)  # whole hours, so that moments tie
    at = FIRST_DAY + day.astype("m8[D]") + hour.astype("m8[h]")
    rank = rng.choice(["A", "B", "C", "D", "E", ""], n_changes, p=[0.1, 0.15, 0.25, 0.25, 0.2, 0.05])
    changes = pl.DataFrame(
        {
            "prospect": prospect,
            "rep": rng.integers(0, 40, n_changes).astype(str),
            "rank": rank,
            "changed_at": at.astype("M8[us]"),
        }
    ).with_columns(pl.col("changed_at").cast(pl.Datetime("us")))
    ends = {}
    for name, share in (("event_at", 0.35), ("exit_at", 0.3)):
        end = born + np.floor(rng.exponential(120, n_prospects)).astype(int)
        moment = (FIRST_DAY + end.astype("m8[D]")).astype("M8[D]")
        ends[name] = np.where(rng.random(n_prospects) < share, moment, np.datetime64("NaT", "D"))
    outcomes = pl.DataFrame({"prospect": np.arange(n_prospects), **ends})
    return changes, outcomes.with_columns(pl.col("event_at", "exit_at").cast(pl.Date))
