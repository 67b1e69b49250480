"""The calibration table: what a prospect's rep, rank and age mean, as numbers to join to prospects.

A prospect judged today has the probability of the rank model. One that is still open after a days has that of the
lead-time model, (F₁(a + h) − F₁(a)) / S(a) for an event within the h days from now, exits competing. Nothing is
extrapolated: where the follow-up ends before a + h, the days are cut to what is known, and the row says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import brief, make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from calibra.data.scale import RankScale
    from calibra.decisions.thresholds import ThresholdAdvice
    from calibra.models.lead_time_curves import Curves
    from calibra.models.lead_time_fit import LeadTimeFit
    from calibra.models.rank_fit import RankFit

type Floats = NDArray[np.float64]
type Days = int | None

UNSEEN_REP = "(a rep never seen)"
"""Label of the rows for reps the fit does not know."""
OLDER = "older than anything followed: nothing is known"
NO_AGE = "age not taken into account: there is no lead-time model"
_WEEK = 7


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationTable:
    """Rep × rank × week of age → numbers; rows in this order, the rep never seen first."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Reps the fit knows."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    n_weeks: int
    """Rows of each rep and rank: week 0 is the day of the judgment, week w days 7 w − 6 to 7 w, the last all later."""
    columns: Mapping[str, NDArray[Any]]
    """Column name to values; see `Calibration.calibration_table`."""
    interval_prob: float
    """Level of the intervals."""
    rests_on: Mapping[str, object]
    """Snapshot date, engine and seed."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rep, rank and week of age."""
        table = make_table(dict(self.columns))
        table.attrs.update(self.rests_on, interval_prob=self.interval_prob)
        return table


def make_calibration_table(
    *,
    scale: RankScale,
    rank_fits: Mapping[Days, RankFit],
    lead_fit: LeadTimeFit | None,
    advice: ThresholdAdvice | None,
    within_days: int | None,
    interval_prob: float = INTERVAL_PROB,
) -> CalibrationTable:
    """Read the calibration table off the fits.

    Raises
    ------
    InputError
        A horizon that no rank model was fitted for.
    """
    if within_days is not None and not (isinstance(within_days, Hashable) and within_days in rank_fits):
        listed = ", ".join(str(days) for days in rank_fits if days is not None) or "none"
        raise InputError(f"`within_days` must be one of the horizons fitted ({listed}); got {within_days!r}.")
    horizons = [_horizon(scale, i, rank_fits, lead_fit, within_days) for i in range(len(scale.ranks))]
    fit = lead_fit or next(iter(rank_fits.values()))
    reps = fit.reps
    by_age = _no_ages(len(reps), horizons) if lead_fit is None else _read_ages(lead_fit, horizons, interval_prob)
    weeks = slice(None) if lead_fit is None else slice(0, 1)
    for place, days in enumerate(horizons):
        if days in rank_fits:
            _put_rank_model(by_age, rank_fits[days], (place, weeks), reps, interval_prob)
    shape = by_age["estimate"].shape
    rep, rank, week = np.indices(shape).reshape(3, -1)
    labels = np.array([UNSEEN_REP, *reps], dtype=object)
    n = np.concatenate([fit.n.sum(axis=0)[None], fit.n]).astype(np.int64)
    verdicts = _verdicts(advice, labels, scale.ranks)
    columns: dict[str, NDArray[Any]] = {
        "rep": labels[rep], "rank": np.array(scale.ranks, dtype=object)[rank], "age_week": week,
        **{name: values.ravel() for name, values in by_age.items()},
        "verdict": verdicts[rep, rank], "known_rep": rep > 0, "n": n[rep, rank],
    }  # fmt: skip
    rests_on = {"engine": fit.diagnostics.engine, "seed": fit.diagnostics.seed}
    return CalibrationTable(reps, scale.ranks, shape[2], columns, interval_prob, rests_on)


def _horizon(
    scale: RankScale, place: int, rank_fits: Mapping[Days, RankFit], lead_fit: LeadTimeFit | None, asked: int | None
) -> Days:
    """The days asked for; else what the rank promises; else the shortest horizon there is."""
    promise = scale.promise_by_rank[place]
    if asked is not None:
        return asked
    if promise is not None and (promise.within_days in rank_fits or not rank_fits):
        return promise.within_days
    counted = lead_fit.counts.horizons if lead_fit is not None else ()
    return next(iter([*rank_fits, *counted]), None)


def _no_ages(n_reps: int, horizons: list[Days]) -> dict[str, NDArray[Any]]:
    """Two rows a rank, the day of the judgment and later, to be filled by the rank model."""
    shape = (1 + n_reps, len(horizons), 2)
    days = [np.nan if horizon is None else float(horizon) for horizon in horizons]
    columns = _empty(shape)
    columns["age_days"][:] = [0, 1]
    columns["within_days"][:] = np.array(days)[:, None]
    columns["note"][..., 1] = NO_AGE
    return columns


