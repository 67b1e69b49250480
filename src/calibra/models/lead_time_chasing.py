"""Who is chased for longer than it brings anything? Counts per rep and rank, and the prospects by name.

Per rep and rank, a judgment is chased too long when it is open past the age by which all but a stated share of the
events up to the last edge have come, F₁(age) ≥ (1 − share) F₁(L), and when what is left in it is little: at ranks most
of whose prospects become events, the few that are still open at that age may have a good chance yet.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.data.judgments import Judgments
from calibra.data.open_rows import open_judgments
from calibra.errors import InputError, check_kind, check_within
from calibra.models.lead_time_curves import Curves, Floats, fine_times, time_of_share
from calibra.models.lead_time_fit import LeadTimeFit, flat_columns
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    import pandas as pd

type Ints = NDArray[np.int64]

UNKNOWN = "older than anyone followed: nothing is known of the chance yet"
"""What is noted of a prospect past the last edge."""


def count_chased(fit: LeadTimeFit, *, share_left: float, worth_prob: float, interval_prob: float) -> "pd.DataFrame":
    """How many are chased too long, and how many events are left in them? See `LeadTimeFit.chasing`."""
    _check(share_left, worth_prob)
    opened = fit.open_counts
    found = _read_open(fit, share_left, worth_prob)
    past_edge = found.past_age & (opened.age_days > fit.last_edge_days)
    chased = past_edge | (found.past_age & found.little)

    def count(rows: NDArray[np.bool_]) -> Ints:
        cell = opened.rep[rows] * len(fit.ranks) + opened.rank[rows]
        counted = np.bincount(cell, opened.n[rows], fit.n.size).reshape(fit.n.shape)
        return np.concatenate([counted.sum(axis=0)[None], counted]).ravel().astype(int)

    columns: dict[str, Any] = fit.rows()
    n = columns.pop("n")
    columns |= flat_columns("limit_days", equal_tailed(found.limit_days, interval_prob=interval_prob))
    columns |= {
        "n_open": count(np.ones(opened.n.size, dtype=bool)), "n_chased": count(chased),
        "n_past_last_edge": count(past_edge), "n_worth": count(found.past_age & ~chased),
    }  # fmt: skip
    columns |= flat_columns("events_left", equal_tailed(found.events_left, interval_prob=interval_prob)) | {"n": n}
    return fit.table(columns, interval_prob, share_left=share_left, worth_prob=worth_prob)


def name_chased(
    fit: LeadTimeFit, judgments: Judgments, *, share_left: float, worth_prob: float, interval_prob: float
) -> "pd.DataFrame":
    """Which prospects are chased too long? The list to hand back to marketing. See `LeadTimeFit.chasing`."""
    check_kind(judgments, "judgments", Judgments)
    if judgments.scale.ranks != fit.ranks:
        raise InputError(
            f"`judgments` must be of the scale of the fit ({', '.join(fit.ranks)}); got "
            f"{', '.join(judgments.scale.ranks)}."
        )
    _check(share_left, worth_prob)
    times = _fine(fit)
    found = fit.draws.read(
        times,
        lambda curves: {
            "limit": time_of_share(curves.event, times, 1.0 - share_left),
            "coming": _still_to_come(curves),
        },
        interval_prob=interval_prob,
    )
    limits, coming = found["limit"], found["coming"]
    rows = open_judgments(judgments)
    known = {rep: i + 1 for i, rep in enumerate(fit.reps)}
    rep = np.array([known.get(label, 0) for label in rows.rep], dtype=np.int64)
    rank = np.array([fit.ranks.index(label) for label in rows.rank], dtype=np.int64)
    limit = limits.estimate[rep, rank]
    chance = _at_age(coming.estimate, times, rep, rank, rows.age_days)
    past_edge = rows.age_days > fit.last_edge_days
    chased = np.flatnonzero((rows.age_days + 0.5 > limit) & (past_edge | (chance < worth_prob)))
    chased = chased[np.lexsort((-rows.age_days[chased], past_edge[chased]))]
    rep, rank, age = rep[chased], rank[chased], rows.age_days[chased]
    columns: dict[str, Any] = {
        "prospect": rows.prospect[chased], "rep": rows.rep[chased], "rank": rows.rank[chased],
        "judged_at": rows.judged_at[chased].astype("datetime64[s]"), "age_days": age, "limit_days": limit[chased],
    }  # fmt: skip
    for name, values in zip(("estimate", "lower", "upper"), coming, strict=True):
        columns[name] = np.where(age <= fit.last_edge_days, _at_age(values, times, rep, rank, age), np.nan)
    columns["note"] = np.array([UNKNOWN if late else None for late in past_edge[chased]], dtype=object)
    return fit.table(columns, interval_prob, share_left=share_left, worth_prob=worth_prob)


class _Open(NamedTuple):
    """Draws per rep and rank, all reps first, and what is known of each of the open judgments' counts."""

    limit_days: Floats
    """Age after which at most the share left still comes, (draw, 1 + rep, rank)."""
    events_left: Floats
    """Events still to come by the last edge in those chased too long, (draw, 1 + rep, rank)."""
    past_age: NDArray[np.bool_]
    """Older than that age, (count,)."""
    little: NDArray[np.bool_]
    """With less of a chance than is worth it, (count,)."""


def _read_open(fit: LeadTimeFit, share_left: float, worth_prob: float) -> _Open:
    """Age limits and what is left in the open judgments, from one walk through the reps."""
    opened, times = fit.open_counts, _fine(fit)
    limit, left = np.zeros((2, fit.draws.n_draws, 1 + len(fit.reps), len(fit.ranks)))
    past_age, little = np.zeros((2, opened.n.size), dtype=bool)
    for rows, curves in fit.draws.with_all_reps(times):
        coming = _still_to_come(curves)
        limit[:, rows] = time_of_share(curves.event, times, 1.0 - share_left)
        own = np.flatnonzero((opened.rep + 1 >= rows.start) & (opened.rep + 1 < rows.stop))
        rep, rank, age = opened.rep[own] + 1 - rows.start, opened.rank[own], opened.age_days[own]
        past_age[own] = age + 0.5 > limit[:, rows].mean(axis=0)[rep, rank]
        little[own] = _at_age(coming.mean(axis=0), times, rep, rank, age) < worth_prob
        n = np.where(past_age[own] & little[own] & (age <= fit.last_edge_days), opened.n[own], 0)
        weights = np.zeros(coming.shape[1:])
        _spread(weights, n, times, rep, rank, age)
        left[:, rows] = np.einsum("srkt,rkt->srk", coming, weights)
    left[:, 0] = left[:, 1:].sum(axis=1)
    return _Open(limit, left, past_age, little)


def _check(share_left: float, worth_prob: float) -> None:
    check_within(share_left, "share_left", 0, 1, ends="()", mend="Write 5 % as 0.05.")
    check_within(worth_prob, "worth_prob", 0, 1, ends="(]", mend="Write 10 % as 0.1.")


def _fine(fit: LeadTimeFit) -> Floats:
    """Times the curves are read at."""
    return fine_times(fit.cells.bounds, 60)


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


def _spread(weights: Floats, n: Ints, times: Floats, rep: Ints, rank: Ints, age_days: Ints) -> None:
    """Add each count to the two times its age lies between, so that a sum over times reads linearly."""
    before, fraction = _between(times, age_days + 0.5)
    np.add.at(weights, (rep, rank, before), n * (1.0 - fraction))
    np.add.at(weights, (rep, rank, before + 1), n * fraction)
