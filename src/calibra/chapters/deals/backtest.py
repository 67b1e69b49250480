"""Would the totals have been right? Each closed period foretold from what was known at its opening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.deals.cells import FEWEST_PERIODS
from calibra.chapters.deals.model import DealModel
from calibra.chapters.deals.total import period_total
from calibra.data.counting.forecasts import ForecastCells
from calibra.data.history.deals import Deals
from calibra.errors import NotEnoughDataError, check_kind
from calibra.findings import Finding
from calibra.inference.engines import Engine
from calibra.inference.pairing import spawn_seed
from calibra.reading.means import ALL_REPS
from calibra.stats.forecasts.totals import crps_draws, pit_draws
from calibra.tables import brief, make_table
from calibra.values import Value

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

FORECASTERS = ("calibra", "stated sum", "own ratio", "all-reps ratio")
"""Who foretells: the model; what is stated, and that times what came of it so far, each with its past errors."""


@dataclass(frozen=True, slots=True, eq=False)
class DealBacktest:
    """Totals foretold at each opening, beside what came."""

    __repr__ = brief

    columns: Mapping[str, NDArray[Any]]
    """One entry per period, rep (all reps first) and forecaster."""

    @property
    def table(self) -> pd.DataFrame:
        """Per `period`, `rep` and `forecaster` what was foretold and what came.

        `stated`, `forecast`, `lower`, `upper`, `lower_50`, `upper_50`, `actual`, `crps`, and `pit`: the place of what
        came among the draws, ties broken at random.
        """
        return make_table(self.columns)

    @property
    def by_forecaster(self) -> pd.DataFrame:
        """Per `forecaster`, of `who` (all reps together, or each rep), how good it was.

        Mean `crps`, `skill` (1 less it over the mean absolute error of the stated sum), `coverage_90` and `coverage_50`
        (by `pit`), `n`.
        """
        rows: list[dict[str, Any]] = []
        of_all = self.columns["rep"] == ALL_REPS
        for who, chosen in (("all reps", of_all), ("each rep", ~of_all)):
            missed = np.abs(self.columns["stated"] - self.columns["actual"])[chosen].mean()
            for name in FORECASTERS:
                own = chosen & (self.columns["forecaster"] == name)
                pit, crps = self.columns["pit"][own], self.columns["crps"][own]
                inside = {level: float((np.abs(pit - 0.5) <= level / 2).mean()) for level in (0.9, 0.5)}
                row = {"who": who, "forecaster": name, "crps": crps.mean(), "skill": 1.0 - crps.mean() / missed}
                rows.append(row | {"coverage_90": inside[0.9], "coverage_50": inside[0.5], "n": int(own.sum())})
        return make_table({name: np.array([row[name] for row in rows]) for name in rows[0]})


def backtest_totals(
    deals: Deals, *, seed: int, model: DealModel | None = None, engine: Engine = "laplace", draws: int = 1000
) -> DealBacktest:
    """Would the totals of closed periods have been foretold, and better than by what was stated?

    From the fourth period on each is foretold from what was known at its opening. Rivals are what was stated, that
    times the rep's own ratio of came over stated so far, and times all reps' ratio; each has its past errors around it.

    Parameters
    ----------
    deals : Deals
        Deals.
    seed : int
        Same seed, same numbers.
    model : DealModel, optional
        The model; default: `DealModel()`.
    engine, draws
        As in `DealModel.fit`.

    Raises
    ------
    NotEnoughDataError
        Fewer than 4 closed periods.
    """
    check_kind(deals, "deals", Deals)
    counts, rows = deals.cells(), deals.forecasts()
    if counts.n_periods <= FEWEST_PERIODS:
        values: dict[str, Value] = {"n": counts.n_periods, "least": FEWEST_PERIODS + 1, "date": counts.closes}
        raise NotEnoughDataError(Finding("deals.few_periods", values, "note"))
    parts: list[dict[str, NDArray[Any]]] = []
    for place in range(FEWEST_PERIODS, counts.n_periods):
        try:
            fit = (
                (model or DealModel())
                .lay_out(counts.before(place))
                .fit(seed=spawn_seed(seed, place), engine=engine, draws=draws, progress=False)
            )
        except NotEnoughDataError:
            continue
        drawn = period_total(fit, rows.of(place, counts.openings[place])).draws["total"]
        parts += _held_against(counts, place, drawn, spawn_seed(seed, 10_000 + place))
    if not parts:
        raise NotEnoughDataError(Finding("deals.few_forecasts", {"n": int(counts.total("n")), "least": 20}, "note"))
    return DealBacktest({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def came(counts: ForecastCells) -> Floats:
    """What each closed period brought, (1 + rep, period), all reps first."""
    found = counts.total("paid", "rep", "period") + counts.new["paid"]
    return np.concatenate([found.sum(axis=0, keepdims=True), found])


def _held_against(counts: ForecastCells, place: int, drawn: Floats, seed: int) -> list[dict[str, NDArray[Any]]]:
    """One period: the model and its rivals, all reps first."""
    actual = came(counts)
    stated = counts.total("stated", "rep", "period")
    stated = np.concatenate([stated.sum(axis=0, keepdims=True), stated])
    found = {"calibra": drawn, **rivals(stated[:, : place + 1], actual[:, :place])}
    told = []
    labels = np.array([ALL_REPS, *counts.reps], dtype=object)
    for name, draws in found.items():
        ends = np.quantile(draws, [0.05, 0.25, 0.75, 0.95], axis=0)
        told.append(
            {
                "period": np.full(len(labels), counts.openings[place].isoformat(), dtype=object),
                "rep": labels,
                "forecaster": np.full(len(labels), name, dtype=object),
                "stated": stated[:, place],
                "forecast": draws.mean(axis=0),
                "lower": ends[0],
                "upper": ends[3],
                "lower_50": ends[1],
                "upper_50": ends[2],
                "actual": actual[:, place],
                "crps": crps_draws(draws, actual[:, place], is_fair=True),
                "pit": pit_draws(draws, actual[:, place], seed=seed),
            }
        )
    return told


def rivals(stated: Floats, actual: Floats) -> dict[str, Floats]:
    """What others foretell of the last period, with their past errors, (past period, 1 + rep), all reps first.

    Parameters
    ----------
    stated : array, shape (1 + rep, period)
        Stated sums up to the period foretold.
    actual : array, shape (1 + rep, period − 1)
        What came of those before.
    """
    past, now = stated[:, :-1], stated[:, -1]
    every = np.broadcast_to(actual[0].sum() / max(past[0].sum(), 1e-300), now.shape)
    total = past.sum(axis=1)
    own = np.where(total > 0, actual.sum(axis=1) / np.maximum(total, 1e-300), every)
    points = {"stated sum": np.ones(len(now)), "own ratio": own, "all-reps ratio": every}
    return {name: (factor * now)[None] + (actual - factor[:, None] * past).T for name, factor in points.items()}
