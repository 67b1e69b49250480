"""Young judgments and the share of their answers that is in, against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import YoungCells, event_days, shares_by_age
from calibra.data.counting.young import young_cells
from calibra.data.scale import Promise, RankScale

AS_OF = pd.Timestamp("2026-06-30")
SCALE = RankScale(["A", "B"], {"A": Promise(0.5, 28), "B": Promise(0.2, 28)})


def judged(rows: list[tuple[str, str, int, int | None, int]], **more: list[object]) -> Judgments:
    """Judgments of rows (rep, rank, age in days, day of the event or none, how many)."""
    rows = [row for row in rows for _ in range(row[-1])]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "age", "day", "times"])
    frame["prospect"] = [f"p{i}" for i in range(len(frame))]
    frame["judged_at"] = AS_OF - pd.to_timedelta(frame["age"], unit="D")
    frame["event_at"] = frame["judged_at"] + pd.to_timedelta(frame["day"], unit="D")
    roles = {name: name for name in ("prospect", "rep", "rank", "judged_at", "event_at")}
    for name, values in more.items():
        frame[name], roles[name] = values, name
    return Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns=roles)


OLD = [("Abe", "A", 60, 3, 20), ("Abe", "A", 60, 17, 20), ("Bo", "A", 60, None, 40), ("Bo", "B", 60, 3, 10)]
"""50 events of 90 mature judgments: at A half by day 3 and half on day 17, at B all on day 3."""
NEW = [("Abe", "A", 10, 4, 6), ("Abe", "A", 10, None, 14), ("Bo", "B", 24, 3, 2), ("Bo", "B", 24, None, 8)]


def cells_of(judgments: Judgments) -> YoungCells | None:
    return young_cells(judgments, judgments.binomial_cells(within_days=28))


def test_the_share_by_an_age_is_that_of_mature_events_of_the_rank_and_of_20_of_all() -> None:
    per_day = event_days(judged(OLD + NEW).duration_counts(horizons=[28]), 28)
    assert per_day.sum() == 50
    shares = shares_by_age(per_day)
    # by day 10: A (20 + 20 · .6)/(40 + 20), B (10 + 20 · .6)/(10 + 20), where of all 30 of 50 have come
    np.testing.assert_allclose(shares[:, 10], [32 / 60, 22 / 30])
    np.testing.assert_allclose(shares[:, [2, 28]], [[0.0, 1.0], [0.0, 1.0]])


def test_events_of_judgments_that_came_under_observation_late_say_nothing_of_the_days() -> None:
    rows = [*OLD, ("Abe", "A", 60, 17, 2)]
    entered = [pd.NaT] * 90 + [AS_OF - pd.Timedelta(days=55)] * 2
    assert event_days(judged(rows, entered_at=entered).duration_counts(horizons=[28]), 28).sum() == 50


def test_young_judgments_their_events_so_far_and_their_share() -> None:
    found = cells_of(judged(OLD + NEW))
    assert found is not None
    assert (found.n.tolist(), found.events.tolist()) == ([[20, 0], [0, 10]], [[6, 0], [0, 2]])
    # ages of 7 to 13 days: A's 32/60 on each; of 21 to 27 days: B's whole
    np.testing.assert_allclose(found.reached, [[32 / 60, 1.0], [1.0, 1.0]])


def test_judgments_too_young_to_say_anything_are_left_out() -> None:
    # on days 0 to 6 B has (4/7)(22/30), A (4/7)(32/60); a mature event on day 20 alone says nothing of such ages
    late = [("Abe", "A", 60, 20, 40), ("Bo", "A", 60, None, 40)]
    found = cells_of(judged([*late, ("Abe", "A", 2, None, 30), ("Bo", "A", 24, 20, 10)]))
    assert found is not None
    assert found.n.tolist() == [[0, 0], [10, 0]]


def test_a_slower_pace_lowers_the_share_by_the_slope_of_its_curve() -> None:
    # events on each of the days 0 to 27 alike: G is age/28, and 10 % more days bring 1/1.1 of it; log G falls by 1
    even = [("Abe", "A", 60, day, 20) for day in range(28)]
    found = cells_of(judged([*even, ("Abe", "A", 24, 3, 60)]))
    assert found is not None
    assert found.slowing[0] == pytest.approx(-1.0, abs=0.02)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (OLD, "nobody is young"),
        ([*OLD, ("Abe", "A", 10, 4, 8)], "8 young beside 90 mature"),
        ([("Abe", "A", 60, 3, 29), ("Bo", "A", 60, None, 40), *NEW], "29 events tell too little of the days"),
    ],
)
def test_they_count_only_where_they_can_say_something(rows: list[tuple[str, str, int, int | None, int]], why: str):
    assert cells_of(judged(rows)) is None, why


@pytest.mark.parametrize(("n_lost", "is_answered"), [(0, True), (1, True), (2, False), (60, False)])
def test_young_judgments_lost_from_sight_are_not_counted_as_silent(n_lost: int, is_answered: bool) -> None:
    """Up to one in fifty are left out; where more are lost, the rest of 60 does not stand for them."""
    rows = [*OLD, ("Abe", "A", 10, None, 60)]
    lost = [pd.NaT] * (150 - n_lost) + [AS_OF - pd.Timedelta(days=8)] * n_lost
    found = cells_of(judged(rows, censored_at=lost))
    assert (found is not None) == is_answered
    assert found is None or found.n.tolist() == [[60 - n_lost, 0], [0, 0]]


def test_events_whose_days_are_cut_off_by_a_re_rank_do_not_stand_for_all() -> None:
    rows = [*OLD, *NEW]
    again = [pd.NaT] * 20 + [AS_OF - pd.Timedelta(days=55)] * 20 + [pd.NaT] * 80
    judgments = judged(rows, reranked_at=again)
    assert judgments.binomial_cells(within_days=28).events.sum() == 50
    assert cells_of(judgments) is None
