"""What is said of a rep's thresholds, as findings; the words stand in the chapter of thresholds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from calibra.chapters.thresholds.advice_rules import AdviceRules
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
    WITHOUT_NUMBERS,
)
from calibra.findings import Finding
from calibra.reading.waiting import NEVER, waiting_for
from calibra.values import Chance, Estimate, Listed, Number, Phrase, Rank, Rep, Share, Value, Within

type Row = Mapping[str, Any]
"""A threshold of a rep: the columns of the advice as plain values, None for what is missing."""

NOTHING_TO_CHANGE = 0.1
"""Weight of what asks for no move, so that any other thing to try comes before it."""
MOVE_KEYS = {TIGHTEN: "thresholds.tighten", LOOSEN: "thresholds.loosen"}
"""Verdict to the key of the move."""
NEAR_TEN = 0.2
"""A share is told in prospects of ten where it is so near to a whole number of them."""
LEAN_KEYS = {TIGHTEN: "thresholds.lean_tighten", LOOSEN: "thresholds.lean_loosen", FINE: "thresholds.lean_keep"}
"""Leaning to the key of its words."""
REASON_KEYS = {NO_SEPARATION: "thresholds.no_separation", INVERTED: "thresholds.inverted"}
"""Reason for which no number is given to its key."""


def describe_rep(rows: Sequence[Row], rules: AdviceRules) -> list[Finding]:
    """Say everything of one rep's thresholds: of each its verdict, then what cannot be told yet."""
    verdicts = [_DESCRIBED[row["verdict"]](row, rules) for row in rows if row["verdict"] in _DESCRIBED]
    return [*verdicts, *_leanings(rows), *_waiting(rows), *_without_numbers(rows)]


def boundary(row: Row) -> Value:
    """The ranks above a threshold."""
    rank = Rank(row["rank"])
    return rank if row["is_best"] else Phrase("format.better", {"rank": rank})


def interval_of(row: Row, name: str) -> Estimate:
    """A share with its interval."""
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], "share")


def counted_share(row: Row) -> Share | None:
    """The share that was counted; None where nothing was."""
    return _share(row["share_counted"])


def share_today(row: Row) -> Phrase:
    """The share called a rank today: of the recent judgments where they are known, else estimated and counted."""
    if row["share_recent"] is not None:
        return Phrase("thresholds.today_recent", _recent(row))
    return Phrase("thresholds.today_estimated", {"now": interval_of(row, "share_now"), "counted": counted_share(row)})


def _recent(row: Row) -> dict[str, Value]:
    return {"share": _share(row["share_recent"]), "n": int(row["n_recent"])}


def _share(share: float | None) -> Share | None:
    return None if share is None else Share(share, fine=True)


def _move(row: Row, rules: AdviceRules) -> Finding:
    key, sure = MOVE_KEYS[row["verdict"]], row["prob_beyond_margin"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "rank": boundary(row),
        "today": share_today(row),
        "step": _share(row["share_step"]),
        "sure": Chance(sure),
        **_in_prospects(row),
    }
    if row["share_target"] is None:
        key += "_without_aim"
        values["today"] = _today_without_aim(row, rules)
    else:
        values["target"] = interval_of(row, "share_target")
        values["level"] = Share(rules.move_prob)
        scarce = row["promise"] is not None and row["share_target"] < rules.reach_share
        values["shape"] = Phrase("thresholds.shape") if row["rests_on_shape"] else ""
        values["scarce"] = Phrase("thresholds.scarce") if scarce else ""
    return Finding(key, values, "try", row["rep"], row["rank"], prob=sure, weight=100.0 * row["move_size"])


def _in_prospects(row: Row) -> dict[str, Value]:
    """Today's share and the step as prospects of ten; of a hundred or a thousand, where ten do not show them."""
    today, step = _today(row), row["share_step"]
    is_near = all(abs(10 * share - round(10 * share)) <= NEAR_TEN for share in (today, step))
    of = next((of for of in ((10, 100) if is_near else (100,)) if round(of * today) != round(of * step)), 1000)
    return {"of": of, "today_of": Number(of * today, 0), "step_of": Number(of * step, 0)}


def _today(row: Row) -> float:
    """The share called a rank today."""
    return float(row["share_now"] if row["share_recent"] is None else row["share_recent"])


def _today_without_aim(row: Row, rules: AdviceRules) -> Phrase:
    """Today's share where no other interval stands in the sentence: an estimate names its level itself."""
    today = share_today(row)
    if row["share_recent"] is not None:
        return today
    return Phrase("thresholds.today_estimated_alone", {**today.values, "level": Share(rules.move_prob)})


