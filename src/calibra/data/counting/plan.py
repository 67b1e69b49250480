"""What is to be counted of which frame, and whether its columns can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import narwhals.stable.v2 as nw

from calibra.data.frames.dates import is_text
from calibra.data.frames.open import OpenedFrame, collect
from calibra.data.frames.plain_types import own_type
from calibra.data.frames.roles import DATES, NUMBERS, PROBABILITIES, VERSION
from calibra.words import quoted

HANDED_BACK = "handed back"
EXIT_KINDS = (HANDED_BACK, "disqualified", "lost to a rival", "other")
"""How a judgment can end without an event, where `exit_kind` says."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be counted, of which frame?"""

    opened: OpenedFrame
    """The frame."""
    present: tuple[str, ...]
    """Roles whose columns can be used."""
    as_of_day: int
    """Snapshot date as a day number."""
    with_touches: bool
    """Whether touches, which bear no date, may be told."""
    to_rerank: bool = True
    """Whether a judgment is followed to its re-rank only, as lead times are; else through it, to the outcome."""
    to_hand_back: bool = True
    """Whether a judgment ends with a hand-back, as what is in our care does; else an event after it counts."""
    loses_values: bool = False
    """Whether an unreadable day that decides no outcome is left out alone, and not with its judgment."""
    exit_kinds: Mapping[str, str] = field(default_factory=dict)
    """Label of `exit_kind`, as it stands in the data, to what it means: one of `EXIT_KINDS`."""
    judged_since: int | None = None
    """Day number before which judgments are left out; None reads them all."""

    prob_units: Mapping[str, float] = field(default_factory=dict)
    """What the column of each role of probabilities is divided by: 1, or 100 where it holds per cent."""
    n_prob_lost: Mapping[str, int] = field(default_factory=dict)
    """Role to the values that are no probability and were left out alone."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Currency to what one unit is worth in the one that is reported; empty where one is all there is."""
    ends_after: bool = False
    """Whether an ending dated before the judgment counts as on its day: a win entered before its opportunity."""

    @property
    def handed_back(self) -> tuple[str, ...]:
        """Labels in the data that mean a hand-back."""
        return tuple(label for label, kind in self.exit_kinds.items() if kind == HANDED_BACK)


VALUES_ALONE = ("won_at", "lost_at", "expected_at")
"""Roles whose day decides neither the outcome nor when the judgment was seen."""


def column_faults(opened: OpenedFrame) -> tuple[tuple[str, ...], list[str]]:
    """Which roles can be counted, and which columns are of a wrong type? All-null columns count as absent."""
    present, faults = [], []
    for name, dtype in opened.schema.items():
        if name in DATES:
            right, wanted = isinstance(dtype, (nw.Date, nw.Datetime)) or is_text(dtype), "dates or moments"
        elif name in (*NUMBERS, *PROBABILITIES):
            right, wanted = dtype.is_numeric() or is_text(dtype), "numbers"
        elif name == VERSION:
            sorts = dtype.is_numeric() or isinstance(dtype, (nw.Date, nw.Datetime)) or is_text(dtype)
            right, wanted = sorts, "moments, days, numbers or text"
        else:
            right, wanted = (
                is_text(dtype) or dtype.is_numeric() or isinstance(dtype, nw.Boolean),
                "text or whole numbers",
            )
        if right:
            present.append(name)
        elif not _all_null(opened, name):
            key = opened.roles.key(name)
            column, kind = opened.roles.columns[key], _named(opened, name)
            serial = " Excel's numbers of days count from 1899-12-30." if name in DATES and dtype.is_numeric() else ""
            faults.append(
                f"`{key}` (column {quoted(column)}) must hold {wanted}; it holds {kind}. Convert the column first, "
                f"in the query or the view it comes from.{serial}"
            )
    return tuple(present), faults


def _named(opened: OpenedFrame, name: str) -> str:
    """What the type of a column is called: by the engine itself, where narwhals does not know it."""
    dtype = opened.schema[name]
    return own_type(opened.frame, name) if isinstance(dtype, nw.Unknown) else str(dtype)


def _all_null(opened: OpenedFrame, name: str) -> bool:
    """Whether the engine finds no value at all in a column that cannot be used; asked of unknown types, too."""
    dtype = opened.schema[name]
    if dtype.is_nested() or isinstance(dtype, nw.Object):
        return False
    value = nw.col(name)
    known = value.is_null() | value.is_nan() if dtype.is_float() else value.is_null()
    return len(collect(opened.frame.filter(~known).select(known.alias("there")).head(1))) == 0
