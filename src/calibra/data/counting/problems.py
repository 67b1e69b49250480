"""What is wrong with the rows, read off the raw counts, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.labels import NO_LABEL, label_text
from calibra.data.counting.packed import (
    AMOUNT_WITHOUT_WIN,
    MOST_TOUCHES,
    NEGATIVE_AMOUNT,
    NO_DAY,
    NOT_YET,
    OUTSIDE_CALENDAR,
    RERANKED_BEFORE,
    TOO_OLD,
    UNREADABLE_DATE,
    UNREADABLE_NUMBER,
    WRONG_TOUCHES,
    PackedCounts,
    is_labelled,
    row_problems,
)
from calibra.data.counting.plan import Plan
from calibra.data.frames.dates import FIRST_DAY, LAST_DAY, is_text
from calibra.data.frames.empty_days import (
    ENDLESS,
    FIRST_OF_ALL,
    is_outside,
    say_outside,
    within_calendar,
    year_of_outside,
)
from calibra.data.frames.open import collect
from calibra.data.frames.roles import DATES
from calibra.words import counted, normal_spelling, quoted

if TYPE_CHECKING:
    pass

FINE, UNKNOWN_YET, JUDGED_TOO_EARLY = 0, -1, 19
MISSING_REP, UNKNOWN_RANK, MISSING_DAY, EVENT_BEFORE, EXIT_BEFORE, LOST_BEFORE, ENTERED_AFTER = range(11, 18)
DUPLICATE = 20
MISSING_PROSPECT, MISSING_CHANGE, UNREADABLE_CHANGE, OUTCOME_UNNAMED, OUTCOME_TWICE, UNREADABLE_OUTCOME = range(31, 37)
NEITHER = 38


@dataclass(frozen=True, slots=True)
class Reason:
    """Why is a row no judgment that can be counted?"""

    name: str
    """A short name, as it stands in `set_aside`."""
    fault: str
    """What was expected and what came, before the number of rows."""
    mend: str
    """How to mend it."""
    shown: tuple[str, ...]
    """Roles shown in the examples, beside the prospect."""


_DATES_SHOWN = DATES
OUTCOMES_SHOWN = ("event_at", "exit_at", "censored_at", "won_at")
REASONS: Mapping[int, Reason] = {
    MISSING_REP: Reason("missing rep", "`rep` must name who judged; it is missing", "Fill it, or drop them.", ()),
    UNKNOWN_RANK: Reason("unknown rank", "`rank` must be one of the scale", "", ("rank",)),
    OUTSIDE_CALENDAR: Reason(
        "day outside the calendar",
        "days must lie in the years 1 to 9999; they do not",
        "Such a day often stands for a missing one: correct it, or leave it empty in the query or the view.",
        DATES,
    ),
    JUDGED_TOO_EARLY: Reason(
        "judged before 1901",
        "`judged_at` must not lie before the year 1901; it does",
        "Such a day often stands for a missing one: correct it, leave it empty, or drop them.",
        ("judged_at",),
    ),
    UNREADABLE_DATE: Reason(
        "unreadable date",
        "dates given as text must be days that exist, written 2026-09-30 (ISO 8601) or 2026/9/30; they are not",
        "Correct them, or leave them empty where the day is not known; where the year comes last, parse the columns "
        "into dates, so that nobody has to guess.",
        _DATES_SHOWN,
    ),
    MISSING_DAY: Reason("missing judged_at", "`judged_at` must be known; it is missing", "Fill it, or drop them.", ()),
    EVENT_BEFORE: Reason(
        "event before judgment",
        "`event_at` must not be before `judged_at`; it is",
        "A rank given after the event is hindsight: correct the dates, or drop them.",
        ("judged_at", "event_at"),
    ),
    EXIT_BEFORE: Reason(
        "exit before judgment",
        "`exit_at` must not be before `judged_at`; it is",
        "Correct the dates, or drop them.",
        ("judged_at", "exit_at"),
    ),
    LOST_BEFORE: Reason(
        "censored before judgment",
        "`censored_at` must not be before `judged_at`; it is",
        "Correct the dates, or drop them.",
        ("judged_at", "censored_at"),
    ),
    ENTERED_AFTER: Reason(
        "entered after end",
        "`entered_at` must not be after the end of the judgment; it is",
        "Such rows would not be there had they been left to the observation: correct the dates, or drop them.",
        ("judged_at", "entered_at", "event_at", "exit_at", "censored_at"),
    ),
    UNREADABLE_NUMBER: Reason(
        "unreadable number",
        "`touches` and `amount` must be finite numbers; they are not",
        "Write plain numbers, such as 1250000 or 0.5, or leave them empty.",
        ("touches", "amount"),
    ),
    NEGATIVE_AMOUNT: Reason(
        "negative amount", "`amount` must not be negative; it is", "Correct it, or leave it empty.", ("amount",)
    ),
    AMOUNT_WITHOUT_WIN: Reason(
        "amount without win",
        "an `amount` belongs to a win; there is none",
        "Map `won_at`, or leave the amount of what is not won empty or 0.",
        ("amount", "won_at"),
    ),
    WRONG_TOUCHES: Reason(
        "touches no whole number",
        f"`touches` must be a whole number from 0 to {MOST_TOUCHES:,}; it is not",
        "Correct it, or leave it empty.",
        ("touches",),
    ),
    RERANKED_BEFORE: Reason(
        "re-ranked before judgment",
        "`reranked_at` must not be before `judged_at`; it is",
        "Correct the dates, or drop them.",
        ("judged_at", "reranked_at"),
    ),
    DUPLICATE: Reason(
        "duplicate judgment",
        "a rep judges a prospect once a day; the same rep, prospect and day come again",
        "Keep one row of each; different days are different judgments. Where they are set aside, one of copies that "
        "are alike is kept, and none of copies that differ. The check can be left out with `check_duplicates=False`.",
        ("rep", "judged_at", "rank"),
    ),
    MISSING_PROSPECT: Reason(
        "change without prospect",
        "every change of a rank must name its `prospect`; it is missing",
        "Fill it, or drop them.",
        ("rep", "rank", "changed_at"),
    ),
    UNREADABLE_CHANGE: Reason(
        "unreadable changed_at",
        "`changed_at` given as text must be a moment that exists, written 2026-09-30T08:15:00Z (ISO 8601) or 2026/9/30 "
        "8:15; it is not",
        "Correct it; where the year comes last, parse the column into moments, so that nobody has to guess.",
        ("changed_at",),
    ),
    MISSING_CHANGE: Reason(
        "missing changed_at", "`changed_at` must be known; it is missing", "Fill it, or drop them.", ("rank",)
    ),
    OUTCOME_UNNAMED: Reason(
        "outcome without prospect",
        "every row of the outcomes must name its `prospect`; it is missing",
        "Fill it, or drop them.",
        OUTCOMES_SHOWN,
    ),
    OUTCOME_TWICE: Reason(
        "outcome told twice",
        "the outcomes must hold one row per prospect; rows that differ come of the same one",
        "Keep the first event and the first exit of each; one who comes back is a prospect of its own.",
        (),
    ),
    UNREADABLE_OUTCOME: Reason(
        "unreadable outcome date",
        "dates of outcomes given as text must be days that exist, written 2026-09-30 (ISO 8601) or 2026/9/30; they are "
        "not",
        "Correct them, or leave them empty where the day is not known; where the year comes last, parse the columns "
        "into dates, so that nobody has to guess.",
        OUTCOMES_SHOWN,
    ),
    NEITHER: Reason(
        "event neither yes nor no",
        "`event` must say whether it came: 1 or 0, true or false, yes or no, ○ or ×; it does not",
        "Correct it; leave out whoever is still open within the days.",
        (),
    ),
}
"""Every reason, in order of precedence: a row stands under its first."""


MAY_BE_EMPTY = {
    JUDGED_TOO_EARLY: ("judged_at",),
    EVENT_BEFORE: ("event_at",),
    EXIT_BEFORE: ("exit_at",),
    LOST_BEFORE: ("censored_at",),
    RERANKED_BEFORE: ("reranked_at",),
    UNREADABLE_DATE: DATES,
}
"""Reasons whose days may be what a system writes for none, and the roles that hold them."""


def find_reasons(packed: PackedCounts, rank_codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which rows of the raw counts are fine (0), not yet known (−1), or have which problem (a key of REASONS)?

    Parameters
    ----------
    packed : PackedCounts
        The raw counts.
    rank_codes : array of int
        Place of each row's rank in the scale; −1 for an unknown one.
    """
    found = np.full(packed.code.shape, FINE)
    odd = (packed.code < 0) | (packed.entry_days > packed.code >> 2) | (packed.problem != 0)
    odd |= (packed.maturity == NOT_YET) | (packed.maturity == TOO_OLD) | (packed.rep.codes < 0) | (rank_codes < 0)
    places = np.flatnonzero(odd)
    if places.size:
        found[places] = _reasons(packed.at(places), rank_codes[places])
    return found


