"""What the lead-time model found: how long it takes, who is slow or fast, what to look through again, what never comes.

Findings about all reps come first, then those about each rep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from calibra.chapters.lead_times.coming import coming_found
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.misfits import MISFIT_PROB, misfits
from calibra.chapters.lead_times.open_prospects import OpenProspects, open_prospects
from calibra.chapters.lead_times.promises import promise_answers
from calibra.chapters.lead_times.tables import CANNOT_TELL, FASTER, MONTH_DAYS, SLOWER
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.stats.margin import MARGIN_RATIO
from calibra.tables import plain_rows
from calibra.values import Chance, Count, Estimate, Listed, Number, Phrase, Rank, Rep, Share, Unit, Value
from calibra.views.strips import Record, by_rank, by_rep
from calibra.views.summary import MOST_NAMED

WEIGHT_TEMPO = 0.25
"""How much there is to talk about in an event that comes twice as late, beside one that does not come."""
FEW_CHASED = 5
"""Fewest prospects to look through again that are worth a conversation."""
WEIGHT_CHASED = 0.4
"""Weight of looking through old prospects: after every move of a threshold."""
NAMED_FOR_EXITS = 12
"""Reps named for exits in one sentence; the table of the section marks them all."""
SIDES: Mapping[str, tuple[Literal["slower", "faster"], Literal["below", "above"]]] = {
    SLOWER: ("slower", "below"),
    FASTER: ("faster", "above"),
}
"""What is found of a rep's tempo to the name of the finding, and the side that colours it."""


def findings(fit: LeadTimeFit) -> list[Finding]:
    """List doubts about the fit, findings about all reps, and findings about each rep."""
    tempo = by_rep(fit.tempo()) if len(fit.reps) > 1 else {}
    prospects = open_prospects(fit)
    return [
        *misfits(fit.check(interval_prob=MISFIT_PROB)),
        *_how_long(fit),
        *_promises_not_known(fit),
        *_tempo_unknown(tempo.values()),
        *exits_found(tempo),
        *coming_found(fit),
        *_chased(fit, prospects),
        *_chance_unknown(fit),
        never_found(fit),
        *(finding for row in tempo.values() for finding in _tempo_of_rep(row)),
        *_chased_of_reps(prospects),
    ]


def exit_sides(tempo: Mapping[str, Record]) -> dict[str, Literal["more", "less"]]:
    """Find reps whose prospects exit more or less often than all reps', the whole interval beyond the margin."""
    sides: dict[str, Literal["more", "less"]] = {}
    for rep, row in tempo.items():
        if row["exit_ratio"] is None:
            continue
        if row["exit_ratio_lower"] > MARGIN_RATIO:
            sides[rep] = "more"
        elif row["exit_ratio_upper"] < 1.0 / MARGIN_RATIO:
            sides[rep] = "less"
    return sides


def _how_long(fit: LeadTimeFit) -> Iterator[Finding]:
    """Report by which day half of the events have come, for each rank."""
    answers = promise_answers(fit)
    parts = []
    for rank, row in by_rank(fit.lead_times())[ALL_REPS].items():
        values: dict[str, Value] = {"rank": Rank(rank), "median": _estimate(row, "median_days", "days")}
        if answers[rank].state == "known":
            values |= {"share": Share(row["share_inside_promise"], fine=True), "days": answers[rank].days}
            parts.append(Phrase("lead_times.how_long_promised", values))
        else:
            parts.append(Phrase("lead_times.how_long_rank", values))
    yield Finding("lead_times.how_long", {"days": fit.last_edge_days, "ranks": Listed(tuple(parts), "semicolon")})


def _promises_not_known(fit: LeadTimeFit) -> Iterator[Finding]:
    """List ranks whose promised days cannot be judged yet, or lie past the last edge of this fit."""
    not_yet, past = [], []
    for rank, answer in promise_answers(fit).items():
        values: dict[str, Value] = {"rank": Rank(rank), "days": answer.days}
        if answer.state == "past the last edge":
            past.append(Phrase("lead_times.promise_of", values))
        elif answer.state == "not yet" and answer.known_from is None:
            not_yet.append(Phrase("lead_times.promise_of", values))
        elif answer.state == "not yet":
            not_yet.append(Phrase("lead_times.promise_of_from", values | {"date": answer.known_from}))
    if not_yet:
        yield Finding("lead_times.promise_not_yet", {"ranks": Listed(tuple(not_yet))}, "unknown")
    if past:
        ranks = Listed(tuple(past))
        yield Finding("lead_times.promise_past_edge", {"ranks": ranks, "edge": fit.last_edge_days}, "unknown")


def _tempo_unknown(rows: Iterable[Record]) -> Iterator[Finding]:
    """Count the reps not known to be slower, faster or in line."""
    verdicts = Counter(row["finding"] for row in rows)
    if n := verdicts[CANNOT_TELL]:
        yield Finding("lead_times.tempo_unknown", {"n": n, "reps": Count(verdicts.total(), "rep")}, "unknown")


