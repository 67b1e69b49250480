"""Open prospects of each rep: how many have hardly a chance left, and of how many nothing is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.values import Estimate
from calibra.views.strips import Record, rows_of_rep


@dataclass(frozen=True, slots=True)
class OpenProspects:
    """Open prospects of a rep, or of all reps, over all ranks."""

    n: int
    """Open prospects."""
    n_chased: int
    """Those to be looked through again."""
    n_unknown: int
    """Those whose chance is unknown, because follow-up ends before."""
    left: Estimate
    """Events still expected of those to be looked through again."""


def open_prospects(fit: LeadTimeFit) -> dict[str, OpenProspects]:
    """Add up the ranks of each rep; all reps come first."""
    return {rep: _over_ranks(rows) for rep, rows in rows_of_rep(fit.chasing()).items()}


def _over_ranks(rows: Iterable[Record]) -> OpenProspects:
    """Add up the ranks of a rep.

    The interval of the expected events adds up those of the ranks: it is that of the sum where the ranks move together,
    and wider elsewhere. Its upper end is rounded up, so that few are never reported as none.
    """
    total: dict[str, Any] = {
        name: sum(row[name] or 0 for row in rows)
        for name in ("n_open", "n_chased", "n_unknown", "expected_events", "expected_events_lower")
    }
    upper = ceil(10 * sum(row["expected_events_upper"] or 0 for row in rows)) / 10
    left = Estimate(total["expected_events"], total["expected_events_lower"], upper, "tenth")
    return OpenProspects(total["n_open"], total["n_chased"], total["n_unknown"], left)
