"""What was promised of each rank, and what came of it? Wherever there is a rank model."""

from __future__ import annotations

from calibra.chapters.contract import Chapter, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.promises.findings import findings
from calibra.chapters.promises.reliability import RankReliability, rank_reliability
from calibra.chapters.promises.rows import Days, Promises
from calibra.chapters.promises.section import card, section
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.thresholds.chapter import THRESHOLDS
from calibra.errors import InputError
from calibra.reading.by_horizon import ByHorizon, stack


def _fit(fitting: Fitting) -> Promises:
    """Promised against delivered at every horizon at which something is promised."""
    thresholds, ranks = fitting.answer(THRESHOLDS), fitting[RANKS]
    fits = ByHorizon() if thresholds is None else thresholds.fits
    found: dict[Days, RankReliability] = {}
    for days, fit in ranks.items():
        promised = [promise for promise in fit.scale.promise_by_rank if promise is not None]
        if any(days in (None, promise.within_days) for promise in promised):
            try:
                margin = fitting.settings.margin_odds
                found[days] = rank_reliability(fit, thresholds=fits.get(days), margin_odds=margin)
            except InputError:  # a bar alone, and no threshold model
                continue
    return Promises(found, ranks, fits)


def _tables(found: Promises) -> Tables:
    return stack("promises", {days: told.table for days, told in found.items()})


PROMISES = Chapter(
    "promises",
    _fit,
    reads=(RANKS, THRESHOLDS),
    tables=_tables,
    findings=findings,
    section=section,
    card=card,
    when="always",
    place=20,
)
