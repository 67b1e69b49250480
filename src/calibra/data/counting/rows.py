"""Rows of judgments: counted once, checked on the counts, the bad ones named or set aside."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from threading import RLock
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.copies import may_come_again
from calibra.data.counting.counts import EVENT, DurationCounts
from calibra.data.counting.labels import Labels, encode
from calibra.data.counting.packed import (
    SAME_JUDGMENT,
    UNREADABLE_DATE,
    PackedCounts,
    count,
    count_ends,
    prepare,
    whole_numbers,
)
from calibra.data.counting.plan import Plan
from calibra.data.counting.problems import (
    DUPLICATE,
    FINE,
    MAY_BE_EMPTY,
    REASONS,
    UNKNOWN_YET,
    describe_rows,
    find_reasons,
    per_rep,
    reason_expression,
    say,
)
from calibra.data.counting.ready_counts import CALLED_ALL
from calibra.data.counting.same_state import FirstCount, first_count
from calibra.data.counting.set_aside import RowFault, SetAside
from calibra.data.counting.tabulate import tabulate
from calibra.data.frames.dates import is_text
from calibra.data.frames.habitual_days import name_empty_day, name_way_of_writing
from calibra.data.frames.open import collect
from calibra.data.frames.rep_names import RepNames
from calibra.data.frames.roles import DATES, NUMBERS, PROBABILITIES, VERSION
from calibra.data.noted import counted_notes, note
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.words import ALL_REPS, quoted

LOG = logging.getLogger("calibra")

ONE_AT_A_TIME = RLock()
"""Held while judgments are counted again: a connection of DuckDB's refuses a second thread while it is busy."""

Problems = Literal["raise", "set_aside"]


