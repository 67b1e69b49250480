"""What came of opportunities, per rep and rank of the judgment: how many are won, and for how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.amounts import SUMS_OF_AMOUNTS, number_of
from calibra.data.counting.counts import EVENT
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.rows import ONE_AT_A_TIME, rank_codes
from calibra.data.frames.open import collect
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DealCells:
    """How many opportunities are old enough, how many of them are won in time, and for how much?

    Arrays are of the shape (rep, rank, *group); rep and rank are those of the judgment. Amounts are of the same wins as
    `won`: those of opportunities old enough, within the days.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping to its labels, in the order of the further axes."""
    within_days: int | None
    """Days from the judgment within which the opportunity arose; None for whenever it did."""
    won_within_days: int
    """Days from the opportunity within which a win counts; opportunities younger than that are left out."""
    as_of: date
    """Snapshot date."""
    n: Ints
    """Opportunities that arose at least `won_within_days` before the snapshot."""
    won: Ints
    """Those of them won in time."""
    n_immature: Ints
    """Opportunities younger than that, which count for nothing yet."""
    n_amounts: Ints
    """Wins whose amount is known and above zero."""
    n_zero: Ints
    """Wins whose amount is 0."""
    sum_amount: Floats
    """Sum of the known amounts."""
    sum_amount2: Floats
    """Sum of their squares."""
    sum_log_amount: Floats
    """Sum of their natural logs."""
    sum_log2_amount: Floats
    """Sum of the squared logs."""
    max_amount: Floats
    """The largest of them; 0 where there is none."""
    next_amount: Floats
    """The second largest per rep and rank, (rep, rank); 0 where there are fewer than two."""

    @property
    def n_missing(self) -> Ints:
        """Wins whose amount is not recorded."""
        return self.won - self.n_amounts - self.n_zero

    def without_groups(self) -> DealCells:
        """The same summed over the groups."""
        over = tuple(range(2, self.n.ndim))
        summed = {name: getattr(self, name).sum(axis=over) for name in _COUNTED if name != "max_amount"}
        return replace(self, groups={}, max_amount=self.max_amount.max(axis=over), **summed)

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, groups, and what is counted in it."""
        axes = {"rep": self.reps, "rank": self.ranks, **self.groups}
        index = np.indices(self.n.shape).reshape(len(axes), -1)
        columns: dict[str, Any] = {
            name: np.array(labels, dtype=object)[index[i]] for i, (name, labels) in enumerate(axes.items())
        }
        return make_table(columns | {name: getattr(self, name).ravel() for name in _COUNTED})


_SUMS = tuple(name for name in SUMS_OF_AMOUNTS if name not in ("n_amounts", "n_zero_amounts"))
_COUNTED = ("n", "won", "n_immature", "n_amounts", "n_zero", *_SUMS)


def count_deals(
    judgments: Judgments, *, won_within_days: int, within_days: int | None = None, by: Sequence[str] = ()
) -> DealCells:
    """Count opportunities, wins and amounts; two scans of the rows, and a small one for the second largest.

    Raises
    ------
    InputError
        No column is mapped as `won_at`; ready-made counts; a grouping that is not there.
    NotEnoughDataError
        No opportunity is old enough; the message says when the first will be.
    """
    if "won_at" not in judgments.columns:
        raise InputError(
            'What is won needs the role `won_at`; it is not mapped. Map it, e.g. `"won_at": "closed_won_date"`.'
        )
    deals = judgments.opportunities(within_days=within_days, horizons=[won_within_days])
    counts = deals.duration_counts(by=by, horizons=[won_within_days])
    as_of, first = counts.as_of, counts.first_judged_at
    if as_of is None or first is None or (as_of - first).days < won_within_days:
        until = None if first is None else first + timedelta(days=won_within_days)
        raise NotEnoughDataError(Finding("data.no_old_deal", {"days": won_within_days, "date": until}, "note"))
    cells = deals.binomial_cells(within_days=won_within_days, by=by)
    place = np.array([judgments.reps.index(rep) for rep in cells.reps], dtype=np.int64)
    shape = (len(judgments.reps), *cells.n.shape[1:])
    mature = counts.maturity > counts.horizons.index(won_within_days)
    hit = mature & (counts.ending == EVENT) & (counts.days <= won_within_days) & (counts.entry_days == 0)
    codes = (place[counts.rep], counts.rank, *(counts.group_codes[name] for name in by))
    flat = np.ravel_multi_index(codes, shape)

    def laid_out(values: NDArray[Any]) -> NDArray[Any]:
        spread = np.zeros(shape, dtype=values.dtype)
        spread[place] = values
        return spread

    def total(name: str) -> NDArray[Any]:
        values = getattr(counts, name)
        spread = np.zeros(int(np.prod(shape)))
        if values is not None:
            (np.maximum if name == "max_amount" else np.add).at(spread, flat[hit], values[hit])
        return spread.reshape(shape)

    return DealCells(
        reps=judgments.reps,
        ranks=cells.ranks,
        groups=dict(cells.groups),
        within_days=within_days,
        won_within_days=won_within_days,
        as_of=as_of,
        n=laid_out(cells.n),
        won=laid_out(cells.events),
        n_immature=laid_out(cells.n_immature),
        n_amounts=np.rint(total("n_amounts")).astype(np.int64),
        n_zero=np.rint(total("n_zero_amounts")).astype(np.int64),
        **{name: total(name) for name in _SUMS},
        next_amount=_second_largest(deals, judgments.reps, won_within_days),
    )


def _second_largest(deals: Judgments, reps: tuple[str, ...], won_within_days: int) -> Floats:
    """The second largest amount of each rep and rank, (rep, rank): a small query, of the wins alone."""
    checked, found = deals._rows("amounts"), np.zeros((len(reps), len(deals.scale.ranks)))
    plan = checked.plan
    if "amount" not in plan.present or "event_at" not in plan.present:
        return found
    with ONE_AT_A_TIME:
        rows = checked.good_rows(plan, [won_within_days])
        days = nw.col("event_day") - nw.col("judged_day")
        won = (nw.col("code") == days * 4 + EVENT) & (days <= won_within_days) & (nw.col("maturity") == 1)
        rows = rows.filter(won & (nw.col("amount_value") > 0)).select("rep", "rank", "amount_value")
        largest = rows.group_by("rep", "rank").agg(nw.col("amount_value").max().alias("largest"))
        joined = rows.join(largest, on=["rep", "rank"], how="inner")
        amount, top = nw.col("amount_value"), nw.col("largest")
        below = nw.when(amount < top).then(amount).max()
        told = collect(
            joined.group_by("rep", "rank").agg(top.max().alias("top"), number_of(amount == top).alias("n"), below=below)
        )
        plan.opened.let_go()
    labels, place = encode(told["rep"]), {rep: i for i, rep in enumerate(reps)}
    rep = np.array([place[label] for label in labels.values], dtype=np.int64)[labels.codes]
    rank = rank_codes(encode(told["rank"]), checked.choices)
    top_amount = np.asarray(told["top"].to_numpy(), dtype=float)
    second = np.where(whole_numbers(told["n"]) > 1, top_amount, np.nan_to_num(_as_floats(told["below"])))
    for i, k in set(zip(rep.tolist(), rank.tolist(), strict=True)):  # two spellings of a rank are one
        own = (rep == i) & (rank == k)
        found[i, k] = np.sort(np.concatenate([top_amount[own], second[own]]))[-2]
    return found


def _as_floats(series: nw.Series[Any]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in series.to_list()])
