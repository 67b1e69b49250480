"""The probability of an event at each rank: all reps, each team, each rep, and what it rests on."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.population import rep_share
from calibra.reading.means import ALL_REPS, team_label
from calibra.reading.rows import label_columns
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]


def probability_columns(fit: "RankFit", *, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.probabilities`, which says what they mean."""

    def read(reps: slice, prob: Floats) -> dict[str, Floats]:
        own = equal_tailed(prob, interval_prob=interval_prob)
        return own._asdict() | {"rep_share": rep_share(fit, prob, fit.n_answered[reps], reps)}

    together = np.concatenate([fit.all_reps_draws()[:, None], fit.team_draws()], axis=1)
    first = equal_tailed(together, interval_prob=interval_prob)._asdict()
    first["rep_share"] = np.full(together.shape[1:], np.nan)
    found = {name: np.concatenate([first[name], rows]).ravel() for name, rows in fit.read(read).items()}
    n, events = fit.with_teams(fit.cells.n), fit.with_teams(fit.cells.events)
    young = np.zeros_like(n) if fit.young is None else fit.with_teams(fit.young.n)
    return label_columns((ALL_REPS, *map(team_label, fit.teams), *fit.reps), rank=fit.ranks) | {
        "estimate": found["estimate"],
        "lower": found["lower"],
        "upper": found["upper"],
        "n": n.ravel().astype(int),
        "events": events.ravel().astype(int),
        "raw_rate": np.where(n > 0, events / np.maximum(n, 1), np.nan).ravel(),
        "n_young": young.ravel().astype(int),
        "rep_share": found["rep_share"],
    }
