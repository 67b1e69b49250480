"""How many more judgments until a verdict, and by when at the rep's own pace?"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from calibra.data.counting.weekly import WEEK_DAYS, RecentCounts
from calibra.values import Month, More, Phrase, Value
from calibra.words import MOST_PLANNED

type Floats = NDArray[np.float64]

MOST_SURE = 1.0 - 1e-6
"""Probability beyond which no more judgments are asked for: to be certain takes them all."""
LIKELY = 0.7
"""A verdict is announced by when it comes with such a probability."""
LONGEST_DAYS = 730
"""Beyond two years no month is named."""
HARDLY = MOST_PLANNED + 1
"""Stands for more judgments than anybody plans for."""
NEVER = "never"
"""Stands for a day more than two years off."""
_MOST_TIMES, _STEPS = 20.0, 240


def judgments_until_verdict(
    mean: Floats,
    sd: Floats,
    n: Floats,
    *,
    margin: float,
    beyond_prob: float,
    within_prob: float,
    information: Floats | None = None,
) -> Floats:
    """After how many more judgments is there a verdict with probability `LIKELY`? (rep,); `HARDLY` where not in sight.

    The gap on the odds has posterior mean μ and standard deviation s after n judgments. After m more its precision is
    taken as 1/s² + m i, i the information of a judgment, (rep,), else 1/(n s²); and the new mean is predicted as
    Normal(μ, s² − s_m²). A verdict is there where the new mean lies so many s_m beyond the margin, or within it, that
    it would be uttered.
    """
    far, inside = ndtri(min(beyond_prob, MOST_SURE)), ndtri(0.5 + 0.5 * min(within_prob, MOST_SURE))
    more = np.maximum(n, 1.0) * (np.geomspace(1.02, _MOST_TIMES, _STEPS)[:, None] - 1.0)
    precision = np.maximum(sd, 1e-9) ** -2.0
    later = 1.0 / np.sqrt(precision + more * (precision / np.maximum(n, 1.0) if information is None else information))
    spread = np.sqrt(np.maximum(sd**2 - later**2, 1e-18))
    room = np.maximum(margin - inside * later, 0.0)
    spoken = ndtr((mean - margin - far * later) / spread) + ndtr((-mean - margin - far * later) / spread)
    spoken += np.where(room > 0.0, ndtr((room - mean) / spread) - ndtr((-room - mean) / spread), 0.0)
    first = np.argmax(spoken >= LIKELY, axis=0)
    needed = more[first, np.arange(len(n))]
    return np.where((spoken >= LIKELY).any(axis=0) & (needed < HARDLY), np.ceil(needed), HARDLY)


def verdict_by(
    n_more: NDArray[np.int64], reps: Sequence[str], recent: RecentCounts | None, as_of: date | None
) -> NDArray[np.object_]:
    """The day by which so many more judgments are mature at the rep's own pace, as ISO text, (rep,).

    Empty where nothing is waited for or no pace is known, `never` where it is more than two years off.
    """
    paces = {} if recent is None else dict(zip(recent.reps, recent.n.sum(axis=1) / recent.n_weeks, strict=True))
    days = [WEEK_DAYS * more / paces[rep] if paces.get(rep) else 0.0 for more, rep in zip(n_more, reps, strict=True)]
    return np.array([_day(as_of, span) for span in days], dtype=object)


def _day(as_of: date | None, days: float) -> str:
    if as_of is None or days <= 0.0:
        return ""
    return NEVER if days > LONGEST_DAYS else (as_of + timedelta(days=round(days))).isoformat()


def waiting_for(row: Mapping[str, Any]) -> Value:
    """How many more judgments until a verdict, and by which month at the rep's own pace; of a row of either advice."""
    if row["verdict_by"] == NEVER:
        return Phrase("format.later")
    more = More(row["n_more"])
    if not row["verdict_by"]:
        return more
    return Phrase("format.more_by", {"more": more, "month": Month(date.fromisoformat(row["verdict_by"]))})
