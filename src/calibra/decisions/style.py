"""Who reads too much into prospects, and who is cautious? Said of bars, and only where outcomes lean the same way."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError, check_kind, check_within
from calibra.models.rank_fit import RankFit
from calibra.models.rank_profiles import FEWEST_JUDGMENTS, FLAG_PROB, check_flag_prob
from calibra.models.threshold_fit import ThresholdFit
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

READS_TOO_MUCH, CAUTIOUS, IN_LINE = "reads too much", "cautious", "in line"
BELOW = "below the others at the same rank; reading and territory cannot be separated"
ABOVE = "above the others at the same rank; reading and territory cannot be separated"
CANNOT_TELL = "cannot tell yet"


@dataclass(frozen=True, slots=True, eq=False)
class RepStyles:
    """Bars of each rep against all reps', one entry per rep."""

    reps: tuple[str, ...]
    """Rep labels."""
    bar_gap_points: Floats
    """The rep's bars less all reps', in points, over boundaries weighted by use; negative: starts lower. Mean."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    prob_reads_too_much: Floats
    """Probability that the rep's bars lie below all reps' by more than the margin."""
    prob_cautious: Floats
    """Probability that they lie above by more than the margin."""
    prob_within: Floats
    """Probability that they lie within it."""
    style: NDArray[np.object_]
    """What is said."""
    n: NDArray[np.int64]
    """Mature judgments."""
    margin_points: float
    """The margin."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the threshold model."""

    def __repr__(self) -> str:
        said = ", ".join(f"{style} {n:,}" for style, n in Counter(self.style.tolist()).most_common())
        return f"<RepStyles: {counted(len(self.reps), 'rep')}; {said}; {self.engine}>"

    @property
    def table(self) -> "pd.DataFrame":
        """One row per rep.

        `bar_gap_points`: the rep's bars less all reps', in points, with `lower`, `upper`; negative: starts to use ranks
        at lower probabilities. `prob_reads_too_much`, `prob_cautious`: that the bars lie below, above by more than the
        margin, `prob_within` within it; `style`: what is said, which takes outcomes leaning the same way; `n`:
        mature judgments.
        """
        table = make_table({
            "rep": np.array(self.reps, dtype=object), "bar_gap_points": self.bar_gap_points, "lower": self.lower,
            "upper": self.upper, "prob_reads_too_much": self.prob_reads_too_much, "prob_cautious": self.prob_cautious,
            "prob_within": self.prob_within, "style": self.style, "n": self.n,
            "engine": np.full(len(self.reps), self.engine, dtype=object),
        })  # fmt: skip
        table.attrs.update({"margin_points": self.margin_points, "interval_prob": self.interval_prob})
        return table


def describe_styles(
    threshold_fit: ThresholdFit,
    rank_fit: RankFit,
    *,
    margin_points: float = 3.0,
    flag_prob: float = FLAG_PROB,
    interval_prob: float = INTERVAL_PROB,
) -> RepStyles:
    """Who starts to use a rank at lower probabilities than all reps do?

    `reads too much`: bars below all reps' by more than the margin with probability `flag_prob`, and outcomes more
    likely than not below all reps' at the same rank, beyond the margin of `RankFit.profiles()`; `cautious`: both above.
    Where only the outcomes differ, nothing is said of reading: a poor territory looks the same. Nor where it is not
    sure that the rep's better ranks bring more events: bars are read the right way up.

    Parameters
    ----------
    threshold_fit, rank_fit : ThresholdFit, RankFit
        Fits of the same judgments at the same horizon.
    margin_points : float
        Difference of bars that matters, in points.
    flag_prob : float
        Probability from which something is said.

    Raises
    ------
    InputError
        Fits of different reps, ranks or horizons.
    """
    check_kind(threshold_fit, "threshold_fit", ThresholdFit)
    check_kind(rank_fit, "rank_fit", RankFit)
    check_within(margin_points, "margin_points", 0, mend="Give it in percentage points, such as 3.")
    check_flag_prob(flag_prob)
    one, other = ((fit.reps, fit.ranks, fit.within_days) for fit in (threshold_fit, rank_fit))
    if one != other:
        raise InputError("`threshold_fit` and `rank_fit` must be of the same reps, ranks and horizon. Fit both anew.")
    mix = threshold_fit.n.sum(axis=0)
    weight = mix[:-1] + mix[1:]
    found = threshold_fit.draws()
    gap = 100.0 * (found.bars - threshold_fit.all_reps_bar_draws()[:, None]) @ (weight / weight.sum())
    right_way = (found.discrimination > 0).mean(axis=0) >= flag_prob
    estimate, lower, upper = equal_tailed(gap, interval_prob=interval_prob)
    low, high = (gap < -margin_points).mean(axis=0), (gap > margin_points).mean(axis=0)
    finding = rank_fit.profiles(flag_prob=flag_prob)
    outcomes, leaning = finding["finding"].to_numpy(), finding["gap_points"].to_numpy()
    n = threshold_fit.n.sum(axis=1).astype(np.int64)
    enough = (n >= FEWEST_JUDGMENTS) & bool(threshold_fit.events.any())
    conditions = [
        right_way & enough & (low >= flag_prob) & (leaning < 0) & (finding["prob_below"].to_numpy() >= 0.5),
        right_way & enough & (high >= flag_prob) & (leaning > 0) & (finding["prob_above"].to_numpy() >= 0.5),
        outcomes == "below all reps",
        outcomes == "above all reps",
        right_way & enough & (1.0 - low - high >= flag_prob),
    ]
    words = [np.array(word, dtype=object) for word in (READS_TOO_MUCH, CAUTIOUS, BELOW, ABOVE, IN_LINE)]
    style = np.select(conditions, words, default=CANNOT_TELL)
    return RepStyles(
        threshold_fit.reps, estimate, lower, upper, low, high, 1.0 - low - high, style, n, margin_points, interval_prob,
        threshold_fit.diagnostics.engine,
    )  # fmt: skip
