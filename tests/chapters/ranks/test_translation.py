"""Whose A is whose B: places on the others' scale by hand, the stock's identity, and what moved."""

import numpy as np

from calibra.chapters.ranks.moved import moved
from calibra.chapters.ranks.translation import beside_the_others, place_draws, reading_labels
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS
from tests.chapters.ranks.calibrated import answers, calibrated

LOG = np.log


def logistic(x: object) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.asarray(x, dtype=float)))


def test_places_by_hand_on_a_scale_of_log_odds() -> None:
    # the others' A, B, C at log-odds 1, 0, -2: halfway from A to B is 1.5, a quarter from B to C is 2.25
    others = logistic([[[1.0, 0.0, -2.0]]])
    prob = logistic([[[0.5, -0.5, -2.0]]])
    np.testing.assert_allclose(place_draws(prob, others)[0, 0], [1.5, 2.25, 3.0], atol=1e-4)


def test_both_ends_stay_open_by_half_a_rank() -> None:
    others = logistic([[[1.0, 0.0, -2.0]]])
    prob = logistic([[[1.25, 5.0, -9.0]]])
    np.testing.assert_allclose(place_draws(prob, others)[0, 0], [0.75, 0.5, 3.5], atol=1e-4)


def test_a_rank_reads_as_one_rank_or_as_two_neighbours_or_cannot_be_told() -> None:
    labels = reading_labels(("A", "B", "C"), np.array([0, -1, -1]), np.array([-1, 1, -1]))
    assert labels.tolist() == ["A", "B–C", CANNOT_TELL]


def test_equivalents_bring_what_the_open_prospects_bring() -> None:
    """Σ of equivalents × p of the others' A equals Σ of open × p, draw by draw and so on average."""
    fit = answers("two horizons")[0][60]
    table = fit.translation()
    assert table["open_now"].sum() > 100
    prob, n = fit.probability_draws(case_mix="all reps"), fit.n
    known = n.sum(axis=1) >= FEWEST_JUDGMENTS
    for i, rep in enumerate(fit.reps):
        rest = [j for j in range(len(fit.reps)) if j != i and known[j]]
        others = prob[:, rest].mean(axis=1)
        rows = table[table["rep"] == rep]
        brought = (prob[:, i] * rows["open_now"].to_numpy() / others[:, :1]).mean(axis=0)
        np.testing.assert_allclose(rows["equivalent"], brought, rtol=1e-9)


def test_the_table_says_which_rank_it_reads_as_only_from_nine_in_ten_on() -> None:
    table = answers("mixed")[0][90].translation()
    told = table[table["reads_as"] != CANNOT_TELL]
    assert len(told)
    assert (told["prob"] >= 0.9).all()
    assert table["place"].between(0.5, 3.5).all()
    assert (table.loc[table["rep"] == "New", "reads_as"] == CANNOT_TELL).all()  # fewer than 30 judgments


def test_with_fewer_than_two_others_there_is_no_translation() -> None:
    table = calibrated("one_rep").ranks[60].translation()
    assert table["place"].isna().all()
    assert (table["reads_as"] == CANNOT_TELL).all()


def test_a_rep_whose_outcomes_lie_below_has_a_rank_that_is_surely_fewer() -> None:
    fit = answers("mixed")[0][90]
    found = beside_the_others(fit, margin=float(LOG(1.25)), interval_prob=0.9)
    below = fit.reps.index("Below")
    assert found["prob_fewer"][below].max() > 0.9
    assert (found["own"][below] < found["others"][below]).any()


def test_nothing_has_moved_since_the_same_calibration() -> None:
    ranks = answers("mixed")[0]
    assert [found.key for found in moved(ranks, ranks)] == ["ranks.moved_none"]


def test_who_moved_is_named_and_many_are_counted() -> None:
    ranks = answers("mixed")[0]
    (one,) = moved(ranks, answers("one moved")[0])
    (many,) = moved(ranks, answers("many moved")[0])
    assert one.key == "ranks.moved"
    assert one.values["n"] == 1
    assert "Like 0" in str(one)
    assert many.key == "ranks.moved_many"
    assert many.values["n"] == 4
