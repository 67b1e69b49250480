"""The advice against published shares, worked cases, and what users may ask of it."""

import numpy as np
import pytest

from calibra.chapters.thresholds.advice import ADVICE_COLUMNS, AdviceRules, Payoff, recommend_thresholds
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.weekly import RecentCounts
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.stats.detection.curve import average_above
from tests.chapters.ranks.worlds import counts
from tests.chapters.thresholds.worlds import A7_CUTS, A7_D, A7_EVENTS, A7_N, fit_of, scale_with


def said_of(advice, rep=None):
    """Its sentences with plain blanks."""
    return [sentence.replace("\u00a0", " ") for sentence in advice.sentences(rep)]


def a7(**promises):
    kind = promises.pop("kind", "average")
    return fit_of(0.25, A7_D, A7_CUTS, scale=scale_with(promises or {"A": 0.6}, kind=kind))


def test_an_average_promise_asks_for_the_published_share():
    # ACCEPTANCE A7: A-share now .1787, bar now .3982, share for an average of .6: .0968
    row = recommend_thresholds(a7()).table.iloc[0]
    assert row["share_now"] == pytest.approx(0.1787, abs=2e-4)
    assert row["bar_now"] == pytest.approx(0.3982, abs=2e-4)
    assert row["share_target"] == pytest.approx(0.0968, abs=2e-4)
    assert row["verdict"] == "tighten"
    assert row["prob_direction"] == 1.0


@pytest.mark.parametrize(("promise", "share"), [(0.4, 0.1767), (0.5, 0.0903), (0.6, 0.0402)])
def test_a_bar_promise_asks_for_the_published_share(promise, share):
    # ACCEPTANCE A7: share at which the marginal A has this probability
    row = recommend_thresholds(a7(A=promise, kind="bar")).table.iloc[0]
    assert row["share_target"] == pytest.approx(share, abs=2e-4)
    assert row["bar_target"] == pytest.approx(promise, abs=1e-9)


def test_the_step_is_a_third_of_the_gap_and_the_words_say_so():
    advice = recommend_thresholds(a7())
    row = advice.table.iloc[0]
    assert row["share_move"] == pytest.approx(row["share_target"])  # a posterior without spread has no near edge
    assert row["share_now"] - row["share_step"] == pytest.approx((row["share_now"] - row["share_target"]) / 3)
    assert said_of(advice, "rep 0") == [
        "rep 0: call a prospect A later, from an estimated 18 % (18–18), counted 18 %, to 15 % of the prospects this "
        "quarter; aim 9.7 % (9.7–9.7), 80 % intervals. That a move is due is over 99 % sure. "
        "Beyond today's line the aim rests on an assumed shape: move a step and look."
    ]


def test_the_share_now_stands_beside_what_was_counted():
    advice = recommend_thresholds(a7())
    row = advice.table.iloc[0]
    assert row["share_counted"] == 50 / 280  # A7: 50 of 280 were called A
    assert row["share_now_lower"] == pytest.approx(row["share_now"])  # a posterior without spread
    assert row["share_now_upper"] == pytest.approx(row["share_now"])


def test_a_rep_nothing_was_counted_of_has_no_counted_share():
    fit = fit_of(
        [0.25, 0.25], A7_D, A7_CUTS, n=[A7_N, (0,) * 5], events=[A7_EVENTS, (0,) * 5], scale=scale_with({"A": 0.6})
    )
    counted = recommend_thresholds(fit).table["share_counted"]
    assert counted.notna().tolist() == [True, False]


def test_expected_changes_follow_from_the_shares():
    # moving from a share of .1787 (event rate .5270) to .0968 (.6) of 280: 280 (.0968 × .6 − .1787 × .5270)
    row = recommend_thresholds(a7()).table.iloc[0]
    assert row["events_change"] == pytest.approx(280 * (0.0968 * 0.6 - 0.1787 * 0.5270), abs=0.05)
    assert row["events_missed_change"] == pytest.approx(-row["events_change"])


