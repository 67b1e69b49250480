"""The same columns on two kinds of frame: the same counts, or refused on both."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from calibra.data.counting.counts import DurationCounts
from calibra.data.counting.judgments import Judgments
from calibra.errors import CalibraError
from tests.fuzz.cases import cases
from tests.fuzz.frames import AS_OF, DAYS, EXTREME_DAYS, KINDS, NAMES, SCALE, Column

PLAIN_KINDS = ("pandas", "polars", "pyarrow", "DuckDB", "CSV", "Parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files are written."""
    return tmp_path_factory.mktemp("fuzz")


@st.composite
def plain_columns(draw: st.DrawFn) -> dict[str, Column]:
    """Columns of plain types, anything but plain in what they hold."""
    n = draw(st.integers(1, 10))

    def column(values: st.SearchStrategy[Any]) -> Column:
        return draw(st.lists(values, min_size=n, max_size=n))

    days = st.none() | st.sampled_from(DAYS + EXTREME_DAYS[3:])
    columns = {
        "prospect": column(st.sampled_from(["p1", "p2", "p3", "p4", "p5"])),
        "rep": column(st.sampled_from(["Abe", "Ito ", "木村", "NULL", "nan"])),
        "rank": column(st.sampled_from(["A", "B", "7", "S", "a"])),
        "judged_at": column(st.sampled_from(DAYS)),
    }
    for role in draw(st.sets(st.sampled_from(["event_at", "exit_at", "entered_at", "censored_at"]))):
        columns[role] = column(days)
    if draw(st.booleans()):
        columns["touches"] = column(st.sampled_from([0, 1, 5, -1, 2_000_000_001]))
    return {role: columns[role] for role in NAMES if role in columns}


def told(frame: Any, columns: dict[str, Column]) -> tuple[DurationCounts, dict[str, int]] | str:
    """The counts and what was set aside, or the kind of refusal."""
    try:
        judgments = Judgments.from_frame(
            frame, scale=SCALE, as_of=AS_OF, columns={role: NAMES[role] for role in columns}, problems="set_aside"
        )
    except CalibraError as error:
        return type(error).__name__
    return judgments.duration_counts(), judgments.set_aside.by_reason


@cases(8)
@given(columns=plain_columns(), kinds=st.permutations(PLAIN_KINDS))
def test_two_kinds_of_frame_tell_the_same(columns: dict[str, Column], kinds: list[str], folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (told(KINDS[kind](columns, folder), columns) for kind in kinds[:2])
    if isinstance(first, str) or isinstance(second, str):
        assert first == second, kinds[:2]
        return
    assert first[1] == second[1], kinds[:2]
    for name in ("reps", "ranks", "horizons", "first_judged_at"):
        assert getattr(first[0], name) == getattr(second[0], name)
    for name in ("rep", "rank", "entry_days", "days", "ending", "maturity", "n"):
        assert np.array_equal(getattr(first[0], name), getattr(second[0], name)), (name, kinds[:2])
