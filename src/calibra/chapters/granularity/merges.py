"""How many ranks do the data tell apart? Neighbours compared within reps, and what is worth merging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.granularity.held_out import Groups, held_out_score
from calibra.chapters.granularity.neighbours import WithinReps, pair_columns, within_reps
from calibra.chapters.ranks.fit import RankFit
from calibra.errors import NotEnoughDataError, check_kind, check_whole
from calibra.findings import Finding
from calibra.plotted import Plotted
from calibra.reading.flags import CANNOT_TELL, FLAG_PROB
from calibra.reading.means import ALL_REPS, WITHIN_REPS
from calibra.stats.intervals import INTERVAL_PROB, check_interval_prob
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds
from calibra.tables import make_table
from calibra.values import Count, Listed, Number, Phrase, Rank, Rep, Value, Within
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

MERGE_PROB = 0.25
"""Ranks that lie apart by more than the margin with such a probability are not merged: at one half every merge that was
advised in worlds of unlike ranks was wrong."""
UPPER_Z = 1.2816
"""Standard errors from a loss to the end that it passes one time in ten."""
APART, MERGE = "told apart", "worth merging"
"""What is said of neighbouring ranks, beside that it cannot be told yet."""
MOST_NAMED = 5
"""Reps named in a sentence; the rest are counted."""
_EVIDENCE = ("estimate", "prob_apart")


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """One merge of neighbouring ranks that was tried."""

    better: tuple[str, ...]
    """Ranks of the better group."""
    worse: tuple[str, ...]
    """Ranks of the worse group."""
    loss: float
    """Log score lost against the ranks as they are, per 1,000 judgments of reps not in the fit (negative: gained)."""
    loss_se: float
    """Standard error of `loss`, from its spread over reps."""
    prob_apart: float
    """Probability that the first rank of the better group and the last of the worse lie apart beyond the margin."""
    done: bool
    """Whether the merge was made."""

    @property
    def loss_upper(self) -> float:
        """Upper end of the loss, passed with probability one in ten."""
        return self.loss + UPPER_Z * self.loss_se


@dataclass(frozen=True, slots=True, eq=False)
class Granularity(Plotted):
    """Which ranks are told apart, which are worth merging, and of which it cannot be told, with the evidence."""

    picture: ClassVar[str] = "plot_granularity"

    def __repr__(self) -> str:
        groups = ", ".join("+".join(group) for group in self.groups)
        return f"<Granularity: {groups}; {counted(self.n_judgments, 'judgment')}; {self.settings.get('engine', '')}>"

    groups: Groups
    """The ranks that are left after every merge that is worth it, best first, each with the ranks it is made of."""
    merges: tuple[Merge, ...]
    """Every merge tried, in order."""
    columns: Mapping[str, NDArray[Any]]
    """Evidence for all reps, within reps and per rep, and pair of neighbouring ranks; see `table`."""
    set_apart: tuple[str, ...]
    """Reps left out of the comparison within reps, for their ranks stand the wrong way round."""
    margin_odds: float
    """Factor on the odds from which two ranks count as apart."""
    settings: Mapping[str, object]
    """Interval level, seed, engine, horizon, snapshot date."""

    @property
    def n_supported(self) -> int:
        """Number of ranks left after every merge that is worth it."""
        return len(self.groups)

    @property
    def n_judgments(self) -> int:
        """Mature judgments of all reps behind it; 0 of a scale of one rank, which holds no pair."""
        first = self.columns["rep"] == ALL_REPS
        return int(self.columns["n_better"][first][:1].sum() + self.columns["n_worse"][first].sum())

    @property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """Each pair of neighbouring ranks to `told apart`, `worth merging` or `cannot tell yet`."""
        merged = {pair for group in self.groups for pair in pairwise(group)}
        own = self.columns["rep"] == WITHIN_REPS
        rows = zip(*(self.columns[name][own].tolist() for name in ("better", "worse", *_EVIDENCE)), strict=True)
        return {
            (better, worse): MERGE
            if (better, worse) in merged
            else (APART if prob >= FLAG_PROB and gap > 0.0 else CANNOT_TELL)
            for better, worse, gap, prob in rows
        }

    @property
    def table(self) -> "pd.DataFrame":
        """Per rep and pair: `better`, `worse`, difference in points with interval, `prob_apart`, counts, `engine`.

        `(within reps)`: the mean over reps of each rep's own difference, on which the answer rests. `prob_apart`: that
        the odds differ by more than the margin, whichever rank brings more.
        """
        engine = np.full(len(self.columns["rep"]), self.settings.get("engine"), dtype=object)
        table = make_table({**self.columns, "engine": engine})
        table.attrs.update({**self.settings, "margin_odds": self.margin_odds})
        return table

    @property
    def merge_table(self) -> "pd.DataFrame":
        """Every merge tried: `better`, `worse`, `loss`, `loss_se` (log score per 1,000), `prob_apart`, `done`, `n`."""
        table = make_table(
            {
                "better": ["+".join(merge.better) for merge in self.merges],
                "worse": ["+".join(merge.worse) for merge in self.merges],
                "loss": [merge.loss for merge in self.merges],
                "loss_se": [merge.loss_se for merge in self.merges],
                "prob_apart": [merge.prob_apart for merge in self.merges],
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
        days, verdicts = self.settings["within_days"], self.verdicts
        within = days if isinstance(days, int) else None
        n_ranks = sum(len(group) for group in self.groups)
        values: dict[str, Value] = {"all": n_ranks, "within": Within(within), "margin": self.margin_odds}
        if set(verdicts.values()) == {APART}:
            return Finding("granularity.all", values, within_days=within)
        parts = [_said(verdict, self) for verdict in (APART, MERGE, CANNOT_TELL) if verdict in verdicts.values()]
        return Finding("granularity.parts", values | {"parts": Listed(tuple(parts), "semicolon")}, within_days=within)

    @property
    def findings(self) -> list[Finding]:
        """The answer, and whose ranks were set apart."""
        if not self.set_apart:
            return [self.finding]
        reps = Listed(tuple(map(Rep, self.set_apart)), limit=MOST_NAMED)
        return [self.finding, replace(self.finding, key="granularity.set_apart", values={"reps": reps})]

    def sentence(self) -> str:
        """The answer in English."""
        return str(self.finding)


def _said(verdict: str, told: Granularity) -> Phrase:
    """What is said of all pairs of one verdict."""
    if verdict == MERGE:
        groups = Listed(tuple(_joined(group) for group in told.groups if len(group) > 1))
        last = [merge for merge in told.merges if merge.done][-1]
        loss: dict[str, Value] = {"loss": Number(last.loss, 1), "most": Number(last.loss_upper, 1)}
        return Phrase("granularity.merge", {"groups": groups, "judgments": told.n_judgments, **loss})
    pairs = [pair for pair, of_pair in told.verdicts.items() if of_pair == verdict]
    named = [Phrase("granularity.pair", {"better": Rank(better), "worse": Rank(worse)}) for better, worse in pairs]
    key = "granularity.apart" if verdict == APART else "granularity.unsure"
    return Phrase(key, {"pairs": Listed(tuple(named), "comma")})


def _joined(group: Sequence[str]) -> Value:
    """The name of ranks that are taken as one."""
    first, *rest = group
    return Phrase("granularity.group", {"better": Rank(first), "worse": _joined(rest)}) if rest else Rank(first)


def recommend_granularity(
    fit: RankFit, *, margin_odds: float = MARGIN_ODDS, n_folds: int = 5, interval_prob: float = INTERVAL_PROB
) -> Granularity:
    """How many ranks do the data tell apart, which are worth merging, and of which can it not be told yet?

    Ranks are compared within reps, on the odds; reps whose ranks surely stand the wrong way round are set apart first.
    Two neighbours are *told apart* where the better brings more by more than the margin with probability 0.9. They are
    *worth merging* where they are as good as equal, not where a difference is merely unproved: where

    - P(apart by more than the margin) is below a quarter, also between the first and the last rank of what is merged;
    - the upper end of what all merges together lose, against the ranks as they are, is no more than ranks apart by just
      the margin would lose. The loss is found by cross-validation over reps: the model is refitted without a fold of
      reps, and the outcomes of the left-out reps are scored.

    Of the rest it cannot be told yet. Case mix and teams are left out of the refits. Splits cannot be seen from ranks
    alone and are not proposed.

    Parameters
    ----------
    fit : RankFit
        A fitted rank model; it carries its counts and priors.
    margin_odds : float
        Factor on the odds below which a difference is not worth talking about.
    n_folds : int
        Folds of reps, at least 2.

    Raises
    ------
    InputError
        Fewer than two folds, or a margin that is no factor above 1.
    NotEnoughDataError
        Fewer reps with judgments than folds need.
    """
    check_kind(fit, "fit", RankFit)
    check_whole(n_folds, "n_folds", 2, mend="Five is usual.")
    check_margin_odds(margin_odds)
    check_interval_prob(interval_prob)
    within = within_reps(fit)
    n_reps = int(np.count_nonzero(within.kept & (fit.n.sum(axis=1) > 0)))
    if n_reps < n_folds:
        raise NotEnoughDataError(_too_few_reps(fit.within_days, n_folds, n_reps))
    groups, tried = _merge_what_is_equal(fit, within, margin_odds, n_folds)
    settings = {
        "within_days": fit.within_days,
        "as_of": str(fit.cells.as_of),
        "seed": fit.diagnostics.seed,
        "engine": fit.diagnostics.engine,
        "interval_prob": interval_prob,
        "n_folds": n_folds,
    }
    set_apart = tuple(rep for rep, kept in zip(fit.reps, within.kept.tolist(), strict=True) if not kept)
    evidence = pair_columns(fit, within, margin_odds, interval_prob)
    return Granularity(groups, tuple(tried), evidence, set_apart, margin_odds, settings)


def _merge_what_is_equal(
    fit: RankFit, within: WithinReps, margin_odds: float, n_folds: int
) -> tuple[Groups, list[Merge]]:
    """The ranks that are left after the merges that are worth it, the least costly first, and every merge tried."""
    groups: Groups = tuple((rank,) for rank in fit.ranks)
    as_they_are = held_out_score(fit, within.kept, groups, n_folds)
    tried: list[Merge] = []
    while len(groups) > 1:
        pairs = range(len(groups) - 1)
        options = [
            _try_merge(fit, within, groups, pair, as_they_are, margin_odds=margin_odds, n_folds=n_folds)
            for pair in pairs
        ]
        most = [most_to_lose(fit, within, merge_pair(groups, pair), margin_odds) for pair in pairs]
        worth = [o.prob_apart < MERGE_PROB and o.loss_upper <= limit for o, limit in zip(options, most, strict=True)]
        best = min((pair for pair in pairs if worth[pair]), key=lambda pair: options[pair].loss_upper, default=None)
        tried += [replace(option, done=pair == best) for pair, option in enumerate(options)]
        if best is None:
            break
        groups = merge_pair(groups, best)
    return groups, tried


def _too_few_reps(within_days: int | None, n_folds: int, n_reps: int) -> Finding:
    asked = Phrase("granularity.fit_unstated")
    what = asked if within_days is None else Phrase("granularity.fit", {"days": within_days})
    values: dict[str, Value] = {"what": what, "folds": n_folds, "n": Count(n_reps, "rep")}
    return Finding("granularity.few_reps", values, "note", within_days=within_days)


def _try_merge(
    fit: RankFit,
    within: WithinReps,
    groups: Groups,
    pair: int,
    as_they_are: Floats,
    *,
    margin_odds: float,
    n_folds: int,
) -> Merge:
    """What merging a group with the next one loses against the ranks as they are, on left-out reps."""
    better, worse = groups[pair], groups[pair + 1]
    loss = as_they_are - held_out_score(fit, within.kept, merge_pair(groups, pair), n_folds)
    per_thousand = 1000.0 / fit.n[within.kept].sum()
    spread = float(np.sqrt(len(loss)) * loss.std(ddof=1))
    apart = within.prob_apart(fit.ranks.index(better[0]), fit.ranks.index(worse[-1]), margin_odds)
    return Merge(better, worse, float(loss.sum()) * per_thousand, spread * per_thousand, apart, done=False)


def merge_pair(groups: Groups, pair: int) -> Groups:
    """The groups with one and its next taken as one."""
    return (*groups[:pair], groups[pair] + groups[pair + 1], *groups[pair + 2 :])


def most_to_lose(fit: RankFit, within: WithinReps, groups: Groups, margin_odds: float) -> float:
    """Log score per 1,000 judgments that such groups would lose if their ranks lay apart by the margin.

    Of a group with shares w of the judgments and the event rate p: Σ over neighbours of w₁w₂/(w₁ + w₂) p(1 − p) δ²/2, δ
    the logarithm of the margin.
    """
    n, events = fit.n[within.kept].sum(axis=0), fit.events[within.kept].sum(axis=0)
    place = {rank: i for i, rank in enumerate(fit.ranks)}
    total = 0.0
    for group in groups:
        at = [place[rank] for rank in group]
        rate = events[at].sum() / max(n[at].sum(), 1.0)
        for i, j in pairwise(at):
            total += n[i] * n[j] / max(n[i] + n[j], 1.0) * rate * (1.0 - rate)
    return float(1000.0 / n.sum() * total * np.log(margin_odds) ** 2 / 2.0)
