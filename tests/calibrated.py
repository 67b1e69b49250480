"""One small calibration, fitted once for all tests that save, load, score or read one."""

from functools import cache
from typing import Any

import calibra as cb
from calibra.calibration import Calibration
from calibra.data.judgments import Judgments

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
