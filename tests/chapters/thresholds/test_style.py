"""Where reps begin to use ranks: said of bars; of reading only where nothing else can stand behind it."""

from dataclasses import replace

import numpy as np
import pytest

from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel, ThresholdPriors
from calibra.chapters.thresholds.style import (
    BELOW,
    CANNOT_TELL,
    CAUTIOUS,
    READS_TOO_MUCH,
    STARTS_HIGHER,
    STARTS_LOWER,
    describe_styles,
)
from calibra.errors import InputError
from calibra.inference.declare.priors import HalfNormal
from tests.chapters.ranks.worlds import counts
from tests.chapters.thresholds.worlds import A7_CUTS, A7_D, fit_of, reps_of_each_style


@pytest.fixture(scope="module")
def fits():
    judgments = reps_of_each_style()
    return (
        ThresholdModel().fit(judgments, seed=1, engine="laplace"),
        RankModel().fit(judgments, seed=1, engine="laplace"),
    )


def test_from_outcomes_and_bars_alone_only_the_line_is_said(fits):
    style = describe_styles(*fits)
    assert style.style[6] == STARTS_LOWER
    assert style.style[7] == STARTS_HIGHER
    assert not set(style.style) & {READS_TOO_MUCH, CAUTIOUS}


def test_early_cuts_read_too_much_and_late_cuts_are_cautious_where_prospects_come_by_lot(fits):
    style = describe_styles(*fits, assignment="random")
    assert style.style[6] == READS_TOO_MUCH
    assert style.style[7] == CAUTIOUS
    assert not set(style.style[:6]) & {READS_TOO_MUCH, CAUTIOUS}


def test_where_case_mix_is_adjusted_for_reading_may_be_named(fits):
    threshold, rank = fits
    assert describe_styles(threshold, replace(rank, adjust_for=("segment",))).style[6] == READS_TOO_MUCH


def test_the_stated_sureness_is_that_of_the_whole_sentence(fits):
    # P(both) is at least P(bars) + P(outcomes) − 1, whatever their dependence
    style, profiles = describe_styles(*fits, assignment="random"), fits[1].profiles()
    bound = np.maximum(style.prob_lower + profiles["prob_below"] - 1.0, 0.0)
    np.testing.assert_allclose(style.prob_reads_too_much, bound)
    assert style.prob_style[6] == style.prob_reads_too_much[6] <= style.prob_lower[6]
    named = style.style != CANNOT_TELL
    assert (style.prob_style[named] >= 0.9).all()
    assert np.isnan(style.prob_style[~named]).all()


def test_what_is_stated_of_bars_is_what_is_tested(fits):
    # by the draws: bars below the mean of the other reps' by more than a quarter of the odds, and read the right way up
    threshold, rank = fits
    found, n = threshold.draws(), threshold.n
    mix = n.sum(axis=0)
    bars = found.bars @ ((mix[:-1] + mix[1:]) / (mix[:-1] + mix[1:]).sum())
    others = np.delete(bars, 6, axis=1).mean(axis=1)
    odds = (bars[:, 6] / (1 - bars[:, 6])) / (others / (1 - others))
    by_hand = np.mean((odds < 1 / 1.25) & (found.discrimination[:, 6] > 0))
    assert describe_styles(threshold, rank).prob_lower[6] == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", range(3))
def test_a_rep_of_a_poor_territory_is_never_said_to_read_too_much(seed):
    # twelve reps read alike; the prospects of one convert at e^−.9 of the others' odds
    rng, rates = np.random.default_rng(seed), np.array([0.5, 0.3, 0.12])
    n = np.tile([60, 90, 150], (12, 1))
    odds = rates / (1 - rates) * np.where(np.arange(12) == 0, np.exp(-0.9), 1.0)[:, None]
    judgments = counts(n, rng.binomial(n, odds / (1 + odds)))
    fits = ThresholdModel().fit(judgments, seed=1), RankModel().fit(judgments, seed=1)
    style = describe_styles(*fits)
    assert not set(style.style) & {READS_TOO_MUCH, CAUTIOUS}
    assert style.style[0] in (STARTS_LOWER, BELOW, CANNOT_TELL)