def _reasons(packed: PackedCounts, rank_codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The reason of each row of raw counts of which some are odd."""
    bits, days = packed.code & 3, packed.code >> 2
    early = (packed.code < 0) & (packed.code > NO_DAY // 2)
    tests = {
        MISSING_REP: packed.rep.codes < 0,
        UNKNOWN_RANK: rank_codes < 0,
        OUTSIDE_CALENDAR: _is_outside(packed, early),
        JUDGED_TOO_EARLY: (packed.maturity == TOO_OLD) & (packed.sums["first_judged"] < FIRST_DAY),
        UNREADABLE_DATE: packed.problem == UNREADABLE_DATE,
        MISSING_DAY: (packed.code < NO_DAY // 2) | (packed.sums["first_judged"] > ENDLESS),
        EVENT_BEFORE: early & (bits == 1),
        EXIT_BEFORE: early & (bits == 2),
        LOST_BEFORE: early & (bits == 3),
        ENTERED_AFTER: (packed.entry_days > days) & ~early,
    }
    hidden = (UNREADABLE_NUMBER, NEGATIVE_AMOUNT, AMOUNT_WITHOUT_WIN, WRONG_TOUCHES, RERANKED_BEFORE)
    tests |= {problem: packed.problem == problem for problem in hidden}
    found = np.full(packed.code.shape, FINE)
    for reason, hit in reversed(tests.items()):
        found[hit] = reason
    found[packed.maturity == NOT_YET] = UNKNOWN_YET
    return found


def _is_outside(packed: PackedCounts, early: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows hold a day outside the calendar: of the earliest end, which days after the judgment tell, or of that.

    It costs the count nothing; a condition on every day in every row would double it.
    """
    judged = packed.sums["first_judged"]
    ended = early & (judged > 0) & ((packed.code >> 2) + judged < FIRST_OF_ALL)
    unnatural = (packed.maturity == TOO_OLD) & ((judged < FIRST_OF_ALL) | ((judged > LAST_DAY) & (judged < ENDLESS)))
    return np.asarray(ended | unnatural | (packed.problem == OUTSIDE_CALENDAR))


def reason_expression(plan: Plan, unknown_ranks: Sequence[str]) -> nw.Expr:
    """`find_reasons` row by row, for those queries that name rows: asked only when there is something to name."""
    hidden = row_problems(plan)
    judged = nw.col("judged_day")
    tests = {
        MISSING_REP: _blank(plan, "rep"),
        UNKNOWN_RANK: _blank(plan, "rank"),
    }
    if unknown_ranks:
        tests[UNKNOWN_RANK] = tests[UNKNOWN_RANK] | is_labelled(plan, "rank", unknown_ranks)
    typed = [role for role in DATES if role in plan.present and role != "expected_at"]
    tests[OUTSIDE_CALENDAR] = reduce(or_, [is_outside(role) for role in typed])
    tests[JUDGED_TOO_EARLY] = (nw.col("maturity") == TOO_OLD) & (judged < FIRST_DAY)
    if UNREADABLE_DATE in hidden:
        tests[UNREADABLE_DATE] = hidden[UNREADABLE_DATE]
    tests[MISSING_DAY] = judged.is_null() | (judged > ENDLESS)
    ends = (("event_at", EVENT_BEFORE), ("exit_at", EXIT_BEFORE), ("censored_at", LOST_BEFORE))
    for role, reason in ends:
        if role in plan.present:
            tests[reason] = nw.col(f"{role[:-3]}_day") < judged
    if "entered_at" in plan.present:
        tests[ENTERED_AFTER] = nw.col("entry_days") * 4 > nw.col("code")
    tests |= {problem: hidden[problem] for problem in hidden if problem not in tests}
    found: nw.Expr = nw.lit(FINE)
    for reason, hit in reversed(tests.items()):
        found = nw.when(hit).then(nw.lit(reason)).otherwise(found)
    return nw.when(nw.col("maturity") == NOT_YET).then(nw.lit(UNKNOWN_YET)).otherwise(found)


_BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_NO_LABEL_TEXT = f"^[{_BLANKS}]*(?:{'|'.join(NO_LABEL)})?[{_BLANKS}]*$"


def _blank(plan: Plan, name: str) -> nw.Expr:
    label, dtype = nw.col(name), plan.opened.schema[name]
    if is_text(dtype):
        return label.is_null() | label.cast(nw.String).str.contains(_NO_LABEL_TEXT)
    return label.is_null() | label.is_nan() if dtype.is_float() else label.is_null()


def describe_rows(plan: Plan, rows: nw.LazyFrame[Any], reason: int) -> tuple[str, ...]:
    """The first three of these rows, in words, ordered by prospect so that the row order does not matter."""
    roles = [role for role in ("prospect", *REASONS[reason].shown) if role in plan.present]
    if not roles:
        return ()
    schema = plan.opened.schema
    readable = year_of_outside if reason == OUTSIDE_CALENDAR else within_calendar
    typed = [role for role in roles if role in DATES and not is_text(schema[role])]
    kept = [role for role in roles if role not in DATES or role in typed or reason != OUTSIDE_CALENDAR]
    shown = rows.select(*(readable(role).alias(role) if role in typed else nw.col(role) for role in kept))
    shown = shown.sort(*kept, nulls_last=True).head(3)
    return tuple(_in_words(row, reason) for row in collect(shown).iter_rows(named=True))


def _in_words(row: Mapping[str, Any], reason: int) -> str:
    values = [f"{role} {_plain(value)}" for role, value in row.items() if role != "prospect" and _plain(value)]
    if reason == UNKNOWN_RANK:
        values = [_plain(row.get("rank")) or "no rank"]
    if reason == OUTSIDE_CALENDAR:
        years = {role: row[role] for role in (*DATES, "changed_at") if row.get(role) is not None}
        values = [f"{role} {say_outside(int(year))}" for role, year in years.items() if year == year]
    return " ".join([f"prospect {_plain(row.get('prospect')) or 'unknown'}", ", ".join(values)]).strip()


def _plain(value: object) -> str:
    """A value to be read: dates without an empty time of day, labels in quotes, nothing for nothing."""
    if label_text(value) is None:
        return quoted(value) if isinstance(value, str) and value else ""
    text = str(value).removesuffix(" 00:00:00")
    return quoted(text) if isinstance(value, str) else text


def say(reason: int, n: int, examples: Sequence[str], *, ranks: Sequence[str], unknown_ranks: Sequence[str]) -> str:
    """One problem in words: expected, found, how many, the first three, how to mend it."""
    why = REASONS[reason]
    listed = f" ({'; '.join(examples)}{'; …' if n > len(examples) == 3 else ''})" if examples else ""
    rows = counted(n, "row")
    if reason != UNKNOWN_RANK:
        return f"{why.name}: {why.fault}, in {rows}{listed}. {why.mend}"
    others = f"{len(unknown_ranks)} other value{'s' if len(unknown_ranks) > 1 else ''}" if unknown_ranks else "no rank"
    mend = "Fill it, or drop those rows." if not unknown_ranks else _how_to_map(unknown_ranks, ranks)
    return f"{why.name}: `rank` must be one of {', '.join(ranks)}; found {others} in {rows}{listed}. {mend}"


def _how_to_map(unknown_ranks: Sequence[str], ranks: Sequence[str]) -> str:
    """A mapping of the labels to ranks that differ in case, width or blanks alone; "?" where only the user can tell."""
    meant = {normal_spelling(rank): rank for rank in reversed(ranks)}
    guessed = {label: meant.get(normal_spelling(label), "?") for label in unknown_ranks[:_MOST_LABELS]}
    more = ", …" if len(unknown_ranks) > _MOST_LABELS else ""
    mapped = ", ".join(f"{quoted(label)}: {quoted(rank)}" for label, rank in guessed.items())
    unsure = ", with the rank meant for each '?', add them to the scale" if "?" in guessed.values() else ""
    return f"Map them with `rank_labels={{{mapped}{more}}}`{unsure}, or drop those rows."


_MOST_LABELS = 8


def per_rep(hit: NDArray[np.bool_], packed: PackedCounts) -> dict[str, int]:
    """Rep to number of judgments, of the rows hit; "(missing)" where no rep is named."""
    labels = ("(missing)", *packed.rep.values)
    sums = np.bincount(packed.rep.codes[hit] + 1, packed.sums["n"][hit], len(labels))
    return {labels[i]: int(sums[i]) for i in np.flatnonzero(sums)}
