"""How much work is behind what comes, how much behind what never came, and when to stop? Of judgments with contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.effort.advice import recommend_hand_back
from calibra.chapters.effort.answer import Effort
from calibra.chapters.effort.caps import contact_caps
from calibra.chapters.effort.findings import findings
from calibra.chapters.effort.model import EffortModel, EffortPriors
from calibra.chapters.effort.section import card, section
from calibra.chapters.effort.work import work_between_ranks, work_by_rank
from calibra.chapters.exits.chapter import EXITS
from calibra.chapters.fitting import Fitting
from calibra.chapters.granularity.chapter import GRANULARITY
from calibra.chapters.granularity.merges import Granularity
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.data.counting.contacts import ContactCounts
from calibra.data.counting.saved import has_rows
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal
from calibra.inference.posterior import Diagnostics
from calibra.values import Phrase, Share

FEW_KNOWN = 0.5
"""Below this share of judgments whose contacts are known, those not known may be others: that is doubted."""
FEWEST_HANDED_BACK = 30
"""Hand-backs, old enough, from which it is said how many come all the same."""


def _fit(fitting: Fitting) -> Effort | None:
    """None where nobody counts contacts."""
    judgments = fitting.judgments
    if not fitting.once("effort, asked", lambda: judgments.knows_contacts and has_rows(judgments)):
        return None
    model = fitting.model("effort", EffortModel)
    counts = fitting.once("effort, counts", partial(model.count, judgments))
    fit = fitting.attempt(_failed, lambda: fitting.fit("effort", model.lay_out_counts(counts)))
    if fit is None:
        return None
    fitting.notes += _noted(counts, is_closed=fit.is_closed)
    outcomes: Mapping[int | None, Granularity] = fitting.answer(GRANULARITY) or {}
    return Effort(fit, recommend_hand_back(fit), outcomes, _come_anyway(fitting))


def _come_anyway(fitting: Fitting) -> float | None:
    """Share of those handed back that came all the same, within the longest horizon; None where too few were."""
    exits = fitting.answer(EXITS)
    for back in reversed(list(exits.hand_backs.values())) if exits is not None else ():
        n, events = (int(back.columns[name][0]) for name in ("n", "events"))
        if n >= FEWEST_HANDED_BACK:
            return (events + 0.5) / (n + 1.0)
    return None


def _failed(why: Phrase) -> Finding:
    return Finding("effort.failed", {"what": Phrase("effort.fit"), "why": why})


def _noted(counts: ContactCounts, *, is_closed: bool) -> list[Finding]:
    """Whose contacts are not known, who came in late, and that nobody was ever stopped."""
    every = int(counts.n.sum()) + counts.n_entered_late
    numbers = {"effort.not_known": counts.n_not_known, "effort.entered_late": counts.n_entered_late}
    noted = [Finding(key, {"n": n, "of": every}, "note") for key, n in numbers.items() if n]
    noted += [Finding(f"effort.log_{name}", {"contacts": n}, "note") for name, n in counts.told.items() if n]
    known = int(counts.n.sum()) - counts.n_not_known
    if known < FEW_KNOWN * every:
        noted.append(Finding("effort.few_known", {"n": known, "of": every, "share": Share(known / every)}, "doubt"))
    return noted if is_closed else [*noted, Finding("effort.never_stopped", {}, "note")]


def _tables(found: Effort) -> Tables:
    fit = found.fit
    tables = {"effort": fit.activity(), "effort_yields": fit.yields(), "effort_caps": contact_caps(fit)}
    tables |= {"effort_ranks": work_by_rank(fit), "effort_hand_back": found.advice.table}
    return tables | ({"effort_pairs": work_between_ranks(fit)} if len(fit.cells.ranks) > 1 else {})


def _pictures(found: Effort) -> Pictures:
    from calibra.chapters.effort.pictures import plot_yield

    return {"effort": partial(plot_yield, found.fit)}


def _fits(found: Effort) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [(Phrase(f"effort.fit_{cause}"), draws.diagnostics) for cause, draws in found.fit.posteriors.items()]


EFFORT = Chapter(
    "effort",
    _fit,
    reads=(LEAD_TIMES, GRANULARITY, EXITS),
    tables=_tables,
    labels={"effort_yields": ("contacts",), "effort_caps": ("cap",)},
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    fits=_fits,
    failed=_failed,
    records=(EffortModel, EffortPriors, ContactCounts, Normal, HalfNormal, GammaPrecision),
    place=52,
)
