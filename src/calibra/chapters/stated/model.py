"""Stated percentage → event: what does a percentage of this rep mean, as a probability within the horizon?

    events_rk ~ Binomial(n_rk, p_rk),   logit p_rk = (α + a_r) + (γ + c_r) x_rk + h(x_rk),   corr(a_r, c_r) = ρ

x is the log-odds of what was stated (1 % and 99 % the ends). α and γ are the line of a typical rep, a_r and c_r rep
r's deviations from it, partially pooled: Cox's calibration line, in the words of Turner et al. linear in log-odds
(LLO), with slope γ and δ = exp(α). Perfect is α = 0, γ = 1. With γ below 1 percentages are too extreme, above it too
timid. h is what all reps share beyond a line: straight between knots, of which each part of an eighth of the
statements has one, and held apart from the line.

Judgments younger than the horizon count as far as their answers are in, as in the rank model: of them the share G p has
an event so far, and a pace of late common to all is learned beside.

References
----------
Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45, 562–565.
doi:10.1093/biomet/45.3-4.562
Turner, B. M., Steyvers, M., Merkle, E. C., Budescu, D. V. & Wallsten, T. S. (2014). Forecast aggregation via
recalibration. Machine Learning 95, 261–289. doi:10.1007/s10994-013-5401-4
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.shape import Shape, shape_of
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import slowing_effect
from calibra.data.counting.stated import StatedCells
from calibra.errors import InputError, check_kind, what_came
from calibra.inference.declare.cells import CellModel, Correlation, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial, DelayedBinomial
from calibra.inference.declare.priors import LKJ, HalfNormal, Normal, Pooled, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True)
class StatedPriors:
    """What is believed of stated percentages before the counts are seen; log-odds throughout."""

    intercept: Normal = Normal(0.0, 1.0)
    """Log-odds of an event where a typical rep states 50 %: from 16 % to 84 % with 90 % probability."""
    slope: Normal = Normal(1.0, 0.5)
    """Slope of a typical rep, 1 for one who is neither too extreme nor too timid."""
    rep_intercept: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' intercepts."""
    rep_slope: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes."""
    correlation: LKJ = LKJ(2.0)
    """Correlation of the reps' intercepts and slopes."""
    departure: ScalePrior = HalfNormal(0.5)
    """Standard deviation of what all reps share beyond the line."""
    tempo_change: Normal = Normal(0.0, 0.2)
    """Logarithm of how much longer events take for the young judgments than for the mature ones."""


