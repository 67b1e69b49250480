"""Counts by week: on every kind of frame, against a loop over the rows; what is recent; quarters; saved and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.saved import SavedJudgments, weeks_columns, weeks_from_columns
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from tests.data.frames.worlds import AS_OF, COLUMNS, FRAMES, SCALE, as_polars, world

TODAY = date.fromisoformat(AS_OF)
HORIZONS = (30, 90)
ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"}
ONE = RankScale(["A", "B"], {"A": Promise(0.5, 90)})


def read(frame: Any, **changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": COLUMNS} | changed
    return Judgments.from_frame(frame, **choices)


def known_rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Rows known on the snapshot date, with the earlier of event and exit alone, ties to the event."""
    for i in range(len(columns["lead"])):
        row = {name: values[i] for name, values in columns.items()}
        if row["judged"] > TODAY or (row["entered"] and row["entered"] > TODAY):
            continue
        event = row["opened"] if row["opened"] and row["opened"] <= TODAY else None
        leave = row["left"] if row["left"] and row["left"] <= TODAY else None
        if event and leave:
            event, leave = (event, None) if event <= leave else (None, leave)
        yield row | {"event": event, "exit": leave, "late": bool(row["entered"] and row["entered"] > row["judged"])}


def week_of(day: date) -> date:
    """First day of the seven days that hold this one, counted back from the snapshot date, a day at a time."""
    first = TODAY - timedelta(days=6)
    while first > day:
        first -= timedelta(days=7)
    return first


def judged_by_loop(columns: dict[str, list[Any]]) -> dict[tuple[Any, ...], list[int]]:
    counted: dict[tuple[Any, ...], list[int]] = {}
    for row in known_rows(columns):
        age = (TODAY - row["judged"]).days
        key = (row["owner"], row["label"], row["size"] or "(missing)", week_of(row["judged"]))
        numbers = counted.setdefault((*key, sum(age >= days for days in HORIZONS)), [0, 0, 0, 0, 0])
        numbers[0] += 1
        for i, days in enumerate(HORIZONS):
            seen = age >= days and not row["late"]
            numbers[1 + 2 * i] += seen
            numbers[2 + 2 * i] += bool(seen and row["event"] and (row["event"] - row["judged"]).days <= days)
    return counted


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_weekly_counts_of_a_loop_over_the_rows(kind: str, tmp_path: Path) -> None:
    columns = world()
    weeks = read(FRAMES[kind](columns, tmp_path), timezone="Asia/Tokyo").weekly_counts(by=["segment"])
    table = weeks.table.assign(judged_week=weeks.judged_week.astype(object))
    keys = ["rep", "rank", "segment", "judged_week", "maturity"]
    numbers = table[["n", "mature_30", "events_30", "mature_90", "events_90"]].to_numpy().tolist()
    found = dict(zip(table[keys].itertuples(index=False, name=None), numbers, strict=True))
    assert found == judged_by_loop(columns)


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_weekly_endings_of_a_loop_over_the_rows(kind: str, tmp_path: Path) -> None:
    columns = world()
    endings = read(FRAMES[kind](columns, tmp_path), timezone="Asia/Tokyo").weekly_endings()
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in known_rows(columns):
        end = row["event"] or row["exit"]
        if end:
            expected[row["owner"], row["label"], week_of(end), "event" if row["event"] else "exit"] += 1
    table, found = endings.table.assign(ended_week=endings.ended_week.astype(object)), Counter[tuple[Any, ...]]()
    for rep, rank, week, events, exits in table.itertuples(index=False, name=None):
        found[rep, rank, week, "event"] += events
        found[rep, rank, week, "exit"] += exits
    assert +found == expected


@pytest.mark.parametrize("kind", FRAMES)
def test_young_judgments_and_their_events_so_far_are_those_of_a_loop_over_the_rows(kind: str, tmp_path: Path) -> None:
    columns = world()
    weeks = read(FRAMES[kind](columns, tmp_path), timezone="Asia/Tokyo").weekly_counts()
    for i, days in enumerate(HORIZONS):
        expected: Counter[tuple[Any, ...]] = Counter()
        for row in known_rows(columns):
            if (TODAY - row["judged"]).days < days and not row["late"]:
                expected[row["owner"], row["label"], "n"] += 1
                expected[row["owner"], row["label"], "came"] += bool(row["event"])
        found: Counter[tuple[Any, ...]] = Counter()
        for rep, rank, n, came in zip(weeks.rep, weeks.rank, weeks.n_young[i], weeks.events_young[i], strict=True):
            found[weeks.reps[rep], weeks.ranks[rank], "n"] += int(n)
            found[weeks.reps[rep], weeks.ranks[rank], "came"] += int(came)
        assert +found == +expected


