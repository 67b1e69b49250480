"""Would the fitted model bring forth counts like those that were seen? Posterior predictive checks of every model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

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
MOST_ALONE = 0.5
"""Where a smaller share of the judgments than this has company in its cell, the cells are too thin to tell."""
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
    too_thin: bool = False
    """Whether most judgments stand alone in their cell, where nothing can scatter more than a model allows."""
    sums: "PredictiveCheck | None" = None
    """With groupings, the same of the sums over reps and ranks to them: there batches that all reps share are seen."""

    @property
    def over_dispersed(self) -> bool:
        """Whether the counts scatter more than the model allows for, in cells or in sums."""
        views = [self] if self.sums is None else [self, self.sums]
        return any(one.dispersion > 1.0 and one.p_value * len(views) < OVER_DISPERSED_BELOW for one in views)

    @property
    def finding(self) -> Finding:
        """What the check says, of cells or of sums, whichever scatter more beyond the model."""
        by_sums = self.sums is not None and (self.too_thin or self.sums.p_value < self.p_value)
        one = self.sums if self.sums is not None and by_sums else self
        if one.too_thin:
            return Finding("checks.too_thin", {"cells": len(one.observed), "n": int(one.size.sum())}, "unknown")
        told: dict[str, Value] = {
            "cells": len(one.observed),
            "what": one.what,
            "dispersion": f"{one.dispersion:.2f}",
        }
        p = f"{one.p_value:.{3 if self.over_dispersed else 2}f}"
        key = "checks.over_dispersed" if self.over_dispersed else "checks.holds"
        role: Role = "doubt" if self.over_dispersed else "note"
        return Finding(key, {"scatter": Phrase("checks.scatter", told), "p": p}, role, prob=1.0 - one.p_value)

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
    (`judgments` and `by`, of the rank model), and in sums over reps and ranks to it: a column such as team and month,
    or account, shows outcomes that come in batches. There p is close to uniform under the model. Where most judgments
    are alone in their cell, that cannot be told.

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
    found = _check(cells, _sums_to(cells, ()), seed=seed, interval_prob=interval_prob)
    if not by:
        return found
    sums = _check(cells, _sums_to(cells, tuple(by)), seed=seed, interval_prob=interval_prob)
    return replace(found, too_thin=_is_thin(found), sums=replace(sums, too_thin=_is_thin(sums)))


class _Sums(NamedTuple):
    """What is checked: sums of cells."""

    labels: Mapping[str, NDArray[np.object_]]
    """Label columns, (sum,)."""
    order: NDArray[np.intp]
    """Cells, those of one sum together, (cell,)."""
    first: NDArray[np.intp]
    """Place in `order` of the first cell of each sum, (sum,)."""


def _sums_to(cells: PredictiveCells, by: tuple[str, ...]) -> _Sums:
    """Every cell by itself, or those with the same labels of these groupings together."""
    n_cells = cells.draws.shape[1]
    if not by:
        return _Sums(cells.labels, np.arange(n_cells), np.arange(n_cells))
    codes = np.stack([np.unique(cells.labels[name].astype(str), return_inverse=True)[1] for name in by])
    order = np.lexsort(codes[::-1])
    changes = np.any(np.diff(codes[:, order], axis=1) != 0, axis=0)
    first = np.concatenate([[0], 1 + np.flatnonzero(changes)])
    return _Sums({name: cells.labels[name][order[first]] for name in by}, order, first)


def _check(cells: PredictiveCells, sums: _Sums, *, seed: int, interval_prob: float) -> PredictiveCheck:
    """Replicate every cell, a few at a time, and add up the discrepancies draw by draw."""
    rng, poisson, n_draws, n_sums = np.random.default_rng(seed), cells.poisson, len(cells.draws), len(sums.first)
    seen, new = np.zeros(n_draws), np.zeros(n_draws)
    size, observed = (np.add.reduceat(values[sums.order], sums.first) for values in (cells.size, cells.observed))
    expected, lower, upper, p_values = (np.empty(n_sums) for _ in range(4))
    tail = (1.0 - interval_prob) / 2.0
    for part, held in _parts(sums, max(1, _ELEMENTS // n_draws)):
        first, draws = sums.first[part] - sums.first[part.start], cells.draws[:, held]
        each, y = cells.size[held], observed[part]
        means = draws if poisson else each * draws
        drawn = rng.poisson(means) if poisson else rng.binomial(each.astype(np.int64), draws)
        mean, variance, replicated = (
            np.add.reduceat(values, first, axis=1, dtype=float)
            for values in (means, means if poisson else means * (1.0 - draws), drawn)
        )
        spread = np.maximum(variance, 1e-12)
        seen += ((y - mean) ** 2 / spread).sum(axis=1)
        new += ((replicated - mean) ** 2 / spread).sum(axis=1)
        below = (replicated < y).mean(axis=0) + 0.5 * (replicated == y).mean(axis=0)
        p_values[part] = 2.0 * np.minimum(below, 1.0 - below)
        expected[part] = replicated.mean(axis=0)
        lower[part], upper[part] = np.quantile(replicated, [tail, 1.0 - tail], axis=0)
    return PredictiveCheck(
        what=" × ".join(sums.labels),
        labels=sums.labels,
        size=size,
        observed=observed,
        expected=expected,
        lower=lower,
        upper=upper,
        p_values=p_values,
        dispersion=float(seen.mean() / new.mean()),
        p_value=float((new >= seen).mean()),
        interval_prob=interval_prob,
        seed=seed,
    )


def _is_thin(found: PredictiveCheck) -> bool:
    """Whether most judgments are alone."""
    return bool(found.size[found.size > 1].sum() < MOST_ALONE * found.size.sum())


def _parts(sums: _Sums, at_once: int) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Sums a few at a time, each with the cells it is made of, whole."""
    ends = np.append(sums.first[1:], len(sums.order))
    begin = 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, sums.first[begin] + at_once, side="right")))
        yield slice(begin, end), sums.order[sums.first[begin] : ends[end - 1]]
        begin = end
