"""One call to everything: judgments in, every model that has enough data fitted, results read in one place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from calibra.data.counts import EVENT
from calibra.data.judgments import Judgments
from calibra.decisions.granularity import Granularity, recommend_granularity
from calibra.decisions.style import RepStyles, describe_styles
from calibra.decisions.thresholds import ThresholdAdvice, recommend_thresholds
from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.inference.engines import Engine
from calibra.models.lead_time import LeadTimeModel
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.models.threshold import ThresholdModel
from calibra.models.threshold_fit import ThresholdFit
from calibra.views.sentences import (
    FOOTING,
    describe_advice,
    describe_granularity,
    describe_lead_time,
    describe_rank_fit,
    describe_styles_found,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from calibra.inference.posterior import Diagnostics

type Days = int | None

PARTS = ("lead times", "thresholds", "granularity")
"""What `calibrate` does beside the rank model."""
FEWEST_EVENTS = 10
"""Events from which lead times are told: with fewer, the days are the model's and not the data's."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Everything that was fitted to one set of judgments, and what could not be had."""

    judgments: Judgments
    """What was judged."""
    rank_fits: Mapping[Days, RankFit]
    """Horizon in days to the rank model, shortest first; None for ready-made counts that state none."""
    lead_fit: LeadTimeFit | None
    """The lead-time model; where there is none, `notes` say why."""
    threshold_fits: Mapping[Days, ThresholdFit]
    """Horizon in days to the threshold model, shortest first."""
    advice: ThresholdAdvice | None
    """How far each rep should move each threshold: to what the scale promises, else to all reps' bars."""
    granularity: Mapping[Days, Granularity]
    """Horizon in days to how many ranks the data tell apart."""
    notes: tuple[str, ...]
    """What could not be had, and why; shown wherever results are."""
    failed: tuple[str, ...]
    """Those of the notes that tell of a fit that broke down."""
    findings: tuple[str, ...]
    """What was found, in sentences; the footing last."""
    seed: int
    """Seed of every fit."""

    @property
    def ok(self) -> bool:
        """Nothing speaks against any fit."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against each fit, in words; empty if nothing does."""
        doubted = (f"{name}: {', '.join(found.problems)}" for name, found in self._fits() if found.problems)
        return (*doubted, *self.failed)

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """One line a fit: how far to trust it."""
        return tuple(f"{name}: {found}" for name, found in self._fits())

    def _fits(self) -> list[tuple[str, Diagnostics]]:
        """Every fit by name; the lead-time model is one fit an ending."""
        lead = self.lead_fit.diagnostics.by_cause if self.lead_fit else {}
        return [
            *((_name("Rank model", days), fit.diagnostics) for days, fit in self.rank_fits.items()),
            *((f"Lead-time model, {cause}", found) for cause, found in lead.items()),
            *((_name("Threshold model", days), fit.diagnostics) for days, fit in self.threshold_fits.items()),
        ]

    def styles(self) -> dict[Days, RepStyles]:
        """Horizon to who reads too much and who is cautious; of two reps or more."""
        return {
            days: describe_styles(fit, self.rank_fits[days])
            for days, fit in self.threshold_fits.items()
            if days in self.rank_fits and len(fit.reps) > 1
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; the horizons one under the other, told apart by `within_days`."""
        tables = {} if self.judgments.as_of is None else {"judgments": self.judgments.summary().table}
        for name in ("probabilities", "profiles", "order", "spread", "expected"):
            tables |= _stack(name, {days: getattr(fit, name)() for days, fit in self.rank_fits.items()})
        if self.lead_fit is not None:
            tables |= _lead_time_tables(self.lead_fit, self.judgments)
        tables |= _stack("bars", {days: fit.bars() for days, fit in self.threshold_fits.items()})
        tables |= _stack("discrimination", {days: fit.profiles() for days, fit in self.threshold_fits.items()})
        tables |= _stack("styles", {days: styles.table for days, styles in self.styles().items()})
        if self.advice is not None:
            tables["thresholds"] = self.advice.table
        tables |= _stack("granularity", {days: found.table for days, found in self.granularity.items()})
        return tables | _stack("merges", {days: found.merge_table for days, found in self.granularity.items()})

    def summary(self) -> str:
        """Everything at a glance: diagnostics first, then what could not be had, what came in, what was found."""
        came_in = repr(self.judgments) if self.judgments.as_of is None else str(self.judgments.summary())
        said = [fit.summary() for fit in self.rank_fits.values()]
        said += [self.lead_fit.summary()] if self.lead_fit else []
        said += [fit.summary() for fit in self.threshold_fits.values()]
        advised = self.advice.sentences() if self.advice else []
        return "\n\n".join([
            "\n".join(["How far to trust it", *self.diagnostics]),
            *(["\n".join(["What could not be had", *self.notes])] if self.notes else []),
            f"What came in\n{came_in}",
            "\n".join(["What was found", *(f"- {sentence}" for sentence in self.findings)]),
            *said,
            *(["\n".join([f"Thresholds, aim: {self.advice.target}", *advised])] if self.advice else []),
        ])  # fmt: skip

    def __repr__(self) -> str:
        fitted = ", ".join(name for name, _ in self._fits())
        return f"<Calibration: {fitted}; {'no problem seen' if self.ok else 'a fit has PROBLEMS'}; {self.judgments!r}>"

    def save_pictures(self, folder: str | Path, *, formats: tuple[str, ...] = ("png", "svg")) -> tuple[Path, ...]:
        """Draw every picture into a folder that exists, `probabilities-90.png` and so on; returns the paths.

        Of the thresholds the best rank's are drawn; `plot_bars` and `plot_share_moves` draw any other.
        """
        from calibra.views.style import save_picture

        paths = []
        for name, draw in self._pictures().items():
            axes = draw()
            paths += [save_picture(axes, Path(folder) / f"{name}.{kind}") for kind in formats]
        return tuple(paths)

    def _pictures(self) -> dict[str, Callable[[], Axes]]:
        """Name of each picture to what draws it."""
        from calibra.views.plot_lead_time import plot_cumulative_incidence, plot_lead_times
        from calibra.views.plot_rank import plot_probabilities, plot_profiles
        from calibra.views.plot_thresholds import plot_bars, plot_granularity, plot_share_moves

        pictures: dict[str, Callable[[], Axes]] = {}
        for days, fit in self.rank_fits.items():
            pictures[_file_name("probabilities", days)] = partial(plot_probabilities, fit)
            pictures[_file_name("profiles", days)] = partial(plot_profiles, fit)
        if self.lead_fit is not None:
            pictures["incidence"] = partial(plot_cumulative_incidence, self.lead_fit)
            pictures["lead-times"] = partial(plot_lead_times, self.lead_fit)
        if self.advice is not None:
            pictures["bars"] = partial(plot_bars, self.advice)
            pictures["thresholds"] = partial(plot_share_moves, self.advice)
        for days, found in self.granularity.items():
            pictures[_file_name("granularity", days)] = partial(plot_granularity, found)
        return pictures


def calibrate(
    judgments: Judgments,
    *,
    seed: int,
    engine: Engine = "auto",
    draws: int = 1000,
    parts: Collection[str] = PARTS,
    progress: bool = True,
) -> Calibration:
    """What do the judgments of each rep mean, how long do they take, and what should move? Fits every model.

    One lead-time model; a rank and a threshold model per horizon, advice on thresholds, and how many ranks the data
    tell apart. The horizons are those the scale promises and those the judgments were read with (`horizons=`). What
    cannot be had yet, or not from such data, becomes a note and does not lose the rest.

    Parameters
    ----------
    judgments : Judgments
        Judgments, or ready-made counts, which hold no lead times.
    seed : int
        Same seed, same numbers.
    engine : {"auto", "laplace", "nuts"}
        As in `RankModel.fit`.
    draws : int
        Posterior draws to keep.
    parts : collection of str
        What to do beside the rank model: "lead times", "thresholds", "granularity". Default: all of it.
    progress : bool
        Show progress on a terminal for work above a second.

    Raises
    ------
    NotEnoughDataError
        No model could be fitted; names each with its reason.
    FitError
        No model could be fitted, and one of them broke down.
    InputError
        No horizon is known, or an engine, number of draws or part that is none.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=400)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> calibration = cb.calibrate(judgments, seed=1, parts=["thresholds"])
    >>> list(calibration.rank_fits), list(calibration.threshold_fits), calibration.notes
    ([90], [90], ())
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown or isinstance(parts, str):
        raise InputError(f"`parts` must be some of {', '.join(map(repr, PARTS))}; got {parts!r}.")
    fitter = _Fitter(judgments, seed, engine, draws, progress)
    horizons = _horizons(judgments)
    lead_fit = fitter.fit_lead_time() if "lead times" in parts else None
    rank_fits = fitter.fit_each({days: RankModel(within_days=days) for days in horizons}, "Rank model")
    threshold_fits: dict[Days, ThresholdFit] = {}
    if "thresholds" not in parts:
        pass
    elif len(judgments.scale.ranks) > 1 and rank_fits:
        models = {days: ThresholdModel(within_days=days) for days in rank_fits}
        threshold_fits = fitter.fit_each(models, "Threshold model")
    elif rank_fits:
        fitter.notes.append("Thresholds: a scale of one rank has none.")
    if not rank_fits and lead_fit is None:
        raise fitter.nothing_fitted()
    advice = _advise(threshold_fits, fitter.notes) if threshold_fits else None
    asked = rank_fits if "granularity" in parts else {}
    granularity = {days: told for days, fit in asked.items() if (told := fitter.granularity(fit)) is not None}
    found = Calibration(
        judgments, rank_fits, lead_fit, threshold_fits, advice, granularity, tuple(fitter.notes),
        tuple(fitter.failed), findings=(), seed=seed,
    )  # fmt: skip
    return replace(found, findings=_findings(found))


