"""Net benefit against the published tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.errors import InputError
from calibra.stats.net_benefit import avoided_per_100

CUTS = [0.05, 0.10, 0.15, 0.20, 0.25, 0.35]


def test_the_tutorial_of_dcurves_comes_out_to_the_digits(shared_data: Path) -> None:
    """R dcurves, benchmark file; Python dcurves 1.1.7 agrees."""
    rows = pd.read_csv(shared_data / "decision_curve" / "df_binary.csv")
    y = rows["cancer"].astype(float)
    curve = cb.decision_curve(y, rows["cancerpredmarker"], CUTS)
    assert (curve.n, curve.events) == (750, 105)
    everybody = [0.094737, 0.044444, -0.011765, -0.075, -0.146667, -0.323077]
    assert curve.work_all == pytest.approx(everybody, abs=5e-7)
    marker = [0.105544, 0.087407, 0.079216, 0.067333, 0.064, 0.050154]
    assert curve.by_forecast == pytest.approx(marker, abs=5e-7)
    history = cb.decision_curve(y, rows["famhistory"], CUTS).by_forecast
    assert history == pytest.approx([0.025614, 0.018519, 0.010588, 0.001667, -0.008444, -0.033333], abs=5e-7)
    published = pd.read_csv(shared_data / "decision_curve" / "r_net_benefit.csv")
    theirs = published[(published["variable"] == "cancerpredmarker") & published["threshold"].between(0.01, 0.35)]
    ours = cb.decision_curve(y, rows["cancerpredmarker"], theirs["threshold"].to_numpy())
    assert ours.by_forecast == pytest.approx(theirs["net_benefit"].to_numpy(), abs=1e-9)
    assert list(curve.table.columns) == ["threshold", "by_forecast", "work_all", "avoided_per_100", "n"]


def test_a_published_table_of_working_all_comes_out() -> None:
    """PMC6993280, table 4: prevalence 0.30; 17 of 100 avoided at 0.10, where the forecast has 0.241."""
    cuts = np.array([0.05, 0.10, 0.20, 0.40, 0.60, 0.80])
    everybody = cb.net_benefit(0.30, cuts, hits=1.0, alarms=1.0)
    assert everybody == pytest.approx([0.263, 0.222, 0.125, -0.167, -0.750, -2.5], abs=5e-4)
    assert float(avoided_per_100(0.241, 0.2222, 0.10)) == pytest.approx(17, abs=0.5)
    # at 0.50 working all is 0.30 − 0.70 = −0.40, and a forecast with 0.14 avoids (0.14 + 0.40) × 100 = 54
    assert float(avoided_per_100(0.14, cb.net_benefit(0.30, 0.5, hits=1, alarms=1), 0.5)) == pytest.approx(54)


def test_money_by_hand_is_net_benefit_times_what_is_left_of_the_value() -> None:
    """Ranks .2 .3 .5 with p .6 .3 .1, V 10, c 2, A and B worked: .2 · 4 + .3 · 1 = 1.1."""
    hits, alarms = (0.12 + 0.09) / 0.26, (0.08 + 0.21) / 0.74
    assert float(cb.net_benefit(0.26, 0.2, hits=hits, alarms=alarms)) * 8 == pytest.approx(1.1)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="`threshold` must be from 0 to below 1"):
        cb.net_benefit(0.3, 1.0, hits=1, alarms=1)
    with pytest.raises(InputError, match="`hits` must be shares from 0 to 1"):
        cb.net_benefit(0.3, 0.2, hits=2, alarms=1)
    with pytest.raises(InputError, match="`y` and `prob` must be equally long"):
        cb.decision_curve([1, 0], [0.5], [0.1])
    with pytest.raises(InputError, match="`y` must hold 0 and 1 alone"):
        cb.decision_curve([2, 0], [0.5, 0.2], [0.1])
