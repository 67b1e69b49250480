"""What is wrong with a rank history, named in one error, and what became of every one of its rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.doubts import strangers
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import OUTSIDE_CALENDAR
from calibra.data.counting.plan import VALUES_ALONE
from calibra.data.counting.problems import (
    FINE,
    MISSING_REP,
    OUTCOME_TWICE,
    REASONS,
    UNKNOWN_RANK,
    UNKNOWN_YET,
    UNREADABLE_OUTCOME,
    _in_words,
    say,
)
from calibra.data.counting.rows import Problems
from calibra.data.counting.set_aside import RowFault, SetAside
from calibra.data.frames.empty_days import within_calendar, year_of_outside
from calibra.data.frames.open import collect
from calibra.data.frames.roles import VERSION
from calibra.data.frames.versions import as_known
from calibra.data.history.frames import OUTCOME_DATES
from calibra.data.history.log import BY_EVENT, BY_EXIT, CLEARED, SAME_CHANGE, Log
from calibra.data.noted import counted_notes, note
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.words import counted, of_one

LOG = logging.getLogger("calibra")
IntArray = NDArray[np.int64]
KEPT_ON_EVENT_DAY = "log_event_day"
"""Kind of a note of the log; judgments made of it note the same of themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class HistorySummary:
    """What became of every row of the rank-change log? The numbers of rows add up to `n_changes`."""

    as_of: date
    """Snapshot date."""
    n_changes: int
    """Rows of the log."""
    n_not_yet: int
    """Dated after `as_of`: not yet known."""
    n_set_aside: int
    """Bad rows, left out."""
    n_corrected: int
    """Followed by another change of the same prospect on the same day, which counts in their place."""
    n_tied: int
    """Of those, the ones whose order among each other is not known: the same moment, another rank."""
    n_unchanged: int
    """Saves that changed nothing."""
    n_cleared: int
    """Ranks taken away, which end a spell and open none."""
    n_ranks: int
    """Ranks not known to be given after an event or exit: what judgments are made of."""
    days_after_event: IntArray
    """Days after the event on which ranks were written, increasing; 0 is later on the day of the event itself."""
    n_after_event: IntArray
    """Ranks written so many days after the event: hindsight, left out; shape of `days_after_event`."""
    n_after_exit: int
    """Ranks written after an earlier exit: left out."""
    n_on_event_day: int
    """Ranks written on the day of the event and not known to be later, of those in `n_ranks`: kept as day 0."""
    n_prospects: int
    """Prospects with a rank, hindsight included."""
    n_without_outcome: int
    """Those of them that are not in the outcome table, and are taken as open."""
    n_outcomes: int
    """Rows of the outcome table."""
    set_aside: SetAside
    """The bad rows: why, and of whom."""
    doubts: tuple[Finding, ...] = ()
    """What looks like a mistake in what was given."""
    n_replaced: int = 0
    """Rows of either table that a later version replaced; not in `n_changes`."""

    def n_hindsight(self, within_days: int | None = None) -> int:
        """How many ranks were written after the event; if asked, within so many days of it?"""
        if within_days is None:
            return int(self.n_after_event.sum())
        return int(self.n_after_event[self.days_after_event <= within_days].sum())

    @property
    def noted(self) -> tuple[Finding, ...]:
        """What was left out and is no problem."""
        return counted_notes(
            [
                note("changes_not_yet", self.n_not_yet),
                note("corrected", self.n_corrected),
                note("tied", self.n_tied),
                note("unchanged", self.n_unchanged),
                note("cleared", self.n_cleared),
                note("hindsight", self.n_hindsight(), soon=self.n_hindsight(7)),
                note(KEPT_ON_EVENT_DAY, self.n_on_event_day),
                note("after_exit", self.n_after_exit),
                note("without_outcome", self.n_without_outcome),
                note("log_replaced", self.n_replaced),
            ]
        )

    def __str__(self) -> str:
        """The summary, to be read."""
        ranked = counted(self.n_prospects, "ranked prospect")
        lines = [f"{of_one(self.n_changes, 'changes of rank')}, {ranked}, as of {self.as_of}."]
        lines.append(f"{self.n_ranks} ranks not known to be given after an event or exit make judgments.")
        lines += [str(found) for found in self.noted]
        return "\n".join([*lines, *(f"Doubtful: {doubt}" for doubt in self.doubts), str(self.set_aside)])


