"""A rep of whose own judgments too many are left out is compared with nobody, and is named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.doubts import REP_LEFT_OUT, reps_left_out
from calibra.values import Rep

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.6, within_days=90)})
ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at", "censored_at")}
REPS = [f"r{i:02}" for i in range(20)]


def lost(n_lost: int) -> cb.Judgments:
    """Twenty reps with 100 judgments each, 30 of them events; of r00's failures so many are lost from sight."""
    n = 2000
    number = np.arange(n) // 20
    judged = pd.Series(np.full(n, np.datetime64("2026-01-05")))
    frame = pd.DataFrame({
        "prospect": np.arange(n), "rep": np.array(REPS)[np.arange(n) % 20], "rank": np.where(number % 2, "A", "B"),
        "judged_at": judged, "event_at": (judged + pd.Timedelta(days=20)).where(number < 30),
    })  # fmt: skip
    gone = (frame["rep"] == "r00") & (number >= 100 - n_lost)
    frame["censored_at"] = (judged + pd.Timedelta(days=30)).where(gone)
    return cb.Judgments.from_frame(frame, scale=SCALE, as_of="2026-09-30", columns=ROLES)


def test_what_is_left_out_is_counted_by_rep() -> None:
    cells = lost(40).binomial_cells(within_days=90)
    assert cells.left_out is not None
    assert cells.left_out[0].tolist() == [20, 20]
    assert (cells.n_left_out, cells.left_out[1:].sum()) == (40, 0)
    assert cells.mature_of_rep.tolist() == [100] * 20
    assert cells.seen_too_little.tolist() == [True] + [False] * 19


@pytest.mark.parametrize(
    ("n", "left_out", "doubted"), [(57, 3, False), (56, 3, True), (2, 2, False), (95, 5, False), (94, 6, True)]
)
def test_single_rows_and_up_to_five_per_cent_of_a_rep_are_no_doubt(n: int, left_out: int, doubted: bool) -> None:
    counts = [np.array([[value]]) for value in (n, 1, 0)]
    cells = BinomialCells(("Abe",), ("A",), {}, *counts, 90, None, np.array([[left_out]]))
    assert bool(reps_left_out([cells])) is doubted


def test_the_rep_has_no_verdict_and_the_doubt_stands_before_all_that_is_found(tmp_path: Path) -> None:
    found = cb.calibrate(lost(15), seed=1, engine="laplace", parts=[], progress=False)
    profile = found.ranks[90].profiles().set_index("rep").loc["r00"]
    assert profile["prob_within"] > 0.9  # which would be a verdict
    assert (profile["finding"], profile["n_more"]) == ("cannot tell yet", 0)
    (left_out,) = [doubt for doubt in found.doubts if doubt.key == REP_LEFT_OUT]
    assert (left_out.rep, left_out.values["names"], left_out.values["n"], left_out.values["n_mature"]) == (
        None, Rep("r00"), 15, 100,
    )  # fmt: skip
    assert left_out in found.findings[: len(found.doubts)]
    assert (
        str(left_out)
        .replace("\u00a0", " ")
        .startswith("Of r00, 15 of the 100 judgments that are old enough within 90 days are left out")
    )
    for lang, said in (("en", "Of r00, 15 of the 100 judgments"), ("ja", "判定100件のうち15件を除いています")):
        assert said in found.report(tmp_path / f"{lang}.html", lang=lang).read_text(encoding="utf-8")
    found.save(tmp_path / "kept.calibra")
    again = cb.load(tmp_path / "kept.calibra")
    assert left_out in again.doubts
    assert again.ranks[90].profiles()["finding"][0] == "cannot tell yet"


def test_few_of_a_rep_left_out_leave_the_verdict() -> None:
    found = cb.calibrate(lost(5), seed=1, engine="laplace", parts=[], progress=False)
    assert [doubt.key for doubt in found.doubts].count(REP_LEFT_OUT) == 0
    assert found.ranks[90].profiles()["finding"][0] == "in line"
