"""What moved since an earlier calibration: of whom a rank means something else than it did."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.ranks.rows import Ranks
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.values import Count, Listed, Rep, Value
from calibra.views.strips import Record, is_shown

MOST_NAMED = 2
"""Reps named in the figure of the first page; more are counted."""


def moved(before: Ranks, after: Ranks) -> Sequence[Finding]:
    """Reps of whom some rank's probability left the interval of then, and then's left the interval of today.

    The two share judgments, so that no probability of a change can be stated.
    """
    days = after.first_days
    if days not in before:
        return []
    then, today = before.rows(days).probabilities, after.rows(days).probabilities
    both = [rep for rep in today if rep in then and rep != ALL_REPS]
    found = [rep for rep in both if any(_is_apart(then[rep].get(rank), row) for rank, row in today[rep].items())]
    counts = before[days].judgments
    values: dict[str, Value] = {"n": len(found), "reps": Count(len(both), "rep")}
    values["date"] = None if counts is None else counts.as_of
    if not both:
        return []
    if not found:
        return [Finding("ranks.moved_none", values, within_days=days)]
    values["names"] = Listed(tuple(map(Rep, found)))
    return [Finding("ranks.moved" if len(found) <= MOST_NAMED else "ranks.moved_many", values, within_days=days)]


def _is_apart(then: Record | None, today: Record) -> bool:
    """Whether each estimate lies outside the other's interval."""
    if then is None or not (is_shown(then) and is_shown(today)):
        return False
    return not (then["lower"] <= today["estimate"] <= then["upper"]) and not (
        today["lower"] <= then["estimate"] <= today["upper"]
    )