@dataclass(frozen=True, slots=True)
class Choices:
    """How is the frame to be read?"""

    scale: RankScale
    """The scale."""
    rank_labels: Mapping[str, str]
    """Labels as they stand in the data to ranks of the scale."""
    problems: Problems
    """Whether bad rows are an error or set aside."""
    check_duplicates: bool
    """Whether duplicates are looked for."""
    timezone: str = "UTC"
    """In whose calendar moments with a zone fall on a day."""
    rep_names: RepNames = field(default_factory=RepNames)
    """How the names of reps were read."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedRows:
    """A frame whose rows were counted and checked once, ready to be counted again by groups."""

    plan: Plan
    """What is counted, of which frame."""
    choices: Choices
    """How it is read."""
    unknown_ranks: tuple[str, ...]
    """Labels of ranks that are not of the scale."""
    duplicated: bool
    """Whether duplicates are taken out before every count."""
    set_aside: SetAside
    """What is left out."""
    all_fine: bool
    """Whether every row is a judgment that is counted."""
    known: Mapping[str, int]
    """What the counts tell that is no problem, by name."""
    first: FirstCount
    """What the first count saw: every later one is of the same rows, or an error."""
    told: tuple[Finding, ...] = ()
    """The same of the log that the judgments were made from, in words."""

    def recount(
        self, by: Sequence[str], horizons: tuple[int, ...], *, to_rerank: bool = True, to_hand_back: bool = True
    ) -> DurationCounts:
        """The duration counts by groups, or for other horizons: one more scan of the same good rows."""
        plan = replace(self.plan, to_rerank=to_rerank, to_hand_back=to_hand_back)
        with ONE_AT_A_TIME:
            # An exit before the judgment is no good row, and no longer seen where hand-backs are followed through.
            packed = count(plan, self.good_rows(plan, horizons), by)
        ranks = rank_codes(packed.rank, self.choices)
        keep = find_reasons(packed, ranks) == FINE
        self.first.check_counts(packed, keep, plan)
        return _tabulate(plan, self.choices, packed, ranks, keep, horizons)

    def good_rows(self, plan: Plan, horizons: Sequence[int]) -> nw.LazyFrame[Any]:
        """The prepared rows that are counted: sound, known by `as_of`, of copies one."""
        frame = prepare(plan, horizons)
        if self.duplicated:
            return first_copies(plan, frame, self.unknown_ranks)
        return frame if self.all_fine else frame.filter(reason_expression(plan, self.unknown_ranks) == FINE)

    def notes(self) -> tuple[Finding, ...]:
        """What is no problem, but should be known; one more scan."""
        with ONE_AT_A_TIME:
            frame = prepare(self.plan, ())
            if not self.all_fine:
                frame = frame.filter(reason_expression(self.plan, self.unknown_ranks) == FINE)
            numbers = {**self.known, **count_ends(self.plan, frame)}
        if "n" in numbers and not self.duplicated:
            self.first.check_judgments(numbers["n"])
        noted = (note(kind, numbers.get(name, 0)) for name, kind in NOTED.items())
        lost = (note("prob_lost", n, role=role) for role, n in self.plan.n_prob_lost.items())
        return (*self.told, *counted_notes([*noted, *lost, *self._without_value(numbers)]))

    def _without_value(self, numbers: Mapping[str, int]) -> list[Finding]:
        """Roles that are mapped to a column without any value, and so count as absent."""
        optional = [role for role in (*DATES, *NUMBERS, *PROBABILITIES) if role != "judged_at"]
        mapped = [role for role in optional if role in self.plan.opened.roles.columns]
        empty = [role for role in mapped if role not in self.plan.present or numbers.get(f"n_with_{role}") == 0]
        return [note("no_value", self.first.n, role=role) for role in empty]


def check_rows(
    plan: Plan,
    choices: Choices,
    *,
    horizons: tuple[int, ...],
    column_faults: Sequence[str],
    before: FirstCount | None = None,
) -> tuple[CheckedRows, DurationCounts]:
    """Count the rows once and read every problem off the counts; one error lists all of them.

    `before` is what was seen of the same rows as of a later day.

    Raises
    ------
    InputError
        Faults of whole columns; with `problems="raise"`, of rows; no rows at all; another number of rows than before.
    """
    frame = prepare(plan, horizons)
    packed = count(plan, frame, ())
    n_left = int(packed.sums["n"].sum())
    n_rows = _n_rows(plan) if VERSION in plan.present else n_left
    n_earlier = n_rows - n_left if plan.judged_since is None else 0  # what was judged too early is no version
    replaced = counted_notes([note("replaced", n_earlier)])
    if before is not None:
        before.check_rows(n_rows)
    ranks = rank_codes(packed.rank, choices)
    reasons = find_reasons(packed, ranks)
    unknown = _unknown_ranks(packed, ranks, reasons)
    column_faults = [*column_faults, *_header_again(plan, unknown)]
    column_faults += [CALLED_ALL] if ALL_REPS in packed.rep.values else []
    findings = _find_bad_rows(plan, choices, frame, packed, reasons, unknown)
    doubled = None
    if choices.check_duplicates and "prospect" in plan.present:
        good = frame if np.all(reasons == FINE) else frame.filter(reason_expression(plan, unknown) == FINE)
        doubled = _find_duplicates(choices, good, n_left)
    told = [*findings, doubled] if doubled else findings
    if column_faults or (told and choices.problems == "raise"):
        raise InputError(_one_error([*column_faults, *(found.message for found in told)], by_row=bool(told)))
    known = _known(plan, packed, reasons)
    kept = packed
    if doubled:
        kept = count(plan, first_copies(plan, frame, unknown), ())
        told = [*findings, _left_out(choices, doubled, per_rep(reasons == FINE, packed), kept)]
    all_fine = bool(np.all(reasons == FINE))
    if kept is not packed:
        ranks = rank_codes(kept.rank, choices)
        reasons = find_reasons(kept, ranks)
    first = first_count(kept, reasons == FINE, n_rows)
    checked = CheckedRows(
        plan, choices, unknown, doubled is not None, SetAside(tuple(told)), all_fine, known, first, replaced
    )
    if told:
        LOG.warning("%s; `set_aside` says which", checked.set_aside.heading)
    if not np.any(reasons == FINE):
        raise InputError(_nothing_left(plan, checked))
    return checked, _tabulate(plan, choices, kept, ranks, reasons == FINE, horizons)


def _n_rows(plan: Plan) -> int:
    """How many rows the frame holds, versions that are replaced included."""
    return int(whole_numbers(collect(plan.opened.frame.select(nw.len().cast(nw.Int64).alias("n")))["n"])[0])


def _tabulate(
    plan: Plan,
    choices: Choices,
    packed: PackedCounts,
    ranks: NDArray[np.int64],
    keep: NDArray[np.bool_],
    horizons: tuple[int, ...],
) -> DurationCounts:
    return tabulate(
        packed,
        ranks,
        keep,
        ranks=choices.scale.ranks,
        horizons=horizons,
        as_of_day=plan.as_of_day,
        event_is_win="won_at" not in plan.present,
    )


def rank_codes(rank: Labels, choices: Choices) -> NDArray[np.int64]:
    """Place of every row's rank in the scale, −1 where it has none."""
    place = {rank: i for i, rank in enumerate(choices.scale.ranks)}
    known = [place.get(choices.rank_labels.get(label, label), -1) for label in rank.values]
    return np.array([*known, -1], dtype=np.int64)[rank.codes]


