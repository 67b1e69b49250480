"""Small things at the doors: reserved names, empty exports, the line of a wrong encoding, days that decide nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.history.readers import read_hubspot_history, read_salesforce_history
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = cb.RankScale(["A", "B"])
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "came"}
LOCAL: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
}


# a rep called "(all reps)" -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOCAL)
def test_no_rep_is_called_as_all_reps_are(kind: str) -> None:
    names = ["Abe", "(all reps)"]
    said = r"'\(all reps\)' is what all reps together are called"
    rows = {"id": [1, 2], "who": names, "to": ["A", "B"], "at": ["2026-01-05"] * 2, "came": ["2026-01-09", ""]}
    frame = LOCAL[kind](pl.DataFrame(rows))
    told: dict[str, Any] = {"scale": SCALE, "as_of": "2026-06-30"}
    with pytest.raises(InputError, match=said):
        Judgments.from_frame(frame, columns=ROLES, **told)
    with pytest.raises(InputError, match=said):
        Judgments.from_counts(
            LOCAL[kind](pl.DataFrame({"rep": names, "rank": ["A", "B"], "n": [3, 4], "events": [1, 2]})), scale=SCALE
        )
    cells = {"rep": names, "rank": ["A", "B"], "n": [3, 4], "code": [41, 83]}
    with pytest.raises(InputError, match=said):
        Judgments.from_cells(LOCAL[kind](pl.DataFrame(cells)), **told)
    changes = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
    log = RankHistory.from_frames(
        frame, frame, columns=changes, outcome_columns={"prospect": "id", "event_at": "came"}, **told
    )
    with pytest.raises(InputError, match=said):
        log.judgments()


# empty exports ----------------------------------------------------------------------------------------------------

SALESFORCE = ["OpportunityId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate"]
HUBSPOT = ["objectId", "value", "timestamp", "sourceType", "sourceId", "updatedByUserId"]
EMPTY: dict[str, Callable[[list[str]], Any]] = {
    "pandas": lambda names: pd.DataFrame(columns=names),
    "polars": lambda names: pl.DataFrame({name: [] for name in names}),
    "polars of text": lambda names: pl.DataFrame(schema=dict.fromkeys(names, pl.String)),
    "pyarrow": lambda names: pa.table({name: pa.nulls(0) for name in names}),
    "DuckDB": lambda names: duckdb.connect().from_arrow(pa.table({name: pa.nulls(0, pa.string()) for name in names})),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_export_is_called_so(kind: str) -> None:
    record = {"Id": ["a"], "CreatedDate": ["2026-01-01"], "CreatedById": ["Abe"], "Rank__c": ["A"]}
    records = pl.DataFrame(record)
    records = LOCAL[{"polars of text": "polars"}.get(kind, kind)](records)
    with pytest.raises(InputError, match="The history must hold at least one row; it holds none"):
        read_salesforce_history(EMPTY[kind](SALESFORCE), records, field="Rank__c")
    with pytest.raises(InputError, match="The history must hold at least one row; it holds none"):
        read_hubspot_history(EMPTY[kind](HUBSPOT))


def test_empty_files_of_exports_are_called_so(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(",".join(HUBSPOT) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="The history must hold at least one row; it holds none"):
        read_hubspot_history(path)


# the line of a wrong encoding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wrong.csv", "wrong.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("encoding", "bad"), [("cp932", b"\x81\xad"), ("ascii", b"\xe9"), ("euc_jp", b"\xff")])
@pytest.mark.parametrize("line", [2, 70_000, 70_001])
def test_the_line_that_an_encoding_does_not_read_is_named(
    name: str, end: str, encoding: str, bad: bytes, line: int, tmp_path: Path
) -> None:
    rows = ["id,who,to,at,came", *(f"{i},Abe,A,2026-01-05," for i in range(80_000))]
    lines = [row.encode(encoding) for row in rows]
    lines[line - 1] = b"x," + bad + b",A,2026-01-05,"
    content = end.encode().join(lines)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content, 1) if name.endswith("gz") else content)
    with pytest.raises(InputError, match=rf"does not read it: .*, in line {line} "):
        Judgments.from_frame(path, scale=SCALE, as_of="2026-06-30", columns=ROLES, encoding=encoding)


def test_lines_of_two_bytes_a_character_are_counted(tmp_path: Path) -> None:
    """The characters 上 and ਊ hold the byte of a line's end."""
    text = "id,who,to,at,came\n" + "1,上ਊ,A,2026-01-05,\n" * 500
    path = tmp_path / "wrong.csv"
    path.write_bytes(text.encode("utf-16") + b"\x00\xd8\x41\x00" + "\n1,a,A,2026-01-05,\n".encode("utf-16-le"))
    with pytest.raises(InputError, match=r", in line 502 "):
        Judgments.from_frame(path, scale=SCALE, as_of="2026-06-30", columns=ROLES, encoding="utf-16")


# a day that decides nothing ------------------------------------------------------------------------------

DAYS = {
    "id": [1, 2, 3, 4], "who": ["Abe"] * 4, "to": ["A"] * 4, "at": ["2026-01-05"] * 4,
    "came": ["2026-01-09", "2026-01-09", "someday", ""], "won": ["2026-02-01", "31/1/26", "", ""],
    "hoped": ["", "soon", "", "next year"],
}  # fmt: skip
LOST = "value_lost"


def check_values_alone(frame: Any) -> None:
    """The judgment whose event is no day is set aside; two lose a day that decides nothing, and stay."""
    roles = ROLES | {"won_at": "won", "expected_at": "hoped"}
    told: dict[str, Any] = {"scale": SCALE, "as_of": "2026-06-30"}
    with pytest.raises(InputError, match=r"dates given as text must be days .* in 3 rows"):
        Judgments.from_frame(frame, columns=roles, **told)
    found = Judgments.from_frame(frame, columns=roles, problems="set_aside", **told)
    assert (found.n_judgments, found.set_aside.by_reason) == (3, {"unreadable date": 1})
    assert noted_by_kind(found.summary())[LOST] == 2
    counts = found.duration_counts()
    assert (int(counts.n[counts.ending == 1].sum()), int(counts.n_won.sum())) == (2, 1)
    at_door = {"prospect": "id", "event_at": "came", "won_at": "won"}
    changes = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}
    with pytest.raises(InputError, match=r"dates of outcomes given as text must be days .* in 2 rows"):
        RankHistory.from_frames(frame, frame, columns=changes, outcome_columns=at_door, **told)
    log = RankHistory.from_frames(frame, frame, columns=changes, outcome_columns=at_door, problems="set_aside", **told)
    assert log.set_aside.by_reason == {"unreadable outcome date": 1}
    assert log.judgments().n_judgments == 3
    assert noted_by_kind(log.judgments().summary())[LOST] == 1


@pytest.mark.parametrize("kind", LOCAL)
def test_a_day_that_decides_no_outcome_is_left_out_alone(kind: str) -> None:
    check_values_alone(LOCAL[kind](pl.DataFrame(DAYS)))


def test_in_a_file_too(tmp_path: Path) -> None:
    pl.DataFrame(DAYS).write_csv(tmp_path / "days.csv")
    check_values_alone(tmp_path / "days.csv")
