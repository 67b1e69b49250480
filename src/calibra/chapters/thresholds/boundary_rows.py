"""One boundary of every rep: where the line lies today, where it should lie, how far it moves, and how sure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice_rules import MISFIT_P_VALUE, AdviceRules
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN, WITHOUT_NUMBERS
from calibra.chapters.thresholds.fit import ThresholdDraws, ThresholdFit
from calibra.chapters.thresholds.steps import step_from
from calibra.chapters.thresholds.targets import Above, BoundaryTarget, at_promise, promises_fitted
from calibra.chapters.thresholds.today import line_today, recent_above
from calibra.chapters.thresholds.verdicts import gap_of, verdicts
from calibra.data.counting.weekly import RecentCounts
from calibra.reading.waiting import verdict_by
from calibra.stats.detection.advice import change_of_cut
from calibra.stats.detection.curve import auc, bar_at, cutpoint_at_share, share_above
from calibra.stats.intervals import INTERVAL_PROB

type Floats = NDArray[np.float64]
type Columns = dict[str, NDArray[Any]]

ENDS = ("", "_lower", "_upper")
"""Endings of the columns of an estimate and its interval."""
READ_WITH_ENDS = ("bar_after", "bar_target", "events_change", "events_missed_change", "best_attainable")
"""What follows from a move or an aim, each with its interval."""
NUMBERS = (
    "share_target",
    "share_target_lower",
    "share_target_upper",
    "share_move",
    "share_step",
    *(f"{name}{end}" for name in READ_WITH_ENDS for end in ENDS),
    "prob_direction",
    "prob_beyond_margin",
    "prob_within_margin",
)
NUMBERS_OF_AIM = tuple(name for name in NUMBERS if not name.startswith("prob_") and name != "share_step")
BESIDE = ("promise",)
"""What a row holds beside the columns of the advice."""


class Grounds(NamedTuple):
    """What all boundaries are advised on."""

    n_each: Floats
    """Prospects per rep, (rep,)."""
    rules: AdviceRules
    """The rules."""
    p_values: Mapping[int | None, float]
    """Horizon to the p-value of the predictive check."""
    recent: RecentCounts | None
    """Recent judgments."""
    residuals: Mapping[int | None, Floats]
    """Horizon to what is added to the log-odds of what each rank brings, (draw, rep, rank)."""

    def residual(self, days: int | None, boundary: int) -> Floats | float:
        """What is added to the log-odds of what the better rank of a boundary brings, (draw, rep)."""
        return self.residuals[days][:, :, boundary] if days in self.residuals else 0.0

    def line_today(self, fit: ThresholdFit, found: ThresholdDraws, boundary: int) -> Floats:
        """Cutpoint of a boundary as it is drawn today, (draw, rep)."""
        above, n = recent_above(self.recent, fit.reps, boundary)
        return line_today(found, above, n, boundary=boundary, seed=fit.diagnostics.seed)


def rows_of_targets(fit: ThresholdFit, aims: Sequence[BoundaryTarget], grounds: Grounds) -> list[Columns]:
    """The columns of each boundary, one value a rep."""
    return [boundary_rows(fit, aim, grounds.line_today(fit, aim.found, aim.boundary), grounds) for aim in aims]


def rows_at_promises(fits: Mapping[int | None, ThresholdFit], grounds: Grounds) -> list[Columns]:
    """The columns of each boundary at its promise, from the best down, given what is said of the better ranks.

    A rank that is to move lies above the next at its aim, any other at its line of today. Boundaries without a promise
    stay where they are and get no advice.
    """
    drawn = {days: fit.draws() for days, fit in fits.items()}
    first = next(iter(fits))
    above: Above | None = None
    rows: list[Columns] = []
    for boundary, promise in enumerate(promises_fitted(fits)):
        days = first if promise is None else promise.within_days
        fit, found = fits[days], drawn[days]
        cut = grounds.line_today(fit, found, boundary)
        if promise is not None:
            aim = at_promise(boundary, promise, found, above, grounds.residual(days, boundary))
            rows.append(boundary_rows(fit, aim, cut, grounds))
            moves = np.isin(rows[-1]["verdict"], (TIGHTEN, LOOSEN)) & np.isfinite(rows[-1]["share_target"])
            cut = np.minimum(np.where(moves, aim.cut, cut), aim.upper_cut)
        above = Above(cut, found)
    return rows


def boundary_rows(fit: ThresholdFit, aim: BoundaryTarget, cut_now: Floats, grounds: Grounds) -> Columns:
    """All columns of one boundary, one value a rep; `cut_now` is the line of today."""
    k, pool, rules = aim.boundary, aim.pool, grounds.rules
    fit_p_value = grounds.p_values[aim.within_days]
    now, wanted = share_above(cut_now, **pool), share_above(aim.cut, **pool)
    gap, share_now, median = gap_of(aim, cut_now, now, wanted), now.mean(axis=0), np.median(wanted, axis=0)
    tail = (1.0 - rules.move_prob) / 2.0
    low, high = np.quantile(wanted, [tail, 1.0 - tail], axis=0)
    now_low, now_high = np.quantile(now, [tail, 1.0 - tail], axis=0)
    move = np.clip(share_now, low, high)
    recent, n_recent = recent_above(grounds.recent, fit.reps, k)
    share_recent = np.where(n_recent > 0, recent / np.maximum(n_recent, 1.0), np.nan)
    step = step_from(share_recent, share_now, move, median, rules)
    moved = cutpoint_at_share(move, **pool)
    change = change_of_cut(cut_now, moved, n_prospects=grounds.n_each, **pool)
    less, more = gap.beyond(rules)
    tighten = (gap.share > 0).mean(axis=0) + 0.5 * (gap.share == 0).mean(axis=0)
    columns: Columns = {
        "rep": np.array(fit.reps, dtype=object),
        "rank": np.full(len(fit.reps), fit.ranks[k], dtype=object),
        "share_counted": _share_counted(fit.n, k),
        "share_recent": share_recent,
        "n_recent": n_recent,
        "share_now": share_now,
        "share_now_lower": now_low,
        "share_now_upper": now_high,
        "share_target": median,
        "share_target_lower": low,
        "share_target_upper": high,
        "share_move": move,
        "share_step": step,
        **_with_ends("bar_now", bar_at(cut_now, **pool)),
        **_with_ends("bar_after", bar_at(moved, **pool)),
        **_with_ends("bar_target", bar_at(aim.cut, **pool)),
        "prob_direction": np.maximum(tighten, 1.0 - tighten),
        "prob_beyond_margin": np.maximum(less, more),
        "prob_within_margin": 1.0 - less - more,
        **_with_ends("events_change", np.where(move == share_now, 0.0, change.n_events_above)),
        **_with_ends("events_missed_change", np.where(move == share_now, 0.0, change.n_events_missed)),
        **_with_ends("best_attainable", aim.best_attainable(rules.reach_share)),
        **_with_ends("binormal_auc", auc(aim.found.discrimination)),
        "n": fit.n.sum(axis=1).astype(int),
        "events": fit.events.sum(axis=1).astype(int),
        "within_days": np.full(len(fit.reps), aim.within_days, dtype=object),
        "fit_p_value": np.full(len(fit.reps), fit_p_value),
        "promise": np.full(len(fit.reps), np.nan if aim.promise is None else aim.promise.prob),
    }
    fits_well = fit_p_value >= MISFIT_P_VALUE
    columns |= verdicts(fit, aim, cut_now, gap, wanted, step, rules, fits_well=fits_well)
    columns["verdict_by"] = verdict_by(columns["n_more"], fit.reps, grounds.recent, fit.cells.as_of)
    for name in NUMBERS:  # ranks that do not separate outcomes get a sentence instead of a number
        columns[name] = np.where(np.isin(columns["reason"], WITHOUT_NUMBERS), np.nan, columns[name])
    for name in NUMBERS_OF_AIM:  # nor is an aim read off a model that does not give back the counts
        columns[name] = columns[name] if fits_well else np.full(len(fit.reps), np.nan)
    return columns


def _share_counted(n: Floats, boundary: int) -> Floats:
    """Share of a rep's mature judgments above a boundary; NaN where there is none."""
    total = n.sum(axis=1)
    return np.where(total > 0, n[:, : boundary + 1].sum(axis=1) / np.maximum(total, 1.0), np.nan)


def _with_ends(name: str, draws: Floats) -> Columns:
    """Mean and interval over draws (draw, rep), leaving out NaN; NaN where there is nothing else."""
    seen = np.isfinite(draws).any(axis=0)
    known = np.where(seen, draws, 0.0)
    tail = (1.0 - INTERVAL_PROB) / 2.0
    values = (np.nanmean(known, axis=0), *np.nanquantile(known, [tail, 1.0 - tail], axis=0))
    return {f"{name}{end}": np.where(seen, value, np.nan) for end, value in zip(ENDS, values, strict=True)}
