"""The pictures of thresholds, read back."""

import numpy as np
import pytest

from calibra.chapters.granularity.merges import Granularity
from calibra.chapters.granularity.pictures import plot_granularity
from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.pictures import MOST_ROWS, plot_bars, plot_share_moves
from calibra.errors import InputError
from calibra.reading.means import WITHIN_REPS
from tests.chapters.thresholds.worlds import A7_CUTS, A7_D, fit_of, scale_with


@pytest.fixture(scope="module")
def advice():
    cuts = [A7_CUTS, (2.2, 0.5, -0.4, -1.1), (1.7, 0.4, -0.4, -1.1)]
    fit = fit_of([0.25] * 3, A7_D, cuts, scale=scale_with({"A": 0.6, "B": 0.3}), spread=0.02)
    return recommend_thresholds(fit)


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_bars_stand_beside_their_aim_with_interval_and_n(advice):
    axes = plot_bars(advice)
    drawn = {line.get_label(): line.get_xdata() for line in axes.lines}
    table = advice.table.query("rank == 'A'").sort_values("bar_now", ascending=False)
    np.testing.assert_allclose(drawn["bar now"], table["bar_now"])
    np.testing.assert_allclose(drawn["bar that meets the aim (promise)"], table["bar_target"])
    assert "90% interval" in legend_of(axes)
    assert all("n 280" in label.get_text() for label in axes.get_yticklabels())
    assert "within 90 days" in axes.get_xlabel()


def test_shares_carry_their_verdict_and_arrows_only_where_a_move_is_advised(advice):
    axes = plot_share_moves(advice)
    verdicts = advice.table.query("rank == 'A'")["verdict"].tolist()
    assert f"tighten: {verdicts.count('tighten')}" in legend_of(axes)
    assert len(axes.texts) == sum(verdict in ("tighten", "loosen") for verdict in verdicts)
    assert {"recommended, 80% interval", "now, 80% interval"} <= set(legend_of(axes))
    assert "the table holds the other thresholds" in axes.get_xlabel()
    (lower, _), (upper, _) = axes.collections[1].get_segments()[0]
    row = advice.table.query("rank == 'A' and verdict == 'tighten'").iloc[0]
    assert (lower, upper) == (row["share_now_lower"], row["share_now_upper"])


def test_lower_ranks_are_read_as_that_rank_or_better(advice):
    assert "called B or better" in plot_bars(advice, rank="B").get_xlabel()


def test_a_rank_without_advice_is_refused(advice):
    with pytest.raises(InputError, match="`rank` must be one of A, B; got 'E'"):
        plot_bars(advice, rank="E")


def test_of_very_many_reps_the_largest_gaps_are_drawn():
    n_reps = MOST_ROWS + 10
    cuts = np.tile(A7_CUTS, (n_reps, 1))
    cuts[:, 0] += np.linspace(0.0, 1.0, n_reps)
    advice = recommend_thresholds(fit_of([0.25] * n_reps, A7_D, cuts, draws=100))
    assert len(plot_share_moves(advice).get_yticklabels()) == MOST_ROWS


def test_the_ladder_says_what_is_merged():
    columns = {
        "rep": np.array([WITHIN_REPS] * 2, dtype=object), "better": np.array(["A$x$", "B"], dtype=object),
        "worse": np.array(["B", "C"], dtype=object), "estimate": np.array([20.0, 1.0]),
        "lower": np.array([15.0, -2.0]), "upper": np.array([25.0, 4.0]), "prob_apart": np.array([1.0, 0.1]),
        "n_better": np.array([100, 200]), "n_worse": np.array([200, 1300]),
    }  # fmt: skip
    found = Granularity((("A$x$",), ("B", "C")), (), columns, (), 1.25, {"interval_prob": 0.9})
    axes = plot_granularity(found)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["A$x$ − B: apart  n 100, 200", "B − C: merge  n 200, 1,300"]
    assert "90% interval" in legend_of(axes)
