"""Entries of the list of doors that a log of ranks and its outcomes can show: inputs as frames, wanted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from calibra.data.counting import doubts
from calibra.data.history.history import RankHistory
from calibra.data.history.readers import ChangeLog, read_hubspot_history, read_salesforce_history
from calibra.data.scale import RankScale
from calibra.errors import InputError
from tests.data.frames.test_calendars import check_unnamed, in_tokyo, in_utc, with_offset
from tests.data.history.test_exports import BROKEN, STAMPS, UNLIKE, with_ids
from tests.data.history.test_late import check_kinds, check_late
from tests.data.history.test_readers import SALESFORCE_LOG, SCALE, hubspot, salesforce
from tests.data.noted import noted_by_kind

Make = Callable[[pl.DataFrame], Any]

AS_OF = "2026-06-30"
LOGGED = {"prospect": "id", "rep": "who", "rank": "to", "changed_at": "at"}


def read(log: Any, ends: Any, **how: Any) -> RankHistory:
    told: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "outcome_columns": {"prospect": "id", "event_at": "won"}}
    return RankHistory.from_frames(log, ends, **(told | how))


def cells(history: RankHistory, mode: Any = "every") -> list[tuple[Any, ...]]:
    counts = history.judgments(mode).duration_counts().table
    return sorted(counts[["rep", "rank", "days", "ending", "n"]].itertuples(index=False, name=None))


def of_salesforce(log: ChangeLog, records: Any) -> list[tuple[Any, ...]]:
    return cells(read(log, records, outcome_columns={"prospect": "Id", "event_at": "Won"}))


# Of SALESFORCE_LOG, to the next rank, the event of 006A on 20 March or the end of June: 006A C by Abe from 10 January
# for 22 days, B by Abe from 1 February for 28, A by Ito from 1 March for 19; 006B C by Ito from 12 January for 169;
# 006D B by Abe from 10 February for 140.
WANTED = [
    ("Abe", "B", 28, 3, 1), ("Abe", "B", 140, 3, 1), ("Abe", "C", 22, 3, 1), ("Ito", "A", 19, 1, 1),
    ("Ito", "C", 169, 3, 1),
]  # fmt: skip


def check_ids(make: Make, door: str) -> None:
    """D4: ids of 15 and of 18 characters are the same prospects."""
    for lengths in ((15, 18), (18, 15)):
        history, records = map(make, with_ids(*lengths))
        log = read_salesforce_history(history, records, field="Rank__c")
        assert (log.n_changes, dict(log.dropped)) == (len(SALESFORCE_LOG), {"changes of other fields": 1})
        assert of_salesforce(log, records) == WANTED, (door, lengths)
    history, records = salesforce()
    with pytest.raises(InputError, match="None of the 2 prospects in the history is among the records"):
        read_salesforce_history(make(history), make(records.with_columns(Id="x" + pl.col("Id"))), field="Rank__c")


def check_unlike_types(make: Make, door: str) -> None:
    """D5: two tables whose types differ are brought together, or their columns named."""
    for unlike in UNLIKE.values():
        history, records = map(make, unlike(*salesforce()))
        assert of_salesforce(read_salesforce_history(history, records, field="Rank__c"), records) == WANTED, door
    if door != "CSV":  # all text there
        history, records = salesforce()
        with pytest.raises(InputError, match=r"'OpportunityId' and 'Id' must be of one type"):
            read_salesforce_history(
                make(history), make(records.with_columns(Id=pl.int_range(pl.len()))), field="Rank__c"
            )


ENDS = pl.DataFrame({"id": [1, 2], "won": ["2026-03-20", None]})


def check_milliseconds(make: Make, door: str) -> None:
    """D6: epoch milliseconds are moments, as numbers, floats and text; seconds are refused."""
    wanted = cells(read(read_hubspot_history(make(hubspot())), make(ENDS)))
    assert len(wanted) >= 2
    for kind in (pl.Int64, pl.Float64, pl.String):
        column = pl.Series(STAMPS).cast(pl.Int64).cast(kind) if kind != pl.String else pl.Series(map(str, STAMPS))
        found = read_hubspot_history(make(hubspot().with_columns(timestamp=column)))
        assert cells(read(found, make(ENDS))) == wanted, (door, kind)
    with pytest.raises(InputError, match="no milliseconds of the years 1973 to 2100"):
        read_hubspot_history(make(hubspot().with_columns(timestamp=pl.Series(STAMPS) // 1000)))


def check_number_ranks(make: Make, door: str) -> None:
    """D7: ranks that are numbers, with gaps, keep the mapping that is given."""
    for kind in (pl.Int64, pl.Float64) if door == "CSV" else (pl.Int64, pl.Float64, pl.Decimal(9, 2)):
        versions = hubspot().with_columns(value=pl.Series([1, 1, 2, 2, None]).cast(kind))
        found = read(read_hubspot_history(make(versions)), make(ENDS), rank_labels={1: "A", 2: "B"})
        assert found.judgments().summary().n.sum(axis=0).tolist() == [0, 2, 0], (door, kind)


def check_users(make: Make, door: str) -> None:
    """D15: without a column of users, the user is in the source's id."""
    wanted = cells(read(read_hubspot_history(make(hubspot())), make(ENDS)))
    without = hubspot().drop("updatedByUserId")
    assert cells(read(read_hubspot_history(make(without)), make(ENDS))) == wanted


