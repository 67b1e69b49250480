"""Rows set aside, one by one: where each stands, why it was left out, and what it holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.cli.main import main
from calibra.data.counting.bad_rows import bad_rows
from calibra.errors import InputError

ROWS = [
    ("1", "Abe", "A", "2026-01-05", "2026-02-01", "north"),
    ("2", "Abe", "Z", "2026-01-06", None, "north"),  # no rank of the scale
    ("3", None, "B", "2026-01-07", None, "south"),  # nobody judged
    ("4", "Ito", "B", "2026-01-08", "2026-01-01", None),  # the event before the judgment
    ("5", "Ito", "C", "soon", None, "north"),  # no day
    ("6", "Ito", "C", "2026-01-09", None, "north"),
    ("6", "Ito", "C", "2026-01-09", None, "north"),  # the same again: one is kept
    ("7", "Abe", "A", "2026-01-09", "2026-03-01", "north"),  # two that contradict each other: none is kept
    ("7", "Abe", "A", "2026-01-09", None, "north"),
    ("8", "Abe", "A", "2026-12-01", None, "north"),  # not yet known: no fault, and not set aside
]
NAMES = ["id", "owner", "rank", "judged", "opened", "region"]
COLUMNS = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "opened"}
COLUMNS |= {"reason": "region"}
EXPECTED = [
    (2, "unknown rank", "2", "Z"),
    (3, "missing rep", "3", "B"),
    (4, "event before judgment", "4", "B"),
    (5, "unreadable date", "5", "C"),
    (7, "duplicate judgment", "6", "C"),
    (8, "duplicate judgment", "7", "A"),
    (9, "duplicate judgment", "7", "A"),
]


def csv(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_csv(folder / "a.csv")
    return folder / "a.csv"


KINDS: dict[str, Callable[[pl.DataFrame, Path], Any]] = {
    "polars": lambda frame, _: frame,
    "pandas": lambda frame, _: frame.to_pandas(),
    "pyarrow": lambda frame, _: frame.to_arrow(),
    "duckdb": lambda frame, _: duckdb.connect().from_arrow(frame.to_arrow()),
    "csv": csv,
}


def read(frame: Any, problems: str = "set_aside") -> cb.Judgments:
    scale = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90)})
    return cb.Judgments.from_frame(frame, scale=scale, as_of="2026-09-30", columns=COLUMNS, problems=problems)


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_listed_with_its_place_and_reason(kind: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS, schema=NAMES, orient="row")
    judgments = read(KINDS[kind](frame, tmp_path))
    found = judgments.set_aside_rows()
    assert list(found.columns) == ["row", "reason", "prospect", "rep", "rank", "judged_at", "event_at"]
    assert [tuple(row) for row in found[["row", "reason", "prospect", "rank"]].itertuples(index=False)] == EXPECTED
    assert len(found) == judgments.set_aside.n_rows
    assert found["reason"].value_counts().to_dict() == judgments.set_aside.by_reason
    assert found["judged_at"].tolist()[3] == "soon"


def test_of_sound_rows_none_is_listed() -> None:
    judgments = read(pl.DataFrame(ROWS[:1], schema=NAMES, orient="row"), problems="raise")
    assert judgments._checked is not None
    assert bad_rows(judgments._checked).empty


def test_numbers_are_those_of_the_file_however_long_it_is(tmp_path: Path) -> None:
    n = 300_000
    frame = pl.DataFrame({
        "id": [str(i) for i in range(n)], "owner": ["Abe"] * n, "rank": ["A"] * n, "judged": ["2026-01-05"] * n,
        "opened": [None] * n, "region": ["x"] * n,
    }).with_columns(rank=pl.when(pl.int_range(n) % 10_007 == 5).then(pl.lit("Z")).otherwise(pl.lit("A")))  # fmt: skip
    found = read(csv(frame, tmp_path)).set_aside_rows()
    assert found["row"].tolist() == [i + 1 for i in range(n) if i % 10_007 == 5]
    assert found["prospect"].tolist() == [str(row - 1) for row in found["row"]]


def test_counts_hold_no_rows() -> None:
    counts = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [3], "events": [1]})
    judgments = cb.Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"]), within_days=90)
    with pytest.raises(InputError, match="`set_aside_rows` needs rows"):
        judgments.set_aside_rows()


def test_check_writes_them_where_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    csv(pl.DataFrame(ROWS, schema=NAMES, orient="row"), tmp_path)
    settings = [
        'as_of = "2026-09-30"', "[columns]", *(f'{role} = "{name}"' for role, name in COLUMNS.items()),
        "[scale]", 'ranks = ["A", "B", "C"]', "[promises.A]", "prob = 0.5", "within_days = 90",
    ]  # fmt: skip
    (tmp_path / "calibra.toml").write_text("\n".join(settings), encoding="utf-8")
    assert main(["check", "a.csv"]) == 2
    assert main(["check", "a.csv", "--set-aside", "bad.csv", "--quiet"]) == 0
    written = pd.read_csv(tmp_path / "bad.csv")
    assert [tuple(row) for row in written[["row", "reason"]].itertuples(index=False)] == [row[:2] for row in EXPECTED]
