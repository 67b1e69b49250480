"""How far does a threshold move this quarter? From where the rep draws the line today."""

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice_rules import AdviceRules

type Floats = NDArray[np.float64]


def step_from(share_recent: Floats, share_now: Floats, move: Floats, aim: Floats, rules: AdviceRules) -> Floats:
    """Share to be reached this quarter, (rep,): at most `step_fraction` of the gap, never beyond the minimal move.

    It goes from today's estimate, or from what was counted among the recent judgments where that lies nearer the aim,
    so that no step leads back behind where the rep stands.
    """
    counted = np.where(np.isfinite(share_recent), share_recent, share_now)
    start = np.where(aim < share_now, np.minimum(share_now, counted), np.maximum(share_now, counted))
    cap = rules.step_fraction * np.abs(aim - start)
    onward = np.where(aim < share_now, np.minimum(move - start, 0.0), np.maximum(move - start, 0.0))
    return np.asarray(start + np.clip(onward, -cap, cap))
