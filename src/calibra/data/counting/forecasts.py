"""Forecasts of periods, counted: what was said at each opening, what became of it by the close, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

NOT_YET, WON, LOST, PUSHED = 0, 1, 2, 3
"""What became of a forecast by the close of its period; the first where it has not closed."""
PUSHES = ("0", "1", "2", "3 or more")
"""How often a deal had been moved to a later period before."""
SIZES = ("small", "middle", "large")
"""Thirds of the forecasts by stated amount; without an amount a deal counts as small."""
SUMS = (
    "n", "stated", "paid", "n_paired", "stated_paired", "paid_paired", "square", "n_other", "sum_log", "sum_log2",
    "n_overdue",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ForecastCells:
    """How many forecasts of each rep, category and period were won in it, lost, or moved, and for how much?

    A forecast is a deal that was open at the opening of a period and stated for it then. Arrays of the shape (M,): one
    entry per rep, category, pushes, period, size and fate.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    categories: tuple[str, ...]
    """Categories, best first."""
    openings: tuple[date, ...]
    """First day of each period; the last one has not closed, and its forecasts are open."""
    closes: date
    """Last day of that period."""
    as_of: date
    """Snapshot date."""
    size_edges: tuple[float, ...]
    """Amounts, about, at which a deal is middle and large."""
    rep: Ints
    """Index into `reps`."""
    category: Ints
    """Index into `categories`."""
    pushes: Ints
    """How often the deal had been moved before, 3 for more."""
    period: Ints
    """Index into `openings`."""
    size: Ints
    """Index into `SIZES`."""
    fate: Ints
    """0 not known yet, 1 won in the period, 2 lost in it, 3 still open at its close."""
    sums: Mapping[str, Floats]
    """`n`; `stated` and `paid` (of the won) amounts; of the won with both amounts: `n_paired`, `stated_paired`,
    `paid_paired`, `square` (Σ paid²/stated); of these unequal: `n_other`, `sum_log`, `sum_log2` of log(paid/stated);
    `n_overdue`: moved without a new statement."""
    new: Mapping[str, Floats]
    """Deals won in a period without a forecast for it: `n`, `paid`, `square` (Σ paid²), each (rep, period)."""
    told: Mapping[str, float]
    """What came in: statements, deals, and what is to be known of them."""

    @property
    def n_periods(self) -> int:
        """Periods that have closed."""
        return len(self.openings) - 1

    def total(self, name: str, *axes: str, fate: int | None = None, closed: bool = True) -> Floats:
        """A sum along axes, such as "rep", "period"."""
        chosen = (self.period < self.n_periods) if closed else np.ones(len(self.rep), dtype=bool)
        chosen = chosen if fate is None else chosen & (self.fate == fate)
        full = {"rep": len(self.reps), "category": len(self.categories), "pushes": len(PUSHES)}
        full |= {"period": len(self.openings), "size": len(SIZES)}
        place = (
            np.stack([getattr(self, axis)[chosen] for axis in axes]) if axes else np.zeros((0, int(chosen.sum())), int)
        )
        shape = [full[axis] for axis in axes]
        flat = np.ravel_multi_index(tuple(place), shape) if axes else np.zeros(place.shape[1], dtype=np.int64)
        found = np.bincount(flat, self.sums[name][chosen], minlength=int(np.prod(shape))).reshape(shape)
        return found[..., : self.n_periods] if closed and axes and axes[-1] == "period" else found

    def before(self, place: int) -> ForecastCells:
        """The same as known at the opening of a closed period: what closed before, and this one's forecasts, open."""
        kept = self.period <= place
        mature = self.period[kept] < place
        sums = {name: values[kept] for name, values in self.sums.items()}
        sums |= {name: np.where(mature, sums[name], 0.0) for name in SUMS if name not in ("n", "stated")}
        return replace(
            self,
            openings=self.openings[: place + 1],
            closes=date.fromordinal(self.openings[place + 1].toordinal() - 1),
            as_of=date.fromordinal(self.openings[place].toordinal() - 1),
            **{name: getattr(self, name)[kept] for name in ("rep", "category", "pushes", "period", "size")},
            fate=np.where(mature, self.fate[kept], NOT_YET),
            sums=sums,
            new={name: values[:, :place] for name, values in self.new.items()},
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep, category and period: n, won, lost, pushed, open, and the amounts stated and won."""
        axes = ("rep", "category", "period")
        labels = (self.reps, self.categories, [day.isoformat() for day in self.openings])
        found: dict[str, Any] = {"n": self.total("n", *axes, closed=False)}
        for name, fate in {"won": WON, "lost": LOST, "pushed": PUSHED, "open": NOT_YET}.items():
            found[name] = self.total("n", *axes, fate=fate, closed=False)
        there = np.nonzero(found["n"])
        columns = {axis: np.array(named, dtype=object)[at] for axis, named, at in zip(axes, labels, there, strict=True)}
        columns |= {name: values[there].astype(int) for name, values in found.items()}
        amounts = {name: self.total(name, *axes, closed=False)[there] for name in ("stated", "paid")}
        return make_table(columns | amounts)


@dataclass(frozen=True, slots=True, eq=False)
class OpenForecasts:
    """The forecasts of one period, deal by deal, without their names; arrays of the shape (deal,)."""

    __repr__ = brief

    opens: date
    """First day of the period."""
    rep: Ints
    """Index into the reps."""
    category: Ints
    """Index into the categories."""
    pushes: Ints
    """How often the deal had been moved before."""
    size: Ints
    """Index into `SIZES`."""
    stated: Floats
    """Stated amount; 0 where none is."""
    period: Ints
    """Index into the periods."""
    fate: Ints
    """What became of it; 0 where that is not known yet."""

    def of(self, place: int, opens: date) -> OpenForecasts:
        """Those of one period."""
        kept = self.period == place
        names = ("rep", "category", "pushes", "size", "stated", "period", "fate")
        return OpenForecasts(opens, **{name: getattr(self, name)[kept] for name in names})
