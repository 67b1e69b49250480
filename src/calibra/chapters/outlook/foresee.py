"""What comes of what is open: opportunities, their wins, and the money, all in the same draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import Curves
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.outlook.ahead import Clock, Floats, Ints, begin_ages, draw_begun, draw_open, open_ends
from calibra.chapters.outlook.periods import MOST_MONTHS, month_end, month_ends_before, month_of
from calibra.chapters.value.amount_fit import AmountFit
from calibra.data.counting.dated import DatedCounts
from calibra.reading.rep_chunks import rep_chunks
from calibra.stats.forecasts.months import MonthEffects, learn_months
from calibra.tables import brief

OPPORTUNITIES, WINS, AMOUNT = "opportunities", "wins", "amount"
TODAY, FROM_PROSPECTS, FROM_DEALS, FROM_NEW = "open today", "open prospects", "open opportunities", "new judgments"
"""What comes, and from what: all that is open today, or a part of it; or what is yet to be judged."""
FEWER_CHUNKS = 3
"""Chunks of reps are so many times as large as elsewhere: few arrays of them are in use at once."""

type Key = tuple[str, str]
type Totals = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """How many new judgments come a day, of the last year."""

    __repr__ = brief

    n: Floats
    """Judgments, (rep, rank)."""
    days: float
    """Days they came in."""
    months: MonthEffects
    """How months swing."""


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Everything that an outlook is drawn from, as known on a day."""

    as_of: date
    """The day."""
    prospects: Clock
    """From the judgment to the opportunity."""
    deals: Clock | None = None
    """From the opportunity to the win."""
    amounts: AmountFit | None = None
    """What a win brings."""
    arrivals: Arrivals | None = None
    """What is yet to be judged; None leaves it out."""


def count_arrivals(dated: DatedCounts, n_ranks: int, as_of: date) -> Arrivals:
    """New judgments of the last year, or of as much of it as there is."""
    first = max(as_of.toordinal() - 365, int(dated.judged.min()) - 1)
    rows = (dated.judged > first) & (dated.judged <= as_of.toordinal())
    n = np.zeros((len(dated.reps), n_ranks))
    np.add.at(n, (dated.rep[rows], dated.rank[rows]), dated.n[rows])
    ends = month_ends_before(as_of, int(dated.judged.min()))[-MOST_MONTHS:]
    starts = np.array([month_end(date.fromordinal(int(end)), -1).toordinal() for end in ends], dtype=np.int64)
    between = [(dated.judged > start) & (dated.judged <= end) for start, end in zip(starts, ends, strict=True)]
    came = np.array([float(dated.n[part].sum()) for part in between])
    return Arrivals(n, float(max(as_of.toordinal() - first, 1)), learn_months(came, (ends - starts).astype(float)))


