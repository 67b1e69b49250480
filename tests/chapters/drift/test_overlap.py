"""Two fits of the same judgments are not compared as if they knew nothing of each other."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.drift.overlap import shared_judgments
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judged_weeks import JudgedWeeks, share_known_again
from calibra.errors import InputError
from tests.chapters.ranks.worlds import counts


@pytest.fixture(scope="module")
def world():
    return cb.simulate_judgments(seed=1, n_reps=6, n_prospects=2400)


@pytest.fixture(scope="module")
def read(world):
    """Judgments of some of the rows."""

    def read(frame):
        return cb.Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=world.columns)

    return read


def fitted(judgments):
    return RankModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=100)


@pytest.fixture(scope="module")
def whole(world, read):
    return fitted(read(world.frame))


@pytest.mark.parametrize("days", [3, 30])
def test_snapshots_that_share_their_judgments_are_refused_and_replay_is_named(whole, world, days):
    earlier = fitted(whole.judgments.at(world.as_of - timedelta(days=days)))
    assert shared_judgments(earlier, whole) > 0.98  # the earlier's rows are all in the later
    for pair in ((earlier, whole), (whole, earlier)):
        with pytest.raises(InputError, match=r"about (99|100)% of the judgments of one .* told by `calibra.replay"):
            cb.compare(*pair)


def test_rows_struck_out_or_a_part_of_the_whole_are_known_again(whole, world, read):
    keep = np.random.default_rng(0).random(len(world.frame)) < 0.95
    # a row struck out moves the cell it stood in; of one judgment in a cell in two it empties it
    assert shared_judgments(fitted(read(world.frame[keep])), whole) == pytest.approx(0.95, abs=0.05)
    recent = world.frame[world.frame["judged_at"] >= world.frame["judged_at"].quantile(0.5)]
    with pytest.raises(InputError, match="must be of judgments apart"):
        cb.compare(whole, fitted(read(recent)))


def test_judgments_apart_are_compared(world, read):
    frame, rng = world.frame, np.random.default_rng(1)
    half = rng.random(len(frame)) < 0.5  # two groups of the same reps in the same weeks
    cut = frame["judged_at"].quantile(0.5)
    for part in (half, (frame["judged_at"] < cut).to_numpy()):
        one, other = fitted(read(frame[part])), fitted(read(frame[~part]))
        assert shared_judgments(one, other) < 0.3
        assert len(cb.compare(one, other).estimate) == 7


def test_counts_without_days_are_the_same_or_are_not():
    n = np.full((4, 2), 100)
    one, same, other = (
        fitted(counts(n, events)) for events in (np.tile([50, 20], (4, 1)), np.tile([50, 20], (4, 1)), n // 3)
    )
    with pytest.raises(InputError, match="about 100% of the judgments of one stand in the other"):
        cb.compare(one, same)
    assert shared_judgments(one, other) == 0.0


def test_a_saved_calibration_knows_its_judgments_again(whole, world, read, tmp_path):
    earlier = cb.calibrate(whole.judgments.at(world.as_of - timedelta(days=10)), seed=1, parts=(), draws=100)
    path = earlier.save(tmp_path / "earlier.calibra")
    loaded = cb.load(path).ranks[90]
    found, own = loaded.judged_weeks(), earlier.ranks[90].judged_weeks()
    for name in ("rep", "rank", "week", "n_mature", "events"):
        np.testing.assert_array_equal(getattr(found, name), getattr(own, name))
    with pytest.raises(InputError, match=r"calibra\.replay"):
        cb.compare(loaded, whole)


def test_weeks_are_those_of_the_calendar_whatever_the_snapshot_date(world):
    # Monday 5 and Sunday 11 January 2026 are one week, Monday 12 the next
    frame = pd.DataFrame({
        "id": range(4), "rep": "Endo", "rank": "A",
        "judged": pd.to_datetime(["2026-01-05", "2026-01-11", "2026-01-12", "2026-06-01"]),
        "event": pd.to_datetime(["2026-01-20", None, None, None]),
    })  # fmt: skip
    columns = {"prospect": "id", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "event"}
    for as_of in ("2026-06-03", "2026-06-05"):
        judgments = cb.Judgments.from_frame(
            frame, scale=cb.RankScale(["A"]), as_of=as_of, columns=columns, horizons=[90]
        )
        judged = judgments.weekly_counts().judged
        week = (pd.Timestamp("2026-01-05").toordinal() - 1) // 7
        assert judged.week.tolist()[:2] == [week, week + 1]
        assert judged.n_mature.tolist() == [[2, 1, 0]]
        assert judged.events.tolist() == [[1, 0, 0]]


def test_the_share_known_again_by_hand():
    def weeks(week, n, events, rep=0):
        rows = len(week)
        return JudgedWeeks(
            (90,), np.full(rows, rep), np.zeros(rows, int), np.array(week), np.array([n]), np.array([events])
        )

    one = weeks([1, 2, 3], [4, 4, 2], [1, 0, 0])
    # week 1 the same; week 2 half a square root more (5 of 4); week 3 with an event where none was
    other = weeks([1, 2, 3, 4], [4, 5, 2, 9], [1, 0, 1, 9])
    assert share_known_again(one, other, reps=(["Endo"], ["Endo"]), within_days=90) == pytest.approx(0.8)
    assert share_known_again(one, other, reps=(["Endo"], ["Ito"]), within_days=90) == 0.0
    assert share_known_again(one, weeks([], [], []), reps=(["Endo"], ["Endo"]), within_days=90) == 0.0
    named = share_known_again(one, weeks([1], [4], [1], rep=1), reps=(["Endo"], ["Abe", "Endo"]), within_days=90)
    assert named == pytest.approx(0.4)
