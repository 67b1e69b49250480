"""How many ranks do outcomes tell apart? For every horizon of the rank model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.granularity.merges import Granularity, Merge, recommend_granularity
from calibra.chapters.granularity.section import granularity_section
from calibra.chapters.ranks.chapter import RANKS
from calibra.findings import Finding
from calibra.reading.by_horizon import ByHorizon, file_name, stack
from calibra.values import Phrase

type Days = int | None


def _fit(fitting: Fitting) -> ByHorizon[Granularity]:
    """Where there is more than one rank."""
    found: ByHorizon[Granularity] = ByHorizon()
    for days, fit in fitting[RANKS].items():
        if len(fit.ranks) > 1:
            recommend = partial(recommend_granularity, fit, margin_odds=fitting.settings.margin_odds)
            once = partial(fitting.once, f"granularity, {days}", recommend)
            told = fitting.attempt(partial(_failed, days), once)
            if told is not None:
                found[days] = told
    return found


def _failed(days: Days, why: Phrase) -> Finding:
    what = Phrase("granularity.fit_unstated") if days is None else Phrase("granularity.fit", {"days": days})
    return Finding("granularity.failed", {"what": what, "why": why}, within_days=days)


def _tables(found: ByHorizon[Granularity]) -> Tables:
    tables = stack("granularity", {days: told.table for days, told in found.items()})
    return tables | stack("merges", {days: told.merge_table for days, told in found.items()})


def _findings(found: ByHorizon[Granularity]) -> Sequence[Finding]:
    return [finding for granularity in found.values() for finding in granularity.findings]


def _pictures(found: ByHorizon[Granularity]) -> Pictures:
    from calibra.chapters.granularity.pictures import plot_granularity

    return {file_name("granularity", days): partial(plot_granularity, told) for days, told in found.items()}


GRANULARITY = Chapter(
    "granularity",
    _fit,
    reads=(RANKS,),
    tables=_tables,
    findings=_findings,
    section=granularity_section,
    pictures=_pictures,
    records=(Granularity, Merge),
    place=50,
)
