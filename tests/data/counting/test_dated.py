"""Judgments by day, by hand: who is open when, what came, and opportunities on their own clock."""

from datetime import date

import pandas as pd
import pytest

import calibra as cb
from calibra.data.counting.dated import NEVER, count_dated
from calibra.errors import InputError

ROWS = pd.DataFrame(
    {
        "prospect": ["a", "b", "c", "d", "e"],
        "rep": ["Abe", "Abe", "Doi", "Doi", "Doi"],
        "rank": ["A", "B", "A", "B", "B"],
        "judged": pd.to_datetime(["2026-01-10", "2026-01-20", "2026-02-01", "2026-02-05", "2026-03-10"]),
        "event": pd.to_datetime(["2026-02-10", None, "2026-03-15", None, None]),
        "exit": pd.to_datetime([None, "2026-02-20", None, None, None]),
        "again": pd.to_datetime([None, None, "2026-03-01", None, None]),
        "won": pd.to_datetime(["2026-03-20", None, None, None, None]),
        "lost": pd.to_datetime([None, None, "2026-03-25", None, None]),
        "amount": [500.0, None, None, None, None],
    }
)
ROLES = {
    "prospect": "prospect", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "event",
    "exit_at": "exit", "reranked_at": "again", "won_at": "won", "lost_at": "lost", "amount": "amount",
}  # fmt: skip


def counted():
    scale = cb.RankScale(["A", "B"])
    return count_dated(cb.Judgments.from_frame(ROWS, scale=scale, as_of="2026-03-31", columns=ROLES))


def test_who_is_open_and_what_comes_of_them() -> None:
    dated, end = counted(), {m: date(2026, m, d).toordinal() for m, d in ((1, 31), (2, 28), (3, 31))}
    assert dated.n[dated.is_open(end[1])].sum() == 2  # a, b
    assert dated.n[dated.is_open(end[2])].sum() == 2  # c, d: a came, b was handed back, e is not judged yet
    assert dated.n[dated.is_open(end[3])].sum() == 2  # d, e: c was ranked again on the first of March
    # of those open at the end of February c comes in March, though ranked again meanwhile
    assert dated.n[dated.is_open(end[2]) & dated.came(end[2], end[3])].sum() == 1
    assert dated.n[dated.came(0, end[3])].sum() == 2


def test_opportunities_have_their_own_clock() -> None:
    deals = counted().deals()
    assert sorted(deals.judged.tolist()) == [date(2026, 2, 10).toordinal(), date(2026, 3, 15).toordinal()]
    assert sorted(deals.event.tolist()) == [date(2026, 3, 20).toordinal(), NEVER]
    assert sorted(deals.closed.tolist()) == [date(2026, 3, 20).toordinal(), date(2026, 3, 25).toordinal()]
    assert deals.amount.sum() == 500.0


def test_counts_without_rows_are_refused() -> None:
    counts = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [10], "events": [3]})
    judgments = cb.Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"]), within_days=90)
    with pytest.raises(InputError, match="rows"):
        count_dated(judgments)
