"""Whom to look through again? Open prospects of whom hardly an event is still to come: counts, and names.

With w days to look ahead, a prospect of rep r and rank k that is still open after a days has the chance

    c(a) = (F₁(a + w) − F₁(a)) / S(a),        a fresh one c(0) = F₁(w),        exits competing,

and by the last edge L the chance to come, (F₁(L) − F₁(a)) / S(a). It is listed where

- P(c(a) < c(0)/2 and c(a) < `worth_prob`) is 0.9 or more;
- the chance to come lies below `worth_prob` with probability 0.9 or more: a lull before later events is no reason;
- a + w lies within the days that the rank is followed;
- the rank's hazard has come down to a plateau (`lead_time_plateau`).

Nothing is read from where follow-up ends: under a constant hazard c(a) = c(0) at every age, and nobody is listed.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import Curves, Floats, fine_times
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.plateau import LateDays, late_days
from calibra.chapters.lead_times.tables import FLAG_PROB
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import OpenJudgments, open_judgments
from calibra.data.scale import check_days
from calibra.errors import InputError, check_kind, check_within
from calibra.reading.rows import flat_columns
from calibra.stats.intervals import Interval, equal_tailed

if TYPE_CHECKING:
    import pandas as pd

type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

DAYS_AHEAD = 90
"""So many days ahead are looked at where nothing is promised: a quarter."""
OF_FRESH = 0.5
"""Listed is who has less than this share of a fresh prospect's chance."""
UNKNOWN = "unknown: follow-up of the rank does not reach that far"
"""What is noted of a prospect whose chance within the days ahead is not known."""
_BLOCK_ELEMENTS = 1_000_000


class _Rule(NamedTuple):
    """What decides, the same for counts and names; arrays (rank,)."""

    ahead_days: Ints
    """Days to look ahead."""
    late: LateDays
    """Follow-up and hazards."""
    worth_prob: float
    """Chance from which a prospect is worth it."""

    def unknown(self, rank: Ints, age_days: Ints) -> Flags:
        """Whose days ahead lie past the days that their rank is followed."""
        return age_days + self.ahead_days[rank] > self.late.followed_days[rank]

    def eligible(self, rank: Ints, age_days: Ints) -> Flags:
        """Who may be listed, as far as follow-up and plateau go."""
        return ~self.unknown(rank, age_days) & self.late.plateau[rank]


class _Cells(NamedTuple):
    """Open judgments of one rep, rank and age; arrays of one length."""

    row: Ints
    """0 all reps, 1 the first rep, as in the tables."""
    rank: Ints
    """Index of the rank."""
    age_days: Ints
    """Whole days since the judgment."""
    n: Ints
    """Judgments."""

    def take(self, chosen: NDArray[Any]) -> "_Cells":
        """Some of them."""
        return _Cells(*(values[chosen] for values in self))


def count_chased(
    fit: LeadTimeFit, *, within_days: int | None, worth_prob: float, interval_prob: float
) -> "pd.DataFrame":
    """How many are listed, and how many events are still to come of them? See `LeadTimeFit.chasing`."""
    rule, opened = _rule(fit, within_days, worth_prob), fit.open_counts
    cells = _Cells(opened.rep + 1, opened.rank, opened.age_days, opened.n)
    n_listed, expected = _count_listed(fit, rule, cells, interval_prob)

    def count(n: Ints) -> Ints:
        cell = opened.rep * len(fit.ranks) + opened.rank
        counted = np.bincount(cell, n, fit.n.size).reshape(fit.n.shape)
        return np.concatenate([counted.sum(axis=0)[None], counted]).ravel().astype(int)

    columns: dict[str, Any] = fit.rows()
    n, n_rows = columns.pop("n"), 1 + len(fit.reps)
    columns |= {
        "within_days": np.tile(rule.ahead_days, n_rows),
        "followed_days": np.tile(rule.late.followed_days, n_rows),
        "plateau": np.tile(rule.late.plateau, n_rows),
        "n_open": count(opened.n),
        "n_chased": count(n_listed),
        "n_unknown": count(np.where(rule.unknown(opened.rank, opened.age_days), opened.n, 0)),
    }
    known = Interval(*(np.where(columns["n_chased"] > 0, values.ravel(), np.nan) for values in expected))
    columns |= flat_columns("expected_events", known) | {"n": n}
    return fit.table(columns, interval_prob, worth_prob=worth_prob)


