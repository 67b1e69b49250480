"""How long does it take, and what should be looked through again? One lead-time model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.lead_times.findings import findings
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.model import LeadTimeModel, LeadTimePriors
from calibra.chapters.lead_times.scores import scores
from calibra.chapters.lead_times.section import section
from calibra.data.counting.counts import EVENT
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.values import Count, Phrase, Value

FEWEST_EVENTS = 10
"""Fewest events for which lead times are reported; with fewer, the prior would decide the answer."""


def _fit(fitting: Fitting) -> LeadTimeFit:
    """The lead-time model, where there are days and enough events."""
    judgments = fitting.judgments
    if judgments.as_of is None:
        raise NotEnoughDataError(Finding("lead_times.counts_alone", role="note"))
    counts = judgments.duration_counts()
    n_events = int(counts.n[counts.ending == EVENT].sum())
    if n_events < FEWEST_EVENTS:
        values: dict[str, Value] = {"n": Count(n_events, "event"), "least": FEWEST_EVENTS}
        raise NotEnoughDataError(Finding("lead_times.few_events", values, "note"))
    model = fitting.model("lead times", LeadTimeModel)
    edges_days = fitting.once("lead times, edges in days", partial(model.edges_days, judgments))
    return fitting.fit("lead times", replace(model, interval_edges_days=edges_days).lay_out(judgments))


def _tables(fit: LeadTimeFit) -> Tables:
    tables = {"lead_times": fit.lead_times(), "tempo": fit.tempo(), "chasing": fit.chasing(), "never": fit.never()}
    days = [days for days in fit.counts.horizons if fit.reaches(days)]
    return {"incidence": fit.cumulative_incidence(days), **tables} if days else tables


def _summary(fit: LeadTimeFit) -> list[str]:
    return [fit.summary()]


def _pictures(fit: LeadTimeFit) -> Pictures:
    from calibra.chapters.lead_times.pictures import plot_cumulative_incidence, plot_lead_times

    return {"incidence": partial(plot_cumulative_incidence, fit), "lead-times": partial(plot_lead_times, fit)}


def _fits(fit: LeadTimeFit) -> list[tuple[Phrase, Diagnostics]]:
    return [(Phrase(f"lead_times.fit_{cause}"), found) for cause, found in fit.diagnostics.by_cause.items()]


def _failed(why: Phrase) -> Finding:
    return Finding("lead_times.failed", {"why": why})


LEAD_TIMES = Chapter(
    "lead times",
    _fit,
    failed=_failed,
    tables=_tables,
    findings=findings,
    section=section,
    pictures=_pictures,
    summary=_summary,
    scores=scores,
    fits=_fits,
    records=(LeadTimeModel, LeadTimePriors, Normal, HalfNormal, GammaPrecision),
    place=30,
)
