"""RankModel: limits, published counts, unusual input, and what its tables say."""

import numpy as np
import pandas as pd
import pytest

from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError, NotEnoughDataError
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.reading.cells import residual_basis
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.worlds import counts, scale_of


@pytest.fixture(scope="module")
def world():
    return simulate_judgments(seed=1, n_reps=12, n_prospects=3000)


@pytest.fixture(scope="module")
def judgments(world):
    return Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


@pytest.fixture(scope="module")
def fit(judgments):
    return RankModel().fit(judgments, seed=1)


def test_one_rep_and_one_rank_is_the_plain_beta_like_answer():
    # one rep, weak priors, 400 judgments: mean near 100/400, sd near sqrt(pq/n)
    fit = RankModel(priors=RankPriors(rank_mean=Normal(0.0, 10.0))).fit(counts([[400]], [[100]]), seed=1, draws=4000)
    row = fit.probabilities().iloc[1]
    assert row["estimate"] == pytest.approx(0.25, abs=0.003)
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.645 * np.sqrt(0.25 * 0.75 / 400), rel=0.06)


def test_without_spread_between_reps_everyone_is_read_alike():
    rng = np.random.default_rng(0)
    n = np.full((10, 2), 40)
    tight = RankPriors(level=HalfNormal(1e-3), slope=HalfNormal(1e-3), odd_share=0.0)
    fit = RankModel(priors=tight).fit(counts(n, rng.binomial(n, [0.5, 0.2])), seed=1)
    estimates = fit.probabilities().query("rep != @ALL_REPS")["estimate"].to_numpy().reshape(10, 2)
    assert np.ptp(estimates, axis=0).max() < 0.002


def test_with_much_data_each_rep_is_read_by_their_own_record():
    n, events = np.full((4, 2), 20_000), np.array([[12_000, 5_000], [9_000, 3_000], [14_000, 2_000], [10_000, 4_000]])
    table = RankModel().fit(counts(n, events), seed=1).probabilities().iloc[2:]
    np.testing.assert_allclose(table["estimate"], table["raw_rate"], atol=0.004)
    assert (table["rep_share"] > 0.98).all()


def test_all_reps_row_is_the_count_weighted_mean_of_the_reps(fit):
    table = fit.probabilities()
    everyone, own = table.iloc[:5], table.iloc[5:]
    weighted = (own["estimate"] * own["n"]).groupby(own["rank"]).sum() / own.groupby("rank")["n"].sum()
    np.testing.assert_allclose(everyone.set_index("rank")["estimate"], weighted.loc[list(fit.ranks)], rtol=1e-9)
    assert (everyone["rep"] == ALL_REPS).all()


def test_counts_in_the_table_are_the_mature_counts(fit, judgments):
    cells = judgments.binomial_cells(within_days=90)
    own = fit.probabilities().iloc[5:]
    np.testing.assert_array_equal(own["n"], cells.n.ravel())
    np.testing.assert_array_equal(own["events"], cells.events.ravel())


def test_intervals_hold_the_truth_of_a_simulated_organisation(fit, world):
    own = fit.probabilities().iloc[5:]
    true = world.truth.probabilities(90).ravel()
    assert ((own["lower"] <= true) & (true <= own["upper"])).mean() > 0.8  # 60 intervals at 90 %


def test_optimism_has_the_sign_of_poor_outcomes():
    n = np.full((6, 3), 300)
    events = np.tile([180, 100, 30], (6, 1))
    events[0] -= [90, 50, 15]
    events[1] += [60, 60, 30]
    profiles = RankModel().fit(counts(n, events), seed=1).profiles()
    assert profiles["optimism"][0] > 0 > profiles["optimism"][1]
    assert profiles["gap_points"][0] < -5 < 5 < profiles["gap_points"][1]
    assert list(profiles["finding"][:2]) == ["below the others", "above the others"]
    assert profiles["n_more"][0] == 0


def rare(rates_of_odd, *, n_reps, n, rate):
    """One rank; so many reps of n judgments at a rate, the first of them at rates of their own."""
    events = np.full((n_reps, 1), round(n * rate))
    events[: len(rates_of_odd), 0] = [round(n * odd) for odd in rates_of_odd]
    return counts(np.full((n_reps, 1), n), events)