def _header_again(plan: Plan, unknown: Sequence[str]) -> list[str]:
    """A row that holds the name of the column in place of a rank: below a second header columns may stand otherwise."""
    column = plan.opened.roles.columns["rank"]
    if column not in unknown:
        return []
    return [
        f"`rank` (column {quoted(column)}) holds its own name in a row: a second header, below which columns may stand "
        "in another order. Read the tables apart, or take the line out."
    ]


def _unknown_ranks(packed: PackedCounts, ranks: NDArray[np.int64], reasons: NDArray[np.int64]) -> tuple[str, ...]:
    """Labels that are no rank of the scale, among the judgments already known."""
    none = np.flatnonzero(ranks < 0)
    codes = packed.rank.codes[none]
    foreign = np.unique(codes[(codes >= 0) & (reasons[none] != UNKNOWN_YET)])
    return tuple(packed.rank.values[code] for code in foreign)


def _find_bad_rows(
    plan: Plan,
    choices: Choices,
    frame: nw.LazyFrame[Any],
    packed: PackedCounts,
    reasons: NDArray[np.int64],
    unknown: tuple[str, ...],
) -> list[RowFault]:
    """Every problem the counts show, with example rows, which cost one query for each problem there is."""
    found: list[RowFault] = []
    there = set(np.unique(reasons[reasons != FINE]).tolist())
    for reason in REASONS:
        if reason in there:
            n_by_rep = per_rep(reasons == reason, packed)
            examples = describe_rows(plan, frame.filter(reason_expression(plan, unknown) == reason), reason)
            message = say(reason, sum(n_by_rep.values()), examples, ranks=choices.scale.ranks, unknown_ranks=unknown)
            message += name_way_of_writing(examples) if reason == UNREADABLE_DATE else ""
            message += _empty_day(plan, frame.filter(reason_expression(plan, unknown) == reason), reason)
            found.append(RowFault(reason, n_by_rep, examples, message))
    return found


def _empty_day(plan: Plan, rows: nw.LazyFrame[Any], reason: int) -> str:
    """Whether one day stands for none in most of the rows of a problem, in words."""
    schema = plan.opened.schema
    roles = [role for role in MAY_BE_EMPTY.get(reason, ()) if role in plan.present]
    roles = [role for role in roles if reason != UNREADABLE_DATE or is_text(schema[role])]
    return name_empty_day(rows, roles, schema, unread=reason == UNREADABLE_DATE)


def _find_duplicates(choices: Choices, good: nw.LazyFrame[Any], n_rows: int) -> RowFault | None:
    """Rows beyond the first of the same prospect, rep and day; prospects without an id cannot be told apart."""
    named = good.filter(~nw.col("prospect").is_null())
    if not may_come_again(named, SAME_JUDGMENT, n_rows):
        return None
    doubled = named.group_by(*SAME_JUDGMENT).agg(nw.len().cast(nw.Int64).alias("n")).filter(nw.col("n") > 1)
    counted = collect(doubled.group_by("rep").agg((nw.col("n") - 1).sum().cast(nw.Int64).alias("n")))
    if not len(counted):
        return None
    reps = encode(counted["rep"])
    n_by_rep = {reps.values[code]: int(n) for code, n in zip(reps.codes, counted["n"].to_numpy(), strict=True)}
    n_by_rep = {rep: n_by_rep[rep] for rep in sorted(n_by_rep)}
    first = collect(doubled.sort(*SAME_JUDGMENT).head(3))
    examples = tuple(
        f"prospect {quoted(row['prospect'])} by {quoted(row['rep'])} on {date.fromordinal(int(row['judged_day']))}, "
        f"{row['n']} rows"
        for row in first.iter_rows(named=True)
    )
    message = say(DUPLICATE, sum(n_by_rep.values()), examples, ranks=choices.scale.ranks, unknown_ranks=())
    return RowFault(DUPLICATE, n_by_rep, examples, message)


