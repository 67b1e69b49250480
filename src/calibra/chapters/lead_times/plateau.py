"""How far is each rank followed, and have its events nearly ceased by then? A plateau is read off the counts alone.

What share of the events lies late says nothing: of a constant hazard it is small as well. The question is the hazard
of those still open late. With D events on E person-days in the late days, its upper end is that of the exact Poisson
interval; the plateau is in sight where even that lies below a quarter of the hazard in the early days, D₀/E₀.

References
----------
Maller, R. A. and Zhou, X. (1996). Survival Analysis with Long-Term Survivors. Wiley.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from calibra.chapters.lead_times.cells import count_at_risk, last_followed
from calibra.data.counting.counts import EVENT, OPEN, SAME_DAY, DurationCounts
from calibra.stats.intervals import INTERVAL_PROB

if TYPE_CHECKING:
    from calibra.chapters.lead_times.fit import LeadTimeFit

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

FALL = 0.25
"""A plateau is in sight where the late hazard, at its upper end, is below this share of the early one."""


@dataclass(frozen=True, slots=True, eq=False)
class LateDays:
    """Follow-up of each rank, and the event hazard early and late in it; arrays (rank,) or (rank + 1,)."""

    followed_days: Ints
    """Last day on which at least 20 judgments of the rank (or 5 % of them) were still followed."""
    late_from_days: Ints
    """The late days are those after this one."""
    n_late: Ints
    """Judgments followed past it."""
    early: Floats
    """Events per person-day in the early days."""
    late_upper: Floats
    """Upper end of the events per person-day in the late days; infinite where nobody was followed there."""

    @property
    def plateau(self) -> NDArray[np.bool_]:
        """Whether a plateau is in sight."""
        return self.late_upper < FALL * self.early


def late_days(fit: "LeadTimeFit", window_days: Ints | None = None) -> LateDays:
    """Follow-up and hazards of each rank and, last, of all ranks together.

    Parameters
    ----------
    fit : LeadTimeFit
        The fit.
    window_days : array of int, shape (rank,), optional
        The early days are the first so many, the late days the last so many. By default half of the follow-up each,
        and one more entry for all ranks together.
    """
    counts, n_ranks = fit.counts, len(fit.ranks)
    rows = [counts.rank == k for k in range(n_ranks)]
    if window_days is None:
        rows.append(np.ones(counts.rank.size, dtype=bool))
    values = []
    for k, chosen in enumerate(rows):
        followed = _followed(fit, chosen)
        window = followed // 2 if window_days is None else int(window_days[k])
        early_events, early_days = _endings(counts, chosen, 0, window)
        late_from = max(followed - window, 0)
        events, days = _endings(counts, chosen, late_from, followed)
        known = days > 0 and followed > window
        upper = float(gammaincinv(events + 1.0, 0.5 + 0.5 * INTERVAL_PROB)) / days if known else np.inf
        past = chosen & (counts.days > late_from) & (counts.entry_days <= late_from)
        values.append((followed, late_from, counts.n[past].sum(), early_events / max(early_days, 1e-300), upper))
    followed_days, late_from_days, n_late, early, late_upper = (
        np.array(column) for column in zip(*values, strict=True)
    )
    return LateDays(followed_days, late_from_days, n_late, early.astype(float), late_upper.astype(float))


def _followed(fit: "LeadTimeFit", chosen: NDArray[np.bool_]) -> int:
    """Last day on which enough of these rows were still followed, none past the last edge; 0 for no rows."""
    n = float(fit.counts.n[chosen].sum())
    return min(last_followed(count_at_risk(fit.counts, chosen), n), fit.last_edge_days) if n else 0


def _endings(counts: DurationCounts, chosen: NDArray[np.bool_], after: int, upto: int) -> tuple[float, float]:
    """Events and person-days of some rows on the whole days after one and up to another; from 0, day 0 included."""
    lower, upper = (after + 0.5 if after else 0.0), upto + 0.5
    days, n = counts.days[chosen], counts.n[chosen]
    entry, ending = counts.entry_days[chosen], counts.ending[chosen]
    end = np.where(ending == OPEN, days + 0.5, days + SAME_DAY * (days == entry))
    exposure = np.clip(np.minimum(end, upper) - np.maximum(entry, lower), 0.0, None)
    inside = (ending == EVENT) & (days <= upto) & ((days > after) | (after == 0))
    return float(n[inside].sum()), float((n * exposure).sum())
