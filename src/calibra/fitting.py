"""Every model fitted one after the other; what cannot be calculated becomes a note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from calibra.calibration import Calibration, Days, name_fit
from calibra.data.choices import horizons_to_fit
from calibra.data.counts import EVENT
from calibra.data.judgments import Judgments
from calibra.data.weekly import RecentCounts
from calibra.decisions.first_answers import first_answers
from calibra.decisions.granularity import Granularity, recommend_granularity
from calibra.decisions.thresholds import AdviceRules, ThresholdAdvice, recommend_thresholds
from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.fit_settings import FitSettings
from calibra.inference.engines import Engine
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.predictive_checks import predictive_check
from calibra.models.rank_fit import RankFit
from calibra.models.threshold_fit import ThresholdFit
from calibra.studies.sensitivity import prior_sensitivity
from calibra.views.sentences import (
    FOOTING,
    describe_advice,
    describe_granularity,
    describe_hand_backs,
    describe_lead_time,
    describe_promises,
    describe_rank_fit,
    describe_styles_found,
)
from calibra.words import counted, listed

FEWEST_EVENTS = 10
"""Events from which lead times are told: with fewer, the days are the model's and not the data's."""


def fit_everything(judgments: Judgments, *, seed: int, settings: FitSettings, progress: bool) -> Calibration:
    """What `calibrate` does, with settings that are known to be sound.

    Raises
    ------
    NotEnoughDataError, FitError, InputError
        As `calibrate`.
    """
    fitter = _Fitter(judgments, seed, settings, progress)
    parts = settings.parts
    horizons = horizons_to_fit(judgments)
    lead_fit = fitter.fit_lead_time() if "lead times" in parts else None
    rank_fits = fitter.fit_each({days: replace(settings.rank, within_days=days) for days in horizons}, "Rank model")
    fitter.notes.extend(note for days, fit in rank_fits.items() if (note := _left_out(days, fit)))
    threshold_fits: dict[Days, ThresholdFit] = {}
    if "thresholds" not in parts:
        pass
    elif len(judgments.scale.ranks) > 1 and rank_fits:
        models = {days: replace(settings.threshold, within_days=days) for days in rank_fits}
        threshold_fits = fitter.fit_each(models, "Threshold model")
    elif rank_fits:
        fitter.notes.append("Thresholds: a scale of one rank has none.")
    if not rank_fits and lead_fit is None:
        raise fitter.nothing_fitted()
    rules = AdviceRules(margin_odds=settings.margin_odds)
    recent = _recent(judgments) if threshold_fits else None
    advice = _advise(threshold_fits, fitter.notes, rules=rules, recent=recent) if threshold_fits else None
    asked = rank_fits if "granularity" in parts else {}
    granularity = {days: told for days, fit in asked.items() if (told := fitter.granularity(fit)) is not None}
    found = Calibration(
        judgments, rank_fits, lead_fit, threshold_fits, advice, granularity, tuple(fitter.notes),
        tuple(fitter.failed), findings=(), seed=seed, settings=settings,
    )  # fmt: skip
    return replace(found, findings=_findings(found))


class _Model[Fit](Protocol):
    """What fits judgments."""

    def fit(self, judgments: Judgments, *, seed: int, engine: Engine, draws: int, progress: bool) -> Fit:
        """Fit the model."""


@dataclass(frozen=True, slots=True)
class _Fitter:
    """Fits one model after the other, and keeps a note of what could not be calculated."""

    judgments: Judgments
    seed: int
    settings: FitSettings
    progress: bool
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def fit_lead_time(self) -> LeadTimeFit | None:
        """The lead-time model, where there are rows."""
        if self.judgments.as_of is None:
            self.notes.append("Lead times: ready-made counts do not say when what came.")
            return None
        counts = self.judgments.duration_counts()
        n_events = int(counts.n[counts.ending == EVENT].sum())
        if n_events < FEWEST_EVENTS:
            self.notes.append(
                f"Lead-time model: {counted(n_events, 'event')} so far; when they come is told from {FEWEST_EVENTS} on."
            )
            return None
        return self._attempt("Lead-time model", partial(self._fit, self.settings.lead_time))

    def fit_each[Fit](self, models: Mapping[Days, _Model[Fit]], name: str) -> dict[Days, Fit]:
        """One fit a horizon, as far as they can be had, under the horizon that was fitted."""
        late = bool({"entered_at", "censored_at"} & set(self.judgments.columns))  # only lead times allow for them
        fits = {
            days: self._attempt(name_fit(name, days), partial(self._fit, model), refusal_is_note=late)
            for days, model in models.items()
        }
        return {getattr(fit, "within_days", days): fit for days, fit in fits.items() if fit is not None}

    def granularity(self, fit: RankFit) -> Granularity | None:
        """How many ranks the data tell apart, where there is more than one."""
        if len(fit.ranks) < 2:
            return None
        return self._attempt(name_fit("How many ranks", fit.within_days), partial(recommend_granularity, fit))

    def nothing_fitted(self) -> NotEnoughDataError | FitError:
        """The error that names every reason."""
        words = "\n".join(["No model could be fitted:", *(f"- {note}" for note in self.notes)])
        return FitError(words) if self.failed else NotEnoughDataError(words)

    def _fit[Fit](self, model: _Model[Fit]) -> Fit:
        asked = self.settings
        return model.fit(self.judgments, seed=self.seed, engine=asked.engine, draws=asked.draws, progress=self.progress)

    def _attempt[Fit](self, name: str, run: Callable[[], Fit], *, refusal_is_note: bool = False) -> Fit | None:
        """What it gives, or None and a note of why not."""
        try:
            return run()
        except FitError as error:
            self.notes.append(f"{name}: {error}")
            self.failed.append(self.notes[-1])
        except NotEnoughDataError as error:
            self.notes.append(f"{name}: {error}")
        except InputError as error:
            if not refusal_is_note:
                raise
            self.notes.append(f"{name}: {error}")
        return None


def _recent(judgments: Judgments) -> RecentCounts | None:
    """How often each rep uses each rank now; None where no days are known."""
    try:
        return judgments.weekly_counts().recent()
    except InputError:  # ready-made counts
        return None


def _left_out(days: Days, fit: RankFit) -> str:
    """What is noted of mature judgments that were seen in part only; nothing where there are none."""
    n = fit.cells.n_left_out
    if not n:
        return ""
    of = f"{n + int(fit.cells.n.sum()):,} judgments old enough for {days} days"
    why = "they were lost from sight before (`censored_at`) or came under observation late (`entered_at`)"
    return f"{name_fit('Rank model', days)}: {n:,} of the {of} left out, for {why}."


def _advise(
    fits: Mapping[Days, ThresholdFit], notes: list[str], *, rules: AdviceRules, recent: RecentCounts | None
) -> ThresholdAdvice | None:
    """To the promises where there are any at a horizon fitted, else to all reps' bars at the shortest horizon."""
    first = next(iter(fits.values()))
    if first.scale.rising:
        better, worse = first.scale.rising[0]
        notes.append(f"Advice on thresholds: none, for {worse} promises more than {better}, a better rank.")
        return None
    promises = {rank: first.scale.promises.get(rank) for rank in first.ranks[:-1]}
    unpromised = [rank for rank, promise in promises.items() if promise is None]
    unfitted = {rank: p.within_days for rank, p in promises.items() if p is not None and p.within_days not in fits}
    if len(unpromised) + len(unfitted) < len(promises):
        if unpromised:
            days = listed(map(str, fits), "or")
            notes.append(
                f"Thresholds of {listed(unpromised)}: no advice, for nothing is promised of them within {days} "
                "days; add to the scale what they promise."
            )
        notes += [
            f"Thresholds of {rank}: no advice yet, for the {days} days of its promise could not be fitted."
            for rank, days in unfitted.items()
        ]
        return recommend_thresholds(
            {days: fit for days, fit in fits.items() if days is not None}, rules=rules, recent=recent
        )
    if len(first.reps) < 2:
        notes.append("Advice on thresholds: nothing is promised, and there is one rep: nothing to aim at.")
        return None
    if first.scale.promises:
        ranks = listed(first.scale.promises)
        notes.append(
            f"Advice on thresholds: what {ranks} promise cannot be aimed at; the aim is all reps' bars instead."
        )
    return recommend_thresholds(first, target="all reps", rules=rules, recent=recent)


