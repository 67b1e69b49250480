"""How the posterior of the threshold model is read: bars, shares, and how well the ranks tell outcomes apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calibra.chapters.thresholds.checked import checked_thresholds
from calibra.data.counting.counts import BinomialCells
from calibra.data.scale import RankScale
from calibra.errors import check_within
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.checked import Checked
from calibra.reading.means import ALL_REPS, rep_shares
from calibra.reading.rep_chunks import read_reps, rep_chunks
from calibra.reading.rows import label_columns
from calibra.stats.detection.curve import auc, bar_at, event_probabilities, share_above
from calibra.stats.detection.likelihood import cutpoints_of
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief, make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

NOTHING_AUC = 0.05
"""Ranks whose AUC lies within this of one half tell nothing."""
SMALLEST_BASE_RATE = 1e-9
"""Draws of a base rate are held this far from 0 and 1."""


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdDraws:
    """Draws of signal detection per rep."""

    __repr__ = brief

    base_rate: Floats
    """φ, (draw, rep)."""
    discrimination: Floats
    """d, (draw, rep); negative where the ranks are inverted."""
    cutpoints: Floats
    """Lower edges of all ranks but the last, best first, (draw, rep, boundary)."""

    @property
    def bars(self) -> Floats:
        """Probability of an event just at each cutpoint, (draw, rep, boundary)."""
        return bar_at(self.cutpoints, **self.pool)

    @property
    def shares(self) -> Floats:
        """Share of the prospects given this rank or better, (draw, rep, boundary)."""
        return share_above(self.cutpoints, **self.pool)

    @property
    def pool(self) -> dict[str, Floats]:
        """Base rate and discrimination with an axis for the boundaries, as `stats.detection` takes them."""
        return {"base_rate": self.base_rate[..., None], "discrimination": self.discrimination[..., None]}


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdFit:
    """The fitted threshold model: cells, draws, and the tables read off them."""

    cells: BinomialCells
    """Mature judgments and events per rep and rank."""
    scale: RankScale
    """The ranks and what is promised by each."""
    pool: str | None
    """The part of the prospects the fit is of, e.g. `segment: large`; None for all."""
    declaration: DetectionModel
    """The model as the engines saw it."""
    posterior: Posterior
    """The draws."""

    def __repr__(self) -> str:
        pool = "" if self.pool is None else f" ({self.pool})"
        return f"<ThresholdFit{pool}: {self.cells}; {self.diagnostics}>"

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
    def n(self) -> Floats:
        """Mature judgments per rep and rank, (rep, rank)."""
        return self.cells.n.astype(float)

    @property
    def events(self) -> Floats:
        """Events within the horizon per rep and rank, (rep, rank)."""
        return self.cells.events.astype(float)

    def draws(self, reps: slice = slice(None)) -> ThresholdDraws:
        """Base rate, discrimination and cutpoints of every rep, or of these, draw by draw."""
        params = self.declaration.rep_params(self.posterior["population"], self.posterior["deviation"][:, reps])
        phi = np.clip(expit(params[..., 0]), SMALLEST_BASE_RATE, 1.0 - SMALLEST_BASE_RATE)
        return ThresholdDraws(phi, params[..., 1], cutpoints_of(params))

    def all_reps_bar_draws(self) -> Floats:
        """Draws of the count-weighted mean over reps of each bar, (draw, boundary)."""
        return self._mean_over_reps(lambda found: found.bars)

    def probability_draws(self) -> Floats:
        """Draws of P(event within the horizon) at each rank, (draw, rep, rank)."""
        found = self.draws()
        prob = event_probabilities(found.cutpoints, base_rate=found.base_rate, discrimination=found.discrimination)
        return np.where(np.isnan(prob), found.base_rate[..., None], prob)

    def read(self, reader: Callable[[ThresholdDraws], Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        """What a reader takes from the draws of a few reps: arrays with a row a rep."""
        n_elements = self.posterior.n_draws * (1 + len(self.ranks))
        return read_reps(len(self.reps), n_elements, lambda reps: reader(self.draws(reps)))

    def _mean_over_reps(self, number: Callable[[ThresholdDraws], Floats]) -> Floats:
        """Draws of the mean over reps, weighted by their judgments, of a number per boundary, (draw, boundary)."""
        shares, total = rep_shares(self.n.sum(axis=1)), np.zeros((self.posterior.n_draws, len(self.ranks) - 1))
        for reps in rep_chunks(len(self.reps), self.posterior.n_draws * (1 + len(self.ranks))):
            total += np.einsum("srk,r->sk", number(self.draws(reps)), shares[reps])
        return total

    # tables -----------------------------------------------------------------------------------------------------------

    def bars(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """At which probability does each rep, and all reps, start to use a rank, and for what share of the prospects?

        Returns
        -------
        pandas.DataFrame
            One row per rep and boundary: `rep`, `rank` (the better of the two), `estimate`, `lower`, `upper` (the bar,
            posterior mean and interval), `share`, `share_lower`, `share_upper` (of prospects given this rank or
            better), `raw_share`, `n` (mature judgments of the rep), `n_rank` (in the rank), `engine`.
            Bars are of the rep's own pool of prospects. `attrs` hold level, horizon, snapshot date, seed, pool.
        """

        def tell(bars: Floats, shares: Floats) -> dict[str, Floats]:
            bar, share = (equal_tailed(values, interval_prob=interval_prob) for values in (bars, shares))
            named = zip(("share", "share_lower", "share_upper"), share, strict=True)
            return bar._asdict() | dict(named)

        means = (self._mean_over_reps(lambda found: found.bars), self._mean_over_reps(lambda found: found.shares))
        first, rows = tell(*(mean[:, None] for mean in means)), self.read(lambda found: tell(found.bars, found.shares))
        n = self.n
        counts = np.concatenate([n.sum(axis=0)[None], n])
        labels, n_cuts = (ALL_REPS, *self.reps), len(self.ranks) - 1
        total = counts.sum(axis=1, keepdims=True)
        columns = {
            **label_columns(labels, rank=self.ranks[:-1]),
            **{name: np.concatenate([first[name], rows[name]]).ravel() for name in first},
            "raw_share": np.where(total > 0, counts.cumsum(axis=1) / np.maximum(total, 1), np.nan)[:, :-1].ravel(),
            "n": np.repeat(total[:, 0].astype(int), n_cuts),
            "n_rank": counts[:, :-1].astype(int).ravel(),
        }
        return self.table(columns, interval_prob=interval_prob)

    def profiles(self, *, nothing_auc: float = NOTHING_AUC, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How well do each rep's ranks tell outcomes apart?

        Parameters
        ----------
        nothing_auc : float
            Ranks whose AUC lies within this of one half tell nothing.

        Returns
        -------
        pandas.DataFrame
            Per rep, by signal detection: `base_rate`, `d_prime` (discrimination d) and `binormal_auc` (Φ(d/√2), of one
            prospect with the event and one without) with intervals, `prob_separates` (AUC above one half by more
            than `nothing_auc`), `prob_inverted`, `n`, `events`, `engine`.
        """
        check_within(nothing_auc, "nothing_auc", 0, 0.5, ends="[)", mend="Give a distance from one half, such as 0.05.")

        def tell(found: ThresholdDraws) -> dict[str, Floats]:
            area = auc(found.discrimination)
            told: dict[str, Floats] = {}
            numbers = {"base_rate": found.base_rate, "d_prime": found.discrimination, "binormal_auc": area}
            for name, values in numbers.items():
                interval = equal_tailed(values, interval_prob=interval_prob)
                told |= dict(zip((name, f"{name}_lower", f"{name}_upper"), interval, strict=True))
            separates, inverted = area > 0.5 + nothing_auc, area < 0.5
            return told | {"prob_separates": separates.mean(axis=0), "prob_inverted": inverted.mean(axis=0)}

        columns: dict[str, object] = {"rep": np.array(self.reps, dtype=object), **self.read(tell)}
        columns["n"], columns["events"] = self.n.sum(axis=1).astype(int), self.events.sum(axis=1).astype(int)
        return self.table(columns, interval_prob=interval_prob, nothing_auc=nothing_auc)

    def summary(self) -> str:
        """Everything at a glance, diagnostics first."""
        within = f"within {self.within_days} days" if self.within_days else "(horizon not stated)"
        judged = f"{counted(self.n.sum(), 'mature judgment')} of {counted(len(self.reps), 'rep')}"
        return "\n\n".join(
            [
                f"Threshold model, event {within}, {judged}, as of {self.cells.as_of}"
                f"{f', {self.pool}' if self.pool else ''}.",
                f"Diagnostics: {self.diagnostics}",
                "Bars are those of each rep's own pool of prospects, under the present way of working.",
                self.bars().round(3).to_string(index=False),
                self.profiles().round(3).to_string(index=False),
            ]
        )

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_thresholds(self)

    def table(self, columns: Mapping[str, object], **settings: object) -> "pd.DataFrame":
        """A table that says what it rests on."""
        n_rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
        table = make_table({**columns, "engine": np.full(n_rows, self.diagnostics.engine, dtype=object)})  # type: ignore[dict-item]
        table.attrs = {
            "within_days": self.within_days,
            "as_of": str(self.cells.as_of),
            "seed": self.diagnostics.seed,
            "engine": self.diagnostics.engine,
            "pool": self.pool or "all prospects",
        }
        table.attrs.update(settings)
        return table
