"""Pictures of the lead-time model, read back from their artists."""

import numpy as np
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.pictures import plot_cumulative_incidence, plot_incidence_by_rep, plot_lead_times
from calibra.errors import InputError
from calibra.stats.survival.lifetable import aalen_johansen
from tests.chapters.lead_times.worlds import competing, judgments_of, scale_of


@pytest.fixture(scope="module")
def fit():
    """Two reps, two ranks; the name of one rep would be read as mathematics if it could."""
    days, ending = competing(400, seed=1, event_days=40.0)
    rep, rank = np.repeat(["Abe", "$x$"], 200), np.array(["A", "B"])[np.arange(400) % 2]
    judgments = judgments_of(days, ending, rep=rep, rank=rank, scale=scale_of("A", "B"))
    model = LeadTimeModel(interval_edges_days=(20, 60, 100))
    return model.fit(judgments, seed=1, engine="laplace", draws=300, progress=False)


def line(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


def test_lines_are_the_tables_shares_and_end_at_the_last_edge(fit):
    axes = plot_cumulative_incidence(fit)
    x, y = line(axes, "A (n 200)").get_data()
    table = fit.cumulative_incidence([20, 60, 100], by=("rank",))
    np.testing.assert_allclose(np.interp([20.5, 60.5, 100.5], x, y), table.estimate[:3])
    assert (x[0], y[0], x[-1]) == (0, 0, 100.5)
    assert axes.get_legend().get_title().get_text() == "all reps; band: 90% interval"


def test_bands_are_at_the_level_asked_for(fit):
    band = plot_cumulative_incidence(fit, interval_prob=0.5).collections[0].get_paths()[0].vertices
    table = fit.cumulative_incidence([100], by=("rank",), interval_prob=0.5)
    at_end = band[np.isclose(band[:, 0], 100.5), 1]
    np.testing.assert_allclose((at_end.min(), at_end.max()), (table.lower[0], table.upper[0]))


def test_steps_are_aalen_johansen(fit):
    x, y = line(plot_cumulative_incidence(fit), "Aalen–Johansen").get_data()
    rows = fit.counts.rank == 0
    curve = aalen_johansen(fit.counts.days[rows], fit.counts.ending[rows], weights=fit.counts.n[rows]).event
    assert y[np.searchsorted(x, 60, side="right") - 1] == pytest.approx(curve.at([60]).estimate[0])
    assert x.max() <= 100


def test_numbers_still_followed_stand_under_the_axis(fit):
    texts = [text.get_text() for text in plot_cumulative_incidence(fit).texts]
    followed = fit.counts.n[(fit.counts.rank == 0) & (fit.counts.days >= 100)].sum()
    assert texts[:6] == ["200", *texts[1:4], str(followed), "still followed"]


def test_one_rep_can_be_shown_and_an_unknown_one_is_refused(fit):
    axes = plot_cumulative_incidence(fit, rep="Abe")
    mine = fit.incidence_draws([100])[:, fit.reps.index("Abe"), 0, 0]
    assert line(axes, "A (n 100)").get_ydata()[-1] == pytest.approx(mine.mean())
    with pytest.raises(InputError, match=r"`rep` must be one of the 2 reps of the fit; got 'Cy'"):
        plot_cumulative_incidence(fit, rep="Cy")


def test_small_multiples_have_one_panel_a_rep_with_n(fit):
    figure = plot_incidence_by_rep(fit)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["$x$ (n 200)", "Abe (n 200)"]
    assert len(figure.legends[0].get_texts()) == 2
    figure.canvas.draw()


def test_no_panel_of_the_small_multiples_cuts_a_band_off(fit):
    figure = plot_incidence_by_rep(fit)
    highest = max(
        path.vertices[:, 1].max() for axes in figure.axes for band in axes.collections for path in band.get_paths()
    )
    assert all(axes.get_ylim()[1] > highest for axes in figure.axes)


def test_the_legend_stands_above_the_curves(fit):
    axes = plot_cumulative_incidence(fit)
    axes.figure.canvas.draw()
    assert axes.get_legend().get_window_extent().y0 >= axes.get_window_extent().y1


def test_the_forest_holds_every_rep_with_its_interval(fit):
    axes, table = plot_lead_times(fit), fit.tempo().set_index("rep")
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert sorted(label.split("  ")[0] for label in labels) == ["$x$", "Abe"]
    drawn = sorted(segment[:, 0].tolist() for group in axes.collections for segment in group.get_segments())
    np.testing.assert_allclose(drawn, sorted(table[["median_days_lower", "median_days_upper"]].to_numpy().tolist()))
    assert "within 100 days" in axes.get_xlabel()


def test_axes_given_are_drawn_on(fit):
    from matplotlib.figure import Figure

    own = Figure().subplots()
    assert plot_cumulative_incidence(fit, ax=own) is own
    assert plot_lead_times(fit, ax=Figure().subplots()).has_data()