def _findings(found: Calibration) -> tuple[str, ...]:
    """What was found, in sentences; the footing last."""
    said = [f"In doubt: {doubt}" for doubt in found.doubts()]
    for days, fit in found.rank_fits.items():
        known, margin = first_answers(found.judgments, days), found.settings.margin_odds
        first, *others = describe_rank_fit(fit, found.judgments.scale, margin_odds=margin, first_answers=known)
        said += [first, *_at_horizon(days, others, found)]
    for promised in found.promises().values():
        said += describe_promises(promised)
    if found.lead_fit is not None:
        said += describe_lead_time(found.lead_fit)
    if found.advice is not None:
        said += describe_advice(found.advice)
    for days, styles in found.styles().items():
        said += _at_horizon(days, describe_styles_found(styles), found)
    said += [describe_hand_backs(back) for back in found.hand_backs().values()]
    said += [describe_granularity(granularity) for granularity in found.granularity.values()]
    return (*said, *_against_the_models(found), FOOTING)


def _at_horizon(days: Days, sentences: Iterable[str], found: Calibration) -> list[str]:
    """Sentences under their horizon, where there are several."""
    several = len(found.rank_fits) > 1
    return [f"Within {days} days: {sentence}" if several else sentence for sentence in sentences]


def _against_the_models(found: Calibration) -> list[str]:
    """What posterior predictive checks and the priors of scales say against the rank models, where it matters.

    Of the priors what reweighting can tell; `prior_sensitivity` itself fits again where it cannot.
    """
    fits = found.rank_fits.values()
    checks = [predictive_check(fit, seed=found.seed) for fit in fits]
    priors = [prior_sensitivity(fit, refit=False) for fit in fits]
    return [
        *(check.sentence for check in checks if check.over_dispersed),
        *(told.sentence for told in priors if told.matters),
    ]