_APART = ("as_of_day", "recorded_day")
"""Days by which copies of one row may differ."""


def first_copies(plan: Plan, frame: nw.LazyFrame[Any], unknown: tuple[str, ...]) -> nw.LazyFrame[Any]:
    """The good rows without duplicates: of identical copies one is kept, of copies that differ none.

    Which of two rows that contradict each other is right cannot be known, and the first of them would depend on the
    order of the rows.
    """
    good = frame.filter(reason_expression(plan, unknown) == FINE)
    named = good.filter(~nw.col("prospect").is_null())
    told = [name for name in named.collect_schema().names() if not name.endswith("_at") and name not in _APART]
    distinct = named.unique(subset=told, keep="any")
    differing = distinct.group_by(*SAME_JUDGMENT).agg(nw.len().alias("copies")).filter(nw.col("copies") > 1)
    kept = distinct.join(differing.select(*SAME_JUDGMENT), on=list(SAME_JUDGMENT), how="anti")
    return nw.concat([good.filter(nw.col("prospect").is_null()), kept])


def _left_out(choices: Choices, doubled: RowFault, before: Mapping[str, int], kept: PackedCounts) -> RowFault:
    """The finding with the rows that were in truth left out: spare copies, and all of those that differ."""
    after = per_rep(kept.sums["n"] > 0, kept)
    n_by_rep = {rep: n - after.get(rep, 0) for rep, n in before.items() if n > after.get(rep, 0)}
    n = sum(n_by_rep.values())
    message = say(DUPLICATE, n, doubled.examples, ranks=choices.scale.ranks, unknown_ranks=())
    return replace(doubled, per_rep=n_by_rep, message=message)


NOTED = {
    "n_not_yet": "not_yet_known",
    "n_event_day": "event_day",
    "n_end_after_as_of": "end_after",
    "n_event_and_exit": "both",
    "n_value_lost": "value_lost",
    "n_won_before": "won_before",
    "n_won_without": "won",
}
"""What is counted and no problem, but should be known: number to kind of note."""


def noted_in_part(counts: DurationCounts) -> tuple[Finding, ...]:
    """How many were not followed through the longest horizon; nothing where all were."""
    return counted_notes([note("in_part", counts.partly_seen(counts.horizons[-1])[0] if counts.horizons else 0)])


def _known(plan: Plan, packed: PackedCounts, reasons: NDArray[np.int64]) -> dict[str, int]:
    """What of it the counts tell."""
    fine, by_event = reasons == FINE, (packed.code & 3) == EVENT
    known = {"n_not_yet": int(packed.sums["n"][reasons == UNKNOWN_YET].sum())}
    known["n_event_day"] = int(packed.sums["n"][fine & by_event & (packed.code >> 2 == 0)].sum())
    if "won_at" in plan.present and "reranked_at" not in plan.present:
        known["n_won_without"] = int(packed.sums["n_won"][fine & ~by_event].sum())
    return known


def _one_error(messages: Sequence[str], *, by_row: bool) -> str:
    head = f"The judgments have {len(messages)} problem{'s' if len(messages) > 1 else ''}:"
    way_out = 'Or leave such rows out with `problems="set_aside"`: how many, why and of whom is then reported.'
    return "\n".join([head, *(f"- {message}" for message in messages), *([way_out] if by_row else [])])


def _nothing_left(plan: Plan, checked: CheckedRows) -> str:
    as_of = date.fromordinal(plan.as_of_day)
    why = [str(found) for found in checked.notes()]
    if checked.set_aside.n_rows:
        why.append(str(checked.set_aside))
    return f"`frame` must hold at least one judgment known on {as_of}; it holds none. {'; '.join(why)}".strip()
