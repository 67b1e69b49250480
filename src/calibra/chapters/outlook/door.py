"""What does what is open today bring, by month? The outlook with its record, from judgments and fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.outlook.ahead import Clock, LeftOut, left_out
from calibra.chapters.outlook.back_test import OutlookBackTest, run_back_test
from calibra.chapters.outlook.foresee import Sources, count_arrivals, foresee
from calibra.chapters.outlook.periods import learn, periods_ahead
from calibra.chapters.outlook.result import Outlook, key_of, read_target, summarise_reps
from calibra.chapters.value.amount_fit import AmountFit
from calibra.chapters.value.fit import ValueFit
from calibra.chapters.value.model import AmountModel
from calibra.data.counting.counts import EVENT
from calibra.data.counting.dated import DatedCounts, count_dated
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import check_days
from calibra.errors import FitError, InputError, NotEnoughDataError, check_kind
from calibra.findings import Finding
from calibra.inference.engines import Engine
from calibra.stats.intervals import INTERVAL_PROB
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_UNKNOWN = 0.5
"""No outlook is given as far ahead as more than this share of the open prospects is not followed."""
MOST_DRAWS, PAST_DRAWS = 1_000, 400
"""Draws of an outlook, and of each past month's."""
FEWEST_EVENTS = 10
"""Fewest wins from which a clock of wins is read."""
PAST_MONTHS = 12
"""Past months that are looked back at."""


def outlook(
    judgments: Judgments,
    *,
    seed: int,
    lead_fit: LeadTimeFit | None = None,
    value_fit: ValueFit | None = None,
    by: str = "month",
    periods: int = 3,
    new_judgments: bool = False,
    sales_target: Mapping[str, float] | None = None,
    back_test_months: int = PAST_MONTHS,
    engine: Engine = "auto",
    draws: int = MOST_DRAWS,
    progress: bool = True,
) -> Outlook:
    """What does what is open today bring, by week, month or quarter, and how far was such a number right so far?

    Each open prospect has the chances that the lead-time model gives one of its rep, rank and age; a good or bad month
    for everybody multiplies them, as far as past months have swung. Wins and their money follow on a clock of their
    own where `won_at` is mapped. It is what comes if all goes on as before, and says nothing of prospects older than
    anything followed, which `left_out` counts.

    Parameters
    ----------
    judgments : Judgments
        With rows.
    seed : int
        Same seed, same numbers.
    lead_fit : LeadTimeFit, optional
        A fit of these judgments; fitted here where none is given.
    value_fit : ValueFit, optional
        What a win brings; without it amounts are not given.
    by : {"week", "month", "quarter"}
        Periods of the calendar; the first is what is left of the one that tomorrow falls in.
    periods : int
        How many.
    new_judgments : bool
        Whether what is judged after today stands beside it, as a line of its own.
    sales_target : mapping, optional
        What is wanted of all periods together, such as {"opportunities": 120}.
    back_test_months : int
        Past months that the same is drawn for as known then; 0 for none, and no verdict.
    engine, draws, progress
        As in `LeadTimeModel.fit`; past months are fitted with `laplace`.

    Raises
    ------
    InputError
        Ready-made counts, which hold no days; a period that is none.
    NotEnoughDataError
        Nothing is open; periods further ahead than most open prospects are followed, with how many are.
    """
    check_kind(judgments, "judgments", Judgments)
    check_days(periods, "periods")
    if judgments.as_of is None:
        raise InputError(
            "An outlook needs judgments with rows (ages and calendar months); these are ready-made counts."
        )
    dated, as_of = count_dated(judgments), judgments.as_of
    model = LeadTimeModel() if lead_fit is None else LeadTimeModel(adjust_for=lead_fit.adjust_for)
    fit = (
        model.fit(judgments, seed=seed, engine=engine, draws=draws, progress=progress) if lead_fit is None else lead_fit
    )
    fit, until = thinned(fit, draws), periods_ahead(as_of, by, periods)
    draws = fit.draws.n_draws
    check_followed(fit, as_of, by, periods)
    deals = _deal_clock(judgments, seed=seed, engine=engine, draws=draws, progress=progress)
    paid = None if value_fit is None or deals is None else value_fit.amounts
    trusted = paid is not None and _is_trusted(paid)
    sources = _sources(as_of, fit, deals, paid if trusted else None, dated)
    if new_judgments:
        sources = replace(sources, arrivals=count_arrivals(dated, len(fit.ranks), as_of))
    record = None
    if back_test_months:
        try:
            record = _look_back(judgments, dated, model, paid if trusted else None, back_test_months, seed)
        except NotEnoughDataError:
            record = None
    found = _answer(sources, until, by, seed=seed, amount_refused=paid is not None and not trusted)
    return replace(found, back_test=record, target=read_target(sales_target))


def backtest_outlook(
    judgments: Judgments, *, seed: int, months: int = PAST_MONTHS, value_fit: ValueFit | None = None
) -> OutlookBackTest:
    """Would the outlook have been right? Each past month, and quarter, as known then, beside last months' mean.

    Parameters
    ----------
    judgments : Judgments
        With rows.
    seed : int
        Same seed, same numbers.
    months : int
        Past months, the latest ones; each has six months before it.
    value_fit : ValueFit, optional
        Its amounts say with which case mix the money of past months is fitted; without it money is left out.

    Raises
    ------
    InputError
        Ready-made counts.
    NotEnoughDataError
        Fewer than three past months with six before them.
    """
    check_kind(judgments, "judgments", Judgments)
    check_days(months, "months")
    if judgments.as_of is None:
        raise InputError(
            "A back-test needs judgments with rows (ages and calendar months); these are ready-made counts."
        )
    amounts = None if value_fit is None else value_fit.amounts
    return _look_back(judgments, count_dated(judgments), LeadTimeModel(), amounts, months, seed)


