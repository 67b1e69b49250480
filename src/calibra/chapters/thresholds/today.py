"""Where does a rep draw the line today? The line is free between the old judgments and the recent ones.

Shares need no outcomes, so the recent judgments, young ones included, say where the line lies now. Draw by draw of the
model, of n recent judgments k above the line:

    share today = s with probability 4/5 (the line stands where it stood), else Beta(κ s, κ (1 − s)),   κ = 8

with s the share above the line of all mature judgments. The posterior of this mixture has a closed form. What the
recent judgments say goes into the line alone, not back into base rate and discrimination.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from calibra.chapters.thresholds.fit import ThresholdDraws
from calibra.data.counting.weekly import RecentCounts
from calibra.stats.detection.curve import cutpoint_at_share, share_above

type Floats = NDArray[np.float64]

FEWEST_RECENT = 10
"""With fewer recent judgments of a rep today's line is that of all of them."""
STANDS = 0.8
"""Probability, before the recent judgments are seen, that the line stands where it stood."""
OLD_LINE = 8.0
"""So many judgments the old line counts for where it has moved: a standard deviation of 15 points around 30 %."""
_NEVER = 1e-12


def recent_above(recent: RecentCounts | None, reps: Sequence[str], boundary: int) -> tuple[Floats, Floats]:
    """Recent judgments of these reps above a boundary, and in all; 0 where they are not known or too few."""
    above, n = np.zeros(len(reps)), np.zeros(len(reps))
    rows = {} if recent is None else dict(zip(recent.reps, recent.n, strict=True))
    for i, rep in enumerate(reps):
        if rep in rows and rows[rep].sum() >= FEWEST_RECENT:
            above[i], n[i] = rows[rep][: boundary + 1].sum(), rows[rep].sum()
    return above, n


def line_today(found: ThresholdDraws, above: Floats, n: Floats, *, boundary: int, seed: int) -> Floats:
    """Cutpoint of a boundary as it is drawn today, (draw, rep); that of all judgments where none are recent."""
    pool = {"base_rate": found.base_rate, "discrimination": found.discrimination}
    cut = found.cutpoints[:, :, boundary]
    if not n.any():
        return cut
    rng = np.random.default_rng([seed, boundary])
    share = np.clip(share_above(cut, **pool), _NEVER, 1.0 - _NEVER)
    alpha, beta = OLD_LINE * share, OLD_LINE * (1.0 - share)
    stood = above * np.log(share) + (n - above) * np.log1p(-share)
    moved = betaln(alpha + above, beta + n - above) - betaln(alpha, beta)
    chance, other = rng.random(cut.shape), rng.beta(alpha + above, beta + n - above)
    has_moved = (n > 0) & (np.log(chance / (1.0 - chance)) > stood - moved + np.log(STANDS / (1.0 - STANDS)))
    today = np.array(cut)
    at = {name: values[has_moved] for name, values in pool.items()}
    today[has_moved] = cutpoint_at_share(np.clip(other[has_moved], _NEVER, 1.0 - _NEVER), **at)
    return today
