"""Lead-time worlds from the model's priors: hazards, exact times of competing endings, and how they are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.design import AS_OF, Design, Reps, World, place_reps, refuse_groups
from calibra.chapters.lead_times.baseline import bend_columns, trend_columns
from calibra.chapters.lead_times.cells import FollowUp, LeadTimeCells, interval_clock, lay_out, rank_contrasts
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel, step_widths
from calibra.data.counting.counts import EVENT, EXIT, OPEN, DurationCounts, ExposureCells
from calibra.data.counting.open_rows import OpenCounts
from calibra.data.scale import RankScale
from calibra.reading.cells import pack_cells, residual_basis

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What became of each judgment, one entry each."""

    rep: Ints
    """Index of the rep."""
    rank: Ints
    """Index of the rank."""
    days: Floats
    """Exact days from the judgment to its end."""
    is_event: NDArray[np.bool_]
    """Whether the end is an event; else it is an exit."""
    age_days: Ints
    """Whole days from the judgment to the snapshot."""


def draw_lead_time_world(
    model: LeadTimeModel, design: Design, rng: np.random.Generator, *, exact: bool = True, reps: Reps = "priors"
) -> World:
    """An organisation drawn from the priors of a lead-time model; `exact`: its times are, else they are whole days."""
    refuse_groups(model.adjust_for)
    edges_days = model.interval_edges_days or design.edges_days
    n, bounds = design.n, np.concatenate([[0.0], np.array(edges_days) + 0.5])
    scores = design.scale.scores(n.sum(axis=0).astype(float)).values
    truth = {
        cause: place_reps(draw_lead_time_truth(model, rng, n_reps=len(n), n_ranks=n.shape[1], bounds=bounds), reps)
        for cause in ("event", "exit")
    }
    hazards = {cause: np.exp(log_hazards(part, bounds, scores)) for cause, part in truth.items()}
    times = draw_times(rng, hazards["event"], hazards["exit"], bounds, n=n, longest_days=design.longest_days)
    frame = lead_time_frame(
        model, times, rng, n=n, reps=design.reps, scale=design.scale, as_of=AS_OF, edges_days=edges_days, exact=exact
    )
    return World(truth, frame, frame)


def draw_lead_time_truth(
    model: LeadTimeModel, rng: np.random.Generator, *, n_reps: int, n_ranks: int, bounds: Floats
) -> dict[str, Floats]:
    """Every term of one ending."""
    priors, n_intervals = model.priors, len(bounds) - 1
    first = rng.normal(priors.first_hazard.mean, priors.first_hazard.sd)
    truth: dict[str, Floats] = {"baseline": np.array([first])}
    if n_intervals > 1:
        step = np.asarray(float(priors.step.sample(rng)))
        steps = step * np.sqrt(step_widths(bounds)) * rng.standard_normal(n_intervals - 1)
        truth |= {"baseline": np.concatenate([[first], first + np.cumsum(steps)]), "baseline_scale": step}
    n_trend = len(trend_columns(interval_clock(bounds)).labels)
    if n_trend:
        truth["trend"] = rng.normal(priors.trend.mean, priors.trend.sd, n_trend)
    own = [("level", priors.level, 1)]
    if n_ranks > 1:
        truth["rank_contrast"] = rng.normal(priors.rank.mean, priors.rank.sd, n_ranks - 1)
        own.append(("slope", priors.slope, 1))
    if n_ranks > 2:
        own.append(("residual", priors.residual, n_ranks - 2))
    if n_intervals > 1:
        own.append(("tempo", priors.tempo, 1))
        if n_ranks > 1:
            truth["rank_tempo"] = rng.normal(priors.rank_tempo.mean, priors.rank_tempo.sd, n_ranks - 1)
            if n_bends := len(bend_columns(interval_clock(bounds)).labels):
                truth["rank_bend"] = rng.normal(priors.rank_bend.mean, priors.rank_bend.sd, n_bends)
    for name, prior, width in own:
        spread = np.asarray(float(prior.sample(rng)))
        deviations = spread * rng.standard_normal((n_reps, width))
        truth |= {f"{name}_scale": spread, name: deviations[:, 0] if width == 1 else deviations}
    return truth


def log_hazards(truth: Mapping[str, Floats], bounds: Floats, scores: Floats) -> Floats:
    """Log hazard per day, (rep, rank, interval)."""
    clock, basis = interval_clock(bounds), rank_contrasts(len(scores))
    eta = truth["baseline"][None, None, :] + truth["level"][:, None, None]
    if "trend" in truth:
        eta = eta + trend_columns(clock).design @ truth["trend"]
    if "slope" in truth:
        eta = eta + (basis @ truth["rank_contrast"])[None, :, None]
        eta = eta + truth["slope"][:, None, None] * scores[None, :, None]
    if "residual" in truth:
        residual = truth["residual"].reshape(len(eta), -1)
        eta = eta + (residual @ residual_basis(scores).T)[:, :, None]
    if "rank_tempo" in truth:
        eta = eta + (basis @ truth["rank_tempo"])[None, :, None] * clock
    if "rank_bend" in truth:
        eta = eta + scores[None, :, None] * (bend_columns(clock).design @ truth["rank_bend"])
    if "tempo" in truth:
        eta = eta + truth["tempo"][:, None, None] * clock
    return np.asarray(np.broadcast_to(eta, (len(truth["level"]), len(scores), len(clock))))


