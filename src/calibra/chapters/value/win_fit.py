"""How the posterior of winning is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.ranks.mix import average_probability
from calibra.chapters.value.terms import Floats, Terms
from calibra.data.counting.deals import DealCells
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.means import ALL_REPS, logistic, mean_over_reps
from calibra.reading.rows import all_reps_first, flat_columns, label_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class WinFit:
    """The fitted win model: opportunities, draws, and the table read off them."""

    cells: DealCells
    """Opportunities and what came of them."""
    terms: Terms
    """Where they stand."""
    declaration: CellModel
    """The model as the engines saw it."""
    posterior: Posterior
    """The draws."""

    def __repr__(self) -> str:
        return f"<WinFit: {int(self.cells.won.sum()):,} of {int(self.cells.n.sum()):,} opportunities won>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit."""
        return self.posterior.diagnostics

    @property
    def n(self) -> Floats:
        """Opportunities old enough, (rep, rank)."""
        return self.terms.over_groups(self.cells.n)

    @property
    def won(self) -> Floats:
        """Wins among them, (rep, rank)."""
        return self.terms.over_groups(self.cells.won)

    def probability_draws(self, *, case_mix: str = "own") -> Floats:
        """Draws of P(won within the days | opportunity), (draw, rep, rank), at the rep's own or all reps' case mix."""
        linpred = self.terms.linpred(self.posterior)
        if not self.terms.groups:
            return logistic(linpred)
        return average_probability(linpred, self.terms.effects(self.posterior), self.terms.weights(case_mix))

    def probabilities(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How likely is a win, per rep and rank of the judgment?

        Returns
        -------
        pandas.DataFrame
            All reps, then each: `rep`, `rank`, `estimate`, `lower`, `upper`, `n` opportunities old enough, `won`.
        """
        prob, n = self.probability_draws(), self.n
        every = np.concatenate([mean_over_reps(prob, n)[:, None], prob], axis=1)
        columns: Mapping[str, Any] = {
            **label_columns([ALL_REPS, *self.terms.reps], rank=self.terms.ranks),
            **flat_columns("", equal_tailed(every, interval_prob=interval_prob)),
            "n": all_reps_first(n).astype(int).ravel(),
            "won": all_reps_first(self.won).astype(int).ravel(),
        }
        table = make_table(columns)
        table.attrs.update(interval_prob=interval_prob, within_days=self.cells.won_within_days)
        return table