@dataclass(frozen=True, slots=True)
class StatedModel(Fits[StatedFit]):
    """What does a percentage that a rep stated mean, as a probability of an event within the horizon?

    Partial pooling: a rep with few statements is read close to all reps, one with many by their own record. What is
    stated below 1 % or above 99 % counts as 1 % or 99 %.

    Parameters
    ----------
    within_days : int, optional
        Horizon in days; None means the scale's only one.
    priors : StatedPriors
        Priors.
    departure : bool
        Whether the curve of all reps may leave the line, where three or more values are stated.
    young : {"count", "leave out"}
        Whether judgments younger than the horizon count, as far as their answers are in: where they are at least a
        tenth of the mature ones, and 30 mature events tell when events come.

    Examples
    --------
    >>> import numpy as np, pandas as pd, calibra as cb
    >>> rng = np.random.default_rng(1)
    >>> stated = rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], 600)
    >>> came = rng.random(600) < 0.1 + 0.6 * stated
    >>> frame = pd.DataFrame({"id": range(600), "owner": rng.choice(["Abe", "Ito"], 600), "rank": "A"})
    >>> frame["stated"], frame["judged"] = stated, pd.Timestamp("2026-01-10")
    >>> frame["won"] = pd.Series(pd.Timestamp("2026-02-01"), frame.index).where(came)
    >>> roles = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won"}
    >>> judgments = cb.Judgments.from_frame(frame, scale=cb.RankScale(["A"]), as_of="2026-06-30", horizons=[90],
    ...     columns=roles | {"stated_prob": "stated"})
    >>> fit = cb.StatedModel(within_days=90).fit(judgments, seed=1)
    >>> fit.predict(0.9, rep="Abe")["estimate"].round(1).tolist()
    [0.6]
    """

    within_days: int | None = None
    """Horizon in days; None means the scale's only one."""
    priors: StatedPriors = StatedPriors()
    """Priors."""
    departure: bool = True
    """Whether the curve of all reps may leave the line."""
    young: Literal["count", "leave out"] = "count"
    """Whether judgments younger than the horizon count, as far as their answers are in."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(self.priors, "priors", StatedPriors, more="Leave it out for the defaults, or write StatedPriors().")
        if not isinstance(self.departure, bool):
            raise InputError(f"`departure` must be True or False; got {what_came(self.departure)}.")
        if self.young not in ("count", "leave out"):
            raise InputError(f"`young` must be 'count' or 'leave out'; got {what_came(self.young)}.")

    def lay_out(self, judgments: Judgments) -> LaidOut[StatedFit]:
        """The declaration on these judgments, and the fit that its draws make.

        Raises
        ------
        NotEnoughDataError
            No judgment that states a probability is old enough for the horizon.
        InputError
            No column is mapped as `stated_prob`; late entry or loss from sight before the horizon.
        """
        check_kind(judgments, "judgments", Judgments)
        cells = self._cells(judgments)
        shape = shape_of(cells)
        declaration = self.declare(cells, shape)

        def read(posteriors: Mapping[str, Posterior]) -> StatedFit:
            return StatedFit(cells, shape, declaration, posteriors["stated"])

        return LaidOut({"stated": declaration}, read)

    def build(self, judgments: Judgments) -> "pm.Model":
        """The model written out in PyMC, for reading and doubting: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        cells = self._cells(judgments)
        return build_pymc(self.declare(cells, shape_of(cells)))

    def _cells(self, judgments: Judgments) -> StatedCells:
        days = judgments.scale.resolve_horizon(self.within_days)
        counts = judgments.stated_counts(horizons=[days])
        judgments.binomial_cells(within_days=days)  # refuses a horizon within which too much was seen in part
        cells = counts.cells(days)
        return cells if self.young == "count" else replace(cells, young=None)

    def declare(self, cells: StatedCells, shape: Shape) -> CellModel:
        """The multilevel cell model: β = line and departure, u_r = intercept and slope.

        The cells of the young judgments come after those of the mature ones.
        """
        priors, young = self.priors, cells.young
        at = cells.log_odds if young is None else np.concatenate([cells.log_odds] * 2, axis=1)
        log_odds, one = at[..., None], np.ones((*at.shape, 1))
        population = [
            PopulationTerm("intercept", "line_intercept", ("at 50 %",), one, priors.intercept),
            PopulationTerm("slope", "line_slope", ("per log-odds",), log_odds, priors.slope),
        ]
        if self.departure and shape.size:
            labels, design = tuple(str(i + 1) for i in range(shape.size)), shape.design(at)
            population.append(PopulationTerm("departure", "shape", labels, design, Pooled(priors.departure)))
        events, size = cells.events, cells.n
        if young is not None:
            effect = slowing_effect(young.slowing, size.sum(axis=0), events.sum(axis=0))
            slower = np.concatenate([np.zeros(size.shape), np.broadcast_to(effect, size.shape)], axis=1)[..., None]
            population.append(PopulationTerm("tempo_change", "change", ("slower",), slower, priors.tempo_change))
            events = np.concatenate([events, young.events], axis=1)
            size = np.concatenate([size, young.n], axis=1)
        rep_terms = (
            RepTerm("rep_intercept", one, priors.rep_intercept),
            RepTerm("rep_slope", log_odds, priors.rep_slope),
        )
        return CellModel(
            family=_family(cells),
            events=events.astype(float),
            size=size.astype(float),
            reps=cells.reps,
            population=tuple(population),
            rep_terms=rep_terms,
            correlation=Correlation("rep_intercept", "rep_slope", priors.correlation),
        )


def _family(cells: StatedCells) -> Binomial | DelayedBinomial:
    """Of what has come so far, where young judgments count; a mature cell has its whole answer."""
    if cells.young is None:
        return Binomial()
    return DelayedBinomial(np.concatenate([np.ones(cells.n.shape), cells.young.reached], axis=1))
