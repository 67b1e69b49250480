"""What looks like a mistake in sound rows, and that it reaches every reader."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

import calibra as cb
from calibra.data.counting.doubts import (
    ALIKE_REPS,
    FEW_MATURE,
    NO_EVENT,
    NO_EXIT,
    NONE_OPEN,
    NONE_YOUNG,
    ONE_DAY,
    UNUSED_RANKS,
    UPSIDE_DOWN,
    alike,
    doubts_of_counts,
    doubts_of_scale,
    doubts_of_scores,
)
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding
from calibra.values import Listed, Rep

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60)})
ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at")}


def summary_of(frame: pd.DataFrame, as_of: str = "2026-09-30") -> Any:
    return Judgments.from_frame(frame, scale=SCALE, as_of=as_of, columns=ROLES).summary()


def keys(doubts: Iterable[Finding]) -> list[str]:
    return [doubt.key for doubt in doubts]


def names_of(doubts: Iterable[Finding]) -> list[object]:
    return [doubt.values["names"] for doubt in doubts]


def listed(*names: str) -> Listed:
    return Listed(tuple(map(Rep, names)))


def rows(**changed: Any) -> pd.DataFrame:
    told = {
        "prospect": ["1", "2", "3"], "rep": ["Abe", "Abe", "Baba"], "rank": ["A", "B", "A"],
        "judged_at": ["2026-03-01", "2026-05-01", "2026-09-20"], "event_at": ["2026-04-01", None, None],
    }  # fmt: skip
    return pd.DataFrame(told | changed)


def test_sound_judgments_are_not_doubted() -> None:
    assert summary_of(rows()).doubts == ()


def test_no_event_at_all_is_doubted() -> None:
    (doubt,) = summary_of(rows(event_at=[None] * 3)).doubts
    assert (doubt.key, doubt.role) == (NO_EVENT, "doubt")
    assert str(doubt).startswith("No judgment has an event. Was the column with its day named?")


def test_a_snapshot_long_after_the_last_judgment_is_doubted() -> None:
    (doubt,) = summary_of(rows(), as_of="2027-09-30").doubts
    assert doubt.key == NONE_YOUNG
    assert str(doubt).startswith(
        "Every judgment is at least 60 days old on 30 September 2027. Is that the day the data were taken?"
    )


def test_reps_alike_but_for_case_width_or_blanks_are_doubted() -> None:
    summary = summary_of(rows(rep=["Abe", "ＡＢＥ ", "Baba"]))
    assert keys(summary.doubts) == [ALIKE_REPS]
    assert "Doubtful: Abe and ＡＢＥ" in str(summary)
    assert names_of(alike(["b", "a", "B", "A", "c"])) == [listed("A", "a"), listed("B", "b")]


def test_ranks_upside_down_are_doubted_first_among_the_findings() -> None:
    counts = pd.DataFrame({
        "rep": list("xxyy"), "rank": list("ABAB"), "n": [200] * 4, "events": [20, 100, 25, 110],
    })  # fmt: skip
    found = cb.calibrate(Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace")
    assert keys(found.doubts) == [UPSIDE_DOWN]
    assert found.findings[0] == found.doubts[0]
    assert str(found.findings[0]) == ("Better ranks bring fewer events than worse ones. Do the ranks stand best first?")
    assert any("the wrong way round" in str(finding) for finding in found.findings)


def test_the_summary_adds_the_ranks_up_by_rep() -> None:
    table = summary_of(rows()).by_rep
    assert table["rep"].tolist() == ["Abe", "Baba"]
    assert table["n"].tolist() == [2, 1]
    assert table["events"].tolist() == [1, 0]


def table_of(told: dict[str, tuple[int, int, int]]) -> pd.DataFrame:
    """Rank to old judgments, events of them within 60 days, and judgments of this month, of each of two reps."""
    return pd.DataFrame([
        {
            "prospect": f"{rep}{rank}{i}", "rep": rep, "rank": rank,
            "judged_at": "2026-03-01" if i < old else "2026-09-10", "event_at": "2026-04-10" if i < events else None,
        }
        for rep in ("x", "y") for rank, (old, events, young) in told.items() for i in range(old + young)
    ])  # fmt: skip


def test_a_table_that_stands_worst_first_is_doubted_before_any_fit() -> None:
    assert keys(summary_of(table_of({"A": (40, 4, 10), "B": (40, 20, 0)})).doubts) == [UPSIDE_DOWN]


def test_young_judgments_without_an_event_yet_are_no_sign_of_ranks_upside_down() -> None:
    assert summary_of(table_of({"A": (10, 5, 90), "B": (90, 18, 10)})).doubts == ()


def test_one_rep_whose_ranks_stand_right_and_a_rank_nobody_uses_do_not_hide_ranks_upside_down() -> None:
    n = np.array([[100, 100, 100, 0]] * 5)
    events = np.array([[5, 20, 40, 0]] * 4 + [[40, 20, 5, 0]])
    assert keys(doubts_of_counts("vwxyz", n, events, has_events=True)) == [UPSIDE_DOWN]
    assert doubts_of_counts("vwxyz", n, events[:, [2, 1, 0, 3]], has_events=True) == []


def test_a_name_written_with_and_without_a_blank_is_one_name_to_a_reader() -> None:
    assert names_of(alike(["佐藤健一", "佐藤\u3000健一"])) == [listed("佐藤\u3000健一", "佐藤健一")]


def test_chance_alone_is_not_called_upside_down() -> None:
    # 80 of 400 against 84 of 400 is no news
    counts = pd.DataFrame({"rep": ["x", "x"], "rank": ["A", "B"], "n": [400] * 2, "events": [80, 84]})
    found = cb.calibrate(
        Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", parts=[]
    )
    assert found.doubts == ()


def test_a_worse_rank_that_promises_more_and_no_later_is_doubted() -> None:
    def doubts(a: cb.Promise, b: cb.Promise) -> list[str]:
        return [str(doubt) for doubt in doubts_of_scale(cb.RankScale(["A", "B"], {"A": a, "B": b}))]

    assert doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 60)) == [
        "B promises more than A, a better rank, and no later. Do the ranks stand best first?"
    ]
    assert doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 30))
    assert not doubts(cb.Promise(0.2, 30), cb.Promise(0.5, 180))
    assert not doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 60, kind="bar"))


def test_ready_made_counts_are_doubted_like_rows() -> None:
    counts = pd.DataFrame({"rep": ["Abe", "ABE"] * 2, "rank": list("AABB"), "n": [10] * 4, "events": [0] * 4})
    found = cb.calibrate(
        Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", parts=[]
    )
    assert keys(found.doubts) == [ALIKE_REPS, NO_EVENT, FEW_MATURE]
    assert "known outcome (horizon not stated): only 40. Intervals are wide" in str(found.doubts[2])


def test_nobody_is_in_line_where_nobody_has_an_event() -> None:
    counts = pd.DataFrame({"rep": list("xyzxyz"), "rank": list("AAABBB"), "n": [300] * 6, "events": [0] * 6})
    scale = cb.RankScale(["A", "B"])
    fit = cb.RankModel().fit(Judgments.from_counts(counts, scale=scale), seed=1, engine="laplace")
    assert set(fit.profiles()["finding"]) == {"cannot tell yet"}


def export(**changed: Any) -> Any:
    """Sixty judgments, ten of them closed by an event, ten by an exit, forty open."""
    told = {
        "prospect": [f"p{i}" for i in range(60)], "rep": ["Abe", "Baba"] * 30, "rank": ["A", "A", "B"] * 20,
        "judged_at": [f"2026-0{1 + i % 9}-1{i % 7}" for i in range(60)],
        "event_at": [f"2026-0{1 + i % 9}-2{i % 7}" if i < 10 else None for i in range(60)],
        "exit_at": [f"2026-0{1 + i % 9}-2{i % 7}" if 10 <= i < 20 else None for i in range(60)],
    }  # fmt: skip
    return pd.DataFrame(told | changed)


def doubted(frame: pd.DataFrame) -> list[str]:
    columns = ROLES | {"exit_at": "exit_at"}
    found = Judgments.from_frame(frame, scale=SCALE, as_of="2026-09-30", columns=columns).summary().doubts
    return keys(found)


def test_an_export_is_doubted_where_a_kind_of_judgment_is_missing_altogether() -> None:
    assert doubted(export()) == []
    closed = [f"2026-0{1 + i % 9}-28" for i in range(60)]
    assert doubted(export(exit_at=closed)) == [NONE_OPEN]
    assert doubted(export(exit_at=[None] * 60)) == [NO_EXIT]
    assert doubted(export(rank=["A"] * 60)) == [UNUSED_RANKS]
    assert doubted(export(judged_at=["2026-01-05"] * 60)) == [ONE_DAY, NONE_YOUNG]


def test_a_row_of_totals_is_doubted() -> None:
    counts = pd.DataFrame({"rep": ["Abe", "Total"], "rank": ["A", "A"], "n": [60, 60], "events": [30, 30]})
    cells = Judgments.from_counts(counts, scale=SCALE).binomial_cells()
    found = doubts_of_counts(cells.reps, cells.n, cells.events, has_events=True)
    assert list(map(str, found)) == ["Total reads like a row of totals and counts as a rep. Leave it out of the data."]


def test_many_scored_rows_of_reps_never_seen_are_doubted() -> None:
    assert doubts_of_scores({"scored": 100, "rep never seen": 10}) == []
    (doubt,) = doubts_of_scores({"scored": 100, "rep never seen": 11})
    assert str(doubt).startswith("11 of 100 prospects name a rep unknown to the calibration.")
