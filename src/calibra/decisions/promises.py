"""Promised against delivered: does a rank mean what the organisation says it means, in each rep's hands?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError, check_kind
from calibra.models.rank_fit import RankFit
from calibra.models.reading import ALL_REPS, mean_over_reps
from calibra.models.threshold_fit import ThresholdFit
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table
from calibra.words import counted, listed

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RankReliability:
    """What was promised by each rank, and what came of it; one entry per rep and promised rank, all reps first."""

    def __repr__(self) -> str:
        ranks, reps = dict.fromkeys(self.rank.tolist()), len(set(self.rep.tolist()) - {ALL_REPS})
        within = "horizon not stated" if self.within_days is None else f"within {self.within_days} days"
        return f"<RankReliability: {counted(reps, 'rep')}, promises of {listed(ranks)}, {within}; {self.engine}>"

    rep: NDArray[np.object_]
    """Rep label."""
    rank: NDArray[np.object_]
    """Rank label."""
    kind: NDArray[np.object_]
    """`average`: compared with the delivered average; `bar`: compared with the rep's bar."""
    promised: Floats
    """Promised probability."""
    estimate: Floats
    """Delivered: posterior mean of the average at the rank, or of the bar at its lower edge."""
    lower: Floats
    """Lower end of the interval."""
    upper: Floats
    """Upper end of the interval."""
    prob_short: Floats
    """Probability that less is delivered than promised."""
    n: NDArray[np.int64]
    """Mature judgments at the rank."""
    events: NDArray[np.int64]
    """Events among them."""
    within_days: int | None
    """Horizon in days."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the fits."""
    notes: tuple[str, ...]
    """Ranks left out, and why."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per rep and promised rank, all reps first.

        `kind`: what is compared, the `average` at the rank or the `bar` at its lower edge; `promised`; `estimate`,
        `lower`, `upper`: delivered; `prob_short`: that less is delivered than promised; `n`, `events`, `raw_rate`: what
        was counted at the rank.
        """
        table = make_table({
            "rep": self.rep, "rank": self.rank, "kind": self.kind, "promised": self.promised,
            "estimate": self.estimate, "lower": self.lower, "upper": self.upper, "prob_short": self.prob_short,
            "n": self.n, "events": self.events,
            "raw_rate": np.where(self.n > 0, self.events / np.maximum(self.n, 1), np.nan),
            "engine": np.full(len(self.n), self.engine, dtype=object),
        })  # fmt: skip
        table.attrs.update({"interval_prob": self.interval_prob, "within_days": self.within_days})
        return table


def rank_reliability(
    fit: RankFit, *, thresholds: ThresholdFit | None = None, interval_prob: float = INTERVAL_PROB
) -> RankReliability:
    """Does each rank deliver what it promises, per rep and for all reps?

    A promise of kind `average` is compared with the posterior of P(event) at the rank. A promise of kind `bar` says
    that every prospect of the rank is at least that probable; a delivered average cannot answer it, so it is compared
    with the bar at the rank's lower edge, which needs the threshold model.

    Parameters
    ----------
    fit : RankFit
        The rank model.
    thresholds : ThresholdFit, optional
        The threshold model of the same judgments and horizon; without it ranks that promise a bar are left out and
        named.
    interval_prob : float
        Level of the intervals.

    Raises
    ------
    InputError
        No rank promises anything at the fit's horizon, or the two fits do not belong together.
    """
    check_kind(fit, "fit", RankFit)
    if thresholds is not None:
        check_kind(thresholds, "thresholds", ThresholdFit)
    if thresholds is not None and (thresholds.reps != fit.reps or thresholds.within_days != fit.within_days):
        raise InputError(
            f"`thresholds` must be of the same reps and horizon as `fit` ({len(fit.reps)} reps, {fit.within_days} "
            f"days); got {len(thresholds.reps)} reps, {thresholds.within_days} days."
        )
    n, events = _with_all(fit.n), _with_all(fit.events)
    average, bars = fit.probability_draws(), None if thresholds is None else thresholds.draws().bars
    parts: list[dict[str, Any]] = []
    notes = []
    for k, (rank, promise) in enumerate(zip(fit.ranks, fit.scale.promise_by_rank, strict=True)):
        if promise is None or fit.within_days not in (None, promise.within_days):
            notes.append(f"{rank}: nothing is promised within {fit.within_days} days")
            continue
        if promise.kind == "bar" and (bars is None or k == len(fit.ranks) - 1):
            why = "the last rank has no lower edge" if bars is not None else "needs the threshold model (`thresholds=`)"
            notes.append(f"{rank}: promises a bar; {why}")
            continue
        draws = average[:, :, k] if promise.kind == "average" or bars is None else bars[:, :, k]
        weight = fit.n[:, k] if promise.kind == "average" else fit.n.sum(axis=1)
        stacked = np.concatenate([mean_over_reps(draws, weight)[:, None], draws], axis=1)
        summary = equal_tailed(stacked, interval_prob=interval_prob)
        parts.append({
            "rank": np.full(len(n), rank, dtype=object), "kind": np.full(len(n), promise.kind, dtype=object),
            "promised": np.full(len(n), promise.prob), "estimate": summary.estimate, "lower": summary.lower,
            "upper": summary.upper, "prob_short": (stacked < promise.prob).mean(axis=0), "n": n[:, k],
            "events": events[:, k],
            "rep": np.array((ALL_REPS, *fit.reps), dtype=object),
        })  # fmt: skip
    if not parts:
        raise InputError("No rank can be compared: " + "; ".join(notes) + ".")
    # rep by rep, ranks in order
    joined = {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in parts[0]}
    return RankReliability(
        **joined,
        within_days=fit.within_days,
        interval_prob=interval_prob,
        engine=fit.diagnostics.engine,
        notes=tuple(notes),
    )


def _with_all(counts: Floats) -> NDArray[np.int64]:
    """Counts of all reps above those of each, (1 + rep, rank)."""
    return np.concatenate([counts.sum(axis=0)[None], counts]).astype(np.int64)
