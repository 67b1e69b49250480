"""Prospects with a stated percentage: scored by what the fit says of it, on every engine, from a file, in SQL."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.data.scoring.stated_rows import STATED_OUTPUTS
from calibra.errors import InputError, NotAnsweredError
from tests.chapters.stated.worlds import team

TODAY = date(2026, 9, 30)
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, 90), "B": cb.Promise(0.3, 180)})
NUMBERS = ("stated_estimate", "stated_lower", "stated_upper")
ROWS: list[tuple[str, str | None, str | None, float | None]] = [
    ("too high", "rep 0", "A", 70.0),
    ("too high, of the other rank", "rep 0", "B", 70.0),
    ("too low", "rep 1", "A", 20.0),
    ("too extreme", "rep 2", "A", 95.0),
    ("between two per cents", "rep 3", "A", 12.5),
    ("between the first two", "rep 2", "A", 1.4),
    ("below the ends", "rep 4", "B", 0.0),
    ("certain", "rep 4", "B", 100.0),
    ("nothing", "rep 4", "A", None),
    ("a rep never seen", "Zoe", "A", 50.0),
    ("no rep", None, "B", 50.0),
    ("no such rank", "rep 0", "S", 50.0),
]
EXACT = [name for name, *_ in ROWS if not name.startswith("between")]


@cache
def calibrated() -> cb.Calibration:
    frame = team()
    columns = {name: name for name in frame}
    judgments = cb.Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=columns)
    return cb.calibrate(judgments, seed=1, engine="laplace", parts=["stated"], progress=False)


def prospects(**more: Any) -> pl.DataFrame:
    kinds = {"key": pl.String, "rep": pl.String, "rank": pl.String, "stated_prob": pl.Float64}
    frame = pl.DataFrame(ROWS, schema=kinds, orient="row")
    return frame.with_columns(judged_at=pl.lit(TODAY - timedelta(days=3)), **more)


def as_text(form: str) -> pl.DataFrame:
    told = ["" if stated is None else form.format(stated) for *_, stated in ROWS]
    return prospects(stated_prob=pl.Series(told))


FRAMES: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda _: prospects().to_pandas(),
    "pandas, text": lambda _: as_text("{}%").to_pandas(),
    "polars": lambda _: prospects(),
    "polars, lazy": lambda _: prospects().lazy(),
    "polars, text of full width": lambda _: as_text("{} ％"),
    "polars, decimals": lambda _: prospects(stated_prob=pl.col("stated_prob").cast(pl.Decimal(9, 3))),
    "pyarrow": lambda _: prospects().to_arrow(),
    "DuckDB": lambda _: duckdb.connect().from_arrow(prospects().to_arrow()),
    "CSV": lambda folder: written(folder),
}


def written(folder: Path) -> Path:
    prospects().write_csv(folder / "open.csv")
    return folder / "open.csv"


def rows_of(found: Any) -> dict[str, dict[str, Any]]:
    """What was added to each prospect, None for whatever means missing."""
    opened: Any = nw.from_native(found)
    rows = (opened.collect(backend="pyarrow") if isinstance(opened, nw.LazyFrame) else opened).rows(named=True)
    by_key = {
        row["key"]: {
            name.removeprefix("score_"): None if value is None or value != value else value
            for name, value in row.items()
            if name.startswith("score_")
        }
        for row in rows
    }
    return {name: by_key[name] for name, *_ in ROWS}


def wanted(name: str, level: float = 0.9) -> list[float] | None:
    """What the fit of the rank's horizon says when this rep states this."""
    (_, rep, rank, stated), *_ = [row for row in ROWS if row[0] == name]
    if stated is None or rank == "S":
        return None
    fit = calibrated().stated[SCALE.promises[rank or ""].within_days]
    row = fit.predict(stated / 100, rep=rep, interval_prob=level).iloc[0]
    return [row["estimate"], row["lower"], row["upper"]]


def assert_as_predicted(rows: dict[str, dict[str, Any]], level: float = 0.9) -> None:
    for name, row in rows.items():
        told, right = [row[number] for number in NUMBERS], wanted(name, level)
        if right is None:
            assert told == [None] * 3, name
        else:
            close = {"rel": 1e-9} if name in EXACT else {"abs": 0.001}
            assert told == pytest.approx(right, **close), name


@pytest.mark.parametrize("frame", FRAMES)
def test_what_a_rep_states_is_scored_as_the_fit_predicts_on_every_local_engine(frame: str, tmp_path: Path) -> None:
    rows = rows_of(calibrated().score(FRAMES[frame](tmp_path), as_of=TODAY))
    assert_as_predicted(rows)
    days = {name: row["stated_within_days"] for name, row in rows.items()}
    assert days == {
        name: None if stated is None or rank == "S" else {"A": 90, "B": 180}[rank or ""]
        for name, _, rank, stated in ROWS
    }
    assert rows["too high"]["stated_upper"] < 0.7 < rows["too low"]["stated_estimate"] + 0.5


def test_between_two_per_cents_numbers_run_near_the_curve() -> None:
    """Every tenth of a per cent of the rep whose line is flattest; the ends are quantiles of a thousand draws."""
    told = np.arange(10, 991) / 1000.0
    frame = pl.DataFrame({"rep": "rep 2", "rank": "A", "judged_at": TODAY, "stated_prob": 100 * told})
    found = calibrated().score(frame, as_of=TODAY)
    right = calibrated().stated[90].predict(told, rep="rep 2")
    near = {"estimate": 1e-4, "lower": 1e-3, "upper": 1e-3}
    for number, (name, most) in zip(NUMBERS, near.items(), strict=True):
        off = np.abs(found[f"score_{number}"].to_numpy() - right[name].to_numpy())
        assert off[::10].max() < 1e-9
        assert 0 < off.max() < most


