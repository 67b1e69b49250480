"""Case mix and teams through `calibrate`: outcomes at the same mix, the line on the card, and the file."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.data.counting.judgments import Judgments
from calibra.wording import choose_wording

AS_OF = pd.Timestamp("2026-06-30")
SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, 90), "B": cb.Promise(0.2, 90)})
RATES = {("A", "large"): 0.6, ("A", "small"): 0.3, ("B", "large"): 0.3, ("B", "small"): 0.1}


@cache
def judgments() -> Judgments:
    """Six reps who read alike: the first has 90 % small prospects, the others 50 %; all old enough."""
    rows = []
    for rep in range(6):
        for (rank, size), rate in RATES.items():
            share = 0.9 if rep == 0 else 0.5
            n = round(600 * (share if size == "small" else 1.0 - share))
            came = np.arange(n) < round(rate * n)
            days = pd.Series(AS_OF - pd.Timedelta(days=200), index=range(n))
            rows.append(
                pd.DataFrame(
                    {
                        "prospect": [f"{rep}{rank}{size}{i}" for i in range(n)],
                        "rep": f"rep {rep}",
                        "rank": rank,
                        "size": size,
                        "branch": "east" if rep < 3 else "west",
                        "judged_at": days,
                        "event_at": (days + pd.Timedelta(days=20)).where(came),
                    }
                )
            )
    frame = pd.concat(rows, ignore_index=True)
    return Judgments.from_frame(frame, scale=SCALE, as_of=AS_OF, columns={name: name for name in frame})


@cache
def calibrated() -> Calibration:
    return cb.calibrate(
        judgments(), seed=1, engine="laplace", draws=400, parts=(), adjust_for=["size"], team="branch", progress=False
    )


def test_a_poor_territory_is_no_gap_at_the_same_mix() -> None:
    plain = cb.calibrate(judgments(), seed=1, engine="laplace", draws=400, parts=(), progress=False)
    # by counting: 600 As and 600 Bs; the first has .33 and .12, the others .45 and .20: 10 points below
    before = plain.ranks[90].profiles().iloc[0]
    assert before["gap_points"] == pytest.approx(-10.0, abs=1.5)
    assert before["finding"] == "below the others"
    row = calibrated().ranks[90].profiles().iloc[0]
    assert row["gap_points"] == pytest.approx(0.0, abs=1.5)
    assert row["gap_points_before"] == pytest.approx(-10.0, abs=1.5)
    assert row["finding"] == "in line"


def test_the_card_says_by_how_much_the_gap_moves() -> None:
    found = next(one for one in calibrated().findings if one.key == "ranks.adjusted" and one.rep == "rep 0")
    row = calibrated().ranks[90].profiles().iloc[0]
    told = choose_wording("en", "event").tell(found, form="card").replace("−", "-")
    before, after = (f"{row[name]:.0f}" for name in ("gap_points_before", "gap_points"))
    assert told == f"Points from the others' at the same mix of size: {after}; before adjusting {before}."
    assert "size" in choose_wording("ja", "event").tell(found, form="card")


def test_a_file_gives_the_same_tables(tmp_path: Path) -> None:
    loaded = cb.load(calibrated().save(tmp_path / "team.calibra"))
    for name in ("probabilities", "profiles", "expected"):
        pd.testing.assert_frame_equal(getattr(loaded.ranks[90], name)(), getattr(calibrated().ranks[90], name)())
    assert loaded.findings == calibrated().findings


def test_a_grouping_that_is_not_there_is_refused_before_anything_is_fitted() -> None:
    with pytest.raises(cb.InputError, match=r"`adjust_for` must name groupings .*'segment' is not"):
        cb.calibrate(judgments(), seed=1, adjust_for=["segment"])
    with pytest.raises(cb.InputError, match=r"`team` must name a grouping .*'team' is not"):
        cb.calibrate(judgments(), seed=1, adjust_for=["size"], team="team")
