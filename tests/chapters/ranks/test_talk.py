"""What there is to talk about of a rep's ranks, from numbers made by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from calibra.chapters.ranks.talk import missed, missed_of, talk_findings, widest_gap
from calibra.values import Listed, Rank


def beside(
    own: list[float], prob: list[float], *, turned: dict[tuple[int, int], float] | None = None
) -> dict[str, Any]:
    """Three reps: the first with these probabilities of its ranks, the others' at .5, and so sure of either side."""
    n_ranks = len(own)
    told = {
        "own": np.array([own, *[[0.5] * n_ranks] * 2]),
        "others": np.full((3, n_ranks), 0.5),
        "prob_fewer": np.array([prob, *[[0.0] * n_ranks] * 2]),
        "prob_more": np.array([prob, *[[0.0] * n_ranks] * 2]),
        "prob_sharper": np.zeros(3),
        "auc": np.full(3, 0.7),
        "others_auc": np.full(3, 0.7),
        "prob_turned": np.zeros((3, n_ranks, n_ranks)),
    }
    for (better, worse), sure in (turned or {}).items():
        told["prob_turned"][0, better, worse] = sure
    return told


def rows(n: list[int], events: list[int], numbers: dict[str, Any]) -> Any:
    """Rows of three reps who judge alike."""
    fit = SimpleNamespace(
        reps=("Abe", "Bo", "Cy"), ranks=tuple("ABCDE"[: len(n)]), n=np.array([n] * 3), events=np.array([events] * 3)
    )
    return SimpleNamespace(
        fit=fit, beside=numbers, days=90, has_events=True, profiles={}, separation=lambda _: "separates"
    )


@pytest.mark.parametrize(
    ("own", "side", "place", "weight"),
    [
        ([0.3, 0.5, 0.5], "below", 0, 0.95 * 20),
        ([0.5, 0.5, 0.2], None, None, None),  # fewer of the last rank: there is no lower one to give
        ([0.9, 0.5, 0.5], None, None, None),  # more of the first: there is no better one
        ([0.9, 0.5, 0.6], "above", 2, 0.95 * 10),
        ([0.5, 0.4, 0.8], "above", 2, 0.95 * 30),  # the heavier of two
        ([0.5, 0.495, 0.5], None, None, None),  # half an event in a hundred
    ],
)
def test_the_gap_that_is_told_is_the_heaviest_that_leaves_something_to_do(
    own: list[float], side: str | None, place: int | None, weight: float | None
) -> None:
    gap = widest_gap(beside(own, [0.95] * 3), 0, np.array([100, 100, 100]))
    if side is None:
        assert gap is None
    else:
        assert gap is not None
        assert (gap.side, gap.place, gap.prob) == (side, place, 0.95)
        assert gap.weight == pytest.approx(weight)


@pytest.mark.parametrize(("n", "prob"), [(4, 0.95), (100, 0.89)])
def test_of_a_handful_or_of_what_is_not_likely_no_gap_is_told(n: int, prob: float) -> None:
    assert widest_gap(beside([0.1, 0.5, 0.5], [prob] * 3), 0, np.array([n, 100, 100])) is None


@pytest.mark.parametrize(
    ("n_ranks", "pair", "sure", "told"),
    [(3, (0, 2), 0.96, ["A", "C"]), (3, (0, 1), 0.99, None), (3, (0, 2), 0.94, None), (2, (0, 1), 0.96, ["A", "B"])],
)
def test_ranks_that_stand_the_wrong_way_round_have_one_between_them(
    n_ranks: int, pair: tuple[int, int], sure: float, told: list[str] | None
) -> None:
    numbers = beside([0.5] * n_ranks, [0.0] * n_ranks, turned={pair: sure})
    found = list(talk_findings(rows([100] * n_ranks, [50] * n_ranks, numbers)))
    if told is None:
        assert found == []
    else:
        (turned,) = found
        assert (turned.key, turned.rep, turned.prob) == ("ranks.turned", "Abe", sure)
        assert [turned.values["better"], turned.values["worse"]] == [Rank(label) for label in told]


@pytest.mark.parametrize(("n_ranks", "low"), [(2, "B"), (3, "C"), (4, "CD"), (5, "DE")])
def test_low_ranks_are_those_below_the_middle_one(n_ranks: int, low: str) -> None:
    events = [10] * n_ranks
    (found,) = missed(rows([100] * n_ranks, events, {}))
    assert found.values["ranks"] == Listed(tuple(map(Rank, low)), "or")
    assert (found.values["n"], found.values["of"]) == (3 * 10 * len(low), 3 * 10 * n_ranks)


def test_of_fewer_than_30_events_or_ten_of_a_rep_nothing_is_said_of_low_ranks() -> None:
    few, enough = rows([50, 50], [5, 4], {}), rows([50, 50], [6, 4], {})
    assert list(missed(few)) == list(missed_of(few, "Abe")) == []
    assert [found.values["n"] for found in (*missed(enough), *missed_of(enough, "Abe"))] == [12, 4]
