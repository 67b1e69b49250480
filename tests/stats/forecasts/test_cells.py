"""The door of the calibration mathematics, and pooling of ties."""

import numpy as np
import pytest

from calibra.errors import InputError
from calibra.stats.forecasts.cells import cells_from_counts, check_forecasts, pool_forecasts


def test_pooled_by_hand() -> None:
    cells = pool_forecasts([1, 0, 1, 0], [0.7, 0.2, 0.7, 0.7], weights=[1.0, 2.0, 3.0, 0.5])
    assert cells.prob.tolist() == [0.2, 0.7]
    assert cells.n.tolist() == [1, 3]
    assert cells.weight.tolist() == [2.0, 4.5]
    assert cells.event_weight.tolist() == [0.0, 4.0]
    assert cells.effective_n == pytest.approx([1.0, 4.5**2 / (1 + 9 + 0.25)])


def test_unit_weights_are_no_weights() -> None:
    y, prob = [1, 0, 1, 0, 0], [0.5, 0.5, 0.1, 0.9, 0.9]
    plain, unit = pool_forecasts(y, prob), pool_forecasts(y, prob, weights=np.ones(5))
    for name in ("prob", "n", "weight", "event_weight", "weight_sq", "event_weight_sq"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(unit, name))
    assert not unit.weighted


def test_extreme_forecasts_pool_and_keep_their_order() -> None:
    tiny = 5e-324
    cells = pool_forecasts([1, 0, 0, 1, 1], [0.0, -0.0, tiny, 1.0, np.nextafter(1.0, 0.0)])
    assert cells.prob.tolist() == [0.0, tiny, np.nextafter(1.0, 0.0), 1.0]
    assert cells.n.tolist() == [2, 1, 1, 1]
    assert cells.event_weight.tolist() == [1.0, 0.0, 1.0, 1.0]


def test_strided_columns_are_read_and_left_unchanged() -> None:
    block = np.array([[0.3, 1.0], [0.1, 0.0], [0.3, 0.0]])
    before = block.copy()
    assert pool_forecasts(block[:, 1], block[:, 0]).n.tolist() == [1, 2]
    np.testing.assert_array_equal(block, before)


def test_rows_of_weight_zero_are_left_out_with_their_group() -> None:
    checked = check_forecasts([1, 0, 1], [0.2, 0.4, 0.6], weights=[1, 0, 2], groups=["a", "b", "c"])
    assert checked.groups == ("a", "c")
    assert [cells.n.tolist() for cells in checked.cells()] == [[1], [1]]


def test_counts_of_one_forecast_in_two_rows_are_added() -> None:
    cells = cells_from_counts([0.6, 0.2, 0.6], [10, 40, 5], [5, 8, 1])
    assert cells.n.tolist() == [40, 15]
    assert cells.event_weight.tolist() == [8.0, 6.0]


@pytest.mark.parametrize(
    ("y", "prob", "extra", "message"),
    [
        ([], [], {}, "`y` must hold at least one outcome"),
        ([0, 2, 1], [0.1, 0.2, 0.3], {}, r"`y` must be 0 or 1; found 1 other values \(row 1: 2\)"),
        ([0, 1], [0.1, 120.0], {}, r"`prob` must lie in \[0, 1\]; found 1 other values \(row 1: 120\).*percent"),
        ([0, 1], [np.nan, 0.4], {}, r"`prob` must lie in \[0, 1\].*row 0: nan"),
        ([0, 1], [0.4], {}, "`prob` must have as many values as `y`, 2; it has 1"),
        ([0, 1], [[0.4, 0.2]], {}, "`prob` must have one dimension; it has 2"),
        (["no", "yes"], [0.4, 0.2], {}, "`y` must be numbers"),
        ([0, None], [0.4, 0.2], {}, "`y` must be 0 or 1.*row 1: nan"),
        ([0, 1], [0.4, 0.2], {"weights": [1, -1]}, "`weights` must be finite and not negative.*row 1: -1"),
        ([0, 1], [0.4, 0.2], {"weights": [0, 0]}, "`weights` must not all be zero"),
        ([0, 1], [0.4, 0.2], {"groups": ["a"]}, "`groups` must be one label per row, 2"),
        ([0, 1], [0.4, 0.2], {"groups": ["a", None]}, "`groups` must not be missing; 1 rows"),
    ],
)
def test_bad_input_is_named(y: list, prob: list, extra: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_forecasts(y, prob, **extra)


@pytest.mark.parametrize(
    ("n", "events", "message"),
    [
        ([0, 3], [0, 1], "`n` must be whole numbers above 0.*row 0: 0"),
        ([2, 3], [1, 4], "`events` must be whole numbers from 0 to n.*row 1: 4"),
        ([2], [1], "`prob`, `n` and `events` must have one length; got 2, 1 and 1"),
    ],
)
def test_bad_counts_are_named(n: list, events: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cells_from_counts([0.2, 0.4], n, events)
