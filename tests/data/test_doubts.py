"""What looks like a mistake in sound rows, and that it reaches every reader."""

from typing import Any

import pandas as pd

import calibra as cb
from calibra.data.doubts import ALIKE_REPS, NO_EVENT, NONE_YOUNG, UPSIDE_DOWN, alike
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
