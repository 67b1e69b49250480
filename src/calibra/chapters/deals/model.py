"""What becomes of forecasts: won in the period, lost, or moved; and for how much, beside what was stated.

Of n forecasts of rep r, category k, moved q times before, of size b, for period t

    won ~ Binomial(n, p),   lost ~ Binomial(n − won, l),   moved: (1 − p)(1 − l)
    logit p = μ_k + κ_q + δ_b + ω_t + o_r + d_r s_k,   and the same form for l

with ω_t shared by all reps, o_r the level of a rep and d_r the slope on centred places s of the categories. Of the won
with both amounts, Y paid and S stated,

    Y ~ quasi-Poisson(S e^η, dispersion φ),   η = ρ_b + m_r + ω_t

which keeps the ratio of totals right whatever the shape of amounts (Wedderburn 1974, doi:10.1093/biomet/61.3.439). How
many are exactly as stated, and the typical ratio of a deal, are models of their own, as is new business: deals won
in a period without a forecast for it. All parts share no parameter; their draws are independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.deals.cells import DealLayout, lay_out_deals
from calibra.chapters.deals.fit import DealFit
from calibra.data.counting.forecasts import PUSHES, SIZES, ForecastCells
from calibra.data.history.deals import Deals
from calibra.errors import check_kind
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial, Family, Gaussian, Poisson, ScaledPoisson
from calibra.inference.declare.priors import HalfNormal, Normal, Pooled, RandomWalk, ScalePrior
from calibra.inference.engines import Engine
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import LaidOut

if TYPE_CHECKING:
    import pymc as pm

type Floats = NDArray[np.float64]

LEAST_SD = 0.02
"""The logs of ratios are never taken to spread less than this."""


@dataclass(frozen=True, slots=True)
class DealPriors:
    """What is believed before forecasts are seen: log-odds of being won or lost, logs of ratios and of numbers."""

    won: Normal = Normal(-0.5, 1.5)
    """A category of a typical rep, won in the period: from 5 to 88 % (90 % probability)."""
    lost: Normal = Normal(-1.2, 1.0)
    """The same, lost given not won: from 6 to 61 %."""
    push_step: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the step from one push to the next."""
    size: Normal = Normal(0.0, 0.5)
    """Effect of middle and large deals."""
    period: ScalePrior = HalfNormal(0.3)
    """Standard deviation between periods, all reps together."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes over categories."""
    ratio: Normal = Normal(0.0, 0.5)
    """Log of paid over stated, totals, by size."""
    ratio_level: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' ratios."""
    ratio_period: ScalePrior = HalfNormal(0.15)
    """Standard deviation of the ratio between periods."""
    exact: Normal = Normal(0.0, 1.5)
    """Log-odds that the amount is exactly as stated."""
    exact_level: ScalePrior = HalfNormal(1.0)
    """Standard deviation of the reps' log-odds of that."""
    new: Normal = Normal(0.0, 1.5)
    """Log of the number of deals a rep wins in a period without a forecast."""
    new_level: ScalePrior = HalfNormal(0.7)
    """Standard deviation of the reps' logs of that."""


