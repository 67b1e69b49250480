"""How far should each rep move each rank's threshold? Verdict, minimal move, capped step, and what it would bring."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.thresholds.advice_findings import describe_rep
from calibra.chapters.thresholds.advice_rules import DEFAULT_RULES, AdviceRules as AdviceRules
from calibra.chapters.thresholds.advice_words import TIGHTEN, VERDICTS
from calibra.chapters.thresholds.boundary_rows import BESIDE, Grounds, rows_at_promises, rows_of_targets
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.residuals import residuals_of
from calibra.chapters.thresholds.targets import (
    BoundaryTarget,
    Target,
    by_all_reps,
    by_value,
    check_fits,
    prospects_per_rep,
)
from calibra.data.counting.weekly import RecentCounts
from calibra.data.scale import find_rank
from calibra.errors import InputError, check_kind, check_within
from calibra.findings import Finding
from calibra.plotted import Plotted
from calibra.reading.payoff import Payoff
from calibra.reading.predictive import predictive_check
from calibra.stats.intervals import INTERVAL_PROB
from calibra.tables import make_table, plain_rows
from calibra.wording import choose_wording
from calibra.words import counted, percent

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]


ADVICE_COLUMNS = (
    "rep",
    "rank",
    "verdict",
    "share_counted",
    "share_now",
    "share_now_lower",
    "share_now_upper",
    "share_target",
    "share_target_lower",
    "share_target_upper",
    "share_move",
    "share_step",
    "bar_now",
    "bar_now_lower",
    "bar_now_upper",
    "bar_after",
    "bar_after_lower",
    "bar_after_upper",
    "bar_target",
    "bar_target_lower",
    "bar_target_upper",
    "prob_direction",
    "prob_beyond_margin",
    "prob_within_margin",
    "events_change",
    "events_change_lower",
    "events_change_upper",
    "events_missed_change",
    "events_missed_change_lower",
    "events_missed_change_upper",
    "best_attainable",
    "best_attainable_lower",
    "best_attainable_upper",
    "binormal_auc",
    "binormal_auc_lower",
    "binormal_auc_upper",
    "reason",
    "leaning",
    "n_more",
    "verdict_by",
    "n",
    "events",
    "within_days",
    "fit_p_value",
    "share_recent",
    "n_recent",
)
"""Columns of `ThresholdAdvice.table`."""


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdAdvice(Plotted):
    """What should move, how far, how sure, and what it would bring; one row per rep and boundary.

    Shares and bars are those of the rep's own pool of prospects under the present way of working. Advice is for
    feedback, not for pay or dismissal.
    """

    picture: ClassVar[str] = "plot_share_moves"

    def __repr__(self) -> str:
        verdicts = Counter(self.columns["verdict"].tolist())
        said = ", ".join(f"{verdict} {verdicts[verdict]:,}" for verdict in VERDICTS if verdicts[verdict])
        reps = counted(len(dict.fromkeys(self.columns["rep"].tolist())), "rep")
        return f"<ThresholdAdvice: {reps}, aim: {self.target}; {said}; {self.settings['engine']}>"

    columns: Mapping[str, NDArray[Any]]
    """Column name to values, see `ADVICE_COLUMNS`; shares and bars from 0 to 1."""
    promises: NDArray[np.float64]
    """Promised probability aimed at in each row; NaN where the aim is another."""
    is_best: NDArray[np.bool_]
    """Whether the row is of the best rank's boundary."""
    target: str
    """What was aimed at, in words."""
    rules: AdviceRules
    """The rules."""
    pool: str
    """Which prospects the bars and shares are of."""
    diagnostics: str
    """How far to trust the fit behind it."""
    settings: Mapping[str, object]
    """Interval level, seed, engine, snapshot date."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per rep and boundary.

        `share_recent` is what was counted among the rep's `n_recent` recent judgments, young ones included; NaN where
        no days are known or fewer than 10 are recent. `share_counted` is what was counted among the n mature judgments.
        `share_now` is the estimate of today's share from both: the line either stands where it stood or has moved, as
        the recent judgments say. `share_now` → `share_target` (median), both with an interval of level
        `move_prob`; `share_move` is the minimal move and
        `share_step` this quarter's step; `bar_after` the bar at `share_move`; `prob_direction` that the aim lies on
        the side stated; `events_change` expected events gained above the boundary at `share_move`, among the rep's
        prospects, `events_missed_change` those below; `n_more` mature judgments until a
        verdict is likely (0.7; 2,001 where not in sight), `verdict_by` the day by which they come at the rep's pace.

        `bar_now` is the probability at which the rep begins to use the rank, `bar_target` that at the aim;
        `prob_beyond_margin` and `prob_within_margin` that the odds of what the rank would bring, used as today and once
        the better ranks meet their aim, lie further from those aimed at than the margin, or not; `best_attainable` the
        event rate of the best few prospects left to the rank; `binormal_auc` Φ(d/√2). Each of these estimates has an
        interval of level `interval_prob` in `_lower` and `_upper`; `share_move` and `share_step` are what is advised,
        and have none.

        `reason` says why nothing can be told, or why no aim is given; `leaning` the verdict that would follow from
        `lean_prob` on, where nothing is sure yet. No number is given where ranks tell nothing or the
        wrong way. `fit_p_value` is that of the predictive check of the threshold model (`predictive_check`): below
        0.05 the direction and this quarter's step stand alone, and no aim is given.
        """
        columns = {name: self.columns[name] for name in ADVICE_COLUMNS}
        engine = np.full(len(columns["rep"]), self.settings["engine"], dtype=object)
        table = make_table({**columns, "engine": engine})
        table.attrs.update(self.settings)
        table.attrs |= {
            "target": self.target,
            "pool": self.pool,
            "move_prob": self.rules.move_prob,
        }
        return table

    def findings(self, rep: str | None = None) -> list[Finding]:
        """What is said of the thresholds of one rep or of each, as data: best rank first, then what is not known."""
        rows_of_rep = self.rows_of_reps()
        if rep is not None and rep not in rows_of_rep:
            raise InputError(f"`rep` must be one of the reps advised; got {rep!r}.")
        asked = rows_of_rep if rep is None else {rep: rows_of_rep[rep]}
        return [finding for rows in asked.values() for finding in describe_rep(rows, self.rules)]

    def sentences(self, rep: str | None = None) -> list[str]:
        """The findings in English, for one rep or for each."""
        several = len(set(self.columns["within_days"].tolist())) > 1
        say = choose_wording("en", "event", several=several)
        return [say.tell(finding) for finding in self.findings(rep)]

    def rows_of_reps(self) -> dict[str, list[dict[str, Any]]]:
        """Rep to the rows of its thresholds as plain values, best rank first, each with what `table` leaves out."""
        beside = {
            "promise": self.promises,
            "is_best": self.is_best,
            "move_size": self.move_sizes,
            "rests_on_shape": self.rests_on_shape,
        }
        rows_of_rep: dict[str, list[dict[str, Any]]] = {}
        for row in plain_rows(make_table({**self.columns, **beside})):
            rows_of_rep.setdefault(row["rep"], []).append(row)
        return rows_of_rep

    @property
    def move_sizes(self) -> Floats:
        """How far each share is to move in the end, and without an aim how far this quarter, (row,)."""
        at = self.columns
        end = np.where(np.isfinite(at["share_move"]), at["share_move"], at["share_step"])
        return np.asarray(np.abs(end - self.share_today))

    @property
    def share_today(self) -> Floats:
        """Share called this rank or better today: of the recent judgments where they are known, else `share_now`."""
        recent = np.asarray(self.columns["share_recent"], dtype=float)
        return np.where(np.isfinite(recent), recent, self.columns["share_now"])

    @property
    def rests_on_shape(self) -> NDArray[np.bool_]:
        """Whether the aim of a row lies beyond the best rank's line of today, where nothing was counted; (row,)."""
        at = self.columns
        return np.asarray(self.is_best & (at["verdict"] == TIGHTEN) & np.isfinite(at["share_target"]))


