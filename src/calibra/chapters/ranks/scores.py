"""What the rank model says in the calibration table: the probability on the day of the judgment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.reading.scores import Asked, Columns, empty, n_column
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.ranks.chapter import Ranks
    from calibra.chapters.ranks.fit import RankFit

NO_AGE = "age not taken into account: there is no lead-time model"


def scores(ranks: Ranks, asked: Asked) -> Columns:
    """Probabilities of week 0; of every age where no earlier chapter knows of ages."""
    weeks = 1 if asked.n_weeks is not None else 2
    columns = empty((1 + len(asked.reps), len(asked.ranks), weeks))
    for place, days in enumerate(asked.horizons):
        if days in ranks:
            for name, values in _estimates(ranks[days], place, asked).items():
                columns[name][:, place] = values[:, None]
            columns["within_days"][:, place, 0] = np.nan if days is None else days
    if weeks == 2:
        columns["age_days"][:] = [0, 1]
        columns["within_days"][:] = np.array([np.nan if days is None else float(days) for days in asked.horizons])[
            :, None
        ]
        columns["note"][..., 1] = NO_AGE
        columns["n"] = n_column(next(iter(ranks.values())).n)
    return columns


def _estimates(fit: RankFit, place: int, asked: Asked) -> dict[str, NDArray[Any]]:
    """Estimate and interval of the rep never seen, then of every rep."""
    own = fit.read(lambda _, prob: equal_tailed(prob[:, :, place], interval_prob=asked.interval_prob)._asdict())
    unseen = fit.expected(fit.ranks[place], interval_prob=asked.interval_prob)
    known = {rep: i for i, rep in enumerate(fit.reps)}
    found = {}
    for name, values in own.items():
        new = float(unseen[name].iloc[0])
        found[name] = np.array([new, *(values[known[rep]] if rep in known else new for rep in asked.reps)])
    return found
