"""Where does each rep draw the line, and how far should it move? A threshold model for every horizon, and advice."""

from __future__ import annotations

from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.thresholds.advice import AdviceRules, ThresholdAdvice
from calibra.chapters.thresholds.answer import Thresholds as Thresholds, answer_thresholds, fit_name
from calibra.chapters.thresholds.findings import threshold_findings
from calibra.chapters.thresholds.model import ThresholdModel, ThresholdPriors
from calibra.chapters.thresholds.scores import scores
from calibra.chapters.thresholds.section import threshold_section
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.reading.by_horizon import stack
from calibra.values import Phrase


def _tables(found: Thresholds) -> Tables:
    tables = stack("bars", {days: fit.bars() for days, fit in found.fits.items()})
    tables |= stack("detection", {days: fit.profiles() for days, fit in found.fits.items()})
    tables |= stack("styles", {days: styles.table for days, styles in found.styles.items()})
    return tables if found.advice is None else {**tables, "thresholds": found.advice.table}


def _summary(found: Thresholds) -> list[str]:
    told = [fit.summary() for fit in found.fits.values()]
    if found.advice is None:
        return told
    return [*told, "\n".join([f"Thresholds, aim: {found.advice.target}", *found.advice.sentences()])]


def _pictures(found: Thresholds) -> Pictures:
    from calibra.chapters.thresholds.pictures import plot_bars, plot_share_moves

    if found.advice is None:
        return {}
    return {"bars": partial(plot_bars, found.advice), "thresholds": partial(plot_share_moves, found.advice)}


def _fits(found: Thresholds) -> list[tuple[Phrase, Diagnostics]]:
    return [(fit_name(days), fit.diagnostics) for days, fit in found.fits.items()]


THRESHOLDS = Chapter(
    "thresholds",
    answer_thresholds,
    reads=(RANKS,),
    tables=_tables,
    findings=threshold_findings,
    section=threshold_section,
    pictures=_pictures,
    summary=_summary,
    scores=scores,
    fits=_fits,
    records=(ThresholdModel, ThresholdPriors, ThresholdAdvice, AdviceRules, Normal, HalfNormal, GammaPrecision),
    place=40,
)
