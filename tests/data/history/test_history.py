"""Rank histories by hand: six prospects, each mode, what became of every row; bad logs; earlier snapshots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.history.history import RankHistory
from calibra.data.noted import note
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.wording import load_phrases
from tests.data.noted import noted_by_kind

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.5, 30)})
AS_OF = "2026-06-30"
CHANGES = {"prospect": "lead", "rep": "who", "rank": "to", "changed_at": "at", "team": "team"}
OUTCOMES = {"prospect": "id", "event_at": "opened", "exit_at": "left", "segment": "size"}

LOG = [
    # P1, event on 20 March
    ("P1", "Abe", "C", "2026-01-10 09:00:00"),
    ("P1", "Abe", "C", "2026-01-15 09:00:00"),  # a save that changes nothing
    ("P1", "Ito", "B", "2026-02-01 10:00:00"),
    ("P1", "Ito", "A", "2026-03-10 10:00:00"),
    ("P1", "Ito", "A", "2026-03-20 17:00:00"),  # on the day of the event, but changes nothing
    ("P1", "Abe", "B", "2026-03-25 10:00:00"),  # five days after the event: hindsight
    # P2, open
    ("P2", "Ito", "B", "2026-02-05 08:00:00"),  # corrected within the day
    ("P2", "Ito", "A", "2026-02-05 08:05:00"),
    ("P2", "Abe", None, "2026-04-01 08:00:00"),  # taken away
    ("P2", "Abe", "B", "2026-05-01 08:00:00"),  # given anew
    # P3, exit on 1 May
    ("P3", "Abe", "B", "2026-03-01 12:00:00"),
    ("P3", "Abe", "C", "2026-04-10 12:00:00"),
    ("P3", "Ito", "A", "2026-05-01 12:00:00"),  # on the day of the exit
    # P4, event on 2 April: ranked for the first time on that day
    ("P4", "Ito", "A", "2026-04-02 09:00:00"),
    # P5, not among the outcomes; two ranks at the same second
    ("P5", "Abe", "A", "2026-01-20 11:11:11"),
    ("P5", "Abe", "B", "2026-01-20 11:11:11"),
    # P6, event after as_of; an empty rank at creation, a change after as_of
    ("P6", "Ito", "", "2026-06-01 09:00:00"),
    ("P6", "Ito", "B", "2026-06-10 09:00:00"),
    ("P6", "Abe", "A", "2026-07-02 09:00:00"),
]
ENDS = [
    ("P1", "2026-03-20", None, "small"),
    ("P2", None, None, "large"),
    ("P3", None, "2026-05-01", "small"),
    ("P4", "2026-04-02", None, "large"),
    ("P6", "2026-07-10", None, "small"),
    ("P7", None, "2026-02-02", "large"),  # never ranked
]
# 19 rows: 1 after as_of (P6 on 2 July); 2 corrected within the day (P2's first B; P5's A, of which nobody knows whether
# it came before the B: 1 tied); 3 change nothing (P1 on 15 January and 20 March, P6's empty rank at creation); 1 taken
# away (P2 on 1 April); hindsight of the event: P1 on 25 March (5 days late). Events and exits have no time of day, so
# that P4's A on the day of its event and P3's A on the day of its exit are kept. Left: P1 C, B, A; P2 A, B; P3 B, C, A;
# P4 A; P5 B; P6 B, 11 in all. 1 + 2 + 3 + 1 + 1 + 11 = 19.
FIRST = {
    # prospect: rep, rank, days to the end, ending (1 event, 2 exit, 3 open)
    "P1": ("Abe", "C", 69, 1),  # 10 January to 20 March: 21 + 28 + 20
    "P2": ("Ito", "A", 145, 3),  # 5 February to 30 June: 23 + 31 + 30 + 31 + 30
    "P3": ("Abe", "B", 61, 2),  # 1 March to 1 May
    "P4": ("Ito", "A", 0, 1),
    "P5": ("Abe", "B", 161, 3),  # 20 January to 30 June
    "P6": ("Ito", "B", 20, 3),  # 10 June to 30 June: the event on 10 July is not known
}
EVERY = [
    # rep, rank, days to the re-rank or the end, ending; days followed through re-ranks, ending there
    ("Abe", "C", 22, 3, 69, 1),  # P1 10 January to 1 February
    ("Ito", "B", 37, 3, 47, 1),  # P1 1 February to 10 March
    ("Ito", "A", 10, 1, 10, 1),  # P1 10 to 20 March
    ("Ito", "A", 55, 3, 145, 3),  # P2 5 February to 1 April, when it was taken away
    ("Abe", "B", 60, 3, 60, 3),  # P2 1 May to 30 June
    ("Abe", "B", 40, 3, 61, 2),  # P3 1 March to 10 April
    ("Abe", "C", 21, 2, 21, 2),  # P3 10 April to 1 May
    ("Ito", "A", 0, 2, 0, 2),  # P3 1 May
    ("Ito", "A", 0, 1, 0, 1),  # P4 2 April
    ("Abe", "B", 161, 3, 161, 3),  # P5
    ("Ito", "B", 20, 3, 20, 3),  # P6
]
LANDMARK = [
    # held at the end of 10 April: P1 and P4 had their event, P2's rank was taken away, P6 has none yet
    ("Abe", "C", 21, 2),  # P3, re-ranked on the day itself; exit on 1 May
    ("Abe", "B", 81, 3),  # P5, 10 April to 30 June
]


def columns_of(log: list[tuple[Any, ...]] = LOG, ends: list[tuple[Any, ...]] = ENDS) -> tuple[dict, dict]:
    changes = dict(zip(("lead", "who", "to", "at"), (list(c) for c in zip(*log, strict=True)), strict=True))
    changes["team"] = ["East" if who == "Abe" else "West" for who in changes["who"]]
    outcomes = dict(zip(("id", "opened", "left", "size"), (list(c) for c in zip(*ends, strict=True)), strict=True))
    return changes, outcomes


def typed(columns: tuple[dict, dict]) -> tuple[pl.DataFrame, pl.DataFrame]:
    changes = pl.DataFrame(columns[0], schema_overrides=dict.fromkeys(("lead", "who", "to", "at"), pl.String))
    outcomes = pl.DataFrame(columns[1], schema_overrides=dict.fromkeys(columns[1], pl.String))
    return (
        changes.with_columns(pl.col("at").str.to_datetime(time_unit="us")),
        outcomes.with_columns(pl.col("opened", "left").str.to_date()),
    )


def read(changes: Any = None, outcomes: Any = None, **changed: Any) -> RankHistory:
    if changes is None:
        changes, outcomes = typed(columns_of())
    choices = {"scale": SCALE, "as_of": AS_OF, "columns": CHANGES, "outcome_columns": OUTCOMES} | changed
    return RankHistory.from_frames(changes, outcomes, **choices)


def told(judgments: Judgments, *, through: bool = False) -> list[tuple[Any, ...]]:
    counts = judgments._count([], [], to_rerank=not through)
    rows = zip(counts.rep, counts.rank, counts.days, counts.ending, counts.n, strict=True)
    return sorted(
        (counts.reps[rep], counts.ranks[rank], int(days), int(end))
        for rep, rank, days, end, n in rows
        for _ in range(n)
    )


def test_first_takes_the_rank_a_prospect_entered_with() -> None:
    judgments = read().judgments()
    assert told(judgments) == sorted(FIRST.values())
    assert told(judgments, through=True) == sorted(FIRST.values())


def test_every_rank_opens_a_judgment_that_ends_at_the_re_rank_for_lead_times_alone() -> None:
    judgments = read().judgments("every")
    assert told(judgments) == sorted(row[:4] for row in EVERY)
    assert told(judgments, through=True) == sorted((*row[:2], *row[4:]) for row in EVERY)
    # within 30 days, all but P6 mature: P1's A (10 days before the event) and P4's are followed by an event in time
    cells = judgments.binomial_cells(within_days=30)
    np.testing.assert_array_equal(cells.n, [[0, 3, 2], [4, 1, 0]])
    np.testing.assert_array_equal(cells.events, [[0, 0, 0], [2, 0, 0]])
    # within 60 days P1's B (47 days before it) counts, too: its outcome went through the re-rank to A
    cells = judgments.binomial_cells(within_days=60)
    np.testing.assert_array_equal(cells.events, [[0, 0, 0], [2, 1, 0]])
    assert judgments.duration_counts().exposure_cells([180]).events.sum() == 2


def test_landmark_takes_the_rank_held_on_a_day_by_those_still_open() -> None:
    assert told(read().judgments("landmark", landmark="2026-04-10")) == sorted(LANDMARK)
    # on 9 March P1 holds B, for which the event comes after 11 days
    assert ("Ito", "B", 11, 1) in told(read().judgments("landmark", landmark=date(2026, 3, 9)))
    # on the day of the event nobody is open any more
    assert ("Ito", "A", 0, 1) not in told(read().judgments("landmark", landmark="2026-03-20"))


def test_what_became_of_every_row_is_told() -> None:
    found = read().summary()
    numbers = (
        found.n_not_yet,
        found.n_corrected,
        found.n_unchanged,
        found.n_cleared,
        found.n_after_exit,
        found.n_ranks,
    )
    assert numbers == (1, 2, 3, 1, 0, 11)
    assert found.n_tied == 1
    assert found.days_after_event.tolist() == [5]
    assert found.n_after_event.tolist() == [1]
    assert (found.n_hindsight(), found.n_hindsight(4), found.n_set_aside) == (1, 0, 0)
    assert found.n_on_event_day == 1
    assert sum(numbers) + found.n_hindsight() == found.n_changes == 19
    assert (found.n_prospects, found.n_without_outcome, found.n_outcomes) == (6, 1, 6)
    text = str(found)
    assert "19 changes of rank, 6 ranked prospects, as of 2026-06-30." in text
    assert "Noted: 1 rank written after the event (1 within 7 days): hindsight, left out." in text
    assert "Noted: 1 ranked prospect that is not among the outcomes: counted as open." in text


def test_judgments_carry_the_account_of_their_log() -> None:
    noted = noted_by_kind(read().judgments().summary())
    assert noted["unchanged"] == 3
    assert noted["hindsight"] == 1
    assert noted["event_day"] == 1


def test_transitions_tell_moves_and_days_to_the_event() -> None:
    found = read().transitions()
    assert found.reps == ("Abe", "Ito")
    # entries: P1 C, P3 B, P5 B by Abe; P2 A, P4 A, P6 B by Ito
    assert found.entries.tolist() == [[0, 2, 1], [2, 1, 0]]
    assert found.reentries.tolist() == [[0, 1, 0], [0, 0, 0]]  # P2's B
    assert found.cleared.tolist() == [1, 0, 0]  # P2's A
    # Abe: P3 from B to C; Ito: P1 from C to B, from B to A; P3 from C to A
    assert found.moves[0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert found.moves[1].tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert (found.n_upgrades, found.n_downgrades, found.n_events) == (3, 1, 2)
    assert (found.upgrade_days.tolist(), found.upgrade_n.tolist()) == ([10], [1])  # P1: 10 to 20 March
    assert (found.entry_days.tolist(), found.entry_n.tolist()) == ([0, 69], [1, 1])  # P4, P1
    assert (found.n_upgraded_within(9), found.n_upgraded_within(10), found.median_upgrade_days) == (0, 1, 10.0)
    assert (found.late_days.tolist(), found.late_n.tolist()) == ([5], [1])
    assert found.table["to_A"].tolist() == [0, 1, 1]
    assert found.by_rep.to_dict("list") == {
        "rep": ["Abe", "Ito"], "entries": [3, 3], "reentries": [1, 0], "upgrades": [0, 3], "downgrades": [1, 0],
    }  # fmt: skip
    assert found.days_to_event.to_dict("list") == {"days": [0, 10, 69], "n_upgraded": [0, 1, 0], "n_entered": [1, 0, 1]}
    text = str(found)
    assert "6 entry ranks, 3 upgrades, 1 downgrade, 1 rank taken away, 1 given anew; as of 2026-06-30." in text
    assert "Last upgrade to event: median 10 days; 0 within 7 days, 1 within 30 days, 1 within 90 days (n = 1)." in text
    assert "Ranks written after the event: 1, of these 1 within 7 days." in text


def test_groupings_come_from_either_table() -> None:
    counts = read().judgments("every").duration_counts(by=["team", "segment"])
    assert counts.groups == {"team": ("East", "West"), "segment": ("large", "small", "(missing)")}
    by_team = np.bincount(counts.group_codes["team"], counts.n)
    assert by_team.tolist() == [5, 6]


def as_relations(changes: pl.DataFrame, outcomes: pl.DataFrame) -> tuple[Any, Any]:
    connection = duckdb.connect()
    return connection.from_arrow(changes.to_arrow()), connection.from_arrow(outcomes.to_arrow())


def as_paths(changes: pl.DataFrame, outcomes: pl.DataFrame, folder: Path, kind: str) -> tuple[Any, Any]:
    for name, frame in (("changes", changes), ("outcomes", outcomes)):
        frame.write_csv(folder / f"{name}.csv") if kind == "csv" else frame.write_parquet(folder / f"{name}.parquet")
    return folder / f"changes.{kind}", str(folder / f"outcomes.{kind}")


KINDS: dict[str, Callable[[pl.DataFrame, pl.DataFrame, Path], tuple[Any, Any]]] = {
    "pandas": lambda c, o, _: (c.to_pandas(), o.to_pandas()),
    "categories": lambda c, o, _: (c.to_pandas().astype({"lead": "category", "to": "category"}), o.to_arrow()),
    "polars, lazy": lambda c, o, _: (c.lazy(), o.lazy()),
    "polars, lazy and eager": lambda c, o, _: (c.lazy(), o),
    "DuckDB": lambda c, o, _: as_relations(c, o),
    "DuckDB and pandas": lambda c, o, _: (duckdb.connect().from_arrow(c.to_arrow()), o.to_pandas()),
    "polars and Parquet": lambda c, o, folder: (c.lazy(), as_paths(c, o, folder, "parquet")[1]),
    "CSV": lambda c, o, folder: as_paths(c, o, folder, "csv"),
    "aware": lambda c, o, _: (c.with_columns(pl.col("at").dt.replace_time_zone("UTC")), o),
    "aware text": lambda c, o, _: (
        c.with_columns(pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%S.000+0000")).to_pandas(), o.to_pandas()
    ),
    "aware text, lazy": lambda c, o, _: (
        c.with_columns(pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%SZ")).lazy(), o.lazy()
    ),
}  # fmt: skip


def results(history: RankHistory) -> tuple[Any, ...]:
    """All that a history tells, to be compared."""
    first, every = history.judgments(), history.judgments("every")
    held = history.judgments("landmark", landmark="2026-04-10")
    counts = (told(first), told(every), told(every, through=True), told(held))
    return *counts, noted_by_kind(history.summary()), str(history.transitions())


@cache
def golden() -> tuple[Any, ...]:
    return results(read())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame_gives_the_same_history(kind: str, tmp_path: Path) -> None:
    changes, outcomes = KINDS[kind](*typed(columns_of()), tmp_path)
    assert results(read(changes, outcomes)) == golden()


def test_row_order_changes_nothing() -> None:
    changes, outcomes = (frame.sample(fraction=1.0, shuffle=True, seed=1) for frame in typed(columns_of()))
    assert results(read(changes, outcomes)) == golden()


def test_a_moment_falls_on_the_day_of_the_stated_zone() -> None:
    log = [("P1", "Abe", "B", "2026-01-10T16:00:00Z"), ("P1", "Abe", "A", "2026-01-10T14:00:00Z")]
    changes, outcomes = columns_of(log, ENDS)
    both = (pl.DataFrame(changes), pl.DataFrame(outcomes))
    # in UTC both fall on 10 January, the B being the later; in Tokyo the A falls on the 10th, the B on the 11th
    assert told(read(*both).judgments("every")) == [("Abe", "B", 69, 1)]
    assert told(read(*both, timezone="Asia/Tokyo").judgments("every")) == [("Abe", "A", 1, 3), ("Abe", "B", 68, 1)]


def test_a_sequence_orders_changes_of_one_second() -> None:
    changes, outcomes = typed(columns_of())
    for first, rank in ((1, "B"), (-1, "A")):
        numbered = changes.with_columns(number=pl.int_range(pl.len()) * first)
        history = read(numbered, outcomes, columns=CHANGES | {"sequence": "number"})
        assert history.summary().n_tied == 0
        assert ("Abe", rank, 161, 3) in told(history.judgments())


@pytest.mark.parametrize("as_of", ["2026-06-30", "2026-05-01", "2026-03-21", "2026-02-01"])
def test_an_earlier_snapshot_equals_the_tables_cut_on_that_day(as_of: str) -> None:
    log = [row for row in LOG if row[3][:10] <= as_of]
    ends = [(p, e if e and e <= as_of else None, x if x and x <= as_of else None, size) for p, e, x, size in ENDS]
    cut = read(*typed(columns_of(log, ends)), as_of=as_of)
    back = read().at(as_of)
    for mode, day in (("first", None), ("every", None), ("landmark", as_of)):
        one, other = (history.judgments(mode, landmark=day) for history in (back, cut))
        for by in ([], ["team"]):
            pd.testing.assert_frame_equal(one.duration_counts(by=by).table, other.duration_counts(by=by).table)
        assert told(one, through=True) == told(other, through=True)
    assert str(back.transitions()) == str(cut.transitions())
    without = [
        n
        for kind, n in noted_by_kind(back.summary()).items()
        if kind not in ("changes_not_yet", "end_after", "not_yet_known")
    ]
    assert without == list(noted_by_kind(cut.summary()).values())


def test_judgments_of_a_history_go_back_in_time_as_the_history_does() -> None:
    history = read()
    for as_of in ("2026-05-01", "2026-03-21"):
        for mode in ("first", "every"):
            one, other = history.judgments(mode).at(as_of), history.at(as_of).judgments(mode)
            pd.testing.assert_frame_equal(one.duration_counts().table, other.duration_counts().table)


def test_a_later_snapshot_is_refused() -> None:
    with pytest.raises(InputError, match="must not be after the snapshot date 2026-06-30; got 2026-07-01"):
        read().at("2026-07-01")


def test_labels_may_mean_no_rank() -> None:
    log = [(p, rep, "Recycled" if rank is None else rank, at) for p, rep, rank, at in LOG]
    history = read(*typed(columns_of(log)), rank_labels={"Recycled": None, "c": "C"})
    assert results(history) == golden()


def test_ranks_that_are_whole_numbers_are_read_with_gaps() -> None:
    place = {"A": 1, "B": 2, "C": 3}
    changes, outcomes = typed(columns_of())
    frame = changes.to_pandas().assign(to=lambda f: f["to"].map(place))
    assert frame["to"].dtype == float
    history = read(frame, outcomes.to_pandas(), scale=RankScale([1, 2, 3]))
    assert history.judgments().n_judgments == 6
    assert noted_by_kind(history.summary()) == noted_by_kind(read().summary())


BAD = [
    (None, "Abe", "A", "2026-01-05 09:00:00"),
    ("P8", "Abe", "S", "2026-01-05 09:00:00"),
    ("P8", "", "B", "2026-01-06 09:00:00"),
    ("P9", "Ito", "B", None),
    ("P9", "Ito", "Z", "2026-08-01 09:00:00"),  # after as_of: not yet known, and no problem
]


def test_every_problem_of_the_log_is_named_in_one_error() -> None:
    with pytest.raises(InputError) as error:
        read(*typed(columns_of(LOG + BAD, [*ENDS, (None, None, None, "x")])))
    said = str(error.value)
    assert said.startswith("The rank history has 5 problems:")
    for words in (
        "`rank` must be one of A, B, C; found 1 other value in 1 row (prospect 'P8' 'S')",
        "mapped to None",
        "`rep` must name who gave the rank; it is missing, in 1 row (prospect 'P8')",
        "every change of a rank must name its `prospect`; it is missing, in 1 row",
        "`changed_at` must be known; it is missing, in 1 row (prospect 'P9' rank 'B')",
        "every row of the outcomes must name its `prospect`",
        'problems="set_aside"',
    ):
        assert words in said


def test_bad_rows_set_aside_are_reported_and_still_end_the_rank_before(caplog: pytest.LogCaptureFixture) -> None:
    bad = [*BAD, ("P8", "Abe", "A", "2026-01-01 09:00:00")]
    history = read(*typed(columns_of(LOG + bad)), problems="set_aside")
    assert history.set_aside.by_reason == {
        "missing rep": 1, "unknown rank": 1, "change without prospect": 1, "missing changed_at": 1,
    }  # fmt: skip
    judgments = history.judgments("every")
    assert judgments.set_aside.n_rows == 4
    assert "4 rows were set aside" in caplog.text
    assert "4 rows were set aside" in str(judgments.summary())
    # P8's A of 1 January ends on 5 January, when something else took its place
    assert told(judgments) == sorted([*(row[:4] for row in EVERY), ("Abe", "A", 4, 3)])
    found = history.summary()
    assert found.n_set_aside == 4
    parts = (found.n_not_yet, found.n_corrected, found.n_unchanged, found.n_cleared, found.n_after_exit, found.n_ranks)
    assert sum(parts) + found.n_hindsight() + found.n_set_aside == found.n_changes == 25


def test_an_entry_rank_set_aside_makes_no_later_rank_the_first() -> None:
    bad = [("P8", "Abe", "S", "2026-01-05 09:00:00"), ("P8", "Abe", "A", "2026-01-09 09:00:00")]
    history = read(*typed(columns_of(LOG + bad)), problems="set_aside")
    assert told(history.judgments()) == sorted(FIRST.values())


def test_two_outcomes_of_one_prospect_are_named_and_set_aside_and_identical_copies_are_one() -> None:
    twice = [*ENDS, ("P1", "2026-03-25", None, "small"), ENDS[1]]
    with pytest.raises(
        InputError, match=r"one row per prospect; rows that differ come of the same one, in 1 prospect.*'P1'"
    ):
        read(*typed(columns_of(LOG, twice)))
    history = read(*typed(columns_of(LOG, twice)), problems="set_aside")
    assert told(history.judgments()) == sorted(row for name, row in FIRST.items() if name != "P1")
    assert history.summary().n_set_aside == 6
    assert told(read(*typed(columns_of(LOG, [*ENDS, ENDS[1]]))).judgments()) == sorted(FIRST.values())


def test_text_that_is_no_date_is_named_in_either_table() -> None:
    log = [*LOG, ("P1", "Abe", "A", "05.01.2026")]
    changes, outcomes = columns_of(log, [*ENDS, ("P9", "1/2/2026", None, "x")])
    with pytest.raises(InputError) as error:
        read(pl.DataFrame(changes), pl.DataFrame(outcomes))
    assert "`changed_at` given as text must be a moment that exists, written 2026" in str(error.value)
    assert "changed_at '05.01.2026'" in str(error.value)
    assert "dates of outcomes given as text must be days that exist, written 2026" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"columns": {"prospect": "lead", "rep": "who", "rank": "to"}}, "changes: the role `changed_at` is missing"),
        (
            {"columns": CHANGES | {"changed_at": "when"}},
            "changes: .*`changed_at` is mapped to 'when', which the frame l",
        ),
        (
            {"columns": CHANGES | {"changed_at": "team", "team": "at"}},
            "changes: `team` .column 'at'. must hold text or whole numbers",
        ),
        ({"columns": CHANGES | {"event_at": "at"}}, "`event_at` is no role of a change"),
        ({"outcome_columns": {"event_at": "opened"}}, "outcomes: the role `prospect` is missing"),
        ({"outcome_columns": OUTCOMES | {"rep": "size"}}, "outcomes: `rep` belongs to a judgment"),
        ({"outcome_columns": OUTCOMES | {"team": "size"}}, "`team` is mapped in both tables"),
        ({"outcome_columns": OUTCOMES | {"event_at": "o"}}, "outcomes: `outcome_columns` must say"),
        ({"rank_labels": {"x": "Z"}}, "`rank_labels` must lead to ranks of the scale .* or to None"),
        ({"problems": "drop"}, "`problems` must be 'raise' or 'set_aside'"),
    ],
)
def test_a_wrong_mapping_is_refused(changed: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        read(**changed)


def test_tables_that_cannot_be_joined_are_refused() -> None:
    changes, outcomes = typed(columns_of())
    numbered = outcomes.with_columns(id=pl.int_range(pl.len()))
    with pytest.raises(InputError, match="`prospect` must be of one type in both tables"):
        read(changes, numbered)
    other = outcomes.with_columns(id=pl.col("id") + "AAA")
    with pytest.raises(InputError, match="None of the 6 ranked prospects is among the 6 outcomes"):
        read(changes, other)
    aware = changes.with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    moments = outcomes.with_columns(pl.col("opened").cast(pl.Datetime("us")), pl.lit(None).alias("left"))
    with pytest.raises(InputError, match="those of changes have one, those of outcomes have not"):
        read(aware, moments)
    relations = [duckdb.connect().from_arrow(table.to_arrow()) for table in (changes, outcomes)]
    assert results(read(*relations)) == golden()  # two connections: the outcomes are brought to the changes
    with pytest.raises(InputError, match="must be frames or paths; got list"):
        read([1], outcomes)


def test_a_log_of_hindsight_alone_is_refused() -> None:
    with pytest.raises(InputError, match="at least one rank not known to be given after an event or exit"):
        read(*typed(columns_of([LOG[5]], ENDS)))


@pytest.mark.parametrize(
    ("mode", "landmark", "match"),
    [
        ("last", None, "`mode` must be 'first', 'every' or 'landmark'; got 'last'"),
        ("landmark", None, "`landmark` is the day of mode='landmark'"),
        ("first", "2026-04-10", "and of no other"),
        ("landmark", "2026-07-01", "`landmark` must not be after the snapshot date 2026-06-30; got 2026-07-01"),
        ("landmark", "2025-07-01", r"none did on 2025-07-01\. The first rank was given on 2026-01-10"),
    ],
)
def test_a_wrong_mode_is_refused(mode: Any, landmark: str | None, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read().judgments(mode, landmark=landmark)


def test_the_lost_from_sight_hold_no_rank_any_more() -> None:
    ends = [("P5", None, None, "small")]
    changes, outcomes = typed(columns_of(LOG, [*ENDS[:4], *ends]))
    outcomes = outcomes.with_columns(lost=pl.when(pl.col("id") == "P5").then(pl.date(2026, 4, 1)))
    columns = OUTCOMES | {"censored_at": "lost"}
    history = read(changes, outcomes, outcome_columns=columns)
    assert told(history.judgments("landmark", landmark="2026-04-10")) == [LANDMARK[0]]
    assert ("Abe", "B", 71, 3) in told(history.judgments())


def test_histories_are_not_made_by_hand() -> None:
    with pytest.raises(InputError, match="from_frames"):
        RankHistory()
    assert "11 ranks of 6 prospects in 19 changes, as of 2026-06-30" in repr(read())


def test_of_one_a_note_is_in_the_singular() -> None:
    phrases = {key: phrase for key, phrase in load_phrases("en", "calibra.data").items() if "noted" in key}
    of_one = {key: phrase for key, phrase in phrases.items() if key.endswith("_one")}
    assert len(of_one) == 10
    for key, phrase in of_one.items():
        several = phrases[key.removesuffix("_one")]
        assert phrase.startswith("Noted: 1 ")
        assert phrase != several.replace("{n}", "1")
    assert str(note("cleared", 1)) == "Noted: 1 rank taken away."
    assert str(note("cleared", 2)) == "Noted: 2 ranks taken away."