def check_history(log: Log, ranks: Sequence[str], problems: Problems) -> tuple[Log, HistorySummary]:
    """Count the rows, name what is wrong with them, and leave the bad ones out if so asked.

    Raises
    ------
    InputError
        Bad rows, with `problems="raise"`; no prospect of the log among the outcomes; no rank before any event.
    """
    counted = _count_rows(log)
    findings = _bad_changes(log, counted, ranks)
    log = replace(log, several=_length(log.named_again()) > 0)
    outcomes = _bad_outcomes(log, ranks)
    log = replace(log, readable=all(found.reason != UNREADABLE_OUTCOME for found in outcomes))
    if problems == "set_aside" and not log.readable:  # what decides no outcome is left out alone
        outcomes = _bad_outcomes(log, ranks, [role for role in OUTCOME_DATES if role not in VALUES_ALONE])
    told = [*findings, *outcomes]
    if told and problems == "raise":
        head = f"The rank history has {len(told)} problem{'s' if len(told) > 1 else ''}:"
        way_out = 'Or leave such rows out with `problems="set_aside"`: how many, why and of whom is then reported.'
        raise InputError("\n".join([head, *(f"- {found.message}" for found in told), way_out]))
    summary = _summarise(log, counted, SetAside(tuple(told)))
    if told:
        LOG.warning("%s; `set_aside` says which", summary.set_aside.heading)
    _refuse_nothing(summary)
    return log, summary


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Rows of the log by problem, rep and, where it is unknown, rank."""

    problem: IntArray
    rep: NDArray[np.object_]
    rank: NDArray[np.object_]
    n: IntArray

    def per_rep(self, reason: int) -> dict[str, int]:
        hit = self.problem == reason
        reps = sorted(set(self.rep[hit]))
        return {rep: int(self.n[hit & (self.rep == rep)].sum()) for rep in reps}


def _count_rows(log: Log) -> _Counted:
    unknown = nw.when(nw.col("problem") == UNKNOWN_RANK).then(nw.col("rank").cast(nw.String)).alias("label")
    named = nw.when(nw.col("problem") > FINE).then(nw.col("rep").cast(nw.String)).alias("who")
    keyed = log.rows().with_columns(unknown, named)
    table = collect(keyed.group_by("problem", "who", "label").agg(nw.len().cast(nw.Int64).alias("n")))
    reps, labels = encode(table["who"]), encode(table["label"])
    return _Counted(
        _whole(table, "problem"),
        np.array([*(_plain(rep) for rep in reps.values), "(missing)"], dtype=object)[reps.codes],
        np.array([*(_plain(label) for label in labels.values), ""], dtype=object)[labels.codes],
        _whole(table, "n"),
    )


def _bad_changes(log: Log, counted: _Counted, ranks: Sequence[str]) -> list[RowFault]:
    """Every problem of the log, with its first rows: a query for each problem there is."""
    found = []
    unknown = sorted({label for label in counted.rank[counted.problem == UNKNOWN_RANK] if label})
    for reason in (reason for reason in REASONS if np.any(counted.problem == reason)):
        examples = _examples(log.rows().filter(nw.col("problem") == reason), reason)
        message = say(reason, sum(counted.per_rep(reason).values()), examples, ranks=ranks, unknown_ranks=unknown)
        if reason == UNKNOWN_RANK:
            message += " A label that means no rank is mapped to None."
        if reason == MISSING_REP:
            message = message.replace("who judged", "who gave the rank")
        found.append(RowFault(reason, counted.per_rep(reason), examples, message))
    return found


def _bad_outcomes(log: Log, ranks: Sequence[str], decisive: Sequence[str] = OUTCOME_DATES) -> list[RowFault]:
    """Problems of the outcome table; of whom is not known there."""
    rows = log.outcome_problems(decisive)
    table = collect(rows.group_by("problem").agg(nw.len().cast(nw.Int64).alias("n")))
    numbers = dict(zip(_whole(table, "problem").tolist(), _whole(table, "n").tolist(), strict=True))
    found = []
    for reason in (reason for reason in REASONS if numbers.get(reason)):
        examples = _examples(rows.filter(nw.col("problem") == reason), reason)
        message = say(reason, numbers[reason], examples, ranks=ranks, unknown_ranks=())
        found.append(RowFault(reason, {"(outcomes)": numbers[reason]}, examples, message))
    twice = log.told_twice()
    n_twice = _length(twice) if log.several else 0
    if n_twice:
        examples = _examples(twice, OUTCOME_TWICE)
        message = say(OUTCOME_TWICE, n_twice, examples, ranks=ranks, unknown_ranks=())
        message = message.replace(" row (", " prospect (").replace(" rows (", " prospects (")
        found.append(RowFault(OUTCOME_TWICE, {"(outcomes)": n_twice}, examples, message))
    return found


def _examples(rows: nw.LazyFrame[Any], reason: int) -> tuple[str, ...]:
    """The first three of these rows, in words, ordered by prospect so that the row order does not matter."""
    schema = rows.collect_schema()
    if reason == OUTSIDE_CALENDAR and "day" in schema:
        rows = rows.rename({"day": "changed_day"})
    told = ("changed_at", *OUTCOME_DATES) if reason == OUTSIDE_CALENDAR else REASONS[reason].shown
    shown = [name for name in ("prospect", *told) if name in schema]
    typed = [name for name in shown if isinstance(schema[name], (nw.Date, nw.Datetime))]
    by = [name for name in shown if not isinstance(schema[name], (nw.Categorical, nw.Enum))]
    readable = year_of_outside if reason == OUTSIDE_CALENDAR else within_calendar
    kept = [name for name in shown if reason != OUTSIDE_CALENDAR or name in ("prospect", *typed)]
    chosen = (readable(name).alias(name) if name in typed else nw.col(name) for name in kept)
    first = collect(rows.select(*chosen).sort(*(name for name in by if name in kept), nulls_last=True).head(3))
    return tuple(_in_words(row, reason) for row in first.iter_rows(named=True))


def _summarise(log: Log, counted: _Counted, set_aside: SetAside) -> HistorySummary:
    """The log's rows by what became of them; rows whose rank or rep is unknown are told as set aside and no more."""
    sound = nw.col("problem") == FINE
    known = log.known()
    passed = collect(
        known.select(
            _number(sound).alias("n"),
            _number(sound & (nw.col("corrected") == 1)).alias("n_corrected"),
            _number(sound & (nw.col("tied") == 1)).alias("n_tied"),
        )
    )
    n_known, n_corrected, n_tied = (int(_whole(passed, name)[0]) for name in ("n", "n_corrected", "n_tied"))
    spells = _count_spells(log)
    fine, cleared = spells["problem"] == FINE, spells["cleared"] == 1
    late = fine & ~cleared & (spells["hindsight"] == 1)

    def n_of(rows: NDArray[np.bool_], name: str = "n") -> int:
        return int(spells[name][rows].sum())

    after = late & (spells["ended_by"] == BY_EVENT)
    days = np.unique(spells["late_days"][after])
    everyone = np.full(fine.shape, fill_value=True)
    n_prospects, n_unmatched = n_of(everyone, "n_entries"), n_of(everyone, "n_unmatched")
    n_changes = int(counted.n.sum())
    n_not_yet = int(counted.n[counted.problem == UNKNOWN_YET].sum())
    return HistorySummary(
        date.fromordinal(log.as_of_day),
        n_changes,
        n_not_yet,
        n_changes - n_not_yet - n_known,  # bad rows, and sound ones of prospects told twice
        n_corrected,
        n_tied,
        n_known - n_corrected - n_of(fine),
        n_of(fine & cleared),
        n_of(fine & ~cleared & (spells["hindsight"] == 0)),
        days,
        np.array([n_of(after & (spells["late_days"] == day)) for day in days], dtype=np.int64),
        n_of(late & (spells["ended_by"] == BY_EXIT)),
        n_of(fine & ~cleared & (spells["hindsight"] == 0) & (spells["on_event_day"] == 1)),
        n_prospects,
        n_unmatched,
        _length(log.ends()),
        set_aside,
        strangers(n_unmatched, n_prospects),
        _n_replaced(log),
    )


