"""Files at every door that takes a path: judgments, both tables of a log, readers of exports, scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.history.readers import read_hubspot_history, read_salesforce_history
from calibra.data.scale import RankScale
from calibra.data.scoring.write_rows import write_rows
from calibra.errors import InputError
from tests.calibrated import calibrated

SCALE = RankScale(["A", "B"])
TODAY = "2026-06-30"
HEADER = "id,who,to,at,won,kind,label"
ROW = "\n{},Abe,A,2026-01-05,2026-02-01,A,B"
ROWS = "".join(map(ROW.format, range(50)))
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won"}
LOGGED = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
OUTCOMES = {"prospect": "id", "event_at": "won"}
SALESFORCE = {"prospect": "id", "field": "kind", "old": "label", "rank": "to", "changed_at": "at", "rep": "who"}


def logged(changes: Any, outcomes: Any) -> RankHistory:
    return RankHistory.from_frames(
        changes, outcomes, scale=SCALE, as_of=TODAY, columns=LOGGED, outcome_columns=OUTCOMES
    )


def sound(folder: Path) -> Path:
    path = folder / "sound.csv"
    path.write_text(HEADER + ROWS + "\n", encoding="utf-8")
    return path


DOORS: dict[str, Callable[[Path, Path], Any]] = {
    "judgments": lambda path, folder: Judgments.from_frame(path, scale=SCALE, as_of=TODAY, columns=ROLES),
    "changes": lambda path, folder: logged(path, sound(folder)).judgments(),
    "outcomes": lambda path, folder: logged(sound(folder), path).judgments(),
    "Salesforce": lambda path, folder: read_salesforce_history(
        path, sound(folder), field="A", columns=SALESFORCE,
        record_columns={"prospect": "id", "created_at": "at", "rep": "who", "rank": "to"},
    ),
    "HubSpot": lambda path, folder: read_hubspot_history(
        path, human_sources=["A"], columns=LOGGED | {"source": "kind", "source_id": "label"}
    ),
    "scores": lambda path, folder: write_rows(  # which come lazily
        calibrated().score(path, as_of=TODAY, columns={"rep": "who", "rank": "to", "judged_at": "at"}),
        folder / "scored.parquet",
    ),
}  # fmt: skip
MANY = "".join(map(ROW.format, range(25_000)))
FAULTS: dict[str, tuple[bytes, str]] = {
    "D1 one more column": (
        f"{HEADER}{ROWS}\n{HEADER},team{ROWS.replace(',B', ',B,East')}\n".encode(), "line 52 of .* has 8"
    ),
    "D1 semicolons": (f"{HEADER}{ROWS}{ROWS.replace(',', ';')}\n".encode(), "line 52 of .* has 1"),
    "D2 wider rows": (f"{HEADER}{ROWS.replace('Abe', 'Abe,x')}\n".encode(), "line 2 of .* has 8"),
    "D19 another encoding": (
        f"{HEADER}{MANY}\n".encode() + "阿部,Abe,A,2026-01-05,,A,B\n".encode("cp932"), "line 25002 of .* not UTF-8"
    ),
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_cannot_be_read_whole_is_an_error_at_every_door(fault: str, door: str, tmp_path: Path) -> None:
    content, words = FAULTS[fault]
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        DOORS[door](tmp_path / "rows.csv", tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_stands_twice_is_an_error_at_every_door(door: str, tmp_path: Path) -> None:
    name = "won" if door == "outcomes" else "at"
    frame = pl.read_csv(sound(tmp_path), try_parse_dates=True)
    for ending in ("csv", "parquet"):
        path = tmp_path / f"rows.{ending}"
        table = frame.to_arrow()
        table = table.append_column(name, table[name])
        (pacsv.write_csv if ending == "csv" else pq.write_table)(table, path)
        with pytest.raises(InputError, match=r"'(at|won)' stands 2 times"):
            DOORS[door](path, tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_days_in_two_ways_of_writing_are_an_error_at_every_door(door: str, tmp_path: Path) -> None:
    """W2: types that differ from file to file, which DuckDB reads in the machine's own zone."""
    folder = tmp_path / "parts"
    folder.mkdir()
    name = "won" if door == "outcomes" else "at"
    frame = pl.read_csv(sound(tmp_path), try_parse_dates=True)
    moment = pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") + pl.duration(hours=20)
    frame.write_parquet(folder / "a.parquet")
    frame.with_columns(moment, id=pl.col("id") + 50).write_parquet(folder / "b.parquet")
    with pytest.raises(InputError, match=rf"'{name}' must be of one type in all files; it is DATE in 'a.parquet'"):
        DOORS[door](folder, tmp_path)


def test_a_column_that_is_empty_in_one_file_is_read_in_the_others_of_a_log(tmp_path: Path) -> None:
    """W2: the first file's type was that of all, so that its events were none."""
    folder = tmp_path / "parts"
    folder.mkdir()
    frame = pl.read_csv(sound(tmp_path), try_parse_dates=True)
    frame.head(20).with_columns(won=pl.lit(None)).write_parquet(folder / "a.parquet")
    frame.tail(30).write_parquet(folder / "b.parquet")
    frame.write_parquet(tmp_path / "changes.parquet")
    counts = logged(tmp_path / "changes.parquet", folder).judgments().duration_counts()
    assert counts.n[counts.ending == 1].sum() == 30


def test_rows_that_arrive_in_files_between_two_questions_are_an_error(tmp_path: Path) -> None:
    """W8: a path is read anew for every question."""
    path = sound(tmp_path)
    frame = pl.read_csv(path)
    for name in ("a.csv", "a.parquet", "lazy.parquet"):
        file = tmp_path / name
        (frame.write_csv if name.endswith("csv") else frame.write_parquet)(file)
        given = pl.scan_parquet(file) if name.startswith("lazy") else file
        found = Judgments.from_frame(given, scale=SCALE, as_of=TODAY, columns=ROLES)
        later = pl.concat([frame, frame.with_columns(id=pl.col("id") + 1000)])
        (later.write_csv if name.endswith("csv") else later.write_parquet)(file)
        with pytest.raises(InputError, match=r"50 judgments then, 100 now|could not be counted"):
            found.binomial_cells(within_days=60)