class _Model[Fit](Protocol):
    """What fits judgments."""

    def fit(self, judgments: Judgments, *, seed: int, engine: Engine, draws: int, progress: bool) -> Fit:
        """Fit the model."""


@dataclass(frozen=True, slots=True)
class _Fitter:
    """Fits one model after the other, and keeps a note of what could not be had."""

    judgments: Judgments
    seed: int
    engine: Engine
    draws: int
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
                f"Lead-time model: {n_events} events so far; when they come is told from {FEWEST_EVENTS} on."
            )
            return None
        return self._attempt("Lead-time model", partial(self._fit, LeadTimeModel()))

    def fit_each[Fit](self, models: Mapping[Days, _Model[Fit]], name: str) -> dict[Days, Fit]:
        """One fit a horizon, as far as they can be had, under the horizon that was fitted."""
        late = bool({"entered_at", "censored_at"} & set(self.judgments.columns))  # only lead times allow for them
        fits = {
            days: self._attempt(_name(name, days), partial(self._fit, model), refusal_is_note=late)
            for days, model in models.items()
        }
        return {getattr(fit, "within_days", days): fit for days, fit in fits.items() if fit is not None}

    def granularity(self, fit: RankFit) -> Granularity | None:
        """How many ranks the data tell apart, where there is more than one."""
        if len(fit.ranks) < 2:
            return None
        return self._attempt(_name("How many ranks", fit.within_days), partial(recommend_granularity, fit))

    def nothing_fitted(self) -> NotEnoughDataError | FitError:
        """The error that names every reason."""
        words = "\n".join(["No model could be fitted:", *(f"- {note}" for note in self.notes)])
        return FitError(words) if self.failed else NotEnoughDataError(words)

    def _fit[Fit](self, model: _Model[Fit]) -> Fit:
        return model.fit(
            self.judgments, seed=self.seed, engine=self.engine, draws=self.draws, progress=self.progress
        )  # fmt: skip

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


