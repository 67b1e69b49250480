"""What the rank models find: what each rank brings, whether ranks stand in order, and how each rep differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from calibra.chapters.ranks.population import THESE_REPS
from calibra.chapters.ranks.rows import PROBS, Days, RankRows, Ranks
from calibra.chapters.ranks.strengths import strength
from calibra.chapters.ranks.talk import missed, missed_of, talk_findings, turned_pair
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS, WITHIN_REPS
from calibra.reading.waiting import waiting_for
from calibra.tables import plain_rows
from calibra.values import Chance, Count, Estimate, Given, Listed, More, Number, Phrase, Rank, Rep, Share, Value, Within
from calibra.views.strips import Record, is_shown
from calibra.words import MOST_PLANNED, round_up

MOST_NAMED = 5
"""Reps named in one sentence; the rest are counted."""
MOST_PAIRS = 10
"""Pairs of ranks named in one sentence."""
REVIEW_WEIGHT, REVIEW_SIDE_WEIGHT = 1000.0, 0.5
"""What is tried first: ranks that tell nothing before any move, a gap after every move."""

type Values = dict[str, Value]


def findings(ranks: Ranks) -> list[Finding]:
    """All reps first, then each rep."""
    together = [finding for rows in ranks.all_rows() for finding in _all_reps(rows)]
    of_reps = [finding for rep in ranks.reps for finding in _of_rep(ranks, rep)]
    best = ranks.rows(ranks.days_of(next(iter(ranks.values())).ranks[0]))
    return [*together, *missed(best), *of_reps, *talk_findings(best)]


# all reps together ----------------------------------------------------------------------------------------------------


def _all_reps(rows: RankRows) -> Iterator[Finding]:
    yield _delivered(rows)
    yield from young(rows)
    yield from order(rows)
    if len(rows.fit.reps) > 1:
        yield spread(rows)
        if rows.is_compared:
            yield from _in_line(rows)
            yield from _cannot_tell(rows)
        else:
            yield Finding("ranks.no_others", {"least": FEWEST_JUDGMENTS}, "unknown", within_days=rows.days)


def _delivered(rows: RankRows) -> Finding:
    """Each rank's probability, beside the average promised within the same horizon."""
    parts = tuple(_rank_delivered(rows, rank) for rank in rows.fit.ranks)
    values: Values = {"within": Within(rows.days), "ranks": Listed(parts, "semicolon")}
    return Finding("ranks.delivered", values, within_days=rows.days)


def young(rows: RankRows) -> list[Finding]:
    """How many judgments younger than the horizon count in part."""
    counted = rows.fit.young
    if counted is None:
        return []
    values: Values = {"within": Within(rows.days), "n": int(counted.n.sum()), "came": int(counted.events.sum())}
    return [Finding("ranks.young", values, within_days=rows.days)]


def _rank_delivered(rows: RankRows, rank: str) -> Phrase:
    row, promised = rows.probabilities[ALL_REPS][rank], rows.aim(rank)
    told: Values = {"rank": Rank(rank), "n": row["n"]}
    if is_shown(row):
        phrase = Phrase("ranks.rank_delivered", {**told, "estimate": _estimate(row)})
    elif row["first_answer"] is not None:
        phrase = Phrase("ranks.rank_few_until", {**told, "date": row["first_answer"]})
    else:
        phrase = Phrase("ranks.rank_few", told)
    return phrase if promised is None else Phrase("ranks.promised", {"told": phrase, "promised": Given(promised)})


def _estimate(row: Record) -> Estimate:
    return Estimate(row["estimate"], row["lower"], row["upper"])


def order(rows: RankRows) -> list[Finding]:
    """Do neighbouring ranks stand in order at the same reps? Pooled counts mislead where good reps favour a rank."""
    pairs = rows.order.get(WITHIN_REPS, [])
    wrong = [row for row in pairs if row["prob_ordered"] <= 1.0 - FLAG_PROB]
    unsure = [row for row in pairs if 1.0 - FLAG_PROB < row["prob_ordered"] < FLAG_PROB]
    if pairs and not wrong and not unsure:
        return [_pairs("ranks.order_sure", [_pair(row) for row in pairs], rows.days)]
    found = [_pairs("ranks.order_wrong", [_turned(row) for row in wrong], rows.days)] if wrong else []
    return found + ([_pairs("ranks.order_unsure", [_pair(row) for row in unsure], rows.days)] if unsure else [])


def _pairs(key: str, pairs: Sequence[Phrase], days: Days) -> Finding:
    """Pairs of ranks, and how sure the least sure of them is."""
    sure = min((pair.values["chance"].prob for pair in pairs if isinstance(pair.values["chance"], Chance)), default=0.0)
    return Finding(key, {"pairs": Listed(tuple(pairs), limit=MOST_PAIRS), "sure": Chance(sure)}, within_days=days)


