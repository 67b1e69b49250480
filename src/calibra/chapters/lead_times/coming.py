"""How many events are still to come of what is open today? The first number of the quarter, from counts alone.

A prospect open for a days has the chance (F₁(a + w) − F₁(a)) / S(a) of an event in the next w days, exits competing;
their sum over the open prospects is the number, per draw, with the chance of single prospects added (normal, variance
Σ c (1 − c)). Nothing is extrapolated: where follow-up ends before a + w the days are cut to what is known, and of
prospects older than anything followed nothing is said. A month that is good or bad for everybody is not in the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.chasing import DAYS_AHEAD
from calibra.findings import Finding
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.values import Value

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit

type Floats = NDArray[np.float64]

MOST_UNKNOWN = 0.5
"""No number is given where more than this share of the open prospects is older than anything followed, or cut."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Events still to come of what is open today."""

    within_days: int
    """Days from the snapshot date."""
    estimate: float
    """Events expected."""
    lower: float
    """Lower end of the range the number falls in."""
    upper: float
    """Upper end."""
    n_open: int
    """Open prospects."""
    n_cut: int
    """Those of whom less than so many days are known."""
    n_unknown: int
    """Those older than anything followed, who are not in the number."""


def count_coming(
    fit: LeadTimeFit, *, within_days: int = DAYS_AHEAD, interval_prob: float = INTERVAL_PROB
) -> Coming | None:
    """Events to come within so many days of what is open; None where nothing is open."""
    opened, last = fit.open_counts, fit.last_edge_days
    n_open = int(opened.n.sum())
    if not n_open:
        return None
    closed = bool(fit.closed(last))
    known = opened.age_days < last
    until = np.minimum(opened.age_days + within_days, last)
    cut = known & (opened.age_days + within_days > last) & (not closed)
    days = np.unique(np.concatenate([opened.age_days[known], until[known], [last]]))
    total, spread = np.zeros((2, fit.draws.n_draws))
    for reps, curves in fit.draws.in_chunks(days + 0.5):
        rows = np.flatnonzero(known & (opened.rep >= reps.start) & (opened.rep < reps.stop))
        for some in np.array_split(rows, max(1, rows.size // 200)):
            where = (opened.rep[some] - reps.start, opened.rank[some])
            here, there = (np.searchsorted(days, at) for at in (opened.age_days[some], until[some]))
            begun = curves.event[:, *where, here]
            still_open = np.maximum(1.0 - begun - curves.exit[:, *where, here], 1e-300)
            chance = np.clip((curves.event[:, *where, there] - begun) / still_open, 0.0, 1.0)
            total += chance @ opened.n[some]
            spread += (chance * (1.0 - chance)) @ opened.n[some]
    noise = np.random.default_rng([fit.posteriors["event"].diagnostics.seed, 2]).standard_normal(total.size)
    found = equal_tailed(np.maximum(total + np.sqrt(spread) * noise, 0.0)[:, None], interval_prob=interval_prob)
    unknown = 0 if closed else int(opened.n[~known].sum())
    ends = (float(total.mean()), float(found.lower[0]), float(found.upper[0]))
    return Coming(within_days, *ends, n_open, int(opened.n[cut].sum()), unknown)


def coming_found(fit: LeadTimeFit) -> list[Finding]:
    """The number as a finding; none where hardly anything is known of what is open."""
    coming = count_coming(fit)
    if coming is None or coming.n_cut + coming.n_unknown > MOST_UNKNOWN * coming.n_open:
        return []
    values: dict[str, Value] = {
        "days": coming.within_days,
        "estimate": round(coming.estimate),
        "lower": int(np.floor(coming.lower)),
        "upper": int(np.ceil(coming.upper)),
        "open": coming.n_open,
        "unknown": coming.n_unknown + coming.n_cut,
    }
    key = "lead_times.coming_without" if coming.n_unknown + coming.n_cut else "lead_times.coming"
    return [Finding(key, values, within_days=coming.within_days, weight=coming.estimate)]
