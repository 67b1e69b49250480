"""How do reps end prospects, and what came of what was handed back? Of judgments whose exits state their kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.exits.hand_backs import HandBacks, care_table, kinds_table, what_came_of_hand_backs
from calibra.chapters.exits.section import card, section
from calibra.chapters.fitting import Fitting
from calibra.chapters.ranks.chapter import RANKS
from calibra.findings import Finding
from calibra.reading.by_horizon import ByHorizon, file_name, stack
from calibra.reading.flags import FLAG_PROB
from calibra.tables import brief, plain_rows
from calibra.values import Chance, Estimate, Rep, Within
from calibra.views.strips import Record
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Exits:
    """How prospects ended, and what came of those handed back."""

    __repr__ = brief

    kinds: pd.DataFrame
    """Per rep (all reps first) and kind of exit: `n`, `n_after` with an event after, `share` of `n_judgments`."""
    hand_backs: ByHorizon[HandBacks]
    """Horizon to what came of the prospects handed back, shortest first."""
    care: ByHorizon[pd.DataFrame]
    """Horizon to events in all and while in our care, per rep and rank."""


def _fit(fitting: Fitting) -> Exits | None:
    """Counts alone; None where nobody says of which kind an exit was."""
    judgments = fitting.judgments
    if "exit_kind" not in judgments.columns:
        return None
    exits, ranks = judgments.exits(), fitting[RANKS]
    counts = judgments.duration_counts()
    judged = np.bincount(counts.rep, weights=counts.n, minlength=len(counts.reps))
    margin = fitting.settings.margin_odds
    came = {days: what_came_of_hand_backs(exits, days, margin_odds=margin) for days in exits.horizons}
    return Exits(
        kinds_table(exits, judged),
        ByHorizon({days: back for days, back in came.items() if back is not None}),
        ByHorizon({days: care_table(judgments, days) for days in ranks if days is not None}),
    )


def _tables(found: Exits) -> Tables:
    tables = {"exits": found.kinds}
    tables |= stack("handed_back", {days: back.table for days, back in found.hand_backs.items()})
    return tables | (stack("in_our_care", found.care) if found.hand_backs else {})


def _findings(found: Exits) -> Sequence[Finding]:
    """What came of hand-backs, all reps together; then whose came more or less often than the others'."""
    told = []
    for days, back in found.hand_backs.items():
        rows = [row for row in plain_rows(back.table) if row["rank"] == ALL_RANKS]
        told.append(_of_all(days, rows[0]))
        told += [finding for row in rows[1:] for finding in _of_rep(days, row)]
    return told


def _of_all(days: int | None, row: Record) -> Finding:
    if not row["n"]:
        return Finding("exits.none_old", {"n": row["n_handed_back"], "within": Within(days)}, within_days=days)
    values = {"n": row["n"], "came": row["events"], "share": _share(row), "within": Within(days)}
    return Finding("exits.came_back", values, within_days=days)


def _of_rep(days: int | None, row: Record) -> list[Finding]:
    """A rep of whose hand-backs more, or fewer, come than of the others'."""
    return [
        Finding(
            f"exits.{side}",
            {
                "rep": Rep(row["rep"]),
                "n": row["n"],
                "came": row["events"],
                "share": _share(row),
                "sure": Chance(row[f"prob_{side}"]),
                "within": Within(days),
            },
            rep=row["rep"],
            within_days=days,
            prob=row[f"prob_{side}"],
            weight=1.0,
        )
        for side in ("more", "less")
        if row[f"prob_{side}"] is not None and row[f"prob_{side}"] >= FLAG_PROB
    ]


def _share(row: Record) -> Estimate:
    return Estimate(row["estimate"], row["lower"], row["upper"])


def _pictures(found: Exits) -> Pictures:
    from calibra.chapters.exits.pictures import plot_hand_backs

    return {file_name("hand-backs", days): partial(plot_hand_backs, back) for days, back in found.hand_backs.items()}


EXITS = Chapter(
    "exits",
    _fit,
    reads=(RANKS,),
    asks=("exit_at",),
    tables=_tables,
    findings=_findings,
    section=section,
    card=card,
    pictures=_pictures,
    place=45,
)
