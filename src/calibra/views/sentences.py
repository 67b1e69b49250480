"""What a fit found, in a few plain sentences: numbers with their intervals, and what cannot be told yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from math import ceil
from types import MappingProxyType
from typing import Any

import numpy as np

from calibra.data.scale import RankScale
from calibra.decisions.advice_words import (
    LOOSEN,
    OUT_OF_REACH,
    TIGHTEN,
    VERDICTS,
    WITHOUT_NUMBERS,
    more_judgments,
    percent,
)
from calibra.decisions.granularity import Granularity
from calibra.decisions.hand_backs import HandBacks
from calibra.decisions.promises import KEPT, LESS, MORE, RankReliability
from calibra.decisions.style import CAUTIOUS, READS_TOO_MUCH, STARTS_HIGHER, STARTS_LOWER, RepStyles
from calibra.decisions.thresholds import ThresholdAdvice
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank_fit import RankFit
from calibra.models.rank_population import THESE_REPS
from calibra.models.rank_profiles import FEWEST_SHOWN, FLAG_PROB
from calibra.models.reading import ALL_REPS, WITHIN_REPS
from calibra.stats.margin import MARGIN_ODDS
from calibra.views.style import short_label, short_labels
from calibra.views.tables import join_names, plain_rows
from calibra.words import chance, counted, points

MOST_NAMED = 5
"""So many reps or moves of one kind are told; the tables hold all."""

PROMISE_WORDS = {LESS: "less than promised", KEPT: "kept", MORE: "more than promised"}
"""Verdict on the promise of an average to its words."""
BAR_WORDS = {LESS: ": earlier than meant", KEPT: ": as meant", MORE: ": later than meant"}
"""Verdict on the promise of a bar to its words."""

FOOTING = (
    "This describes outcomes under the present way of working, for feedback and not for pay or dismissal. A rep "
    "whose outcomes lie below may read too much into prospects or work a poorer territory: from outcomes alone the two "
    "look the same."
)
"""Stands under every result that names reps."""


def describe_lead_time(fit: LeadTimeFit) -> tuple[str, ...]:
    """What did the lead-time model find? How long it takes, who is slow or fast, what is chased, what never comes."""
    tempo = _tempo(fit) if len(fit.reps) > 1 else []
    return (*_how_long(fit), *tempo, *_chased(fit), *_never(fit))


def describe_advice(advice: ThresholdAdvice) -> tuple[str, ...]:
    """How far should thresholds move? The verdicts counted, the largest moves in words, what stands against them."""
    at = advice.columns
    n_of = Counter(at["verdict"].tolist())
    n_reps = len(dict.fromkeys(at["rep"].tolist()))
    verdicts = ", ".join(f"{verdict} {n_of[verdict]:,}" for verdict in VERDICTS if n_of[verdict])
    sentences = [
        f"Thresholds between ranks, aim: {advice.target}. Verdicts on {counted(len(at['rep']), 'threshold')} of "
        f"{counted(n_reps, 'rep')}: {verdicts}."
    ]
    moves = np.flatnonzero(np.isin(at["verdict"], [TIGHTEN, LOOSEN]))
    moves = moves[np.argsort(-advice.move_sizes[moves], kind="stable")]
    if moves.size:
        words = advice.sentences()
        sentences += [words[i] for i in moves[:MOST_NAMED]]
    if moves.size > MOST_NAMED:
        left = moves.size - MOST_NAMED
        sentences.append(f"{counted(left, 'smaller move')} {'is' if left == 1 else 'are'} advised; see the table.")
    for rank in dict.fromkeys(at["rank"][at["verdict"] == OUT_OF_REACH].tolist()):
        reps = at["rep"][(at["verdict"] == OUT_OF_REACH) & (at["rank"] == rank)].tolist()
        sentences.append(
            f"What {short_label(rank)} promises is out of reach with present information for {join_names(reps)}."
        )
    for reason in WITHOUT_NUMBERS:
        if blind := list(dict.fromkeys(at["rep"][at["reason"] == reason].tolist())):
            told = f"{reason[:1].upper()}{reason[1:]}"
            sentences.append(f"{told} so far, so that no threshold can be advised: {join_names(blind)}.")
    return tuple(sentences)


def describe_styles_found(styles: RepStyles) -> tuple[str, ...]:
    """Who starts to use ranks at lower or at higher probabilities than the others do?"""
    alike = "line, territory and effort cannot be told apart"
    words = (
        (READS_TOO_MUCH, "Reads too much into prospects (bars and outcomes below the others')", -1.0),
        (CAUTIOUS, "Cautious (bars and outcomes above the others')", 1.0),
        (STARTS_LOWER, f"Starts to use ranks at lower probabilities than the others ({alike})", -1.0),
        (STARTS_HIGHER, f"Starts to use ranks at higher probabilities than the others ({alike})", 1.0),
    )
    sentences = []
    for style, heading, sign in words:
        rows = [i for i in np.argsort(-sign * styles.bar_gap_points, kind="stable") if styles.style[i] == style]
        parts = []
        for i in rows[:MOST_NAMED]:
            low, high = sorted(sign * end for end in (styles.lower[i], styles.upper[i]))
            parts.append(
                f"{short_label(styles.reps[i])} by {sign * styles.bar_gap_points[i]:.0f} points "
                f"({low:.0f} to {high:.0f}, n {styles.n[i]:,}, {chance(styles.prob_style[i])} sure)"
            )
        more = [f"{len(rows) - MOST_NAMED:,} more"] if len(rows) > MOST_NAMED else []
        if rows:
            sentences.append(f"{heading}: {'; '.join(parts + more)}.")
    return tuple(sentences)


def describe_promises(found: RankReliability) -> tuple[str, ...]:
    """Does each rank keep its promise, all reps together? Averages in one sentence, bars in another; the sure ones."""
    rows = [row for row in plain_rows(found.table) if row["rep"] == ALL_REPS]
    within = "" if found.within_days is None else f" within {found.within_days} days"
    averages = [
        f"{short_label(row['rank'])} {PROMISE_WORDS[row['verdict']]} ({chance(row['prob_' + row['verdict']])})"
        for row in rows
        if row["kind"] == "average" and row["verdict"] in PROMISE_WORDS
    ]
    sentences = [f"Promises{within}, all reps together: {'; '.join(averages)}."] if averages else []
    for row in (row for row in rows if row["kind"] == "bar"):
        sure = f" ({chance(row['prob_' + row['verdict']])} sure)" if row["verdict"] in PROMISE_WORDS else ""
        sentences.append(
            f"All reps together start to call a prospect {short_label(row['rank'])} from {100 * row['bar']:.0f} % "
            f"({100 * row['bar_lower']:.0f} to {100 * row['bar_upper']:.0f}); it is meant from "
            f"{100 * row['promised']:g} %{BAR_WORDS.get(row['verdict'], ', and which it is cannot be told yet')}{sure}."
        )
    return tuple(sentences)


def describe_granularity(granularity: Granularity) -> str:
    """How many ranks do the data tell apart?"""
    days = granularity.settings["within_days"]
    return granularity.sentence() if days is None else f"Outcomes within {days} days: {granularity.sentence()}"


def describe_hand_backs(back: HandBacks) -> str:
    """What came of the prospects that were handed back, all reps together?"""
    every = {name: values[0] for name, values in back.columns.items()}
    days, n = back.within_days, int(every["n"])
    if not n:
        return f"Handed back: {int(every['n_handed_back']):,}, none of them {days} days ago or longer yet."
    half = f", half of them by day {every['median_days']:.0f}" if every["events"] else ""
    interval = f"{percent(every['lower'])} to {percent(every['upper'])}"
    came = f"{int(every['events']):,} had an event within {days} days after ({percent(every['estimate'])}, {interval})"
    return (
        f"Of {n:,} prospects handed back at least {days} days ago, {came}{half}; within the horizon of the rank they "
        "count for the reading."
    )


def describe_rank_fit(
    fit: RankFit,
    scale: RankScale,
    *,
    margin_odds: float = MARGIN_ODDS,
    first_answers: Mapping[tuple[str, str], date] = MappingProxyType({}),
) -> tuple[str, ...]:
    """What did the rank model find? One sentence each on ranks, their order, the spread of reps, and the findings."""
    sentences = [_delivered(fit, scale, first_answers)]
    if len(fit.ranks) > 1:
        sentences += _ordered(fit)
    if len(fit.reps) > 1:
        sentences += [_spread(fit), *_findings(fit, margin_odds)]
    return tuple(sentences)


def _delivered(fit: RankFit, scale: RankScale, first_answers: Mapping[tuple[str, str], date]) -> str:
    """All reps together: each rank's probability, beside what an average promise of the same horizon says."""
    everyone = plain_rows(fit.probabilities().query("rep == @all_reps", local_dict={"all_reps": ALL_REPS}))
    parts = []
    for row in everyone:
        promise = scale.promises.get(row["rank"])
        comparable = promise is not None and promise.kind == "average" and promise.within_days == fit.within_days
        promised = f", promised {100 * promise.prob:g} %" if promise is not None and comparable else ""
        first = first_answers.get((ALL_REPS, row["rank"]))
        too_few = f"– (n {row['n']:,}{f'; enough on {first}' if first else ''})"
        told = _percent(row) if row["n"] >= FEWEST_SHOWN else too_few
        parts.append(f"{short_label(row['rank'])} {told}{promised}")
    within = "" if fit.within_days is None else f" within {fit.within_days} days"
    return f"All reps together, probability of an event{within}: {'; '.join(parts)}."


