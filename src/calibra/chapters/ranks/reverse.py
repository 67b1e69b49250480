"""Of the events that came, which rank had they been given? The other half of the cost: opportunities ranked low."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from calibra.reading.means import ALL_REPS, team_label
from calibra.reading.rows import label_columns

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit


def reverse_columns(fit: "RankFit", *, interval_prob: float) -> dict[str, Any]:
    """Columns of `RankFit.reverse`, which says what they mean."""
    events = fit.with_teams(fit.cells.events)
    n_events = np.broadcast_to(events.sum(axis=1, keepdims=True), events.shape)
    tail = 0.5 * (1.0 - interval_prob)
    seen, others = events + 0.5, n_events - events + 0.5  # Jeffreys' prior
    known = n_events > 0

    def shown(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(known, values, np.nan).ravel()

    return label_columns((ALL_REPS, *map(team_label, fit.teams), *fit.reps), rank=fit.ranks) | {
        "share": shown(events / np.maximum(n_events, 1.0)),
        "lower": shown(np.where(events > 0, betaincinv(seen, others, tail), 0.0)),
        "upper": shown(np.where(events < n_events, betaincinv(seen, others, 1.0 - tail), 1.0)),
        "events": events.ravel().astype(int),
        "n_events": n_events.ravel().astype(int),
    }
