"""The yardstick for a rep: the other reps, each counted once."""

import numpy as np
import pytest

import calibra as cb
from calibra.chapters.ranks.others import gap_to_others, read_others
from tests.chapters.ranks.worlds import counts


def fitted(n: list[list[int]], events: list[list[int]]) -> cb.RankFit:
    return cb.RankModel().fit(counts(n, events), seed=1, engine="laplace", draws=400)


def test_who_writes_most_does_not_move_the_yardstick() -> None:
    # Six reps; the first writes 10,000 of 13,000 judgments at .2 and .1, where the other five have .4 and .3.
    fit = fitted([[5000, 5000], *[[300, 300]] * 5], [[1000, 500], *[[120, 90]] * 5])
    profiles = fit.profiles()
    assert profiles["finding"].iloc[0] == "below the others"
    assert profiles["gap_points"].iloc[0] == pytest.approx(-20.0, abs=1.0)  # by counting: .3 less .4 and .1 less .3
    # of the five the others are four at .4 and .3 and one at .2 and .1: 4 points, odds 1.2 times theirs
    np.testing.assert_allclose(profiles["gap_points"].iloc[1:], 4.0, atol=1.0)
    assert not (profiles["finding"].iloc[1:] == "above the others").any()


def test_the_mean_over_the_others_is_that_of_a_loop_without_reps_of_few_judgments() -> None:
    fit = fitted([[40, 60], [10, 15], [80, 90], [50, 5]], [[20, 10], [2, 1], [30, 20], [30, 1]])
    prob, known = fit.probability_draws(case_mix="all reps"), [0, 2, 3]  # the second has 25 judgments
    found = read_others(fit).beside(slice(None), prob)
    for rep in range(4):
        others = [other for other in known if other != rep]
        np.testing.assert_allclose(found[:, rep], np.mean([prob[:, other] for other in others], axis=0))
    gap = 100.0 * (prob - found) @ fit.rank_mix
    np.testing.assert_allclose(gap_to_others(fit, case_mix="all reps"), gap)


def test_from_30_judgments_on_a_rep_is_one_of_the_others() -> None:
    fit = fitted([[40, 60], [12, 17], [12, 18], [50, 5]], [[20, 10], [2, 1], [6, 4], [30, 1]])
    assert read_others(fit).known.tolist() == [True, False, True, True]


def test_of_fewer_than_two_others_there_is_no_gap_and_nothing_is_said() -> None:
    # FOUND N12: two reps, 10,000 at .2 and .1, 600 at .5 and .33
    profiles = fitted([[5000, 5000], [300, 300]], [[1000, 500], [150, 99]]).profiles()
    assert profiles["gap_points"].isna().all()
    assert (profiles["finding"] == "cannot tell yet").all()
    assert (profiles[["prob_below", "prob_above", "prob_within", "n_more"]] == 0).all(axis=None)


def test_a_rep_of_few_judgments_beside_two_others_has_a_gap_and_no_name() -> None:
    profiles = fitted([[40, 60], [10, 15], [80, 90]], [[20, 10], [2, 1], [30, 20]]).profiles()
    assert profiles["gap_points"].notna().tolist() == [False, True, False]
    assert (profiles["finding"] == "cannot tell yet").all()
    assert profiles["n_more"].tolist()[0] == profiles["n_more"].tolist()[2] == 0


def test_two_reps_are_told_why_nobody_is_compared() -> None:
    calibration = cb.calibrate(
        counts([[500, 500], [300, 300]], [[100, 50], [150, 99]]), seed=1, engine="laplace", draws=200, parts=()
    )
    told = [str(found) for found in calibration.findings if found.key == "ranks.no_others"]
    assert told == [
        "Whose outcomes differ from the others' cannot be told: that takes three reps with 30 judgments of known "
        "outcome."
    ]
    assert not any(found.key.startswith("ranks.cannot_tell") for found in calibration.findings)
