"""The studies of contacts: their worlds are counted as rows are, and their truths are what hazards say."""

from __future__ import annotations

import numpy as np
import pytest

from studies.effort import EVENT, EXIT, OPEN, count_rows, draw_rows, one_world, signal_world, truth_of
from studies.effort_sbc import prior_world


def test_truth_of_constant_chances_is_geometric() -> None:
    # h = .1 and q = .2 at every contact: an event takes 1/h contacts, and h/(1 − (1 − h)(1 − q)) = .1/.28 come.
    event, stop = np.full((1, 3, 400), 0.1), np.full((1, 3, 400), 0.2)
    found = truth_of(event, stop, np.array([0.2, 0.3, 0.5]))
    assert found["contacts_per_event"] == pytest.approx([10.0])
    assert found["events"] == pytest.approx([0.1 / 0.28])
    assert found["if_all_worked_3"] == pytest.approx([1 - 0.9**3])


def test_rows_end_as_their_chances_say() -> None:
    rng = np.random.default_rng(1)
    contacts, ending = draw_rows(rng, np.full((40_000, 200), 0.1), np.full((40_000, 200), 0.2))
    followed = ending != OPEN
    first = contacts[followed] == 1
    assert (ending[followed][first] == EVENT).mean() == pytest.approx(0.1 / 0.28, abs=0.015)
    counts = count_rows(np.zeros(40_000, dtype=int), np.zeros(40_000, dtype=int), contacts, ending, 1)
    assert counts.n.sum() == 40_000
    assert counts.n[counts.ending == EXIT].sum() == (ending == EXIT).sum()


def test_each_world_answers() -> None:
    held = one_world(0, n_reps=6, each=60)
    assert all(0.0 <= value <= 1.0 for value in held.values())
    told = signal_world(1, n_reps=4, each=100)
    assert {"inside", "width", "advised"} <= set(told)
    places = prior_world(0)
    assert all(0.0 < value < 1.0 for name, value in places.items() if not name.startswith("#"))