def exits_found(tempo: Mapping[str, Record]) -> Iterator[Finding]:
    """List reps whose prospects exit more or less often than all reps', those furthest off first."""
    sides = exit_sides(tempo)
    for side, sign in (("more", -1.0), ("less", 1.0)):
        rows = [tempo[rep] for rep, of_rep in sides.items() if of_rep == side]
        rows.sort(key=lambda row: sign * row["exit_ratio"])
        parts = tuple(Phrase("lead_times.exits_of", _exits_of_rep(row)) for row in rows)
        if parts:
            reps = Listed(parts, "semicolon", limit=NAMED_FOR_EXITS)
            yield Finding(f"lead_times.exits_{side}", {"reps": reps, "days": int(MONTH_DAYS)})


def _exits_of_rep(row: Record) -> dict[str, Value]:
    share = Share(row["monthly_exits"], fine=True)
    return {"rep": Rep(row["rep"]), "share": share, "n": Count(row["exits"], "exit")}


def _chased(fit: LeadTimeFit, prospects: Mapping[str, OpenProspects]) -> Iterator[Finding]:
    """Count the open prospects to look through again, by rank, and name whose they are."""
    worth = Share(fit.chasing().attrs["worth_prob"])
    total = prospects[ALL_REPS]
    if not total.n_chased:
        yield Finding("lead_times.chased_none", {"worth": worth})
        return
    parts = [
        Phrase("lead_times.chased_rank", {"rank": Rank(rank), "n": row["n_chased"], "open": row["n_open"]})
        for rank, row in by_rank(fit.chasing())[ALL_REPS].items()
        if row["n_chased"]
    ]
    values: dict[str, Value] = {"n": total.n_chased, "open": total.n, "worth": worth, "left": total.left}
    ranks = Listed(tuple(parts), "semicolon")
    yield Finding("lead_times.chased_all", values | {"ranks": ranks}, "try", weight=total.n_chased)
    if len(fit.reps) > 1:
        chased = Counter({rep: of_rep.n_chased for rep, of_rep in prospects.items() if rep != ALL_REPS})
        most = [Phrase("lead_times.chased_each", _named(rep, n)) for rep, n in chased.most_common(MOST_NAMED) if n]
        yield Finding("lead_times.chased_whose", {"reps": Listed(tuple(most))})


def _named(rep: str, n: int) -> dict[str, Value]:
    return {"rep": Rep(rep), "n": n}


def _chance_unknown(fit: LeadTimeFit) -> Iterator[Finding]:
    """Count the open prospects whose chance is not known, because follow-up ends before."""
    parts = [
        Phrase(
            "lead_times.chance_unknown_rank",
            {"rank": Rank(rank), "n": row["n_unknown"], "days": row["followed_days"]},
        )
        for rank, row in by_rank(fit.chasing())[ALL_REPS].items()
        if row["n_unknown"]
    ]
    if parts:
        yield Finding("lead_times.chance_unknown", {"ranks": Listed(tuple(parts), "semicolon")}, "unknown")


def never_found(fit: LeadTimeFit) -> Finding:
    """Report the share without an event by the last day followed; unknown where no plateau is in sight."""
    row = plain_rows(fit.never().tail(1))[0]
    days: dict[str, Value] = {"days": row["by_days"]}
    if row["estimate"] is None:
        return Finding("lead_times.never_unknown", days, "unknown")
    return Finding(
        "lead_times.never",
        days | {"share": _estimate(row, "", "percent"), "nothing": Share(row["estimate"]), "n": row["n"]},
    )


def _tempo_of_rep(row: Record) -> Iterator[Finding]:
    """Report whether a rep's events come slower or faster than all reps', or that it cannot be told yet."""
    rep, days = row["rep"], _estimate(row, "median_days", "days")
    values: dict[str, Value] = {"rep": Rep(rep), "days": days}
    if row["finding"] == CANNOT_TELL:
        yield Finding("lead_times.more_tempo", values, "unknown", rep=rep)
    elif row["finding"] in SIDES:
        name, side = SIDES[row["finding"]]
        prob, ratio = row[f"prob_{name}"], _estimate(row, "ratio", "tenth")
        values |= {"ratio": ratio, "n": Count(row["events"], "event"), "margin": MARGIN_RATIO, "sure": Chance(prob)}
        values |= {"about": Number(row["median_days"], 0), "usual": Number(row["median_days"] / row["ratio"], 0)}
        weight = prob * WEIGHT_TEMPO * row["events"] * abs(row["ratio"] - 1.0)
        yield Finding(f"lead_times.{name}", values, rep=rep, prob=prob, side=side, weight=weight)


def _chased_of_reps(prospects: Mapping[str, OpenProspects]) -> Iterator[Finding]:
    """Suggest that reps look through old prospects, where there are enough of them; those with most come first."""
    worth_it = [rep for rep, of_rep in prospects.items() if rep != ALL_REPS and of_rep.n_chased >= FEW_CHASED]
    for rep in sorted(worth_it, key=lambda rep: -prospects[rep].n_chased):
        values = _named(rep, prospects[rep].n_chased) | {"left": prospects[rep].left}
        yield Finding("lead_times.chased", values, "try", rep=rep, weight=WEIGHT_CHASED)


def _estimate(row: Record, name: str, unit: Unit) -> Estimate:
    """Read a quantity of a table with its interval; `estimate`, `lower`, `upper` for no name."""
    ends = (name, f"{name}_lower", f"{name}_upper") if name else ("estimate", "lower", "upper")
    estimate, lower, upper = (row[end] for end in ends)
    return Estimate(estimate, lower, upper, unit)
