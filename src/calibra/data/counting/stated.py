"""Judgments by the probability that was stated, per rep: one group-by of the same rows, when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.heaps import heaped_bins
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import MATURITIES, whole_numbers
from calibra.data.counting.plan import Plan
from calibra.data.counting.reached import LEAST_REACHED, LEAST_YOUNG, MOST_UNKNOWN, Reached, YoungCells, log_slowing
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.stated_unit import per_mille, refuse_prob_without_rows, with_tidy_text
from calibra.data.counting.tabulate import IntArray, add_up
from calibra.data.counting.weekly_rows import horizon_sums, weeks_of, within_horizons
from calibra.data.frames.open import collect
from calibra.data.frames.roles import STATED_PROB
from calibra.errors import InputError, NotEnoughDataError
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

NOT_STATED = -1
"""Stands for the thousandths of a judgment without a stated probability."""
PER_MILLE = 1000
NOTHING_STATED = f"No judgment states a probability: the column of `{STATED_PROB}` holds no value. Fill it."
NEAREST_TO_CERTAIN = 10
"""Thousandths: what is stated below 1 % counts as 1 %, above 99 % as 99 %; nobody's 0 has log-odds."""
MOST_VALUES = 101
"""More distinct values than there are whole per cents are binned between heaps, each bin about a 101st of all."""


@dataclass(frozen=True, slots=True, eq=False)
class StatedCells:
    """Mature judgments and their events per rep and stated probability."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: axis 0."""
    n: IntArray
    """Mature judgments with a stated probability, shape (R, K)."""
    events: IntArray
    """Those with an event within the horizon, shape (R, K)."""
    stated: Floats
    """Mean probability stated by the rep in the cell, shape (R, K); that of all reps where the rep has none."""
    log_odds: Floats
    """Mean of its log-odds, 1 % and 99 % being the ends, shape (R, K)."""
    within_days: int
    """Horizon in days."""
    as_of: date
    """Snapshot date."""
    n_clipped: int
    """Mature judgments stated below 1 % or above 99 %."""
    n_not_stated: int
    """Mature judgments without a stated probability."""
    young: YoungCells | None = None
    """Those younger than the horizon, shape (R, K); None where they are few, or too little is known of the days."""

    @property
    def n_used(self) -> IntArray:
        """Mature judgments, and young ones where they count, shape (R, K)."""
        return self.n if self.young is None else self.n + self.young.n

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep and stated value with a mature judgment: rep, stated, n, events."""
        rep, value = np.nonzero(self.n)
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[rep],
            "stated": self.stated[rep, value],
            "n": self.n[rep, value],
            "events": self.events[rep, value],
        }
        return make_table(columns)


@dataclass(frozen=True, slots=True, eq=False)
class StatedCounts:
    """How many judgments did each rep make at each stated probability, and how many had an event in time?

    One row per rep and stated value, in thousandths; all arrays have the shape (M,), those by horizon (H, M). The
    outcome is followed as in `binomial_cells`.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    horizons: tuple[int, ...]
    """Horizons in days, shortest first."""
    as_of: date
    """Snapshot date."""
    rep: IntArray
    """Index into `reps`."""
    per_mille: IntArray
    """Stated probability in whole thousandths; −1 where none is stated."""
    n: IntArray
    """Judgments, of any age."""
    n_mature: IntArray
    """Judgments old enough for the horizon and followed through it, shape (H, M)."""
    events: IntArray
    """Those of them with an event within the horizon, shape (H, M)."""
    n_young: IntArray
    """Judgments younger than the horizon whose answers are in in part, shape (H, M); 0 where that part is not known."""
    events_young: IntArray
    """Those of them with an event so far, shape (H, M)."""
    reached: Floats
    """Sum over them of the share of the events within the horizon that come by their age, shape (H, M)."""
    reached_slower: Floats
    """The same if events took a tenth longer, shape (H, M)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep and stated value: rep, stated, n, then mature_, events_, young_ and young_events_<days>."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "stated": np.where(self.per_mille == NOT_STATED, np.nan, self.per_mille / PER_MILLE),
            "n": self.n,
        }
        for i, days in enumerate(self.horizons):
            columns |= {f"mature_{days}": self.n_mature[i], f"events_{days}": self.events[i]}
            columns |= {f"young_{days}": self.n_young[i], f"young_events_{days}": self.events_young[i]}
        return make_table(columns)

    def cells(self, within_days: int) -> StatedCells:
        """Mature judgments per rep and stated value; of more values than 101, heaps stay and the rest is binned.

        Raises
        ------
        InputError
            A horizon that was not counted.
        NotEnoughDataError
            No mature judgment states a probability.
        """
        if within_days not in self.horizons:
            known = ", ".join(map(str, self.horizons)) or "none"
            raise InputError(f"`within_days` must be one of the counted horizons ({known}); got {within_days!r}.")
        at = self.horizons.index(within_days)
        n, events = self.n_mature[at], self.events[at]
        is_stated = self.per_mille != NOT_STATED
        if not n[is_stated].sum():
            raise NotEnoughDataError(
                f"No judgment that is {within_days} days old or older states a probability; wait, or fill "
                f"`{STATED_PROB}` for older ones."
            )
        young, came = self.n_young[at], self.events_young[at]
        if young[is_stated].sum() < LEAST_YOUNG * n[is_stated].sum():
            young, came = 0 * young, 0 * came
        used = is_stated & (n + young > 0)
        rep, value, n_used = self.rep[used], self.per_mille[used], n[used] + young[used]
        clipped = np.clip(value, NEAREST_TO_CERTAIN, PER_MILLE - NEAREST_TO_CERTAIN)
        _, place = np.unique(clipped, return_inverse=True)
        cell = heaped_bins(np.bincount(place, n_used), parts=MOST_VALUES)[place]
        shape = (len(self.reps), int(cell.max()) + 1)
        prob = clipped / PER_MILLE
        sums = {
            "n": n[used],
            "events": events[used],
            "n_young": young[used],
            "events_young": came[used],
            "reached": (young[used] > 0) * self.reached[at, used],
            "slower": (young[used] > 0) * self.reached_slower[at, used],
            "used": n_used,
            "stated": n_used * value / PER_MILLE,
            "log_odds": n_used * np.log(prob / (1.0 - prob)),
        }
        by_cell = {name: _sum_into(shape, rep, cell, values) for name, values in sums.items()}
        size = by_cell["used"]
        return StatedCells(
            self.reps,
            np.rint(by_cell["n"]).astype(np.int64),
            np.rint(by_cell["events"]).astype(np.int64),
            _means(by_cell["stated"], size),
            _means(by_cell["log_odds"], size),
            within_days,
            self.as_of,
            int(n[used][clipped != value].sum()),
            int(n[~is_stated].sum()),
            _young_cells(by_cell) if young.any() else None,
        )

    def columns(self) -> dict[str, NDArray[Any]]:
        """The counts as equally long columns, for a file."""
        by_days = {
            f"{name}_{days}": getattr(self, name)[i]
            for name in (*_COUNTED, *_SHARED)
            for i, days in enumerate(self.horizons)
        }
        return {"rep": self.rep, "per_mille": self.per_mille, "n": self.n} | by_days


_COUNTED, _SHARED = ("n_mature", "events", "n_young", "events_young"), ("reached", "reached_slower")
"""Counts and sums of shares by horizon."""


@dataclass(frozen=True, slots=True)
class StatedLabels:
    """What the columns of saved counts by stated probability do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    horizons: tuple[int, ...]
    """Horizons in days."""
    as_of: date
    """Snapshot date."""

    def restore(self, columns: Mapping[str, NDArray[Any]]) -> StatedCounts:
        """The counts whose `columns` these are."""
        shape = (len(self.horizons), columns["rep"].size)
        kinds: dict[str, Any] = dict.fromkeys(_COUNTED, np.int64) | dict.fromkeys(_SHARED, np.float64)
        by_days = {
            name: np.array([columns[f"{name}_{days}"] for days in self.horizons], dtype=kind).reshape(shape)
            for name, kind in kinds.items()
        }
        own = {name: columns[name] for name in ("rep", "per_mille", "n")}
        return StatedCounts(self.reps, self.horizons, self.as_of, **own, **by_days)


