"""Counts on the clock of the stated date: by hand, row by row, and the same on other back ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from tests.chapters.timing.worlds import AS_OF, draw_team, read

EDGES = (0.4, 0.8, 1.2, 1.6, 3.0)


def by_hand() -> pd.DataFrame:
    """An event on day 90 of 100 stated, an exit on day 60 of 50, one open for 100 of 200 days, one stated at once."""
    judged = AS_OF - pd.Timedelta(100, "D")
    frame = pd.DataFrame({"prospect": list("abcde"), "rep": "x", "rank": "A", "judged_at": judged})
    frame["expected_at"] = judged + pd.to_timedelta([100, 50, 200, 0, None], unit="D")
    frame["event_at"] = pd.Series([judged + pd.Timedelta(90, "D")] + [pd.NaT] * 4)
    frame["exit_at"] = pd.Series([pd.NaT, judged + pd.Timedelta(60, "D")] + [pd.NaT] * 3)
    return frame


def test_exposure_and_endings_are_those_by_hand() -> None:
    # methods/deals.md B3. The open one is followed to the end of its day: 100.5/200. An exit at 1.2 ends (.8, 1.2].
    cells = read(by_hand()).position_cells((0.8, 1.2, 3.0))
    assert cells.exposure.sum(axis=(0, 1, 2)).tolist() == pytest.approx([0.8 + 0.8 + 0.5025, 0.1 + 0.4, 0.0])
    assert cells.events.sum(axis=(0, 1, 2)).tolist() == [0, 1, 0]
    assert cells.exits.sum(axis=(0, 1, 2)).tolist() == [0, 1, 0]
    assert cells.n.sum(axis=(0, 1)).tolist() == [0, 1, 1, 1]
    assert cells.n_reached.tolist() == [3, 2, 0, 0]
    assert (cells.n_not_stated, cells.n_at_once) == (1, 1)


def row_by_row(frame: pd.DataFrame, edges: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """Exposure, events and exits of all rows by interval, each row on its own."""

    def days(column: str) -> np.ndarray:
        return (frame[column] - frame["judged_at"]).dt.days.to_numpy(dtype=float)

    entry = np.maximum(days("entered_at"), 0.0) if "entered_at" in frame else np.zeros(len(frame))
    entry = np.nan_to_num(entry)
    age = (AS_OF - frame["judged_at"]).dt.days.to_numpy(dtype=float)
    stated, event, leaves = days("expected_at"), days("event_at"), days("exit_at")
    found = np.zeros((3, len(edges)))
    for i in range(len(frame)):
        last = np.nanmin([event[i], leaves[i], age[i]])
        ended = 1 if event[i] == last else 2 if leaves[i] == last else 0
        end = (last + (last == entry[i]) / 3 if ended else last + 0.5) / stated[i]
        lower = 0.0
        for j, upper in enumerate(edges):
            found[0, j] += max(min(end, upper) - max(entry[i] / stated[i], lower), 0.0)
            found[ended, j] += ended > 0 and lower < end <= upper
            lower = upper
    return tuple(found)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy polars", "text"])
def test_every_back_end_counts_what_rows_say(kind: str, *, late: bool) -> None:
    frame = draw_team(np.random.default_rng(4), n_reps=3, each=150)
    if late:
        seen = AS_OF - pd.Timedelta(200, "D")
        ended = frame[["event_at", "exit_at"]].min(axis=1).fillna(AS_OF + pd.Timedelta(1, "D"))
        frame["entered_at"] = pd.Series(seen, frame.index).where(frame["judged_at"] < seen)
        frame = frame[frame["entered_at"].isna() | (ended >= frame["entered_at"])].reset_index(drop=True)
    wanted = row_by_row(frame, EDGES)
    table: object = frame
    if kind == "text":
        dates = [name for name in frame if name.endswith("_at")]
        table = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d") for name in dates})
    elif kind != "pandas":
        table = pl.from_pandas(frame).lazy() if kind == "lazy polars" else pl.from_pandas(frame)
    cells = read(table).position_cells(EDGES)
    for counted, by_rows in zip((cells.exposure, cells.events, cells.exits), wanted, strict=True):
        assert counted.sum(axis=(0, 1, 2)) == pytest.approx(by_rows, abs=1e-9)
    assert int(cells.n.sum()) == len(frame)


def test_days_and_stated_days_twice_as_long_are_the_same_cells() -> None:
    frame = draw_team(np.random.default_rng(5), n_reps=2, each=200, longest_days=200)
    ended = frame[frame["event_at"].notna() | frame["exit_at"].notna()]
    first = ended[["event_at", "exit_at"]].min(axis=1)
    ended = ended[first > ended["judged_at"]]
    twice = ended.copy()
    twice["judged_at"] = AS_OF - 2 * (AS_OF - ended["judged_at"])
    for name in ("expected_at", "event_at", "exit_at"):
        twice[name] = twice["judged_at"] + 2 * (ended[name] - ended["judged_at"])
    one, two = (read(table).position_cells(EDGES) for table in (ended, twice))
    assert two.exposure.sum(axis=2) == pytest.approx(one.exposure.sum(axis=2))
    assert (two.events.sum(axis=2) == one.events.sum(axis=2)).all()


def test_edges_left_out_join_their_intervals() -> None:
    judgments = read(draw_team(np.random.default_rng(6), n_reps=2, each=200))
    merged, counted = judgments.position_cells(EDGES).merged((0.8, 1.6)), judgments.position_cells((0.8, 1.6))
    for name in ("exposure", "events", "exits", "n_reached", "edges"):
        assert getattr(merged, name) == pytest.approx(getattr(counted, name))


def test_a_rerank_ends_nothing_and_a_hand_back_is_an_exit() -> None:
    frame = by_hand().head(2).assign(exit_kind=["", "handed back"])
    frame["reranked_at"] = frame["judged_at"] + pd.Timedelta(10, "D")
    frame.loc[1, "event_at"] = frame["judged_at"][1] + pd.Timedelta(80, "D")
    cells = read(frame).position_cells((0.8, 1.2, 3.0))
    assert cells.events.sum() == 1
    assert cells.exits.sum() == 1
    assert cells.table["exposure"].sum() == pytest.approx(0.9 + 1.2)


def test_without_dates_the_error_says_which_column_is_wanted() -> None:
    frame = by_hand()
    with pytest.raises(cb.InputError, match="No column is mapped as `expected_at`"):
        read(frame.drop(columns="expected_at")).position_cells(EDGES)
    nobody = read(frame.assign(expected_at=pd.Series(pd.NaT, frame.index, dtype="datetime64[ns]"))).position_cells(
        EDGES
    )
    assert (nobody.n.sum(), nobody.n_not_stated) == (0, 5)
    with pytest.raises(cb.NotEnoughDataError, match="the column of `expected_at` holds no value"):
        read(frame.assign(expected_at=None)).position_cells(EDGES)
