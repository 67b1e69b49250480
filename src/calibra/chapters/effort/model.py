"""Contact → event, contact → stop: how much work is behind what comes, and when is a prospect given up?

The clock is the number of contacts. At each contact n of a prospect of rank k and rep r that has not come yet

    event_n ~ Binomial(at risk_n, h_n),    stop_n ~ Binomial(contacts without an event, followed further or not, q_n)
    logit h_rkn = α_n + β_k + γ_k z_n + o_r + v_r z_n,    and the same form for q

with α a random walk over classes of contacts, β and γ moving a rank up or down and early or late, o_r the level and v_r
the tempo of a rep (z_n: log of the contact, standardised). An open prospect is undecided about being stopped at its
last contact and counts there for the event alone. From h and q follow, contact by contact and without censoring, the
contacts made and the events that come: K_1 = 1, K_{n+1} = K_n (1 − h_n)(1 − q_n) prospects have an n-th contact.

References
----------
Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd edition, §2.4. Wiley.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.effort.cells import EffortCells, lay_out_cells
from calibra.chapters.effort.fit import EffortFit
from calibra.chapters.lead_times.cells import rank_contrasts
from calibra.data.counting.contacts import ContactCounts
from calibra.data.counting.judgments import Judgments
from calibra.errors import check_kind
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.declare.priors import HalfNormal, Normal, RandomWalk, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True)
class EffortPriors:
    """What is believed before the counts are seen; log-odds of an event, or of being stopped, at a contact."""

    first_event: Normal = Normal(-2.8, 1.0)
    """Log-odds of the event at the first contact: 6 %, from 1 to 24 % (90 % probability)."""
    first_stop: Normal = Normal(-1.5, 1.0)
    """Log-odds of being stopped after the first contact: 18 %, from 4 to 54 %."""
    step: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the step from one class of contacts to the next."""
    rank: Normal = Normal(0.0, 1.0)
    """How far a rank lies above or below the mean of the ranks."""
    rank_tempo: Normal = Normal(0.0, 0.5)
    """How much later (+) a rank's endings come, per standard deviation of the log contact."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    tempo: ScalePrior = HalfNormal(0.3)
    """Standard deviation of how early or late the reps' endings come."""


@dataclass(frozen=True, slots=True)
class EffortModel(Fits[EffortFit]):
    """How many contacts are behind an event, and how many behind what never comes?

    Judgments whose number of contacts is not known are left out and counted. Exits and hand-backs stop a prospect; a
    re-rank does not.

    Parameters
    ----------
    priors : EffortPriors
        Priors.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(n_reps=4, n_prospects=800, seed=1)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = EffortModel().fit(judgments, seed=1)
    >>> fit.activity().columns[:4].tolist()
    ['rep', 'contacts_per_event', 'contacts_per_event_lower', 'contacts_per_event_upper']
    """

    priors: EffortPriors = EffortPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(self.priors, "priors", EffortPriors, more="Leave it out for the defaults, or write EffortPriors().")

    def count(self, judgments: Judgments) -> ContactCounts:
        """The counts that the model rests on."""
        check_kind(judgments, "judgments", Judgments)
        return judgments.contact_counts()

    def lay_out(self, judgments: Judgments) -> LaidOut[EffortFit]:
        """One declaration for events and one for stops on these judgments, and the fit that their draws make.

        Raises
        ------
        NotEnoughDataError
            No number of contacts is known; one and the same number for all; no event after a contact; most events
            without a contact before them.
        InputError
            Neither a column mapped as `touches` nor a log of contacts; ready-made counts.
        """
        return self.lay_out_counts(self.count(judgments))

    def lay_out_counts(self, counts: ContactCounts) -> LaidOut[EffortFit]:
        """The same on what `count` gives."""
        cells = lay_out_cells(counts)
        declarations = self.declare(cells)

        def read(posteriors: Mapping[str, Posterior]) -> EffortFit:
            return EffortFit(cells, declarations, posteriors)

        return LaidOut(declarations, read)

    def build(self, judgments: Judgments) -> "dict[str, pm.Model]":
        """The model written out in PyMC, one for events and one for stops: sampling it gives what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        declarations = self.lay_out(judgments).declarations
        return {cause: build_pymc(declaration) for cause, declaration in declarations.items()}  # type: ignore[arg-type]

    def declare(self, cells: EffortCells) -> dict[str, CellModel]:
        """One multilevel cell model for events, and one for stops where any prospect was stopped."""
        counted, priors = cells.counted, self.priors
        parts = {"event": (counted.events, counted.at_risk, priors.first_event)}
        if counted.stops.any():
            parts["stop"] = (counted.stops, counted.may_stop, priors.first_stop)
        return {
            cause: CellModel(
                family=Binomial(),
                events=cells.pack(ended),
                size=cells.pack(size),
                reps=counted.reps,
                population=self._population(cells, first),
                rep_terms=self._rep_terms(cells),
            )
            for cause, (ended, size, first) in parts.items()
        }

    def _population(self, cells: EffortCells, first: Normal) -> tuple[PopulationTerm, ...]:
        """α over classes of contacts; β and γ of ranks, against their means."""
        n_ranks, n_classes = len(cells.used), len(cells.classes)
        walk = RandomWalk(self.priors.step, (1.0,) * (n_classes - 1), first.mean, first.sd)
        baseline = PopulationTerm("baseline", "contact", cells.classes, np.tile(np.eye(n_classes), (n_ranks, 1)), walk)
        if n_ranks == 1:
            return (baseline,)
        steps = tuple(f"contrast {i + 1}" for i in range(n_ranks - 1))
        design = np.repeat(rank_contrasts(n_ranks), n_classes, axis=0)
        rank = PopulationTerm("rank_contrast", "rank_step", steps, design, self.priors.rank)
        if n_classes == 1:
            return baseline, rank
        late = design * np.tile(cells.clock, n_ranks)[:, None]
        return baseline, rank, PopulationTerm("rank_tempo", "rank_step", steps, late, self.priors.rank_tempo)

    def _rep_terms(self, cells: EffortCells) -> tuple[RepTerm, ...]:
        """o_r and v_r."""
        n_ranks, n_classes = len(cells.used), len(cells.classes)
        level = RepTerm("level", np.ones((n_ranks * n_classes, 1)), self.priors.level)
        if n_classes == 1:
            return (level,)
        return level, RepTerm("tempo", np.tile(cells.clock, n_ranks)[:, None], self.priors.tempo)
