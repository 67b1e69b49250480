"""When does what comes come, beside the date that a rep stated? Of judgments with a stated date."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.chapters.timing.findings import findings
from calibra.chapters.timing.fit import StatedTimingFit
from calibra.chapters.timing.model import StatedTimingModel, StatedTimingPriors
from calibra.chapters.timing.section import card, section
from calibra.data.counting.positions import EXPECTED_AT, PositionCells
from calibra.data.counting.saved import has_rows
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.values import Phrase, Share

FEW_STATED = 0.3
"""Below this share of judgments with a date, silence may say something of its own: that is doubted."""


def _fit(fitting: Fitting) -> StatedTimingFit | None:
    """None where nobody states a date."""
    judgments = fitting.judgments
    if EXPECTED_AT not in judgments.columns or not has_rows(judgments):
        return None
    model = fitting.model("timing", StatedTimingModel)
    counted = fitting.once("timing, counts", partial(model.count, judgments))
    fit = fitting.attempt(_failed, lambda: fitting.fit("timing", model.lay_out_counts(counted, judgments.scale)))
    if fit is not None:
        fitting.notes += _noted(counted)
    return fit


def _failed(why: Phrase) -> Finding:
    return Finding("timing.failed", {"what": Phrase("timing.fit"), "why": why})


def _noted(counted: PositionCells) -> list[Finding]:
    """How many state no date, or their own day; whether so few do that their silence may tell."""
    n = int(counted.n.sum())
    every = n + counted.n_not_stated + counted.n_at_once
    numbers = {"timing.not_stated": counted.n_not_stated, "timing.at_once": counted.n_at_once}
    noted = [Finding(key, {"n": k, "of": every}, "note") for key, k in numbers.items() if k]
    if n < FEW_STATED * every:
        noted.append(Finding("timing.few_stated", {"n": n, "of": every, "share": Share(n / every)}, "doubt"))
    return noted


def _tables(fit: StatedTimingFit) -> Tables:
    return {"stated_timing": fit.shares(), "stated_timing_bias": fit.bias()}


def _pictures(fit: StatedTimingFit) -> Pictures:
    from calibra.chapters.timing.pictures import plot_stated_timing

    return {"stated-timing": partial(plot_stated_timing, fit)}


def _fits(fit: StatedTimingFit) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [(Phrase(f"timing.fit_{cause}"), found.diagnostics) for cause, found in fit.posteriors.items()]


TIMING = Chapter(
    "timing",
    _fit,
    reads=(LEAD_TIMES,),
    asks=("expected_at",),
    tables=_tables,
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    fits=_fits,
    failed=_failed,
    records=(StatedTimingModel, StatedTimingPriors, PositionCells, Normal, HalfNormal, GammaPrecision),
    place=35,
)
