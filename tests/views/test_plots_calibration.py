"""Plots of calibration, read back from their artists."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

from calibra.chapters.ranks.pictures import plot_probabilities
from calibra.chapters.thresholds.pictures import plot_bars
from calibra.errors import CalibraWarning, InputError
from calibra.stats.forecasts.decomposition import decompose
from calibra.stats.forecasts.reliability import ReliabilityCurve, reliability_curve
from calibra.stats.funnel import funnel
from calibra.views.plot_decomposition import plot_decomposition
from calibra.views.plot_funnel import plot_funnel
from calibra.views.plot_reliability import plot_reliability
from tests.calibrated import calibrated


@pytest.fixture
def curve() -> ReliabilityCurve:
    rng = np.random.default_rng(1)
    prob = rng.random(300)
    return reliability_curve(rng.random(300) < prob, prob)


def legend(axes: Axes) -> list[str]:
    """Texts of the legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_reliability_shows_the_curve_its_bands_with_their_level_and_n(curve: ReliabilityCurve) -> None:
    axes = plot_reliability(curve)
    line = next(line for line in axes.lines if line.get_label() == "isotonic curve")
    drawn = np.interp(curve.cases.prob, line.get_xdata(), line.get_ydata())
    np.testing.assert_allclose(drawn, curve.cases.recalibrated, atol=1e-12)
    told = [" ".join(text.split()) for text in legend(axes)]
    assert curve.consistency.label in told
    assert curve.confidence.label in told
    assert curve.confidence.label.endswith("(smooth, pointwise; assumes that the true curve is smooth)")
    assert "n = 300" in axes.get_xlabel()


def test_counts_stand_along_the_axis_in_proportion(curve: ReliabilityCurve) -> None:
    axes = plot_reliability(curve)
    heights = axes.patches[0].get_data().values
    counts, _ = np.histogram(curve.cases.prob, bins=40, range=(0, 1))
    np.testing.assert_allclose(heights / heights.max(), counts / counts.max())


def test_exact_bands_are_bars_at_each_forecast() -> None:
    curve = reliability_curve([0, 1, 0, 1, 1], [0.2, 0.2, 0.6, 0.6, 0.9])
    axes = plot_reliability(curve)
    bars = next(one for one in axes.collections if one.get_label() == curve.confidence.label)
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, np.column_stack([curve.confidence.edges.lower, curve.confidence.edges.upper]))


def test_a_group_must_be_named_where_there_are_several() -> None:
    curve = reliability_curve([0, 1, 1], [0.2, 0.4, 0.6], groups=["Abe", "Mori", "Mori"])
    assert "n = 2" in plot_reliability(curve, group="Mori").get_xlabel()
    with pytest.raises(InputError, match="`group` must be one of Abe, Mori; got None"):
        plot_reliability(curve)


def test_binned_curves_are_drawn_as_points() -> None:
    curve = reliability_curve([0, 1, 1, 0], [0.1, 0.4, 0.6, 0.9], method="fixed", n_bins=2)
    axes = plot_reliability(curve)
    points = next(line for line in axes.lines if line.get_label() == "fixed bins")
    assert points.get_ydata().tolist() == [0.5, 0.5]
    assert "isotonic curve" not in legend(axes)


def test_decomposition_puts_each_group_at_its_parts_with_n() -> None:
    rng = np.random.default_rng(2)
    prob = rng.integers(1, 10, 200) / 10
    result = decompose(rng.random(200) < prob, prob, groups=np.repeat(["Abe", "Mori"], 100), n_resamples=50)
    axes = plot_decomposition(result)
    points = next(line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_xdata(), result.miscalibration.estimate)
    np.testing.assert_array_equal(points.get_ydata(), result.discrimination.estimate)
    assert [text.get_text() for text in axes.texts] == ["Abe (n = 100)", "Mori (n = 100)"]
    assert "90% interval (approximate)" in legend(axes)


def test_groups_that_cannot_be_drawn_are_counted() -> None:
    with pytest.warns(CalibraWarning, match="infinite"):
        result = decompose([0, 1, 0, 1], [1.0, 0.5, 0.2, 0.9], groups=["a", "a", "b", "b"], rule="log", n_resamples=0)
    assert "1 groups with an infinite score not shown" in plot_decomposition(result).get_xlabel()


def test_funnel_marks_exactly_those_beyond_the_limits() -> None:
    result = funnel([100, 100, 100, 20], [30, 28, 62, 9], labels=list("abcd"), target=0.3)
    axes = plot_funnel(result, adjusted=False)
    marked = next(line for line in axes.lines if line.get_label().startswith("beyond"))
    assert marked.get_ydata().tolist() == [0.62]
    assert [text.get_text() for text in axes.texts] == ["c"]
    assert "95.0% limits" in legend(axes)
    assert "target: 30.0%" in legend(axes)
    assert "chance only" in axes.get_xlabel()


def test_a_funnel_tells_of_over_dispersion_only_where_it_is() -> None:
    calm = funnel([100, 100, 100], [30, 31, 29])
    wild = funnel([100, 100, 100], [10, 30, 60])
    assert "chance only, no over-dispersion, φ = 0" in plot_funnel(calm).get_xlabel()
    assert "adjusted for over-dispersion, φ = " in plot_funnel(wild).get_xlabel()


def test_given_axes_are_used(curve: ReliabilityCurve) -> None:
    from matplotlib.figure import Figure

    one, two, three = Figure().subplots(1, 3)
    assert plot_reliability(curve, ax=one) is one
    assert plot_decomposition(decompose([0, 1], [0.2, 0.7], n_resamples=0), ax=two) is two
    assert plot_funnel(funnel([9, 8], [3, 4]), ax=three) is three


@pytest.mark.parametrize("draw", [plot_reliability, plot_decomposition, plot_funnel, plot_probabilities, plot_bars])
def test_a_picture_refuses_what_it_cannot_draw_and_says_where_that_is(draw: Callable[[object], Axes]) -> None:
    with pytest.raises(InputError, match=r"This picture draws a [A-Z]\w+; got Calibration"):
        draw(calibrated())
