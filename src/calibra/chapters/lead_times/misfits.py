"""Where the lead-time model does not give back what was counted, as doubts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.check import FEWEST_EXPECTED, GROUPINGS, LeadTimeCalibration
from calibra.findings import Finding
from calibra.values import Count, Listed, Phrase, Rank, Rep, Share, Value, Within
from calibra.words import ALL_RANKS

type Columns = Mapping[str, NDArray[Any]]

MISFIT_PROB, WORTH_TELLING = 0.99, 0.05
"""Level of the interval that must exclude what was counted, and the least relative difference that is reported."""
CELL_MISFIT_LEVEL = 0.01
"""Chance that any grouping is reported of a model that fits; shared by all groupings of both endings."""
FEWEST_CLUSTERED, CLUSTERED = 10, 2.0
"""Fewest endings on the days of a cluster, and how many times as many as the model expects there."""
LABELS = ("rep", "rank", "interval")
"""What the axes of `GROUPINGS` stand for."""


def misfits(calibration: LeadTimeCalibration) -> list[Finding]:
    """List where the model is off: by a promised day, by a grouping, within an interval.

    The intervals of `calibration` have the level `MISFIT_PROB`.
    """
    return [
        *promise_misfits(calibration.horizons),
        *cell_misfits(calibration.tests, calibration.cells),
        *clusters(calibration.pieces),
    ]


def promise_misfits(horizons: Columns) -> list[Finding]:
    """Find the rank whose share by a promised day is surely off, and most so.

    `horizons` as in `LeadTimeCalibration`, with intervals of the level `MISFIT_PROB`.
    """
    ratio, low, high = (horizons[name] for name in ("ratio", "ratio_lower", "ratio_upper"))
    off = np.abs(ratio - 1.0)
    surely = ((low > 1.0) | (high < 1.0)) & (off > WORTH_TELLING)
    if not surely.any():
        return []
    worst = int(np.argmax(np.where(surely, off, -1.0)))
    days, rank = int(horizons["within_days"][worst]), str(horizons["rank"][worst])
    values: dict[str, Value] = {
        "rank": Phrase("format.all_ranks") if rank == ALL_RANKS else _rank(rank),
        "expected": Share(float(horizons["expected"][worst])),
        "observed": Share(float(horizons["observed"][worst])),
        "within": Within(days),
        "n": int(horizons["n"][worst]),
    }
    return [Finding("lead_times.promise_misfit", values, "doubt", within_days=days)]


def cell_misfits(tests: Columns, cells: Columns) -> list[Finding]:
    """Find groupings whose endings the model does not give back; each with the cell that is off most.

    `tests` and `cells` as in `LeadTimeCalibration`. The level is shared by all tests that there are (Bonferroni). A
    misfit is reported if beyond chance the cells are off by more than `WORTH_TELLING` on average, √((X² − df)/ΣE); and
    one of a table by two things only where neither of the two is reported by itself.
    """
    p_values = tests["p_value"]
    surely = p_values * np.isfinite(p_values).sum() < CELL_MISFIT_LEVEL  # False for NaN: no test
    doubts: list[Finding] = []
    reported: set[tuple[str, str]] = set()
    for i in sorted(np.flatnonzero(surely), key=lambda i: len(_labels_of(str(tests["grouping"][i])))):
        cause, grouping = str(tests["cause"][i]), str(tests["grouping"][i])
        rows = (cells["cause"] == cause) & (cells["grouping"] == grouping)
        excess = tests["chi_square"][i] - tests["df"][i]
        if excess <= WORTH_TELLING**2 * cells["expected"][rows].sum():
            continue
        if any((cause, name) in reported for name in _labels_of(grouping)):
            continue
        reported.add((cause, grouping))
        doubts.append(_cell_misfit(cause, grouping, {name: values[rows] for name, values in cells.items()}))
    return doubts


def clusters(pieces: Columns) -> list[Finding]:
    """Find days within an interval on which endings cluster, which no grouping by intervals shows; one of each ending.

    `pieces` as in `LeadTimeCalibration`. The level is shared by all pieces (Bonferroni), and only what is grossly off
    is reported: a hazard that rises or falls smoothly within an interval is not.
    """
    observed, expected = pieces["observed"], pieces["expected"]
    surely = pieces["p_value"] * len(observed) < CELL_MISFIT_LEVEL
    surely &= (observed >= FEWEST_CLUSTERED) & (pieces["factor"] >= CLUSTERED)
    doubts = []
    for cause in dict.fromkeys(pieces["cause"][surely].tolist()):
        rows = np.flatnonzero(surely & (pieces["cause"] == cause))
        worst = int(rows[np.argmax((observed - expected)[rows] ** 2 / expected[rows])])
        values: dict[str, Value] = {
            "endings": Phrase(f"lead_times.misfit_{cause}"),
            "interval": str(pieces["interval"][worst]),
            "days": str(pieces["piece"][worst]),
            "awaited": Count(float(expected[worst])),
            "seen": int(observed[worst]),
        }
        doubts.append(Finding("lead_times.cluster", values, "doubt"))
    return doubts


def _cell_misfit(cause: str, grouping: str, cells: Columns) -> Finding:
    """Make the doubt of one grouping, with the cell that is off most of those that expect enough."""
    expected = cells["expected"]
    off = (cells["observed"] - expected) ** 2 / np.maximum(expected, 1e-300)
    worst = int(np.argmax(np.where(expected >= FEWEST_EXPECTED, off, -1.0)))
    place: dict[str, Value] = {
        "rep": Rep(str(cells["rep"][worst])),
        "rank": _rank(str(cells["rank"][worst])),
        "interval": Phrase("lead_times.misfit_days", {"days": str(cells["interval"][worst])}),
    }
    values: dict[str, Value] = {
        "endings": Phrase(f"lead_times.misfit_{cause}"),
        "grouping": _grouping(*(Phrase(f"lead_times.misfit_by_{name}") for name in _labels_of(grouping))),
        "where": Listed(tuple(place[name] for name in _labels_of(grouping)), "comma"),
        "awaited": Count(float(expected[worst])),
        "seen": int(cells["observed"][worst]),
    }
    return Finding("lead_times.cell_misfit", values, "doubt")


def _labels_of(grouping: str) -> list[str]:
    """Name what a grouping tells apart."""
    return [LABELS[axis] for axis in GROUPINGS[grouping]]


def _grouping(first: Phrase, second: Phrase | None = None) -> Phrase:
    return first if second is None else Phrase("lead_times.misfit_by_two", {"first": first, "second": second})


def _rank(label: str) -> Phrase:
    return Phrase("lead_times.misfit_rank", {"rank": Rank(label)})