def count_stated(checked: CheckedRows, reps: tuple[str, ...], shares: Mapping[int, Reached | None]) -> StatedCounts:
    """Judgments and events by rep and stated probability; one scan of the good rows, and one of the young ones.

    `shares` says of each horizon, shortest first, what part of its events has come by an age; None where nobody knows.

    Raises
    ------
    InputError
        Judgments without the column; a table that has changed since it was read.
    NotEnoughDataError
        A column without any value.
    """
    plan, horizons = replace(checked.plan, to_rerank=False, to_hand_back=False), tuple(shares)
    if STATED_PROB not in plan.opened.roles.columns:
        raise refuse_prob_without_rows(STATED_PROB)
    if STATED_PROB not in plan.present:
        raise NotEnoughDataError(NOTHING_STATED)
    value = per_mille(STATED_PROB, plan.opened.schema[STATED_PROB], plan.prob_units[STATED_PROB]).fill_null(NOT_STATED)
    with ONE_AT_A_TIME:
        good = with_tidy_text(checked.good_rows(plan, horizons), [STATED_PROB]).with_columns(per_mille=value)
        good = good.with_columns(stated_key=(nw.col("per_mille") + 1) * MATURITIES + nw.col("maturity") + 1)
        found = collect(good.group_by("rep", "stated_key").agg(*horizon_sums(plan, horizons)))
        young = _count_young(checked, plan, good, reps, shares)
        plan.opened.let_go()
    rep = _places(found["rep"], reps)
    stated, maturity = np.divmod(whole_numbers(found["stated_key"]), MATURITIES)
    sums = {name: whole_numbers(found[name]) for name in found.columns if name.startswith("n")}
    if "entered_at" not in plan.present:  # else other rows are sound where endings are followed through
        checked.first.check_judgments(int(sums["n"].sum()))
    mature, events = within_horizons(sums, maturity - 1, horizons, young=False)
    rows = {"n": sums["n"]} | {f"m{i}": row for i, row in enumerate(mature)}
    rows |= {f"e{i}": row for i, row in enumerate(events)}
    (rep, stated), added = add_up([np.append(rep, young.rep), np.append(stated - 1, young.stated)], young.beside(rows))
    by_days = (np.array([added[f"{key}{i}"] for i in range(len(horizons))]).reshape(-1, rep.size) for key in "meyfgs")
    return StatedCounts(reps, horizons, date.fromordinal(plan.as_of_day), rep, stated, added["n"], *by_days)


