"""Promised against delivered, standings and comparisons of the rank model."""

import numpy as np
import pytest

from calibra.chapters.drift.comparison import Comparison, compare
from calibra.chapters.drift.pictures import plot_comparison
from calibra.chapters.promises.pictures import plot_rank_reliability
from calibra.chapters.promises.reliability import rank_reliability
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.standings.pictures import plot_standings
from calibra.chapters.standings.places import rep_standings
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.reading.means import ALL_REPS
from tests.chapters.ranks.worlds import counts, grouped, scale_of

SCALE = RankScale(["A", "B"], {"A": Promise(0.6, 90), "B": Promise(0.2, 90)})


@pytest.fixture(scope="module")
def fit():
    """Six reps alike but the first (far below) and the last (far above)."""
    n = np.full((6, 2), 400)
    events = np.array([[120, 40], [240, 80], [236, 84], [244, 78], [238, 82], [330, 160]])
    return RankModel().fit(counts(n, events, scale=SCALE), seed=1)


def test_delivered_is_set_beside_promised_with_raw_counts(fit):
    table = rank_reliability(fit).table
    first = table.query("rep == 'rep 00' and rank == 'A'").iloc[0]
    assert (first["promised"], first["n"], first["events"], first["raw_rate"]) == (0.6, 400, 120, 0.3)
    assert first["prob_less"] > 0.99
    assert first["verdict"] == "less"
    assert first["upper"] < 0.4
    last = table.query("rep == 'rep 05' and rank == 'A'").iloc[0]
    assert last["prob_less"] < 0.01
    assert last["verdict"] == "more"
    assert list(table["rep"][:2]) == [ALL_REPS, ALL_REPS]


def test_a_bar_is_never_compared_with_an_average():
    scale = RankScale(["A", "B"], {"A": Promise(0.4, 90, kind="bar"), "B": Promise(0.1, 90)})
    judgments = counts(np.full((4, 2), 200), np.tile([120, 40], (4, 1)), scale=scale)
    fit = RankModel().fit(judgments, seed=1)
    without = rank_reliability(fit)
    assert set(without.rank) == {"B"}
    assert without.notes == ("A: promises a bar; needs the threshold model (`thresholds=`)",)
    thresholds = ThresholdModel(within_days=90).fit(judgments, seed=1)
    result = rank_reliability(fit, thresholds=thresholds)
    bar = result.table.query("rank == 'A' and rep == 'rep 00'").iloc[0]
    assert bar["kind"] == "bar"
    own = thresholds.bars().query("rank == 'A' and rep == 'rep 00'").iloc[0]
    assert bar["bar"] == pytest.approx(own["estimate"])
    assert bar["bar"] < 0.55  # the A average of 0.6 is no bar
    assert np.isnan(result.table.query("rank == 'B'")["bar"]).all()


def test_a_bar_rests_on_all_judgments_of_a_rep_and_takes_30_of_them():
    # the fifth rep hardly uses A, the last has 20 judgments in all; A is meant from .8, and used from about .4
    scale = RankScale(["A", "B"], {"A": Promise(0.8, 90, kind="bar"), "B": Promise(0.1, 90)})
    n = np.array([[300, 300]] * 4 + [[20, 580], [12, 8]])
    judgments = counts(n, np.rint(n * [0.6, 0.2]).astype(int), scale=scale)
    fit, thresholds = (
        model.fit(judgments, seed=1, engine="laplace", draws=400)
        for model in (RankModel(within_days=90), ThresholdModel(within_days=90))
    )
    of_a = rank_reliability(fit, thresholds=thresholds).table.query("rank == 'A'").set_index("rep")
    own, used = thresholds.draws().bars[:, :, 0].mean(axis=0), n.sum(axis=1)
    assert of_a.loc[ALL_REPS, "bar"] == pytest.approx((own * used).sum() / used.sum())
    assert abs((own * n[:, 0]).sum() / n[:, 0].sum() - (own * used).sum() / used.sum()) > 0.005
    assert of_a.loc["rep 05", "prob_less"] >= 0.9
    assert of_a["verdict"].drop("rep 05").tolist() == ["less"] * 6
    assert of_a.loc["rep 05", "verdict"] == "cannot tell yet"


