"""A definition that nearly everybody misses is told once, of the team; where reps differ, it says so."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from calibra.chapters.promises.everybody import everybody
from calibra.reading.means import ALL_REPS
from calibra.values import Number
from tests.chapters.ranks.calibrated import answers


@pytest.mark.parametrize(
    ("name", "key", "came"),
    [("high", "everybody_more", 80), ("half high", "meant_more", 72.5), ("half low", "meant_less", 42.5)],
)
def test_whether_it_is_so_with_nearly_everybody(name: str, key: str, came: float) -> None:
    (finding,) = list(everybody(answers(name)[1]))
    assert finding.key == f"promises.{key}"
    assert finding.rank == "A" or name == "high"
    assert (finding.prob or 0) >= 0.9
    told = finding.values["came"]
    assert isinstance(told, Number)
    if finding.rank == "A":
        assert told.number == pytest.approx(came, abs=1.5)


def test_reps_of_a_handful_at_the_rank_are_neither_with_nor_against_the_others() -> None:
    # four reps of 300 A bring .4 of .6; of four of 4 A the draws lie at .7, where the population would have them
    class Days(dict):
        margin_odds = 1.25

        def rows(self, _: int) -> dict[str, dict[str, dict[str, object]]]:
            return {ALL_REPS: {"A": {"kind": "average", "verdict": "less", "promised": 0.6}}}

    prob = np.repeat([0.4, 0.7], 4)[None, :, None] * np.ones((100, 1, 2))
    fit = SimpleNamespace(
        ranks=("A", "B"),
        n=np.array([[300.0, 300.0]] * 4 + [[4.0, 300.0]] * 4),
        all_reps_draws=lambda: np.full((100, 2), 0.4),
        in_chunks=lambda: [(slice(0, 8), prob)],
    )
    promises: Any = Days({90: None})
    promises.ranks = Days({90: fit})
    (finding,) = everybody(promises)
    assert finding.key == "promises.everybody_less"


def test_nothing_is_said_of_definitions_that_are_kept() -> None:
    (finding,) = list(everybody(answers("mixed")[1]))  # A and B are kept; C brings 16 of 100 where 2.5 are meant
    assert finding.rank == "C"
