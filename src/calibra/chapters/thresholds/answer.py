"""A threshold model for every horizon of the rank model, the advice made of them, and who draws the line elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS, Ranks
from calibra.chapters.thresholds.advice import AdviceRules, ThresholdAdvice, recommend_thresholds
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.chapters.thresholds.style import RepStyles, describe_styles
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.weekly import RecentCounts
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import Finding
from calibra.reading.by_horizon import ByHorizon
from calibra.tables import brief
from calibra.values import Listed, Phrase, Rank

type Days = int | None


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """The threshold models, the advice made of them, and who starts to use ranks lower or higher than the others."""

    __repr__ = brief

    fits: ByHorizon[ThresholdFit]
    """Horizon in days to the threshold model, shortest first."""
    advice: ThresholdAdvice | None
    """How far each rep should move each threshold: to what the scale promises, else to all reps' bars."""
    styles: ByHorizon[RepStyles]
    """Horizon to who starts to use ranks at lower or higher probabilities than the others; of two reps or more."""
    ranks: Ranks
    """The rank models of the same horizons."""
    margin_odds: float
    """Factor on the odds below which a difference is not worth talking about."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.fits)


def answer_thresholds(fitting: Fitting) -> Thresholds:
    """A fit for every horizon of the rank model, and the advice they allow."""
    judgments, ranks = fitting.judgments, fitting[RANKS]
    if len(judgments.scale.ranks) == 1 and ranks:
        raise NotEnoughDataError(Finding("thresholds.one_rank", role="note"))
    model = fitting.model("thresholds", ThresholdModel)
    fits: ByHorizon[ThresholdFit] = ByHorizon()
    for days in ranks:
        of_horizon = replace(model, within_days=days)
        fit = fitting.attempt(partial(_failed, days), partial(_fit_one, fitting, of_horizon))
        if fit is not None:
            fits[fit.within_days] = fit
    margin = fitting.settings.margin_odds
    advice = _advise(fitting, fits, AdviceRules(margin_odds=margin), _recent(judgments)) if fits else None
    stated = judgments.assignment
    styles = ByHorizon(
        (days, describe_styles(fit, ranks[days], assignment=stated, margin_odds=margin))
        for days, fit in fits.items()
        if len(fit.reps) > 1
    )
    return Thresholds(fits, advice, styles, ranks, margin)


def _fit_one(fitting: Fitting, model: ThresholdModel) -> ThresholdFit:
    return fitting.fit(f"thresholds, {model.within_days}", model.lay_out(fitting.judgments))


def fit_name(days: Days) -> Phrase:
    """The fit of a horizon."""
    return Phrase("thresholds.fit_unstated") if days is None else Phrase("thresholds.fit", {"days": days})


def _failed(days: Days, why: Phrase) -> Finding:
    return Finding("thresholds.failed", {"what": fit_name(days), "why": why}, within_days=days)


def _recent(judgments: Judgments) -> RecentCounts | None:
    """How often each rep uses each rank now; None where no days are known."""
    try:
        return judgments.weekly_counts().recent()
    except InputError:  # ready-made counts
        return None


def _advise(
    fitting: Fitting, fits: Mapping[Days, ThresholdFit], rules: AdviceRules, recent: RecentCounts | None
) -> ThresholdAdvice | None:
    """To the promises where there are any at a horizon fitted, else to all reps' bars at the shortest horizon."""
    first = next(iter(fits.values()))
    if first.scale.rising:
        better, worse = map(Rank, first.scale.rising[0])
        fitting.notes.append(Finding("thresholds.rising", {"better": better, "worse": worse}, "note"))
        return None
    promises = {rank: first.scale.promises.get(rank) for rank in first.ranks[:-1]}
    unpromised = [rank for rank, promise in promises.items() if promise is None]
    unfitted = {rank: p.within_days for rank, p in promises.items() if p is not None and p.within_days not in fits}
    if len(unpromised) + len(unfitted) < len(promises):
        fitting.notes += _without_advice(unpromised, unfitted, fits)
        dated = {days: fit for days, fit in fits.items() if days is not None}
        return fitting.once(
            "advice", lambda: recommend_thresholds(dated, rules=rules, recent=recent, ranks=fitting[RANKS])
        )
    if len(first.reps) < 2:
        fitting.notes.append(Finding("thresholds.one_rep", role="note"))
        return None
    if first.scale.promises:
        ranks = Listed(tuple(map(Rank, first.scale.promises)))
        fitting.notes.append(Finding("thresholds.other_aim", {"ranks": ranks}, "note"))
    return fitting.once("advice", lambda: recommend_thresholds(first, target="all reps", rules=rules, recent=recent))


def _without_advice(
    unpromised: Sequence[str], unfitted: Mapping[str, int], fits: Mapping[Days, ThresholdFit]
) -> list[Finding]:
    """Which ranks get no advice, and why."""
    notes = []
    if unpromised:
        days = Listed(tuple(map(str, fits)), "or")
        values = {"ranks": Listed(tuple(map(Rank, unpromised))), "days": days}
        notes.append(Finding("thresholds.unpromised", values, "note"))
    return notes + [
        Finding("thresholds.unfitted", {"ranks": Rank(rank), "days": days}, "note") for rank, days in unfitted.items()
    ]