def test_a_rep_within_the_margin_is_fine():
    advice = recommend_thresholds(a7(A=0.53))
    assert advice.table["verdict"].tolist() == ["fine"]
    assert "keep calling a prospect A as now" in advice.sentences()[0]


def test_a_rank_far_from_its_promise_is_never_kept_as_it_is():
    # A brings 36 of 130, 27.7 %, where 40 % are promised; of the prospects they are 6.5 %
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.4, within_days=90)})
    judgments = counts(np.tile([130, 400, 1470], (8, 1)), np.tile([36, 50, 25], (8, 1)), scale=scale)
    advice = recommend_thresholds(ThresholdModel(within_days=90).fit(judgments, seed=1))
    assert "fine" not in set(advice.table["verdict"])
    assert (advice.table["prob_beyond_margin"] > 0.9).all()
    assert not any("keep calling" in sentence for sentence in advice.sentences())
    strict, lax = (
        recommend_thresholds(a7(A=0.53), rules=AdviceRules(margin_odds=odds)).table["verdict"][0]
        for odds in (1.001, 1.5)
    )
    assert (strict, lax) == ("tighten", "fine")  # .527 comes, .53 is promised: odds 1.012 times apart


def test_an_aim_of_the_best_rank_beyond_its_line_says_on_what_it_rests():
    shape = "Beyond today's line the aim rests on an assumed shape: move a step and look."
    tighten = recommend_thresholds(a7(A=0.6, B=0.4))
    assert tighten.table["verdict"].tolist() == ["tighten", "tighten"]
    assert [shape in sentence for sentence in tighten.sentences()] == [True, False]
    loosen = recommend_thresholds(fit_of(0.25, A7_D, (2.2, 0.5, -0.4, -1.1)))
    assert not any(shape in sentence for sentence in loosen.sentences())


def test_a_model_that_does_not_give_back_its_counts_gives_a_direction_and_a_step_but_no_aim():
    # the worst rank brings nearly as much as the best, which no shift of normal signals can do
    n, events = (300, 300, 300, 300, 300), (170, 60, 20, 60, 150)
    advice = recommend_thresholds(
        fit_of(0.31, A7_D, A7_CUTS, n=n, events=events, scale=scale_with({"A": 0.7, "B": 0.1}))
    )
    rows = advice.table
    assert (rows["fit_p_value"] < 0.05).all()
    moved = rows[rows["verdict"].isin(["tighten", "loosen"])]
    assert len(moved)
    assert (moved["reason"] == "the threshold model does not give back the counts").all()
    for name in ("share_target", "share_move", "bar_target", "events_change", "best_attainable"):
        assert rows[name].isna().all()
    assert (moved["share_step"] != moved["share_now"]).all()
    said = [sentence for sentence in advice.sentences() if "call a prospect" in sentence]
    assert said
    assert all("No aim is given" in sentence and "aim " not in sentence.split("No aim")[0] for sentence in said)
    assert not any("nan" in sentence for sentence in said)


def test_every_estimate_of_the_advice_has_its_interval():
    table = recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, spread=0.2)).table
    estimates = ("bar_now", "bar_after", "bar_target", "events_change", "best_attainable", "binormal_auc")
    for name in (*estimates, "events_missed_change"):
        low, value, high = (table[f"{name}{end}"] for end in ("_lower", "", "_upper"))
        known = value.notna()
        assert known.any()
        assert (low.notna() == known).all()
        assert (low[known] <= value[known]).all()
        assert (value[known] <= high[known]).all()
    area = table["binormal_auc_upper"] - table["binormal_auc_lower"]
    assert (area > 0).all()
    still = table["share_move"] == table["share_now"]
    assert (table.loc[still, ["events_change_lower", "events_change_upper"]] == 0.0).all().all()


