"""What a fit found, in a few plain sentences: numbers with their intervals, and what cannot be told yet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from calibra.data.scale import RankScale
from calibra.models.rank_fit import RankFit
from calibra.models.rank_profiles import FLAG_PROB
from calibra.models.reading import ALL_REPS
from calibra.views.style import short_label, short_labels
from calibra.views.tables import join_names, plain_rows

FOOTING = (
    "This describes outcomes under the present way of working, for feedback and not for pay or dismissal. A rep "
    "whose outcomes lie below may read too much into prospects or work a poorer territory: from outcomes alone the two "
    "look the same."
)
"""Stands under every result that names reps."""


def describe_rank_fit(fit: RankFit, scale: RankScale) -> tuple[str, ...]:
    """What did the rank model find? One sentence each on ranks, their order, the spread of reps, and the findings."""
    sentences = [_delivered(fit, scale)]
    if len(fit.ranks) > 1:
        sentences.append(_ordered(fit))
    if len(fit.reps) > 1:
        sentences += [_spread(fit), *_findings(fit)]
    return tuple(sentences)


def _delivered(fit: RankFit, scale: RankScale) -> str:
    """All reps together: each rank's probability, beside what an average promise of the same horizon says."""
    everyone = plain_rows(fit.probabilities().query("rep == @all_reps", local_dict={"all_reps": ALL_REPS}))
    parts = []
    for row in everyone:
        promise = scale.promises.get(row["rank"])
        comparable = promise is not None and promise.kind == "average" and promise.within_days == fit.within_days
        promised = f", promised {100 * promise.prob:g} %" if promise is not None and comparable else ""
        parts.append(f"{short_label(row['rank'])} {_percent(row)}{promised}")
    within = "" if fit.within_days is None else f" within {fit.within_days} days"
    return f"All reps together, probability of an event{within}: {'; '.join(parts)}."


def _ordered(fit: RankFit) -> str:
    """Which neighbouring ranks stand in order within reps? Pooled counts mislead where good reps favour a rank."""
    prob, share = fit.probability_draws(), fit.n.sum(axis=1) / fit.n.sum()
    at_same_reps = np.einsum("srk,r->sk", prob, share)
    chance = (np.diff(at_same_reps, axis=1) < 0).mean(axis=0)
    labels = short_labels(fit.ranks, width=12)
    pairs = [
        f"{better} over {worse} ({_chance(p)})" for (better, worse), p in zip(pairwise(labels), chance, strict=True)
    ]
    where = "With the same reps at every rank"
    if np.all(chance >= FLAG_PROB):
        return f"{where}, each rank brings more events than the next: {join_names(pairs, limit=10)}."
    unsure = [pair for pair, p in zip(pairs, chance, strict=True) if p < FLAG_PROB]
    return f"{where}, it is not sure that each brings more events than the next: {join_names(unsure, limit=10)}."


def _spread(fit: RankFit) -> str:
    """How far reps differ at the best rank."""
    row = next(row for row in plain_rows(fit.spread()) if row["quantity"] == f"probability at rank {fit.ranks[0]}")
    return (
        f"Between reps the probability at rank {short_label(fit.ranks[0])} has a standard deviation of about "
        f"{row['estimate']:.0f} points ({row['lower']:.0f} to {row['upper']:.0f})."
    )


def _findings(fit: RankFit) -> list[str]:
    rows = plain_rows(fit.profiles())
    by_finding: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_finding.setdefault(row["finding"], []).append(row)
    sentences = [
        f"Outcomes of {short_label(row['rep'])} lie {word} all reps' at the same rank by {abs(row['gap_points']):.0f} "
        f"points ({_sized(row, word)}; n {row['n']:,})."
        for word in ("below", "above")
        for row in sorted(by_finding.get(f"{word} all reps", []), key=lambda row: -abs(row["gap_points"]))[:5]
    ]
    for word in ("below", "above"):
        n_found = len(by_finding.get(f"{word} all reps", []))
        if n_found > 5:
            sentences.append(f"{n_found - 5:,} more reps lie {word}; the table names them.")
    if in_line := by_finding.get("in line"):
        sentences.append(f"In line with all reps: {join_names([row['rep'] for row in in_line])}.")
    if unsure := by_finding.get("cannot tell yet"):
        more = sorted(row["n_more"] for row in unsure)
        reach = f"about {more[0]:,}" if more[0] == more[-1] else f"from about {more[0]:,} to about {more[-1]:,}"
        sentences.append(
            f"Cannot tell yet: {len(unsure):,} of {len(rows):,} reps; a verdict takes {reach} more judgments of each."
        )
    return sentences


def _sized(row: dict[str, Any], word: str) -> str:
    """The interval of the gap, counted in the direction of the word."""
    ends = [row["gap_points_lower"], row["gap_points_upper"]]
    low, high = ends if word == "below" else [-end for end in reversed(ends)]
    return f"{round(low)} to {round(high)}"


def _percent(row: dict[str, Any]) -> str:
    return f"{100 * row['estimate']:.0f} % ({100 * row['lower']:.0f} to {100 * row['upper']:.0f}, n {row['n']:,})"


def _chance(prob: float) -> str:
    """A probability from draws: never said to be certain."""
    return "over 99 %" if prob > 0.99 else "below 1 %" if prob < 0.01 else f"{100 * prob:.0f} %"