def test_the_interval_and_the_count_of_a_row_are_of_one_quantity():
    # shares counted: A 120 of 200 and B 40 of 200 for each; bars lie far below, at the lower edge of A
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.4, 90, kind="bar"), "B": Promise(0.1, 90)})
    judgments = counts(np.full((4, 3), 2000), np.tile([1200, 400, 100], (4, 1)), scale=scale)
    fit, thresholds = (
        model.fit(judgments, seed=1) for model in (RankModel(within_days=90), ThresholdModel(within_days=90))
    )
    table = rank_reliability(fit, thresholds=thresholds).table
    assert (table["events"] / table["n"]).tolist() == table["raw_rate"].tolist()
    assert table["raw_rate"].between(table["lower"], table["upper"]).all()
    np.testing.assert_allclose(table["estimate"], table["raw_rate"], atol=0.01)
    bars = table[table["kind"] == "bar"]
    assert (bars["bar_upper"] < bars["lower"]).all()  # the bar is another quantity, in columns of its own


def test_a_promise_missed_by_less_than_the_margin_is_kept():
    scale = RankScale(["A"], {"A": Promise(0.6, 90)})
    # 59.2 % of 160,000 against 60 %: odds 1.451 and 1.5, 1.03 times apart
    kept = rank_reliability(
        RankModel().fit(counts(np.full((4, 1), 40_000), np.full((4, 1), 23_680), scale=scale), seed=1)
    )
    assert kept.verdict.tolist() == ["kept"] * 5
    assert kept.prob_kept.min() > 0.99
    strict = rank_reliability(
        RankModel().fit(counts(np.full((4, 1), 40_000), np.full((4, 1), 23_680), scale=scale), seed=1), margin_odds=1.01
    )
    assert strict.verdict[0] == "less"
    np.testing.assert_allclose(kept.prob_less + kept.prob_kept + kept.prob_more, 1.0)


def test_few_judgments_at_a_rank_have_no_verdict():
    scale = RankScale(["A", "B"], {"A": Promise(0.9, 90), "B": Promise(0.9, 90)})
    n, events = np.tile([200, 200], (5, 1)), np.tile([40, 40], (5, 1))
    n[0], events[0] = [4, 5], [1, 1]
    table = rank_reliability(RankModel().fit(counts(n, events, scale=scale), seed=1)).table
    assert table.query("rep == 'rep 00'")["verdict"].tolist() == ["cannot tell yet", "less"]


def test_nothing_promised_at_the_horizon_is_an_error():
    fit = RankModel(within_days=90).fit(counts([[50, 50]], [[20, 10]], scale=RankScale(["A", "B"])), seed=1)
    with pytest.raises(InputError, match="No rank can be compared: A: nothing is promised within 90 days"):
        rank_reliability(fit)


def test_far_out_reps_stand_first_and_last_and_the_middle_is_not_told_apart(fit):
    found = rep_standings(fit)
    assert found.standing[5] == pytest.approx(1.0, abs=0.01)
    assert found.standing[0] == pytest.approx(6.0, abs=0.01)
    assert found.prob_worst[0] > 0.99
    assert found.prob_beyond[0] > 0.99
    assert (found.upper[1:5] - found.lower[1:5] >= 2).all()
    assert found.standing.sum() == pytest.approx(21.0)


def test_identical_reps_get_no_league_table():
    rng = np.random.default_rng(0)
    n = np.full((20, 2), 60)
    found = rep_standings(RankModel().fit(counts(n, rng.binomial(n, [0.5, 0.2])), seed=1))
    assert not found.is_league_table_warranted
    assert found.sentence.startswith("A league table is not warranted")


def test_comparing_two_reps_gives_the_known_difference(fit):
    table = compare(fit, reps=("rep 05", "rep 00")).table.set_index("quantity")
    assert table.loc["probability at rank A", "estimate"] == pytest.approx(52.5, abs=5)  # 330/400 − 120/400
    assert table.loc["probability at rank A", "prob_higher"] > 0.99
    assert table.loc["mean probability", "prob_lower"] < 0.01


def test_a_rep_compared_with_itself_does_not_differ(fit):
    found = compare(fit, reps=("rep 01", "rep 01"))
    np.testing.assert_allclose(found.estimate, 0.0, atol=1e-12)
    assert (found.prob_higher == 0).all()


