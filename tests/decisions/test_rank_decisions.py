"""Promised against delivered, standings and comparisons of the rank model."""

import numpy as np
import pytest
from tests.models.worlds import counts, scale_of

from calibra.data.scale import Promise, RankScale
from calibra.decisions.comparison import Comparison, compare
from calibra.decisions.promises import rank_reliability
from calibra.decisions.standings import rep_standings
from calibra.errors import InputError
from calibra.models.rank import RankModel
from calibra.models.reading import ALL_REPS
from calibra.models.threshold import ThresholdModel
from calibra.views.plot_decisions import plot_comparison, plot_rank_reliability, plot_standings

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
    assert first["prob_short"] > 0.99
    assert first["upper"] < 0.4
    last = table.query("rep == 'rep 05' and rank == 'A'").iloc[0]
    assert last["prob_short"] < 0.01
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
    assert bar["estimate"] == pytest.approx(own["estimate"])
    assert bar["estimate"] < 0.55  # the A average of 0.6 is no bar


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
        "Endo", "Ito", np.array(["mean probability", "discrimination"], dtype=object),
        np.array(["points", "log-odds"], dtype=object), np.array([estimate, 0.5]), np.array([lower, 0.25]),
        np.array([upper, 0.755]), np.array([prob_higher, 0.85]), np.array([prob_lower, 0.0]), np.array([1200, 1200]),
        np.array([80, 80]), 5.0, 0.3, 0.9, "laplace",
    )  # fmt: skip


def test_a_comparison_in_words_has_interval_counts_and_probabilities():
    assert _told(8.64, 1.04, 16.25, 0.784, 0.001).sentences() == [
        "Mean probability: Endo lies 8.6 points above Ito (1.0 to 16.2, 90% interval; n 1,200 and 80). Probability "
        "that it lies above by more than 5 points: 78 %; below by more than that: below 1 %.",
        "Discrimination: Endo lies 0.50 log-odds above Ito (0.25 to 0.76, 90% interval; n 1,200 and 80). Probability "
        "that it lies above by more than 0.3: 85 %; below by more than that: below 1 %.",
    ]


def test_a_difference_below_is_counted_in_its_own_direction():
    said = _told(-8.64, -16.25, 1.04, 0.0, 1.0).sentences()[0]
    assert "Endo lies 8.6 points below Ito (−1.0 to 16.2, 90% interval" in said
    assert said.endswith("above by more than 5 points: below 1 %; below by more than that: over 99 %.")


def test_a_comparison_shows_itself_by_its_mean(fit):
    found = compare(fit, reps=("rep 05", "rep 00"))
    assert len(found.sentences()) == 4  # two ranks, the mean, discrimination
    shown = repr(found)
    assert shown.startswith("<Comparison of 4 quantities; Mean probability: rep 05 lies ")
    assert shown.endswith("; laplace>")
    assert "\n" not in shown