def test_weekly_counts_add_up_to_the_binomial_cells_duplicates_and_bad_rows_left_out() -> None:
    columns = {name: values for name, values in world().items() if name != "entered"}
    roles = {role: column for role, column in COLUMNS.items() if role != "entered_at"}
    rows = pl.DataFrame(columns)
    bad = rows.head(20).with_columns(label=pl.lit("Z"), lead=pl.lit("Q") + pl.col("lead"))
    judgments = read(pl.concat([rows, rows.head(40), bad]), columns=roles, problems="set_aside")
    known = rows["judged"] <= TODAY
    assert judgments.set_aside.n_rows == known.head(40).sum() + known.head(20).sum()
    assert judgments.n_judgments == known.sum()
    weeks = judgments.weekly_counts()
    assert weeks.n.sum() == judgments.n_judgments
    for days in HORIZONS:
        cells = judgments.binomial_cells(within_days=days)
        n, events = weeks.quarterly(days)
        np.testing.assert_array_equal(n.sum(axis=2), cells.n)
        np.testing.assert_array_equal(events.sum(axis=2), cells.events)
    assert judgments.weekly_counts() is weeks
    assert judgments.weekly_counts(horizons=[60]).horizons == (30, 60, 90)


def judged_on(days: list[tuple[date, str, date | None]]) -> Judgments:
    frame = pl.DataFrame(
        {
            "lead": range(len(days)),
            "owner": ["Aoki"] * len(days),
            "label": [rank for _, rank, _ in days],
            "judged": [day for day, _, _ in days],
            "opened": [event for _, _, event in days],
        }
    )
    return read(frame, scale=ONE, columns=ROLES)


def test_quarters_are_those_of_the_calendar_and_hold_mature_judgments_alone() -> None:
    # As of 30 June 2026, 90 days: judged up to 1 April is mature. The event of 10 June comes to a young judgment.
    judgments = judged_on([
        (date(2025, 11, 20), "A", date(2025, 12, 1)),
        (date(2026, 2, 2), "A", date(2026, 5, 3)),  # day 90: within
        (date(2026, 2, 3), "A", date(2026, 5, 5)),  # day 91: late
        (date(2026, 2, 4), "B", None),
        (date(2026, 6, 1), "A", date(2026, 6, 10)),
    ])  # fmt: skip
    weeks = judgments.weekly_counts()
    assert weeks.quarters == ("2025 Q4", "2026 Q1", "2026 Q2")
    n, events = weeks.quarterly(90)
    assert n.tolist() == [[[1, 2, 0], [0, 1, 0]]]
    assert events.tolist() == [[[1, 1, 0], [0, 0, 0]]]
    with pytest.raises(InputError, match=r"`within_days` must be one of the counted horizons \(90\); got 30"):
        weeks.quarterly(30)


def test_recent_are_the_last_90_days_or_as_many_weeks_as_hold_50() -> None:
    # Ages of 0 to 90 days are 13 weeks. 49 As at 90 days, three Bs at 104 days (week 14): the week that holds the
    # 50th is taken whole. 50 As at 90 days are enough of themselves.
    old = [(TODAY - timedelta(days=104), "B", None)] * 3 + [(TODAY - timedelta(days=700), "B", None)]
    few = judged_on([(TODAY - timedelta(days=90), "A", None)] * 49 + old).weekly_counts().recent()
    assert (few.n.tolist(), few.n_weeks.tolist()) == ([[49, 3]], [15])
    enough = judged_on([(TODAY - timedelta(days=90), "A", None)] * 50 + old).weekly_counts().recent()
    assert (enough.n.tolist(), enough.n_weeks.tolist()) == ([[50, 0]], [13])
    alone = judged_on([(TODAY - timedelta(days=3), "A", None), *old]).weekly_counts().recent()
    assert (alone.n.tolist(), alone.n_weeks.tolist()) == ([[1, 4]], [101])
    assert alone.table.columns.tolist() == ["rep", "rank", "n", "n_weeks"]