def test_where_events_are_rare_three_times_the_rate_and_none_at_all_are_found():
    # 3,000 judgments each at 1.4 %: 42 events expected; the second has 126, the first none
    profiles = RankModel().fit(rare([0.0, 0.042], n_reps=10, n=3000, rate=0.014), seed=1).profiles()
    assert profiles["finding"][:2].tolist() == ["below the others", "above the others"]
    assert profiles[["prob_below", "prob_above"]].to_numpy().diagonal().min() > 0.99
    assert not set(profiles["finding"][2:]) & {"above the others"}
    assert profiles["gap_points"].abs().max() < 5.0  # a margin of five points would call all of them in line


def test_five_in_a_thousand_and_seven_in_a_hundred_are_not_in_line_with_three():
    profiles = RankModel().fit(rare([0.005, 0.07], n_reps=10, n=4000, rate=0.03), seed=1).profiles()
    assert profiles["finding"][:2].tolist() == ["below the others", "above the others"]


def test_the_margin_of_a_profile_is_a_factor_on_the_odds():
    fit = RankModel().fit(rare([0.36], n_reps=8, n=2000, rate=0.3), seed=1)  # odds 1.31 times the others'
    assert fit.profiles(margin_odds=1.1)["finding"][0] == "above the others"
    assert fit.profiles(margin_odds=1.6)["finding"][0] == "in line"


def test_discrimination_tells_sharp_flat_and_inverted_ranks_apart():
    n = np.full((6, 3), 400)
    events = np.tile([240, 120, 40], (6, 1))
    events[1], events[2] = [130, 130, 130], [60, 130, 220]
    profiles = RankModel().fit(counts(n, events), seed=1).profiles()
    assert profiles["discrimination"].to_numpy()[[0, 1, 2]].tolist() == sorted(
        profiles["discrimination"][:3], reverse=True
    )
    assert profiles["prob_ranks_tell_nothing"][1] > 0.9
    assert profiles["prob_inverted"][2] > 0.99
    assert profiles["prob_inverted"][0] < 0.01


def test_auc_is_the_concordance_of_the_table():
    # by hand: shares .5 .5, P .6 .2: concordant .5*.6*.5*.8, ties half of (.5*.6*.5*.4 + .5*.2*.5*.8), over .4*.6
    from calibra.reading.means import concordance

    found = concordance(np.array([0.6, 0.2]), np.array([0.5, 0.5]))
    assert found == pytest.approx((0.12 + 0.5 * (0.06 + 0.04)) / 0.24)


def test_few_judgments_cannot_tell_yet_and_say_how_many_more():
    n = np.full((8, 3), 100)
    events = np.array(
        [[60, 35, 10], [50, 30, 8], [70, 45, 15], [55, 25, 9], [65, 40, 12], [45, 30, 10], [60, 30, 14], [62, 33, 9]]
    )
    n[0], events[0] = [3, 2, 1], [1, 0, 0]
    row = RankModel().fit(counts(n, events), seed=1).profiles().iloc[0]
    assert row["finding"] == "cannot tell yet"
    assert row["n_more"] >= 10


def test_order_finds_an_inversion():
    n = np.full((5, 3), 500)
    table = RankModel().fit(counts(n, np.tile([100, 200, 50], (5, 1))), seed=1).order()
    first = table.iloc[0]
    assert (first["better"], first["worse"]) == ("A", "B")
    assert first["prob_ordered"] < 0.01
    assert first["upper"] < 0


def test_ranks_that_only_sort_the_reps_are_ordered_together_but_not_within_reps():
    # good reps call everything A, poor reps everything B; inside each rep both ranks mean the same
    n = np.array([[400, 40]] * 4 + [[40, 400]] * 4)
    events = np.array([[240, 24]] * 4 + [[8, 80]] * 4)
    table = RankModel().fit(counts(n, events), seed=1).order().set_index("rep")
    assert table.loc["(all reps)", "prob_ordered"] > 0.99
    assert table.loc["(within reps)", "lower"] < 0 < table.loc["(within reps)", "upper"]


def test_a_rep_never_seen_is_less_sure_than_all_reps(fit):
    new, everyone = fit.expected("B"), fit.probabilities().query("rep == @ALL_REPS and rank == 'B'")
    assert len(new) == 1
    assert new["upper"][0] - new["lower"][0] > 1.5 * float((everyone["upper"] - everyone["lower"]).iloc[0])
    with pytest.raises(InputError, match="`rank` must be one of A, B, C, D, E; got 'Z'"):
        fit.expected("Z")


