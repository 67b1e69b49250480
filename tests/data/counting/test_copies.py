"""The look for copies by one number a row: it overlooks none, whatever the types, and where it errs nothing changes."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from calibra.data.counting import copies
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B"])
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at"}
ENGINES: dict[str, Any] = {
    "polars": lambda frame: frame,
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
    "pandas": lambda frame: frame.to_pandas(),
}
IDS: dict[str, Any] = {
    "whole numbers": pl.Int64, "text": pl.String, "floats": pl.Float64, "decimals": pl.Decimal(18, 2),
    "categories": pl.Categorical,
}  # fmt: skip


def world(n: int, n_copies: int, kind: str) -> pl.DataFrame:
    """Judgments of reps who share prospects and days, some of them twice."""
    i = np.arange(n)
    frame = pl.DataFrame({"id": i // 6, "who": i % 3, "to": ["A"] * n, "day": i // 3 % 2}).with_columns(
        pl.col("who").cast(pl.String), at=pl.date(2026, 1, 1) + pl.duration(days=pl.col("day"))
    )
    frame = frame.with_columns(
        pl.col("id").cast(pl.String).cast(IDS[kind]) if kind == "categories" else pl.col("id").cast(IDS[kind])
    )
    return pl.concat([frame, frame.tail(n_copies)])


def read(frame: Any, **how: Any) -> Judgments:
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=ROLES, **how)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("n_copies", [0, 1, 5])
def test_every_copy_is_seen_whatever_its_type(engine: str, kind: str, n_copies: int) -> None:
    frame = ENGINES[engine](world(600, n_copies, kind))
    if n_copies:
        with pytest.raises(InputError, match=f"duplicate judgment: .* in {n_copies} row"):
            read(frame)
    found = read(frame, problems="set_aside")
    assert (found.n_judgments, found.set_aside.n_rows) == (600, n_copies)


@pytest.mark.parametrize("engine", ["polars", "DuckDB"])
def test_hashes_that_agree_by_chance_and_tables_too_large_for_them_change_nothing(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(copies.np, "sort", np.zeros_like)  # every hash is that of every other
    told.append(read(ENGINES[engine](world(600, 0, "text"))).n_judgments)
    monkeypatch.undo()
    monkeypatch.setattr(copies, "MOST_HASHED", 599)
    told.append(read(ENGINES[engine](world(600, 0, "text"))).n_judgments)
    assert told == [600, 600]
    with pytest.raises(InputError, match=r"duplicate judgment: .* in 2 rows"):
        read(ENGINES[engine](world(600, 2, "text")))