def test_a_judgment_lost_from_sight_or_seen_late_is_judged_but_not_mature() -> None:
    frame = pl.DataFrame({
        "lead": range(4), "owner": "Aoki", "label": "A", "judged": date(2026, 1, 5), "opened": None,
        "lost": [None, date(2026, 4, 4), date(2026, 4, 5), None],  # days 89 and 90
        "entered": [None, None, None, date(2026, 1, 6)],
    })  # fmt: skip
    roles = ROLES | {"censored_at": "lost", "entered_at": "entered"}
    weeks = read(frame, scale=ONE, columns=roles).weekly_counts()
    assert (weeks.n.sum(), weeks.n_mature.sum(), weeks.events.sum()) == (4, 2, 0)


def test_the_outcome_follows_the_prospect_through_a_re_rank_and_endings_come_in_once() -> None:
    frame = pl.DataFrame({
        "lead": [1, 1], "owner": "Aoki", "label": ["B", "A"], "judged": [date(2026, 1, 5), date(2026, 2, 1)],
        "opened": date(2026, 2, 20), "next": [date(2026, 2, 1), None],
    })  # fmt: skip
    judgments = read(frame, scale=ONE, columns=ROLES | {"reranked_at": "next"})
    assert judgments.weekly_counts().events.sum() == 2
    assert judgments.weekly_endings().events.sum() == 1


def test_judgments_without_days_say_so() -> None:
    counts = pd.DataFrame({"rep": ["Aoki"], "rank": ["A"], "n": [10], "events": [4]})
    cells = pd.DataFrame({"rep": ["Aoki"], "rank": ["A"], "days": [100], "ending": [3], "n": [10], "maturity": [1]})
    for ready in (Judgments.from_counts(counts, scale=ONE), Judgments.from_cells(cells, scale=ONE, as_of=AS_OF)):
        with pytest.raises(InputError, match="`weekly_counts` needs rows; these judgments are ready-made counts"):
            ready.weekly_counts()
        with pytest.raises(InputError, match="`weekly_endings` needs rows"):
            ready.weekly_endings()


def test_no_events_and_no_endings_are_counted_as_none() -> None:
    frame = as_polars(world()).drop("opened", "left", "entered", "won", "value")
    judgments = read(frame, columns={role: ROLES[role] for role in ROLES if role != "event_at"})
    assert judgments.weekly_counts().events.sum() == 0
    assert judgments.weekly_counts().n.sum() == judgments.n_judgments
    assert judgments.weekly_endings().table.empty


def test_saved_weeks_come_back_and_files_without_them_say_so() -> None:
    judgments = read(as_polars(world()))
    labels, (counted, judged, ended) = weeks_columns(judgments)
    weeks, endings = weeks_from_columns(labels, counted, judged, ended)
    pd.testing.assert_frame_equal(weeks.table, judgments.weekly_counts().table)
    pd.testing.assert_frame_equal(endings.table, judgments.weekly_endings().table)
    np.testing.assert_array_equal(weeks.n_young, judgments.weekly_counts().n_young)
    np.testing.assert_array_equal(weeks.events_young, judgments.weekly_counts().events_young)
    assert weeks.n_young.sum() > 0
    assert weeks.as_of == TODAY
    choices: dict[str, Any] = {"scale": SCALE, "columns": COLUMNS, "set_aside": judgments.set_aside, "noted": {}}
    saved = {"reading": None, "counts": judgments.duration_counts(), "cells": ()}
    older = SavedJudgments.restore(**choices, **saved)
    with pytest.raises(InputError, match=r"weekly_counts.* needs rows; a saved calibration keeps counts"):
        older.weekly_counts()
    newer = SavedJudgments.restore(**choices, **saved, weeks=(weeks, endings))
    assert newer.weekly_counts() is weeks
    assert newer.weekly_endings() is endings
    with pytest.raises(InputError, match="another grouping or horizon"):
        newer.weekly_counts(by=["segment"])
