"""A rep against the others from three viewpoints: how many come, how long it takes, how much is won.

Each at the mix of ranks that all reps together have, so that nobody is judged by their mix. How many and how long are
read off the draws of one lead-time fit, whose errors go together; how much is independent of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import time_of_share
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.value.fit import ValueFit
from calibra.errors import InputError, check_kind
from calibra.inference.pairing import pair_independent
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FLAG_PROB, check_flag_prob
from calibra.reading.means import mean_of_others
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, MARGIN_RATIO, check_margin_odds, check_margin_ratio, log_odds_gap
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

VIEWPOINTS = ("how_many", "how_long", "how_much")
"""The viewpoints, in the order they are told in."""
LEAST_BEYOND = 1.5
"""What comes has to be followed so many horizons, or nothing can be late."""
WHEN, LARGER, FEWER, LESS_WON, IN_LINE = "wrong_when", "fewer_larger", "fewer", "less_won", "in_line"
"""Statements that several viewpoints make together."""
TIMES = 60
"""Days at which the lead times of a rep are read, to tell their spread."""
QUANTILES = {"days_quarter": 0.25, "days_half": 0.5, "days_three_quarters": 0.75}
"""Of the events by the last day read, so many have come by these days."""


@dataclass(frozen=True, slots=True, eq=False)
class Viewpoints:
    """Three viewpoints on every rep, and what they say together. No score: their weights are a choice of management."""

    __repr__ = brief

    within_days: int
    """Horizon in days."""
    to_days: int
    """Days up to which events are read."""
    interval_prob: float
    """Level of the intervals."""
    margin_odds: float
    """Factor on the odds below which shares are alike."""
    margin_ratio: float
    """Factor below which money is alike."""
    columns: Mapping[str, NDArray[Any]]
    """Columns of the table."""

    @property
    def table(self) -> pd.DataFrame:
        """One row a rep, in the order of labels, never of money.

        `how_many_gap_points`: events by the last day read, rep less the others; `how_long_gap_points`: of these, the
        share that comes within the horizon; `how_much_gap_percent`: money an opportunity brings, rep over the others
        less 1; each with `_lower`, `_upper`, `_prob_below`, `_prob_within`, `_prob_above` and `_verdict`. `statement`
        of the three together with `statement_prob`; `misread_amount` with interval: by how much the rep's young open
        prospects look worth more than they are, where they are read as the others'; `days_quarter`, `days_half`,
        `days_three_quarters` with intervals: lead times by which so many of the rep's events have come; `n`, `events`,
        `won`.
        """
        table = make_table(self.columns)
        days = {"within_days": self.within_days, "to_days": self.to_days}
        margins = {"margin_odds": self.margin_odds, "margin_ratio": self.margin_ratio}
        table.attrs.update(interval_prob=self.interval_prob, **days, **margins)
        return table


def viewpoints(
    lead_fit: LeadTimeFit,
    value_fit: ValueFit,
    *,
    within_days: int | None = None,
    margin_odds: float = MARGIN_ODDS,
    margin_ratio: float = MARGIN_RATIO,
    flag_prob: float = FLAG_PROB,
    interval_prob: float = INTERVAL_PROB,
) -> Viewpoints:
    """How do each rep's outcomes compare with the others' in number, time and money, at the same ranks?

    The others are the other reps with 30 judgments or more, each counted once. A statement of several viewpoints is one
    event of the draws: all of it holds at once.

    Parameters
    ----------
    lead_fit : LeadTimeFit
        Lead times.
    value_fit : ValueFit
        Value, of the same reps.
    within_days : int, optional
        Horizon in days; by default that of `value_fit`.
    margin_odds, margin_ratio : float
        Factors on the odds, and on money, below which a difference is not worth talking about.
    flag_prob : float
        Probability from which a verdict or a statement is uttered.
    interval_prob : float
        Level of the intervals.

    Raises
    ------
    InputError
        Fits of other reps; a horizon past the last edge.
    """
    check_kind(lead_fit, "lead_fit", LeadTimeFit)
    check_kind(value_fit, "value_fit", ValueFit)
    check_margin_odds(margin_odds)
    check_margin_ratio(margin_ratio)
    check_flag_prob(flag_prob)
    days = value_fit.within_days if within_days is None else within_days
    if lead_fit.reps != value_fit.reps or lead_fit.ranks != value_fit.ranks:
        raise InputError("`lead_fit` and `value_fit` must be of the same reps and ranks; they are not. Fit both anew.")
    if days is None or not lead_fit.reaches(days):
        raise InputError(f"`within_days` must be a horizon that the lead times reach; got {days!r}.")
    latest = lead_fit.last_edge_days  # of a slow rep fewer have come by any earlier day
    judged = lead_fit.n.sum(axis=1)
    many, long = _number_and_time(lead_fit, days, latest)
    much = _money(lead_fit, value_fit)
    gaps = {
        "how_many": _share_gap(many, judged, margin_odds),
        "how_long": _share_gap(long, judged, margin_odds) if latest >= LEAST_BEYOND * days else None,
        "how_much": _money_gap(much, judged, margin_ratio) if value_fit.amounts.trust().trusted[0] else None,
    }
    columns: dict[str, Any] = {"rep": np.array(lead_fit.reps, dtype=object)}
    for name, gap in gaps.items():
        columns |= _gap_columns(name, gap, len(judged), flag_prob, interval_prob)
    columns |= _statements(gaps, len(judged), flag_prob)
    columns |= _misread(lead_fit, value_fit, days, interval_prob)
    columns |= _spread(lead_fit, latest, interval_prob)
    exposure = lead_fit.cells.exposure
    events = exposure.events.sum(axis=tuple(range(1, exposure.events.ndim)))
    counts = {"n": judged, "events": events, "won": value_fit.wins.won.sum(axis=1)}
    columns |= {name: values.astype(int) for name, values in counts.items()}
    return Viewpoints(days, latest, interval_prob, margin_odds, margin_ratio, columns)


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """Draws of a gap as it is shown, and on which side of the margin each lies."""

    shown: Floats
    """(draw, rep)."""
    side: NDArray[np.int8]
    """−1 below, 0 within, 1 above."""
    known: NDArray[np.bool_]
    """Whether there are others to compare with, (rep,)."""


def _number_and_time(fit: LeadTimeFit, days: int, latest: int) -> tuple[Floats, Floats]:
    """Draws of the share that comes at all, and of how much of it comes in time, (draw, rep)."""
    mix = fit.n.sum(axis=0) / fit.n.sum()
    many, long = (np.empty((fit.draws.n_draws, len(fit.reps))) for _ in range(2))
    for reps, curves in fit.draws.in_chunks(fit.times([days, latest])):
        share = np.einsum("srkt,k->srt", curves.event, mix)
        many[:, reps] = share[..., 1]
        long[:, reps] = share[..., 0] / np.maximum(share[..., 1], 1e-300)
    return many, long


def _money(lead_fit: LeadTimeFit, value_fit: ValueFit) -> Floats:
    """Draws of the money an opportunity brings, (draw, rep), beside those of the lead times in an order of chance."""
    pairs = pair_independent(lead_fit.posteriors["event"], value_fit.wins.posterior)
    by_rank = value_fit.opportunity_draws() @ (value_fit.wins.n.sum(axis=0) / value_fit.wins.n.sum())
    found = np.empty((lead_fit.draws.n_draws, len(lead_fit.reps)))
    found[:] = np.resize(by_rank[pairs.second], found.shape)
    return found


def _share_gap(share: Floats, judged: Floats, margin_odds: float) -> Gap:
    others = mean_of_others(share, judged, least=FEWEST_JUDGMENTS)
    known = ~np.isnan(others).any(axis=0)
    apart = log_odds_gap(share, np.where(known, others, 0.5))
    return Gap(100.0 * (share - others), _sides(apart, float(np.log(margin_odds))), known)


def _money_gap(money: Floats, judged: Floats, margin_ratio: float) -> Gap:
    others = mean_of_others(money, judged, least=FEWEST_JUDGMENTS)
    known = ~np.isnan(others).any(axis=0)
    apart = np.log(money / np.where(known, others, 1.0))
    return Gap(100.0 * (money / others - 1.0), _sides(apart, float(np.log(margin_ratio))), known)


def _sides(apart: Floats, margin: float) -> NDArray[np.int8]:
    return ((apart > margin).astype(np.int8) - (apart < -margin).astype(np.int8)).astype(np.int8)


def _gap_columns(
    name: str, gap: Gap | None, n_reps: int, flag_prob: float, interval_prob: float
) -> dict[str, NDArray[Any]]:
    """Estimate, interval, the three probabilities and the verdict; nothing known where there is no gap."""
    unit = "percent" if name == "how_much" else "points"
    ends = [f"{name}_gap_{unit}{end}" for end in ("", "_lower", "_upper")]
    probs = [f"{name}_prob_{side}" for side in ("below", "within", "above")]
    if gap is None:
        nothing: dict[str, NDArray[Any]] = {column: np.full(n_reps, np.nan) for column in (*ends, *probs)}
        return nothing | {f"{name}_verdict": np.full(n_reps, CANNOT_TELL, dtype=object)}
    found = equal_tailed(gap.shown, interval_prob=interval_prob)
    middle = (np.median(gap.shown, axis=0), found.lower, found.upper)
    sure = [(gap.side == side).mean(axis=0) for side in (-1, 0, 1)]
    verdict = np.full(n_reps, CANNOT_TELL, dtype=object)
    for side, prob in zip(("below", "within", "above"), sure, strict=True):
        verdict[(prob >= flag_prob) & gap.known] = side
    columns = {column: np.where(gap.known, values, np.nan) for column, values in zip(ends, middle, strict=True)}
    columns |= {column: np.where(gap.known, values, np.nan) for column, values in zip(probs, sure, strict=True)}
    return columns | {f"{name}_verdict": verdict}


def _statements(gaps: Mapping[str, Gap | None], n_reps: int, flag_prob: float) -> dict[str, NDArray[Any]]:
    """The first statement that is sure enough, of all its parts at once; and how sure it is."""
    many, long, much = (gaps[name] for name in VIEWPOINTS)
    statement, prob = np.full(n_reps, CANNOT_TELL, dtype=object), np.full(n_reps, np.nan)
    if many is None:
        return {"statement": statement, "statement_prob": prob}
    holds: dict[str, NDArray[np.bool_]] = {}
    if long is not None:
        holds[WHEN] = (many.side == 0) & (long.side == -1)
    if much is not None:
        holds[LARGER] = (many.side == -1) & (much.side == 1)
    if long is not None:
        holds[FEWER] = (many.side == -1) & (long.side <= 0)
    if long is not None and much is not None:
        holds[LESS_WON] = (many.side == 0) & (long.side == 0) & (much.side == -1)
        holds[IN_LINE] = (many.side == 0) & (long.side == 0) & (much.side == 0)
    for name, hit in reversed(holds.items()):
        sure = hit.mean(axis=0)
        told = (sure >= flag_prob) & many.known
        statement[told], prob[told] = name, sure[told]
    return {"statement": statement, "statement_prob": prob}


def _misread(
    lead_fit: LeadTimeFit, value_fit: ValueFit, days: int, interval_prob: float
) -> dict[str, NDArray[np.float64]]:
    """B_r = Σ_k n_open,rk (V_others,k − V_rk): prospects open and judged within the horizon, as on the day of it."""
    opened = lead_fit.open_counts
    young = opened.age_days <= days
    n_open = np.zeros(lead_fit.n.shape)
    np.add.at(n_open, (opened.rep[young], opened.rank[young]), opened.n[young])
    value = value_fit.value_draws()
    others = mean_of_others(value, lead_fit.n.sum(axis=1), least=FEWEST_JUDGMENTS)
    counted = n_open * value_fit.trusted
    amount = np.einsum("srk,rk->sr", others - value, counted)
    known = ~np.isnan(others).any(axis=(0, 2)) & bool(value_fit.trusted.any())
    found = equal_tailed(amount, interval_prob=interval_prob)
    ends = (np.median(amount, axis=0), found.lower, found.upper)
    columns = {
        f"misread_amount{end}": np.where(known, values, np.nan)
        for end, values in zip(("", "_lower", "_upper"), ends, strict=True)
    }
    return columns | {"n_open": n_open.sum(axis=1)}


def _spread(fit: LeadTimeFit, latest: int, interval_prob: float) -> dict[str, NDArray[np.float64]]:
    """Days by which a quarter, half and three quarters of a rep's events by the last day read have come."""
    days = np.unique(np.linspace(0, latest, TIMES).round().astype(int))
    times, mix = fit.times(days.tolist()), fit.n.sum(axis=0) / fit.n.sum()
    columns = {f"{name}{end}": np.empty(len(fit.reps)) for name in QUANTILES for end in ("", "_lower", "_upper")}
    for reps, curves in fit.draws.in_chunks(times):
        share = np.einsum("srkt,k->srt", curves.event, mix)
        for name, prob in QUANTILES.items():
            found = equal_tailed(time_of_share(share, times, prob), interval_prob=interval_prob)
            for end, values in zip(("", "_lower", "_upper"), found, strict=True):
                columns[f"{name}{end}"][reps] = values
    return columns
