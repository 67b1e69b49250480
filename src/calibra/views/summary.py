"""Findings as a text: those of all reps, and of each kind the reps with most to talk about."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.findings import Finding
from calibra.wording import Wording

MOST_NAMED = 5
"""So many reps are named of each kind of finding; the others are counted."""
LEAST_WEIGHT = 1.0
"""What weighs less stands on the card alone."""


def sentences(findings: Sequence[Finding], say: Wording) -> list[str]:
    """The findings in sentences, in their order; of one rep only what was found or is to be tried, and has weight."""
    told: list[str] = []
    done: set[tuple[str, int | None]] = set()
    for finding in findings:
        if finding.rep is None:
            sentence = say.tell(finding)
            told += [] if sentence in told else [sentence]  # of several horizons one doubt may read alike
            continue
        kind = (finding.key, finding.within_days)
        if kind in done or not _is_told(finding):
            continue
        done.add(kind)
        alike = [other for other in findings if (other.key, other.within_days) == kind and _is_told(other)]
        alike.sort(key=lambda other: -other.weight)
        told += [say.tell(other) for other in alike[:MOST_NAMED]]
        if len(alike) > MOST_NAMED:
            told.append(say("format.more_findings", n=f"{len(alike) - MOST_NAMED:,}"))
    return told


def _is_told(finding: Finding) -> bool:
    return finding.rep is not None and finding.role in ("found", "try") and finding.weight >= LEAST_WEIGHT