def test_below_a_rank_without_an_aim_the_next_is_read_at_the_line_of_today():
    # of B 60 of 300 came, a fifth, and as many are promised: whatever the best rank's aim might be, today B keeps it
    n, events = (300, 300, 300, 300, 300), (170, 60, 20, 60, 150)
    fit = fit_of(0.31, A7_D, A7_CUTS, n=n, events=events, scale=scale_with({"A": 0.7, "B": 0.2}))
    found = fit.draws()
    pool = {"base_rate": found.base_rate, "discrimination": found.discrimination}
    at_b = average_above(found.cutpoints[:, :, 1], upper_cutpoint=found.cutpoints[:, :, 0], **pool)
    odds = at_b / (1 - at_b) / (0.2 / 0.8)
    row = recommend_thresholds(fit).table.iloc[1]
    assert row["prob_within_margin"] == pytest.approx(np.mean((odds < 1.25) & (odds > 0.8)))
    assert row["fit_p_value"] < 0.05


def test_no_promise_is_called_out_of_reach_by_a_model_that_does_not_fit():
    n, events = (300, 300, 300, 300, 300), (170, 60, 20, 60, 150)
    advice = recommend_thresholds(fit_of(0.31, A7_D, A7_CUTS, n=n, events=events, scale=scale_with({"A": 0.97})))
    assert advice.table["verdict"].tolist() == ["tighten"]
    assert recommend_thresholds(a7(A=0.97)).table["verdict"].tolist() == ["promise out of reach"]


def late(*counted):
    """Recent judgments of ranks A to E, a rep each."""
    n = np.array(counted)
    return RecentCounts(tuple(f"rep {i}" for i in range(len(n))), tuple("ABCDE"), n, np.full(len(n), 13))


def test_the_step_goes_from_the_recent_share_and_says_of_how_many():
    # A7: share .1787 of all, aim .0968; of 60 recent 10, .1667: a third of the way from there is .1434
    advice = recommend_thresholds(a7(), recent=late([10, 10, 20, 10, 10]))
    row = advice.table.iloc[0]
    assert (row["share_recent"], row["n_recent"], row["verdict"]) == (10 / 60, 60, "tighten")
    assert row["share_step"] == pytest.approx(0.1667 - (0.1667 - 0.0968) / 3, abs=2e-4)
    assert "later, from 17 % of the recent 60, to 14 % of the prospects" in said_of(advice)[0]


def test_from_a_recent_share_farther_off_the_step_is_a_third_of_that_gap():
    # 24 of 60 recent are .4, and the line has surely moved; the old line counts for 8 judgments more: (24 + 8 × .1787)
    # of 68 are .374, from where a third of the way to .0968 is .2816; 200 draws give it within .01
    row = recommend_thresholds(a7(), recent=late([24, 6, 10, 10, 10])).table.iloc[0]
    assert row["share_now"] == pytest.approx(0.374, abs=0.01)
    assert row["share_step"] == pytest.approx(0.2816, abs=0.01)


@pytest.mark.parametrize(
    ("cuts", "recent"), [(A7_CUTS, [14, 26, 80, 40, 40]), ((2.2, 0.5, -0.4, -1.1), [35, 20, 75, 35, 35])]
)
def test_who_has_moved_beyond_the_aim_already_is_not_told_to_move(cuts, recent):
    # tighten from .18 to .0968: 14 of 200 are .07; loosen from .03 to .0968: 35 of 200 are .175
    fit = fit_of(0.25, A7_D, cuts)
    assert recommend_thresholds(fit).table["verdict"][0] in ("tighten", "loosen")
    advice = recommend_thresholds(fit, recent=late(recent))
    assert advice.table["verdict"].tolist() == ["moved already"]
    assert advice.table["n_more"].tolist() == [0]
    assert "the line of A has moved already" in advice.sentences()[0]


def test_a_line_that_went_from_two_fifths_to_an_eighth_is_not_led_back():
    # .395 of all mature judgments, 12 of the last 98: the step would have been .30, far behind where the rep stands
    fit = fit_of(0.25, A7_D, (0.5, -0.1, -0.5, -1.1), spread=0.1)
    assert recommend_thresholds(fit).table["share_step"][0] == pytest.approx(0.30, abs=0.01)
    row = recommend_thresholds(fit, recent=late([12, 38, 20, 18, 10])).table.iloc[0]
    assert row["verdict"] == "moved already"
    assert row["share_step"] <= 12 / 98


