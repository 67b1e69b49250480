"""Judgments by their number of contacts: by hand, against published counts, and the same on every local back end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from tests.chapters.effort.worlds import AS_OF, draw_team, read


def by_hand() -> pd.DataFrame:
    """Contacts 2 then an event, 3 then an exit, 1 and still open; none and open; not known."""
    day = pd.Timestamp("2026-01-10")
    frame = pd.DataFrame({"prospect": range(5), "rep": "Abe", "rank": ["A", "A", "A", "B", "B"], "judged_at": day})
    frame["touches"] = [2.0, 3.0, 1.0, 0.0, np.nan]
    frame["event_at"] = [day + pd.Timedelta(30, "D"), *[pd.NaT] * 4]
    frame["exit_at"] = [pd.NaT, day + pd.Timedelta(40, "D"), *[pd.NaT] * 3]
    return frame


def test_three_judgments_by_hand() -> None:
    # At risk 3, 2, 1; events 0, 1, 0; may stop 2 (the open one is undecided), 1, 1; stops 0, 0, 1.
    counts = read(by_hand()).contact_counts()
    cells = counts.at_contacts([1, 2, 3])
    assert cells.at_risk[0, 0].tolist() == [3, 2, 1]
    assert cells.events[0, 0].tolist() == [0, 1, 0]
    assert cells.may_stop[0, 0].tolist() == [2, 1, 1]
    assert cells.stops[0, 0].tolist() == [0, 0, 1]
    assert cells.n[0].tolist() == [3, 0]
    assert cells.n_without[0].tolist() == [[0, 0, 0], [0, 0, 1]]
    assert counts.n_not_known == 1


def test_a_class_of_contacts_holds_the_sums_of_its_contacts() -> None:
    counts = read(draw_team(np.random.default_rng(4), n_reps=3, each=100)).contact_counts()
    fine, coarse = counts.at_contacts(range(1, 200)), counts.at_contacts([1, 2, 4, 9])
    for name in ("at_risk", "events", "may_stop", "stops"):
        one = getattr(fine, name)
        joined = np.stack([one[..., a - 1 : b].sum(axis=-1) for a, b in ((1, 1), (2, 3), (4, 8), (9, None))], axis=-1)
        assert (getattr(coarse, name) == joined).all()


def test_contacts_at_risk_are_the_contacts_made_and_endings_are_the_judgments() -> None:
    frame = draw_team(np.random.default_rng(5), n_reps=4, each=150)
    cells = read(frame).contact_counts().at_contacts(range(1, 12))
    assert cells.at_risk.sum() == frame["touches"].sum()
    still_open = (frame["event_at"].isna() & frame["exit_at"].isna() & (frame["touches"] > 0)).sum()
    assert cells.events.sum() + cells.stops.sum() + still_open == cells.n.sum() == (frame["touches"] > 0).sum()


def test_published_counts_of_a_campaign_are_counted_to_the_digit(shared_data: Path) -> None:
    # 45,211 clients of a bank, counted by hand from the published file with pandas and numpy.
    rows = pd.read_csv(shared_data / "bank_touches" / "touch_counts.csv")
    cells = bank(rows).contact_counts().at_contacts(range(1, 11))
    at_risk, events = cells.at_risk.sum(axis=(0, 1)), cells.events.sum(axis=(0, 1))
    assert at_risk[:6].tolist() == [45211, 27667, 15162, 9641, 6119, 4355]
    assert events[:6].tolist() == [2561, 1401, 618, 317, 139, 92]
    assert at_risk.sum() == 124956
    assert events.sum() == 5289


def bank(rows: pd.DataFrame) -> cb.Judgments:
    """A judgment a client: job as the rep, one rank."""
    each = rows.loc[rows.index.repeat(rows["n"])].reset_index(drop=True)
    frame = pd.DataFrame({"prospect": each.index, "rep": each["job"], "rank": "A", "touches": each["touches"]})
    came, day = each["subscribed"] == "yes", pd.Timestamp("2026-01-10")
    frame["judged_at"] = day
    frame["event_at"] = pd.Series(day + pd.Timedelta(9, "D"), frame.index).where(came)
    frame["exit_at"] = pd.Series(day + pd.Timedelta(9, "D"), frame.index).where(~came)
    return cb.Judgments.from_frame(
        frame,
        scale=cb.RankScale(["A"], {"A": cb.Promise(0.1, 90)}),
        as_of=AS_OF.date(),
        columns={name: name for name in frame.columns},
    )


@pytest.mark.parametrize(
    "make",
    [
        pl.from_pandas,
        lambda frame: pl.from_pandas(frame).lazy(),
        lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
        lambda frame: frame.assign(touches=[str(x) if x == x else "" for x in frame["touches"]]),
        lambda frame: duckdb.connect().from_df(frame),
    ],
)
def test_every_kind_of_frame_gives_the_same_counts(make: Callable[[pd.DataFrame], Any]) -> None:
    frame = draw_team(np.random.default_rng(6), n_reps=3, each=80)
    frame["touches"] = frame["touches"].astype(float).where(frame.index % 9 != 0)
    one, other = read(frame).contact_counts(), read(make(frame)).contact_counts()
    pd.testing.assert_frame_equal(one.table, other.table)


def test_who_came_under_observation_late_is_left_out_and_counted() -> None:
    frame = by_hand()
    frame["entered_at"] = [pd.NaT, frame["judged_at"][0] + pd.Timedelta(5, "D"), *[pd.NaT] * 3]
    counts = read(frame).contact_counts()
    assert counts.n_entered_late == 1
    assert counts.n.sum() == 4


def test_what_is_missing_is_named() -> None:
    frame = by_hand()
    with pytest.raises(cb.InputError, match="No column is mapped as `touches`"):
        read(frame.drop(columns="touches")).contact_counts()
    with pytest.raises(cb.NotEnoughDataError, match="the column of `touches` holds no value"):
        read(frame.assign(touches=pd.Series([None] * 5, dtype=object))).contact_counts()
    with pytest.raises(cb.NotEnoughDataError, match="on 2026-02-20 they were others"):
        read(frame).at("2026-02-20").contact_counts()