def _pair(row: Record) -> Phrase:
    sure = Chance(row["prob_ordered"])
    return Phrase("ranks.pair", {"better": Rank(row["better"]), "worse": Rank(row["worse"]), "chance": sure})


def _turned(row: Record) -> Phrase:
    sure = Chance(1.0 - row["prob_ordered"])
    return Phrase("ranks.pair", {"better": Rank(row["worse"]), "worse": Rank(row["better"]), "chance": sure})


def spread(rows: RankRows) -> Finding:
    """How far the reps there are differ at the best rank."""
    row = next(row for row in plain_rows(rows.fit.spread()) if row["of"] == THESE_REPS)
    points = Estimate(row["estimate"], row["lower"], row["upper"], "points")
    rank = rows.fit.ranks[0]
    each = [own[rank] for rep, own in rows.probabilities.items() if rep != ALL_REPS and rank in own]
    shares = [found["estimate"] for found in each if is_shown(found)]
    values: Values = {"n": Count(len(shares), "rep"), "rank": Rank(rank), "points": points, "within": Within(rows.days)}
    if len(shares) < 2:
        return Finding("ranks.spread_few", values, "unknown", within_days=rows.days)
    values |= {"lowest": Share(min(shares)), "highest": Share(max(shares))}
    return Finding("ranks.spread", values, within_days=rows.days)


def _in_line(rows: RankRows) -> Iterator[Finding]:
    """Everybody who is in line, in one sentence."""
    named = [
        Phrase("ranks.rep_sure", {"rep": Rep(rep), "sure": Chance(row["prob_within"])})
        for rep, row in rows.profiles.items()
        if rows.side(rep) == "in_line"
    ]
    if named:
        values: Values = {"margin": rows.margin_odds, "reps": Listed(tuple(named), limit=MOST_NAMED)}
        yield Finding("ranks.in_line_reps", values, within_days=rows.days)


def _cannot_tell(rows: RankRows) -> Iterator[Finding]:
    """Of how many nothing can be told yet, and how many more judgments it takes."""
    waiting = [row for rep, row in rows.profiles.items() if not rows.side(rep)]
    if not waiting:
        return
    values: Values = {"n": len(waiting), "reps": Count(len(rows.profiles), "rep")}
    more = sorted(row["n_more"] for row in waiting if row["n_more"])
    key = "ranks.cannot_tell_reps"
    if more and _as_written(more[0]) == _as_written(more[-1]):
        key, values = f"{key}_about", {**values, "more": More(more[0])}
    elif more:
        key, values = f"{key}_between", {**values, "fewest": More(more[0]), "most": More(more[-1])}
    yield Finding(key, values, "unknown", within_days=rows.days)


def _as_written(n: float) -> float:
    """The number of judgments that is written for it."""
    return min(round_up(n), MOST_PLANNED + 1)


# one rep --------------------------------------------------------------------------------------------------------------


def _of_rep(ranks: Ranks, rep: str) -> Iterator[Finding]:
    first = ranks.rows(ranks.first_days)
    sides = one_verdict([found for rows in ranks.all_rows() for found in _level(rows, rep)])
    differing = [found for found in sides if found.side]
    yield from _judged(first, rep)
    yield from sides
    yield from _adjusted(first, rep)
    yield from _separation(first, rep)
    yield from _wrong_pairs(first, rep)
    yield from missed_of(first, rep)
    yield from strength(ranks.rows(ranks.days_of(first.fit.ranks[0])), rep)
    yield from _review(first, rep)
    if differing:
        widest = max(differing, key=lambda found: found.weight)
        key = f"ranks.review_{widest.side}"
        yield Finding(key, {"rep": Rep(rep)}, "try", rep, side=widest.side, weight=REVIEW_SIDE_WEIGHT)
    if not sides:
        yield from _open(first, rep)
    if differing:
        yield Finding("ranks.territory", {"rep": Rep(rep)}, "unknown", rep)


def one_verdict(found: Sequence[Finding]) -> list[Finding]:
    """Of a rep's verdicts at several horizons the one that is told: the widest gap to a side, else the surest.

    Where the sides differ with the horizon both are facts, and both stand.
    """
    differing = {side: [of_side for of_side in found if of_side.side == side] for side in ("below", "above")}
    told = [max(of_side, key=lambda one: one.weight) for of_side in differing.values() if of_side]
    return told or sorted(found, key=lambda one: -(one.prob or 0.0))[:1]


def _judged(rows: RankRows, rep: str) -> Iterator[Finding]:
    """What everything said of a rep rests on."""
    of_rank = rows.probabilities.get(rep, {}).values()
    n, events = (sum(row[name] for row in of_rank) for name in ("n", "events"))
    if n:
        values: Values = {"rep": Rep(rep), "within": Within(rows.days), "n": n, "came": events}
        yield Finding("ranks.judged", values, "note", rep, within_days=rows.days)


