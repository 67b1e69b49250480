"""Judgments as members of a saved file, and read again: counts, and what was said of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calibra.archive import Archive
from calibra.codecs import from_plain, pack_table, to_plain, unpack_table
from calibra.data.counting.choices import horizons_to_fit
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_counts import OpenCounts
from calibra.data.counting.open_rows import count_open
from calibra.data.counting.saved import (
    CellsLabels,
    CountsLabels,
    ExitsLabels,
    Reading,
    SavedJudgments,
    WeeksLabels,
    cells_columns,
    cells_from_columns,
    counts_columns,
    counts_from_columns,
    exits_columns,
    exits_from_columns,
    fingerprint,
    has_rows,
    noted_of,
    reading_of,
    weeks_columns,
    weeks_from_columns,
)
from calibra.data.counting.set_aside import RowFault, SetAside
from calibra.data.counting.signals import SignalCounts, SignalLabels
from calibra.data.counting.stated import StatedCounts, StatedLabels
from calibra.data.frames.roles import MACHINE_PROB, PROBABILITIES, STATED_PROB
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import KINDS as FINDING_KINDS

FINDINGS = {kind.__name__: kind for kind in FINDING_KINDS}
KINDS = (CellsLabels, CountsLabels, ExitsLabels, Reading, SignalLabels, StatedLabels, WeeksLabels)
"""Records that the judgments of a manifest are made of."""
_BY_NAME = {kind.__name__: kind for kind in KINDS}
_WEEKS = ("weeks.parquet", "judged_weeks.parquet", "endings.parquet")


def pack_judgments(judgments: Judgments, members: dict[str, bytes]) -> dict[str, Any]:
    """Counts into members, the rest as plain values."""
    cells = [cells_columns(found) for found in counted_cells(judgments)]
    for i, (_, columns) in enumerate(cells):
        members[f"cells-{i}.parquet"] = pack_table(columns)
    told = None
    if judgments.as_of is not None:
        told, columns = counts_columns(judgments.duration_counts())
        members["counts.parquet"] = pack_table(columns)
        opened = count_open(judgments)
        members["open.parquet"] = pack_table(
            {"rep": opened.rep, "rank": opened.rank, "age_days": opened.age_days, "n": opened.n}
        )
    weeks, exits = _pack_weeks(judgments, members), _pack_exits(judgments, cells, members)
    scale = judgments.scale
    return {
        "scale": {
            "ranks": list(scale.ranks),
            "promises": [
                None
                if promise is None
                else [promise.prob, promise.within_days, promise.kind, *([promise.within] if promise.within else [])]
                for promise in scale.promise_by_rank
            ],
        },
        "assignment": judgments.assignment,
        "columns": to_plain(judgments.columns),
        "reading": to_plain(reading_of(judgments)),
        "set_aside": to_plain(
            [(found.reason, found.per_rep, found.examples, found.message) for found in judgments.set_aside.findings]
        ),
        "log_doubts": to_plain(judgments.log_doubts),
        "noted": to_plain(noted_of(judgments)),
        "counts": to_plain(told),
        "weeks": weeks,
        "exits": exits,
        "stated": _pack_stated(judgments, members),
        "signals": _pack_signals(judgments, members),
        "cells": to_plain([labels for labels, _ in cells]),
    }


def _pack_weeks(judgments: Judgments, members: dict[str, bytes]) -> Any:
    """Counts by week into members, and what their columns do not say; nothing where no days are known."""
    if not has_rows(judgments):
        return None
    labels, tables = weeks_columns(judgments)
    members |= {name: pack_table(columns) for name, columns in zip(_WEEKS, tables, strict=True)}
    return to_plain(labels)


def _pack_exits(judgments: Judgments, cells: Sequence[tuple[CellsLabels, Any]], members: dict[str, bytes]) -> Any:
    """Exits, and what came in our care where kinds of exits are known, into members."""
    if not has_rows(judgments):
        return None
    labels, columns = exits_columns(judgments.exits())
    members["exits.parquet"] = pack_table(columns)
    if "exit_kind" in judgments.columns:
        for i, (of, _) in enumerate(cells):
            care = judgments.binomial_cells(within_days=of.within_days, in_our_care=True)
            members[f"care-{i}.parquet"] = pack_table(cells_columns(care)[1])
    return to_plain(labels)


def _pack_stated(judgments: Judgments, members: dict[str, bytes]) -> Any:
    """Counts by stated probability into members; nothing where none is stated."""
    counts = stated_counts(judgments)
    if counts is None:
        return None
    members["stated.parquet"] = pack_table(counts.columns())
    return to_plain(StatedLabels(counts.reps, counts.horizons, counts.as_of))


def _pack_signals(judgments: Judgments, members: dict[str, bytes]) -> Any:
    """Counts by rank, machine's score and stated probability into members; nothing where there are no probabilities."""
    counts = signal_counts(judgments)
    if counts is None:
        return None
    members["signals.parquet"] = pack_table(counts.columns())
    return to_plain(SignalLabels(counts.reps, counts.ranks, counts.horizons, counts.as_of))


