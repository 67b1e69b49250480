"""Judgments by rank, machine's score and stated probability at once, per rep: one group-by of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.labels import encode
from calibra.data.counting.packed import MATURITIES, whole_numbers
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.signal_cells import SignalCells, lay_out
from calibra.data.counting.stated_unit import per_mille, refuse_prob_without_rows, with_tidy_text
from calibra.data.counting.tabulate import IntArray, add_up
from calibra.data.counting.weekly_rows import horizon_sums, within_horizons
from calibra.data.frames.open import collect
from calibra.data.frames.roles import MACHINE_PROB, PROBABILITIES, STATED_PROB
from calibra.errors import InputError, NotEnoughDataError
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

NONE = -1
"""Stands for the bin of a judgment without such a value."""
ENDS, STEP, INNER, INNER_STEP = 20, 5, 100, 20
"""Thousandths: below 2 % each is a bin of its own, up to 10 % five are, from there on twenty; likewise from above."""
BINS = 2**8
"""More than there are bins, so that two of them travel in one whole number."""
PER_MILLE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SignalCounts:
    """How many judgments did each rep make at each rank, machine's score and stated value, and what came of them?

    One row per rep, rank and bin of the two probabilities; all arrays have the shape (M,), those by horizon (H, M).
    The outcome is followed as in `binomial_cells`.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days, shortest first."""
    as_of: date
    """Snapshot date."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    machine: IntArray
    """Bin of the machine's score, counted from 0; −1 where there is none."""
    stated: IntArray
    """Bin of the stated probability; −1 where none is stated."""
    n: IntArray
    """Judgments, of any age."""
    sum_machine: IntArray
    """Sum of the machine's scores, in thousandths."""
    sum_stated: IntArray
    """Sum of the stated probabilities, in thousandths."""
    n_mature: IntArray
    """Judgments old enough for the horizon and followed through it, shape (H, M)."""
    events: IntArray
    """Those of them with an event within the horizon, shape (H, M)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, mean machine and stated, n, then mature_<days> and events_<days>."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
            "machine": np.where(self.machine == NONE, np.nan, self.sum_machine / self.n / PER_MILLE),
            "stated": np.where(self.stated == NONE, np.nan, self.sum_stated / self.n / PER_MILLE),
            "n": self.n,
        }
        for i, days in enumerate(self.horizons):
            columns |= {f"mature_{days}": self.n_mature[i], f"events_{days}": self.events[i]}
        return make_table(columns)

    @property
    def has(self) -> Mapping[str, bool]:
        """Role to whether any judgment has a value of it."""
        return {MACHINE_PROB: bool((self.machine != NONE).any()), STATED_PROB: bool((self.stated != NONE).any())}

    def share_with(self, role: str, within_days: int) -> float:
        """Share of the mature judgments that have a value of this role; 0 where none is mature."""
        n = self._of(within_days)[0]
        known = (self.machine if role == MACHINE_PROB else self.stated) != NONE
        return float(n[known].sum() / max(n.sum(), 1))

    def cells(self, within_days: int, roles: tuple[str, ...] = PROBABILITIES) -> SignalCells:
        """Mature judgments that have a value of each of these roles, laid out per rep.

        Raises
        ------
        InputError
            A horizon that was not counted.
        NotEnoughDataError
            No mature judgment has them all.
        """
        n, events = self._of(within_days)
        bins = {MACHINE_PROB: self.machine, STATED_PROB: self.stated}
        kept = np.logical_and.reduce([bins[role] != NONE for role in roles]) & (n > 0)
        if not kept.any():
            named = " and ".join(f"`{role}`" for role in roles)
            raise NotEnoughDataError(
                f"No judgment that is {within_days} days old or older has {named}; wait, or fill it for older ones."
            )
        sums = {MACHINE_PROB: self.sum_machine, STATED_PROB: self.sum_stated}
        mean = {role: sums[role][kept] / self.n[kept] / PER_MILLE for role in roles}
        binned = {role: bins[role][kept] for role in roles}
        shape = (len(self.reps), len(self.ranks))
        laid = lay_out(shape, self.rep[kept], self.rank[kept], binned, mean, n[kept], events[kept])
        labels = (self.reps, self.ranks, within_days, self.as_of)
        return SignalCells(*labels, *laid, n_left_out=int(n[~kept].sum()))

    def _of(self, within_days: int) -> tuple[IntArray, IntArray]:
        if within_days not in self.horizons:
            known = ", ".join(map(str, self.horizons)) or "none"
            raise InputError(f"`within_days` must be one of the counted horizons ({known}); got {within_days!r}.")
        at = self.horizons.index(within_days)
        return self.n_mature[at], self.events[at]

    def columns(self) -> dict[str, NDArray[Any]]:
        """The counts as equally long columns, for a file."""
        by_days = {
            f"{name}_{days}": getattr(self, name)[i] for name in _BY_DAYS for i, days in enumerate(self.horizons)
        }
        return {name: getattr(self, name) for name in _PLAIN} | by_days


_PLAIN = ("rep", "rank", "machine", "stated", "n", "sum_machine", "sum_stated")
_BY_DAYS = ("n_mature", "events")


@dataclass(frozen=True, slots=True)
class SignalLabels:
    """What the columns of saved counts by signal do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days."""
    as_of: date
    """Snapshot date."""

    def restore(self, columns: Mapping[str, NDArray[Any]]) -> SignalCounts:
        """The counts whose `columns` these are."""
        shape = (len(self.horizons), columns["rep"].size)
        by_days = {
            name: np.array([columns[f"{name}_{days}"] for days in self.horizons], dtype=np.int64).reshape(shape)
            for name in _BY_DAYS
        }
        own = {name: columns[name] for name in _PLAIN}
        return SignalCounts(self.reps, self.ranks, self.horizons, self.as_of, **own, **by_days)


def count_signals(checked: CheckedRows, reps: tuple[str, ...], horizons: tuple[int, ...]) -> SignalCounts:
    """Judgments and events by rep, rank, machine's score and stated probability; one scan of the good rows.

    Raises
    ------
    InputError
        Judgments without either column; a table that has changed since it was read.
    """
    plan, ranks = replace(checked.plan, to_rerank=False, to_hand_back=False), checked.choices.scale.ranks
    if not set(PROBABILITIES) & set(plan.opened.roles.columns):
        raise refuse_prob_without_rows(*PROBABILITIES)
    known = [role for role in PROBABILITIES if role in plan.present]
    value = {role: per_mille(role, plan.opened.schema[role], plan.prob_units[role]) for role in known}
    with ONE_AT_A_TIME:
        good = with_tidy_text(checked.good_rows(plan, horizons), known)
        good = good.with_columns(
            **{
                f"mille_{role}": (value[role] if role in value else nw.lit(None).cast(nw.Int64))
                for role in PROBABILITIES
            }
        )
        both = _bin(f"mille_{MACHINE_PROB}") * BINS + _bin(f"mille_{STATED_PROB}")
        good = good.with_columns(signal_key=both * MATURITIES + nw.col("maturity") + 1)
        sums = [
            nw.col(f"mille_{role}").fill_null(0).sum().cast(nw.Int64).alias(f"sum_{role}") for role in PROBABILITIES
        ]
        found = collect(good.group_by("rep", "rank", "signal_key").agg(*horizon_sums(plan, horizons), *sums))
        plan.opened.let_go()
    labels, place = encode(found["rep"]), {rep: i for i, rep in enumerate(reps)}
    rep = np.array([place.get(label, -1) for label in labels.values], dtype=np.int64)[labels.codes]
    key, maturity = np.divmod(whole_numbers(found["signal_key"]), MATURITIES)
    totals = {name: whole_numbers(found[name]) for name in found.columns if name.startswith(("n", "sum_"))}
    if "entered_at" not in plan.present:  # else other rows are sound where endings are followed through
        checked.first.check_judgments(int(totals["n"].sum()))
    mature, events = within_horizons(totals, maturity - 1, horizons, young=False)
    rows = {"n": totals["n"], **{role: totals[f"sum_{role}"] for role in PROBABILITIES}}
    rows |= {f"{mark}{i}": row for mark, of in (("m", mature), ("e", events)) for i, row in enumerate(of)}
    keys = [rep, rank_codes(encode(found["rank"]), checked.choices), *np.divmod(key, BINS)]
    (rep, rank, machine, stated), added = add_up(keys, rows)
    shape = (len(horizons), rep.size)
    by_days = (np.array([added[f"{mark}{i}"] for i in range(len(horizons))], np.int64).reshape(shape) for mark in "me")
    return SignalCounts(
        reps,
        ranks,
        horizons,
        date.fromordinal(plan.as_of_day),
        rep,
        rank,
        machine - 1,
        stated - 1,
        added["n"],
        added[MACHINE_PROB],
        added[STATED_PROB],
        *by_days,
    )


def _bin(name: str) -> nw.Expr:
    """Bin of a probability in thousandths, counted from 1; 0 where there is none. Narrow where odds move fast."""
    value, far = nw.col(name), PER_MILLE - nw.col(name)
    lower = nw.when(value < far).then(value).otherwise(far)  # distance from the nearer end
    steps = nw.when(lower < INNER).then(ENDS + _floor(lower - ENDS, STEP))
    wide = ENDS + (INNER - ENDS) // STEP + _floor(lower - INNER, INNER_STEP)
    place = nw.when(lower < ENDS).then(lower).otherwise(steps.otherwise(wide))
    return nw.when(value < far).then(place).otherwise(BINS - 2 - place).fill_null(-1) + 1


def _floor(value: nw.Expr, step: int) -> nw.Expr:
    return (value / step).floor().cast(nw.Int64)
