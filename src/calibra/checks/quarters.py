"""Has the world changed? Rates of the same reps and ranks that differ from quarter to quarter give reason to doubt."""

from __future__ import annotations

import numpy as np

from calibra.data.counting.doubts import QUARTERS_DIFFER, doubt
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.saved import has_rows
from calibra.data.counting.weekly import WeeklyCounts
from calibra.findings import Finding
from calibra.stats.margin import MARGIN_ODDS
from calibra.stats.periods import PeriodComparison, compare_periods
from calibra.values import Phrase, Share, Within

CHANCE = 0.001
"""A difference between quarters is told where chance alone makes one so large less often than this."""
STANDS_OUT = 2.5758
"""A quarter is named only where it lies so many standard deviations from what the others lead to expect."""


def quarters_that_differ(judgments: Judgments, *, margin_odds: float = MARGIN_ODDS) -> list[Finding]:
    """The quarter whose rates differ most from the same reps' at the same ranks in the others, where any do.

    Only judgments mature at a horizon enter, so that a quarter that is partly young is told by its old part. Of several
    horizons the one that chance explains worst is told. Counts without days say nothing.
    """
    if not has_rows(judgments):
        return []
    weeks = judgments.weekly_counts()
    compared = {days: _compare(weeks, days) for days in weeks.horizons}
    sure = {days: found for days, found in compared.items() if found.p_value < CHANCE}
    named = {days: _furthest_out(found, margin_odds) for days, found in sure.items()}
    told = [(sure[days].p_value, days, quarter) for days, quarter in named.items() if quarter is not None]
    if not told:
        return []
    _, days, quarter = min(told)
    at = compared[days]
    year, _, place = weeks.quarters[quarter].partition(" Q")
    last = 3 * int(place)
    return [
        doubt(
            QUARTERS_DIFFER,
            quarter=Phrase("format.quarter", {"year": str(year), "first": last - 2, "last": last}),
            n=int(at.n[quarter]),
            rate=Share(float(at.rate[quarter])),
            elsewhere=Share(float(at.rate_elsewhere[quarter])),
            within=Within(days),
        )
    ]


def _compare(weeks: WeeklyCounts, within_days: int) -> PeriodComparison:
    n, events = weeks.quarterly(within_days)
    return compare_periods(n.reshape(-1, n.shape[-1]), events.reshape(-1, n.shape[-1]))


def _furthest_out(compared: PeriodComparison, margin_odds: float) -> int | None:
    """The quarter furthest out in standard deviations, among those beyond the margin."""
    z = np.abs(np.nan_to_num(compared.z))
    beyond = np.abs(np.nan_to_num(compared.log_odds_gap)) > np.log(margin_odds)
    out = np.where(beyond & (z > STANDS_OUT), z, 0.0)
    return int(np.argmax(out)) if out.any() else None