def test_todays_share_is_a_mixture_of_the_old_line_and_the_recent_judgments():
    # stands (4/5): .1787^30 × .8213^70; moved: the beta-binomial with 8 judgments of weight on the old line.
    # logs -65.44 and -62.90 (by math.lgamma), so that 0.240 stand and
    # 0.760 have moved, these to (30 + 8 × .1787) / 108 = 0.291: 0.264 in the mean
    row = recommend_thresholds(a7(), recent=late([30, 30, 20, 10, 10])).table.iloc[0]
    assert row["share_now"] == pytest.approx(0.264, abs=0.015)


def test_a_rank_that_stays_where_it_is_leaves_the_better_prospects_to_itself():
    # FOUND: A brings 25 % and promises 60, B 15 % and 30: A is out of reach and stays, so that below it hardly anybody
    # brings 30 %, whatever B could have of the prospects that are called A
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.6, within_days=90), "B": Promise(0.3, within_days=90)})
    judgments = counts(np.tile([120, 180, 300], (8, 1)), np.tile([30, 27, 30], (8, 1)), scale=scale)
    table = recommend_thresholds(ThresholdModel(within_days=90).fit(judgments, seed=1)).table
    assert set(table["verdict"][table["rank"] == "A"]) == {"promise out of reach"}
    assert set(table["verdict"][table["rank"] == "B"]) == {"promise out of reach"}


def test_a_rank_that_brings_about_what_it_promises_is_not_out_of_reach_for_being_rare():
    # A is .8 % of the prospects and brings 23 of 80, 28.8 %, where 30 % are promised
    scale = RankScale(list("ABCDEFG"), {"A": Promise(0.3, within_days=90)})
    n, events = [80, 270, 700, 1250, 2650, 2950, 1950], [23, 49, 88, 119, 148, 74, 17]
    row = recommend_thresholds(ThresholdModel(within_days=90).fit(counts([n], [events], scale=scale), seed=1)).table
    assert row["verdict"][0] != "promise out of reach"


def test_a_promise_that_everybody_keeps_does_not_bind():
    # 5 reps: 190 of 200 A, 184 of 200 B, 80 of 100 C: whatever is called A, at least 90 % come of it
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.8, within_days=90)})
    judgments = counts(np.tile([200, 200, 100], (5, 1)), np.tile([190, 184, 80], (5, 1)), scale=scale)
    advice = recommend_thresholds(ThresholdModel(within_days=90).fit(judgments, seed=1))
    assert set(advice.table["verdict"]) == {"promise met by all"}
    assert "does not bind" in advice.sentences()[0]
    assert not any("aim 100" in sentence for sentence in advice.sentences())


def test_nothing_is_gained_where_nothing_moves():
    row = recommend_thresholds(fit_of(0.25, A7_D, (1.45, 0.3, -0.4, -1.1), spread=0.3)).table.iloc[0]
    assert row["share_move"] == row["share_now"]
    assert (row["events_change"], row["events_missed_change"]) == (0.0, 0.0)


def test_an_aim_of_hardly_anybody_is_the_matter_of_the_promise():
    # the promise is kept by 1.3 % of the prospects, in some draws by more than the 2 % below which it is out of reach
    advice = recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, spread=0.1, scale=scale_with({"A": 0.77})))
    row = advice.table.iloc[0]
    assert (row["verdict"], row["share_target"] < 0.02) == ("tighten", True)
    assert "the promise, not the rep, is the matter" in said_of(advice)[0]
    assert "not the rep" not in said_of(recommend_thresholds(a7()))[0]


@pytest.mark.parametrize(
    ("cuts", "promise", "leaning"), [((1.1, 0.3, -0.4, -1.1), 0.6, "tighten"), (A7_CUTS, 0.53, "fine")]
)
def test_from_three_in_four_on_there_is_a_leaning(cuts, promise, leaning):
    fit = fit_of(0.25, A7_D, cuts, spread=0.15, scale=scale_with({"A": promise}))
    row = recommend_thresholds(fit).table.iloc[0]
    assert (row["verdict"], row["leaning"]) == ("cannot tell yet", leaning)
    name = "prob_within_margin" if leaning == "fine" else "prob_beyond_margin"
    assert 0.75 <= row[name] < 0.9
    assert recommend_thresholds(fit, rules=AdviceRules(lean_prob=0.89)).table["leaning"][0] == ""


