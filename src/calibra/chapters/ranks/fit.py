"""How the posterior of the rank model is read: probabilities, profiles, spread, order, a rep never seen."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.checked import checked_ranks
from calibra.chapters.ranks.mix import average_probability, mix_weights, team_weights
from calibra.chapters.ranks.order import order_columns
from calibra.chapters.ranks.population import expected_columns, spread_columns
from calibra.chapters.ranks.probabilities import probability_columns
from calibra.chapters.ranks.profiles import profile_columns
from calibra.chapters.ranks.reverse import reverse_columns
from calibra.chapters.ranks.translation import translation_columns
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judged_weeks import JudgedWeeks
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.reached import YoungCells
from calibra.data.counting.saved import has_rows
from calibra.data.scale import RankScale, RankScores, find_rank
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.plotted import Plotted
from calibra.reading.cells import Floats, PackedCells, residual_basis
from calibra.reading.checked import Checked
from calibra.reading.flags import FLAG_PROB
from calibra.reading.means import logistic, rep_shares
from calibra.reading.rep_chunks import read_reps, rep_chunks
from calibra.reading.rows import resting_table
from calibra.stats.intervals import INTERVAL_PROB
from calibra.stats.margin import MARGIN_ODDS, margin_band
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class RankFit(Plotted):
    """The fitted rank model: cells, draws, and the tables read off them."""

    picture: ClassVar[str] = "plot_probabilities"
    shown: ClassVar[str] = "probabilities"
    scale: RankScale
    """The ranks and what is promised by each."""
    adjust_for: tuple[str, ...]
    """Case-mix columns adjusted for."""
    team: str | None
    """Team column, if any."""
    cells: BinomialCells
    """Mature judgments and events per rep, rank (and group)."""
    packed: PackedCells
    """How the cells lie in the declaration."""
    scores: RankScores
    """Scores of the ranks, and where they come from."""
    declaration: CellModel
    """The model as the engines saw it."""
    posterior: Posterior
    """The draws."""
    judgments: Judgments | None = None
    """What was fitted, asked only to know its judgments again in another fit."""
    young: YoungCells | None = None
    """Judgments younger than the horizon that count as far as their answers are in; None where none do."""

    def __repr__(self) -> str:
        return f"<RankFit: {self.cells}; {self.diagnostics}>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit."""
        return self.posterior.diagnostics

    @property
    def within_days(self) -> int | None:
        """Horizon in days; None for ready-made counts that state none."""
        return self.cells.within_days

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.cells.reps

    @property
    def ranks(self) -> tuple[str, ...]:
        """Rank labels, best first."""
        return self.cells.ranks

    @property
    def teams(self) -> tuple[str, ...]:
        """Team labels; none without `team`."""
        return () if self.team is None else self.cells.groups[self.team]

    @property
    def n(self) -> Floats:
        """Mature judgments per rep and rank, (rep, rank)."""
        return self._over_groups(self.cells.n)

    @property
    def events(self) -> Floats:
        """Events within the horizon per rep and rank, (rep, rank)."""
        return self._over_groups(self.cells.events)

    @property
    def n_answered(self) -> Floats:
        """Mature judgments, and of each young one the share of its events that comes by its age, (rep, rank)."""
        if self.young is None:
            return self.n
        part = self.young.n * self.young.reached
        return self.n + part.sum(axis=tuple(range(2, part.ndim)))

    @property
    def raw_rates(self) -> Floats:
        """Share of mature judgments with an event per rank, the same for every rep and group, (1, rank, *1)."""
        n, events = self.n.sum(axis=0), self.events.sum(axis=0)
        return (events / np.maximum(n, 1.0)).reshape(1, -1, *[1] * (self.cells.n.ndim - 2))

    @property
    def rank_mix(self) -> Floats:
        """Share of each rank among all mature judgments, (rank,)."""
        counts = self.n.sum(axis=0)
        return counts / counts.sum()

    def judged_weeks(self) -> JudgedWeeks | None:
        """The mature judgments by the week they were made in, counted when asked for; None where no days are known."""
        if self.judgments is None or self.within_days is None or not has_rows(self.judgments):
            return None
        return self.judgments.weekly_counts(horizons=[self.within_days]).judged

    # draws ------------------------------------------------------------------------------------------------------------

    def probability_draws(
        self, *, case_mix: str = "own", within_team: bool = False, reps: slice = slice(None)
    ) -> Floats:
        """Draws of P(event within the horizon), (draw, rep, rank).

        Parameters
        ----------
        case_mix : {"own", "all reps"}
            Over which mix of groups to average: each rep's own within the rank, or that of all reps.
        within_team : bool
            Read everybody at all reps' mix of teams, so that reps are compared as if they were in one team. By default
            a rep's probability is that in the rep's own team.
        reps : slice
            Of which reps; many reps are better read a few at a time, by `in_chunks`.
        """
        linpred, has_teams = self.rep_linpred(reps), self.team is not None
        weights = mix_weights(
            self.cells.n, case_mix=case_mix, has_teams=has_teams, within_team=within_team and has_teams
        )[reps]
        return average_probability(linpred, self.group_effects(), weights) if self.packed.groups else logistic(linpred)

    def in_chunks(self, *, case_mix: str = "own", within_team: bool = False) -> Iterator[tuple[slice, Floats]]:
        """Draws of P(event), (draw, rep, rank), of a few reps at a time, and which reps they are."""
        for reps in rep_chunks(len(self.reps), self.posterior.n_draws * len(self.ranks)):
            yield reps, self.probability_draws(case_mix=case_mix, within_team=within_team, reps=reps)

    def read(
        self, reader: Callable[[slice, Floats], Mapping[str, NDArray[Any]]], *, case_mix: str = "own"
    ) -> dict[str, NDArray[Any]]:
        """What a reader takes from the reps of a chunk and their draws of P(event): arrays with a row a rep."""

        def read(reps: slice) -> Mapping[str, NDArray[Any]]:
            return reader(reps, self.probability_draws(case_mix=case_mix, reps=reps))

        return read_reps(len(self.reps), self.posterior.n_draws * len(self.ranks), read)

    def all_reps_draws(self, *, case_mix: str = "own", within_team: bool = False) -> Floats:
        """Draws of the count-weighted mean over reps, (draw, rank)."""
        shares, total = rep_shares(self.n), np.zeros((self.posterior.n_draws, len(self.ranks)))
        for reps, prob in self.in_chunks(case_mix=case_mix, within_team=within_team):
            total += np.einsum("srk,rk->sk", prob, shares[reps])
        return total

    def weighted_draws(self, weights: Floats) -> Floats:
        """Draws of the mean probability at weights (rep, rank, *group) that sum to one for each rank, (draw, rank)."""
        effects, total = self.group_effects(), np.zeros((self.posterior.n_draws, len(self.ranks)))
        for reps in rep_chunks(len(self.reps), total.size):
            total += average_probability(self.rep_linpred(reps), effects, weights[reps]).sum(axis=1)
        return total

    def team_draws(self) -> Floats:
        """Draws of the count-weighted mean over each team's reps, at their own mix of cases, (draw, team, rank)."""
        means = [self.weighted_draws(team_weights(self.cells.n, team)) for team in range(len(self.teams))]
        return np.stack(means, axis=1) if means else np.zeros((self.posterior.n_draws, 0, len(self.ranks)))

    def gap_draws(self, *, case_mix: str = "all reps", within_team: bool = False) -> Floats:
        """Draws of each rep's outcomes less all reps' at the same rank, (draw, rep), in points; negative: below.

        At the all-reps mix of ranks. `case_mix` and `within_team` as in `probability_draws`.
        """
        everyone = self.all_reps_draws(case_mix=case_mix, within_team=within_team)[:, None]
        gap = np.empty((self.posterior.n_draws, len(self.reps)))
        for reps, prob in self.in_chunks(case_mix=case_mix, within_team=within_team):
            gap[:, reps] = 100.0 * (prob - everyone) @ self.rank_mix
        return gap

    def rep_linpred(self, reps: slice = slice(None)) -> Floats:
        """μ + level + slope × score + residual, group effects left out; (draw, rep, rank)."""
        draws = self.posterior.draws
        linpred = draws["rank_mean"][:, None, :] + draws["level"][:, reps, None]
        if "slope" in draws:
            linpred = linpred + draws["slope"][:, reps, None] * self.scores.values
        if "residual" in draws:
            linpred = linpred + np.atleast_3d(draws["residual"][:, reps]) @ self.residual_basis.T
        return linpred

    @property
    def residual_basis(self) -> Floats:
        """What a level and a slope on the scores cannot say, (rank, rank − 2)."""
        return residual_basis(self.scores.values)

    def case_effects(self) -> Floats:
        """Effect of every combination of `adjust_for` groups, 0 on average over the judgments, (draw, *group)."""
        names = [name for name in self.cells.groups if name != self.team]
        total = np.zeros((self.posterior.n_draws, *(len(self.cells.groups[name]) for name in names)))
        for axis, name in enumerate(names, start=1):
            counts = self.cells.n.sum(axis=tuple(i for i in range(self.cells.n.ndim) if i != axis + 1))
            effect = self.posterior[f"{name}_effect"]
            effect = effect - (effect @ (counts / counts.sum()))[:, None]
            total += effect.reshape(-1, *(effect.shape[1] if i == axis else 1 for i in range(1, total.ndim)))
        return total

    def group_effects(self) -> Floats:
        """Effect of every combination of groups, the team last, (draw, *group)."""
        cases = self.case_effects()
        if self.team is None:
            return cases
        return cases[..., None] + self.posterior["team_level"].reshape(len(cases), *[1] * (cases.ndim - 1), -1)

    def _over_groups(self, values: NDArray[np.int64]) -> Floats:
        return values.sum(axis=tuple(range(2, values.ndim))).astype(float)

    # tables -----------------------------------------------------------------------------------------------------------

    def probabilities(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How probable is an event within the horizon, for each rep and rank, for each team, and for all reps?

        Returns
        -------
        pandas.DataFrame
            `rep`, `rank`, `estimate` (posterior mean), `lower`, `upper`, `n` (mature judgments), `events`,
            `raw_rate`, `n_young` (younger judgments that count in part), `rep_share` (how much of the difference
            between reps' raw rates at this rank and this n is the rep rather than chance, 0 to 1),
            `engine`. At each rep's own case mix and in the rep's own team; teams, as `(team East)`, come after all
            reps. `attrs` hold level, horizon, snapshot date, seed.
        """
        return self._table(probability_columns(self, interval_prob=interval_prob), interval_prob)

    def profiles(
        self,
        *,
        margin_odds: float = MARGIN_ODDS,
        nothing_auc: float = 0.05,
        flag_prob: float = FLAG_PROB,
        interval_prob: float = INTERVAL_PROB,
    ) -> "pd.DataFrame":
        """How does each rep differ from the others at the same rank, and how sure is that?

        The gap is the rep less the others, the mean of the other reps with 30 judgments answered or more, each counted
        once (NaN where there are fewer than two); negative where outcomes lie below. Optimism is the same in log-odds
        and the other way round. Both are facts about outcomes: reading and territory cannot be told apart by them.

        Parameters
        ----------
        margin_odds : float
            Factor on the odds, at the all-reps mix of ranks, from which on a gap is worth talking about: 1.25 is 5.6
            points at 50 %, 1.2 at 5 %.
        nothing_auc : float
            Ranks tell nothing where the concordance lies within ½ ± this.
        flag_prob : float
            Probability from which a finding is uttered.

        Returns
        -------
        pandas.DataFrame
            Per rep: `optimism`, `_lower`, `_upper` (log-odds), `gap_points` with interval (negative: outcomes lie
            below), the same before adjustment (`gap_points_before`) and whether the two `disagree` (by more than half a
            posterior sd), `discrimination` with interval (log-odds per standard deviation of the rank scores), `auc`,
            `prob_below`, `prob_above` (by more than the margin), `prob_within`, `prob_ranks_tell_nothing`,
            `prob_inverted`, `finding`, `n_more` (about how many judgments until a verdict is likely, 2,001 where that
            is not in sight; 0 where there is one, and with fewer than 5 judgments), `verdict_by` (the day by which they
            come at the rep's pace, "never" beyond two years), `n`, `n_answered` (mature, and of each young judgment the
            share of its answer that is in). Nobody with fewer than 30 answered has a finding.
            With teams a rep is read in the rep's own, so that the gap holds the team's; `gap_within_team_points` with
            interval is the rep's own part of it, as if all were in one team.
        """
        columns = profile_columns(
            self, margin_odds=margin_odds, nothing_auc=nothing_auc, flag_prob=flag_prob, interval_prob=interval_prob
        )
        band = 100.0 * margin_band(float(self.all_reps_draws().mean(axis=0) @ self.rank_mix), margin_odds=margin_odds)
        return self._table(
            columns, interval_prob, margin_odds=margin_odds, margin_band=tuple(band.tolist()), flag_prob=flag_prob
        )

    def spread(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How far do reps differ? Spread of each term (log-odds) and of each rank's probability (points).

        `quantity`; `of` whom: `these reps`, the standard deviation over the reps there are (what sentences state), or
        the `population` of all such reps, those never seen included; `unit`; `estimate`, `lower`, `upper` of the
        standard deviation between them (of a term: between those that are not odd), and of the correlation of their
        levels and slopes; `n_reps`, `engine`.
        Probabilities are at all reps' mix of cases. docs/studies/spread.md has the measured coverage of either.
        """
        return self._table(spread_columns(self, interval_prob=interval_prob), interval_prob)

    def order(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """Does a better rank mean a higher probability? P(better > worse) of neighbouring ranks.

        Per rep and team; for all reps together; and within reps: the mean over reps of each rep's own difference,
        weighted by how much a rep can say of it, n₁n₂/(n₁ + n₂). Where the better reps use the better ranks more, all
        reps together show an order that nobody's own ranks have (Simpson's paradox); the row within reps does not.
        `prob_ordered`: that the better rank brings more; `estimate`, `lower`, `upper`: the difference of the two
        probabilities, 0 to 1; `n_better`, `n_worse`: mature judgments.
        """
        return self._table(order_columns(self, interval_prob=interval_prob), interval_prob)

    def reverse(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """Of the events that came within the horizon, which rank had they been given? Opportunities ranked low, too.

        By counting mature judgments: `share` of the events at each rank, `lower`, `upper` (Jeffreys' interval, which
        begins at 0 where there are none and ends at 1 where there are all); `events` of `n_events`.
        """
        return self._table(reverse_columns(self, interval_prob=interval_prob), interval_prob)

    def expected(
        self, rank: str | int | None = None, *, team: str | None = None, interval_prob: float = INTERVAL_PROB
    ) -> "pd.DataFrame":
        """What does a rank of a rep never seen mean? The mean over such reps, and where a new rep's probability lies.

        Parameters
        ----------
        rank : str or int, optional
            One rank; None means all.
        team : str, optional
            The new rep's team; unknown, it is one of those there are.

        Returns
        -------
        pandas.DataFrame
            `rank`, `estimate`, `lower`, `upper` of the probability of such a rep at all reps' mix of cases; `n` mature
            judgments, of `n_reps`.
        """
        asked = self.ranks if rank is None else (find_rank(rank, self.ranks, "rank"),)
        columns = expected_columns(self, team=team, interval_prob=interval_prob)
        keep = [i for i, label in enumerate(self.ranks) if label in asked]
        return self._table({name: values[keep] for name, values in columns.items()}, interval_prob)

    def translation(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """Whose A is whose B? Each rep's ranks on the scale of the others' (two or more, in order), and open prospects.

        `rep`, `rank`; `reads_as`, the rank or two neighbouring ranks of the others that it lies nearest to with
        probability `prob` of 0.9 or more, else "cannot tell yet"; `place` (median) with `lower`, `upper`, 1 the others'
        best rank, open by half a rank at both ends; `open_now`, and as many of the others' best rank as bring the same,
        `equivalent` with interval; `n` mature judgments.
        """
        return self._table(translation_columns(self, interval_prob=interval_prob), interval_prob)

    def summary(self, *, margin_odds: float = MARGIN_ODDS) -> str:
        """Everything at a glance, diagnostics first."""
        profiles = self.profiles(margin_odds=margin_odds)
        gap = ["gap_points", "gap_points_lower", "gap_points_upper"]
        kept = ["rep", *gap, "prob_below", "prob_above", "discrimination", "finding", "n_more", "n"]
        within = f"within {self.within_days} days" if self.within_days else "(horizon not stated)"
        judged = f"{counted(self.n.sum(), 'mature judgment')} of {counted(len(self.reps), 'rep')}"
        return "\n\n".join(
            [
                f"Rank model, event {within}: {judged}, as of {self.cells.as_of}.",
                f"Diagnostics: {self.diagnostics}",
                f"Rank scores: {self.scores.reason}",
                self.probabilities().head(len(self.ranks)).round(3).to_string(index=False),
                "Gaps in points, negative: outcomes lie below the others' at the same ranks.\n"
                + profiles[kept].round(2).to_string(index=False),
            ]
        )

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_ranks(self)

    # parts of tables --------------------------------------------------------------------------------------------------

    def with_teams(self, counts: NDArray[np.int64]) -> Floats:
        """Counts per rank of all reps, of each team and of each rep, (row, rank)."""
        own = self._over_groups(counts)
        teams = counts.sum(axis=(0, *range(2, counts.ndim - 1))).T if self.teams else own[:0]
        return np.concatenate([own.sum(axis=0)[None], teams, own])

    def _table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        of = {"within_days": self.within_days, "as_of": str(self.cells.as_of)}
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, **of, **settings)
