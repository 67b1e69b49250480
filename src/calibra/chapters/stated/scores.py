"""What every whole per cent means that a rep states: numbers by which open prospects with a percentage are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.reading.rep_chunks import read_reps
from calibra.reading.scores import PER_CENTS, AskedOfStated, Columns
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.stated.fit import StatedFit
    from calibra.chapters.stated.rows import Stated

type Floats = NDArray[np.float64]


def scores_of_stated(stated: Stated, asked: AskedOfStated) -> dict[int, Columns]:
    """Horizon to estimate, interval and n, each (1 + rep, per cent), a rep never seen first."""
    return {days: _of_one(stated[days], asked) for days in asked.horizons if days in stated}


def _of_one(fit: StatedFit, asked: AskedOfStated) -> Columns:
    def read(reps: slice) -> dict[str, Floats]:
        draws = fit.curve_draws(PER_CENTS, reps=reps)
        return equal_tailed(draws, interval_prob=asked.interval_prob)._asdict()

    own = read_reps(len(fit.reps), fit.posterior.n_draws * len(PER_CENTS), read)
    unseen = equal_tailed(fit.new_rep_draws(PER_CENTS), interval_prob=asked.interval_prob)._asdict()
    rows = np.array([0, *(1 + fit.reps.index(rep) if rep in fit.reps else 0 for rep in asked.reps)])
    found = {name: np.concatenate([unseen[name][None], own[name]])[rows] for name in unseen}
    n = np.concatenate([[fit.n.sum()], fit.n])[rows].astype(np.int64)
    n[1:][rows[1:] == 0] = 0  # a rep without judgments at this horizon
    return found | {"n": np.broadcast_to(n[:, None], found["estimate"].shape)}
