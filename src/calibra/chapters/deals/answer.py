"""The answer of the chapter: the fitted models, the total of the coming period, and whom to ask about which deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.deals.fit import DealFit
from calibra.chapters.deals.total import PeriodTotal, period_total
from calibra.data.counting.forecasts import OpenForecasts
from calibra.data.history.deals import Deals
from calibra.errors import InputError
from calibra.reading.rows import flat_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class DealAnswer:
    """What became of what was said of deals, and what the period that has not closed will bring."""

    __repr__ = brief

    fit: DealFit
    """The fitted models."""
    total: PeriodTotal
    """The total of the period that has not closed, as at its opening."""

    def ask(self, deals: Deals, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Whom to ask about which deal? Open deals stated for the period, the most at stake first.

        Parameters
        ----------
        deals : Deals
            The deals that were fitted: a calibration keeps no names of deals.

        Returns
        -------
        pandas.DataFrame
            `deal`, `rep`, `category`, `pushes`, `stated`, `prob_won` with `_lower`, `_upper`, and `at_stake`: the
            stated amount times the chance that it does not come in this period.
        """
        return ask_about(self.fit, deals, interval_prob=interval_prob)


def answer_deals(fit: DealFit, rows: OpenForecasts) -> DealAnswer:
    """The answer that a fit and the forecasts of the coming period make."""
    return DealAnswer(fit, period_total(fit, rows))


def ask_about(fit: DealFit, deals: Deals, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
    """Whom to ask about which deal? See `DealAnswer.ask`."""
    counts = deals.cells()
    if (counts.reps, counts.categories, counts.openings) != _known(fit):
        raise InputError("`deals` must be those that were fitted, of the same day; these have other reps or periods.")
    named = deals.open_forecasts()
    rows = deals.forecasts().of(counts.n_periods, counts.openings[-1])
    draws = fit.prob_won(rows)
    columns: dict[str, Any] = {name: named[name].to_numpy() for name in ("deal", "rep", "category", "pushes", "stated")}
    columns |= flat_columns("prob_won", equal_tailed(draws, interval_prob=interval_prob))
    columns["at_stake"] = rows.stated * (1.0 - draws.mean(axis=0))
    order = np.flatnonzero(~named["has_ended"].to_numpy())
    order = order[np.argsort(-columns["at_stake"][order], kind="stable")]
    return fit.table({name: values[order] for name, values in columns.items()}, interval_prob)


def _known(fit: DealFit) -> tuple[Any, ...]:
    counts = fit.layout.counts
    return counts.reps, counts.categories, counts.openings
