"""The scale, its horizons and the scores of its ranks."""

import copy

import numpy as np
import pytest
from hypothesis import given, strategies as st

from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError


def promised(*probs: float, days: int = 90) -> RankScale:
    ranks = [f"R{i}" for i in range(len(probs))]
    return RankScale(ranks, {rank: Promise(p, within_days=days) for rank, p in zip(ranks, probs, strict=True)})


def test_ranks_keep_their_order_and_whole_numbers_become_text() -> None:
    assert RankScale(["C", "A", "B"]).ranks == ("C", "A", "B")
    scale = RankScale([3, 2, 1], {2: Promise(0.5, within_days=30)})
    assert scale.ranks == ("3", "2", "1")
    assert scale.promises == {"2": Promise(0.5, within_days=30)}


def test_scales_are_equal_hashable_can_be_copied() -> None:
    scale = promised(0.6, 0.3)
    assert scale == promised(0.6, 0.3) != promised(0.6, 0.2)
    assert hash(scale) == hash(promised(0.6, 0.3))
    assert copy.deepcopy(scale) == scale == copy.copy(scale)


def test_horizons_are_distinct_and_sorted() -> None:
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.6, 180), "B": Promise(0.4, 90), "C": Promise(0.2, 180)})
    assert scale.horizons == (90, 180)


def test_the_only_horizon_is_taken_and_a_given_one_wins() -> None:
    assert promised(0.6, 0.3).resolve_horizon(None) == 90
    assert promised(0.6, 0.3).resolve_horizon(30) == 30
    assert RankScale(["A"]).resolve_horizon(30) == 30


def test_several_or_no_horizons_need_a_choice() -> None:
    mixed = RankScale(["A", "B"], {"A": Promise(0.6, 90), "B": Promise(0.3, 180)})
    with pytest.raises(InputError, match=r"promises several horizons \(90, 180 days\)"):
        mixed.resolve_horizon(None)
    with pytest.raises(InputError, match="the scale promises nothing"):
        RankScale(["A", "B"]).resolve_horizon(None)


def test_promise_scores_by_hand() -> None:
    # odds 4, 1, 1/4: log-odds ln 4 · (1, 0, −1); weights 1, 2, 1: mean 0, variance ln² 4 / 2
    scores = promised(0.8, 0.5, 0.2).scores([1, 2, 1])
    assert scores.source == "promises"
    np.testing.assert_allclose(scores.values, [np.sqrt(2), 0, -np.sqrt(2)], atol=1e-12)


def test_equal_step_scores_by_hand() -> None:
    # steps 0, −1, −2; weights 3, 0, 1: mean −0.5, variance (3 · 0.25 + 2.25)/4 = 0.75
    scores = RankScale(["A", "B", "C"]).scores([3, 0, 1])
    assert scores.source == "equal steps"
    np.testing.assert_allclose(scores.values, np.array([0.5, -0.5, -1.5]) / np.sqrt(0.75), atol=1e-12)


@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        (RankScale(["A", "B"]), "nothing is promised"),
        (RankScale(["A", "B"], {"A": Promise(0.5, 90)}), "not every rank has a promise"),
        (RankScale(["A", "B"], {"A": Promise(0.5, 90), "B": Promise(0.2, 180)}), "different horizons"),
        (RankScale(["A", "B"], {"A": Promise(0.5, 90), "B": Promise(0.2, 90, "bar")}), "different kinds"),
        (promised(1.0, 0.5), "0 or 1 has no log-odds"),
        (promised(0.5, 0.0), "0 or 1 has no log-odds"),
        (promised(0.3, 0.5), "do not fall"),
        (promised(0.5, 0.5), "do not fall"),
    ],
)
def test_promises_that_cannot_be_scores_give_equal_steps_and_the_reason(scale: RankScale, reason: str) -> None:
    scores = scale.scores([5, 5])
    assert scores.source == "equal steps"
    assert reason in scores.reason
    np.testing.assert_allclose(scores.values, [1, -1])


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=7))
def test_scores_have_weighted_mean_zero_and_weighted_sd_one_and_fall(counts: list[int]) -> None:
    values = RankScale(list(range(len(counts)))).scores(counts).values
    weights = np.array(counts if np.count_nonzero(counts) > 1 else np.ones(len(counts)), dtype=float)
    assert abs(weights @ values / weights.sum()) < 1e-9
    assert weights @ values**2 / weights.sum() == pytest.approx(1.0)
    assert np.all(np.diff(values) < 0)


def test_one_rank_scores_zero() -> None:
    np.testing.assert_array_equal(promised(0.5).scores([12]).values, [0.0])
    np.testing.assert_array_equal(RankScale(["A"]).scores([0]).values, [0.0])


@pytest.mark.parametrize("weights", [[1, 2], [1, 2, -1], [1, 2, np.nan], [[1, 2, 3]]])
def test_weights_must_fit_the_ranks(weights: list[float]) -> None:
    with pytest.raises(InputError, match="`weights` must be 3 numbers, none negative"):
        RankScale([1, 2, 3]).scores(weights)


@pytest.mark.parametrize("prob", [-0.1, 1.1, float("nan"), "0.6", None, True])
def test_a_promise_is_a_probability(prob: object) -> None:
    with pytest.raises(InputError, match="`prob` must be a probability from 0 to 1"):
        Promise(prob, within_days=90)  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [0, -1, 90.5, 90.0, "90", None, True])
def test_a_horizon_is_whole_days(days: object) -> None:
    with pytest.raises(InputError, match="`within_days` must be a whole number of days, at least 1"):
        Promise(0.6, within_days=days)  # type: ignore[arg-type]


def test_a_promise_is_an_average_or_a_bar() -> None:
    with pytest.raises(InputError, match="`kind` must be 'average' or 'bar'; got 'mean'"):
        Promise(0.6, within_days=90, kind="mean")  # type: ignore[arg-type]


def test_numpy_whole_numbers_are_whole_numbers() -> None:
    promise = Promise(np.float64(0.6), within_days=np.int64(90))  # type: ignore[arg-type]
    assert (type(promise.prob), type(promise.within_days)) == (float, int)


def test_the_keys_of_a_mapping_are_in_order_and_make_a_scale() -> None:
    assert RankScale({"S": 1, "A": 2}.keys()).ranks == ("S", "A")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ranks", "promises", "match"),
    [
        ([], None, "at least one label"),
        ({"S", "A"}, None, r"`ranks` must be a list.*got a set\. Only a list tells the order: write RankScale\("),
        (frozenset("SA"), None, "got a frozenset"),
        ({"S": 1, "A": 2}, None, "got a dict"),
        ("ABC", None, r"must be a list of labels.*\['A', 'B', 'C'\]"),
        (["A", "B", "A"], None, "each label once; 'A' came more than once"),
        ([1, "1"], None, "each label once; '1'"),
        (["A", None], None, "text label or a whole number; got None"),
        (["A", 1.5], None, "text label or a whole number; got 1.5"),
        (["A", ""], None, "text label or a whole number; got ''"),
        (["A", "B"], {"C": Promise(0.5, 90)}, r"ranks of the scale \(A, B\); found 1 unknown: 'C'"),
        (["A", "B"], {"A": 0.5}, r"`promises\['A'\]` must be a Promise; got 0.5"),
    ],
)
def test_impossible_scales_are_refused(ranks: list[object], promises: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        RankScale(ranks, promises)  # type: ignore[arg-type]
