"""A definition that nearly everybody misses is told once, of the team; where reps differ, it says so."""

import pytest

from calibra.chapters.promises.everybody import everybody
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


def test_nothing_is_said_of_definitions_that_are_kept() -> None:
    (finding,) = list(everybody(answers("mixed")[1]))  # A and B are kept; C brings 16 of 100 where 2.5 are meant
    assert finding.rank == "C"
