"""What a type checker makes of the public names. mypy reads this file; nothing runs it."""

from typing import assert_type

import calibra as cb
from calibra.stats.survival.curve import LifeCurve


def public_names_carry_their_types() -> None:
    scale = cb.RankScale(ranks=["A", "B"], promises={"A": cb.Promise(0.6, within_days=90)})
    assert_type(scale, cb.RankScale)
    assert_type(scale.horizons, tuple[int, ...])
    assert_type(cb.simulate_judgments(seed=1), cb.SimulatedWorld)
    assert_type(cb.kaplan_meier([5, 8], [1, 0]), LifeCurve)


def misspelt_names_are_refused() -> None:
    cb.RankScael  # type: ignore[attr-defined]  # noqa: B018


def half_a_promise_is_refused() -> None:
    cb.Promise(within_days=90)  # type: ignore[call-arg]
