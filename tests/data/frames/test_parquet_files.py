"""Parquet files: schemas compared file by file, empty columns widened, keys read off folders."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.frames.files import read_path
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.5, within_days=90)})
ROLES = {
    "prospect": "i", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won", "exit_at": "out",
}  # fmt: skip
ROWS = """
SELECT i, 'rep' || i % 5 AS rep, ['A', 'B', 'C'][1 + i % 3] AS rank, DATE '2025-01-01' + (i % 300)::INT AS judged,
    CASE WHEN i % 4 = 0 THEN judged + (i % 80)::INT END AS won,
    CASE WHEN i % 7 = 1 THEN judged + (i % 150)::INT END AS out
FROM range(1, 3001) AS t(i)
"""
"""Truth, counted by hand in SQL: 729 events within 90 days; endings 737, 142 and 2,121 without the earlier exits."""


def endings(path: Path, **choices: str) -> list[int]:
    found = Judgments.from_frame(path, scale=SCALE, as_of="2026-01-31", columns=ROLES, **choices)
    counts = found.duration_counts()
    return [int(counts.n[counts.ending == ending].sum()) for ending in (1, 2, 3)]


def by_hand(rows: str) -> list[int]:
    """Endings by plain SQL: the earlier counts, ties to the event."""
    known = "(CASE WHEN {0} <= DATE '2026-01-31' THEN {0} END)"
    won, out = known.format("won"), known.format("out")
    ending = f"CASE WHEN {won} <= coalesce({out}, {won}) THEN 1 WHEN {out} IS NOT NULL THEN 2 ELSE 3 END"
    found = dict(duckdb.sql(f"SELECT {ending}, count(*) FROM ({rows}) GROUP BY 1").fetchall())
    return [found.get(code, 0) for code in (1, 2, 3)]


def split(folder: Path, *, empty: str, writer: str) -> None:
    """The rows in two files by the day of the judgment, one column of the older without a value."""
    frame = duckdb.sql(ROWS).df()
    old, new = (frame[frame.judged < "2025-06-01"].copy(), frame[frame.judged >= "2025-06-01"])
    if writer == "pandas":
        old[empty] = None
    elif writer == "typed null":
        old[empty] = pd.Series([None] * len(old), dtype="Int32").to_numpy(dtype=object, na_value=None)
        old[empty] = old[empty].astype("Int32")
    else:
        old[empty] = pd.NaT
    old.to_parquet(folder / "p1.parquet")
    new.to_parquet(folder / "p2.parquet")


@pytest.mark.parametrize("writer", ["pandas", "typed null", "NaT"])
@pytest.mark.parametrize("empty", ["out", "won"])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_column_that_is_empty_in_one_file_is_read_in_the_others(
    tmp_path: Path, empty: str, writer: str, reverse: bool
) -> None:
    split(tmp_path, empty=empty, writer=writer)
    if reverse:
        (tmp_path / "p1.parquet").rename(tmp_path / "z.parquet")
    kept = f"CASE WHEN judged >= '2025-06-01' THEN {empty} END AS {empty}"
    assert endings(tmp_path / "*.parquet") == by_hand(f"SELECT * REPLACE ({kept}) FROM ({ROWS})")


def test_the_values_named_for_exits_and_events(tmp_path: Path) -> None:
    split(tmp_path, empty="out", writer="pandas")
    assert endings(tmp_path)[1] == 142
    split(tmp_path, empty="won", writer="pandas")
    found = Judgments.from_frame(tmp_path, scale=SCALE, as_of="2026-01-31", columns=ROLES)
    assert int(found.binomial_cells(within_days=90).events.sum()) == 357


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("one", "other"), [
    ("DATE", "TIMESTAMP WITH TIME ZONE"), ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), ("VARCHAR", "DATE"),
    ("INTEGER", "DATE"),
])  # fmt: skip
def test_unlike_types_are_refused_with_both_files(tmp_path: Path, one: str, other: str, reverse: bool) -> None:
    names = ("b", "a") if reverse else ("a", "b")
    value = "7" if one == "INTEGER" else "DATE '2025-02-01'"
    duckdb.sql(f"SELECT 1 AS i, {value}::{one} AS won").write_parquet(str(tmp_path / f"{names[0]}.parquet"))
    moment = "TIMESTAMPTZ '2025-02-01 20:00:00+00'" if "ZONE" in other else "DATE '2025-02-01'"
    duckdb.sql(f"SELECT 2 AS i, ({moment})::{other} AS won").write_parquet(str(tmp_path / f"{names[1]}.parquet"))
    with pytest.raises(
        InputError, match=r"'won' must be of one type in all files; it is .* in 'a\.parquet' and .* in 'b\.parquet'"
    ):
        read_path(tmp_path, "utf-8", wanted=["won"])
    assert read_path(tmp_path, "utf-8", wanted=["i"]).columns == ["i"]


def test_ids_that_are_numbers_and_then_text_are_refused_either_way(tmp_path: Path) -> None:
    duckdb.sql("SELECT 151 AS i").write_parquet(str(tmp_path / "a.parquet"))
    duckdb.sql("SELECT 'Z151' AS i").write_parquet(str(tmp_path / "b.parquet"))
    with pytest.raises(InputError, match=r"INTEGER in 'a\.parquet' and VARCHAR in 'b\.parquet'"):
        read_path(tmp_path, "utf-8")


def test_numbers_days_and_moments_of_other_widths_go_together(tmp_path: Path) -> None:
    pl.DataFrame(
        {"i": [1], "won": [pd.Timestamp(2025, 2, 1, 9).to_pydatetime()]},
        schema={"i": pl.Int32, "won": pl.Datetime("ns")},
    ).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"i": [2.0], "won": [date(2025, 2, 2)]}).write_parquet(tmp_path / "b.parquet")
    rows = read_path(tmp_path, "utf-8").order("i").fetchall()
    assert [(row[0], row[1].day) for row in rows] == [(1, 1), (2, 2)]


def test_moments_are_read_in_the_zone_given_and_not_the_machines(tmp_path: Path) -> None:
    frame = pd.DataFrame({
        "i": [1], "rep": ["Abe"], "rank": ["A"], "judged": [datetime(2025, 2, 1, 20, tzinfo=UTC)],
        "won": [datetime(2025, 2, 2, 1, tzinfo=UTC)],
    })  # fmt: skip
    frame.to_parquet(tmp_path / "a.parquet")
    frame.assign(i=2).to_parquet(tmp_path / "b.parquet")
    days, roles = {}, {role: column for role, column in ROLES.items() if role != "exit_at"}
    for zone in ("UTC", "Asia/Tokyo"):
        found = Judgments.from_frame(tmp_path, scale=SCALE, as_of="2025-06-30", columns=roles, timezone=zone)
        days[zone] = found.duration_counts().days.tolist()
    assert days == {"UTC": [1], "Asia/Tokyo": [0]}


def test_a_column_that_a_file_lacks_is_told_with_the_file(tmp_path: Path) -> None:
    duckdb.sql("SELECT 1 AS i").write_parquet(str(tmp_path / "a.parquet"))
    duckdb.sql("SELECT 2 AS i, DATE '2025-01-01' AS won").write_parquet(str(tmp_path / "b.parquet"))
    with pytest.raises(InputError, match=r"'won' must be in every file; it is missing in 'a\.parquet', 1 of 2 files"):
        read_path(tmp_path, "utf-8", wanted=["won"])


def test_keys_are_read_off_the_folders(tmp_path: Path) -> None:
    for rank in ("A", "B%2F1", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / "year=2025" / f"rank={rank}"
        folder.mkdir(parents=True)
        duckdb.sql("SELECT 1 AS i").write_parquet(str(folder / "x.parquet"))
        (folder / "_SUCCESS").touch()
    relation = read_path(tmp_path, "utf-8")
    assert relation.columns == ["i", "year", "rank"]
    assert sorted(row[1:] for row in relation.fetchall() if row[2]) == [("2025", "A"), ("2025", "B/1")]
    assert len(read_path(tmp_path / "year=2025" / "*" / "*", "utf-8")) == 3


def test_a_key_that_the_file_holds_too_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rank=A").mkdir()
    duckdb.sql("SELECT 1 AS i, 'B' AS rank").write_parquet(str(tmp_path / "rank=A" / "x.parquet"))
    with pytest.raises(InputError, match="'rank' must come from the file or from its folder"):
        read_path(tmp_path, "utf-8")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_key_that_two_folders_of_a_path_give_is_refused(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "rank=A" / "rank=B"
    folder.mkdir(parents=True)
    rows = pl.DataFrame({"i": [1, 2], "rep": ["Abe", "Ito"]})
    (rows.write_csv if ending == "csv" else rows.write_parquet)(folder / f"x.{ending}")
    with pytest.raises(InputError, match=r"'rank' stands 2 times in .*Rename all but one"):
        read_path(tmp_path, "utf-8")


def test_a_file_that_was_broken_off_is_named(tmp_path: Path) -> None:
    for name in ("whole", "broken"):
        duckdb.sql("SELECT * FROM range(1000) AS t(i)").write_parquet(str(tmp_path / f"{name}.parquet"))
    written = (tmp_path / "broken.parquet").read_bytes()
    (tmp_path / "broken.parquet").write_bytes(written[: len(written) // 2])
    with pytest.raises(InputError, match=r"broken\.parquet' is broken off or damaged. Write it again"):
        read_path(tmp_path, "utf-8")


@pytest.mark.parametrize("how", ["missing", "type", "broken"])
def test_drift_in_a_polars_scan_is_told_in_words(tmp_path: Path, how: str) -> None:
    pl.DataFrame({"i": [1], "rep": ["Abe"]}).write_parquet(tmp_path / "a.parquet")
    if how == "broken":
        (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing PAR1")
    else:
        pl.DataFrame({"i": [1]} if how == "missing" else {"i": ["x"], "rep": ["Abe"]}).write_parquet(
            tmp_path / "b.parquet"
        )
    scan = pl.scan_parquet(tmp_path / "*.parquet")
    with pytest.raises(InputError):
        Judgments.from_frame(
            scan.with_columns(rank=pl.lit("A"), judged=pl.date(2025, 1, 1)), scale=SCALE, as_of="2025-06-30",
            columns={"prospect": "i", "rep": "rep", "rank": "rank", "judged_at": "judged"},
        )  # fmt: skip
