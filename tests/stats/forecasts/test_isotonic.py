"""Isotonic recalibration against scikit-learn, and the merging of cells."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.isotonic import IsotonicRegression

from calibra.stats.forecasts.cells import pool_forecasts
from calibra.stats.forecasts.isotonic import coarsen, fit_isotonic

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(1, 5)), min_size=1, max_size=60)


@given(rows)
def test_curve_is_that_of_scikit_learn_on_weighted_data_with_ties(rows: list[tuple[bool, int, int]]) -> None:
    y, prob, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    prob, weights = prob / 12, weights / 3
    cells = pool_forecasts(y, prob, weights=weights)
    expected = IsotonicRegression().fit(prob, y, sample_weight=weights).predict(cells.prob)
    np.testing.assert_allclose(fit_isotonic(cells).values, expected, atol=1e-10)


def test_blocks_are_where_the_curve_is_flat() -> None:
    fit = fit_isotonic(pool_forecasts([0, 1, 0, 1], [0.2, 0.3, 0.4, 0.9]))
    assert fit.values.tolist() == [0.0, 0.5, 0.5, 1.0]
    assert fit.starts.tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize("n", [2001, 30_000])
def test_merged_cells_keep_every_row_and_event_and_stay_fine_at_the_ends(n: int) -> None:
    rng = np.random.default_rng(3)
    prob = rng.random(n)
    cells = pool_forecasts(rng.random(n) < prob, prob)
    merged = coarsen(cells)
    assert merged.prob.size <= 2100
    assert merged.n.sum() == n
    assert merged.event_weight.sum() == cells.event_weight.sum()
    assert (np.diff(merged.prob) > 0).all()
    assert merged.n[:16].tolist() == merged.n[-16:].tolist() == [1] * 16


def test_few_cells_are_not_merged() -> None:
    cells = pool_forecasts([0, 1], [0.2, 0.7])
    assert coarsen(cells) is cells
