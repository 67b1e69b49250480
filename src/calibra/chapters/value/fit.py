"""What a prospect is worth: how many become opportunities, how many of these are won, how much a win brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.value.amount_fit import AmountFit
from calibra.chapters.value.gaps import gap_table
from calibra.chapters.value.terms import Floats
from calibra.chapters.value.win_fit import WinFit
from calibra.inference.pairing import pair_independent
from calibra.reading.means import ALL_REPS, rep_shares
from calibra.reading.rows import all_reps_first, label_columns
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, MARGIN_RATIO
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class ValueFit:
    """The three fits, and what follows from them draw by draw."""

    events: RankFit
    """How many become opportunities."""
    wins: WinFit
    """How many of these are won."""
    amounts: AmountFit
    """How much a win brings."""
    without_largest: AmountFit | None = None
    """The same without the largest deal, where that one is more than a tenth of the money."""
    unadjusted: AmountFit | None = None
    """The same at each rep's own case mix, where `adjust_for` is given."""
    margin_odds: float = MARGIN_ODDS
    """Factor on the odds below which a difference of winning is not worth talking about."""

    def __repr__(self) -> str:
        return f"<ValueFit: {self.events!r}, {self.wins!r}, {self.amounts!r}>"

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.wins.terms.reps

    @property
    def ranks(self) -> tuple[str, ...]:
        """Rank labels, best first."""
        return self.wins.terms.ranks

    @property
    def within_days(self) -> int | None:
        """Days from the judgment to the opportunity."""
        return self.events.within_days

    @property
    def won_within_days(self) -> int:
        """Days from the opportunity to the win."""
        return self.wins.cells.won_within_days

    # draws ------------------------------------------------------------------------------------------------------------

    def part_draws(self, *, case_mix: str = "own") -> tuple[Floats, Floats, Floats]:
        """Draws of P(opportunity), P(won | opportunity) and the mean amount, (draw, rep, rank), side by side.

        The fits know nothing of one another, so which draw goes with which is chance, whatever seeds they had.
        """
        first = pair_independent(self.wins.posterior, self.events.posterior)
        second = pair_independent(self.wins.posterior, self.amounts.posteriors["mean"])
        event = self.events.probability_draws(case_mix=case_mix)
        won = self.wins.probability_draws(case_mix=case_mix)
        mean = self.amounts.mean_draws(case_mix=case_mix)
        return event[first.second], won[first.first], mean[second.second]

    def value_draws(self, *, case_mix: str = "own") -> Floats:
        """Draws of the money that a prospect brings, (draw, rep, rank)."""
        event, won, mean = self.part_draws(case_mix=case_mix)
        return event * won * mean

    def opportunity_draws(self, *, case_mix: str = "all reps") -> Floats:
        """Draws of the money that an opportunity brings, (draw, rep, rank)."""
        _, won, mean = self.part_draws(case_mix=case_mix)
        return won * mean

    def all_reps_draws(self) -> Floats:
        """Draws of the money that a prospect of all reps brings, each rep counted by its judgments, (draw, rank)."""
        return np.asarray(np.einsum("srk,rk->sk", self.value_draws(), rep_shares(self.events.n)))

    @property
    def trusted(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """At which ranks the mean amount may be relied on, (rank,)."""
        trust = self.amounts.trust()
        return np.array([trust.trusted[trust.of_rank(rank)] for rank in self.ranks], dtype=bool)

    # tables -----------------------------------------------------------------------------------------------------------

    def values(self, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """What is a prospect worth, per rep and rank, as it is worked now?

        Never a ranking of reps: intervals are wide, and territories differ.

        Returns
        -------
        pandas.DataFrame
            All reps, then each: `rep`, `rank`; `estimate`, `lower`, `upper` of the money a prospect brings, median of
            the draws, NaN where the mean amount is not to be trusted; `prob_event`, `prob_won`, `mean_amount`, medians
            of the parts; `n` mature judgments, `events`, `won`; `trusted`.
        """
        parts = dict(zip(("prob_event", "prob_won", "mean_amount"), self.part_draws(), strict=True))
        shares = rep_shares(self.events.n)
        draws = parts["prob_event"] * parts["prob_won"] * parts["mean_amount"]
        together = {
            "prob_event": np.einsum("srk,rk->sk", parts["prob_event"], shares),
            "prob_won": np.einsum("srk,rk->sk", parts["prob_won"], rep_shares(self.wins.n)),
            "mean_amount": self.amounts.all_reps(parts["mean_amount"]),
        }
        every = np.concatenate([np.einsum("srk,rk->sk", draws, shares)[:, None], draws], axis=1)
        found = equal_tailed(every, interval_prob=interval_prob)
        trusted = np.tile(self.trusted, 1 + len(self.reps))
        columns: dict[str, Any] = label_columns([ALL_REPS, *self.reps], rank=self.ranks)
        for name, values in (("estimate", np.median(every, axis=0)), ("lower", found.lower), ("upper", found.upper)):
            columns[name] = np.where(trusted, values.ravel(), np.nan)
        for name, part in parts.items():
            middle = np.concatenate([np.median(together[name], axis=0)[None], np.median(part, axis=0)]).ravel()
            columns[name] = np.where(trusted, middle, np.nan) if name == "mean_amount" else middle
        columns |= {
            "n": all_reps_first(self.events.n).astype(int).ravel(),
            "events": all_reps_first(self.events.events).astype(int).ravel(),
            "won": all_reps_first(self.wins.won).astype(int).ravel(),
            "trusted": trusted,
        }
        return self._table(columns, interval_prob)

    def rank_worth(self, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """What is a prospect of each rank worth to the organisation, and how much more than one of the last rank?

        Returns
        -------
        pandas.DataFrame
            `rank`; `worth` with `_lower`, `_upper`; `over_last_rank` with interval, of the same draws; `n` mature
            judgments, `won`; `trusted`. NaN where the mean amount is not to be trusted.
        """
        draws, trusted = self.all_reps_draws(), self.trusted
        columns: dict[str, Any] = {"rank": np.array(self.ranks, dtype=object)}
        shown = {"worth": (draws, trusted), "over_last_rank": (draws - draws[:, -1:], trusted & trusted[-1])}
        for name, (values, known) in shown.items():
            found = equal_tailed(values, interval_prob=interval_prob)
            columns[name] = np.where(known, np.median(values, axis=0), np.nan)
            columns[f"{name}_lower"] = np.where(known, found.lower, np.nan)
            columns[f"{name}_upper"] = np.where(known, found.upper, np.nan)
        columns |= {
            "n": self.events.n.sum(axis=0).astype(int),
            "won": self.wins.won.sum(axis=0).astype(int),
            "trusted": trusted,
        }
        return self._table(columns, interval_prob)

    def gaps(self, *, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Whose opportunities are won less or more often than the others', whose deals are smaller or larger?

        Returns
        -------
        pandas.DataFrame
            One row a rep: `rep`; `won_share`, `won_gap_points` (rep less the others), `amount_ratio` (rep over the
            others), each with `_lower`, `_upper`; `won_others`; `prob_wins_less`, `prob_wins_more` beyond the margin on
            the odds, `prob_smaller`, `prob_larger` beyond `margin_ratio`; `n` mature judgments, `opportunities`, `won`.
        """
        table = gap_table(self, margin_odds=self.margin_odds, margin_ratio=margin_ratio, interval_prob=interval_prob)
        table.attrs.update(margin_odds=self.margin_odds, margin_ratio=margin_ratio, interval_prob=interval_prob)
        return table

    def _table(self, columns: dict[str, Any], interval_prob: float) -> pd.DataFrame:
        table = make_table(columns)
        days = {"within_days": self.within_days, "won_within_days": self.won_within_days}
        table.attrs.update(interval_prob=interval_prob, seed=self.events.diagnostics.seed, **days)
        return table
