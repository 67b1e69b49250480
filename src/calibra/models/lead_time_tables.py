"""Tables of the lead-time model: how long it takes, and which reps are slower or faster than all reps."""

from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.errors import check_within
from calibra.models.lead_time_curves import Curves, Floats, area_under, fine_times, time_of_share
from calibra.models.lead_time_fit import LeadTimeFit, flat_columns
from calibra.models.rank_profiles import check_flag_prob
from calibra.stats.intervals import equal_tailed
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

FLAG_PROB = 0.9
"""Probability from which a finding about a rep is uttered."""
FEWEST_EVENTS = 5
"""Events of a rep from which a finding about its tempo is uttered."""
_CANNOT_TELL = "cannot tell yet"


def lead_times(fit: LeadTimeFit, *, interval_prob: float) -> "pd.DataFrame":
    """How long does it take, among those that become events by the last edge? Per rep and rank, all reps first.

    Quartiles solve F₁(t) = q F₁(L), with L the last edge: what comes later is not known and does not enter.

    Returns
    -------
    pandas.DataFrame
        Each of these with `_lower`, `_upper`: `quarter_days`, `median_days`, `three_quarters_days` (by when so many
        of the events by the last edge have come), `restricted_mean_days` (mean days a prospect stays open, counted up
        to the last edge), `share_inside_promise` (F₁(H)/F₁(L)), `open_past_promise` (S(H): share of prospects still
        open after the promised days). `promise_days` and `promise_answer`: "known", "nothing promised", or "not yet",
        with the first date when it can be known. `n`, `engine`.
    """
    promised = [promise.within_days if promise else 0 for promise in fit.scale.promise_by_rank]
    known = [0 < days <= fit.last_edge_days for days in promised]
    times = np.union1d(
        fine_times(fit.cells.bounds), [days + 0.5 for days, ok in zip(promised, known, strict=True) if ok]
    )
    place = np.where(known, np.searchsorted(times, np.array(promised) + 0.5), 0)

    def read(curves: Curves) -> dict[str, Floats]:
        def by_promise(curve: Floats) -> Floats:
            return np.where(known, curve[:, :, np.arange(len(place)), place], np.nan)

        still_open = curves.open
        quartiles = {
            name: time_of_share(curves.event, times, share)
            for name, share in (("quarter_days", 0.25), ("median_days", 0.5), ("three_quarters_days", 0.75))
        }
        return quartiles | {
            "restricted_mean_days": area_under(still_open, times, start=1.0),
            "share_inside_promise": by_promise(curves.event) / np.maximum(curves.event[..., -1], 1e-300),
            "open_past_promise": by_promise(still_open),
        }

    found = fit.draws.read(times, read, interval_prob=interval_prob)
    columns = fit.rows()
    n_rows = 1 + len(fit.reps)
    n = columns.pop("n")
    for name, values in found.items():
        columns |= flat_columns(name, values)
    columns["promise_days"] = np.tile([float(days) if days else np.nan for days in promised], n_rows)
    answers = [_answer(fit, days) for days in promised]
    columns |= {"promise_answer": np.tile(np.array(answers, dtype=object), n_rows), "n": n}
    return fit.table(columns, interval_prob)


def _answer(fit: LeadTimeFit, days: int) -> str:
    """Whether something can be said about a promise, and if not, from when."""
    if not days:
        return "nothing promised"
    if days <= fit.last_edge_days:
        return "known"
    if days <= fit.follow_up.longest_days:
        return f"not in this fit: its last edge is {fit.last_edge_days} days"
    when = fit.follow_up.known_from(days)
    return "not yet" if when is None else f"not yet: {when} at the earliest"


