"""Opportunities as judgments with another clock: it starts when the opportunity arose, and ends with win or loss.

Rep and rank stay those of the judgment, so that what is won can be held against what was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import narwhals.stable.v2 as nw

from calibra.data.counting.counts import EVENT, DurationCounts
from calibra.data.counting.plan import Plan
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows
from calibra.data.frames.roles import Roles
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import Finding

CLOCK = {"judged_at": "event_at", "event_at": "won_at", "exit_at": "lost_at"}
"""Role of an opportunity to the role of the judgment whose column it is."""
_KEPT = ("prospect", "rep", "rank", "entered_at", "censored_at", "recorded_at", "amount", "currency")
"""Roles that mean the same of both."""


def check_arose(columns: Mapping[str, str], counts: DurationCounts, within_days: int | None) -> None:
    """Refuse judgments that do not know what came of their opportunities, or of which none arose."""
    missing = [role for role in ("event_at", "won_at") if role not in columns]
    if missing:
        listed = " and ".join(f"`{role}`" for role in missing)
        raise InputError(f"`opportunities` needs the roles `event_at` and `won_at`; map {listed}.")
    arose = counts.ending == EVENT
    if not (arose if within_days is None else arose & (counts.days <= within_days)).any():
        raise NotEnoughDataError(Finding("data.no_deal", role="note"))


def opportunities_plan(checked: CheckedRows, within_days: int | None) -> Plan:
    """The plan that counts the opportunities that came of the good rows, those within so many days where it is given.

    An opportunity follows the prospect through later re-ranks and hand-backs, as `binomial_cells` does. A win or loss
    dated before its opportunity counts as on the day of it.
    """
    plan = replace(checked.plan, to_rerank=False, to_hand_back=False)
    opened = plan.opened
    with ONE_AT_A_TIME:
        rows = checked.good_rows(plan, ())
    lead_days = nw.col("event_day") - nw.col("judged_day")
    came = nw.col("code") == lead_days * 4 + EVENT
    rows = rows.filter(came if within_days is None else came & (lead_days <= within_days))
    source = {role: CLOCK.get(role, role) for role in (*_KEPT, *CLOCK)}
    source = {role: name for role, name in source.items() if name in opened.schema}
    groups = {key: opened.roles.label_column(key) for key in opened.roles.groups}
    names = source | {name: name for name in groups.values()}
    frame = rows.select(*(nw.col(name).alias(role) for role, name in names.items()))
    columns = {role: opened.roles.columns[name] for role, name in source.items()}
    columns |= {key: opened.roles.columns[key] for key in groups}
    roles = Roles(columns, opened.roles.groups)
    present = tuple(role for role, name in names.items() if name in plan.present)
    moved = replace(opened, frame=frame, schema=frame.collect_schema(), roles=roles, faults=())
    return Plan(moved, present, plan.as_of_day, with_touches=False, rates=plan.rates, ends_after=True)
