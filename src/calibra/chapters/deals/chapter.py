"""What became of what was said of deals, and what will this period bring? Where a log of statements is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.deals.answer import DealAnswer, answer_deals
from calibra.chapters.deals.findings import findings
from calibra.chapters.deals.model import DealModel, DealPriors
from calibra.chapters.deals.ratios import compare_ratios
from calibra.chapters.deals.section import card, section
from calibra.chapters.fitting import Fitting
from calibra.data.counting.forecasts import ForecastCells, OpenForecasts
from calibra.data.history.deals import Deals
from calibra.errors import check_kind
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.values import Phrase, Share, Value

AT_ONCE, MANY_AT_ONCE = 0.02, 20
"""Deals moved on one day to one day, from which share of the statements and number on it looks like a mass update."""
BUNCHED = 0.5
"""Share of statements of one length, from which on they look like a default of a form."""


def _fit(fitting: Fitting) -> DealAnswer | None:
    """None where no deals were given."""
    if not fitting.once("deals, asked", lambda: DEALS.name in fitting.beside):
        return None
    counts = fitting.once("deals, counts", lambda: _deals(fitting).cells())
    rows = fitting.once("deals, open", lambda: _open(fitting))
    fit = fitting.attempt(_failed, lambda: fitting.fit("deals", fitting.model("deals", DealModel).lay_out(counts)))
    if fit is None:
        return None
    fitting.notes += _noted(counts.told)
    return answer_deals(fit, rows)


def _open(fitting: Fitting) -> OpenForecasts:
    deals = _deals(fitting)
    counts = deals.cells()
    return deals.forecasts().of(counts.n_periods, counts.openings[-1])


def _deals(fitting: Fitting) -> Deals:
    found: Deals = fitting.beside[DEALS.name]
    check_kind(found, "deals", Deals)
    return found


def _failed(why: Phrase) -> Finding:
    return Finding("deals.failed", {"what": Phrase("deals.fit"), "why": why})


def _noted(told: Mapping[str, float]) -> list[Finding]:
    """What was left out or reads oddly, counted; what makes the log doubtful."""
    names = ("hindsight", "no_date", "unsaid", "reopened", "without_amount", "for_today", "same_day")
    of = dict.fromkeys(names, "n_statements") | {"unsaid": "n_ended", "reopened": "n_ended", "without_amount": "n_won"}
    noted = [
        Finding(f"deals.told_{name}", {"n": int(told[f"n_{name}"]), "of": int(told[of[name]])}, "note")
        for name in names
        if told[f"n_{name}"]
    ]
    n = told["n_statements"]
    if told["n_at_once"] >= max(MANY_AT_ONCE, AT_ONCE * n):
        values: dict[str, Value] = {"n": int(told["n_at_once"]), "share": Share(told["n_at_once"] / n)}
        noted.append(Finding("deals.at_once", values, "doubt"))
    if told["n_one_length"] >= max(MANY_AT_ONCE, BUNCHED * n):
        values = {"share": Share(told["n_one_length"] / n), "days": int(told["one_length"])}
        noted.append(Finding("deals.one_length", values, "doubt"))
    return noted


def _tables(found: DealAnswer) -> Tables:
    fit = found.fit
    tables = {"deals": fit.forecasts(), "deals_pushes": fit.pushes(), "deals_total": found.total.table()}
    return tables | ({"deals_amounts": fit.amounts(), "deals_ratios": compare_ratios(fit)} if fit.knows_amounts else {})


def _pictures(found: DealAnswer) -> Pictures:
    from calibra.chapters.deals.pictures import plot_forecasts, plot_total

    return {"deals": partial(plot_forecasts, found.fit), "deals-total": partial(plot_total, found.total)}


def _fits(found: DealAnswer) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [(Phrase(f"deals.fit_{part}"), draws.diagnostics) for part, draws in found.fit.posteriors.items()]


DEALS = Chapter(
    "deals",
    _fit,
    tables=_tables,
    labels={"deals": ("category",), "deals_pushes": ("pushes",), "deals_total": ("part",)},
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    reps=lambda found: found.fit.reps,
    fits=_fits,
    failed=_failed,
    records=(DealModel, DealPriors, ForecastCells, OpenForecasts, Normal, HalfNormal, GammaPrecision),
    place=56,
)
