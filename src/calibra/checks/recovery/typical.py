"""A typical organisation on a user's design: one pool of prospects, and reps moved by a stated gap."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from calibra.chapters.design import AS_OF, Design
from calibra.chapters.lead_times.cells import interval_clock
from calibra.chapters.lead_times.curves import fine_times, incidence, time_of_share
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.worlds import draw_times, lead_time_frame
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.inference.engines import sample_posterior
from calibra.inference.pairing import spawn_seed
from calibra.stats.detection.curve import cutpoint_at_share, event_probabilities, share_above

type Floats = NDArray[np.float64]

TYPICAL_PROBS = (0.5, 0.1)
"""P(event) of the best and the worst rank where the scale does not promise all of them; others in equal steps."""
DISCRIMINATION = 1.2
"""Signal standard deviations between events and others: an AUC of .80."""
_STEEPEST = 6.0
EXIT_HAZARD = 0.004
"""Exits per day: three in ten by day 90, were there no events."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """One pool of prospects and where its ranks are cut."""

    base_rate: float
    """Share of events."""
    discrimination: float
    """Signal standard deviations between events and others."""
    cutpoints: Floats
    """Lower edges of all ranks but the last, (boundary,)."""


def typical_probabilities(design: Design) -> Floats:
    """P(event) per rank of a typical rep: what is promised, else equal steps."""
    promises = [promise for promise in design.scale.promise_by_rank if promise is not None]
    if len(promises) == len(design.scale.ranks) and all(0.0 < promise.prob < 1.0 for promise in promises):
        return np.array([promise.prob for promise in promises])
    return np.linspace(*TYPICAL_PROBS, len(design.scale.ranks))


def typical_pool(design: Design) -> Pool:
    """A pool with the design's shares of the ranks and about the typical share of events."""
    share = design.n.sum(axis=0) / design.n.sum()
    base_rate = float(share @ typical_probabilities(design))
    above = np.clip(np.cumsum(share)[:-1], 1e-4, 1.0 - 1e-4)
    cuts = cutpoint_at_share(above, base_rate=base_rate, discrimination=DISCRIMINATION)
    return Pool(base_rate, DISCRIMINATION, np.asarray(cuts))


def promises_kept(design: Design, pool: Pool) -> RankScale:
    """The scale with every rank promising what the pool's reps deliver on average."""
    probs = event_probabilities(pool.cutpoints, base_rate=pool.base_rate, discrimination=pool.discrimination)
    return RankScale(
        design.scale.ranks,
        {
            rank: Promise(float(p), within_days=design.within_days)
            for rank, p in zip(design.scale.ranks, probs, strict=True)
        },
    )


def points_lower(prob: Floats, mix: NDArray[np.int64], gaps: Floats) -> Floats:
    """P(event), (rep, rank), of reps whose outcomes lie so many points lower at the mix of ranks."""
    logit, weight = np.log(prob / (1.0 - prob)), mix / mix.sum()

    def moved(shift: float) -> Floats:
        return np.asarray(1.0 / (1.0 + np.exp(shift - logit)))

    mean = 100.0 * float(weight @ prob)
    if gaps.max() >= mean or gaps.min() <= mean - 100.0:
        raise InputError(
            f"a typical rep's outcomes come at {mean:.0f} %, so a gap must lie between {mean - 100:.0f} and {mean:.0f} "
            f"points; got {gaps.min():g} to {gaps.max():g}."
        )
    shifts = {
        gap: float(brentq(lambda s, gap=gap: 100.0 * weight @ (prob - moved(s)) - gap, -30.0, 30.0))
        for gap in np.unique(gaps).tolist()
    }
    return np.stack([moved(shifts[gap]) for gap in gaps.tolist()])


def share_higher(pool: Pool, gaps: Floats) -> Floats:
    """Cutpoints, (rep, boundary), of reps who give the best rank to so many points more; all cuts move together."""
    now = float(share_above(pool.cutpoints[0], base_rate=pool.base_rate, discrimination=pool.discrimination))
    wanted = now + gaps / 100.0
    if wanted.min() <= 0.0 or wanted.max() >= 1.0:
        raise InputError(
            f"the best rank is given to {100.0 * now:.0f} % of the prospects, so a gap must be smaller than "
            f"{100.0 * min(now, 1.0 - now):.0f} points; got {np.abs(gaps).max():g}."
        )
    cut = cutpoint_at_share(wanted, base_rate=pool.base_rate, discrimination=pool.discrimination)
    return np.asarray(pool.cutpoints + (np.asarray(cut) - pool.cutpoints[0])[:, None])


def later_by(design: Design, gaps: Floats) -> Floats:
    """Tilt of the log hazard on the clock, (rep,), that makes the median lead time so many per cent longer.

    A negative gap of g per cent makes it shorter by the factor 1/(1 + g/100).
    """
    bounds = _bounds(design)
    usual, most = (_median_days(design, bounds, tilt) for tilt in (0.0, _STEEPEST))

    def tilt(gap: float) -> float:
        factor = 1.0 + gap / 100.0 if gap >= 0 else 1.0 / (1.0 - gap / 100.0)
        if not _median_days(design, bounds, -_STEEPEST) < factor * usual < most:
            raise InputError(
                f"a median lead time {gap:g} per cent off cannot be had by day {design.edges_days[-1]}: typical is day "
                f"{usual:.0f}, the latest day {most:.0f}. Ask for a smaller gap."
            )
        off = brentq(lambda v: np.log(_median_days(design, bounds, v) / usual / factor), -_STEEPEST, _STEEPEST)
        return float(off)

    known = {gap: tilt(gap) for gap in np.unique(gaps).tolist()}
    return np.array([known[gap] for gap in gaps.tolist()])


def lead_time_fit(
    design: Design,
    rng: np.random.Generator,
    tilts: Floats,
    *,
    seed: int,
    draws: int,
) -> LeadTimeFit:
    """The lead-time model by laplace, of reps whose hazards are tilted so."""
    bounds = _bounds(design)
    event = np.stack([_hazards(design, bounds, tilt) for tilt in tilts])
    times = draw_times(
        rng, event, np.full_like(event, EXIT_HAZARD), bounds, n=design.n, longest_days=design.longest_days
    )
    frame = lead_time_frame(
        LeadTimeModel(),
        times,
        rng,
        n=design.n,
        reps=design.reps,
        scale=design.scale,
        as_of=AS_OF,
        edges_days=design.edges_days,
        exact=False,
    )
    posteriors = {
        cause: sample_posterior(declaration, seed=spawn_seed(seed, i), engine="laplace", draws=draws, progress=False)
        for i, (cause, declaration) in enumerate(frame.declarations.items())
    }
    return replace(frame, posteriors=posteriors)


def _bounds(design: Design) -> Floats:
    return np.concatenate([[0.0], np.array(design.edges_days) + 0.5])


def _hazards(design: Design, bounds: Floats, tilt: float) -> Floats:
    """Event hazards, (rank, interval): constant at tilt 0, and as many events by the last edge at any."""
    usual = -np.log1p(-typical_probabilities(design)) / design.within_days
    shape = np.exp(tilt * interval_clock(bounds))
    return np.asarray(usual[:, None] * shape * bounds[-1] / (shape @ np.diff(bounds)))


def _median_days(design: Design, bounds: Floats, tilt: float) -> float:
    """Median lead time at the design's mix of ranks, among events by the last edge, nobody exiting."""
    times, hazard = fine_times(bounds), _hazards(design, bounds, tilt)
    curve = incidence(hazard, None, bounds, times).event
    return float(time_of_share(design.n.sum(axis=0) @ curve, times, 0.5))
