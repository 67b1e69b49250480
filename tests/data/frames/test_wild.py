"""What public reports on neighbouring tools show: each a small input of its own, counted rightly or refused by name."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import calibra as cb
from calibra.data.counting.doubts import NO_NAME
from calibra.data.counting.judgments import Judgments
from calibra.data.frames.files import read_path
from calibra.errors import InputError
from tests.calibrated import calibrated

SCALE = cb.RankScale(["A", "B"])
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won"}
N = 40


def rows(**changed: Any) -> pl.DataFrame:
    """Forty judgments of 5 January, ten of which have their event on 1 February."""
    columns = {
        "id": range(N), "who": ["Abe", "Ito"] * (N // 2), "to": ["A", "B"] * (N // 2), "at": [date(2026, 1, 5)] * N,
        "won": [date(2026, 2, 1) if i % 4 == 0 else None for i in range(N)],
    }  # fmt: skip
    return pl.DataFrame(columns | changed)


def read(frame: Any, **how: Any) -> Judgments:
    return Judgments.from_frame(frame, **({"scale": SCALE, "as_of": "2026-06-30", "columns": ROLES} | how))


def totals(judgments: Judgments) -> tuple[int, int, list[int]]:
    counts = judgments.duration_counts()
    return judgments.n_judgments, int(counts.n[counts.ending == 1].sum()), sorted(set(counts.days.tolist()))


WANTED = (N, 10, [27, 176])
"""Judgments, events, and the days followed: 5 January to 1 February, and to the end of June."""


# files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 60_000])
def test_lines_that_end_in_two_returns_are_an_error(n: int, tmp_path: Path) -> None:
    """Windows writes them where a program writes its own line ends: a parallel reader gave some rows twice."""
    lines = ["id,who,to,at,won", *(f"{i},Abe,A,2026-01-05," for i in range(n))]
    (tmp_path / "a.csv").write_bytes("\r\r\n".join([*lines, ""]).encode())
    with pytest.raises(InputError, match="must all end alike"):
        read(tmp_path / "a.csv")


def test_files_of_zeros_and_archives_of_several_parts_lose_no_line(tmp_path: Path) -> None:
    text = rows().write_csv().encode()
    (tmp_path / "a.csv").write_bytes(text + b"\0" * 4096)
    with pytest.raises(InputError, match=r"here 5; line 42 of .* has 1"):
        read(tmp_path / "a.csv")
    half = text.index(b"\n", len(text) // 2) + 1
    parts = gzip.compress(text[:half]), gzip.compress(text[half:])
    (tmp_path / "b.csv.gz").write_bytes(b"".join(parts))
    assert totals(read(tmp_path / "b.csv.gz")) == WANTED
    for after in (b"\0" * 512, b"and more"):
        (tmp_path / "c.csv.gz").write_bytes(gzip.compress(text) + after)
        with pytest.raises(InputError, match=r"must be whole and hold nothing after its end|must be a whole file"):
            read(tmp_path / "c.csv.gz")


@pytest.mark.parametrize("line", ['1,"A\\"be",A,2026-01-05,', '1,"A\\",A,2026-01-05,",A,2026-01-05,2026-02-01'])
def test_quotes_escaped_by_a_backslash_are_an_error(line: str, tmp_path: Path) -> None:
    """As Spark and MySQL write them."""
    (tmp_path / "a.csv").write_text(f"id,who,to,at,won\n{line}\n2,Ito,B,2026-01-06,\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"stand around a whole field; line 2 of .*a\.csv'"):
        read(tmp_path / "a.csv")


def delta(folder: Path) -> None:
    (folder / "_delta_log").mkdir()
    (folder / "_delta_log" / "00000000000000000000.json").write_text("{}", encoding="utf-8")


def iceberg(folder: Path) -> None:
    (folder / "metadata").mkdir()
    (folder / "metadata" / "v1.metadata.json").write_text("{}", encoding="utf-8")


def hudi(folder: Path) -> None:
    (folder / ".hoodie").mkdir()


@pytest.mark.parametrize(("mark", "kind"), [(delta, "Delta Lake"), (iceberg, "Iceberg"), (hudi, "Hudi")])
@pytest.mark.parametrize("asked", [".", "*.parquet", "data/*.parquet", "data/month=1/*"])
def test_a_table_that_keeps_files_of_earlier_versions_is_refused(
    mark: Callable[[Path], None], kind: str, asked: str, tmp_path: Path
) -> None:
    """Rows that were deleted or changed lie there still."""
    (tmp_path / "data" / "month=1").mkdir(parents=True)
    for place in ("a.parquet", "data/b.parquet", "data/month=1/c.parquet"):
        rows().write_parquet(tmp_path / place)
    assert len(read_path(tmp_path / asked, "utf-8")) >= N
    mark(tmp_path)
    with pytest.raises(InputError, match=f"is a table of {kind}, which keeps files of earlier versions"):
        read_path(tmp_path / asked, "utf-8")


def test_a_folder_called_metadata_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    rows().write_parquet(tmp_path / "metadata" / "a.parquet")
    assert totals(read(tmp_path)) == WANTED


def test_what_excel_writes_beside_an_open_file_is_no_data(tmp_path: Path) -> None:
    rows().write_csv(tmp_path / "a.csv")
    (tmp_path / "~$a.csv").write_bytes(b"\x03Abe")
    assert totals(read(tmp_path)) == WANTED


def test_moments_as_spark_wrote_them_before_version_3_are_those_of_microseconds(tmp_path: Path) -> None:
    evening = (pl.col("at", "won").cast(pl.Datetime("us")) + pl.duration(hours=20)).dt.replace_time_zone("UTC")
    pq.write_table(
        rows().with_columns(evening).to_arrow(), tmp_path / "a.parquet", use_deprecated_int96_timestamps=True
    )
    assert totals(read(tmp_path / "a.parquet", timezone="UTC")) == WANTED


# names of columns that come twice -----------------------------------------------------------------------------


def twice() -> pa.Table:
    table: pa.Table = rows().to_arrow()
    return table.append_column("won", pa.array([date(2026, 1, 6)] * N))


def test_a_name_that_two_columns_have_is_an_error(tmp_path: Path) -> None:
    """The first was taken without a word."""
    pq.write_table(twice(), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"'won' stands 2 times among the columns of 'a\.parquet'"):
        read(tmp_path / "a.parquet")
    without = {role: column for role, column in ROLES.items() if role != "event_at"}
    assert totals(read(tmp_path / "a.parquet", columns=without))[:2] == (N, 0)  # nobody needs it
    pandas = rows().to_pandas()
    pandas = pd.concat([pandas, pandas[["won"]]], axis=1)
    for frame in (twice(), pandas):
        with pytest.raises(InputError, match="columns of different names; 'won' stands twice"):
            read(frame)
        with pytest.raises(InputError, match="columns of different names; 'won' stands twice"):
            calibrated().score(frame, as_of="2026-06-30", columns={"rep": "who", "rank": "to", "judged_at": "at"})


def test_a_name_within_a_struct_is_another_one(tmp_path: Path) -> None:
    note = pa.array([{"won": 1, "who": "x"}] * N)
    pq.write_table(rows().to_arrow().append_column("note", note), tmp_path / "a.parquet")
    assert totals(read(tmp_path / "a.parquet")) == WANTED


def test_names_that_differ_by_case_alone_are_two_columns() -> None:
    table = rows().to_arrow().append_column("Won", pa.array([date(2026, 1, 6)] * N))
    for frame in (table, table.to_pandas(), pl.DataFrame(table)):
        assert totals(read(frame)) == WANTED
        assert totals(read(frame, columns=ROLES | {"event_at": "Won"})) == (N, N, [1])


# text that stands for none --------------------------------------------------------------------------------


@pytest.mark.parametrize("none", ["NULL", "\\N", "None", "#N/A", "NaN", "(null)", "-"])
def test_a_name_that_is_none_is_doubted(none: str, tmp_path: Path) -> None:
    """What databases and pandas write for a missing name into a file was a rep of that name."""
    rows(who=[none, "Ito"] * (N // 2)).write_csv(tmp_path / "a.csv")
    (doubt,) = [doubt for doubt in read(tmp_path / "a.csv").summary().doubts if doubt.key == NO_NAME]
    assert str(doubt).startswith(f"{none} reads like no name and counts as a rep.")
    assert NO_NAME not in [doubt.key for doubt in read(rows(who=["Null-Abe", "Na"] * (N // 2))).summary().doubts]


@pytest.mark.parametrize("none", ["NULL", "\\N", "infinity", "NaT", "N/A", "not known yet"])
def test_a_word_for_no_day_is_named_and_may_be_read_as_none(none: str, tmp_path: Path) -> None:
    text = rows().with_columns(pl.col("won").cast(pl.String).fill_null(none))
    text.write_csv(tmp_path / "a.csv")
    for frame in (text, text.to_pandas(), text.to_arrow(), tmp_path / "a.csv"):
        with pytest.raises(InputError, match=r"in 30 rows looks like an empty day of `event_at`"):
            read(frame)
        assert totals(read(frame, no_day=[none])) == WANTED


@pytest.mark.parametrize("no_day", ["1.1.1900", "", " ", "2026-1-1"])
def test_what_is_neither_a_day_nor_a_word_stands_for_none_nowhere(no_day: str) -> None:
    with pytest.raises(InputError, match="`no_day` must hold days written as '1900-01-01', or words"):
        read(rows(), no_day=[no_day])


@pytest.mark.parametrize(
    "written", ["2026-02-01 08:15:00 UTC", "2026-02-01 08:15:00.000 +0900", "2026-02-01T08:15:00z"]
)
def test_an_offset_that_stands_apart_is_named_in_the_refusal(written: str) -> None:
    """As BigQuery and Snowflake write moments into files."""
    text = rows().with_columns(won=pl.when(pl.col("won").is_not_null()).then(pl.lit(written)))
    with pytest.raises(InputError, match=r"must be days that exist.*in 10 rows.*behind the time without a blank"):
        read(text)
