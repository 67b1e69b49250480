"""Exports as they come: ids of two lengths, tables of unlike types, epoch stamps, number ranks with gaps, lost rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from calibra.data.history.history import RankHistory
from calibra.data.history.readers import ChangeLog, read_hubspot_history, read_salesforce_history
from calibra.data.history.salesforce_ids import is_long_id
from calibra.errors import InputError
from tests.data.history.test_readers import FRAMES, SALESFORCE_LOG, SCALE, hubspot, rows, salesforce

LONG = {
    "006A": "0015000000Gv7qJAAR",
    "006B": "001A0000006Vm9rIAC",
    "006D": "001D000000IRt53IAD",
    "006E": "001000000000001AAA",
}
"""Ids of 18 characters, the first three as Salesforce's own pages and forums print them."""


def with_ids(history_length: int, record_length: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    history, records = salesforce()
    cut = {old: long[:history_length] for old, long in LONG.items()}
    whole = {old: long[:record_length] for old, long in LONG.items()}
    return (
        history.with_columns(pl.col("OpportunityId").replace_strict(cut)),
        records.with_columns(pl.col("Id").replace_strict(whole)),
    )


def named_alike(log: ChangeLog) -> list[tuple[Any, ...]]:
    """The rows of a log under the ids of `salesforce`."""
    known = {long[:15]: old for old, long in LONG.items()}
    return sorted(((known[row[0][:15]], *row[1:]) for row in rows(log)), key=str)


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("lengths", [(15, 18), (18, 15), (18, 18), (15, 15)])
def test_ids_of_15_and_18_characters_are_the_same_prospects(kind: str, lengths: tuple[int, int]) -> None:
    history, records = (FRAMES[kind](frame) for frame in with_ids(*lengths))
    log = read_salesforce_history(history, records, field="Rank__c")
    assert named_alike(log) == sorted(SALESFORCE_LOG, key=str)
    assert dict(log.dropped) == {"changes of other fields": 1}
    found = RankHistory.from_frames(
        log, records, scale=SCALE, as_of="2026-06-30", outcome_columns={"prospect": "Id", "event_at": "Won"}
    )
    assert (found.summary().n_prospects, found.summary().n_without_outcome) == (3, 0)
    assert found.judgments().summary().n_events.sum() == 1


def test_a_plain_log_and_outcomes_may_have_ids_of_two_lengths() -> None:
    changes = pl.DataFrame(
        {"id": [LONG[key] for key in ("006A", "006B")], "who": "Abe", "to": ["A", "B"], "at": "2026-01-10"}
    )
    ends = pl.DataFrame({"id": [LONG[key][:15] for key in ("006A", "006B")], "won": ["2026-02-10", None]})
    found = RankHistory.from_frames(
        changes,
        ends,
        scale=SCALE,
        as_of="2026-06-30",
        outcome_columns={"prospect": "id", "event_at": "won"},
        columns={"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"},
    )
    assert (found.summary().n_without_outcome, found.judgments().summary().n_events.sum()) == (0, 1)


def test_the_last_three_characters_of_an_id_repeat_what_is_upper_case() -> None:
    assert all(map(is_long_id, LONG.values()))
    assert not is_long_id("0015000000Gv7qJAAA")
    assert not is_long_id("LEAD00000000000001")


def test_other_ids_of_15_and_18_characters_are_left_as_they_are() -> None:
    # Cut to 15 characters these two prospects would be one.
    history, records = salesforce()
    ids = {"006A": "LEAD00000000000001", "006B": "LEAD00000000000002", "006D": "LEAD00000000003", "006E": "x"}
    log = read_salesforce_history(
        history.with_columns(pl.col("OpportunityId").replace_strict(ids)),
        records.with_columns(pl.col("Id").replace_strict(ids)),
        field="Rank__c",
    )
    assert len({row[0] for row in rows(log)}) == 3


def test_a_history_of_other_records_is_refused_and_strangers_are_counted_and_doubted() -> None:
    history, records = salesforce()
    with pytest.raises(InputError, match="None of the 2 prospects in the history is among the records"):
        read_salesforce_history(history, records.with_columns(Id="x" + pl.col("Id")), field="Rank__c")
    log = read_salesforce_history(history, records.filter(pl.col("Id") != "006D"), field="Rank__c")
    assert {row[0] for row in rows(log)} == {"006A", "006B"}
    assert log.dropped["changes of prospects that are not among the records, whose entry rank is not known"] == 1
    assert "Doubtful: 1 of 2 ranked prospects are not in the other table of the export" in str(log)


UNLIKE: dict[str, Callable[[pl.DataFrame, pl.DataFrame], tuple[Any, Any]]] = {
    "text beside moments": lambda history, records: (
        history,
        records.with_columns(pl.col("CreatedDate").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z")),
    ),
    "moments beside text": lambda history, records: (
        history.with_columns(pl.col("CreatedDate").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z")),
        records,
    ),
    "nanoseconds beside microseconds": lambda history, records: (
        history.with_columns(pl.col("CreatedDate").str.slice(0, 19).str.to_datetime(time_unit="ns")),
        records.with_columns(pl.col("CreatedDate").str.slice(0, 19).str.to_datetime(time_unit="us")),
    ),
    "moments beside dates": lambda history, records: (
        history.with_columns(pl.col("CreatedDate").str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S")),
        records.with_columns(pl.col("CreatedDate").str.slice(0, 10).str.to_date()),
    ),
    "categories beside text": lambda history, records: (
        history.with_columns(pl.col(pl.String).exclude("CreatedDate").cast(pl.Categorical)),
        records,
    ),
    "text beside categories": lambda history, records: (
        history,
        records.with_columns(pl.col("Id", "CreatedById", "Rank__c").cast(pl.Categorical)),
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("unlike", UNLIKE)
def test_tables_of_unlike_types_are_brought_together(kind: str, unlike: str) -> None:
    history, records = UNLIKE[unlike](*salesforce())
    log = read_salesforce_history(FRAMES[kind](history), FRAMES[kind](records), field="Rank__c")
    assert rows(log) == sorted(SALESFORCE_LOG, key=str)


@pytest.mark.parametrize("kind", FRAMES)
def test_whole_numbers_of_two_sizes_are_one_type(kind: str) -> None:
    numbers = {"006A": 1, "006B": 2, "006D": 3, "006E": 4}
    history, records = salesforce()
    history = history.with_columns(pl.col("OpportunityId").replace_strict(numbers, return_dtype=pl.Int32))
    records = records.with_columns(pl.col("Id").replace_strict(numbers, return_dtype=pl.Int64))
    log = read_salesforce_history(FRAMES[kind](history), FRAMES[kind](records), field="Rank__c")
    wanted = [(numbers[str(row[0])], *row[1:]) for row in SALESFORCE_LOG]
    assert rows(log) == sorted(wanted, key=str)
    small = records.with_columns(pl.col("Id").cast(pl.Int16))
    found = RankHistory.from_frames(
        log, FRAMES[kind](small), scale=SCALE, as_of="2026-06-30", outcome_columns={"prospect": "Id"}
    )
    assert found.summary().n_without_outcome == 0


def test_types_that_cannot_be_brought_together_are_named_with_their_columns() -> None:
    history, records = salesforce()
    with pytest.raises(InputError, match=r"'OpportunityId' and 'Id' must be of one type .* are String and Int64"):
        read_salesforce_history(history, records.with_columns(Id=pl.int_range(pl.len())), field="Rank__c")
    with pytest.raises(InputError, match=r"records cannot be read: `changed_at` \(column 'CreatedDate'\) must hold"):
        read_salesforce_history(history, records.with_columns(CreatedDate=pl.lit(value=True)), field="Rank__c")


STAMPS = [1773133200123, 1771556400000, 1768035600500, 1769936400000, 1767603600000]
"""The moments of `hubspot()` as milliseconds since 1970: 2026-03-10 09:00:00.123 UTC is 20,522 days and 9 hours on."""


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("stamps", ["whole numbers", "text"])
def test_epoch_milliseconds_are_moments(kind: str, stamps: str) -> None:
    assert STAMPS[0] == (20_522 * 24 + 9) * 3_600_000 + 123
    column = pl.Series(STAMPS) if stamps == "whole numbers" else pl.Series(STAMPS).cast(pl.String)
    found = read_hubspot_history(FRAMES[kind](hubspot().with_columns(timestamp=column)))
    assert rows(found) == rows(read_hubspot_history(FRAMES[kind](hubspot())))


def test_epoch_milliseconds_fall_on_days_of_the_stated_zone_also_with_gaps_and_in_files(tmp_path: Path) -> None:
    frame = hubspot().with_columns(timestamp=pl.Series([1773133200000 - 9 * 3_600_000 - 1, *STAMPS[1:]]))
    with_gap = pd.concat([frame.to_pandas(), pd.DataFrame({"objectId": [3], "sourceType": ["CRM_UI"]})])
    assert with_gap["timestamp"].dtype == "float64"
    days = [row[3] for row in rows(read_hubspot_history(with_gap, timezone="Asia/Tokyo")) if row[1] == "8"]
    assert days == ["2026-03-10"]  # 2026-03-09 23:59:59.999 UTC
    frame.write_csv(tmp_path / "versions.csv")
    days = [row[3] for row in rows(read_hubspot_history(tmp_path / "versions.csv")) if row[1] == "8"]
    assert days == ["2026-03-09"]


def test_epoch_seconds_are_refused() -> None:
    seconds = hubspot().with_columns(timestamp=pl.Series(STAMPS) // 1000)
    with pytest.raises(
        InputError, match=r"'timestamp' must hold .* the numbers 1767603600 to 1773133200, which are no"
    ):
        read_hubspot_history(seconds)


def test_number_ranks_with_gaps_keep_their_mapping() -> None:
    # pandas holds the ranks of a column with gaps as floats: 2.0.
    versions = hubspot().with_columns(value=pl.Series([1.0, 1.0, 2.0, 2.0, None])).to_pandas()
    assert {row[2] for row in rows(read_hubspot_history(versions))} == {"1", "2", None}
    ends = pd.DataFrame({"id": [1, 2], "won": ["2026-03-20", None]})
    found = RankHistory.from_frames(
        read_hubspot_history(versions),
        ends,
        scale=SCALE,
        as_of="2026-06-30",
        rank_labels={1: "A", 2: "B"},
        outcome_columns={"prospect": "id", "event_at": "won"},
    )
    assert found.judgments().summary().n.sum(axis=0).tolist() == [0, 2, 0]


def test_number_ranks_written_with_a_decimal_point_keep_their_mapping() -> None:
    changes = pl.DataFrame({"id": [1, 2], "who": "Abe", "to": ["2.0", "1"], "at": "2026-01-10"})
    found = RankHistory.from_frames(
        changes,
        pl.DataFrame({"id": [1, 2]}),
        scale=SCALE,
        as_of="2026-06-30",
        outcome_columns={"prospect": "id"},
        columns={"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"},
        rank_labels={1: "A", 2: "B"},
    )
    assert found.judgments().summary().n.sum(axis=0).tolist() == [1, 1, 0]


def test_salesforce_ranks_that_are_numbers_read_alike_in_history_and_records() -> None:
    history, records = salesforce()
    number = {"A": 1.0, "B": 2.0, "C": 3.0}
    history = history.filter(pl.col("Field") == "Rank__c").with_columns(
        pl.col("OldValue", "NewValue").replace_strict(number, default=None)
    )
    records = records.with_columns(pl.col("Rank__c").replace_strict(number, default=None))
    log = read_salesforce_history(history.to_pandas(), records.to_pandas(), field="Rank__c")
    assert rows(log) == sorted(
        [(row[0], row[1], f"{number[str(row[2])]:.0f}", *row[3:]) for row in SALESFORCE_LOG], key=str
    )


@pytest.mark.parametrize("kind", FRAMES)
def test_without_a_column_of_users_the_user_is_in_the_source_id(kind: str) -> None:
    versions = hubspot().drop("updatedByUserId")
    assert rows(read_hubspot_history(FRAMES[kind](versions))) == rows(read_hubspot_history(FRAMES[kind](hubspot())))
    with pytest.raises(InputError, match="'updatedByUserId', which the frame lacks"):
        read_hubspot_history(FRAMES[kind](versions.drop("sourceId")))


def test_sources_are_counted_by_type() -> None:
    versions = pl.concat([hubspot(), hubspot().tail(1).with_columns(sourceType=pl.lit(None, pl.String))])
    words = "versions set by {}, no person: they end a rank, give none"
    kinds = ("a source that is not named", "'AUTOMATION_PLATFORM'", "'IMPORT'")
    assert dict(read_hubspot_history(versions).dropped) == {words.format(kind): 1 for kind in kinds}


BROKEN = "changes from another value than the change before them led to: rows of the history are missing"


@pytest.mark.parametrize("kind", FRAMES)
def test_a_change_from_another_value_than_the_one_before_led_to_is_counted(kind: str) -> None:
    history, records = salesforce()
    lost = history.with_columns(OldValue=pl.Series(["C", "C", "Open", None]))  # 006A: C to B, then from C to A
    log = read_salesforce_history(FRAMES[kind](lost), FRAMES[kind](records), field="Rank__c")
    assert log.dropped[BROKEN] == 1
    cleared = history.with_columns(  # 006A: C to nothing, then from nothing to A
        OldValue=pl.Series([None, "C", "Open", None]), NewValue=pl.Series(["A", "", "Won", "B"])
    )
    log = read_salesforce_history(FRAMES[kind](cleared), FRAMES[kind](records), field="Rank__c")
    assert BROKEN not in log.dropped


def test_changes_of_one_second_are_not_held_against_each_other() -> None:
    history, records = salesforce()
    same = history.with_columns(CreatedDate=pl.lit("2026-02-01T10:00:00.000+0000"))
    assert BROKEN not in read_salesforce_history(same, records, field="Rank__c").dropped


def test_exports_in_duckdb_are_read_alike() -> None:
    connection = duckdb.connect()
    history, records = (connection.from_arrow(frame.to_arrow()) for frame in with_ids(15, 18))
    log = read_salesforce_history(history, records, field="Rank__c")
    assert named_alike(log) == sorted(SALESFORCE_LOG, key=str)
    stamped = connection.from_arrow(hubspot().with_columns(timestamp=pl.Series(STAMPS)).to_arrow())
    assert rows(read_hubspot_history(stamped)) == rows(read_hubspot_history(hubspot()))
