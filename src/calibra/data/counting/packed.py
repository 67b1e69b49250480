"""The one count: a packed integer per judgment, one group-by, and the small raw table that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.amounts import amount_sums, in_one_currency, number_of
from calibra.data.counting.labels import Labels, encode
from calibra.data.counting.plan import VALUES_ALONE, Plan
from calibra.data.frames.barrier import counted_once
from calibra.data.frames.dates import FIRST_DAY, LAST_DAY, is_earlier_that_day, is_text, is_unreadable, with_days
from calibra.data.frames.empty_days import ENDLESS, is_outside
from calibra.data.frames.engine_errors import explaining
from calibra.data.frames.numbers import as_number, is_no_number
from calibra.data.frames.open import collect
from calibra.data.frames.roles import DATES, NUMBERS, PROBABILITIES, VERSION
from calibra.data.frames.versions import last_versions

IntArray = NDArray[np.int64]

NO_DAY = -(2**40)
"""Stands for the packed code of a judgment without a day."""
NOT_YET = -1
"""Stands for the maturity of a judgment not yet known at the snapshot date."""
TOO_OLD = 1022
"""Stands for the maturity of a judgment before the days that `day_number` counts truly."""
HUGE = 1e300
MAX_HORIZONS = 1000
_MATURITY_BITS = 10
MATURITIES = 2**_MATURITY_BITS
"""More than there are maturities, so that one travels with another whole number in one column."""
_PROBLEM_BITS = 3
MOST_TOUCHES = 2_000_000_000

UNREADABLE_DATE, UNREADABLE_NUMBER, NEGATIVE_AMOUNT, AMOUNT_WITHOUT_WIN = 1, 2, 3, 4
WRONG_TOUCHES, RERANKED_BEFORE, OUTSIDE_CALENDAR = 5, 6, 7
"""What the packed code hides: a key of the group-by, 0 for nearly every row."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedCounts:
    """What did the engine count? One row per distinct combination of keys, as it came."""

    rep: Labels
    """Reps."""
    rank: Labels
    """Ranks as they stand in the data."""
    groups: Mapping[str, Labels]
    """Groupings."""
    code: IntArray
    """Packed code: `code >> 2` whole days followed, `code & 3` how it ended, negative for a date error."""
    maturity: IntArray
    """How many horizons fit in `as_of − judged_at`; −1 for a judgment not yet known."""
    entry_days: IntArray
    """Whole days from judgment to observation."""
    problem: IntArray
    """What the code hides; 0 for nothing."""
    sums: Mapping[str, NDArray[Any]]
    """`n` and the other sums of each row."""

    def at(self, places: IntArray) -> PackedCounts:
        """The rows at these places alone."""
        return PackedCounts(
            self.rep.at(places),
            self.rank.at(places),
            {name: labels.at(places) for name, labels in self.groups.items()},
            self.code[places],
            self.maturity[places],
            self.entry_days[places],
            self.problem[places],
            {name: values[places] for name, values in self.sums.items()},
        )


def prepare(plan: Plan, horizons: Sequence[int]) -> nw.LazyFrame[Any]:
    """The frame with a packed code, a maturity, an entry day and a problem for every judgment.

    `code = min(4·event + 1, 4·exit + 2, 4·censored + 3, 4·as_of + 3) − 4·judged`: the earliest end, ties to the event;
    an end after `as_of` gives way to `as_of`. An event or exit earlier on the day of the judgment, where both have a
    time of day, is before it, like one of the day before. A re-rank ends a judgment, still open, where the plan
    follows it no further. `maturity` comes from `as_of` and `judged_at` alone.

    Raises
    ------
    EngineError
        The connection of the frame was closed.
    """
    with explaining(plan.opened.frame.implementation):
        return _prepare(plan, horizons)


def _prepare(plan: Plan, horizons: Sequence[int]) -> nw.LazyFrame[Any]:
    schema, present = plan.opened.schema, plan.present
    days = [role for role in DATES if role in present and role != "expected_at"]
    frame = counted_once(with_days(plan.opened.frame, days, schema)).with_columns(
        *(_number(role, plan).alias(f"{role}_value") for role in NUMBERS if role in present),
        nw.lit(plan.as_of_day).cast(nw.Int64).alias("as_of_day"),
    )
    if earlier := _before_that_day(plan):
        frame = frame.with_columns(*earlier)
    if plan.ends_after:
        frame = frame.with_columns(*_not_before_the_start(days))
    ends = [(_end_day(role, plan), bits) for role, bits in _ENDS.items() if role in days]
    if "reranked_at" in days and plan.to_rerank:
        spell = nw.when(nw.col("reranked_day") >= nw.col("judged_day")).then(nw.col("reranked_day"))
        ends.append((spell, OPEN_BITS))
    by_comparing = frame.implementation.is_duckdb() and not plan.handed_back
    end = _first_end(ends, plan.as_of_day) if by_comparing else _least_end(ends)
    seen_from = [f"{role[:-3]}_day" for role in _SEEN_FROM if role in days]
    frame = frame.with_columns(
        (end - nw.col("judged_day") * 4).fill_null(NO_DAY).cast(nw.Int64).alias("code"),
        _maturity(horizons, plan.as_of_day, seen_from).alias("maturity"),
        *([_entry_days().alias("entry_days")] if "entered_at" in days else []),
        *([problem.alias("problem")] if (problem := _problem(plan)) is not None else []),
    )
    frame = last_versions(frame, SAME_JUDGMENT, nw.col("maturity") != NOT_YET) if VERSION in present else frame
    if plan.judged_since is None:
        return frame
    return frame.filter(nw.col("judged_day").is_null() | (nw.col("judged_day") >= plan.judged_since))


