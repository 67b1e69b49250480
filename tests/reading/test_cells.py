import numpy as np
import pandas as pd
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import NotEnoughDataError
from calibra.reading.cells import indicator, pack_cells


def test_without_groups_every_rank_is_a_cell():
    packed = pack_cells(np.array([[True, False], [True, True]]), ())
    np.testing.assert_array_equal(packed.pack(np.array([[3, 0], [1, 2]])), [[3, 0], [1, 2]])
    np.testing.assert_array_equal(packed.rank, [0, 1])


def test_empty_cells_of_groups_are_left_out_and_nothing_else():
    n = np.zeros((2, 2, 3), dtype=int)
    n[0, 0, 2], n[0, 1, 0], n[1, 1, 1] = 5, 7, 9
    packed = pack_cells(n > 0, ("segment",))
    values = packed.pack(n)
    assert values.shape == (2, 2)
    assert values.sum() == n.sum()
    seen = {
        (r, int(packed.rank[r, c]), int(packed.groups["segment"][r, c]), int(v))
        for r in (0, 1)
        for c, v in enumerate(values[r])
        if v
    }
    assert seen == {(0, 0, 2, 5), (0, 1, 0, 7), (1, 1, 1, 9)}


def test_centred_indicators_are_zero_on_average():
    codes, shares = np.array([0, 0, 1, 2]), np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(indicator(codes, 3, shares).mean(axis=0), 0, atol=1e-12)


def test_no_model_is_fitted_to_counts_that_are_all_zero():
    scale = RankScale(["A", "B"], {"A": Promise(0.5, within_days=90)})
    ready = Judgments.from_counts(pd.DataFrame({"rep": ["a"], "rank": ["A"], "n": [0], "events": [0]}), scale=scale)
    cells = pd.DataFrame({"rep": ["a"], "rank": ["A"], "n": [0], "days": [10], "ending": ["event"]})
    durations = Judgments.from_cells(cells, scale=scale, as_of="2026-01-01")
    for model, judgments in ((RankModel(), ready), (ThresholdModel(), ready), (LeadTimeModel(), durations)):
        with pytest.raises(
            NotEnoughDataError, match=r"at least one judgment to be fitted to; every count \(`n`\) is 0"
        ):
            model.fit(judgments, seed=1)
