"""Stated date → event: when does it come, on the clock that the rep set?

A judgment whose event is expected in D days stands on day d at the position u = d/D; 1 is the stated date. Within
intervals of u the hazard of each ending c (event; exit) per stated length is constant,

    log λ_c,rkbj = α_cj + β_ck + γ_ck z_j + δ_cb + o_cr + d_cr s_k + v_cr z_j,    D_c,rkbj ~ Poisson(λ_c,rkbj E_rkbj),

E the stated lengths under observation. α is a random walk over the intervals, β and γ move a rank up or down and early
or late (where hardly any of a good rank are left, its hazard rises beside that of a poor one), δ a class of stated
lengths (long statements are followed through fewer of their own lengths than short ones, so that without δ being open
would not be by chance), o_r is a rep's level, d_r its slope on the rank scores, v_r how early or late it is (z_j: log
of the interval's middle, standardised). The hazard per day is λ/D: an accelerated time scale whose shape is free.

References
----------
Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd edition, §2.3. Wiley.
Holford, T. R. (1980). The analysis of rates and of survivorship using log-linear models. Biometrics 36, 299–305.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.lead_times.cells import rank_contrasts
from calibra.chapters.lead_times.model import step_widths
from calibra.chapters.timing.cells import EDGES, TimingCells, lay_out_cells, wanted_edges
from calibra.chapters.timing.fit import StatedTimingFit
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.positions import LENGTHS, PositionCells
from calibra.data.scale import RankScale
from calibra.errors import check_kind, check_within
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Poisson
from calibra.inference.declare.priors import HalfNormal, Normal, RandomWalk, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True)
class StatedTimingPriors:
    """What is believed before the counts are seen; log hazards per stated length, for both endings."""

    first_hazard: Normal = Normal(-1.0, 1.0)
    """Log hazard in the first interval: 37 % a stated length, from 7 % to nearly all (90 % probability)."""
    step: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the step from one interval to the next."""
    rank: Normal = Normal(0.0, 0.8)
    """How far a rank lies above or below the mean of the ranks."""
    rank_tempo: Normal = Normal(0.0, 0.5)
    """How much later (+) a rank's endings come, per standard deviation of the log position."""
    length: Normal = Normal(0.0, 1.0)
    """How far a class of stated lengths lies above or below the mean of the classes."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes on the rank scores."""
    tempo: ScalePrior = HalfNormal(0.3)
    """Standard deviation of how early or late the reps are, per standard deviation of the log position."""


