"""Parts of a table of judgments, by a grouping: each team's judgments alone."""

from __future__ import annotations

from dataclasses import replace

import narwhals.stable.v2 as nw

from calibra.data.counting.counts import check_groups
from calibra.data.counting.judgments import Judgments
from calibra.data.frames.rep_names import text_label


def labels_of(judgments: Judgments, grouping: str) -> tuple[str, ...]:
    """The labels of a grouping that judgments carry, sorted; one that is missing is none.

    Raises
    ------
    InputError
        No such grouping.
    """
    check_groups((grouping,), judgments.groups, name="by")
    found = judgments.duration_counts(by=[grouping]).table[grouping]
    return tuple(sorted({str(label) for label in found if isinstance(label, str)}))


def part_of(judgments: Judgments, grouping: str, label: str) -> Judgments:
    """The judgments that carry a label of a grouping, counted anew.

    Raises
    ------
    InputError
        No such grouping or label; ready-made counts, which hold no rows.
    """
    check_groups((grouping,), judgments.groups, name="by")
    checked = judgments._rows("part_of")
    opened = checked.plan.opened
    column = opened.roles.label_column(grouping)
    told = text_label(column, opened.schema[column])
    part = replace(opened, frame=opened.frame.filter(told == nw.lit(label)))
    plan, choices = replace(checked.plan, opened=part), checked.choices
    return Judgments._from_plan(plan, choices, judgments._horizons, assignment=judgments.assignment)