def check_followed(fit: LeadTimeFit, as_of: date, by: str, periods: int) -> None:
    """Refuse nothing open, and periods further ahead than most of what is open is followed."""
    days = periods_ahead(as_of, by, periods) - as_of.toordinal()
    found = [left_out(fit, int(ahead)) for ahead in days]
    if not found[-1].n_open:
        raise NotEnoughDataError(Finding("outlook.none_open", {}, "note"))
    known = [part.n_unknown + part.n_cut <= MOST_UNKNOWN * part.n_open for part in found]
    if not known[-1]:
        values = {
            "periods": periods,
            "n": found[-1].n_unknown + found[-1].n_cut,
            "open": found[-1].n_open,
            "last": fit.last_edge_days,
            "most": sum(known),
        }
        raise NotEnoughDataError(Finding("outlook.not_followed", values, "note"))


def thinned(fit: LeadTimeFit, draws: int) -> LeadTimeFit:
    """The same fit with no more than so many of its draws, evenly taken."""
    if fit.draws.n_draws <= draws:
        return fit
    chosen = np.linspace(0, fit.draws.n_draws - 1, draws).astype(int)
    few = {
        cause: replace(
            found,
            draws={name: values[chosen] for name, values in found.draws.items()},
            diagnostics=replace(found.diagnostics, n_draws=draws),
        )
        for cause, found in fit.posteriors.items()
    }
    return replace(fit, posteriors=few)


def _is_trusted(amounts: AmountFit) -> bool:
    trust = amounts.trust()
    return bool(trust.trusted[trust.of_rank(ALL_RANKS)])


def _deal_clock(
    judgments: Judgments, *, seed: int, engine: Engine, draws: int, progress: bool = False
) -> LeadTimeFit | None:
    """The clock from opportunity to win; None where wins are not known, or too few."""
    if "won_at" not in judgments.columns:
        return None
    try:
        deals = judgments.opportunities()
        counts = deals.duration_counts()
        if counts.n[counts.ending == EVENT].sum() < FEWEST_EVENTS:
            return None
        return LeadTimeModel().fit(deals, seed=seed + 1, engine=engine, draws=draws, progress=progress)
    except (FitError, NotEnoughDataError):
        return None


def _sources(
    as_of: date, fit: LeadTimeFit, deals: LeadTimeFit | None, amounts: AmountFit | None, dated: DatedCounts
) -> Sources:
    """The clocks with what the months before the day say of them."""
    clock = None if deals is None else Clock(deals, learn(dated.deals(), deals, as_of))
    return Sources(as_of, Clock(fit, learn(dated, fit, as_of)), clock, amounts if clock else None)


def _look_back(
    judgments: Judgments, dated: DatedCounts, model: LeadTimeModel, paid: AmountFit | None, months: int, seed: int
) -> OutlookBackTest:
    """The same in past months: each fitted on what was known then."""

    def at(day: date) -> Sources:
        past = judgments.at(day)
        fit = model.fit(past, seed=seed, engine="laplace", draws=PAST_DRAWS, progress=False)
        deals = _deal_clock(past, seed=seed, engine="laplace", draws=PAST_DRAWS)
        return _sources(day, fit, deals, _amounts_then(past, paid, seed) if deals else None, dated)

    return run_back_test(dated, judgments.as_of or date.max, at, months=months, seed=seed)


def _amounts_then(past: Judgments, paid: AmountFit | None, seed: int) -> AmountFit | None:
    """What a win brought, as known then; None where it could not be said."""
    if paid is None:
        return None
    model: AmountModel = paid.model
    try:
        return model.fit(past, seed=seed, engine="laplace", draws=PAST_DRAWS, progress=False)
    except (FitError, NotEnoughDataError, InputError):
        return None


def _answer(sources: Sources, until: NDArray[np.int64], by: str, *, seed: int, amount_refused: bool) -> Outlook:
    """Draw, a few reps at a time, and keep what is told of each rep and of all."""
    fit, ends = sources.prospects.fit, until
    if by == "quarter":  # months are good or bad, quarters are sums of them
        first = periods_ahead(sources.as_of, "month", 3 * len(until))
        ends = first[first <= until[-1]]
    period = np.searchsorted(until, ends)
    draws: dict[str, NDArray[np.float64]] = {}
    of_reps: dict[str, list[NDArray[np.float64]]] = {}
    for _, found in foresee(sources, ends, seed):
        for (of, source), drawn in found.items():
            grouped = np.stack([drawn[:, period == p].sum(axis=1) for p in range(len(until))], axis=1).astype(float)
            key = key_of(of, source)
            draws[key] = draws.get(key, 0.0) + grouped.sum(axis=2)
            of_reps.setdefault(key, []).append(summarise_reps(grouped, INTERVAL_PROB))
    last = int(until[-1]) - sources.as_of.toordinal()
    apart: dict[str, LeftOut] = {"prospects": left_out(fit, last)}
    if sources.deals is not None:
        apart["opportunities"] = left_out(sources.deals.fit, last)
    return Outlook(
        sources.as_of,
        by,
        tuple(date.fromordinal(int(day)) for day in until),
        fit.reps,
        fit.ranks,
        draws,
        {key: np.concatenate(parts, axis=1) for key, parts in of_reps.items()},
        INTERVAL_PROB,
        apart,
        sources.prospects.months.swing,
        amount_refused,
        {},
    )
