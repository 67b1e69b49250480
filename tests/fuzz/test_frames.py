"""Whatever frame comes through the door, the answer is counts that add up, or an error that names the column."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, event, given, strategies as st

from calibra.data.counting.judgments import Judgments
from calibra.errors import CalibraError, NotEnoughDataError
from tests.data.noted import noted_by_kind
from tests.fuzz.cases import cases
from tests.fuzz.frames import AS_OF, CANNOT_HOLD, KINDS, NAMES, SCALE, Column, columns_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files are written."""
    return tmp_path_factory.mktemp("fuzz")


def make_frame(kind: str, columns: dict[str, Column], folder: Path) -> Any:
    """The frame, or no case at all where the library cannot hold such columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return KINDS[kind](columns, folder)
        except CANNOT_HOLD:
            assume(False)


def read(frame: Any, roles: Iterator[str] | dict[str, Column], **choices: Any) -> Judgments:
    settings: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "problems": "set_aside"} | choices
    return Judgments.from_frame(frame, columns={role: NAMES[role] for role in roles}, **settings)


def check_adds_up(judgments: Judgments, n_rows: int) -> None:
    """Every row is counted, set aside, or not yet known; and every table says the same."""
    summary = judgments.summary()
    unknown = noted_by_kind(summary).get("not_yet_known", 0)
    assert judgments.n_judgments + judgments.set_aside.n_rows + unknown == n_rows
    assert all(found.examples for found in judgments.set_aside.findings)
    assert int(judgments.set_aside.table["n"].sum()) == judgments.set_aside.n_rows
    counts = judgments.duration_counts()
    assert np.all(counts.n > 0)
    assert np.all((counts.days >= 0) & (counts.entry_days >= 0) & (counts.entry_days <= counts.days))
    assert np.array_equal(summary.n, summary.n_events + summary.n_exits + summary.n_open)
    assert str(summary)
    assert len(summary.table) == len(judgments.reps) * 3
    check_cells(judgments)
    by = list(judgments.groups)
    grouped = judgments.duration_counts(by=by)
    assert int(grouped.n.sum()) == judgments.n_judgments
    assert np.array_equal(np.bincount(grouped.ending, grouped.n, 4), np.bincount(counts.ending, counts.n, 4))


def check_cells(judgments: Judgments) -> None:
    """Binomial and exposure cells keep to their ranges and lose nobody."""
    for days in judgments.duration_counts().horizons:
        try:
            cells = judgments.binomial_cells(within_days=days)
        except NotEnoughDataError:
            continue
        except CalibraError as error:
            assert "entered_at" in str(error) or "censored_at" in str(error)  # noqa: PT017
            continue
        assert np.all((cells.events >= 0) & (cells.events <= cells.n))
        assert int(cells.n.sum() + cells.n_immature.sum()) == judgments.n_judgments
    counts = judgments.duration_counts()
    exposure = counts.exposure_cells([1, 30, 10**6])
    assert np.all(exposure.exposure_days >= 0)
    assert int(exposure.events.sum()) == int(counts.n[counts.ending == 1].sum())
    assert int(exposure.exits.sum()) == int(counts.n[counts.ending == 2].sum())


def names_a_column(error: CalibraError, roles: dict[str, Column], n_rows: int) -> bool:
    """The message speaks of a role or column; of the whole frame only where nothing can be counted."""
    text = str(error)
    if text.startswith("`frame` must hold at least one judgment"):
        return True
    return any(f"`{role}`" in text or f"{role} " in text or repr(NAMES[role]) in text for role in roles)


@cases(25)
@given(drawn=columns_of(), kind=st.sampled_from(sorted(KINDS)), problems=st.sampled_from(["raise", "set_aside"]))
def test_any_frame_gives_counts_that_add_up_or_an_error_that_names_the_column(
    drawn: tuple[dict[str, Column], list[str]], kind: str, problems: str, folder: Path
) -> None:
    columns, _ = drawn
    n_rows = len(columns["rep"])
    frame = make_frame(kind, columns, folder)
    try:
        judgments = read(frame, columns, problems=problems)
    except CalibraError as error:
        event("refused")
        assert names_a_column(error, columns, n_rows), error  # noqa: PT017
        return
    event("counted")
    check_adds_up(judgments, n_rows)
