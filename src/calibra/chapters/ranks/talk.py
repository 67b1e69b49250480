"""What there is to talk about of each rep's ranks beside the others', in counts, and what came from low ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from calibra.chapters.ranks.rows import RankRows
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_SHOWN, FLAG_PROB
from calibra.values import Listed, Number, Rank, Rep, Value, Within

type Values = dict[str, Value]

TURNED_PROB = 0.95
"""Of the several pairs of ranks of a rep that might stand the wrong way round, the surest has to be very likely."""
FEWEST_MISSED = 30
"""Fewest events of which it is worth saying in which rank they stood."""

FEWEST_MISSED_OF_REP = 10
"""The same of one rep's events."""


class Gap(NamedTuple):
    """A rank of a rep that brings more, or fewer, than the others'."""

    side: Literal["below", "above"]
    """Side of the others."""
    place: int
    """Index of the rank."""
    prob: float
    """How sure it is."""
    weight: float
    """Events more or fewer than the others would have had, times how sure that is."""


def talk_findings(rows: RankRows) -> Iterator[Finding]:
    """Of each rep the rank that lies furthest from the others', else that the ranks tell outcomes apart better."""
    if len(rows.fit.reps) < 3 or not rows.has_events:
        return
    for i, rep in enumerate(rows.fit.reps):
        if rows.separation(rep) != "separates":
            continue
        turned = list(_turned(rows, i))
        if turned:
            yield from turned
            continue
        gap = widest_gap(rows.beside, i, rows.fit.n[i])
        if gap is not None:
            yield _gap(rows, i, gap)
        yield from _sharper(rows, i, is_below=gap is not None and gap.side == "below")


def widest_gap(beside: Mapping[str, Any], i: int, n: Any) -> Gap | None:
    """The rank of a rep with most events too few, but the last rank, or too many, but the first."""
    gaps: list[Gap] = []
    last = len(n) - 1
    for k in range(last + 1):
        off = float(n[k] * (beside["own"][i, k] - beside["others"][i, k]))
        side: Literal["below", "above"] = "below" if off < 0 else "above"
        prob = float(beside["prob_fewer" if off < 0 else "prob_more"][i, k])
        speaks = k < last if off < 0 else k > 0
        if n[k] >= FEWEST_SHOWN and speaks and prob >= FLAG_PROB and abs(off) >= 1.0:
            gaps.append(Gap(side, k, prob, abs(off) * prob))
    return max(gaps, key=lambda gap: gap.weight, default=None)


def _gap(rows: RankRows, i: int, gap: Gap) -> Finding:
    """So many of a rank came, and of as many of the others' so many would have."""
    fit, rep = rows.fit, rows.fit.reps[i]
    rank, n = fit.ranks[gap.place], int(fit.n[i, gap.place])
    values: Values = {
        "rep": Rep(rep),
        "rank": Rank(rank),
        "n": n,
        "came": int(fit.events[i, gap.place]),
        "others": Number(n * rows.beside["others"][i, gap.place], 0),
        "within": Within(rows.days),
    }
    if gap.side == "above":
        values["better"] = Rank(fit.ranks[gap.place - 1])
    key = "ranks.fewer" if gap.side == "below" else "ranks.more"
    return Finding(key, values, "found", rep, rank, rows.days, gap.prob, gap.side, gap.weight)


def _sharper(rows: RankRows, i: int, *, is_below: bool) -> Iterator[Finding]:
    """Whose ranks tell outcomes apart better than the others': somebody to show a case."""
    rep, prob = rows.fit.reps[i], float(rows.beside["prob_sharper"][i])
    mine, others = (float(rows.beside[name][i]) for name in ("auc", "others_auc"))
    if prob < FLAG_PROB or is_below or rep not in rows.profiles:
        return
    values: Values = {"rep": Rep(rep), "auc": Number(100 * mine, 0), "others": Number(100 * others, 0)}
    weight = prob * (mine - others) * float(rows.fit.n[i].sum())
    yield Finding("ranks.sharper", values, "found", rep, within_days=rows.days, prob=prob, side="above", weight=weight)


def missed(rows: RankRows) -> Iterator[Finding]:
    """How many of the events that came had stood in the lower half of the ranks."""
    events, ranks = rows.fit.events.sum(axis=0), rows.fit.ranks
    low = len(ranks) - len(ranks) // 2
    if events.sum() >= FEWEST_MISSED and low < len(ranks):
        values: Values = {
            "n": int(events[low:].sum()),
            "of": int(events.sum()),
            "ranks": Listed(tuple(map(Rank, ranks[low:])), "or"),
            "within": Within(rows.days),
        }
        yield Finding("ranks.missed", values, within_days=rows.days)


def missed_of(rows: RankRows, rep: str) -> Iterator[Finding]:
    """How many of the events of a rep had stood in the lower half of the ranks."""
    if rep not in rows.fit.reps:
        return
    events, ranks = rows.fit.events[rows.fit.reps.index(rep)], rows.fit.ranks
    low = len(ranks) - len(ranks) // 2
    if events.sum() >= FEWEST_MISSED_OF_REP and low < len(ranks):
        values: Values = {
            "rep": Rep(rep),
            "n": int(events[low:].sum()),
            "of": int(events.sum()),
            "ranks": Listed(tuple(map(Rank, ranks[low:])), "or"),
            "within": Within(rows.days),
        }
        yield Finding("ranks.missed_of", values, "found", rep, within_days=rows.days)


def _turned(rows: RankRows, i: int) -> Iterator[Finding]:
    """Two ranks that stand the wrong way round, with a rank between them, although not all of the ranks do."""
    prob, n = rows.beside["prob_turned"][i], rows.fit.n[i]
    apart = 2 if len(n) > 2 else 1
    pairs = [
        (float(prob[a, b]), a, b)
        for a in range(len(n))
        for b in range(a + apart, len(n))
        if min(n[a], n[b]) >= FEWEST_SHOWN
    ]
    sure, a, b = max(pairs, default=(0.0, -1, -1))
    if sure >= TURNED_PROB:
        rep = rows.fit.reps[i]
        values: Values = {"rep": Rep(rep), **_in_counts(rows, i, a, b)}
        weight = sure * float(n.sum())
        yield Finding("ranks.turned", values, "found", rep, None, rows.days, sure, "below", weight)


def turned_pair(rows: RankRows, rep: str) -> Values:
    """The two ranks of a rep that stand most clearly the wrong way round, in counts; empty where counts show none."""
    i = rows.fit.reps.index(rep)
    n, events = rows.fit.n[i], rows.fit.events[i]
    rates = np.where(n >= FEWEST_SHOWN, events / np.maximum(n, 1), np.nan)
    pairs = [(rates[b] - rates[a], a, b) for a in range(len(n)) for b in range(a + 1, len(n))]
    gap, a, b = max((pair for pair in pairs if pair[0] > 0), default=(0.0, -1, -1))
    if gap <= 0:
        return {}
    return _in_counts(rows, i, a, b)


def _in_counts(rows: RankRows, i: int, a: int, b: int) -> Values:
    """Two ranks of a rep with their judgments and events."""
    values: Values = {}
    for name, k in (("better", a), ("worse", b)):
        counts = {f"n_{name}": int(rows.fit.n[i, k]), f"came_{name}": int(rows.fit.events[i, k])}
        values |= {name: Rank(rows.fit.ranks[k]), **counts}
    return values
