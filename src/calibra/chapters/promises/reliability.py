"""Promised against delivered: does a rank mean what the organisation says it means, in each rep's hands?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.errors import InputError, check_kind
from calibra.plotted import Plotted
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FEWEST_SHOWN, FLAG_PROB
from calibra.reading.means import ALL_REPS, mean_over_reps
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds, odds_beyond
from calibra.tables import make_table
from calibra.words import counted, listed

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

LESS, KEPT, MORE = "less", "kept", "more"
"""Verdicts on a promise: of an average less, as much or more came than was promised; of a bar the rank begins at a
lower probability, as meant, or at a higher one."""
NUMBERS = (
    "promised",
    "estimate",
    "lower",
    "upper",
    "bar",
    "bar_lower",
    "bar_upper",
    "prob_less",
    "prob_kept",
    "prob_more",
)
"""Columns of `RankReliability` that hold numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class RankReliability(Plotted):
    """What was promised by each rank, and what came of it; one entry per rep and promised rank, all reps first."""

    picture: ClassVar[str] = "plot_rank_reliability"

    def __repr__(self) -> str:
        ranks, reps = dict.fromkeys(self.rank.tolist()), len(set(self.rep.tolist()) - {ALL_REPS})
        within = "horizon not stated" if self.within_days is None else f"within {self.within_days} days"
        return f"<RankReliability: {counted(reps, 'rep')}, promises of {listed(ranks)}, {within}; {self.engine}>"

    rep: NDArray[np.object_]
    """Rep label."""
    rank: NDArray[np.object_]
    """Rank label."""
    kind: NDArray[np.object_]
    """`average`: what came is compared with the promise; `bar`: the rep's bar is."""
    promised: Floats
    """Promised probability."""
    estimate: Floats
    """What came: posterior mean of the share of events at the rank."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    bar: Floats
    """Probability from which on the rank is used, posterior mean; NaN for an average."""
    bar_lower: Floats
    """Lower end of its interval."""
    bar_upper: Floats
    """Upper end of its interval."""
    prob_less: Floats
    """Probability that what is compared lies below the promise by more than the margin."""
    prob_kept: Floats
    """Probability that it lies within the margin of the promise."""
    prob_more: Floats
    """Probability that it lies above by more than the margin."""
    verdict: NDArray[np.object_]
    """`less`, `kept`, `more`, or that it cannot be told yet."""
    n: NDArray[np.int64]
    """Mature judgments at the rank."""
    events: NDArray[np.int64]
    """Events among them."""
    within_days: int | None
    """Horizon in days."""
    margin_odds: float
    """The margin, a factor on the odds."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the fits."""
    notes: tuple[str, ...]
    """Ranks left out, and why."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per rep and promised rank, all reps first.

        `estimate`, `lower`, `upper`: the share of events at the rank, of which `n`, `events` and `raw_rate` are the
        counts. `kind`: what is compared with `promised`, the `average` (that share) or the `bar`; `bar`, `bar_lower`,
        `bar_upper`: the probability from which on the rank is used, where a bar is promised. `prob_less`, `prob_kept`,
        `prob_more`: that what is compared lies below the promise by more than the margin, within it, above it;
        `verdict`: the one of them that is sure.
        """
        table = make_table(
            {
                "rep": self.rep,
                "rank": self.rank,
                "kind": self.kind,
                **{name: getattr(self, name) for name in NUMBERS},
                "verdict": self.verdict,
                "n": self.n,
                "events": self.events,
                "raw_rate": np.where(self.n > 0, self.events / np.maximum(self.n, 1), np.nan),
                "engine": np.full(len(self.n), self.engine, dtype=object),
            }
        )
        table.attrs.update(
            {
                "interval_prob": self.interval_prob,
                "within_days": self.within_days,
                "margin_odds": self.margin_odds,
            }
        )
        return table


