"""Entries of the list of doors that a table of judgments or of counts can show: input as a frame, wanted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting import doubts
from calibra.data.counting.judgments import Judgments
from calibra.data.frames.files import read_path
from calibra.data.scoring.score_rows import count_notes
from calibra.errors import InputError
from tests.calibrated import calibrated
from tests.data.frames.test_dates import WRITTEN
from tests.data.noted import noted_by_kind

Make = Callable[[pl.DataFrame], Any]

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60)})
ROLES = {"prospect": "id", "rep": "who", "rank": "to", "judged_at": "at", "event_at": "won", "exit_at": "left"}
N = 60


def export(**changed: Any) -> pl.DataFrame:
    """Sixty judgments of two reps: ten end with an event after ten days, ten with an exit, forty are open."""
    judged = [date(2026, 1 + i % 6, 10 + i % 7) for i in range(N)]
    columns = {
        "id": [f"p{i}" for i in range(N)], "who": ["Abe", "Ito"] * (N // 2), "to": ["A", "A", "B"] * (N // 3),
        "at": judged, "won": [day.replace(day=day.day + 10) if i < 10 else None for i, day in enumerate(judged)],
        "left": [day.replace(day=day.day + 12) if 10 <= i < 20 else None for i, day in enumerate(judged)],
    }  # fmt: skip
    return pl.DataFrame(columns | changed, schema_overrides=dict.fromkeys(("at", "won", "left"), pl.Date))


def read(frame: Any, **how: Any) -> Judgments:
    return Judgments.from_frame(frame, **({"scale": SCALE, "as_of": "2026-06-30", "columns": ROLES} | how))


def endings(judgments: Judgments) -> tuple[int, int, int]:
    counts = judgments.duration_counts()
    one, two, three = (int(counts.n[counts.ending == ending].sum()) for ending in (1, 2, 3))
    return one, two, three


def keys(judgments: Judgments) -> set[str]:
    return {doubt.key for doubt in judgments.summary().doubts}


def check_missing_altogether(make: Make, door: str) -> None:
    """D8: what is not there at all is doubted."""
    assert keys(read(make(export()))) == set()
    at = export()["at"].to_list()
    closed = [day.replace(day=28) for day in at]
    for changed, wanted in (
        ({"left": closed}, doubts.NONE_OPEN), ({"left": [None] * N}, doubts.NO_EXIT),
        ({"to": ["A"] * N}, doubts.UNUSED_RANKS), ({"at": [date(2026, 1, 2)] * N}, doubts.ONE_DAY),
        ({"won": at}, doubts.EVENT_DAY), ({"won": [None] * N}, doubts.NO_EVENT),
    ):  # fmt: skip
        frame = export(**changed)
        if changed.keys() == {"won"} and wanted == doubts.EVENT_DAY:
            frame = frame.with_columns(left=pl.lit(None, pl.Date))
        assert wanted in keys(read(make(frame), problems="set_aside")), (door, wanted)
    paid = export().with_columns(paid=pl.when(pl.col("won").is_not_null()).then(pl.date(2025, 12, 1)))
    told = read(make(paid), columns=ROLES | {"won_at": "paid"}).summary()
    assert noted_by_kind(told)["won_before"] == 10


def check_clock(make: Make, door: str) -> None:
    """D10: of ranks on the day of the event the clock decides, where both sides have one."""
    stamps = ["2026-03-20 09:00:00", "2026-03-20 12:00:00", "2026-03-20 17:00:30"]
    frame = pl.DataFrame({"id": [1, 2, 3], "who": "Abe", "to": "A", "at": stamps, "won": "2026-03-20 12:00:00"})
    dated = frame.with_columns(pl.col("at", "won").str.to_datetime("%Y-%m-%d %H:%M:%S"))
    roles = {role: column for role, column in ROLES.items() if role != "exit_at"}
    for table in (dated, frame):
        found = read(make(table), columns=roles, problems="set_aside")
        assert (found.n_judgments, found.duration_counts().days.tolist()) == (2, [0])
        assert found.set_aside.by_reason == {"event before judgment": 1}
    whole = read(make(frame.with_columns(won=pl.lit("2026-03-20"))), columns=roles)
    assert (whole.n_judgments, noted_by_kind(whole.summary())["event_day"]) == (3, 3)


def check_counts(make: Make, door: str) -> None:
    """D11: ready-made counts may be sums and exact decimals; text, as CSV has it, is refused by its column."""
    for kind in (pl.Int64, pl.Decimal(18, 0), pl.Decimal(9, 2), pl.Float64):
        frame = pl.DataFrame({"rep": [1, 1, 2], "rank": ["A", "B", "A"], "n": [5, 7, 11], "events": [2, 3, 4]})
        table = make(frame.with_columns(pl.col("rep", "n", "events").cast(kind)))
        table = read_path(table, "utf-8") if isinstance(table, Path) else table
        if door == "CSV":
            with pytest.raises(InputError, match="`n` must be a whole number"):
                Judgments.from_counts(table, scale=SCALE)
            continue
        cells = Judgments.from_counts(table, scale=SCALE).binomial_cells()
        assert (cells.reps, cells.n.tolist(), cells.events.tolist()) == (
            ("1", "2"), [[5, 7], [11, 0]], [[2, 3], [4, 0]],
        )  # fmt: skip


def check_ways_of_writing(make: Make, door: str) -> None:
    """D18: days written otherwise are days; years of an era and Excel's numbers are named in the refusal."""
    frame = export(at=["2026-01-10"] * N, won=["2026-02-10"] * N, left=[None] * N).with_columns(
        at=pl.Series([WRITTEN[i % len(WRITTEN)] for i in range(N)]), won=pl.lit("2026/2/10")
    )
    assert set(read(make(frame)).duration_counts().days.tolist()) == {31}
    for text, words in (("令和8年1月10日", "和暦"), ("46032", "Excel")):
        with pytest.raises(InputError, match=words):
            read(make(frame.with_columns(at=pl.lit(text))))


