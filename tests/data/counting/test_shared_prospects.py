"""Prospects behind which several mature judgments stand are doubted, on every door that names prospects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting import shared_prospects as shared
from calibra.data.counting.doubts import SHARED_PROSPECTS
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=90)})
ROLES = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won"}


def rows(n: int, n_prospects: int, *, young: int = 0) -> pd.DataFrame:
    """Mature judgments of so many prospects in turn, each by another rep; and young ones of the first prospect."""
    at = np.r_[np.arange(n) % n_prospects, np.zeros(young, dtype=int)]
    rep = [f"r{i // n_prospects}" for i in range(n)] + [f"young {i}" for i in range(young)]
    judged = ["2026-01-10"] * n + ["2026-09-01"] * young
    frame = pd.DataFrame({"id": [f"p{i}" for i in at], "owner": rep, "rank": "A", "judged": judged})
    return frame.assign(won=["2026-02-01" if i % 2 and i < n else None for i in range(n + young)])


def read(frame: Any, **more: Any) -> list[Finding]:
    judgments = Judgments.from_frame(frame, scale=SCALE, as_of="2026-09-30", columns=ROLES, **more)
    return [doubt for doubt in judgments.summary().doubts if doubt.key == SHARED_PROSPECTS]


def by_duckdb(frame: pd.DataFrame) -> Any:
    connection = duckdb.connect()
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


@pytest.mark.parametrize("door", [pd.DataFrame, pl.from_pandas, by_duckdb], ids=["pandas", "polars", "duckdb"])
def test_so_many_judgments_of_so_few_prospects_are_doubted(door: Callable[[pd.DataFrame], Any]) -> None:
    (doubt,) = read(door(rows(240, 60)))
    values = doubt.values
    assert (values["n"], values["prospects"], values["each"].number) == (240, 60, 4.0)  # type: ignore[union-attr]
    assert str(doubt).startswith("The 240 judgments with a known outcome are of only 60 prospects, 4.0 of each.")


def test_up_to_a_fifth_more_judgments_than_prospects_are_not() -> None:
    assert read(rows(120, 100)) == []  # 1.2
    assert len(read(rows(121, 100))) == 1


@pytest.mark.parametrize("each", [1.0, 1.15, 1.19, 1.21, 1.3, 2.0])
@pytest.mark.parametrize("engine", ["polars", "DuckDB"])
def test_of_many_rows_the_answer_is_that_of_counting_every_prospect(
    engine: str, each: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "MANY", 1000)
    frame = pl.from_pandas(rows(60_000, round(60_000 / each)))
    given = frame if engine == "polars" else duckdb.connect().from_arrow(frame.to_arrow())
    assert len(read(given)) == (each > 1.2)


@pytest.mark.parametrize("engine", ["polars", "DuckDB"])
def test_a_prospect_that_is_half_of_the_rows_is_seen_though_no_sample_holds_it(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "MANY", 1000)
    frame = pl.from_pandas(rows(20_000, 20_000)).with_columns(
        id=pl.when(pl.int_range(20_000) % 2 == 0).then(pl.lit("?")).otherwise(pl.col("id")),
        owner=pl.format("r{}", pl.int_range(20_000) // 2),
    )
    (doubt,) = read(frame if engine == "polars" else duckdb.connect().from_arrow(frame.to_arrow()))
    assert (doubt.values["n"], doubt.values["prospects"]) == (20_000, 10_001)


def test_young_judgments_and_few_ones_are_not_told() -> None:
    assert read(rows(100, 100, young=80)) == []
    assert read(rows(49, 7)) == []


def test_where_nobody_looks_for_duplicates_prospects_are_not_counted() -> None:
    assert read(rows(240, 60), check_duplicates=False) == []


def test_a_saved_calibration_tells_it_again(tmp_path: Path) -> None:
    judgments = Judgments.from_frame(rows(240, 60), scale=SCALE, as_of="2026-09-30", columns=ROLES)
    made = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=[], progress=False)
    made.save(tmp_path / "team.calibra")
    told = [
        [each for each in of.findings if each.key == SHARED_PROSPECTS]
        for of in (made, cb.load(tmp_path / "team.calibra"))
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 1
