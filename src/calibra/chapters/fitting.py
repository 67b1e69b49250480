"""What a chapter answers with: judgments, settings, draws sampled or read, and the answers of earlier chapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from calibra.data.counting.judgments import Judgments
from calibra.errors import CalibraError, FitError, InputError, NotEnoughDataError
from calibra.findings import Finding
from calibra.inference.engines import Declaration, Engine, sample_posterior
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import LaidOut, check_terms
from calibra.stats.margin import MARGIN_ODDS
from calibra.values import Phrase

_BELOW = ("data.", "inference.")
"""Beginnings of keys of reasons that do not say what could not be calculated."""


FEWEST_DRAWS, MOST_DRAWS, DRAWS_OF_REPS = 1_000, 4_000, 400_000
"""Draws that are kept unless others are asked for: so many of each of all reps, within these ends."""


def usual_draws(n_reps: int) -> int:
    """How many draws are kept of so many reps; with 1,000 another seed finds something else of one rep in eight."""
    return min(MOST_DRAWS, max(FEWEST_DRAWS, DRAWS_OF_REPS // max(n_reps, 1)))


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What is fitted, and how: the settings a calibration is made with and saved under."""

    engine: Engine = "auto"
    """The engine asked for."""
    draws: int = 1000
    """Posterior draws of every fit."""
    parts: tuple[str, ...] = ()
    """Chapters that are answered."""
    margin_odds: float = MARGIN_ODDS
    """Factor on the odds below which a difference of probabilities is not worth talking about."""
    judged_since: date | None = None
    """The day before which judgments are left out; None reads them all."""
    sales_target: Mapping[str, float] = field(default_factory=dict)
    """What is wanted of the months ahead: opportunities, wins or amount to a number."""
    models: Mapping[str, Any] = field(default_factory=dict)
    """Chapter to the model it is answered with, its horizon left open; a chapter not named here takes its own."""


class Draws(Protocol):
    """Where draws, and what is kept beside them, come from."""

    def posterior(self, name: str, sample: Callable[[], Posterior], /) -> Posterior:
        """The draws of this name."""
        ...

    def kept(self, name: str, compute: Callable[[], Any], /) -> Any:
        """What was computed once under this name."""
        ...

    def putting_together(self) -> AbstractContextManager[None]:
        """What stands around a chapter while it is answered."""
        ...


@dataclass(slots=True)
class Sampled:
    """Draws that are sampled; everything is remembered, to be saved."""

    posteriors: dict[str, Posterior] = field(default_factory=dict)
    """Name to draws."""
    values: dict[str, Any] = field(default_factory=dict)
    """Name to what was computed once."""

    def posterior(self, name: str, sample: Callable[[], Posterior], /) -> Posterior:
        """Sample."""
        self.posteriors[name] = sample()
        return self.posteriors[name]

    def kept(self, name: str, compute: Callable[[], Any], /) -> Any:
        """Compute."""
        self.values[name] = compute()
        return self.values[name]

    def putting_together(self) -> AbstractContextManager[None]:
        """Errors are as they come."""
        return nullcontext()


