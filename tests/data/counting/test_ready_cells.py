"""A ready-made table of duration counts: the counts of the rows, refused in words, and what needs rows says so."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import count_open, open_judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError, NotEnoughDataError
from tests.data.frames.worlds import AS_OF, SCALE, as_polars, world

ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened",
         "exit_at": "left", "segment": "size"}  # fmt: skip


def from_rows(**changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": ROLES} | changed
    return Judgments.from_frame(as_polars(world()), **choices)


def cells(by: tuple[str, ...] = ("segment",)) -> pd.DataFrame:
    """The duration counts of the small world, as another program might have made them."""
    table = from_rows().duration_counts(by=by).table.drop(columns="entry_days")
    return table.replace({"segment": {"(missing)": None}}) if by else table


@pytest.mark.parametrize("kind", ["days and ending", "code", "words", "decimals", "lazy", "relation", "joined"])
def test_ready_made_cells_give_the_counts_of_the_rows(kind: str) -> None:
    table: Any = cells()
    if kind == "code":
        table = table.assign(code=4 * table["days"] + table["ending"]).drop(columns=["days", "ending"])
    if kind == "words":
        table["ending"] = table["ending"].map({1: "event", 2: "Exit", 3: "open"})
    if kind == "decimals":
        table = pl.from_pandas(table).with_columns(pl.col("n").cast(pl.Decimal(18, 0))).to_arrow()
    if kind == "lazy":
        table = pl.from_pandas(table).lazy()
    if kind == "joined":  # columns of text in two chunks
        text = dict.fromkeys(("rep", "rank", "segment"), "string[pyarrow]")
        table = pd.concat([table[:5].astype(text), table[5:].astype(text)])
    if kind == "relation":
        table = duckdb.connect().from_df(table)
    names = ["rep", "rank", "segment", "maturity", "n", *(["code"] if kind == "code" else ["days", "ending"])]
    ready = Judgments.from_cells(table, scale=SCALE, as_of=AS_OF, columns={name: name for name in names})
    assert ready.groups == ("segment",)
    assert (ready.reps, ready.n_judgments) == (from_rows().reps, from_rows().n_judgments)
    for by in ([], ["segment"]):
        found, expected = ready.duration_counts(by=by), from_rows().duration_counts(by=by)
        pd.testing.assert_frame_equal(found.table, expected.table)
        cells_found, cells_expected = (each.binomial_cells(within_days=90, by=by) for each in (ready, from_rows()))
        np.testing.assert_array_equal(cells_found.n, cells_expected.n)
        np.testing.assert_array_equal(cells_found.events, cells_expected.events)
    assert ready.duration_counts(by=["segment"]) is ready.duration_counts(by=("segment",))
    pd.testing.assert_frame_equal(ready.summary().table, from_rows().summary().table)
    np.testing.assert_array_equal(count_open(ready).n, count_open(from_rows()).n)


def test_columns_are_found_by_their_names_and_what_has_another_is_left_alone() -> None:
    ready = Judgments.from_cells(cells(), scale=SCALE, as_of=AS_OF)
    assert ready.groups == ()
    pd.testing.assert_frame_equal(ready.duration_counts().table, from_rows().duration_counts().table)
    assert "as of 2026-06-30" in str(ready.summary())
    assert "judged from" not in str(ready.summary())


def test_what_needs_rows_says_so() -> None:
    ready = Judgments.from_cells(cells(()), scale=SCALE, as_of=AS_OF)
    with pytest.raises(InputError, match=r"`at` needs rows; these judgments are ready-made counts"):
        ready.at("2026-01-01")
    with pytest.raises(InputError, match=r"`open_judgments` needs rows"):
        open_judgments(ready)
    with pytest.raises(InputError, match=r"maturity for every horizon asked for; 45 is not among its 30, 90"):
        ready.binomial_cells(within_days=45)
    with pytest.raises(InputError, match="`by` must name groupings"):
        ready.duration_counts(by=["segment"])


def test_without_maturity_no_horizon_is_known_but_days_are() -> None:
    ready = Judgments.from_cells(cells(()).drop(columns="maturity"), scale=SCALE, as_of=AS_OF)
    exposure, expected = (each.duration_counts().exposure_cells([30, 90]) for each in (ready, from_rows()))
    np.testing.assert_allclose(exposure.exposure_days, expected.exposure_days)
    with pytest.raises(InputError, match=r"30, 90 .*|90 is not among its \(none\)"):
        ready.binomial_cells(within_days=90)


def test_nobody_mature_is_said_without_a_date_that_is_not_known() -> None:
    table = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "code": [4 * 5 + 3], "maturity": [0], "n": [3]})
    ready = Judgments.from_cells(table, scale=RankScale(["A"], {"A": Promise(0.5, 90)}), as_of=AS_OF)
    with pytest.raises(NotEnoughDataError, match=r"None of the 3 judgments is 90 days old as of 30 June 2026\. Wait"):
        ready.binomial_cells()


SOUND = {"rep": "Abe", "rank": "A", "code": 4 * 5 + 1, "maturity": 1, "n": 3}
SMALL = RankScale(["A", "B"], {"A": Promise(0.5, 30), "B": Promise(0.3, 90)})


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"rep": None}, r"`rep` must be named; it is missing, in 1 row \(row 1: rep '', rank 'A', code 21, n 3\)"),
        ({"rank": "S"}, r"`rank` must be one of A, B; it is not, in 1 row \(row 1: rep 'Abe', rank 'S'"),
        ({"n": -1}, r"`n` must be a whole number, not negative; it is not, in 1 row"),
        ({"n": 0.5}, r"`n` must be a whole number, not negative; it is not, in 1 row"),
        ({"n": None}, r"`n` must be a whole number, not negative; it is not, in 1 row"),
        ({"code": -3}, r"a negative code is an event or exit before the judgment"),
        ({"code": 20}, r"the ending 1 \(event\), 2 \(exit\) or 3 \(open\); they are not"),
        ({"code": None}, r"whole days followed must be known"),
        ({"maturity": 3}, r"`maturity` must be a whole number from 0 to 2, how many of the horizons 30, 90 fit"),
        ({"maturity": -1}, r"`maturity` must be a whole number from 0 to 2"),
        ({"code": 4 * 95 + 3}, r"`maturity` must count every horizon up to the days followed; it is too low, in 1 row"),
        ({"entry_days": 6}, r"`entry_days` must be a whole number from 0 to the days followed; it is not, in 1 row"),
    ],
)
def test_faulty_cells_are_named(bad: dict[str, Any], match: str) -> None:
    table = pd.DataFrame([{"entry_days": 0} | SOUND, {"entry_days": 0} | SOUND | bad])
    with pytest.raises(InputError, match=match):
        Judgments.from_cells(table, scale=SMALL, as_of=AS_OF)


def test_one_error_lists_every_fault_of_the_cells() -> None:
    table = pd.DataFrame([SOUND, SOUND | {"rank": "S"}, SOUND | {"n": -1}, SOUND | {"code": 20}])
    with pytest.raises(InputError, match="The duration counts have problems") as refused:
        Judgments.from_cells(table, scale=SMALL, as_of=AS_OF)
    assert str(refused.value).count("\n- ") == 3


@pytest.mark.parametrize(
    ("table", "columns", "match"),
    [
        ({"rep": ["Abe"]}, None, r"the roles rank, n, days, ending are missing. It has 'rep'"),
        ({"rep": ["Abe"], "rank": ["A"], "n": [1], "days": [2]}, None, r"the roles ending are missing"),
        (
            {name: [1] for name in SOUND},
            {"rep": "owner"} | dict.fromkeys(("rank", "n", "code"), "n"),
            r"lacks 'owner' \(for",
        ),
        (
            {name: [1] for name in SOUND},
            {name: name for name in SOUND} | {"events": "n"},
            r"'events' cannot be a grouping",
        ),
        (
            {name: [value] for name, value in SOUND.items()} | {"n": ["three"]},
            None,
            r"must be whole numbers; `n` holds",
        ),
        (pl.DataFrame(SOUND).clear(), None, r"at least one row of duration counts; it holds none"),
    ],
)
def test_tables_that_are_none_are_refused(table: Any, columns: dict[str, str] | None, match: str) -> None:
    frame = pd.DataFrame(table) if isinstance(table, dict) else table
    with pytest.raises(InputError, match=match):
        Judgments.from_cells(frame, scale=SMALL, as_of=AS_OF, columns=columns)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(InputError, match="`frame` must be a frame of duration counts; got int"):
        Judgments.from_cells(7, scale=SMALL, as_of=AS_OF)