def _advise(fits: Mapping[Days, ThresholdFit], notes: list[str]) -> ThresholdAdvice | None:
    """To the promises where there are any at a horizon fitted, else to all reps' bars at the shortest horizon."""
    first = next(iter(fits.values()))
    promises = {rank: first.scale.promises.get(rank) for rank in first.ranks[:-1]}
    unaimed = [rank for rank, promise in promises.items() if promise is None or promise.within_days not in fits]
    if len(unaimed) < len(promises):
        if unaimed:
            notes.append(f"Thresholds of {', '.join(unaimed)}: nothing is promised within a horizon that was fitted.")
        return recommend_thresholds({days: fit for days, fit in fits.items() if days is not None})
    if len(first.reps) < 2:
        notes.append("Advice on thresholds: nothing is promised, and there is one rep: nothing to aim at.")
        return None
    return recommend_thresholds(first, target="all reps")


def _findings(found: Calibration) -> tuple[str, ...]:
    """What was found, in sentences; the footing last."""
    said: list[str] = []
    for fit in found.rank_fits.values():
        said += describe_rank_fit(fit, found.judgments.scale)
    if found.lead_fit is not None:
        said += describe_lead_time(found.lead_fit)
    if found.advice is not None:
        said += describe_advice(found.advice)
    for styles in found.styles().values():
        said += describe_styles_found(styles)
    said += [describe_granularity(granularity) for granularity in found.granularity.values()]
    return (*said, FOOTING)


def _horizons(judgments: Judgments) -> tuple[Days, ...]:
    """The horizons to fit; None leaves the choice, or its refusal, to the model."""
    if judgments.as_of is None:
        return (None,)
    return judgments.duration_counts().horizons or (judgments.scale.resolve_horizon(),)


def _lead_time_tables(fit: LeadTimeFit, judgments: Judgments) -> dict[str, pd.DataFrame]:
    """What the lead-time model says, the shares at every horizon that its edges reach."""
    tables = {"lead_times": fit.lead_times(), "tempo": fit.tempo(), "chasing": fit.chasing(), "never": fit.never()}
    days = [days for days in judgments.duration_counts().horizons if days <= fit.last_edge_days]
    return {"incidence": fit.cumulative_incidence(days), **tables} if days else tables


def _name(what: str, within_days: Days) -> str:
    return what if within_days is None else f"{what}, {within_days} days"


def _file_name(what: str, within_days: Days) -> str:
    return what if within_days is None else f"{what}-{within_days}"


def _stack(name: str, tables: Mapping[Days, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of all horizons under one name; nothing where there is none."""
    import pandas as pd

    if not tables:
        return {}
    return {name: pd.concat([_with_horizon(table, days) for days, table in tables.items()])}


def _with_horizon(table: pd.DataFrame, within_days: Days) -> pd.DataFrame:
    return table.assign(within_days=within_days)[["within_days", *table.columns]]
