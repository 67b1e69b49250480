"""What is found of stated dates: how many hold, whether all run over, whose take longer or shorter than the others'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from calibra.chapters.timing.fit import StatedTimingFit
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.tables import plain_rows
from calibra.values import Chance, Count, Estimate, Number, Rep, Share, Value
from calibra.views.strips import Record

WEIGHT = 0.1
"""How much there is to talk about in an event that takes twice as long as stated, beside one that does not come."""
SIDES: Mapping[str, Literal["below", "above"]] = {"longer": "below", "shorter": "above"}
"""What may be found of a rep's dates, and the side that colours it."""


def findings(fit: StatedTimingFit) -> Sequence[Finding]:
    """What became of the dates of all reps, then reps whose dates differ from the others'."""
    (shares, *_), (bias, *reps) = plain_rows(fit.shares()), plain_rows(fit.bias())
    told = [*_of_all(fit, shares, bias)]
    for row in reps:
        if row["n"] >= FEWEST_JUDGMENTS:
            told += _of_rep(row)
    return told


def _of_all(fit: StatedTimingFit, shares: Record, bias: Record) -> Iterator[Finding]:
    values: dict[str, Value] = {name: read(shares, name) for name in ("early", "on_time", "late")}
    last = Number(fit.cells.last, 0 if fit.cells.last.is_integer() else 1)
    values |= {"n": shares["n"], "last": last, "tolerance": Share(fit.tolerance_share)}
    yield Finding("timing.all", values)
    for key, prob in (("timing.all_longer", bias["prob_past"]), ("timing.all_shorter", bias["prob_before"])):
        if prob >= FLAG_PROB:
            told: dict[str, Value] = {"factor": read(bias, "factor", "hundredth"), "sure": Chance(prob)}
            told["n"] = Count(bias["events"], "event")
            yield Finding(key, told, prob=prob)


def _of_rep(row: Record) -> Iterator[Finding]:
    """A rep whose dates run over, or come early, beside those of the others; and whether as many come all the same."""
    for name, side in SIDES.items():
        both = row[f"prob_{name}_but_as_many"]
        right = both is not None and both >= FLAG_PROB
        prob = both if right else row[f"prob_{name}"]
        if prob is None or prob < FLAG_PROB:
            continue
        values: dict[str, Value] = {
            "rep": Rep(row["rep"]),
            "factor": read(row, "factor", "hundredth"),
            "others": Number(row["others"], 2),
            "about": Number(row["factor"], 1),
            "n": Count(row["events"], "event"),
            "sure": Chance(prob),
        }
        key = f"timing.{name}{'_but_as_many' if right else ''}"
        weight = prob * WEIGHT * row["events"] * abs(np.log2(row["factor"] / row["others"]))
        yield Finding(key, values, rep=row["rep"], prob=prob, side=side, weight=float(weight))


def read(row: Record, name: str, unit: str = "percent") -> Estimate:
    """An estimate of a table with its interval."""
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], unit)  # type: ignore[arg-type]