def test_a_saved_calibration_scores_percentages_alike(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    assert rows_of(loaded.score(prospects(), as_of=TODAY)) == rows_of(calibrated().score(prospects(), as_of=TODAY))
    pd.testing.assert_frame_equal(loaded.stated_table(), calibrated().stated_table())
    narrow = rows_of(loaded.score(prospects(), as_of=TODAY, interval_prob=0.5))
    assert_as_predicted(narrow, level=0.5)


def test_one_horizon_may_be_asked_for() -> None:
    rows = rows_of(calibrated().score(prospects(), as_of=TODAY, within_days=180))
    assert {row["stated_within_days"] for row in rows.values()} == {180, None}
    assert rows["too high"]["stated_estimate"] == rows["too high, of the other rank"]["stated_estimate"]


def test_the_table_says_what_each_rep_means_by_each_per_cent() -> None:
    table = calibrated().stated_table()
    assert list(table.columns) == [
        "rep", "within_days", "stated", "estimate", "lower", "upper", "known_rep", "n",
    ]  # fmt: skip
    assert len(table) == 9 * 2 * 99
    assert table["rep"].iloc[0] == "(a rep never seen)"
    own = table.query("rep == 'rep 0' and within_days == 90")
    assert own["stated"].tolist() == pytest.approx([share / 100 for share in range(1, 100)])
    assert own["n"].unique().tolist() == [calibrated().stated[90].n[0]]


def test_prospects_that_have_ended_have_no_number() -> None:
    frame = prospects(event_at=pl.when(pl.col("key") == "too high").then(pl.lit(TODAY)))
    row = rows_of(calibrated().score(frame, as_of=TODAY))["too high"]
    assert row["note"] == "not open: the event has come"
    assert [row[name] for name in STATED_OUTPUTS] == [None] * 4


def test_all_ones_are_read_as_the_judgments_were_and_shares_are_refused() -> None:
    """The judgments held per cent: a lone 1 is 1 %, and 0.5 may mean 50 % or half a per cent."""
    one = calibrated().score(prospects(stated_prob=pl.lit(1.0)), as_of=TODAY)
    right = calibrated().stated[90].predict(0.01, rep="rep 0")["estimate"].iloc[0]
    assert rows_of(one)["too high"]["stated_estimate"] == pytest.approx(right)
    with pytest.raises(InputError, match=r"`stated_prob` \(column 'stated_prob'\) must be written as in the judgments"):
        calibrated().score(prospects(stated_prob=pl.lit(0.5)), as_of=TODAY)
    with pytest.raises(InputError, match="between 0 and 1 and 6 above 1"):
        calibrated().score(prospects(stated_prob=pl.Series([0.5] * 6 + [50.0] * 6)), as_of=TODAY)


def test_what_is_no_probability_is_left_empty_and_told(caplog: pytest.LogCaptureFixture) -> None:
    told = pl.Series(["70%", "n/a", *[None] * 10])
    with caplog.at_level(logging.WARNING, "calibra"):
        rows = rows_of(calibrated().score(prospects(stated_prob=told), as_of=TODAY))
    assert "1 value of `stated_prob` (column 'stated_prob') can be read as no probability" in caplog.text
    assert rows["too high"]["stated_estimate"] == pytest.approx((wanted("too high") or [])[0])
    assert rows["too high, of the other rank"]["stated_estimate"] is None


def test_a_column_without_a_value_and_no_column_are_no_error() -> None:
    rows = rows_of(calibrated().score(prospects(stated_prob=pl.lit(None)), as_of=TODAY))
    assert {row[name] for row in rows.values() for name in STATED_OUTPUTS} == {None}
    assert rows["too high"]["estimate"] is not None
    found = calibrated().score(prospects().drop("stated_prob"), as_of=TODAY)
    assert not [name for name in found.columns if "stated" in name]
    with pytest.raises(InputError, match="`stated_prob` \\('win'\\) not found among"):
        calibrated().score(prospects(), as_of=TODAY, columns={"stated_prob": "win"})


def test_another_name_of_the_column_may_be_given() -> None:
    frame = prospects().rename({"stated_prob": "win"})
    assert_as_predicted(rows_of(calibrated().score(frame, as_of=TODAY, columns={"stated_prob": "win"})))


def test_a_calibration_without_percentages_has_no_table_and_no_columns() -> None:
    frame = team().drop(columns="stated_prob")
    judgments = cb.Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns={name: name for name in frame})
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=["granularity"], progress=False)
    assert not [name for name in found.score(prospects(), as_of=TODAY).columns if name.startswith("score_stated")]
    with pytest.raises(NotAnsweredError, match="no table of stated percentages"):
        found.stated_table()


@pytest.mark.parametrize("kind", ["per cent", "text"])
def test_sql_of_ones_own_gives_the_rows_of_score(kind: str) -> None:
    leads = prospects() if kind == "per cent" else as_text("{}%")
    leads = leads.with_columns(event_at=pl.lit(None, pl.Date))
    connection = duckdb.connect()
    tables = {"leads": leads, "known": calibrated().calibration_table(), "meant": calibrated().stated_table()}
    for name, table in tables.items():
        connection.register(name, table.to_arrow() if isinstance(table, pl.DataFrame) else table)
    query = calibrated().score_sql(
        dialect="duckdb", as_of=TODAY, prospects="leads", table="known", stated_table="meant"
    )
    found, right = rows_of(connection.sql(query)), rows_of(calibrated().score(leads, as_of=TODAY))
    for name, row in right.items():
        for column, value in row.items():
            assert found[name][column] == (pytest.approx(value) if isinstance(value, float) else value), (name, column)