def draw_times(
    rng: np.random.Generator, event: Floats, exit_: Floats, bounds: Floats, *, n: Ints, longest_days: int
) -> Times:
    """Exact ends of every judgment, and how old it is; the last hazards go on for ever."""
    rep, rank = (np.repeat(codes.ravel(), n.ravel()) for codes in np.indices(n.shape))
    total = (event + exit_)[rep, rank]
    starts = bounds[:-1]
    begun = np.concatenate([np.zeros((len(rep), 1)), np.cumsum(total[:, :-1] * np.diff(starts), axis=1)], axis=1)
    target, row = rng.standard_exponential(len(rep)), np.arange(len(rep))
    place = (begun <= target[:, None]).sum(axis=1) - 1
    days = starts[place] + (target - begun[row, place]) / total[row, place]
    is_event = rng.random(len(rep)) * total[row, place] < event[rep, rank, place]
    return Times(rep, rank, days, is_event, rng.integers(1, longest_days + 1, len(rep)))


def lead_time_frame(
    model: LeadTimeModel,
    times: Times,
    rng: np.random.Generator,
    *,
    n: Ints,
    reps: tuple[str, ...],
    scale: RankScale,
    as_of: date,
    edges_days: tuple[int, ...],
    exact: bool,
) -> LeadTimeFit:
    """A lead-time fit of these times that waits for its draws; `exact`: of exact times, else of whole days."""
    counts = whole_day_counts(times, rng, reps=reps, scale=scale, as_of=as_of)
    still = counts.ending == OPEN
    opened = OpenCounts(counts.rep[still], counts.rank[still], counts.days[still], counts.n[still])
    if exact:
        cells = exact_cells(times, n=n, reps=reps, scale=scale, as_of=as_of, edges_days=edges_days)
    else:
        cells = lay_out(counts, scale, edges_days=np.array(edges_days), by=())
    declarations = model.declare(cells)
    if exact and "exit" not in declarations:  # a world without exits has exit hazards all the same
        as_events = replace(cells, exposure=replace(cells.exposure, events=cells.exposure.exits))
        declarations |= {"exit": model.declare(as_events)["event"]}
    return LeadTimeFit((), scale, counts, cells, opened, declarations, {})


def whole_day_counts(
    times: Times, rng: np.random.Generator, *, reps: tuple[str, ...], scale: RankScale, as_of: date
) -> DurationCounts:
    """The times as differences of calendar dates, judgments falling evenly on the clock of a day."""
    days = np.floor(np.minimum(rng.random(len(times.rep)) + times.days, 1e9)).astype(np.int64)
    known = days <= times.age_days
    horizons = scale.horizons
    return DurationCounts(
        reps,
        scale.ranks,
        {},
        horizons,
        as_of,
        None,
        times.rep,
        times.rank,
        {},
        np.zeros_like(days),
        np.where(known, days, times.age_days),
        np.where(known, np.where(times.is_event, EVENT, EXIT), OPEN),
        (times.age_days[:, None] >= np.array(horizons, dtype=np.int64)).sum(axis=1),
        np.ones_like(days),
    )


def exact_cells(
    times: Times, *, n: Ints, reps: tuple[str, ...], scale: RankScale, as_of: date, edges_days: tuple[int, ...]
) -> LeadTimeCells:
    """Person-days and endings of exact times, followed to the end of the day of the snapshot."""
    bounds = np.concatenate([[0.0], np.array(edges_days) + 0.5])
    last = np.minimum(times.age_days + 0.5, bounds[-1])
    until, ended = np.minimum(times.days, last), times.days <= last
    shape = (*n.shape, len(edges_days))
    exposure, events, exits, at_risk = (np.zeros(shape) for _ in range(4))
    place = np.clip(np.searchsorted(bounds, times.days, side="left") - 1, 0, len(edges_days) - 1)
    cell = (times.rep, times.rank)
    for j, (lower, upper) in enumerate(pairwise(bounds)):
        np.add.at(exposure[..., j], cell, np.clip(np.minimum(until, upper) - lower, 0.0, None))
        np.add.at(at_risk[..., j], cell, until > lower)
    np.add.at(events, (*cell, place), ended & times.is_event)
    np.add.at(exits, (*cell, place), ended & ~times.is_event)
    counted = ExposureCells(
        reps,
        scale.ranks,
        {},
        np.array(edges_days),
        np.diff(bounds),
        exposure,
        events.astype(np.int64),
        exits.astype(np.int64),
        at_risk.astype(np.int64),
    )
    follow_up = FollowUp(int(times.age_days.max()), int(times.age_days.max()), None, as_of)
    scores = scale.scores(n.sum(axis=0).astype(float))
    return LeadTimeCells(counted, n, pack_cells(n > 0, ()), scores, interval_clock(bounds), follow_up)
