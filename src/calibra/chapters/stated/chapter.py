"""What does a percentage mean that a rep states? Of judgments with a stated probability, at every horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.stated.findings import findings
from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.model import StatedModel, StatedPriors
from calibra.chapters.stated.rows import Stated
from calibra.chapters.stated.scores import scores_of_stated
from calibra.chapters.stated.section import card, section
from calibra.data.counting.saved import has_rows
from calibra.data.frames.roles import STATED_PROB
from calibra.findings import Finding
from calibra.inference.declare.priors import LKJ, GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.reading.by_horizon import file_name, stack
from calibra.values import Phrase, Value, Within


def _fit(fitting: Fitting) -> Stated | None:
    """One fit a horizon that the ranks are fitted at; None where nobody states a percentage."""
    if STATED_PROB not in fitting.judgments.columns or not has_rows(fitting.judgments):
        return None
    fits: dict[int | None, StatedFit] = {}
    model = fitting.model("stated", StatedModel)
    for days in fitting[RANKS]:
        if days is None:
            continue
        fit = fitting.attempt(partial(_failed, days), partial(_fit_one, fitting, model, days))
        if fit is not None:
            fits[days] = fit
            fitting.notes += _noted(fit)
    return Stated(fits, fitting.settings.margin_odds)


def _fit_one(fitting: Fitting, model: StatedModel, days: int) -> StatedFit:
    return fitting.fit(f"stated, {days}", replace(model, within_days=days).lay_out(fitting.judgments))


def _fit_name(days: int | None) -> Phrase:
    return Phrase("stated.fit", {"days": days})


def _failed(days: int | None, why: Phrase) -> Finding:
    return Finding("stated.failed", {"what": _fit_name(days), "why": why}, within_days=days)


def _noted(fit: StatedFit) -> list[Finding]:
    """How many state nothing, and how many are nearer to certain than the model reads."""
    days, cells = fit.within_days, fit.cells
    numbers = {"stated.not_stated": cells.n_not_stated, "stated.clipped": cells.n_clipped}
    of: dict[str, Value] = {"of": int(fit.n.sum()) + cells.n_not_stated, "days": days}
    told = [Finding(key, {"n": n, **of}, "note", within_days=days) for key, n in numbers.items() if n]
    if cells.young is not None:
        came = {"n": int(cells.young.n.sum()), "came": int(cells.young.events.sum())}
        told.append(Finding("stated.young", {"within": Within(days), **came}, "note", within_days=days))
    return told


def _tables(stated: Stated) -> Tables:
    lines = {days: fit.lines(margin_odds=stated.margin_odds) for days, fit in stated.items()}
    parts = {days: fit.decomposition(margin_odds=stated.margin_odds) for days, fit in stated.items()}
    curves = {days: fit.curves() for days, fit in stated.items()}
    return stack("stated_lines", lines) | stack("stated_curves", curves) | stack("stated_decomposition", parts)


def _pictures(stated: Stated) -> Pictures:
    from calibra.chapters.stated.pictures import plot_stated_curve, plot_stated_reps

    curves = {file_name("stated", days): partial(plot_stated_curve, fit) for days, fit in stated.items()}
    several = {days: fit for days, fit in stated.items() if len(fit.reps) > 1}
    return curves | {file_name("stated-reps", days): partial(plot_stated_reps, fit) for days, fit in several.items()}


def _fits(stated: Stated) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [(_fit_name(days), fit.diagnostics) for days, fit in stated.items()]


STATED = Chapter(
    "stated",
    _fit,
    reads=(RANKS,),
    asks=(STATED_PROB,),
    tables=_tables,
    labels={"stated_curves": ("stated",)},
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    scores_of_stated=scores_of_stated,
    fits=_fits,
    records=(StatedModel, StatedPriors, LKJ, Normal, HalfNormal, GammaPrecision),
    place=15,
)
