"""A re-rank ends a judgment for lead times; its outcome follows the prospect through."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import count_open, open_judgments
from calibra.data.scale import RankScale
from calibra.errors import InputError

ROLES = {
    "prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "won", "reranked_at": "next",
}  # fmt: skip


def read(**changed: Any) -> Judgments:
    # Prospect 1: B on 1 January, A on 11 January, event on 21 January. Prospect 2: B on 1 January, A on 11 January,
    # open. As of 31 March.
    columns = {
        "id": [1, 1, 2, 2],
        "rep": ["x"] * 4,
        "rank": ["B", "A", "B", "A"],
        "judged": [date(2026, 1, 1), date(2026, 1, 11)] * 2,
        "won": [date(2026, 1, 21)] * 2 + [None] * 2,
        "next": [date(2026, 1, 11), None] * 2,
    } | changed
    choices: dict[str, Any] = {"scale": RankScale(["A", "B"]), "as_of": "2026-03-31", "columns": ROLES}
    return Judgments.from_frame(pl.DataFrame(columns), **choices)


def test_an_outcome_follows_the_prospect_through_its_re_rank() -> None:
    cells = read().binomial_cells(within_days=30)
    np.testing.assert_array_equal(cells.n, [[2, 2]])
    np.testing.assert_array_equal(cells.events, [[1, 1]])  # day 10 after A, day 20 after B


def test_lead_times_see_each_event_once_and_no_day_twice() -> None:
    exposure = read().duration_counts().exposure_cells([30])
    np.testing.assert_array_equal(exposure.events[0, :, 0], [1, 0])
    # A: 10 days to the event, and 30.5 days; B: twice to the end of day 10
    np.testing.assert_allclose(exposure.exposure_days[0, :, 0], [40.5, 21])


def test_an_event_on_the_day_of_the_re_rank_is_the_earlier_ranks_too() -> None:
    judgments = read(next=[date(2026, 1, 21), None, date(2026, 1, 11), None])
    assert judgments.duration_counts().exposure_cells([30]).events[0, :, 0].tolist() == [1, 1]


def test_only_the_rank_that_stands_is_open() -> None:
    judgments = read()
    assert count_open(judgments).n.tolist() == [1]
    assert open_judgments(judgments).rank.tolist() == ["A"]


def test_a_re_rank_after_the_snapshot_is_not_known_yet() -> None:
    back = read().at("2026-01-10")
    assert back.n_judgments == 2
    assert back.duration_counts().days.tolist() == [9]
    assert open_judgments(back).rank.tolist() == ["B", "B"]


def test_counts_with_re_ranks_refuse_to_tell_a_share_within_a_horizon() -> None:
    with pytest.raises(InputError, match=r"2 were lost from sight before .* or re-ranked"):
        read().duration_counts(horizons=[30]).binomial_cells(30)


def test_a_re_rank_before_the_judgment_is_named_and_set_aside_from_both_counts() -> None:
    wrong = {"next": [date(2025, 12, 31), None, date(2026, 1, 11), None]}
    with pytest.raises(InputError, match=r"re-ranked before judgment: .* in 1 row .prospect 1 judged_at 2026-01-01"):
        read(**wrong)
    columns = {"id": [1, 2], "rep": ["x"] * 2, "rank": ["A"] * 2, "judged": [date(2026, 1, 1)] * 2, "won": [None] * 2}
    frame = pl.DataFrame(columns | {"next": [date(2025, 12, 31), date(2026, 1, 11)]})
    scale = RankScale(["A", "B"])
    left = Judgments.from_frame(frame, scale=scale, as_of="2026-03-31", columns=ROLES, problems="set_aside")
    assert left.set_aside.by_reason == {"re-ranked before judgment": 1}
    assert left.binomial_cells(within_days=30).n.tolist() == [[1, 0]]
    assert left.duration_counts().n.tolist() == [1]