def _keep(row: Row, rules: AdviceRules) -> Finding:
    sure = row["prob_within_margin"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "rank": boundary(row),
        "today": share_today(row),
        "margin": rules.margin_odds,
        "sure": Chance(sure),
    }
    return Finding("thresholds.keep", values, "try", row["rep"], row["rank"], prob=sure, weight=NOTHING_TO_CHANGE)


def _reach(row: Row, rules: AdviceRules) -> Finding:
    days = row["within_days"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "rank": Rank(row["rank"]),
        "promise": _share(row["promise"]),
        "within": Within(days),
        "reach": _share(rules.reach_share),
        "best": _share(row["best_attainable"]),
    }
    key = "thresholds.reach" if row["is_best"] else "thresholds.reach_below"
    return Finding(key, values, "try", row["rep"], row["rank"], days, weight=NOTHING_TO_CHANGE)


def _met_by_all(row: Row, _: AdviceRules) -> Finding:
    days = row["within_days"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "rank": Rank(row["rank"]),
        "promise": _share(row["promise"]),
        "within": Within(days),
        "left": "" if row["is_best"] else Phrase("thresholds.left"),
    }
    return Finding("thresholds.met_by_all", values, "try", row["rep"], row["rank"], days, weight=NOTHING_TO_CHANGE)


def _leanings(rows: Sequence[Row]) -> Iterator[Finding]:
    """What is likely, and not sure enough to be said of a threshold by itself."""
    leaning = [row for row in rows if row["leaning"]]
    if leaning:
        said = [
            Phrase(LEAN_KEYS[row["leaning"]], {"rank": boundary(row), "sure": Chance(chance_of_leaning(row))})
            for row in leaning
        ]
        rep, surest = leaning[0]["rep"], max(map(chance_of_leaning, leaning))
        yield Finding(
            "thresholds.lean",
            {"rep": Rep(rep), "ranks": Listed(tuple(said), "comma"), "sure": Chance(surest)},
            "unknown",
            rep,
            prob=surest,
        )


def chance_of_leaning(row: Row) -> float:
    """How sure a leaning is."""
    return float(row["prob_within_margin" if row["leaning"] == FINE else "prob_beyond_margin"])


def _moved(row: Row, _: AdviceRules) -> Finding:
    values = {"rep": Rep(row["rep"]), "rank": boundary(row), "counted": counted_share(row), **_recent(row)}
    return Finding("thresholds.moved", values, "unknown", row["rep"], row["rank"])


_DESCRIBED: Mapping[str, Callable[[Row, AdviceRules], Finding]] = {
    TIGHTEN: _move,
    LOOSEN: _move,
    FINE: _keep,
    OUT_OF_REACH: _reach,
    MOVED: _moved,
    MET_BY_ALL: _met_by_all,
}
"""Verdict to what is said of it; what cannot be told yet is said of all thresholds of a rep at once."""


def _waiting(rows: Sequence[Row]) -> Iterator[Finding]:
    """Which thresholds need more judgments, and about how many."""
    waiting = [row for row in rows if row["verdict"] == CANNOT_TELL and row["reason"] not in WITHOUT_NUMBERS]
    more = [Phrase("thresholds.more_rank", {"rank": boundary(row), "more": waiting_for(row)}) for row in waiting]
    if waiting:
        rep, soonest = waiting[0]["rep"], min(waiting, key=lambda row: (row["verdict_by"] == NEVER, row["n_more"]))
        names = Listed(tuple(map(boundary, waiting)))
        values: dict[str, Value] = {"rep": Rep(rep), "ranks": Listed(tuple(more)), "names": names}
        first = Phrase("thresholds.more_rank", {"rank": boundary(soonest), "more": waiting_for(soonest)})
        yield Finding("thresholds.more", values | {"first": first}, "unknown", rep)


def _without_numbers(rows: Sequence[Row]) -> Iterator[Finding]:
    """Whether the rep's ranks tell nothing or stand the wrong way round, once a horizon."""
    blind = {(row["reason"], row["within_days"]): row for row in rows if row["reason"] in WITHOUT_NUMBERS}
    for (reason, days), row in blind.items():
        estimate, lower, upper = (row[f"binormal_auc{end}"] for end in ("", "_lower", "_upper"))
        auc = Estimate(estimate, lower, upper, "hundredth")
        values: dict[str, Value] = {"rep": Rep(row["rep"]), "auc": auc}
        yield Finding(REASON_KEYS[reason], values, "unknown", row["rep"], within_days=days)
