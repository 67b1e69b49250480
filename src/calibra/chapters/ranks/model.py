"""Rank → event: what does each rep's rank mean, as a probability that the event comes within the horizon?

    events_rk ~ Binomial(n_rk, p_rk),   logit p_rk = μ_k + o_r + d_r s_k + e_rk,   corr(o_r, d_r) = ρ

μ_k is rank k for a typical rep, o_r rep r's level, d_r the slope on the rank scores s, e_rk what is left of a rep's
own use of a rank. With ρ below 0 reps differ less at the best rank than at the worst. Of an odd rep, one in fifty, o_r
and d_r have more added of their own, so that a rep far from all others is not drawn to them. Effects of case mix
(`adjust_for`) and of the user's team column are added. All rep terms are partially pooled.

Judgments younger than the horizon count as far as their answers are in: of them

    events_rk ~ Binomial(n_rk, G_rk logit⁻¹(logit p_rk + τ s_rk))

where G is the share of the events that come by their age, read from the mature ones, and τ the logarithm of how much
longer events take of late, s its effect. What all reps share in τ is so kept apart from what tells reps apart.

References
----------
Gelman, A. & Hill, J. (2007). Data Analysis Using Regression and Multilevel/Hierarchical Models. Cambridge University
Press. Normand, S.-L. T., Glickman, M. E. & Gatsonis, C. A. (1997). Statistical methods for profiling providers of
medical care. Journal of the American Statistical Association 92, 803–814. doi:10.1080/01621459.1997.10474036
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calibra.chapters.ranks.fit import RankFit
from calibra.data.counting.counts import BinomialCells, check_groups
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import YoungCells, slowing_effect
from calibra.data.counting.young import young_cells
from calibra.data.scale import RankScores
from calibra.errors import InputError, check_kind, what_came
from calibra.inference.declare.cells import CellModel, Correlation, PopulationTerm, RepTerm, with_own_axes
from calibra.inference.declare.families import Binomial, DelayedBinomial
from calibra.inference.declare.odd_reps import odd_reps
from calibra.inference.declare.priors import LKJ, HalfNormal, Normal, Pooled, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.cells import (
    Floats,
    PackedCells,
    check_any,
    indicator,
    pack_cells,
    read_adjust_for,
    residual_basis,
)
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm

    from calibra.chapters.design import Design, Reps, World


type Counted = tuple[BinomialCells, YoungCells | None]
"""Mature judgments, and young ones where they count."""


@dataclass(frozen=True, slots=True)
class RankPriors:
    """What is believed of ranks and reps before the counts are seen; log-odds throughout."""

    rank_mean: Normal = Normal(-1.0, 1.5)
    """A rank of a typical rep: from about 2 % to 88 % with 90 % probability."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' slopes, per standard deviation of the rank scores."""
    correlation: LKJ = LKJ(2.0)
    """Correlation of the reps' levels and slopes: from −.73 to .73 with 90 % probability."""
    residual: ScalePrior = HalfNormal(0.3)
    """Standard deviation of what is left per rep and rank."""
    adjustment: Normal = Normal(0.0, 1.0)
    """Effect of a label of an `adjust_for` column."""
    team: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the teams' levels."""
    odd_share: float = 0.02
    """Share of reps that are odd: far from the others, whatever the spread of these; 0 for none."""
    odd_level: float = 0.8
    """Standard deviation of what is added to the level of such a rep."""
    odd_slope: float = 0.4
    """Standard deviation of what is added to the slope of such a rep."""
    tempo_change: Normal = Normal(0.0, 0.2)
    """Logarithm of how much longer events take for the young judgments than for the mature ones."""