def _level(rows: RankRows, rep: str) -> Iterator[Finding]:
    """Outcomes against the others' at the same rank, where there is a verdict."""
    side = rows.side(rep)
    if side is None:
        return
    row = rows.profiles[rep]
    prob = row[PROBS[side]]
    gap = (row["gap_points"], row["gap_points_lower"], row["gap_points_upper"])
    values: Values = {"rep": Rep(rep), "n": row["n"], "margin": rows.margin_odds, "sure": Chance(prob)}
    if side == "in_line":
        values["points"] = Estimate(*gap, "signed_points")
        yield Finding("ranks.in_line", values, "found", rep, within_days=rows.days, prob=prob)
        return
    values["points"] = _directed(*gap)
    yield Finding(
        f"ranks.{side}",
        values,
        "found",
        rep,
        within_days=rows.days,
        prob=prob,
        side=side,
        weight=abs(gap[0]),
    )


def _adjusted(rows: RankRows, rep: str) -> Iterator[Finding]:
    """The gap before case mix is adjusted for, and at the same mix."""
    row, groups = rows.profiles.get(rep), rows.fit.adjust_for
    if not groups or row is None or row["gap_points"] is None or row["n_answered"] < FEWEST_JUDGMENTS:
        return
    values: Values = {
        "rep": Rep(rep),
        "groups": Listed(groups),
        "before": Number(row["gap_points_before"], 0),
        "after": Estimate(row["gap_points"], row["gap_points_lower"], row["gap_points_upper"], "signed_points"),
        "after_about": Number(row["gap_points"], 0),
    }
    yield Finding("ranks.adjusted", values, "found", rep, within_days=rows.days)


def _directed(estimate: float, lower: float, upper: float) -> Estimate:
    """The size of a difference whose direction the sentence tells."""
    sign = 1.0 if estimate > 0 else -1.0
    low, high = sorted((sign * lower, sign * upper))
    return Estimate(sign * estimate, low, high, "points")


def _separation(rows: RankRows, rep: str) -> Iterator[Finding]:
    """How well a rep's ranks tell outcomes apart."""
    key, days = rows.separation(rep), rows.days
    if key is None:
        return
    row = rows.profiles[rep]
    values: Values = {"rep": Rep(rep)}
    if key == "separates":
        values["auc"] = Estimate(row["auc"], row["auc_lower"], row["auc_upper"])
        values["pairs"] = Number(100.0 * row["auc"], 0)
        yield Finding("ranks.separates", values, "found", rep, within_days=days)
        return
    prob = row["prob_inverted" if key == "inverted" else "prob_ranks_tell_nothing"]
    values["sure"] = Chance(prob)
    pair = turned_pair(rows, rep) if key == "inverted" else {}
    yield Finding(
        "ranks.inverted_counted" if pair else f"ranks.{key}",
        values | pair,
        "found",
        rep,
        within_days=days,
        prob=prob,
        side="below",
        weight=float(row["n"]) * prob,
        replaces=("ranks.below", "ranks.above"),
    )


def _wrong_pairs(rows: RankRows, rep: str) -> Iterator[Finding]:
    """Neighbouring ranks of a rep that stand the wrong way round, by more than the margin.

    Of ranks that tell nothing apart each may be the better by a hair: that is no matter to talk about.
    """
    if rep not in rows.fit.reps:
        return
    i = rows.fit.reps.index(rep)
    for k, (better, worse) in enumerate(pairwise(rows.fit.ranks)):
        wrong = float(rows.beside["prob_turned"][i, k, k + 1])
        if wrong >= FLAG_PROB and rows.fit.n[i, k : k + 2].sum() >= FEWEST_JUDGMENTS:
            values: Values = {"rep": Rep(rep), "better": Rank(better), "worse": Rank(worse), "sure": Chance(wrong)}
            yield Finding("ranks.pair_inverted", values, "found", rep, better, rows.days, prob=wrong, side="below")


def _review(rows: RankRows, rep: str) -> Iterator[Finding]:
    """What to try where a rep's ranks tell nothing, or the wrong way."""
    if rows.separation(rep) in ("tells_nothing", "inverted"):
        yield Finding("ranks.review", {"rep": Rep(rep)}, "try", rep, weight=REVIEW_WEIGHT)


def _open(rows: RankRows, rep: str) -> Iterator[Finding]:
    """Whether outcomes differ, where that cannot be told yet, and about how many more judgments it takes."""
    row = rows.profiles.get(rep)
    if row is None or not rows.is_compared:
        return
    key = "ranks.few"
    values: Values = {"rep": Rep(rep)}
    if row["n_more"]:
        key = "ranks.cannot_tell"
        values |= {"margin": rows.margin_odds, "more": waiting_for(row)}
    elif rep in rows.seen_too_little:
        key = "ranks.seen_too_little"
    yield Finding(key, values, "unknown", rep, within_days=rows.days)