@dataclass(frozen=True, slots=True)
class StatedTimingModel(Fits[StatedTimingFit]):
    """When does the event come, beside the date that the rep stated: earlier, on time, later or not at all?

    Judgments that state no date, or their own day, are left out and counted. Exits and hand-backs compete; a re-rank
    ends nothing. Nothing is said past the last position that enough judgments were followed to.

    Parameters
    ----------
    tolerance_share : float
        On time is what comes within this share of the stated length before or after the date; whole per cents.
    priors : StatedTimingPriors
        Priors.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(n_reps=4, n_prospects=800, seed=1)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = StatedTimingModel().fit(judgments, seed=1)
    >>> fit.shares().columns[:5].tolist()
    ['rep', 'early', 'early_lower', 'early_upper', 'on_time']
    """

    tolerance_share: float = 0.2
    """Share of the stated length within which an event is on time."""
    priors: StatedTimingPriors = StatedTimingPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        more = "Leave it out for the defaults, or write StatedTimingPriors()."
        check_kind(self.priors, "priors", StatedTimingPriors, more=more)
        check_within(self.tolerance_share, "tolerance_share", 0.01, 0.9, mend="Write 20 % as 0.2.")

    def count(self, judgments: Judgments) -> PositionCells:
        """The counts that the model rests on, at every edge it may use."""
        check_kind(judgments, "judgments", Judgments)
        return judgments.position_cells(wanted_edges(EDGES, self.tolerance_share))

    def lay_out(self, judgments: Judgments) -> LaidOut[StatedTimingFit]:
        """One declaration for each ending on these judgments, and the fit that their draws make.

        Raises
        ------
        NotEnoughDataError
            No date is stated after the judgment; hardly anybody was followed past the stated date; one and the same
            number of days for nearly all, which is a default of a form and no statement.
        InputError
            No column is mapped as `expected_at`; ready-made counts.
        """
        return self.lay_out_counts(self.count(judgments), judgments.scale)

    def lay_out_counts(self, counted: PositionCells, scale: RankScale) -> LaidOut[StatedTimingFit]:
        """The same on what `count` gives."""
        cells = lay_out_cells(counted, scale, self.tolerance_share)
        declarations = self.declare(cells)

        def read(posteriors: Mapping[str, Posterior]) -> StatedTimingFit:
            return StatedTimingFit(cells, self.tolerance_share, declarations, posteriors)

        return LaidOut(declarations, read)

    def build(self, judgments: Judgments) -> "dict[str, pm.Model]":
        """The model written out in PyMC, one for each ending: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        declarations = self.lay_out(judgments).declarations
        return {cause: build_pymc(declaration) for cause, declaration in declarations.items()}  # type: ignore[arg-type]

    def declare(self, cells: TimingCells) -> dict[str, CellModel]:
        """One multilevel cell model for each ending that occurs; events always."""
        counted = cells.counted
        endings = {"event": counted.events} | ({"exit": counted.exits} if counted.exits.any() else {})
        population, rep_terms = self._population(cells), self._rep_terms(cells)
        return {
            cause: CellModel(
                family=Poisson(),
                events=cells.pack(ended),
                size=cells.pack(counted.exposure),
                reps=counted.reps,
                population=population,
                rep_terms=rep_terms,
            )
            for cause, ended in endings.items()
        }

    def _population(self, cells: TimingCells) -> tuple[PopulationTerm, ...]:
        """α over intervals, β of ranks and δ of stated lengths, both against their means."""
        priors, n_kinds, n_intervals = self.priors, len(cells.rank), len(cells.intervals)
        first, widths = priors.first_hazard, step_widths(cells.bounds)
        walk = RandomWalk(priors.step, widths, first.mean, first.sd)
        by_interval = np.tile(np.eye(n_intervals), (n_kinds, 1))
        terms = [PopulationTerm("baseline", "interval", cells.intervals, by_interval, walk)]
        used = sorted(set(cells.length.tolist()))
        for name, dim, codes, labels, prior in (
            ("rank_contrast", "rank_step", cells.rank, cells.counted.ranks, priors.rank),
            (
                "length_contrast",
                "length_step",
                np.searchsorted(used, cells.length),
                [LENGTHS[i] for i in used],
                priors.length,
            ),
        ):
            if len(labels) > 1:
                steps = tuple(f"contrast {i + 1}" for i in range(len(labels) - 1))
                design = np.repeat(rank_contrasts(len(labels))[codes], n_intervals, axis=0)
                terms.append(PopulationTerm(name, dim, steps, design, prior))
                if name == "rank_contrast":
                    late = design * np.tile(cells.clock, n_kinds)[:, None]
                    terms.append(PopulationTerm("rank_tempo", dim, steps, late, priors.rank_tempo))
        return tuple(terms)

    def _rep_terms(self, cells: TimingCells) -> tuple[RepTerm, ...]:
        """u_r: level, slope on the rank scores, early or late."""
        priors, n_kinds, n_intervals = self.priors, len(cells.rank), len(cells.intervals)
        terms = [RepTerm("level", np.ones((n_kinds * n_intervals, 1)), priors.level)]
        if len(cells.counted.ranks) > 1:
            scores = np.repeat(cells.scores.values[cells.rank], n_intervals)[:, None]
            terms.append(RepTerm("slope", scores, priors.slope))
        terms.append(RepTerm("tempo", np.tile(cells.clock, n_kinds)[:, None], priors.tempo))
        return tuple(terms)
