"""How many, how long, how much, side by side: where lead times and value are known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.chapters.value.chapter import VALUE
from calibra.chapters.viewpoints.gaps import IN_LINE, Viewpoints, viewpoints
from calibra.chapters.viewpoints.section import card, section
from calibra.findings import Finding
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS
from calibra.tables import plain_rows
from calibra.values import Chance, Estimate, Rep, Unit, Value, Within
from calibra.views.strips import Record

SIDES = {"wrong_when": "below", "fewer": "below", "fewer_larger": "above", "less_won": "below"}
"""Statements to the side that colours them."""


def _fit(fitting: Fitting) -> Viewpoints | None:
    """None where lead times or value are not known, or with nobody to compare with."""
    value, lead = fitting.answer(VALUE), fitting.answer(LEAD_TIMES)
    if value is None or lead is None or value.within_days is None or not lead.reaches(value.within_days):
        return None
    found = viewpoints(lead, value, margin_odds=fitting.settings.margin_odds)
    return found if len(lead.reps) > 1 else None


def _tables(found: Viewpoints) -> Tables:
    return {"viewpoints": found.table}


def _findings(found: Viewpoints) -> Sequence[Finding]:
    """What the three say together of a rep, and by how much the rep's open prospects are misread."""
    told: list[Finding] = []
    for row in plain_rows(found.table):
        if row["n"] < FEWEST_JUDGMENTS:
            continue
        if row["statement"] not in (CANNOT_TELL, IN_LINE):
            told.append(_statement(found, row))
        if row["misread_amount"] is not None and row["misread_amount_lower"] > 0.0:
            told.append(_misread(found, row))
    return told


def _statement(found: Viewpoints, row: Record) -> Finding:
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "n": row["n"],
        "many": _estimate(row, "how_many_gap_points"),
        "sure": Chance(row["statement_prob"]),
        "within": Within(found.within_days),
        "to_days": found.to_days,
    }
    if row["how_long_gap_points"] is not None:
        values["long"] = _estimate(row, "how_long_gap_points")
    if row["how_much_gap_percent"] is not None:
        values["much"] = _estimate(row, "how_much_gap_percent")
    statement = str(row["statement"])
    return Finding(
        f"viewpoints.{statement}",
        {"long": None, "much": None, **values},
        rep=row["rep"],
        within_days=found.within_days,
        prob=row["statement_prob"],
        side=SIDES[statement],  # type: ignore[arg-type]
    )


def _misread(found: Viewpoints, row: Record) -> Finding:
    amount = _estimate(row, "misread_amount", "amount")
    values: dict[str, Value] = {"rep": Rep(row["rep"]), "amount": amount, "n": int(row["n_open"])}
    return Finding("viewpoints.misread", values, rep=row["rep"], within_days=found.within_days, side="below")


def _estimate(row: Record, name: str, unit: Unit = "signed_points") -> Estimate:
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], unit)


def _pictures(found: Viewpoints) -> Pictures:
    from calibra.chapters.viewpoints.pictures import plot_viewpoints

    return {"viewpoints": partial(plot_viewpoints, found)}


VIEWPOINTS = Chapter(
    "viewpoints",
    _fit,
    reads=(LEAD_TIMES, VALUE),
    tables=_tables,
    findings=_findings,
    section=section,
    card=card,
    pictures=_pictures,
    place=43,
)