def test_two_periods_are_compared_at_one_mix_of_ranks():
    # the same probabilities, used in opposite mixes: no difference at one mix
    first = RankModel().fit(counts(np.tile([900, 100], (4, 1)), np.tile([540, 20], (4, 1)), scale=SCALE), seed=1)
    second = RankModel().fit(counts(np.tile([100, 900], (4, 1)), np.tile([60, 180], (4, 1)), scale=SCALE), seed=2)
    table = compare(first, second, names=("before", "after")).table.set_index("quantity")
    assert abs(table.loc["mean probability", "estimate"]) < 2
    assert table.attrs["first"] == f"{ALL_REPS}, before"


@pytest.mark.parametrize(("call", "message"), [
    (lambda fit: compare(fit), "`reps` must be two reps of the fit"),
    (lambda fit: compare(fit, reps=("rep 00", "nobody")), "'nobody' is no rep of the fit; it has rep 00, rep 01"),
    (lambda fit: compare(fit, fit, reps=("rep 00", "rep 01")), "`reps` must be one rep of both fits"),
    (lambda fit: rep_standings(fit, worst_share=0), "`worst_share` must lie strictly between 0 and 1; got 0"),
    (lambda fit: rep_standings(fit, cut_points=-1), "`cut_points` must be a number, 0 or more"),
])  # fmt: skip
def test_bad_questions_are_refused(fit, call, message):
    with pytest.raises(InputError, match=message):
        call(fit)


def test_fits_on_different_ranks_are_not_compared(fit):
    other = RankModel().fit(counts([[9, 9, 9]], [[5, 4, 1]], scale=scale_of("A", "B", "C")), seed=1)
    with pytest.raises(InputError, match="must share ranks and horizon"):
        compare(fit, other)


def test_pictures_show_what_the_results_hold(fit):
    axes = plot_rank_reliability(rank_reliability(fit), rep="rep 00")
    delivered = next(line for line in axes.lines if line.get_label() == "delivered")
    np.testing.assert_allclose(delivered.get_xdata(), rank_reliability(fit).table.query("rep == 'rep 00'")["estimate"])
    assert "n 400" in axes.get_yticklabels()[0].get_text()
    assert "used from" not in [line.get_label() for line in axes.lines]
    standings = rep_standings(fit)
    axes = plot_standings(standings)
    assert axes.get_yticklabels()[0].get_text().startswith("rep 05")
    assert "90% interval" in [text.get_text() for text in axes.get_legend().get_texts()]
    axes = plot_comparison(compare(fit, reps=("rep 05", "rep 00")))
    assert axes.get_title(loc="left") == "rep 05 less rep 00"
    assert len(axes.get_yticklabels()) == 3


def _told(estimate, lower, upper, prob_higher, prob_lower):
    """A comparison of one mean and one discrimination, as it might come out."""
    return Comparison(
        first="Endo", second="Ito", quantity=np.array(["mean probability", "discrimination"], dtype=object),
        unit=np.array(["points", "log-odds"], dtype=object), estimate=np.array([estimate, 0.5]),
        lower=np.array([lower, 0.25]), upper=np.array([upper, 0.755]), prob_higher=np.array([prob_higher, 0.85]),
        prob_lower=np.array([prob_lower, 0.0]), margin_below=np.array([-4.7, -np.log(1.25)]),
        margin_above=np.array([5.1, np.log(1.25)]), n_first=np.array([1200, 1200]), n_second=np.array([80, 80]),
        margin_odds=1.25, basis="", interval_prob=0.9, engine="laplace",
    )  # fmt: skip


def test_a_comparison_in_words_has_interval_counts_and_probabilities():
    assert _told(8.64, 1.04, 16.25, 0.784, 0.001).sentences() == [
        "Mean probability: Endo lies 8.6 points above Ito (difference 8.6, 1.0 to 16.2, 90% interval; n 1,200 and 80). "
        "Probability that it lies above by more than a factor of 1.25 on the odds (here 5.1 points up, 4.7 down): "
        "78 %; below by more than that: below 1 %.",
        "Discrimination: Endo lies 0.50 log-odds above Ito (difference 0.50, 0.25 to 0.76, 90% interval; n 1,200 and "
        "80). Probability that it lies above by more than a factor of 1.25 on the odds (here 0.22 log-odds): 85 %; "
        "below by more than that: below 1 %.",
    ]


