"""Kinds of exits: an event after a hand-back counts for the reading, after a disqualification it is told."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.exits import KINDS
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B"], {"A": Promise(0.5, 60), "B": Promise(0.3, 90)})
AS_OF = date(2026, 6, 30)
ROLES = {
    "prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened", "exit_at": "left",
    "exit_kind": "how",
}  # fmt: skip
MEANS = {"マーケに戻す": "handed back", "NG": "disqualified"}
FRAMES: dict[str, Any] = {
    "polars": lambda frame, _: frame,
    "polars, lazy": lambda frame, _: frame.lazy(),
    "polars of categories": lambda frame, _: frame.with_columns(pl.col("how").cast(pl.Categorical)),
    "pandas": lambda frame, _: frame.to_pandas(),
    "pyarrow": lambda frame, _: frame.to_arrow(),
    "DuckDB": lambda frame, _: duckdb.connect().from_arrow(frame.to_arrow()),
    "Parquet": lambda frame, folder: _parquet(frame, folder),
}


def _parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "rows.parquet")
    return folder / "rows.parquet"


def world(n: int = 600) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    judged = np.datetime64("2025-11-01") + rng.integers(0, 240, n).astype("m8[D]")
    opened = judged + rng.integers(0, 120, n).astype("m8[D]")
    left = judged + rng.integers(0, 60, n).astype("m8[D]")
    opened[rng.random(n) < 0.5] = np.datetime64("NaT", "D")
    left[rng.random(n) < 0.4] = np.datetime64("NaT", "D")
    how = [None if np.isnat(day) else rng.choice(["マーケに戻す", "NG", "Other", None]) for day in left]
    return pl.DataFrame({
        "lead": np.arange(n), "owner": rng.choice(["Aoki", "木村"], n), "label": rng.choice(["A", "B"], n),
        "judged": judged, "opened": opened, "left": left, "how": pl.Series(how, dtype=pl.String),
    })  # fmt: skip


def read(frame: Any, **changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": ROLES, "exit_kinds": MEANS} | changed
    return Judgments.from_frame(frame, **choices)


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_reading_the_care_and_the_exits_of_a_loop(kind: str, tmp_path: Path) -> None:
    frame = world()
    judgments = read(FRAMES[kind](frame, tmp_path))
    reading, care, exits = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[Any, ...]]()
    for row in frame.iter_rows(named=True):
        cell, age = (row["owner"], row["label"]), (AS_OF - row["judged"]).days
        event = row["opened"] if row["opened"] and row["opened"] <= AS_OF else None
        leave = row["left"] if row["left"] and row["left"] <= AS_OF else None
        within = bool(event and age >= 90 and (event - row["judged"]).days <= 90)
        first = within and (leave is None or event <= leave)
        care[cell] += first
        reading[cell] += first or (within and row["how"] == "マーケに戻す")
        if leave and not (event and event <= leave):
            kind_of = {"マーケに戻す": "handed back", "NG": "disqualified", "Other": "other"}.get(
                row["how"], "not stated"
            )
            since = (AS_OF - leave).days
            after = (event - leave).days if event else -1
            exits[(*cell, kind_of, (since >= 60) + (since >= 90), after)] += 1
    cells = judgments.binomial_cells(within_days=90)
    own = judgments.binomial_cells(within_days=90, in_our_care=True)
    names = [(rep, rank) for rep in cells.reps for rank in cells.ranks]
    assert cells.events.ravel().tolist() == [reading[name] for name in names]
    assert own.events.ravel().tolist() == [care[name] for name in names]
    assert sum(reading.values()) > sum(care.values()) + 10
    np.testing.assert_array_equal(judgments.duration_counts().binomial_cells(90).events, own.events)
    assert judgments.weekly_counts().events[1].sum() == cells.events.sum()
    found = {tuple(row[:-1]): row[-1] for row in judgments.exits().table.itertuples(index=False, name=None)}
    assert found == exits


def rows(**columns: list[Any]) -> pl.DataFrame:
    """Judged on 5 January, the A of Aoki, unless said otherwise."""
    n = len(next(iter(columns.values())))
    told: dict[str, Any] = {
        "lead": list(range(n)), "owner": ["Aoki"] * n, "label": ["A"] * n, "judged": [date(2026, 1, 5)] * n,
        "opened": [None] * n, "left": [None] * n, "how": [None] * n,
    } | columns  # fmt: skip
    dates = dict.fromkeys(("judged", "opened", "left"), pl.Date)
    return pl.DataFrame(told, schema_overrides={**dates, "how": pl.String})


def test_an_event_after_an_exit_counts_by_its_kind_within_the_horizon_of_the_judgment() -> None:
    left, day60, day61 = date(2026, 2, 4), date(2026, 3, 6), date(2026, 3, 7)
    frame = rows(
        opened=[day60, day61, day60, day60, day60, None],
        left=[left] * 5 + [None],
        how=["handed back", "Handed_Back", "NG", "lost to a rival", None, None],
    )
    judgments = read(frame)
    cells = judgments.binomial_cells(within_days=60)
    assert (cells.n.sum(), cells.events.sum()) == (6, 1)  # the first alone: the second came on day 61
    assert judgments.binomial_cells(within_days=60, in_our_care=True).events.sum() == 0
    assert noted_by_kind(judgments.summary()) == {
        "both": 5,
        "handed_back": 2,
        "disqualified": 1,
        "other_exit": 1,
    }
    exits = judgments.exits()
    assert [exits.n_of(kind) for kind in KINDS] == [2, 1, 1, 0, 1]
    assert exits.n_of(event_after=True) == 5


def test_several_stays_of_one_prospect_are_no_duplicates_and_the_event_counts_for_each_reading() -> None:
    # Handed back on 4 February, judged again by Kimura on the 10th, opportunity on 1 March: both called it rightly.
    frame = rows(
        lead=["P1", "P1"], owner=["Aoki", "Kimura"], judged=[date(2026, 1, 5), date(2026, 2, 10)],
        opened=[date(2026, 3, 1)] * 2, left=[date(2026, 2, 4), None], how=["handed back", None],
    )  # fmt: skip
    judgments = read(frame)
    assert judgments.set_aside.n_rows == 0
    assert judgments.binomial_cells(within_days=60).events.tolist() == [[1, 0], [1, 0]]
    same_rep = read(frame.with_columns(owner=pl.lit("Aoki")))
    assert same_rep.binomial_cells(within_days=60).events.tolist() == [[2, 0]]


def test_a_hand_back_before_the_judgment_is_set_aside_in_every_count() -> None:
    frame = rows(left=[date(2026, 1, 4), date(2026, 1, 6)], how=["NG", "handed back"])
    frame = frame.with_columns(how=pl.lit("handed back"), opened=date(2026, 2, 1))
    judgments = read(frame, problems="set_aside")
    assert judgments.set_aside.by_reason == {"exit before judgment": 1}
    assert judgments.binomial_cells(within_days=60).n.sum() == 1
    assert judgments.exits().n.sum() == 1


def test_numbers_as_labels_and_columns_without_labels_are_read() -> None:
    frame = rows(left=[date(2026, 2, 4)] * 2, opened=[date(2026, 3, 1)] * 2).with_columns(how=pl.Series([1.0, 2.0]))
    judgments = read(frame, exit_kinds={1: "handed back", 2: "other"})
    assert judgments.binomial_cells(within_days=60).events.sum() == 1
    empty = read(frame.with_columns(how=pl.lit(None)))
    assert empty.binomial_cells(within_days=60).events.sum() == 0
    assert empty.exits().n_of("not stated") == 2


def test_labels_of_unknown_kind_are_refused_with_the_way_out() -> None:
    frame = rows(left=[date(2026, 2, 4)] * 3, how=["deal desk", "deal desk", "NG"])
    with pytest.raises(
        InputError, match=r"found 'deal desk' in 2 rows\. Say .* `exit_kinds=\{'deal desk': 'handed back'\}`"
    ):
        read(frame)
    with pytest.raises(InputError, match=r"`exit_kinds` must lead to 'handed back', .*; 'NG': 'gone' does not"):
        read(frame, exit_kinds={"NG": "gone"})
    with pytest.raises(InputError, match="`exit_kinds` must lead from labels to kinds of exits"):
        read(frame, exit_kinds="handed back")
    with pytest.raises(InputError, match="`exit_kind` says how a judgment ended; `exit_at`, when it did, is missing"):
        read(frame, columns={role: column for role, column in ROLES.items() if role != "exit_at"})


def lost(n_lost: int, role: str, n: int = 1500) -> Judgments:
    """Judgments of which a few were lost from sight on day 40, or entered on day 2; without event."""
    judged, day = date(2026, 1, 5), timedelta(days=40 if role == "censored_at" else 2)
    frame = rows(judged=[judged] * n).with_columns(gone=pl.Series([judged + day] * n_lost + [None] * (n - n_lost)))
    return read(frame, columns=ROLES | {role: "gone"})


@pytest.mark.parametrize("role", ["censored_at", "entered_at"])
def test_up_to_two_per_cent_seen_in_part_are_left_out_and_told(role: str) -> None:
    cells = lost(30, role).binomial_cells(within_days=90)
    assert (cells.n.sum(), cells.n_left_out) == (1470, 30)
    noted = "in_part"
    assert noted_by_kind(lost(30, role).summary())[noted] == 30
    with pytest.raises(InputError, match=r"More than 2\s% are too many to leave out"):
        lost(31, role).binomial_cells(within_days=90)


def test_seen_in_part_young_judgments_and_all_followed_are_not_left_out() -> None:
    assert lost(0, "censored_at").binomial_cells(within_days=90).n_left_out == 0
    counts = lost(31, "censored_at").duration_counts(horizons=[30])
    assert counts.binomial_cells(30).n_left_out == 0  # all were followed for 30 days
    assert counts.partly_seen(90) == (31, 1500)


def test_the_table_of_exits_is_typed_without_any_exit() -> None:
    judgments = read(rows(lead=[1]).drop("left", "how"), columns={role: ROLES[role] for role in list(ROLES)[:5]})
    assert judgments.exits().table.empty
    counts = pd.DataFrame({"rep": ["Aoki"], "rank": ["A"], "n": [10], "events": [4]})
    with pytest.raises(InputError, match="`exits` needs rows"):
        Judgments.from_counts(counts, scale=SCALE).exits()