def recommend_thresholds(
    fit: ThresholdFit | Mapping[int, ThresholdFit],
    *,
    target: Target | None = None,
    capacity: float | None = None,
    n_prospects: Mapping[str, float] | None = None,
    worked_rank: str | int | None = None,
    recent: RecentCounts | None = None,
    ranks: RankFit | Mapping[int, RankFit] | Mapping[int | None, RankFit] | None = None,
    rules: AdviceRules = DEFAULT_RULES,
) -> ThresholdAdvice:
    """How far should each rep move each threshold, and how sure is that?

    Draw by draw the cut that meets the target is solved and read as a share of the rep's prospects; cutpoints are never
    averaged. The minimal move goes from today's share to the near edge of the `move_prob` interval of the recommended
    share, and is zero where that interval spans today's share. This quarter's step is at most
    `step_fraction` of the gap and never beyond the minimal move. A boundary is solved given what the advice says of the
    next better rank: its aim where it is to move, its line of today where it is not.

    What is fine, and what has to move, is decided on the odds of what the rank brings: an `average` promise against
    the share of events between today's line and that of the next better rank's aim, any other aim against the bar.

    Counts do not say which prospects of the best rank are the better ones. Where it is to be used less, the aim rests
    on the assumed shape (normal signals): move a step and look. The same six counts can give an aim of 0 to 19 % of
    the prospects by what is assumed inside the best rank. Loosening goes into a rank that was counted.

    The threshold model is checked against the counts it was fitted to (`predictive_check`, at the fit's own seed).
    Where that speaks against it (p below 0.05), as it does under strongly skewed or two-type prospects, the advice
    gives the direction and this quarter's step, but no aim, does not call a promise out of reach, and reads each rank
    below the line of today, for where that should lie is not known.

    Stated directions are right at their rate where the model holds, and close to it under logistic noise or drifting
    cut points; where the quality of prospects is strongly skewed they are too sure, though moves advised still go the
    right way (docs/studies/threshold_wrong_model.md).

    Parameters
    ----------
    fit : ThresholdFit, or mapping of horizon to ThresholdFit
        With a mapping, each boundary is read at the horizon its better rank promises.
    target : {"promise", "all reps"} or Payoff, optional
        `promise` (the default without `capacity`): what the scale promises, from the best rank down, each given the cut
        above. `all reps`: the mean of all reps' bars. `Payoff`: work a prospect where its value exceeds its cost.
    capacity : float, optional
        So many prospects can be worked in all: the bar that equalises the last prospect's probability over reps. Alone
        or with a `Payoff` (the higher bar counts).
    n_prospects : mapping of rep to number, optional
        Prospects per rep in the period of `capacity`, and for the expected change in events; default: the mature
        judgments.
    worked_rank : str or int, optional
        With a payoff or capacity: the last rank whose prospects are worked; default the best.
    recent : RecentCounts, optional
        How often each rep uses each rank now, as `judgments.weekly_counts().recent()` counts it. Today's line is read
        from them: draw by draw it stands where it stood or has moved. Whoever was too loose by all mature judgments,
        and has tightened since so far that no more can be told, is "moved already". Without it today's share is that
        of all mature judgments.
    ranks : RankFit, or mapping of horizon to RankFit, optional
        Rank models of the same judgments. What an `average` rank brings at the line of its judgments is then what the
        rank model says, and the threshold model says how that changes with the line. Without it both are read from the
        threshold model, which has no term for a rep at a rank.
    rules : AdviceRules
        From when on advice is given, and how bold.

    Raises
    ------
    InputError
        A target that does not exist or does not fit the promises; `capacity` with a promise.

    References
    ----------
    Elkan, C. (2001). The foundations of cost-sensitive learning. IJCAI 17.
    """
    fits = check_fits(fit)
    first = next(iter(fits.values()))
    check_kind(rules, "rules", AdviceRules, more="Write AdviceRules(margin_odds=1.25).")
    if recent is not None:
        check_kind(recent, "recent", RecentCounts, more="Take judgments.weekly_counts().recent().")
    if capacity is not None:
        check_within(capacity, "capacity", 0, mend="Give the prospects that can be worked in all.")
    n_each = prospects_per_rep(first, n_prospects)
    p_values = {days: predictive_check(one, seed=one.diagnostics.seed).p_value for days, one in fits.items()}
    grounds = Grounds(n_each, rules, p_values, recent, _residuals(fits, ranks))
    aims, words = _aim(fits, target, capacity, n_each, worked_rank)
    rows = rows_at_promises(fits, grounds) if aims is None else rows_of_targets(first, aims, grounds)
    n_reps, n_rows = len(first.reps), len(first.reps) * len(rows)
    order = np.arange(n_rows).reshape(len(rows), n_reps).T.ravel()  # rep by rep, best rank first
    columns = {name: np.concatenate([part[name] for part in rows])[order] for name in (*ADVICE_COLUMNS, *BESIDE)}
    return ThresholdAdvice(
        columns={name: columns[name] for name in ADVICE_COLUMNS},
        promises=columns["promise"],
        is_best=columns["rank"] == first.ranks[0],
        target=words,
        rules=rules,
        pool=f"each rep's own, {first.pool or 'all prospects'}",
        diagnostics="; ".join(str(one.diagnostics) for one in fits.values()),
        settings={
            "as_of": str(first.cells.as_of),
            "engine": first.diagnostics.engine,
            "seed": first.diagnostics.seed,
            "interval_prob": INTERVAL_PROB,
        },
    )