@pytest.mark.parametrize(("ends", "words"), [
    ((-0.49, -1.99, 1.19), "lies 0.5 points below Ito (difference −0.5, −2.0 to 1.2, 90% interval"),
    ((-8.64, -16.25, -1.04), "lies 8.6 points below Ito (difference −8.6, −16.2 to −1.0, 90% interval"),
    ((0.49, -1.19, 1.99), "lies 0.5 points above Ito (difference 0.5, −1.2 to 2.0, 90% interval"),
    ((-0.04, -1.0, 0.04), "lies 0.0 points below Ito (difference 0.0, −1.0 to 0.0, 90% interval"),
])  # fmt: skip
def test_the_interval_of_a_difference_in_words_has_the_signs_of_the_table(ends, words):
    assert words in _told(*ends, 0.0, 1.0).sentences()[0]


def test_a_comparison_shows_itself_by_its_mean(fit):
    found = compare(fit, reps=("rep 05", "rep 00"))
    assert len(found.sentences()) == 4  # two ranks, the mean, discrimination
    shown = repr(found)
    assert shown.startswith("<Comparison of 4 quantities; Mean probability: rep 05 lies ")
    assert shown.endswith("; laplace>")
    assert "\n" not in shown


# two fits -------------------------------------------------------------------------------------------------------------

RATES = np.array([[0.7, 0.4], [0.75, 0.45], [0.65, 0.4], [0.3, 0.1], [0.35, 0.12], [0.25, 0.1]])
"""Three good reps and three poor ones."""


def _fit(n, rates=RATES, *, reps=None, seed=1):
    """A fit to counts as expected."""
    return RankModel().fit(counts(n, np.rint(n * rates).astype(int), scale=SCALE, reps=reps), seed=seed)


def test_who_judges_how_much_is_no_difference_between_two_periods():
    # no rate changes; the good three write 450 judgments before and 50 after, the others the reverse
    before = np.repeat([[450, 450], [50, 50]], 3, axis=0)
    found = compare(_fit(before), _fit(before[::-1]), names=("before", "after"))
    assert (found.lower < 0).all()
    assert (found.upper > 0).all()
    assert found.basis == "one mix of ranks and cases, of 6 reps in both"
    mean = found.table.set_index("quantity").loc["mean probability"]
    assert abs(mean["estimate"]) < 2.0  # 28 points by each side's own mix of reps
    assert max(mean["prob_higher"], mean["prob_lower"]) < 0.05
    assert mean["n_first"] == mean["n_second"] == 3000


def test_a_share_of_a_segment_that_changes_is_no_difference_between_two_periods():
    rates = np.array([[0.8, 0.3], [0.5, 0.1]])
    fits = []
    for share in (0.8, 0.2):
        n = np.zeros((6, 2, 2), dtype=int)
        n[...] = 300 * np.array([share, 1 - share])
        judgments = grouped(n, np.rint(n * rates).astype(int), ranks="AB", segment=["rich", "poor"])
        fits.append(RankModel(adjust_for=("segment",)).fit(judgments, seed=1))
    found = compare(*fits)
    assert (found.lower < 0).all()
    assert (found.upper > 0).all()
    assert np.abs(found.estimate[:3]).max() < 1.5  # 20.6 points by each side's own mix of segments


def test_groups_of_other_people_are_compared_by_their_own_reps():
    n = np.full((3, 2), 400)
    found = compare(_fit(n, RATES[:3]), _fit(n, RATES[3:], reps=["x", "y", "z"]))
    assert found.basis == "one mix of ranks and cases; each side's reps are its own"
    # (.7 + .75 + .65)/3 less (.3 + .35 + .25)/3
    assert found.estimate[0] == pytest.approx(40.0, abs=1.5)


def test_reps_of_one_side_only_are_left_out_where_those_of_both_hold_most():
    n = np.full((6, 2), 300)
    fewer = _fit(n[:5], RATES[:5])
    found = compare(_fit(n), fewer)
    assert found.basis == "one mix of ranks and cases, of 5 reps in both"
    assert found.n_first[0] == 1500
    assert np.abs(found.estimate[:3]).max() < 1.5