def _empty(shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    numbers = (
        "age_days", "within_days", "estimate", "lower", "upper", "lead_days", "lead_days_lower", "lead_days_upper",
    )  # fmt: skip
    columns: dict[str, NDArray[Any]] = {name: np.full(shape, np.nan) for name in numbers}
    return columns | {"note": np.full(shape, None, dtype=object)}


def _put_rank_model(
    columns: Mapping[str, NDArray[Any]], fit: RankFit, at: tuple[int, slice], reps: tuple[str, ...],
    interval_prob: float,
) -> None:  # fmt: skip
    """The rank model's probability for the day of the judgment; at every age where there is no other."""
    place, weeks = at
    own = fit.read(lambda _, prob: equal_tailed(prob[:, :, place], interval_prob=interval_prob)._asdict())
    unseen = fit.expected(fit.ranks[place], interval_prob=interval_prob)
    known = {rep: i for i, rep in enumerate(fit.reps)}
    for name, values in own.items():
        new = float(unseen[name].iloc[0])
        filled = np.array([new, *(values[known[rep]] if rep in known else new for rep in reps)])
        columns[name][:, place, weeks] = filled[:, None]
    columns["within_days"][:, place, 0] = np.nan if fit.within_days is None else fit.within_days
    columns["note"][:, place, 0] = None


def _read_ages(fit: LeadTimeFit, horizons: list[Days], interval_prob: float) -> dict[str, NDArray[Any]]:
    """Probability and days to the event per rep, rank and week of age, the rep never seen first."""
    from calibra.models.new_rep import new_rep_draws

    last = fit.last_edge_days
    n_weeks = (last + _WEEK - 1) // _WEEK + 2
    ages = np.minimum(np.maximum(_WEEK * np.arange(n_weeks - 1) - 3, 0), last)
    columns = _empty((1 + len(fit.reps), len(horizons), n_weeks))
    columns["age_days"][..., :-1] = ages
    columns["age_days"][..., -1] = last + 1
    columns["note"][..., -1] = OLDER
    until = np.stack([np.minimum(ages + (last if days is None else days), last) for days in horizons])
    left = until - ages
    columns["within_days"][..., :-1] = left
    asked = np.array([last if days is None else days for days in horizons])[:, None]
    cut = left < asked
    if fit.closed(last):  # nobody is open after the last edge: nothing is cut off
        cut, columns["within_days"][..., :-1] = np.zeros_like(cut), asked
    columns["note"][..., :-1][:, cut] = _cut_words(left[cut])
    times = np.unique(np.concatenate([fit.cells.bounds[1:], ages + 0.5, until.ravel() + 0.5]))
    unseen = new_rep_draws(fit).curves(times, reps=slice(0, 1))
    _fill(columns, slice(0, 1), unseen, times, ages, until, interval_prob)
    for reps, curves in fit.draws.in_chunks(times):  # each is filled and let go: all of them are gigabytes
        _fill(columns, slice(reps.start + 1, reps.stop + 1), curves, times, ages, until, interval_prob)
    return columns


def _cut_words(days: NDArray[Any]) -> NDArray[Any]:
    from calibra.data.score_rows import CUT

    return np.array(
        [f"{CUT} {counted(day, 'day')} from now: within_days is cut" if day else OLDER for day in days.tolist()],
        dtype=object,
    )


def _fill(
    columns: Mapping[str, NDArray[Any]], rows: slice, curves: Curves, times: Floats, ages: NDArray[np.int64],
    until: NDArray[np.int64], interval_prob: float,
) -> None:  # fmt: skip
    """One chunk of reps: probabilities by draw, days to the event by the mean curve."""
    here = np.searchsorted(times, ages + 0.5)
    begun = curves.event[..., here]
    still_open = np.maximum(1.0 - begun - curves.exit[..., here], 0.0)
    for place in range(until.shape[0]):
        later = curves.event[:, :, place][..., np.searchsorted(times, until[place] + 0.5)] - begun[:, :, place]
        prob = later / np.maximum(still_open[:, :, place], 1e-300)
        for name, values in zip(
            ("estimate", "lower", "upper"), equal_tailed(prob, interval_prob=interval_prob), strict=True
        ):
            columns[name][rows, place, :-1] = np.where(until[place] > ages, values, np.nan)
    mean = curves.event.mean(axis=0)
    tail = (1.0 - interval_prob) / 2.0
    for name, share in (("lead_days", 0.5), ("lead_days_lower", tail), ("lead_days_upper", 1.0 - tail)):
        columns[name][rows, :, :-1] = _days_to(mean, times, here, ages, share)


def _days_to(mean: Floats, times: Floats, here: NDArray[np.intp], ages: NDArray[np.int64], share: float) -> Floats:
    """Days from each age until this share of the events still to come by the last edge have come, (rep, rank, age)."""
    total, begun = mean[..., -1:], mean[..., here]
    target = begun + share * (total - begun)
    found = np.empty_like(target)
    for index in np.ndindex(target.shape[:2]):
        found[index] = np.interp(target[index], mean[index], times) - (ages + 0.5)
    return np.where(total - begun > 0, np.maximum(found, 0.0), np.nan)


def _verdicts(advice: ThresholdAdvice | None, reps: NDArray[Any], ranks: tuple[str, ...]) -> NDArray[Any]:
    """The verdict on the threshold of each rep's rank, None where there is no advice."""
    told = np.full((len(reps), len(ranks)), None, dtype=object)
    if advice is not None:
        rows, at = {rep: i for i, rep in enumerate(reps)}, advice.columns
        for rep, rank, verdict in zip(at["rep"], at["rank"], at["verdict"], strict=True):
            told[rows[rep], ranks.index(rank)] = str(verdict)
    return told
