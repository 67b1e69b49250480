"""What is found of contacts: how many an event takes, what went to what never came, where a hand-back would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from calibra.chapters.effort.advice import HAND_BACK
from calibra.chapters.effort.answer import Effort
from calibra.chapters.effort.work import work_finding
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.stats.stopping import pilot_size
from calibra.tables import plain_rows
from calibra.values import Chance, Count, Estimate, Number, Rep, Share, Value
from calibra.views.strips import Record

WEIGHT = 0.1
"""How much there is to talk about in an event that takes twice as many contacts as the others', beside one lost.

It orders what is said; no line of the first page names a person for contacts, which may be gifts and information."""
MORE_CONTACTS = 3
"""Contacts that a pilot adds."""
COME_ANYWAY = 0.02
"""Share of those handed back that come by themselves, where no hand-back says it."""
LARGEST_PILOT = 5_000
"""A pilot of more prospects a side is not proposed."""


def findings(found: Effort) -> Sequence[Finding]:
    """What all reps do, when to hand back, what is not known, and who takes more or fewer contacts than the others."""
    everyone, *reps = plain_rows(found.fit.activity())
    told = [_of_all(everyone), *_hand_back(found), *_pilot(found)]
    told += [work_finding(found.fit, outcomes) for outcomes in found.outcomes.values()]
    for row in reps:
        if row["n"] >= FEWEST_JUDGMENTS:
            told += _of_rep(row)
    return told


def _of_all(row: Record) -> Finding:
    values: dict[str, Value] = {
        "each": read(row, "contacts_per_event", "tenth"),
        "spent": read(row, "spent"),
        "n": Count(row["contacts"]),
    }
    return Finding("effort.all", values)


def _hand_back(found: Effort) -> Iterator[Finding]:
    """Where contacts after the n-th bring next to nothing."""
    row = plain_rows(found.advice.table)[0]
    if row["verdict"] == HAND_BACK:
        stop = int(row["stop_after"])
        values: dict[str, Value] = {
            "cap": stop,
            "next": stop + 1,
            "saved": Count(row["contacts_saved"]),
            "share": Share(row["share_saved"]),
            "lost": row["events_lost"],
            "of": row["events"],
            "most": Share(row["share_lost_upper"], fine=True),
        }
        yield Finding("effort.hand_back", values, "try", prob=row["prob"])


def _pilot(found: Effort) -> Iterator[Finding]:
    """What more contacts would bring is not known: at most so much, and so many prospects would tell."""
    row = plain_rows(found.advice.table)[0]
    if row["now"] is None:
        return
    begin = min(int(row["now"]), found.fit.cells.last)
    hazard = found.hazard_from(begin + 1, MORE_CONTACTS)
    base = found.come_anyway if found.come_anyway is not None else COME_ANYWAY
    better = base + (1.0 - base) * hazard
    size = pilot_size(base, better) if better > base else LARGEST_PILOT + 1
    if size <= LARGEST_PILOT:
        values: dict[str, Value] = {
            "now": begin,
            "more": MORE_CONTACTS,
            "most": Share(better, fine=True),
            "base": Share(base, fine=True),
            "size": size,
        }
        yield Finding("effort.pilot", values, "unknown")


def _of_rep(row: Record) -> Iterator[Finding]:
    """A rep whose contacts per event lie beyond those of the others."""
    for name, side in (("more", "below"), ("fewer", "above")):
        prob = row[f"prob_{name}"]
        if prob is None or prob < FLAG_PROB:
            continue
        values: dict[str, Value] = {
            "rep": Rep(row["rep"]),
            "each": read(row, "contacts_per_event", "tenth"),
            "about": Number(row["contacts_per_event"], 0),
            "others": Number(row["others"], 0),
            "n": Count(row["events"], "event"),
            "sure": Chance(prob),
        }
        weight = prob * WEIGHT * row["events"] * abs(np.log2(row["contacts_per_event"] / row["others"]))
        yield Finding(f"effort.{name}", values, rep=row["rep"], prob=prob, side=side, weight=float(weight))  # type: ignore[arg-type]


def read(row: Record, name: str, unit: str = "percent") -> Estimate:
    """An estimate of a table with its interval."""
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], unit)  # type: ignore[arg-type]
