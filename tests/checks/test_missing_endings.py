"""Rows that had ended before some day and are missing are doubted; slow, late and heaped endings are not."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.checks.missing_endings import missing_endings
from calibra.checks.row_doubts import doubts_of_rows
from calibra.data.counting.judgments import Judgments

SCALE = cb.RankScale(["A"], {"A": cb.Promise(0.2, within_days=60)})
ROLES = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won", "exit_at": "lost"}
FIRST, AS_OF = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")


def rows(seed: int = 1, n: int = 4000, *, exits: float = 0.0) -> pd.DataFrame:
    """Judgments over 2025, a fifth of them with an event within 60 days; some of the others end after 20 to 80."""
    rng = np.random.default_rng(seed)
    judged = FIRST + pd.to_timedelta(rng.integers(0, 365, n), unit="D")
    won = (judged + pd.to_timedelta(rng.integers(1, 61, n), unit="D")).where(rng.random(n) < 0.2)
    lost = (judged + pd.to_timedelta(rng.integers(20, 81, n), unit="D")).where(pd.isna(won) & (rng.random(n) < exits))
    frame = pd.DataFrame({"id": range(n), "owner": rng.choice(["Abe", "Ito"], n), "rank": "A", "judged": judged})
    return frame.assign(won=won.where(won <= AS_OF), lost=lost.where(lost <= AS_OF))


def read(frame: pd.DataFrame, roles: dict[str, str] = ROLES) -> Judgments:
    return Judgments.from_frame(frame, scale=SCALE, as_of="2025-12-31", columns=roles, check_duplicates=False)


@pytest.mark.parametrize("exits", [0.0, 0.4])
def test_endings_before_a_day_that_are_missing_are_doubted(exits: float) -> None:
    """FOUND N17: 20 % came, 12 % are read where rows that had ended before July are deleted."""
    whole = rows(exits=exits)
    ended = whole["won"].fillna(whole["lost"])
    gone = ended < pd.Timestamp("2025-07-01")
    (doubt,) = missing_endings(read(whole[~gone]))
    day, n, expected = (doubt.values[name] for name in ("day", "n", "expected"))
    assert isinstance(day, date)
    assert abs((day - date(2025, 7, 1)).days) <= 14
    assert isinstance(expected, int)
    assert n == (ended[~gone] < pd.Timestamp(day)).sum()  # by counting
    assert n <= 0.2 * expected
    assert 0.3 * gone.sum() < expected < gone.sum()  # the pace is read of what is there: too few, never too many
    assert doubt in doubts_of_rows(read(whole[~gone]))


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_whole_table_is_not_doubted(seed: int) -> None:
    for exits in (0.0, 0.4):
        assert missing_endings(read(rows(seed, exits=exits))) == []
        assert missing_endings(read(rows(seed, n=60, exits=exits))) == []


def test_endings_entered_at_the_end_of_a_quarter_are_not_missing() -> None:
    frame = rows()
    heaped = frame["won"] + pd.offsets.QuarterEnd(0)
    assert missing_endings(read(frame.assign(won=heaped.where(heaped <= AS_OF)))) == []


def test_a_pace_that_changed_is_not_a_hole() -> None:
    frame = rows()
    thinned = frame["won"].where((frame["judged"] > "2025-07-01") | (frame["id"] % 2 == 0))
    assert missing_endings(read(frame.assign(won=thinned))) == []


def test_late_entry_that_is_known_and_counts_without_days_are_not_doubted() -> None:
    whole = rows()
    left = whole[~(whole["won"] < "2025-07-01")]
    entered = left.assign(entered=left["judged"].clip(lower=pd.Timestamp("2025-07-01")))
    known = Judgments.from_frame(
        entered,
        scale=SCALE,
        as_of="2025-12-31",
        columns=ROLES | {"entered_at": "entered"},
        problems="set_aside",
        check_duplicates=False,
    )
    assert missing_endings(known) == []
    counts = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [400], "events": [40]})
    assert missing_endings(Judgments.from_counts(counts, scale=SCALE, within_days=60)) == []
