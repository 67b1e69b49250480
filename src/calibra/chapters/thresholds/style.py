"""Who starts to use ranks at lower or higher probabilities than the others? Said of bars; of reading only by design."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.data.counting.choices import RANDOM, check_assignment
from calibra.errors import InputError, check_kind
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB, check_flag_prob
from calibra.reading.means import mean_of_others
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds, log_odds_gap
from calibra.tables import make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

READS_TOO_MUCH, CAUTIOUS, IN_LINE = "reads too much", "cautious", "in line"
STARTS_LOWER = "starts to use ranks at lower probabilities than the others"
STARTS_HIGHER = "starts to use ranks at higher probabilities than the others"
BELOW = "below the others at the same rank; reading and territory cannot be separated"
ABOVE = "above the others at the same rank; reading and territory cannot be separated"
CANNOT_TELL = "cannot tell yet"


@dataclass(frozen=True, slots=True, eq=False)
class RepStyles:
    """Bars of each rep against the others', one entry per rep."""

    reps: tuple[str, ...]
    """Rep labels."""
    bar_gap_points: Floats
    """The rep's bars less the others', in points, over boundaries weighted by use; negative: starts lower. Mean."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    prob_lower: Floats
    """Probability that better ranks bring more and the bars lie below the others' by more than the margin."""
    prob_higher: Floats
    """The same, above."""
    prob_within: Floats
    """The same, within the margin."""
    prob_reads_too_much: Floats
    """At least so sure that both bars and outcomes lie below by more than the margin."""
    prob_cautious: Floats
    """At least so sure that both lie above."""
    style: NDArray[np.object_]
    """What is said."""
    prob_style: Floats
    """How sure the whole of it is; NaN where nothing is said."""
    n: NDArray[np.int64]
    """Mature judgments."""
    margin_odds: float
    """The margin, a factor on the odds."""
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

        `bar_gap_points`: the rep's bars less the others', in points, with `lower`, `upper`; negative: starts to use
        ranks at lower probabilities. `prob_lower`, `prob_higher`, `prob_within`: that the bars lie below, above by more
        than the margin, or within it; `prob_reads_too_much`, `prob_cautious`: at least so sure is it that outcomes lie
        on the same side, too; `style`: what is said, and `prob_style` how sure the whole of it is; `n`: mature
        judgments.
        """
        names = (
            "bar_gap_points",
            "lower",
            "upper",
            "prob_lower",
            "prob_higher",
            "prob_within",
            "prob_reads_too_much",
            "prob_cautious",
            "style",
            "prob_style",
            "n",
        )
        table = make_table(
            {
                "rep": np.array(self.reps, dtype=object),
                **{name: getattr(self, name) for name in names},
                "engine": np.full(len(self.reps), self.engine, dtype=object),
            }
        )
        table.attrs.update({"margin_odds": self.margin_odds, "interval_prob": self.interval_prob})
        return table


def describe_styles(
    threshold_fit: ThresholdFit,
    rank_fit: RankFit,
    *,
    assignment: str | None = None,
    margin_odds: float = MARGIN_ODDS,
    flag_prob: float = FLAG_PROB,
    interval_prob: float = INTERVAL_PROB,
) -> RepStyles:
    """Who starts to use a rank at lower probabilities than the others do?

    A rep's bars are set against the mean bars of the other reps with 30 mature judgments or more, each counted once.
    From bars and outcomes alone a line drawn early, a poor territory and little effort cannot be told apart, and the
    words say only where the rep begins. `reads too much` (and `cautious`) are said where `assignment="random"` is
    stated, or the rank model adjusts for case mix, and outcomes at the same rank lie on the same side as the bars, both
    by more than the margin: P(both) ≥ P(bars) + P(outcomes) − 1, and this bound reaches `flag_prob`. Nobody is named
    with fewer than 30 mature judgments, or where it is not sure that the better ranks bring more events.

    Parameters
    ----------
    threshold_fit, rank_fit : ThresholdFit, RankFit
        Fits of the same judgments at the same horizon.
    assignment : {"random"}, optional
        How prospects came to reps: by lot, or not known (None).
    margin_odds : float
        Factor on the odds below which a difference is not worth talking about.
    flag_prob : float
        Probability from which something is said: of the whole of what is said.

    Raises
    ------
    InputError
        Fits of different reps, ranks or horizons; an assignment that is none.
    """
    _check(threshold_fit, rank_fit, assignment)
    check_margin_odds(margin_odds)
    check_flag_prob(flag_prob)
    points, sides = _bars(threshold_fit, float(np.log(margin_odds)))
    profiles = rank_fit.profiles(flag_prob=flag_prob, margin_odds=margin_odds)
    outcomes = profiles[["prob_below", "prob_above"]].to_numpy().T
    both = np.maximum(np.stack([sides["lower"], sides["higher"]]) + outcomes - 1.0, 0.0)  # Fréchet's lower bound
    n = threshold_fit.n.sum(axis=1).astype(np.int64)
    enough = (n >= FEWEST_JUDGMENTS) & bool(threshold_fit.events.any())
    may_judge = enough & (assignment == RANDOM or bool(rank_fit.adjust_for))
    said: dict[str, tuple[Floats, NDArray[np.bool_]]] = {
        READS_TOO_MUCH: (both[0], may_judge),
        CAUTIOUS: (both[1], may_judge),
        STARTS_LOWER: (sides["lower"], enough),
        STARTS_HIGHER: (sides["higher"], enough),
        BELOW: (outcomes[0], enough),
        ABOVE: (outcomes[1], enough),
        IN_LINE: (sides["within"], enough),
    }
    which = [(prob >= flag_prob) & told for prob, told in said.values()]
    style = np.select(which, [np.array(word, dtype=object) for word in said], default=CANNOT_TELL)
    sure = np.select(which, [prob for prob, _ in said.values()], default=np.nan)
    return RepStyles(
        threshold_fit.reps,
        *equal_tailed(points, interval_prob=interval_prob),
        sides["lower"],
        sides["higher"],
        sides["within"],
        both[0],
        both[1],
        style,
        sure,
        n,
        margin_odds,
        interval_prob,
        threshold_fit.diagnostics.engine,
    )


def _bars(fit: ThresholdFit, margin: float) -> tuple[Floats, Mapping[str, Floats]]:
    """Bars less the others' in points, (draw, rep); how sure it is on which side they lie, read the right way up."""
    mix = fit.n.sum(axis=0)
    weight = mix[:-1] + mix[1:]
    found = fit.draws()
    own = found.bars @ (weight / weight.sum())
    others = mean_of_others(own, fit.n.sum(axis=1), least=FEWEST_JUDGMENTS)
    gap, right_way = log_odds_gap(own, others), found.discrimination > 0
    sides = {"lower": gap < -margin, "higher": gap > margin, "within": np.abs(gap) <= margin}
    return 100.0 * (own - others), {name: (side & right_way).mean(axis=0) for name, side in sides.items()}


def _check(threshold_fit: Any, rank_fit: Any, assignment: object) -> None:
    check_kind(threshold_fit, "threshold_fit", ThresholdFit)
    check_kind(rank_fit, "rank_fit", RankFit)
    check_assignment(assignment)
    one, other = ((fit.reps, fit.ranks, fit.within_days) for fit in (threshold_fit, rank_fit))
    if one != other:
        raise InputError("`threshold_fit` and `rank_fit` must be of the same reps, ranks and horizon. Fit both anew.")
