"""Would the fitted model bring forth counts like those that were seen? Posterior predictive checks of every model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import check_labels
from calibra.data.counting.judgments import Judgments
from calibra.errors import check_kind, check_whole
from calibra.findings import Finding, Role
from calibra.reading.checked import ModelFit, PredictiveCells
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.tables import brief, make_table
from calibra.values import Phrase, Value

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

OVER_DISPERSED_BELOW = 0.05
"""p-value of the whole check below which more scatter is told than the model allows for."""
_ELEMENTS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveCheck:
    """Seen against replicated counts, cell by cell and as a whole."""

    __repr__ = brief

    what: str
    """What the cells are of, e.g. `rep × rank`."""
    labels: Mapping[str, NDArray[np.object_]]
    """Label columns, one entry per occupied cell."""
    size: Floats
    """Judgments, or person-days under observation, (cell,)."""
    observed: Floats
    """Events seen, (cell,)."""
    expected: Floats
    """Mean of the replicated events, (cell,)."""
    lower: Floats
    """Lower end of the predictive interval, (cell,)."""
    upper: Floats
    """Upper end of the predictive interval, (cell,)."""
    p_values: Floats
    """Two-sided posterior predictive mid-p of each cell, (cell,)."""
    dispersion: float
    """Chi-square discrepancy seen over that replicated; 1 where the scatter is the model's, above where it is more."""
    p_value: float
    """Share of the draws whose replicated chi-square discrepancy is at least the one seen."""
    interval_prob: float
    """Level of the predictive intervals."""
    seed: int
    """Seed of the replications."""

    @property
    def over_dispersed(self) -> bool:
        """Whether the counts scatter more than the model allows for."""
        return self.p_value < OVER_DISPERSED_BELOW and self.dispersion > 1.0

    @property
    def finding(self) -> Finding:
        """What the check says."""
        told: dict[str, Value] = {
            "cells": len(self.observed),
            "what": self.what,
            "dispersion": f"{self.dispersion:.2f}",
        }
        p = f"{self.p_value:.{3 if self.over_dispersed else 2}f}"
        key = "checks.over_dispersed" if self.over_dispersed else "checks.holds"
        role: Role = "doubt" if self.over_dispersed else "note"
        return Finding(key, {"scatter": Phrase("checks.scatter", told), "p": p}, role, prob=1.0 - self.p_value)

    @property
    def sentence(self) -> str:
        """What the check says, in a sentence."""
        return str(self.finding)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per cell: labels, size, observed, expected, lower, upper, p_value."""
        numbers = {name: getattr(self, name) for name in ("size", "observed", "expected", "lower", "upper")}
        table = make_table({**self.labels, **numbers, "p_value": self.p_values})
        table.attrs.update(interval_prob=self.interval_prob, seed=self.seed, what=self.what)
        return table

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def predictive_check(
    fit: ModelFit,
    *,
    seed: int,
    judgments: Judgments | None = None,
    by: Sequence[str] = (),
    interval_prob: float = INTERVAL_PROB,
) -> PredictiveCheck:
    """Would the fitted model bring forth counts like those that were seen?

    For each posterior draw θ new counts y⁽ʳ⁾ are drawn in every cell: binomial for the rank and the threshold model,
    Poisson on the person-days for the lead-time model. A cell's p is 2 min(q, 1 − q) with
    q = P(y⁽ʳ⁾ < y) + ½ P(y⁽ʳ⁾ = y). The whole is judged by X²(y, θ) = Σ (y − E)²/V, with E and V mean and variance of
    a cell given θ: p = P(X²(y⁽ʳ⁾, θ) ≥ X²(y, θ)).

    The same counts fitted the model, so that p-values are too rarely small: a cell's own rep and rank terms follow it.
    What the terms cannot follow is seen when the cells are counted finer, by a grouping the model does not know
    (`judgments` and `by`, of the rank model): a column such as team and month shows outcomes that come in batches.
    There p is close to uniform under the model.

    Parameters
    ----------
    fit : RankFit, LeadTimeFit or ThresholdFit
        The fit.
    seed : int
        Same seed, same replications.
    judgments : Judgments, optional
        The judgments that were fitted; needed with `by`.
    by : sequence of str
        Groupings to count the cells by, beside rep and rank and those of the fit. Of the rank model only.
    interval_prob : float
        Level of the predictive intervals.

    Returns
    -------
    PredictiveCheck

    Raises
    ------
    InputError
        `by` without judgments, or for another model than the rank model; a grouping that is not there.

    References
    ----------
    Gelman, A., Meng, X.-L. & Stern, H. (1996). Posterior predictive assessment of model fitness via realized
    discrepancies. Statistica Sinica 6, 733–807.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=400)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = cb.RankModel().fit(judgments, seed=1)
    >>> predictive_check(fit, seed=1).over_dispersed
    False
    """
    check_kind(fit, "fit", ModelFit)
    check_labels(by, "by")
    check_whole(seed, "seed", 0, mend="Any will do; the same gives the same numbers.")
    check_interval_prob(interval_prob)
    cells = fit.checked().cells(judgments, tuple(by))
    return _check(cells, np.random.default_rng(seed), seed=seed, interval_prob=interval_prob)


def _check(cells: PredictiveCells, rng: np.random.Generator, *, seed: int, interval_prob: float) -> PredictiveCheck:
    """Replicate every cell, a few at a time, and add up the discrepancies draw by draw."""
    poisson, (n_draws, n_cells) = cells.poisson, cells.draws.shape
    seen, new = np.zeros(n_draws), np.zeros(n_draws)
    expected, lower, upper, p_values = (np.empty(n_cells) for _ in range(4))
    tail = (1.0 - interval_prob) / 2.0
    each = max(1, _ELEMENTS // n_draws)
    for begin in range(0, n_cells, each):
        part = slice(begin, begin + each)
        size, y = cells.size[part], cells.observed[part]
        mean = cells.draws[:, part] if poisson else size * cells.draws[:, part]
        spread = np.maximum(mean if poisson else mean * (1.0 - cells.draws[:, part]), 1e-12)
        replicated = (
            rng.poisson(mean) if poisson else rng.binomial(size.astype(np.int64), cells.draws[:, part])
        ).astype(float)
        seen += ((y - mean) ** 2 / spread).sum(axis=1)
        new += ((replicated - mean) ** 2 / spread).sum(axis=1)
        below = (replicated < y).mean(axis=0) + 0.5 * (replicated == y).mean(axis=0)
        p_values[part] = 2.0 * np.minimum(below, 1.0 - below)
        expected[part] = replicated.mean(axis=0)
        lower[part], upper[part] = np.quantile(replicated, [tail, 1.0 - tail], axis=0)
    return PredictiveCheck(
        what=cells.what,
        labels=cells.labels,
        size=cells.size,
        observed=cells.observed,
        expected=expected,
        lower=lower,
        upper=upper,
        p_values=p_values,
        dispersion=float(seen.mean() / new.mean()),
        p_value=float((new >= seen).mean()),
        interval_prob=interval_prob,
        seed=seed,
    )
