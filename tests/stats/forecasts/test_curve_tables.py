"""What a reliability curve's table holds: the curve, and the ends of its bands at every forecast."""

import numpy as np
import pytest

from calibra.errors import InputError
from calibra.stats.forecasts.curve_tables import CalibrationBand
from calibra.stats.forecasts.reliability import reliability_curve

RNG = np.random.default_rng(3)
PROB = np.round(RNG.random(300), 1)
Y = (RNG.random(300) < PROB).astype(int)


def test_the_table_holds_the_bands_at_every_forecast() -> None:
    curve = reliability_curve(Y, PROB, groups=np.where(np.arange(300) % 3, "a", "b"))
    table = curve.table
    for band in (curve.consistency, curve.confidence):
        assert isinstance(band, CalibrationBand)
        edges = band.table.set_index(["group", "prob"])
        for row in table.itertuples():
            at = edges.loc[(row.group, row.prob)]
            assert getattr(row, f"{band.kind}_lower") == pytest.approx(at["lower"])
            assert getattr(row, f"{band.kind}_upper") == pytest.approx(at["upper"])


def test_a_band_that_was_not_asked_for_has_no_columns() -> None:
    table = reliability_curve(Y, PROB, consistency="none").table
    assert [name for name in table.columns if name.endswith("lower")] == ["confidence_lower"]


def test_every_forecast_of_a_bin_has_the_band_of_the_bin() -> None:
    curve = reliability_curve(Y, PROB, method="fixed", n_bins=2)
    assert curve.confidence is not None
    ends = curve.confidence.table["lower"].tolist()
    assert curve.table["confidence_lower"].tolist() == pytest.approx(
        [ends[0] if prob < 0.5 else ends[1] for prob in curve.table["prob"]]
    )


def test_bins_may_have_edges_of_their_own() -> None:
    bins = reliability_curve(Y, PROB, method="fixed", bin_edges=[0, 0.25, 0.7, 1]).bins
    # an edge belongs to the bin above it: 0.7 is of the last
    assert list(zip(bins.prob_min, bins.prob_max, strict=True)) == [(0.0, 0.2), (0.3, 0.6), (0.7, 1.0)]
    assert bins.n.tolist() == [(PROB < 0.25).sum(), ((PROB > 0.25) & (PROB < 0.65)).sum(), (PROB > 0.65).sum()]
    assert bins.rate[1] == pytest.approx(Y[(PROB > 0.25) & (PROB < 0.65)].mean())


@pytest.mark.parametrize("edges", [[0, 0.5], [0, 0.6, 0.4, 1], [1], [0, 0, 1]])
def test_edges_that_do_not_rise_from_0_to_1_are_refused(edges: list[float]) -> None:
    with pytest.raises(InputError, match="`bin_edges` must rise from 0 to 1"):
        reliability_curve(Y, PROB, method="fixed", bin_edges=edges)


def test_edges_are_those_of_fixed_bins() -> None:
    with pytest.raises(InputError, match=r"`bin_edges` are those of method='fixed'; got method='quantile'"):
        reliability_curve(Y, PROB, method="quantile", bin_edges=[0, 0.5, 1])
    with pytest.raises(InputError, match="`n_bins` must be a whole number"):
        reliability_curve(Y, PROB, method="fixed", n_bins=[0, 0.5, 1])
