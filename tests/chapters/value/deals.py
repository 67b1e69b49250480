"""Deals by hand and drawn, as cells and as judgments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import calibra as cb
from calibra.data.counting.deals import DealCells

AS_OF = date(2026, 9, 30)
type Amounts = Mapping[tuple[int, int], np.ndarray[tuple[int], np.dtype[np.float64]]]


def cells_of(amounts: Amounts, *, n_reps: int, n_ranks: int, lost: int = 0) -> DealCells:
    """Cells of wins with these amounts per (rep, rank), and so many lost opportunities in each."""
    shape = (n_reps, n_ranks)
    sums: dict[str, Any] = {
        name: np.zeros(shape) for name in ("amount", "amount2", "log_amount", "log2_amount", "max", "next")
    }
    n = np.zeros(shape, dtype=np.int64)
    for at, values in amounts.items():
        n[at] = len(values)
        logs = np.log(values)
        for name, each in {"amount": values, "amount2": values**2, "log_amount": logs, "log2_amount": logs**2}.items():
            sums[name][at] = each.sum()
        ordered = np.sort(values)
        sums["max"][at] = ordered[-1] if len(ordered) else 0.0
        sums["next"][at] = ordered[-2] if len(ordered) > 1 else 0.0
    zero = np.zeros(shape, dtype=np.int64)
    return DealCells(
        reps=tuple(f"r{i}" for i in range(n_reps)),
        ranks=tuple("ABCDE"[:n_ranks]),
        groups={},
        within_days=90,
        won_within_days=180,
        as_of=AS_OF,
        n=n + lost,
        won=n,
        n_immature=zero,
        n_amounts=n,
        n_zero=zero,
        max_amount=sums.pop("max"),
        next_amount=sums.pop("next"),
        **{f"sum_{name}": values for name, values in sums.items()},
    )


def scale_of(n_ranks: int) -> cb.RankScale:
    """A scale that promises nothing."""
    return cb.RankScale(list("ABCDE"[:n_ranks]))


def maven(folder: Path, **roles: str) -> cb.Judgments:
    """Opportunities of the Maven CRM as judgments of one rank that became opportunities at once; long after the end."""
    rows = pd.read_csv(folder / "maven_crm" / "judgements.csv")
    rows = rows[rows["opportunity_at"].notna()].assign(rank="A")
    rows["judged"] = rows["opportunity_at"]
    columns = {
        "prospect": "prospect_id",
        "rep": "rep",
        "rank": "rank",
        "judged_at": "judged",
        "event_at": "opportunity_at",
        "won_at": "won_at",
        "lost_at": "disqualified_at",
        "amount": "amount",
        "product": "segment",
        **roles,
    }
    return cb.Judgments.from_frame(rows, scale=cb.RankScale(["A"]), as_of="2018-06-30", horizons=[1], columns=columns)


def rand(folder: Path) -> cb.Judgments:
    """Year 2 of RAND: site × plan as reps, coinsurance as ranks, every person an opportunity, spending as amount."""
    rows = pd.read_csv(folder / "rand_hie" / "rand_hie_year2.csv")
    frame = pd.DataFrame({"prospect": range(len(rows))})
    frame["rep"] = rows["site"].astype(str) + "/" + rows["plan"].astype(str)
    frame["rank"] = rows["coins"].astype(str)
    frame["judged_at"] = frame["event_at"] = pd.Timestamp("2025-01-01")
    frame["won_at"] = pd.Series(pd.Timestamp("2025-01-02"), frame.index).where(rows["meddol"] > 0)
    frame["amount"] = rows["meddol"].where(rows["meddol"] > 0)
    scale = cb.RankScale(["0", "25", "50", "95", "100"])
    columns = {name: name for name in frame}
    return cb.Judgments.from_frame(frame, scale=scale, as_of="2026-01-01", horizons=[1], columns=columns)
