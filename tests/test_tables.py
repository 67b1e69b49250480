"""Arrays to tables, and results in a line or two."""

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.tables import brief, plain_rows


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """As results are made."""

    __repr__ = brief

    name: str
    few: np.ndarray
    many: np.ndarray
    draws: dict[str, np.ndarray]
    labels: tuple[str, ...]
    hidden: int = field(default=1, repr=False)


def test_a_result_is_told_in_a_line_its_long_arrays_by_shape():
    found = Result("gap", np.array([0.25]), np.zeros((3, 40)), {"level": np.zeros(400)}, tuple("ABCDE"))
    assert repr(found) == (
        "Result(name='gap', few=[0.25], many=<float64 3×40>, draws={level: <float64 400>}, "
        "labels=('A', 'B', 'C', 'D', … 5 in all))"
    )


def test_plain_rows_survive_json_and_what_is_missing_or_endless_is_none():
    rows = plain_rows(pd.DataFrame({"n": np.array([3, 4]), "x": [float("inf"), 1.5], "rep": ["Aoki", None]}))
    assert rows == [{"n": 3, "x": None, "rep": "Aoki"}, {"n": 4, "x": 1.5, "rep": None}]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert plain_rows(pd.DataFrame({"x": [float("nan")]})) == [{"x": None}]
    assert plain_rows(pd.DataFrame({"x": []})) == []


@pytest.fixture(scope="module")
def calibration() -> cb.Calibration:
    world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=800)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return cb.calibrate(judgments, seed=1, draws=200, engine="laplace", progress=False)


def test_fits_begin_with_their_counts_and_end_with_their_diagnostics(calibration):
    for fit in (calibration.ranks[90], calibration.lead_times, *calibration.thresholds.fits.values()):
        assert str(fit.diagnostics).replace("\n", "; ") in repr(fit)
        assert "judgments" in repr(fit)
        assert "of 5 reps" in repr(fit)


def test_no_result_spells_out_its_arrays(calibration):
    rank_fit, lead_fit = calibration.ranks[90], calibration.lead_times
    for found in (
        calibration, calibration.judgments, calibration.judgments.summary(), calibration.judgments.duration_counts(),
        calibration.thresholds.advice, rank_fit.cells, rank_fit.posterior, rank_fit.declaration, lead_fit.cells,
        lead_fit.check(), cb.recommend_granularity(rank_fit), cb.rank_reliability(rank_fit),
        cb.rep_standings(rank_fit), cb.predictive_check(rank_fit, seed=1), cb.prior_sensitivity(rank_fit, refit=False),
    ):  # fmt: skip
        assert len(repr(found)) < 700, type(found)


def test_results_of_the_advice_show_themselves_in_one_readable_line(calibration):
    rank_fit = calibration.ranks[90]
    for found in (
        calibration.thresholds.advice, *calibration.granularity.values(), *calibration.thresholds.styles.values(),
        cb.rep_standings(rank_fit), cb.rank_reliability(rank_fit), calibration.lead_times.check(),
    ):  # fmt: skip
        shown = repr(found)
        assert shown.startswith(f"<{type(found).__name__}: ")
        assert not any(part in shown for part in ("object", "array", "\n"))
    assert {"engine"} <= set(calibration.thresholds.advice.table) & set(calibration.thresholds.styles[90].table)