def _ordered(fit: RankFit) -> list[str]:
    """Which neighbouring ranks stand in order within reps? Pooled counts mislead where good reps favour a rank."""
    table = fit.order()
    rows = plain_rows(table[table["rep"] == WITHIN_REPS])
    right = [row for row in rows if row["prob_ordered"] >= FLAG_PROB]
    wrong = [row for row in rows if row["prob_ordered"] <= 1.0 - FLAG_PROB]
    unsure = [row for row in rows if row not in right and row not in wrong]
    where = "Within reps"
    if len(right) == len(rows):
        return [f"{where}, each rank brings more events than the next: {_pairs(rows)}."]
    sentences = [f"{where}, {_pairs(wrong, turned=True)}: the order is the wrong way round."] if wrong else []
    return sentences + ([f"{where}, it is not sure which brings more events: {_pairs(unsure)}."] if unsure else [])


def _pairs(rows: list[dict[str, Any]], *, turned: bool = False) -> str:
    """Neighbouring ranks, each pair with the probability that it stands so."""
    parts = []
    for row in rows:
        better, worse = short_labels((row["better"], row["worse"]), width=12)
        if turned:
            parts.append(f"{worse} brings more events than {better} ({chance(1.0 - row['prob_ordered'])})")
        else:
            parts.append(f"{better} over {worse} ({chance(row['prob_ordered'])})")
    return join_names(parts, limit=10, width=60)


