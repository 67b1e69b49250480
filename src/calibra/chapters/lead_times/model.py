"""Lead time: when does the event come, for which rep and rank, exits competing?

Within intervals of days since the judgment the hazard of each ending c (event; exit) is constant,

    log λ_c,rkj = α_cj + β_ck + γ_ck t_j + s_k Σ_m φ_cm (t_j − κ_m)₊ + x'δ_c + o_cr + d_cr s_k + e_crk + v_cr t_j,
    α_cj = w_cj + a_c (t_j − t_1) + b_c (t_j² − t_1²) + z_c (t_j − κ_2)₊ + h_cj,

and the counts of endings are Poisson on person-days: D_c,rkj ~ Poisson(λ_c,rkj E_rkj). w is a random walk over the
intervals around a trend of slope a, bend b and tail z, so that late intervals with few endings go on as those before
them; h is 0 but in intervals of one day on which endings heap up. β and γ move a rank up or down and early or late
(t_j: log of the interval's middle, centred), φ bends that early and late along the rank scores s, δ is case mix, o_r
a rep's level, d_r its slope on s, e_rk what is left of a rep's own use of a rank, v_r its tempo. The likelihood is a
product over the endings, so each is fitted on its own.

References
----------
Holford, T. R. (1980). The analysis of rates and of survivorship using log-linear models. Biometrics 36, 299–305.
Prentice, R. L. et al. (1978). The analysis of failure times in the presence of competing risks. Biometrics 34, 541–554.
Fahrmeir, L. & Lang, S. (2001). Bayesian inference for generalized additive mixed models based on Markov random field
priors. Journal of the Royal Statistical Society C 50, 201–220.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.lead_times.baseline import Columns
from calibra.chapters.lead_times.cells import Floats, Ints, LeadTimeCells, lay_out, rank_contrasts
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.counts import check_edges, check_groups
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import count_open
from calibra.errors import check_kind
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm, with_own_axes
from calibra.inference.declare.families import Poisson
from calibra.inference.declare.priors import HalfNormal, Normal, PopulationPrior, RandomWalk, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.cells import indicator, read_adjust_for, residual_basis
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm

    from calibra.chapters.design import Design, Reps, World


@dataclass(frozen=True, slots=True)
class LeadTimePriors:
    """What is believed of hazards before the counts are seen; log hazards per day throughout, for both endings."""

    first_hazard: Normal = Normal(-6.0, 2.0)
    """Log hazard per day in the first interval: from 1 in 11,000 to 1 in 15 a day (90 % probability)."""
    step: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the step from one interval to the next, at the median distance of middles."""
    trend: Normal = Normal(0.0, 1.0)
    """Slope, bend and tail of the baseline over the standardised log time, for which the steps need not account."""
    heap: Normal = Normal(0.0, 3.0)
    """How far the hazard of a day on which endings heap up lies above what the days around it say."""
    rank: Normal = Normal(0.0, 1.5)
    """How far a rank lies above or below the mean of the ranks."""
    rank_tempo: Normal = Normal(0.0, 0.5)
    """How much later (+) a rank's endings come, per standard deviation of the log time."""
    rank_bend: Normal = Normal(0.0, 0.3)
    """How much that changes from each bend of the clock on, per standard deviation of the rank scores."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes, per standard deviation of the rank scores."""
    residual: ScalePrior = HalfNormal(0.3)
    """Standard deviation of what is left per rep and rank."""
    tempo: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' tempo, per standard deviation of the log time."""
    adjustment: Normal = Normal(0.0, 1.0)
    """Effect of a label of an `adjust_for` column."""


