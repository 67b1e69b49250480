"""Judgments younger than the horizon count as far as their answers are in, and say when the pace has changed."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.data.counting.judgments import Judgments

AS_OF = pd.Timestamp("2026-06-30")
PROMISED = {"A": cb.Promise(0.5, 90), "B": cb.Promise(0.3, 90), "C": cb.Promise(0.1, 90)}
SCALE = cb.RankScale(["A", "B", "C"], PROMISED)


@cache
def half_a_year(slower: float = 1.0, oftener: float = 1.0) -> pd.DataFrame:
    """2,000 judgments of ten reps over 182 days.

    Of those younger than 90 days events take so many times as long, and come so many times as often.
    """
    rng, n = np.random.default_rng(4), 2000
    rank = rng.choice(3, n, p=[0.2, 0.35, 0.45])
    age = rng.integers(0, 182, n)
    days = np.where(age < 90, slower, 1.0) * rng.gamma(2.0, 14.0, n)
    prob = np.array([0.5, 0.3, 0.12])[rank] * np.where(age < 90, oftener, 1.0)
    came = (rng.random(n) < prob) & (days <= age)
    frame = pd.DataFrame({"prospect": [f"p{i}" for i in range(n)], "rep": [f"rep {i}" for i in rng.integers(0, 10, n)]})
    frame["rank"] = np.array(SCALE.ranks)[rank]
    frame["judged_at"] = AS_OF - pd.to_timedelta(age, unit="D")
    frame["event_at"] = (frame["judged_at"] + pd.to_timedelta(np.floor(days), unit="D")).where(came)
    return frame


@cache
def judgments(slower: float = 1.0, oftener: float = 1.0) -> Judgments:
    frame = half_a_year(slower, oftener)
    return Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns={name: name for name in frame})


@cache
def calibrated(slower: float = 1.0, oftener: float = 1.0) -> Calibration:
    return cb.calibrate(judgments(slower, oftener), seed=1, engine="laplace", parts=(), progress=False)


def width(table: pd.DataFrame) -> float:
    return float((table["upper"] - table["lower"]).mean())


def test_intervals_are_narrower_and_say_on_how_many_young_judgments_they_rest() -> None:
    counted = calibrated().ranks[90].probabilities().set_index(["rep", "rank"])
    alone = cb.RankModel(young="leave out").fit(judgments(), seed=1, engine="laplace").probabilities()
    assert width(counted) < 0.92 * width(alone)
    assert not alone["n_young"].any()
    rows = half_a_year()
    age = (AS_OF - rows["judged_at"]).dt.days
    young = rows[age < 90].groupby(["rep", "rank"]).size()
    shown = counted.loc[young.index, "n_young"]
    assert (shown <= young).all()  # the youngest say nothing yet
    assert shown.sum() > 0.7 * young.sum()
    mature = rows[age >= 90].groupby(["rep", "rank"]).size()
    pd.testing.assert_series_equal(counted.loc[mature.index, "n"], mature, check_names=False)


def test_what_counts_in_part_is_said_with_its_number() -> None:
    told = [found for found in calibrated().findings if found.key == "ranks.young"]
    young = calibrated().ranks[90].young
    assert young is not None
    assert [str(found) for found in told] == [
        f"{young.n.sum()} judgments whose outcome within 90 days is not known yet count as well, as far as their "
        f"answers are in: so far {young.events.sum()} have come to an event."
    ]


def test_a_rep_is_named_from_30_answers_on_each_young_judgment_counting_its_share() -> None:
    fit = calibrated().ranks[90]
    row = fit.profiles().set_index("rep").loc["rep 0"]
    young = fit.young
    assert young is not None
    assert row["n_answered"] == pytest.approx(row["n"] + (young.n[0] * young.reached[0]).sum())
    assert row["n"] < row["n_answered"] < row["n"] + young.n[0].sum()


@pytest.mark.parametrize(
    ("change", "key"), [((1.5, 1.0), ["ranks.pace_slower"]), ((1.0, 1.0), []), ((1.0, 1.6), ["ranks.pace_faster"])]
)
def test_a_pace_that_has_changed_is_a_doubt(change: tuple[float, float], key: list[str]) -> None:
    told = [doubt for doubt in calibrated(*change).doubts if doubt.key.startswith("ranks.pace")]
    assert [doubt.key for doubt in told] == key
    for doubt in told:
        came, expected = (float(str(doubt.values[name])) for name in ("came", "expected"))
        assert came < expected if change[0] > 1.0 else came > expected
        unchanged = calibrated().ranks[90].young
        assert unchanged is not None
        assert expected == pytest.approx(unchanged.events.sum(), rel=0.15)  # as many as come where nothing changes


def test_a_file_gives_the_same_tables(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    for name in ("probabilities", "profiles"):
        pd.testing.assert_frame_equal(getattr(loaded.ranks[90], name)(), getattr(calibrated().ranks[90], name)())


def test_what_is_no_choice_is_refused() -> None:
    with pytest.raises(cb.InputError, match="`young` must be 'count' or 'leave out'; got"):
        cb.RankModel(young="yes")  # type: ignore[arg-type]
