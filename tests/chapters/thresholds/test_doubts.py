"""What gives reason to doubt the thresholds."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

import calibra as cb
from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.doubts import models_apart, promises_met_by_all, threshold_doubts, threshold_misfits
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding
from calibra.wording import choose_wording
from tests.chapters.phrases import english_left, plain
from tests.chapters.thresholds.advices import advices


def advice_with(rank: list[str], promise: list[float], shares: list[float]) -> ThresholdAdvice:
    columns = {"rank": np.array(rank, dtype=object), "share_target": np.array(shares)}
    return replace(advices()["moves"], columns=columns, promises=np.array(promise))


def test_a_promise_that_nearly_every_prospect_keeps_is_doubted() -> None:
    rank, promise = ["A", "B"] * 3, [0.2, np.nan] * 3
    (doubt,) = promises_met_by_all(advice_with(rank, promise, [1.0, 1.0, 0.99, 1.0, 0.5, 1.0]))
    assert doubt.role == "doubt"
    assert str(doubt).startswith("What A promises would be kept even if nearly every prospect were called so")
    assert promises_met_by_all(advice_with(rank, promise, [1.0, 1.0, 0.5, 1.0, 0.5, 1.0])) == []


def test_a_model_that_does_not_give_back_its_counts_is_doubted_once_a_horizon() -> None:
    advice = advices()["moves"]
    assert threshold_misfits(advice) == []
    columns = {"within_days": np.array([60, 90, 60, 90], dtype=object), "fit_p_value": np.array([0.2, 0.0123] * 2)}
    (doubt,) = threshold_misfits(replace(advice, columns=columns))
    assert (doubt.within_days, doubt.values["p"].number) == (90, 0.0123)
    assert str(doubt).startswith(
        "The model of thresholds does not give back what was counted (outcomes within 90 days)."
    )


def fits(
    log_odds: list[list[float]], n: list[list[int]], events: list[list[int]], **variances: float
) -> tuple[Any, Any]:
    """Two fits whose log-odds have these means in each cell and these variances, 2,000 draws each."""
    noise = np.random.default_rng(1).standard_normal((2000, 1, 2))
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0)
    made = []
    for mean, name in zip(log_odds, ("one", "other"), strict=True):
        prob = expit(np.array(mean) + np.sqrt(variances.get(name, 0.02)) * noise)
        fit = SimpleNamespace(reps=("Abe",), ranks=("A", "B"), n=np.array(n), events=np.array(events), within_days=90)
        fit.probability_draws = lambda prob=prob: prob
        made.append(fit)
    return made[0], made[1]


def test_two_models_are_apart_in_a_cell_of_many_judgments_beyond_margin_and_joint_spread() -> None:
    # log-odds 0 and .5, variances .02 and .02: .5 / .2 = 2.5 joint standard deviations
    def doubted(margin_odds: float = 1.25, n: int = 40, **variances: float) -> list[Finding]:
        one, other = fits([[0.0, 0.0], [0.5, 0.0]], [[n, 40]], [[20, 20]], **variances)
        return models_apart(one, other, margin_odds=margin_odds)

    (doubt,) = doubted()
    assert plain(str(doubt)).startswith(
        "Two models of the same counts give different probabilities within 90 days, in 1 cell of rep and rank. Most of "
        "Abe at A: 50 % and 62 %. Counted were 50 % of 40."
    )
    assert (doubt.role, doubt.within_days, doubt.rep) == ("doubt", 90, None)
    assert doubted(n=29) == []
    assert doubted(margin_odds=1.83) == []  # log 1.83 = .604
    assert doubted(one=0.05) == []  # .5 / √.07 = 1.9


def test_a_threshold_model_that_cannot_follow_a_reps_ranks_is_doubted_beside_the_rank_model() -> None:
    rows = [(f"r{i}", rank, 400, e) for i in range(6) for rank, e in zip("ABC", (200, 120, 40), strict=True)]
    rows[:3] = [("r0", "A", 400, 200), ("r0", "B", 400, 20), ("r0", "C", 400, 130)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    judgments = Judgments.from_counts(frame, scale=cb.RankScale(list("ABC")), within_days=90)
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=400, parts=["thresholds"], progress=False)
    doubts = threshold_doubts(found.thresholds)
    (apart,) = [doubt for doubt in doubts if doubt.key == "thresholds.doubt_models_apart"]
    assert "Most of r0 at " in str(apart)
    assert doubts == [doubt for doubt in found.findings if doubt in doubts]
    japanese = [choose_wording("ja", "opportunity", several=True).tell(doubt) for doubt in doubts]
    assert english_left(japanese) == []