def unpack_judgments(archive: Archive) -> SavedJudgments:
    """The judgments, as far as a file keeps them."""
    told = archive.manifest["judgments"]
    ranks, promises = told["scale"]["ranks"], told["scale"]["promises"]
    promised = {rank: Promise(*promise) for rank, promise in zip(ranks, promises, strict=True) if promise}
    labels = from_plain(told["counts"], _BY_NAME)
    cells = [
        cells_from_columns(found, unpack_table(archive.members[f"cells-{i}.parquet"]))
        for i, found in enumerate(from_plain(told["cells"], _BY_NAME))
    ]
    counts = labels and counts_from_columns(labels, unpack_table(archive.members["counts.parquet"]))
    labels, weeks = from_plain(told["weeks"], _BY_NAME), None
    if labels is not None:
        weeks = weeks_from_columns(labels, *(unpack_table(archive.members[name]) for name in _WEEKS))
    exits = from_plain(told["exits"], _BY_NAME)
    exits = exits and exits_from_columns(exits, unpack_table(archive.members["exits.parquet"]))
    stated = from_plain(told.get("stated"), _BY_NAME)
    stated = stated and stated.restore(unpack_table(archive.members["stated.parquet"]))
    signals = from_plain(told.get("signals"), _BY_NAME)
    signals = signals and signals.restore(unpack_table(archive.members["signals.parquet"]))
    care = [
        cells_from_columns(found, unpack_table(archive.members[f"care-{i}.parquet"]))
        for i, found in enumerate(from_plain(told["cells"], _BY_NAME))
        if f"care-{i}.parquet" in archive.members
    ]
    opened = OpenCounts(**unpack_table(archive.members["open.parquet"])) if counts else None
    return SavedJudgments.restore(
        scale=RankScale(ranks, promised),
        columns=from_plain(told["columns"], {}),
        counts=counts,
        cells=tuple(cells),
        weeks=weeks,
        exits=exits,
        care=tuple(care),
        opened=opened,
        stated=stated,
        signals=signals,
        assignment=told["assignment"],
        log_doubts=from_plain(told["log_doubts"], FINDINGS),
        reading=from_plain(told["reading"], _BY_NAME),
        noted=from_plain(told["noted"], FINDINGS),
        set_aside=SetAside(tuple(RowFault(*found) for found in from_plain(told["set_aside"], {}))),
    )


def counted_cells(judgments: Judgments) -> list[BinomialCells]:
    """The cells of every horizon that can be counted."""
    found = []
    for days in horizons_to_fit(judgments):
        try:
            found.append(judgments.binomial_cells(within_days=days))
        except (InputError, NotEnoughDataError):  # nobody is old enough, or too many were seen in part
            continue
    return found


def stated_counts(judgments: Judgments) -> StatedCounts | None:
    """The counts by stated probability, where there are any."""
    if STATED_PROB not in judgments.columns or not has_rows(judgments):
        return None
    try:
        return judgments.stated_counts()
    except NotEnoughDataError:  # a column without any value
        return None


def signal_counts(judgments: Judgments) -> SignalCounts | None:
    """The counts by rank, machine's score and stated probability, where a column of either is there."""
    if not has_rows(judgments) or not set(PROBABILITIES) & set(judgments.columns):
        return None
    return judgments.signal_counts()


def fingerprint_of(judgments: Judgments) -> str:
    """SHA-256 of everything that was counted."""
    tables = [cells_columns(cells)[1] for cells in counted_cells(judgments)]
    tables += [] if judgments.as_of is None else [counts_columns(judgments.duration_counts())[1]]
    stated = stated_counts(judgments)
    tables += [] if stated is None else [stated.columns()]
    signals = signal_counts(judgments) if MACHINE_PROB in judgments.columns else None
    tables += [] if signals is None else [signals.columns()]
    return fingerprint(tables)