def tempo(
    fit: LeadTimeFit,
    *,
    margin_share: float,
    interval_prob: float,
    flag_prob: float = FLAG_PROB,
    min_events: int = FEWEST_EVENTS,
) -> "pd.DataFrame":
    """Which reps are slower or faster than all reps?

    The median lead time among those that become events by the last edge, at the all-reps mix of ranks, against that
    of all reps. It is a fact about when events come, not about why: hand-backs that come early cut off late events.

    Parameters
    ----------
    margin_share : float
        A ratio of medians beyond 1 + this (slower), or below 1/(1 + this) (faster), is worth talking about.
    flag_prob : float
        Probability from which a finding is uttered.
    min_events : int
        A rep with fewer events gets "cannot tell yet", whatever the other reps make likely; so does everyone where the
        fit has one interval, which holds no tempo.

    Returns
    -------
    pandas.DataFrame
        Per rep: `median_days` and `ratio` (to all reps) with `_lower`, `_upper`, `prob_slower`, `prob_faster`,
        `prob_within`, `finding`, `n`, `events`, `engine`.
    """
    check_within(margin_share, "margin_share", 0, mend="Write 20 % as 0.2.")
    check_flag_prob(flag_prob)
    times = fine_times(fit.cells.bounds)
    median = np.empty((fit.draws.n_draws, 1 + len(fit.reps)))
    for rows, curves in fit.draws.with_all_reps(times, ranks="all reps"):
        median[:, rows] = time_of_share(curves.event, times, 0.5)[..., 0]
    ratio = median[:, 1:] / median[:, :1]
    slower, faster = ratio > 1.0 + margin_share, ratio < 1.0 / (1.0 + margin_share)
    columns: dict[str, Any] = {"rep": np.array(fit.reps, dtype=object)}
    for name, draws in (("median_days", median[:, 1:]), ("ratio", ratio)):
        columns |= flat_columns(name, equal_tailed(draws, interval_prob=interval_prob))
    for name, said in (("prob_slower", slower), ("prob_faster", faster), ("prob_within", ~slower & ~faster)):
        columns[name] = said.mean(axis=0)
    words = ("slower than all reps", "faster than all reps", "in line")
    flags = [columns[name] >= flag_prob for name in ("prob_slower", "prob_faster", "prob_within")]
    columns["n"] = fit.n.sum(axis=1).astype(int)
    events = fit.cells.exposure.events
    columns["events"] = events.sum(axis=tuple(range(1, events.ndim)))
    enough = (columns["events"] >= min_events) & (len(fit.cells.clock) > 1)
    found_words = np.select(flags, np.array(words, dtype=object), default=_CANNOT_TELL)
    columns["finding"] = np.where(enough, found_words, np.array(_CANNOT_TELL, dtype=object))
    return fit.table(columns, interval_prob, margin_share=margin_share, flag_prob=flag_prob, min_events=min_events)


def summarise_fit(fit: LeadTimeFit) -> str:
    """Everything at a glance, diagnostics first."""
    exposure, n_ranks = fit.cells.exposure, len(fit.ranks)
    ended = f"{counted(exposure.events.sum(), 'event')}, {counted(exposure.exits.sum(), 'exit')}"
    edges = ", ".join(map(str, exposure.edges_days.tolist()))
    head = (
        f"Lead-time model: {counted(fit.n.sum(), 'judgment')} of {counted(len(fit.reps), 'rep')}, {ended} within "
        f"{fit.last_edge_days} days, as of {fit.counts.as_of}. "
        f"Interval edges (days): {edges}."
    )
    times = lead_times(fit, interval_prob=0.9).head(n_ranks)
    median = ["median_days", "median_days_lower", "median_days_upper"]
    kept = ["rank", *median, "share_inside_promise", "open_past_promise", "promise_answer", "n"]
    tempos = tempo(fit, margin_share=0.2, interval_prob=0.9)
    shown = ["rep", "ratio", "ratio_lower", "ratio_upper", "prob_slower", "prob_faster", "finding", "n"]
    return "\n\n".join([
        head,
        f"Diagnostics:\n{fit.diagnostics}",
        f"Lead times, all reps:\n{times[kept].round(2).to_string(index=False)}",
        f"Tempo, median lead time over that of all reps:\n{tempos[shown].round(2).to_string(index=False)}",
        f"Share that never becomes an event:\n{fit.never().round(3).to_string(index=False)}",
    ])  # fmt: skip
