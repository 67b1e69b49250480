"""How many ranks do the data tell apart? Neighbours compared, merges that lose nothing, and what-if tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.data.scale import as_label
from calibra.errors import InputError, NotEnoughDataError, check_kind, check_whole, check_within
from calibra.findings import Finding
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Binomial
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.linearise import linearise
from calibra.reading.cells import indicator, residual_basis
from calibra.reading.means import ALL_REPS, logistic, mean_over_reps
from calibra.reading.rows import label_columns
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob, equal_tailed
from calibra.tables import make_table
from calibra.values import Count, Listed, Number, Phrase, Rank, Value, Within
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]
type Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """One merge of neighbouring ranks that was tried."""

    better: tuple[str, ...]
    """Ranks of the better group."""
    worse: tuple[str, ...]
    """Ranks of the worse group."""
    loss: float
    """Log score lost by the merge, per 1,000 judgments of reps not in the fit (negative: gained)."""
    loss_se: float
    """Standard error of `loss`, from its spread over reps."""
    done: bool
    """Whether the merge was made."""


@dataclass(frozen=True, slots=True, eq=False)
class Granularity:
    """How many ranks the data support, with the evidence."""

    def __repr__(self) -> str:
        groups = ", ".join("+".join(group) for group in self.groups)
        return f"<Granularity: {groups}; {counted(self.n_judgments, 'judgment')}; {self.settings.get('engine', '')}>"

    n_supported: int
    """Number of ranks left after every merge that loses nothing."""
    groups: Groups
    """The ranks that are left, best first, each with the ranks it is made of."""
    merges: tuple[Merge, ...]
    """Every merge tried, in order."""
    columns: Mapping[str, NDArray[Any]]
    """Evidence per rep (and all reps) and pair of neighbouring ranks; see `table`."""
    margin_points: float
    """Difference, in points, from which two ranks count as apart."""
    settings: Mapping[str, object]
    """Interval level, seed, engine, horizon, snapshot date."""

    @property
    def n_judgments(self) -> int:
        """Mature judgments of all reps behind it; 0 of a scale of one rank, which holds no pair."""
        first = self.columns["rep"] == ALL_REPS
        return int(self.columns["n_better"][first][:1].sum() + self.columns["n_worse"][first].sum())

    @property
    def table(self) -> "pd.DataFrame":
        """Per rep and pair: `better`, `worse`, difference in points with interval, `prob_apart`, counts, `engine`."""
        engine = np.full(len(self.columns["rep"]), self.settings.get("engine"), dtype=object)
        table = make_table({**self.columns, "engine": engine})
        table.attrs.update({**self.settings, "margin_points": self.margin_points})
        return table

    @property
    def merge_table(self) -> "pd.DataFrame":
        """Every merge tried: `better`, `worse`, `loss`, `loss_se` (log score per 1,000 judgments), `done`, `n`."""
        table = make_table(
            {
                "better": ["+".join(merge.better) for merge in self.merges],
                "worse": ["+".join(merge.worse) for merge in self.merges],
                "loss": [merge.loss for merge in self.merges],
                "loss_se": [merge.loss_se for merge in self.merges],
                "done": [merge.done for merge in self.merges],
                "n": np.full(len(self.merges), self.n_judgments),
                "engine": np.full(len(self.merges), self.settings.get("engine"), dtype=object),
            }
        )
        table.attrs.update(self.settings)
        return table

    @property
    def finding(self) -> Finding:
        """The answer, as data."""
        n_ranks, days = sum(len(group) for group in self.groups), self.settings["within_days"]
        within = days if isinstance(days, int) else None
        values: dict[str, Value] = {"n": self.n_supported, "all": n_ranks, "within": Within(within)}
        if self.n_supported == n_ranks:
            return Finding("granularity.all", values, within_days=within)
        if self.n_supported == 1:
            return Finding("granularity.one", values | {"n": n_ranks}, within_days=within)
        least_sure = max((merge for merge in self.merges if merge.done), key=lambda merge: merge.loss_se)
        values |= {
            "groups": Listed(tuple(_joined(group) for group in self.groups if len(group) > 1)),
            "judgments": self.n_judgments,
            "loss": Number(least_sure.loss, 1),
            "loss_se": Number(least_sure.loss_se, 1),
        }
        return Finding("granularity.merged", values, within_days=within)

    def sentence(self) -> str:
        """The answer in English."""
        return str(self.finding)


def _joined(group: Sequence[str]) -> Value:
    """The name of ranks that are taken as one."""
    first, *rest = group
    return Phrase("granularity.group", {"better": Rank(first), "worse": _joined(rest)}) if rest else Rank(first)


def recommend_granularity(
    fit: RankFit, *, margin_points: float = 3.0, n_folds: int = 5, interval_prob: float = INTERVAL_PROB
) -> Granularity:
    """How many ranks do the data tell apart?

    For each pair of neighbours: the difference of their probabilities, and P(difference > margin). Merges are judged by
    cross-validation over reps: the model is refitted without a fold of reps, once with the ranks apart and once merged,
    and the outcomes of the left-out reps are scored. A merge loses nothing if the log score lost is no larger than its
    standard error over reps; the cheapest such merge is made and its neighbours are tried again. Case mix and teams
    are left out of the refits. Splits cannot be seen from ranks alone and are not proposed.

    Parameters
    ----------
    fit : RankFit
        A fitted rank model; it carries its counts and priors.
    margin_points : float
        Difference from which two ranks count as apart, in points.
    n_folds : int
        Folds of reps, at least 2.

    Raises
    ------
    InputError
        Fewer than two folds, or a margin below 0.
    NotEnoughDataError
        Fewer reps with judgments than folds need.
    """
    check_kind(fit, "fit", RankFit)
    check_whole(n_folds, "n_folds", 2, mend="Five is usual.")
    check_within(margin_points, "margin_points", 0, mend="Give it in percentage points, such as 3.")
    check_interval_prob(interval_prob)
    if np.count_nonzero(fit.n.sum(axis=1)) < n_folds:
        n_reps = int(np.count_nonzero(fit.n.sum(axis=1)))
        raise NotEnoughDataError(_too_few_reps(fit.within_days, n_folds, n_reps))
    groups: Groups = tuple((rank,) for rank in fit.ranks)
    tried: list[Merge] = []
    while len(groups) > 1:
        apart = _held_out_score(fit, groups, n_folds)
        options = [_try_merge(fit, groups, pair, apart, n_folds) for pair in range(len(groups) - 1)]
        best = int(np.argmin([option.loss - option.loss_se for option in options]))
        harmless = options[best].loss <= options[best].loss_se
        tried += [
            Merge(o.better, o.worse, o.loss, o.loss_se, done=harmless and i == best) for i, o in enumerate(options)
        ]
        if not harmless:
            break
        groups = (*groups[:best], groups[best] + groups[best + 1], *groups[best + 2 :])
    settings = {
        "within_days": fit.within_days,
        "as_of": str(fit.cells.as_of),
        "seed": fit.diagnostics.seed,
        "engine": fit.diagnostics.engine,
        "interval_prob": interval_prob,
        "n_folds": n_folds,
    }
    evidence = _pair_columns(fit, margin_points, interval_prob)
    return Granularity(len(groups), groups, tuple(tried), evidence, margin_points, settings)


def merged_probabilities(
    fit: RankFit, groups: Sequence[Sequence[str | int]], *, interval_prob: float = INTERVAL_PROB
) -> "pd.DataFrame":
    """What would each rep's ranks mean if some were one?

    Parameters
    ----------
    fit : RankFit
        A fitted rank model.
    groups : sequence of sequences of str or int
        The ranks that would be left, best first, each with the ranks it is made of: neighbours, all of them, each once.

    Returns
    -------
    pandas.DataFrame
        `rep`, `rank`, `estimate`, `lower`, `upper`, `n`, `events`: ranks weighted as the rep uses them.
    """
    check_kind(fit, "fit", RankFit)
    if not isinstance(groups, Sequence) or any(isinstance(g, str) or not isinstance(g, Sequence) for g in groups):
        raise InputError(f"`groups` must be a list of lists of ranks, such as [['A', 'B'], ['C']]; got {groups!r}.")
    wanted = tuple(tuple(map(as_label, group)) for group in groups)
    if tuple(rank for group in wanted for rank in group) != fit.ranks or not all(wanted):
        raise InputError(
            f"`groups` must hold all ranks in order ({', '.join(fit.ranks)}), each once; got {list(groups)!r}."
        )
    prob = fit.probability_draws()
    everyone = mean_over_reps(prob, fit.n)
    n = np.concatenate([fit.n.sum(axis=0)[None], fit.n])
    events = np.concatenate([fit.events.sum(axis=0)[None], fit.events])
    draws = np.concatenate([everyone[:, None], prob], axis=1)
    weight = np.where(n.sum(axis=1, keepdims=True) > 0, n, n[:1])
    merged, index = [], {rank: i for i, rank in enumerate(fit.ranks)}
    for group in wanted:
        at = [index[rank] for rank in group]
        share = np.where(weight[:, at].sum(axis=1, keepdims=True) > 0, weight[:, at], 1.0)
        merged.append((draws[:, :, at] * share).sum(axis=2) / share.sum(axis=1))
    summary = equal_tailed(np.stack(merged, axis=2), interval_prob=interval_prob)
    labels = (ALL_REPS, *fit.reps)
    counted = [np.stack([c[:, [index[r] for r in g]].sum(axis=1) for g in wanted], axis=1) for c in (n, events)]
    return make_table(
        {
            **label_columns(labels, rank=["+".join(group) for group in wanted]),
            "estimate": summary.estimate.ravel(),
            "lower": summary.lower.ravel(),
            "upper": summary.upper.ravel(),
            "n": counted[0].astype(int).ravel(),
            "events": counted[1].astype(int).ravel(),
        }
    )


def _pair_columns(fit: RankFit, margin_points: float, interval_prob: float) -> dict[str, NDArray[Any]]:
    """Difference of neighbouring ranks in points, per rep and for all reps."""

    def tell(prob: Floats) -> dict[str, Floats]:
        gap = 100.0 * (prob[:, :, :-1] - prob[:, :, 1:])
        apart = (gap > margin_points).mean(axis=0)
        return {**equal_tailed(gap, interval_prob=interval_prob)._asdict(), "prob_apart": apart}

    first, rows = tell(fit.all_reps_draws()[:, None]), fit.read(lambda _, prob: tell(prob))
    n = np.concatenate([fit.n.sum(axis=0)[None], fit.n]).astype(int)
    labels = (ALL_REPS, *fit.reps)
    return {
        **label_columns(labels, better=fit.ranks[:-1], worse=fit.ranks[1:]),
        **{name: np.concatenate([first[name], rows[name]]).ravel() for name in first},
        "n_better": n[:, :-1].ravel(),
        "n_worse": n[:, 1:].ravel(),
    }


def _too_few_reps(within_days: int | None, n_folds: int, n_reps: int) -> Finding:
    asked = Phrase("granularity.fit_unstated")
    what = asked if within_days is None else Phrase("granularity.fit", {"days": within_days})
    values: dict[str, Value] = {"what": what, "folds": n_folds, "n": Count(n_reps, "rep")}
    return Finding("granularity.few_reps", values, "note", within_days=within_days)


def _try_merge(fit: RankFit, groups: Groups, pair: int, apart: Floats, n_folds: int) -> Merge:
    """What merging a group with the next one loses, on left-out reps."""
    merged = (*groups[:pair], groups[pair] + groups[pair + 1], *groups[pair + 2 :])
    loss = apart - _held_out_score(fit, merged, n_folds)
    per_thousand = 1000.0 / fit.n.sum()
    spread = float(np.sqrt(len(loss)) * loss.std(ddof=1))
    return Merge(groups[pair], groups[pair + 1], float(loss.sum()) * per_thousand, spread * per_thousand, done=False)


def _held_out_score(fit: RankFit, groups: Groups, n_folds: int) -> Floats:
    """Log score of each rep's outcomes under a fit without that rep, summed over judgments, (rep,)."""
    index = {rank: i for i, rank in enumerate(fit.ranks)}
    n, events = (
        np.stack([values[:, [index[rank] for rank in group]].sum(axis=1) for group in groups], axis=1)
        for values in (fit.n, fit.events)
    )
    used = np.flatnonzero(n.sum(axis=1) > 0)
    score = np.zeros(len(n))
    for fold in range(n_folds):
        out = used[fold::n_folds]
        rest = np.setdiff1d(used, out)
        prob = _new_rep_probability(fit, n[rest], events[rest])
        score[out] = (events[out] * np.log(prob) + (n[out] - events[out]) * np.log1p(-prob)).sum(axis=1)
    return score[used]