@dataclass(frozen=True, slots=True)
class LeadTimeModel(Fits[LeadTimeFit]):
    """When does the event come, for which rep and rank, and who chases too long?

    Piecewise-exponential and cause-specific, partially pooled over reps. Late entry (`entered_at`) and loss from sight
    (`censored_at`) are allowed for. Valid where, at equal rep, rank and age, being lost from sight says nothing about
    what would have come. Nothing is said past the last edge.

    Parameters
    ----------
    interval_edges_days : sequence of int, optional
        Last whole day of each interval, increasing. By default from the data: the promised horizons that follow-up
        reaches, its end, and quantiles of the event days between.
    adjust_for : tuple of str
        Grouping columns (segment, source, …) whose mix differs between reps.
    priors : LeadTimePriors
        Priors.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(n_reps=4, n_prospects=800, seed=1)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = LeadTimeModel(interval_edges_days=(30, 90, 180)).fit(judgments, seed=1)
    >>> fit.probability_within(90).columns[:5].tolist()
    ['rep', 'rank', 'estimate', 'lower', 'upper']
    """

    interval_edges_days: tuple[int, ...] | None = None
    """Last whole day of each interval; None means from the data."""
    adjust_for: tuple[str, ...] = ()
    """Grouping columns of case mix."""
    priors: LeadTimePriors = field(default_factory=LeadTimePriors)
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(
            self.priors, "priors", LeadTimePriors, more="Leave it out for the defaults, or write LeadTimePriors()."
        )
        object.__setattr__(self, "adjust_for", read_adjust_for(self.adjust_for))
        if self.interval_edges_days is not None:
            edges: Sequence[int] = check_edges(self.interval_edges_days).tolist()
            object.__setattr__(self, "interval_edges_days", tuple(edges))

    def draw_world(
        self, design: "Design", rng: np.random.Generator, *, exact: bool = True, reps: "Reps" = "priors"
    ) -> "World":
        """An organisation drawn from the priors, scales included, on a design of yours.

        Parameters
        ----------
        exact : bool
            True: exact times. False: whole days, as a user's data come.
        reps : {"priors", "identical", "extreme"}
            How reps differ.

        Raises
        ------
        NotEnoughDataError
            Whole days in which nobody was followed to the last edge.
        InputError
            A model with case mix or teams: there are no such columns here.
        """
        from calibra.chapters.lead_times.worlds import draw_lead_time_world

        return draw_lead_time_world(self, design, rng, exact=exact, reps=reps)

    def lay_out(self, judgments: Judgments) -> LaidOut[LeadTimeFit]:
        """One declaration for each ending on these judgments, and the fit that their draws make.

        The endings share no parameter, so their posteriors are independent: draw i of the one is paired with draw i
        of the other.

        Raises
        ------
        NotEnoughDataError
            Nobody was followed past the day of the judgment, or to the last of the edges given.
        InputError
            Ready-made counts, which hold no durations; a column that is not there.
        """
        cells = self._cells(judgments)
        declarations = self.declare(cells)

        def read(posteriors: Mapping[str, Posterior]) -> LeadTimeFit:
            counts = judgments.duration_counts(by=self.adjust_for)
            opened = count_open(judgments)
            return LeadTimeFit(self.adjust_for, judgments.scale, counts, cells, opened, declarations, posteriors)

        return LaidOut(declarations, read)

    def edges_days(self, judgments: Judgments) -> tuple[int, ...]:
        """Last whole day of each interval on these judgments."""
        return tuple(self._cells(judgments).exposure.edges_days.tolist())

    def build(self, judgments: Judgments) -> "dict[str, pm.Model]":
        """The model written out in PyMC, one for each ending: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        declarations = self.declare(self._cells(judgments))
        return {cause: build_pymc(declaration) for cause, declaration in declarations.items()}

    def _cells(self, judgments: Judgments) -> LeadTimeCells:
        check_kind(judgments, "judgments", Judgments)
        check_groups(self.adjust_for, judgments.groups, name="adjust_for")
        counts = judgments.duration_counts(by=self.adjust_for)
        return lay_out(counts, judgments.scale, edges_days=self.interval_edges_days, by=self.adjust_for)

    def declare(self, cells: LeadTimeCells) -> dict[str, CellModel]:
        """One multilevel cell model for each ending that occurs; events always."""
        rep_terms = self._rep_terms(cells)
        exposure = cells.exposure
        endings = {"event": exposure.events} | ({"exit": exposure.exits} if cells.has_exits else {})
        return {
            cause: CellModel(
                family=Poisson(),
                events=cells.pack(ended),
                size=cells.pack(exposure.exposure_days),
                reps=exposure.reps,
                population=with_own_axes(self._population(cells, cause), rep_terms),
                rep_terms=rep_terms,
            )
            for cause, ended in endings.items()
        }

    def _population(self, cells: LeadTimeCells, cause: str) -> tuple[PopulationTerm, ...]:
        """β: the baseline over intervals, ranks against each other, ranks early or late, case mix."""
        priors, ranks, rank = self.priors, cells.exposure.ranks, cells.packed.rank
        n_intervals = len(cells.clock)
        terms = self._baseline(cells, cause)
        if len(ranks) > 1:
            labels = tuple(f"contrast {i + 1}" for i in range(len(ranks) - 1))
            contrasts = np.repeat(rank_contrasts(len(ranks))[rank][..., None, :], n_intervals, axis=-2)
            terms.append(PopulationTerm("rank_contrast", "contrast", labels, _flat(contrasts, rank.ndim), priors.rank))
            if n_intervals > 1:
                late = contrasts * cells.clock[:, None]
                terms.append(
                    PopulationTerm("rank_tempo", "contrast", labels, _flat(late, rank.ndim), priors.rank_tempo)
                )
            if cells.bends.labels:
                by_score = cells.scores.values[rank][..., None, None] * cells.bends.design
                terms.append(
                    PopulationTerm(
                        "rank_bend", "bend", cells.bends.labels, _flat(by_score, rank.ndim), priors.rank_bend
                    )
                )
        for axis, name in enumerate(self.adjust_for, start=2):
            labels, codes = cells.exposure.groups[name], cells.packed.groups[name]
            counted = cells.n.sum(axis=tuple(i for i in range(cells.n.ndim) if i != axis)).astype(float)
            columns = indicator(codes, len(labels), counted / counted.sum())
            design = np.repeat(columns[..., None, :], n_intervals, axis=-2)
            terms.append(PopulationTerm(f"{name}_effect", name, labels, _flat(design, rank.ndim), priors.adjustment))
        return tuple(terms)

    def _baseline(self, cells: LeadTimeCells, cause: str) -> list[PopulationTerm]:
        """α: a trend, a walk around it, and the days of heaps, the same at every rank."""
        priors, rank = self.priors, cells.packed.rank
        first, widths = priors.first_hazard, step_widths(cells.bounds)
        walk = RandomWalk(priors.step, widths, first.mean, first.sd) if widths else first
        by_interval = Columns(cells.intervals, np.eye(len(cells.clock)))
        parts: tuple[tuple[str, str, Columns, PopulationPrior], ...] = (
            ("baseline", "interval", by_interval, walk),
            ("trend", "power", cells.trend, priors.trend),
            ("heap", "heap_day", cells.heap(cause), priors.heap),
        )
        return [
            PopulationTerm(name, dim, columns.labels, _flat(_at_each_rank(columns.design, rank), rank.ndim), prior)
            for name, dim, columns, prior in parts
            if columns.labels
        ]

    def _rep_terms(self, cells: LeadTimeCells) -> tuple[RepTerm, ...]:
        """u_r: level, slope on the rank scores, what is left of each rank, early or late."""
        rank, clock = cells.packed.rank, cells.clock
        shape = (*rank.shape, len(clock), 1)
        terms = [RepTerm("level", _flat(np.ones(shape), rank.ndim), self.priors.level)]
        if len(cells.exposure.ranks) > 1:
            scores = np.broadcast_to(cells.scores.values[rank][..., None, None], shape)
            terms.append(RepTerm("slope", _flat(scores, rank.ndim), self.priors.slope))
        if len(cells.exposure.ranks) > 2:
            basis = np.repeat(residual_basis(cells.scores.values)[rank][..., None, :], len(clock), axis=-2)
            terms.append(RepTerm("residual", _flat(basis, rank.ndim), self.priors.residual))
        if len(clock) > 1:
            terms.append(RepTerm("tempo", _flat(np.broadcast_to(clock[:, None], shape), rank.ndim), self.priors.tempo))
        return tuple(terms)


def step_widths(bounds: Floats) -> tuple[float, ...]:
    """Distances between the middles of neighbouring intervals over their median, one fewer than intervals."""
    distances = np.diff(0.5 * (bounds[1:] + bounds[:-1]))
    return tuple((distances / np.median(distances)).tolist()) if distances.size else ()


def _at_each_rank(design: Floats, rank: Ints) -> Floats:
    """(interval, column) the same in every cell, (…, cell, interval, column)."""
    return np.broadcast_to(design, (*rank.shape, *design.shape))


def _flat(design: Floats, n_cell_axes: int) -> Floats:
    """(…, cell, interval, column) as (…, cell × interval, column)."""
    lead = design.shape[: n_cell_axes - 1]
    return np.ascontiguousarray(design).reshape(*lead, -1, design.shape[-1])
