"""What was found of thresholds: verdicts and moves, and who starts to use ranks lower or higher than the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.advice_words import (
    CANNOT_TELL,
    FINE,
    INVERTED,
    LOOSEN,
    MET_BY_ALL,
    MOVED,
    NO_SEPARATION,
    OUT_OF_REACH,
    TIGHTEN,
    VERDICTS,
)
from calibra.chapters.thresholds.answer import Thresholds
from calibra.chapters.thresholds.doubts import threshold_doubts
from calibra.chapters.thresholds.style import CAUTIOUS, READS_TOO_MUCH, STARTS_HIGHER, STARTS_LOWER, RepStyles
from calibra.findings import Finding
from calibra.values import Chance, Count, Estimate, Listed, Phrase, Rank, Rep, Value

MOST_NAMED = 5
"""Reps named in a sentence of all reps; the rest are counted."""
WORTH_A_REVIEW = 0.5
"""Weight of going through a few prospects: after every move of a threshold, before looking through old ones."""
AIMS = {"promise": "thresholds.aim_promise", "all reps' bars": "thresholds.aim_all"}
"""Aim of the advice to its phrase."""
VERDICT_PHRASES = {
    TIGHTEN: Phrase("thresholds.verdict_tighten"),
    LOOSEN: Phrase("thresholds.verdict_loosen"),
    FINE: Phrase("thresholds.verdict_keep"),
    MOVED: Phrase("thresholds.verdict_moved"),
    CANNOT_TELL: Phrase("thresholds.verdict_cannot_tell"),
    OUT_OF_REACH: Phrase("thresholds.verdict_out_of_reach"),
    MET_BY_ALL: Phrase("thresholds.verdict_met_by_all"),
}
"""Verdict to its name."""
WITHOUT_NUMBERS_KEYS = {NO_SEPARATION: "thresholds.no_separation_all", INVERTED: "thresholds.inverted_all"}
"""Reason for which no threshold can be advised to what is said of all such reps."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a style is said."""

    key: str
    """Key of its words."""
    side: Literal["below", "above"]
    """Side of the others on which the bars lie."""


STYLES = {
    READS_TOO_MUCH: Style("thresholds.reads_too_much", "below"),
    CAUTIOUS: Style("thresholds.cautious", "above"),
    STARTS_LOWER: Style("thresholds.starts_lower", "below"),
    STARTS_HIGHER: Style("thresholds.starts_higher", "above"),
}
"""Styles that are said of bars."""


def threshold_findings(found: Thresholds) -> list[Finding]:
    """List doubts, then what was found of all reps, then of each."""
    findings = threshold_doubts(found)
    if found.advice is not None:
        findings += [count_verdicts(found.advice), *_out_of_reach(found.advice), *_without_numbers(found.advice)]
        findings += found.advice.findings()
    findings += one_style(
        [finding for days, styles in found.styles.items() for finding in style_findings(styles, days)]
    )
    first = found.styles.get(next(iter(found.ranks), None))
    return findings + ([] if first is None else _reviews(first))


# all reps -------------------------------------------------------------------------------------------------------------


def count_verdicts(advice: ThresholdAdvice) -> Finding:
    """Count the verdicts, beside what was aimed at."""
    n_of = Counter(advice.columns["verdict"].tolist())
    counts = [
        Phrase("thresholds.verdict_count", {"verdict": VERDICT_PHRASES[verdict], "n": n_of[verdict]})
        for verdict in VERDICTS
        if n_of[verdict]
    ]
    values: dict[str, Value] = {
        "aim": Phrase(AIMS.get(advice.target, "thresholds.aim_other"), {"words": advice.target}),
        "n": sum(n_of.values()),
        "moves": n_of[TIGHTEN] + n_of[LOOSEN],
        "reps": Count(len(set(advice.columns["rep"].tolist())), "rep"),
        "verdicts": Listed(tuple(counts), "comma"),
    }
    return Finding("thresholds.counted", values)


def _out_of_reach(advice: ThresholdAdvice) -> Iterator[Finding]:
    """Name the reps whose information does not suffice for a promise, rank by rank."""
    out, ranks = advice.columns["verdict"] == OUT_OF_REACH, advice.columns["rank"]
    for rank in dict.fromkeys(ranks[out].tolist()):
        reps = advice.columns["rep"][out & (ranks == rank)].tolist()
        key = "thresholds.reach_all" if advice.is_best[out & (ranks == rank)].all() else "thresholds.reach_below_all"
        yield Finding(key, {"rank": Rank(rank), "reps": _named(reps)}, rank=rank)


def _without_numbers(advice: ThresholdAdvice) -> Iterator[Finding]:
    """Name the reps whose ranks tell nothing or stand the wrong way round, horizon by horizon."""
    reps, reasons, days_of_rows = (advice.columns[name].tolist() for name in ("rep", "reason", "within_days"))
    for reason, key in WITHOUT_NUMBERS_KEYS.items():
        for days in dict.fromkeys(days_of_rows):
            rows = zip(reps, reasons, days_of_rows, strict=True)
            blind = dict.fromkeys(rep for rep, *of_row in rows if of_row == [reason, days])
            if blind:
                yield Finding(key, {"reps": _named(blind)}, "unknown", within_days=days)


def _named(reps: list[str] | dict[str, None]) -> Listed:
    return Listed(tuple(map(Rep, reps)), limit=MOST_NAMED)


# each rep -------------------------------------------------------------------------------------------------------------


def one_style(found: Sequence[Finding]) -> list[Finding]:
    """Of a rep who is named at several horizons the widest gap alone; in the order in which they are found."""
    widest: dict[tuple[str | None, str], Finding] = {}
    for finding in sorted(found, key=lambda one: -one.weight):
        widest.setdefault((finding.rep, finding.side), finding)
    return [finding for finding in found if finding is widest[finding.rep, finding.side]]


def style_findings(styles: RepStyles, days: int | None) -> list[Finding]:
    """Say who starts to use ranks at lower or higher probabilities than the others; the largest gap of each side first.

    On the first page a style stands in place of what is said of the rep's outcomes.
    """
    order = np.argsort(-np.abs(styles.bar_gap_points), kind="stable")
    return [_style(styles, int(i), days) for style in STYLES for i in order if styles.style[i] == style]


def _style(styles: RepStyles, i: int, days: int | None) -> Finding:
    style, rep, gap = STYLES[styles.style[i]], styles.reps[i], float(styles.bar_gap_points[i])
    sign = 1.0 if gap > 0 else -1.0
    low, high = sorted(sign * float(end[i]) for end in (styles.lower, styles.upper))
    sure = float(styles.prob_style[i])
    values: dict[str, Value] = {
        "rep": Rep(rep),
        "points": Estimate(sign * gap, low, high, "points"),
        "n": int(styles.n[i]),
        "sure": Chance(sure),
    }
    return Finding(
        style.key,
        values,
        rep=rep,
        within_days=days,
        prob=sure,
        side=style.side,
        weight=abs(gap),
        replaces=("ranks.below", "ranks.above"),
    )


def _reviews(styles: RepStyles) -> list[Finding]:
    """What to try where a style is found and no threshold is to move: go through a few prospects."""
    return [
        Finding(
            f"thresholds.review_{STYLES[style].side}",
            {"rep": Rep(rep)},
            "try",
            rep,
            weight=WORTH_A_REVIEW,
            replaces=("ranks.review_below", "ranks.review_above"),
        )
        for rep, style in zip(styles.reps, styles.style.tolist(), strict=True)
        if style in STYLES
    ]
