"""What is found of stated percentages: too high or too low, too extreme or too timid; where the line does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from calibra.chapters.stated.fit import StatedFit
from calibra.chapters.stated.rows import Stated, low_and_high, meaning
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.values import Chance, Estimate, Given, Rep, Share, Value, Within
from calibra.views.strips import Record

SIDES = (("too_high", "below"), ("too_low", "above"))
"""Faults of the mean, and on which side of what was stated the outcomes lie."""
STEEPNESS = ("too_extreme", "too_timid")
"""Faults of the slope."""


def findings(stated: Stated) -> Sequence[Finding]:
    """What was found at every horizon: of all reps, where the line does not hold, then of each rep."""
    told: list[Finding] = []
    for fit in stated.values():
        everyone, *reps = plain_rows(fit.lines(margin_odds=stated.margin_odds))
        told += _of_all(fit, everyone)
        told += _departures(fit, stated.margin_odds)
        for row in reps:
            if row["n"] >= FEWEST_JUDGMENTS:
                told += _of_rep(fit, row)
    return told


def _of_all(fit: StatedFit, row: Record) -> Iterator[Finding]:
    days = fit.within_days
    values: dict[str, Value] = {"n": row["n"], "within": Within(days)}
    yield Finding("stated.all", values | _mean_values(row), within_days=days)
    low, high = low_and_high(fit, ALL_REPS)
    for fault in STEEPNESS if low < high else ():
        prob = row[f"prob_{fault}"]
        if prob >= FLAG_PROB:
            values = {"sure": Chance(prob), "within": Within(days), **_end_values(fit, ALL_REPS, fault)}
            yield Finding(f"stated.all_{fault}", values, within_days=days, prob=prob)


def _of_rep(fit: StatedFit, row: Record) -> Iterator[Finding]:
    days, rep = fit.within_days, row["rep"]
    common: dict[str, Value] = {"rep": Rep(rep), "n": row["n"], "within": Within(days)}
    for fault, side in SIDES:
        prob = row[f"prob_{fault}"]
        if prob >= FLAG_PROB:
            values = {**common, "sure": Chance(prob), **_mean_values(row)}
            weight = row["n"] * abs(row["actual"] - row["stated"])
            yield Finding(f"stated.{fault}", values, rep=rep, within_days=days, prob=prob, side=side, weight=weight)  # type: ignore[arg-type]
    low, high = low_and_high(fit, rep)
    for fault in STEEPNESS if low < high else ():
        prob = row[f"prob_{fault}"]
        if prob >= FLAG_PROB:
            values = {**common, "sure": Chance(prob), **_end_values(fit, rep, fault)}
            yield Finding(
                f"stated.{fault}",
                values,
                rep=rep,
                within_days=days,
                prob=prob,
                weight=row["n"] * row["error_points"] / 100.0,
            )


def _mean_values(row: Record) -> dict[str, Value]:
    actual = Estimate(row["actual"], row["actual_lower"], row["actual_upper"])
    return {"stated": Share(row["stated"]), "actual": actual}


def _end_values(fit: StatedFit, rep: str, fault: str) -> dict[str, Value]:
    low, high = low_and_high(fit, rep, between_ends=fault == "too_timid")
    return {
        "low_stated": Given(low),
        "low": meaning(fit, rep, low),
        "high_stated": Given(high),
        "high": meaning(fit, rep, high),
    }


def _departures(fit: StatedFit, margin_odds: float) -> list[Finding]:
    """Where all reps' curve surely leaves the line by more than the margin: the knot at which it does so the most."""
    draws, margin = fit.departure_draws(fit.shape.knots), np.log(margin_odds)
    prob = np.stack([(draws > margin).mean(axis=0), (draws < -margin).mean(axis=0)])
    side, knot = np.unravel_index(int(np.argmax(prob)), prob.shape)
    sure = float(prob[side, knot])
    if sure < FLAG_PROB:
        return []
    at = round(float(fit.shape.stated[knot]), 2)
    values: dict[str, Value] = {
        "stated": Given(at),
        "actual": meaning(fit, ALL_REPS, at),
        "sure": Chance(sure),
        "within": Within(fit.within_days),
    }
    key = ("stated.departs_above", "stated.departs_below")[int(side)]
    return [Finding(key, values, "doubt", within_days=fit.within_days, prob=sure)]
