"""What is said of ranks and their promises, on counts that are published or whose truth is at hand."""

import pandas as pd
import pytest

import calibra as cb
from calibra.data.counting.judgments import Judgments
from calibra.data.published import salvirt_judgments


def said(judgments: Judgments) -> list[str]:
    """What is found of all reps, blanks made plain."""
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=400, parts=())
    return [str(finding).replace("\u00a0", " ") for finding in found.findings if finding.rep is None]


def test_ranks_that_work_only_because_of_who_uses_them_are_not_called_ordered() -> None:
    """Salvirt: pooled, A wins 62 %, B 49 %; inside Seller 1, who uses A most, 66 % (57 of 86) and 67 % (61 of 91)."""
    told = said(salvirt_judgments())
    assert not any(sentence.startswith("Each rank brings more") for sentence in told)
    assert any("is not sure, at the same reps" in sentence and "A above B" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("promise", "is_said"),
    [
        (cb.Promise(0.6, within_days=90), True),
        (cb.Promise(0.6, within_days=30), False),
        (cb.Promise(0.6, within_days=90, kind="bar"), False),
    ],
)
def test_promises_of_another_horizon_or_kind_are_not_set_beside_what_came(promise: cb.Promise, is_said: bool) -> None:
    frame = pd.DataFrame({"rep": ["Abe", "Abe"], "rank": ["A", "B"], "n": [60, 60], "events": [36, 20]})
    counts = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"], {"A": promise}), within_days=90)
    assert ("promised 60 %" in said(counts)[0]) == is_said
