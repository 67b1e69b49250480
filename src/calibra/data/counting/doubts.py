"""What gives reason to doubt though every row is sound: columns, names, dates, order of ranks, few, a misfit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import BinomialCells
from calibra.data.frames.rep_names import read_as
from calibra.data.scale import RankScale
from calibra.findings import Finding
from calibra.values import Listed, Rank, Rep, Value, Within
from calibra.words import normal_spelling, quoted

REPS_NEVER_SEEN = "data.reps_never_seen"
NONE_OPEN, NO_EXIT, ONE_DAY = "data.none_open", "data.no_exit", "data.one_day"
UNUSED_RANKS, TOTAL_ROW, NO_NAME = "data.unused_ranks", "data.total_row", "data.no_name"
NO_EVENT, ALIKE_REPS, NONE_YOUNG = "data.no_event", "data.alike_reps", "data.none_young"
UPSIDE_DOWN, FEW_MATURE, RISING = "data.upside_down", "data.few_mature", "data.rising"
QUARTERS_DIFFER, EVENTS_AFTER_EXITS = "data.quarters_differ", "data.events_after_exits"
PARTLY_SEEN, REP_LEFT_OUT = "data.partly_seen", "data.rep_left_out"
MISSING_ENDINGS, SHARED_PROSPECTS = "data.missing_endings", "data.shared_prospects"
STRANGERS, EVENT_DAY, UTC_DAYS = "data.strangers", "data.event_day", "data.utc_days"

FEWEST_MATURE = 50
"""With fewer mature judgments in all, of all reps, hardly anything can be told."""
FEWEST_OF_EXPORT = 50
"""In fewer judgments it may be chance that a kind of them is missing altogether."""
TOTALS = frozenset(("total", "grandtotal", "sum", "subtotal", "合計", "総計", "小計", "計"))
"""How a row of totals is called, in `normal_spelling`."""
NO_NAMES = frozenset(("null", "(null)", "none", "nan", "n/a", "#n/a", "\\n", "undefined", "-"))
"""What systems write where nobody is named, in `normal_spelling`."""
MANY_NEVER_SEEN = 0.1
"""With a larger share of scored rows by reps the fit does not know, their names are probably written otherwise."""
SURE_Z = 2.5758
"""Normal quantile of 0.995."""
MANY_STRANGERS = 0.1
"""From such a share of ranked prospects without an outcome on it looks like a mistake."""
FEWEST_EVENTS, MOST_ON_THE_DAY = 5, 0.5
"""Of a rank with so many events, from such a share of them on the day of the judgment on, it looks like hindsight."""


def doubt(key: str, **values: Value) -> Finding:
    """Something that looks like a mistake, and that only its owner can judge."""
    within = values.get("within")
    return Finding(key, values, "doubt", within_days=within.days if isinstance(within, Within) else None)


def doubts_of_counts(reps: Iterable[str], n: NDArray[Any], events: NDArray[Any], *, has_events: bool) -> list[Finding]:
    """What counts give reason to ask: mature judgments and their events, (rep, rank); whether there is any event."""
    names = tuple(reps)
    found = alike(names)
    found += [doubt(TOTAL_ROW, names=Rep(name)) for name in names if normal_spelling(name) in TOTALS][:1]
    found += [doubt(NO_NAME, names=Rep(name)) for name in names if normal_spelling(name) in NO_NAMES]
    found += [] if has_events else [doubt(NO_EVENT)]
    return found + ([doubt(UPSIDE_DOWN)] if _stands_upside_down(n, events) else [])


def doubts_of_export(
    n: NDArray[Any],
    n_exits: NDArray[Any],
    n_open: NDArray[Any],
    *,
    ranks: tuple[str, ...],
    as_of: date | None,
    only_day: date | None,
    exits_mapped: bool,
) -> list[Finding]:
    """What is missing altogether, or all alike, as in an export that was cut; counts by (rep, rank)."""
    if n.sum() < FEWEST_OF_EXPORT:
        return []
    unused = [rank for rank, of_rank in zip(ranks, n.sum(axis=0), strict=True) if not of_rank]
    checks = (
        (not n_open.any(), doubt(NONE_OPEN, as_of=as_of)),
        (exits_mapped and not n_exits.any(), doubt(NO_EXIT)),
        (only_day is not None, doubt(ONE_DAY, day=only_day)),
        (bool(unused), doubt(UNUSED_RANKS, ranks=Listed(tuple(map(quoted, unused))))),
    )
    return [doubt for holds, doubt in checks if holds]


def doubts_of_scores(counts: Mapping[str, int]) -> list[Finding]:
    """Many rows of reps never seen, as labels written in two ways make them; `counts` as `count_notes` gives them."""
    scored, n = counts["scored"], counts["rep never seen"]
    return [doubt(REPS_NEVER_SEEN, n=n, scored=scored)] if n > MANY_NEVER_SEEN * scored else []


def doubts_of_scale(scale: RankScale) -> list[Finding]:
    """A worse rank that promises more; of several pairs the first."""
    return [doubt(RISING, better=Rank(better), worse=Rank(worse)) for better, worse in scale.rising[:1]]


def reps_left_out(cells: Iterable[BinomialCells]) -> list[Finding]:
    """Reps of whose own judgments too many are left out, each at the first horizon where they are."""
    found: dict[str, Finding] = {}
    for of in cells:
        for i in np.flatnonzero(of.seen_too_little).tolist():
            n, n_mature = int(of.left_out_of_rep[i]), int(of.mature_of_rep[i])
            within = Within(of.within_days)
            left_out = doubt(REP_LEFT_OUT, names=Rep(of.reps[i]), n=n, n_mature=n_mature, within=within)
            found.setdefault(of.reps[i], left_out)
    return list(found.values())


def few_mature(n: float, within_days: int | None) -> list[Finding]:
    """Too few judgments to tell much; `n` mature ones of all reps."""
    return [doubt(FEW_MATURE, n=int(n), within=Within(within_days))] if n < FEWEST_MATURE else []


def events_on_the_day(ranks: Sequence[str], n_event_day: NDArray[Any], n_events: NDArray[Any]) -> list[Finding]:
    """Ranks most of whose events came on the day of the judgment: of each rank, such events and all."""
    carried = (n_events >= FEWEST_EVENTS) & (n_event_day >= MOST_ON_THE_DAY * n_events)
    rows = zip(ranks, n_event_day.tolist(), n_events.tolist(), carried.tolist(), strict=True)
    return [doubt(EVENT_DAY, rank=Rank(rank), n=int(n), n_all=int(n_all)) for rank, n, n_all, hit in rows if hit]


def strangers(n: int, n_all: int) -> tuple[Finding, ...]:
    """Whether so many ranked prospects are missing from the other table that it looks like a mistake."""
    many = n > 0 and n >= MANY_STRANGERS * n_all
    return (doubt(STRANGERS, n=n, n_all=n_all),) if many else ()


def _stands_upside_down(n: NDArray[Any], events: NDArray[Any]) -> bool:
    """Whether worse ranks surely bring more events at the same reps: the trend test within reps (Mantel 1963)."""
    place = -np.arange(n.shape[1], dtype=float)
    total = np.maximum(n.sum(axis=1), 1.0)
    rate = events.sum(axis=1) / total
    trend = ((events - n * rate[:, None]) @ place).sum()
    spread = (rate * (1.0 - rate) * (n @ place**2 - (n @ place) ** 2 / total) * total / np.maximum(total - 1, 1)).sum()
    return bool(trend < -SURE_Z * np.sqrt(spread)) and spread > 0


def alike(names: Iterable[str]) -> list[Finding]:
    """Names that a person reads as the same; one doubt for each group of them."""
    ordered = sorted(names, key=lambda name: (read_as(name), name))
    groups = [tuple(group) for _, group in groupby(ordered, key=read_as)]
    return [doubt(ALIKE_REPS, names=Listed(tuple(map(Rep, group)))) for group in groups if len(group) > 1]
