"""What is said of the outlook: the number ahead with its record, or that none is to be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import numpy as np

from calibra.chapters.lead_times.chasing import DAYS_AHEAD
from calibra.chapters.outlook.back_test import DO_NOT_USE, USED
from calibra.chapters.outlook.foresee import AMOUNT, OPPORTUNITIES
from calibra.chapters.outlook.result import Outlook
from calibra.findings import Finding
from calibra.stats.intervals import INTERVAL_PROB
from calibra.values import Amount, Chance, Share, Value

REPLACED = ("lead_times.coming", "lead_times.coming_without")
"""The number from counts alone, which knows no months and no record."""


def findings(found: Outlook) -> Sequence[Finding]:
    """The number, wins and money, what came from new judgments, who is left out."""
    told = [finding for of in found.things for finding in (_of(found, of), *_target(found, of))]
    share = float("nan") if found.back_test is None else found.back_test.share_from_new()
    if np.isfinite(share):
        told.append(Finding("outlook.from_new", {"share": Share(max(share, 0.0))}))
    for what, left in found.left_out.items():
        if left.n_unknown + left.n_cut:
            values: dict[str, Value] = {"n": left.n_unknown, "cut": left.n_cut, "open": left.n_open}
            told.append(Finding(f"outlook.left_out_{what}", values, "unknown"))
    return [*told, *([Finding("outlook.amount_refused", {}, "note")] if found.amount_refused else [])]


def _target(found: Outlook, of: str) -> list[Finding]:
    """How likely what is wanted comes of what is open today; nothing where past months failed."""
    if of not in found.target or found.verdict(of) == DO_NOT_USE:
        return []
    wanted = found.target[of]
    values: dict[str, Value] = {
        "target": Amount(wanted) if of == AMOUNT else ceil(wanted),
        "until": found.until[-1],
        "chance": Chance(found.chance_of(wanted, of=of)),
    }
    return [Finding(f"outlook.target_{of}", values)]


def _of(found: Outlook, of: str) -> Finding:
    """One thing over all periods: with its record, or refused because of it."""
    record = found.back_test
    verdict, (held, n) = found.verdict(of), (0, 0) if record is None else record.hits(of)
    replaces = REPLACED if of == OPPORTUNITIES else ()
    values: dict[str, Value] = {"held": held, "months": n}
    if verdict == DO_NOT_USE:
        return Finding(f"outlook.{of}_failed", values, "doubt", within_days=DAYS_AHEAD, replaces=replaces)
    tail = (1.0 - INTERVAL_PROB) / 2.0
    lower, middle, upper = np.quantile(found.total_draws(of), [tail, 0.5, 1.0 - tail]).tolist()
    if of == AMOUNT:
        values |= {"lower": Amount(lower), "upper": Amount(upper), "estimate": Amount(middle)}
    else:
        values |= {"lower": floor(lower), "upper": ceil(upper), "estimate": round(middle)}
    values |= {"until": found.until[-1], "open": found.left_out["prospects"].n_open}
    key = f"outlook.{of}" if verdict == USED else f"outlook.{of}_unchecked"
    return Finding(
        key, values, within_days=DAYS_AHEAD, weight=float(middle) if of != AMOUNT else 0.0, replaces=replaces
    )
