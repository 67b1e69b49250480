"""Rows sorted and grouped by their keys, as numpy does it one key at a time."""

from __future__ import annotations

import numpy as np
import pytest

from calibra.data.counting.tabulate import sort_and_group


@pytest.mark.parametrize("spread", [3, 2**20, 2**40], ids=["narrow", "as wide as fits", "too wide for one number"])
def test_rows_are_grouped_alike_however_wide_their_keys_are(spread: int) -> None:
    rng = np.random.default_rng(5)
    drawn = rng.integers(-spread, spread, (400, 3)).astype(np.int64)
    rows = np.concatenate([drawn, drawn[::2]])
    wanted, first, n = np.unique(rows, axis=0, return_index=True, return_counts=True)
    distinct, order, starts = sort_and_group(list(rows.T))
    assert np.array_equal(np.stack(distinct, axis=1), wanted)
    assert np.array_equal(np.add.reduceat(np.ones(len(rows), dtype=int)[order], starts), n)
    assert np.array_equal(rows[order[starts]], rows[first])
    assert sorted(order) == list(range(len(rows)))


def test_no_row_is_no_group() -> None:
    distinct, order, starts = sort_and_group([np.zeros(0, dtype=np.int64)] * 2)
    assert [values.size for values in (*distinct, order, starts)] == [0, 0, 0, 0]
