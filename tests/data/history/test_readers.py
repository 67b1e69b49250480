"""Exports of Salesforce and HubSpot become plain logs: by hand, on every kind of frame, with what was dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from calibra.data.history.history import RankHistory
from calibra.data.history.readers import read_hubspot_history, read_salesforce_history
from calibra.data.history.salesforce import FEWEST_CREATED, MOST_OF_ONE_RANK
from calibra.data.scale import RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B", "C"])
FRAMES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars, lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
}


def salesforce() -> tuple[pl.DataFrame, pl.DataFrame]:
    # 006A was created with C (its first OldValue), B later, then A; its stage is another field.
    # 006B never changed: its entry rank is the present one. 006D was created without a rank, by Ito, and got its B
    # from Abe. 006E never had one.
    history = {
        "OpportunityId": ["006A", "006A", "006A", "006D"],
        "Field": ["Rank__c", "Rank__c", "StageName", "Rank__c"],
        "OldValue": ["B", "C", "Open", None],
        "NewValue": ["A", "B", "Won", "B"],
        "CreatedDate": [
            "2026-03-01T10:00:00.000+0000",
            "2026-02-01T10:00:00.000+0000",
            "2026-03-20T10:00:00.000+0000",
            "2026-02-10T10:00:00.000+0000",
        ],
        "CreatedById": ["Ito", "Abe", "Ito", "Abe"],
    }
    records = {
        "Id": ["006A", "006B", "006D", "006E"],
        "CreatedDate": [f"2026-01-{day}T10:00:00.000+0000" for day in (10, 12, 15, 20)],
        "CreatedById": ["Abe", "Ito", "Ito", "Ito"],
        "OwnerId": ["Ito", "Ito", "Abe", "Ito"],
        "Rank__c": ["A", "C", "B", None],
        "Won": ["2026-03-20", None, None, None],
    }
    return pl.DataFrame(history), pl.DataFrame(records)


def rows(log: Any) -> list[tuple[Any, ...]]:
    frame = log.frame
    if isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.pl()
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    day = pl.col("changed_at").cast(pl.String).str.slice(0, 10)
    return sorted(frame.with_columns(day).rows(), key=str)


SALESFORCE_LOG = [
    ("006A", "Abe", "C", "2026-01-10", 0),  # at creation, from the first OldValue
    ("006A", "Abe", "B", "2026-02-01", 1),
    ("006A", "Ito", "A", "2026-03-01", 1),
    ("006B", "Ito", "C", "2026-01-12", 0),  # at creation, from the present value
    ("006D", "Abe", "B", "2026-02-10", 1),
]


@pytest.mark.parametrize("kind", FRAMES)
def test_salesforce_history_recovers_the_value_at_creation(kind: str) -> None:
    log = read_salesforce_history(*(FRAMES[kind](frame) for frame in salesforce()), field="Rank__c")
    assert rows(log) == sorted(SALESFORCE_LOG, key=str)
    assert (log.n_changes, dict(log.dropped)) == (5, {"changes of other fields": 1})
    assert str(log) == "5 changes of rank.\nNoted: 1 change of other fields."


@pytest.mark.parametrize("kind", ["polars, lazy", "pandas"])
def test_a_salesforce_log_becomes_judgments(kind: str) -> None:
    history, records = (FRAMES[kind](frame) for frame in salesforce())
    log = read_salesforce_history(history, records, field="Rank__c")
    found = RankHistory.from_frames(
        log, records, scale=SCALE, as_of="2026-06-30", outcome_columns={"prospect": "Id", "event_at": "Won"}
    )
    counts = found.judgments().duration_counts()
    # 006A C by Abe, event after 69 days; 006B C by Ito, 169 days open; 006D B by Abe, 140 days open
    assert counts.table[["rep", "rank", "days", "ending"]].values.tolist() == [
        ["Abe", "B", 140, 3], ["Abe", "C", 69, 1], ["Ito", "C", 169, 3],
    ]  # fmt: skip
    assert found.transitions().upgrade_days.tolist() == [19]


def test_the_entry_rank_may_be_signed_by_the_owner_and_columns_be_renamed() -> None:
    history, records = salesforce()
    renamed = history.rename({"OpportunityId": "LeadId"})
    mapping = {"record_columns": {"rep": "OwnerId"}, "columns": {"prospect": "LeadId"}}
    log = read_salesforce_history(renamed, records, field="Rank__c", **mapping)
    assert ("006A", "Ito", "C", "2026-01-10", 0) in rows(log)


def test_records_older_than_the_tracking_are_left_out_and_counted() -> None:
    log = read_salesforce_history(*salesforce(), field="Rank__c", tracked_from="2026-01-12")
    assert [row[0] for row in rows(log)] == ["006B", "006D"]
    assert log.dropped["records created before 2026-01-12, whose entry rank is not in the history"] == 1


@pytest.mark.parametrize("kind", FRAMES)
def test_what_an_integration_sets_ends_a_rank_and_gives_none(kind: str) -> None:
    log = read_salesforce_history(
        *(FRAMES[kind](frame) for frame in salesforce()), field="Rank__c", ignore_users=["Ito"]
    )
    assert rows(log) == [
        ("006A", "Abe", "B", "2026-02-01", 1),
        ("006A", "Abe", "C", "2026-01-10", 0),
        ("006A", "Ito", None, "2026-03-01", 1),  # Ito's A ends Abe's B; Ito's C at the creation of 006B gives no rank
        ("006D", "Abe", "B", "2026-02-10", 1),
    ]
    assert log.dropped["ranks set by Ito, no person: they end a rank, give none"] == 2


@pytest.mark.parametrize("kind", FRAMES)
def test_the_history_of_a_merged_record_is_read_as_that_of_the_one_kept(kind: str) -> None:
    history, records = salesforce()
    kept = records.filter(pl.col("Id") != "006A")
    log = read_salesforce_history(FRAMES[kind](history), FRAMES[kind](kept), field="Rank__c", merged={"006A": "006B"})
    assert [row[:4] for row in rows(log) if row[0] != "006D"] == [
        ("006B", "Abe", "B", "2026-02-01"),
        ("006B", "Ito", "A", "2026-03-01"),
        ("006B", "Ito", "C", "2026-01-12"),  # the first OldValue, at the creation of the record that was kept
    ]
    chained = read_salesforce_history(history, kept, field="Rank__c", merged={"006A": "006X", "006X": "006D"})
    assert {row[0] for row in rows(chained)} == {"006B", "006D"}
    # 006D was created on 15 January, before the first change that came from 006A: its entry rank is that of 006A
    young = kept.with_columns(CreatedDate=pl.lit("2026-02-20T10:00:00.000+0000"))
    late = read_salesforce_history(history, young, field="Rank__c", merged={"006A": "006B"})
    assert [row[4] for row in rows(late) if row[0] == "006B"] == [1, 1]  # changed before it was created: no entry rank


def test_merges_that_go_round_are_refused() -> None:
    with pytest.raises(InputError, match="'006A' goes round"):
        read_salesforce_history(*salesforce(), field="Rank__c", merged={"006A": "006B", "006B": "006A"})


@pytest.mark.parametrize("kind", FRAMES)
def test_a_default_that_nobody_chose_is_no_rank_at_creation(kind: str) -> None:
    log = read_salesforce_history(*(FRAMES[kind](frame) for frame in salesforce()), field="Rank__c", default_rank="C")
    assert [row[:3] for row in rows(log)] == [("006A", "Abe", "B"), ("006A", "Ito", "A"), ("006D", "Abe", "B")]
    assert log.dropped["ranks at creation that are the default of the field, C: nobody chose them"] == 2


@pytest.mark.parametrize(("n_c", "is_doubted"), [(10, True), (9, False)])
def test_most_records_created_with_one_rank_are_a_doubt(n_c: int, is_doubted: bool) -> None:
    history, _ = salesforce()
    assert (FEWEST_CREATED, MOST_OF_ONE_RANK) == (20, 0.5)
    records = pl.DataFrame(
        {
            "Id": ["006A", *(f"r{i}" for i in range(19))],
            "CreatedDate": ["2026-01-10T10:00:00.000+0000"] * 20,
            "CreatedById": ["Abe"] * 20,
            "Rank__c": ["C"] * n_c + ["A"] * 5 + ["B"] * (15 - n_c),  # the first, 006A, was created with C
        }
    )
    log = read_salesforce_history(history.head(2), records, field="Rank__c")
    assert [found.key for found in log.doubts] == (["data.default_rank"] if is_doubted else [])
    assert not read_salesforce_history(history.head(2), records, field="Rank__c", default_rank="C").doubts


def test_opportunity_history_is_a_log_as_it_stands() -> None:
    # OpportunityHistory: a row whenever stage, amount or date changes; a save that leaves the forecast category alone
    # gives no new rank.
    snapshots = pl.DataFrame(
        {
            "OpportunityId": ["006A"] * 3 + ["006B"],
            "ForecastCategory": ["B", "B", "A", "C"],
            "CreatedDate": [f"2026-0{month}-01T10:00:00.000+0000" for month in (1, 2, 3, 1)],
            "CreatedById": ["Abe", "Ito", "Abe", "Ito"],
        }
    )
    columns = {
        "prospect": "OpportunityId", "rep": "CreatedById", "rank": "ForecastCategory", "changed_at": "CreatedDate",
    }  # fmt: skip
    found = RankHistory.from_frames(
        snapshots, salesforce()[1], scale=SCALE, as_of="2026-06-30", columns=columns,
        outcome_columns={"prospect": "Id", "event_at": "Won"},
    )  # fmt: skip
    counts = found.judgments("every").duration_counts().table
    assert counts[["rep", "rank"]].values.tolist() == [["Abe", "A"], ["Abe", "B"], ["Ito", "C"]]


def test_creation_and_a_change_in_the_same_second_are_in_order() -> None:
    history, records = salesforce()
    same = history.with_columns(CreatedDate=pl.lit("2026-01-10T10:00:00.000+0000"))
    found = RankHistory.from_frames(
        read_salesforce_history(same.head(2).tail(1), records, field="Rank__c"), records, scale=SCALE,
        as_of="2026-06-30", outcome_columns={"prospect": "Id"},
    )  # fmt: skip
    assert found.summary().n_tied == 0
    assert ["Abe", "B", 171] in found.judgments().duration_counts().table[["rep", "rank", "days"]].values.tolist()


def test_a_field_without_history_is_refused_with_the_fields_there_are() -> None:
    with pytest.raises(InputError, match=r"'rank' is not, it has 'Rank__c', 'StageName'"):
        read_salesforce_history(*salesforce(), field="rank", record_columns={"rank": "Rank__c"})
    with pytest.raises(InputError, match=r"(?s)The records cannot be read: .*'Rank', which the frame lacks"):
        read_salesforce_history(*salesforce(), field="Rank__c", record_columns={"rank": "Rank"})


def hubspot() -> pl.DataFrame:
    # 1: B by user 7, then a workflow's A, which takes the B away and is no judgment, then A by user 8.
    # 2: an import's C, then B by a user whom only sourceId names.
    return pl.DataFrame(
        {
            "objectId": [1, 1, 1, 2, 2],
            "value": ["A", "A", "B", "B", "C"],
            "timestamp": [
                "2026-03-10T09:00:00.123Z",
                "2026-02-20T03:00:00Z",
                "2026-01-10T09:00:00.5Z",
                "2026-02-01T09:00:00Z",
                "2026-01-05T09:00:00Z",
            ],
            "sourceType": ["CRM_UI", "AUTOMATION_PLATFORM", "MOBILE_IOS", "CRM_UI", "IMPORT"],
            "sourceId": ["userId:8", "enrollmentId:1", "userId:7", "userId:9", "1"],
            "updatedByUserId": [8, None, 7, None, None],
        }
    )


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_hubspot_history_keeps_what_a_person_set(kind: str) -> None:
    log = read_hubspot_history(FRAMES[kind](hubspot()))
    assert rows(log) == sorted(
        [
            (1, "8", "A", "2026-03-10", 1),
            (1, "enrollmentId:1", None, "2026-02-20", 1),
            (1, "7", "B", "2026-01-10", 1),
            (2, "9", "B", "2026-02-01", 1),
            (2, "1", None, "2026-01-05", 1),
        ],
        key=str,
    )
    words = "versions set by '{}', no person: they end a rank, give none"
    assert dict(log.dropped) == {words.format(kind): 1 for kind in ("AUTOMATION_PLATFORM", "IMPORT")}
    outcomes = FRAMES[kind](pl.DataFrame({"id": [1, 2], "won": ["2026-03-20", None]}))
    found = RankHistory.from_frames(
        log, outcomes, scale=SCALE, as_of="2026-06-30", outcome_columns={"prospect": "id", "event_at": "won"}
    )
    every = found.judgments("every").duration_counts().table
    # B by 7 ends on 20 February, 41 days on; A by 8, event after 10 days; B by 9, open for 149 days
    assert every[["rep", "rank", "days", "ending"]].values.tolist() == [
        ["7", "B", 41, 3], ["8", "A", 10, 1], ["9", "B", 149, 3],
    ]  # fmt: skip
    assert found.transitions().reentries.sum() == 1


def test_moments_are_read_in_one_zone_throughout() -> None:
    outcomes = pd.DataFrame({"id": [1, 2], "won": [None, None]})
    log = read_hubspot_history(hubspot(), timezone="Asia/Tokyo")
    choices = {"scale": SCALE, "as_of": "2026-06-30", "outcome_columns": {"prospect": "id", "event_at": "won"}}
    with pytest.raises(InputError, match=r"must be that of the log, 'Asia/Tokyo', .* got 'UTC'"):
        RankHistory.from_frames(log, outcomes, timezone="UTC", **choices)
    with pytest.raises(InputError, match="a ChangeLog knows its own"):
        RankHistory.from_frames(log, outcomes, columns={"prospect": "id"}, timezone="Asia/Tokyo", **choices)
    for how in ({"timezone": "Asia/Tokyo"}, {}):
        assert RankHistory.from_frames(log, outcomes, **how, **choices).judgments().n_judgments == 2


def test_no_person_in_the_history_is_refused_with_the_sources_there_are() -> None:
    with pytest.raises(InputError, match="'EXTENSION' are not, it has 'AUTOMATION_PLATFORM', 'CRM_UI'"):
        read_hubspot_history(hubspot(), human_sources=["EXTENSION"])
    with pytest.raises(InputError, match=r"(?s)The history cannot be read: .*'contactId', which the frame lacks"):
        read_hubspot_history(hubspot(), columns={"prospect": "contactId"})