@dataclass(frozen=True, slots=True)
class DealModel:
    """What becomes of each rep's forecasts, and what do they bring beside what was said?

    Parameters
    ----------
    priors : DealPriors
        Priors.
    with_period : bool
        Whether periods differ, for all reps together. Without it intervals of totals are far too short.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_deals(seed=1, n_reps=4)
    >>> deals = cb.Deals.from_frames(world.statements, world.outcomes, **world.reading)
    >>> fit = cb.DealModel().fit(deals, seed=1)
    >>> list(fit.amounts()["rep"])[:2]
    ['(all reps)', 'Aoki']
    """

    priors: DealPriors = DealPriors()
    """Priors."""
    with_period: bool = True
    """Whether periods differ."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(self.priors, "priors", DealPriors, more="Leave it out for the defaults, or write DealPriors().")

    def fit(
        self, deals: Deals, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
    ) -> DealFit:
        """Fit every part, each from a stream of draws of its own; arguments as in `RankModel.fit`.

        Raises
        ------
        NotEnoughDataError
            Fewer than 3 closed periods or 20 forecasts in them; a log of last values alone.
        """
        check_kind(deals, "deals", Deals)
        return self.lay_out(deals.cells()).fit(seed=seed, engine=engine, draws=draws, progress=progress)

    def lay_out(self, counts: ForecastCells) -> LaidOut[DealFit]:
        """The declarations on what was counted, and the fit that their draws make."""
        layout = lay_out_deals(counts)
        declarations = self.declare(layout)

        def read(posteriors: Mapping[str, Posterior]) -> DealFit:
            return DealFit(layout, declarations, posteriors)

        return LaidOut(declarations, read)

    def build(self, deals: Deals) -> "dict[str, pm.Model]":
        """The parts written out in PyMC: sampling them gives what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        return {name: build_pymc(part) for name, part in self.declare(lay_out_deals(deals.cells())).items()}

    def declare(self, layout: DealLayout) -> dict[str, CellModel]:
        """`won`, `lost` and `new`; `ratio`, `exact` and `typical` where amounts are known."""
        laid, counts, own = layout.laid, layout.counts, self.priors
        parts = {
            "won": self._ended(layout, laid.won, laid.n, own.won),
            "lost": self._ended(layout, laid.lost, laid.n - laid.won, own.lost),
            "new": self._by_period(
                layout, Poisson(), counts.new["n"], layout.active, own.new, own.period, own.new_level
            ),
        }
        return parts | (self._amounts(layout) if layout.knows_amounts else {})

    def _ended(self, layout: DealLayout, events: Floats, size: Floats, first: Normal) -> CellModel:
        laid, own, categories = layout.laid, self.priors, layout.counts.categories
        # The first of pushes and of sizes lies in the means of the categories.
        walk = RandomWalk(own.push_step, (1.0,) * (len(PUSHES) - 2), 0.0, 0.5)
        terms = [
            PopulationTerm("category_mean", "category", categories, np.eye(len(categories))[laid.category], first),
            PopulationTerm("push", "pushes", PUSHES[1:], np.eye(len(PUSHES))[laid.pushes][..., 1:], walk),
            PopulationTerm("size", "deal_size", SIZES[1:], np.eye(len(SIZES))[laid.size][..., 1:], own.size),
            *self._periods(layout, np.eye(layout.counts.n_periods)[laid.period], own.period),
        ]
        levels = [RepTerm("level", np.ones((*laid.n.shape, 1)), own.level)]
        if len(categories) > 1:
            levels.append(RepTerm("slope", layout_scores(len(categories))[laid.category][..., None], own.slope))
        return CellModel(Binomial(), events, size, layout.reps, tuple(terms), tuple(levels))

    def _by_period(
        self, layout: DealLayout, family: Family, events: Floats, size: Floats, first: Normal, *scales: ScalePrior
    ) -> CellModel:
        """One cell a period; an overall mean, the periods, and a level for each rep."""
        n = events.shape[1]
        terms = [PopulationTerm("mean", "all", ("all",), np.ones((n, 1)), first)]
        terms += self._periods(layout, np.eye(n), scales[0]) if n == layout.counts.n_periods else []
        return CellModel(
            family, events, size, layout.reps, tuple(terms), (RepTerm("level", np.ones((n, 1)), scales[-1]),)
        )

    def _periods(self, layout: DealLayout, design: Floats, scale: ScalePrior) -> tuple[PopulationTerm, ...]:
        labels = tuple(day.isoformat() for day in layout.counts.openings[:-1])
        return (PopulationTerm("period", "periods", labels, design, Pooled(scale)),) if self.with_period else ()

    def _amounts(self, layout: DealLayout) -> dict[str, CellModel]:
        own, n_sizes, n_periods = self.priors, len(SIZES), layout.counts.n_periods
        shape = (len(layout.reps), n_sizes * n_periods)
        stated, paid = (
            layout.paired(name).reshape(shape) / layout.swung_dispersion for name in ("stated_paired", "paid_paired")
        )
        of_size = np.repeat(np.eye(n_sizes), n_periods, axis=0)
        of_period = np.tile(np.eye(n_periods), (n_sizes, 1))
        terms = (
            PopulationTerm("size", "deal_size", SIZES, of_size, own.ratio),
            *self._periods(layout, of_period, own.ratio_period),
        )
        level = (RepTerm("level", np.ones((shape[1], 1)), own.ratio_level),)
        n, other = (layout.paired(name).sum(axis=(1, 2))[:, None] for name in ("n_paired", "n_other"))
        logs = layout.paired("sum_log").sum(axis=(1, 2))[:, None]
        square = layout.paired("sum_log2").sum(axis=(1, 2))[:, None]
        parts = {
            "ratio": CellModel(ScaledPoisson(), paid, stated, layout.reps, terms, level),
            "exact": self._by_period(layout, Binomial(), n - other, n, own.exact, own.exact_level),
        }
        held = n > 0
        free = max(float(n.sum() - held.sum()), 1.0)
        spread = float((square[held] - logs[held] ** 2 / n[held]).sum()) / free
        variance = max(spread, LEAST_SD**2)
        parts["typical"] = self._by_period(
            layout, Gaussian(), logs / variance, n / variance, own.ratio, own.ratio_level
        )
        return parts


def layout_scores(n: int) -> Floats:
    """Centred places of the categories, best first, from ½ to −½ over all."""
    return np.linspace(0.5, -0.5, n) if n > 1 else np.zeros(1)