_AMOUNTS = ("sum_log_amount", "sum_log2_amount", "sum_amount", "sum_amount2", "max_amount")
_SEEN_FROM = ("entered_at", "recorded_at")
"""Roles whose day, where it lies after `as_of`, makes a judgment one not yet known."""
SAME_JUDGMENT = ("prospect", "rep", "judged_day")
"""What two rows share that are one judgment told twice."""


def is_labelled(plan: Plan, name: str, labels: Sequence[str]) -> nw.Expr:
    """Whether a column holds one of these labels, as `label_text` reads them."""
    label, dtype = nw.col(name), plan.opened.schema[name]
    if dtype.is_float():
        return label.is_in([float(text) for text in labels])
    if isinstance(dtype, nw.Boolean):
        return label.is_in([text == "True" for text in labels])
    return label.cast(nw.String).is_in(list(labels))


def _before_that_day(plan: Plan) -> list[nw.Expr]:
    """The days of events and exits that came before the judgment by the clock: the day before it, as they are."""
    found = []
    for role in (role for role in ("event_at", "exit_at") if role in plan.present):
        day, judged = nw.col(f"{role[:-3]}_day"), nw.col("judged_day")
        if "judged_at" in plan.present:
            earlier = is_earlier_that_day(role, "judged_at", plan.opened.schema, (day, judged))
            if earlier is not None:
                found.append(nw.when(earlier).then(day - 1).otherwise(day).alias(f"{role[:-3]}_day"))
    return found


def _not_before_the_start(days: Sequence[str]) -> list[nw.Expr]:
    """The days of endings before the judgment moved to its day."""
    ends = [f"{role[:-3]}_day" for role in ("event_at", "exit_at") if role in days]
    start = nw.col("judged_day")
    return [nw.when(nw.col(end) < start).then(start).otherwise(nw.col(end)).alias(end) for end in ends]


def _least_end(ends: Sequence[tuple[nw.Expr, int]]) -> nw.Expr:
    """`4 · day + bits` of the earliest end, ties to the fewest bits; of the snapshot where none comes before it."""
    snapshot = nw.col("as_of_day") * 4 + OPEN_BITS
    coded = [day * 4 + bits for day, bits in ends]
    return nw.min_horizontal(*coded, snapshot) if coded else snapshot  # Spark takes no minimum of one


def _first_end(ends: Sequence[tuple[nw.Expr, int]], as_of_day: int) -> nw.Expr:
    """The same by comparing days, which DuckDB does in half the time of arithmetic on each of them.

    Ends come in the order of their bits: the first that is not after the snapshot or any later in this order.
    """
    earliest = nw.lit(as_of_day * 4 + OPEN_BITS).cast(nw.Int64)
    for i, (day, bits) in reversed(list(enumerate(ends))):
        comes_first = day <= as_of_day
        for other, _ in ends[i + 1 :]:
            comes_first = comes_first & (other.is_null() | (day <= other))
        earliest = nw.when(comes_first).then(day * 4 + bits).otherwise(earliest)
    return earliest


def _end_day(role: str, plan: Plan) -> nw.Expr:
    """Day of an ending; none of a hand-back where the judgment is followed through it."""
    day = nw.col(f"{role[:-3]}_day")
    if role != "exit_at" or plan.to_hand_back or not plan.handed_back:
        return day
    kept = nw.when(is_labelled(plan, "exit_kind", plan.handed_back)).then(nw.lit(1)).otherwise(nw.lit(0))
    return nw.when(kept == 0).then(day)


OPEN_BITS = 3
_ENDS = {"event_at": 1, "exit_at": 2, "censored_at": OPEN_BITS}