def name_chased(
    fit: LeadTimeFit,
    judgments: Judgments,
    *,
    within_days: int | None,
    worth_prob: float,
    unknown: bool,
    interval_prob: float,
) -> "pd.DataFrame":
    """Which prospects are listed? See `LeadTimeFit.chasing`."""
    check_kind(judgments, "judgments", Judgments)
    if judgments.scale.ranks != fit.ranks:
        raise InputError(
            f"`judgments` must be of the scale of the fit ({', '.join(fit.ranks)}); got "
            f"{', '.join(judgments.scale.ranks)}."
        )
    rule, rows = _rule(fit, within_days, worth_prob), open_judgments(judgments)
    every, cells = _cells_of(fit, rows)
    named = _name_listed(fit, rule, cells, interval_prob)
    place = np.full(cells.n.size, -1)
    place[named.cell] = np.arange(named.cell.size)
    listed = np.flatnonzero(place[every] >= 0)
    apart = np.flatnonzero(rule.unknown(cells.rank, cells.age_days)[every]) if unknown else listed[:0]
    shown = np.concatenate([chosen[np.argsort(-rows.age_days[chosen], kind="stable")] for chosen in (listed, apart)])
    days_ahead = rule.ahead_days[cells.rank[every][shown]]
    columns: dict[str, Any] = {
        "prospect": rows.prospect[shown],
        "rep": rows.rep[shown],
        "rank": rows.rank[shown],
        "judged_at": rows.judged_at[shown].astype("datetime64[s]"),
        "age_days": rows.age_days[shown],
        "within_days": days_ahead,
    }
    columns |= _chance_columns(named, place[every][shown], days_ahead, np.unique(rule.ahead_days).tolist())
    columns["note"] = np.array([None] * listed.size + [UNKNOWN] * apart.size, dtype=object)
    return fit.table(columns, interval_prob, worth_prob=worth_prob)


class _Listed(NamedTuple):
    """Cells that are listed, with their chances; arrays of one length."""

    cell: NDArray[np.intp]
    """Index of the cell."""
    chance: Interval
    """Chance of an event in the days ahead."""
    fresh: Interval
    """The same for a prospect judged today."""
    to_come: Interval
    """Chance of an event by the last edge."""


def _chance_columns(named: "_Listed", place: NDArray[np.intp], days_ahead: Ints, each: list[int]) -> dict[str, Floats]:
    """Chances of the rows within each number of days there is: NaN where it is not theirs, or nothing is known."""
    columns: dict[str, Floats] = {}
    for days in each:
        theirs = (days_ahead == days) & (place >= 0)
        for name, found in (("chance", named.chance), ("fresh_chance", named.fresh)):
            columns |= flat_columns(f"{name}_within_{days}_days", _spread_out(found, place, theirs))
    return columns | flat_columns("chance_to_come", _spread_out(named.to_come, place, place >= 0))


class _Part(NamedTuple):
    """A few cells with the draws of their chances, (draw, cell)."""

    cell: NDArray[np.intp]
    """Index of each."""
    chance: Floats
    """Chance of an event in the days ahead."""
    fresh: Floats
    """The same for a prospect judged today."""
    to_come: Floats
    """Chance of an event by the last edge."""
    listed: Flags
    """Whether it is listed, (cell,)."""


def _rule(fit: LeadTimeFit, within_days: int | None, worth_prob: float) -> _Rule:
    check_within(worth_prob, "worth_prob", 0, 1, ends="(]", mend="Write 10 % as 0.1.")
    if within_days is not None:
        check_days(within_days, "within_days")
    longest = max(fit.scale.horizons, default=DAYS_AHEAD)
    promised = [longest if promise is None else promise.within_days for promise in fit.scale.promise_by_rank]
    ahead = np.array([days if within_days is None else within_days for days in promised], dtype=np.int64)
    return _Rule(ahead, late_days(fit, ahead), worth_prob)


def _cells_of(fit: LeadTimeFit, rows: OpenJudgments) -> tuple[NDArray[np.intp], _Cells]:
    """The cell of each open judgment, and the cells; a rep that the fit does not know is read as all reps."""
    known = {rep: i + 1 for i, rep in enumerate(fit.reps)}
    row = np.array([known.get(label, 0) for label in rows.rep], dtype=np.int64)
    rank = np.array([fit.ranks.index(label) for label in rows.rank], dtype=np.int64)
    keys, every, n = np.unique(np.stack([row, rank, rows.age_days]), axis=1, return_inverse=True, return_counts=True)
    return every.ravel(), _Cells(keys[0], keys[1], keys[2], n.astype(np.int64))