def test_nobody_is_named_with_fewer_than_thirty_judgments():
    n, events = np.tile([100, 100, 100], (6, 1)), np.tile([[60, 30, 10], [35, 15, 4], [80, 50, 25]], (2, 1))
    n[0], events[0] = [9, 10, 10], [0, 0, 0]
    judgments = counts(n, events)
    fits = ThresholdModel().fit(judgments, seed=1), RankModel().fit(judgments, seed=1)
    style = describe_styles(*fits, flag_prob=0.6, assignment="random")
    assert style.n[0] == 29
    assert style.style[0] == CANNOT_TELL
    profile = fits[1].profiles(flag_prob=0.6).iloc[0]
    assert profile["prob_below"] > 0.9
    assert profile["finding"] == CANNOT_TELL
    assert profile["n_more"] >= 1


def test_two_reps_have_no_others_to_be_set_against():
    judgments = counts([[100, 100, 100]] * 2, [[60, 30, 10], [90, 80, 70]])
    fits = ThresholdModel().fit(judgments, seed=1), RankModel().fit(judgments, seed=1)
    style = describe_styles(*fits)
    assert np.isnan(style.bar_gap_points).all()
    assert not set(style.style) & {STARTS_LOWER, STARTS_HIGHER}


@pytest.mark.parametrize("value", ["lot", True, 1])
def test_an_assignment_that_is_none_is_refused(fits, value):
    with pytest.raises(InputError, match="`assignment` must be 'random', or None"):
        describe_styles(*fits, assignment=value)


def test_the_table_has_one_row_a_rep_and_its_settings(fits):
    table = describe_styles(*fits, margin_odds=1.4).table
    assert len(table) == 9
    assert table.attrs == {"margin_odds": 1.4, "interval_prob": 0.9}
    assert (table["lower"] <= table["bar_gap_points"]).all()


def test_a_bar_below_the_others_is_a_negative_gap(fits):
    gap = describe_styles(*fits).bar_gap_points
    assert gap[6] < 0 < gap[7]


def test_nothing_is_said_of_bars_where_only_outcomes_differ(fits):
    # bars ten times the odds apart are none; outcomes half as good still are
    threshold, rank = fits
    style = describe_styles(threshold, rank, margin_odds=1.25)
    wide = describe_styles(threshold, rank, margin_odds=10.0)
    assert not set(wide.style) & {STARTS_LOWER, STARTS_HIGHER}
    assert style.style[8] in (STARTS_LOWER, BELOW)


def test_nothing_is_said_of_bars_where_ranks_stand_the_wrong_way_round():
    n = np.array([[100, 100, 100]] * 4)
    events = np.array([[60, 30, 10]] * 3 + [[5, 20, 40]])  # the last rep's ranks are upside down
    judgments = counts(n, events)
    wide = ThresholdPriors(discrimination_scale=HalfNormal(1.0))
    style = describe_styles(
        ThresholdModel(priors=wide).fit(judgments, seed=1, engine="laplace"),
        RankModel().fit(judgments, seed=1, engine="laplace"), margin_odds=1.01, assignment="random",
    )  # fmt: skip
    assert max(style.prob_lower[3], style.prob_higher[3]) < 0.1
    assert style.style[3] not in (READS_TOO_MUCH, CAUTIOUS, STARTS_LOWER, STARTS_HIGHER)


def test_fits_of_different_reps_are_refused(fits):
    other = fit_of([0.25, 0.25], A7_D, A7_CUTS)
    with pytest.raises(InputError, match="same reps, ranks and horizon"):
        describe_styles(other, fits[1])
