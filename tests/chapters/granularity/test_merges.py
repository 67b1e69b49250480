"""How many ranks there are: ranks that differ stay, ranks that do not are merged, and merges are sums."""

import numpy as np
import pytest

from calibra.chapters.granularity.merges import merged_probabilities, recommend_granularity
from calibra.chapters.ranks.model import RankModel
from calibra.errors import InputError, NotEnoughDataError
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.worlds import counts


def world(probs, *, n_reps=20, n_each=60, seed=1):
    rng = np.random.default_rng(seed)
    level = rng.normal(0.0, 0.2, (n_reps, 1))
    prob = 1.0 / (1.0 + np.exp(-(np.log(probs) - np.log1p(-np.asarray(probs)) + level)))
    return counts(np.full(prob.shape, n_each), rng.binomial(n_each, prob))


@pytest.fixture(scope="module")
def three_of_five():
    # five labels, three probabilities: B is as good as C, D as good as E
    return RankModel().fit(world([0.6, 0.3, 0.3, 0.1, 0.1]), seed=1, engine="laplace", draws=500)


@pytest.fixture(scope="module")
def found(three_of_five):
    return recommend_granularity(three_of_five)


def test_ranks_of_equal_probability_are_merged_and_no_others(found):
    assert found.groups == (("A",), ("B", "C"), ("D", "E"))
    assert found.n_supported == 3
    assert "the data tell 3 of 5 ranks apart. Merging B+C and D+E loses nothing" in found.sentence()
    least_sure = found.merge_table.query("done").sort_values("loss_se").iloc[-1]
    assert f"{least_sure['loss']:.1f}, standard error {least_sure['loss_se']:.1f}" in found.sentence()


def test_ranks_that_differ_stay_apart():
    fit = RankModel().fit(world([0.7, 0.4, 0.1], n_each=40), seed=1, engine="laplace", draws=500)
    found = recommend_granularity(fit)
    assert found.n_supported == 3
    assert found.sentence() == "Outcomes within 90 days: the data tell all 3 ranks apart."
    assert (found.merge_table["loss"] > found.merge_table["loss_se"]).all()


def test_ranks_of_one_probability_are_said_not_to_be_told_apart():
    found = recommend_granularity(RankModel().fit(world([0.4, 0.4]), seed=1, engine="laplace", draws=500))
    assert found.groups == (("A", "B"),)
    assert "the data do not tell the 2 ranks apart. With a single rank, outcomes of reps held out" in found.sentence()


def test_every_pair_has_its_evidence_for_each_rep_and_all(found):
    table = found.table
    assert len(table) == 21 * 4
    everyone = table.query("rep == @ALL_REPS", local_dict={"ALL_REPS": ALL_REPS})
    assert everyone["estimate"].iloc[0] == pytest.approx(30.0, abs=6.0)  # .6 − .3 in points
    assert everyone["prob_apart"].iloc[0] > 0.99
    assert everyone["prob_apart"].iloc[1] < 0.5
    assert table.attrs["margin_points"] == 3.0


def test_a_merged_rank_counts_and_weighs_its_parts(three_of_five):
    table = merged_probabilities(three_of_five, [["A"], ["B", "C"], ["D", "E"]])
    whole = three_of_five.probabilities()
    assert table["n"].iloc[1] == whole["n"].iloc[1] + whole["n"].iloc[2]
    assert table["events"].sum() == whole["events"].sum()
    # equal counts in B and C: the merged estimate is their mean
    assert table["estimate"].iloc[1] == pytest.approx(whole["estimate"].iloc[1:3].mean())


def test_groups_out_of_order_are_refused(three_of_five):
    with pytest.raises(InputError, match="all ranks in order"):
        merged_probabilities(three_of_five, [["B"], ["A"], ["C", "D", "E"]])


def test_fewer_reps_than_folds_are_refused():
    fit = RankModel().fit(world([0.6, 0.3], n_reps=3), seed=1, engine="laplace", draws=500)
    with pytest.raises(NotEnoughDataError, match="needs as many reps with judgments; so far: 3 reps"):
        recommend_granularity(fit)


def test_one_fold_is_refused(three_of_five):
    with pytest.raises(InputError, match="`n_folds` must be a whole number, 2 or more; got 1"):
        recommend_granularity(three_of_five, n_folds=1)
