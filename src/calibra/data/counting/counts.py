"""The counts every likelihood rests on: duration counts, and the cells that are sums over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.amounts import SUMS_OF_AMOUNTS
from calibra.data.scale import check_days
from calibra.errors import InputError, NotEnoughDataError, what_came
from calibra.findings import Finding
from calibra.tables import brief, make_table
from calibra.values import Share, Value
from calibra.words import counted, quoted

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

EVENT, EXIT, OPEN = 1, 2, 3
"""How a judgment ended, as it stands in `DurationCounts.ending`."""

MOST_LEFT_OUT = 0.02
"""Share of mature judgments seen in part only up to which they are left out of binomial cells."""
FEW_OF_REP, MOST_OF_REP = 3, 0.05
"""A rep with so many mature judgments left out, and more than this share of the rep's own, is compared with nobody:
were they all of one outcome, the rep would stand elsewhere. Fewer than that are single rows."""
SAME_DAY = 1.0 / 3.0
"""Mean time, in days, from one to the next of two moments that fall evenly on one day: E|U − V|, U and V uniform."""


@dataclass(frozen=True, slots=True, eq=False)
class BinomialCells:
    """How many mature judgments, and how many events within the horizon, per rep and rank (and group)?"""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0 of the arrays."""
    ranks: tuple[str, ...]
    """Rank labels, best first: axis 1."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping to its labels, in the order of the further axes."""
    n: IntArray
    """Mature judgments, shape (R, K, *G)."""
    events: IntArray
    """Those of them with an event within the horizon, shape (R, K, *G)."""
    n_immature: IntArray
    """Judgments younger than the horizon, which count for nothing yet, shape (R, K, *G)."""
    within_days: int | None
    """Horizon in days; None for ready-made counts that state none."""
    as_of: date | None = None
    """Snapshot date; None for ready-made counts that state none."""
    left_out: IntArray | None = None
    """Mature judgments that are not in `n`: lost from sight before the horizon, or under observation late, shape
    (R, K, *G); None where there are none, or where nobody can know."""

    def __str__(self) -> str:
        """How many judgments of whom, in a line."""
        within = "" if self.within_days is None else f" within {self.within_days} days"
        reps = counted(len(self.reps), "rep")
        return f"{int(self.n.sum()):,} mature judgments{within} of {reps}, ranks {' '.join(self.ranks)}"

    @property
    def n_left_out(self) -> int:
        """Mature judgments that are not in `n`, of all reps."""
        return int(self.left_out_of_rep.sum())

    @property
    def left_out_of_rep(self) -> IntArray:
        """Mature judgments that are not in `n`, of each rep, shape (R,)."""
        if self.left_out is None:
            return np.zeros(len(self.reps), dtype=np.int64)
        return np.asarray(self.left_out.reshape(len(self.reps), -1).sum(axis=1))

    @property
    def mature_of_rep(self) -> IntArray:
        """Mature judgments of each rep, those left out among them, shape (R,)."""
        return np.asarray(self.n.reshape(len(self.reps), -1).sum(axis=1) + self.left_out_of_rep)

    @property
    def seen_too_little(self) -> NDArray[np.bool_]:
        """Reps of whose own judgments too many are left out for any comparison, shape (R,)."""
        left_out = self.left_out_of_rep
        return np.asarray((left_out >= FEW_OF_REP) & (left_out > MOST_OF_REP * self.mature_of_rep))

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, groups, n, events, n_immature."""
        counted = {"n": self.n, "events": self.events, "n_immature": self.n_immature}
        return _cell_table({"rep": self.reps, "rank": self.ranks, **self.groups}, counted)


@dataclass(frozen=True, slots=True, eq=False)
class ExposureCells:
    """How long was whom under observation, and what came, per rep, rank (and group) and interval of days?"""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0 of the arrays."""
    ranks: tuple[str, ...]
    """Rank labels, best first: axis 1."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping to its labels, in the order of the axes between rank and interval."""
    edges_days: IntArray
    """Last whole day of each interval, shape (J,)."""
    widths_days: FloatArray
    """Length of each interval in days, shape (J,): `edge + ½` for the first, then the differences of the edges."""
    exposure_days: FloatArray
    """Person-days under observation, shape (R, K, *G, J)."""
    events: IntArray
    """Events, shape (R, K, *G, J)."""
    exits: IntArray
    """Competing exits, shape (R, K, *G, J)."""
    n_at_risk: IntArray
    """Judgments under observation and not ended at the start of the interval, shape (R, K, *G, J)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell and interval: rep, rank, groups, to_day, exposure_days, events, exits, n_at_risk."""
        axes = {"rep": self.reps, "rank": self.ranks, **self.groups, "to_day": self.edges_days.tolist()}
        names = ("exposure_days", "events", "exits", "n_at_risk")
        return _cell_table(axes, {name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, eq=False)
class DurationCounts:
    """How many judgments share rep, rank, groups, days followed, ending and maturity? One row per such cell.

    The sufficient statistics of every model: rows in, one small table out. All arrays have the shape (M,) and are
    sorted by rep, rank, groups, entry, days, ending, maturity.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping to its sorted labels."""
    horizons: tuple[int, ...]
    """Horizons in days that `maturity` speaks of, shortest first."""
    as_of: date | None
    """Snapshot date."""
    first_judged_at: date | None
    """Date of the oldest judgment."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    group_codes: Mapping[str, IntArray]
    """Grouping to indices into its labels."""
    entry_days: IntArray
    """Whole days from the judgment to its coming under observation; 0 where it was from the start."""
    days: IntArray
    """Whole days (difference of calendar dates) from the judgment to its end or, where open, to its last sight."""
    ending: IntArray
    """1 event, 2 exit, 3 open."""
    maturity: IntArray
    """How many of the horizons fit in `as_of − judged_at`, whatever came of the judgment."""
    n: IntArray
    """Judgments."""
    n_touches_known: IntArray | None = None
    """Judgments whose number of touches is known; None without the role `touches`."""
    sum_touches: IntArray | None = None
    """Sum of the known touches."""
    n_won: IntArray | None = None
    """Judgments won by `as_of`; None without the roles `won_at` and `amount`."""
    n_amounts: IntArray | None = None
    """Won judgments whose amount is known and above zero; None without the role `amount`."""
    sum_log_amount: FloatArray | None = None
    """Sum of the natural log of those amounts."""
    sum_log2_amount: FloatArray | None = None
    """Sum of the squared natural log of those amounts."""
    n_zero_amounts: IntArray | None = None
    """Won judgments whose amount is 0: none recorded, or given away."""
    sum_amount: FloatArray | None = None
    """Sum of the known amounts."""
    sum_amount2: FloatArray | None = None
    """Sum of their squares."""
    max_amount: FloatArray | None = None
    """The largest of them; 0 where there is none."""

    @property
    def table(self) -> pd.DataFrame:
        """The counts with their labels: one row per cell."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
        }
        columns |= {name: np.array(self.groups[name], dtype=object)[codes] for name, codes in self.group_codes.items()}
        columns |= {name: getattr(self, name) for name in ("entry_days", "days", "ending", "maturity", "n")}
        sums = ("n_touches_known", "sum_touches", "n_won", *SUMS_OF_AMOUNTS)
        return make_table(columns | {name: getattr(self, name) for name in sums if getattr(self, name) is not None})

    def binomial_cells(self, within_days: int, *, by: Sequence[str] = ()) -> BinomialCells:
        """How many mature judgments, and how many of them had an event within so many days?

        Mature is a judgment with `as_of − judged_at ≥ within_days`, whatever came of it; an event counts when its
        days are at most the horizon, and an exit before it is no event. Early events of young judgments do not
        enter, or they would be counted without their silent peers.

        Parameters
        ----------
        within_days : int
            One of `horizons`.
        by : sequence of str
            Groupings among `groups` that get axes of their own; the others are summed over.

        Raises
        ------
        InputError
            An unknown horizon or grouping; more than 2 % of the mature judgments came under observation late or were
            lost from sight before the horizon, so that "within the horizon" cannot be told of them. Fewer are left
            out, and counted in `left_out`.
        NotEnoughDataError
            Nobody is mature; the message says when the first will be.
        """
        if within_days not in self.horizons:
            raise InputError(
                f"`within_days` must be one of the counted horizons ({', '.join(map(str, self.horizons)) or 'none'}); "
                f"got {within_days!r}. Count again with duration_counts(horizons=[{within_days!r}])."
            )
        mature = self.maturity > self.horizons.index(within_days)
        if not np.any(self.n[mature]):
            raise NotEnoughDataError(self._not_yet(within_days))
        part = mature & self._seen_in_part(within_days)
        if self.n[part].sum() > MOST_LEFT_OUT * self.n[mature].sum():
            raise InputError(self._too_many_left_out(part, within_days))
        young, mature = ~mature, mature & ~part
        shape, cell = self._cells(by)
        hit = mature & (self.ending == EVENT) & (self.days <= within_days)
        n, events, n_immature, left_out = (_sum_into(cell, self.n * keep, shape) for keep in (mature, hit, young, part))
        groups = {name: self.groups[name] for name in by}
        return BinomialCells(self.reps, self.ranks, groups, n, events, n_immature, within_days, self.as_of, left_out)

    def exposure_cells(self, edges_days: ArrayLike, *, by: Sequence[str] = ()) -> ExposureCells:
        """How many person-days, events and exits fall in each interval of days since the judgment?

        Whole days are differences of calendar dates, so a judgment stands at the middle of its day 0, and whole day
        d reaches from d − ½ to d + ½. Interval j holds the whole days after the edge before it up to its own edge:
        `(e_{j−1} + ½, e_j + ½]`, the first from 0 with day 0 in it. An event or exit on day d ends the exposure at d
        (at the mean of ⅓ day after the entry where both fall on one day), an open judgment last seen on day d is
        followed to the end of that day, d + ½, and one that came under observation on day e > 0 starts at e. With
        constant hazards the person-days are unbiased for calendar dates, `events / exposure_days` estimates the
        hazard, and the incidence at an edge is the life table's at "days ≤ edge". Follow-up past the last edge does
        not enter.

        Parameters
        ----------
        edges_days : array-like of int, shape (J,)
            Last whole day of each interval, increasing, at least 1.
        by : sequence of str
            Groupings among `groups` that get axes of their own; the others are summed over.
        """
        edges = check_edges(edges_days)
        shape, cell = self._cells(by)
        start = self.entry_days.astype(float)
        end = np.where(self.ending == OPEN, self.days + 0.5, self.days + SAME_DAY * (self.days == self.entry_days))
        bounds = np.concatenate([[0.0], edges + 0.5])
        interval = np.searchsorted(edges, self.days)
        exposure, events, exits, at_risk = [], [], [], []
        for j, (lower, upper) in enumerate(pairwise(bounds)):
            followed = np.clip(np.minimum(end, upper) - np.maximum(start, lower), 0.0, None)
            exposure.append(np.bincount(cell, self.n * followed, int(np.prod(shape))).reshape(shape))
            events.append(_sum_into(cell, self.n * ((interval == j) & (self.ending == EVENT)), shape))
            exits.append(_sum_into(cell, self.n * ((interval == j) & (self.ending == EXIT)), shape))
            at_risk.append(_sum_into(cell, self.n * ((start <= lower) & (end > lower)), shape))
        stacked = [np.stack(part, axis=-1) for part in (events, exits, at_risk)]
        groups = {name: self.groups[name] for name in by}
        widths = np.diff(bounds)
        return ExposureCells(self.reps, self.ranks, groups, edges, widths, np.stack(exposure, axis=-1), *stacked)

    def _cells(self, by: Sequence[str]) -> tuple[tuple[int, ...], IntArray]:
        """Shape of the cells and the flat cell of every row."""
        check_groups(by, tuple(self.groups))
        shape = (len(self.reps), len(self.ranks), *(len(self.groups[name]) for name in by))
        codes = (self.rep, self.rank, *(self.group_codes[name] for name in by))
        return shape, np.ravel_multi_index(codes, shape).astype(np.int64)

    def _not_yet(self, within_days: int) -> Finding:
        values: dict[str, Value] = {"n": int(self.n.sum()), "days": within_days, "as_of": self.as_of}
        if self.first_judged_at is None:
            return Finding("data.not_yet", values, "note", within_days=within_days)
        values["date"] = self.first_judged_at + timedelta(days=within_days)
        return Finding("data.not_yet_until", values, "note", within_days=within_days)

    def partly_seen(self, within_days: int) -> tuple[int, int]:
        """How many mature judgments were seen in part only within the horizon, and how many are mature?"""
        mature = self.maturity > self.horizons.index(within_days)
        return int(self.n[mature & self._seen_in_part(within_days)].sum()), int(self.n[mature].sum())

    def _seen_in_part(self, within_days: int) -> NDArray[np.bool_]:
        """Under observation late, or lost from sight before the horizon, where mature."""
        return np.asarray((self.entry_days > 0) | ((self.ending == OPEN) & (self.days < within_days)))

    def _too_many_left_out(self, part: NDArray[np.bool_], within_days: int) -> Finding:
        late = int(self.n[part & (self.entry_days > 0)].sum())
        lost = int(self.n[part].sum()) - late
        values: dict[str, Value] = {"n": late or lost, "days": within_days, "limit": Share(MOST_LEFT_OUT)}
        return Finding(f"data.too_many_{'late' if late else 'lost'}", values, "note", within_days=within_days)