def test_a_handful_of_recent_judgments_is_not_todays_share():
    row = recommend_thresholds(a7(), recent=late([0, 3, 3, 2, 1])).table.iloc[0]
    assert np.isnan(row["share_recent"])
    assert row["verdict"] == "tighten"


def test_a_cautious_rep_is_told_to_loosen():
    fit = fit_of(0.25, A7_D, (2.2, 0.5, -0.4, -1.1))
    row = recommend_thresholds(fit).table.iloc[0]
    assert row["verdict"] == "loosen"
    assert row["share_now"] < row["share_step"] < row["share_target"]
    assert row["bar_after"] < row["bar_now"]


def test_a_promise_nobody_can_keep_is_out_of_reach_and_says_what_is():
    advice = recommend_thresholds(a7(A=0.95))
    row = advice.table.iloc[0]
    assert row["verdict"] == "promise out of reach"
    assert row["share_target"] < 0.02
    assert 0.6 < row["best_attainable"] < 0.95
    assert "out of reach" in advice.sentences()[0]
    assert "95 % within 90 days" in said_of(advice)[0]


@pytest.mark.parametrize(
    ("d", "reason", "told"),
    [
        (0.0, "ranks do not separate outcomes", "with an AUC of 0.50 (0.50–0.50) the ranks do not"),
        (-0.6, "ranks stand the wrong way round", "with an AUC of 0.34 (0.34–0.34) better ranks brought"),
    ],
)
def test_ranks_that_do_not_separate_get_a_sentence_instead_of_a_number(d, reason, told):
    advice = recommend_thresholds(fit_of(0.4, d, (1.0, 0.3, -0.3, -1.0)))
    row = advice.table.iloc[0]
    assert row["verdict"] == "cannot tell yet"
    assert row["reason"] == reason
    assert told in advice.sentences()[0]
    assert np.isnan([row["share_target"], row["share_move"], row["share_step"]]).all()
    assert "%" not in advice.sentences()[0]


def test_draws_without_discrimination_count_as_none_or_all_of_the_prospects():
    # half of the draws have d ≤ 0: target .6 above the base rate .25 advises share 0 there
    fit = fit_of(0.25, 0.0, A7_CUTS, spread=0.1, draws=201)
    columns = recommend_thresholds(fit, rules=AdviceRules(separate_prob=0.1)).columns
    assert columns["share_target_lower"][0] == 0.0
    above = recommend_thresholds(fit_of(0.7, -0.5, A7_CUTS), rules=AdviceRules(separate_prob=1e-12))
    assert np.isnan(above.columns["share_target"][0])  # never a number on inverted ranks


@pytest.mark.parametrize(
    ("n", "events"), [((9, 9, 9, 9, 9), (5, 4, 3, 2, 1)), ((20, 20, 20, 20, 20), (3, 2, 1, 1, 1)),
                      ((4, 5, 40, 40, 40), (4, 4, 10, 5, 2))],
)  # fmt: skip
def test_each_gate_holds_the_advice_back(n, events):
    row = recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, n=n, events=events)).table.iloc[0]
    assert row["verdict"] == "cannot tell yet"
    assert row["reason"] == "too few mature judgments or events"
    assert row["n_more"] >= 1


def test_wide_posteriors_cannot_tell_and_say_how_many_more():
    fit = fit_of(0.25, A7_D, (1.45, 0.3, -0.4, -1.1), spread=0.3)
    row = recommend_thresholds(fit).table.iloc[0]
    assert row["verdict"] == "cannot tell yet"
    assert row["n_more"] > 0


