"""What looks like a mistake in sound rows, and that it reaches every reader."""

from typing import Any

import pandas as pd

import calibra as cb
from calibra.data.doubts import ALIKE_REPS, FEW_MATURE, NO_EVENT, NONE_YOUNG, UPSIDE_DOWN, alike, doubts_of_scale
from calibra.data.judgments import Judgments

SCALE = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60)})
ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at", "event_at")}


def summary_of(frame: pd.DataFrame, as_of: str = "2026-09-30") -> Any:
    return Judgments.from_frame(frame, scale=SCALE, as_of=as_of, columns=ROLES).summary()


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
    assert doubt.kind == NO_EVENT
    assert "is the column with its day named as the role `event_at`?" in str(doubt)


def test_a_snapshot_long_after_the_last_judgment_is_doubted() -> None:
    (doubt,) = summary_of(rows(), as_of="2027-09-30").doubts
    assert doubt.kind == NONE_YOUNG
    assert str(doubt) == "every judgment is 60 days old or older on 2027-09-30: is that the day the data were taken?"


def test_reps_alike_but_for_case_width_or_blanks_are_doubted() -> None:
    summary = summary_of(rows(rep=["Abe", "ＡＢＥ ", "Baba"]))
    assert [doubt.kind for doubt in summary.doubts] == [ALIKE_REPS]
    assert "Doubtful: 'Abe' and 'ＡＢＥ" in str(summary)
    assert [doubt.values["names"] for doubt in alike(["b", "a", "B", "A", "c"])] == [("A", "a"), ("B", "b")]


def test_ranks_upside_down_are_doubted_first_among_the_findings() -> None:
    counts = pd.DataFrame({
        "rep": list("xxyy"), "rank": list("ABAB"), "n": [200] * 4, "events": [20, 100, 25, 110],
    })  # fmt: skip
    found = cb.calibrate(Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace")
    assert [doubt.kind for doubt in found.doubts()] == [UPSIDE_DOWN]
    assert found.findings[0] == (
        "In doubt: each rank brings fewer events than the next: do the ranks stand best first?"
    )
    assert any("the wrong way round" in finding for finding in found.findings)


def test_the_summary_adds_the_ranks_up_by_rep() -> None:
    table = summary_of(rows()).by_rep
    assert table["rep"].tolist() == ["Abe", "Baba"]
    assert table["n"].tolist() == [2, 1]
    assert table["events"].tolist() == [1, 0]


def test_a_table_that_stands_worst_first_is_doubted_before_any_fit() -> None:
    # 40 judgments a rank and rep; 10 % of A and 50 % of B bring an event
    told = [("A", 4), ("B", 20)]
    frame = pd.DataFrame([
        {
            "prospect": f"{rep}{rank}{i}", "rep": rep, "rank": rank, "judged_at": f"2026-{3 + 6 * (i % 2):02d}-01",
            "event_at": "2026-09-10" if i < events else None,
        }
        for rep in ("x", "y") for rank, events in told for i in range(40)
    ])  # fmt: skip
    (doubt,) = summary_of(frame).doubts
    assert doubt.kind == UPSIDE_DOWN


def test_chance_alone_is_not_called_upside_down() -> None:
    # 2 of 10 against 3 of 10 is no news
    counts = pd.DataFrame({"rep": ["x", "x"], "rank": ["A", "B"], "n": [400] * 2, "events": [80, 84]})
    found = cb.calibrate(
        Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", parts=[]
    )
    assert found.doubts() == ()


def test_a_worse_rank_that_promises_more_and_no_later_is_doubted() -> None:
    def doubts(a: cb.Promise, b: cb.Promise) -> list[str]:
        return [str(doubt) for doubt in doubts_of_scale(cb.RankScale(["A", "B"], {"A": a, "B": b}))]

    assert doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 60)) == [
        "B promises more than A, a better rank, and no later: do the ranks stand best first?"
    ]
    assert doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 30))
    assert not doubts(cb.Promise(0.2, 30), cb.Promise(0.5, 180))
    assert not doubts(cb.Promise(0.2, 60), cb.Promise(0.5, 60, kind="bar"))


def test_ready_made_counts_are_doubted_like_rows() -> None:
    counts = pd.DataFrame({"rep": ["Abe", "ABE"] * 2, "rank": list("AABB"), "n": [10] * 4, "events": [0] * 4})
    found = cb.calibrate(
        Judgments.from_counts(counts, scale=cb.RankScale(["A", "B"])), seed=1, engine="laplace", parts=[]
    )
    assert [doubt.kind for doubt in found.doubts()] == [ALIKE_REPS, NO_EVENT, FEW_MATURE]
    assert "only 40 judgments with a known outcome: intervals are wide" in str(found.doubts()[2])


def test_nobody_is_in_line_where_nobody_has_an_event() -> None:
    counts = pd.DataFrame({"rep": list("xyzxyz"), "rank": list("AAABBB"), "n": [300] * 6, "events": [0] * 6})
    scale = cb.RankScale(["A", "B"])
    fit = cb.RankModel().fit(Judgments.from_counts(counts, scale=scale), seed=1, engine="laplace")
    assert set(fit.profiles()["finding"]) == {"cannot tell yet"}
