"""Who reads too much: said of bars, and only where outcomes point the same way."""

import numpy as np
import pytest
from tests.decisions.worlds import A7_CUTS, A7_D, fit_of, reps_of_each_style
from tests.models.worlds import counts

from calibra.decisions.style import BELOW, CAUTIOUS, READS_TOO_MUCH, describe_styles
from calibra.errors import InputError
from calibra.inference.priors import HalfNormal
from calibra.models.rank import RankModel
from calibra.models.threshold import ThresholdModel, ThresholdPriors


@pytest.fixture(scope="module")
def fits():
    judgments = reps_of_each_style()
    return (
        ThresholdModel().fit(judgments, seed=1, engine="laplace"),
        RankModel().fit(judgments, seed=1, engine="laplace"),
    )


def test_early_cuts_read_too_much_and_late_cuts_are_cautious(fits):
    style = describe_styles(*fits)
    assert style.style[6] == READS_TOO_MUCH
    assert style.style[7] == CAUTIOUS
    assert not set(style.style[:6]) & {READS_TOO_MUCH, CAUTIOUS}


def test_the_table_has_one_row_a_rep_and_its_settings(fits):
    table = describe_styles(*fits, margin_points=4.0).table
    assert len(table) == 9
    assert table.attrs == {"margin_points": 4.0, "interval_prob": 0.9}
    assert (table["lower"] <= table["bar_gap_points"]).all()


def test_a_bar_below_all_reps_is_a_negative_gap(fits):
    gap = describe_styles(*fits).bar_gap_points
    assert gap[6] < 0 < gap[7]


def test_nothing_is_said_of_reading_where_only_outcomes_differ(fits):
    # bars within a margin of 40 points say nothing; outcomes still do
    style = describe_styles(*fits, margin_points=40.0)
    assert style.style[8] == BELOW
    assert READS_TOO_MUCH not in set(style.style)


def test_nothing_is_said_of_reading_where_ranks_stand_the_wrong_way_round():
    n = np.array([[100, 100, 100]] * 4)
    events = np.array([[60, 30, 10]] * 3 + [[5, 20, 40]])  # the last rep's ranks are upside down
    judgments = counts(n, events)
    wide = ThresholdPriors(discrimination_scale=HalfNormal(1.0))
    style = describe_styles(
        ThresholdModel(priors=wide).fit(judgments, seed=1, engine="laplace"),
        RankModel().fit(judgments, seed=1, engine="laplace"), margin_points=0.1,
    )  # fmt: skip
    assert max(style.prob_reads_too_much[3], style.prob_cautious[3]) > 0.9
    assert style.style[3] not in (READS_TOO_MUCH, CAUTIOUS)


def test_fits_of_different_reps_are_refused(fits):
    other = fit_of([0.25, 0.25], A7_D, A7_CUTS)
    with pytest.raises(InputError, match="same reps, ranks and horizon"):
        describe_styles(other, fits[1])
