"""How the posterior of amounts is read: means, typical deals, what they rest on, and all that without the largest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.value.money import Money
from calibra.chapters.value.terms import Floats, Terms
from calibra.chapters.value.trust import Trust, trust_of
from calibra.data.counting.deals import DealCells
from calibra.data.scale import RankScale
from calibra.errors import check_number
from calibra.inference.declare.cells import CellModel
from calibra.inference.engines import Engine
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.means import ALL_REPS, rep_shares
from calibra.reading.rows import label_columns
from calibra.stats.amounts import limited_mean
from calibra.stats.intervals import INTERVAL_PROB, Interval, equal_tailed
from calibra.tables import make_table
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

    from calibra.chapters.value.model import AmountModel

CAP_PLACE = 1.645
"""The cap, unless one is given, is the amount that 95 % of log-normal deals of this spread stay below."""


@dataclass(frozen=True, slots=True, eq=False)
class AmountFit:
    """The fitted amount model: sums, draws, and the tables read off them."""

    model: AmountModel
    """The model."""
    scale: RankScale
    """The ranks."""
    cells: DealCells
    """Wins and their amounts."""
    terms: Terms
    """Where they stand."""
    money: Money
    """The unit and the spread of single deals."""
    declarations: Mapping[str, CellModel]
    """`mean` and `typical`, as the engines saw them."""
    posteriors: Mapping[str, Posterior]
    """The draws of both."""

    def __repr__(self) -> str:
        return f"<AmountFit: {int(self.cells.n_amounts.sum()):,} amounts of {len(self.cells.reps)} reps>"

    @property
    def diagnostics(self) -> Mapping[str, Diagnostics]:
        """How far to trust the fit of the mean and of the typical deal."""
        return {name: self.posteriors[name].diagnostics for name in self.declarations}

    @property
    def n(self) -> Floats:
        """Known amounts, (rep, rank)."""
        return self.terms.over_groups(self.cells.n_amounts)

    # draws ------------------------------------------------------------------------------------------------------------

    def mean_draws(self, *, case_mix: str = "own") -> Floats:
        """Draws of the mean amount of a win, (draw, rep, rank), at the rep's own or all reps' case mix."""
        return self._draws("mean", case_mix)

    def typical_draws(self, *, case_mix: str = "own") -> Floats:
        """Draws of the typical deal, half of all being smaller in each cell, (draw, rep, rank)."""
        return self._draws("typical", case_mix)

    def limited_draws(self, cap: float, *, case_mix: str = "own") -> Floats:
        """Draws of the mean amount where no more than the cap counts of a win, (draw, rep, rank)."""
        posterior, spread = self.posteriors["typical"], self.money.log_sd
        log_typical = np.log(self.money.unit) + self.terms.linpred(posterior)
        if not self.terms.groups:
            return np.asarray(limited_mean(log_typical, spread, cap))
        effects, weights = self.terms.effects(posterior), self.terms.weights(case_mix)
        total = np.zeros_like(log_typical)
        for group in np.ndindex(weights.shape[2:]):
            weight = weights[(..., *group)]
            reps = np.flatnonzero(weight.any(axis=1))
            shifted = log_typical[:, reps] + effects[(slice(None), *group)][:, None, None]
            total[:, reps] += weight[reps] * limited_mean(shifted, spread, cap)
        return np.asarray(total)

    def all_reps(self, draws: Floats) -> Floats:
        """Mean over reps weighted by their wins, (draw, rank)."""
        return np.asarray(np.einsum("srk,rk->sk", draws, rep_shares(self.n)))

    def over_ranks(self, draws: Floats) -> Floats:
        """Mean over the ranks of all reps' wins, of draws (draw, …, rank)."""
        by_rank = self.n.sum(axis=0)
        return np.asarray(draws @ (by_rank / max(float(by_rank.sum()), 1.0)))

    def _draws(self, part: str, case_mix: str) -> Floats:
        """unit · e^η, averaged over groups: as amounts for the mean, as logs for the typical deal."""
        posterior = self.posteriors[part]
        linpred = self.terms.linpred(posterior)
        if not self.terms.groups:
            return np.asarray(self.money.unit * np.exp(linpred))
        effects, weights = self.terms.effects(posterior), self.terms.weights(case_mix)
        flat = effects.reshape(len(effects), -1)
        by_group = weights.reshape(*weights.shape[:2], -1)
        if part == "typical":
            return np.asarray(self.money.unit * np.exp(linpred + np.einsum("sg,rkg->srk", flat, by_group)))
        return np.asarray(self.money.unit * np.exp(linpred) * np.einsum("sg,rkg->srk", np.exp(flat), by_group))

    # tables -----------------------------------------------------------------------------------------------------------

    def trust(self) -> Trust:
        """What does the money rest on, and is a mean to be trusted? To be read before `amounts()`."""
        return trust_of(self)

    def default_cap(self) -> float:
        """What 95 % of deals stay below, were they log-normal around one mean, to two digits."""
        cells = self.cells
        n, total, squares = (float(x.sum()) for x in (cells.n_amounts, cells.sum_log_amount, cells.sum_log2_amount))
        spread = np.sqrt(max(squares / n - (total / n) ** 2, 0.0))
        return float(f"{np.exp(total / n + CAP_PLACE * spread):.2g}")

    def amounts(self, *, cap: float | None = None, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """How much does a win bring, per rep and rank?

        Parameters
        ----------
        cap : float, optional
            Amount of which no more counts in `capped`; by default what 95 % of deals stay below. Stands in the table's
            `attrs`.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            All reps, then each, at every rank and at all ranks together: `rep`, `rank`; `estimate`, `lower`, `upper` of
            the mean, median of the draws, NaN where it is not to be trusted; `typical` with `_lower`, `_upper`;
            `capped` with interval; `n_won`, `n_amounts`, `n_missing`, `n` as `n_amounts`; `effective_deals`,
            `largest_share`, `raw_mean` of the row itself; `trusted` and `note`, which reps take from all reps at the
            rank.
        """
        used = self.default_cap() if cap is None else cap
        check_number(used, "cap")
        trust = self.trust()
        shown = {
            "": self.mean_draws(),
            "typical": self.typical_draws(),
            "capped": self.limited_draws(used),
        }
        ranks = (*self.terms.ranks, ALL_RANKS)
        columns: dict[str, Any] = label_columns([ALL_REPS, *self.terms.reps], rank=ranks)
        gate = [trust.of_rank(rank) for rank in ranks]
        trusted = np.tile(trust.trusted[gate], 1 + len(self.terms.reps))
        for name, draws in shown.items():
            found = _median_tailed(self._with_all(draws), interval_prob)
            labels = (name, f"{name}_lower", f"{name}_upper") if name else ("estimate", "lower", "upper")
            for label, values in zip(labels, found, strict=True):
                columns[label] = np.where(trusted, values.ravel(), np.nan) if not name else values.ravel()
        columns |= self._own_counts()
        columns |= {"trusted": trusted, "note": np.tile(trust.note[gate], 1 + len(self.terms.reps))}
        table = make_table(columns)
        table.attrs.update(cap=used, interval_prob=interval_prob, within_days=self.cells.won_within_days)
        return table

    def without_largest(
        self, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
    ) -> AmountFit:
        """What would be said had the largest deal not come? The fit of the wins without it, exactly."""
        laid_out = self.model.lay_out_cells(self.scale, without_largest(self.cells))
        return laid_out.fit(seed=seed, engine=engine, draws=draws, progress=progress)

    def _with_all(self, draws: Floats) -> Floats:
        """All reps first, all ranks together last, (draw, 1 + rep, rank + 1)."""
        every = np.concatenate([self.all_reps(draws)[:, None], draws], axis=1)
        return np.concatenate([every, self.over_ranks(every)[..., None]], axis=2)

    def _own_counts(self) -> dict[str, Any]:
        """Counts of each row, and what its own money rests on."""
        cells, over = self.cells, self.terms.over_groups

        def spread(values: Floats) -> Floats:
            every = np.concatenate([values.sum(axis=0, keepdims=True), values])
            return np.concatenate([every, every.sum(axis=1, keepdims=True)], axis=1).ravel()

        largest = cells.max_amount.reshape(*cells.max_amount.shape[:2], -1).max(axis=2)
        every = np.concatenate([largest.max(axis=0, keepdims=True), largest])
        top = np.concatenate([every, every.max(axis=1, keepdims=True)], axis=1).ravel()
        n, total, squares = (spread(over(each)) for each in (cells.n_amounts, cells.sum_amount, cells.sum_amount2))
        missing = spread(over(cells.n_missing))
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "n_won": spread(over(cells.won)).astype(int),
                "n_amounts": n.astype(int),
                "n_missing": missing.astype(int),
                "n": n.astype(int),
                "effective_deals": np.where(squares > 0, total**2 / squares, 0.0),
                "largest_share": top / total,
                "raw_mean": total / n,
            }


def without_largest(cells: DealCells) -> DealCells:
    """The counts of the same wins without the largest of all."""
    at = np.unravel_index(int(np.argmax(cells.max_amount)), cells.max_amount.shape)
    amount = float(cells.max_amount[at])
    less: dict[str, Any] = {"n": 1, "won": 1, "n_amounts": 1, "sum_amount": amount, "sum_amount2": amount**2}
    less |= {"sum_log_amount": np.log(amount), "sum_log2_amount": np.log(amount) ** 2}
    changed = {}
    for name, by in less.items():
        changed[name] = getattr(cells, name).copy()
        changed[name][at] -= by
    largest, second = cells.max_amount.copy(), cells.next_amount.copy()
    largest[at], second[at[:2]] = (second[at[:2]] if changed["n_amounts"][at] > 0 else 0.0), 0.0
    return replace(cells, **changed, max_amount=largest, next_amount=second)


def _median_tailed(draws: Floats, interval_prob: float) -> Interval:
    """Median and equal-tailed interval: posterior means of money need not exist."""
    found = equal_tailed(draws, interval_prob=interval_prob)
    return Interval(np.median(draws, axis=0), found.lower, found.upper)
