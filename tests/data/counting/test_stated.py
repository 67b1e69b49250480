"""Stated probabilities at the door and in the counts: every frame alike, per cent told apart, what is none refused."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.packed_judgments import fingerprint_of
from tests.data.noted import noted_by_kind

AS_OF = date(2026, 6, 30)
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, 60), "B": cb.Promise(0.3, 90)})
ROLES = {
    "prospect": "lead",
    "rep": "owner",
    "rank": "label",
    "judged_at": "judged",
    "event_at": "opened",
    "stated_prob": "win %",
}
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
FRAMES: dict[str, Any] = {
    "polars": lambda frame, _: frame,
    "polars, lazy": lambda frame, _: frame.lazy(),
    "pandas": lambda frame, _: frame.to_pandas(),
    "pyarrow": lambda frame, _: frame.to_arrow(),
    "DuckDB": lambda frame, _: duckdb.connect().from_arrow(frame.to_arrow()),
    "CSV": lambda frame, folder: _csv(frame, folder),
}
WRITTEN: dict[str, Any] = {
    "numbers from 0 to 1": lambda prob: prob,
    "per cent": lambda prob: None if prob is None else 100.0 * prob,
    "whole per cent": lambda prob: None if prob is None else round(100 * prob),
    "text": lambda prob: None if prob is None else f"{round(100 * prob)} %",
    "wide text": lambda prob: None if prob is None else f"{round(100 * prob)}％",
    "text of full width": lambda prob: None if prob is None else f"{round(100 * prob)}".translate(WIDE) + "\u3000％",
    "text with narrow blanks": lambda prob: None if prob is None else f"\u00a0{round(100 * prob)}\u202f%",
    "numbers as text": lambda prob: None if prob is None else f"{prob}",
}


def _csv(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_csv(folder / "rows.csv")
    return folder / "rows.csv"


def world(write: Any = WRITTEN["numbers from 0 to 1"], n: int = 500) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    judged = np.datetime64("2025-11-01") + rng.integers(0, 240, n).astype("m8[D]")
    opened = judged + rng.integers(0, 120, n).astype("m8[D]")
    opened[rng.random(n) < 0.5] = np.datetime64("NaT", "D")
    stated = [write(value) for value in rng.choice([0.0, 0.1, 0.35, 0.5, 0.7, 1.0, None], n)]
    columns = {
        "lead": np.arange(n),
        "owner": rng.choice(["Aoki", "木村"], n),
        "label": rng.choice(["A", "B"], n),
        "judged": judged,
        "opened": opened,
        "win %": stated,
    }
    return pl.DataFrame(columns)


def read(frame: Any, **changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": ROLES} | changed
    return Judgments.from_frame(frame, **choices)


def rows(stated: list[Any]) -> pl.DataFrame:
    n = len(stated)
    columns = {
        "lead": [f"P{i}" for i in range(n)],
        "owner": ["Aoki"] * n,
        "label": ["A"] * n,
        "judged": [date(2026, 1, 5)] * n,
        "opened": pl.Series([date(2026, 2, 5), *[None] * (n - 1)], dtype=pl.Date),
        "win %": stated,
    }
    return pl.DataFrame(columns, strict=False)


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("kind", FRAMES)
def test_every_frame_and_way_of_writing_gives_the_counts_of_a_loop(kind: str, written: str, tmp_path: Path) -> None:
    expected = Counter[tuple[str, int]]()
    mature, events = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for row in world().iter_rows(named=True):
        cell = (row["owner"], -1 if row["win %"] is None else round(1000 * row["win %"]))
        old = (AS_OF - row["judged"]).days >= 60
        expected[cell] += 1
        mature[cell] += old
        events[cell] += bool(old and row["opened"] and (row["opened"] - row["judged"]).days <= 60)
    counts = read(FRAMES[kind](world(WRITTEN[written]), tmp_path)).stated_counts()
    cells = [(counts.reps[rep], value) for rep, value in zip(counts.rep, counts.per_mille.tolist(), strict=True)]
    assert dict(zip(cells, counts.n.tolist(), strict=True)) == expected
    assert dict(zip(cells, counts.n_mature[0].tolist(), strict=True)) == mature
    assert dict(zip(cells, counts.events[0].tolist(), strict=True)) == events
    assert sum(events.values()) > 50


def test_mature_judgments_and_events_are_those_of_the_rank_cells() -> None:
    judgments = read(world())
    for i, days in enumerate((60, 90)):
        cells = judgments.binomial_cells(within_days=days)
        assert judgments.stated_counts().n_mature[i].sum() == cells.n.sum()
        assert judgments.stated_counts().events[i].sum() == cells.events.sum()


def test_cells_hold_what_was_stated_with_its_log_odds_and_the_ends_clipped() -> None:
    cells = read(rows([0.0, 0.0, 0.5, 0.5, 0.5, 0.8, 1.0, None])).stated_counts().cells(60)
    assert cells.n.tolist() == [[2, 3, 1, 1]]
    assert cells.events.tolist() == [[1, 0, 0, 0]]
    np.testing.assert_allclose(cells.stated, [[0.0, 0.5, 0.8, 1.0]])
    np.testing.assert_allclose(cells.log_odds, [[-np.log(99), 0.0, np.log(4), np.log(99)]])
    assert (cells.n_clipped, cells.n_not_stated) == (3, 1)


def test_of_many_values_the_heap_stays_by_itself_and_the_others_are_binned() -> None:
    rng = np.random.default_rng(2)
    stated = [0.5] * 400 + np.round(rng.uniform(0.02, 0.98, 1600), 3).tolist()
    counts = read(rows(stated)).stated_counts()
    cells = counts.cells(60)
    assert len(np.unique(counts.per_mille)) > 500
    assert 50 < cells.n.shape[1] < 202
    assert cells.n.sum() == 2000
    heap = int(np.argmax(cells.n))
    assert cells.n[0, heap] == (np.array(stated) == 0.5).sum()
    assert cells.stated[0, heap] == 0.5
    assert (cells.stated * cells.n).sum() == pytest.approx(np.round(stated, 3).sum())
    assert np.all(np.diff(cells.stated[0]) > 0)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ([0.35, 70.0, 20.0], "found 1 value between 0 and 1 and 2 above 1, so that 0.5 may mean 50 % or half a per"),
        (["70%", "0.7", "30 %"], "found 2 values with a per cent sign and 1 without. Write all as '70%'"),
        (["70%", "high", "130%"], r"it is not, in 2 rows \(prospect P1: 'high'; prospect P2: '130%'\)"),
        ([-0.1, 0.5, 0.7], r"it is not, in 1 row \(prospect P0: -0.1\)"),
        ([20.0, 250.0, 40.0], r"it is not, in 1 row \(prospect P1: 250.0\)"),
        ([True, False, True], r"`stated_prob` \(column 'win %'\) must hold numbers; it holds Boolean"),
    ],
)
def test_what_is_no_probability_or_may_be_two_is_refused_with_how_to_mend_it(stated: list[Any], words: str) -> None:
    with pytest.raises(cb.InputError, match=words):
        read(rows(stated))


def test_a_value_that_is_none_is_left_out_alone_and_noted_where_rows_may_be_set_aside() -> None:
    judgments = read(rows(["70%", "high", "30%"]), problems="set_aside")
    assert judgments.n_judgments == 3
    assert noted_by_kind(judgments.summary())["prob_lost"] == 1
    assert judgments.stated_counts().cells(60).n.tolist() == [[1, 1]]


def test_a_column_without_a_value_is_noted_and_asking_for_it_is_refused() -> None:
    judgments = read(world().with_columns(pl.lit(None, dtype=pl.Float64).alias("win %")))
    assert noted_by_kind(judgments.summary())["no_value"] == 500
    with pytest.raises(cb.NotEnoughDataError, match="states a probability"):
        judgments.stated_counts().cells(60)
    without = {role: column for role, column in ROLES.items() if role != "stated_prob"}
    with pytest.raises(cb.InputError, match="map it as `stated_prob` in `columns`"):
        read(world(), columns=without).stated_counts()


def test_another_statement_is_another_fingerprint() -> None:
    one, other = (fingerprint_of(read(rows(stated))) for stated in ([0.5, 0.7, 0.9], [0.5, 0.7, 0.8]))
    assert one != other


def test_an_earlier_day_knows_what_was_stated_by_then() -> None:
    judgments = read(world()).at("2026-03-31")
    counts, frame = judgments.stated_counts(), world()
    assert counts.n.sum() == frame.filter(pl.col("judged") <= date(2026, 3, 31)).height
    cells = counts.cells(60)
    assert cells.n.sum() == frame.filter(pl.col("judged") <= date(2026, 1, 30)).drop_nulls("win %").height


def test_young_judgments_are_counted_with_the_share_of_their_answers_that_is_in() -> None:
    """Row by row: G of a rank and age is the mean over its week of the share of the events that come by each day."""
    frame = world(n=3000)
    cells = read(frame).stated_counts().cells(90)
    days = {
        name: frame[name].cast(pl.Date).cast(pl.Int64).to_numpy() if name == "judged" else frame[name].cast(pl.Date)
        for name in ("judged", "opened")
    }
    as_of = (AS_OF - date(1970, 1, 1)).days
    age = as_of - days["judged"]
    opened = [None if day is None else (day - date(1970, 1, 1)).days for day in days["opened"].to_list()]
    lag = np.array([np.inf if day is None or day > as_of else day for day in opened]) - days["judged"]
    rank = frame["label"].to_numpy()
    mature = age >= 90
    by_day = np.arange(91)
    came = {label: (lag[mature & (rank == label)][:, None] <= by_day).sum(axis=0) for label in ("A", "B")}
    together = (came["A"] + came["B"]) / (came["A"][-1] + came["B"][-1])
    share = {label: (own + 20.0 * together) / (own[-1] + 20.0) for label, own in came.items()}
    expected: dict[tuple[str, float], list[float]] = {}
    for i in np.flatnonzero(~mature):
        week = age[i] // 7
        reached = share[rank[i]][7 * week : min(7 * week + 7, 90)].mean()
        stated = frame["win %"][int(i)]
        if stated is not None and reached >= 0.1:
            row = expected.setdefault((frame["owner"][int(i)], stated), [0, 0, 0.0])
            row[0] += 1
            row[1] += np.isfinite(lag[i])
            row[2] += reached
    young = cells.young
    assert young is not None
    assert young.n.sum() == sum(row[0] for row in expected.values()) > 500
    at = [0.0, 0.1, 0.35, 0.5, 0.7, 1.0]
    for i, rep in enumerate(cells.reps):
        for k, stated in enumerate(at):
            n, events, reached = expected[rep, stated]
            assert (young.n[i, k], young.events[i, k]) == (n, events)
            assert young.reached[i, k] == pytest.approx(reached / n, rel=1e-12)
    assert (young.slowing < 0).all()  # slower means fewer by an age


def test_few_young_judgments_or_few_events_count_for_nothing() -> None:
    old = world(n=3000).with_columns(judged=pl.lit(date(2025, 11, 1)), opened=pl.lit(date(2025, 12, 1)))
    assert read(old).stated_counts().cells(90).young is None
    assert read(world(n=60)).stated_counts().cells(90).young is None
