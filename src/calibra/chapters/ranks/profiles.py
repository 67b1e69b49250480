"""The profile of each rep: optimism, discrimination, what is said of them, and how much more data a verdict takes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.others import gap_to_others, read_others
from calibra.data.counting.saved import has_rows
from calibra.data.counting.weekly import RecentCounts
from calibra.errors import check_within
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FEWEST_SHOWN, check_flag_prob
from calibra.reading.means import concordance, log_odds
from calibra.reading.waiting import judgments_until_verdict, verdict_by
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import check_margin_odds, log_odds_gap

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]

FINDINGS = {"prob_below": "below the others", "prob_above": "above the others", "prob_within": "in line"}
"""Probability to the finding it supports."""
ENDS = ("", "_lower", "_upper")
"""Endings of the columns of an estimate and its interval."""


def profile_columns(
    fit: "RankFit", *, margin_odds: float, nothing_auc: float, flag_prob: float, interval_prob: float
) -> dict[str, Any]:
    """Columns of `RankFit.profiles`, which says what they mean."""
    check_margin_odds(margin_odds)
    check_within(nothing_auc, "nothing_auc", 0, 0.5, ends="[)", mend="Give a distance from one half, such as 0.05.")
    check_flag_prob(flag_prob)
    others, before = read_others(fit), gap_to_others(fit, case_mix="own").mean(axis=0)
    margin = float(np.log(margin_odds))
    limits = {"margin": margin, "nothing_auc": nothing_auc, "interval_prob": interval_prob}
    columns: dict[str, Any] = {"rep": np.array(fit.reps, dtype=object)}
    columns |= fit.read(
        lambda reps, prob: _rows(fit, prob, others.beside(reps, prob), before[reps], **limits), case_mix="all reps"
    )
    odds_gap, odds_sd, information = (columns.pop(name) for name in ("odds_gap", "odds_sd", "information"))
    n, answered = fit.n.sum(axis=1), fit.n_answered.sum(axis=1)
    compared = bool(fit.events.any()) & np.isfinite(odds_gap) & ~fit.cells.seen_too_little
    told = (answered >= FEWEST_JUDGMENTS) & compared
    columns["finding"] = _findings(columns, flag_prob, told)
    needed, finite = np.zeros(len(n)), np.isfinite(odds_gap)
    needed[finite] = judgments_until_verdict(
        odds_gap[finite],
        odds_sd[finite],
        answered[finite],
        margin=margin,
        beyond_prob=flag_prob,
        within_prob=flag_prob,
        information=information[finite],
    )
    waiting = (columns["finding"] == CANNOT_TELL) & (answered >= FEWEST_SHOWN) & compared
    columns["n_more"] = np.where(waiting, np.maximum(needed, FEWEST_JUDGMENTS - answered), 0.0).astype(int)
    columns["verdict_by"] = verdict_by(columns["n_more"], fit.reps, _recent(fit), fit.cells.as_of)
    columns["n"] = n.astype(int)
    columns["n_answered"] = answered
    if fit.team is not None:
        within = equal_tailed(gap_to_others(fit, case_mix="all reps", within_team=True), interval_prob=interval_prob)
        columns |= dict(zip([f"gap_within_team_points{end}" for end in ENDS], within, strict=True))
    return columns


def _rows(
    fit: "RankFit",
    prob: Floats,
    others: Floats,
    before: Floats,
    *,
    margin: float,
    nothing_auc: float,
    interval_prob: float,
) -> dict[str, NDArray[Any]]:
    """The numbers of a few reps from their draws and the others', (draw, rep, rank), and the gap before."""
    mix = fit.rank_mix
    gap, auc = 100.0 * (prob - others) @ mix, concordance(prob, mix)
    on_odds = log_odds_gap(prob @ mix, others @ mix)
    rows: dict[str, NDArray[Any]] = {}
    rows |= _summarise("optimism", (log_odds(others) - log_odds(prob)) @ mix, interval_prob)
    rows |= _summarise("gap_points", gap, interval_prob)
    rows |= {"gap_points_before": before, "disagree": np.abs(before - gap.mean(axis=0)) > 0.5 * gap.std(axis=0)}
    rows |= _summarise("discrimination", log_odds(prob) @ (mix * fit.scores.values), interval_prob)
    rows |= _summarise("auc", auc, interval_prob)
    shares = {
        "prob_below": on_odds < -margin,
        "prob_above": on_odds > margin,
        "prob_within": np.abs(on_odds) <= margin,
        "prob_ranks_tell_nothing": np.abs(auc - 0.5) <= nothing_auc,
        "prob_inverted": auc < 0.5,
    }
    rows |= {name: seen.mean(axis=0) for name, seen in shares.items()}
    information = _information(prob, mix).mean(axis=0)
    return rows | {"odds_gap": on_odds.mean(axis=0), "odds_sd": on_odds.std(axis=0), "information": information}


def _recent(fit: "RankFit") -> RecentCounts | None:
    """How much each rep judges now; None where no days are known."""
    judgments = fit.judgments
    return judgments.weekly_counts().recent() if judgments is not None and has_rows(judgments) else None


def _information(prob: Floats, mix: Floats) -> Floats:
    """What a judgment at the mix tells of the log-odds there, by way of the level: (P (1 − P))² / Σ m p (1 − p)."""
    together = prob @ mix
    return np.asarray((together * (1.0 - together)) ** 2 / ((prob * (1.0 - prob)) @ mix))


def _summarise(name: str, draws: Floats, interval_prob: float) -> dict[str, Floats]:
    """Columns `name`, `name_lower`, `name_upper` of draws (draw, rep)."""
    estimate, lower, upper = equal_tailed(draws, interval_prob=interval_prob)
    return {name: estimate, f"{name}_lower": lower, f"{name}_upper": upper}


def _findings(columns: Mapping[str, Any], flag_prob: float, told: NDArray[np.bool_]) -> NDArray[np.object_]:
    """One finding per rep; none where nothing may be told."""
    conditions = [(columns[name] >= flag_prob) & told for name in FINDINGS]
    return np.select(conditions, [np.array(word, dtype=object) for word in FINDINGS.values()], default=CANNOT_TELL)
