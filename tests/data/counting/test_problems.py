"""Bad input, kind by kind: by its message where it is an error, by its count where it is set aside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.errors import InputError
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B"])
ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"}
DAY = date(2026, 1, 10)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def table(**changed: list[Any]) -> dict[str, list[Any]]:
    """Five sound judgments of two reps, all judged on one day; columns may be changed or added."""
    sound = {
        "lead": ["p1", "p2", "p3", "p4", "p5"],
        "owner": ["Abe", "Abe", "Ito", "Ito", "Ito"],
        "label": ["A", "B", "A", "B", "B"],
        "judged": [DAY] * 5,
        "opened": [after(5), None, after(9), None, None],
    }
    return sound | changed


def read(frame: Any, columns: dict[str, str] | None = None, **choices: Any) -> Judgments:
    settings: dict[str, Any] = {"scale": SCALE, "as_of": "2026-06-30", "columns": columns or ROLES} | choices
    return Judgments.from_frame(frame, **settings)


BAD_ROWS: dict[str, tuple[dict[str, list[Any]], dict[str, str], str, dict[tuple[str, str], int]]] = {
    "unknown rank": (
        {"label": ["a", "B", "A", "S", "a"]},
        {},
        r"`rank` must be one of A, B; found 2 other values in 3 rows \(prospect 'p1' 'a'; prospect 'p4' 'S'; "
        r"prospect 'p5' 'a'\)\. Map them with `rank_labels=\{'S': '\?', 'a': 'A'\}`, with the rank meant for each "
        r"'\?', add them to the scale, or drop those rows",
        {("unknown rank", "Abe"): 1, ("unknown rank", "Ito"): 2},
    ),
    "no rank": (
        {"label": ["A", None, "A", "B", " "]},
        {},
        r"`rank` must be one of A, B; found no rank in 2 rows \(prospect 'p2' no rank; prospect 'p5' ' '\)",
        {("unknown rank", "Abe"): 1, ("unknown rank", "Ito"): 1},
    ),
    "missing rep": (
        {"owner": ["Abe", None, "Ito", "", "Ito"]},
        {},
        r"`rep` must name who judged; it is missing, in 2 rows \(prospect 'p2'; prospect 'p4'\)",
        {("missing rep", "(missing)"): 2},
    ),
    "missing judged_at": (
        {"judged": [DAY, None, DAY, DAY, DAY]},
        {},
        r"`judged_at` must be known; it is missing, in 1 row \(prospect 'p2'\)",
        {("missing judged_at", "Abe"): 1},
    ),
    "event before judgment": (
        {"opened": [after(-1), None, after(9), None, None]},
        {},
        r"`event_at` must not be before `judged_at`; it is, in 1 row "
        r"\(prospect 'p1' judged_at 2026-01-10, event_at 2026-01-09\)",
        {("event before judgment", "Abe"): 1},
    ),
    "exit before judgment": (
        {"left": [None, after(-3), None, None, after(3)]},
        {"exit_at": "left"},
        r"`exit_at` must not be before `judged_at`; it is, in 1 row "
        r"\(prospect 'p2' judged_at 2026-01-10, exit_at 2026-01-07\)",
        {("exit before judgment", "Abe"): 1},
    ),
    "censored before judgment": (
        {"lost": [None, after(-3), None, None, after(3)]},
        {"censored_at": "lost"},
        r"`censored_at` must not be before `judged_at`; it is, in 1 row",
        {("censored before judgment", "Abe"): 1},
    ),
    "entered after end": (
        {"entered": [after(6), None, after(9), after(1), None]},
        {"entered_at": "entered"},
        r"`entered_at` must not be after the end of the judgment; it is, in 1 row \(prospect 'p1'",
        {("entered after end", "Abe"): 1},
    ),
    "unreadable date": (
        {"judged": ["2026-01-10", "10/01/2026", "2026-01-10", "2026-02-30", "20260110"]},
        {},
        r"must be days that exist, written 2026-09-30 \(ISO 8601\) or 2026/9/30; they are not, "
        r"in 3 rows \(prospect 'p2' judged_at '10/01/2026'; ",
        {("unreadable date", "Abe"): 1, ("unreadable date", "Ito"): 2},
    ),
    "unreadable number": (
        {"value": ["12", "1,200", "", None, "n/a"], "won": [DAY] * 5},
        {"amount": "value", "won_at": "won"},
        r"`touches` and `amount` must be finite numbers; they are not, in 2 rows \(prospect 'p2' amount '1,200'; ",
        {("unreadable number", "Abe"): 1, ("unreadable number", "Ito"): 1},
    ),
    "infinite amount": (
        {"value": [12.0, float("inf"), None, None, None], "won": [DAY] * 5},
        {"amount": "value", "won_at": "won"},
        r"must be finite numbers; they are not, in 1 row \(prospect 'p2' amount inf\)",
        {("unreadable number", "Abe"): 1},
    ),
    "negative amount": (
        {"value": [12.0, -1.0, None, 0.0, None], "won": [DAY] * 5},
        {"amount": "value", "won_at": "won"},
        r"`amount` must not be negative; it is, in 1 row \(prospect 'p2' amount -1.0\)",
        {("negative amount", "Abe"): 1},
    ),
    "amount without win": (
        {"value": [12.0, 7.0, 0.0, None, None], "won": [DAY, None, None, None, None]},
        {"amount": "value", "won_at": "won"},
        r"an `amount` belongs to a win; there is none, in 1 row \(prospect 'p2' amount 7.0\)",
        {("amount without win", "Abe"): 1},
    ),
    "touches no whole number": (
        {"calls": [1.0, 2.5, -1.0, None, 0.0]},
        {"touches": "calls"},
        r"`touches` must be a whole number from 0 to 2,000,000,000; it is not, in 2 rows \(prospect 'p2' touches 2.5; ",
        {("touches no whole number", "Abe"): 1, ("touches no whole number", "Ito"): 1},
    ),
    "duplicate judgment": (
        {"lead": ["p1", "p2", "p3", "p3", "p3"], "label": ["A", "B", "A", "A", "A"], "opened": [None] * 5},
        {},
        r"the same rep, prospect and day come again, in 2 rows \(prospect 'p3' by 'Ito' on 2026-01-10, 3 rows\)",
        {("duplicate judgment", "Ito"): 2},
    ),
    "duplicates that differ": (
        {"lead": ["p1", "p2", "p3", "p3", "p5"]},
        {},
        r"the same rep, prospect and day come again, in 1 row \(prospect 'p3' by 'Ito' on 2026-01-10, 2 rows\)",
        {("duplicate judgment", "Ito"): 2},
    ),
}
"""Kind to: changed columns, further roles, the message, and what is set aside of whom."""

MAKERS = {"DuckDB, from pandas": pd.DataFrame, "polars": pl.LazyFrame}


@pytest.mark.parametrize("engine", MAKERS)
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_rows_are_named_with_their_number_their_first_three_and_the_way_out(kind: str, engine: str) -> None:
    changed, roles, message, _ = BAD_ROWS[kind]
    with pytest.raises(InputError, match=message):
        read(MAKERS[engine](table(**changed)), ROLES | roles)


@pytest.mark.parametrize("engine", MAKERS)
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_rows_set_aside_are_left_out_and_counted_by_reason_and_rep(kind: str, engine: str) -> None:
    changed, roles, _, expected = BAD_ROWS[kind]
    judgments = read(MAKERS[engine](table(**changed)), ROLES | roles, problems="set_aside")
    left_out = judgments.set_aside
    assert judgments.n_judgments == 5 - sum(expected.values())
    assert left_out.n_rows == sum(expected.values())
    assert {(reason, rep): n for reason, rep, n in left_out.table.itertuples(index=False)} == expected
    (reason,) = left_out.by_reason
    assert left_out.examples[reason]
    assert f"{left_out.n_rows} row" in str(left_out)
    assert str(left_out) in str(judgments.summary())
    assert judgments.duration_counts(horizons=[7]).n.sum() == judgments.n_judgments


def test_one_error_lists_every_problem() -> None:
    frame = pd.DataFrame(table(label=["a", "B", "A", "B", "B"], owner=["Abe", None, "Ito", "Ito", "Ito"],
                               lead=["p1", "p2", "p3", "p4", "p4"]))  # fmt: skip
    frame["judged"] = [DAY, DAY, after(20), DAY, DAY]
    with pytest.raises(InputError, match="The judgments have 4 problems:") as raised:
        read(frame)
    for name in ("missing rep", "unknown rank", "event before judgment", "duplicate judgment"):
        assert name in str(raised.value)
    assert 'problems="set_aside"' in str(raised.value)
    set_aside = read(frame, problems="set_aside").set_aside
    assert set_aside.by_reason == {
        "missing rep": 1, "unknown rank": 1, "event before judgment": 1, "duplicate judgment": 1,
    }  # fmt: skip


def test_of_identical_copies_one_is_kept_and_of_copies_that_differ_none_by_any_order_of_rows() -> None:
    columns = table(lead=["p1", "p1", "p2", "p2", "p3"], owner=["Abe"] * 5, label=["A", "A", "A", "B", "B"],
                    opened=[after(5), after(5), None, None, None], size=["s"] * 5)  # fmt: skip
    roles = ROLES | {"segment": "size"}
    for frame in (pd.DataFrame(columns), pd.DataFrame(columns).iloc[::-1], pl.LazyFrame(columns)):
        judgments = read(frame, roles, problems="set_aside")
        assert judgments.n_judgments == 2
        np.testing.assert_array_equal(judgments.binomial_cells(within_days=30, by=["segment"]).n, [[[1], [1]]])
        assert judgments.set_aside.by_reason == {"duplicate judgment": 3}


def test_the_same_prospect_on_another_day_or_by_another_rep_is_another_judgment() -> None:
    frame = table(lead=["p1"] * 5, judged=[DAY, after(1), DAY, after(1), after(2)], opened=[None] * 5)
    assert read(pd.DataFrame(frame)).n_judgments == 5


def test_prospects_without_an_id_are_no_duplicates() -> None:
    frame = pd.DataFrame(table(lead=[None, None, None, "p4", "p4"], opened=[None] * 5))
    assert read(frame, problems="set_aside").n_judgments == 4


def test_the_duplicate_check_can_be_left_out() -> None:
    frame = pd.DataFrame(table(lead=["p1"] * 5))
    assert read(frame, check_duplicates=False).n_judgments == 5


def test_ends_after_as_of_later_judgments_and_two_ends_are_no_problems_but_told() -> None:
    frame = table(judged=[DAY, DAY, DAY, DAY, date(2026, 7, 1)], opened=[after(5), after(400), after(9), None, DAY],
                  left=[after(5), None, after(4), None, None])  # fmt: skip
    summary = read(pd.DataFrame(frame), ROLES | {"exit_at": "left"}).summary()
    assert summary.n_judgments == 4
    assert (summary.n_events.sum(), summary.n_exits.sum(), summary.n_open.sum()) == (1, 1, 2)
    assert list(noted_by_kind(summary).values()) == [1, 1, 2]


def test_rows_not_yet_known_are_not_blamed() -> None:
    frame = table(judged=[after(300)] * 4 + [DAY], label=["?"] * 4 + ["A"], owner=[None] * 4 + ["Abe"])
    assert read(pd.DataFrame(frame | {"opened": [None] * 5})).n_judgments == 1


def test_wins_that_do_not_fit_their_event_are_told() -> None:
    frame = table(won=[after(9), after(9), None, None, None])
    summary = read(pd.DataFrame(frame), ROLES | {"won_at": "won"}).summary()
    assert noted_by_kind(summary) == {"won": 1}


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (
            {role: column for role, column in ROLES.items() if role != "rep"},
            "the role `rep` is missing; add `'rep': ",
        ),
        (
            ROLES | {"exit_at": "gone"},
            "`exit_at` is mapped to 'gone', which the frame lacks; it has 'lead'",
        ),
        (ROLES | {"exit_at": "opened"}, "'opened' is mapped twice, to `event_at` and `exit_at`"),
        (ROLES | {"exit_att": "label2"}, "'exit_att' is no role; write `exit_at`"),
        (ROLES | {"days": "label2"}, "'days' is the name of a count and cannot be a grouping; call it 'days_group'"),
    ],
)
@pytest.mark.parametrize("problems", ["raise", "set_aside"])
def test_a_mapping_that_cannot_be_meant_is_refused(columns: dict[str, str], match: str, problems: str) -> None:
    with pytest.raises(InputError, match=match):
        read(pd.DataFrame(table(label2=["x"] * 5)), columns, problems=problems)


def test_one_error_lists_every_fault_of_the_mapping() -> None:
    with pytest.raises(
        InputError, match=r"(?s)`rank` is missing.*`judged_at` is missing.*'gone', which the frame lacks"
    ):
        read(pd.DataFrame(table()), {"prospect": "lead", "rep": "gone"})


@pytest.mark.parametrize(
    ("changed", "roles", "match"),
    [
        (
            {"opened": [1, 2, None, 4, 5]},
            {},
            r"`event_at` \(column 'opened'\) must hold dates or moments; it holds F",
        ),
        ({"judged": [20260110] * 5}, {}, r"`judged_at` \(column 'judged'\) must hold dates or moments; it holds Int64"),
        (
            {"calls": [True] * 5},
            {"touches": "calls"},
            r"`touches` \(column 'calls'\) must hold numbers; it holds B",
        ),
        ({"owner": [DAY] * 5}, {}, r"`rep` \(column 'owner'\) must hold text or whole numbers; it holds Date"),
        ({"label": [["A"]] * 5}, {}, r"`rank` \(column 'label'\) must hold text or whole numbers; it holds List"),
    ],
)
@pytest.mark.parametrize("problems", ["raise", "set_aside"])
def test_columns_of_the_wrong_type_are_refused(
    changed: dict[str, list[Any]], roles: dict[str, str], match: str, problems: str
) -> None:
    with pytest.raises(InputError, match=match):
        read(pd.DataFrame(table(**changed)), ROLES | roles, problems=problems)


def test_a_wrong_column_and_bad_rows_come_in_one_error() -> None:
    frame = pd.DataFrame(table(opened=[1, 2, 3, 4, 5], label=["A", "B", "A", "B", "?"]))
    with pytest.raises(InputError, match=r"(?s)2 problems.*`event_at` .*must hold dates.*unknown rank"):
        read(frame)


@pytest.mark.parametrize("problems", ["raise", "set_aside"])
def test_mixed_time_zones_are_refused(problems: str) -> None:
    noon = datetime(2026, 1, 10, 12, tzinfo=UTC)
    tokyo = timezone(timedelta(hours=9))
    in_one_column = pd.DataFrame(table(opened=[noon, noon.astimezone(tokyo), None, None, None]))
    assert in_one_column["opened"].dtype == object
    with pytest.raises(InputError, match=r"`event_at` must hold moments of one time zone; found mixed time zones"):
        read(in_one_column, problems=problems)
    for make in (pd.DataFrame, pl.DataFrame):
        with pytest.raises(InputError, match="mixed time zones: `judged_at` with, `event_at` without"):
            read(make(table(judged=[noon] * 5, opened=[noon.replace(tzinfo=None)] * 5)), problems=problems)


def test_aware_moments_beside_dates_are_sound() -> None:
    aware = pl.DataFrame(table(judged=[datetime(2026, 1, 10, 23, tzinfo=UTC)] * 5))
    assert read(aware).duration_counts().days.max() == 171
    assert read(aware, timezone="Asia/Tokyo").duration_counts().days.max() == 170


def test_no_rows_and_nothing_known_are_refused() -> None:
    empty = pl.DataFrame(table()).head(0)
    for frame in (empty, empty.lazy(), empty.to_pandas(), empty.to_arrow()):
        with pytest.raises(InputError, match="at least one judgment known on 2026-06-30; it holds none"):
            read(frame)
    with pytest.raises(InputError, match=r"known on 2025-01-01; it holds none\. Noted: 5 judged"):
        read(pd.DataFrame(table()), as_of="2025-01-01")
    with pytest.raises(InputError, match=r"(?s)it holds none\. 5 rows were set aside:.*unknown rank"):
        read(pd.DataFrame(table(label=["?"] * 5)), problems="set_aside")


def test_unknown_choices_are_refused() -> None:
    frame = pd.DataFrame(table())
    with pytest.raises(InputError, match="`problems` must be 'raise' or 'set_aside'; got 'ignore'"):
        read(frame, problems="ignore")
    with pytest.raises(InputError, match="`timezone` must be an IANA name such as 'Asia/Tokyo'; got 'Tokyo'"):
        read(frame, timezone="Tokyo")
    with pytest.raises(InputError, match=r"`rank_labels` must lead to ranks of the scale .A, B.; 'x': 'Z' does not"):
        read(frame, rank_labels={"x": "Z"})
    with pytest.raises(InputError, match="`horizons` must be a whole number of days, at least 1; got 0"):
        read(frame, horizons=[0])
    with pytest.raises(InputError, match=r"must name groupings \(none\); 'team' is not"):
        read(frame).duration_counts(by=["team"])


@pytest.mark.parametrize("frame", [3, {"rep": ["x"]}, [1, 2], None])
def test_what_is_no_frame_is_refused(frame: Any) -> None:
    with pytest.raises(InputError, match="`frame` must be a pandas, polars, pyarrow, Ibis or PySpark frame, a DuckDB"):
        read(frame)


def test_paths_must_exist_and_be_of_a_known_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a file that exists; there is none"):
        read(tmp_path / "none.csv")
    (tmp_path / "x.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=r"the file .*x\.xlsx' is empty"):
        read(str(tmp_path / "x.xlsx"))
    (tmp_path / "x.parquet").write_bytes(b"this is no parquet file")
    with pytest.raises(InputError, match="must be a Parquet file where its name says so"):
        read(tmp_path / "x.parquet")