def test_the_minimal_move_stops_at_the_near_edge_and_is_zero_inside():
    rules = AdviceRules(move_prob=0.8)
    far = recommend_thresholds(fit_of(0.25, A7_D, (0.6, 0.2, -0.4, -1.1), spread=0.05), rules=rules).table.iloc[0]
    assert far["share_move"] == pytest.approx(far["share_target_upper"])
    inside = recommend_thresholds(fit_of(0.25, A7_D, (1.6, 0.3, -0.4, -1.1), spread=0.15), rules=rules).table.iloc[0]
    assert inside["share_target_lower"] < inside["share_now"] < inside["share_target_upper"]
    assert inside["share_move"] == pytest.approx(inside["share_now"])
    assert inside["share_step"] == pytest.approx(inside["share_now"])


def test_lower_boundaries_are_solved_given_the_cut_above():
    # with A at .6 on average, B at .25: everyone above the B boundary delivers the mixture of the two
    advice = recommend_thresholds(a7(A=0.6, B=0.25)).table
    share_a, share_b = advice["share_target"]
    found = fit_of(0.25, A7_D, A7_CUTS).draws()
    from calibra.stats.detection.curve import average_above, cutpoint_at_share

    pool = {"base_rate": found.base_rate[0, 0], "discrimination": found.discrimination[0, 0]}
    both = average_above(cutpoint_at_share(share_b, **pool), **pool)
    assert float(both) == pytest.approx((share_a * 0.6 + (share_b - share_a) * 0.25) / share_b, abs=1e-6)


def test_mixed_horizons_read_each_boundary_at_its_better_ranks_promise():
    scale = scale_with({"A": Promise(0.6, within_days=90), "B": Promise(0.35, within_days=180)})
    short = fit_of(0.25, A7_D, A7_CUTS, scale=scale)
    long = fit_of(0.35, A7_D, A7_CUTS, scale=scale, within_days=180)
    table = recommend_thresholds({90: short, 180: long}).table
    assert table["within_days"].tolist() == [90, 180]
    assert table["share_target"].iloc[0] == pytest.approx(0.0968, abs=2e-4)
    assert table["share_target"].iloc[1] > table["share_target"].iloc[0]
    alone = recommend_thresholds(short).table
    assert alone["rank"].tolist() == ["A"]


def test_all_reps_bars_leave_equal_reps_where_they_are():
    table = recommend_thresholds(fit_of([0.25, 0.25], A7_D, A7_CUTS), target="all reps").table
    assert table["verdict"].tolist() == ["fine"] * 8
    np.testing.assert_allclose(table["share_target"], table["share_now"], atol=1e-9)


def test_all_reps_bars_draw_unequal_reps_together():
    fit = fit_of([0.25, 0.25], A7_D, [(0.8, 0.2, -0.4, -1.1), (1.9, 0.5, -0.4, -1.1)])
    table = recommend_thresholds(fit, target="all reps").table.query("rank == 'A'")
    assert table["verdict"].tolist() == ["tighten", "loosen"]
    assert table["bar_target"].iloc[0] == pytest.approx(table["bar_target"].iloc[1])


def test_payoff_works_prospects_from_cost_over_value_on():
    row = recommend_thresholds(a7(), target=Payoff(cost=2.0, value=5.0)).table.iloc[0]
    assert row["bar_target"] == pytest.approx(0.4)
    assert row["share_target"] == pytest.approx(0.1767, abs=2e-4)  # ACCEPTANCE A7


def test_capacity_is_used_up_at_one_common_bar():
    fit = fit_of([0.25, 0.4, 0.15], [A7_D, 0.6, 1.2], A7_CUTS)
    prospects = {"rep 0": 100.0, "rep 1": 300.0, "rep 2": 200.0}
    table = recommend_thresholds(fit, capacity=120, n_prospects=prospects).table
    assert np.ptp(table["bar_target"]) < 1e-6
    assert table["share_target"] @ np.array([100.0, 300.0, 200.0]) == pytest.approx(120.0, abs=0.01)


def test_capacity_for_all_leaves_the_payoff_in_charge():
    fit = fit_of(0.25, A7_D, A7_CUTS)
    both = recommend_thresholds(fit, target=Payoff(cost=0.4, value=1.0), capacity=1e6).table
    assert both["bar_target"].iloc[0] == pytest.approx(0.4)


