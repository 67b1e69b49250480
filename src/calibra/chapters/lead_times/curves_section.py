"""The picture of the section: the share of events by each day after the judgment, by rank, over what was counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import fine_times
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.counts import OPEN
from calibra.errors import NotEnoughDataError
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.survival.lifetable import aalen_johansen
from calibra.views.blocks import Picture
from calibra.views.page import Page
from calibra.views.strips import rank_label
from calibra.views.svg import Curve, Ticks, curves

type Floats = NDArray[np.float64]

CURVE_POINTS, STEP_POINTS = 48, 160
"""Points of a curve and of its steps; more cannot be seen."""
ROUND_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Where the scale of shares may end."""
ROUND_DAYS, MOST_TICKS = (7, 14, 30, 60, 90, 180, 365), 7
"""Days between ticks, and how many steps there may be."""


def draw_curves(fit: LeadTimeFit, page: Page) -> Picture:
    """Draw the estimated share by each day with its interval, and the counted share as steps."""
    say = page.say
    times = fine_times(fit.cells.bounds, CURVE_POINTS)
    event = equal_tailed(fit.draws.all_reps(times).event, interval_prob=INTERVAL_PROB)
    of_rank: dict[str, Curve] = {
        rank_label(rank): (_from_zero(event.estimate[k]), _from_zero(event.lower[k]), _from_zero(event.upper[k]))
        for k, rank in enumerate(fit.ranks)
    }
    steps = {rank_label(rank): seen for k, rank in enumerate(fit.ranks) if (seen := _steps(fit, k)) is not None}
    caption = say("lead_times.curves")
    svg = curves(
        caption,
        _from_zero(times),
        of_rank,
        steps,
        day_ticks=_day_ticks(fit.last_edge_days),
        share_ticks=_share_ticks(page, max(float(upper.max()) for _, _, upper in of_rank.values())),
    )
    n = f"{int(fit.n.sum()):,}"
    return Picture(svg, caption, say("lead_times.curves_note", level=page.level(), n=n))


def _day_ticks(last_day: int) -> Ticks:
    """Place a tick every so many round days."""
    every = next((days for days in ROUND_DAYS if last_day / days <= MOST_TICKS), ROUND_DAYS[-1])
    return [(float(day), f"{day}") for day in range(0, last_day + 1, every)]


def _share_ticks(page: Page, highest: float) -> Ticks:
    """Place three ticks from 0 to a round share that holds the highest."""
    top = next(share for share in ROUND_SHARES if share >= min(highest, 1.0))
    return [(part * top, page.say.percent(part * top)) for part in (0.0, 0.5, 1.0)]


def _from_zero(values: Floats) -> Floats:
    return np.concatenate([[0.0], values])


def _steps(fit: LeadTimeFit, k: int) -> tuple[Floats, Floats] | None:
    """Estimate the share of a rank by Aalen–Johansen up to the last edge, thinned to what can be seen.

    None where there is nothing to show.
    """
    counts = fit.counts
    on_entry = (counts.entry_days > 0) & (counts.days == counts.entry_days) & (counts.ending != OPEN)
    rows = (counts.rank == k) & ~on_entry
    if not counts.n[rows].any():
        return None
    try:
        curve = aalen_johansen(
            counts.days[rows], counts.ending[rows], weights=counts.n[rows], entry_days=counts.entry_days[rows]
        ).event
    except NotEnoughDataError:  # nobody at risk before the first ending
        return None
    kept = np.flatnonzero(curve.days <= fit.last_edge_days)
    if kept.size == 0:
        return None
    kept = np.unique(kept[np.linspace(0, kept.size - 1, min(kept.size, STEP_POINTS)).astype(int)])
    return _from_zero(curve.days[kept].astype(float)), _from_zero(curve.estimate[kept])
