"""What is found: whether rank and percentage add to the machine's score, for whom, and which of them carries more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, RANK, STATED
from calibra.chapters.added.rows import Added, ends, gain_between
from calibra.chapters.added.worth import worth_draws
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.tables import plain_rows
from calibra.values import Chance, Given, Rank, Rep, Share, Value, Within
from calibra.views.strips import Record

LEAST_TOTAL = 4.0
"""Gain in log score over all judgments below which nothing is said to add: its own error is not known well there."""
HARDLY = 0.002
"""Gain in log score of a judgment below which a signal adds hardly anything: as measured, and as it may be worth."""
FEWEST_OF_EACH = 30
"""Judgments with an event, and as many without, below which nobody can say that a signal adds hardly anything: where
hardly anything comes, hardly anything can be gained."""


def findings(added: Added) -> Sequence[Finding]:
    """What was found at every horizon: of all reps, which carries more, then of each rep."""
    told: list[Finding] = []
    for fit in added.values():
        for signal in fit.signals if fit.with_machine else ():
            told += _of_all(fit, signal, added.margin_odds)
        if {RANK, STATED} <= set(fit.signals):
            told += _which_more(fit)
        for signal in fit.signals if fit.with_machine else ():
            told += _of_reps(fit, signal, added.margin_odds)
    return told


def _of_all(fit: AddedFit, signal: str, margin_odds: float) -> Iterator[Finding]:
    days, found = fit.within_days, gain_between(fit, signal, BASE)
    everyone = plain_rows(fit.by_rep(margin_odds=margin_odds))[_first(fit, signal)]
    n: dict[str, Value] = {"n": int(found.n), "within": Within(days)}
    sure = min(found.prob, everyone["prob_adds"])
    if sure >= FLAG_PROB and found.total >= LEAST_TOTAL:
        values = {**n, "sure": Chance(sure), **_end_values(fit, signal)}
        yield Finding(f"added.{signal}_adds", values, within_days=days, prob=sure, weight=float(found.total))
    elif everyone["prob_reversed"] >= FLAG_PROB and found.prob >= FLAG_PROB and found.total >= LEAST_TOTAL:
        sure = min(found.prob, everyone["prob_reversed"])
        values = {**n, "sure": Chance(sure), **_end_values(fit, signal)}
        yield Finding(f"added.{signal}_reversed", values, "doubt", within_days=days, prob=sure)
    elif _both_come(fit) and found.upper < HARDLY and (worth_draws(fit, signal) < HARDLY).mean() >= FLAG_PROB:
        yield Finding(f"added.{signal}_hardly", {**n, **_end_values(fit, signal)}, within_days=days)
    else:
        yield Finding(f"added.{signal}_unknown", n, "unknown", within_days=days)


def _both_come(fit: AddedFit) -> bool:
    """Whether enough judgments came to an event, and enough to none."""
    events, n = fit.cells.events.sum(), fit.cells.n.sum()
    return bool(min(events, n - events) >= FEWEST_OF_EACH)


def _end_values(fit: AddedFit, signal: str) -> dict[str, Value]:
    """At the middle score: what comes of a good judgment and of a poor one, of a typical rep."""
    score, (good, high), (poor, low) = ends(fit, signal)
    labels: tuple[Value, Value] = (Rank(str(good)), Rank(str(poor)))
    if signal == STATED:
        labels = (Given(float(good)), Given(float(poor)))
    return {"score": Share(score), "good": labels[0], "high": high, "poor": labels[1], "low": low}


def _which_more(fit: AddedFit) -> Iterator[Finding]:
    """Which of rank and percentage carries more, where the difference is sure."""
    found, days = gain_between(fit, RANK, STATED), fit.within_days
    beside: Literal["beside_machine", "alone"] = "beside_machine" if fit.with_machine else "alone"
    more, prob = ("rank", found.prob) if found.mean > 0 else ("stated", 1.0 - found.prob)
    carried = gain_between(fit, more, BASE)
    if prob < FLAG_PROB or abs(found.total) < LEAST_TOTAL or carried.total < LEAST_TOTAL:
        return
    values: dict[str, Value] = {"n": int(found.n), "sure": Chance(prob), "within": Within(days)}
    yield Finding(f"added.{more}_more_{beside}", values, within_days=days, prob=prob)


def _of_reps(fit: AddedFit, signal: str, margin_odds: float) -> Iterator[Finding]:
    """Whose rank adds nothing to the score, or speaks against it, where that of the others adds."""
    rows = plain_rows(fit.by_rep(margin_odds=margin_odds))
    start = _first(fit, signal)
    for row in rows[start + 1 : start + 1 + len(fit.reps)]:
        if row["n"] >= FEWEST_JUDGMENTS:
            yield from _of_rep(fit, signal, row)


def _of_rep(fit: AddedFit, signal: str, row: Record) -> Iterator[Finding]:
    days, rep = fit.within_days, row["rep"]
    for fault in ("reversed", "hardly"):
        prob = row[f"prob_{fault}"]
        if prob >= FLAG_PROB:
            values: dict[str, Value] = {
                "rep": Rep(rep),
                "n": row["n"],
                "sure": Chance(prob),
                "within": Within(days),
            }
            key = f"added.{signal}_{fault}_of_rep"
            yield Finding(key, values, rep=rep, within_days=days, prob=prob, weight=row["n"] * 0.05)


def _first(fit: AddedFit, signal: str) -> int:
    """Place of the row of all reps among the rows of every signal."""
    return int(np.flatnonzero(np.array(fit.signals) == signal)[0]) * (1 + len(fit.reps))
