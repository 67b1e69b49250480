"""How many ranks there are: ranks that differ stay, ranks that do not are merged, and merges are sums."""

import numpy as np
import pytest

from calibra.chapters.granularity.merges import most_to_lose, recommend_granularity
from calibra.chapters.granularity.neighbours import within_reps
from calibra.chapters.granularity.what_if import merged_probabilities
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
    assert "told apart, by more than the margin: A and B, C and D; worth merging" in found.sentence()
    assert "as good as equal: B+C and D+E (" in found.sentence()
    assert (found.merge_table.query("done")["prob_apart"] < 0.5).all()


@pytest.mark.slow
def test_of_eight_worlds_of_three_probabilities_at_least_seven_are_found_at_120_judgments_a_rank():
    found = []
    for seed in range(1, 9):
        judgments = world([0.6, 0.3, 0.3, 0.1, 0.1], seed=seed, n_each=120)
        fit = RankModel().fit(judgments, seed=1, engine="laplace", draws=500, progress=False)
        found.append(recommend_granularity(fit).groups)
    assert found.count((("A",), ("B", "C"), ("D", "E"))) >= 7


def test_ranks_that_differ_stay_apart():
    fit = RankModel().fit(world([0.7, 0.4, 0.1], n_each=40), seed=1, engine="laplace", draws=500)
    found = recommend_granularity(fit)
    assert found.n_supported == 3
    assert (
        found.sentence()
        == "Outcomes within 90 days: the data tell all 3 ranks apart, by more than 1.25 times on the odds."
    )
    assert (found.merge_table["loss"] > found.merge_table["loss_se"]).all()


def test_ranks_of_one_probability_are_said_not_to_be_told_apart():
    found = recommend_granularity(RankModel().fit(world([0.4, 0.4]), seed=1, engine="laplace", draws=500))
    assert found.groups == (("A", "B"),)
    assert "worth merging, for they are as good as equal: A+B" in found.sentence()


def fit_of(n, events):
    return RankModel().fit(counts(n, events), seed=1, engine="laplace", draws=1000)


def test_a_rep_whose_ranks_are_inverted_is_set_apart_and_licenses_no_merge():
    # 7 reps at .50 .35 .22 .12 .05 and one with these reversed, 150 a cell: told apart in the hands of all others
    rates = np.array([0.5, 0.35, 0.22, 0.12, 0.05])
    probs = np.vstack([np.tile(rates, (7, 1)), rates[::-1]])
    found = recommend_granularity(fit_of(np.full((8, 5), 150), np.random.default_rng(0).binomial(150, probs)))
    assert found.set_apart == ("rep 07",)
    assert found.n_supported == 5
    assert set(found.verdicts.values()) == {"told apart"}
    assert "bring fewer events: rep 07." in str(found.findings[1])


def test_ranks_that_one_in_three_more_odds_part_are_not_merged_for_being_few():
    # 12 reps, A 50 at .82, B 130 at .755, C 100 at .25: A lies above B by a factor of 1.48 on the odds
    n = np.tile([50, 130, 100], (12, 1))
    found = recommend_granularity(fit_of(n, np.rint(n * [0.82, 0.755, 0.25]).astype(int)))
    assert found.verdicts["A", "B"] != "worth merging"
    assert (found.merge_table["prob_apart"] > 0.5).all()


@pytest.mark.parametrize("seed", range(3))
def test_no_ranks_are_merged_that_likely_lie_apart(seed):
    # five ranks 6 points apart, 6 reps × 150: each step lies about on the margin, any two steps far beyond it
    probs = np.tile([0.44, 0.38, 0.32, 0.26, 0.20], (6, 1))
    found = recommend_granularity(fit_of(np.full((6, 5), 150), np.random.default_rng(seed).binomial(150, probs)))
    assert all(len(group) <= 2 for group in found.groups)
    assert all(merge.prob_apart < 0.5 for merge in found.merges if merge.done)


def test_merging_ranks_on_the_margin_would_lose_what_the_formula_says():
    # two ranks of 600 at .5 apart by the margin δ = log 1.25 lose, per 1,000, ½ × ½ / 1 × ¼ × δ²/2 × 1,000 = 1.556
    fit = fit_of(np.full((10, 2), 60), np.full((10, 2), 30))
    assert most_to_lose(fit, within_reps(fit), (("A", "B"),), 1.25) == pytest.approx(1.556, abs=1e-3)
    # and by counting: 600 at log-odds ±δ/2 scored by ½ instead of their own probability
    p = 1.0 / (1.0 + np.exp(-np.log(1.25) / 2.0))
    lost = p * np.log(2.0 * p) + (1.0 - p) * np.log(2.0 * (1.0 - p))
    assert most_to_lose(fit, within_reps(fit), (("A", "B"),), 1.25) == pytest.approx(1000.0 * lost, rel=0.01)


def test_every_pair_has_its_evidence_for_each_rep_and_all(found):
    table = found.table
    assert len(table) == 22 * 4  # all reps, within reps, and each of 20
    everyone = table.query("rep == @ALL_REPS", local_dict={"ALL_REPS": ALL_REPS})
    assert everyone["estimate"].iloc[0] == pytest.approx(30.0, abs=6.0)  # .6 − .3 in points
    assert everyone["prob_apart"].iloc[0] > 0.99
    assert everyone["prob_apart"].iloc[1] < 0.5
    assert table.attrs["margin_odds"] == 1.25


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