def check_empty_roles(make: Make, door: str) -> None:
    """W1: a role that is mapped and has no value in any row is told, whatever the column's type."""
    for kind in (pl.Date, pl.String, pl.Int64, pl.Float64):
        found = read(make(export().with_columns(left=pl.lit(None, kind))))
        assert endings(found) == (10, 0, 50)
        assert "all 60 without `exit_at`: its column has no value in any row" in str(found.summary()), (door, kind)


def check_no_days(make: Make, door: str) -> None:
    """W1: numbers, yes and no are no days; they are refused under the role and the column."""
    for wrong in (pl.lit(7), pl.lit(7.5), pl.lit(value=True)):
        with pytest.raises(InputError, match=r"`exit_at` \(column 'left'\)|dates given as text must be days"):
            read(make(export().with_columns(left=wrong)))


LABELS = (pl.Int32, pl.Int64, pl.Float64, pl.Decimal(18, 2), pl.Decimal(18, 0), pl.String)


def check_labels(make: Make, door: str) -> None:
    """W6: numbers name the same reps and ranks whatever their type, in counts and in scores."""
    scale = cb.RankScale([1, 2], {1: cb.Promise(0.5, within_days=60)})
    kinds = LABELS if door != "CSV" else (pl.Int32, pl.Int64, pl.String)  # a file keeps the text it was written as
    for kind in kinds:
        frame = export().with_columns(
            who=(pl.int_range(pl.len()) % 3 * 10).cast(kind), to=(1 + pl.int_range(pl.len()) % 2).cast(kind)
        )
        found = read(make(frame), scale=scale)
        assert found.reps == ("0", "10", "20"), (door, kind)
        assert found.summary().n.sum(axis=0).tolist() == [30, 30]


