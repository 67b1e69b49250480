"""How the posterior of deals is read: what becomes of forecasts, pushes, amounts beside what was stated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.deals.cells import DealLayout
from calibra.data.counting.forecasts import LOST, PUSHED, PUSHES, SIZES, WON, OpenForecasts
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.flags import CANNOT_TELL, FLAG_PROB
from calibra.reading.means import ALL_REPS, logistic, mean_of_others, rep_shares
from calibra.reading.rep_chunks import rep_chunks
from calibra.reading.rows import all_reps_first, flat_columns, resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, odds_beyond

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

FEWEST = 12
"""With fewer forecasts, or won deals, in closed periods a rep is not named."""
MARGIN_STATED = 1.08
"""Factor on the amounts below which paid over stated is alike: what nobody needs to talk about in a month's total."""
TOO_MUCH, TOO_LITTLE, MORE, FEWER, IN_LINE = "too much", "too little", "moves more", "moves fewer", "in line"
"""What is found of a rep's amounts and of what is moved, beside the others'."""


@dataclass(frozen=True, slots=True, eq=False)
class DealFit:
    """The fitted models of deals: counts, draws, and the tables read off them."""

    layout: DealLayout
    """The counts, laid out."""
    declarations: Mapping[str, CellModel]
    """Part (`won`, `lost`, `new`, `ratio`, `exact`, `typical`) to the model as the engines saw it."""
    posteriors: Mapping[str, Posterior]
    """Part to draws."""
    _kept: dict[str, Floats] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        n, counts = int(self.layout.n.sum()), self.layout.counts
        return f"<DealFit: {n:,} forecasts of {len(self.reps)} reps in {counts.n_periods} periods; {self.diagnostics}>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit of what is won."""
        return self.posteriors["won"].diagnostics

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.layout.reps

    @property
    def n_draws(self) -> int:
        """Draws of the posterior."""
        return self.posteriors["won"].n_draws

    @property
    def knows_amounts(self) -> bool:
        """Whether amounts were modelled."""
        return "ratio" in self.posteriors

    # draws ------------------------------------------------------------------------------------------------------------

    def log_odds(self, part: str, rep: Any, category: Any, pushes: Any, size: Any) -> Floats:
        """Draws of the log-odds of `won` or `lost` in a typical period, (draw, item); arguments are places."""
        draws = self.posteriors[part]
        zero = np.zeros((self.n_draws, 1))
        found = draws["category_mean"][:, category] + np.concatenate([zero, draws["push"]], axis=1)[:, pushes]
        found = found + np.concatenate([zero, draws["size"]], axis=1)[:, size] + draws["level"][:, rep]
        if "slope" in draws.dims:
            scores = np.linspace(0.5, -0.5, len(self.layout.counts.categories))
            found = found + draws["slope"][:, rep] * scores[category]
        return np.asarray(found, dtype=float)

    def fates(self) -> Floats:
        """Draws of won, lost and moved, (draw, rep, category, pushes, fate), at all reps' mix of sizes."""
        return self._once("fates", self._read_fates)

    def _read_fates(self) -> Floats:
        mix = self.layout.mix
        shares = np.divide(
            mix,
            mix.sum(axis=2, keepdims=True),
            out=np.full(mix.shape, 1 / len(SIZES)),
            where=mix.sum(axis=2, keepdims=True) > 0,
        )
        found = np.empty((self.n_draws, len(self.reps), *mix.shape[:2], 3))
        for reps in rep_chunks(len(self.reps), self.n_draws * mix.size * 2):
            place = np.indices((len(range(*reps.indices(len(self.reps)))), *mix.shape)).reshape(4, -1)
            rep = place[0] + reps.start
            won, lost = (logistic(self.log_odds(part, rep, *place[1:])) for part in ("won", "lost"))
            parts = np.stack([won, (1 - won) * lost, (1 - won) * (1 - lost)], axis=-1)
            parts = parts.reshape(self.n_draws, -1, *mix.shape, 3)
            found[:, reps] = np.einsum("srkqbf,kqb->srkqf", parts, shares)
        return found

    def ratio_draws(self) -> Floats:
        """Draws of paid over stated, totals, (draw, rep, size), in a typical period."""
        draws = self._amounts("ratio")
        return np.asarray(np.exp(draws["size"][:, None] + draws["level"][..., None]), dtype=float)

    def _amounts(self, part: str) -> Posterior:
        if part not in self.posteriors:
            raise NotEnoughDataError(
                Finding("deals.no_amounts", {"n": int(self.layout.counts.total("n_paired"))}, "note")
            )
        return self.posteriors[part]

    def ratios_of_totals(self) -> Floats:
        """Draws of paid over stated, (draw, 1 + rep), all reps first, everyone at all reps' mix of sizes by amount."""
        by_size = self.layout.paired("stated_paired").sum(axis=(0, 2))
        reps = self.ratio_draws() @ (by_size / by_size.sum())
        shares = rep_shares(self.layout.paired("stated_paired").sum(axis=(1, 2)))
        return np.column_stack([reps @ shares, reps])

    def _once(self, name: str, read: Any) -> Floats:
        if name not in self._kept:
            self._kept[name] = read()
        return self._kept[name]

    # tables -----------------------------------------------------------------------------------------------------------

    def forecasts(self, *, margin_odds: float = MARGIN_ODDS, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What becomes of a forecast for the period: won in it, lost, or moved to a later one?

        Parameters
        ----------
        margin_odds : float
            Factor on the odds below which two reps' shares are alike.

        Returns
        -------
        pandas.DataFrame
            All reps first, everyone at all reps' mix of pushes and sizes, by `category`, and "(all categories)" at all
            reps' mix of these. `won`, `lost` and `pushed`, each with `_lower`, `_upper`, in a typical period;
            `prob_more`, `prob_fewer`: the rep moves more, or fewer, than the mean of the others, by more than the
            margin; `finding`; `n`, `n_won`, `n_lost`, `n_pushed` as counted in closed periods, `engine`.
        """
        counts, mix = self.layout.counts, self.layout.mix.sum(axis=2)
        by_category = np.einsum("srkqf,kq->srkf", self.fates(), _shares(mix))
        total = mix.sum(axis=1) / mix.sum()
        every = np.concatenate([np.einsum("srkf,k->srf", by_category, total)[:, :, None], by_category], axis=2)
        shares = rep_shares(self.layout.n)
        draws = np.concatenate([np.einsum("srkf,r->skf", every, shares)[:, None], every], axis=1)
        labels = ("(all categories)", *counts.categories)
        columns: dict[str, Any] = {"rep": np.repeat(self.labels, len(labels))}
        columns["category"] = np.tile(np.array(labels, dtype=object), 1 + len(self.reps))
        for i, name in enumerate(("won", "lost", "pushed")):
            columns |= flat_columns(name, equal_tailed(draws[..., i], interval_prob=interval_prob))
        columns |= self._moved(every[..., 2], margin_odds)
        for name, fate in {"n": None, "n_won": WON, "n_lost": LOST, "n_pushed": PUSHED}.items():
            n = counts.total("n", "rep", "category", fate=fate)
            columns[name] = (
                all_reps_first(np.concatenate([n.sum(axis=1, keepdims=True), n], axis=1)).ravel().astype(int)
            )
        few = columns["n"] < FEWEST
        columns["finding"] = np.where(few, CANNOT_TELL, columns["finding"])
        return self.table(columns, interval_prob, margin_odds=margin_odds)

    def _moved(self, pushed: Floats, margin_odds: float) -> dict[str, Any]:
        """How sure it is that a rep moves more, or fewer, than the others, (1 + rep) × category; NaN for all reps."""
        usual = mean_of_others(pushed, self.layout.n, least=FEWEST)
        known = np.isfinite(usual)
        beyond = odds_beyond(np.where(known, pushed, 0.5), np.where(known, usual, 0.5), margin_odds=margin_odds)
        there = known.all(axis=0)
        sides = (np.where(there, side, np.nan) for side in (beyond.above, beyond.below, beyond.within))
        nobody = np.full((1, pushed.shape[2]), np.nan)
        more, fewer, within = (np.concatenate([nobody, side]).ravel() for side in sides)
        return {"prob_more": more, "prob_fewer": fewer, "finding": _found(more, fewer, within, (MORE, FEWER))}

    def pushes(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How likely is it that a forecast is moved again, won in the end, and how often is it moved before?

        That a deal moved often is moved again more often is no proof of a habit: deals differ.

        Returns
        -------
        pandas.DataFrame
            All reps first, at all reps' mix of categories and sizes. By `pushes` so far (0, 1, 2, 3 or more):
            `pushed_again` with interval and `n`; then the rows "won at all" and "pushes given won", in the same column.
            From the third push on every period is taken to be as the last.
        """
        counts, mix = self.layout.counts, self.layout.mix.sum(axis=(1, 2)) / self.layout.mix.sum()
        fates = np.einsum("srkqf,k->srqf", self.fates(), mix)
        shares = rep_shares(self.layout.n)
        fates = np.concatenate([np.einsum("srqf,r->sqf", fates, shares)[:, None], fates], axis=1)
        at_all, moved = push_chain(fates)
        draws = np.concatenate([fates[..., 2], at_all[..., None], moved[..., None]], axis=2)
        rows = (*PUSHES, "won at all", "pushes given won")
        n = counts.total("n", "rep", "pushes")
        n = all_reps_first(np.concatenate([n, np.repeat(n.sum(axis=1, keepdims=True), 2, axis=1)], axis=1))
        columns: dict[str, Any] = {"rep": np.repeat(self.labels, len(rows))}
        columns["pushes"] = np.tile(np.array(rows, dtype=object), 1 + len(self.reps))
        columns |= flat_columns("", equal_tailed(draws, interval_prob=interval_prob))
        columns["n"] = n.ravel().astype(int)
        return self.table(columns, interval_prob)

    def amounts(self, *, margin_ratio: float = MARGIN_STATED, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What is paid for what is won, beside what was stated at the opening of the period?

        Three different things: the share exactly as stated, the typical ratio of a deal, by which reps are compared,
        and the ratio of totals, which large deals make.

        Parameters
        ----------
        margin_ratio : float
            Factor below which two reps' typical ratios are alike.

        Returns
        -------
        pandas.DataFrame
            All reps first. `ratio_of_totals`, at all reps' mix of sizes, `exact_share`, `typical_ratio` (geometric mean
            over the deals), each with `_lower`, `_upper`; `others`: mean typical ratio of the other reps with 12 won
            deals; `prob_too_much`, `prob_too_little`: the rep's lies below, or above, by more than the margin;
            `finding`; `n` won with both amounts, `stated` and `paid` as counted, `engine`.
        """
        ratios, n = self.ratios_of_totals(), self.layout.paired("n_paired").sum(axis=(1, 2))
        columns: dict[str, Any] = {"rep": self.labels}
        columns |= flat_columns("ratio_of_totals", equal_tailed(ratios, interval_prob=interval_prob))
        for name, part, read in (("exact_share", "exact", logistic), ("typical_ratio", "typical", np.exp)):
            draws = self.posteriors[part]
            own = np.asarray(read(draws["mean"] + draws["level"]), dtype=float)
            found = np.column_stack([own @ rep_shares(n), own])
            columns |= flat_columns(name, equal_tailed(found, interval_prob=interval_prob))
        typical = self.posteriors["typical"]
        columns |= self._beside_others(np.asarray(typical["mean"] + typical["level"], dtype=float), n, margin_ratio)
        columns["n"] = all_reps_first(n).astype(int)
        columns["finding"] = np.where(columns["n"] < FEWEST, CANNOT_TELL, columns["finding"])
        for name in ("stated", "paid"):
            columns[name] = all_reps_first(self.layout.paired(f"{name}_paired").sum(axis=(1, 2)))
        return self.table(columns, interval_prob, margin_ratio=margin_ratio)

    def _beside_others(self, logs: Floats, n: Floats, margin_ratio: float) -> dict[str, Any]:
        usual = mean_of_others(logs, n, least=FEWEST)
        known, margin = np.isfinite(usual).all(axis=0), np.log(margin_ratio)
        gap = np.where(known, logs - usual, 0.0)
        sides = [(gap < -margin).mean(axis=0), (gap > margin).mean(axis=0), (np.abs(gap) <= margin).mean(axis=0)]
        much, little, within = (np.concatenate([[np.nan], np.where(known, side, np.nan)]) for side in sides)
        others = np.concatenate([[np.nan], np.exp(usual).mean(axis=0)])
        found = _found(much, little, within, (TOO_MUCH, TOO_LITTLE))
        return {"others": others, "prob_too_much": much, "prob_too_little": little, "finding": found}

    @property
    def labels(self) -> NDArray[np.object_]:
        """Rep labels, all reps first."""
        return np.array([ALL_REPS, *self.reps], dtype=object)

    def table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        of: dict[str, Any] = {"as_of": str(self.layout.counts.as_of), **settings}
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, **of)

    def prob_won(self, open_forecasts: OpenForecasts) -> Floats:
        """Draws of the chance of each forecast to be won in a typical period, (draw, deal)."""
        chosen = (getattr(open_forecasts, name) for name in ("rep", "category", "pushes", "size"))
        return logistic(self.log_odds("won", *chosen))


def push_chain(fates: Floats) -> tuple[Floats, Floats]:
    """Chance to be won at all, and the mean number of pushes of what is won; (…, pushes, fate) → (…).

    The last class goes on for ever: with a_k moved and w_k won after k pushes and reach_k = Π_{j<k} a_j,
    P(won) = Σ_{k<K} reach_k w_k + reach_K w_K / (1 − a_K), and likewise for the number.
    """
    won, again = fates[..., 0], fates[..., 2]
    last = won.shape[-1] - 1
    reach = np.concatenate([np.ones_like(again[..., :1]), np.cumprod(again[..., :-1], axis=-1)], axis=-1)
    parts = reach * won
    left = 1.0 - again[..., -1]
    tail = parts[..., -1] / left
    at_all = parts[..., :-1].sum(axis=-1) + tail
    moved = (parts[..., :-1] * np.arange(last)).sum(axis=-1)
    moved = moved + parts[..., -1] * (last / left + again[..., -1] / left**2)
    return np.asarray(at_all), np.asarray(moved / np.maximum(at_all, 1e-300))


def _shares(mix: Floats) -> Floats:
    """Shares along the last axis; equal ones where there is nothing."""
    total = mix.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(mix, total, out=np.full(mix.shape, 1.0 / mix.shape[-1]), where=total > 0))


def _found(one: Floats, other: Floats, within: Floats, words: tuple[str, str]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = np.full(one.shape, CANNOT_TELL, dtype=object)
    for side, word in zip((one, other, within), (*words, IN_LINE), strict=True):
        found[np.nan_to_num(side) >= FLAG_PROB] = word
    return found