def test_one_rep_is_compared_with_itself_over_two_periods():
    n = np.full((6, 2), 400)
    changed = RATES.copy()
    changed[0] -= 0.2
    found = compare(_fit(n), _fit(n, changed), reps="rep 00", names=("before", "after"))
    assert found.first == "rep 00, before"
    assert found.estimate[0] == pytest.approx(20.0, abs=3.0)
    assert found.n_first[0] == 400
    with pytest.raises(InputError, match="'nobody' is no rep of the fit"):
        compare(_fit(n), _fit(n, changed), reps="nobody")


def test_the_margin_of_a_comparison_is_a_factor_on_the_odds():
    # 1.4 % against 2.8 %: 1.4 points, and odds of twice the size
    n = np.full((8, 2), 20_000)
    low, high = np.full((8, 2), 0.014), np.full((8, 2), 0.028)
    found = compare(_fit(n, high), _fit(n, low), margin_odds=1.5)
    assert found.prob_higher[0] > 0.99
    # the margin around 1.4 %: odds .0142 × 1.5 = .0213, 2.09 %
    assert found.margin_above[0] == pytest.approx(0.69, abs=0.05)
    assert found.margin_below[0] == pytest.approx(-0.46, abs=0.05)
    assert found.margin_above[-1] == pytest.approx(np.log(1.5))
    assert compare(_fit(n, high), _fit(n, low), margin_odds=2.5).prob_higher[0] < 0.01


def test_fits_adjusted_for_other_things_are_not_compared():
    n = np.full((3, 2, 2), 100)
    plain = RankModel().fit(grouped(n, n // 2, ranks="AB", segment="xy"), seed=1, draws=100)
    adjusted = RankModel(adjust_for=("segment",)).fit(grouped(n, n // 2, ranks="AB", segment="xy"), seed=1, draws=100)
    other = RankModel(adjust_for=("segment",)).fit(grouped(n, n // 3, ranks="AB", segment="uv"), seed=1, draws=100)
    with pytest.raises(InputError, match=r"adjusted for the same groupings; got adjust_for=\(\), team=None and"):
        compare(plain, adjusted)
    with pytest.raises(InputError, match=r"labels of 'segment' in common.*the first has x, y, the second u, v"):
        compare(adjusted, other)


def test_teams_that_only_one_side_has_are_no_hindrance():
    n = np.zeros((4, 2, 2), dtype=int)
    n[:2, :, 0] = n[2:, :, 1] = 200
    fits = [
        RankModel(team="team").fit(grouped(n, n // 2, ranks="AB", team=teams, reps=reps), seed=1, draws=200)
        for teams, reps in ((["E", "N"], "abcd"), (["S", "W"], "efgh"))
    ]
    for within in (False, True):
        found = compare(*fits, within_team=within)
        assert np.abs(found.estimate[:3]).max() < 2.0


@pytest.mark.slow
def test_equal_seeds_make_a_comparison_no_surer_than_it_is():
    # nothing changes; paired by index, intervals at 90 % held 0 in 50 % for the mean
    held = []
    for world in range(60):
        rng = np.random.default_rng(world)
        rates = 1.0 / (1.0 + np.exp(-(np.array([0.2, -1.5]) + rng.normal(0.0, 0.5, (10, 1)))))
        n = np.full((10, 2), 60)
        fits = [
            RankModel().fit(counts(n, rng.binomial(n, rates)), seed=1, engine="laplace", draws=400) for _ in range(2)
        ]
        found = compare(*fits)
        held.append((found.lower <= 0) & (found.upper >= 0))
    assert np.mean(held, axis=0).min() >= 0.76  # 90 % less 3.6 standard errors


def test_a_promised_bar_is_drawn_as_a_bar_without_counts():
    scale = RankScale(["A", "B", "C"], {"A": Promise(0.6, 90), "B": Promise(0.1, 90, kind="bar")})
    judgments = counts(np.full((4, 3), 300), np.tile([180, 60, 12], (4, 1)), scale=scale)
    fit, thresholds = (
        model.fit(judgments, seed=1) for model in (RankModel(within_days=90), ThresholdModel(within_days=90))
    )
    result = rank_reliability(fit, thresholds=thresholds)
    axes = plot_rank_reliability(result)
    drawn = {line.get_label(): line for line in axes.lines}
    assert drawn["used from"].get_xdata() == pytest.approx([result.bar[1]])
    assert drawn["delivered"].get_xdata() == pytest.approx([result.estimate[0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A (average, n 1,200)", "B (bar)"]