def check_scored_labels(make: Make, door: str) -> None:
    """W6: who is read as a known rep when counted is one when scored."""
    fit = calibrated_on_numbers()
    for kind in LABELS if door != "CSV" else (pl.Int32, pl.Int64, pl.String):
        frame = pl.DataFrame({"id": range(6), "who": [0, 1, 2] * 2, "to": "A", "at": date(2026, 5, 1)}).with_columns(
            pl.col("who").cast(kind)
        )
        notes = count_notes(fit.score(make(frame), as_of="2026-06-30", columns={"rep": "who", "rank": "to",
                                                                                "judged_at": "at"}))  # fmt: skip
        assert (notes["scored"], notes["rep never seen"]) == (6, 0), (door, kind)


def calibrated_on_numbers() -> Any:
    """A calibration whose reps are called 0, 1 and 2."""
    global _ON_NUMBERS
    if _ON_NUMBERS is None:
        counts = pl.DataFrame({"rep": [0, 0, 1, 1, 2, 2], "rank": ["A", "B"] * 3, "n": [50] * 6,
                               "events": [30, 10, 25, 12, 20, 15]})  # fmt: skip
        judgments = Judgments.from_counts(counts, scale=SCALE)
        _ON_NUMBERS = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=())
    return _ON_NUMBERS


_ON_NUMBERS: Any = None


def check_sentinels(make: Make, door: str) -> None:
    """W7: one day in most impossible rows is named, and read as none where that is said."""
    for none in ("1900-01-01", "0001-01-01"):
        frame = export().with_columns(won=pl.col("won").fill_null(date.fromisoformat(none)))
        for table in (frame, frame.with_columns(pl.col("won").dt.to_string("%Y-%m-%d"))):
            with pytest.raises(InputError, match=f"{none} in 50 rows looks like an empty day of `event_at`"):
                read(make(table))
            assert endings(read(make(table), no_day=[none])) == (10, 10, 40)
    far = export().with_columns(won=pl.col("won").fill_null(date(9999, 12, 31)))
    assert endings(read(make(far))) == (10, 10, 40)


def check_lost_days(make: Make, door: str) -> None:
    """D20: a day that decides no outcome is left out alone, and the judgment stays."""
    from tests.data.test_small_doors import DAYS, check_values_alone

    check_values_alone(make(pl.DataFrame(DAYS)))


def check_versions(make: Make, door: str) -> None:
    """W10: of late copies the last version counts, and those replaced are told; without one, both are an error."""
    late = export().head(5).with_columns(won=pl.lit(None, pl.Date), loaded=pl.date(2026, 6, 1))
    frame = pl.concat([export().with_columns(loaded=pl.date(2026, 6, 2)), late])
    found = read(make(frame), columns=ROLES | {"version": "loaded"})
    assert (endings(found), noted_by_kind(found.summary())["replaced"]) == ((10, 10, 40), 5)
    with pytest.raises(InputError, match=r"duplicate judgment: .* in 5 rows"):
        read(make(frame))
    known = read(make(frame), columns=ROLES | {"version": "loaded", "recorded_at": "loaded"}).at("2026-06-01")
    assert endings(known) == (0, 0, 5)


def check_zone_of_earlier_days(make: Make, door: str) -> None:
    """W10: `at` and `as_of` read a moment in one calendar."""
    late = "2026-04-30T23:30+00:00"
    found = read(make(export()), timezone="Asia/Tokyo")
    assert found.at(late).as_of == read(make(export()), timezone="Asia/Tokyo", as_of=late).as_of == date(2026, 5, 1)


ODD_NAMES = ("a b", "o'clock", 'x"y', "p.q", "tick`", "会社 名", "select", "%s", "c\\d", "[e]", "f;g", "h?", "Won")
"""Names of columns as exports have them: blanks, quotes, dots, words of SQL."""


