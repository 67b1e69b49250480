"""What numpy reads silently as something else: durations, dates, masks and missing values at the doors of arrays."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.errors import InputError
from calibra.stats.forecasts.cells import pool_forecasts
from calibra.stats.forecasts.reliability import reliability_curve
from calibra.stats.forecasts.scores import ranked_probability_score
from calibra.stats.funnel import funnel
from calibra.stats.survival.calibration import calibration_at_horizon, censored_brier
from calibra.stats.survival.lifetable import aalen_johansen, kaplan_meier

DAYS = [5.0, 8.0, 8.0, 12.0]
AS_DURATIONS: dict[str, Any] = {
    "numpy of nanoseconds": np.array([5, 8, 8, 12], dtype="m8[D]").astype("m8[ns]"),
    "numpy of hours": np.array([5, 8, 8, 12], dtype="m8[D]").astype("m8[h]"),
    "Python": [timedelta(day) for day in DAYS],
    "pandas": pd.Series(pd.to_timedelta(DAYS, unit="D")),
    "pandas objects": pd.Series([timedelta(day) for day in DAYS], dtype=object),
    "polars": pl.Series([timedelta(day) for day in DAYS]),
    "pyarrow": pa.array([timedelta(day) for day in DAYS]),
}
AS_PLAIN: dict[str, Any] = {
    "list": [5, 8, 8, 12],
    "pandas, nullable": pd.array([5, 8, 8, 12], dtype="Int64"),
    "Decimals": [Decimal(5), Decimal(8), Decimal(8), Decimal(12)],
    "a mask that hides nothing": np.ma.masked_array(DAYS, mask=False),
    "polars": pl.Series(DAYS),
}


@pytest.mark.parametrize("days", [*AS_DURATIONS.values(), *AS_PLAIN.values()], ids=[*AS_DURATIONS, *AS_PLAIN])
def test_durations_are_days_at_every_door_that_takes_days(days: Any) -> None:
    """The curve of 5, 8, 8, 12 days is .75 after day 5 and .5 after day 8."""
    curve = kaplan_meier(days, [1, 1, 0, 0])
    assert curve.at([5, 10]).estimate.tolist() == [0.75, 0.5]
    assert curve.at(days[:1]).estimate.tolist() == [0.75]
    assert aalen_johansen(days, [1, 2, 3, 3], entry_days=np.zeros(4)).event.at(10).estimate.tolist() == [0.25]
    endings, prob = [1, 2, 3, 3], [0.5, 0.5, 0.5, 0.5]
    for horizon in (8, timedelta(8), np.timedelta64(8 * 24, "h")):
        assert calibration_at_horizon(days, endings, prob, within_days=horizon).observed.estimate[-1] == 0.25
    assert censored_brier(days, endings, prob, within_days=8).n_censored == 0
    assert float(curve.restricted_mean(within_days=timedelta(8)).estimate) == 5 + 3 * 0.75


REFUSED: dict[str, tuple[Any, str]] = {
    "dates": ([date(2026, 1, 1), date(2026, 1, 2)], "`days` must be days, as numbers or durations; it holds dates"),
    "moments": (np.array(["2026-01-01", "2026-01-02"], dtype="M8[ns]"), "it holds dates"),
    "pandas moments": (pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02"])), "it holds dates"),
    "moments with a zone": (pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)), "it holds dates"),
    "a masked value": (np.ma.masked_array([1.0, 2.0], mask=[False, True]), r"no masked values; found 1 \(row 1\)"),
    "NA": (pd.array([1, None], dtype="Int64"), r"`days` must be finite and 0 or more; .*\(row 1: nan\)"),
    "NA among objects": ([1, pd.NA], r"\(row 1: nan\)"),
    "None": ([1, None], r"\(row 1: nan\)"),
    "no duration": ([timedelta(1), pd.NaT], r"\(row 1: nan\)"),
    "text": (["one", "two"], "`days` must be numbers; could not convert"),
    "lists of unlike length": ([[1], [2, 3]], "`days` must have one value per row"),
    "complex numbers": ([1.0, 2.0j], "must be real numbers"),
}


@pytest.mark.parametrize(("days", "message"), REFUSED.values(), ids=list(REFUSED))
def test_days_that_are_none_are_refused_by_name(days: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        kaplan_meier(days, [1, 1])


MASKED = np.ma.masked_array([1, 0], mask=[False, True])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kaplan_meier([1, 2], MASKED), "`event` must have no masked values"),
        (lambda: kaplan_meier([1, 2], [1, pd.NA]), r"`event` must hold only 0, 1; found 1 other \(row 1 nan\)"),
        (lambda: kaplan_meier([1, 2], [1, 1], weights=[timedelta(1)] * 2), "`weights` must be numbers; it holds dur"),
        (lambda: pool_forecasts(MASKED, [0.5, 0.5]), "`y` must have no masked values"),
        (lambda: pool_forecasts([1, 0], np.ma.masked_array([0.5, 0.5], mask=[1, 0])), "`prob` must have no masked"),
        (lambda: pool_forecasts([1, pd.NA], [0.5, 0.5]), r"`y` must be 0 or 1; .*\(row 1: nan\)"),
        (lambda: pool_forecasts([1, 0], [0.5, pd.NA]), r"`prob` must lie in \[0, 1\]; .*\(row 1: nan\)"),
        (lambda: pool_forecasts([1, 0], [timedelta(0), timedelta(1)]), "`prob` must be numbers; it holds durations"),
        (lambda: funnel(np.ma.masked_array([10, 20], mask=[0, 1]), [1, 2]), "`n` must have no masked values"),
        (lambda: funnel([10, 20], [1, pd.NA]), r"`events` must be whole numbers .*\(row 1: nan\)"),
        (lambda: ranked_probability_score(MASKED, [[0.5, 0.5]] * 2), "`category` must have no masked values"),
        (lambda: ranked_probability_score([0, pd.NA], [[0.5, 0.5]] * 2), "`category` must be a position"),
        (lambda: reliability_curve([1, 0], [0.5, 0.5], groups=["a", pd.NA]), "`groups` must not be missing; 1 rows"),
        (
            lambda: calibration_at_horizon([1, 2], [1, 3], [0.5, 0.5], within_days=1, groups=["a", None]),
            "`groups` must not be missing; 1 rows",
        ),
        (
            lambda: calibration_at_horizon([1, 2], [1, 3], [0.5, 0.5], within_days=date(2026, 1, 1)),
            "`within_days` must be days, as numbers or durations",
        ),
    ],
)
def test_masks_and_missing_values_are_refused_by_name(call: Any, message: str) -> None:
    """Masks were ignored, and `pd.NA` ended in an error of pandas."""
    with pytest.raises(InputError, match=message):
        call()


def test_several_quantiles_are_read_at_once() -> None:
    """Each as it is read alone, in the shape they are asked for."""
    curve = kaplan_meier([2, 3, 5, 7, 11, 13, 17, 19], [1, 1, 0, 1, 1, 0, 1, 1])
    together = curve.quantile([[0.25, 0.5], [0.75, 0.99]])
    for place, prob in np.ndenumerate(np.array([[0.25, 0.5], [0.75, 0.99]])):
        for part, alone in zip(together, curve.quantile(float(prob)), strict=True):
            np.testing.assert_array_equal(part[place], alone)
    assert together.estimate.tolist() == [[3.0, 11.0], [17.0, 19.0]]
    event = aalen_johansen([1, 2, 3, 4], [1, 2, 1, 2]).event
    np.testing.assert_array_equal(event.quantile([0.25, 0.5, 0.75]).estimate, [1.0, 3.0, np.nan])
    with pytest.raises(InputError, match="`prob` must lie strictly between 0 and 1; got 1"):
        curve.quantile([0.5, 1.0])


@pytest.mark.parametrize("door", [
    lambda y, p: cb.reliability_curve(y, p),
    lambda y, p: cb.score_forecasts(y, p),
    lambda y, p: cb.calibration_line(y, p),
    lambda y, p: cb.kaplan_meier(p * 100, y),
    lambda y, p: cb.aalen_johansen(p * 100, y + 1),
    lambda y, p: cb.funnel((p * 0 + 9).rename("n"), y),
])  # fmt: skip
def test_series_of_unlike_indexes_are_not_paired_by_position(door):
    y = pd.Series([1, 0, 0, 0, 1, 1])
    p = pd.Series([0.9, 0.2, 0.7, 0.4, 0.3, 0.5], index=[5, 4, 3, 2, 1, 0])
    with pytest.raises(InputError, match=r"must have one index; theirs differ.*\.loc\["):
        door(y, p)
    door(y, p.loc[y.index])
    door(y.to_numpy(), p)
