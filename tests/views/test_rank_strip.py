"""The strip of ranks: no mark covers another however close they lie, none leaves the strip, lines lie behind marks."""

import re

import numpy as np
import pytest

from calibra.views.rank_strip import EDGE, HEIGHT, MIDDLE, RADIUS, Mark, legend, rank_strip, stand

STROKE = 1.8


@pytest.mark.parametrize("width", [330.0, 510.0])
def test_no_mark_covers_another(width: float) -> None:
    rng = np.random.default_rng(1)
    for n in (2, 3, 5, 7):
        for spread in (0.5, 4.0, 15.0, 60.0):
            for _ in range(100):
                places = (rng.uniform(0.0, 100.0) + rng.normal(0.0, spread, n)).tolist()
                spots = [spot for spot in stand(places) if spot is not None]
                assert all(EDGE <= spot.x <= 100.0 - EDGE for spot in spots)
                for i, a in enumerate(spots):
                    for b in spots[:i]:
                        apart = np.hypot((a.x - b.x) * width / 100.0, a.y - b.y)
                        assert apart >= a.radius + b.radius + STROKE - 1e-6
                assert all(spot.y - spot.radius - STROKE / 2 + 1e-9 >= 0.0 for spot in spots)
                assert all(spot.y + spot.radius + STROKE / 2 <= HEIGHT + 1e-9 for spot in spots)


def test_marks_with_room_stay_where_they_lie_and_a_rank_never_used_has_none() -> None:
    first, none, last = stand([20.0, None, 80.0])
    assert none is None
    assert first is not None
    assert last is not None
    assert (first.x, last.x) == (20.0, 80.0)
    assert {first.y, last.y, first.radius, last.radius} == {MIDDLE, RADIUS}


def test_lines_lie_behind_all_marks_and_each_kind_has_a_class_of_its_own() -> None:
    marks = [Mark(a, place, place - 1, place + 1, kind, "") for a, place, kind in
             (("A", 1.0, "one"), ("B", 2.0, "two"), ("C", 3.0, "unsure"))]  # fmt: skip
    svg = str(rank_strip("Bo", marks, n_ranks=3))
    assert svg.rindex('<line class="span') < svg.index("<circle")
    assert re.findall(r'class="mark rank\d (\w+)"', svg) == ["one", "two", "unsure"]


def test_the_legend_draws_each_kind_before_its_words() -> None:
    told = str(legend([("one", "like <one>"), ("unsure", "cannot tell")]))
    assert "&lt;one&gt;" in told
    assert re.findall(r'class="mark rank1 (\w+)"', told) == ["one", "unsure"]
