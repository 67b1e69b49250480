"""What is said of a joint rating: how far the reps agree, who gives more or fewer As, what that explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibra.chapters.joint_ratings.fit import FEWER, MORE, JointRatingFit
from calibra.findings import Finding
from calibra.reading.flags import FLAG_PROB
from calibra.reading.means import ALL_REPS
from calibra.tables import brief, plain_rows
from calibra.values import Chance, Estimate, Rank, Rep, Share, Value
from calibra.views.strips import Record


@dataclass(frozen=True, slots=True, eq=False)
class JointRating:
    """What was read of a joint rating once, for sentences, section and cards."""

    __repr__ = brief

    fit: JointRatingFit
    """The fit."""
    margin_odds: float
    """Factor on the odds below which a difference is not worth talking about."""
    rows: tuple[Record, ...]
    """The table of leniency at the best rank, a row a rep."""
    everyone: Record
    """The agreement of all reps."""
    daily: tuple[Record, ...]
    """Bar and territory, a row a rep; empty without judgments of those who rated."""
    explained: dict[str, dict[str, float]]
    """Rep to how sure it is of each gap in outcomes that the bar is its reason, or is not."""


def findings(found: JointRating) -> Sequence[Finding]:
    """All reps first, then each rep."""
    told = [_agreement(found)]
    for row in found.rows:
        told += _of_rep(found, row)
    return told


def _agreement(found: JointRating) -> Finding:
    """How often two reps give the same rank; the coefficient where there is one."""
    every, n = found.everyone, found.fit.ratings.n_shared
    values: dict[str, Value] = {"n": n, "reps": len(found.fit.reps), "same": Share(every["share_same"])}
    values["near"] = Share(every["share_within_one"])
    return Finding("joint_ratings.agreement", values)


def _of_rep(found: JointRating, row: Record) -> list[Finding]:
    """Whether the rep gives the best rank to more or fewer, and whether that is why outcomes lie below or above."""
    rep, told = row["rep"], []
    values: dict[str, Value] = {
        "rep": Rep(rep),
        "rank": Rank(row["rank"]),
        "share": Estimate(row["share"], row["share_lower"], row["share_upper"]),
        "own": _of_hundred(row["share"]),
        "others": _of_hundred(row["others"]),
        "n": row["n"],
    }
    if row["finding"] in (MORE, FEWER):
        side = row["finding"]
        prob = row[f"prob_{side}"]
        told.append(
            Finding(
                f"joint_ratings.{side}",
                {**values, "sure": Chance(prob)},
                rep=rep,
                rank=row["rank"],
                prob=prob,
                side="below" if side == MORE else "above",
                weight=abs(row["difference_points"]) / 10.0,
            )
        )
    elif row["n_more"] is not None:
        told.append(Finding("joint_ratings.more_needed", {**values, "more": int(row["n_more"])}, "unknown", rep=rep))
    return [*told, *_daily(found, row), *_outcomes(found, rep)]


def _of_hundred(share: float) -> int:
    return round(100.0 * share)


def _daily(found: JointRating, row: Record) -> list[Finding]:
    """A share of As in daily work that is the bar's and not the territory's."""
    if row["finding"] not in (MORE, FEWER):
        return []
    for own in found.daily:
        same_way = (own["part_leniency"] > 0) == (row["finding"] == MORE)
        if own["rep"] == row["rep"] and same_way and own["prob_leniency"] >= FLAG_PROB:
            values: dict[str, Value] = {
                "rep": Rep(row["rep"]),
                "rank": Rank(row["rank"]),
                "daily": Share(own["share_daily"]),
                "neutral": Share(own["share_neutral"]),
                "sure": Chance(own["prob_leniency"]),
            }
            return [Finding("joint_ratings.daily", values, rep=row["rep"], rank=row["rank"], prob=own["prob_leniency"])]
    return []


def _outcomes(found: JointRating, rep: str) -> list[Finding]:
    """Whether the bar is why a rep's outcomes lie off the others' at the same rank."""
    return [
        Finding(
            f"joint_ratings.{key}",
            {"rep": Rep(rep), "n": found.fit.ratings.n_shared, "sure": Chance(prob)},
            rep=rep,
            prob=prob,
            side="below" if key.endswith("below") else "above",
            weight=1.0,
        )
        for key, prob in found.explained.get(rep, {}).items()
        if prob >= FLAG_PROB
    ]


def all_rows(table: Sequence[Record]) -> Record:
    """The row of all reps in a table of agreement."""
    return next(row for row in table if row["rep"] == ALL_REPS)


def read_fit(
    fit: JointRatingFit,
    margin_odds: float,
    daily: Sequence[Record],
    explained: dict[str, dict[str, float]],
) -> JointRating:
    """Read the tables that sentences go by."""
    best = fit.ratings.ranks[0]
    rows = tuple(row for row in plain_rows(fit.leniency(margin_odds=margin_odds)) if row["rank"] == best)
    return JointRating(fit, margin_odds, rows, all_rows(plain_rows(fit.agreement())), tuple(daily), explained)
