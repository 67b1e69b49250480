"""A rank-change log, cut into spells by window functions in its own engine: which rank stood from when to when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.packed import OUTSIDE_CALENDAR
from calibra.data.counting.problems import (
    FINE,
    MISSING_CHANGE,
    MISSING_PROSPECT,
    MISSING_REP,
    OUTCOME_UNNAMED,
    UNKNOWN_RANK,
    UNKNOWN_YET,
    UNREADABLE_CHANGE,
    UNREADABLE_OUTCOME,
)
from calibra.data.frames.barrier import counted_once, texts_as_moments
from calibra.data.frames.dates import day_number, is_earlier_that_day, is_text, is_unreadable, with_days
from calibra.data.frames.empty_days import ENDLESS, FIRST_OF_ALL, is_outside
from calibra.data.frames.versions import RECORDED, as_known
from calibra.data.history.frames import OUTCOME_DATES, HistoryFrames

CLEARED, UNKNOWN = -1, -2
"""Rank codes beside the places in the scale: no rank; a label the scale does not know."""
BY_EVENT, BY_EXIT = 1, 2
"""What ended a prospect's story, as it stands in `ended_by`; null where it is open."""


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A rank history as known on a day: lazy tables that are made anew for every query."""

    frames: HistoryFrames
    """The two tables."""
    labels: Mapping[str, int]
    """Label of a rank, as it stands in the data, to its place in the scale; CLEARED where it means none."""
    as_of_day: int
    """Snapshot date as a day number."""
    several: bool = False
    """Whether outcomes come again: copies are then made one, and prospects whose rows differ are left out."""
    readable: bool = False
    """Whether all days of outcomes that are text are known to be days."""

    def rows(self) -> nw.LazyFrame[Any]:
        """Every change, with its day, its rank's code, and `problem`: a key of REASONS, FINE or UNKNOWN_YET."""
        frame, read = as_known(self.frames.changes, SAME_CHANGE, self.as_of_day), "changed_at"
        if moments := texts_as_moments(frame, ["changed_at"]):
            read = "changed_moment"
            frame = counted_once(frame.with_columns(moments["changed_at"].alias(read)))
        schema = frame.collect_schema()
        frame = _with_day(frame, read).with_columns(
            _rank_code(schema["rank"], self.labels).alias("code"),
            _sortable(read, schema[read]).alias("moment"),
        )
        tests = {
            MISSING_PROSPECT: _blank("prospect", schema["prospect"]),
            OUTSIDE_CALENDAR: nw.col("day") < FIRST_OF_ALL,
            MISSING_CHANGE: nw.col("day").is_null() | (nw.col("day") > ENDLESS),
            UNKNOWN_RANK: nw.col("code") == UNKNOWN,
            MISSING_REP: _blank("rep", schema["rep"]) & (nw.col("code") >= 0),
        }
        if is_text(schema["changed_at"]):
            blank = _blank("changed_at", schema["changed_at"])
            unreadable = is_unreadable("changed_at") if read == "changed_at" else nw.col(read).is_null() & ~blank
            tests = {UNREADABLE_CHANGE: unreadable} | tests
        problem: nw.Expr = nw.lit(FINE)
        for reason, hit in reversed(tests.items()):
            problem = nw.when(hit).then(nw.lit(reason)).otherwise(problem)
        later = (nw.col("day") > self.as_of_day) & (nw.col("day") < ENDLESS)
        problem = nw.when(later | (nw.col("late") == 1)).then(nw.lit(UNKNOWN_YET)).otherwise(problem)
        return counted_once(frame.with_columns(problem.cast(nw.Int64).alias("problem")))

    def known(self) -> nw.LazyFrame[Any]:
        """Changes of a prospect on a known day up to `as_of`, with its outcome and the next; wrong ranks, too.

        A change whose rank or rep is not known still ends the spell before it. `hindsight` is 1 for what was written
        after the event or exit: on a later day, or on that day at a later hour. On one day the last change before it
        counts, and the last after it. The outcome comes first: engines that take the filters below for strict would
        join every change with every outcome.
        """
        named = ~_blank("prospect", self.frames.changes.collect_schema()["prospect"])
        # One comparison: of three, PostgreSQL guesses that one row is left, and joins every change with every outcome.
        told = nw.when((nw.col("day") >= FIRST_OF_ALL) & (nw.col("late") == 0)).then(nw.col("day"))
        in_time = told <= self.as_of_day
        frame = self.rows().filter(named & in_time).drop("late")  # not by `problem`: engines inline it
        if "changed_moment" in frame.collect_schema().names():
            frame = frame.with_columns(nw.col("changed_moment").alias("changed_at")).drop("changed_moment")
        if self.several:
            frame = frame.join(self.told_twice(), on="prospect", how="anti")
        frame = self._with_hindsight(frame.join(self.outcomes(), on="prospect", how="left"))
        extra = ["sequence"] if "sequence" in frame.collect_schema().names() else []
        order = ["day", "hindsight", "moment", *extra, "code", "rep"]
        following = [nw.col(name).shift(-1).over("prospect", order_by=order) for name in order[:-1]]
        frame = frame.with_columns(
            *(later.alias(f"next_{name}") for later, name in zip(following, order[:-1], strict=True))
        )
        same_day = (nw.col("next_day") == nw.col("day")) & (nw.col("next_hindsight") == nw.col("hindsight"))
        same_moment = same_day & (nw.col("next_moment") == nw.col("moment"))
        for name in extra:
            same_moment = same_moment & (nw.col(f"next_{name}") == nw.col(name))
        return frame.with_columns(
            _one(same_day).alias("corrected"),
            _one(same_moment & (nw.col("next_code") != nw.col("code"))).alias("tied"),
        )

    def _with_hindsight(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        schema, day = frame.collect_schema(), nw.col("day")
        late = day > nw.col("ended_day")
        on_the_day: nw.Expr = day == nw.col("event_day")
        for role in (role for role in ("event_at", "exit_at") if role in self.frames.present):
            earlier = is_earlier_that_day(role, "changed_at", schema, (nw.col(f"{role[:-3]}_day"), day))
            late = late if earlier is None else late | earlier
        hindsight = nw.when(late).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
        return frame.with_columns(hindsight.alias("hindsight"), _one(on_the_day).alias("on_event_day"))

    def spells(self) -> nw.LazyFrame[Any]:
        """One row per rank, or its absence, that stood at the end of its first day, beside the prospect's outcome.

        `previous` is the code of the rank before, null for the entry rank; `next_day` and `reranked_at` tell when the
        next took its place; `ended_day` and `ended_by` the event or exit, if known; `hindsight` is 1 for what was
        written after it, `on_event_day` for what was written on the day of the event.
        """
        gone = [f"next_{name}" for name in ("day", "hindsight", "moment", "code")]
        last = self.known().filter(nw.col("corrected") == 0).drop(*gone)
        order = ["day", "hindsight"]
        before = nw.col("code").shift(1).over("prospect", order_by=order).fill_null(CLEARED)
        changed = last.with_columns(before.alias("previous")).filter(nw.col("code") != nw.col("previous"))
        return changed.with_columns(
            nw.col("code").shift(1).over("prospect", order_by=order).alias("previous"),
            nw.col("day").shift(-1).over("prospect", order_by=order).alias("next_day"),
            nw.col("changed_at").shift(-1).over("prospect", order_by=order).alias("reranked_at"),
        )

    def outcomes(self) -> nw.LazyFrame[Any]:
        """One row per prospect, with the day and kind of its end as known on the snapshot date."""
        frame = self.told_once() if self.several else self.ends()
        if self.readable and (moments := texts_as_moments(frame, OUTCOME_DATES)):
            frame = counted_once(frame.with_columns(*(moment.alias(name) for name, moment in moments.items())))
        schema = frame.collect_schema()
        frame = frame.filter(~_blank("prospect", schema["prospect"]))
        there = [name for name in _ENDS if name in self.frames.present]
        frame = with_days(frame, there, schema)
        days = {f"{name[:-3]}_day": nw.col(f"{name[:-3]}_day") for name in there}
        known: dict[str, nw.Expr] = {
            day: nw.when((of >= FIRST_OF_ALL) & (of <= self.as_of_day)).then(of) for day, of in days.items()
        }
        known |= {f"{name[:-3]}_day": nw.lit(None).cast(nw.Int64) for name in _ENDS if name not in there}
        frame = frame.with_columns(**known)
        frame = frame.rename({"censored_day": "lost_day"})
        event, leave = nw.col("event_day"), nw.col("exit_day")
        by_event = (event <= leave) | (leave.is_null() & ~event.is_null())
        by_exit = nw.when(~leave.is_null()).then(nw.lit(BY_EXIT))
        return counted_once(
            frame.with_columns(
                nw.min_horizontal(event, leave).alias("ended_day"),
                nw.when(by_event).then(nw.lit(BY_EVENT)).otherwise(by_exit).cast(nw.Int64).alias("ended_by"),
                nw.lit(1).cast(nw.Int64).alias("has_outcome"),
            )
        )

    def ends(self) -> nw.LazyFrame[Any]:
        """The outcome table as known on the snapshot date: rows recorded by then, of versions the last."""
        known = as_known(self.frames.outcomes, ["prospect"], self.as_of_day)
        if RECORDED in self.frames.outcomes.collect_schema():  # a filter that keeps all misleads PostgreSQL, as above
            known = known.filter(nw.col("late") == 0)
        return known.drop("late")

    def named_again(self) -> nw.LazyFrame[Any]:
        """Prospects that have more than one row in the outcome table."""
        return _come_again(self.ends())

    def told_twice(self) -> nw.LazyFrame[Any]:
        """Prospects of whom the outcome table has two rows that differ."""
        return _come_again(self.ends().unique(keep="any"))

    def told_once(self) -> nw.LazyFrame[Any]:
        """Outcomes without identical copies and without the prospects told twice."""
        return self.ends().unique(keep="any").join(self.told_twice(), on="prospect", how="anti")

    def outcome_problems(self, decisive: Collection[str] = OUTCOME_DATES) -> nw.LazyFrame[Any]:
        """Every outcome row, with `problem`: nobody named, text in one of these roles that is no date, or FINE."""
        ends = self.ends()
        schema = ends.collect_schema()
        problem: nw.Expr = nw.lit(FINE)
        typed = [name for name in OUTCOME_DATES if name in self.frames.present and not is_text(schema[name])]
        if typed:
            ends = with_days(ends, typed, schema)
            outside = nw.any_horizontal(*map(is_outside, typed), ignore_nulls=True)
            problem = nw.when(outside).then(nw.lit(OUTSIDE_CALENDAR)).otherwise(problem)
        dates = [name for name in decisive if name in self.frames.present and is_text(schema[name])]
        if dates:
            wrong = nw.any_horizontal(*(is_unreadable(name) for name in dates), ignore_nulls=True)
            problem = nw.when(wrong).then(nw.lit(UNREADABLE_OUTCOME)).otherwise(problem)
        unnamed = _blank("prospect", schema["prospect"])
        problem = nw.when(unnamed).then(nw.lit(OUTCOME_UNNAMED)).otherwise(problem)
        return ends.with_columns(problem.cast(nw.Int64).alias("problem"))


SAME_CHANGE = ("prospect", "changed_at")
"""What versions of one change share."""
_ENDS = ("event_at", "exit_at", "censored_at")


def _with_day(frame: nw.LazyFrame[Any], read: str) -> nw.LazyFrame[Any]:
    """The changes with the number of their day; PostgreSQL has parsed text into `changed_moment` before."""
    schema = frame.collect_schema()
    if read != "changed_at":
        return frame.with_columns(day_number(read, schema[read]).alias("day"))
    return with_days(frame, ["changed_at"], schema).rename({"changed_day": "day"})


def _rank_code(dtype: nw.dtypes.DType, labels: Mapping[str, int]) -> nw.Expr:
    """Place of the rank in the scale, CLEARED for none, UNKNOWN for a label that is not of it."""
    text, code = nw.col("rank").cast(nw.String), nw.lit(UNKNOWN)
    for place in sorted(set(labels.values())):
        spelt = [label for label, at in labels.items() if at == place]
        code = nw.when(text.is_in(spelt)).then(nw.lit(place)).otherwise(code)
    return nw.when(_blank("rank", dtype)).then(nw.lit(CLEARED)).otherwise(code).cast(nw.Int64)


def _come_again(outcomes: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    named = outcomes.filter(~_blank("prospect", outcomes.collect_schema()["prospect"]))
    counted = named.group_by("prospect").agg(nw.len().alias("n"))
    return counted.filter(nw.col("n") > 1).select("prospect")


def _blank(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Is the label missing: null, NaN or blank text?"""
    label = nw.col(name)
    if is_text(dtype):
        return label.is_null() | (label.cast(nw.String).str.strip_chars() == nw.lit(""))
    return label.is_null() | label.is_nan() if dtype.is_float() else label.is_null()


def _sortable(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Moments by which to sort; ISO text sorts once date and time of day are parted by one character."""
    return nw.col(name).cast(nw.String).str.replace_all("T", " ", literal=True) if is_text(dtype) else nw.col(name)


def _one(condition: nw.Expr) -> nw.Expr:
    """1 where it holds, else 0, null counted as no."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