def check_groups(by: Sequence[str], known: Sequence[str], *, name: str = "by") -> None:
    """Refuse groupings that are not there, or that come twice; `name` is the argument they were given as."""
    check_labels(by, name)
    unknown = [label for label in by if label not in known]
    if unknown or len(set(by)) < len(by):
        fault = (
            f"{', '.join(map(quoted, unknown))} is not"
            if unknown
            else f"{list(by)} names one twice; each may come once"
        )
        listed = ", ".join(map(quoted, known)) or "none"
        wanted = f"`{name}` must name {'a grouping' if name == 'team' else 'groupings'} ({listed})"
        raise InputError(f"{wanted}; {fault}. Map a column to the name in `columns` first.")


def check_labels(by: object, name: str) -> None:
    """Refuse what is no list of groupings' names."""
    if isinstance(by, str):
        raise InputError(f"`{name}` must be a list of groupings; got the text {by!r}. Write {name}=[{by!r}].")
    if not isinstance(by, Sequence):
        raise InputError(
            f"`{name}` must be a list of groupings, such as ['segment']; got {what_came(by)}. Leave it out for none."
        )


def check_edges(edges_days: ArrayLike) -> IntArray:
    """Whole, increasing days from 0 on and up to 1 at least, or the error that says so."""
    given = np.asarray(edges_days)
    if given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iuf":
        raise InputError(f"`edges_days` must be a list of whole days, such as [30, 60, 90]; got {edges_days!r}.")
    if not np.all(np.isfinite(given)) or np.any(given != np.floor(given)):
        raise InputError(f"`edges_days` must be whole days; got {given.tolist()}.")
    edges = given.astype(np.int64)
    if edges[0] < 0:
        raise InputError(f"`edges_days` must be days from 0 on; got {edges.tolist()}.")
    if np.any(np.diff(edges) <= 0):
        raise InputError(f"`edges_days` must increase from edge to edge; got {edges.tolist()}. Sort them, each once.")
    check_days(int(edges[-1]), "edges_days[-1]")
    return edges


def _sum_into(cell: IntArray, weights: IntArray, shape: tuple[int, ...]) -> IntArray:
    """Exact whole-number sums per cell (below 2⁵³)."""
    return np.rint(np.bincount(cell, weights, int(np.prod(shape)))).astype(np.int64).reshape(shape)


def _cell_table(axes: Mapping[str, Sequence[object]], counted: Mapping[str, NDArray[np.generic]]) -> pd.DataFrame:
    """Labels of the axes spread over the cells, and the flattened counts beside them."""
    shape = tuple(len(labels) for labels in axes.values())
    index = np.indices(shape).reshape(len(shape), -1)
    columns: dict[str, ArrayLike] = {
        name: np.array(list(labels), dtype=None if name == "to_day" else object)[index[i]]
        for i, (name, labels) in enumerate(axes.items())
    }
    return make_table(columns | {name: values.ravel() for name, values in counted.items()})