def count(plan: Plan, frame: nw.LazyFrame[Any], groups: Sequence[str]) -> PackedCounts:
    """One scan, one group-by: the raw counts of a prepared frame.

    Code, maturity and problem travel as one whole number, because every column of the key costs an engine time.
    """
    columns = {key: plan.opened.roles.label_column(key) for key in groups}
    names = frame.collect_schema().names()
    late, hides = [name for name in ("entry_days",) if name in names], "problem" in names
    keys = ["key", "rep", "rank", *columns.values(), *late]
    key = nw.col("code") * MATURITIES + nw.col("maturity")
    key = key * 2**_PROBLEM_BITS + nw.col("problem") if hides else key
    counted = collect(frame.with_columns(key=key).group_by(keys).agg(*_sums(plan)))
    with ThreadPoolExecutor() as threads:  # memory is handed back while Arrow works on each column of labels
        done = threads.submit(plan.opened.let_go)
        rep, rank, *grouped = threads.map(encode, [counted[name] for name in ("rep", "rank", *columns.values())])
    done.result()
    packed = whole_numbers(counted["key"])
    # bits are taken in place: dividing, and memory that is new, cost several times as much
    problem = packed & (2**_PROBLEM_BITS - 1) if hides else np.zeros(packed.size, dtype=np.int64)
    code = packed >> (_PROBLEM_BITS if hides else 0)
    code -= NOT_YET  # the least maturity, made 0
    maturity = code & (MATURITIES - 1)
    maturity += NOT_YET
    code >>= _MATURITY_BITS
    sums = {
        name: _floats(counted[name]) if name in _AMOUNTS else whole_numbers(counted[name])
        for name in counted.columns
        if name not in keys
    }
    return PackedCounts(
        rep,
        rank,
        dict(zip(columns, grouped, strict=True)),
        code,
        maturity,
        whole_numbers(counted["entry_days"]) if late else np.zeros(code.size, dtype=np.int64),
        problem,
        sums,
    )


def _number(role: str, plan: Plan) -> nw.Expr:
    """The column as a float, amounts in one currency: null where missing, NaN or no number."""
    known = as_number(role, plan.opened.schema[role])
    return in_one_currency(known, plan.rates) if role == "amount" else known


def _maturity(horizons: Sequence[int], as_of_day: int, seen_from: Sequence[str]) -> nw.Expr:
    judged, one, zero = nw.col("judged_day"), nw.lit(1), nw.lit(0)
    fitting = [nw.when(judged <= as_of_day - horizon).then(one).otherwise(zero) for horizon in horizons]
    odd = nw.when((judged > as_of_day) & (judged <= LAST_DAY)).then(nw.lit(NOT_YET)).otherwise(nw.lit(TOO_OLD))
    known = sum(fitting[1:], fitting[0]) if fitting else zero
    known = nw.when((judged < FIRST_DAY) | (judged > as_of_day)).then(odd).otherwise(known)
    for day in seen_from:
        known = nw.when(nw.col(day) > as_of_day).then(nw.lit(NOT_YET)).otherwise(known)
    return known.cast(nw.Int64)


def _entry_days() -> nw.Expr:
    late = nw.col("entered_day") - nw.col("judged_day")
    return nw.when(late > 0).then(late).otherwise(nw.lit(0)).cast(nw.Int64)


def row_problems(plan: Plan) -> dict[int, nw.Expr]:
    """What is wrong with a row that its packed code hides? Problem to condition, in order of precedence."""
    schema, present = plan.opened.schema, plan.present
    found: dict[int, nw.Expr] = {}
    typed = [
        role
        for role in ("entered_at", "reranked_at", "won_at", "lost_at")
        if role in present and not is_text(schema[role])
    ]
    if typed:  # of the others the code and the first day of judgment tell
        found[OUTSIDE_CALENDAR] = reduce(or_, map(is_outside, typed))
    lost = VALUES_ALONE if plan.loses_values else ()
    texts = [role for role in DATES if role in present and is_text(schema[role]) and role not in lost]
    unreadable = [is_unreadable(role) if role == "expected_at" else _has_no_day(role) for role in texts]
    if unreadable:
        found[UNREADABLE_DATE] = nw.any_horizontal(*unreadable, ignore_nulls=True)
    numbers = [_no_number(role, schema[role]) for role in NUMBERS if role in present]
    if numbers:
        found[UNREADABLE_NUMBER] = nw.any_horizontal(*numbers, ignore_nulls=True)
    if "amount" in present:
        found[NEGATIVE_AMOUNT] = nw.col("amount_value") < 0
        win = next((day for day in ("won_at", "event_at") if day in present), None)
        paid = nw.col("amount_value") > 0
        found[AMOUNT_WITHOUT_WIN] = paid & nw.col(f"{win[:-3]}_day").is_null() if win else paid
    if "touches" in present:
        touches = nw.col("touches_value")
        found[WRONG_TOUCHES] = (touches < 0) | (touches != touches.floor()) | (touches > MOST_TOUCHES)
    if "reranked_at" in present:
        found[RERANKED_BEFORE] = nw.col("reranked_day") < nw.col("judged_day")
    return found


