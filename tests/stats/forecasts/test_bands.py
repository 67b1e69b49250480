"""Bands hold what they promise: a reduced run of `studies.bands` with wide margins, and the constructions."""

from collections.abc import Callable

import numpy as np
import pytest

from calibra.stats.forecasts import bands
from calibra.stats.forecasts.cells import ForecastCells, cells_from_counts, pool_forecasts
from calibra.stats.forecasts.isotonic import fit_isotonic

Draw = Callable[[np.random.Generator], np.ndarray]
DESIGNS: dict[str, Draw] = {
    "few": lambda rng: rng.choice([0.05, 0.15, 0.3, 0.45, 0.6], 400),
    "uniform": lambda rng: rng.random(400),
    "concentrated": lambda rng: rng.beta(2, 30, 400),
}


def steeper(prob: np.ndarray) -> np.ndarray:
    """A truth more extreme than the forecasts."""
    odds = (prob / (1 - prob)) ** 1.6
    return odds / (1 + odds)


def step(prob: np.ndarray) -> np.ndarray:
    """A truth with one jump: the hardest for windows that reach across it."""
    return np.where(prob < 0.25, 0.1, 0.7)


def coverage(band: Callable, draw: Draw, truth: Callable, n_sets: int) -> tuple[np.ndarray, float]:
    """Share of sets holding the truth, per fifth of the grid, and share of sets holding all of it."""
    rng = np.random.default_rng(31)
    fifths, whole = [], []
    for _ in range(n_sets):
        prob = draw(rng)
        ends = band(pool_forecasts(rng.random(prob.size) < truth(prob), prob), interval_prob=0.9)
        held = (ends.lower <= truth(ends.prob)) & (truth(ends.prob) <= ends.upper)
        fifths.append([part.mean() for part in np.array_split(held, 5)])
        whole.append(held.all())
    return np.mean(fifths, axis=0), float(np.mean(whole))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("truth", [lambda prob: prob, steeper, step], ids=["calibrated", "steeper", "step"])
def test_pointwise_confidence_bands_hold_the_true_curve_everywhere_along_it(design: str, truth: Callable) -> None:
    fifths, _ = coverage(bands.confidence_windows, DESIGNS[design], truth, 100)
    assert fifths.min() > 0.82  # 90 % less 2.7 Monte Carlo standard errors


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("truth", [lambda prob: prob, steeper, step], ids=["calibrated", "steeper", "step"])
def test_honest_bands_hold_the_whole_true_curve(design: str, truth: Callable) -> None:
    _, whole = coverage(bands.confidence_honest, DESIGNS[design], truth, 25)
    assert whole >= 0.8


@pytest.mark.parametrize("design", DESIGNS)
def test_consistency_bands_hold_the_curve_of_calibrated_forecasts(design: str) -> None:
    rng = np.random.default_rng(32)
    held = []
    for _ in range(30):
        prob = DESIGNS[design](rng)[:150]
        cells = pool_forecasts(rng.random(prob.size) < prob, prob)
        ends = bands.consistency_simulated(cells, interval_prob=0.95, rng=rng)
        curve = np.interp(ends.prob, cells.prob, fit_isotonic(cells).values)
        held.append(((ends.lower - 1e-12 <= curve) & (curve <= ends.upper + 1e-12)).mean())
    assert 0.91 < np.mean(held) < 0.995