def test_the_table_has_the_documented_columns_and_settings():
    table = recommend_thresholds(a7()).table
    assert tuple(table.columns) == (*ADVICE_COLUMNS, "engine")
    assert table.attrs["pool"] == "each rep's own, all prospects"
    assert table.attrs["move_prob"] == 0.8


def test_rows_come_rep_by_rep_best_rank_first():
    table = recommend_thresholds(fit_of([0.25, 0.3], A7_D, A7_CUTS, scale=scale_with({"A": 0.6, "B": 0.3}))).table
    assert list(zip(table["rep"], table["rank"], strict=True)) == [
        ("rep 0", "A"), ("rep 0", "B"), ("rep 1", "A"), ("rep 1", "B"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"target": "best"}, "must be 'promise', 'all reps' or a Payoff"),
        ({"target": "promise", "capacity": 10}, "`capacity` and `worked_rank` go with"),
        ({"capacity": 10, "worked_rank": "E"}, "`worked_rank` must be a rank but the last"),
        ({"capacity": 10, "n_prospects": {}}, "`n_prospects` must name every rep; missing 1: 'rep 0'"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked, message):
    with pytest.raises(InputError, match=message):
        recommend_thresholds(a7(), **asked)


def test_a_scale_without_a_promise_at_this_horizon_is_refused():
    fit = fit_of(0.25, A7_D, A7_CUTS, scale=scale_with({"A": 0.6}, within_days=180))
    with pytest.raises(InputError, match="promised horizons: 180; fitted: 90"):
        recommend_thresholds(fit)


def test_fits_under_a_wrong_horizon_are_refused():
    with pytest.raises(InputError, match="180: fitted within 90"):
        recommend_thresholds({180: a7()})


@pytest.mark.parametrize("wrong", [{"act_prob": 0.0}, {"margin_odds": 1.0}, {"min_events": -1}])
def test_rules_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        AdviceRules(**wrong)


def test_a_rep_not_advised_has_no_sentences():
    with pytest.raises(InputError, match="must be one of the reps advised; got 'nobody'"):
        recommend_thresholds(a7()).sentences("nobody")


def test_whole_numbers_name_ranks_wherever_a_rank_is_asked_for_as_they_do_in_the_scale():
    import calibra as cb

    scale = RankScale([1, 2, 3], {1: Promise(0.6, within_days=90), 2: Promise(0.3, within_days=90)})
    judgments = counts([[40, 60, 50], [30, 30, 90]], [[25, 20, 5], [20, 8, 12]], scale=scale)
    ranks, thresholds = cb.RankModel().fit(judgments, seed=1), cb.ThresholdModel().fit(judgments, seed=1)
    assert ranks.expected(1).equals(ranks.expected("1"))
    assert cb.merged_probabilities(ranks, [[1, 2], [3]])["rank"].unique().tolist() == ["1+2", "3"]
    worked = recommend_thresholds(thresholds, target=Payoff(1, 3), worked_rank=2)
    assert set(worked.table["rank"]) == {"2"}
    advice = recommend_thresholds(thresholds)
    for plot in (cb.plot_bars, cb.plot_share_moves):
        assert "called 2 or better" in plot(advice, rank=2).get_xlabel()
    doors = {
        r"^`rank` must be one of 1, 2, 3; got 4": lambda: ranks.expected(4),
        r"^`rank` must be one of 1, 2, 3; got True": lambda: ranks.expected(True),
        r"^`rank` must be one of 1, 2, 3; got \['1'\]": lambda: ranks.expected(["1"]),
        r"^`rank` must be one of 1, 2; got 3": lambda: cb.plot_bars(advice, rank=3),
        r"a rank but the last \(1, 2\); got 3": lambda: recommend_thresholds(
            thresholds, target=Payoff(1, 3), worked_rank=3
        ),
        r"all ranks in order \(1, 2, 3\), each once; got \[\[1, 3\], \[2\]\]": lambda: cb.merged_probabilities(
            ranks, [[1, 3], [2]]
        ),
    }
    for said, door in doors.items():
        with pytest.raises(InputError, match=said):
            door()
