"""Every number with an interval and every finding with a probability, one row each: what a pipeline keeps by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.contract import Chapter
from calibra.findings import Finding
from calibra.tables import make_table, plain_rows
from calibra.words import ALL_REPS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "as_of",
    "chapter",
    "scope",
    "rep",
    "rank",
    "within_days",
    "of",
    "metric",
    "estimate",
    "lower",
    "upper",
    "prob",
    "n",
    "finding",
)
"""Columns of the table, in this order."""


def make_metrics(
    chapters: Iterable[tuple[Chapter[Any], Mapping[str, pd.DataFrame]]], findings: Sequence[Finding], as_of: date | None
) -> pd.DataFrame:
    """Tables of each chapter and findings as tidy rows.

    Parameters
    ----------
    chapters : iterable of chapter and its tables
        A quantity is `estimate`, or any column `x` with `x_lower` and `x_upper` beside it.
    findings : sequence of Finding
        Those with a probability.

    Returns
    -------
    pandas.DataFrame
        `as_of`; `chapter`; `scope`, all reps or one rep; `rep`, `rank` (of a pair "A > B"), `within_days` where they
        apply; `of`: what else tells the row from others of its table, such as a stated percentage; `metric`:
        `table.quantity`, or the key of a finding; `estimate`, `lower`, `upper`; `prob`; `n`;
        `finding`, its sentence.
    """
    rows = [
        row for chapter, tables in chapters for name, table in tables.items() for row in _of_table(chapter, name, table)
    ]
    rows += [_of_finding(finding) for finding in findings if finding.prob is not None]
    day = None if as_of is None else as_of.isoformat()
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in COLUMNS}
    return make_table(columns | {"as_of": [day] * len(rows)})


def _of_table(chapter: Chapter[Any], name: str, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    columns = set(table.columns)
    quantities = ["estimate"] if {"estimate", "lower", "upper"} <= columns else []
    quantities += sorted(each for each in columns if {f"{each}_lower", f"{each}_upper"} <= columns)
    for row in plain_rows(table) if quantities else ():
        rep = row.get("rep")
        known = {"chapter": chapter.key, "scope": "rep" if rep not in (None, ALL_REPS) else "all reps", "rep": rep}
        known |= {"rank": _rank(row), "within_days": row.get("within_days", row.get("days")), "n": row.get("n")}
        known["of"] = ", ".join(str(row[label]) for label in chapter.labels.get(name, ())) or None
        for quantity in quantities:
            ends = ("lower", "upper") if quantity == "estimate" else (f"{quantity}_lower", f"{quantity}_upper")
            numbers = [np.nan if row[each] is None else row[each] for each in (quantity, *ends)]
            metric = name if quantity == "estimate" else f"{name}.{quantity}"
            yield known | {"metric": metric, **dict(zip(("estimate", "lower", "upper"), numbers, strict=True))}


def _rank(row: Mapping[str, Any]) -> str | None:
    """The rank of a row, or the pair of ranks."""
    return f"{row['better']} > {row['worse']}" if "better" in row else row.get("rank")


def _of_finding(finding: Finding) -> dict[str, Any]:
    return {
        "chapter": finding.chapter,
        "scope": "all reps" if finding.rep is None else "rep",
        "rep": finding.rep,
        "rank": finding.rank,
        "within_days": finding.within_days,
        "metric": finding.key,
        "prob": finding.prob,
        "finding": str(finding),
    }
