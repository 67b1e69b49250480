"""Does each rank keep its promise, all reps together?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from calibra.chapters.promises.everybody import everybody
from calibra.chapters.promises.reliability import KEPT, LESS, MORE
from calibra.chapters.promises.rows import Days, Promises
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.values import Chance, Estimate, Given, Listed, Phrase, Rank, Value, Within
from calibra.views.strips import Record

type Side = Literal["", "below", "above"]

SIDES: Mapping[str, Side] = {LESS: "below", KEPT: "", MORE: "above"}
"""Verdict on a promise to the side it lies on; any other verdict is none."""


def findings(promises: Promises) -> list[Finding]:
    """Averages in one sentence a horizon, as far as they are sure; then each promised bar."""
    found: list[Finding] = []
    for days in promises:
        rows = promises.rows(days)[ALL_REPS]
        found += _averages(rows, days)
        found += [_bar(rank, row, days) for rank, row in rows.items() if row["kind"] == "bar"]
    return [*found, *everybody(promises)]


def _averages(rows: Mapping[str, Record], days: Days) -> Iterator[Finding]:
    """Each promised average that is surely kept, or surely not."""
    parts = tuple(
        Phrase(f"promises.rank_{row['verdict']}", {"rank": Rank(rank), "chance": Chance(_sure(row))})
        for rank, row in rows.items()
        if row["kind"] == "average" and row["verdict"] in SIDES
    )
    if parts:
        values: dict[str, Value] = {"within": Within(days), "ranks": Listed(parts, "semicolon")}
        yield Finding("promises.averages", values, within_days=days)


def _bar(rank: str, row: Record, days: Days) -> Finding:
    """From which chance on a rank is used that promises a bar, and from which it is meant."""
    bar = Estimate(row["bar"], row["bar_lower"], row["bar_upper"])
    values: dict[str, Value] = {"rank": Rank(rank), "bar": bar, "promised": Given(row["promised"])}
    verdict = row["verdict"]
    if verdict not in SIDES:
        return Finding("promises.starts_open", values, "unknown", rank=rank, within_days=days)
    values["sure"] = Chance(_sure(row))
    key = f"promises.starts_{verdict}"
    return Finding(key, values, rank=rank, within_days=days, prob=_sure(row), side=SIDES[verdict])


def _sure(row: Record) -> float:
    """How sure the verdict on a promise is."""
    return float(row[f"prob_{row['verdict']}"])