def _spread(fit: RankFit) -> str:
    """How far the reps there are differ at the best rank."""
    row = next(row for row in plain_rows(fit.spread()) if row["of"] == THESE_REPS)
    return (
        f"Between these {counted(row['n_reps'], 'rep')} the probability at rank {short_label(fit.ranks[0])} has a "
        f"standard deviation of about {counted(round(row['estimate']), 'point')} ({row['lower']:.0f} to "
        f"{row['upper']:.0f})."
    )


def _findings(fit: RankFit, margin_odds: float) -> list[str]:
    rows = plain_rows(fit.profiles(margin_odds=margin_odds))
    by_finding: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_finding.setdefault(row["finding"], []).append(row)
    sentences = [
        f"Outcomes of {short_label(row['rep'])} lie {word} all reps' at the same rank by {_sized(row, word)[0]} "
        f"points ({' to '.join(_sized(row, word)[1:])}; n {row['n']:,}; odds off by more than {margin_odds:g} times: "
        f"{chance(row[f'prob_{word}'])} sure)."
        for word in ("below", "above")
        for row in sorted(by_finding.get(f"{word} all reps", []), key=lambda row: -abs(row["gap_points"]))[:5]
    ]
    for word in ("below", "above"):
        n_found = len(by_finding.get(f"{word} all reps", []))
        if n_found > 5:
            left = n_found - 5
            sentences.append(f"{counted(left, 'more rep')} {'lies' if left == 1 else 'lie'} {word}; see the table.")
    if in_line := by_finding.get("in line"):
        named = [f"{short_label(row['rep'])} ({chance(row['prob_within'])})" for row in in_line]
        sentences.append(
            f"In line with all reps, odds within {margin_odds:g} times theirs: {join_names(named, width=48)}."
        )
    if unsure := by_finding.get("cannot tell yet"):
        more = sorted(row["n_more"] for row in unsure if row["n_more"])
        ends = list(dict.fromkeys(map(more_judgments, more[:1] + more[-1:])))
        reach = f"; a verdict takes {' to '.join(ends)} more judgments of each" if more else ""
        sentences.append(f"Cannot tell yet: {len(unsure):,} of {counted(len(rows), 'rep')}{reach}.")
    return sentences