def check_sources(make: Make, door: str) -> None:
    """D16: sources that are no person are counted by type."""
    versions = pl.concat([hubspot(), hubspot().tail(1).with_columns(sourceType=pl.lit(None, pl.String))])
    kinds = ("a source that is not named", "'AUTOMATION_PLATFORM'", "'IMPORT'")
    found = dict(read_hubspot_history(make(versions)).dropped)
    assert found == {f"versions set by {kind}, no person: they end a rank, give none": 1 for kind in kinds}


def check_broken_chain(make: Make, door: str) -> None:
    """D21: a change from another value than the one before led to is counted."""
    history, records = salesforce()
    lost = history.with_columns(OldValue=pl.Series(["C", "C", "Open", None]))
    assert read_salesforce_history(make(lost), make(records), field="Rank__c").dropped[BROKEN] == 1
    assert BROKEN not in read_salesforce_history(make(history), make(records), field="Rank__c").dropped


def plain(**changed: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forty prospects ranked on 5 January, ten of which have their event on 25 January."""
    n = 40
    log = pl.DataFrame({"id": range(n), "who": ["Abe"] * n, "to": ["A"] * n, "at": ["2026-01-05"] * n})
    ends = pl.DataFrame({"id": range(n), "won": ["2026-01-25" if i % 4 == 0 else None for i in range(n)]})
    as_days = pl.selectors.by_name("at", "won", require_all=False).str.to_date()
    return log.with_columns(as_days).with_columns(**changed), ends.with_columns(as_days)


def check_strangers(make: Make, door: str) -> None:
    """D14: many ranked prospects without an outcome are a doubt; none with one is an error."""
    log, ends = plain()
    assert read(make(log), make(ends), columns=LOGGED).summary().doubts == ()
    few = read(make(log), make(ends.head(30)), columns=LOGGED)
    assert [doubt.key for doubt in few.summary().doubts] == [doubts.STRANGERS]
    assert [doubt.key for doubt in few.judgments().summary().doubts if doubt.key == doubts.STRANGERS]
    with pytest.raises(InputError, match="None of the 40 ranked prospects is among the 40 outcomes"):
        read(make(log), make(ends.with_columns(pl.col("id") + 100)), columns=LOGGED)


def check_day_of_event(make: Make, door: str) -> None:
    """D10: the log keeps ranks of the event's day as judgments do, and by the clock where both have one."""
    stamps = ["2026-03-20 09:00:00", "2026-03-20 12:00:00", "2026-03-20 17:00:30"]
    log = pl.DataFrame({"id": [1, 2, 3], "who": "Abe", "to": "A", "at": stamps})
    ends = pl.DataFrame({"id": [1, 2, 3], "won": "2026-03-20 12:00:00"})
    as_moments = pl.selectors.by_name("at", "won", require_all=False).str.to_datetime("%Y-%m-%d %H:%M:%S")
    for one, two in ((log, ends), (log.with_columns(as_moments), ends.with_columns(as_moments))):
        found = read(make(one), make(two), columns=LOGGED)
        assert (found.summary().n_hindsight(), cells(found)) == (1, [("Abe", "A", 0, 1, 2)])
    found = read(make(log), make(ends.with_columns(won=pl.lit("2026-03-20"))), columns=LOGGED)
    assert (found.summary().n_on_event_day, cells(found)) == (3, [("Abe", "A", 0, 1, 3)])


def check_calendar(make: Make, door: str) -> None:
    """D9: moments beside plain days fall on the days of the zone that is given, else of UTC, with a doubt."""
    if door in ("pandas", "polars", "pyarrow", "polars, lazy over Parquet"):
        check_unnamed(make(in_utc(in_tokyo()) if door != "pandas" else with_offset(in_tokyo())))
    else:
        check_unnamed(make(in_tokyo()))
    check_unnamed(make(with_offset(in_tokyo())))


def check_number_names(make: Make, door: str) -> None:
    """W6: in a log, too, reps and ranks that are numbers read alike whatever their type."""
    scale = RankScale([1, 2])
    for kind in (pl.Int32, pl.Float64, pl.Decimal(9, 3), pl.String) if door != "CSV" else (pl.Int32, pl.String):
        log, ends = plain(
            who=(pl.int_range(pl.len()) % 3 * 10).cast(kind), to=(1 + pl.int_range(pl.len()) % 2).cast(kind)
        )
        found = read(make(log), make(ends), columns=LOGGED, scale=scale).judgments()
        assert found.reps == ("0", "10", "20"), (door, kind)
        assert found.summary().n.sum(axis=0).tolist() == [20, 20]


def check_no_values(make: Make, door: str) -> None:
    """W1: an outcome without any value counts as absent, and is told; one of no days is refused."""
    log, ends = plain()
    roles = {"prospect": "id", "event_at": "won", "exit_at": "gone"}
    for kind in (pl.Date, pl.String, pl.Int64):
        found = read(make(log), make(ends.with_columns(gone=pl.lit(None, kind))), columns=LOGGED, outcome_columns=roles)
        assert cells(found) == [("Abe", "A", 20, 1, 10), ("Abe", "A", 176, 3, 30)]
    with pytest.raises(InputError, match=r"`exit_at` \(column 'gone'\) must hold|dates of outcomes given as text"):
        read(make(log), make(ends.with_columns(gone=pl.lit(7))), columns=LOGGED, outcome_columns=roles)


def check_no_day(make: Make, door: str) -> None:
    """W7: a day that stands for none is none among outcomes, where that is said."""
    log, ends = plain()
    for day in ("1900-01-01", "9999-12-31"):
        filled = ends.with_columns(pl.col("won").fill_null(pl.lit(day).str.to_date()))
        found = read(make(log), make(filled), columns=LOGGED, no_day=[day])
        assert cells(found) == [("Abe", "A", 20, 1, 10), ("Abe", "A", 176, 3, 30)], (door, day)


def check_late_copies(make: Make, door: str) -> None:
    """W10: late copies of changes and outcomes, and rows that came late."""
    check_late(make)
    check_kinds(make)


def check_odd_names(make: Make, door: str) -> None:
    """W10: columns of both tables may be called anything."""
    log, ends = plain()
    for name in ("a b", "o'clock", 'x"y', "p.q", "tick`", "会社 名", "select", "c\\d"):
        found = read(
            make(log.rename({"who": name})), make(ends.rename({"won": name})), columns=LOGGED | {"rep": name},
            outcome_columns={"prospect": "id", "event_at": name},
        )  # fmt: skip
        assert noted_by_kind(found.summary()).get("without_outcome", 0) == 0
        assert cells(found) == [("Abe", "A", 20, 1, 10), ("Abe", "A", 176, 3, 30)], (door, name)


CHECKS: dict[str, Callable[[Make, str], None]] = {
    "D4 ids of two lengths": check_ids,
    "D5 unlike types": check_unlike_types,
    "D6 epoch milliseconds": check_milliseconds,
    "D7 number ranks": check_number_ranks,
    "D9 whose calendar": check_calendar,
    "D10 the clock in a log": check_day_of_event,
    "D14 strangers": check_strangers,
    "D15 users": check_users,
    "D16 sources": check_sources,
    "D21 a broken chain": check_broken_chain,
    "W1 outcomes without a value": check_no_values,
    "W6 labels in a log": check_number_names,
    "W7 no day among outcomes": check_no_day,
    "W10 late copies of a log": check_late_copies,
    "W10 names in a log": check_odd_names,
}
"""Entry to what must hold of it, given the maker of a back end's table."""
