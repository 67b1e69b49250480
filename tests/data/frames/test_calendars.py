"""In whose calendar moments fall on a day: the zone given, the one the columns name, else UTC, doubted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.doubts import UTC_DAYS
from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.history.readers import read_hubspot_history, read_salesforce_history
from calibra.data.scale import RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B"])
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won"}
OUTCOMES = {"prospect": "id", "event_at": "won"}
TOKYO = "Asia/Tokyo"
N = 20


def in_tokyo() -> pl.DataFrame:
    """Ranks of eight in the morning in Tokyo, an event on the same day by its calendar: the day before in UTC."""
    morning = pl.lit("2026-03-20 08:00:00").str.to_datetime().dt.replace_time_zone(TOKYO)
    return pl.DataFrame({"id": list(range(N)), "who": ["Abe"] * N, "to": ["A", "B"] * (N // 2)}).with_columns(
        at=morning, won=pl.lit(date(2026, 3, 20))
    )


def in_utc(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("at").dt.convert_time_zone("UTC"))


def as_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    """Dates as Python has them: pandas' own are moments without a zone, which are refused beside others."""
    return frame.to_pandas().assign(won=pd.Series(frame["won"].to_list(), dtype=object))


def as_objects(frame: pl.DataFrame) -> pd.DataFrame:
    pandas = as_pandas(frame)
    return pandas.assign(at=pandas["at"].astype(object))


def as_offset(frame: pl.DataFrame) -> pd.DataFrame:
    pandas = as_pandas(frame)
    return pandas.assign(at=pandas["at"].dt.tz_convert(timezone(timedelta(hours=9))))


def with_offset(frame: pl.DataFrame) -> pl.DataFrame:
    """The same as text, in the three ways of writing an offset, the last of which is that of databases."""
    stamps = ("2026-03-20T08:00:00+09:00", "2026-03-20T08:00:00.125+0900", "2026-03-20 08:00:00+09")
    return frame.with_columns(at=pl.Series([stamps[i % 3] for i in range(len(frame))]), won=pl.lit("2026-03-20"))


IN_ETC = pl.col("at").dt.convert_time_zone("Etc/GMT-9")
"""Nine hours ahead; narwhals reads no zone whose name has a sign, as America/Port-au-Prince has."""
NAMED: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars, lazy": lambda frame: frame.lazy(),
    "pandas": as_pandas,
    "pandas, an offset": as_offset,
    "pandas, objects": as_objects,
    "pandas, a zone with a sign": lambda frame: as_pandas(frame.with_columns(IN_ETC)),
    "pyarrow": lambda frame: frame.to_arrow(),
}
"""Frames whose column names its zone."""
UNNAMED: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars in UTC": in_utc,
    "pandas in UTC": lambda frame: as_pandas(in_utc(frame)),
    "pyarrow in UTC": lambda frame: in_utc(frame).to_arrow(),
    "DuckDB": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
    "polars of text": with_offset,
    "pandas of text": lambda frame: with_offset(frame).to_pandas(),
    "DuckDB of text": lambda frame: duckdb.connect().from_arrow(with_offset(frame).to_arrow()),
}
"""Frames that give moments and no zone but UTC."""


def judged(frame: Any, **how: Any) -> Judgments:
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-06-30", columns=ROLES, **how)


def logged(changes: Any, outcomes: Any, **how: Any) -> RankHistory:
    roles = {"changed_at" if role == "judged_at" else role: column for role, column in ROLES.items()}
    del roles["event_at"]
    return RankHistory.from_frames(
        changes, outcomes, scale=SCALE, as_of="2026-06-30", columns=roles, outcome_columns=OUTCOMES, **how
    )


def days(judgments: Judgments) -> list[int]:
    return sorted(judgments.duration_counts().days.tolist())


def doubted(found: Any) -> list[str]:
    return [str(doubt) for doubt in found.summary().doubts if doubt.key == UTC_DAYS]


def check_named(frame: Any) -> None:
    """What must hold of a frame that names Tokyo, in both doors and with the zone given."""
    for how in ({}, {"timezone": TOKYO}):
        for found in (judged(frame, **how), logged(frame, frame, **how).judgments()):
            assert (set(days(found)), found.n_judgments, doubted(found)) == ({0}, N, [])
    assert set(days(judged(frame, timezone="UTC"))) == {1}


def check_unnamed(frame: Any) -> None:
    """What must hold of a frame that names no zone: the day before, with a doubt, unless one is given."""
    for found in (judged(frame), logged(frame, frame).judgments()):
        assert set(days(found)) == {1}
        assert len(doubted(found)) == 1
    assert doubted(judged(frame))[0].startswith("`judged_at` hold moments with a time zone, read on the days of UTC,")
    assert "plain days in `event_at`" in doubted(judged(frame))[0]
    assert doubted(logged(frame, frame))[0].startswith("`changed_at` hold moments")
    for zone, wanted in ((TOKYO, 0), ("UTC", 1)):
        for found in (judged(frame, timezone=zone), logged(frame, frame, timezone=zone).judgments()):
            assert (set(days(found)), doubted(found)) == ({wanted}, [])


@pytest.mark.parametrize("kind", NAMED)
def test_the_zone_that_a_column_names_is_whose_calendar_days_are_of(kind: str) -> None:
    check_named(NAMED[kind](in_tokyo()))