def _has_no_day(role: str) -> nw.Expr:
    """`is_unreadable` by the day number, which is null where text is no date."""
    text = nw.col(role).cast(nw.String)
    return ~text.is_null() & (text != nw.lit("")) & nw.col(f"{role[:-3]}_day").is_null()


def _no_number(role: str, dtype: nw.dtypes.DType) -> nw.Expr:
    if is_text(dtype):
        return is_no_number(role)
    value = nw.col(f"{role}_value")
    return (value > HUGE) | (value < -HUGE)


def _problem(plan: Plan) -> nw.Expr | None:
    """The first problem of a row, 0 for none; None where no column can have any."""
    problem = None
    for number, condition in reversed(row_problems(plan).items()):
        problem = nw.when(condition).then(nw.lit(number)).otherwise(nw.lit(0) if problem is None else problem)
    return None if problem is None else problem.cast(nw.Int64)


def _sums(plan: Plan) -> list[nw.Expr]:
    """Everything that is summed within a cell."""
    present = plan.present
    sums = [nw.len().cast(nw.Int64).alias("n"), nw.col("judged_day").min().alias("first_judged")]
    if "touches" in present and plan.with_touches:
        touches = nw.col("touches_value")
        sums += [touches.count().cast(nw.Int64).alias("n_touches_known"), touches.sum().alias("sum_touches")]
    win = "won_at" if "won_at" in present else "event_at"
    if win in present and ("won_at" in present or "amount" in present):
        won = nw.col(f"{win[:-3]}_day") <= nw.col("as_of_day")
        sums.append(number_of(won).alias("n_won"))
        if "amount" in present:
            sums += amount_sums(won)
    return sums


def count_ends(plan: Plan, frame: nw.LazyFrame[Any]) -> dict[str, int]:
    """How many judgments of a prepared frame end after `as_of`, have an event and an exit, have a role; of how many?

    A scan of its own: within the group-by it would cost DuckDB two fifths of the whole count, alone it costs a quarter,
    and only those who ask.
    """
    as_of = nw.col("as_of_day")
    ends = [nw.col(f"{role[:-3]}_day") for role in ("event_at", "exit_at") if role in plan.present]
    found = {}
    if ends:  # `|`, because true or unknown is true, which DuckDB is slow to say of any_horizontal
        found["n_end_after_as_of"] = number_of(reduce(or_, [(end > as_of) & (end < ENDLESS) for end in ends]))
    if len(ends) > 1:
        found["n_event_and_exit"] = number_of((ends[0] <= as_of) & (ends[1] <= as_of))
    if "won_at" in plan.present:
        before = [nw.col("won_day") < nw.col(f"{role[:-3]}_day") for role in ("judged_at", "event_at")]
        found["n_won_before"] = number_of(reduce(or_, before if "event_at" in plan.present else before[:1]))
    texts = [role for role in VALUES_ALONE if role in plan.present and is_text(plan.opened.schema[role])]
    if plan.loses_values and texts:
        found["n_value_lost"] = number_of(reduce(or_, map(is_unreadable, texts)))
    found |= {f"n_with_{role}": value.count().cast(nw.Int64) for role, value in _optional(plan).items()}
    if not found:
        return {}
    counted = collect(frame.select(nw.len().cast(nw.Int64).alias("n"), **found))
    plan.opened.let_go()
    return {name: int(whole_numbers(counted[name])[0]) for name in ("n", *found)}


def _optional(plan: Plan) -> dict[str, nw.Expr]:
    """Optional roles that can be counted, each with what is null where a row has no value."""
    there = [role for role in (*DATES, *NUMBERS, *PROBABILITIES) if role in plan.present and role != "judged_at"]
    value = {role: f"{role}_value" if role in NUMBERS else f"{role[:-3]}_day" for role in there}
    value |= {role: role for role in ("expected_at", *PROBABILITIES)}
    known = {role: nw.col(value[role]) for role in there}
    if "amount" in known:
        known["amount"] = nw.when(known["amount"] != 0).then(known["amount"])
    return known


def _floats(series: nw.Series[Any]) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64), nan=0.0)


def whole_numbers(series: nw.Series[Any]) -> IntArray:
    """A column of an engine's result as whole numbers, whatever type its sums have there."""
    values = series.to_numpy()
    if values.dtype.kind in "iu":
        return values.astype(np.int64, copy=False)
    return np.rint(np.clip(_floats(series), -_LARGEST, _LARGEST)).astype(np.int64)


_LARGEST = 2.0**62  # sums of rows that are then refused may be beyond it