def test_exact_consistency_band_holds_each_rate_with_at_least_its_level() -> None:
    rng = np.random.default_rng(33)
    stated, n = np.array([0.02, 0.1, 0.3, 0.6]), np.array([15, 40, 33, 21])
    ends = bands.consistency_exact(cells_from_counts(stated, n, n // 2), interval_prob=0.9)
    rate = rng.binomial(n, stated, size=(20_000, 4)) / n
    assert (((ends.lower <= rate) & (rate <= ends.upper)).mean(axis=0) > 0.895).all()


def test_windows_are_chosen_without_a_look_at_the_outcomes() -> None:
    """The lower end at the greatest forecast depends on the events inside its window only."""
    prob = np.linspace(0.01, 0.99, 300)
    y = np.random.default_rng(4).random(300) < prob
    moved = y.copy()
    moved[:5] = ~moved[:5]
    first, second = (bands.confidence_windows(pool_forecasts(one, prob), interval_prob=0.9) for one in (y, moved))
    assert first.lower[-1] == second.lower[-1] > 0.7


def test_grids_are_bounded_however_many_forecasts_there_are() -> None:
    rng = np.random.default_rng(5)
    prob = rng.random(60_000)
    cells: ForecastCells = pool_forecasts(rng.random(60_000) < prob, prob)
    assert bands.confidence_windows(cells, interval_prob=0.9).prob.size == bands.MAX_GRID
    assert bands.confidence_honest(cells, interval_prob=0.9).prob.size == bands.MAX_GRID
    simulated = bands.consistency_simulated(cells, interval_prob=0.9, rng=rng)
    assert simulated.prob.size < 2200
    curve = np.interp(simulated.prob, cells.prob, fit_isotonic(cells).values)
    assert ((simulated.lower <= curve) & (curve <= simulated.upper)).mean() > 0.7


@pytest.mark.parametrize("design", ["uniform", "concentrated"])
@pytest.mark.parametrize("truth", [lambda prob: prob, steeper], ids=["calibrated", "steeper"])
def test_smooth_bands_hold_a_smooth_curve_about_as_often_as_they_say(design: str, truth: Callable) -> None:
    fifths, _ = coverage(bands.confidence_smooth, DESIGNS[design], truth, 40)
    assert fifths.mean() > 0.83


def test_a_smooth_band_of_calibrated_forecasts_is_a_third_as_wide_as_the_guaranteed_one() -> None:
    rng = np.random.default_rng(34)
    prob = rng.random(329)
    cells = pool_forecasts(rng.random(329) < prob, prob)
    smooth, windows = (band(cells, interval_prob=0.9) for band in (bands.confidence_smooth, bands.confidence_windows))
    assert (smooth.upper - smooth.lower).mean() < 0.45 * (windows.upper - windows.lower).mean()
    middle = int(np.argmin(np.abs(smooth.prob - 0.55)))
    assert smooth.upper[middle] - smooth.lower[middle] == pytest.approx(2 * 0.07, abs=0.05)


def test_a_smooth_band_is_that_of_a_logistic_line_where_the_line_is_right() -> None:
    """With 20,000 forecasts on a line its width is near that of maximum likelihood, from the information by hand."""
    rng = np.random.default_rng(35)
    prob = rng.beta(3, 3, 20_000)
    ends = bands.confidence_smooth(pool_forecasts(rng.random(20_000) < prob, prob), interval_prob=0.9)
    x = np.column_stack([np.ones(20_000), np.log(prob / (1 - prob))])
    covariance = np.linalg.inv((x * (prob * (1 - prob))[:, None]).T @ x)
    line = 2 * 1.645 * 0.25 * np.sqrt(covariance[0, 0])
    middle = int(np.argmin(np.abs(ends.prob - 0.5)))
    assert line * 0.98 < ends.upper[middle] - ends.lower[middle] < 2.2 * line


@pytest.mark.parametrize("y", [0, 1])
def test_a_smooth_band_stays_inside_the_unit_interval_where_all_or_none_came(y: int) -> None:
    prob = np.linspace(0.0, 1.0, 60)
    ends = bands.confidence_smooth(pool_forecasts(np.full(60, y), prob), interval_prob=0.9)
    assert ((ends.lower >= 0) & (ends.upper <= 1) & (ends.lower < ends.upper)).all()
    at_middle = np.array([ends.lower[30], ends.upper[30]])  # the ends are open: nothing tells the slope
    assert abs(at_middle - y).max() < 0.35