class Asked[Result](Protocol):
    """A chapter, as far as another one asks for its answer."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def fit(self) -> Callable[[Fitting], Result | None]:
        """How it is answered."""
        ...

    @property
    def failed(self) -> Callable[[Phrase], Finding] | None:
        """Its note, from the reason of an error that does not say what could not be calculated."""
        ...


@dataclass(slots=True, eq=False)
class Fitting:
    """What chapters are answered with. Loading a file is the same, with the draws read instead of sampled."""

    judgments: Judgments
    """What was judged."""
    seed: int
    """Seed of every fit."""
    settings: FitSettings
    """How it is fitted."""
    source: Draws = field(default_factory=Sampled)
    """Where draws come from."""
    progress: bool = False
    """Whether progress is shown."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What was given beside the judgments, by the argument of `calibrate`; a file holds it as what was kept."""
    notes: list[Finding] = field(default_factory=list)
    """What could not be calculated, and why; those of role `problem` tell of a fit that broke down."""
    _answers: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        judgments: Judgments,
        seed: int,
        settings: FitSettings,
        *,
        progress: bool,
        beside: Mapping[str, Any] | None = None,
    ) -> Fitting:
        """Nothing answered yet, of the judgments that the settings leave in."""
        day = settings.judged_since
        if day is None:
            return cls(judgments, seed, settings, progress=progress, beside=beside or {})
        notes = [Finding("data.judged_since", {"day": day}, "note")]
        return cls(judgments.since(day), seed, settings, progress=progress, notes=notes, beside=beside or {})

    def __getitem__[Result](self, chapter: Asked[Result]) -> Result:
        """The answer of an earlier chapter; `NotEnoughDataError` with its note where there is none."""
        if chapter.name not in self._answers:
            try:
                with self.source.putting_together():
                    self._answers[chapter.name] = chapter.fit(self)
            except (FitError, NotEnoughDataError) as error:
                self._answers[chapter.name] = error
                self.note(error, chapter.failed)
        answer = self._answers[chapter.name]
        if answer is None:
            raise NotEnoughDataError(f"The judgments hold nothing that `{chapter.name}` asks about.")
        if isinstance(answer, FitError | NotEnoughDataError):
            raise answer
        return answer  # type: ignore[no-any-return]

    def answer[Result](self, chapter: Asked[Result]) -> Result | None:
        """The answer of an earlier chapter; None where it was left out or there is none."""
        if chapter.name not in self.settings.parts:
            return None
        try:
            return self[chapter]
        except (FitError, NotEnoughDataError):
            return None

    def model[Model](self, chapter: str, kind: type[Model]) -> Model:
        """The model a chapter is answered with: the one given, else one of its defaults."""
        return self.settings.models.get(chapter) or kind()

    def fit[Fit](self, name: str, laid_out: LaidOut[Fit]) -> Fit:
        """The fit of a model, its draws sampled or read under this name."""
        return laid_out.read({part: self._draw(f"{name}, {part}", laid_out, part) for part in laid_out.declarations})

    def once[Value](self, name: str, compute: Callable[[], Value]) -> Value:
        """What is costly, or must stay as it was given: computed once and saved."""
        return self.source.kept(name, compute)  # type: ignore[no-any-return]

    def attempt[Fit](self, failed: Callable[[Phrase], Finding], run: Callable[[], Fit]) -> Fit | None:
        """Run a fit; where it fails, keep the reason as a note and return None.

        An `InputError` is a note where its reason is a finding: these judgments are not for this model, and may be for
        another. `failed` words the note from the reason.
        """
        try:
            return run()
        except (FitError, NotEnoughDataError) as error:
            self.note(error, failed)
        except InputError as error:
            if error.finding is None:
                raise
            self.note(error, failed)
        return None

    def note(self, error: CalibraError, failed: Callable[[Phrase], Finding] | None = None) -> None:
        """Keep the reason of an error as a note; a finding of a chapter says itself what could not be calculated."""
        known = error.finding
        found = known if isinstance(known, Finding) else Finding("inference.other", {"words": str(error)})
        if failed is not None and found.key.startswith(_BELOW):
            found = failed(Phrase(found.key, found.values))
        self.notes.append(replace(found, role="problem" if isinstance(error, FitError) else "note"))

    def _draw(self, name: str, laid_out: LaidOut[Any], part: str) -> Posterior:
        declaration = laid_out.declarations[part]
        found = self.source.posterior(name, lambda: self._sample(declaration, laid_out.seed_of(part, self.seed)))
        check_terms(found, declaration)
        return found

    def _sample(self, declaration: Declaration, seed: int) -> Posterior:
        asked = self.settings
        return sample_posterior(declaration, seed=seed, engine=asked.engine, draws=asked.draws, progress=self.progress)