def rank_reliability(
    fit: RankFit,
    *,
    thresholds: ThresholdFit | None = None,
    margin_odds: float = MARGIN_ODDS,
    interval_prob: float = INTERVAL_PROB,
) -> RankReliability:
    """Does each rank deliver what it promises, per rep and for all reps?

    A promise of kind `average` is compared with the posterior of P(event) at the rank. A promise of kind `bar` says
    that every prospect of the rank is at least that probable; a delivered average cannot answer it, so it is compared
    with the bar at the rank's lower edge, which needs the threshold model. A promise is kept where the odds of what is
    compared lie within a factor `margin_odds` of those promised.

    Parameters
    ----------
    fit : RankFit
        The rank model.
    thresholds : ThresholdFit, optional
        The threshold model of the same judgments and horizon; without it ranks that promise a bar are left out and
        named.
    margin_odds : float
        Factor on the odds below which a difference from the promise is not worth talking about.
    interval_prob : float
        Level of the intervals.

    Raises
    ------
    InputError
        No rank promises anything at the fit's horizon, or the two fits do not belong together.
    """
    check_kind(fit, "fit", RankFit)
    check_margin_odds(margin_odds)
    if thresholds is not None:
        check_kind(thresholds, "thresholds", ThresholdFit)
    if thresholds is not None and (thresholds.reps != fit.reps or thresholds.within_days != fit.within_days):
        raise InputError(
            f"`thresholds` must be of the same reps and horizon as `fit` ({len(fit.reps)} reps, {fit.within_days} "
            f"days); got {len(thresholds.reps)} reps, {thresholds.within_days} days."
        )
    notes: list[str] = []
    parts = list(_compared(fit, thresholds, notes, margin_odds=margin_odds, interval_prob=interval_prob))
    if not parts:
        raise InputError("No rank can be compared: " + "; ".join(notes) + ".")
    # rep by rep, ranks in order
    joined = {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in parts[0]}
    return RankReliability(
        **joined,
        within_days=fit.within_days,
        margin_odds=margin_odds,
        interval_prob=interval_prob,
        engine=fit.diagnostics.engine,
        notes=tuple(notes),
    )


def _compared(
    fit: RankFit, thresholds: ThresholdFit | None, notes: list[str], *, margin_odds: float, interval_prob: float
) -> Iterator[dict[str, Any]]:
    """The columns of each rank that promises something, all reps first; of any other a note."""
    average = fit.probability_draws()
    bars = None if thresholds is None else thresholds.draws().bars
    for k, (rank, promise) in enumerate(zip(fit.ranks, fit.scale.promise_by_rank, strict=True)):
        if promise is None or fit.within_days not in (None, promise.within_days):
            notes.append(f"{rank}: nothing is promised within {fit.within_days} days")
            continue
        is_bar = promise.kind == "bar"
        if is_bar and (bars is None or k == len(fit.ranks) - 1):
            why = "the last rank has no lower edge" if bars is not None else "needs the threshold model (`thresholds=`)"
            notes.append(f"{rank}: promises a bar; {why}")
            continue
        came = _with_all(average[:, :, k], fit.n[:, k])
        bar = _with_all(bars[:, :, k], fit.n.sum(axis=1)) if is_bar and bars is not None else None
        yield {
            "rep": np.array((ALL_REPS, *fit.reps), dtype=object),
            "rank": np.full(came.shape[1], rank, dtype=object),
            "kind": np.full(came.shape[1], promise.kind, dtype=object),
            "promised": np.full(came.shape[1], promise.prob),
            **_numbers(came, "estimate", "lower", "upper", interval_prob),
            **_numbers(bar, "bar", "bar_lower", "bar_upper", interval_prob, n=came.shape[1]),
            **_verdict(fit, k, came if bar is None else bar, promise.prob, is_bar=is_bar, margin_odds=margin_odds),
            "n": _counts_with_all(fit.n[:, k]),
            "events": _counts_with_all(fit.events[:, k]),
        }


def _verdict(
    fit: RankFit, k: int, draws: Floats, promised: float, *, is_bar: bool, margin_odds: float
) -> dict[str, NDArray[Any]]:
    """On which side of the promise, and what is said of it."""
    side = odds_beyond(draws, promised, margin_odds=margin_odds)
    n = _counts_with_all(fit.n.sum(axis=1) if is_bar else fit.n[:, k])
    told = (n >= (FEWEST_JUDGMENTS if is_bar else FEWEST_SHOWN)) & bool(fit.events.any())
    probs = {LESS: side.below, KEPT: side.within, MORE: side.above}
    verdict = np.select(
        [told & (prob >= FLAG_PROB) for prob in probs.values()],
        [np.array(word, dtype=object) for word in probs],
        default=CANNOT_TELL,
    )
    return {f"prob_{word}": prob for word, prob in probs.items()} | {"verdict": verdict}


def _numbers(
    draws: Floats | None, mean: str, low: str, high: str, interval_prob: float, *, n: int = 0
) -> dict[str, Floats]:
    """Mean and interval of draws (draw, 1 + rep) under these names; NaN where there are none."""
    if draws is None:
        return {name: np.full(n, np.nan) for name in (mean, low, high)}
    return dict(zip((mean, low, high), equal_tailed(draws, interval_prob=interval_prob), strict=True))


def _with_all(draws: Floats, weight: Floats) -> Floats:
    """Draws of all reps before those of each, (draw, 1 + rep)."""
    return np.concatenate([mean_over_reps(draws, weight)[:, None], draws], axis=1)


def _counts_with_all(counts: Floats) -> NDArray[np.int64]:
    """Counts of all reps before those of each, (1 + rep,)."""
    return np.concatenate([[counts.sum()], counts]).astype(np.int64)
