"""What share of the prospects is no event by the last day followed, and can hardly be one later?"""

from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.plateau import late_days
from calibra.reading.rows import flat_columns
from calibra.stats.intervals import Interval, equal_tailed
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

TAIL_SHARE = 0.05
"""Nothing is said where as many days again might bring this share of the events that have come, or more."""


def never(fit: LeadTimeFit, *, interval_prob: float) -> "pd.DataFrame":
    """What share is no event by the last day followed? Said only where a plateau is in sight, and never of all time.

    With L the last day on which at least 20 judgments of a rank (or 5 % of them) were followed, the share is 1 − F₁(L),
    exits competing: who exited is no event. Two conditions: in the second half of the follow-up the event hazard of
    those still open lies, at its upper end λ (exact Poisson), below a quarter of that in the first half; and as many
    days again at that hazard would bring fewer than 5 % of the events so far, S(L) (1 − exp(−λL)) < 0.05 F₁(L).
    `lower` allows for these. It cannot be proved: events that come after years leave no trace here.

    Returns
    -------
    pandas.DataFrame
        `rank` (and all ranks), `by_days` (L), `estimate`, `lower`, `upper` (NaN where nothing is said),
        `tail_share_upper`: what as many days again might bring, as a share of the events by L; `n_late` (followed into
        the second half), `verdict`, `n`, `engine`.

    References
    ----------
    Maller, R. A. and Zhou, X. (1996). Survival Analysis with Long-Term Survivors. Wiley.
    """
    late = late_days(fit)
    curves = fit.draws.each_rank_and_all(np.asarray(late.followed_days + 0.5, dtype=float))
    each = np.arange(len(late.followed_days))
    event, still_open = curves.event[:, each, each], curves.open[:, each, each]
    tail = still_open * -np.expm1(-np.minimum(late.late_upper, 1e6) * late.followed_days)
    found = equal_tailed(1.0 - event, interval_prob=interval_prob)
    lower = equal_tailed(1.0 - event - tail, interval_prob=interval_prob).lower
    tail_share = tail.mean(axis=0) / np.maximum(event.mean(axis=0), 1e-300)
    reached = late.plateau & (tail_share < TAIL_SHARE)
    columns: dict[str, Any] = {
        "rank": np.array([*fit.ranks, ALL_RANKS], dtype=object),
        "by_days": late.followed_days,
    }
    said = Interval(*(np.where(reached, values, np.nan) for values in (found.estimate, lower, found.upper)))
    columns |= flat_columns("", said) | {"tail_share_upper": tail_share, "n_late": late.n_late}
    verdicts = [
        "plateau" if ok else f"not identified yet: followed for {days} days"
        for ok, days in zip(reached.tolist(), late.followed_days.tolist(), strict=True)
    ]
    columns["verdict"] = np.array(verdicts, dtype=object)
    n = np.append(fit.n.sum(axis=0), fit.n.sum())
    return fit.table(columns | {"n": n.astype(int)}, interval_prob)
