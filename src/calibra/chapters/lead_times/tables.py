"""Tables of the lead-time model: how long it takes, and which reps are slower or faster than all reps."""

from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.lead_times.curves import Curves, Floats, area_under, fine_times, time_of_share
from calibra.chapters.lead_times.draws import LeadTimeDraws
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.promises import promise_answers
from calibra.reading.flags import check_flag_prob
from calibra.reading.rows import flat_columns
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import MARGIN_RATIO, check_margin_ratio
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

FLAG_PROB = 0.9
"""Probability from which a finding about a rep is uttered."""
QUANTILES = {"quarter_days": 0.25, "median_days": 0.5, "three_quarters_days": 0.75, "nearly_all_days": 0.95}
"""Column to the share of the events by the last edge that have come by then."""
FEWEST_EVENTS = 5
"""Events of a rep from which a finding about its tempo is uttered."""
MONTH_DAYS = 30.0
"""Days of a month in which exits are told."""
SLOWER, FASTER, IN_LINE, CANNOT_TELL = "slower than all reps", "faster than all reps", "in line", "cannot tell yet"
"""What is found of a rep's tempo."""


def lead_times(fit: LeadTimeFit, *, interval_prob: float) -> "pd.DataFrame":
    """How long does it take, among those that become events by the last edge? Per rep and rank, all reps first.

    Quantiles solve F₁(t) = q F₁(L), with L the last edge: what comes later is not known and does not enter.

    Returns
    -------
    pandas.DataFrame
        Each of these with `_lower`, `_upper`: `quarter_days`, `median_days`, `three_quarters_days`, `nearly_all_days`
        (by when so many of the events by the last edge have come; nearly all: 95 %), `restricted_mean_days` (mean days
        a prospect stays open, counted up to the last edge), `share_inside_promise` (F₁(H)/F₁(L)), `open_past_promise`
        (S(H): share of prospects still open after the promised days). `promise_days` and `promise_answer`: "known",
        "nothing promised", or "not yet", with the first date when it can be known. `n`, `engine`.
    """
    promised = [promise.within_days if promise else 0 for promise in fit.scale.promise_by_rank]
    known = [days > 0 and fit.reaches(days) for days in promised]
    days_read = np.minimum(promised, fit.last_edge_days)
    times = np.union1d(fine_times(fit.cells.bounds), days_read[known] + 0.5)
    place = np.where(known, np.searchsorted(times, days_read + 0.5), 0)

    def read(curves: Curves) -> dict[str, Floats]:
        def by_promise(curve: Floats) -> Floats:
            return np.where(known, curve[:, :, np.arange(len(place)), place], np.nan)

        still_open = curves.open
        quantiles = {name: time_of_share(curves.event, times, share) for name, share in QUANTILES.items()}
        return quantiles | {
            "restricted_mean_days": area_under(still_open, times, start=1.0),
            "share_inside_promise": by_promise(curves.event) / np.maximum(curves.event[..., -1], 1e-300),
            "open_past_promise": by_promise(still_open) * ~fit.closed(promised),
        }

    found = fit.draws.read(times, read, interval_prob=interval_prob)
    columns = fit.rows()
    n_rows = 1 + len(fit.reps)
    n = columns.pop("n")
    for name, values in found.items():
        columns |= flat_columns(name, values)
    columns["promise_days"] = np.tile([float(days) if days else np.nan for days in promised], n_rows)
    answers = [str(answer) for answer in promise_answers(fit).values()]
    columns |= {"promise_answer": np.tile(np.array(answers, dtype=object), n_rows), "n": n}
    return fit.table(columns, interval_prob)


def tempo(
    fit: LeadTimeFit,
    *,
    margin_ratio: float,
    interval_prob: float,
    flag_prob: float = FLAG_PROB,
    min_events: int = FEWEST_EVENTS,
) -> "pd.DataFrame":
    """Which reps are slower or faster than all reps?

    The median lead time over that of all reps, read twice: from the event hazards alone (`median_days_draws`), and
    from the events as seen, exits competing (`median_days_as_seen_draws`). A finding needs both. Exits that say
    something about the event mislead one of them: where only those leave of whom nothing would have come, the open are
    ever more promising, and the hazards alone call a rep slow whose events come as soon as everybody's; and exits of
    any kind cut off late events as seen.

    Parameters
    ----------
    margin_ratio : float
        A ratio of medians above this (slower), or below 1 over this (faster), is worth talking about.
    flag_prob : float
        Probability from which a finding is uttered.
    min_events : int
        A rep with fewer events gets "cannot tell yet", whatever the other reps make likely; so does everyone where the
        fit has one interval, which holds no tempo.

    Returns
    -------
    pandas.DataFrame
        Per rep: `median_days` and `ratio` (to all reps), from the event hazards alone, and `ratio_as_seen`, with
        `_lower`, `_upper`; `prob_slower`, `prob_faster`, `prob_within`: both ratios beyond the margin on that side, or
        both within it (the three need not sum to 1); `finding`; `monthly_exits` (share of the open that exits in 30
        days, on average over the days up to the last edge) and `exit_ratio` (to all reps) with `_lower`, `_upper`; `n`,
        `events`, `exits`, `engine`.
    """
    check_margin_ratio(margin_ratio)
    check_flag_prob(flag_prob)
    median = median_days_draws(fit)
    ratio, as_seen = (days[:, 1:] / days[:, :1] for days in (median, median_days_as_seen_draws(fit)))
    low, high = np.minimum(ratio, as_seen), np.maximum(ratio, as_seen)
    slower, faster = low > margin_ratio, high < 1.0 / margin_ratio
    within = (low >= 1.0 / margin_ratio) & (high <= margin_ratio)
    columns: dict[str, Any] = {"rep": np.array(fit.reps, dtype=object)}
    for name, draws in (("median_days", median[:, 1:]), ("ratio", ratio), ("ratio_as_seen", as_seen)):
        columns |= flat_columns(name, equal_tailed(draws, interval_prob=interval_prob))
    for name, said in (("prob_slower", slower), ("prob_faster", faster), ("prob_within", within)):
        columns[name] = said.mean(axis=0)
    flags = [columns[name] >= flag_prob for name in ("prob_slower", "prob_faster", "prob_within")]
    exposure = fit.cells.exposure
    each = tuple(range(1, exposure.events.ndim))
    counts = {
        "n": fit.n.sum(axis=1).astype(int),
        "events": exposure.events.sum(axis=each),
        "exits": exposure.exits.sum(axis=each),
    }
    enough = (counts["events"] >= min_events) & (len(fit.cells.clock) > 1)
    found_words = np.select(flags, np.array((SLOWER, FASTER, IN_LINE), dtype=object), default=CANNOT_TELL)
    columns["finding"] = np.where(enough, found_words, np.array(CANNOT_TELL, dtype=object))
    monthly = monthly_exits_draws(fit)
    for name, draws in (
        ("monthly_exits", monthly[:, 1:]),
        ("exit_ratio", _rate(monthly[:, 1:]) / _rate(monthly[:, :1])),
    ):
        columns |= flat_columns(name, equal_tailed(draws, interval_prob=interval_prob))
    return fit.table(
        columns | counts, interval_prob, margin_ratio=margin_ratio, flag_prob=flag_prob, min_events=min_events
    )


