"""What fuzzing found, each mended and kept under its own name."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from calibra.calibration import load
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B"])
ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged"}
DAY = date(2026, 1, 10)


def table(**changed: list[Any]) -> dict[str, list[Any]]:
    """Two sound judgments; columns may be changed or added."""
    return {"lead": ["p1", "p2"], "owner": ["Abe", "Ito"], "label": ["A", "B"], "judged": [DAY, DAY]} | changed


def read(frame: Any, columns: dict[str, str] | None = None, **choices: Any) -> Judgments:
    settings: dict[str, Any] = {"scale": SCALE, "as_of": "2026-06-30", "columns": ROLES | (columns or {})} | choices
    return Judgments.from_frame(frame, **settings)


def test_a_missing_prospect_among_bytes_does_not_break_the_examples() -> None:
    relation = duckdb.connect().from_arrow(
        pa.table(
            table(lead=["p", None, "q"], owner=["Abe", "Ito", "Abe"], label=[None, None, "A"], judged=[DAY, DAY, DAY])
        )
    )
    with pytest.raises(InputError, match=r"found no rank in 2 rows \(prospect 'p' no rank; prospect unknown no rank\)"):
        read(relation)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1900, 12, 31)])
@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table])
def test_a_day_that_stands_for_a_missing_one_is_named_and_not_counted(day: date, make: Any) -> None:
    with pytest.raises(InputError, match=r"`judged_at` must not lie before the year 1901; it does, in 1 row \(prospec"):
        read(make(table(judged=[day, DAY])))
    kept = read(make(table(judged=[day, DAY])), problems="set_aside")
    assert (kept.n_judgments, kept.set_aside.by_reason) == (1, {"judged before 1901": 1})


def test_the_first_day_that_can_be_counted_is_counted_to_the_day() -> None:
    counts = read(pl.DataFrame(table(judged=[date(1901, 1, 1), DAY]))).duration_counts()
    assert counts.first_judged_at == date(1901, 1, 1)
    assert counts.days.max() == (date(2026, 6, 30) - date(1901, 1, 1)).days


def test_a_column_of_mixed_types_that_duckdb_refuses_is_read_as_text_or_named() -> None:
    mixed = pd.DataFrame(table(judged=[DAY, DAY])).convert_dtypes(dtype_backend="pyarrow")
    mixed["owner"] = pd.Series([1, DAY], dtype=object)
    assert read(mixed).reps == ("1", str(DAY))
    mixed["owner"] = pd.Series([1, ["Abe"]], dtype=object)
    with pytest.raises(
        InputError, match=r"`rep` \(column 'owner'\) must hold values of one plain type; it holds int, list"
    ):
        read(mixed)


def test_a_grouping_of_a_wrong_type_is_named_as_the_user_named_it() -> None:
    frame = pd.DataFrame(table(size=[["a"], ["b"]]))
    with pytest.raises(InputError, match=r"`segment` \(column 'size'\) must hold text or whole numbers; it holds List"):
        read(frame, {"segment": "size"})


@pytest.mark.parametrize(
    ("labels", "shown"),
    [([True, False], "True"), ([1e300, 2.5], r"1e\+300"), ([7, 9], "7"), (["\u3000", "B"], r"\\u3000")],
)
@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_rows_of_unknown_ranks_are_shown_whatever_their_type(labels: list[Any], shown: str, make: Any) -> None:
    with pytest.raises(InputError, match=rf"in [12] rows? \(prospect 'p1' '?{shown}"):
        read(make(table(label=labels)))


def test_a_sum_of_absurd_touches_is_refused_and_does_not_overflow() -> None:
    frame = pd.DataFrame(table(calls=[2.0**63, None]))
    with pytest.raises(
        InputError, match=r"`touches` must be a whole number from 0 to 2,000,000,000; it is not, in 1 row"
    ):
        read(frame, {"touches": "calls"})


def test_prospects_that_are_objects_are_refused_by_name_beside_other_problems() -> None:
    frame = pl.DataFrame(table(lead=[object(), len], owner=[None, "Ito"]), strict=False)
    with pytest.raises(
        InputError, match=r"`prospect` \(column 'lead'\) must hold text or whole numbers; it holds Object"
    ):
        read(frame)


def test_prospects_may_be_lists_nowhere_but_the_refusal_says_so() -> None:
    days = [DAY, DAY + timedelta(days=1)]
    frame = pa.table(table(lead=[[1], [2]], judged=days, label=["A", "S"]))
    with pytest.raises(
        InputError, match=r"`prospect` \(column 'lead'\) must hold text or whole numbers; it holds List"
    ):
        read(frame)
    assert np.all(read(pa.table(table(judged=days))).duration_counts().n == 1)


def test_a_scale_of_nothing_listed_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="`ranks` must be a list of labels, best first; got None"):
        RankScale(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "value", "words"),
    [
        ("horizons", None, r"`horizons` must be a list of whole days, such as \[30, 180\]; got None"),
        ("horizons", "30", r"`horizons` must be a list of whole days, such as \[30, 180\]; got '30'"),
        ("rank_labels", [("a", "A")], "`rank_labels` must lead from labels to ranks"),
        ("columns", ROLES | {"segment": None}, "`columns` must lead from roles to names of columns, all of them text"),
        ("columns", ROLES | {None: "lead"}, "`columns` must lead from roles to names of columns, all of them text"),
        ("columns", None, "`columns` must lead from roles to names of columns, all of them text; got None"),
    ],
)
def test_choices_of_a_wrong_type_are_refused_in_words(choice: str, value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Judgments.from_frame(
            pl.DataFrame(table()), **{"scale": SCALE, "as_of": "2026-06-30", "columns": ROLES} | {choice: value}
        )


@pytest.mark.parametrize("version", [[1, None], [1], "1.0", {"major": 1}])
def test_a_saved_file_whose_format_is_no_version_is_refused_in_words(version: Any, tmp_path: Path) -> None:
    told = json.dumps({"format": "calibra", "format_version": version, "members": {}}).encode()
    with zipfile.ZipFile(tmp_path / "odd.calibra", "w") as file:
        file.writestr("manifest.json", told)
        file.comment = b"calibra manifest sha256 " + hashlib.sha256(told).hexdigest().encode()
    with pytest.raises(InputError, match=r"odd\.calibra' must be a whole and unaltered file written by"):
        load(tmp_path / "odd.calibra")


def test_ready_made_counts_too_large_to_be_exact_are_refused() -> None:
    frame = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [2**53 + 1], "events": [0]})
    with pytest.raises(
        InputError, match=r"`n` must be less than 2⁵³, up to which counts are exact; it is not, in 1 row"
    ):
        Judgments.from_counts(frame, scale=SCALE, within_days=90)
