"""The study of what young judgments add: its worlds, and a reduced run."""

import numpy as np
import pytest

from studies import young


def test_a_world_is_read_with_young_judgments_and_without():
    found = young.one_world(young.KINDS[0], 1)
    assert {name.split(", ")[0] for name in found} == {"young", "mature"}
    assert found["young, width"] < found["mature, width"]
    assert 0.7 <= found["young, covered"] <= 1.0


def test_what_comes_of_the_young_is_known_in_part():
    rng = np.random.default_rng(1)
    comes = np.full((young.N_REPS, len(young.RANKS)), 0.99)
    judgments = young._judgments(young.Kind("all come"), comes, np.ones(young.N_REPS), rng)
    counts = judgments.duration_counts()
    assert counts.n.sum() == young.N_JUDGMENTS
    slower = young._judgments(young.Kind("slower", slower=3.0), comes, np.ones(young.N_REPS), np.random.default_rng(1))
    came = [float(of.n[of.ending == 1].sum()) for of in (counts, slower.duration_counts())]
    assert came[1] < 0.9 * came[0]


def test_the_page_says_how_much_narrower_intervals_are():
    row = {
        f"{which}, {what}": 0.9
        for which in ("young", "mature")
        for what in ("width", "gap width", "covered", "told of those off", "told of the others", "doubt")
    }
    row |= {"young, width": 0.2, "mature, width": 0.25}
    head, table, words = young.render({kind.name: [row, row] for kind in young.KINDS})
    assert "2 worlds of each kind" in head
    assert "| even tempo | young, too | 0.2 |" in table
    assert words.count("20%") == len(young.KINDS)


@pytest.mark.slow
def test_half_a_year_says_more_with_young_judgments_and_intervals_hold():
    found = young.study_young(12)["even tempo"]
    width = [np.mean([row[f"{which}, width"] for row in found]) for which in ("young", "mature")]
    assert width[0] < 0.93 * width[1]
    assert np.mean([row["young, covered"] for row in found]) > 0.86