def _count_listed(fit: LeadTimeFit, rule: _Rule, cells: _Cells, interval_prob: float) -> tuple[Ints, Interval]:
    """Judgments listed of each cell, and the events expected of them per rep and rank, all reps first."""
    n_listed, shape = np.zeros_like(cells.n), (1 + len(fit.reps), len(fit.ranks))
    expected = Interval(*np.zeros((3, *shape)))
    everyone = np.zeros((fit.draws.n_draws, shape[1]))
    for rows, parts in _read(fit, rule, cells):
        events = np.zeros(((rows.stop - rows.start) * shape[1], fit.draws.n_draws))
        for part in parts:
            own = part.cell[part.listed]
            n_listed[own] = cells.n[own]
            place = (cells.row[own] - rows.start) * shape[1] + cells.rank[own]
            np.add.at(events, place, part.chance[:, part.listed].T * cells.n[own][:, None])
        by_draw = events.T.reshape(fit.draws.n_draws, -1, shape[1])
        everyone += by_draw.sum(axis=1)
        for values, found in zip(expected, equal_tailed(by_draw, interval_prob=interval_prob), strict=True):
            values[rows] = found
    for values, found in zip(expected, equal_tailed(everyone, interval_prob=interval_prob), strict=True):
        values[0] = found
    return n_listed, expected


def _name_listed(fit: LeadTimeFit, rule: _Rule, cells: _Cells, interval_prob: float) -> _Listed:
    """The cells that are listed, with estimates and intervals of their chances."""
    listed: list[NDArray[np.intp]] = []
    chances: list[list[Interval]] = []
    for _, parts in _read(fit, rule, cells):
        for part in parts:
            listed.append(part.cell[part.listed])
            chances.append(
                [
                    equal_tailed(draws[:, part.listed], interval_prob=interval_prob)
                    for draws in (part.chance, part.fresh, part.to_come)
                ]
            )
    if not listed:
        nothing = Interval(*np.zeros((3, 0)))
        return _Listed(np.zeros(0, dtype=np.intp), nothing, nothing, nothing)
    return _Listed(np.concatenate(listed), *(_join(parts) for parts in zip(*chances, strict=True)))


def _join(parts: Sequence[Interval]) -> Interval:
    return Interval(*(np.concatenate(ends) for ends in zip(*parts, strict=True)))


def _read(fit: LeadTimeFit, rule: _Rule, cells: _Cells) -> Iterator[tuple[slice, Iterator[_Part]]]:
    """The cells that may be listed, a few reps at a time and all reps at the end; rows without any are passed over."""
    asked = np.flatnonzero(rule.eligible(cells.rank, cells.age_days))
    if not asked.size:
        return
    times = np.concatenate([[0.0], fine_times(fit.cells.bounds, 60)])
    for rows, curves in fit.draws.with_all_reps(times):
        own = asked[(cells.row[asked] >= rows.start) & (cells.row[asked] < rows.stop)]
        if own.size:
            yield rows, _in_blocks(rule, cells, own, rows.start, curves, times)


def _in_blocks(
    rule: _Rule, cells: _Cells, own: NDArray[np.intp], first_row: int, curves: Curves, times: Floats
) -> Iterator[_Part]:
    """Some cells of one chunk, a few at a time."""
    for block in np.array_split(own, -(-own.size * len(curves.event) // _BLOCK_ELEMENTS)):
        yield _chances(rule, cells, block, first_row, curves, times)


def _chances(
    rule: _Rule, cells: _Cells, chosen: NDArray[np.intp], first_row: int, curves: Curves, times: Floats
) -> _Part:
    """Draws of the chances of some cells of one chunk."""
    row, rank, age, _ = cells.take(chosen)
    where, ahead = (row - first_row, rank), rule.ahead_days[rank]
    begun, later = (_at(curves.event, where, times, days) for days in (age, age + ahead))
    still_open = 1.0 - begun - _at(curves.exit, where, times, age)
    chance = (later - begun) / np.maximum(still_open, 1e-300)
    fresh = _at(curves.event, where, times, ahead)
    to_come = (curves.event[:, *where, -1] - begun) / np.maximum(still_open, 1e-300)
    little = (chance < OF_FRESH * fresh) & (chance < rule.worth_prob)
    hardly_any = to_come < rule.worth_prob  # of a lull before later events, more are still to come
    listed = (little.mean(axis=0) >= FLAG_PROB) & (hardly_any.mean(axis=0) >= FLAG_PROB)
    return _Part(chosen, chance, fresh, to_come, listed)


def _at(values: Floats, where: tuple[Ints, Ints], times: Floats, days: Ints) -> Floats:
    """Values (draw, row, rank, time) of some rows and ranks at the end of some days, (draw, cell); linear between."""
    at = days + 0.5
    before = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    fraction = np.clip((at - times[before]) / (times[before + 1] - times[before]), 0.0, 1.0)
    lower, upper = values[:, *where, before], values[:, *where, before + 1]
    return np.asarray(lower + fraction * (upper - lower))


def _spread_out(found: Interval, place: NDArray[np.intp], chosen: Flags) -> Interval:
    """Values of the cells at the rows that are chosen, NaN elsewhere."""
    columns = np.full((3, place.size), np.nan)
    for column, values in zip(columns, found, strict=True):
        column[chosen] = values[place[chosen]]
    return Interval(*columns)
