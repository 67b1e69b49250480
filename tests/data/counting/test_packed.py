"""The earliest end of a judgment, of all kinds of ends, on engines that find it in different ways."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments

AS_OF = date(2026, 3, 31)
ENDS = {"event_at": 1, "exit_at": 2, "censored_at": 3, "reranked_at": 3}
"""Role of an end to how the judgment ends by it; by the earliest, on one day by the first of these."""


def drawn(seed: int) -> pl.DataFrame:
    """Judgments whose ends often fall on one day, on the snapshot, after it, or are missing."""
    rng = np.random.default_rng(seed)
    n = 600
    judged = [AS_OF - timedelta(int(day)) for day in rng.integers(-2, 9, n)]
    columns: dict[str, Any] = {"id": range(n), "rep": ["Abe"] * n, "rank": ["A"] * n, "judged": judged}
    for role in ENDS:
        ends = [day + timedelta(int(rng.integers(0, 6))) for day in judged]
        columns[role] = [end if rng.random() < 0.6 else None for end in ends]
    return pl.DataFrame(columns)


def by_hand(frame: pl.DataFrame) -> Counter[tuple[int, int]]:
    """Days and ending to number, row by row."""
    found: Counter[tuple[int, int]] = Counter()
    for row in frame.iter_rows(named=True):
        if row["judged"] <= AS_OF:
            ends = [(row[role], ending) for role, ending in ENDS.items() if row[role] is not None]
            day, ending = min([*ends, (AS_OF, 3)])
            found[(day - row["judged"]).days, ending] += 1
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("engine", ["DuckDB", "polars"])
def test_a_judgment_ends_by_its_earliest_end_whatever_finds_it(engine: str, seed: int) -> None:
    frame = drawn(seed)
    judgments = Judgments.from_frame(
        duckdb.connect().from_arrow(frame.to_arrow()) if engine == "DuckDB" else frame,
        scale=cb.RankScale(["A"]),
        as_of=AS_OF,
        columns={"prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged"} | {role: role for role in ENDS},
    )
    table = judgments.duration_counts().table
    found = dict(zip(table[["days", "ending"]].itertuples(index=False, name=None), table["n"], strict=True))
    assert found == by_hand(frame)
    assert {ending for _, ending in found} == {1, 2, 3}
