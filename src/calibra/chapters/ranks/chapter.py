"""What does each rank bring, per rep? A rank model for every horizon."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.doubts import doubts
from calibra.chapters.ranks.findings import findings
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.front import front
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.chapters.ranks.moved import moved
from calibra.chapters.ranks.rows import Ranks as Ranks
from calibra.chapters.ranks.scores import scores
from calibra.chapters.ranks.section import section
from calibra.data.counting.choices import horizons_to_fit
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.reached import YoungCells
from calibra.findings import Finding
from calibra.inference.declare.priors import LKJ, GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.reading.by_horizon import file_name, stack
from calibra.values import Phrase, Value

if TYPE_CHECKING:
    import pandas as pd

type Days = int | None

TABLES = ("probabilities", "profiles", "order", "spread", "expected", "reverse")
"""Tables of every fit, and the methods that give them."""


def _fit(fitting: Fitting) -> Ranks:
    """One fit a horizon, as far as they can be had; late entry and loss leave some to lead times alone."""
    judgments, model = fitting.judgments, fitting.model("ranks", RankModel)
    fits: dict[Days, RankFit] = {}
    for days in horizons_to_fit(judgments):
        of_horizon = replace(model, within_days=days)
        fit = fitting.attempt(partial(_failed, days), partial(_fit_one, fitting, of_horizon))
        if fit is not None:
            fits[fit.within_days] = fit
            fitting.notes += _left_out(fit)
    return Ranks(fits, fitting.settings.margin_odds)


def _fit_one(fitting: Fitting, model: RankModel) -> RankFit:
    """Counts by groups are kept in the file, which holds those by rep and rank alone."""
    name, counted = f"ranks, {model.within_days}", None
    if model.groups:
        counted = fitting.once(f"{name}, counts by group", partial(model.count, fitting.judgments))
    return fitting.fit(name, model.lay_out(fitting.judgments, counted))


def fit_name(days: Days) -> Phrase:
    """The fit of a horizon."""
    return Phrase("ranks.fit_unstated") if days is None else Phrase("ranks.fit", {"days": days})


def _failed(days: Days, why: Phrase) -> Finding:
    return Finding("ranks.failed", {"what": fit_name(days), "why": why}, within_days=days)


def _left_out(fit: RankFit) -> list[Finding]:
    """What is noted of mature judgments that were seen in part only."""
    n = fit.cells.n_left_out
    if not n:
        return []
    values: dict[str, Value] = {
        "what": fit_name(fit.within_days),
        "n": n,
        "of": n + int(fit.cells.n.sum()),
        "days": fit.within_days,
    }
    return [Finding("ranks.left_out", values, "note", within_days=fit.within_days)]


def _tables(ranks: Ranks) -> Tables:
    tables: dict[str, pd.DataFrame] = {}
    for name in TABLES:
        asked = {"margin_odds": ranks.margin_odds} if name == "profiles" else {}
        tables |= stack(name, {days: getattr(fit, name)(**asked) for days, fit in ranks.items()})
    return tables


def _summary(ranks: Ranks) -> list[str]:
    return [fit.summary(margin_odds=ranks.margin_odds) for fit in ranks.values()]


def _pictures(ranks: Ranks) -> Pictures:
    from calibra.chapters.ranks.pictures import plot_probabilities, plot_profiles

    pictures = {}
    for days, fit in ranks.items():
        pictures[file_name("probabilities", days)] = partial(plot_probabilities, fit)
        if ranks.rows(days).is_compared:
            pictures[file_name("profiles", days)] = partial(plot_profiles, fit, margin_odds=ranks.margin_odds)
    return pictures


def _fits(ranks: Ranks) -> list[tuple[Phrase, Diagnostics]]:
    return [(fit_name(days), fit.diagnostics) for days, fit in ranks.items()]


def _findings(ranks: Ranks) -> list[Finding]:
    return [*doubts(ranks), *findings(ranks)]


RANKS = Chapter(
    "ranks",
    _fit,
    tables=_tables,
    labels={"spread": ("quantity", "of")},
    findings=_findings,
    section=section,
    front=front,
    moved=moved,
    pictures=_pictures,
    summary=_summary,
    scores=scores,
    fits=_fits,
    records=(RankModel, RankPriors, BinomialCells, YoungCells, LKJ, Normal, HalfNormal, GammaPrecision),
    when="always",
    place=10,
)
