"""Does the rep's rank, or the percentage the rep states, add to what a machine's score says already?

Several models of the same judgments, which differ in what they may read:

    events_rc ~ Binomial(n_rc, p_rc),   logit p_rc = (α + a_r) + (γ + c_r) x_rc + h(x_rc) + what is added

x is the log-odds of the machine's score; α, γ and h calibrate it anew, a_r and c_r do so for each rep, since the pools
of reps differ and a rank must not be praised for what is known of the rep. Added is nothing; the rank, m_k + d_r s_k,
with a mean for each rank, partially pooled towards 0, and a slope of the rep's own over the steps of the ranks; the
stated percentage, (g + e_r) z + h'(z), z its log-odds; or both. Where there is no machine's score, x and its terms are
left out, and ranks are held against percentages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, BOTH, RANK, STATED, Layout, layout_of
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.signal_cells import SignalCells
from calibra.data.counting.signals import SignalCounts
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.errors import NotEnoughDataError, check_kind
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.declare.priors import HalfNormal, Normal, Pooled, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm

type Floats = NDArray[np.float64]

WORTH_COMPARING = 0.5
"""Share of the judgments that must state a percentage for percentages to be compared; the others are then left out."""


@dataclass(frozen=True, slots=True)
class AddedPriors:
    """What is believed before the counts are seen; log-odds throughout."""

    intercept: Normal = Normal(0.0, 1.5)
    """Log-odds of an event where the machine says 50 %, or, without a machine, on average."""
    machine: Normal = Normal(1.0, 0.5)
    """Slope of the machine's score, 1 for one that comes as it says."""
    departure: ScalePrior = HalfNormal(0.3)
    """Standard deviation of what a curve has beyond its line: the machine's, and that of what is stated."""
    rank: ScalePrior = HalfNormal(1.0)
    """Standard deviation between the ranks at the same score; near 0 where the rank adds nothing."""
    stated: Normal = Normal(0.0, 0.5)
    """Slope of the stated percentage at the same score; 0 where it adds nothing."""
    rep_intercept: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    rep_machine: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes of the machine's score."""
    rep_rank: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes over the ranks, a standard deviation of the ranks being the unit."""
    rep_stated: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes of what they state."""