def _residuals(
    fits: Mapping[int | None, ThresholdFit],
    ranks: RankFit | Mapping[int, RankFit] | Mapping[int | None, RankFit] | None,
) -> dict[int | None, Floats]:
    """Horizon to how far the rank model lies from the threshold model."""
    if ranks is None:
        return {}
    beside: Mapping[Any, RankFit] = ranks if isinstance(ranks, Mapping) else {ranks.within_days: ranks}
    for days, fit in fits.items():
        if days in beside and (beside[days].reps, beside[days].ranks) != (fit.reps, fit.ranks):
            raise InputError("`ranks` must be of the same reps and ranks as `fit`. Fit both anew.")
    return {days: residuals_of(fit, beside[days]) for days, fit in fits.items() if days in beside}


def _aim(
    fits: Mapping[int | None, ThresholdFit],
    target: Target | None,
    capacity: float | None,
    n_each: Floats,
    worked_rank: str | int | None,
) -> tuple[list[BoundaryTarget] | None, str]:
    """The targets and what they are, in words; None where each depends on what is said of the better ranks."""
    first = next(iter(fits.values()))
    if isinstance(target, Payoff) or (target is None and capacity is not None):
        _one_horizon(fits)
        asked = first.ranks[0] if worked_rank is None else worked_rank
        rank = find_rank(asked, first.ranks[:-1], "worked_rank", which="a rank but the last ({})")
        payoff = target if isinstance(target, Payoff) else None
        aims = by_value(first, payoff=payoff, capacity=capacity, n_prospects=n_each, boundary=first.ranks.index(rank))
        words = [f"work pays from {percent(payoff.bar)} on"] if payoff else []
        words += [f"capacity for {capacity:g} prospects"] if capacity is not None else []
        return aims, ", ".join(words)
    if capacity is not None or worked_rank is not None:
        raise InputError("`capacity` and `worked_rank` go with target=None or a Payoff, not with another target.")
    if target is None or target == "promise":
        return None, "promise"
    if target == "all reps":
        _one_horizon(fits)
        return by_all_reps(first), "all reps' bars"
    raise InputError(f"`target` must be 'promise', 'all reps' or a Payoff(cost=…, value=…); got {target!r}.")


def _one_horizon(fits: Mapping[int | None, ThresholdFit]) -> None:
    if len(fits) > 1:
        raise InputError(f"this target takes one fit; got {len(fits)} horizons ({', '.join(map(str, fits))}).")