def check_odd_names(make: Make, door: str) -> None:
    """W10: a column may be called anything."""
    for name in ODD_NAMES:
        frame = export().rename({"won": name})
        found = read(make(frame), columns=ROLES | {"event_at": name})
        assert endings(found) == (10, 10, 40), (door, name)


def check_scored_odd_names(make: Make, door: str) -> None:
    """W10: in scores, too, where every column is kept."""
    today = date(2026, 6, 30)
    frame = pl.DataFrame({"who": ["Aoki", "Bauer"], "to": ["A", "B"], "at": [today] * 2}).with_columns(
        *(pl.lit(7).alias(name) for name in ODD_NAMES)
    )
    for name in ODD_NAMES:
        table = frame.drop(name).rename({"who": name})
        columns = {"rep": name, "rank": "to", "judged_at": "at"}
        scored = calibrated().score(make(table), as_of=today, columns=columns)
        assert (count_notes(scored)["scored"], count_notes(scored)["rep never seen"]) == (2, 0), (door, name)


def check_copies(make: Make, door: str) -> None:
    """W10: a copy of a row is seen; without the look for copies it is counted twice, as asked."""
    twice = pl.concat([export(), export().head(3)])
    with pytest.raises(InputError, match=r"duplicate judgment: .* in 3 rows"):
        read(make(twice))
    found = read(make(twice), problems="set_aside")
    assert (found.n_judgments, found.set_aside.n_rows) == (60, 3)


def check_rows_set_aside(make: Make, door: str) -> None:
    """D20: each row that was set aside is listed, with its place where the back end keeps an order."""
    from tests.data.counting.test_bad_rows import EXPECTED, NAMES, ROWS, read as read_faulty

    judgments = read_faulty(make(pl.DataFrame(ROWS, schema=NAMES, orient="row")))
    found = judgments.set_aside_rows()
    told = [tuple(row) for row in found[["reason", "prospect", "rank"]].itertuples(index=False)]
    assert sorted(told) == sorted(row[1:] for row in EXPECTED), door
    assert found["reason"].value_counts().to_dict() == judgments.set_aside.by_reason
    places = [None if place is pd.NA else place for place in found["row"]]
    keeps_no_order = door in ("Ibis on DuckDB", "Ibis on PostgreSQL", "postgres:// URL", "PySpark")
    assert places == ([None] * 7 if keeps_no_order else [row[0] for row in EXPECTED]), door


def check_other_names(make: Make, door: str) -> None:
    """D20: other names of a rep, and all names in one form, count as one."""
    from tests.data.frames.test_rep_names import frame, tell_other_names

    tell_other_names(make(frame()))


def check_scored_percentages(make: Make, door: str) -> None:
    """W6: what a rep states is scored, numbers and text, as the fit predicts."""
    from tests import test_scoring_stated as stated

    for frame in (stated.prospects(), stated.as_text("{}%"), stated.as_text("{} ％")):
        stated.assert_as_predicted(stated.rows_of(stated.calibrated().score(make(frame), as_of=stated.TODAY)))


CHECKS: dict[str, Callable[[Make, str], None]] = {
    "D8 missing altogether": check_missing_altogether,
    "D10 the clock": check_clock,
    "D11 ready-made counts": check_counts,
    "D18 days written otherwise": check_ways_of_writing,
    "D20 a day that decides nothing": check_lost_days,
    "D20 rows set aside, one by one": check_rows_set_aside,
    "D20 other names of a rep": check_other_names,
    "W1 roles without a value": check_empty_roles,
    "W1 no days": check_no_days,
    "W6 percentages in scores": check_scored_percentages,
    "W6 labels": check_labels,
    "W6 labels in scores": check_scored_labels,
    "W7 sentinel days": check_sentinels,
    "W10 late copies": check_versions,
    "W10 copies": check_copies,
    "W10 one calendar": check_zone_of_earlier_days,
    "W10 names": check_odd_names,
    "W10 names in scores": check_scored_odd_names,
}
"""Entry to what must hold of it, given the maker of a back end's table."""
