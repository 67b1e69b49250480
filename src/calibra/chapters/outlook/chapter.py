"""What will the present pipeline bring, by month? Never without what such a number was worth in past months."""

from __future__ import annotations

from datetime import date
from functools import partial

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.chapters.outlook.ahead import LeftOut
from calibra.chapters.outlook.back_test import OutlookBackTest
from calibra.chapters.outlook.door import check_followed, outlook
from calibra.chapters.outlook.findings import findings
from calibra.chapters.outlook.result import Outlook
from calibra.chapters.outlook.section import card, section
from calibra.chapters.value.chapter import VALUE
from calibra.data.counting.saved import has_rows
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.values import Phrase

MONTHS = 3
"""So many months ahead, or as many as most of what is open is followed."""


def _fit(fitting: Fitting) -> Outlook | None:
    """Drawn once and kept, with its record; None of counts without rows."""
    judgments = fitting.judgments
    if not fitting.once("outlook, asked", lambda: judgments.as_of is not None and has_rows(judgments)):
        return None
    return fitting.once("outlook", partial(_draw, fitting))


def _draw(fitting: Fitting) -> Outlook | None:
    """As far ahead as most of what is open is followed."""
    judgments, fit, settings = fitting.judgments, fitting[LEAD_TIMES], fitting.settings
    as_of = judgments.as_of or date.max
    for months in range(MONTHS, 0, -1):
        try:
            check_followed(fit, as_of, "month", months)
        except NotEnoughDataError as error:
            reason = error
            continue
        return outlook(
            judgments,
            seed=fitting.seed,
            lead_fit=fit,
            value_fit=fitting.answer(VALUE),
            periods=months,
            sales_target=settings.sales_target or None,
            engine=settings.engine,
            progress=fitting.progress,
        )
    fitting.note(reason)
    return None


def _failed(why: Phrase) -> Finding:
    return Finding("outlook.failed", {"why": why})


def _tables(found: Outlook) -> Tables:
    tables = {"outlook": found.totals(), "outlook_ranks": found.totals("rank"), "outlook_reps": found.totals("rep")}
    return tables if found.back_test is None else {**tables, "outlook_record": found.back_test.table}


def _pictures(found: Outlook) -> Pictures:
    from calibra.chapters.outlook.pictures import plot_outlook

    return {"outlook": partial(plot_outlook, found)}


_LABELS = ("until", "of", "source")

OUTLOOK = Chapter(
    "outlook",
    _fit,
    reads=(LEAD_TIMES, VALUE),
    failed=_failed,
    tables=_tables,
    labels={"outlook": _LABELS, "outlook_ranks": _LABELS, "outlook_reps": _LABELS},
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    records=(Outlook, OutlookBackTest, LeftOut),
    when="asked for",
    place=35,
)
