"""The model of joint ratings: hand examples, published readers, what it recovers, and what it refuses."""

import csv

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

import calibra as cb
from calibra.chapters.joint_ratings.daily import split_share
from calibra.chapters.joint_ratings.fit import mean_of_others

SCALE = cb.RankScale(list("ABCDE"))


def fitted(seed=1, **world):
    made = cb.simulate_joint_ratings(seed=seed, **world)
    return made, cb.JointRatingModel().fit(made.ratings, seed=1, engine="laplace", draws=2000, progress=False)


def readers(shared_data, occasion="1"):
    with (shared_data / "vandyke_readers" / "judgements.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["occasion"] == occasion]


def test_an_average_territory_and_a_low_bar_by_hand():
    # the others' bar for A at 1.0, Aoki's at .5; 30 % of her daily prospects are A: m = Φ⁻¹(.30) + .5 = −.024;
    # on the common pool she would call Φ(−.5) = 31 %, a neutral rep in her territory Φ(−.024 − 1) = 15 %
    parts = split_share(np.array([0.30]), np.array([0.5]), np.array([1.0]))
    assert parts.pool == pytest.approx(-0.0244, abs=1e-4)
    assert parts.neutral == pytest.approx(0.153, abs=5e-4)
    assert parts.common == pytest.approx(0.1587, abs=1e-4)
    assert (parts.daily - parts.neutral) + (parts.neutral - parts.common) == pytest.approx(parts.daily - parts.common)


def test_the_others_are_each_counted_once():
    assert mean_of_others(np.array([[[1.0], [2.0], [6.0]]])).ravel() == pytest.approx([4.0, 3.5, 1.5])


def test_five_readers_of_114_cases_stand_in_the_order_of_clmm(shared_data):
    frame = {name: [row[name] for row in readers(shared_data)] for name in ("prospect", "rep", "rank")}
    scale = cb.RankScale(list("54321"))
    ratings = cb.JointRatings.from_frame(pd.DataFrame(frame), scale=scale)
    fit = cb.JointRatingModel().fit(ratings, seed=1, engine="laplace", progress=False)
    share = fit.leniency().query("rank == '5'").set_index("rep")["share"]
    # R ordinal::clmm, probit: −.2081 .5496 .4565 −.4376 −.3604, cut 1.1991, sd of cases 1.7384: Φ((b − c)/√(1 + σ²))
    expected = [0.2414, 0.3730, 0.3554, 0.2070, 0.2184]
    assert share.to_numpy() == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize(
    ("occasion", "expected"),
    [
        ("1", [0.9196457, 0.8587762, 0.9038647, 0.9731079, 0.8297907]),
        ("2", [0.9478261, 0.9053140, 0.9217391, 0.9993559, 0.9299517]),
    ],
)
def test_the_readers_are_those_of_the_published_areas(shared_data, occasion, expected):
    # MRMCaov's user guide: that the data are read as they are
    rows, found = readers(shared_data, occasion), []
    for reader in "12345":
        own = [(int(row["rank"]), int(row["event"])) for row in rows if row["rep"] == reader]
        rank, event = np.array(own).T
        n_event = event.sum()
        found.append(
            (rankdata(rank)[event == 1].sum() - n_event * (n_event + 1) / 2) / (n_event * (len(event) - n_event))
        )
    assert found == pytest.approx(expected, abs=6e-8)


def test_shares_and_their_differences_are_recovered():
    inside, errors, n = 0, [], 0
    for seed in range(12):
        world, fit = fitted(seed, n_prospects=30)
        table = fit.leniency()
        truth = world.shares.ravel()
        inside += ((table["share_lower"] <= truth) & (truth <= table["share_upper"])).sum()
        others = (world.shares.sum(axis=0) - world.shares) / 5.0
        errors.append(table["difference_points"].to_numpy() - 100 * (world.shares - others).ravel())
        n += len(table)
    assert inside / n == pytest.approx(0.9, abs=0.09)  # 12 worlds; reps and bars of one are not independent
    assert np.mean(errors) == pytest.approx(0.0, abs=1.0)
    assert np.std(errors) < 8.0


def test_many_prospects_tell_the_truth_almost_exactly():
    world, fit = fitted(3, n_prospects=300, n_reps=4)
    table = fit.leniency()
    assert table["share"].to_numpy() == pytest.approx(world.shares.ravel(), abs=0.06)
    agreement = fit.agreement()
    assert agreement.loc[0, "n"] == 300


def test_who_is_more_lenient_is_said_so_and_how_many_more_prospects_it_takes():
    _, fit = fitted(5, n_prospects=40, leniency=(1.6, 0, 0, 0, 0, -1.6))
    best = fit.leniency().query("rank == 'A'").set_index("rep")
    assert best.loc["rep 01", "finding"] == "more"
    assert best.loc["rep 06", "finding"] == "fewer"
    told = best["finding"] != "cannot tell yet"
    assert best.loc[told, "n_more"].isna().all()
    sure = best.loc[["rep 01", "rep 06"], ["prob_more", "prob_fewer"]].max(axis=1)
    assert (sure >= 0.9).all()
    assert best[["prob_more", "prob_fewer", "prob_within"]].sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_the_prospects_most_argued_about_come_first():
    world, _ = fitted(2, n_prospects=12)
    rated = world.ratings.rated.copy()
    rated[4] = [0, 4, 0, 4, 0, 4]
    rated[7] = 2
    ratings = cb.JointRatings(
        world.ratings.prospects, world.ratings.occasions, world.ratings.reps, world.ratings.ranks, rated, 0
    )
    table = cb.JointRatingModel().fit(ratings, seed=1, engine="laplace", progress=False).prospects()
    first, last = table.iloc[0], table.set_index("prospect").loc["prospect 08"]
    assert (first["prospect"], first["best"], first["worst"]) == ("prospect 05", "A", "E")
    assert first["spread"] == pytest.approx(2.4)  # 9 of 15 pairs are four ranks apart
    assert first["surprise"] > 0.5
    assert (last["spread"], last["crowd_rank"]) == (0.0, "C")
    assert last["surprise"] < 0.0


def test_what_is_expected_of_two_ranks_is_what_simulated_reps_do():
    _, fit = fitted(4, n_prospects=400, n_reps=4)
    expected = fit._expected_distance().mean()
    assert fit.prospects()["spread"].mean() == pytest.approx(expected, abs=0.06)


def test_engines_and_the_pymc_model_take_the_same_declaration():
    world = cb.simulate_joint_ratings(n_prospects=6, n_reps=3, seed=1, missing=0.2)
    built = cb.JointRatingModel().build(world.ratings)
    assert {"leniency", "standing", "log_gap", "first_cut"} <= {variable.name for variable in built.unobserved_RVs}


def test_two_ranks_and_two_reps_are_enough():
    world = cb.simulate_joint_ratings(n_prospects=12, n_reps=2, seed=1, scale=cb.RankScale(["yes", "no"]))
    fit = cb.JointRatingModel().fit(world.ratings, seed=1, engine="laplace", progress=False)
    table = fit.leniency()
    assert table["rank"].tolist() == ["yes", "yes"]
    assert table["others"].to_numpy()[::-1] == pytest.approx(table["share"].to_numpy())
    assert fit.prospects()["crowd_rank"].isin(["yes", "no"]).all()


def ratings_of(rated):
    n, reps = np.shape(rated)
    names = tuple(f"p{i}" for i in range(n)), ("",) * n, ("Abe", "Ito", "Sato", "Ueno")[:reps]
    return cb.JointRatings(*names, tuple("ABCDE"), np.asarray(rated), 0)


def test_too_few_reps_or_prospects_are_refused():
    with pytest.raises(cb.NotEnoughDataError, match="needs two reps and 5 prospects"):
        cb.JointRatingModel().fit(ratings_of([[0], [1], [2], [3], [4]]), seed=1)
    with pytest.raises(cb.NotEnoughDataError, match="there are 4 such prospects"):
        cb.JointRatingModel().fit(ratings_of([[0, 1]] * 4 + [[0, -1]] * 3), seed=1)


def test_reps_whom_nothing_links_are_refused_by_name():
    apart = [[0, 1, -1, -1]] * 5 + [[-1, -1, 2, 3]] * 5
    with pytest.raises(cb.NotEnoughDataError, match="Abe and Ito and Sato and Ueno share no prospect"):
        cb.JointRatingModel().fit(ratings_of(apart), seed=1)