def _n_replaced(log: Log) -> int:
    """Rows of either table that gave way to a later version, of those recorded by the snapshot date."""
    n = 0
    for table, key in ((log.frames.changes, SAME_CHANGE), (log.frames.outcomes, ("prospect",))):
        if VERSION in table.collect_schema().names():
            n += _length(as_known(table.drop(VERSION), key, log.as_of_day))
            n -= _length(as_known(table, key, log.as_of_day))
    return n


def _count_spells(log: Log) -> dict[str, IntArray]:
    """Spells by problem, kind, what ended the prospect's story and, for hindsight, how late they were written."""
    entry = nw.col("previous").is_null()
    late = nw.when(nw.col("hindsight") == 1).then(nw.col("day") - nw.col("ended_day")).otherwise(nw.lit(-1))
    frame = log.spells().with_columns(
        nw.when(nw.col("code") == CLEARED).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64).alias("cleared"),
        nw.when(nw.col("hindsight") == 1).then(nw.col("ended_by")).otherwise(nw.lit(0)).cast(nw.Int64).alias("by"),
        late.cast(nw.Int64).alias("late_days"),
    )
    keys = ["problem", "cleared", "by", "late_days", "hindsight", "on_event_day"]
    table = collect(
        frame.group_by(*keys).agg(
            nw.len().cast(nw.Int64).alias("n"),
            _number(entry).alias("n_entries"),
            _number(entry & nw.col("has_outcome").is_null()).alias("n_unmatched"),
        )
    )
    counted = {name: _whole(table, name) for name in (*keys, "n", "n_entries", "n_unmatched")}
    return counted | {"ended_by": counted["by"]}


def _number(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).count().cast(nw.Int64)


def _length(frame: nw.LazyFrame[Any]) -> int:
    return int(_whole(collect(frame.select(nw.len().cast(nw.Int64).alias("n"))), "n")[0])


def _whole(table: nw.DataFrame[Any], name: str) -> IntArray:
    return np.array([int(value) for value in table[name].to_list()], dtype=np.int64)


def _refuse_nothing(summary: HistorySummary) -> None:
    """No rank to judge by, or outcomes of other prospects altogether."""
    if summary.n_outcomes and summary.n_prospects and summary.n_without_outcome == summary.n_prospects:
        raise InputError(
            f"None of the {summary.n_prospects} ranked prospects is among the {summary.n_outcomes} outcomes. Are the "
            "ids written in the same way? (Salesforce gives 15 characters in reports, 18 elsewhere.)"
        )
    if not summary.n_ranks:
        raise InputError(
            "The rank history must hold at least one rank not known to be given after an event or exit and known on "
            f"{summary.as_of}; it holds none.\n{summary}"
        )


def _plain(text: str) -> str:
    """Whole numbers that came as floats, as text: "7.0" reads "7"."""
    number = text.removesuffix(".0")
    return number if number.lstrip("-").isdigit() else text