def foresee(sources: Sources, last_days: Ints, seed: int) -> Iterator[tuple[slice, Mapping[Key, Totals]]]:
    """Draws (draw, period, rep, rank) of a few reps at a time, by what comes and from what.

    `last_days` are ordinals of the last day of each period; a month is one effect, the same for all reps.
    """
    fit, n_draws = sources.prospects.fit, sources.prospects.fit.draws.n_draws
    ends = last_days - sources.as_of.toordinal()
    month = month_of(last_days, sources.as_of)
    rng = np.random.default_rng([seed, 22])
    parts = {"prospects": sources.prospects.months}
    parts |= {"deals": sources.deals.months} if sources.deals else {}
    parts |= {"arrivals": sources.arrivals.months} if sources.arrivals else {}
    effects = {name: months.draw(n_draws, int(month[-1]) + 1, rng)[:, month] for name, months in parts.items()}
    opened = open_ends(fit, ends)
    begun = begin_ages(ends, fit.last_edge_days)
    deals = _Deals(sources.deals.fit, ends) if sources.deals else None
    amounts = _mean_amounts(sources.amounts, fit, n_draws, rng)
    n_times = np.unique(opened[3]).size + (begun.size if sources.arrivals else 0)
    for reps in rep_chunks(len(fit.reps), n_draws * len(fit.ranks) * n_times // FEWER_CHUNKS):
        rows = np.flatnonzero((opened[0] >= reps.start) & (opened[0] < reps.stop))
        cells = (opened[0][rows] - reps.start, opened[1][rows], opened[2][rows], opened[3][rows])
        wanted = [cells[3].ravel() + 0.5, *([begun.ravel()] if sources.arrivals else [])]
        times = np.unique(np.concatenate([[0.0], *wanted]))
        curves = fit.draws.curves(times, reps=reps)
        found: dict[Key, Totals] = {}
        found[OPPORTUNITIES, TODAY] = draw_open(curves, times, cells, effects["prospects"], rng)
        if sources.arrivals:
            new = _draw_arrivals(sources.arrivals, reps, ends, effects["arrivals"], rng)
            found[OPPORTUNITIES, FROM_NEW] = draw_begun(curves, times, begun, new, effects["prospects"], rng)
        if deals is not None:
            found |= deals.draw(fit.reps[reps], found, effects["deals"], rng)
        if amounts is not None and sources.amounts is not None:
            alpha, mean = sources.amounts.money.shape, amounts[:, reps][:, None]
            for source in [source for of, source in found if of == WINS and source != TODAY]:
                won = found[WINS, source]
                found[AMOUNT, source] = rng.gamma(alpha * won) * mean / alpha
            found[AMOUNT, TODAY] = found[AMOUNT, FROM_DEALS] + found[AMOUNT, FROM_PROSPECTS]
        yield reps, found


class _Deals:
    """Wins from open opportunities, and from those to come, on draws that have a seed of their own."""

    def __init__(self, fit: LeadTimeFit, ends: Ints) -> None:
        """Lay out who is open, and the days that are asked for."""
        self.fit = fit
        self.opened = open_ends(fit, ends)
        self.begun = begin_ages(ends, fit.last_edge_days)
        self.times = np.unique(np.concatenate([[0.0], self.opened[3].ravel() + 0.5, self.begun.ravel()]))
        self.everybody = fit.draws.all_reps(self.times)
        self.place = {rep: i for i, rep in enumerate(fit.reps)}

    def draw(
        self, reps: tuple[str, ...], opportunities: Mapping[Key, Totals], effects: Floats, rng: np.random.Generator
    ) -> dict[Key, Totals]:
        """Wins of these reps; a rep without any opportunity so far is read as all reps."""
        curves = self._curves(reps)
        mine = {self.place[rep]: i for i, rep in enumerate(reps) if rep in self.place}
        rows = np.flatnonzero(np.isin(self.opened[0], list(mine)))
        rep = np.array([mine[int(r)] for r in self.opened[0][rows]], dtype=np.int64)
        cells = (rep, self.opened[1][rows], self.opened[2][rows], self.opened[3][rows])
        found: dict[Key, Totals] = {(WINS, FROM_DEALS): draw_open(curves, self.times, cells, effects, rng)}
        for of, source in opportunities:
            name = FROM_PROSPECTS if source == TODAY else source
            arose = np.asarray(opportunities[of, source], dtype=np.int64)
            found[WINS, name] = draw_begun(curves, self.times, self.begun, arose, effects, rng)
        found[WINS, TODAY] = found[WINS, FROM_DEALS] + found[WINS, FROM_PROSPECTS]
        return found

    def _curves(self, reps: tuple[str, ...]) -> Curves:
        """Curves (draw, rep, rank, time) of these reps."""
        known = [self.place[rep] for rep in reps if rep in self.place]
        if len(known) == len(reps):
            return self.fit.draws.curves(self.times, reps=slice(known[0], known[-1] + 1))
        event, exit_ = (np.repeat(part[:, None], len(reps), axis=1) for part in self.everybody)
        if known:
            own = self.fit.draws.curves(self.times, reps=slice(known[0], known[-1] + 1))
            at = [i for i, rep in enumerate(reps) if rep in self.place]
            event[:, at], exit_[:, at] = own.event, own.exit
        return Curves(event, exit_)


def _mean_amounts(amounts: AmountFit | None, fit: LeadTimeFit, n_draws: int, rng: np.random.Generator) -> Floats | None:
    """Draws of the mean amount of a win, (draw, rep, rank), for the reps of the outlook."""
    if amounts is None:
        return None
    drawn = amounts.mean_draws()
    order = rng.permutation(np.resize(np.arange(len(drawn)), n_draws))
    place = {rep: i for i, rep in enumerate(amounts.terms.reps)}
    return np.asarray(drawn[order][:, [place[rep] for rep in fit.reps]])


def _draw_arrivals(arrivals: Arrivals, reps: slice, ends: Ints, effects: Floats, rng: np.random.Generator) -> Ints:
    """New judgments, (draw, period, rep, rank)."""
    rate = rng.gamma(arrivals.n[reps] + 0.5, size=(len(effects), *arrivals.n[reps].shape)) / arrivals.days
    length = np.diff(np.concatenate([[0], ends]))
    return rng.poisson(rate[:, None] * (length * effects)[:, :, None, None])