def test_spread_names_scales_and_ranks(fit):
    table = fit.spread()
    assert list(table["quantity"][:3]) == ["level_scale", "slope_scale", "residual_scale"]
    assert (table["lower"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["upper"]).all()


def test_tables_say_what_they_rest_on(fit):
    table = fit.profiles(interval_prob=0.8)
    assert table.attrs["interval_prob"] == 0.8
    assert table.attrs["within_days"] == 90
    assert (table["engine"] == fit.diagnostics.engine).all()
    wide = fit.profiles()
    assert (
        (wide["gap_points_upper"] - wide["gap_points_lower"]) > (table["gap_points_upper"] - table["gap_points_lower"])
    ).all()


def test_summary_shows_the_diagnostics_first(fit):
    text = fit.summary()
    assert text.index("Diagnostics: laplace") < text.index(ALL_REPS)


def test_row_order_changes_nothing(world):
    def estimates(frame):
        judgments = Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
        return RankModel().fit(judgments, seed=1).probabilities()

    pd.testing.assert_frame_equal(estimates(world.frame), estimates(world.frame.sample(frac=1, random_state=1)))


def test_case_mix_explains_a_poor_territory():
    # both reps judge alike within each segment; one has nearly only the poor segment
    rng = np.random.default_rng(3)
    rows = []
    for index in range(8):
        poor_share = 0.95 if index == 0 else 0.3
        for segment, share, prob in (("poor", poor_share, 0.1), ("rich", 1 - poor_share, 0.5)):
            for rank, factor in (("A", 1.2), ("B", 0.8)):
                n = int(400 * share)
                hits = rng.random(n) < prob * factor
                rows += [{"rep": f"rep {index}", "rank": rank, "segment": segment, "hit": hit} for hit in hits]
    frame = pd.DataFrame(rows)
    frame["id"] = np.arange(len(frame))
    frame["judged"] = pd.Timestamp("2025-01-01")
    frame["event"] = frame["judged"].where(frame["hit"]) + pd.Timedelta(days=10)
    roles = {
        "prospect": "id",
        "rep": "rep",
        "rank": "rank",
        "judged_at": "judged",
        "event_at": "event",
        "segment": "segment",
    }
    judgments = Judgments.from_frame(frame, scale=scale_of("A", "B"), as_of="2026-01-01", columns=roles)
    raw = RankModel().fit(judgments, seed=1).profiles().iloc[0]
    adjusted = RankModel(adjust_for=("segment",)).fit(judgments, seed=1).profiles().iloc[0]
    assert raw["finding"] == "below the others"
    assert abs(adjusted["gap_points"]) < 4
    assert adjusted["gap_points_before"] < -10
    assert adjusted["disagree"]


def test_teams_are_a_level_of_their_own(judgments):
    fit = RankModel(team="team").fit(judgments, seed=1)
    assert "team_level_scale" in fit.posterior.draws
    assert fit.posterior.dims["team_level"] == ("team",)


@pytest.mark.parametrize(("n", "events"), [
    ([[30, 20, 10]], [[10, 5, 1]]), ([[30], [20], [3]], [[10], [5], [0]]), ([[30, 20], [9, 40]], [[0, 0], [0, 0]]),
    ([[30, 20], [9, 40]], [[30, 20], [9, 40]]), ([[30, 0, 20], [9, 0, 40]], [[9, 0, 4], [2, 0, 7]]),
    ([[30, 20], [1, 0]], [[9, 4], [0, 0]]),
], ids=["one rep", "one rank", "no events", "all events", "a rank never used", "a rep with one judgment"])  # fmt: skip
def test_unusual_organisations_have_finite_answers(n, events):
    fit = RankModel().fit(counts(n, events), seed=1)
    table = fit.probabilities()
    assert fit.diagnostics.ok
    assert table[["estimate", "lower", "upper"]].notna().all(axis=None)
    assert ((table["lower"] >= 0) & (table["upper"] <= 1)).all()
    assert fit.profiles()[["auc", "discrimination", "n_more"]].notna().all(axis=None)


@pytest.mark.slow
def test_ten_thousand_reps_are_fitted():
    rng = np.random.default_rng(1)
    n = rng.integers(0, 12, (10_000, 3))
    fit = RankModel().fit(counts(n, rng.binomial(n, [0.5, 0.3, 0.1])), seed=1, engine="laplace", draws=200)
    assert len(fit.probabilities()) == 30_003


def test_hostile_labels_pass_through_unchanged():
    labels = ["<script>", "=HYPERLINK(1)", "Sato, \n Ken", "佐藤", "x" * 200]
    fit = RankModel().fit(counts(np.full((5, 2), 30), np.tile([15, 5], (5, 1)), reps=labels), seed=1)
    assert sorted(fit.profiles()["rep"]) == sorted(labels)


@pytest.mark.parametrize(("promises", "reason"), [
    ({"A": 1.0, "B": 0.2}, "a promise of 0 or 1"), ({"A": 0.2, "B": 0.5}, "do not fall"),
], ids=["certain", "unordered"])  # fmt: skip
def test_promises_that_cannot_be_scores_give_equal_steps_and_say_so(promises, reason):
    scale = RankScale(["A", "B"], {rank: Promise(p, within_days=90) for rank, p in promises.items()})
    fit = RankModel().fit(counts([[30, 20]] * 3, [[9, 4]] * 3, scale=scale), seed=1)
    assert fit.scores.source == "equal steps"
    assert reason in fit.summary()


def test_nobody_mature_says_when_the_first_will_be(world):
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    with pytest.raises(NotEnoughDataError, match="the first will be on"):
        RankModel(within_days=3650).fit(judgments, seed=1)


@pytest.mark.parametrize(("settings", "message"), [
    ({"adjust_for": "segment"}, "`adjust_for` must be a tuple of column roles; got the text 'segment'"),
    ({"adjust_for": ("team",), "team": "team"}, "'team' is both `team` and in `adjust_for`"),
])  # fmt: skip
def test_bad_choices_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        RankModel(**settings)


def test_a_grouping_that_is_not_there_is_refused(judgments):
    with pytest.raises(InputError, match="climate"):
        RankModel(adjust_for=("climate",)).fit(judgments, seed=1)


def test_build_gives_a_readable_pymc_model(judgments):
    model = RankModel().build(judgments)
    assert {"rank_mean", "level", "slope", "residual", "linpred", "events"} <= set(model.named_vars)
    assert model.named_vars_to_dims["rank_mean"] == ("rank",)
    assert list(model.coords["rep"]) == list(judgments.reps)


def test_residuals_are_orthogonal_to_level_and_slope():
    scores = RankScale(
        list("ABCDE"), {r: Promise(p, 90) for r, p in zip("ABCDE", (0.6, 0.35, 0.2, 0.1, 0.03), strict=True)}
    )
    values = scores.scores([1, 2, 3, 4, 5]).values
    basis = residual_basis(values)
    np.testing.assert_allclose(basis.T @ np.stack([np.ones(5), values], axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)


def test_maven_agents_do_not_differ_and_none_is_flagged(shared_data):
    # ACCEPTANCE A9: chi-squared 33.3 on 29 degrees of freedom; a random-intercept fit gives a scale of .055 to .06
    frame = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv")
    closed = frame[frame["deal_stage"].isin(["Won", "Lost"])]
    table = (
        closed.groupby("sales_agent")["deal_stage"]
        .agg(n="size", events=lambda stage: (stage == "Won").sum())
        .reset_index()
    )
    fit = RankModel().fit(
        counts(table[["n"]].to_numpy(), table[["events"]].to_numpy(), reps=list(table["sales_agent"])), seed=1
    )
    assert len(table) == 30
    assert fit.posterior["level_scale"].mean() < 0.15
    profiles = fit.profiles()
    assert (profiles[["prob_below", "prob_above"]] < 0.9).all(axis=None)


def test_salvirt_seller_one_has_ranks_that_do_not_separate(shared_data):
    # ACCEPTANCE A10: pooled 77/124, 144/296, 6/28; inside Seller 1: 57/86, 61/91, 1/1
    frame = pd.read_csv(shared_data / "salvirt_b2b" / "judgements.csv")
    table = frame.groupby(["rep", "rank"])["outcome"].agg(n="size", events="sum").reset_index()
    pooled = table.groupby("rank")[["events", "n"]].sum()
    assert pooled.to_numpy().tolist() == [[77, 124], [144, 296], [6, 28]]
    scale = RankScale(["A", "B", "C"])
    fit = RankModel().fit(Judgments.from_counts(table, scale=scale, within_days=90), seed=1, draws=4000)
    difference = fit.order().query("rep == 'Seller 1' and better == 'A'").iloc[0]
    assert difference["lower"] < 0 < difference["upper"]
    assert difference["estimate"] < 0.068