class _Young(NamedTuple):
    """Young judgments by rep and stated value, what part of their answers is in; arrays of one length."""

    rep: IntArray
    """Index of the rep."""
    stated: IntArray
    """Stated probability in thousandths."""
    sums: Mapping[str, NDArray[Any]]
    """Judgments, events so far, sums of shares at either pace, of each horizon."""

    def beside(self, rows: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """These sums below the others', 0 where the one or the other has none."""
        n, zeros = len(self.rep), np.zeros(len(rows["n"]), dtype=np.int64)
        return {name: np.append(values, np.zeros(n, dtype=np.int64)) for name, values in rows.items()} | {
            name: np.append(zeros, values) for name, values in self.sums.items()
        }


def _count_young(
    checked: CheckedRows,
    plan: Plan,
    good: nw.LazyFrame[Any],
    reps: tuple[str, ...],
    shares: Mapping[int, Reached | None],
) -> _Young:
    """Judgments younger than a horizon, by the share of their answers in; none where too many are not followed."""
    if not any(shares.values()):
        none = np.zeros(0, dtype=np.int64)
        return _Young(none, none, {f"{key}{i}": none for key in "yfgs" for i in range(len(shares))})
    week = weeks_of(nw.col("as_of_day") - nw.col("judged_day"))
    young = good.filter((nw.col("maturity") < len(shares)) & (nw.col("per_mille") != NOT_STATED))
    wanted = ["rep", "rank", "stated_key", "age_week"]
    found = collect(young.with_columns(age_week=week).group_by(wanted).agg(*horizon_sums(plan, tuple(shares))))
    rank, week_of = rank_codes(encode(found["rank"]), checked.choices), whole_numbers(found["age_week"])
    stated, maturity = np.divmod(whole_numbers(found["stated_key"]), MATURITIES)
    counted = {name: whole_numbers(found[name]) for name in found.columns if name.startswith("n")}
    n, events = within_horizons(counted, maturity - 1, tuple(shares), young=True)
    sums: dict[str, NDArray[Any]] = {}
    for i, share in enumerate(shares.values()):
        of_age = maturity - 1 <= i
        followed = n[i].sum() >= (1.0 - MOST_UNKNOWN) * counted["n"][of_age].sum()
        held = np.flatnonzero(of_age) if share is not None and followed else np.zeros(0, dtype=np.int64)
        reached, slower = np.zeros((2, rank.size))
        if share is not None:
            reached[held], slower[held] = (
                share.by_week[rank[held], week_of[held]],
                share.slower[rank[held], week_of[held]],
            )
        told = n[i] * (reached >= LEAST_REACHED)
        sums |= {f"y{i}": told, f"f{i}": events[i] * (told > 0), f"g{i}": told * reached, f"s{i}": told * slower}
    return _Young(_places(found["rep"], reps), stated - 1, sums)


def _places(labels: Any, reps: tuple[str, ...]) -> IntArray:
    """Index of each row's rep."""
    found, place = encode(labels), {rep: i for i, rep in enumerate(reps)}
    return np.array([place.get(label, -1) for label in found.values], dtype=np.int64)[found.codes]


def _young_cells(by_cell: Mapping[str, Floats]) -> YoungCells:
    """Young judgments by rep and cell, from sums."""
    n, events = (np.rint(by_cell[name]).astype(np.int64) for name in ("n_young", "events_young"))
    mean = np.where(n > 0, by_cell["reached"] / np.maximum(n, 1), 1.0)
    return YoungCells(n, events, mean, log_slowing(by_cell["reached"].sum(axis=0), by_cell["slower"].sum(axis=0)))


def _sum_into(shape: tuple[int, int], rep: IntArray, cell: IntArray, values: NDArray[Any]) -> Floats:
    total = np.zeros(shape)
    np.add.at(total, (rep, cell), values)
    return total


def _means(sums: Floats, size: Floats) -> Floats:
    """Mean per rep and cell; that of all reps where the rep has none."""
    everyone = sums.sum(axis=0) / size.sum(axis=0)
    return np.where(size > 0, sums / np.maximum(size, 1.0), everyone)
