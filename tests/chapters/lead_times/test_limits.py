"""By when nearly all events have come, against a hundred times as many prospects of the same reps."""

import numpy as np
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.data.counting.counts import EVENT, OPEN, DurationCounts
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments


def judgments(seed: int, n_prospects: int) -> Judgments:
    world = simulate_judgments(n_reps=20, n_prospects=n_prospects, span_days=720, seed=seed)
    return Judgments.from_frame(
        world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns, check_duplicates=False
    )


def incidence(counts: DurationCounts, rows: np.ndarray, until: int) -> np.ndarray:
    """Aalen–Johansen by each day from 0 on."""
    days, ending, n = counts.days[rows], counts.ending[rows], counts.n[rows]
    length = max(int(days.max()), until) + 1
    gone = np.bincount(days, n, length)
    events = np.bincount(days[ending == EVENT], n[ending == EVENT], length)
    ended = gone - np.bincount(days[ending == OPEN], n[ending == OPEN], length)
    at_risk = np.maximum(n.sum() - np.cumsum(gone) + gone, 1)
    still_open = np.concatenate([[1.0], np.cumprod(1.0 - ended / at_risk)[:-1]])
    return np.cumsum(still_open * events / at_risk)[: until + 1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_nearly_all_days_hold_what_many_prospects_of_the_same_reps_show(seed):
    fit = LeadTimeModel().fit(judgments(seed, 6000), seed=1, engine="laplace", draws=400, progress=False)
    told, last = fit.lead_times().head(len(fit.ranks)), fit.last_edge_days
    many = judgments(seed, 300_000).duration_counts()
    weights = fit.n / fit.n.sum(axis=0)
    truth = []
    for k in range(len(fit.ranks)):
        each = [incidence(many, (many.rank == k) & (many.rep == r), last) for r in range(len(fit.reps))]
        curve = weights[:, k] @ np.stack(each)
        truth.append(np.interp(0.95 * curve[-1], curve, np.arange(last + 1) + 0.5))
    # one hazard from day 180 to 711 made 278 of 208 days at rank A, and held none of the five
    assert told.nearly_all_days[0] == pytest.approx(truth[0], rel=0.12)
    held = (told.nearly_all_days_lower <= truth) & (truth <= told.nearly_all_days_upper)
    assert held.sum() >= 4