def _new_rep_probability(fit: RankFit, n: Floats, events: Floats) -> Floats:
    """Probability at each rank for a rep not in the counts, at typical outer parameters, (rank,)."""
    n_ranks = n.shape[1]
    steps = -np.arange(n_ranks, dtype=float)
    scores = (steps - steps.mean()) / max(float(steps.std()), 1e-12)
    scales = {term.name: term.scale for term in fit.declaration.rep_terms}
    prior = fit.declaration.population[0].prior
    labels = tuple(str(i) for i in range(n_ranks))
    terms = [RepTerm("level", np.ones((n_ranks, 1)), scales["level"])]
    if n_ranks > 1:
        terms.append(RepTerm("slope", scores[:, None], scales["slope"]))
    if n_ranks > 2:
        terms.append(RepTerm("residual", residual_basis(scores), scales["residual"]))
    declaration = CellModel(
        family=Binomial(),
        events=events,
        size=n,
        reps=tuple(str(i) for i in range(len(n))),
        population=(PopulationTerm("rank_mean", "rank", labels, indicator(np.arange(n_ranks), n_ranks), prior),),
        rep_terms=tuple(terms),
        correlation=fit.declaration.correlation if n_ranks > 1 else None,
    )
    blocks = CellBlocks(declaration)
    phi = linearise(blocks).phi
    mean, design = phi[:n_ranks], declaration.rep_design
    covariance = blocks.block_prior(phi[None]).covariance()[0]
    variance = np.einsum("ki,ij,kj->k", design, covariance, design)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    over_reps = logistic(mean + np.sqrt(variance) * nodes[:, None])
    return np.asarray(weights @ over_reps / weights.sum())