@dataclass(frozen=True, slots=True)
class RankModel(Fits[RankFit]):
    """What does each rep's rank mean, as a probability of an event within the horizon?

    Partial pooling: a rep with few judgments is read close to all reps, one with many by their own record. Intervals
    are nominal on average over reps drawn from the population; for a fixed rep far from all others and with few
    judgments they cover less. One rep in fifty may be odd (`RankPriors.odd_share`): far out, and pooled less.
    The model describes outcomes under the present way of working: where reps work their A prospects harder, that is in
    the numbers.

    Parameters
    ----------
    within_days : int, optional
        Horizon in days; None means the scale's only one.
    adjust_for : tuple of str
        Grouping columns (segment, source, …) whose mix differs between reps.
    team : str, optional
        Grouping column of teams, pooled as a level of its own.
    priors : RankPriors
        Priors.
    young : {"count", "leave out"}
        Whether judgments younger than the horizon count, as far as their answers are in: where they are at least a
        tenth of the mature ones, and 30 mature events tell when events come.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = cb.RankModel(within_days=90).fit(judgments, seed=1)
    >>> fit.diagnostics.ok
    True
    """

    within_days: int | None = None
    """Horizon in days; None means the scale's only one."""
    adjust_for: tuple[str, ...] = ()
    """Grouping columns of case mix."""
    team: str | None = None
    """Grouping column of teams."""
    priors: RankPriors = RankPriors()
    """Priors."""
    young: Literal["count", "leave out"] = "count"
    """Whether judgments younger than the horizon count, as far as their answers are in."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_kind(self.priors, "priors", RankPriors, more="Leave it out for the defaults, or write RankPriors().")
        object.__setattr__(self, "adjust_for", read_adjust_for(self.adjust_for))
        if not isinstance(self.team, str | None):
            raise InputError(f"`team` must be the name of a grouping, as text; got {what_came(self.team)}.")
        if self.team is not None and self.team in self.adjust_for:
            raise InputError(f"{self.team!r} is both `team` and in `adjust_for`; name it once.")
        if self.young not in ("count", "leave out"):
            raise InputError(f"`young` must be 'count' or 'leave out'; got {what_came(self.young)}.")

    def draw_world(
        self,
        design: "Design",
        rng: np.random.Generator,
        *,
        exact: bool = True,  # noqa: ARG002 (as of every model)
        reps: "Reps" = "priors",
    ) -> "World":
        """An organisation drawn from the priors, scales included, on a design of yours.

        Parameters
        ----------
        exact : bool
            Makes no difference here: counts are whole in either case.
        reps : {"priors", "identical", "extreme"}
            How reps differ.

        Raises
        ------
        NotEnoughDataError
            Whole days in which nobody was followed to the last edge.
        InputError
            A model with case mix or teams: there are no such columns here.
        """
        from calibra.chapters.ranks.worlds import draw_rank_world

        return draw_rank_world(self, design, rng, reps=reps)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groupings it counts by, the team last."""
        return self.adjust_for if self.team is None else (*self.adjust_for, self.team)

    def lay_out(self, judgments: Judgments, counted: Counted | None = None) -> LaidOut[RankFit]:
        """The declaration on these judgments, and the fit that its draws make; `counted` where it is known already.

        Raises
        ------
        NotEnoughDataError
            No judgment is old enough for the horizon (the message says when the first will be), or there is none.
        InputError
            A column or horizon that is not there; late entry or loss from sight before the horizon.
        """
        cells, young = self.count(judgments) if counted is None else counted
        packed = self._pack(cells, young)
        scores = judgments.scale.scores(_rank_counts(cells))
        declaration = self.declare(cells, packed, scores, young)

        def read(posteriors: Mapping[str, Posterior]) -> RankFit:
            scale, posterior = judgments.scale, posteriors["rank"]
            return RankFit(
                scale, self.adjust_for, self.team, cells, packed, scores, declaration, posterior, judgments, young
            )

        return LaidOut({"rank": declaration}, read)

    def build(self, judgments: Judgments) -> "pm.Model":
        """The model written out in PyMC, for reading and doubting: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_cells import build_pymc

        cells, young = self.count(judgments)
        scores = judgments.scale.scores(_rank_counts(cells))
        return build_pymc(self.declare(cells, self._pack(cells, young), scores, young))

    def count(self, judgments: Judgments) -> Counted:
        """Mature judgments, and young ones where they count."""
        check_kind(judgments, "judgments", Judgments)
        check_groups(self.adjust_for, judgments.groups, name="adjust_for")
        check_groups(() if self.team is None else (self.team,), judgments.groups, name="team")
        cells = judgments.binomial_cells(within_days=self.within_days, by=self.groups)
        check_any(cells.n)
        return cells, young_cells(judgments, cells, by=self.groups) if self.young == "count" else None

    def _pack(self, cells: BinomialCells, young: YoungCells | None) -> PackedCells:
        return pack_cells(cells.n > 0 if young is None else cells.n + young.n > 0, self.groups)

    def declare(
        self, cells: BinomialCells, packed: PackedCells, scores: RankScores, young: YoungCells | None = None
    ) -> CellModel:
        """The multilevel cell model: β = rank means, case mix, teams; u_r = level, slope, residuals.

        The cells of the young judgments come after those of the mature ones.
        """
        priors, twice = self.priors, 1 if young is None else 2
        rank = np.concatenate([packed.rank] * twice, axis=-1)
        population = [
            PopulationTerm("rank_mean", "rank", cells.ranks, indicator(rank, len(cells.ranks)), priors.rank_mean)
        ]
        for name in self.adjust_for:
            labels, codes = cells.groups[name], np.concatenate([packed.groups[name]] * twice, axis=-1)
            design = indicator(codes, len(labels), _group_shares(cells, name))
            population.append(PopulationTerm(f"{name}_effect", name, labels, design, priors.adjustment))
        if self.team is not None:
            labels = cells.groups[self.team]
            codes = np.concatenate([packed.groups[self.team]] * twice, axis=-1)
            population.append(
                PopulationTerm("team_level", self.team, labels, indicator(codes, len(labels)), Pooled(priors.team))
            )
        if young is not None:
            slower = np.concatenate([np.zeros(packed.rank.shape), _slowing(cells, young)[packed.rank]], axis=-1)
            population.append(
                PopulationTerm("tempo_change", "change", ("slower",), slower[..., None], priors.tempo_change)
            )
        rep_terms = [RepTerm("level", np.ones((*rank.shape, 1)), priors.level)]
        if len(cells.ranks) > 1:
            rep_terms.append(RepTerm("slope", scores.values[rank][..., None], priors.slope))
        if len(cells.ranks) > 2:
            rep_terms.append(RepTerm("residual", residual_basis(scores.values)[rank], priors.residual))
        events, size = packed.pack(cells.events), packed.pack(cells.n)
        reached = None if young is None else np.concatenate([np.ones(size.shape), _reached(packed, young)], axis=1)
        if young is not None:
            events = np.concatenate([events, packed.pack(young.events)], axis=1)
            size = np.concatenate([size, packed.pack(young.n)], axis=1)
        return CellModel(
            family=Binomial() if reached is None else DelayedBinomial(reached),
            events=events,
            size=size,
            reps=cells.reps,
            population=with_own_axes(population, rep_terms),
            rep_terms=tuple(rep_terms),
            correlation=Correlation("level", "slope", priors.correlation) if len(cells.ranks) > 1 else None,
            odd_reps=odd_reps(
                ("level", "slope")[: len(rep_terms)],
                (priors.odd_level, priors.odd_slope),
                priors.odd_share,
                len(cells.reps),
            ),
        )


def _rank_counts(cells: BinomialCells) -> Floats:
    """Mature judgments per rank, (rank,)."""
    return cells.n.sum(axis=(0, *range(2, cells.n.ndim))).astype(float)


def _reached(packed: PackedCells, young: YoungCells) -> Floats:
    """G of the young cells, (rep, cell); 1 in places not used."""
    return np.where(packed.pack(young.n) > 0, packed.pack(young.reached), 1.0)


def _slowing(cells: BinomialCells, young: YoungCells) -> Floats:
    """Effect of a slower pace at each rank, by its raw rate."""
    others = (0, *range(2, cells.n.ndim))
    return slowing_effect(young.slowing, cells.n.sum(axis=others), cells.events.sum(axis=others))


def _group_shares(cells: BinomialCells, name: str) -> Floats:
    """Share of each label of a grouping among mature judgments."""
    axis = 2 + list(cells.groups).index(name)
    counts = cells.n.sum(axis=tuple(i for i in range(cells.n.ndim) if i != axis)).astype(float)
    return np.asarray(counts / counts.sum())
