"""How often was a prospect contacted before something came of it? Judgments by the number of their contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.counts import EVENT, EXIT, OPEN
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.tabulate import IntArray, add_up
from calibra.data.frames.open import collect
from calibra.errors import InputError, NotEnoughDataError
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

TOUCHES = "touches"
"""The role: contacts from the judgment to its end, or to the snapshot date."""
NOT_KNOWN = -1
"""Stands for a number of contacts that is not known."""
_ENDINGS = 4
_ENDING_OF = {EVENT: "event", EXIT: "exit", OPEN: "open"}


@dataclass(frozen=True, slots=True, eq=False)
class ContactCounts:
    """How many judgments of each rep and rank had how many contacts, and how did they end?

    One row per rep, rank, number of contacts and ending; arrays of the shape (M,).
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    contacts: IntArray
    """Contacts from the judgment to its end or to the snapshot date; −1 where the number is not known."""
    ending: IntArray
    """1 for an event, 2 for an exit (a hand-back among them), 3 for a judgment that is still open."""
    n: IntArray
    """Judgments."""
    n_entered_late: int
    """Judgments that came under observation after their day, whose early contacts cannot be read: not in the rows."""
    as_of: date
    """Snapshot date."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Of a log: contacts that do not count, by why, and those that others made."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, contacts (missing where not known), ending, n."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
            "contacts": np.where(self.contacts == NOT_KNOWN, np.nan, self.contacts),
            "ending": np.array([_ENDING_OF[code] for code in self.ending.tolist()], dtype=object),
            "n": self.n,
        }
        return make_table(columns)

    @property
    def n_not_known(self) -> int:
        """Judgments whose number of contacts is not known."""
        return int(self.n[self.contacts == NOT_KNOWN].sum())

    def of(self, *, ending: int | None = None, least: int = 0) -> NDArray[np.bool_]:
        """Which rows have so many contacts, or more, and ended so? Of those whose number is known."""
        chosen = (self.contacts != NOT_KNOWN) & (self.contacts >= least)
        return np.asarray(chosen if ending is None else chosen & (self.ending == ending))

    def at_contacts(self, starts: Sequence[int]) -> ContactCells:
        """At risk, events and stops at each class of contacts; a class begins at `starts`, the last has no end."""
        return _cells(self, np.asarray(starts, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class ContactCells:
    """How many contacts were made with prospects without an event, which brought one, after which was stopped?

    A judgment with N contacts was at risk of an event at each of them, and had its event, or was stopped, at the last.
    An open one is undecided about being stopped at its last contact. Judgments without a contact stand apart.
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels: axis 0 of the arrays."""
    ranks: tuple[str, ...]
    """Rank labels, best first: axis 1."""
    starts: IntArray
    """First contact of each class, from 1 on, shape (J,); the last class has no end."""
    n: IntArray
    """Judgments with at least one contact, shape (R, K)."""
    at_risk: IntArray
    """Contacts made, shape (R, K, J)."""
    events: IntArray
    """Events at a contact of the class, shape (R, K, J)."""
    may_stop: IntArray
    """Contacts without an event after which it is known whether another followed, shape (R, K, J)."""
    stops: IntArray
    """Of these, those that were the last, shape (R, K, J)."""
    n_without: IntArray
    """Judgments without a contact, by how they ended (event, exit, open), shape (R, K, 3)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, contact (the first of its class), at_risk, events, may_stop, stops."""
        rep, rank, place = np.indices(self.at_risk.shape).reshape(3, -1)
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[rep],
            "rank": np.array(self.ranks, dtype=object)[rank],
            "contact": self.starts[place],
        }
        columns |= {name: getattr(self, name).ravel() for name in ("at_risk", "events", "may_stop", "stops")}
        return make_table(columns)


def _cells(counts: ContactCounts, starts: IntArray) -> ContactCells:
    """Sums over the rows; a class from a to b holds min(N, b) − a + 1 contacts of a judgment with N."""
    shape = (len(counts.reps), len(counts.ranks))
    known = counts.of(least=1)
    rep, rank, last, how, n = (values[known] for values in _columns(counts))
    place = np.searchsorted(starts, last, side="right") - 1

    def added(values: IntArray, chosen: NDArray[np.bool_]) -> IntArray:
        total = np.zeros((*shape, len(starts)), dtype=np.int64)
        np.add.at(total, (rep[chosen], rank[chosen], place[chosen]), values[chosen])
        return total

    ends = np.append(starts[1:] - 1, np.iinfo(np.int64).max)
    at_risk = np.zeros((*shape, len(starts)), dtype=np.int64)
    for j, (first, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        made = np.clip(np.minimum(last, end) - first + 1, 0, None)
        np.add.at(at_risk[..., j], (rep, rank), n * made)
    events, still_open = added(n, how == EVENT), added(n, how == OPEN)
    people = np.zeros(shape, dtype=np.int64)
    np.add.at(people, (rep, rank), n)
    return ContactCells(
        counts.reps,
        counts.ranks,
        starts,
        people,
        at_risk,
        events,
        at_risk - events - still_open,
        added(n, how == EXIT),
        _without(counts),
    )


def _without(counts: ContactCounts) -> IntArray:
    """Judgments without a contact by how they ended."""
    none = counts.contacts == 0
    found = np.zeros((len(counts.reps), len(counts.ranks), 3), dtype=np.int64)
    np.add.at(found, (counts.rep[none], counts.rank[none], counts.ending[none] - 1), counts.n[none])
    return found


def _columns(counts: ContactCounts) -> tuple[IntArray, ...]:
    return counts.rep, counts.rank, counts.contacts, counts.ending, counts.n


def count_contacts(checked: CheckedRows, reps: tuple[str, ...]) -> ContactCounts:
    """Judgments by their number of contacts and how they ended; one scan and one group-by of the good rows.

    A re-rank ends nothing: contacts were counted to the end. A hand-back is an exit.

    Raises
    ------
    InputError
        Judgments without the column.
    NotEnoughDataError
        A column without any value; an earlier day than that of which the number was given.
    """
    plan = replace(checked.plan, to_rerank=False)
    if TOUCHES not in plan.opened.roles.columns:
        raise InputError(f"No column is mapped as `{TOUCHES}`, the number of contacts. Map it, or give a log of them.")
    if TOUCHES not in plan.present:
        raise NotEnoughDataError(
            f"No judgment says how often a prospect was contacted: the column of `{TOUCHES}` holds no value. Fill it."
        )
    if not plan.with_touches:
        raise NotEnoughDataError(
            f"Numbers of contacts bear no date: on {date.fromordinal(plan.as_of_day)} they were others. A log of "
            "contacts tells them."
        )
    with ONE_AT_A_TIME:
        good = checked.good_rows(plan, ())
        good = good.with_columns(contacts=nw.col("touches_value").fill_null(NOT_KNOWN).cast(nw.Int64))
        found = collect(grouped(good, late="entered_at" in plan.present))
        plan.opened.let_go()
    return read_counts(checked, reps, found)


def grouped(frame: nw.LazyFrame[Any], *, late: bool, sums: Sequence[nw.Expr] = ()) -> nw.LazyFrame[Any]:
    """The group-by; ending and late entry travel with the number of contacts in one column."""
    days = (nw.col("code") / _ENDINGS).floor().cast(nw.Int64)
    ending = nw.col("code") - days * _ENDINGS
    entered = nw.when(nw.col("entry_days") > 0).then(nw.lit(1)).otherwise(nw.lit(0)) if late else nw.lit(0)
    key = ((nw.col("contacts") + 1) * _ENDINGS + ending) * 2 + entered
    return (
        frame.with_columns(contact_key=key.cast(nw.Int64))
        .group_by("rep", "rank", "contact_key")
        .agg(nw.len().cast(nw.Int64).alias("n"), *sums)
    )


def read_counts(
    checked: CheckedRows, reps: tuple[str, ...], found: nw.DataFrame[Any], told: Mapping[str, int] | None = None
) -> ContactCounts:
    """The counts of what was grouped, in one order whatever the engine."""
    labels, place_of = encode(found["rep"]), {rep: i for i, rep in enumerate(reps)}
    rep = np.array([*(place_of.get(label, -1) for label in labels.values), -1], dtype=np.int64)[labels.codes]
    rank, n = rank_codes(encode(found["rank"]), checked.choices), whole_numbers(found["n"])
    if "entered_at" not in checked.plan.present:  # else other rows are sound where endings are followed through
        checked.first.check_judgments(int(n.sum()))
    rest, late = np.divmod(whole_numbers(found["contact_key"]), 2)
    contacts, ending = np.divmod(rest, _ENDINGS)
    in_time = late == 0
    keys = [values[in_time] for values in (rep, rank, contacts - 1, ending)]
    (rep, rank, contacts, ending), sums = add_up(keys, {"n": n[in_time]})
    as_of = date.fromordinal(checked.plan.as_of_day)
    ranks, n_late = checked.choices.scale.ranks, int(n[~in_time].sum())
    return ContactCounts(reps, ranks, rep, rank, contacts, ending, sums["n"], n_late, as_of, told or {})


class ContactLog(Protocol):
    """A log of contacts in the engine of the judgments."""

    def count(self, checked: CheckedRows, reps: tuple[str, ...], /) -> ContactCounts:
        """Judgments by the number of their contacts."""
        ...


class AnyContacts(Protocol):
    """A log of contacts that can be brought into the engine of judgments."""

    def beside(self, checked: CheckedRows, /) -> ContactLog:
        """Bring it there, and look through it."""
        ...
