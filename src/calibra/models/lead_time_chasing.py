"""Who is chased for longer than it brings anything? Counts per rep and rank, and the prospects by name.

Per rep and rank, a judgment is chased too long when it is open past the age by which all but a stated share of the
events up to the last edge have come, F₁(age) ≥ (1 − share) F₁(L), and when what is left in it is little: at ranks most
of whose prospects become events, the few that are still open at that age may have a good chance yet.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.judgments import Judgments
from calibra.data.open_rows import open_judgments
from calibra.errors import InputError
from calibra.models.lead_time_curves import Curves, Floats, fine_times, time_of_share
from calibra.models.lead_time_fit import LeadTimeFit, flat_columns
from calibra.stats.intervals import Interval, equal_tailed

if TYPE_CHECKING:
    import pandas as pd

type Ints = NDArray[np.int64]


def count_chased(fit: LeadTimeFit, *, share_left: float, worth_prob: float, interval_prob: float) -> "pd.DataFrame":
    """How many are chased too long, and how many events are left in them? See `LeadTimeFit.chasing`."""
    times, limits, coming = _read(fit, share_left, worth_prob, interval_prob)
    shape = (len(fit.reps), len(fit.ranks))
    opened = fit.open_counts
    past_age = opened.age_days + 0.5 > limits.estimate[opened.rep + 1, opened.rank]
    chance = _at_age(coming.estimate, times, opened.rep + 1, opened.rank, opened.age_days)
    past_edge = past_age & (opened.age_days > fit.last_edge_days)
    past_limit = past_edge | (past_age & (chance < worth_prob))

    def count(rows: NDArray[np.bool_]) -> Floats:
        cell = opened.rep[rows] * shape[1] + opened.rank[rows]
        return np.bincount(cell, opened.n[rows], shape[0] * shape[1]).reshape(shape)

    weights = np.zeros((*shape, len(times)))
    _spread_ages(weights, fit, times, past_limit & ~past_edge)
    left = np.zeros((fit.draws.n_draws, *shape))
    for reps, curves in fit.draws.in_chunks(times):
        left[:, reps] = np.einsum("srkt,rkt->srk", _still_to_come(curves), weights[reps])
    summary = equal_tailed(np.concatenate([left.sum(axis=1, keepdims=True), left], axis=1), interval_prob=interval_prob)
    columns: dict[str, Any] = fit.rows()
    n = columns.pop("n")
    columns |= flat_columns("limit_days", limits)
    everyone = np.ones(opened.n.size, dtype=bool)
    counted_rows = {
        "n_open": everyone, "n_chased": past_limit, "n_past_last_edge": past_edge, "n_worth": past_age & ~past_limit,
    }  # fmt: skip
    for name, rows in counted_rows.items():
        counted = count(rows)
        columns[name] = np.concatenate([counted.sum(axis=0)[None], counted]).ravel().astype(int)
    columns |= flat_columns("events_left", summary) | {"n": n}
    return fit.table(columns, interval_prob, share_left=share_left, worth_prob=worth_prob)


def name_chased(
    fit: LeadTimeFit, judgments: Judgments, *, share_left: float, worth_prob: float, interval_prob: float
) -> "pd.DataFrame":
    """Which prospects are chased too long? The list to hand back to marketing. See `LeadTimeFit.chasing`."""
    if judgments.scale.ranks != fit.ranks:
        raise InputError(
            f"`judgments` must be of the scale of the fit ({', '.join(fit.ranks)}); got "
            f"{', '.join(judgments.scale.ranks)}."
        )
    times, limits, coming = _read(fit, share_left, worth_prob, interval_prob)
    rows = open_judgments(judgments)
    known = {rep: i + 1 for i, rep in enumerate(fit.reps)}
    rep = np.array([known.get(label, 0) for label in rows.rep], dtype=np.int64)
    rank = np.array([fit.ranks.index(label) for label in rows.rank], dtype=np.int64)
    limit = limits.estimate[rep, rank]
    chance = _at_age(coming.estimate, times, rep, rank, rows.age_days)
    past_edge = rows.age_days > fit.last_edge_days
    chased = np.flatnonzero((rows.age_days + 0.5 > limit) & (past_edge | (chance < worth_prob)))
    chased = chased[np.argsort(-rows.age_days[chased], kind="stable")]
    rep, rank, age = rep[chased], rank[chased], rows.age_days[chased]
    columns: dict[str, Any] = {
        "prospect": rows.prospect[chased], "rep": rows.rep[chased], "rank": rows.rank[chased],
        "judged_at": rows.judged_at[chased].astype("datetime64[s]"), "age_days": age, "limit_days": limit[chased],
    }  # fmt: skip
    for name, values in zip(("estimate", "lower", "upper"), coming, strict=True):
        columns[name] = np.where(age <= fit.last_edge_days, _at_age(values, times, rep, rank, age), np.nan)
    return fit.table(columns, interval_prob, share_left=share_left, worth_prob=worth_prob)


def _read(
    fit: LeadTimeFit, share_left: float, worth_prob: float, interval_prob: float
) -> tuple[Floats, Interval, Interval]:
    """Times the curves are read at, age limits (1 + rep, rank) in days, chances yet (1 + rep, rank, time)."""
    if not 0.0 < share_left < 1.0:
        raise InputError(f"`share_left` must lie strictly between 0 and 1, such as 0.05; got {share_left!r}.")
    if not 0.0 < worth_prob <= 1.0:
        raise InputError(f"`worth_prob` must lie above 0 and be at most 1, such as 0.1; got {worth_prob!r}.")
    times = fine_times(fit.cells.bounds, 60)
    found = fit.draws.read(
        times,
        lambda curves: {
            "limit": time_of_share(curves.event, times, 1.0 - share_left), "coming": _still_to_come(curves),
        },
        interval_prob=interval_prob,
    )  # fmt: skip
    return times, found["limit"], found["coming"]


def _at_age(values: Floats, times: Floats, rep: Ints, rank: Ints, age_days: Ints) -> Floats:
    """Values (1 + rep, rank, time) of some reps and ranks at some ages."""
    before, fraction = _between(times, age_days + 0.5)
    lower, upper = values[rep, rank, before], values[rep, rank, before + 1]
    return np.asarray(lower + fraction * (upper - lower))


def _still_to_come(curves: Curves) -> Floats:
    """Of those open at each time, the share that becomes an event by the last."""
    return np.asarray((curves.event[..., -1:] - curves.event) / np.maximum(curves.open, 1e-300))


def _between(times: Floats, at: NDArray[np.floating[Any]]) -> tuple[NDArray[np.intp], Floats]:
    """Index of the time before each, and how far towards the next."""
    before = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    return before, np.clip((at - times[before]) / (times[before + 1] - times[before]), 0.0, 1.0)


def _spread_ages(weights: Floats, fit: LeadTimeFit, times: Floats, rows: NDArray[np.bool_]) -> None:
    """Add each open judgment to the two times its age lies between, so that a sum over times reads linearly."""
    opened = fit.open_counts
    before, fraction = _between(times, opened.age_days[rows] + 0.5)
    rep, rank, n = opened.rep[rows], opened.rank[rows], opened.n[rows]
    np.add.at(weights, (rep, rank, before), n * (1.0 - fraction))
    np.add.at(weights, (rep, rank, before + 1), n * fraction)