@pytest.mark.parametrize("kind", UNNAMED)
def test_moments_in_utc_beside_plain_days_are_doubted_unless_a_zone_is_given(kind: str) -> None:
    check_unnamed(UNNAMED[kind](in_tokyo()))


def test_files_name_no_zone(tmp_path: Path) -> None:
    in_tokyo().write_parquet(tmp_path / "judgments.parquet")
    with_offset(in_tokyo()).write_csv(tmp_path / "judgments.csv")
    for name in ("judgments.parquet", "judgments.csv"):
        check_unnamed(tmp_path / name)


def test_moments_alone_and_plain_days_alone_are_not_doubted() -> None:
    frame = in_utc(in_tokyo())
    moments = frame.with_columns(won=pl.col("at"))
    plain = frame.with_columns(at=pl.lit(date(2026, 3, 19)))
    text = plain.with_columns(pl.col("at", "won").cast(pl.String))
    for found in (judged(moments), judged(plain), judged(text), logged(moments, moments), logged(text, text)):
        assert doubted(found) == []


def test_the_two_tables_of_a_history_share_one_calendar() -> None:
    """The zone that one table names is that of the other, whose moments are in UTC."""
    outcomes = in_utc(in_tokyo()).select("id", won=pl.col("at") + pl.duration(hours=30))
    found = logged(in_tokyo(), outcomes)
    assert set(days(found.judgments())) == {1}  # 14:00 of the next day in Tokyo
    assert found.judgments()._checked.choices.timezone == TOKYO
    two_zones = outcomes.with_columns(pl.col("won").dt.convert_time_zone("America/New_York"))
    with pytest.raises(InputError, match=r"several zones: America/New_York \(won\), Asia/Tokyo \(at\). Say which"):
        logged(in_tokyo(), two_zones)
    with pytest.raises(InputError, match=r"several zones: America/New_York \(event_at\), Asia/Tokyo \(judged_at\)"):
        judged(in_tokyo().with_columns(two_zones["won"]))
    assert set(days(judged(in_tokyo().with_columns(two_zones["won"]), timezone=TOKYO))) == {1}


def test_an_offset_that_no_zone_keeps_is_refused() -> None:
    pandas = as_pandas(in_tokyo())
    odd = pandas.assign(at=pandas["at"].dt.tz_convert(timezone(timedelta(hours=5, minutes=30))))
    with pytest.raises(InputError, match=r"`judged_at` holds moments .*05:30 from UTC.*`timezone='Asia/Kolkata'`"):
        judged(odd)
    assert set(days(judged(odd, timezone=TOKYO))) == {0}


@pytest.mark.parametrize("given", [{}, {"timezone": TOKYO}])
def test_an_earlier_day_is_one_of_the_same_calendar(given: dict[str, str]) -> None:
    late = "2026-03-19T15:30+00:00"  # the twentieth in Tokyo
    for found in (judged(in_tokyo(), **given), logged(in_tokyo(), in_tokyo(), **given)):
        assert found.at(late).as_of == date(2026, 3, 20)
    ends = in_tokyo().with_columns(won=pl.lit(date(2026, 3, 25)))
    held = logged(in_tokyo(), ends, **given).judgments("landmark", landmark=late)
    assert held.summary().first_judged_at == date(2026, 3, 20)


def salesforce(stamp: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [f"p{i}" for i in range(N)]
    history = {"OpportunityId": ids, "Field": ["Rank__c"] * N, "OldValue": ["B"] * N, "NewValue": ["A"] * N}
    records = {"Id": ids, "CreatedDate": [stamp] * N, "CreatedById": ["Abe"] * N, "Rank__c": ["A"] * N}
    return pl.DataFrame(history | {"CreatedById": ["Abe"] * N, "CreatedDate": [stamp] * N}), pl.DataFrame(records)


def test_stamps_of_exports_beside_plain_days_are_doubted() -> None:
    outcomes = pl.DataFrame({"id": [f"p{i}" for i in range(N)], "won": [date(2026, 3, 20)] * N})
    utc = "2026-03-19T23:00:00.000+0000"
    hubspot = pl.DataFrame(
        {
            "objectId": outcomes["id"], "value": ["A"] * N, "timestamp": [1773961200000] * N,
            "sourceType": ["CRM_UI"] * N, "sourceId": ["userId:7"] * N, "updatedByUserId": [7] * N,
        }
    )  # fmt: skip
    for how, wanted in (({}, 1), ({"timezone": TOKYO}, 0)):
        for log in (
            read_salesforce_history(*salesforce(utc), field="Rank__c", **how),
            read_hubspot_history(hubspot, **how),
        ):
            found = RankHistory.from_frames(
                log, outcomes, scale=SCALE, as_of="2026-06-30", outcome_columns=OUTCOMES, **how
            )
            assert set(days(found.judgments())) == {wanted}
            assert len(doubted(found)) == len(doubted(found.judgments())) == (0 if how else 1)
    aware = outcomes.with_columns(pl.col("won").cast(pl.Datetime("us")).dt.replace_time_zone(TOKYO))
    log = read_hubspot_history(hubspot)
    with pytest.raises(InputError, match="outcomes name the zone Asia/Tokyo, while the log was read in UTC"):
        RankHistory.from_frames(log, aware, scale=SCALE, as_of="2026-06-30", outcome_columns=OUTCOMES)
