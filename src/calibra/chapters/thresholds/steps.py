"""How far does a threshold move this quarter? From where the rep draws the line today."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice_rules import AdviceRules
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN

if TYPE_CHECKING:
    from calibra.data.counting.weekly import RecentCounts

type Floats = NDArray[np.float64]

FEWEST_RECENT = 10
"""With fewer recent judgments of a rep today's share is that of all of them."""


def share_of_late(recent: "RecentCounts | None", reps: Sequence[str], boundary: int) -> dict[str, Floats]:
    """`share_recent` and `n_recent` above a boundary of these reps; NaN and 0 where they are not known."""
    share, n = np.full(len(reps), np.nan), np.zeros(len(reps))
    rows = {} if recent is None else dict(zip(recent.reps, recent.n, strict=True))
    for i, rep in enumerate(reps):
        if rep in rows and rows[rep].sum() >= FEWEST_RECENT:
            n[i] = rows[rep].sum()
            share[i] = rows[rep][: boundary + 1].sum() / n[i]
    return {"share_recent": share, "n_recent": n}


def step_from(share_recent: Floats, share_now: Floats, move: Floats, aim: Floats, rules: AdviceRules) -> Floats:
    """Share to be reached this quarter, (rep,).

    From the model's estimate at most `step_fraction` of the gap and never beyond the minimal move; seen from a recent
    share farther off the aim, at most the same part of that gap.
    """
    step = _step(share_now, move, aim, rules)
    today = np.where(np.isfinite(share_recent), share_recent, share_now)
    from_today = today + rules.step_fraction * (aim - today)
    return np.where(aim < share_now, np.maximum(step, from_today), np.minimum(step, from_today))


def has_moved(columns: Mapping[str, NDArray[Any]], move: Floats, aim: Floats, rules: AdviceRules) -> NDArray[np.bool_]:
    """Whether a rep who is to move already stands at this quarter's step, or beyond it, in the recent judgments."""
    step = _step(columns["share_now"], move, aim, rules)
    recent, verdict = columns["share_recent"], columns["verdict"]
    with np.errstate(invalid="ignore"):
        return np.asarray(((verdict == TIGHTEN) & (recent <= step)) | ((verdict == LOOSEN) & (recent >= step)))


def _step(share_now: Floats, move: Floats, aim: Floats, rules: AdviceRules) -> Floats:
    cap = rules.step_fraction * np.abs(aim - share_now)
    return np.asarray(share_now + np.clip(move - share_now, -cap, cap))
