"""Do rank and stated percentage add to a machine's score, and which carries more? At every horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from calibra.chapters.added.findings import findings
from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.model import AddedModel, AddedPriors
from calibra.chapters.added.rows import Added
from calibra.chapters.added.section import section
from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS
from calibra.data.counting.saved import has_rows
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.findings import Finding
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.reading.by_horizon import file_name, stack
from calibra.values import Phrase


def _fit(fitting: Fitting) -> Added | None:
    """One fit a horizon that the ranks are fitted at; None where nothing stands beside the ranks."""
    columns = fitting.judgments.columns
    if not {MACHINE_PROB, STATED_PROB} & set(columns) or not has_rows(fitting.judgments):
        return None
    fits: dict[int | None, AddedFit] = {}
    model = fitting.model("added", AddedModel)
    for days in fitting[RANKS]:
        if days is None or not _can_compare(fitting, days):
            continue
        fit = fitting.attempt(
            partial(_failed, days, _ending(MACHINE_PROB in columns)), partial(_fit_one, fitting, model, days)
        )
        if fit is not None:
            fits[days] = fit
            fitting.notes += _noted(fit)
    return Added(fits, fitting.settings.margin_odds) if fits or MACHINE_PROB in columns else None


def _can_compare(fitting: Fitting, days: int) -> bool:
    """Without a machine's score, only where both ranks and percentages tell prospects apart."""
    if MACHINE_PROB in fitting.judgments.columns:
        return True
    ranks_used = (fitting.judgments.binomial_cells(within_days=days).n.sum(axis=0) > 0).sum()
    return bool(ranks_used > 1 and fitting.judgments.signal_counts(horizons=[days]).share_with(STATED_PROB, days))


def _fit_one(fitting: Fitting, model: AddedModel, days: int) -> AddedFit:
    return fitting.fit(f"added, {days}", replace(model, within_days=days).lay_out(fitting.judgments))


def _failed(days: int | None, ending: str, why: Phrase) -> Finding:
    return Finding("added.failed", {"what": Phrase(f"added.fit{ending}", {"days": days}), "why": why}, within_days=days)


def _ending(with_machine: bool) -> str:  # noqa: FBT001
    """End of the keys of what is said where there is no machine's score."""
    return "" if with_machine else "_alone"


def _noted(fit: AddedFit) -> list[Finding]:
    """How many judgments lack what is compared."""
    n, days = fit.cells.n_left_out, fit.within_days
    values = {"n": n, "of": int(fit.n.sum()) + n, "days": days}
    return [Finding(f"added.left_out{_ending(fit.with_machine)}", values, "note", within_days=days)] if n else []


def _tables(added: Added) -> Tables:
    by_rep = {days: fit.by_rep(margin_odds=added.margin_odds) for days, fit in added.items()}
    return stack("added_gains", {days: fit.gains() for days, fit in added.items()}) | stack("added_by_rep", by_rep)


def _pictures(added: Added) -> Pictures:
    from calibra.chapters.added.pictures import plot_added

    return {
        file_name(f"added-{signal}", days): partial(plot_added, fit, signal=signal)
        for days, fit in added.items()
        if fit.with_machine
        for signal in fit.signals
    }


def _fits(added: Added) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [
        (Phrase(f"added.fit_{reading}{_ending(fit.with_machine)}", {"days": days}), posterior.diagnostics)
        for days, fit in added.items()
        for reading, posterior in fit.posteriors.items()
    ]


ADDED = Chapter(
    "added",
    _fit,
    reads=(RANKS,),
    asks=(MACHINE_PROB, STATED_PROB),
    tables=_tables,
    findings=findings,
    section=section,
    pictures=_pictures,
    fits=_fits,
    labels={"added_gains": ("reading", "against"), "added_by_rep": ("signal",)},
    records=(AddedModel, AddedPriors, Normal, HalfNormal),
    place=16,
)
