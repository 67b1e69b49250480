"""Lines of several groups on plain arrays: against lme4's published values, its limits, and groups with known lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.stats.forecasts.pooled import pooled_calibration


def logistic(linpred: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-linpred))


def forecasts(seed: int, sizes: list[int], lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, forecasts and groups, given each group's line."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    prob = rng.choice([0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9], group.size)
    x = np.log(prob / (1.0 - prob))
    return rng.random(group.size) < logistic(lines[group, 0] + lines[group, 1] * x), prob, group


def test_support2_gives_the_lines_of_lme4(shared_data: Path) -> None:
    # ACCEPTANCE A15: glmer, y ~ x + (1 + x | group), R lme4 1.1, Laplace.
    rows = pd.read_csv(shared_data / "support2" / "judgements.csv").dropna(subset=["p"])
    found = pooled_calibration(1 - rows["outcome"], rows["p"], rows["segment"])
    assert found.line == pytest.approx([0.3728, 0.6318], abs=1e-3)
    assert np.sqrt(np.diag(found.line_covariance)) == pytest.approx([0.160, 0.038], abs=1e-3)
    assert found.spread == pytest.approx([0.4391, 0.0856], abs=1e-3)
    assert found.correlation == pytest.approx(-0.06, abs=5e-3)
    published = {"ARF/MOSF w/Sepsis": (0.382, 0.711), "CHF": (1.061, 0.513), "Cirrhosis": (0.249, 0.639)}
    published |= {"Colon Cancer": (0.683, 0.652), "Coma": (0.025, 0.662), "COPD": (0.770, 0.650)}
    published |= {"Lung Cancer": (0.173, 0.688), "MOSF w/Malig": (-0.367, 0.523)}
    table = found.table.set_index("group")
    for group, line in published.items():
        assert table.loc[group, ["intercept", "slope"]].tolist() == pytest.approx(line, abs=1e-3)
    assert table["n"].sum() == 7456


def test_speed_dating_gives_the_line_of_lme4(shared_data: Path) -> None:
    # ACCEPTANCE A16: glmer, y ~ x + (1 | judge) + (0 + x | judge).
    rows = pd.read_csv(shared_data / "speed_dating" / "judgements.csv").dropna(subset=["rank"])
    stated = ((rows["rank"] - 0.5) / 10).clip(0.025, 0.975)
    found = pooled_calibration(rows["outcome"], stated, rows["rep"].astype(int), correlated=False)
    assert len(found.groups) == 550
    assert found.line == pytest.approx([-0.3044, 0.3380], abs=1e-3)
    assert np.sqrt(found.line_covariance[0, 0]) == pytest.approx(0.0504, abs=1e-3)
    assert found.spread == pytest.approx([0.9915, 0.1299], abs=1e-3)
    assert found.correlation == 0.0


def test_groups_with_many_forecasts_have_their_own_lines_and_those_with_few_are_drawn_in() -> None:
    lines = np.array([[-1.0, 0.6], [0.8, 1.2], [0.0, 1.0], [0.5, 0.8], [-0.4, 1.1], [1.5, 1.0]])
    y, prob, group = forecasts(1, [20_000] * 5 + [20], lines)
    found = pooled_calibration(y, prob, group)
    np.testing.assert_allclose(found.group_lines[:5], lines[:5], atol=0.08)
    own = (y[group == 5].mean(), prob[group == 5].mean())
    assert own[0] > own[1] + 0.05
    drawn = found.curve(0.5, group="5").estimate
    assert found.curve(0.5).estimate < drawn < own[0]


def test_the_curve_of_a_group_not_yet_seen_is_as_wide_as_groups_differ() -> None:
    rng = np.random.default_rng(3)
    lines = np.array([0.0, 0.9]) + rng.standard_normal((60, 2)) * [0.6, 0.2]
    found = pooled_calibration(*forecasts(3, [400] * 60, lines))
    at = np.array([0.2, 0.5, 0.8])
    truth = logistic(lines[:, :1] + lines[:, 1:] * np.log(at / (1 - at)))
    new, typical = found.curve(at, new=True), found.curve(at)
    inside = (new.lower <= truth) & (truth <= new.upper)
    assert inside.mean() == pytest.approx(0.9, abs=0.08)  # 60 groups: two deviations
    assert np.all(new.upper - new.lower > 3 * (typical.upper - typical.lower))
    own = [found.curve(at, group=group) for group in found.groups]
    held = np.array([(each.lower <= true) & (true <= each.upper) for each, true in zip(own, truth, strict=True)])
    assert held.mean() == pytest.approx(0.9, abs=0.06)


def test_groups_alike_have_hardly_any_spread_and_the_line_of_all() -> None:
    y, prob, group = forecasts(4, [1000] * 12, np.tile([0.3, 0.7], (12, 1)))
    found = pooled_calibration(y, prob, group)
    plain = cb.calibration_line(y, prob)
    assert found.spread.max() < 0.12
    assert found.line == pytest.approx([float(plain.intercept.estimate), float(plain.slope.estimate)], abs=0.03)


def test_the_order_of_rows_and_the_names_of_groups_do_not_matter() -> None:
    y, prob, group = forecasts(5, [100, 200, 300, 50], np.array([[0, 1], [0.5, 0.6], [-0.5, 1.2], [0, 1]], dtype=float))
    mixed = np.random.default_rng(1).permutation(len(y))
    one = pooled_calibration(y, prob, group)
    other = pooled_calibration(y[mixed], prob[mixed], np.array(list("dcba"))[group][mixed])
    np.testing.assert_allclose(one.group_lines, other.group_lines[::-1], atol=1e-3)


@pytest.mark.parametrize(
    ("y", "prob", "group", "words"),
    [
        ([1, 0], [0.2, 0.7], ["Abe", "Abe"], "`groups` must hold two groups or more; it holds one"),
        ([1, 0], [0.2, 70], ["Abe", "Ito"], r"`prob` must lie in \[0, 1\]"),
        ([1, 2], [0.2, 0.7], ["Abe", "Ito"], "`y` must be 0 or 1"),
        ([1, 0, 1], [0.2, 0.7, 0.1], ["Abe", "Ito"], "`groups` must be one label per row, 3"),
    ],
)
def test_what_cannot_be_meant_is_refused(y: list, prob: list, group: list, words: str) -> None:
    with pytest.raises(cb.InputError, match=words):
        pooled_calibration(y, prob, group)


def test_no_line_is_fitted_where_none_is_the_most_likely_one() -> None:
    with pytest.raises(cb.FitError, match="All outcomes are alike"):
        pooled_calibration([1, 1], [0.2, 0.7], ["Abe", "Ito"])
    with pytest.raises(cb.FitError, match="All forecasts are alike"):
        pooled_calibration([1, 0], [0.3, 0.3], ["Abe", "Ito"])
    for y in ([0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1]):  # the last in part: both come where .2 is forecast
        with pytest.raises(cb.FitError, match="parts all events from all that did not come"):
            pooled_calibration(y, [0.2, 0.2, 0.7, 0.8], ["Abe", "Ito", "Abe", "Ito"])
    y, prob, group = forecasts(5, [100, 200], np.array([[0, 1], [0.5, 0.6]], dtype=float))
    found = pooled_calibration(y, prob, group)
    with pytest.raises(cb.InputError, match="`group` must be one of the groups, and alone; got 'Abe'"):
        found.curve(0.5, group="Abe")
    with pytest.raises(cb.InputError, match=r"Write 70 % as 0\.7"):
        found.curve(70)
