"""Every type in the table of docs/how-to/engines.md, tried on the local back ends; the page holds what is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.frames.typed_world import relation
from tests.data.frames.types_tried import cases, check_type, table

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "engines.md"


def make(back_end: str, changed: dict[str, Any]) -> Any:
    """The table of 3,000 judgments, with reps that are numbers where they are to be changed."""
    if back_end == "DuckDB":
        return relation(**{name: of.replace("{}", "(i % 3)") if name == "rep" else of for name, of in changed.items()})
    plain = relation(rep="i % 3") if "rep" in changed else relation()
    if back_end == "pandas":
        frame = plain.df()
        return frame.assign(**{name: of(frame[name]) for name, of in changed.items()})
    if back_end == "polars":
        polars = plain.pl()
        return polars.with_columns(**{name: of(polars[name]) for name, of in changed.items()})
    arrow = plain.to_arrow_table()
    for name, of in changed.items():
        arrow = arrow.set_column(arrow.column_names.index(name), name, of(arrow[name].combine_chunks()))
    return arrow


@pytest.mark.parametrize(("back_end", "part", "kind"), cases("pandas", "polars", "pyarrow", "DuckDB"))
def test_every_type_of_the_table_is_counted_or_refused(back_end: str, part: str, kind: str) -> None:
    check_type(back_end, part, kind, lambda changed: make(back_end, changed))


def test_the_page_holds_the_types_that_are_tried() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")
