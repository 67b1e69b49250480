"""How much is won, and what is a prospect of each rank worth? Of judgments with `won_at` and `amount`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.value.amount_fit import AmountFit, without_largest
from calibra.chapters.value.findings import findings, notes
from calibra.chapters.value.fit import ValueFit
from calibra.chapters.value.model import AmountModel, AmountPriors, ValueModel, WinModel, WinPriors
from calibra.chapters.value.section import card, section
from calibra.chapters.value.trust import MUCH_SHARE
from calibra.data.counting.deals import DealCells
from calibra.data.counting.saved import has_rows
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.values import Phrase


def _fit(fitting: Fitting) -> ValueFit | None:
    """At the longest horizon that ranks are fitted at; None where nobody says what was won and for how much."""
    judgments = fitting.judgments
    if not {"won_at", "amount"} <= set(judgments.columns) or not has_rows(judgments):
        return None
    events = [fit for days, fit in fitting[RANKS].items() if days is not None]
    if not events:
        return None
    event = events[-1]
    model = replace(fitting.model("value", ValueModel), adjust_for=event.adjust_for)
    days = int(event.within_days or 0)
    cells: DealCells = fitting.once("value, opportunities", partial(model.count, judgments, days))
    fit = ValueFit(event, *fitting.fit("value", model.lay_out_deals(judgments, days, cells)))
    without, unadjusted = _beside(fitting, fit)
    margin = fitting.settings.margin_odds
    fit = replace(fit, without_largest=without, unadjusted=unadjusted, margin_odds=margin)
    fitting.notes += notes(fit)
    return fit


def _beside(fitting: Fitting, fit: ValueFit) -> tuple[AmountFit | None, AmountFit | None]:
    """The amounts without the largest where that one is much, and those at each rep's own case mix."""
    cells, model, scale = fit.amounts.cells, fit.amounts.model, fitting.judgments.scale

    def beside(name: str, other: AmountModel, counted: DealCells) -> AmountFit | None:
        return fitting.attempt(_failed, lambda: fitting.fit(f"value, {name}", other.lay_out_cells(scale, counted)))

    is_much = fit.amounts.trust().largest_share[0] > MUCH_SHARE
    without = beside("without the largest", model, without_largest(cells)) if is_much else None
    plain = beside("unadjusted", replace(model, adjust_for=()), cells.without_groups()) if cells.groups else None
    return without, plain


def _failed(why: Phrase) -> Finding:
    return Finding("value.failed", {"why": why})


def _tables(fit: ValueFit) -> Tables:
    return {
        "amount_trust": fit.amounts.trust().table,
        "amounts": fit.amounts.amounts(),
        "wins": fit.wins.probabilities(),
        "values": fit.values(),
        "rank_worth": fit.rank_worth(),
        "value_gaps": fit.gaps(),
    }


def _pictures(fit: ValueFit) -> Pictures:
    from calibra.chapters.value.pictures import plot_amounts, plot_rank_worth

    return {"amounts": partial(plot_amounts, fit.amounts), "rank-worth": partial(plot_rank_worth, fit)}


def _fits(fit: ValueFit) -> Sequence[tuple[Phrase, Diagnostics]]:
    found = {"wins": fit.wins.diagnostics, **fit.amounts.diagnostics}
    return [(Phrase(f"value.fit_{name}"), diagnostics) for name, diagnostics in found.items()]


VALUE = Chapter(
    "value",
    _fit,
    reads=(RANKS,),
    asks=("amount",),
    failed=_failed,
    tables=_tables,
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    fits=_fits,
    records=(ValueModel, WinModel, WinPriors, AmountModel, AmountPriors, DealCells, Normal, HalfNormal, GammaPrecision),
    place=42,
)
