"""How judgments ended without an event, and what came after: the only evidence a rule on handing back has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.counting.counts import EXIT
from calibra.data.counting.labels import encode, label_text
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.plan import EXIT_KINDS, HANDED_BACK, Plan, column_faults
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.stated_unit import read_prob_column
from calibra.data.counting.tabulate import IntArray, add_up
from calibra.data.frames.open import OpenedFrame, collect
from calibra.data.frames.roles import PROBABILITIES
from calibra.data.noted import counted_notes, note
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.tables import brief, make_table
from calibra.words import counted, normal_spelling, quoted

if TYPE_CHECKING:
    import pandas as pd

NOT_STATED = "not stated"
"""Kind of an exit where the data state none."""
KINDS = (*EXIT_KINDS, NOT_STATED)
NO_EVENT = -1
"""Stands for the days to an event that has not come."""


@dataclass(frozen=True, slots=True, eq=False)
class ExitCounts:
    """How many judgments of each rep and rank ended in which kind of exit, and what came of them after?

    One row per rep, rank, kind, maturity after the exit and days to the event; arrays of the shape (M,).
    """

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels, sorted: those of the judgments."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days that `maturity` speaks of, shortest first."""
    rep: IntArray
    """Index into `reps`."""
    rank: IntArray
    """Index into `ranks`."""
    kind: IntArray
    """Index into `KINDS`: handed back, disqualified, lost to a rival, other, not stated."""
    maturity: IntArray
    """How many of the horizons fit in `as_of − exit_at`, whatever came after."""
    days_after: IntArray
    """Whole days from the exit to the event; −1 where none has come."""
    n: IntArray
    """Judgments."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per cell: rep, rank, exit_kind, maturity, days_after, n."""
        columns: dict[str, ArrayLike] = {
            "rep": np.array(self.reps, dtype=object)[self.rep],
            "rank": np.array(self.ranks, dtype=object)[self.rank],
            "exit_kind": np.array(KINDS, dtype=object)[self.kind],
            "maturity": self.maturity,
            "days_after": self.days_after,
            "n": self.n,
        }
        return make_table(columns)

    def n_of(self, *kinds: str, event_after: bool = False) -> int:
        """How many exits of these kinds there are, or how many of them had an event after."""
        hit = np.isin(self.kind, [KINDS.index(kind) for kind in kinds or KINDS])
        return int(self.n[hit & (self.days_after > 0) if event_after else hit].sum())

    def rows_of(self, kind: str) -> NDArray[np.bool_]:
        """Which rows are of this kind."""
        return np.asarray(self.kind == KINDS.index(kind))


def make_plan(
    opened: OpenedFrame, as_of_day: int, exit_kinds: Mapping[str, str], *, loses_values: bool = False
) -> tuple[Plan, list[str]]:
    """What is to be counted of an opened frame, and the faults of its columns.

    Raises
    ------
    InputError
        Columns without which nothing can be counted; labels of exits whose kind is not known.
    """
    present, found = column_faults(opened)
    faults = [*opened.faults, *found]
    unusable = {"rep", "rank", "judged_at"} - set(present)
    if unusable:
        if not faults and not len(collect(opened.frame.head(1))):  # without a row no column has a type
            known_on = date.fromordinal(as_of_day)
            raise InputError(f"`frame` must hold at least one judgment known on {known_on}; it holds none.")
        told = faults or [f"`{role}` must be known for every judgment; it is missing in all." for role in unusable]
        raise InputError("\n".join(["The judgments have problems:", *(f"- {fault}" for fault in told)]))
    kinds = read_exit_kinds(opened, present, exit_kinds)
    probs = {
        role: read_prob_column(opened, role, loses_values=loses_values) for role in PROBABILITIES if role in present
    }
    plan = Plan(
        opened,
        present,
        as_of_day,
        with_touches=True,
        loses_values=loses_values,
        exit_kinds=kinds,
        prob_units={role: column.unit for role, column in probs.items()},
        n_prob_lost={role: column.n_lost for role, column in probs.items()},
    )
    return plan, [*faults, *(fault for column in probs.values() for fault in column.faults)]


