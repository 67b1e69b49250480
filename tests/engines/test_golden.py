"""One golden table of duration counts, from every engine, however days are written down there."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import count_open, open_judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.data.counting.test_judgments import ROLES, TWELVE, row_by_row
from tests.data.frames.worlds import AS_OF, COLUMNS, SCALE, as_polars, world
from tests.engines.frames import ENGINES, KINDS, ZONE

every_engine = pytest.mark.parametrize("engine", ENGINES)


def read(frame: Any, **changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": COLUMNS, "timezone": ZONE} | changed
    return Judgments.from_frame(frame, **choices)


def golden(**changed: Any) -> Judgments:
    return read(as_polars(world()), **changed)


@every_engine
@pytest.mark.parametrize("kind", KINDS)
def test_the_golden_table_of_duration_counts(
    engine: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    columns = world()
    judgments = read(ENGINES[engine](KINDS[kind](columns), tmp_path, request))
    table = judgments.duration_counts(by=["segment"]).table
    keys = ["rep", "rank", "segment", "entry_days", "days", "ending", "maturity"]
    found = dict(zip(table[keys].itertuples(index=False, name=None), table["n"], strict=True))
    assert found == row_by_row(columns, date.fromisoformat(AS_OF), (30, 90))
    expected = golden().duration_counts(by=["segment"]).table
    pd.testing.assert_frame_equal(table, expected, check_exact=False, rtol=1e-12)


@every_engine
def test_counts_by_week(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    judgments, expected = read(ENGINES[engine](as_polars(world()), tmp_path, request)), golden()
    by_segment = judgments.weekly_counts(by=["segment"]).table
    pd.testing.assert_frame_equal(by_segment, expected.weekly_counts(by=["segment"]).table)
    pd.testing.assert_frame_equal(judgments.weekly_endings().table, expected.weekly_endings().table)


@every_engine
def test_the_twelve_judgments_by_hand(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    twelve = pl.read_csv(io.StringIO(TWELVE.strip()), try_parse_dates=True)
    scale = RankScale(["A", "B"], {"A": Promise(0.5, 30)})
    judgments = read(ENGINES[engine](twelve, tmp_path, request), scale=scale, columns=ROLES | {"exit_at": "left"})
    cells = judgments.binomial_cells()  # worked in the comment beside TWELVE
    assert cells.reps == ("Abe", "Ito")
    np.testing.assert_array_equal(cells.n, [[3, 3], [1, 1]])
    np.testing.assert_array_equal(cells.events, [[2, 1], [0, 0]])
    np.testing.assert_array_equal(cells.n_immature, [[2, 0], [1, 0]])


@every_engine
def test_the_summary_and_who_is_still_open(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    judgments, expected = read(ENGINES[engine](as_polars(world()), tmp_path, request)), golden()
    assert str(judgments.summary()) == str(expected.summary())
    pd.testing.assert_frame_equal(judgments.summary().table, expected.summary().table)
    found, known = open_judgments(judgments), open_judgments(expected)
    for name in ("prospect", "rep", "rank", "judged_at", "age_days"):
        np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
    np.testing.assert_array_equal(count_open(judgments).n, count_open(expected).n)


@every_engine
@pytest.mark.parametrize("as_of", ["2026-03-15"])
def test_an_earlier_snapshot_equals_counting_the_table_cut_on_that_day(
    engine: str, as_of: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    known = pl.lit(date.fromisoformat(as_of))
    whole = as_polars(world())
    cut = whole.filter((pl.col("judged") <= known) & (pl.col("entered").is_null() | (pl.col("entered") <= known)))
    cut = cut.with_columns(
        *(pl.when(pl.col(name) <= known).then(pl.col(name)).alias(name) for name in ("opened", "left", "won")),
        pl.when(pl.col("won") <= known).then(pl.col("value")).alias("value"),
    )
    dated = {role: column for role, column in COLUMNS.items() if role != "touches"}
    make = ENGINES[engine]
    back = read(make(whole, tmp_path, request), columns=dated).at(as_of)
    read_late = read(make(whole, tmp_path, request), columns=dated, as_of=as_of)
    expected = read(make(cut, tmp_path, request), columns=dated, as_of=as_of)
    for found in (back, read_late):
        pd.testing.assert_frame_equal(found.duration_counts().table, expected.duration_counts().table)


BAD = {
    "lead": ["P0001", "P0001", "P0002", "P0003", "P0004", "P0005", "P0006"],
    "owner": ["Abe", "Abe", "Abe", "", "Abe", "Ito", "Ito"],
    "label": ["A", "A", "S", "A", "B", "A", "B"],
    "judged": [date(2026, 1, 1)] * 5 + [None, date(2026, 1, 5)],
    "opened": [None, None, None, None, date(2025, 12, 1), None, date(2026, 2, 1)],
}
"""Rows 1 and 2 are one judgment twice; then an unknown rank, no rep, an event too early, no day, and a sound row."""


@every_engine
def test_problems_are_named_alike(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    def refusal(frame: Any) -> str:
        with pytest.raises(InputError, match="The judgments have 5 problems") as refused:
            read(frame, columns=ROLES)
        return str(refused.value)

    assert refusal(ENGINES[engine](pl.DataFrame(BAD), tmp_path, request)) == refusal(pl.DataFrame(BAD))


@every_engine
def test_problems_are_set_aside_alike(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = ENGINES[engine](pl.DataFrame(BAD), tmp_path, request)
    judgments = read(frame, columns=ROLES, problems="set_aside")
    reasons = ("missing rep", "unknown rank", "missing judged_at", "event before judgment", "duplicate judgment")
    assert judgments.set_aside.by_reason == dict.fromkeys(reasons, 1)
    assert judgments.n_judgments == 2
    assert judgments.reps == ("Abe", "Ito")


@every_engine
@pytest.mark.parametrize("written", ["shares", "per cent", "text"])
def test_counts_by_what_was_stated_and_by_prospect(
    engine: str, written: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rng = np.random.default_rng(3)
    n = 900
    judged = np.datetime64("2026-01-01") + rng.integers(0, 180, n).astype("m8[D]")
    won = judged + rng.integers(1, 85, n).astype("m8[D]")
    won[(rng.random(n) < 0.4) | (won > np.datetime64("2026-06-30"))] = np.datetime64("NaT", "D")
    frame = pl.DataFrame({
        "id": [f"p{i}" for i in rng.integers(0, 300, n)], "owner": [f"r{i}" for i in range(n)],
        "rank": rng.choice(["A", "B"], n), "judged": judged, "won": won, "expected": judged + np.timedelta64(60, "D"),
        "stated": rng.choice([0.1, 0.4, 0.7], n), "score": rng.choice([0.05, 0.2, 0.5], n),
    })  # fmt: skip
    frame = frame.with_columns(owner=pl.col("owner").str.slice(0, 2))
    if written == "per cent":
        frame = frame.with_columns((pl.col("stated", "score") * 100).round().cast(pl.Int64))
    if written == "text":
        wide = str.maketrans("0123456789", "０１２３４５６７８９")
        stated, score = ([f"{round(100 * share)}" for share in frame[name]] for name in ("stated", "score"))
        frame = frame.with_columns(
            stated=pl.Series([f"{text.translate(wide)}\u3000％" for text in stated]),
            score=pl.Series([f"\u00a0{text} %" for text in score]),
        )
    roles = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won"}
    roles |= {"stated_prob": "stated", "machine_prob": "score", "expected_at": "expected"}
    scale = RankScale(["A", "B"], {"A": Promise(0.5, 60), "B": Promise(0.3, 90)})

    def asked(frame: Any) -> Judgments:
        return Judgments.from_frame(
            frame, scale=scale, as_of="2026-06-30", columns=roles, problems="set_aside", timezone="UTC"
        )

    found, known = asked(ENGINES[engine](frame, tmp_path, request)), asked(frame)
    assert known.stated_counts().n_young.any()
    pd.testing.assert_frame_equal(found.stated_counts().table, known.stated_counts().table)
    np.testing.assert_allclose(found.stated_counts().reached, known.stated_counts().reached, rtol=1e-12)
    pd.testing.assert_frame_equal(found.signal_counts().table, known.signal_counts().table)
    positions, expected = (each.position_cells([0.5, 1.0, 1.5]) for each in (found, known))
    for name in ("exposure", "events"):
        np.testing.assert_allclose(getattr(positions, name), getattr(expected, name), rtol=1e-12)
    assert found.log_doubts == known.log_doubts
    assert any(doubt.key == "data.shared_prospects" for doubt in known.log_doubts)
