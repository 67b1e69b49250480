"""Choices for labels, by the text that labels are counted under."""

from typing import Any

import polars as pl
import pytest

from calibra.data.counting.choices import check_exit_kinds, check_rank_labels
from calibra.data.counting.labels import by_text
from calibra.data.history.history import RankHistory
from calibra.data.scale import RankScale
from calibra.errors import InputError

SCALE = RankScale(["A", "B"])


@pytest.mark.parametrize("labels", [{1: "A", "1": "B"}, {"1": "A", 1.0: "B"}])
def test_a_label_that_leads_to_two_is_refused(labels: dict[Any, str]) -> None:
    words = r"must lead from a label to one; '1' leads to 'A' and to 'B'"
    with pytest.raises(InputError, match="`rank_labels` " + words):
        check_rank_labels(labels, SCALE)
    frame = pl.DataFrame({"id": ["p"], "rep": ["Abe"], "rank": ["A"], "at": ["2026-01-05"]})
    changes = {"prospect": "id", "rep": "rep", "rank": "rank", "changed_at": "at"}
    with pytest.raises(InputError, match="`rank_labels` " + words):
        RankHistory.from_frames(
            frame, frame, scale=SCALE, as_of="2026-06-30", columns=changes, outcome_columns={"prospect": "id"},
            rank_labels=labels,
        )  # fmt: skip
    with pytest.raises(InputError, match="`exit_kinds` " + words):
        check_exit_kinds(labels)


def test_labels_that_read_alike_may_lead_to_the_same() -> None:
    assert by_text({1: "A", "1": "A", 2.0: "B"}, "rank_labels") == {"1": "A", "2": "B"}