def read_exit_kinds(opened: OpenedFrame, present: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """What every label of `exit_kind` means: as given, else a kind by its own name; nothing without the column.

    Raises
    ------
    InputError
        Labels whose kind is not known, all of them in one message; labels without the day of the exit.
    """
    if "exit_kind" not in present:
        return {}
    if "exit_at" not in opened.roles.columns:
        raise InputError("`exit_kind` says how a judgment ended; `exit_at`, when it did, is missing. Map it, too.")
    if "exit_at" not in present:
        return {}
    exits = opened.frame.filter(~nw.col("exit_at").is_null() & ~nw.col("exit_kind").is_null())
    found = collect(exits.group_by("exit_kind").agg(nw.len().cast(nw.Int64).alias("n")))
    opened.let_go()
    numbers: dict[str, int] = {}
    for label, n in zip(found["exit_kind"].to_list(), found["n"].to_list(), strict=True):
        text = label_text(label)
        if text is not None:
            numbers[text] = numbers.get(text, 0) + int(n)
    named = {normal_spelling(kind): kind for kind in EXIT_KINDS}
    means = {label: given.get(label) or named.get(normal_spelling(label.replace("_", " "))) for label in numbers}
    unknown = sorted(label for label, kind in means.items() if kind is None)
    if unknown:
        n = sum(numbers[label] for label in unknown)
        listed = ", ".join(map(quoted, unknown[:5])) + (", …" if len(unknown) > 5 else "")
        mapped = ", ".join(f"{quoted(label)}: 'handed back'" for label in unknown[:3])
        raise InputError(
            f"`exit_kind` must hold one of {', '.join(map(quoted, EXIT_KINDS))}; found {listed} in "
            f"{counted(n, 'row')}. Say what they mean with `exit_kinds={{{mapped}}}`, each with the kind meant."
        )
    return {label: kind for label, kind in means.items() if kind is not None}


def count_exits(checked: CheckedRows, reps: tuple[str, ...], horizons: tuple[int, ...]) -> ExitCounts:
    """Exits by rep, rank and kind, and the days to what came after; one scan of the good rows."""
    plan, ranks, none = checked.plan, checked.choices.scale.ranks, np.zeros(0, dtype=np.int64)
    if "exit_at" not in plan.present:
        return ExitCounts(reps, ranks, horizons, none, none, none, none, none, none)
    kinds = ["exit_kind"] if "exit_kind" in plan.present else []
    with ONE_AT_A_TIME:
        good = checked.good_rows(plan, ())
        exit_code = (nw.col("exit_day") - nw.col("judged_day")) * 4 + EXIT
        ended = good.filter(nw.col("code") == exit_code).with_columns(
            after_exit=(_days_after() if "event_at" in plan.present else nw.lit(NO_EVENT)).cast(nw.Int64),
            exit_maturity=_maturity_after(horizons).cast(nw.Int64),
        )
        keys = ["rep", "rank", *kinds, "after_exit", "exit_maturity"]
        found = collect(ended.group_by(*keys).agg(nw.len().cast(nw.Int64).alias("n")))
        plan.opened.let_go()
    checked.first.check_endings(EXIT, int(whole_numbers(found["n"]).sum()))
    labels, place = encode(found["rep"]), {rep: i for i, rep in enumerate(reps)}
    rep = np.array([*(place[label] for label in labels.values), -1], dtype=np.int64)[labels.codes]
    kind = np.full(rep.shape, KINDS.index(NOT_STATED))
    if kinds:
        stated = encode(found["exit_kind"])
        means = [KINDS.index(plan.exit_kinds.get(label, NOT_STATED)) for label in stated.values]
        kind = np.array([*means, KINDS.index(NOT_STATED)], dtype=np.int64)[stated.codes]
    columns = [rep, rank_codes(encode(found["rank"]), checked.choices), kind]
    columns += [whole_numbers(found["exit_maturity"]), whole_numbers(found["after_exit"])]
    (rep, rank, kind, maturity, days_after), sums = add_up(columns, {"n": whole_numbers(found["n"])})
    return ExitCounts(reps, ranks, horizons, rep, rank, kind, maturity, days_after, sums["n"])


def _days_after() -> nw.Expr:
    known = nw.col("event_day") <= nw.col("as_of_day")
    return nw.when(known).then(nw.col("event_day") - nw.col("exit_day")).otherwise(nw.lit(NO_EVENT))


def _maturity_after(horizons: Sequence[int]) -> nw.Expr:
    age, one, zero = nw.col("as_of_day") - nw.col("exit_day"), nw.lit(1), nw.lit(0)
    fitting = [nw.when(age >= horizon).then(one).otherwise(zero) for horizon in horizons]
    return sum(fitting[1:], fitting[0]) if fitting else zero


def exits_noted(exits: ExitCounts) -> tuple[Finding, ...]:
    """What the kinds of exits tell that should be known."""
    others = [kind for kind in EXIT_KINDS if kind != HANDED_BACK]
    return counted_notes(
        [
            note("handed_back", exits.n_of(HANDED_BACK, event_after=True)),
            note("disqualified", exits.n_of("disqualified", event_after=True)),
            note("other_exit", exits.n_of(*others[1:], event_after=True)),
        ]
    )
