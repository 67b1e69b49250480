"""From hazards to contacts and events: closed forms against following prospects contact by contact."""

from __future__ import annotations

import numpy as np
import pytest

from calibra.chapters.effort.followed import follow, make_steps

STARTS = [1, 2, 3, 6, 10]


def one_by_one(event: list[float], stop: list[float], last: int) -> dict[str, float]:
    """Sums over contacts up to a late one, for one prospect."""
    reached = all_reached = 1.0
    found = dict.fromkeys(("contacts", "events", "on_events"), 0.0)
    for contact in range(1, last + 1):
        place = sum(contact >= start for start in STARTS) - 1
        h, q = event[place], stop[place]
        found["contacts"] += reached
        found["events"] += reached * h
        found["on_events"] += contact * reached * h
        reached *= (1 - h) * (1 - q)
        all_reached *= 1 - h
    return found | {"if_all_worked": 1 - all_reached}


def test_closed_forms_are_the_sums_over_contacts() -> None:
    rng = np.random.default_rng(1)
    event, stop = rng.uniform(0.02, 0.3, (3, 5)), rng.uniform(0.02, 0.3, (3, 5))
    found = follow(event, stop, make_steps(STARTS, [4, 12], closed=True))
    for i in range(3):
        slow = one_by_one(event[i].tolist(), stop[i].tolist(), 5_000)
        for name in ("contacts", "events", "on_events"):
            assert getattr(found, name)[i] == pytest.approx(slow[name], rel=1e-10)
        by_four, by_twelve = (one_by_one(event[i].tolist(), stop[i].tolist(), last) for last in (4, 12))
        assert found.as_worked[i, [2, 5]] == pytest.approx([by_four["events"], by_twelve["events"]])
        assert found.if_all_worked[i, [2, 5]] == pytest.approx([by_four["if_all_worked"], by_twelve["if_all_worked"]])


def test_steps_end_where_they_are_asked_to() -> None:
    steps = make_steps(STARTS, [4, 12], closed=True)
    assert [step.first for step in steps] == [1, 2, 3, 5, 6, 10, 13]
    assert [step.width for step in steps] == [1, 1, 2, 1, 4, 3, None]
    assert [step.place for step in steps] == [0, 1, 2, 2, 3, 4, 4]


def test_where_nobody_is_stopped_the_bounds_meet() -> None:
    event = np.array([0.1, 0.05, 0.02, 0.02, 0.01])
    found = follow(event, None, make_steps(STARTS, closed=False))
    assert found.as_worked == pytest.approx(found.if_all_worked)


def test_by_hand() -> None:
    # Contacts 2 then an event, 3 then given up, 1 and open: h 0, 1/2, 0; q 0, 0, 1. By the second 1/2 has come.
    found = follow(np.array([0.0, 0.5, 0.0]), np.array([0.0, 0.0, 1.0]), make_steps([1, 2, 3], closed=True))
    assert found.if_all_worked[1] == pytest.approx(0.5)
    assert found.contacts == pytest.approx(1 + 1 + 0.5)
    assert found.events == pytest.approx(0.5)
