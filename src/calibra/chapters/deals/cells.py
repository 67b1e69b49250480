"""What the models of deals count: forecasts of closed periods, laid out in the cells that are occupied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.forecasts import LOST, PUSHES, SIZES, WON, ForecastCells
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import brief
from calibra.values import Value

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

FEWEST_PERIODS = 3
"""With fewer closed periods nothing can be said of the next."""
FEWEST_FORECASTS = 20
"""With fewer forecasts of closed periods no model is fitted."""
FEWEST_AMOUNTS = 10
"""With fewer won deals of known amounts their ratio is not modelled."""
_FEWEST_FREE = 20


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Forecasts in the occupied cells of each rep, (rep, cell); empty cells at the end of a row hold nothing."""

    n: Floats
    """Forecasts."""
    won: Floats
    """Won in their period."""
    lost: Floats
    """Lost in it."""
    category: Ints
    """Index into the categories."""
    pushes: Ints
    """How often moved before."""
    size: Ints
    """Index into the sizes."""
    period: Ints
    """Index into the closed periods."""


@dataclass(frozen=True, eq=False)
class DealLayout:
    """The counts, where they stand in the models, and the spread of amounts."""

    __repr__ = brief

    counts: ForecastCells
    """Everything counted."""

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.counts.reps

    @cached_property
    def laid(self) -> Laid:
        """Forecasts of closed periods."""
        counts = self.counts
        shape = (len(counts.categories), len(PUSHES), len(SIZES), counts.n_periods)
        chosen = counts.period < counts.n_periods
        places = (counts.category, counts.pushes, counts.size, counts.period)
        code = np.ravel_multi_index(tuple(place[chosen] for place in places), shape)
        rep, n, fate = counts.rep[chosen], counts.sums["n"][chosen], counts.fate[chosen]
        cells = [np.unique(code[rep == r]) for r in range(len(self.reps))]
        width = max(map(len, cells))
        held = np.zeros((len(cells), width), dtype=np.int64)
        found = {name: np.zeros((len(cells), width)) for name in ("n", "won", "lost")}
        for r, own in enumerate(cells):
            held[r, : len(own)] = own
            of_rep = rep == r
            at = np.searchsorted(own, code[of_rep])
            for name, kept in {"n": fate >= 0, "won": fate == WON, "lost": fate == LOST}.items():
                np.add.at(found[name][r], at, np.where(kept[of_rep], n[of_rep], 0.0))
        found_at = np.unravel_index(held, shape)
        named = dict(zip(("category", "pushes", "size", "period"), map(np.asarray, found_at), strict=True))
        return Laid(**found, **named)  # type: ignore[arg-type]

    @cached_property
    def mix(self) -> Floats:
        """Forecasts of closed periods by category, pushes and size, all reps together."""
        return self.counts.total("n", "category", "pushes", "size")

    @cached_property
    def stated(self) -> Floats:
        """Stated amounts by category, pushes and size, all reps together."""
        return self.counts.total("stated", "category", "pushes", "size")

    @property
    def n(self) -> Floats:
        """Forecasts of closed periods, (rep,)."""
        return self.counts.total("n", "rep")

    def paired(self, name: str) -> Floats:
        """Of won deals with both amounts a sum, (rep, size, period)."""
        return self.counts.total(name, "rep", "size", "period")

    @property
    def knows_amounts(self) -> bool:
        """Whether enough won deals have both amounts."""
        return float(self.counts.total("n_paired")) >= FEWEST_AMOUNTS

    @cached_property
    def dispersion(self) -> float:
        """φ: the variance of what is paid for a deal beside its mean, around each rep's ratio in each period.

        Σ (a − s R)² / (s R) over the deals less the ratios taken from them, in currency; where that leaves too few
        degrees of freedom, around each rep's ratio, else around that of all.
        """
        sums = [self.paired(name).sum(axis=1) for name in ("n_paired", "stated_paired", "paid_paired", "square")]
        for over in ((), (1,), (0, 1)):
            n, stated, paid, square = (values.sum(axis=over, keepdims=True) if over else values for values in sums)
            there = paid > 0
            free = float(n[there].sum() - there.sum())
            if free >= _FEWEST_FREE or over == (0, 1):
                ratio = paid[there] / stated[there]
                apart = float((square[there] / ratio - paid[there]).sum())
                return max(apart / max(free, 1.0), 1e-6 * float(stated[there].sum() / n[there].sum()))
        raise AssertionError  # the loop ends with all together

    @cached_property
    def swung_dispersion(self) -> float:
        """φ of the totals of a rep and period around the rep's ratio and the period's: what a rep's level rests on.

        Where a rep's ratio swings from period to period it is larger than that of single deals, and never smaller.
        """
        stated, paid = (self.paired(name).sum(axis=1) for name in ("stated_paired", "paid_paired"))
        both = stated.sum(axis=0) > 0
        stated, paid = stated[:, both], paid[:, both]
        of_rep = paid.sum(axis=1) / np.maximum(stated.sum(axis=1), 1e-300)
        mean = stated * of_rep[:, None]
        mean = mean * (paid.sum(axis=0) / np.maximum(mean.sum(axis=0), 1e-300))
        held = mean > 0
        free = float(held.sum() - (of_rep > 0).sum() - held.any(axis=0).sum())
        apart = float(((paid[held] - mean[held]) ** 2 / mean[held]).sum())
        return max(self.dispersion, apart / free if free >= _FEWEST_FREE else 0.0)

    @cached_property
    def active(self) -> Floats:
        """1 in the periods from a rep's first forecast or win to the last, (rep, closed period)."""
        seen = (self.counts.total("n", "rep", "period") + self.counts.new["n"]) > 0
        begun = np.maximum.accumulate(seen, axis=1)
        ended = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
        return (begun & ended).astype(float)


def lay_out_deals(counts: ForecastCells) -> DealLayout:
    """The layout; refused where too little has closed.

    Raises
    ------
    NotEnoughDataError
        Fewer than 3 closed periods, or fewer than 20 forecasts in them.
    """
    if counts.n_periods < FEWEST_PERIODS:
        values: dict[str, Value] = {"n": counts.n_periods, "least": FEWEST_PERIODS, "date": counts.closes}
        raise NotEnoughDataError(Finding("deals.few_periods", values, "note"))
    n = int(counts.total("n"))
    if n < FEWEST_FORECASTS:
        raise NotEnoughDataError(Finding("deals.few_forecasts", {"n": n, "least": FEWEST_FORECASTS}, "note"))
    return DealLayout(counts)
