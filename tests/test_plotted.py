"""Results draw themselves: by the public function for them, as a notebook shows it."""

import inspect
import typing

import pytest

import calibra as cb
from calibra.plotted import Plotted
from tests.calibrated import calibrated


def kinds() -> list[type[Plotted]]:
    """Every kind of result with a picture; naming it imports its module."""
    for name in cb.__all__:
        getattr(cb, name)
    return sorted(Plotted.__subclasses__(), key=lambda kind: kind.__name__)


def test_thirteen_results_have_a_picture() -> None:
    names = {kind.__name__ for kind in kinds()}
    assert {"RankFit", "LeadTimeFit", "ThresholdAdvice", "Granularity", "Funnel", "ReliabilityCurve"} <= names
    assert len(names) == 13


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_the_picture_is_the_public_function_that_takes_this_result(kind: type[Plotted]) -> None:
    assert kind.picture in cb.__all__
    first = next(iter(inspect.signature(getattr(cb, kind.picture)).parameters.values()))
    assert str(first.annotation) == kind.__name__


def test_it_is_drawn_with_the_settings_given_and_a_notebook_shows_it() -> None:
    curve = cb.reliability_curve([0, 1, 1, 0, 1], [0.1, 0.5, 0.7, 0.2, 0.9])
    axes = curve.plot()
    assert axes.get_xlabel() == cb.plot_reliability(curve).get_xlabel()
    for shown in (axes, axes.figure):
        assert typing.cast(typing.Any, shown)._repr_png_().startswith(b"\x89PNG")
    again = curve.plot(ax=axes)
    assert again is axes


def test_a_notebook_shows_the_main_table_with_each_interval_in_one_cell() -> None:
    fit = calibrated().ranks[60]
    told = fit._repr_html_()
    row = fit.probabilities().set_index(["rep", "rank"]).loc[("Aoki", "A")]
    assert f"<td>{row['estimate']:.3g} ({row['lower']:.3g}–{row['upper']:.3g})</td>" in told
    assert "RankFit.probabilities()" in told
    assert "engine laplace" in told  # the same in all rows: told once
    assert told.count("<th>") <= 8


def test_labels_in_a_notebook_are_text() -> None:
    curve = cb.reliability_curve([0, 1, 1, 0], [0.1, 0.5, 0.7, 0.2], groups=["<b>x</b>", "<b>x</b>", "y", "y"])
    assert "<b>x</b>" not in curve._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in curve._repr_html_()


def test_a_long_table_is_cut_and_says_so() -> None:
    told = cb.funnel([10] * 40, [3] * 40)._repr_html_()
    assert "10 more rows" in told
    assert told.count("<tr") == 31


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_result_names_a_table_that_it_has(kind: type[Plotted]) -> None:
    assert hasattr(kind, kind.shown)