def median_days_draws(fit: LeadTimeFit) -> Floats:
    """Median lead time from the event hazards alone, (draw, 1 + rep), all reps first.

    With Λ_rk the summed event hazard of rep r and rank k, G_rk(t) = 1 − exp(−Λ_rk(t)) is the share whose latent event
    time, the one that exits may cut off, lies before t. The median solves Σ_k v_k G_rk(t)/G_rk(L) = ½: half of what
    comes by the last edge L has come. Nothing past L enters, so it does not matter how many never become events; and
    v_k, the share of rank k among the events counted of all reps, is the same for everyone, so that neither a rep's
    mix of ranks, nor how many of which rank become events, makes anyone slow or fast.
    """
    return _medians(fit, fit.draws.without_exits)


def median_days_as_seen_draws(fit: LeadTimeFit) -> Floats:
    """Median lead time of the events as seen, exits competing, (draw, 1 + rep), all reps first.

    Σ_k v_k F₁,rk(t)/F₁,rk(L) = ½, with the same v_k as in `median_days_draws`; the same where nobody exits.
    """
    return _medians(fit, fit.draws)


def _medians(fit: LeadTimeFit, draws: LeadTimeDraws) -> Floats:
    """By when half of what comes by the last edge has come, at the ranks' shares of the events of all reps."""
    times, weights = fine_times(fit.cells.bounds), _event_mix(fit)
    median = np.empty((draws.n_draws, 1 + len(fit.reps)))
    for rows, curves in draws.with_all_reps(times):
        coming = curves.event / np.maximum(curves.event[..., -1:], 1e-300)
        median[:, rows] = time_of_share(np.einsum("srkt,k->srt", coming, weights), times, 0.5)
    return median


def monthly_exits_draws(fit: LeadTimeFit) -> Floats:
    """Share of the open that exits in 30 days, (draw, 1 + rep), all reps first, at the all-reps mix of ranks.

    The constant share that, month after month, leaves as few by the last edge as the exit hazards alone do.
    """
    monthly = np.zeros((fit.draws.n_draws, 1 + len(fit.reps)))
    exits = fit.draws.without_events
    if exits is None:
        return monthly
    last = fit.cells.bounds[-1:]
    for rows, curves in exits.with_all_reps(last, ranks="all reps"):
        left = np.maximum(1.0 - curves.event[:, :, 0, 0], 1e-300)
        monthly[:, rows] = -np.expm1(np.log(left) * MONTH_DAYS / last[0])
    return monthly


def _event_mix(fit: LeadTimeFit) -> Floats:
    """Share of each rank among the events counted of all reps, (rank,); of the judgments where there is none."""
    events = fit.cells.exposure.events
    counted_events = events.sum(axis=(0, *range(2, events.ndim))).astype(float)
    return counted_events / counted_events.sum() if counted_events.any() else fit.n.sum(axis=0) / fit.n.sum()


def _rate(monthly: Floats) -> Floats:
    """Exits per month open, from the share that exits in a month; NaN where nobody does."""
    return np.where(monthly > 0, -np.log1p(-np.minimum(monthly, 1.0 - 1e-16)), np.nan)


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
    tempos = tempo(fit, margin_ratio=MARGIN_RATIO, interval_prob=0.9)
    shown = ["rep", "ratio", "ratio_lower", "ratio_upper", "prob_slower", "prob_faster", "finding", "n"]
    return "\n\n".join(
        [
            head,
            f"Diagnostics:\n{fit.diagnostics}",
            f"Lead times, all reps:\n{times[kept].round(2).to_string(index=False)}",
            "Tempo, median lead time over that of all reps (findings also need the events as seen):\n"
            f"{tempos[shown].round(2).to_string(index=False)}",
            f"Share without an event when hardly any can follow:\n{fit.never().round(3).to_string(index=False)}",
        ]
    )
