"""What rows give reason to doubt, beyond what their counts show: quarters, rows that are missing, exits, follow-up."""

from __future__ import annotations

from calibra.checks.missing_endings import missing_endings
from calibra.checks.quarters import quarters_that_differ
from calibra.data.counting.counts import MOST_LEFT_OUT
from calibra.data.counting.doubts import EVENTS_AFTER_EXITS, PARTLY_SEEN, doubt
from calibra.data.counting.exits import NOT_STATED
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.saved import has_rows
from calibra.findings import Finding
from calibra.stats.margin import MARGIN_ODDS
from calibra.values import Within


def doubts_of_rows(judgments: Judgments, *, margin_odds: float = MARGIN_ODDS) -> list[Finding]:
    """First of all what speaks against every comparison of reps; nothing of counts without days."""
    return [
        *quarters_that_differ(judgments, margin_odds=margin_odds),
        *missing_endings(judgments),
        *exits_with_events_after(judgments),
        *too_many_seen_in_part(judgments),
    ]


FEWEST_AFTER, SHARE_AFTER = 10, 0.05
"""So many exits with an event after them, and such a share of all exits, give reason to ask what kind they are."""


def exits_with_events_after(judgments: Judgments) -> list[Finding]:
    """A sizeable share of exits of no stated kind has an event after: were they hand-backs?"""
    if not has_rows(judgments):
        return []
    exits = judgments.exits()
    n, after = exits.n_of(NOT_STATED), exits.n_of(NOT_STATED, event_after=True)
    if after < FEWEST_AFTER or after < SHARE_AFTER * n:
        return []
    return [doubt(EVENTS_AFTER_EXITS, n=n, n_after=after)]


def too_many_seen_in_part(judgments: Judgments) -> list[Finding]:
    """The shortest horizon that so many were not followed through that nothing can be counted within it."""
    if not {"entered_at", "censored_at", "entry_days"} & set(judgments.columns):
        return []
    for within_days, (n, n_mature) in _seen_in_part(judgments).items():
        if n > MOST_LEFT_OUT * n_mature:
            return [doubt(PARTLY_SEEN, n=n, n_mature=n_mature, within=Within(within_days))]
    return []


def _seen_in_part(judgments: Judgments) -> dict[int, tuple[int, int]]:
    """Horizon to how many mature judgments were seen in part only, and how many are mature."""
    counts = judgments.duration_counts()
    if "reranked_at" not in judgments.columns:
        return {days: counts.partly_seen(days) for days in counts.horizons}
    weeks = judgments.weekly_counts()  # these follow the prospect through a re-rank, as outcomes do
    mature = [int(weeks.n[weeks.maturity > i].sum()) for i in range(len(weeks.horizons))]
    followed = weeks.n_mature.sum(axis=1)
    return {days: (mature[i] - int(followed[i]), mature[i]) for i, days in enumerate(weeks.horizons)}