def _how_long(fit: LeadTimeFit) -> list[str]:
    """All reps together: when half of the events have come, and which promises cannot be judged yet."""
    parts, waiting = [], []
    for row in plain_rows(fit.lead_times().head(len(fit.ranks))):
        part = f"{short_label(row['rank'])} {_days(row, 'median_days')}"
        if row["promise_answer"] == "known":
            part += (
                f", {percent(row['share_inside_promise'])} of them within the promised {row['promise_days']:.0f} days"
            )
        elif row["promise_answer"] != "nothing promised":
            waiting.append(f"{short_label(row['rank'])} ({row['promise_days']:.0f} days; {row['promise_answer']})")
        parts.append(part)
    sentences = [
        f"Lead time, all reps together: of the events that come within {fit.last_edge_days} days, half have come after "
        f"this many days: {'; '.join(parts)}."
    ]
    if waiting:
        sentences.append(f"Follow-up does not reach the promised days of {join_names(waiting, limit=10, width=80)}.")
    return sentences


def _tempo(fit: LeadTimeFit) -> list[str]:
    """Who is slower or faster than all reps?"""
    table = fit.tempo()
    rows, sentences, margin = plain_rows(table), [], table.attrs["margin_ratio"]
    for word, sign in (("slower", -1.0), ("faster", 1.0)):
        found = sorted((r for r in rows if r["finding"] == f"{word} than all reps"), key=lambda r: sign * r["ratio"])
        parts = [
            f"{short_label(row['rep'])} ({_days(row, 'median_days')}; {counted(row['events'], 'event')}, "
            f"{chance(row[f'prob_{word}'])} sure)"
            for row in found[:MOST_NAMED]
        ]
        more = [f"{len(found) - MOST_NAMED:,} more"] if len(found) > MOST_NAMED else []
        if found:
            sentences.append(
                f"Events come {word} than all reps' by more than a factor of {margin:g}, in median days, both by the "
                f"hazards alone and as seen with exits: {'; '.join(parts + more)}."
            )
    unsure = sum(row["finding"] == "cannot tell yet" for row in rows)
    if unsure:
        sentences.append(f"Tempo, cannot tell yet: {unsure:,} of {counted(len(rows), 'rep')}.")
    return sentences + _exits(rows, margin)


