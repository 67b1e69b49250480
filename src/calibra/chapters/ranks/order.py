"""Whether a better rank means a higher probability: per rep, per team, for all reps together, and within reps."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.reading.means import ALL_REPS, WITHIN_REPS, rep_shares, team_label
from calibra.reading.rows import label_columns
from calibra.stats.intervals import equal_tailed

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]


def order_columns(fit: "RankFit", *, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.order`, which says what they mean."""
    n = fit.n
    shares = rep_shares(n[:, :-1] * n[:, 1:] / np.maximum(n[:, :-1] + n[:, 1:], 1.0))
    within = np.zeros((fit.posterior.n_draws, len(fit.ranks) - 1))

    def read(reps: slice, prob: Floats) -> dict[str, Floats]:
        difference = prob[:, :, :-1] - prob[:, :, 1:]
        within[:] += np.einsum("srk,rk->sk", difference, shares[reps])
        return _tell(difference, interval_prob)

    rows = fit.read(read)
    together, teams = (-np.diff(draws, axis=-1) for draws in (fit.all_reps_draws(), fit.team_draws()))
    first = _tell(np.concatenate([together[:, None], within[:, None], teams], axis=1), interval_prob)
    labels = (ALL_REPS, WITHIN_REPS, *map(team_label, fit.teams), *fit.reps)
    n_rows = fit.with_teams(fit.cells.n).astype(int)[[0, *range(len(labels) - 1)]]
    columns = label_columns(labels, better=fit.ranks[:-1], worse=fit.ranks[1:])
    columns |= {name: np.concatenate([first[name], rows[name]]).ravel() for name in first}
    return columns | {"n_better": n_rows[:, :-1].ravel(), "n_worse": n_rows[:, 1:].ravel()}


def _tell(difference: Floats, interval_prob: float) -> dict[str, Floats]:
    """Probability that the better rank brings more, and by how much, of each row."""
    ordered = (difference > 0).mean(axis=0)
    return {"prob_ordered": ordered, **equal_tailed(difference, interval_prob=interval_prob)._asdict()}
