"""Were rows left out that had ended before some day? Then hardly any ending lies before it, though many were due."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr

from calibra.data.counting.counts import OPEN, DurationCounts
from calibra.data.counting.doubts import MISSING_ENDINGS, doubt
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.saved import has_rows
from calibra.data.counting.weekly import WEEK_DAYS, first_days
from calibra.findings import Finding

type Floats = NDArray[np.float64]

CHANCE = 1e-4
"""So few endings are told where chance alone leaves so few less often than this."""
MOST_THERE = 0.2
"""Of the endings to be expected at most this share is there: a pace that changed leaves more."""
FEWEST_WEEKS = 13
"""Judgments go back so many weeks before the day, for endings entered at the end of a quarter come late, too."""


def missing_endings(judgments: Judgments) -> list[Finding]:
    """The last day before which next to no judgment ended, though by the pace of all of them many should have.

    An export of what was open on a day, or ended since, leaves such a hole. The pace is that of the very judgments
    that are there, so that the number to be expected is, if anything, too small. With the role `entered_at` late entry
    is known, and nothing is doubted; counts without days say nothing.
    """
    if not has_rows(judgments) or "entered_at" in judgments.columns:
        return []
    weeks, endings = judgments.weekly_counts(), judgments.weekly_endings()
    n_weeks = 1 + int(max(weeks.weeks_ago.max(initial=0), endings.weeks_ago.max(initial=0)))
    judged = np.bincount(weeks.weeks_ago, weeks.n, n_weeks)
    ended = np.bincount(endings.weeks_ago, endings.events + endings.exits, n_weeks)
    by_lag = _share_ended(judgments.duration_counts(), n_weeks)
    before = np.arange(n_weeks)[:, None] - np.arange(n_weeks)  # weeks from a judgment (row) to a day (column)
    expected = judged @ np.where(before > 0, by_lag[np.maximum(before, 0)], 0.0)
    found = ended[::-1].cumsum()[::-1]  # ended in this week or before
    oldest = int(np.flatnonzero(judged).max(initial=0))
    early = np.arange(n_weeks) <= oldest - FEWEST_WEEKS
    hole = early & (found <= MOST_THERE * expected) & (pdtr(found, expected) < CHANCE)
    if not hole.any():
        return []
    week = int(np.flatnonzero(hole)[0])  # the latest
    day = first_days(weeks.as_of, np.array([week - 1]))[0].item()
    return [doubt(MISSING_ENDINGS, day=day, n=int(found[week]), expected=int(expected[week]))]


def _share_ended(counts: DurationCounts, n_weeks: int) -> Floats:
    """Share of all judgments ended within so many whole weeks, by what is left open each day (Kaplan–Meier)."""
    n_days = 1 + max(int(counts.days.max(initial=0)), WEEK_DAYS * n_weeks)
    ended = counts.ending != OPEN
    leaves = np.bincount(counts.days, counts.n, n_days)
    at_risk = leaves[::-1].cumsum()[::-1]
    share = np.bincount(counts.days[ended], counts.n[ended], n_days) / np.maximum(at_risk, 1.0)
    by_day = 1.0 - np.cumprod(1.0 - share)
    # A week's judgments are three days old on average when it ends.
    return np.asarray(by_day[np.maximum(WEEK_DAYS * np.arange(n_weeks) - WEEK_DAYS // 2, 0)])