def _exits(rows: list[dict[str, Any]], margin: float) -> list[str]:
    """Whose prospects exit more or less often than all reps', the whole interval beyond the margin?"""
    known = [row for row in rows if row["exit_ratio"] is not None]
    sides = {
        "more": sorted((r for r in known if r["exit_ratio_lower"] > margin), key=lambda r: -r["exit_ratio"]),
        "less": sorted((r for r in known if r["exit_ratio_upper"] < 1.0 / margin), key=lambda r: r["exit_ratio"]),
    }
    told = []
    for word, found in sides.items():
        parts = [
            f"{short_label(row['rep'])} ({percent(row['monthly_exits'])}; {counted(row['exits'], 'exit')})"
            for row in found[:MOST_NAMED]
        ]
        more = [f"{len(found) - MOST_NAMED:,} more"] if len(found) > MOST_NAMED else []
        if found:
            told.append(
                f"Prospects exit {word} often than all reps', share of the open in 30 days: {'; '.join(parts + more)}."
            )
    return told


def _chased(fit: LeadTimeFit) -> list[str]:
    """Open with hardly a chance left: per rank, whose, and of how many nothing is known."""
    table = fit.chasing()
    rows, n_ranks = plain_rows(table), len(fit.ranks)
    chased = [row for row in rows[:n_ranks] if row["n_chased"]]
    rule = f"half of a fresh prospect's and {100 * table.attrs['worth_prob']:g} %"
    if not chased:
        return [f"No open judgment is known to have a chance below {rule}.", *_unknown(rows[:n_ranks])]
    parts = [
        f"{short_label(row['rank'])} {row['n_chased']:,} of {row['n_open']:,} open (events expected of them within "
        f"{row['within_days']} days {row['expected_events']:.1f}, {row['expected_events_lower']:.1f} to "
        f"{ceil(10 * row['expected_events_upper']) / 10:.1f})"
        for row in chased
    ]
    by_rep: Counter[str] = Counter()
    for row in rows[n_ranks:]:
        by_rep[row["rep"]] += row["n_chased"]
    most = [f"{short_label(rep)} {n:,}" for rep, n in by_rep.most_common(MOST_NAMED) if n]
    whose = [f"Most of these are open with {join_names(most, width=40)}."] if most and len(fit.reps) > 1 else []
    return [
        f"To look through again, open with a chance below {rule}: {'; '.join(parts)}.",
        *whose,
        *_unknown(rows[:n_ranks]),
    ]


def _unknown(rows: list[dict[str, Any]]) -> list[str]:
    """Of how many open judgments the chance is not known, follow-up ending before."""
    parts = [
        f"{short_label(row['rank'])} {row['n_unknown']:,} (followed for {row['followed_days']} days)"
        for row in rows
        if row["n_unknown"]
    ]
    return [f"Unknown, as follow-up does not reach the days ahead: {'; '.join(parts)}."] if parts else []


def _never(fit: LeadTimeFit) -> list[str]:
    """The share that is no event by the last day followed, over all ranks."""
    row = plain_rows(fit.never().tail(1))[0]
    if row["estimate"] is None:
        return [f"The share of which hardly any can become an event any more: {row['verdict']}."]
    return [
        f"{percent(row['estimate'])} of the prospects are no event by day {row['by_days']}, exits among them "
        f"({percent(row['lower'])} to {percent(row['upper'])}, n {row['n']:,}), and hardly any can come later."
    ]


def _days(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.0f} ({row[f'{name}_lower']:.0f} to {row[f'{name}_upper']:.0f})"


def _sized(row: dict[str, Any], word: str) -> list[str]:
    """The gap and its ends, counted in the direction of the word."""
    sign = 1.0 if word == "above" else -1.0
    low, high = sorted((sign * row["gap_points_lower"], sign * row["gap_points_upper"]))
    return points(sign * row["gap_points"], low, high)


def _percent(row: dict[str, Any]) -> str:
    return f"{100 * row['estimate']:.0f} % ({100 * row['lower']:.0f} to {100 * row['upper']:.0f}, n {row['n']:,})"
