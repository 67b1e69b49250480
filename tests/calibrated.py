"""One small calibration, fitted once for all tests that save, load, score or read one."""

from dataclasses import replace
from functools import cache
from typing import Any

import calibra as cb
from calibra.calibration import Calibration
from calibra.chapters.fitting import Sampled
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding

SCALE = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=60), "B": cb.Promise(0.3, within_days=90)})


@cache
def world() -> cb.SimulatedWorld:
    """Three reps, 300 prospects, some open."""
    return cb.simulate_judgments(seed=3, n_reps=3, n_prospects=300, scale=SCALE, span_days=300)


def read(**choices: Any) -> Judgments:
    """Its judgments; "hot" is another spelling of A."""
    told = {"scale": SCALE, "as_of": world().as_of, "columns": world().columns, "rank_labels": {"hot": "A"}}
    return Judgments.from_frame(world().frame, **(told | choices))


@cache
def calibrated() -> Calibration:
    """Rank and threshold models at two horizons, lead times, advice."""
    return cb.calibrate(read(), seed=1, engine="laplace", draws=200, parts=("lead times", "thresholds"))


def with_answer(calibration: Calibration, name: str, answer: Any, **kept: Any) -> Calibration:
    """The calibration with another answer of a chapter; `kept` is what the file keeps of it beside the draws."""
    fitting = calibration._fitting
    parts, source = tuple(dict.fromkeys([*calibration.settings.parts, name])), fitting.source
    assert isinstance(source, Sampled)
    source = Sampled(source.posteriors, source.values | kept)
    settings, answers = replace(fitting.settings, parts=parts), {**fitting._answers, name: answer}
    changed = replace(fitting, settings=settings, source=source, _answers=answers)
    return Calibration(changed, notes=calibration.notes, findings=calibration.findings)


def with_notes(calibration: Calibration, *notes: Finding) -> Calibration:
    """The calibration with these notes in place of its own."""
    return Calibration(calibration._fitting, notes=notes, findings=calibration.findings)
