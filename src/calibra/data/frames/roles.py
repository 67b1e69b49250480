"""Which column plays which part: the roles a frame's columns may have, and the groupings beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from calibra.errors import InputError
from calibra.words import quoted

REQUIRED = ("prospect", "rep", "rank", "judged_at")
"""Roles a frame of judgments must have."""
DATES = (
    "judged_at",
    "event_at",
    "exit_at",
    "entered_at",
    "censored_at",
    "reranked_at",
    "won_at",
    "lost_at",
    "expected_at",
    "recorded_at",
)
"""Roles whose columns hold dates."""
NUMBERS = ("touches", "amount")
"""Roles whose columns hold numbers."""
STATED_PROB, MACHINE_PROB = "stated_prob", "machine_prob"
PROBABILITIES = (STATED_PROB, MACHINE_PROB)
"""Roles whose columns hold probabilities: numbers from 0 to 1, or per cent."""
LABELS = ("exit_kind", "currency")
"""Roles whose columns hold labels, beside those that are required."""
VERSION = "version"
"""Role whose column says which of several rows of one judgment is the last: a moment, a day, a number or text."""
ROLES = (*REQUIRED, *(role for role in DATES if role not in REQUIRED), *NUMBERS, *PROBABILITIES, *LABELS, VERSION)
"""Every role that has a meaning of its own; any other key of `columns` names a grouping."""
_COUNTED = (
    "n events exits days entry_days ending maturity to_day exposure_days n_at_risk n_immature n_won n_amounts "
    "n_touches_known sum_touches sum_log_amount sum_log2_amount n_zero_amounts sum_amount sum_amount2 max_amount"
)
RESERVED = frozenset(_COUNTED.split())
"""Names of count columns, which no grouping may take."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which of the frame's columns plays which part?"""

    columns: Mapping[str, str]
    """Role to column, as the user mapped it."""
    groups: tuple[str, ...]
    """Keys of `columns` that are groupings."""

    def label_column(self, key: str) -> str:
        """Name, inside the counting, of the column of a role or grouping; groupings are numbered, to be safe."""
        return f"group_{self.groups.index(key)}" if key in self.groups else key

    def key(self, label_column: str) -> str:
        """The role or grouping behind a name inside the counting: `label_column` backwards."""
        return next(key for key in self.columns if self.label_column(key) == label_column)


def read_roles(columns: Mapping[str, str], available: Sequence[str], *, required: Sequence[str] = REQUIRED) -> Roles:
    """Check the mapping against the frame's columns; one error lists every fault.

    Raises
    ------
    InputError
        A required role or a column that is not there, a column mapped twice, a key that looks like a misspelt role
        or is the name of a count.
    """
    if not isinstance(columns, Mapping) or not all(isinstance(text, str) for pair in columns.items() for text in pair):
        raise InputError(f"`columns` must lead from roles to names of columns, all of them text; got {columns!r}.")
    faults = [*_missing(columns, available, required), *_mapped_twice(columns), *_doubtful_keys(columns, required)]
    if faults:
        raise InputError("`columns` must say which column plays which role:\n" + "\n".join(f"- {f}" for f in faults))
    return Roles(dict(columns), tuple(key for key in columns if key not in ROLES))


def _missing(columns: Mapping[str, str], available: Sequence[str], required: Sequence[str]) -> list[str]:
    faults = [f"the role `{role}` is missing; add `{role!r}: <column>`." for role in required if role not in columns]
    there = ", ".join(map(quoted, available[:20])) + (", …" if len(available) > 20 else "")
    absent = [(role, column) for role, column in columns.items() if column not in available]
    return faults + [
        f"`{role}` is mapped to {quoted(column)}, which the frame lacks; it has {there}." for role, column in absent
    ]


def _mapped_twice(columns: Mapping[str, str]) -> list[str]:
    by_column: dict[str, list[str]] = {}
    for role, column in columns.items():
        by_column.setdefault(column, []).append(role)
    return [
        f"{quoted(column)} is mapped twice, to {' and '.join(f'`{role}`' for role in roles)}; keep one, or copy the "
        "column."
        for column, roles in by_column.items()
        if len(roles) > 1 and set(roles) != {VERSION, "recorded_at"}
    ]


def _doubtful_keys(columns: Mapping[str, str], required: Sequence[str]) -> list[str]:
    faults = []
    for key in columns:
        near = [f"{key}_at"] if f"{key}_at" in ROLES else get_close_matches(key, ROLES, n=1, cutoff=0.8)
        if key in RESERVED:
            faults.append(
                f"{quoted(key)} is the name of a count and cannot be a grouping; call it {quoted(key + '_group')}."
            )
        elif key not in (*ROLES, *required) and near:
            yes_no = " A column of yes and no is read by `Judgments.from_outcomes`." if key == "event" else ""
            faults.append(
                f"{quoted(key)} is no role; write `{near[0]}`, or, for a grouping, a name less like it.{yes_no}"
            )
    return faults
