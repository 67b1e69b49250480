"""The second count of the same rows: by week of judgment, and by week of ending; one group-by each, when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import narwhals.stable.v2 as nw
import numpy as np

from calibra.data.counting.amounts import number_of
from calibra.data.counting.counts import EVENT, EXIT, OPEN
from calibra.data.counting.judged_weeks import JudgedWeeks
from calibra.data.counting.labels import encode
from calibra.data.counting.packed import MATURITIES, whole_numbers
from calibra.data.counting.plan import Plan
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, rank_codes
from calibra.data.counting.tabulate import IntArray, add_up, used_labels
from calibra.data.counting.weekly import WEEK_DAYS, WeeklyCounts, WeeklyEndings
from calibra.data.frames.open import collect


def count_weeks(checked: CheckedRows, by: Sequence[str], horizons: tuple[int, ...]) -> WeeklyCounts:
    """Judgments by rep, rank, groups, week and maturity, and their events; one scan of the good rows."""
    plan = replace(checked.plan, to_rerank=False, to_hand_back=False)
    columns = {name: plan.opened.roles.label_column(name) for name in by}
    age = nw.col("as_of_day") - nw.col("judged_day")
    key = weeks_of(age) * MATURITIES + nw.col("maturity") + 1
    calendar = weeks_of(nw.col("judged_day") - 1)  # day 1 was a Monday
    with ONE_AT_A_TIME:
        good = checked.good_rows(plan, horizons).with_columns(week_key=key.cast(nw.Int64), calendar_week=calendar)
        wanted = ["rep", "rank", *columns.values(), "week_key", "calendar_week"]
        counted = collect(good.group_by(wanted).agg(*horizon_sums(plan, horizons)))
        plan.opened.let_go()
    every = np.ones(len(counted), dtype=bool)
    rep, reps = used_labels(encode(counted["rep"]), every)
    grouped = {name: used_labels(encode(counted[column]), every) for name, column in columns.items()}
    weeks_ago, maturity = np.divmod(whole_numbers(counted["week_key"]), MATURITIES)
    rank, maturity = rank_codes(encode(counted["rank"]), checked.choices), maturity - 1
    names = [name for name in counted.columns if name.startswith("n")]
    sums = {name: whole_numbers(counted[name]) for name in names}
    if "entered_at" not in plan.present:  # else other rows are sound where endings are followed through
        checked.first.check_judgments(int(sums["n"].sum()))
    judged = _by_calendar(rep, rank, whole_numbers(counted["calendar_week"]), maturity, sums, horizons)
    keys = [rep, rank, *(codes for codes, _ in grouped.values()), weeks_ago, maturity]
    (rep, rank, *codes, weeks_ago, maturity), sums = add_up(keys, sums)
    mature, events = within_horizons(sums, maturity, horizons, young=False)
    young, events_young = within_horizons(sums, maturity, horizons, young=True)
    return WeeklyCounts(
        reps,
        checked.choices.scale.ranks,
        {name: labels for name, (_, labels) in grouped.items()},
        horizons,
        date.fromordinal(plan.as_of_day),
        rep,
        rank,
        dict(zip(grouped, codes, strict=True)),
        weeks_ago,
        maturity,
        sums["n"],
        mature,
        events,
        young,
        events_young,
        judged,
    )


def _by_calendar(
    rep: IntArray,
    rank: IntArray,
    week: IntArray,
    maturity: IntArray,
    sums: dict[str, IntArray],
    horizons: tuple[int, ...],
) -> JudgedWeeks:
    """The same counts by calendar week, over groups and maturities."""
    mature, events = within_horizons(sums, maturity, horizons, young=False)
    both = {f"{name}{i}": row for name, rows in (("n", mature), ("e", events)) for i, row in enumerate(rows)}
    (rep, rank, week), found = add_up([rep, rank, week], both)
    shape = (len(horizons), rep.size)
    by_horizon = (
        np.array([found[f"{name}{i}"] for i in range(len(horizons))], dtype=np.int64).reshape(shape) for name in "ne"
    )
    return JudgedWeeks(horizons, rep, rank, week, *by_horizon)


def within_horizons(
    sums: dict[str, IntArray], maturity: IntArray, horizons: tuple[int, ...], *, young: bool
) -> tuple[IntArray, IntArray]:
    """Judgments followed through, and their events, by horizon and row: the mature ones, or those still young."""
    shape = (len(horizons), maturity.size)
    counted = np.zeros((2, *shape), dtype=np.int64)
    for i, days in enumerate(horizons):
        of_age = (maturity > i) != young
        counted[0, i] = of_age * (sums["n"] - sums.get(f"n_part_{days}", 0))
        counted[1, i] = of_age * sums.get(f"n_event_{days}", 0 * sums["n"])
    return counted[0], counted[1]


def count_endings(checked: CheckedRows, reps: tuple[str, ...]) -> WeeklyEndings:
    """Events and exits by rep, rank and the week they came in; one scan of the good rows."""
    plan = checked.plan
    ends = {role: day for role, day in (("event_at", "event_day"), ("exit_at", "exit_day")) if role in plan.present}
    ranks, as_of = checked.choices.scale.ranks, date.fromordinal(plan.as_of_day)
    none = np.zeros(0, dtype=np.int64)
    if not ends:
        return WeeklyEndings(reps, ranks, as_of, none, none, none, none, none)
    happened = {role: _ended(day, EVENT if role == "event_at" else EXIT) for role, day in ends.items()}
    day = nw.lit(None).cast(nw.Int64)
    for role, condition in happened.items():
        day = nw.when(condition).then(nw.col(ends[role])).otherwise(day)
    with ONE_AT_A_TIME:
        ended = checked.good_rows(plan, ()).with_columns(ended_day=day)
        ended = ended.filter(~nw.col("ended_day").is_null())
        ended = ended.with_columns(week_key=weeks_of(nw.col("as_of_day") - nw.col("ended_day")))
        sums = {f"n_{role}": number_of(condition) for role, condition in happened.items()}
        counted = collect(ended.group_by("rep", "rank", "week_key").agg(**sums))
        plan.opened.let_go()
    labels = encode(counted["rep"])
    place = {rep: i for i, rep in enumerate(reps)}
    rep = np.array([place[label] for label in labels.values], dtype=np.int64)[labels.codes]
    keys = [rep, rank_codes(encode(counted["rank"]), checked.choices), whole_numbers(counted["week_key"])]
    (rep, rank, weeks_ago), found = add_up(keys, {name: whole_numbers(counted[name]) for name in sums})
    zero = np.zeros_like(rep)
    events, exits = (found.get(f"n_{role}", zero) for role in ("event_at", "exit_at"))
    for ending, n in ((EVENT, events), (EXIT, exits)):
        checked.first.check_endings(ending, int(n.sum()))
    return WeeklyEndings(reps, ranks, as_of, rep, rank, weeks_ago, events, exits)


def weeks_of(days: nw.Expr) -> nw.Expr:
    """Whole weeks in so many days: the quotient is exact where it is whole, so that its floor is right everywhere."""
    return (days / WEEK_DAYS).floor().cast(nw.Int64)


def _ended(day: str, bits: int) -> nw.Expr:
    """Whether this day is the end that the packed code says."""
    return nw.col("code") == (nw.col(day) - nw.col("judged_day")) * 4 + bits


def horizon_sums(plan: Plan, horizons: tuple[int, ...]) -> list[nw.Expr]:
    """Judgments, events within each horizon, and those seen in part only, which its cells leave out."""
    code = nw.col("code")
    seen_late = nw.col("entry_days") > 0 if "entered_at" in plan.present else None
    sums = [nw.len().cast(nw.Int64).alias("n")]
    for days in horizons:
        if "event_at" in plan.present:
            event = _ended("event_day", EVENT) & (code <= days * 4 + EVENT)
            sums.append(number_of(event if seen_late is None else event & ~seen_late).alias(f"n_event_{days}"))
        part = [] if seen_late is None else [seen_late]
        if "censored_at" in plan.present:
            part.append(_ended("censored_day", OPEN) & (code < days * 4))
        if part:
            sums.append(number_of(part[0] if len(part) == 1 else part[0] | part[1]).alias(f"n_part_{days}"))
    return sums