@dataclass(frozen=True, slots=True)
class AddedModel(Fits[AddedFit]):
    """What do rank and stated percentage add to a machine's score, for whom, and which of the two carries more?

    Each way of reading a judgment is a model of its own on the same judgments; they are compared by the log score of
    judgments left out. Judgments younger than the horizon, or without a score, are left out.

    Parameters
    ----------
    within_days : int, optional
        Horizon in days; None means the scale's only one.
    priors : AddedPriors
        Priors.

    Examples
    --------
    >>> import numpy as np, pandas as pd, calibra as cb
    >>> rng = np.random.default_rng(1)
    >>> score, good = rng.uniform(0.1, 0.6, 800), rng.random(800) < 0.5
    >>> frame = pd.DataFrame({"id": range(800), "owner": rng.choice(["Abe", "Ito"], 800)})
    >>> frame["rank"], frame["score"], frame["judged"] = np.where(good, "A", "B"), score, pd.Timestamp("2026-01-10")
    >>> came = rng.random(800) < score + np.where(good, 0.2, -0.05)
    >>> frame["won"] = pd.Series(pd.Timestamp("2026-02-01"), frame.index).where(came)
    >>> roles = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won"}
    >>> judgments = cb.Judgments.from_frame(frame, scale=cb.RankScale(["A", "B"]), as_of="2026-06-30", horizons=[90],
    ...     columns=roles | {"machine_prob": "score"})
    >>> gains = cb.AddedModel(within_days=90).fit(judgments, seed=1).gains()
    >>> bool(gains["prob"].item() > 0.9)
    True
    """

    within_days: int | None = None
    """Horizon in days; None means the scale's only one."""
    priors: AddedPriors = AddedPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(self.priors, "priors", AddedPriors, more="Leave it out for the defaults, or write AddedPriors().")

    def lay_out(self, judgments: Judgments) -> LaidOut[AddedFit]:
        """The declarations on these judgments, and the fit that their draws make.

        Raises
        ------
        NotEnoughDataError
            Nothing that could add: no judgment old enough with a score; one rank alone and no percentages.
        InputError
            Neither column is mapped; late entry or loss from sight before the horizon.
        """
        check_kind(judgments, "judgments", Judgments)
        cells = self._cells(judgments)
        layout = layout_of(cells)
        declarations = self.declare(cells, layout)

        def read(posteriors: Mapping[str, Posterior]) -> AddedFit:
            return AddedFit(cells, layout, declarations, dict(posteriors))

        return LaidOut(declarations, read)

    def build(self, judgments: Judgments) -> pm.Model:
        """The model that reads most, written out in PyMC, for reading and doubting."""
        from calibra.inference.nuts.build_cells import build_pymc

        cells = self._cells(judgments)
        return build_pymc(list(self.declare(cells, layout_of(cells)).values())[-1])

    def _cells(self, judgments: Judgments) -> SignalCells:
        days = judgments.scale.resolve_horizon(self.within_days)
        counts = judgments.signal_counts(horizons=[days])
        judgments.binomial_cells(within_days=days)  # refuses a horizon within which too much was seen in part
        cells = counts.cells(days, _read_roles(counts, days))
        if (
            len(np.unique(cells.rank[cells.n > 0])) < 2
            and (MACHINE_PROB in cells.mean) + (STATED_PROB in cells.mean) < 2
        ):
            raise NotEnoughDataError(
                f"One rank alone, beside one probability, has nothing to add to it within {days} days."
            )
        return cells

    def declare(self, cells: SignalCells, layout: Layout) -> dict[str, CellModel]:
        """One multilevel cell model for each way of reading, that which reads most last."""
        base = self._base(cells, layout)
        rank, stated = self._rank(cells, layout), self._stated(cells, layout)
        added = {BASE: ((), ()), RANK: rank, STATED: stated, BOTH: (rank[0] + stated[0], rank[1] + stated[1])}
        return {
            name: CellModel(
                family=Binomial(),
                events=cells.events.astype(float),
                size=cells.n.astype(float),
                reps=cells.reps,
                population=(*base[0], *added[name][0]),
                rep_terms=(*base[1], *added[name][1]),
            )
            for name in layout.readings
        }

    def _base(self, cells: SignalCells, layout: Layout) -> tuple[tuple[PopulationTerm, ...], tuple[RepTerm, ...]]:
        priors, one = self.priors, np.ones((*cells.n.shape, 1))
        population = [PopulationTerm("intercept", "line_intercept", ("level",), one, priors.intercept)]
        reps = [RepTerm("rep_intercept", one, priors.rep_intercept)]
        if layout.machine is not None:
            at = cells.log_odds(MACHINE_PROB)
            population.append(PopulationTerm("machine", "line_slope", ("slope",), at[..., None], priors.machine))
            population += layout.machine.term("machine_departure", at, Pooled(priors.departure))
            reps.append(RepTerm("rep_machine", (at - layout.mean_machine)[..., None], priors.rep_machine))
        return tuple(population), tuple(reps)

    def _rank(self, cells: SignalCells, layout: Layout) -> tuple[tuple[PopulationTerm, ...], tuple[RepTerm, ...]]:
        design = layout.contrasts[cells.rank]
        labels = tuple(str(i + 1) for i in range(design.shape[-1]))
        term = PopulationTerm("rank", "contrast", labels, design, Pooled(self.priors.rank))
        return (term,), (RepTerm("rep_rank", layout.steps[cells.rank][..., None], self.priors.rep_rank),)

    def _stated(self, cells: SignalCells, layout: Layout) -> tuple[tuple[PopulationTerm, ...], tuple[RepTerm, ...]]:
        if layout.stated is None:
            return (), ()
        at = cells.log_odds(STATED_PROB) - layout.mean_stated
        terms = [PopulationTerm("stated", "stated_slope", ("slope",), at[..., None], self.priors.stated)]
        terms += layout.stated.term("stated_departure", cells.log_odds(STATED_PROB), Pooled(self.priors.departure))
        return tuple(terms), (RepTerm("rep_stated", at[..., None], self.priors.rep_stated),)


def _read_roles(counts: SignalCounts, days: int) -> tuple[str, ...]:
    """Which probabilities are compared: the machine's where there is one, the stated ones where most state any."""
    has = counts.has
    if has[STATED_PROB] and not has[MACHINE_PROB]:
        return (STATED_PROB,)
    if has[STATED_PROB] and counts.share_with(STATED_PROB, days) >= WORTH_COMPARING:
        return (MACHINE_PROB, STATED_PROB)
    return (MACHINE_PROB,)
